// The inventory pages of one version: checked as they come, kept in the database, turned into the inventory once all are
// here. A large share has dozens of pages of a mebibyte and an inventory of a million blocks, so all of it goes in steps.

import type { Clock } from '../../base/ports.ts'
import { checkInventoryPage, type IndexedInventory, inventorySteps } from '../format/inventory.ts'
import { runSteps, runStepsBreathing, type Steps } from '../format/steps.ts'
import type { VersionRecord } from '../types.ts'
import type { HoldingRow } from './block-index.ts'
import { createBreath } from './breathe.ts'
import type { HoldingFacts, HoldingRows } from './holding-rows.ts'
import { findKnownPages } from './known-pages.ts'

export interface PageShelf {
  /**
   * Takes up what the database has of the pages, for this holding or for another version of the share; each is checked. Pages
   * of versions that the holding had before go. Once, before all else.
   */
  open(): Promise<void>
  has(page: number): boolean
  /** Checks and keeps a page. True when it was the last one missing. Rejects with `inventory_malformed`, `block_hash_wrong`. */
  put(page: number, bytes: Uint8Array): Promise<boolean>
  /** Known when all pages are here, a little after the last one. */
  readonly inventory: IndexedInventory | undefined
  /** Resolves when nothing is under way. */
  settled(): Promise<void>
}

export interface ShelfParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly rows: HoldingRows
}

/** Pages of a version that is still arriving. What is under way when `signal` aborts rejects with its reason. */
export function createPageShelf(
  parts: ShelfParts,
  facts: HoldingFacts,
  record: VersionRecord,
  signal?: AbortSignal,
): PageShelf {
  const { rows } = parts
  const pages = new Array<Uint8Array | undefined>(record.pages.length).fill(undefined)
  const breathe = createBreath(parts.clock, signal)
  let missing = pages.length
  let inventory: IndexedInventory | undefined
  let opening: Promise<void> | undefined
  let completing: Promise<void> | undefined

  function take(page: number, bytes: Uint8Array): void {
    pages[page] = bytes
    missing -= 1
  }

  function keep(page: number, bytes: Uint8Array): void {
    rows.putPage({ holding: facts.id, sequence: record.sequence, page }, bytes)
    take(page, bytes)
  }

  async function complete(): Promise<void> {
    const all = pages.filter((page) => page !== undefined)
    inventory = await runStepsBreathing(inventorySteps(all, record), breathe)
  }

  /** False while a page is missing. */
  async function completed(): Promise<boolean> {
    if (missing > 0) return false
    completing ??= complete()
    await completing
    return true
  }

  async function takeKnown(): Promise<void> {
    const known = findKnownPages(rows, facts)
    for (const [page, digest] of record.pages.entries()) {
      await breathe()
      if (pages[page] !== undefined) continue
      const stored = storedPage(rows, facts.id, record, page)
      const other = stored === undefined ? checked(record, page, known(digest)) : undefined
      if (stored !== undefined) take(page, stored)
      else if (other !== undefined) keep(page, other)
    }
    await dropPagesBut(parts, facts.id, record.sequence, signal)
    await completed()
  }

  return {
    open() {
      opening ??= takeKnown()
      return opening
    },
    has: (page) => pages[page] !== undefined,
    async put(page, bytes) {
      if (pages[page] !== undefined) return false
      checkInventoryPage(record, page, bytes)
      keep(page, bytes.slice())
      return completed()
    },
    get inventory() {
      return inventory
    },
    async settled() {
      await Promise.allSettled([opening, completing])
    },
  }
}

/** A page of a holding's version, if the database has it and it is the right one. */
export function storedPage(
  rows: HoldingRows,
  holding: HoldingRow,
  record: VersionRecord,
  page: number,
): Uint8Array | undefined {
  return checked(record, page, rows.page({ holding, sequence: record.sequence, page }))
}

function checked(record: VersionRecord, page: number, bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes === undefined) return undefined
  try {
    checkInventoryPage(record, page, bytes)
    return bytes
  } catch {
    return undefined
  }
}

/** Deletes the pages that a holding has of other versions; each holds the thread for some milliseconds. */
export async function dropPagesBut(
  { clock, rows }: ShelfParts,
  holding: HoldingRow,
  sequence: number,
  signal?: AbortSignal,
): Promise<void> {
  const breathe = createBreath(clock, signal)
  while (rows.dropPageBut(holding, sequence)) await breathe()
}

/** The inventory of a complete version, read when first needed; undefined when the database lost a page. */
export interface StoredInventory {
  /** At once, if nobody has read it before. */
  now(): IndexedInventory | undefined
  /** With pauses. */
  read(breathe: () => Promise<void>): Promise<IndexedInventory | undefined>
}

export function createStoredInventory(
  rows: HoldingRows,
  holding: HoldingRow,
  record: VersionRecord,
  given?: IndexedInventory,
): StoredInventory {
  let known = given === undefined ? undefined : { inventory: given as IndexedInventory | undefined }
  return {
    now() {
      known ??= { inventory: runSteps(storedSteps(rows, holding, record)) }
      return known.inventory
    },
    async read(breathe) {
      if (known === undefined) {
        const inventory = await runStepsBreathing(storedSteps(rows, holding, record), breathe)
        // Somebody may not have waited.
        known ??= { inventory }
      }
      return known.inventory
    },
  }
}

function* storedSteps(
  rows: HoldingRows,
  holding: HoldingRow,
  record: VersionRecord,
): Steps<IndexedInventory | undefined> {
  const pages: Uint8Array[] = []
  for (const page of record.pages.keys()) {
    const bytes = storedPage(rows, holding, record, page)
    if (bytes === undefined) return undefined
    pages.push(bytes)
    yield
  }
  return yield* inventorySteps(pages, record)
}
