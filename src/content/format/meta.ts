// What the author says of a version: name, kind and size, in DAG-CBOR. Public shares show it as it is; private ones pad
// and seal it as a block. docs/protocol/share.md, "Meta".

import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes, fromUtf8, utf8 } from '../../base/bytes.ts'
import type { VersionMeta } from '../types.ts'
import { dagPbCodec, rawCodec } from './cid.ts'
import { formatErrors } from './errors.ts'
import { blocksMax, layoutEntriesMax, metaBytesMax, metaPaddingBytes, nameBytesMax } from './limits.ts'
import type { Sealer } from './seal.ts'

const version = 1

/** Canonical DAG-CBOR of a version's meta. */
export function encodeMeta(meta: VersionMeta): Uint8Array {
  const { bytes, files, kind, name, nodes, rootCodec } = meta
  // The name as bytes: decoders of text drop a byte order mark at its start.
  return encode({ bytes, files, kind, name: utf8(name), nodes, rootCodec, v: version })
}

/** Strict inverse of {@link encodeMeta}; throws `meta_malformed`, or `record_newer` for a later version of it. */
export function decodeMeta(bytes: Uint8Array): VersionMeta {
  if (bytes.length > metaBytesMax) throw malformed('is too long')
  const meta = checkMeta(decodeMap(bytes))
  if (!equalBytes(encodeMeta(meta), bytes)) throw malformed('is not in canonical form')
  return meta
}

/** Meta as a record carries it: as it is (public), or padded with zero bytes to a multiple of 256 and sealed. */
export function sealMeta(meta: VersionMeta, sealer: Sealer): Uint8Array {
  const plain = encodeMeta(meta)
  return sealer.overheadBytes === 0 ? plain : sealer.seal(padded(plain))
}

/** Strict inverse of {@link sealMeta}; throws `block_seal_wrong`, `meta_malformed`, `record_newer`. */
export function openMeta(bytes: Uint8Array, sealer: Sealer): VersionMeta {
  if (bytes.length > metaBytesMax) throw malformed('is too long')
  if (sealer.overheadBytes === 0) return decodeMeta(bytes)
  const opened = sealer.open(bytes)
  // The last key of the map in canonical order is `rootCodec`, whose value is never zero: all zeros at the end are padding.
  const plain = opened.subarray(0, opened.findLastIndex((byte) => byte !== 0) + 1)
  const meta = decodeMeta(plain)
  if (opened.length !== paddedBytes(plain.length)) throw malformed('is not padded as it should be')
  return meta
}

function padded(plain: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(paddedBytes(plain.length))
  bytes.set(plain)
  return bytes
}

const paddedBytes = (bytes: number) => Math.ceil(bytes / metaPaddingBytes) * metaPaddingBytes

function decodeMap(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let decoded: unknown
  try {
    decoded = decode(bytes)
  } catch (cause) {
    throw malformed('is not DAG-CBOR', cause)
  }
  if (typeof decoded !== 'object' || decoded === null) throw malformed('is not a map')
  return decoded as Record<string, unknown>
}

function checkMeta(map: Readonly<Record<string, unknown>>): VersionMeta {
  const { bytes, files, kind, name, nodes, rootCodec, v } = map
  if (typeof v === 'number' && v > version) {
    throw formatErrors.record_newer('The description of the share was made by a newer Peerhood.')
  }
  if (v !== version) throw malformed('has no version')
  if (!isCount(bytes, Number.MAX_SAFE_INTEGER)) throw malformed('has a wrong size')
  if (!isCount(files, layoutEntriesMax)) throw malformed('has a wrong number of files')
  if (!isCount(nodes, blocksMax)) throw malformed('has a wrong number of inner nodes')
  if (kind !== 'file' && kind !== 'folder') throw malformed('is neither of a file nor of a folder')
  if (rootCodec !== rawCodec && rootCodec !== dagPbCodec) throw malformed('has an unknown codec')
  if (kind === 'file' && files !== 1) throw malformed('is of a file that is not one file')
  // A raw root is a leaf: a file without inner nodes. Every other root is an inner node.
  if ((rootCodec === rawCodec) !== (nodes === 0)) throw malformed('has a wrong number of inner nodes')
  if (rootCodec === rawCodec && kind === 'folder') throw malformed('is of a folder that is a leaf')
  return { bytes, files, kind, name: checkName(name), nodes, rootCodec }
}

function checkName(name: unknown): string {
  const isName = name instanceof Uint8Array && name.length > 0 && name.length <= nameBytesMax
  const text = isName ? fromUtf8(name) : undefined
  if (text === undefined) throw malformed('has a wrong name')
  return text
}

function isCount(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max
}

function malformed(what: string, cause?: unknown) {
  return formatErrors.meta_malformed(`The description of the share ${what}.`, { cause })
}
