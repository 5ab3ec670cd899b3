// RLP as the trie needs it: strings and lists of strings written into one growing buffer, and one level read back. For anything
// wider there is @ethereumjs/rlp; this is here because the trie writes a few thousand nodes a block.

const shortMax = 55

/** How long the RLP of a string is. */
export function stringLength(bytes: Uint8Array): number {
  if (bytes.length === 1 && (bytes[0] ?? 0) < 0x80) return 1
  return headerLength(bytes.length) + bytes.length
}

export function headerLength(payload: number): number {
  return payload <= shortMax ? 1 : 1 + lengthBytes(payload)
}

function lengthBytes(value: number): number {
  return value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4
}

/** Writes a header for `payload` bytes; `short` is 0x80 (string) or 0xc0 (list). Returns where it ends. */
export function writeHeader(into: Uint8Array, at: number, payload: number, short: number): number {
  if (payload <= shortMax) {
    into[at] = short + payload
    return at + 1
  }
  const bytes = lengthBytes(payload)
  into[at] = short + shortMax + bytes
  for (let index = 0; index < bytes; index++) into[at + 1 + index] = payload >>> (8 * (bytes - 1 - index))
  return at + 1 + bytes
}

export function writeString(into: Uint8Array, at: number, bytes: Uint8Array): number {
  if (bytes.length === 1 && (bytes[0] ?? 0) < 0x80) {
    into[at] = bytes[0] ?? 0
    return at + 1
  }
  const start = writeHeader(into, at, bytes.length, 0x80)
  into.set(bytes, start)
  return start + bytes.length
}

export function encodeString(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(stringLength(bytes))
  writeString(out, 0, bytes)
  return out
}

export function encodeStrings(items: readonly Uint8Array[]): Uint8Array {
  let payload = 0
  for (const item of items) payload += stringLength(item)
  const out = new Uint8Array(headerLength(payload) + payload)
  let at = writeHeader(out, 0, payload, 0xc0)
  for (const item of items) at = writeString(out, at, item)
  return out
}

/** A string's content, or of a list the whole encoding (so that it can be read in its turn). */
export interface Item {
  readonly list: boolean
  readonly bytes: Uint8Array
}

/** The items of a list, one level deep; undefined when these bytes are no list. */
export function readList(bytes: Uint8Array): Item[] | undefined {
  const outer = readHeader(bytes, 0)
  if (outer === undefined || !outer.list || outer.end !== bytes.length) return undefined
  const items: Item[] = []
  for (let at = outer.start; at < outer.end; ) {
    const inner = readHeader(bytes, at)
    if (inner === undefined || inner.end > outer.end) return undefined
    items.push({ list: inner.list, bytes: bytes.subarray(inner.list ? at : inner.start, inner.end) })
    at = inner.end
  }
  return items
}

export function readString(bytes: Uint8Array): Uint8Array | undefined {
  const header = readHeader(bytes, 0)
  return header === undefined || header.list || header.end !== bytes.length ? undefined : bytes.subarray(header.start)
}

function readHeader(bytes: Uint8Array, at: number): { list: boolean; start: number; end: number } | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  if (first < 0x80) return { list: false, start: at, end: at + 1 }
  const list = first >= 0xc0
  const length = first - (list ? 0xc0 : 0x80)
  if (length <= shortMax) return within(bytes, list, at + 1, length)
  let long = 0
  const size = length - shortMax
  if (size > 4) return undefined
  for (let index = 1; index <= size; index++) long = long * 256 + (bytes[at + index] ?? 0)
  return within(bytes, list, at + 1 + size, long)
}

function within(bytes: Uint8Array, list: boolean, start: number, length: number) {
  const end = start + length
  return end > bytes.length ? undefined : { list, start, end }
}

/** Big-endian without leading zeros; zero is empty. */
export function bigintToBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0)
  let hex = value.toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

export function bytesToBigint(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  return BigInt(`0x${Buffer.prototype.hexSlice.call(bytes, 0, bytes.length)}`)
}
