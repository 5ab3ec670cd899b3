// The distinct digests of one version in the order in which they came, packed: 36 bytes an entry and 8 of hash table,
// so that a million blocks fit into 50 MB. The digests are of our own files; colliding ones cost time, nothing else.

import type { InventoryEntry } from '../format/inventory.ts'
import { asDigest } from '../format/keys.ts'
import type { Digest } from '../types.ts'

const entryBytes = 36

export class DigestSet {
  #entries = new Uint8Array(1024 * entryBytes)
  #view = new DataView(this.#entries.buffer)
  /** Open addressing; 0 is empty, otherwise the entry's number plus one. */
  #slots = new Uint32Array(2048)
  #count = 0

  get size(): number {
    return this.#count
  }

  /** Adds a block with its wire length; false when its digest is here already. */
  add(digest: Digest, length: number): boolean {
    const slot = this.#slotOf(digest)
    if (this.#slots[slot] !== 0) return false
    if ((this.#count + 1) * entryBytes > this.#entries.length) this.#grow()
    this.#entries.set(digest, this.#count * entryBytes)
    this.#view.setUint32(this.#count * entryBytes + 32, length)
    this.#count += 1
    this.#slots[slot] = this.#count
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    return true
  }

  has(digest: Digest): boolean {
    return this.#slots[this.#slotOf(digest)] !== 0
  }

  /** A view into the set; do not write to it, or keep it past the next `add`. */
  digest(number: number): Digest {
    return asDigest(this.#entries.subarray(number * entryBytes, number * entryBytes + 32))
  }

  length(number: number): number {
    return this.#view.getUint32(number * entryBytes + 32)
  }

  entry(number: number): InventoryEntry {
    return { digest: this.digest(number), length: this.length(number) }
  }

  /** The slot that holds the digest, or the empty one where it would go. */
  #slotOf(digest: Digest): number {
    const mask = this.#slots.length - 1
    for (let slot = prefix(digest) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] ?? 0
      if (number === 0 || this.#holds(number - 1, digest)) return slot
    }
  }

  #holds(number: number, digest: Digest): boolean {
    const offset = number * entryBytes
    for (let i = 0; i < 32; i++) if (this.#entries[offset + i] !== digest[i]) return false
    return true
  }

  #grow(): void {
    const entries = new Uint8Array(this.#entries.length * 2)
    entries.set(this.#entries)
    this.#entries = entries
    this.#view = new DataView(entries.buffer)
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2)
    for (let number = 0; number < this.#count; number++) this.#slots[this.#slotOf(this.digest(number))] = number + 1
  }
}

function prefix(digest: Digest): number {
  return ((digest[0] ?? 0) << 24) | ((digest[1] ?? 0) << 16) | ((digest[2] ?? 0) << 8) | (digest[3] ?? 0)
}
