// Shares in memory: real records, inventories and hashes, but blocks of random bytes instead of files. A `Disk` outlives
// crashes of the peer that owns it, so that restarts can be tried.

import { equalBytes, toHex } from '../../src/base/bytes.ts'
import { Emitter } from '../../src/base/events.ts'
import type { Clock } from '../../src/base/ports.ts'
import { Bitfield } from '../../src/content/format/bitfield.ts'
import { formatErrors } from '../../src/content/format/errors.ts'
import { checkInventoryPage, createInventory, encodeInventory } from '../../src/content/format/inventory.ts'
import { deriveKeys, digestOf, generateShareKeys, shareIdOf } from '../../src/content/format/keys.ts'
import { openRecord, signRecord } from '../../src/content/format/record.ts'
import { libraryErrors } from '../../src/content/library/errors.ts'
import type {
  FetchedHolding,
  FileEntry,
  Holding,
  HoldingEvent,
  Inventory,
  Library,
  LibraryEvent,
  ShareId,
  ShareLink,
  VersionMeta,
  VersionRecord,
} from '../../src/content/types.ts'
import type { SeededRandom } from './random.ts'

/** A version made up for a test. */
export interface Content {
  readonly link: ShareLink
  readonly shareId: ShareId
  readonly record: VersionRecord
  readonly recordBytes: Uint8Array
  readonly meta: VersionMeta
  readonly pages: readonly Uint8Array[]
  readonly blocks: readonly Uint8Array[]
  readonly signingSeed: Uint8Array
}

export interface ContentShape {
  readonly blocks: number
  readonly blockBytes: number
  /** Inner nodes at the front. */
  readonly nodes?: number
  /** Only the first bytes of each block are random: cheap where blocks are many and large. */
  readonly sparse?: boolean
  /** Of inner nodes, where they are not as long as other blocks. */
  readonly nodeBytes?: number
}

/** Makes a share, or the next version of one. */
export function makeContent(random: SeededRandom, shape: ContentShape, previous?: Content): Content {
  const keys =
    previous === undefined
      ? generateShareKeys(random)
      : { share: previous.link.share, signingSeed: previous.signingSeed }
  const blocks = Array.from({ length: shape.blocks }, (_, index) => {
    const length = index < (shape.nodes ?? 1) ? (shape.nodeBytes ?? shape.blockBytes) : shape.blockBytes
    if (shape.sparse !== true) return random.bytes(length)
    const block = new Uint8Array(length)
    block.set(random.bytes(Math.min(32, block.length)))
    return block
  })
  const { pages, digests } = encodeInventory(blocks.map((block) => ({ digest: digestOf(block), length: block.length })))
  const nodes = shape.nodes ?? 1
  const bytes = blocks.reduce((sum, block) => sum + block.length, 0)
  const meta: VersionMeta = { name: 'sim.bin', kind: 'file', rootCodec: 0x70, nodes, files: 1, bytes }
  const record: VersionRecord = {
    share: keys.share,
    visibility: 'public',
    sequence: (previous?.record.sequence ?? 0) + 1,
    pages: digests,
    blocks: blocks.length,
    bytes,
    meta: new Uint8Array(0),
    createdMs: 0,
  }
  const { access, discovery } = deriveKeys({ share: keys.share, visibility: 'public', secret: undefined })
  const link: ShareLink = {
    kind: 'read',
    visibility: 'public',
    share: keys.share,
    secret: undefined,
    access,
    discovery,
    peers: [],
  }
  return {
    link,
    shareId: shareIdOf(keys.share),
    record,
    recordBytes: signRecord(record, keys.signingSeed),
    meta,
    pages,
    blocks,
    signingSeed: keys.signingSeed,
  }
}

/** What survives a crash: blocks by digest, and inventory pages by digest. */
export interface Disk {
  readonly blocks: Map<string, Uint8Array>
  readonly pages: Map<string, Uint8Array>
  /** The records of what the library holds, by share. */
  readonly records: Map<ShareId, Uint8Array>
  /** Records, in hex, of what was finished. */
  readonly finished: Set<string>
  /** Bytes that still fit; writes past it fail with `disk_full`. */
  freeBytes: number
  /** Right blocks by digest in hex, one copy for all disks of a crowd: compared with instead of hashed, and kept instead. */
  readonly common: ReadonlyMap<string, Uint8Array> | undefined
}

export function createDisk(common?: Disk['common']): Disk {
  return {
    blocks: new Map(),
    pages: new Map(),
    records: new Map(),
    finished: new Set(),
    freeBytes: Number.POSITIVE_INFINITY,
    common,
  }
}

