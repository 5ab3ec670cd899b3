// A get as everybody else sees it, from its opening on. While it is under way, fetched-holding.ts stands behind it; once it
// is finished an IndexedHolding does, just as after a restart, and what the get kept in memory (layout, places, stamps,
// seals: hundreds of bytes a file) is let go of. Sessions, swarms and readers keep this object and notice nothing; a read
// that is under way at that moment ends with what it began with.
//
// What must stay true: nobody but the get's own work holds what stands behind this object.

import { Emitter } from '../../base/events.ts'
import type { Cancel } from '../../base/ports.ts'
import type { FetchedHolding, FileEntry, HoldingEvent, Inventory, ReadonlyBitfield } from '../types.ts'
import type { FetchedHoldingOnDisk } from './fetched-holding.ts'
import type { IndexedHolding } from './indexed-holding.ts'

/** A get's figures, as they stay once it is finished. */
export interface GetFigures {
  readonly bytesWanted: number
  readonly bytesReused: number
  readonly filesWanted: number
  /** Which entries of the layout were fetched. */
  readonly entriesWanted: ReadonlyBitfield
}

type Stage =
  | { readonly now: 'under way'; readonly holding: FetchedHoldingOnDisk }
  | { readonly now: 'finished'; readonly holding: IndexedHolding; readonly figures: GetFigures }

export class GetHolding implements FetchedHolding {
  readonly share: FetchedHolding['share']
  readonly shareId: FetchedHolding['shareId']
  readonly access: FetchedHolding['access']
  readonly discovery: FetchedHolding['discovery']
  readonly record: FetchedHolding['record']
  readonly recordBytes: Uint8Array
  readonly meta: FetchedHolding['meta']
  readonly #events = new Emitter<HoldingEvent>()
  #stage: Stage
  #path: string
  #offStage: Cancel

  constructor(holding: FetchedHoldingOnDisk) {
    this.share = holding.share
    this.shareId = holding.shareId
    this.access = holding.access
    this.discovery = holding.discovery
    this.record = holding.record
    this.recordBytes = holding.recordBytes
    this.meta = holding.meta
    this.#path = holding.path
    this.#stage = { now: 'under way', holding }
    this.#offStage = holding.on((event) => this.#events.emit(event))
  }

  /** The get is finished: from now on this holding stands for it. */
  handOver(holding: IndexedHolding, path: string, figures: GetFigures): void {
    this.#offStage()
    this.#path = path
    this.#stage = { now: 'finished', holding, figures }
    this.#offStage = holding.on((event) => this.#events.emit(event))
  }

  get path(): string {
    return this.#stage.now === 'under way' ? this.#stage.holding.path : this.#path
  }

  get inventory(): Inventory | undefined {
    return this.#stage.holding.inventory
  }

  get have(): ReadonlyBitfield {
    return this.#stage.holding.have
  }

  get complete(): boolean {
    return this.#stage.holding.complete
  }

  get layout(): readonly FileEntry[] | undefined {
    return this.#stage.holding.layout
  }

  async readLayout(): Promise<readonly FileEntry[] | undefined> {
    return this.#stage.now === 'under way' ? this.#stage.holding.layout : this.#stage.holding.readLayout()
  }

  get bytesWanted(): number {
    return this.#stage.now === 'under way' ? this.#stage.holding.bytesWanted : this.#stage.figures.bytesWanted
  }

  get bytesDone(): number {
    return this.#stage.now === 'under way' ? this.#stage.holding.bytesDone : this.#stage.figures.bytesWanted
  }

  get bytesReused(): number {
    return this.#stage.now === 'under way' ? this.#stage.holding.bytesReused : this.#stage.figures.bytesReused
  }

  get filesWanted(): number {
    return this.#stage.now === 'under way' ? this.#stage.holding.filesWanted : this.#stage.figures.filesWanted
  }

  get filesDone(): number {
    return this.#stage.now === 'under way' ? this.#stage.holding.filesDone : this.#stage.figures.filesWanted
  }

  fileProgress(entry: number): { readonly bytesDone: number; readonly wanted: boolean } {
    if (this.#stage.now === 'under way') return this.#stage.holding.fileProgress(entry)
    const wanted = this.#stage.figures.entriesWanted.has(entry)
    return { bytesDone: wanted ? this.#stage.holding.bytesHere(entry) : 0, wanted }
  }

  isWanted(index: number): boolean {
    return this.#stage.holding.isWanted(index)
  }

  hasPage(page: number): boolean {
    return this.#stage.holding.hasPage(page)
  }

  async putPage(page: number, bytes: Uint8Array): Promise<void> {
    if (this.#stage.now === 'under way') await this.#stage.holding.putPage(page, bytes)
  }

  async putBlock(index: number, bytes: Uint8Array): Promise<void> {
    if (this.#stage.now === 'under way') await this.#stage.holding.putBlock(index, bytes)
  }

  readBlock(index: number, options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    return this.#stage.holding.readBlock(index, options)
  }

  readLeaf(index: number, options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    return this.#stage.holding.readLeaf(index, options)
  }

  async finish(): Promise<{ readonly path: string; readonly bytes: number }> {
    if (this.#stage.now === 'under way') await this.#stage.holding.finish()
    return { path: this.path, bytes: this.bytesWanted }
  }

  /** What was finished stays. */
  async discard(): Promise<void> {
    if (this.#stage.now === 'under way') await this.#stage.holding.discard()
  }

  on(listener: (event: HoldingEvent) => void): Cancel {
    return this.#events.on(listener)
  }
}
