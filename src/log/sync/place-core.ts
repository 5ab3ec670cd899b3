// Where an entry stands in its device's chain, read off its first bytes: what a session needs of each of a hundred thousand
// entries, before the log has decoded, hashed and checked any. Nothing here is trusted; a lie costs only the liar.

import { toHex } from '../../base/bytes.ts'
import type { DeviceId, EntryId } from '../types.ts'

export interface PeekedPlace {
  readonly device: DeviceId
  readonly seq: number
  /** Undefined for a device's first entry. */
  readonly prev: EntryId | undefined
}

// docs/protocol/log.md: entry = [header bytes, signature], header = [1, community, device, seq, prev, …] in DAG-CBOR.
const arrayOfTwo = 0x82
const bytesWithU8 = 0x58
const bytesWithU16 = 0x59
const bytesWithU32 = 0x5a
const emptyBytes = 0x40
const arrayOfThirteen = 0x8d
const versionOne = 0x01

/** Undefined for what is no entry of the version that we know. */
export function peekPlace(bytes: Uint8Array): PeekedPlace | undefined {
  let at = headerStart(bytes)
  if (at === undefined || bytes[at] !== arrayOfThirteen || bytes[at + 1] !== versionOne) return undefined
  at += 2
  const community = readId(bytes, at)
  if (community === undefined) return undefined
  const device = readId(bytes, community.next)
  if (device?.hex === undefined) return undefined
  const seq = readUint(bytes, device.next)
  if (seq === undefined) return undefined
  const prev = readId(bytes, seq.next)
  if (prev === undefined) return undefined
  return { device: device.hex as DeviceId, seq: seq.value, prev: prev.hex as EntryId | undefined }
}

function headerStart(bytes: Uint8Array): number | undefined {
  if (bytes[0] !== arrayOfTwo) return undefined
  if (bytes[1] === bytesWithU8) return 3
  if (bytes[1] === bytesWithU16) return 4
  return bytes[1] === bytesWithU32 ? 6 : undefined
}

/** 32 bytes, or none. */
function readId(
  bytes: Uint8Array,
  at: number,
): { readonly hex: string | undefined; readonly next: number } | undefined {
  if (bytes[at] === emptyBytes) return { hex: undefined, next: at + 1 }
  if (bytes[at] !== bytesWithU8 || bytes[at + 1] !== 32 || at + 34 > bytes.length) return undefined
  return { hex: toHex(bytes.subarray(at + 2, at + 34)), next: at + 34 }
}

function readUint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  if (first < 24) return { value: first, next: at + 1 }
  const width = [1, 2, 4, 8][first - 24]
  if (width === undefined || at + 1 + width > bytes.length) return undefined
  let value = 0
  for (let i = 1; i <= width; i++) value = value * 256 + (bytes[at + i] ?? 0)
  return Number.isSafeInteger(value) ? { value, next: at + 1 + width } : undefined
}
