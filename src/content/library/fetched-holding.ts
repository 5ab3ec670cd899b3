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
//
// Files of the version before that stay as they are count where they lie (`installed`), though people may edit them there.
// One that is no longer what was checked, found out by a read or before the end, is gathered anew in the working folder,
// and takes the edited one's name at the end (install.ts keeps that one beside). A node that the database lost is asked
// for again.

import { join } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { Bitfield } from '../format/bitfield.ts'
import { formatErrors } from '../format/errors.ts'
import { digestOf } from '../format/keys.ts'
import { createSealer, digestAsync, type Sealer } from '../format/seal.ts'
import type { Digest, FetchedHolding, FileEntry, VersionMeta } from '../types.ts'
import { type BaseVersion, createBaseVersion } from './base-version.ts'
import { libraryErrors } from './errors.ts'
import type { FetchParts } from './fetch-parts.ts'
import { placesToWrite, spotsToRead } from './fetch-places.ts'
import { FetchTally } from './fetch-tally.ts'
import type { GetFigures } from './get-holding.ts'
import type { HoldingFacts } from './holding-rows.ts'
import { install } from './install.ts'
import type { CheckLeaf } from './leaf-check.ts'
import { createLeafReader, type LeafReader, type LeafSpot } from './leaf-reader.ts'
import { createLeafWriter, type LeafWriter } from './leaf-writer.ts'
import { bytesForWorkerMin } from './limits.ts'
import { createPageShelf, type PageShelf } from './page-shelf.ts'
import type { Placement } from './placement.ts'
import { gatherAnew, learnLayout, putNodesInFiles, takeInventory, takeKnownLeaves } from './prepare.ts'
import { changedInPlace, restoreFromDisk } from './restore.ts'
import { RowHolding } from './row-holding.ts'
import { SealIds, sealIdBytes } from './seal-ids.ts'
import { StampTable } from './stamp-table.ts'

export class FetchedHoldingOnDisk extends RowHolding implements FetchedHolding {
  readonly meta: VersionMeta
  /** Entries whose content lies at its final place already, with the stamp that it had when it was checked. */
  readonly installed = new StampTable()
  readonly sealer: Sealer
  readonly check: CheckLeaf
  readonly base: BaseVersion | undefined
  readonly sealIds: SealIds
  readonly parts: FetchParts
  #facts: HoldingFacts
  readonly #writer: LeafWriter
  readonly #reader: LeafReader
  readonly #shelf: PageShelf
  readonly #tally: FetchTally
  readonly #writing = new Map<number, Promise<void>>()
  readonly #closing = new AbortController()
  #preparing: Promise<void> | undefined
  /** Gathers anew what was lost from files in place. */
  #gathering: Promise<void> = Promise.resolve()
  #finishing: Promise<void> | undefined
  /** Files are taking their final names: what is lost from now on stays lost. */
  #isInstalling = false
  #layout: readonly FileEntry[] | undefined
  #placement: Placement | undefined
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
    this.#tally = new FetchTally(this.record.blocks, facts.meta.nodes, (event) => this.events.emit(event))
    this.#shelf = createPageShelf(parts, facts, this.record, this.#closing.signal)
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

  get have() {
    return this.#tally.have
  }

  get inventory() {
    return this.#shelf.inventory
  }

  get layout(): readonly FileEntry[] | undefined {
    return this.#layout
  }

  /** Everything that is wanted is here. */
  get complete(): boolean {
    return this.#tally.complete
  }

  get ended(): 'finished' | 'discarded' | undefined {
    return this.#ended
  }

