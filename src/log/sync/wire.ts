// Frames of `/peerhood/log/1` (docs/protocol/log-sync.md). Pure: bytes in, frames out, and back.
//
//   frame = length (u32, of kind and body) ‖ kind (u8) ‖ body        all numbers big-endian
//
// Strict: every accepted frame has one meaning and one encoding, all else its own error. Entries are opaque bytes here; the
// log decodes them. decoder.ts cuts the stream into frames.

import { fromHex, toHex } from '../../base/bytes.ts'
import type { DeviceId, EntryId, Fork } from '../types.ts'
import { syncPeerErrors } from './errors.ts'
import {
  challengePlacesMax,
  entriesFrameBytesMax,
  entriesPerFrameMax,
  entryFrameBytesMax,
  forksPerFrameMax,
  idsPerFrameMax,
  placesPerFrameMax,
} from './limits.ts'
import type { SyncRole } from './types.ts'

export const logProtocol = '/peerhood/log/1'

/** An entry by its author's count. */
export interface Place {
  readonly device: DeviceId
  readonly seq: number
}

/** Why a side ends the session; the number is what is sent. */
const refusals = {
  /** Unknown community, wrong proof, or not let in: deliberately the same. */
  not_here: 1,
  /** No room for one more session. */
  busy: 2,
  /** Another session of the same two peers and community stays. */
  duplicate: 3,
  /** We left the community. */
  left: 4,
  /** We are stopping. */
  stopping: 5,
  /** You broke the protocol. */
  violation: 6,
} as const
export type Refusal = keyof typeof refusals
const refusalNames = new Map<number, Refusal>(Object.entries(refusals).map(([name, code]) => [code, name as Refusal]))

export type Frame =
  /** First on every stream, both ways: which community, what the sender is in it, and the proof that it may ask. */
  | { readonly kind: 'hello'; readonly role: SyncRole; readonly discovery: Uint8Array; readonly proof: Uint8Array }
  /** A part of all that the sender has, ascending by device; `last` ends it. Begins anew after that. */
  | { readonly kind: 'vector'; readonly last: boolean; readonly places: readonly Place[] }
  /** Devices that forked their chains, as far as the sender knows; each told once. */
  | { readonly kind: 'forks'; readonly forks: readonly Fork[] }
  /** What the sender has by now besides: up to these. */
  | { readonly kind: 'have'; readonly places: readonly Place[] }
  /** Whether the other may send what the sender lacks. At first it may not. */
  | { readonly kind: 'flow'; readonly on: boolean }
  /** What the receiver lacks, in the sender's order of arrival: parents first. */
  | { readonly kind: 'entries'; readonly entries: readonly Uint8Array[] }
  /** The receiver has been sent all that it lacked. */
  | { readonly kind: 'level' }
  | { readonly kind: 'want'; readonly ids: readonly EntryId[] }
  /** A wanted entry, after those before it in its device's chain that the receiver may lack. */
  | { readonly kind: 'answer'; readonly entries: readonly Uint8Array[] }
  /** Wanted entries that are not here. */
  | { readonly kind: 'absent'; readonly ids: readonly EntryId[] }
  /** Prove that you hold these. */
  | { readonly kind: 'challenge'; readonly nonce: Uint8Array; readonly places: readonly Place[] }
  /** sha2-256 of the nonce and the entries' bytes; undefined: not all of them are here. */
  | { readonly kind: 'holding'; readonly nonce: Uint8Array; readonly digest: Uint8Array | undefined }
  /** Send nothing more of these devices: they have used up what they may take here. Until the next whole vector. */
  | { readonly kind: 'skip'; readonly devices: readonly DeviceId[] }
  | { readonly kind: 'keepalive' }
  | { readonly kind: 'refuse'; readonly reason: Refusal }

export type FrameKind = Frame['kind']

const codes: Readonly<Record<FrameKind, number>> = {
  hello: 1,
  vector: 2,
  forks: 3,
  have: 4,
  flow: 5,
  entries: 6,
  level: 7,
  want: 8,
  answer: 9,
  absent: 10,
  challenge: 11,
  holding: 12,
  keepalive: 13,
  refuse: 14,
  skip: 15,
}
const kinds = new Map<number, FrameKind>(Object.entries(codes).map(([kind, code]) => [code, kind as FrameKind]))

const idBytes = 32
const placeBytes = 32 + 8
const forkBytes = placeBytes + 2 * idBytes

