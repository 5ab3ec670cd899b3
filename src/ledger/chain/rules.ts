// What a header must say. Of chains of ours almost everything follows from the parent and the place (epoch, view); what is left
// to the proposer is the time. Foreign chains follow Ethereum (EIPs 1559, 4844, 7691, 7918), as far as imports need it.

import type { Common } from '@ethereumjs/common'
import type { PeerhoodError } from '../../base/errors.ts'
import { leaderOf } from '../consensus/certificate-core.ts'
import type { Address, Hash, ValidatorSet } from '../types.ts'
import { blockErrors } from './errors.ts'
import { bytesOfHex, encodePlace, keccak, type Place } from './header-wire.ts'
import { timestampDriftSecondsMax } from './limits.ts'
import { constantFields, emptyListHash } from './spec.ts'
import type { Genesis, Header, HeaderFields } from './types.ts'

/** Who decides in the epoch of a block, and what its execution left for the next one. */
export interface Epoch {
  /** Of the block's own epoch. */
  readonly set: ValidatorSet
  /** Takes over after this block; undefined where the set stays, and in what follows the block that changed it. */
  readonly next: ValidatorSet | undefined
  /** The epoch's last block lies before this one: what is built in it carries nothing and never counts. */
  readonly isOver: boolean
}

/** How a block at `place` on this parent stands in its epoch; throws `block_place_wrong`. */
export function epochAfter(
  parent: { place: Pick<Place, 'epoch' | 'view'>; epoch: Epoch },
  place: Pick<Place, 'epoch' | 'view'>,
): Epoch {
  const { set, next, isOver } = parent.epoch
  if (place.epoch === parent.place.epoch) {
    // Block 0 has view 0 of epoch 0.
    if (place.view <= parent.place.view) throw blockErrors.block_place_wrong('Its view is not after its parent’s.')
    return { set, next: undefined, isOver: isOver || next !== undefined }
  }
  if (next === undefined || place.epoch !== next.epoch || place.view < 1) {
    throw blockErrors.block_place_wrong(`It is of epoch ${place.epoch}, which does not begin after its parent.`)
  }
  return { set: next, next: undefined, isOver: false }
}

export function proposerOf(set: ValidatorSet, view: number): Address {
  return set.validators[leaderOf(set, view)] as Address
}

/** Everyone knows it beforehand: good for variety, not for a lottery. */
export function prevRandaoOf(parent: Hash, { epoch, view }: Pick<Place, 'epoch' | 'view'>): Hash {
  return keccak(bytesOfHex(parent), encodePlace({ epoch, view, nextSetHash: undefined }))
}

/** What is known of a block before it is executed. */
export function fieldsBefore(
  genesis: Genesis,
  parent: Header,
  place: Pick<Place, 'epoch' | 'view'>,
  set: ValidatorSet,
): Pick<HeaderFields, 'parentHash' | 'number' | 'coinbase' | 'gasLimit' | 'mixHash'> & typeof constantFields {
  return {
    ...constantFields,
    parentHash: parent.hash,
    number: BigInt(parent.height + 1),
    coinbase: proposerOf(set, place.view),
    gasLimit: genesis.blockGasLimit,
    mixHash: prevRandaoOf(parent.hash, place),
  }
}

/** Chains of ours: throws a code of `blockErrors`. `nowSeconds` undefined: it is final already, and was checked by others' clocks. */
export function checkHeader(
  header: Header,
  parent: Header,
  rules: { readonly genesis: Genesis; readonly set: ValidatorSet; readonly nowSeconds: number | undefined },
): void {
  const { place } = header
  if (place === undefined) throw blockErrors.block_place_wrong('It says no epoch and view.')
  if (header.height !== parent.height + 1)
    throw blockErrors.block_height_wrong('Its height is not one over its parent’s.')
  checkTime(header, parent, rules.nowSeconds)
  const expected = fieldsBefore(rules.genesis, parent, place, rules.set)
  if (header.coinbase !== expected.coinbase) {
    throw blockErrors.block_proposer_wrong('It does not name the proposer of its view as who is paid.')
  }
  for (const [name, value] of Object.entries(expected) as [keyof HeaderFields, unknown][]) {
    if (!isSame(header.fields[name], value)) throw blockErrors.block_field_wrong(`Its ${name} is not what it must be.`)
  }
  if (header.fields.requestsHash === undefined) throw blockErrors.block_field_wrong('It lacks fields of its fork.')
}

