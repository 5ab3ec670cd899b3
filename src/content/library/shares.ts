// The share service: what this computer offers by link. Adds and removes shares, keeps them over restarts, and brings
// them into the library. The state of each share is its keeper's (own-share.ts).

import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Database } from '../../base/database.ts'
import { Emitter } from '../../base/events.ts'
import type { Cancel, Clock, Log, Random } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import type { PeerAddress } from '../../network/types.ts'
import { generateShareKeys, generateShareSecret } from '../format/keys.ts'
import type { ShareId, Visibility } from '../types.ts'
import { type BlockIndex, createBlockIndex } from './block-index.ts'
import { libraryErrors } from './errors.ts'
import { createHoldingRows, type HoldingFacts, type HoldingRows, keysOf } from './holding-rows.ts'
import type { LibraryService } from './library.ts'
import { scansAtOnceMax, sharesMax } from './limits.ts'
import { OwnShareKeeper, type OwnShareParts } from './own-share.ts'
import { type LinkTexts, linkTexts, type OwnShare } from './share-view.ts'
import { statRoot } from './walk.ts'
import { createWatchBudget, watchShare } from './watch.ts'

export type ShareEvent =
  | { readonly type: 'share'; readonly share: OwnShare }
  | { readonly type: 'removed'; readonly id: ShareId }

export interface ShareService {
  /** Serves what was ready when the program last ended, and looks for changes behind that. */
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * Shares a file or folder (absolute path). Resolves at once, while the first scan goes on; the same path and
   * visibility give the same share. Throws `path_not_found`, `path_not_shareable`, `path_unreadable`, `shares_too_many`.
   */
  add(path: string, options: { readonly visibility: Visibility }): Promise<OwnShare>
  /** Stops offering it; files stay. Throws `share_unknown`. */
  remove(id: ShareId): Promise<void>
  list(): readonly OwnShare[]
  /** Throws `share_unknown`. */
  get(id: ShareId): OwnShare
  has(id: ShareId): boolean
  /** The share once no scan is under way: `ready` or `failed`. Throws `share_unknown`. */
  settled(id: ShareId): Promise<OwnShare>
  /** Looks for changes now instead of when the watcher tells. Throws `share_unknown`. */
  rescan(id: ShareId): Promise<OwnShare>
  /** The links to hand on, with these peers in them. Throws `share_unknown`. */
  link(id: ShareId, peers: readonly PeerAddress[]): LinkTexts
  on(listener: (event: ShareEvent) => void): Cancel
}

export interface ShareServiceParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly database: Database
  readonly library: Pick<LibraryService, 'own' | 'worker'>
}

interface Service {
  readonly home: string
  readonly parts: ShareServiceParts
  readonly index: BlockIndex
  readonly rows: HoldingRows
  readonly keepers: Map<ShareId, OwnShareKeeper>
  readonly events: Emitter<ShareEvent>
  readonly keep: (facts: HoldingFacts) => OwnShareKeeper
}

/** Create the library on the same database first: it owns the tables. */
export function createShares(options: { readonly home: string }): (parts: ShareServiceParts) => ShareService {
  return (parts) => {
    const service = createService(options.home, parts)
    const { keepers, rows } = service
    return {
      async start() {
        for (const facts of rows.all()) if (facts.origin === 'own') void keepStored(service, facts).look()
      },
      async stop() {
        await Promise.all([...keepers.values()].map((keeper) => keeper.close()))
        keepers.clear()
      },
      add: (path, { visibility }) => addShare(service, path, visibility),
      remove: (id) => removeShare(service, id),
      list: () => [...keepers.values()].map((keeper) => keeper.view),
      get: (id) => find(service, id).view,
      has: (id) => keepers.has(id),
      settled: (id) => settled(find(service, id)),
      async rescan(id) {
        const keeper = find(service, id)
        await keeper.look()
        return keeper.view
      },
      link: (id, peers) => linkTexts(find(service, id).facts, peers),
      on: (listener) => service.events.on(listener),
    }
  }
}

