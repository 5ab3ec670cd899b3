// A chain: what is final lies on disk (store.ts, evm/), what is not is in memory by hash (parts.ts), what waits is in the pool.
//
//   transactions ─► pool ─► build ─► consensus ─► check ─► consensus ─► finalize ─► disk, events
//
// Must stay true: build, check and finalize run one after the other, so none sees the state move under it; a block is on disk
// whole or not at all; what was told as final is never taken back.

import { BoundedMap } from '../../base/bounded.ts'
import type { Database } from '../../base/database.ts'
import { assert } from '../../base/errors.ts'
import { Emitter } from '../../base/events.ts'
import type { Clock, Log } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import type { StateReader } from '../evm/types.ts'
import { createWorld } from '../evm/world.ts'
import type { Block, Hash, ValidatorSet, Verdict } from '../types.ts'
import { decodeOuter } from './block-wire.ts'
import { buildBlock } from './build.ts'
import { blockOfHeader, checkBlock, hasOwnBody, isVerdict, mayChange } from './check.ts'
import { chainErrors } from './errors.ts'
import { writeBlock } from './finalize.ts'
import { blockBytesMax, keepBlocksMin, verdictsMax } from './limits.ts'
import { findLogs } from './logs.ts'
import { beginInstall, endInstall, named, openHead } from './opening.ts'
import { createOwnStore } from './own-store.ts'
import { type ChainInside, type Known, KnownBlocks } from './parts.ts'
import { ChainPool } from './pool.ts'
import { createQuestions } from './questions.ts'
import { checkRecoveries, epochOfHeader } from './recovery.ts'
import { requirePart } from './snapshot.ts'
import type { Manifest } from './snapshot-wire.ts'
import { type Spec, specOf } from './spec.ts'
import { createChainStore } from './store.ts'
import type { Chain, ChainEvent, EpochEnd, Genesis, Header, Recovery, SnapshotChain, SnapshotInstall } from './types.ts'

export interface ChainOptions {
  readonly genesis: Genesis
  /** Everything, or the states and bodies of the last so many blocks (at least `keepBlocksMin`). */
  readonly keep?: 'archive' | { readonly blocks: number }
  /** Those that people agreed on, oldest first. */
  readonly recoveries?: readonly Recovery[]
}

export interface ChainParts {
  /** The ledger's own; opened with synchronous = FULL. */
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

/** Throws `genesis_malformed`, `genesis_other`, `chain_damaged`, `recovery_wrong`. */
export function openChain(options: ChainOptions): (parts: ChainParts) => Promise<SnapshotChain> {
  return async (parts) => new LedgerChain(openInside(specOfOptions(options), keepBlocksOf(options), parts))
}

function specOfOptions({ genesis, recoveries = [] }: ChainOptions): Spec {
  return specOf(genesis, checkRecoveries(recoveries))
}

export function keepBlocksOf({ keep = 'archive' }: Pick<ChainOptions, 'keep'>): number | 'archive' {
  return keep === 'archive' ? keep : Math.max(keep.blocks, keepBlocksMin)
}

export interface Opened {
  readonly inside: ChainInside
  readonly database: Database
  readonly keepBlocks: number | 'archive'
}

export function openInside(spec: Spec, keepBlocks: number | 'archive', { database, clock, log }: ChainParts): Opened {
  return named(() => {
    const store = createChainStore(database, { ours: spec.ours })
    const world = createWorld({ common: spec.common, scheduled: !spec.ours, keepBlocks })({ database, clock })
    const head = openHead({ spec, database, store, world, log })
    const known = new KnownBlocks({ spec, store, world }, head)
    return { inside: { spec, world, store, clock, log, known }, database, keepBlocks }
  })
}

/** The set that the block names; a recovery's is agreed on outside of it. */
function verdictOf({ header, nextSets }: Known): Verdict {
  return { ok: true, nextSet: header.place?.nextSetHash === undefined ? undefined : nextSets[0] }
}

export class LedgerChain implements SnapshotChain {
  readonly #inside: ChainInside
  readonly #opened: Opened
  readonly #events = new Emitter<ChainEvent>()
  readonly #verdicts = new BoundedMap<Hash, Verdict>(verdictsMax)
  readonly #questions: ReturnType<typeof createQuestions>
  readonly #turn = createTurns(1)
  readonly #genesisHash: Hash
  #isStopped = false
  readonly pool: ChainPool

