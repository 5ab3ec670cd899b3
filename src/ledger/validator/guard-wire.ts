// The signer guard's file as bytes (guard.ts says what it is for).

import { concatBytes } from '../../base/bytes.ts'
import type { Place } from '../consensus/types.ts'
import { Cursor, u8, u32, u64 } from './cursor.ts'
import { validatorErrors } from './errors.ts'
import { crc32 } from './wal-wire.ts'

const magic = 0x50484731 // 'PHG1'
const bodyBytes = 4 + 8 + 8 + 1

export function encodeGuard(place: Place): Uint8Array {
  const body = concatBytes(u32(magic), u64(place.epoch), u64(place.view), u8(place.rank))
  return concatBytes(body, u32(crc32(body)))
}

/** Throws `ledger_file_damaged`. */
export function decodeGuard(bytes: Uint8Array): Place {
  const damaged = () => validatorErrors.ledger_file_damaged('The signer guard of this validator is damaged.')
  const cursor = new Cursor(bytes, damaged)
  if (cursor.u32() !== magic) throw damaged()
  const [epoch, view, rank] = [cursor.u64(), cursor.u64(), cursor.u8(2)]
  if (rank === 0) throw damaged()
  const place: Place = { epoch, view, rank: rank === 1 ? 1 : 2 }
  if (cursor.u32() !== crc32(bytes.subarray(0, bodyBytes))) throw damaged()
  cursor.end()
  return place
}
