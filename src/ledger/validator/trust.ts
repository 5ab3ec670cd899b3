// How old what we know may be. Keys of those who validated long ago may be for sale: with a quorum of them, another history can be
// signed. Within the trusting period a set is believed; after it, validators of that set that live have to agree, n−f of them.

import { type Clock, sleep } from '../../base/ports.ts'
import type { Chain, Header } from '../chain/types.ts'
import { faultsOf } from '../consensus/certificate-core.ts'
import type { Hash, ValidatorSet } from '../types.ts'
import { validatorErrors } from './errors.ts'
import { readHeader } from './finality.ts'
import { trustEveryMs, trustingPeriodMs } from './limits.ts'
import type { Peers } from './peers.ts'
import type { RecoveryStatement } from './recovery-wire.ts'
import type { Requests } from './requests.ts'
import type { Checkpoint, SyncState } from './types.ts'

export interface TrustParts {
  readonly chain: Pick<Chain, 'validators' | 'genesis' | 'genesisHash'> & { head(): Pick<Header, 'timestamp'> }
  readonly clock: Clock
  readonly peers: Peers
  readonly requests: Requests
  readonly checkpoint: Checkpoint | undefined
  /** What the person confirmed by hand: who decides from then on. */
  readonly recoveries: readonly RecoveryStatement[]
}

export interface Agreement {
  readonly agreed: number
  readonly needed: number
}

/** Throws `ledger_checkpoint_contradicted` for one of another ledger. */
export function requireCheckpoint(chain: TrustParts['chain'], checkpoint: Checkpoint | undefined): void {
  if (checkpoint === undefined) return
  if (checkpoint.genesisHash === chain.genesisHash && checkpoint.chainId === chain.genesis.chainId) return
  throw validatorErrors.ledger_checkpoint_contradicted(
    'The invitation is to another ledger than the one that is open here.',
  )
}

/** Head or checkpoint is young enough to be believed without asking. */
export function isFresh({ chain, clock, checkpoint }: TrustParts): boolean {
  const newestSeconds = Math.max(chain.head().timestamp, checkpoint?.timestamp ?? 0)
  return clock.nowMs() - newestSeconds * 1000 <= trustingPeriodMs
}

/** Asks the validators that are connected, of the set that we know, whether this block is in their chain. */
export async function agreementOn(parts: TrustParts, height: number, hash: Hash): Promise<Agreement> {
  const { peers, requests } = parts
  const { validators } = knownSet(parts)
  const needed = validators.length - faultsOf(validators.length)
  const answers = await Promise.all(
    validators.map(async (address) => {
      const name = peers.nameOf(address)
      if (name === undefined) return undefined
      const request = { kind: 'headers' as const, from: height, count: 1 }
      const answer = await requests.ask<'headers'>(name, request).catch(() => undefined)
      const [first] = answer?.headers ?? []
      return first === undefined ? undefined : readHeader(first.header).hash
    }),
  )
  const others = answers.filter((one) => one !== undefined && one !== hash).length
  if (others > faultsOf(validators.length)) {
    throw validatorErrors.ledger_checkpoint_contradicted(
      'The validators have another block at this height than the one that was offered.',
    )
  }
  return { agreed: answers.filter((one) => one === hash).length, needed }
}

/** Resolves as soon as the block may be believed; tells how many agree so far. */
export async function requireTrust(
  parts: TrustParts,
  block: { readonly height: number; readonly hash: Hash },
  told: (state: SyncState) => void,
  signal: AbortSignal,
): Promise<void> {
  const { checkpoint, clock, recoveries } = parts
  if (checkpoint?.height === block.height && checkpoint.block !== block.hash) {
    throw validatorErrors.ledger_checkpoint_contradicted('The block that was offered is not that of the invitation.')
  }
  if (recoveries.some((one) => one.height === block.height && one.block !== block.hash)) {
    throw validatorErrors.ledger_checkpoint_contradicted('The block that was offered is not that of the recovery.')
  }
  while (!isFresh(parts)) {
    const { agreed, needed } = await agreementOn(parts, block.height, block.hash)
    told({ kind: 'confirming', agreed, needed })
    if (agreed >= needed) return
    await sleep(clock, trustEveryMs, { signal })
  }
}

/** The latest: those before a recovery are gone for good, and can't agree to anything. */
function knownSet({ chain, checkpoint, recoveries }: TrustParts): ValidatorSet {
  const others = [...(checkpoint === undefined ? [] : [checkpoint.set]), ...recoveries.map(({ set }) => set)]
  return others.reduce((latest, set) => (set.epoch > latest.epoch ? set : latest), chain.validators())
}
