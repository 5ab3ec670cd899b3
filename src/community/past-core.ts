// What an entry could know: its ancestors, as a version vector (device → number of its last entry among them). Computed
// when first asked, by walking back from the entry until everything is covered by what is known already, and kept.
//
// Where a device forked, one number means two entries: such entries are walked one by one, and no question about them is
// ever answered yes, for nothing of them counts. So the answers depend on the set of entries alone, whatever came first.

import type { DeviceId, Entry, EntryId, Fork } from '../log/types.ts'

/** What has to be known of an entry of any lane. `Entry` and rows of the log's table have it. */
export type GraphEntry = Pick<Entry, 'device' | 'seq' | 'prev' | 'heads'>

/** The log as this folder asks it; `CommunityLog` is one. */
export interface LogGraph {
  /** Undefined for what is not here, which then has no past. */
  get(id: EntryId): GraphEntry | undefined
  forks(): readonly Fork[]
}

/** Indexed by the number that {@link Past.numberOf} gives a device; shorter when the rest is zero. */
export type PastVector = Uint32Array

export class Past {
  readonly #graph: LogGraph
  readonly #numbers = new Map<DeviceId, number>()
  readonly #devices: DeviceId[] = []
  readonly #vectors = new Map<EntryId, PastVector>()
  #forkedFrom: (number | undefined)[] = []
  #forked: { readonly number: number; readonly seq: number }[] = []

  constructor(graph: LogGraph) {
    this.#graph = graph
    this.refresh()
  }

  /** By number of a device: from where on nothing of it counts. Another list after each {@link refresh}. */
  get forkedFrom(): readonly (number | undefined)[] {
    return this.#forkedFrom
  }

  /** Looks which devices forked; `resolve` calls it. */
  refresh(): void {
    this.#forkedFrom = []
    for (const { device, seq } of this.#graph.forks()) {
      const number = this.numberOf(device)
      this.#forkedFrom[number] = Math.min(seq, this.#forkedFrom[number] ?? seq)
    }
    this.#forked = this.#forkedFrom.flatMap((seq, number) => (seq === undefined ? [] : [{ number, seq }]))
  }

  numberOf(device: DeviceId): number {
    let number = this.#numbers.get(device)
    if (number === undefined) {
      number = this.#devices.length
      this.#devices.push(device)
      this.#numbers.set(device, number)
    }
    return number
  }

  isForked(number: number, seq: number): boolean {
    return seq >= (this.#forkedFrom[number] ?? Number.POSITIVE_INFINITY)
  }

  /** Whether an entry (by its device's number and its own) is among the ancestors that a vector stands for. */
  includes(past: PastVector, number: number, seq: number): boolean {
    return (past[number] ?? 0) >= seq && !this.isForked(number, seq)
  }

  /** The ancestors of an entry; the entry itself is not one. */
  of(entry: GraphEntry & { readonly id: EntryId }): PastVector {
    let vector = this.#vectors.get(entry.id)
    if (vector === undefined) {
      vector = this.#walk(entry)
      this.#vectors.set(entry.id, vector)
    }
    return vector
  }

  /** All that is known, to be kept on disk: walking a log of a million entries again takes seconds. */
  export(known: ReadonlySet<EntryId> = new Set()): { devices: readonly DeviceId[]; vectors: Map<EntryId, PastVector> } {
    const vectors = new Map([...this.#vectors].filter(([id]) => !known.has(id)))
    return { devices: [...this.#devices], vectors }
  }

  /** Takes what {@link export} gave, before anything else is asked. */
  import({ devices, vectors }: { devices: Iterable<DeviceId>; vectors: Iterable<[EntryId, PastVector]> }): void {
    const renumbered = Array.from(devices, (device) => this.numberOf(device))
    const isSame = renumbered.every((number, place) => number === place)
    for (const [id, vector] of vectors) this.#vectors.set(id, isSame ? vector : renumber(vector, renumbered))
  }

  #walk(entry: GraphEntry): PastVector {
    const covered = new Covered(this.#devices.length)
    const seen = new Set<EntryId>()
    const open = parentsOf(entry)
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (!seen.has(id)) this.#cover(id, covered, seen, open)
    }
    for (const { number, seq } of this.#forked) covered.limit(number, seq - 1)
    return covered.toVector()
  }

  /** Covers an entry and its device's chain below it down to what is covered, and opens all that these name. */
  #cover(id: EntryId, covered: Covered, seen: Set<EntryId>, open: EntryId[]): void {
    const from = this.#graph.get(id)
    if (from === undefined) return
    const number = this.numberOf(from.device)
    const below = covered.get(number)
    let at: EntryId | undefined = id
    for (let entry: GraphEntry | undefined = from; at !== undefined && entry !== undefined; ) {
      const isBranch = this.isForked(number, entry.seq)
      if (isBranch ? seen.has(at) : entry.seq <= below) return
      if (isBranch) seen.add(at)
      else covered.raise(number, entry.seq)
      const known = this.#vectors.get(at)
      if (known !== undefined) {
        // All that a kept vector stands for was walked, so it covers; but not what a fork made ambiguous since.
        covered.raiseAll(known)
        for (const { number, seq } of this.#forked) covered.limit(number, seq - 1)
        return
      }
      open.push(...entry.heads)
      at = entry.prev
      entry = at === undefined ? undefined : this.#graph.get(at)
    }
  }
}

/** A vector that grows while it is made. */
class Covered {
  #seqs: Uint32Array
  /** From here on all are zero. */
  #length = 0

  constructor(devices: number) {
    this.#seqs = new Uint32Array(devices + 8)
  }

  get(number: number): number {
    return this.#seqs[number] ?? 0
  }

  raise(number: number, seq: number): void {
    this.#reserve(number + 1)
    if (seq > this.get(number)) this.#seqs[number] = seq
    this.#length = Math.max(this.#length, number + 1)
  }

  raiseAll(vector: PastVector): void {
    this.#reserve(vector.length)
    const seqs = this.#seqs
    for (let number = 0; number < vector.length; number++) {
      const seq = vector[number] ?? 0
      if (seq > (seqs[number] ?? 0)) seqs[number] = seq
    }
    this.#length = Math.max(this.#length, vector.length)
  }

  limit(number: number, max: number): void {
    if (this.get(number) > max) this.#seqs[number] = max
  }

  toVector(): PastVector {
    return this.#seqs.slice(0, this.#length)
  }

  #reserve(length: number): void {
    if (length <= this.#seqs.length) return
    const grown = new Uint32Array(2 * length)
    grown.set(this.#seqs)
    this.#seqs = grown
  }
}

function parentsOf({ prev, heads }: GraphEntry): EntryId[] {
  return prev === undefined ? [...heads] : [...heads, prev]
}

function renumber(vector: PastVector, numbers: readonly number[]): PastVector {
  const length = Math.max(0, ...vector.keys().map((place) => (numbers[place] ?? 0) + 1))
  const renumbered = new Uint32Array(length)
  for (const [place, seq] of vector.entries()) renumbered[numbers[place] ?? 0] = seq
  return renumbered
}