  constructor(opened: Opened) {
    const { inside } = opened
    this.#opened = opened
    this.#inside = inside
    this.#questions = createQuestions(inside)
    const genesisHash = inside.store.hashAt(0)
    assert(genesisHash !== undefined, 'block 0 is never pruned')
    this.#genesisHash = genesisHash
    this.pool = new ChainPool({
      ...{ spec: inside.spec, clock: inside.clock, log: inside.log },
      own: createOwnStore({ database: opened.database, clock: inside.clock }),
      head: () => ({ hash: this.head().hash, state: this.state(this.head().hash) }),
      quotaLeft: (sender, timestamp) => inside.known.quotaLeft(sender, timestamp),
      emit: (event) => this.#emit(event),
    })
  }

  get genesis(): Genesis {
    return this.#inside.spec.genesis
  }

  get genesisHash(): Hash {
    return this.#genesisHash
  }

  get world() {
    return this.#inside.world
  }

  head(): Header {
    return this.#inside.known.head.header
  }

  validators(): ValidatorSet {
    const { set, next } = this.#inside.known.head.epoch
    return next ?? set
  }

  // ---- for consensus

  build(parent: Hash, place: { readonly epoch: number; readonly view: number }, signal?: AbortSignal): Promise<Block> {
    return this.#alone(async () => {
      const known = await buildBlock(this.#inside, this.pool, { parent, place, signal })
      this.#inside.known.add(known)
      return known.block
    })
  }

  decode(bytes: Uint8Array): Block | undefined {
    try {
      const parts = decodeOuter(bytes, { ours: this.#inside.spec.ours, bytesMax: blockBytesMax })
      return hasOwnBody(parts) ? blockOfHeader(parts.header, bytes) : undefined
    } catch (error) {
      if (isVerdict(error)) return undefined
      throw error
    }
  }

  check(block: Block, { isFinal = false }: { readonly isFinal?: boolean } = {}): Promise<Verdict> {
    return this.#alone(async () => {
      const before = this.#inside.known.get(block.hash)
      if (before !== undefined) return verdictOf(before)
      return this.#verdicts.get(block.hash) ?? (await this.#judge(block, isFinal))
    })
  }

