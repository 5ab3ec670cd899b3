// Gets of this computer: begun, gone on with, brought to newer versions, ended. One row a get; a get into a folder that
// has the share already updates it in place and replaces its row when it is done.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import type { Clock, Log } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import { openMeta } from '../format/meta.ts'
import { createSealer } from '../format/seal.ts'
import type { FetchedHolding, Library, ShareLink, VersionMeta } from '../types.ts'
import type { BlockWorker } from '../worker/worker.ts'
import { lstatOrUndefined } from './base-version.ts'
import type { BlockFiles } from './block-files.ts'
import type { BlockIndex, HoldingRow } from './block-index.ts'
import type { Committer } from './committer.ts'
import type { Disk } from './disk.ts'
import { libraryErrors } from './errors.ts'
import type { FetchParts } from './fetch-parts.ts'
import { FetchedHoldingOnDisk } from './fetched-holding.ts'
import { type HoldingFacts, type HoldingRows, keysOf } from './holding-rows.ts'
import { IndexedHolding } from './indexed-holding.ts'
import { openLinkedRecord, refuseOlder } from './keeps.ts'
import { createSweeper, type Sweeper } from './leftovers.ts'
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
  holding(row: HoldingRow): FetchedHoldingOnDisk | IndexedHolding | undefined
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
}

interface State extends FetchesParts {
  readonly live: Map<HoldingRow, FetchedHoldingOnDisk>
  readonly done: Map<HoldingRow, IndexedHolding>
  readonly fetchParts: FetchParts
  readonly sweeper: Sweeper
}

export function createFetches(parts: FetchesParts): Fetches {
  const live = new Map<HoldingRow, FetchedHoldingOnDisk>()
  const done = new Map<HoldingRow, IndexedHolding>()
  const { rows, registry, disk } = parts
  const isTaken = (path: string) =>
    rows.all().some((facts) => facts.origin === 'fetched' && facts.path !== undefined && isSamePath(facts.path, path))
  const sweeper = createSweeper(parts)
  const fetchParts: FetchParts = {
    ...parts,
    sweep: (holding) => sweeper.sweep(holding),
    files: createOpenFiles(disk),
    freePath: (path) => freePath(path, isTaken),
    onEnd: (holding, how) => endFetch(state, holding, how),
  }
  const state: State = { ...parts, live, done, fetchParts, sweeper }
  // Names are chosen and rows made one get after the other.
  const inTurn = createTurns(1)
  return {
    async start() {
      sweeper.sweepAll()
      for (const facts of rows.all()) {
        if (facts.origin !== 'fetched' || facts.state !== 'done') continue
        // One damaged row keeps nobody from the others.
        await openDone(state, facts).catch((error: unknown) => {
          parts.log.error('fetched_share_damaged', { share: facts.shareId, message: String(error) })
        })
      }
    },
    async stop() {
      for (const holding of live.values()) {
        await holding.close()
        registry.remove(holding)
      }
      for (const holding of done.values()) registry.remove(holding)
      live.clear()
      done.clear()
      await sweeper.stop()
    },
    async open(request) {
      const holding = await inTurn(() => beginFetch(state, request))
      return holding.opening
    },
    remove: (facts) => removeFetch(state, facts),
    holding: (row) => live.get(row) ?? done.get(row),
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
  const onChanged = () => log.info('fetched_share_changed', { share: facts.shareId })
  const holding = new IndexedHolding(present, { ...state, onChanged })
  state.done.set(facts.id, holding)
  registry.add(holding, 'fetched')
}

/** Chooses or makes the row; `opening` resolves when what is on disk was looked at. */
async function beginFetch(
  state: State,
  request: Request,
): Promise<{ readonly opening: Promise<FetchedHoldingOnDisk> }> {
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
  if (running !== undefined && partial.sequence === record.sequence && !running.broken) {
    if (partial.only === only) return { opening: Promise.resolve(running) }
    throw libraryErrors.get_elsewhere('Another part of this share is being fetched into this folder.')
  }
  if (running !== undefined) await endLive(state, running)
  const facts = state.index.atomically(() => {
    if (partial.sequence !== record.sequence) state.rows.clearPages(partial.id)
    return state.rows.update(partial.id, version)
  })
  return { opening: openLive(state, facts, signal, false) }
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
  const here = rows.ofShare(shareId).find(({ recordBytes }) => isSameRecord(recordBytes, version.recordBytes))
  const facts = rows.insert({
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
  // A version that is here already needs nobody to be got again.
  if (here !== undefined) rows.copyPages(here.id, facts.id)
  return facts
}

function isSameRecord(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && equalBytes(a, b)
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
): Promise<FetchedHoldingOnDisk> {
  const holding = new FetchedHoldingOnDisk(facts, state.fetchParts)
  state.live.set(facts.id, holding)
  try {
    await holding.open({ signal })
  } catch (error) {
    await endLive(state, holding)
    if (isNew) await holding.forget()
    throw error
  }
  state.registry.add(holding, 'fetched')
  return holding
}

/** Ends the object, not the get: its row and its working folder stay. */
async function endLive({ live, registry }: State, holding: FetchedHoldingOnDisk): Promise<void> {
  live.delete(holding.facts.id)
  await holding.supersede()
  registry.remove(holding)
}

function endFetch(state: State, holding: FetchedHoldingOnDisk, how: 'finished' | 'discarded'): void {
  const { live, done, registry } = state
  if (how === 'discarded') {
    live.delete(holding.facts.id)
    registry.remove(holding)
    return
  }
  const replaced = holding.base?.facts.id
  const before = replaced === undefined ? undefined : (done.get(replaced) ?? live.get(replaced))
  if (replaced === undefined || before === undefined) return
  done.delete(replaced)
  live.delete(replaced)
  registry.remove(before)
}

async function removeFetch(state: State, facts: HoldingFacts): Promise<void> {
  const { live, done, registry, rows, disk, sweeper } = state
  const running = live.get(facts.id)
  if (running !== undefined && running.ended === undefined) return running.discard()
  const holding = running ?? done.get(facts.id)
  live.delete(facts.id)
  done.delete(facts.id)
  if (holding !== undefined) registry.remove(holding)
  if (facts.work !== undefined) await disk.remove(facts.work)
  rows.remove(facts.id)
  sweeper.sweep(facts.id)
}
