// The list of all blocks of a version: digest and wire length of each, in pages that the record names by digest.
// docs/protocol/share.md, "Inventory". Pages stay packed in memory: 36 bytes a block.

import { equalBytes } from '../../base/bytes.ts'
import type { Digest, Inventory, VersionRecord } from '../types.ts'
import { digestIndexSteps } from './digest-index.ts'
import { formatErrors } from './errors.ts'
import { digestOf } from './keys.ts'
import { blockBytesMax, blocksMax, inventoryEntryBytes, inventoryPageEntries, sealBytes } from './limits.ts'
import { entriesPerStep, runSteps, type Steps } from './steps.ts'

export interface InventoryEntry {
  readonly digest: Digest
  /** Wire bytes. */
  readonly length: number
}

/** Pages, and their digests. */
export interface PackedInventory {
  readonly pages: Uint8Array[]
  readonly digests: Digest[]
}

/** An inventory that also finds blocks by digest. */
export interface IndexedInventory extends Inventory {
  /** The index of the block with this digest, or undefined. */
  find(digest: Uint8Array): number | undefined
}

/** What the record says of its inventory. */
export type InventoryClaim = Pick<VersionRecord, 'blocks' | 'bytes' | 'visibility' | 'pages'>

/** Packs distinct blocks into pages; `digests` are those that the record names. */
export function encodeInventory(entries: readonly InventoryEntry[]): PackedInventory {
  return runSteps(packInventorySteps(entries.length, (index) => entries[index] as InventoryEntry))
}

/** The same of `count` entries that are asked for one by one, each once, so that they need not exist all at once. */
export function* packInventorySteps(count: number, entryAt: (index: number) => InventoryEntry): Steps<PackedInventory> {
  const packed: PackedInventory = { pages: [], digests: [] }
  for (let page = 0; page < inventoryPageCount(count); page++) {
    const bytes = new Uint8Array(inventoryPageBytes(count, page))
    const view = new DataView(bytes.buffer)
    for (let place = 0; place * inventoryEntryBytes < bytes.length; place++) {
      const { digest, length } = entryAt(page * inventoryPageEntries + place)
      bytes.set(digest, place * inventoryEntryBytes)
      view.setUint32(place * inventoryEntryBytes + 32, length)
      if (place % entriesPerStep === 0) yield
    }
    packed.pages.push(bytes)
    packed.digests.push(digestOf(bytes))
  }
  return packed
}

/** Pages of an inventory of `blocks` entries. */
export function inventoryPageCount(blocks: number): number {
  return Math.ceil(blocks / inventoryPageEntries)
}

/** Bytes of page `page` of an inventory of `blocks` entries. */
export function inventoryPageBytes(blocks: number, page: number): number {
  const entries = Math.min(inventoryPageEntries, blocks - page * inventoryPageEntries)
  return Math.max(0, entries) * inventoryEntryBytes
}

/** The digest of a page's first block. */
export function firstDigestOf(page: Uint8Array): Digest {
  return page.slice(0, 32) as Digest
}

/** Throws `inventory_malformed` (length) or `block_hash_wrong` unless `bytes` is the page that the record names. */
export function checkInventoryPage(record: InventoryClaim, page: number, bytes: Uint8Array): void {
  const digest = record.pages[page]
  if (digest === undefined || bytes.length !== inventoryPageBytes(record.blocks, page)) {
    throw formatErrors.inventory_malformed(`Page ${page} of the list of blocks has the wrong length.`)
  }
  if (!equalBytes(digestOf(bytes), digest)) {
    throw formatErrors.block_hash_wrong(`Page ${page} of the list of blocks is not the one that the author signed.`)
  }
}

/** {@link inventorySteps} at once. */
export function createInventory(pages: readonly Uint8Array[], claim?: InventoryClaim): IndexedInventory {
  return runSteps(inventorySteps(pages, claim))
}

/**
 * Reads all pages of an inventory, keeping (not copying) them. Throws `inventory_malformed` when a page or a length is
 * out of bounds, a digest stands twice, or, with `claim`, count or sum are not what the record says.
 */
export function* inventorySteps(pages: readonly Uint8Array[], claim?: InventoryClaim): Steps<IndexedInventory> {
  const count = countEntries(pages)
  const views = pages.map((page) => new DataView(page.buffer, page.byteOffset, page.length))
  const offsetOf = (index: number) => (index % inventoryPageEntries) * inventoryEntryBytes
  const pageOf = (index: number) => Math.floor(index / inventoryPageEntries)
  const checkIndex = (index: number) => {
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new RangeError(`assertion failed: block ${index} of ${count}`)
    }
  }
  const digest = (index: number) => {
    checkIndex(index)
    const offset = offsetOf(index)
    return (pages[pageOf(index)] as Uint8Array).subarray(offset, offset + 32) as Digest
  }
  const length = (index: number) => {
    checkIndex(index)
    return (views[pageOf(index)] as DataView).getUint32(offsetOf(index) + 32)
  }
  yield* checkLengths(pages, views, claim)
  const prefix = (index: number) => (views[pageOf(index)] as DataView).getUint32(offsetOf(index))
  const index = yield* digestIndexSteps(count, digest, prefix)
  if (index.repeated !== undefined) throw formatErrors.inventory_malformed('The list of blocks names a block twice.')
  return {
    count,
    digest,
    length,
    find: index.find,
    page(page) {
      const bytes = pages[page]
      if (bytes === undefined) throw new RangeError(`assertion failed: page ${page} of ${pages.length}`)
      return bytes
    },
  }
}

function countEntries(pages: readonly Uint8Array[]): number {
  let count = 0
  pages.forEach((page, number) => {
    const entries = page.length / inventoryEntryBytes
    const full = number < pages.length - 1
    if (
      !Number.isInteger(entries) ||
      entries < 1 ||
      (full ? entries !== inventoryPageEntries : entries > inventoryPageEntries)
    ) {
      throw formatErrors.inventory_malformed(`Page ${number} of the list of blocks has the wrong length.`)
    }
    count += entries
  })
  if (count < 1 || count > blocksMax)
    throw formatErrors.inventory_malformed(`A list of ${count} blocks is out of bounds.`)
  return count
}

const emptyDigest = digestOf(new Uint8Array(0))

function* checkLengths(
  pages: readonly Uint8Array[],
  views: readonly DataView[],
  claim: InventoryClaim | undefined,
): Steps<void> {
  const lengthMin = claim?.visibility === 'private' ? sealBytes : 0
  let [index, sum] = [0, 0]
  for (const [page, view] of views.entries()) {
    for (let offset = 0; offset < view.byteLength; offset += inventoryEntryBytes) {
      const bytes = view.getUint32(offset + 32)
      if (bytes < lengthMin || bytes > blockBytesMax) {
        throw formatErrors.inventory_malformed(`Block ${index} has a length out of bounds.`, { details: { bytes } })
      }
      // Only the leaf of an empty file in a public share is empty.
      if (bytes === 0 && !equalBytes((pages[page] as Uint8Array).subarray(offset, offset + 32), emptyDigest)) {
        throw formatErrors.inventory_malformed(`Block ${index} is said to be empty, but its digest is another.`)
      }
      index += 1
      sum += bytes
    }
    yield
  }
  if (claim !== undefined && (claim.blocks !== index || claim.bytes !== sum)) {
    throw formatErrors.inventory_malformed('The list of blocks is not as long as the record says.')
  }
}
