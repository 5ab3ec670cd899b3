// RLP (Yellow Paper, appendix B), read strictly: what is read is written back byte by byte the same, nothing follows it, and
// lists are not nested deeper than blocks nest them. The decoder of @ethereumjs/rlp copies each list at each level and knows
// no depth: a block of a stranger would take gigabytes with it. Its encoder is used.

import { RLP } from '@ethereumjs/rlp'

export type RlpItem = Uint8Array | RlpItem[]

/** Block, transactions, a legacy transaction; or transaction, access list, pair, keys. */
const depthMax = 6

export function encodeRlp(item: RlpItem): Uint8Array {
  return RLP.encode(item)
}

/** Views of the bytes, not copies. Undefined for what is no RLP, or not written the only way. */
export function decodeRlp(bytes: Uint8Array): RlpItem | undefined {
  const reader = { bytes, at: 0 }
  const item = readItem(reader, bytes.length, 0)
  return reader.at === bytes.length ? item : undefined
}

interface Reader {
  readonly bytes: Uint8Array
  at: number
}

function readItem(reader: Reader, end: number, depth: number): RlpItem | undefined {
  if (reader.at >= end) return undefined
  const first = reader.bytes[reader.at++] ?? 0
  if (first < 0x80) return reader.bytes.subarray(reader.at - 1, reader.at)
  const isList = first >= 0xc0
  const length = readLength(reader, end, first - (isList ? 0xc0 : 0x80))
  if (length === undefined || length > end - reader.at) return undefined
  if (isList) return depth < depthMax ? readList(reader, reader.at + length, depth) : undefined
  const start = reader.at
  reader.at += length
  // A byte below 0x80 is written as itself.
  if (length === 1 && (reader.bytes[start] ?? 0) < 0x80) return undefined
  return reader.bytes.subarray(start, reader.at)
}

function readList(reader: Reader, end: number, depth: number): RlpItem[] | undefined {
  const items: RlpItem[] = []
  while (reader.at < end) {
    const item = readItem(reader, end, depth + 1)
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

/** Up to 55 stands in the first byte; what is longer says how many bytes its length has, without leading zeros. */
function readLength(reader: Reader, end: number, code: number): number | undefined {
  if (code < 56) return code
  const count = code - 55
  if (count > 4 || count > end - reader.at || reader.bytes[reader.at] === 0) return undefined
  let length = 0
  for (let left = count; left > 0; left--) length = length * 256 + (reader.bytes[reader.at++] ?? 0)
  return length < 56 ? undefined : length
}
