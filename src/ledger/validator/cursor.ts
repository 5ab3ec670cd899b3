// Reads and writes the numbers, hashes and byte strings that this folder's formats are made of. All numbers are big-endian.
// Whatever ends too early or is out of its range throws what the format's owner gave.

import { concatBytes, fromHex, fromUtf8, toHex, utf8 } from '../../base/bytes.ts'
import type { Address, Hash } from '../types.ts'

/** Numbers up to 2^53 − 1 are written in eight bytes. */
const highMax = 2 ** 21

export class Cursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #wrong: () => Error
  #at = 0

  constructor(bytes: Uint8Array, wrong: () => Error) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#wrong = wrong
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  #take(length: number): number {
    if (length > this.left) throw this.#wrong()
    const at = this.#at
    this.#at += length
    return at
  }

  u8(max = 255): number {
    const value = this.#view.getUint8(this.#take(1))
    if (value > max) throw this.#wrong()
    return value
  }

  u16(max = 65_535): number {
    const value = this.#view.getUint16(this.#take(2))
    if (value > max) throw this.#wrong()
    return value
  }

  u32(max = 2 ** 32 - 1): number {
    const value = this.#view.getUint32(this.#take(4))
    if (value > max) throw this.#wrong()
    return value
  }

  u64(max = Number.MAX_SAFE_INTEGER): number {
    const at = this.#take(8)
    const high = this.#view.getUint32(at)
    if (high >= highMax) throw this.#wrong()
    const value = high * 2 ** 32 + this.#view.getUint32(at + 4)
    if (value > max) throw this.#wrong()
    return value
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.slice(at, at + length)
  }

  /** A length in four bytes, and so many bytes. */
  bytes(max: number, min = 0): Uint8Array {
    const length = this.u32(max)
    if (length < min) throw this.#wrong()
    return this.raw(length)
  }

  hash(): Hash {
    return `0x${toHex(this.raw(32))}` as Hash
  }

  address(): Address {
    return `0x${toHex(this.raw(20))}` as Address
  }

  /** UTF-8 of at most `max` bytes, its length in two. */
  text(max: number): string {
    const text = fromUtf8(this.raw(this.u16(max)))
    if (text === undefined) throw this.#wrong()
    return text
  }

  flag(): boolean {
    return this.u8(1) === 1
  }

  optional<Value>(read: () => Value): Value | undefined {
    return this.flag() ? read() : undefined
  }

  /** A count in two bytes, and so many of them. */
  list<Value>(max: number, read: () => Value): Value[] {
    const count = this.u16(max)
    const items: Value[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  end(): void {
    if (this.left > 0) throw this.#wrong()
  }
}

export function u8(value: number): Uint8Array {
  return Uint8Array.of(value)
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 255)
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(value / 2 ** 32))
  view.setUint32(4, value % 2 ** 32)
  return bytes
}

/** Of a hash or an address. */
export function hexBytes(hex: Hash | Address): Uint8Array {
  const bytes = fromHex(hex.slice(2))
  if (bytes === undefined) throw new Error('assertion failed: hashes and addresses are lower-case hex')
  return bytes
}

export function sized(bytes: Uint8Array): Uint8Array {
  return concatBytes(u32(bytes.length), bytes)
}

export function textBytes(text: string): Uint8Array {
  const bytes = utf8(text)
  return concatBytes(u16(bytes.length), bytes)
}

export function optionalBytes<Value>(value: Value | undefined, write: (value: Value) => Uint8Array): Uint8Array {
  return value === undefined ? u8(0) : concatBytes(u8(1), write(value))
}

export function listBytes<Value>(items: readonly Value[], write: (item: Value) => Uint8Array): Uint8Array {
  return concatBytes(u16(items.length), ...items.map(write))
}