export interface SimHolding extends FetchedHolding {
  /** Makes every block that is served wrong by one bit: a liar. */
  lies: boolean
  readonly finished: boolean
  /** The block is not here any more. */
  lose(index: number): void
}

export interface HoldingOptions {
  readonly record: VersionRecord
  readonly recordBytes: Uint8Array
  readonly meta: VersionMeta
  readonly disk: Disk
  readonly clock: Clock
  /** How long a write takes. */
  readonly storeMs: number
  /** Plain files only: leaves outside are not wanted. */
  readonly wanted?: (index: number) => boolean
}

export function createHolding(options: HoldingOptions): SimHolding {
  const { record, recordBytes, meta, disk, clock } = options
  const { access, discovery } = deriveKeys({ share: record.share, visibility: 'public', secret: undefined })
  const events = new Emitter<HoldingEvent>()
  const have = new Bitfield(record.blocks)
  const pages = new Map<number, Uint8Array>()
  let inventory: Inventory | undefined
  let lies = false
  let bytesReused = 0
  let bytesDone = 0

  const isWanted = (index: number) => options.wanted?.(index) ?? true

  function take(page: number, bytes: Uint8Array): void {
    pages.set(page, bytes)
    if (pages.size < record.pages.length || inventory !== undefined) return
    inventory = createInventory(
      [...pages.keys()].sort((a, b) => a - b).flatMap((key) => pages.get(key) ?? []),
      record,
    )
    for (let index = 0; index < inventory.count; index++) {
      const block = disk.blocks.get(toHex(inventory.digest(index)))
      if (block === undefined) continue
      have.set(index)
      bytesReused += block.length
      bytesDone += block.length
    }
    events.emit({ type: 'inventory' })
  }

  function layout(): readonly FileEntry[] | undefined {
    for (let index = 0; index < meta.nodes; index++) if (!have.has(index)) return undefined
    const leaves = Array.from({ length: record.blocks - meta.nodes }, (_, leaf) => meta.nodes + leaf)
    const bytes = leaves.reduce((sum, leaf) => sum + (inventory?.length(leaf) ?? 0), 0)
    return [
      {
        kind: 'file',
        path: [],
        bytes,
        leaves,
        offsets: leaves.map((_, leaf) => leaf * (inventory?.length(meta.nodes) ?? 0)),
      },
    ]
  }

  const isComplete = () => {
    for (const index of have.missing()) if (isWanted(index)) return false
    return inventory !== undefined
  }

  function read(index: number): Uint8Array {
    const digest = have.has(index) ? inventory?.digest(index) : undefined
    const block = digest === undefined ? undefined : disk.blocks.get(toHex(digest))
    if (block === undefined) throw libraryErrors.block_not_here('The block is not here.')
    return block
  }

  async function put(index: number, bytes: Uint8Array): Promise<void> {
    if (inventory === undefined || index >= inventory.count || !isWanted(index)) {
      throw libraryErrors.block_not_wanted('The block was not asked for.')
    }
    if (have.has(index)) return
    const digest = inventory.digest(index)
    const common = disk.common?.get(toHex(digest))
    if (!(common === undefined ? equalBytes(digestOf(bytes), digest) : Buffer.compare(bytes, common) === 0)) {
      throw formatErrors.block_hash_wrong('The block has another hash.')
    }
    if (options.storeMs > 0) await new Promise<void>((resolve) => clock.after(options.storeMs, resolve))
    if (have.has(index)) return
    if (bytes.length > disk.freeBytes) throw libraryErrors.disk_full('The disk is full.')
    disk.freeBytes -= bytes.length
    // A copy, as a disk would make: the bytes are a view of what the network gave.
    disk.blocks.set(toHex(digest), common ?? bytes.slice())
    const layoutBefore = index < meta.nodes && layout() !== undefined
    have.set(index)
    bytesDone += bytes.length
    events.emit({ type: 'block', index })
    if (!layoutBefore && index < meta.nodes && layout() !== undefined) events.emit({ type: 'wanted' })
    if (isComplete()) events.emit({ type: 'complete' })
  }

  const holding: SimHolding = {
    share: record.share,
    shareId: shareIdOf(record.share),
    access,
    discovery,
    record,
    recordBytes,
    meta,
    path: '/sim/file',
    have,
    isWanted,
    get inventory() {
      return inventory
    },
    get complete() {
      return isComplete()
    },
    get lies() {
      return lies
    },
    set lies(value) {
      lies = value
    },
    get finished() {
      return disk.finished.has(toHex(recordBytes))
    },
    get layout() {
      return layout()
    },
    get bytesWanted() {
      return inventory === undefined ? 0 : record.bytes
    },
    get bytesDone() {
      return bytesDone
    },
    get bytesReused() {
      return bytesReused
    },
    filesWanted: 1,
    get filesDone() {
      return isComplete() ? 1 : 0
    },
    fileProgress: () => ({ bytesDone, wanted: true }),
    lose: (index) => have.clear(index),
    hasPage: (page) => pages.has(page),
    async putPage(page, bytes) {
      checkInventoryPage(record, page, bytes)
      disk.pages.set(toHex(record.pages[page] ?? new Uint8Array(0)), bytes.slice())
      take(page, bytes.slice())
    },
    async readBlock(index, { signal } = {}) {
      signal?.throwIfAborted()
      const block = read(index)
      if (!lies) return block
      const wrong = block.slice()
      wrong[0] = (wrong[0] ?? 0) ^ 1
      return wrong
    },
    async readLeaf(index, { signal } = {}) {
      signal?.throwIfAborted()
      return read(index)
    },
    putBlock: put,
    on: (listener) => events.on(listener),
    async finish() {
      if (!isComplete()) throw new Error('assertion failed: finished too early')
      disk.finished.add(toHex(recordBytes))
      return { path: '/sim/file', bytes: record.bytes }
    },
    async discard() {
      disk.blocks.clear()
      disk.records.delete(shareIdOf(record.share))
    },
  }
  record.pages.forEach((digest, page) => {
    const bytes = disk.pages.get(toHex(digest))
    if (bytes !== undefined) take(page, bytes)
  })
  return holding
}

