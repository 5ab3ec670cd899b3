// A version of a share, signed by the share key: what links lead to. docs/protocol/share.md, "Record".
//
//   record = DAG-CBOR [payload, signature];  payload = DAG-CBOR map;  signature over label ‖ payload
//
// What must stay true: one record has one encoding, so decoding checks that encoding again gives the same bytes, and
// the signature is checked over the bytes that arrived.

import { sign, verify } from 'node:crypto'
import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes } from '../../base/bytes.ts'
import type { Digest, ShareKey, VersionRecord, Visibility } from '../types.ts'
import { formatErrors } from './errors.ts'
import { inventoryPageCount } from './inventory.ts'
import { shareKeyOf, signedBytes, signingKeyOf, verifyingKeyOf } from './keys.ts'
import { blockBytesMax, blocksMax, createdMsMax, metaBytesMax, recordBytesMax, sequenceMax } from './limits.ts'

const version = 1

/** The record as it goes over the wire. `signingSeed` must be that of `record.share`. */
export function signRecord(record: VersionRecord, signingSeed: Uint8Array): Uint8Array {
  if (!equalBytes(shareKeyOf(signingSeed), record.share)) {
    throw formatErrors.record_not_trusted('This computer has not the key that signs the share.')
  }
  const payload = encodePayload(record)
  return encode([payload, new Uint8Array(sign(null, signedBytes(payload), signingKeyOf(signingSeed)))])
}

/**
 * Reads and checks a record: form, bounds, signature, and that it is of `expectedShare` when given. Throws
 * `record_malformed`, `record_newer`, `record_not_trusted`.
 */
export function openRecord(bytes: Uint8Array, expectedShare?: ShareKey): VersionRecord {
  if (bytes.length > recordBytesMax) throw malformed('is too long')
  const [payload, signature] = readEnvelope(bytes)
  const record = checkRecord(decodeCbor(payload))
  if (!equalBytes(encodePayload(record), payload)) throw malformed('is not in canonical form')
  if (!equalBytes(encode([payload, signature]), bytes)) throw malformed('is not in canonical form')
  if (expectedShare !== undefined && !equalBytes(record.share, expectedShare)) {
    throw formatErrors.record_not_trusted('The record is of another share.')
  }
  if (!isSignedBy(record.share, payload, signature)) {
    throw formatErrors.record_not_trusted('The record is not signed by the author of the share.')
  }
  return record
}

function encodePayload(record: VersionRecord): Uint8Array {
  const { bytes, blocks, createdMs, meta, pages, sequence, share, visibility } = record
  return encode({ bytes, blocks, createdMs, meta, pages, sequence, share, v: version, visibility })
}

function readEnvelope(bytes: Uint8Array): [payload: Uint8Array, signature: Uint8Array] {
  const envelope = decodeCbor(bytes)
  if (!Array.isArray(envelope) || envelope.length !== 2) throw malformed('is not a pair')
  const [payload, signature]: unknown[] = envelope
  if (!isBytes(payload) || !isBytes(signature, 64)) throw malformed('is not a pair of payload and signature')
  return [payload, signature]
}

function decodeCbor(bytes: Uint8Array): unknown {
  try {
    return decode(bytes)
  } catch (cause) {
    throw malformed('is not DAG-CBOR', cause)
  }
}

function isSignedBy(share: ShareKey, payload: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, signedBytes(payload), verifyingKeyOf(share), signature)
  } catch {
    return false // not a point of the curve
  }
}

function checkRecord(decoded: unknown): VersionRecord {
  if (typeof decoded !== 'object' || decoded === null) throw malformed('is not a map')
  const { bytes, blocks, createdMs, meta, pages, sequence, share, v, visibility } = decoded as Record<string, unknown>
  if (typeof v === 'number' && v > version) throw formatErrors.record_newer('A newer Peerhood made this share.')
  if (v !== version) throw malformed('has no version')
  if (!isInteger(blocks, 1, blocksMax)) throw malformed('has a wrong number of blocks')
  if (!isInteger(bytes, 0, blocks * blockBytesMax)) throw malformed('has a wrong size')
  if (!isInteger(createdMs, 0, createdMsMax)) throw malformed('has a wrong time')
  if (!isInteger(sequence, 1, sequenceMax)) throw malformed('has a wrong version number')
  if (!isBytes(meta) || meta.length > metaBytesMax) throw malformed('has a wrong description')
  if (!isBytes(share, 32)) throw malformed('has a wrong share key')
  if (!isVisibility(visibility)) throw malformed('is neither public nor private')
  if (
    !Array.isArray(pages) ||
    pages.length !== inventoryPageCount(blocks) ||
    !pages.every((page) => isBytes(page, 32))
  ) {
    throw malformed('has a wrong list of pages')
  }
  return {
    bytes,
    blocks,
    createdMs,
    meta,
    pages: pages as Digest[],
    sequence,
    share: share as ShareKey,
    visibility,
  }
}

function isBytes(value: unknown, length?: number): value is Uint8Array {
  return value instanceof Uint8Array && (length === undefined || value.length === length)
}

function isInteger(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
}

function isVisibility(value: unknown): value is Visibility {
  return value === 'public' || value === 'private'
}

function malformed(what: string, cause?: unknown) {
  return formatErrors.record_malformed(`The record of the share ${what}.`, { cause })
}
