// A chain whose quorum is gone for good goes on by a recovery: people agree on its last final block and on a new set, and everyone
// opens the chain with that. The epoch ends with that block, as if it had changed the set; the system contract learns of it in the
// block after it, before anything runs. Where that block had ended its epoch already, and the new set never came together, the
// recovery ends the one after it, which has no block.
//
// Must stay true: who has the same genesis and the same recoveries comes to the same chain; who lacks one can't follow it.

import { type Database, transaction } from '../../base/database.ts'
import { faultsOf, isValidSet, quorumOf } from '../consensus/certificate-core.ts'
import type { BlockEnvironment } from '../evm/types.ts'
import type { Address, ValidatorSet } from '../types.ts'
import { chainErrors } from './errors.ts'
import type { ChainInside, Tip } from './parts.ts'
import type { Epoch } from './rules.ts'
import type { Spec } from './spec.ts'
import type { ChainStore } from './store.ts'
import { readEpoch, recoveryWrites } from './system-contract.ts'
import type { Header, Recovery } from './types.ts'

/** Throws `recovery_wrong`. */
export function checkRecoveries(recoveries: readonly Recovery[]): readonly Recovery[] {
  for (const { epoch, validators } of recoveries) {
    if (isValidSet({ epoch, validators })) continue
    throw chainErrors.recovery_wrong(
      'A recovery names validators that are no set: in ascending order, each once, 1 to 100.',
    )
  }
  return [...recoveries].sort((a, b) => a.epoch - b.epoch)
}

/**
 * Whether these may speak for a set that lost too many: more than it bears as liars, so that one of them is honest; fewer than a
 * quorum, which changes its set by a transaction; and nobody else.
 */
export function mayRecover({ validators }: ValidatorSet, signers: readonly Address[]): boolean {
  const count = new Set(signers).size
  const areIn = count === signers.length && signers.every((address) => validators.includes(address))
  return areIn && count > faultsOf(validators.length) && count < quorumOf(validators.length)
}

/**
 * Who comes to decide after a block, one after the other: the set that it left in the system contract, if it changed that, then
 * those of recoveries. One that the set before it could not have made is none.
 */
export function setsAfter(
  { recoveries }: Pick<Spec, 'recoveries'>,
  { hash, height }: Pick<Header, 'hash' | 'height'>,
  { set, next }: Pick<Epoch, 'set' | 'next'>,
): readonly ValidatorSet[] {
  const sets = next === undefined ? [] : [next]
  let last = next ?? set
  for (const recovery of recoveries) {
    const isAfter = recovery.block === hash && recovery.height === height && recovery.epoch === last.epoch + 1
    if (!isAfter || !mayRecover(last, recovery.signers)) continue
    last = { epoch: recovery.epoch, validators: recovery.validators }
    sets.push(last)
  }
  return sets
}

/** The chain may have been at that block before anybody spoke of a recovery. Throws `recovery_wrong`. */
export function takeUpRecoveries(parts: { spec: Spec; store: ChainStore; database: Database }, head: Header): void {
  const { spec, store, database } = parts
  for (const { height, block, epoch, validators, signers } of spec.recoveries) {
    if (height > head.height) continue
    const header = store.headerAt(height)
    // Pruned: it was taken up when it was here.
    if (header === undefined) continue
    const end = store.epochEnd(epoch - 1)
    if (end?.header.hash === block && sameList(end.next.validators, validators)) continue
    const last = setAfter(parts, header)
    const isHere = header.hash === block && head.height === height && end === undefined && last.epoch === epoch - 1
    if (!isHere) {
      throw chainErrors.recovery_wrong(
        `The chain here is another one than the recovery of epoch ${epoch} is about, or went on after its block.`,
      )
    }
    if (!mayRecover(last, signers)) {
      throw chainErrors.recovery_wrong(`The recovery of epoch ${epoch} is not signed by those who may.`)
    }
    const certificate = store.certificate(height) ?? new Uint8Array(0)
    transaction(database, () => store.putEpoch(header, { epoch, validators }, certificate))
  }
}

/** Who decides after a block that is here. Throws `chain_damaged`. */
function setAfter(parts: Pick<ChainInside, 'spec' | 'store'>, header: Header): ValidatorSet {
  const { set, next } = epochOfHeader(parts, header)
  return next ?? set
}

/** How a final block stands in its epoch, by what is on disk. Throws `chain_damaged`. */
export function epochOfHeader({ store, spec }: Pick<ChainInside, 'spec' | 'store'>, header: Header): Epoch {
  const epoch = header.place?.epoch ?? 0
  const set = epoch === 0 ? { epoch: 0, validators: spec.genesis.validators } : store.epochEnd(epoch - 1)?.next
  if (set === undefined) throw chainErrors.chain_damaged('The ledger’s database lacks who decides in its epoch.')
  let next: ValidatorSet | undefined
  // After a recovery an epoch may have ended before it had a block.
  for (let end = store.epochEnd(epoch); end?.header.hash === header.hash; end = store.epochEnd(end.next.epoch)) {
    next = end.next
  }
  return { set, next, isOver: false }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at])
}

/** What the block after a recovery's begins with; nothing for every other. */
export async function recoveryEnvironment(
  { spec, world }: ChainInside,
  tip: Tip,
  set: ValidatorSet,
): Promise<Pick<BlockEnvironment, 'systemWrites'>> {
  const { hash } = tip.header
  const isAfter = set.epoch > tip.epoch.set.epoch && spec.recoveries.some(({ block }) => block === hash)
  const state = isAfter ? world.at(hash) : undefined
  // A recovery that does not count changes nothing: the contract knows of this set by itself.
  if (state === undefined || (await readEpoch(state)) >= set.epoch) return {}
  return { systemWrites: await recoveryWrites(state, set) }
}