export interface SimLibrary extends Library {
  /** Shares content: all of it is on the disk at once. */
  share(content: Content): SimHolding
  unshare(shareId: ShareId): void
  /** The holding of a share as the simulation knows it. */
  sim(shareId: ShareId): SimHolding | undefined
}

/** `metaOf`: what `meta` in a real record would say. */
export function createLibrary(
  disk: Disk,
  clock: Clock,
  metaOf: (record: VersionRecord) => VersionMeta,
  storeMs = 0,
): SimLibrary {
  const holdings = new Map<ShareId, SimHolding>()
  const events = new Emitter<LibraryEvent>()

  function add(holding: SimHolding): SimHolding {
    const before = holdings.get(holding.shareId)
    holdings.set(holding.shareId, holding)
    disk.records.set(holding.shareId, holding.recordBytes)
    if (before !== undefined) events.emit({ type: 'removed', holding: before })
    events.emit({ type: 'added', holding })
    return holding
  }

  const open = (recordBytes: Uint8Array, link: ShareLink): SimHolding => {
    const record = openRecord(recordBytes, link.share)
    const known = holdings.get(shareIdOf(record.share))
    if (known?.record.sequence === record.sequence) return known
    if (known !== undefined && known.record.sequence > record.sequence) {
      throw libraryErrors.record_outdated('A newer version is here.')
    }
    return add(createHolding({ record, recordBytes, meta: metaOf(record), disk, clock, storeMs }))
  }

  for (const [shareId, recordBytes] of disk.records) {
    const record = openRecord(recordBytes)
    holdings.set(shareId, createHolding({ record, recordBytes, meta: metaOf(record), disk, clock, storeMs }))
  }

  return {
    holdings: () => [...holdings.values()],
    byDiscovery: (discovery) => [...holdings.values()].find((holding) => equalBytes(holding.discovery, discovery)),
    byShare: (share) => holdings.get(share),
    sim: (share) => holdings.get(share),
    on: (listener) => events.on(listener),
    openFetched: async ({ link, recordBytes }) => open(recordBytes, link),
    openKept: async ({ link, recordBytes }): Promise<Holding> => open(recordBytes, link),
    async discardKept(shareId) {
      const holding = holdings.get(shareId)
      if (holding === undefined || holding.complete) return
      holdings.delete(shareId)
      await holding.discard()
      events.emit({ type: 'removed', holding })
    },
    unshare(shareId) {
      const holding = holdings.get(shareId)
      holdings.delete(shareId)
      disk.records.delete(shareId)
      if (holding !== undefined) events.emit({ type: 'removed', holding })
    },
    share(content) {
      for (const page of content.pages) disk.pages.set(toHex(digestOf(page)), page)
      for (const block of content.blocks) disk.blocks.set(toHex(digestOf(block)), block)
      const { record, recordBytes, meta } = content
      return add(createHolding({ record, recordBytes, meta, disk, clock, storeMs }))
    },
  }
}
