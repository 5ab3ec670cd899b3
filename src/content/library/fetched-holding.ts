// A get on its way. Blocks are checked, opened and written where they belong: into a hidden working folder beside the
// target (same file system), which holds the share's tree under its final names. `finish` gives it its place.
//
//   pages ──► inventory ──► inner nodes (database) ──► layout ──► placement: what is wanted and where it goes
//   then, before any leaf is asked of a peer: what is on disk already (restore), what other holdings have (reuse),
//   and inner nodes that are the content of files, too
//   leaf ──► hash ──► open ──► all its places ──► have
//
// Why a working folder: a new share appears at once, by one rename, and never half; a crash leaves one thing to look at
// and one to clear away; and small files need no rename each.
//
// What must stay true: `have` says only what is written and was hashed by this process (inner nodes: in the database,
// from where they are served and read, also as leaves); nothing outside the working folder changes before `finish`.

import { join } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/ports.ts'
import { Bitfield } from '../format/bitfield.ts'
import { formatErrors } from '../format/errors.ts'
import { digestOf } from '../format/keys.ts'
import { readLayout } from '../format/layout.ts'
import { createSealer, digestAsync, type Sealer } from '../format/seal.ts'
import type { Digest, FetchedHolding, FileEntry, VersionMeta } from '../types.ts'
import type { BlockPlace } from '../worker/job.ts'
import type { BlockWorker } from '../worker/worker.ts'
import { type BaseVersion, createBaseVersion } from './base-version.ts'
import type { BlockIndex } from './block-index.ts'
import type { Committer } from './committer.ts'
import type { Disk } from './disk.ts'
import { libraryErrors } from './errors.ts'
import type { HoldingFacts, HoldingRows } from './holding-rows.ts'
import { type InstallResult, install } from './install.ts'
import type { CheckLeaf } from './leaf-check.ts'
import { createLeafReader, type LeafReader, type LeafSpot } from './leaf-reader.ts'
import { createLeafWriter, type LeafWriter } from './leaf-writer.ts'
import type { LocalBlocksParts } from './local-blocks.ts'
import type { OpenFiles } from './open-files.ts'
import { createPageShelf, type PageShelf } from './page-shelf.ts'
import { Placement } from './placement.ts'
import { checkSpace, putEmptyLeaves, putNodesInFiles, reuseLeaves, takeKnownNodes } from './prepare.ts'
import { restoreFromDisk } from './restore.ts'
import { RowHolding } from './row-holding.ts'
import { SealIds, sealIdBytes } from './seal-ids.ts'

export interface FetchParts extends LocalBlocksParts {
  readonly clock: Clock
  readonly disk: Disk
  readonly index: BlockIndex
  readonly rows: HoldingRows
  readonly committer: Committer
  readonly files: OpenFiles
  readonly worker: BlockWorker
  /** Chooses another final path, when something took the one that was meant. */
  readonly freePath: (path: string) => string
  /** The get ended: `finish` or `discard` is through. */
  readonly onEnd: (holding: FetchedHoldingOnDisk, how: 'finished' | 'discarded') => void
}

export class FetchedHoldingOnDisk extends RowHolding implements FetchedHolding {
  readonly meta: VersionMeta
  readonly have: Bitfield
  /** Entries whose content lies at its final place already. */
  readonly installed = new Set<number>()
  readonly sealer: Sealer
  readonly check: CheckLeaf
  readonly base: BaseVersion | undefined
  readonly sealIds: SealIds
  readonly parts: FetchParts
  #facts: HoldingFacts
  readonly #writer: LeafWriter
  readonly #reader: LeafReader
  readonly #shelf: PageShelf
  readonly #writing = new Map<number, Promise<void>>()
  #layout: readonly FileEntry[] | undefined
  #placement: Placement | undefined
  /** Leaves may be asked for: what is here already is known. */
  #ready = false
  #nodesMissing: number
  #wantedMissing = Number.POSITIVE_INFINITY
  #bytesReused = 0
  #ended: 'finished' | 'discarded' | undefined
  #broken = false

  constructor(facts: HoldingFacts, parts: FetchParts) {
    if (facts.recordBytes === undefined || facts.meta === undefined) {
      throw new Error('assertion failed: a get has a record and a meta')
    }
    super(facts, facts.recordBytes)
    this.#facts = facts
    this.#writer = createLeafWriter(facts, parts)
    this.parts = parts
    this.meta = facts.meta
    this.have = new Bitfield(this.record.blocks)
    this.#nodesMissing = facts.meta.nodes
    this.#shelf = createPageShelf(parts.rows, facts.id, this.record)
    this.sealer = createSealer(facts)
    this.#reader = createLeafReader(facts, this.sealer, parts.worker)
    this.check = this.#reader.check
    this.sealIds = new SealIds(facts.visibility, this.record.blocks)
    const base = facts.replaces === undefined ? undefined : parts.rows.get(facts.replaces)
    this.base = base === undefined ? undefined : createBaseVersion(parts.index, base, this.check)
  }

