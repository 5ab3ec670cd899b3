// A chain whose quorum is gone for good goes on by a recovery: people agree on its last final block and on a new set, and everyone
// opens the chain with that. The epoch ends with that block, as if it had changed the set; the system contract learns of it in the
// block after it, before anything runs.
//
// Must stay true: who has the same genesis and the same recoveries comes to the same chain; who lacks one can't follow it.

import { type Database, transaction } from '../../base/database.ts'
import { isValidSet } from '../consensus/certificate-core.ts'
import type { BlockEnvironment } from '../evm/types.ts'
import type { ValidatorSet } from '../types.ts'
import { chainErrors } from './errors.ts'
import type { ChainInside, Tip } from './parts.ts'
import type { Epoch } from './rules.ts'
import type { Spec } from './spec.ts'
import type { ChainStore } from './store.ts'
import { recoveryWrites } from './system-contract.ts'
import type { Header, Recovery } from './types.ts'

/** Throws `recovery_wrong`. */
export function checkRecoveries(recoveries: readonly Recovery[]): readonly Recovery[] {
  for (const { validators } of recoveries) {
    if (isValidSet({ epoch: 1, validators })) continue
    throw chainErrors.recovery_wrong(
      'A recovery names validators that are no set: in ascending order, each once, 1 to 100.',
    )
  }
  return recoveries
}

/** Who decides after this block by a recovery. Throws `recovery_wrong` where it ended its epoch by itself. */
export function recoveredSet({ recoveries }: Spec, header: Header, { set, next }: Epoch): ValidatorSet | undefined {
  const recovery = recoveries.find(({ block }) => block === header.hash)
  if (recovery === undefined) return undefined
  if (next !== undefined) throw chainErrors.recovery_wrong('The block of a recovery changed the validators by itself.')
  return { epoch: set.epoch + 1, validators: recovery.validators }
}

/** The chain may have been at that block before anybody spoke of a recovery. Throws `recovery_wrong`. */
export function takeUpRecoveries(parts: { spec: Spec; store: ChainStore; database: Database }, head: Header): void {
  const { spec, store, database } = parts
  for (const recovery of spec.recoveries) {
    if (recovery.height > head.height) continue
    const header = store.headerAt(recovery.height)
    // Pruned: it was taken up when it was here.
    if (header === undefined) continue
    const epoch = header.place?.epoch ?? 0
    const end = store.epochEnd(epoch)
    if (end?.header.hash === recovery.block && sameList(end.next.validators, recovery.validators)) continue
    if (header.hash !== recovery.block || end !== undefined || head.height > recovery.height) {
      throw chainErrors.recovery_wrong(
        'The chain here is another one than the recovery is about, or went on after its block.',
      )
    }
    const next = { epoch: epoch + 1, validators: recovery.validators }
    transaction(database, () => store.putEpoch(header, next, store.certificate(header.height) ?? new Uint8Array(0)))
  }
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
  return state === undefined ? {} : { systemWrites: await recoveryWrites(state, set) }
}
