// A reader of DAG-CBOR that tells by the bytes alone that they are canonical: decoding and encoding again says the same and
// takes several times as long, which counts where a million entries are read. It knows what apps write (no floats, no links)
// and gives up on everything else, for the whole decoder to look at.

import { fromUtf8 } from './bytes.ts'

/** Nobody nests deeper; what does is left to the decoder. */
const depthMax = 32

/** The least number that takes one byte, two, four or eight (RFC 8949 §4.2.1). */
export const leastNumberOf = [24, 2 ** 8, 2 ** 16, 2 ** 32]

/** Texts up to this length are looked up, or put together by character; Node's own way pays for longer ones only. */
const shortTextMax = 16

const copiedByByteMax = 64

/**
 * Short texts that were read last, by a number from their bytes: nearly all are names of fields, which are the same in each
 * entry. One that is found is neither made nor hashed again.
 */
const shortTexts: string[] = new Array(256).fill('')

/** Thrown within, once for all. */
const unsure = new Error('not surely canonical')

/**
 * The value that these bytes are the canonical DAG-CBOR of, as `@ipld/dag-cbor` gives it; undefined when that is not sure. That
 * says nothing: there may be floats, links or large numbers in them, or they are no DAG-CBOR at all.
 */
export function readCanonical(bytes: Uint8Array): { readonly value: unknown } | undefined {
  const reader = new Reader(bytes)
  try {
    const value = reader.item(0)
    return reader.isAtEnd ? { value } : undefined
  } catch (error) {
    if (error === unsure) return undefined
    throw error
  }
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  item(depth: number): unknown {
    const first = this.#byte()
    const type = first >> 5
    if (type === 7) return simple(first)
    const value = this.#number(first & 31)
    switch (type) {
      case 0:
        return value
      case 1:
        if (value >= Number.MAX_SAFE_INTEGER) throw unsure
        return -1 - value
      case 2:
        return this.#copy(this.#skip(value), value)
      case 3:
        return this.#text(value)
      case 4:
        return this.#list(value, depth)
      case 5:
        return this.#map(value, depth)
      default:
        throw unsure
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw unsure
    return byte
  }

  /** In its shortest form (RFC 8949 §4.2.1), and exact as a double. */
  #number(info: number): number {
    if (info < 24) return info
    if (info > 27) throw unsure
    let value = 0
    for (let left = 1 << (info - 24); left > 0; left--) value = value * 256 + this.#byte()
    if (value < (leastNumberOf[info - 24] ?? 0) || value > Number.MAX_SAFE_INTEGER) throw unsure
    return value
  }

  /** Goes on by so many bytes; where they begin. */
  #skip(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) throw unsure
    this.#at += length
    return start
  }

  /** Most are ids: byte by byte takes less than a view and a copy of it. */
  #copy(start: number, length: number): Uint8Array {
    const copy = new Uint8Array(length)
    if (length > copiedByByteMax) copy.set(this.#bytes.subarray(start, start + length))
    else for (let at = 0; at < length; at++) copy[at] = this.#bytes[start + at] ?? 0
    return copy
  }

  #text(length: number): string {
    const start = this.#skip(length)
    let [bits, sum] = [0, length]
    for (let at = start; at < this.#at; at++) {
      const byte = this.#bytes[at] ?? 0
      bits |= byte
      sum = (sum * 31 + byte) & 0xff
    }
    if (bits >= 0x80) return this.#wideText(start)
    if (length > shortTextMax) return asBuffer(this.#bytes).toString('latin1', start, this.#at)
    const known = shortTexts[sum] ?? ''
    if (this.#isAt(start, known)) return known
    const text = this.#shortText(start)
    shortTexts[sum] = text
    return text
  }

  /** Whether the text that begins there and ends here is this one. */
  #isAt(start: number, text: string): boolean {
    if (text.length !== this.#at - start) return false
    for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== this.#bytes[start + at]) return false
    return true
  }

  #shortText(start: number): string {
    let text = ''
    for (let at = start; at < this.#at; at++) text += String.fromCharCode(this.#bytes[at] ?? 0)
    return text
  }

  #wideText(start: number): string {
    const text = fromUtf8(this.#bytes.subarray(start, this.#at))
    // The decoder takes a byte order mark away.
    if (text === undefined || text.startsWith('\ufeff')) throw unsure
    return text
  }

  #list(length: number, depth: number): unknown[] {
    if (depth >= depthMax || length > this.#bytes.length - this.#at) throw unsure
    const items: unknown[] = []
    for (let left = length; left > 0; left--) items.push(this.item(depth + 1))
    return items
  }

  /** Keys are text, shorter ones first, those of one length by their bytes (DAG-CBOR, "Strictness"). */
  #map(length: number, depth: number): Record<string, unknown> {
    if (depth >= depthMax) throw unsure
    const map: Record<string, unknown> = {}
    let [before, beforeEnd] = [0, 0]
    for (let left = length; left > 0; left--) {
      const start = this.#at
      const first = this.#byte()
      if (first >> 5 !== 3) throw unsure
      const key = this.#text(this.#number(first & 31))
      // It is no key like others to who makes objects.
      if (key === '__proto__') throw unsure
      if (beforeEnd > 0 && !this.#isBefore(before, beforeEnd, start)) throw unsure
      ;[before, beforeEnd] = [start, this.#at]
      map[key] = this.item(depth + 1)
    }
    return map
  }

  /** Of two texts with their heads, the second ending here: a shorter one has a lesser head. */
  #isBefore(a: number, aEnd: number, b: number): boolean {
    if (aEnd - a !== this.#at - b) return aEnd - a < this.#at - b
    for (let offset = 0; a + offset < aEnd; offset++) {
      const difference = (this.#bytes[a + offset] ?? 0) - (this.#bytes[b + offset] ?? 0)
      if (difference !== 0) return difference < 0
    }
    return false
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function simple(first: number): boolean | null {
  if (first === 0xf4) return false
  if (first === 0xf5) return true
  if (first === 0xf6) return null
  throw unsure
}
