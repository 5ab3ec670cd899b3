// Gets of this computer: begun, gone on with, brought to newer versions, ended. One row a get; a get into a folder that
// has the share already updates it in place and replaces its row when it is done.
//
//   live: under way ── finished ──► done: an IndexedHolding, as every later start opens it (get-holding.ts)

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Log } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import type { IndexedInventory } from '../format/inventory.ts'
import { openMeta } from '../format/meta.ts'
import { createSealer } from '../format/seal.ts'
import type { FetchedHolding, Holding, Library, ShareLink, VersionMeta } from '../types.ts'
import type { BlockWorker } from '../worker/worker.ts'
import { lstatOrUndefined } from './base-version.ts'
import type { BlockFiles } from './block-files.ts'
import type { BlockIndex, HoldingRow } from './block-index.ts'
import { createPace } from './breathe.ts'
import type { Committer } from './committer.ts'
import type { Disk } from './disk.ts'
import { libraryErrors } from './errors.ts'
import type { FetchParts } from './fetch-parts.ts'
import { FetchedHoldingOnDisk } from './fetched-holding.ts'
import { GetHolding } from './get-holding.ts'
import { type HoldingFacts, type HoldingRows, keysOf } from './holding-rows.ts'
import { IndexedHolding } from './indexed-holding.ts'
import { openLinkedRecord, refuseOlder } from './keeps.ts'
import type { Sweeper } from './leftovers.ts'
import { onlyCharsMax } from './limits.ts'
import { createOpenFiles } from './open-files.ts'
import { checkSpace } from './prepare.ts'
import type { Registry } from './registry.ts'
import { cleanName, workingFolderName } from './safe-names.ts'
import { freePath, isSamePath, prepareTarget } from './target-folder.ts'

/** Of the share's id; enough to tell the shares of one folder apart. */
const workingNameChars = 16

type Request = Parameters<Library['openFetched']>[0]

export interface Fetches {
  start(): Promise<void>
  stop(): Promise<void>
  open(request: Request): Promise<FetchedHolding>
  remove(facts: HoldingFacts): Promise<void>
  holding(row: HoldingRow): Holding | undefined
}

export interface FetchesParts {
  readonly clock: Clock
  readonly log: Log
  readonly disk: Disk
  readonly index: BlockIndex
  readonly rows: HoldingRows
  readonly registry: Registry
  readonly committer: Committer
  readonly blockFiles: BlockFiles
  readonly worker: BlockWorker
  readonly sweeper: Sweeper
}

/** A get under way: what others see of it, and what does its work. */
interface Live {
  readonly seen: GetHolding
  readonly get: FetchedHoldingOnDisk
}

interface State extends FetchesParts {
  readonly live: Map<HoldingRow, Live>
  readonly done: Map<HoldingRow, Holding>
  readonly fetchParts: FetchParts
}

export function createFetches(parts: FetchesParts): Fetches {
  const live = new Map<HoldingRow, Live>()
  const done = new Map<HoldingRow, Holding>()
  const { rows, registry, disk, sweeper } = parts
  const isTaken = (path: string) =>
    rows.all().some((facts) => facts.origin === 'fetched' && facts.path !== undefined && isSamePath(facts.path, path))
  const fetchParts: FetchParts = {
    ...parts,
    sweep: (holding) => sweeper.sweep(holding),
    files: createOpenFiles(disk),
    pace: createPace(parts.clock),
    freePath: (path) => freePath(path, isTaken),
    onEnd: (holding, how) => endFetch(state, holding, how),
  }
  const state: State = { ...parts, live, done, fetchParts }
  // Names are chosen and rows made one get after the other.
  const inTurn = createTurns(1)
  return {
    async start() {
      for (const facts of rows.all()) {
        if (facts.origin !== 'fetched' || facts.state !== 'done') continue
        // One damaged row keeps nobody from the others.
        await openDone(state, facts).catch((error: unknown) => {
          parts.log.error('fetched_share_damaged', { share: facts.shareId, message: String(error) })
        })
      }
    },
    async stop() {
      for (const { seen, get } of live.values()) {
        await get.close()
        registry.remove(seen)
      }
      for (const holding of done.values()) registry.remove(holding)
      live.clear()
      done.clear()
    },
    async open(request) {
      const holding = await inTurn(() => beginFetch(state, request))
      return holding.opening
    },
    remove: (facts) => removeFetch(state, facts),
    holding: (row) => live.get(row)?.seen ?? done.get(row),
  }
}

/** A get that was finished before this start; what its end left undone is done now. */
async function openDone(state: State, facts: HoldingFacts): Promise<void> {
  const { rows, disk, registry, log } = state
  let present = facts
  if (facts.work !== undefined) {
    await disk.remove(facts.work).catch(() => undefined)
    present = rows.update(facts.id, { work: undefined, installing: false })
  }
  if (present.path === undefined || !existsSync(present.path)) {
    log.info('fetched_share_gone', { share: facts.shareId })
    return
  }
  const holding = indexed(state, present)
  state.done.set(facts.id, holding)
  registry.add(holding, 'fetched')
}

function indexed(state: State, facts: HoldingFacts, inventory?: IndexedInventory): IndexedHolding {
  const onChanged = () => state.log.info('fetched_share_changed', { share: facts.shareId })
  return new IndexedHolding(facts, { ...state, onChanged, inventory })
}

