// Reads fixed layouts from bytes of strangers, and writes them. Strict: nothing is skipped, nothing may be left.

import { fromHex, toHex } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import type { Hash } from '../types.ts'
import { numberMax } from './limits.ts'

export class Cursor {
  readonly #bytes: Uint8Array
  readonly #malformed: () => Error
  #at = 0

  constructor(bytes: Uint8Array, malformed: () => Error) {
    this.#bytes = bytes
    this.#malformed = malformed
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw this.#malformed()
    this.#at += length
    return this.#bytes.slice(this.#at - length, this.#at)
  }

  u8(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw this.#malformed()
    return byte
  }

  u16(): number {
    return this.u8() * 256 + this.u8()
  }

  u32(): number {
    return this.u16() * 65_536 + this.u16()
  }

  /** At most `numberMax`. */
  u64(): number {
    const value = this.u32() * 2 ** 32 + this.u32()
    if (value > numberMax) throw this.#malformed()
    return value
  }

  hash(): Hash {
    return `0x${toHex(this.take(32))}` as Hash
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw this.#malformed()
  }
}

export function u8(value: number): Uint8Array {
  return Uint8Array.of(value)
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 255)
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
}

export function u64(value: number): Uint8Array {
  assert(Number.isSafeInteger(value) && value >= 0 && value <= numberMax, 'a number of the ledger has 48 bits')
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(value / 2 ** 32))
  view.setUint32(4, value % 2 ** 32)
  return bytes
}

export function hexBytes(hex: `0x${string}`): Uint8Array {
  const bytes = fromHex(hex.slice(2))
  assert(bytes !== undefined, 'hashes and addresses are lower-case hex')
  return bytes
}