/** Shortest and longest body of each kind, in bytes. */
export const bodyBytes: Readonly<Record<FrameKind, readonly [min: number, max: number]>> = {
  hello: [65, 65],
  vector: [1, 1 + placeBytes * placesPerFrameMax],
  forks: [forkBytes, forkBytes * forksPerFrameMax],
  have: [placeBytes, placeBytes * placesPerFrameMax],
  flow: [1, 1],
  entries: [5, entriesFrameBytesMax],
  level: [0, 0],
  want: [idBytes, idBytes * idsPerFrameMax],
  answer: [5, entriesFrameBytesMax],
  absent: [idBytes, idBytes * idsPerFrameMax],
  challenge: [32 + placeBytes, 32 + placeBytes * challengePlacesMax],
  holding: [32, 64],
  keepalive: [0, 0],
  refuse: [1, 1],
  skip: [idBytes, idBytes * idsPerFrameMax],
}

/** Bytes before a frame's body: length and kind. */
export const frameHeaderBytes = 5

/** The kind with this number; throws `sync_frame_kind_unknown`. */
export function kindOf(code: number): FrameKind {
  const kind = kinds.get(code)
  if (kind === undefined) {
    throw syncPeerErrors.sync_frame_kind_unknown(`A peer sent a frame of the unknown kind ${code}.`)
  }
  return kind
}

/** Throws `sync_frame_too_long` or `sync_frame_malformed` when no frame of this kind has a body of this length. */
export function checkLength(kind: FrameKind, length: number): void {
  const [min, max] = bodyBytes[kind]
  if (length > max) throw syncPeerErrors.sync_frame_too_long(`A peer sent a ${kind} frame of ${length} bytes.`)
  if (length < min) throw malformed(kind)
}

function malformed(kind: FrameKind) {
  return syncPeerErrors.sync_frame_malformed(`A peer sent a malformed ${kind} frame.`, { details: { kind } })
}

// ---- encoding

/** Encodes a frame into one new array. */
export function encodeFrame(frame: Frame): Uint8Array {
  const writer = new Writer(frame.kind, bodyLengthOf(frame))
  switch (frame.kind) {
    case 'hello':
      writer.number(roles.indexOf(frame.role), 1).bytes(frame.discovery).bytes(frame.proof)
      break
    case 'vector':
      writer.number(frame.last ? 1 : 0, 1).places(frame.places)
      break
    case 'forks':
      for (const { device, seq, entries } of frame.forks) {
        const [one, other] = [...entries].sort()
        writer
          .hex(device)
          .number(seq, 8)
          .hex(one ?? '')
          .hex(other ?? '')
      }
      break
    case 'have':
      writer.places(frame.places)
      break
    case 'flow':
      writer.number(frame.on ? 1 : 0, 1)
      break
    case 'entries':
    case 'answer':
      for (const entry of frame.entries) writer.number(entry.length, 4).bytes(entry)
      break
    case 'want':
    case 'absent':
      for (const id of frame.ids) writer.hex(id)
      break
    case 'skip':
      for (const device of frame.devices) writer.hex(device)
      break
    case 'challenge':
      writer.bytes(frame.nonce).places(frame.places)
      break
    case 'holding':
      writer.bytes(frame.nonce).bytes(frame.digest ?? new Uint8Array(0))
      break
    case 'refuse':
      writer.number(refusals[frame.reason], 1)
      break
    case 'level':
    case 'keepalive':
      break
  }
  return writer.done()
}

const roles: readonly SyncRole[] = ['member', 'keeper']

function bodyLengthOf(frame: Frame): number {
  switch (frame.kind) {
    case 'hello':
      return 65
    case 'vector':
      return 1 + placeBytes * frame.places.length
    case 'forks':
      return forkBytes * frame.forks.length
    case 'have':
      return placeBytes * frame.places.length
    case 'entries':
    case 'answer':
      return frame.entries.reduce((sum, entry) => sum + 4 + entry.length, 0)
    case 'want':
    case 'absent':
      return idBytes * frame.ids.length
    case 'skip':
      return idBytes * frame.devices.length
    case 'challenge':
      return 32 + placeBytes * frame.places.length
    case 'holding':
      return frame.digest === undefined ? 32 : 64
    case 'flow':
    case 'refuse':
      return 1
    case 'level':
    case 'keepalive':
      return 0
  }
}

class Writer {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(kind: FrameKind, bodyLength: number) {
    this.#bytes = new Uint8Array(frameHeaderBytes + bodyLength)
    this.number(1 + bodyLength, 4).number(codes[kind], 1)
  }

  number(value: number, length: 1 | 4 | 8): this {
    let rest = value
    for (let at = this.#at + length - 1; at >= this.#at; at--) {
      this.#bytes[at] = rest % 256
      rest = Math.floor(rest / 256)
    }
    this.#at += length
    return this
  }

  bytes(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
    return this
  }

