// What a snapshot is, in bytes: the block whose state it holds, the headers before it that BLOCKHASH reaches, and the digests of
// the state's parts in their order. Canonical RLP; nothing of it is trusted but what the certificate and the state root bind.
//
//   [ 1, header, certificate, [header] (oldest first, the last is the parent), [digest] (keccak-256 of each part) ]

import type { Hash } from '../types.ts'
import { chainErrors } from './errors.ts'
import { bytesOfHex, decodeHeader, hashOfBytes, headerOf } from './header-wire.ts'
import { blockHashesMax, certificateBytesMax, snapshotBytesMax, snapshotPartsMax } from './limits.ts'
import { decodeRlp, encodeRlp, type RlpItem } from './rlp-wire.ts'
import type { Header } from './types.ts'

export interface Manifest {
  readonly header: Header
  readonly certificate: Uint8Array
  /** Up to the parent, at most `blockHashesMax`. */
  readonly before: readonly Header[]
  readonly parts: readonly Hash[]
}

const version = Uint8Array.of(1)

export function encodeManifest({ header, certificate, before, parts }: Manifest): Uint8Array {
  return encodeRlp([version, header.bytes, certificate, before.map(({ bytes }) => bytes), parts.map(bytesOfHex)])
}

/** Throws `snapshot_refused` only. The headers hang together; whether the block is final is not looked at. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > snapshotBytesMax) throw refused('is too long')
  const items = decodeRlp(bytes)
  const [first, headerBytes, certificate, before, parts] = Array.isArray(items) && items.length === 5 ? items : []
  if (!(first instanceof Uint8Array) || first.length !== 1 || first[0] !== 1) throw refused('is of another form')
  if (!(certificate instanceof Uint8Array) || certificate.length > certificateBytesMax)
    throw refused('has no certificate')
  const header = headerIn(headerBytes)
  const headers = listOf(before, blockHashesMax).map(headerIn)
  const chained = [...headers, header]
  const isBroken = chained.some(({ parent, height }, at) => {
    const previous = chained[at - 1]
    return previous !== undefined && (parent !== previous.hash || height !== previous.height + 1)
  })
  if (isBroken || headers.length !== Math.min(header.height, blockHashesMax))
    throw refused('has headers that do not hang together')
  const digests = listOf(parts, snapshotPartsMax).map((digest) => {
    if (!(digest instanceof Uint8Array) || digest.length !== 32) throw refused('has a digest that is none')
    return hashOfBytes(digest)
  })
  if (digests.length === 0) throw refused('has no parts')
  return { header, certificate: Uint8Array.from(certificate), before: headers, parts: digests }
}

function headerIn(item: RlpItem | undefined): Header {
  if (!(item instanceof Uint8Array)) throw refused('has a header that is none')
  try {
    const bytes = Uint8Array.from(item)
    return headerOf(decodeHeader(bytes), true, bytes)
  } catch {
    throw refused('has a header that is none')
  }
}

function listOf(item: RlpItem | undefined, max: number): readonly RlpItem[] {
  if (!Array.isArray(item) || item.length > max) throw refused('has a list that is none, or too long')
  return item
}

function refused(what: string) {
  return chainErrors.snapshot_refused(`The snapshot ${what}.`)
}
