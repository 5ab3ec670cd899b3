// What a get has and lacks: `have`, and beside it how much of what is wanted is missing. Pure bookkeeping; events tell of
// each change.
//
//   inner nodes: had once they are in the database │ leaves: once they are in all their places (placement.ts)
//
// What must stay true: what is taken back (`lose`) counts as missing again everywhere, so that it is asked for again.

import { Bitfield } from '../format/bitfield.ts'
import type { HoldingEvent } from '../types.ts'
import type { Placement } from './placement.ts'

export class FetchTally {
  readonly have: Bitfield
  readonly #nodes: number
  readonly #emit: (event: HoldingEvent) => void
  #placement: Placement | undefined
  /** Leaves may be asked for: what is here already is known. */
  #ready = false
  #nodesMissing: number
  #wantedMissing = Number.POSITIVE_INFINITY
  #bytesReused = 0

  constructor(blocks: number, nodes: number, emit: (event: HoldingEvent) => void) {
    this.have = new Bitfield(blocks)
    this.#nodes = nodes
    this.#nodesMissing = nodes
    this.#emit = emit
  }

  get ready(): boolean {
    return this.#ready
  }

  get hasAllNodes(): boolean {
    return this.#nodesMissing === 0
  }

  /** Everything that is wanted is here. */
  get complete(): boolean {
    return this.#wantedMissing === 0
  }

  get bytesReused(): number {
    return this.#bytesReused
  }

  isNode(index: number): boolean {
    return index < this.#nodes
  }

  isWanted(index: number): boolean {
    return this.isNode(index) || (this.#ready && this.#placement?.isBlockWanted(index) === true)
  }

  /** The layout is known. */
  place(placement: Placement): void {
    this.#placement = placement
  }

  /** Lets leaves be asked for. */
  begin(): void {
    let missing = 0
    for (const index of this.have.missing()) if (this.#placement?.isBlockWanted(index) === true) missing += 1
    this.#wantedMissing = missing
    this.#ready = true
    this.#emit({ type: 'wanted' })
    this.#tellWhenComplete()
  }

  /** Counts a block; false when it is here already. */
  add(index: number): boolean {
    if (!this.have.set(index)) return false
    if (this.isNode(index)) this.#nodesMissing -= 1
    else this.#placement?.count(index)
    this.#emit({ type: 'block', index })
    if (this.#isWantedNow(index)) {
      this.#wantedMissing -= 1
      this.#tellWhenComplete()
    }
    return true
  }

  /** Counts a block whose content was found on this computer, in all its places. */
  addFound(index: number): void {
    // An inner node was here before files were looked at: the news is that a file has it.
    const isNews = this.isNode(index) ? this.#placement?.count(index) === true : this.add(index)
    if (isNews) this.#bytesReused += this.#placement?.wantedBytes(index) ?? 0
  }

  /** Takes back a block whose content is gone. */
  lose(index: number): void {
    if (this.isNode(index)) this.#nodesMissing += this.have.has(index) ? 1 : 0
    else this.#placement?.uncount(index)
    if (this.have.clear(index) && this.#isWantedNow(index)) this.#wantedMissing += 1
  }

  /** Takes back that a block is in all its places. An inner node is still in the database. */
  displace(index: number): void {
    if (this.isNode(index)) this.#placement?.uncount(index)
    else this.lose(index)
  }

  #isWantedNow(index: number): boolean {
    return this.#ready && this.#placement?.isBlockWanted(index) === true
  }

  #tellWhenComplete(): void {
    if (this.#wantedMissing === 0) this.#emit({ type: 'complete' })
  }
}
