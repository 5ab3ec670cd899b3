// What two devices of one person send each other on `/peerhood/own/1`: a hello, then a state. Pure. Canonical DAG-CBOR,
// strict. docs/protocol/direct.md, "A person's other devices".
//
//   frame = length (u32, of kind and body) ‖ kind (u8) ‖ body        all numbers big-endian
//   hello = [1, certificate, deviceName]
//   state = [1, [[community, access, name, memberName, with or null], …], [[person, name, ms, blocked], …]]
//
// A state holds secrets (`access`): it is never logged. Whatever the bytes, a decoder throws the faults named here alone.

import { encode } from '@ipld/dag-cbor'
import { compareBytes, concatBytes } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { createFrameReader, type FrameReader } from '../../base/frame-reader.ts'
import { didOf, peerIdOf } from '../../identity/core.ts'
import { isDeviceName } from '../../identity/device-name.ts'
import { certificateBytesMax } from '../../identity/limits.ts'
import type { DeviceCertificate, PersonDid } from '../../identity/types.ts'
import { readCertificate } from '../../identity/wire.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import { canonicalValue } from '../canonical.ts'
import type { BlockChange } from '../direct/types.ts'
import * as field from '../fields-wire.ts'
import { communitiesMax } from '../limits.ts'
import type { CommunityAccess } from '../types.ts'
import { fault, type PeerFault } from './errors.ts'
import { blockChangesMax, helloBytesMax, stateBytesMax } from './limits.ts'

export const ownProtocol = '/peerhood/own/1'

export interface Hello {
  readonly certificate: DeviceCertificate
  readonly deviceName: string
}

/** A community that the person takes part in, with what a device that is in it needs to open it. Holds a secret. */
export interface OwnTicket {
  readonly community: CommunityId
  readonly access: CommunityAccess
  /** What it is called; of a conversation of two, the other. */
  readonly name: string
  readonly memberName: string
  /** The other of a conversation of two; undefined: a group. */
  readonly with: PersonDid | undefined
}

export interface OwnState {
  readonly tickets: readonly OwnTicket[]
  /** Who is blocked, and who no longer is; each person once, in the order of their keys. */
  readonly blocks: readonly BlockChange[]
}

export type FrameKind = 'hello' | 'state'
const kindBytes: Readonly<Record<FrameKind, number>> = { hello: 1, state: 2 }
const bodyBytesMax: Readonly<Record<FrameKind, number>> = { hello: helloBytesMax, state: stateBytesMax }

export interface Frame {
  readonly kind: FrameKind
  readonly body: Uint8Array
}

export function encodeFrame({ kind, body }: Frame): Uint8Array {
  const head = new Uint8Array(5)
  new DataView(head.buffer).setUint32(0, 1 + body.length)
  head[4] = kindBytes[kind]
  return concatBytes(head, body)
}

/**
 * Gives each frame to `take`; throws `own_frame_empty`, `…_kind_unknown`, `…_too_long`, at the end `own_frame_cut`, and before
 * any of its body is kept `…_out_of_order` for another than the `next` one.
 */
export function createDecoder(next: () => FrameKind | undefined, take: (frame: Frame) => void): FrameReader {
  return createFrameReader<FrameKind>({
    begin(kindByte, length) {
      const kind = (['hello', 'state'] as const).find((one) => kindBytes[one] === kindByte)
      if (kind === undefined) throw fault('own_frame_kind_unknown')
      if (length > bodyBytesMax[kind]) throw fault('own_frame_too_long')
      if (kind !== next()) throw fault('own_frame_out_of_order')
      return kind
    },
    accept: (kind, body) => take({ kind, body }),
    empty: () => fault('own_frame_empty'),
    cut: () => fault('own_frame_cut'),
  })
}

const version = 1
const certificateBytes = field.bytesUpTo(certificateBytesMax)
const community = field.hex<CommunityId>(32)
const access = field.bytes(32) as field.Codec<CommunityAccess>
const other = field.orNull(field.person)
const ms = field.integer(0, Number.MAX_SAFE_INTEGER)
const { name, person } = field