function createService(home: string, parts: ShareServiceParts): Service {
  const index = createBlockIndex(parts.database)
  const rows = createHoldingRows(parts.database)
  const events = new Emitter<ShareEvent>()
  const keepers = new Map<ShareId, OwnShareKeeper>()
  const { clock, log, library } = parts
  const budget = createWatchBudget()
  const runScan = createTurns(scansAtOnceMax)
  const shared: Omit<OwnShareParts, 'onView'> = {
    clock,
    log,
    index,
    rows,
    home: resolve(home),
    registry: library.own,
    worker: library.worker,
    runScan,
    watch: (path, onChange) => watchShare({ clock, budget }, path, onChange),
  }
  const keep = (facts: HoldingFacts) => {
    const onView = () => events.emit({ type: 'share', share: keeper.view })
    const keeper = new OwnShareKeeper(facts, { ...shared, onView })
    keepers.set(facts.shareId, keeper)
    return keeper
  }
  return { home, parts, index, rows, keepers, events, keep }
}

/** A version that the database damaged is made anew by the look that follows. */
function keepStored(service: Service, facts: HoldingFacts): OwnShareKeeper {
  try {
    return service.keep(facts)
  } catch (error) {
    service.parts.log.error('own_share_damaged', { share: facts.shareId, message: String(error) })
    return service.keep({ ...facts, recordBytes: undefined, meta: undefined })
  }
}

function find({ keepers }: Service, id: ShareId): OwnShareKeeper {
  const keeper = keepers.get(id)
  if (keeper === undefined) throw libraryErrors.share_unknown('This computer shares nothing of that id.')
  return keeper
}

async function addShare(service: Service, path: string, visibility: Visibility): Promise<OwnShare> {
  const absolute = await resolveShared(path)
  for (const keeper of service.keepers.values()) {
    if (keeper.path === absolute && keeper.facts.visibility === visibility) {
      void keeper.look()
      return keeper.view
    }
  }
  if (service.keepers.size >= sharesMax) throw libraryErrors.shares_too_many(`There are ${sharesMax} shares already.`)
  const keeper = service.keep(insertShare(service, absolute, visibility))
  void keeper.look()
  return keeper.view
}

/** The path without links in the folders that lead to it; throws unless a file or folder is there. */
async function resolveShared(path: string): Promise<string> {
  const absolute = resolve(path)
  let real: string
  try {
    real = join(await realpath(dirname(absolute)), basename(absolute))
  } catch (error) {
    throw libraryErrors.path_not_found(`There is nothing at ${absolute}.`, { cause: error })
  }
  try {
    statRoot(real)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'path_vanished') throw error
    throw libraryErrors.path_not_found(`There is nothing at ${absolute}.`, { cause: error })
  }
  return real
}

function insertShare({ parts, rows }: Service, path: string, visibility: Visibility): HoldingFacts {
  const { share, signingSeed } = generateShareKeys(parts.random)
  const secret = visibility === 'private' ? generateShareSecret(parts.random) : undefined
  const nowMs = parts.clock.nowMs()
  return rows.insert({
    origin: 'own',
    state: 'partial',
    share,
    visibility,
    secret,
    signingSeed,
    ...keysOf({ share, visibility, secret }),
    path,
    target: undefined,
    work: undefined,
    only: undefined,
    replaces: undefined,
    installing: false,
    recordBytes: undefined,
    sequence: 0,
    meta: undefined,
    have: undefined,
    createdMs: nowMs,
    updatedMs: nowMs,
  })
}

async function removeShare(service: Service, id: ShareId): Promise<void> {
  const keeper = find(service, id)
  service.keepers.delete(id)
  await keeper.close()
  service.rows.remove(keeper.facts.id)
  service.parts.library.own.sweep(keeper.facts.id)
  service.events.emit({ type: 'removed', id })
}

async function settled(keeper: OwnShareKeeper): Promise<OwnShare> {
  await keeper.settled()
  return keeper.view
}