  /** It could not be prepared or finished (the disk is full, say): open it anew. */
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
    return this.#tally.bytesReused
  }

  get filesWanted(): number {
    return this.#placement?.filesWanted ?? 0
  }

  get filesDone(): number {
    return this.#placement?.filesDone ?? 0
  }

  /** What stays of its figures when it is finished. */
  get figures(): GetFigures {
    const { bytesWanted, bytesReused, filesWanted } = this
    return { bytesWanted, bytesReused, filesWanted, entriesWanted: this.#placement?.entriesWanted ?? new Bitfield(0) }
  }

  fileProgress(entry: number): { readonly bytesDone: number; readonly wanted: boolean } {
    return {
      bytesDone: this.#placement?.entryBytesDone(entry) ?? 0,
      wanted: this.#placement?.isEntryWanted(entry) ?? false,
    }
  }

  isWanted(index: number): boolean {
    return this.#tally.isWanted(index)
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
    const below = this.#placement?.pathOf(entry) ?? ''
    return join(this.installed.has(entry) ? this.path : this.tree, below)
  }

  /** Takes up what is here already: pages, nodes, files. Call once, before anything else. */
  async open(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.record.bytes >= bytesForWorkerMin) this.parts.worker.start()
    await this.#shelf.open()
    if (this.inventory !== undefined) await this.#takeInventory(options.signal)
  }

  async putPage(page: number, bytes: Uint8Array): Promise<void> {
    this.#checkOpen()
    if (!(await this.#shelf.put(page, bytes))) return
    await this.#takeInventory(undefined)
  }

  async #takeInventory(signal: AbortSignal | undefined): Promise<void> {
    await takeInventory(this, () => this.events.emit({ type: 'inventory' }), this.#closing.signal)
    await this.#prepare(signal)
  }

  async putBlock(index: number, bytes: Uint8Array): Promise<void> {
    this.#checkOpen()
    // What a person changes from now on is not written over.
    if (this.#isAtEnd) return
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
    return this.#once(index, this.#tally.isNode(index) ? this.#putNode(index, bytes) : this.#putLeaf(index, bytes))
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
    if (placement === undefined || this.#tally.isNode(index) || !this.isWanted(index)) return undefined
    // The worker opens large blocks where they lie.
    const seal = this.#facts.visibility === 'private' ? wire.slice(0, sealIdBytes) : wire
    return this.#writer.store(placesToWrite(this, placement, index), digest, wire)?.then(() => this.#count(index, seal))
  }

  #count(index: number, wire: Uint8Array): void {
    if (this.#isAtEnd) return
    this.sealIds.note(index, wire)
    this.#tally.add(index)
  }

  #wrong(index: number) {
    return formatErrors.block_hash_wrong(`Block ${index} is not the one that the author signed.`)
  }

  async readBlock(index: number, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    if (this.#tally.isNode(index)) return this.readNode(index)
    const lengthOf = () => this.inventory?.length(index) ?? 0
    return this.#fromFiles(index, (spots, digest) => this.#reader.wire(spots, digest, lengthOf(), signal))
  }

  async readLeaf(index: number, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    if (this.#tally.isNode(index)) return this.sealer.open(this.readNode(index))
    return (await this.#fromFiles(index, (spots, digest) => this.#reader.find(spots, digest, signal))).plain
  }

  async finish(): Promise<{ readonly path: string; readonly bytes: number }> {
    if (this.#ended !== 'finished') {
      this.#finishing ??= this.#finish().finally(() => {
        this.#finishing = undefined
      })
      await this.#finishing
    }
    return { path: this.path, bytes: this.bytesWanted }
  }

  async #finish(): Promise<void> {
    const placement = await this.#placementAtEnd()
    this.#isInstalling = true
    try {
      await Promise.allSettled(this.#writing.values())
      await this.#closeFiles()
      this.#facts = await install(this, placement, (patch) => {
        this.#facts = this.parts.rows.update(this.#facts.id, patch)
      })
      this.#ended = 'finished'
    } catch (error) {
      // Some files may have their final names: only a look at the disk tells.
      this.#broken = true
      throw error
    } finally {
      this.#isInstalling = false
    }
    this.parts.onEnd(this, 'finished')
  }

  /** The placement, once every wanted file has all that it needs; throws `get_not_finished` when one has not. */
  async #placementAtEnd(): Promise<Placement> {
    this.#checkOpen()
    await this.#gathering
    const placement = this.#placement
    if (placement !== undefined && this.complete) {
      const changed = await changedInPlace(this, placement)
      if (changed.length > 0) {
        this.parts.log.warn('fetched_files_changed', { share: this.shareId, files: changed.length })
        await this.#gatherAnew(changed, placement)
      }
      await putNodesInFiles(this, placement, this.#closing.signal)
    }
    this.#checkOpen()
    if (!this.complete || placement === undefined) {
      throw libraryErrors.get_not_finished('Not everything that is wanted is here yet.')
    }
    return placement
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
    const { disk, rows, sweep } = this.parts
    const { work, id } = this.#facts
    if (work !== undefined) await disk.remove(work)
    rows.remove(id)
    sweep(id)
  }

  /** Lets go of files; what was got stays for the next `open`. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled([...this.#writing.values(), this.#shelf.settled(), this.#preparing, this.#gathering])
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
    this.#tally.add(index)
  }

  /** Counts a block whose content was found on this computer, in all its places. */
  countFound(index: number): void {
    this.#tally.addFound(index)
  }

  /** Takes entries for not in place, and their leaves for missing. */
  displace(entries: readonly number[]): void {
    for (const entry of entries) {
      if (!this.installed.delete(entry)) continue
      for (const index of this.#layout?.[entry]?.leaves ?? []) this.#tally.displace(index)
    }
  }

  /** Writes a checked leaf into all its places that are not `installed`, except one that has it already. */
  async writeLeaf(index: number, plain: Uint8Array, except?: number): Promise<void> {
    const placement = this.#placement
    if (placement === undefined) throw this.#notWanted(index)
    await this.#writer.write(placesToWrite(this, placement, index, except), plain)
  }

  async #putNode(index: number, wire: Uint8Array): Promise<void> {
    this.sealer.open(wire)
    const digest = this.inventory?.digest(index)
    if (digest === undefined) return
    await this.parts.committer.put(this.#facts.id, digest, wire)
    this.countNode(index)
    await this.#prepare(undefined)
  }

  async #putLeaf(index: number, wire: Uint8Array): Promise<void> {
    if (!this.isWanted(index)) throw this.#notWanted(index)
    const plain = this.sealer.open(wire)
    await this.writeLeaf(index, plain)
    this.#count(index, wire)
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
    if (!this.have.has(index)) throw libraryErrors.block_not_here(`Block ${index} is not on this computer.`)
    return this.storedNode(index) ?? this.#loseNode(index)
  }

  #loseNode(index: number): never {
    this.#tally.lose(index)
    const error = this.#gone(index, `Block ${index} was damaged in Peerhood’s own data.`)
    this.events.emit({ type: 'wanted' })
    throw error
  }

  /** What a reader is told of a block that was here, and the log, too. */
  #gone(index: number, message: string) {
    const error = libraryErrors.block_changed(message)
    this.parts.log.warn(error.code, { share: this.shareId, block: index, message })
    return error
  }

  /** Learns the layout once all nodes are here, then what is here of it, and only then lets peers be asked. */
  async #prepare(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#tally.hasAllNodes || this.#tally.ready) return
    const closing = this.#closing.signal
    const either = signal === undefined ? closing : AbortSignal.any([signal, closing])
    this.#preparing ??= this.#prepareUntilReady(either).finally(() => {
      this.#preparing = undefined
    })
    await this.#preparing
  }

  async #prepareUntilReady(signal: AbortSignal): Promise<void> {
    while (this.#tally.hasAllNodes && !this.#tally.ready) {
      try {
        await this.#prepareOnce(signal)
      } catch (error) {
        // A node that turned out to be damaged is on its way again.
        if (!this.#tally.hasAllNodes) return
        if (isPeerhoodError(error) && error.code === 'block_changed') continue
        this.#broken = true
        throw error
      }
    }
  }

  async #prepareOnce(signal: AbortSignal): Promise<void> {
    if (this.#placement === undefined) {
      const { layout, placement } = await learnLayout(this, signal)
      this.#layout = layout
      this.#placement = placement
      this.#tally.place(placement)
    }
    this.#writer.makeFolder(this.#facts.work ?? '')
    await restoreFromDisk(this, this.#placement, signal)
    await takeKnownLeaves(this, this.#placement, signal)
    if (this.#tally.hasAllNodes) this.#tally.begin()
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
    const found = await read(spotsToRead(this, placement, index), inventory.digest(index))
    if (found === undefined) throw this.#lost(index, placement)
    return found
  }

  #lost(index: number, placement: Placement) {
    this.#tally.lose(index)
    const error = this.#gone(index, `Block ${index} is no longer what was fetched: its file has changed.`)
    if (this.#isAtEnd) return error
    const changed = [...placement.anyPlaces(index)]
      .map(({ entry }) => entry)
      .filter((entry) => this.installed.has(entry))
    void this.#gatherAnew(changed, placement)
    return error
  }

  /** Makes good for files that are no longer in place from what this computer has; peers are asked for the rest. */
  #gatherAnew(changed: readonly number[], placement: Placement): Promise<void> {
    this.displace(changed)
    const { signal } = this.#closing
    this.#gathering = this.#gathering
      .then(() => gatherAnew(this, placement, changed, signal))
      // Whatever went wrong does so again, and is told, where the blocks are put or the get is finished.
      .catch((error: unknown) => this.parts.log.debug('gather_failed', { share: this.shareId, message: String(error) }))
      .then(() => this.events.emit({ type: 'wanted' }))
    return this.#gathering
  }

  /** Nothing is taken any more. */
  get #isAtEnd(): boolean {
    return this.#isInstalling || this.#ended !== undefined
  }

  #checkOpen(): void {
    if (this.#ended === 'discarded') throw libraryErrors.get_not_finished('This get was ended.')
  }

  #notWanted(index: number) {
    return libraryErrors.block_not_wanted(`Block ${index} was not asked for.`)
  }
}
