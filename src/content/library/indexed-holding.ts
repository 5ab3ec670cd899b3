// A complete holding whose leaves lie in files: an own share, or a get that was finished. Blocks are looked up by digest
// in the block index, read from the file, sealed anew and checked: what the file no longer holds is never served.

import { join } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/ports.ts'
import { Bitfield } from '../format/bitfield.ts'
import { firstDigestOf, type IndexedInventory } from '../format/inventory.ts'
import { digestOf } from '../format/keys.ts'
import { type LayoutSource, layoutSteps, readLayout } from '../format/layout.ts'
import { createSealer, type Sealer } from '../format/seal.ts'
import { runStepsBreathing } from '../format/steps.ts'
import type { Digest, FileEntry, ReadableHolding, VersionMeta } from '../types.ts'
import type { BlockWorker } from '../worker/worker.ts'
import type { BlockIndex, HoldingRow } from './block-index.ts'
import { createBreath } from './breathe.ts'
import { libraryErrors } from './errors.ts'
import type { HoldingFacts, HoldingRows } from './holding-rows.ts'
import { createLeafReader, type LeafReader, type LeafSpot } from './leaf-reader.ts'
import { createStoredInventory, type StoredInventory, storedPage } from './page-shelf.ts'
import { createLeafPlaces, type LeafPlaces } from './places.ts'
import { RowHolding } from './row-holding.ts'
import { noStamp } from './stamps.ts'

export interface IndexedHoldingParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly index: BlockIndex
  readonly rows: HoldingRows
  readonly worker: BlockWorker
  /** A block was not found where the index says: the share's files have changed. */
  readonly onChanged: () => void
  /** Where it is known already; read from the database otherwise, when it is first asked for. */
  readonly inventory?: IndexedInventory | undefined
}

/** `facts` need a path, a record and a meta, and the secret if private. */
export class IndexedHolding extends RowHolding implements ReadableHolding {
  readonly row: HoldingRow
  readonly meta: VersionMeta
  readonly have: Bitfield
  readonly #path: string
  readonly #parts: IndexedHoldingParts
  readonly #inventory: StoredInventory
  readonly #sealer: Sealer
  readonly #reader: LeafReader
  readonly #places: LeafPlaces
  readonly #wanted: Bitfield | undefined
  #layout: WeakRef<readonly FileEntry[]> | undefined
  #reading: Promise<readonly FileEntry[] | undefined> | undefined

  constructor(facts: HoldingFacts, parts: IndexedHoldingParts) {
    if (facts.path === undefined || facts.recordBytes === undefined || facts.meta === undefined) {
      throw new Error('assertion failed: an indexed holding has a path, a record and a meta')
    }
    super(facts, facts.recordBytes)
    this.row = facts.id
    this.meta = facts.meta
    this.#path = facts.path
    this.#parts = parts
    this.#inventory = createStoredInventory(parts.rows, facts.id, this.record, parts.inventory)
    this.#sealer = createSealer(facts)
    this.#places = createLeafPlaces(parts.index, facts.id)
    this.#reader = createLeafReader(facts, this.#sealer, parts.worker)
    this.have = bitsOf(facts, this.record.blocks)
    this.#wanted = facts.have === undefined ? undefined : bitsOf(facts, this.record.blocks)
  }

  get inventory(): IndexedInventory | undefined {
    return this.#inventory.now()
  }

  /** The same with pauses; whoever can wait asks here first. */
  async readInventory(): Promise<IndexedInventory | undefined> {
    return this.#inventory.read(createBreath(this.#parts.clock))
  }