/** Chooses or makes the row; `opening` resolves when what is on disk was looked at. */
async function beginFetch(state: State, request: Request): Promise<{ readonly opening: Promise<GetHolding> }> {
  const { link, recordBytes, to, only, signal } = request
  const record = openLinkedRecord(link, recordBytes)
  const meta = openMeta(record.meta, createSealer(readKeys(link)))
  checkOnly(only)
  await prepareTarget(state.disk, to)
  const here = state.rows
    .ofShare(keysOf(link).shareId)
    .filter((facts) => facts.origin === 'fetched' && facts.target === to)
  const partial = here.find((facts) => facts.state === 'partial')
  const base = here.find((facts) => facts.state === 'done')
  for (const known of here) refuseOlder(known, record, recordBytes)
  const version = { recordBytes, sequence: record.sequence, meta, only }
  if (partial === undefined) {
    const facts = await newFetch(state, request, version, base)
    return { opening: openLive(state, facts, signal, true) }
  }
  const running = state.live.get(partial.id)
  if (running !== undefined && partial.sequence === record.sequence && !running.get.broken) {
    if (partial.only === only) return { opening: Promise.resolve(running.seen) }
    throw libraryErrors.get_elsewhere('Another part of this share is being fetched into this folder.')
  }
  if (running !== undefined) await endLive(state, running)
  return { opening: openLive(state, state.rows.update(partial.id, version), signal, false) }
}

function readKeys(link: ShareLink) {
  if (link.visibility === 'private' && link.secret === undefined) {
    throw libraryErrors.link_cannot_read('This link lets one keep the share, not read it.')
  }
  return link
}

function checkOnly(only: string | undefined): void {
  if (only === undefined) return
  if (only.trim() !== '' && only.length <= onlyCharsMax && !/[\r\n]/.test(only) && !only.startsWith('!')) return
  throw libraryErrors.only_malformed('This pattern can match nothing.')
}

async function newFetch(
  state: State,
  { link, to }: Request,
  version: Pick<HoldingFacts, 'sequence' | 'recordBytes' | 'only'> & { readonly meta: VersionMeta },
  base: HoldingFacts | undefined,
): Promise<HoldingFacts> {
  const { clock, disk, rows, fetchParts } = state
  if (base === undefined && version.only === undefined) await checkSpace(disk, to, version.meta.bytes)
  const { shareId } = keysOf(link)
  const nowMs = clock.nowMs()
  return rows.insert({
    origin: 'fetched',
    state: 'partial',
    share: link.share,
    visibility: link.visibility,
    access: link.access,
    discovery: link.discovery,
    secret: link.secret,
    signingSeed: undefined,
    path: base?.path ?? fetchParts.freePath(join(to, cleanName(version.meta.name))),
    target: to,
    work: workingFolder(state, to, shareId),
    replaces: base?.id,
    installing: false,
    have: undefined,
    createdMs: base?.createdMs ?? nowMs,
    updatedMs: nowMs,
    ...version,
  })
}

/** One that no get of ours uses is of this share all the same (the database was lost, say): what it holds is hashed. */
function workingFolder({ rows }: State, to: string, shareId: string): string {
  const used = new Set(rows.all().map((facts) => facts.work))
  const folder = join(to, workingFolderName(shareId.slice(0, workingNameChars)))
  const isOrphan = !used.has(folder) && lstatOrUndefined(folder)?.isDirectory() === true
  return isOrphan ? folder : freePath(folder, (path) => used.has(path))
}

async function openLive(
  state: State,
  facts: HoldingFacts,
  signal: AbortSignal | undefined,
  isNew: boolean,
): Promise<GetHolding> {
  const get = new FetchedHoldingOnDisk(facts, state.fetchParts)
  const seen = new GetHolding(get)
  state.live.set(facts.id, { seen, get })
  try {
    await get.open({ signal })
  } catch (error) {
    await endLive(state, { seen, get })
    if (isNew) await get.forget()
    throw error
  }
  state.registry.add(seen, 'fetched')
  return seen
}

/** Ends the object, not the get: its row and its working folder stay. */
async function endLive({ live, registry }: State, { seen, get }: Live): Promise<void> {
  live.delete(get.facts.id)
  await get.supersede()
  registry.remove(seen)
}

function endFetch(state: State, get: FetchedHoldingOnDisk, how: 'finished' | 'discarded'): void {
  const { live, done, registry } = state
  const { facts, path, figures, inventory } = get
  const seen = live.get(facts.id)?.seen
  live.delete(facts.id)
  if (how === 'discarded') {
    if (seen !== undefined) registry.remove(seen)
    return
  }
  if (seen !== undefined) {
    seen.handOver(indexed(state, facts, inventory), path, figures)
    done.set(facts.id, seen)
  }
  const replaced = get.base?.facts.id
  const before = replaced === undefined ? undefined : done.get(replaced)
  if (replaced === undefined || before === undefined) return
  done.delete(replaced)
  registry.remove(before)
}

async function removeFetch(state: State, facts: HoldingFacts): Promise<void> {
  const { live, done, registry, rows, disk, sweeper } = state
  const running = live.get(facts.id)
  if (running !== undefined) return running.get.discard()
  const holding = done.get(facts.id)
  done.delete(facts.id)
  if (holding !== undefined) registry.remove(holding)
  if (facts.work !== undefined) await disk.remove(facts.work)
  rows.remove(facts.id)
  sweeper.sweep(facts.id)
}