  get facts(): HoldingFacts {
    return this.#facts
  }

  get path(): string {
    return this.#facts.path ?? ''
  }

  get inventory() {
    return this.#shelf.inventory
  }

  get layout(): readonly FileEntry[] | undefined {
    return this.#layout
  }

  /** Everything that is wanted is here. */
  get complete(): boolean {
    return this.#wantedMissing === 0
  }

  get ended(): 'finished' | 'discarded' | undefined {
    return this.#ended
  }

  /** It could not be prepared (the disk is full, say): open it anew. */
  get broken(): boolean {
    return this.#broken
  }

  get bytesWanted(): number {
    return this.#placement?.bytesWanted ?? 0
  }

  get bytesDone(): number {
    return this.#placement?.bytesDone ?? 0
  }

  get bytesReused(): number {
    return this.#bytesReused
  }

  get filesWanted(): number {
    return this.#placement?.filesWanted ?? 0
  }

  get filesDone(): number {
    return this.#placement?.filesDone ?? 0
  }

  fileProgress(entry: number): { readonly bytesDone: number; readonly wanted: boolean } {
    return {
      bytesDone: this.#placement?.entryBytesDone(entry) ?? 0,
      wanted: this.#placement?.isEntryWanted(entry) ?? false,
    }
  }

  isWanted(index: number): boolean {
    return this.#isNode(index) || (this.#ready && this.#placement?.isBlockWanted(index) === true)
  }

  hasPage(page: number): boolean {
    return this.#shelf.has(page)
  }