  /** The first block, for which one page is enough; undefined when the database lost that. */
  get root(): Digest | undefined {
    const page = storedPage(this.#parts.rows, this.row, this.record, 0)
    return page && firstDigestOf(page)
  }

  get complete(): boolean {
    return this.have.ones === (this.#wanted?.ones ?? this.have.length)
  }

  /** Read anew when nobody kept it: the layout of a large share is larger than all else of it. */
  get layout(): readonly FileEntry[] | undefined {
    const known = this.#layout?.deref()
    if (known !== undefined) return known
    const source = this.#layoutSource()
    return source === undefined ? undefined : this.#rememberLayout(readLayout(source))
  }

  async readLayout(): Promise<readonly FileEntry[] | undefined> {
    const known = this.#layout?.deref()
    if (known !== undefined) return known
    // Once for all who ask meanwhile.
    this.#reading ??= this.#readLayoutBreathing().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readLayoutBreathing(): Promise<readonly FileEntry[] | undefined> {
    const breathe = createBreath(this.#parts.clock)
    await this.#inventory.read(breathe)
    const source = this.#layoutSource()
    return source && this.#rememberLayout(await runStepsBreathing(layoutSteps(source), breathe))
  }

  #layoutSource(): LayoutSource | undefined {
    const { inventory, meta } = this
    if (inventory === undefined) return undefined
    return {
      meta,
      inventory,
      overheadBytes: this.#sealer.overheadBytes,
      getNode: (index) => this.#sealer.open(this.#storedBlock(inventory.digest(index), index)),
    }
  }

  #rememberLayout(layout: readonly FileEntry[]): readonly FileEntry[] {
    this.#layout = new WeakRef(layout)
    return layout
  }

  /** Plain bytes of a layout's entry that are here. */
  bytesHere(entry: number): number {
    const { inventory, have } = this
    const file = this.layout?.[entry]
    if (file === undefined || inventory === undefined) return 0
    if (have.ones === have.length) return file.bytes
    let bytes = 0
    for (const leaf of file.leaves) bytes += have.has(leaf) ? inventory.length(leaf) - this.#sealer.overheadBytes : 0
    return bytes
  }

  isWanted(index: number): boolean {
    return this.#wanted?.has(index) ?? true
  }

  hasPage(page: number): boolean {
    return page < this.record.pages.length
  }

  async putPage(): Promise<void> {}

  /** Everything that is wanted is here; a block that was lost is not taken back piecemeal but by another get. */
  async putBlock(): Promise<void> {}

  async readBlock(index: number, options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    const digest = this.#digestOf(index)
    if (index < this.meta.nodes) return this.#storedBlock(digest, index)
    const length = this.inventory?.length(index) ?? 0
    const wire = await this.#reader.wire(this.#spots(digest), digest, length, options.signal)
    if (wire === undefined) throw this.#lost(index)
    return wire
  }

  async readLeaf(index: number, options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    const digest = this.#digestOf(index)
    // A node that is a file's content, too; the file may have been left out.
    if (index < this.meta.nodes) return this.#sealer.open(this.#storedBlock(digest, index))
    const found = await this.#reader.find(this.#spots(digest), digest, options.signal)
    if (found === undefined) throw this.#lost(index)
    return found.plain
  }

  /** Tells that a newer version took this one's place. */
  supersede(): void {
    this.events.emit({ type: 'superseded' })
  }

  #digestOf(index: number): Digest {
    const inventory = this.inventory
    if (inventory === undefined || index >= inventory.count || !this.have.has(index)) {
      throw libraryErrors.block_not_here(`Block ${index} is not on this computer.`)
    }
    return inventory.digest(index)
  }

  #storedBlock(digest: Digest, index: number): Uint8Array {
    const wire = this.#parts.index.stored(this.row, digest)
    if (wire !== undefined && equalBytes(digestOf(wire), digest)) return wire
    throw this.#lost(index)
  }

  *#spots(digest: Digest): Generator<LeafSpot, void, undefined> {
    for (const place of this.#places(digest)) {
      yield { ...place, path: join(this.#path, place.path) }
      // Asked for another: this file does not hold the leaf. A write may leave a file's times as they were, so the next
      // scan has to read it.
      this.#parts.index.setStamp(place.file, noStamp)
    }
  }

  #lost(index: number) {
    this.have.clear(index)
    this.#parts.onChanged()
    return libraryErrors.block_changed(`Block ${index} is no longer what was shared: its file has changed.`)
  }
}

function bitsOf(facts: HoldingFacts, blocks: number): Bitfield {
  if (facts.have !== undefined) return Bitfield.fromBytes(facts.have, blocks)
  const bits = new Bitfield(blocks)
  bits.fill()
  return bits
}