export function encodeHello({ certificate, deviceName }: Hello): Uint8Array {
  return Uint8Array.from(encode([version, certificate.bytes, deviceName]))
}

/** `from`: the device at the other end. Throws `own_hello_malformed`, `own_certificate_wrong`, `own_other_person`. */
export function decodeHello(bytes: Uint8Array, from: PeerId, self: PersonDid): Hello {
  const read = strictly(bytes, 3, 'own_hello_malformed', ([certificate, deviceName]) => {
    if (typeof deviceName !== 'string' || !isDeviceName(deviceName)) throw fault('own_hello_malformed')
    return { certificate: certificateBytes.read(certificate), deviceName }
  })
  const certificate = certificateOf(read.certificate, from)
  if (didOf(certificate.person) !== self) throw fault('own_other_person')
  return { certificate, deviceName: read.deviceName }
}

function certificateOf(bytes: Uint8Array, from: PeerId): DeviceCertificate {
  try {
    const certificate = readCertificate(bytes)
    if (peerIdOf(certificate.device) === from) return certificate
  } catch (error) {
    if (!isPeerhoodError(error)) throw error
  }
  throw fault('own_certificate_wrong')
}

export function encodeState({ tickets, blocks }: OwnState): Uint8Array {
  const rows = blocks
    .map((change) => ({ key: field.personKeyOf(change.person), change }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ key, change }) => [key, change.name, change.ms, change.blocked])
  return Uint8Array.from(encode([version, tickets.map(writeTicket), rows]))
}

function writeTicket(ticket: OwnTicket): unknown {
  const { community: id, access: secret, name: called, memberName } = ticket
  return [community.write(id), secret, called, memberName, other.write(ticket.with)]
}

/** Throws `own_state_malformed`. */
export function decodeState(bytes: Uint8Array): OwnState {
  return strictly(bytes, 3, 'own_state_malformed', ([tickets, blocks]) => ({
    tickets: listOf(tickets, communitiesMax).map(readTicket),
    blocks: readBlocks(blocks),
  }))
}

function readTicket(value: unknown): OwnTicket {
  const [id, secret, called, memberName, whom] = tupleOf(value, 5)
  return {
    community: community.read(id),
    access: access.read(secret),
    name: nameOrNone(called),
    memberName: name.read(memberName),
    with: other.read(whom),
  }
}

function readBlocks(value: unknown): readonly BlockChange[] {
  let last: Uint8Array | undefined
  return listOf(value, blockChangesMax).map((row) => {
    const [key, called, at, blocked] = tupleOf(row, 4)
    if (!(key instanceof Uint8Array) || typeof blocked !== 'boolean') throw malformed()
    if (last !== undefined && compareBytes(last, key) >= 0) throw malformed()
    last = key
    return { person: person.read(key), name: nameOrNone(called), ms: ms.read(at), blocked }
  })
}

/** Of some who are blocked nobody knows what they call themselves. */
function nameOrNone(value: unknown): string {
  return value === '' ? '' : name.read(value)
}

function listOf(value: unknown, max: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > max) throw malformed()
  return value
}

function tupleOf(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw malformed()
  return value
}

function malformed() {
  return fault('own_state_malformed')
}

/** A list of a version and fields: what is not the encoding of what it decodes to is refused first. */
function strictly<Value>(
  bytes: Uint8Array,
  length: number,
  code: PeerFault,
  read: (fields: readonly unknown[]) => Value,
): Value {
  const value = canonicalValue(bytes)
  if (!Array.isArray(value) || value.length !== length || value[0] !== version) throw fault(code)
  try {
    return read(value.slice(1))
  } catch (error) {
    // Not as a cause: the codecs of fields have codes of their own.
    if (isPeerhoodError(error)) throw fault(code)
    throw error
  }
}