/** Seconds are coarse and blocks quick: equal times are allowed. */
function checkTime(header: Header, parent: Header, nowSeconds: number | undefined): void {
  if (header.timestamp < parent.timestamp) throw blockErrors.block_time_wrong('Its time is before its parent’s.')
  if (nowSeconds !== undefined && header.timestamp > nowSeconds + timestampDriftSecondsMax) {
    const ahead = header.timestamp - nowSeconds
    throw blockErrors.block_from_future(`Its time is ${ahead} seconds ahead of this computer’s clock.`)
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length === b.length && a.every((byte, at) => byte === b[at])
  return a === b
}

/** Ethereum's own; throws a code of `blockErrors`. Proof of work and of stake are not checked: who imports knows whom they trust. */
export function checkForeignHeader(header: Header, parent: Header, at: Common, parentAt: Common): void {
  const { fields } = header
  const wrong = (what: string): PeerhoodError => blockErrors.block_field_wrong(`Its ${what} is not what it must be.`)
  if (header.height !== parent.height + 1)
    throw blockErrors.block_height_wrong('Its height is not one over its parent’s.')
  if (header.timestamp <= parent.timestamp) throw blockErrors.block_time_wrong('Its time is not after its parent’s.')
  if ((fields.baseFeePerGas !== undefined) !== at.isActivatedEIP(1559)) throw wrong('baseFeePerGas')
  if ((fields.withdrawalsRoot !== undefined) !== at.isActivatedEIP(4895)) throw wrong('withdrawalsRoot')
  if ((fields.excessBlobGas !== undefined) !== at.isActivatedEIP(4844)) throw wrong('excessBlobGas')
  if ((fields.requestsHash !== undefined) !== at.isActivatedEIP(7685)) throw wrong('requestsHash')
  checkGasLimit(header, parent, at, parentAt)
  if (at.isActivatedEIP(1559) && fields.baseFeePerGas !== baseFeeAfter(parent, at, parentAt))
    throw wrong('baseFeePerGas')
  const saysWork =
    fields.difficulty !== 0n || fields.nonce.some((byte) => byte !== 0) || fields.unclesHash !== emptyListHash
  if (at.gteHardfork('paris') && saysWork) throw wrong('difficulty')
}

/** Yellow Paper eq. 56; the fork that brought base fees doubled the limit once. */
function checkGasLimit(header: Header, parent: Header, at: Common, parentAt: Common): void {
  const isFirst = at.isActivatedEIP(1559) && !parentAt.isActivatedEIP(1559)
  const before = isFirst ? parent.gasLimit * 2n : parent.gasLimit
  const change = header.gasLimit > before ? header.gasLimit - before : before - header.gasLimit
  const isRight = change < before / 1_024n && header.gasLimit >= 5_000n && header.gasUsed <= header.gasLimit
  if (!isRight) throw blockErrors.block_field_wrong('Its gasLimit is not what it must be.')
}

/** EIP-1559. */
function baseFeeAfter(parent: Header, at: Common, parentAt: Common): bigint {
  if (!parentAt.isActivatedEIP(1559)) return at.param('initialBaseFee')
  const fee = parent.baseFeePerGas ?? 0n
  const target = parent.gasLimit / 2n
  if (parent.gasUsed === target) return fee
  const distance = parent.gasUsed > target ? parent.gasUsed - target : target - parent.gasUsed
  const change = (fee * distance) / target / 8n
  if (parent.gasUsed < target) return fee - change
  return fee + (change > 1n ? change : 1n)
}
