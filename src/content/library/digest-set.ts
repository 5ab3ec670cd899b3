// The distinct digests of one version in the order in which they came, packed: 36 bytes an entry and 8 of hash table,
// so that a million blocks fit into 50 MB. The digests are of our own files; colliding ones cost time, nothing else.

import { assert } from '../../base/errors.ts'
import type { InventoryEntry } from '../format/inventory.ts'
import { asDigest } from '../format/keys.ts'
import type { Digest } from '../types.ts'

const entryBytes = 36
/** Entries lie in pages, since copying all of them when there is no more room would hold the thread. */
const pageEntries = 1024

export class DigestSet {
  readonly #pages: DataView[] = []
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
    if (this.#count === this.#pages.length * pageEntries) {
      this.#pages.push(new DataView(new ArrayBuffer(pageEntries * entryBytes)))
    }
    bytesOf(this.#pageOf(this.#count), this.#count).set(digest)
    this.#pageOf(this.#count).setUint32(offsetOf(this.#count) + 32, length)
    this.#count += 1
    this.#slots[slot] = this.#count
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    return true
  }

  has(digest: Digest): boolean {
    return this.#slots[this.#slotOf(digest)] !== 0
  }

  /** A view into the set; do not write to it. */
  digest(number: number): Digest {
    return asDigest(bytesOf(this.#pageOf(number), number))
  }

  length(number: number): number {
    return this.#pageOf(number).getUint32(offsetOf(number) + 32)
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
    const page = this.#pageOf(number)
    const offset = offsetOf(number)
    for (let i = 0; i < 32; i++) if (page.getUint8(offset + i) !== digest[i]) return false
    return true
  }

  #pageOf(number: number): DataView {
    const page = this.#pages[Math.floor(number / pageEntries)]
    assert(page !== undefined, 'an entry lies in a page')
    return page
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    // They are known to differ, so their places need no comparing: growing holds the thread.
    for (let number = 0; number < this.#count; number++) {
      let slot = this.#pageOf(number).getUint32(offsetOf(number)) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = number + 1
    }
  }
}

function offsetOf(number: number): number {
  return (number % pageEntries) * entryBytes
}

/** The digest's bytes. */
function bytesOf(page: DataView, number: number): Uint8Array {
  return new Uint8Array(page.buffer, offsetOf(number), 32)
}

function prefix(digest: Digest): number {
  return ((digest[0] ?? 0) << 24) | ((digest[1] ?? 0) << 16) | ((digest[2] ?? 0) << 8) | (digest[3] ?? 0)
}
