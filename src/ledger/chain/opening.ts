// Opening a chain: the genesis and the database must belong together, the state must be that of the head. What can be mended is
// mended and told; what can't is named. The work does not grow with the chain.

import { type Database, transaction } from '../../base/database.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Log } from '../../base/ports.ts'
import type { LedgerWorld } from '../evm/types.ts'
import { chainErrors } from './errors.ts'
import { bytesOfHex, hashOfBytes, headerOf } from './header-wire.ts'
import type { Tip } from './parts.ts'
import { recountQuota } from './quota-recount.ts'
import { epochOfHeader, takeUpRecoveries } from './recovery.ts'
import type { Manifest } from './snapshot-wire.ts'
import { type Spec, zeroHash } from './spec.ts'
import type { ChainStore } from './store.ts'
import { word } from './system-contract.ts'
import type { EpochEnd, Header } from './types.ts'

const genesisFact = 'genesis'
/** Stands while a snapshot is being taken in: the state is in pieces. */
const installingFact = 'installing'

interface Opening {
  readonly spec: Spec
  readonly database: Database
  readonly store: ChainStore
  readonly world: LedgerWorld
  readonly log: Log
}

/** Throws `genesis_other`, `chain_damaged`, `recovery_wrong`. */
export function openHead(opening: Opening): Tip {
  const { store, spec } = opening
  const digest = store.fact(genesisFact)
  if (digest !== undefined && hashOfBytes(digest) !== spec.digest) {
    throw chainErrors.genesis_other('This database belongs to a ledger with another genesis.')
  }
  if (store.fact(installingFact) !== undefined) reset(opening)
  const stored = digest === undefined ? undefined : store.head()
  const isNew = stored === undefined || (stored.height === 0 && opening.world.base().height < 0)
  const head = isNew ? begin(opening) : checkState(opening, stored)
  takeUpRecoveries(opening, head)
  return { header: head, epoch: epochOfHeader(opening, head) }
}

/** A snapshot was not taken in to its end: what there was before is gone, the chain begins anew. */
function reset({ database, store, log, world }: Opening): void {
  const block = { block: zeroHash, height: 0, root: zeroHash }
  world.importSnapshot({ ...block, replaces: true })
  transaction(database, () => {
    store.removeAbove(0)
    store.setQuotaUnknown(undefined)
    store.removeFact(installingFact)
  })
  log.warn('ledger_snapshot_given_up', {})
}

/** From now on the chain's state is in pieces, until {@link endInstall} or the next opening. */
export function beginInstall({ database, store }: Pick<Opening, 'database' | 'store'>): void {
  transaction(database, () => {
    store.putFact(installingFact, Uint8Array.of(1))
    store.removeAbove(0)
  })
}

/** The state is whole: its block becomes the head. */
export function endInstall(
  { database, store, spec }: Pick<Opening, 'database' | 'store' | 'spec'>,
  manifest: Manifest,
  ends: readonly EpochEnd[],
): void {
  const { header, certificate, before } = manifest
  // Block 0 is always here, and what it ended; after a recovery one block may have ended two epochs.
  const own = new Set([0])
  transaction(database, () => {
    for (const end of ends) {
      if (store.epochEnd(end.next.epoch - 1) === undefined) store.putEpoch(end.header, end.next, end.certificate)
      if (!own.has(end.header.height)) store.putHeader(end.header, end.certificate)
      own.add(end.header.height)
    }
    const others = [...before, header].filter(({ height }) => !own.has(height))
    for (const one of others) store.putHeader(one, one === header ? certificate : undefined)
    recountQuota({ store, spec }, header)
    store.removeFact(installingFact)
  })
}

function begin({ spec, database, store, world }: Opening): Header {
  const accounts = spec.accounts.map(({ slots, ...account }) => ({
    ...account,
    slots: slots.map(([key, value]) => [key, word(value)] as const),
  }))
  const { root, layer } = world.genesis(accounts)
  const header = headerOf({ ...spec.block0, stateRoot: root }, spec.ours)
  world.keep(header.hash, layer)
  try {
    transaction(database, () => {
      store.putFact(genesisFact, bytesOfHex(spec.digest))
      if (store.headerAt(0) === undefined) store.putHeader(header, undefined)
      world.settle(header.hash, 0, database)
    })
  } catch (error) {
    world.rolledBack()
    throw chainErrors.chain_disk_failed('The ledger could not be begun on disk.', { cause: error })
  }
  return header
}

/** Block and state are written together; they differ only where the database was changed from outside. */
function checkState({ spec, store, world, log, database }: Opening, head: Header): Header {
  const base = world.base()
  if (base.block === head.hash && base.root === head.stateRoot) {
    mend(world, log, false)
    return head
  }
  const at = base.height < head.height ? store.headerAt(base.height) : undefined
  if (at === undefined || at.hash !== base.block || at.stateRoot !== base.root) {
    throw chainErrors.chain_damaged('The ledger’s last block and its state do not belong together.', {
      details: { head: head.height, state: base.height },
    })
  }
  mend(world, log, true)
  transaction(database, () => {
    store.removeAbove(at.height)
    recountQuota({ store, spec }, at)
  })
  log.warn('ledger_blocks_dropped', { from: at.height + 1, to: head.height })
  return at
}

/** Throws `state_damaged`. */
function mend(world: LedgerWorld, log: Log, thorough: boolean): void {
  const mended = world.mend({ thorough })
  if (mended.kind !== 'whole') log.warn('ledger_state_mended', { how: mended.kind })
}

/** What SQLite throws about a file that was cut or changed becomes a code. */
export function named<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (isPeerhoodError(error)) throw error
    throw chainErrors.chain_damaged('The ledger’s database can’t be read.', { cause: error })
  }
}
