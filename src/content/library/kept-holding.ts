// A copy of a share held for others: blocks exactly as they came over the wire, small ones in the database, large ones as
// files. Needs no secret. Blocks found at a start count as here; each is checked whenever it is read, and one that turns
// out wrong is asked for again.

import { equalBytes } from '../../base/bytes.ts'
import type { Clock, Log } from '../../base/ports.ts'
import { Bitfield } from '../format/bitfield.ts'
import { formatErrors } from '../format/errors.ts'
import { digestAsync } from '../format/seal.ts'
import type { Digest, Holding } from '../types.ts'
import type { BlockFiles } from './block-files.ts'
import { type BlockIndex, storedPages } from './block-index.ts'
import { createBreath } from './breathe.ts'
import type { Committer } from './committer.ts'
import { libraryErrors } from './errors.ts'
import type { HoldingFacts, HoldingRows } from './holding-rows.ts'
import { storedInDatabaseBytesMax } from './limits.ts'
import { createPageShelf, type PageShelf } from './page-shelf.ts'
import { RowHolding } from './row-holding.ts'

export interface KeptParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Log
  readonly index: BlockIndex
  readonly rows: HoldingRows
  readonly committer: Committer
  readonly blockFiles: BlockFiles
  /** All blocks are here and on disk. */
  readonly onComplete: (holding: KeptHolding) => void
}

export class KeptHolding extends RowHolding implements Holding {
  readonly facts: HoldingFacts
  readonly have: Bitfield
  readonly #parts: KeptParts
  readonly #shelf: PageShelf
  readonly #writing = new Map<number, Promise<void>>()
  #ended = false

  constructor(facts: HoldingFacts, parts: KeptParts) {
    if (facts.recordBytes === undefined) throw new Error('assertion failed: a kept copy has a record')
    super(facts, facts.recordBytes)
    this.facts = facts
    this.have = new Bitfield(this.record.blocks)
    this.#parts = parts
    this.#shelf = createPageShelf(parts, facts, this.record)
  }

  get inventory() {
    return this.#shelf.inventory
  }

  get complete(): boolean {
    return this.inventory !== undefined && this.have.ones === this.have.length
  }

  isWanted(): boolean {
    return true
  }

  hasPage(page: number): boolean {
    return this.#shelf.has(page)
  }

  /** Takes up what is on disk, and lets go of blocks of older versions. Call once. */
  async open(): Promise<void> {
    await this.#shelf.open()
    if (this.inventory !== undefined) await this.#takeKnown()
  }

  async putPage(page: number, bytes: Uint8Array): Promise<void> {
    this.#checkOpen()
    if (!(await this.#shelf.put(page, bytes))) return
    await this.#takeKnown()
    this.events.emit({ type: 'inventory' })
    if (this.complete) await this.#completed()
  }

  async putBlock(index: number, bytes: Uint8Array): Promise<void> {
    const { inventory } = this
    if (inventory === undefined || index >= inventory.count || this.#ended) {
      throw libraryErrors.block_not_wanted(`Block ${index} was not asked for.`)
    }
    if (this.have.has(index)) return
    const digest = inventory.digest(index)
    if (bytes.length !== inventory.length(index) || !equalBytes(await digestAsync(bytes), digest)) {
      throw formatErrors.block_hash_wrong(`Block ${index} is not the one that the author signed.`)
    }
    const known = this.#writing.get(index)
    if (known !== undefined) return known
    if (this.have.has(index)) return
    const writing = this.#write(index, digest, bytes).finally(() => this.#writing.delete(index))
    this.#writing.set(index, writing)
    return writing
  }

  async readBlock(index: number, options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    const { inventory } = this
    if (inventory === undefined || !this.have.has(index)) {
      throw libraryErrors.block_not_here(`Block ${index} is not on this computer.`)
    }
    const digest = inventory.digest(index)
    const wire =
      this.#parts.index.stored(this.facts.id, digest) ?? (await this.#parts.blockFiles.read(this.shareId, digest))
    options.signal?.throwIfAborted()
    if (wire !== undefined && equalBytes(await digestAsync(wire), digest)) return wire
    this.have.clear(index)
    const error = libraryErrors.block_changed(`Block ${index} was damaged on this computer’s disk.`)
    this.#parts.log.warn(error.code, { share: this.shareId, block: index, message: error.message })
    this.events.emit({ type: 'wanted' })
    throw error
  }

  /** Ends it for a newer version of the share, which takes over the row and the blocks. */
  async supersede(): Promise<void> {
    await this.close()
    this.events.emit({ type: 'superseded' })
  }

  /** Takes nothing any more, and waits for what is being written. */
  async close(): Promise<void> {
    this.#ended = true
    await Promise.allSettled([...this.#writing.values(), this.#shelf.settled()])
  }

  /** A newer version may have the row: its pages and blocks are not this one's to delete or to write over. */
  #checkOpen(): void {
    if (this.#ended) throw libraryErrors.block_not_wanted('This version is not kept any more.')
  }

  async #write(index: number, digest: Digest, wire: Uint8Array): Promise<void> {
    const { committer, blockFiles } = this.#parts
    if (wire.length <= storedInDatabaseBytesMax) await committer.put(this.facts.id, digest, wire)
    else await blockFiles.write(this.shareId, digest, wire)
    if (!this.have.set(index)) return
    this.events.emit({ type: 'block', index })
    if (this.complete) await this.#completed()
  }

  async #completed(): Promise<void> {
    await this.#parts.blockFiles.flush(this.shareId, this.#digestsInFiles())
    this.#parts.onComplete(this)
    this.events.emit({ type: 'complete' })
  }

  #digestsInFiles(): Digest[] {
    const { inventory } = this
    if (inventory === undefined) return []
    const digests: Digest[] = []
    for (let index = 0; index < inventory.count; index++) {
      if (inventory.length(index) > storedInDatabaseBytesMax) digests.push(inventory.digest(index))
    }
    return digests
  }

  async #takeKnown(): Promise<void> {
    const { index, blockFiles } = this.#parts
    const { inventory } = this
    if (inventory === undefined) return
    const breathe = createBreath(this.#parts.clock)
    for (const digests of storedPages(index, this.facts.id)) {
      for (const digest of digests) {
        const block = inventory.find(digest)
        this.#checkOpen()
        if (block === undefined) index.removeStored(this.facts.id, digest)
        else this.have.set(block)
        await breathe()
      }
    }
    for (const digest of blockFiles.recover(this.shareId)) {
      const block = inventory.find(digest)
      this.#checkOpen()
      if (block === undefined) await blockFiles.remove(this.shareId, digest)
      else this.have.set(block)
      await breathe()
    }
  }
}
