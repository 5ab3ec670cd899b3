// Bits by block index, packed as they go over the wire: most significant bit first, trailing bits zero.

import type { ReadonlyBitfield } from '../types.ts'
import { formatErrors } from './errors.ts'

export class Bitfield implements ReadonlyBitfield {
  readonly length: number
  readonly #bytes: Uint8Array
  #ones = 0

  /** All bits zero. */
  constructor(length: number) {
    this.length = length
    this.#bytes = new Uint8Array(Math.ceil(length / 8))
  }

  /** Strict inverse of {@link Bitfield.toBytes}; throws `bitfield_malformed`. Copies. */
  static fromBytes(bytes: Uint8Array, length: number): Bitfield {
    const field = new Bitfield(length)
    if (bytes.length !== field.#bytes.length) {
      throw formatErrors.bitfield_malformed(`A bitfield of ${length} bits has ${field.#bytes.length} bytes.`)
    }
    const spare = bytes.length * 8 - length
    if (((bytes.at(-1) ?? 0) & ((1 << spare) - 1)) !== 0) {
      throw formatErrors.bitfield_malformed('A bitfield has bits set past its end.')
    }
    field.#bytes.set(bytes)
    for (const byte of bytes) field.#ones += onesOfByte[byte] ?? 0
    return field
  }

  get ones(): number {
    return this.#ones
  }

  /** False for an index outside. */
  has(index: number): boolean {
    return ((this.#bytes[index >>> 3] ?? 0) & maskOf(index)) !== 0 && index < this.length
  }

  /** Sets a bit; false when it was set already. */
  set(index: number): boolean {
    this.#checkIndex(index)
    if (this.has(index)) return false
    this.#bytes[index >>> 3] = (this.#bytes[index >>> 3] ?? 0) | maskOf(index)
    this.#ones++
    return true
  }

  /** Clears a bit; false when it was clear already. */
  clear(index: number): boolean {
    this.#checkIndex(index)
    if (!this.has(index)) return false
    this.#bytes[index >>> 3] = (this.#bytes[index >>> 3] ?? 0) & ~maskOf(index)
    this.#ones--
    return true
  }

  /** Sets all bits. */
  fill(): void {
    this.#bytes.fill(0xff)
    const spare = this.#bytes.length * 8 - this.length
    if (spare > 0) this.#bytes[this.#bytes.length - 1] = (0xff << spare) & 0xff
    this.#ones = this.length
  }

  /** Indexes of clear bits, ascending. The field may change meanwhile: each bit counts as it is when reached. */
  *missing(): Generator<number, void, undefined> {
    for (let index = 0; index < this.length; index++) {
      if ((index & 7) === 0 && this.#bytes[index >>> 3] === 0xff) index += 7
      else if (!this.has(index)) yield index
    }
  }

  toBytes(): Uint8Array {
    return this.#bytes.slice()
  }

  #checkIndex(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.length) return
    throw new RangeError(`assertion failed: bit ${index} of ${this.length}`)
  }
}

const maskOf = (index: number) => 0x80 >>> (index & 7)

const onesOfByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0
  for (let rest = byte; rest !== 0; rest >>= 1) ones += rest & 1
  return ones
})
