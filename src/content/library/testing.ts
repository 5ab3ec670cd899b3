// What the tests of this folder share: temp folders, a computer with library and shares, and a transfer without a network.

import { hash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { clearTimeout as endTimer, setTimeout as startTimer } from 'node:timers'
import { toHex } from '../../base/bytes.ts'
import type { Database } from '../../base/database.ts'
import type { Clock, Log, Random } from '../../base/ports.ts'
import { buildFile, buildFolder, leafLink } from '../format/dag.ts'
import { createInventory } from '../format/inventory.ts'
import { deriveKeys, digestOf, generateShareKeys, generateShareSecret } from '../format/keys.ts'
import { parseLink } from '../format/link.ts'
import { createSealer } from '../format/seal.ts'
import { runSteps } from '../format/steps.ts'
import type { FetchedHolding, Holding, ShareId, ShareLink, Visibility } from '../types.ts'
import type { Disk } from './disk.ts'
import { createLibrary, type LibraryService } from './library.ts'
import { sliceMs } from './limits.ts'
import type { OwnShare } from './share-view.ts'
import { createShares, type ShareService } from './shares.ts'
import { VersionDraft } from './version-draft.ts'

/** A folder that is gone after the test. */
export function tempFolder(context: Pick<TestContext, 'after'>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'peerhood-library-')))
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

export const testClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = startTimer(run, delayMs)
    return () => endTimer(timer)
  },
}

/** For which a slice has passed whenever somebody asks. */
export function hastyClock(): Clock {
  let nowMs = 0
  return {
    ...testClock,
    monotonicMs() {
      nowMs += sliceMs
      return nowMs
    },
  }
}

/** Calls `look` in each turn of the event loop until `work` has ended; returns how many there were. */
export async function eachTurn(work: Promise<unknown>, look: () => void = () => {}): Promise<number> {
  let turns = 0
  let running = true
  const ended = work.finally(() => {
    running = false
  })
  while (running) {
    await new Promise((resolve) => setImmediate(resolve))
    turns += 1
    if (running) look()
  }
  await ended
  return turns
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
}

export const testRandom: Random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) }

/** Bytes that look random and depend on the seed alone. */
export function seededBytes(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (seed * 2654435761 + 1) >>> 0
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Writes files (path → content); folders end in "/". */
export function writeTree(root: string, tree: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(tree)) {
    const absolute = join(root, path)
    if (path.endsWith('/')) mkdirSync(absolute, { recursive: true })
    else {
      mkdirSync(dirname(absolute), { recursive: true })
      writeFileSync(absolute, content)
    }
  }
}

/** All files below a folder and its empty folders, as `writeTree` takes them; long content as its hash. */
export function readTree(root: string): Record<string, string> {
  // Not by assignment: a file may be called `__proto__`.
  return Object.fromEntries(filesBelow(root, ''))
}

function filesBelow(root: string, below: string): [string, string][] {
  const entries = readdirSync(join(root, below), { withFileTypes: true })
  if (entries.length === 0 && below !== '') return [[`${below}/`, '']]
  return entries.flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    return entry.isDirectory() ? filesBelow(root, path) : [[path, contentOf(join(root, path))]]
  })
}

function contentOf(path: string): string {
  const bytes = readFileSync(path)
  return bytes.length <= 64 ? bytes.toString('latin1') : `${bytes.length} bytes, ${hash('sha256', bytes)}`
}

export interface Computer {
  readonly home: string
  readonly database: Database
  readonly library: LibraryService
  readonly shares: ShareService
  /** Shares and waits for the first version. */
  share(path: string, visibility?: 'public' | 'private'): Promise<{ id: ShareId; link: ShareLink; holding: Holding }>
  stop(): Promise<void>
}

