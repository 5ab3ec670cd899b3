// The inventory pages of one holding: checked as they come, kept in the database, turned into the inventory once all
// are here.

import { checkInventoryPage, createInventory, type IndexedInventory } from '../format/inventory.ts'
import type { VersionRecord } from '../types.ts'
import type { HoldingRow } from './block-index.ts'
import type { HoldingRows } from './holding-rows.ts'

export interface PageShelf {
  has(page: number): boolean
  /** Checks and keeps a page. True when it was the last one missing. Throws `inventory_malformed`, `block_hash_wrong`. */
  put(page: number, bytes: Uint8Array): boolean
  readonly inventory: IndexedInventory | undefined
}

/** Pages of a version that is still arriving; those that the database has are checked again. */
export function createPageShelf(rows: HoldingRows, holding: HoldingRow, record: VersionRecord): PageShelf {
  const pages: (Uint8Array | undefined)[] = record.pages.map((_, page) => checkedPage(rows, holding, record, page))
  let missing = pages.filter((page) => page === undefined).length
  let inventory: IndexedInventory | undefined
  const complete = () => {
    inventory = createInventory(
      pages.filter((page) => page !== undefined),
      record,
    )
  }
  if (missing === 0) complete()
  return {
    has: (page) => pages[page] !== undefined,
    put(page, bytes) {
      if (pages[page] !== undefined) return false
      checkInventoryPage(record, page, bytes)
      const copy = bytes.slice()
      rows.putPage(holding, page, copy)
      pages[page] = copy
      missing -= 1
      if (missing > 0) return false
      complete()
      return true
    },
    get inventory() {
      return inventory
    },
  }
}

function checkedPage(
  rows: HoldingRows,
  holding: HoldingRow,
  record: VersionRecord,
  page: number,
): Uint8Array | undefined {
  const bytes = rows.page(holding, page)
  if (bytes === undefined) return undefined
  try {
    checkInventoryPage(record, page, bytes)
    return bytes
  } catch {
    return undefined
  }
}

/** Pages of a complete version, read when first needed; undefined when the database lost one. */
export function lazyInventory(
  rows: HoldingRows,
  holding: HoldingRow,
  record: VersionRecord,
): () => IndexedInventory | undefined {
  let shelf: PageShelf | undefined
  return () => {
    shelf ??= createPageShelf(rows, holding, record)
    return shelf.inventory
  }
}
