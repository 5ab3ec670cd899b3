// What a computer asks of one that has agreed to keep for its person, and the answer, on `/peerhood/keep/1`. Pure. Canonical
// DAG-CBOR, strict. docs/protocol/direct.md, "Keepers". Each side sends one and closes.
//
//   ask    = [1, certificate, [[community, access], …]]      communities in the order of their ids, each once
//   answer = [1, name, [[community, bytesMax], …]]           those that are held, likewise
//
// An ask holds secrets (`access`): it is never logged. Whatever the bytes, a decoder throws the faults named here alone.

import { encode } from '@ipld/dag-cbor'
import { isPeerhoodError } from '../../base/errors.ts'
import { peerIdOf } from '../../identity/core.ts'
import { certificateBytesMax } from '../../identity/limits.ts'
import type { DeviceCertificate } from '../../identity/types.ts'
import { readCertificate } from '../../identity/wire.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import { canonicalValue } from '../canonical.ts'
import * as field from '../fields-wire.ts'
import type { CommunityAccess } from '../types.ts'
import { fault } from './errors.ts'
import { answerBytesMax, askBytesMax, conversationsAskedMax } from './limits.ts'

export const keepProtocol = '/peerhood/keep/1'

export interface KeepAsk {
  readonly certificate: DeviceCertificate
  readonly conversations: readonly { readonly id: CommunityId; readonly access: CommunityAccess }[]
}

export interface KeepAnswer {
  /** What the keeper calls its computer; by its own word. */
  readonly name: string
  readonly held: readonly { readonly id: CommunityId; readonly bytesMax: number }[]
}

const version = 1
const community = field.hex<CommunityId>(32)
const access = field.bytes(32) as field.Codec<CommunityAccess>
const certificateBytes = field.bytesUpTo(certificateBytesMax)
const bytesMax = field.integer(1, Number.MAX_SAFE_INTEGER)

const sorted = <Item extends { readonly id: CommunityId }>(items: readonly Item[]) =>
  [...items].sort((a, b) => (a.id < b.id ? -1 : 1))

export function encodeAsk({ certificate, conversations }: KeepAsk): Uint8Array {
  const rows = sorted(conversations).map((one) => [community.write(one.id), one.access])
  return Uint8Array.from(encode([version, certificate.bytes, rows]))
}

/** `from`: the device at the other end. Throws `keeping_too_long`, `keeping_malformed`, `keeping_certificate_wrong`. */
export function decodeAsk(bytes: Uint8Array, from: PeerId): KeepAsk {
  if (bytes.length > askBytesMax) throw fault('keeping_too_long')
  const { certified, conversations } = strictly(bytes, ([certificate, rows]) => ({
    certified: certificateBytes.read(certificate),
    conversations: rowsOf(rows, (id, key) => ({ id: community.read(id), access: access.read(key) })),
  }))
  return { certificate: certificateOf(certified, from), conversations }
}

export function encodeAnswer({ name, held }: KeepAnswer): Uint8Array {
  const rows = sorted(held).map((one) => [community.write(one.id), one.bytesMax])
  return Uint8Array.from(encode([version, name, rows]))
}

/** Throws `keeping_too_long`, `keeping_malformed`. */
export function decodeAnswer(bytes: Uint8Array): KeepAnswer {
  if (bytes.length > answerBytesMax) throw fault('keeping_too_long')
  return strictly(bytes, ([name, rows]) => ({
    name: field.name.read(name),
    held: rowsOf(rows, (id, room) => ({ id: community.read(id), bytesMax: bytesMax.read(room) })),
  }))
}

function rowsOf<Row extends { readonly id: CommunityId }>(
  value: unknown,
  read: (id: unknown, other: unknown) => Row,
): readonly Row[] {
  if (!Array.isArray(value) || value.length > conversationsAskedMax) throw fault('keeping_malformed')
  let last = ''
  return value.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw fault('keeping_malformed')
    const row = read(pair[0], pair[1])
    if (row.id <= last) throw fault('keeping_malformed')
    last = row.id
    return row
  })
}

function certificateOf(bytes: Uint8Array, from: PeerId): DeviceCertificate {
  try {
    const certificate = readCertificate(bytes)
    if (peerIdOf(certificate.device) === from) return certificate
  } catch (error) {
    if (!isPeerhoodError(error)) throw error
  }
  throw fault('keeping_certificate_wrong')
}

/** A version and two fields: what is not the encoding of what it decodes to is refused first. */
function strictly<Value>(bytes: Uint8Array, read: (fields: readonly unknown[]) => Value): Value {
  const value = canonicalValue(bytes)
  if (!Array.isArray(value) || value.length !== 3 || value[0] !== version) throw fault('keeping_malformed')
  try {
    return read(value.slice(1))
  } catch (error) {
    // Not as a cause: the codecs of fields have codes of their own.
    if (isPeerhoodError(error)) throw fault('keeping_malformed')
    throw error
  }
}
