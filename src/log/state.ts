// What is kept in memory of one log: its devices, heads and counts, the entries that wait, and a little of what was looked
// up lately. Loaded from tables that hold just that; changed only after the transaction that changes them.

import { BoundedMap } from '../base/bounded.ts'
import type { Candidate, Judgement, View } from './core.ts'
import { factsCachedMax, refusedIdsMax } from './limits.ts'
import { compareEntries } from './order-core.ts'
import { Paces } from './paces.ts'
import { type Facts, parentsOf } from './rules-core.ts'
import type { CommunityRow, Delta, DeviceRow, LogStore } from './store.ts'
import type { Allowance, DeviceId, Entry, EntryId, Fork, LogCounts, StoredEntry, Vector } from './types.ts'
import { WaitingSet } from './waiting.ts'

export class LogState implements View {
  readonly community
  readonly waiting = new WaitingSet()
  /** Damaged rows, until somebody brings the entry again. */
  readonly damaged = new Map<EntryId, number>()
  /** What devices may write. */
  readonly paces: Paces
  readonly #store: LogStore
  readonly #number: number
  readonly #bytesMax: () => number
  readonly #devices: Map<DeviceId, DeviceRow>
  readonly #deviceOf = new Map<number, DeviceId>()
  readonly #heads = new Map<EntryId, Facts>()
  readonly #recent = new RecentFacts()
  readonly #hopeless = new BoundedMap<EntryId, true>(refusedIdsMax)
  #entries: number
  #bytes: number
  #sortedHeads: readonly EntryId[] | undefined

