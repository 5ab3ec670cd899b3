// Entries whose parents are not here yet, in memory and bounded: by count and bytes in all (the oldest makes room) and by
// count for each device (its own oldest makes room). What is dropped comes again with the next sync.
//
// Must stay true: each was shown to be its device's when it was put here (by its own signature or a later one's), and each
// lacks at least one parent.

import type { Candidate } from './core.ts'
import { waitingBytesMax, waitingEntriesMax, waitingPerDeviceMax } from './limits.ts'
import type { DeviceId, EntryId } from './types.ts'

/** An entry that waits. */
export interface Waiting extends Candidate {
  readonly missing: readonly EntryId[]
  /** Its own signature was checked, and is right. */
  readonly signed: boolean
}

export class WaitingSet {
  /** Oldest first. */
  readonly #entries = new Map<EntryId, Waiting>()
  readonly #children = new Map<EntryId, Set<EntryId>>()
  readonly #devices = new Map<DeviceId, Set<EntryId>>()
  #bytes = 0

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(id: EntryId): Waiting | undefined {
    return this.#entries.get(id)
  }

  hasOf(device: DeviceId): boolean {
    return this.#devices.has(device)
  }

  /** Those that lack `id`. */
  childrenOf(id: EntryId): readonly Waiting[] {
    const children = this.#children.get(id)
    return children === undefined ? [] : [...children].flatMap((child) => this.#entries.get(child) ?? [])
  }

  /** Parents that lack and do not wait themselves. */
  missing(): readonly EntryId[] {
    return [...this.#children.keys()].filter((id) => !this.#entries.has(id))
  }

  add(waiting: Waiting): void {
    const { id, device, bytes } = waiting.entry
    this.delete(id)
    this.#entries.set(id, waiting)
    this.#bytes += bytes.length
    for (const parent of waiting.missing) addTo(this.#children, parent, id)
    addTo(this.#devices, device, id)
    const ofDevice = this.#devices.get(device)
    if (ofDevice !== undefined && ofDevice.size > waitingPerDeviceMax) this.#deleteFirst(ofDevice)
    while (this.#entries.size > waitingEntriesMax || this.#bytes > waitingBytesMax)
      this.#deleteFirst(this.#entries.keys())
  }

  delete(id: EntryId): void {
    const waiting = this.#entries.get(id)
    if (waiting === undefined) return
    this.#entries.delete(id)
    this.#bytes -= waiting.entry.bytes.length
    for (const parent of waiting.missing) deleteFrom(this.#children, parent, id)
    deleteFrom(this.#devices, waiting.entry.device, id)
  }

  #deleteFirst(ids: Iterable<EntryId>): void {
    for (const id of ids) {
      this.delete(id)
      return
    }
  }
}

function addTo<Key>(map: Map<Key, Set<EntryId>>, key: Key, id: EntryId): void {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([id]))
  else set.add(id)
}

function deleteFrom<Key>(map: Map<Key, Set<EntryId>>, key: Key, id: EntryId): void {
  const set = map.get(key)
  set?.delete(id)
  if (set?.size === 0) map.delete(key)
}