  hex(hex: string): this {
    return this.bytes(fromHex(hex) ?? new Uint8Array(idBytes))
  }

  places(places: readonly Place[]): this {
    for (const { device, seq } of places) this.hex(device).number(seq, 8)
    return this
  }

  done(): Uint8Array {
    return this.#bytes
  }
}

// ---- decoding

/** Reads the body of one frame; throws `sync_frame_malformed`. Byte fields are views of `body`, entries are copies. */
export function decodeBody(kind: FrameKind, body: Uint8Array): Frame {
  checkLength(kind, body.length)
  switch (kind) {
    case 'hello':
      return { kind, role: readRole(body), discovery: body.subarray(1, 33), proof: body.subarray(33) }
    case 'vector':
      return { kind, last: readFlag(kind, body), places: readPlaces(kind, body, 1, true) }
    case 'forks':
      return { kind, forks: readForks(body) }
    case 'have':
      return { kind, places: readPlaces(kind, body, 0, true) }
    case 'flow':
      return { kind, on: readFlag(kind, body) }
    case 'entries':
    case 'answer':
      return { kind, entries: readEntries(kind, body) }
    case 'want':
    case 'absent':
      return { kind, ids: readIds(kind, body) as EntryId[] }
    case 'skip':
      return { kind, devices: readIds(kind, body) as DeviceId[] }
    case 'challenge':
      return { kind, nonce: body.subarray(0, 32), places: readPlaces(kind, body, 32, false) }
    case 'holding':
      if (body.length !== 32 && body.length !== 64) throw malformed(kind)
      return { kind, nonce: body.subarray(0, 32), digest: body.length === 64 ? body.subarray(32) : undefined }
    case 'refuse':
      return { kind, reason: readRefusal(body) }
    case 'level':
    case 'keepalive':
      return { kind }
  }
}

/** Reads four bytes, big-endian; absent bytes count as zero. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 0x1000000 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  )
}

function readRole(body: Uint8Array): SyncRole {
  const role = roles[body[0] ?? roles.length]
  if (role === undefined) throw malformed('hello')
  return role
}

function readFlag(kind: FrameKind, body: Uint8Array): boolean {
  const flag = body[0] ?? 2
  if (flag > 1) throw malformed(kind)
  return flag === 1
}

function readRefusal(body: Uint8Array): Refusal {
  const reason = refusalNames.get(body[0] ?? 0)
  if (reason === undefined) throw malformed('refuse')
  return reason
}

/** `ascending`: each device once, in order, so that there is one way to write it. */
function readPlaces(kind: FrameKind, body: Uint8Array, from: number, ascending: boolean): Place[] {
  if ((body.length - from) % placeBytes !== 0) throw malformed(kind)
  const places: Place[] = []
  let before = ''
  for (let at = from; at < body.length; at += placeBytes) {
    const place = readPlace(kind, body, at)
    if (ascending && place.device <= before) throw malformed(kind)
    before = place.device
    places.push(place)
  }
  return places
}

function readPlace(kind: FrameKind, body: Uint8Array, at: number): Place {
  const seq = readU32(body, at + 32) * 0x100000000 + readU32(body, at + 36)
  if (!Number.isSafeInteger(seq) || seq === 0) throw malformed(kind)
  return { device: toHex(body.subarray(at, at + 32)) as DeviceId, seq }
}

function readForks(body: Uint8Array): Fork[] {
  if (body.length % forkBytes !== 0) throw malformed('forks')
  const forks: Fork[] = []
  for (let at = 0; at < body.length; at += forkBytes) {
    const place = readPlace('forks', body, at)
    const one = readId(body, at + placeBytes)
    const other = readId(body, at + placeBytes + idBytes)
    if (one >= other) throw malformed('forks')
    forks.push({ ...place, entries: [one, other] })
  }
  return forks
}

function readId(body: Uint8Array, at: number): EntryId {
  return toHex(body.subarray(at, at + idBytes)) as EntryId
}

function readIds(kind: FrameKind, body: Uint8Array): string[] {
  if (body.length % idBytes !== 0) throw malformed(kind)
  return Array.from({ length: body.length / idBytes }, (_, at) => readId(body, at * idBytes))
}

function readEntries(kind: FrameKind, body: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < body.length) {
    if (at + 4 > body.length) throw malformed(kind)
    const length = readU32(body, at)
    at += 4
    if (length === 0 || length > entryFrameBytesMax || at + length > body.length) throw malformed(kind)
    // A copy: one entry that is kept (it waits for its parents) must not keep the memory of the whole frame.
    if (entries.push(body.slice(at, at + length)) > entriesPerFrameMax) throw malformed(kind)
    at += length
  }
  return entries
}
