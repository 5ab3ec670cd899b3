// The library: everything that this computer holds, whatever its origin, opened from the database at a start. Gets and
// kept copies are opened here; own shares come in through `own` (shares.ts).

import { mkdirSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Database, migrate } from '../../base/database.ts'
import type { Clock, Log, Random } from '../../base/ports.ts'
import type { PeerAddress } from '../../network/types.ts'
import type { Holding, Library, ReadableHolding, ShareId } from '../types.ts'
import { type BlockWorker, createBlockWorker, noBlockWorker } from '../worker/worker.ts'
import { createBlockFiles } from './block-files.ts'
import { createBlockIndex, type HoldingRow } from './block-index.ts'
import { createCommitter } from './committer.ts'
import { createDisk, type Disk } from './disk.ts'
import { libraryErrors } from './errors.ts'
import { createFetches } from './fetches.ts'
import type { HoldingFacts } from './holding-rows.ts'
import { createHoldingRows } from './holding-rows.ts'
import { createKeeps } from './keeps.ts'
import { createSweeper } from './leftovers.ts'
import { createRegistry, type Registry } from './registry.ts'
import { librarySchema } from './schema.ts'
import { cidOfRoot, type LinkTexts, linkTexts, type ShareFacts } from './share-view.ts'

export interface LibraryService extends Library {
  /** Opens what was fetched and kept before. Gets that were not finished wait for `openFetched`. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Fetched and kept holdings that stand for their share, as the API shows them; own ones are in the share service. */
  facts(): readonly ShareFacts[]
  /** One of `facts`; undefined when this computer has no such share, or it is an own one. */
  factsOf(share: ShareId): ShareFacts | undefined
  /** The links to hand on of a fetched or kept share. Throws `share_unknown`. */
  link(share: ShareId, peers: readonly PeerAddress[]): LinkTexts
  /**
   * Stops holding a fetched or kept share. Files that were fetched stay; kept blocks, and gets that are not finished,
   * are deleted. Throws `share_unknown`.
   */
  removeHolding(share: ShareId): Promise<void>
  /** Deletes the kept copy of a share, whole or not; what was fetched or is shared here stays. */
  removeKept(share: ShareId): Promise<void>
  /** Reads and writes blocks beside this thread; its buffers are for whoever moves blocks. */
  readonly worker: BlockWorker
  /** For the share service. */
  readonly own: OwnHoldings
}

/** What the share service does with own holdings. */
export interface OwnHoldings extends Pick<Registry, 'add' | 'remove' | 'replace'> {
  /** Deletes what else a holding has in the database, its row being gone. */
  sweep(holding: HoldingRow): void
}

export interface LibraryParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly database: Database
  /** The real disk unless given; then nothing is written by the block worker, which knows no other. */
  readonly disk?: Disk
}

export function createLibrary(options: { readonly home: string }): (parts: LibraryParts) => LibraryService {
  return ({ clock, log, database, disk: given }) => {
    const disk = given ?? createDisk()
    const worker = given === undefined ? createBlockWorker({ clock, log }) : noBlockWorker()
    migrate(database, 'library', librarySchema)
    const home = resolve(options.home)
    const index = createBlockIndex(database)
    const rows = createHoldingRows(database)
    const registry = createRegistry()
    const committer = createCommitter({ clock, index })
    const blockFiles = createBlockFiles({ home })({ disk })
    const sweeper = createSweeper({ clock, log, index })
    const sweep = (holding: HoldingRow) => sweeper.sweep(holding)
    const shared = { clock, log, disk, index, rows, registry, committer, blockFiles, worker, sweeper, sweep }
    const fetches = createFetches(shared)
    const keeps = createKeeps(shared)

    const notOwn = () => rows.all().filter((facts) => facts.origin !== 'own')
    const held = (share: ShareId) => rows.ofShare(share).filter((facts) => facts.origin !== 'own')
    const factsOf = (share: ShareId) => {
      const candidates = held(share)
      const chosen = candidates.find((facts) => facts.state === 'done') ?? candidates[0]
      return chosen === undefined ? undefined : viewOf(chosen, fetches.holding(chosen.id) ?? keeps.holding(chosen.id))
    }
    return {
      async start() {
        mkdirSync(home, { recursive: true, mode: 0o700 })
        sweeper.sweepAll()
        await fetches.start()
        await keeps.start()
      },
      async stop() {
        await fetches.stop()
        await keeps.stop()
        await worker.stop()
        await sweeper.stop()
      },
      holdings: () => registry.holdings(),
      byDiscovery: (discovery) => registry.byDiscovery(discovery),
      byShare: (share) => registry.byShare(share),
      on: (listener) => registry.on(listener),
      openFetched: (request) => fetches.open({ ...request, to: realTarget(request.to) }),
      openKept: (request) => keeps.open(request),
      discardKept: (share) => keeps.discard(share),
      facts: () => {
        const shares = new Set(notOwn().map((facts) => facts.shareId))
        return [...shares].map(factsOf).filter((facts) => facts !== undefined)
      },
      factsOf,
      link(share, peers) {
        const [facts] = held(share)
        if (facts === undefined) throw unknownShare()
        return linkTexts(facts, peers)
      },
      async removeHolding(share) {
        const all = held(share)
        if (all.length === 0) throw unknownShare()
        for (const facts of all) await (facts.origin === 'kept' ? keeps.remove(facts) : fetches.remove(facts))
      },
      async removeKept(share) {
        for (const facts of held(share)) if (facts.origin === 'kept') await keeps.remove(facts)
      },
      worker,
      own: { ...registry, sweep },
    }
  }
}

/** One folder has one name here, whatever links lead to it. */
function realTarget(to: string): string {
  const absolute = resolve(to)
  try {
    return realpathSync(absolute)
  } catch {
    return absolute
  }
}

function unknownShare() {
  return libraryErrors.share_unknown('This computer holds nothing of that id.')
}

function viewOf(facts: HoldingFacts, holding: Holding | undefined): ShareFacts {
  const { shareId, origin, visibility, path, secret, sequence, createdMs, updatedMs } = facts
  const meta = (holding as Partial<ReadableHolding> | undefined)?.meta ?? facts.meta
  return {
    id: shareId,
    origin,
    visibility,
    state: holding?.complete === true && facts.state === 'done' ? 'ready' : 'partial',
    name: meta?.name,
    kind: meta?.kind,
    path,
    readable: visibility === 'public' || secret !== undefined,
    cid: cidOfRoot(facts, holding?.inventory?.digest(0)),
    sequence,
    files: meta?.files ?? 0,
    bytes: meta?.bytes ?? 0,
    blocks: holding?.record.blocks ?? 0,
    blocksHere: holding?.have.ones ?? 0,
    createdMs,
    updatedMs,
  }
}