  constructor(parts: { store: LogStore; row: CommunityRow; bytesMax: () => number }) {
    const { store, row, bytesMax } = parts
    this.community = row.community
    this.#store = store
    this.#number = row.number
    this.#bytesMax = bytesMax
    this.#entries = row.entries
    this.#bytes = row.bytes
    this.#devices = store.devices(row.number)
    this.paces = new Paces(this.#devices)
    for (const [device, { number }] of this.#devices) this.#deviceOf.set(number, device)
    for (const { id, facts } of store.heads(row.number)) {
      const device = this.#deviceOf.get(facts.device)
      if (device !== undefined) this.#heads.set(id, { ...facts, device })
    }
  }

  // ---- as the rules see it (View)

  get bytes(): number {
    return this.#bytes
  }

  get bytesMax(): number {
    return this.#bytesMax()
  }

  get devices(): number {
    return this.#devices.size
  }

  device(device: DeviceId): DeviceRow | undefined {
    return this.#devices.get(device)
  }

  allowance(device: DeviceId): Allowance | undefined {
    return this.paces.allowance(device)
  }

  groupBytes(group: string): number {
    return this.paces.groupBytes(group)
  }

  facts(id: EntryId): Facts | undefined {
    const known = this.#heads.get(id) ?? this.#recent.get(id)
    if (known !== undefined) return known
    const row = this.#store.facts(this.#number, id)
    const device = row === undefined ? undefined : this.#deviceOf.get(row.device)
    if (row === undefined || device === undefined) return undefined
    const facts = { ...row, device }
    this.#recent.set(id, facts)
    return facts
  }

  idsAt(device: DeviceId, seq: number): readonly EntryId[] {
    const row = this.#devices.get(device)
    return row === undefined ? [] : this.#store.idsAt(row.number, seq)
  }

  waitingFor(id: EntryId): readonly Candidate[] {
    return this.waiting.childrenOf(id)
  }

  isHopeless(id: EntryId): boolean {
    return this.#hopeless.has(id)
  }

  // ---- as others see it

  counts(): LogCounts {
    return { entries: this.#entries, bytes: this.#bytes, devices: this.#devices.size }
  }

  vector(): Vector {
    const vector = new Map<DeviceId, number>()
    for (const [device, { seq, fork }] of this.#devices) {
      const counted = fork === undefined ? seq : fork.seq - 1
      if (counted > 0) vector.set(device, counted)
    }
    return vector
  }

  allDevices(): Iterable<readonly [DeviceId, DeviceRow]> {
    return this.#devices
  }

  forks(): readonly Fork[] {
    return [...this.#devices.values()].flatMap(({ fork }) => fork ?? [])
  }

  /** In the order of entries. */
  heads(): readonly EntryId[] {
    this.#sortedHeads ??= [...this.#heads]
      .map(([id, { time }]) => ({ id, time }))
      .sort(compareEntries)
      .map(({ id }) => id)
    return this.#sortedHeads
  }

  missing(): readonly EntryId[] {
    return [...new Set([...this.waiting.missing(), ...this.damaged.keys()])]
  }

  // ---- changes

  /** What storing the accepted entries changes in the database. */
  deltaOf({ accepted, devices }: Pick<Judgement, 'accepted' | 'devices'>): Delta {
    const headsAdded = new Set<EntryId>()
    const headsRemoved = new Set<EntryId>()
    const entries = accepted.map(({ entry }) => entry)
    for (const entry of entries) {
      for (const parent of parentsOf(entry)) {
        if (!headsAdded.delete(parent) && this.#heads.has(parent)) headsRemoved.add(parent)
      }
      headsAdded.add(entry.id)
    }
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0)
    return {
      community: this.#number,
      entries,
      devices: new Map([...devices].map(([id, facts]) => [id, { ...facts, number: this.#devices.get(id)?.number }])),
      headsAdded,
      headsRemoved,
      counts: { entries: this.#entries + entries.length, bytes: this.#bytes + bytes },
    }
  }

  /** Stores a delta and takes it over; when storing throws nothing has changed. */
  commit(delta: Delta): readonly StoredEntry[] {
    const { arrivals, devices } = this.#store.commit(delta)
    for (const [device, row] of devices) {
      this.paces.grow(device, row.bytes - (this.#devices.get(device)?.bytes ?? 0))
      this.#devices.set(device, row)
      this.#deviceOf.set(row.number, device)
    }
    for (const id of delta.headsRemoved) this.#heads.delete(id)
    const added = new Set(delta.headsAdded)
    for (const entry of delta.entries) {
      const facts = factsOf(entry)
      if (added.has(entry.id)) this.#heads.set(entry.id, facts)
      this.#recent.set(entry.id, facts)
      this.waiting.delete(entry.id)
    }
    this.#sortedHeads = undefined
    this.#entries = delta.counts.entries
    this.#bytes = delta.counts.bytes
    return delta.entries.map((entry, index) => ({ arrival: arrivals[index] ?? 0, entry }))
  }

  /** Takes over what a judgement says of entries that were not stored; devices that have begun to write too fast. */
  remember({ outcomes, waiting, vouched }: Judgement, isSigned: (id: EntryId) => boolean): readonly DeviceId[] {
    const tooFast: DeviceId[] = []
    const candidates = new Map(waiting.map((candidate) => [candidate.entry.id, candidate]))
    for (const [id, outcome] of outcomes) {
      if (outcome.how === 'waiting') {
        const before = this.waiting.get(id)
        const candidate = candidates.get(id) ?? before
        if (candidate === undefined) continue
        const { entry, wanted } = candidate
        const signed = isSigned(id) || (before?.signed ?? false)
        this.waiting.add({ entry, wanted, vouched: vouched.has(id), missing: outcome.missing, signed })
      } else if (outcome.how === 'deferred') {
        if (this.paces.defer(outcome.device)) tooFast.push(outcome.device)
        this.waiting.delete(id)
      } else if (outcome.how === 'refused') {
        if (outcome.hopeless) this.#hopeless.set(id, true)
        this.waiting.delete(id)
      }
    }
    return tooFast
  }
}

/** Without the entry's bytes, which need not be kept. */
function factsOf({ device, seq, time, epoch }: Entry): Facts {
  return { device, seq, time, epoch }
}

/** What was looked up or stored lately, in two halves: when the younger is full, the older is forgotten. */
class RecentFacts {
  #younger = new Map<EntryId, Facts>()
  #older = new Map<EntryId, Facts>()

  get(id: EntryId): Facts | undefined {
    return this.#younger.get(id) ?? this.#older.get(id)
  }

  set(id: EntryId, facts: Facts): void {
    if (this.#younger.size >= factsCachedMax / 2) {
      this.#older = this.#younger
      this.#younger = new Map()
    }
    this.#younger.set(id, facts)
  }
}