  async #judge(block: Block, isFinal: boolean): Promise<Verdict> {
    const { clock, known } = this.#inside
    try {
      const right = await checkBlock(this.#inside, block, {
        nowSeconds: isFinal ? undefined : Math.floor(clock.nowMs() / 1_000),
        known: (hash) => this.pool.transactionOf(hash),
      })
      known.add(right)
      return verdictOf(right)
    } catch (error) {
      if (!isVerdict(error)) throw error
      const verdict: Verdict = { ok: false, code: error.code, sentence: error.message }
      if (!mayChange(error.code)) this.#verdicts.set(block.hash, verdict)
      return verdict
    }
  }

  finalize(block: Hash, certificate: Uint8Array): Promise<void> {
    return this.#alone(async () => {
      if (this.#questions.header(block) !== undefined && this.unfinal(block) === undefined) return
      const path = this.#inside.known.pathTo(block)
      if (path === undefined) throw chainErrors.block_unknown('The final block, or one before it, is not known here.')
      for (const known of path) await this.settle(known, known.header.hash === block ? certificate : undefined)
    })
  }

  /** The child of the head becomes the head. */
  protected async settle(known: Known, certificate: Uint8Array | undefined): Promise<void> {
    const { keepBlocks, database } = this.#opened
    writeBlock(this.#inside, database, known, { certificate, keepBlocks })
    this.#inside.known.advance(known)
    this.#questions.remember(known)
    // Who signed an authorization (EIP-7702) has another nonce without having sent anything.
    const hasAuthorities = known.transactions.some(({ type }) => type === 4)
    await (hasAuthorities ? this.pool.settleAll() : this.pool.settle(known.senders))
    this.#emit({ kind: 'final', header: known.header, receipts: known.receipts })
  }

  unfinal(hash: Hash): Block | undefined {
    return this.#inside.known.get(hash)?.block
  }

  /** One after the other. */
  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#turn(() => {
      if (this.#isStopped) throw chainErrors.chain_stopped('The ledger is being closed.')
      return work()
    })
  }

  // ---- questions

  header(at: number | Hash) {
    return this.#questions.header(at)
  }

  block(at: number | Hash) {
    return this.#questions.block(at)
  }

  receipts(block: Hash) {
    return this.#questions.receipts(block)
  }

  transaction(hash: Hash) {
    return this.#questions.transaction(hash)
  }

  certificate(height: number) {
    return this.#inside.store.certificate(height)
  }

  epochEnd(epoch: number) {
    return this.#inside.store.epochEnd(epoch)
  }

  state(at: number | Hash): StateReader | undefined {
    const hash = typeof at === 'number' ? this.#inside.store.hashAt(at) : at
    return hash === undefined ? undefined : this.#inside.world.at(hash)
  }

  logs(filter: Parameters<Chain['logs']>[0]) {
    return findLogs(this.#inside, this.#questions, filter)
  }

  get oldest() {
    const { store, world } = this.#inside
    const { height } = this.head()
    // Block 0 has no body; after a snapshot there is none at first.
    const body = store.oldestBody() ?? (height === 0 ? 1 : height + 1)
    return { block: body === 1 ? 0 : body, state: world.oldest() }
  }

  on(listener: (event: ChainEvent) => void): () => void {
    return this.#events.on(listener)
  }

  // ---- snapshots

  statePart(block: Hash, after: Uint8Array | undefined, bytesMax: number) {
    return this.#inside.world.snapshotPart(block, after, bytesMax)
  }

  install(manifest: Manifest, ends: readonly EpochEnd[]): Promise<SnapshotInstall> {
    return this.#alone(async () => {
      const { world, known } = this.#inside
      const { hash, height, stateRoot } = manifest.header
      if (height <= this.head().height) throw chainErrors.snapshot_refused('The snapshot is not ahead of what is here.')
      const opening = { ...this.#inside, database: this.#opened.database }
      beginInstall(opening)
      const importing = world.importSnapshot({ block: hash, height, root: stateRoot, replaces: true })
      let added = 0
      return {
        add: (part) =>
          this.#alone(async () => {
            requirePart(manifest, added, part)
            importing.add(part)
            added += 1
          }),
        finish: () =>
          this.#alone(async () => {
            if (added < manifest.parts.length) throw chainErrors.snapshot_refused('Parts of the snapshot are missing.')
            importing.finish()
            endInstall(opening, manifest, ends)
            known.reset({ header: manifest.header, epoch: epochOfHeader(opening, manifest.header) })
            await this.#announceHead()
          }),
        abort: () =>
          this.#alone(async () => {
            known.reset(openHead(opening))
            await this.#announceHead()
          }),
      }
    })
  }

  /** Whoever follows the head sees another one; there are no receipts for what was not executed. */
  async #announceHead(): Promise<void> {
    this.#verdicts.clear()
    await this.pool.settleAll()
    this.#emit({ kind: 'final', header: this.head(), receipts: [] })
  }

  /** What is final stays so, whatever a listener makes of it. */
  #emit(event: ChainEvent): void {
    try {
      this.#events.emit(event)
    } catch (error) {
      this.#inside.log.error('ledger_listener_failed', { kind: event.kind, error })
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.pool.stop()
    // What is running ends first.
    await this.#turn(() => Promise.resolve())
  }
}
