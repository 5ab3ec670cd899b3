// Records of the vote log as bytes (wal.ts says what they are for).

import { concatBytes } from '../../base/bytes.ts'
import { walRecordBytesMax } from './limits.ts'

const headBytes = 8

export function frameRecord(record: Uint8Array): Uint8Array {
  const head = new Uint8Array(headBytes)
  const view = new DataView(head.buffer)
  view.setUint32(0, record.length)
  view.setUint32(4, crc32(record, crc32(head.subarray(0, 4))))
  return concatBytes(head, record)
}

/** The whole records from the start, and how many bytes they take; what follows is torn. */
export function readRecords(content: Uint8Array): { records: readonly Uint8Array[]; goodBytes: number } {
  const records: Uint8Array[] = []
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  let at = 0
  while (at + headBytes <= content.length) {
    const length = view.getUint32(at)
    const end = at + headBytes + length
    if (length > walRecordBytesMax || end > content.length) break
    const record = content.slice(at + headBytes, end)
    if (view.getUint32(at + 4) !== crc32(record, crc32(content.subarray(at, at + 4)))) break
    records.push(record)
    at = end
  }
  return { records, goodBytes: at }
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** As zlib has it; `before` is the checksum of the bytes in front. A record of zeros does not have the checksum zero. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before
  for (const byte of bytes) value = (value >>> 8) ^ (table[(value ^ byte) & 255] ?? 0)
  return ~value >>> 0
}