  /** Where the tree lies while the get is on its way. */
  get tree(): string {
    return join(this.#facts.work ?? '', 'tree')
  }

  /** Where an entry's content lies now. */
  pathOf(entry: number): string {
    const below = this.#placement?.paths[entry] ?? ''
    return join(this.installed.has(entry) ? this.path : this.tree, below)
  }

  /** Takes up what is here already: pages, nodes, files. Call once, before anything else. */
  async open(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.inventory === undefined) return
    await takeKnownNodes(this)
    if (this.#nodesMissing === 0) await this.#prepare(options.signal)
  }

  async putPage(page: number, bytes: Uint8Array): Promise<void> {
    this.#checkOpen()
    if (!this.#shelf.put(page, bytes)) return
    this.events.emit({ type: 'inventory' })
    await takeKnownNodes(this)
    if (this.#nodesMissing === 0) await this.#prepare(undefined)
  }

  async putBlock(index: number, bytes: Uint8Array): Promise<void> {
    this.#checkOpen()
    const { inventory } = this
    if (inventory === undefined || index >= inventory.count) throw this.#notWanted(index)
    if (this.have.has(index)) return
    if (bytes.length !== inventory.length(index)) throw this.#wrong(index)
    if (!this.#writing.has(index)) {
      const stored = this.#storeByWorker(index, inventory.digest(index), bytes)
      if (stored !== undefined) return this.#once(index, stored)
    }
    if (!equalBytes(await digestAsync(bytes), inventory.digest(index))) throw this.#wrong(index)
    this.#checkOpen()
    const known = this.#writing.get(index)
    if (known !== undefined) return known
    if (this.have.has(index)) return
    return this.#once(index, this.#isNode(index) ? this.#putNode(index, bytes) : this.#putLeaf(index, bytes))
  }

  /** One write of a block at a time. */
  #once(index: number, work: Promise<void>): Promise<void> {
    const writing = work.finally(() => this.#writing.delete(index))
    this.#writing.set(index, writing)
    return writing
  }

  /** Checks, opens and writes a leaf beside this thread, if the worker takes it. */
  #storeByWorker(index: number, digest: Digest, wire: Uint8Array): Promise<void> | undefined {
    const placement = this.#placement
    if (placement === undefined || this.#isNode(index) || !this.isWanted(index)) return undefined
    // The worker opens large blocks where they lie.
    const seal = this.#facts.visibility === 'private' ? wire.slice(0, sealIdBytes) : wire
    return this.#writer.store(this.#places(index, placement), digest, wire)?.then(() => this.#count(index, seal))
  }

  #count(index: number, wire: Uint8Array): void {
    if (this.#ended !== undefined) return
    this.sealIds.note(index, wire)
    this.#setHave(index)
  }

  #wrong(index: number) {
    return formatErrors.block_hash_wrong(`Block ${index} is not the one that the author signed.`)
  }

  async readBlock(index: number, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    if (this.#isNode(index)) return this.readNode(index)
    const lengthOf = () => this.inventory?.length(index) ?? 0
    return this.#fromFiles(index, (spots, digest) => this.#reader.wire(spots, digest, lengthOf(), signal))
  }

  async readLeaf(index: number, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    if (this.#isNode(index)) return this.sealer.open(this.readNode(index))
    return (await this.#fromFiles(index, (spots, digest) => this.#reader.find(spots, digest, signal))).plain
  }

  async finish(): Promise<{ readonly path: string; readonly bytes: number }> {
    if (this.#ended === 'finished') return { path: this.path, bytes: this.bytesWanted }
    this.#checkOpen()
    const placement = this.#placement
    if (!this.complete || placement === undefined) {
      throw libraryErrors.get_not_finished('Not everything that is wanted is here yet.')
    }
    await this.#closeFiles()
    const { facts }: InstallResult = await install(this, placement, (patch) => {
      this.#facts = this.parts.rows.update(this.#facts.id, patch)
    })
    this.#facts = facts
    this.#ended = 'finished'
    this.parts.onEnd(this, 'finished')
    return { path: this.path, bytes: placement.bytesWanted }
  }

  async discard(): Promise<void> {
    if (this.#ended !== undefined) return
    this.#ended = 'discarded'
    await this.close()
    await this.forget()
    this.parts.onEnd(this, 'discarded')
  }

  /** Deletes the working folder and all rows, after `close`. */
  async forget(): Promise<void> {
    const { disk, index, rows } = this.parts
    const { work, id } = this.#facts
    if (work !== undefined) await disk.remove(work)
    index.atomically(() => {
      index.clear(id)
      rows.remove(id)
    })
  }

  /** Lets go of files; what was got stays for the next `open`. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#writing.values())
    await this.#closeFiles()
  }

  async #closeFiles(): Promise<void> {
    if (this.#facts.work !== undefined) await this.#writer.closeBelow(this.#facts.work)
  }

  /** A newer version takes over the row and the working folder. */
  async supersede(): Promise<void> {
    this.#ended = 'discarded'
    await this.close()
    this.events.emit({ type: 'superseded' })
  }

  // What prepare.ts and restore.ts use.

  /** Counts an inner node that is in the database. */
  countNode(index: number): void {
    if (this.#setHave(index)) this.#nodesMissing -= 1
  }

  /** Counts a block whose content was found on this computer, in all its places. */
  countFound(index: number): void {
    // An inner node was here before files were looked at: the news is that a file has it.
    const isNews = this.#isNode(index) ? this.#placement?.count(index) === true : this.#setHave(index)
    if (!isNews) return
    this.#bytesReused += this.#wantedBytes(index)
  }

  /** Writes a checked leaf into all its places that are not `installed`, except one that has it already. */
  async writeLeaf(index: number, plain: Uint8Array, except?: number): Promise<void> {
    const placement = this.#placement
    if (placement === undefined) throw this.#notWanted(index)
    await this.#writer.write(this.#places(index, placement, except), plain)
  }

  *#places(index: number, placement: Placement, except?: number): Generator<BlockPlace, void, undefined> {
    for (const { entry, start } of placement.places(index)) {
      if (entry === except || this.installed.has(entry)) continue
      yield { path: this.pathOf(entry), start, whole: this.#layout?.[entry]?.leaves.length === 1 }
    }
  }

  async #putNode(index: number, wire: Uint8Array): Promise<void> {
    this.sealer.open(wire)
    const digest = this.inventory?.digest(index)
    if (digest === undefined) return
    await this.parts.committer.put(this.#facts.id, digest, wire)
    this.countNode(index)
    if (this.#nodesMissing === 0) await this.#prepare(undefined)
  }

  async #putLeaf(index: number, wire: Uint8Array): Promise<void> {
    if (!this.isWanted(index)) throw this.#notWanted(index)
    const plain = this.sealer.open(wire)
    await this.writeLeaf(index, plain)
    this.#count(index, wire)
  }

  #setHave(index: number): boolean {
    if (!this.have.set(index)) return false
    if (!this.#isNode(index)) this.#placement?.count(index)
    this.events.emit({ type: 'block', index })
    if (this.#ready && this.#placement?.isBlockWanted(index) === true) {
      this.#wantedMissing -= 1
      this.#tellWhenComplete()
    }
    return true
  }

  #tellWhenComplete(): void {
    if (this.#wantedMissing === 0) this.events.emit({ type: 'complete' })
  }

  /** The wire bytes of an inner node, checked, if the database has it. */
  storedNode(index: number): Uint8Array | undefined {
    const { inventory } = this
    if (inventory === undefined) return undefined
    const wire = this.parts.index.stored(this.#facts.id, inventory.digest(index))
    const isRight = wire?.length === inventory.length(index) && equalBytes(digestOf(wire), inventory.digest(index))
    return isRight ? wire : undefined
  }

  readNode(index: number): Uint8Array {
    const wire = this.have.has(index) ? this.storedNode(index) : undefined
    if (wire === undefined) throw libraryErrors.block_not_here(`Block ${index} is not on this computer.`)
    return wire
  }

  /** Learns the layout, then what is here of it, and only then lets peers be asked. */
  async #prepare(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#prepareOnce(signal)
    } catch (error) {
      this.#broken = true
      throw error
    }
  }

  async #prepareOnce(signal: AbortSignal | undefined): Promise<void> {
    const { inventory, meta } = this
    if (inventory === undefined || this.#layout !== undefined) return
    const { overheadBytes } = this.sealer
    const layout = readLayout({
      meta,
      inventory,
      overheadBytes,
      getNode: (index) => this.sealer.open(this.readNode(index)),
    })
    const placement = new Placement({ meta, inventory, layout, overheadBytes, only: this.#facts.only })
    this.#layout = layout
    this.#placement = placement
    this.#writer.makeFolder(this.#facts.work ?? '')
    await restoreFromDisk(this, placement, signal)
    await putEmptyLeaves(this, placement)
    await reuseLeaves(this, placement, signal)
    await checkSpace(this.parts.disk, this.#facts.work ?? '', placement.bytesWanted - placement.bytesDone)
    await putNodesInFiles(this, placement, signal)
    this.#ready = true
    this.#wantedMissing = this.#countMissing(placement)
    this.events.emit({ type: 'wanted' })
    this.#tellWhenComplete()
  }

  #countMissing(placement: Placement): number {
    let missing = 0
    for (const index of this.have.missing()) if (placement.isBlockWanted(index)) missing += 1
    return missing
  }

  #wantedBytes(index: number): number {
    const placement = this.#placement
    if (placement === undefined) return 0
    let bytes = 0
    for (const _place of placement.places(index)) bytes += placement.leafBytes(index)
    return bytes
  }

  /** Where a leaf lies, and where it has gone when its file was moved to its final name meanwhile. */
  *#spots(index: number, placement: Placement): Generator<LeafSpot, void, undefined> {
    const [bytes, seal] = [placement.leafBytes(index), this.sealIds.of(index)]
    for (const { entry, start } of placement.anyPlaces(index)) {
      const first = this.pathOf(entry)
      yield { path: first, start, bytes, seal }
      const final = join(this.path, placement.paths[entry] ?? '')
      const mayHaveMoved = this.#facts.installing || this.#ended === 'finished'
      if (final !== first && mayHaveMoved) yield { path: final, start, bytes, seal }
    }
  }

  /** What `read` makes of the places of a leaf that is here. */
  async #fromFiles<Found>(
    index: number,
    read: (spots: Iterable<LeafSpot>, digest: Digest) => Promise<Found | undefined>,
  ): Promise<Found> {
    const placement = this.#placement
    const { inventory } = this
    if (placement === undefined || inventory === undefined || !this.have.has(index)) {
      throw libraryErrors.block_not_here(`Block ${index} is not on this computer.`)
    }
    const found = await read(this.#spots(index, placement), inventory.digest(index))
    if (found === undefined) throw this.#lost(index, placement)
    return found
  }

  #lost(index: number, placement: Placement) {
    if (this.have.clear(index)) {
      placement.uncount(index)
      if (this.#ready && placement.isBlockWanted(index)) this.#wantedMissing += 1
    }
    return libraryErrors.block_changed(`Block ${index} is no longer what was fetched: its file has changed.`)
  }

  #checkOpen(): void {
    if (this.#ended === 'discarded') throw libraryErrors.get_not_finished('This get was ended.')
  }

  #isNode(index: number): boolean {
    return index < this.meta.nodes
  }

  #notWanted(index: number) {
    return libraryErrors.block_not_wanted(`Block ${index} was not asked for.`)
  }
}