/** Peerhood's content side over one home folder; started. Opening the same home again is a restart. */
export async function openComputer(
  context: { after(done: () => unknown): void },
  home: string,
  options: { readonly disk?: Disk; readonly clock?: Clock; readonly log?: Log } = {},
): Promise<Computer> {
  mkdirSync(home, { recursive: true })
  const database = new DatabaseSync(join(home, 'peerhood.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  const clock = options.clock ?? testClock
  const parts = { clock, random: testRandom, log: options.log ?? silentLog, database }
  const library = createLibrary({ home })(options.disk === undefined ? parts : { ...parts, disk: options.disk })
  const shares = createShares({ home })({ ...parts, library })
  await library.start()
  await shares.start()
  let running = true
  const stop = async () => {
    if (!running) return
    running = false
    await shares.stop()
    await library.stop()
    database.close()
  }
  context.after(stop)
  return {
    ...{ home, database, library, shares, stop },
    async share(path, visibility = 'private') {
      const { id } = await shares.add(path, { visibility })
      const share = await shares.settled(id)
      if (share.problem !== undefined) throw share.problem
      const holding = library.byShare(id)
      if (holding === undefined) throw new Error(`share ${id} is not in the library`)
      return { id, holding, link: parseLink(shares.link(id, []).link) }
    },
  }
}

/** Moves pages and wanted blocks from one holding to another, as a transfer does. Returns how many blocks it moved. */
export async function transfer(
  from: Holding,
  to: Holding,
  options: {
    readonly blocksMax?: number
    readonly order?: (indexes: number[]) => number[]
    readonly onPut?: (index: number) => void
  } = {},
): Promise<number> {
  const source = from.inventory
  if (source === undefined) throw new Error('the source has no inventory')
  for (let page = 0; page < to.record.pages.length; page++) {
    if (!to.hasPage(page)) await to.putPage(page, source.page(page))
  }
  let moved = 0
  const missing = () =>
    Array.from({ length: source.count }, (_, index) => index).filter(
      (index) => to.isWanted(index) && !to.have.has(index),
    )
  for (let batch = missing(); batch.length > 0; batch = missing()) {
    for (const index of options.order?.(batch) ?? batch) {
      if (moved === options.blocksMax) return moved
      await to.putBlock(index, await from.readBlock(index))
      options.onPut?.(index)
      moved += 1
    }
  }
  return moved
}

/** Gets a whole share: opens, transfers, finishes. */
export async function get(
  computer: Computer,
  from: { readonly link: ShareLink; readonly holding: Holding },
  to: string,
  only?: string,
): Promise<{ holding: FetchedHolding; path: string; moved: number }> {
  const holding = await openGet(computer, from, to, only)
  const moved = await transfer(from.holding, holding)
  const { path } = await holding.finish()
  return { holding, path, moved }
}

export function openGet(
  computer: Computer,
  from: { readonly link: ShareLink; readonly holding: Holding },
  to: string,
  only?: string,
): Promise<FetchedHolding> {
  return computer.library.openFetched({ link: from.link, recordBytes: from.holding.recordBytes, to, only })
}

/** Waits until a condition holds; fails after a minute: looks pause for ten times as long as a scan took (`scanPauseFactor`). */
export async function until(holds: () => boolean, what = 'the condition'): Promise<void> {
  const endMs = performance.now() + 60_000
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`${what} did not come to hold`)
    await new Promise((resolve) => startTimer(resolve, 5))
  }
}

/** The next version of a share whose folder was changed, once it is there. */
export async function nextVersion(
  author: Computer,
  { id, link, holding }: { readonly id: ShareId; readonly link: ShareLink; readonly holding: Holding },
): Promise<{ readonly id: ShareId; readonly link: ShareLink; readonly holding: Holding }> {
  await author.shares.rescan(id)
  await settledUntil(author, id, ({ sequence }) => sequence > holding.record.sequence)
  const next = author.library.byShare(id)
  if (next === undefined) throw new Error(`share ${id} is not in the library`)
  return { id, link, holding: next }
}

/** Waits until a share is as described, without a scan under way; fails after a minute. */
export async function settledUntil(
  { shares }: Computer,
  id: ShareId,
  holds: (share: OwnShare) => boolean,
): Promise<OwnShare> {
  const share = () => shares.get(id)
  await until(() => holds(share()) && share().scan === undefined, `share ${JSON.stringify(share().state)}`)
  return shares.settled(id)
}

/** A version made by hand, as a stranger's program might: any names, any bytes. Its blocks are served from memory. */
export function craftShare(
  files: readonly { readonly name: string; readonly content: Uint8Array }[],
  options: { readonly name?: string; readonly visibility?: Visibility } = {},
): { readonly link: ShareLink; readonly holding: Holding } {
  const { name = 'crafted', visibility = 'public' } = options
  const { share, signingSeed } = generateShareKeys(testRandom)
  const secret = visibility === 'private' ? generateShareSecret(testRandom) : undefined
  const keys = { share, visibility, secret }
  const sealer = createSealer(keys)
  const blocks = new Map<string, Uint8Array>()
  const store = (digest: Uint8Array, wire: Uint8Array) => void blocks.set(toHex(digest), wire)
  const draft = new VersionDraft(sealer, store)
  const entries = files.map(({ name: fileName, content }) => {
    const wire = sealer.seal(content)
    const digest = digestOf(wire)
    store(digest, wire)
    draft.addLeaf(digest, wire.length)
    return { name: fileName, link: buildFile([leafLink(digest, content.length)], draft.putNode) }
  })
  const root = buildFolder(entries, draft.putNode)
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0)
  const meta = {
    name,
    kind: 'folder',
    rootCodec: root.codec,
    nodes: draft.nodes.size,
    files: files.length,
    bytes,
  } as const
  const version = { share, visibility, signingSeed, sequence: 1, createdMs: 0, meta }
  const { record, recordBytes, pages } = runSteps(draft.seal(version))
  const inventory = createInventory(pages, record)
  const readBlock = async (index: number) => blocks.get(toHex(inventory.digest(index))) ?? new Uint8Array()
  return {
    link: { kind: 'read', ...keys, ...deriveKeys(keys), peers: [] },
    // Only what `transfer` and `openGet` use.
    holding: { record, recordBytes, inventory, readBlock } as unknown as Holding,
  }
}
