// Frames of `/peerhood/copies/1` (docs/protocol/copies.md). Pure: bytes in, frames out, and back. Whoever opens a stream
// sends one frame, the other answers with one.
//
//   frame = length (u32, of kind and body) ‖ kind (u8) ‖ body        all numbers big-endian
//   body of what is asked = length (u8) ‖ certificate ‖ rest
//
// Encoding strict and total; decoding gives one meaning to every accepted frame and its own error to all else. Certificates,
// records and links are carried as bytes here: who takes the frame checks them.

import { concatBytes, equalBytes, fromUtf8, utf8 } from '../base/bytes.ts'
import { assert } from '../base/errors.ts'
import { createFrameReader, type FrameReader } from '../base/frame-reader.ts'
import { recordBytesMax } from '../content/format/limits.ts'
import type { DiscoveryKey } from '../content/types.ts'
import { certificateBytesMax } from '../identity/limits.ts'
import { fault } from './errors.ts'
import {
  keepLinkBytesMax,
  labelBytesMax,
  nonceBytes,
  numberMax,
  proofBlocksMax,
  statesMax,
  tokenBytes,
} from './limits.ts'

export const copiesProtocol = '/peerhood/copies/1'

/** Why something is not done; the number is what is sent. */
export const refusals = {
  /** Nobody here has agreed to keep copies for that person. */
  not_agreed: 1,
  /** It would be more than was agreed to; `free` says how much is left. */
  full: 2,
  /** There is no such copy, or not all that is asked for is there. */
  not_here: 3,
  /** Too much is going on, or the share is being fetched otherwise. */
  busy: 4,
  /** Whoever runs this computer has removed this copy. */
  declined: 5,
  /** The disk does not take it. */
  disk: 6,
  stopping: 7,
} as const
export type Refusal = keyof typeof refusals
const refusalNames = new Map<number, Refusal>(Object.entries(refusals).map(([name, code]) => [code, name as Refusal]))

const holds = ['none', 'partial', 'complete'] as const

/** What a keeper has of one share. */
export interface HeldState {
  readonly has: (typeof holds)[number]
  /** Version; 0 with `none`. */
  readonly sequence: number
  /** Blocks of it that are there. */
  readonly blocks: number
}

export type Asked =
  /** A keeper to an author: I have agreed. `token`: of the author's contact link, where it was agreed to by one. */
  | { readonly kind: 'hello'; readonly certificate: Uint8Array; readonly token: Uint8Array | undefined }
  /** How much may I still place with you, and what have you of these? */
  | { readonly kind: 'ask'; readonly certificate: Uint8Array; readonly shares: readonly DiscoveryKey[] }
  /** Keep this version; the record is the signed one. */
  | { readonly kind: 'keep'; readonly certificate: Uint8Array; readonly record: Uint8Array; readonly link: string }
  | {
      readonly kind: 'prove'
      readonly certificate: Uint8Array
      readonly share: DiscoveryKey
      readonly sequence: number
      readonly nonce: Uint8Array
      readonly blocks: readonly number[]
    }
  | { readonly kind: 'drop'; readonly certificate: Uint8Array; readonly share: DiscoveryKey }

export type Answer =
  /** `states`: one for each share that was named, in that order. */
  | { readonly kind: 'offer'; readonly free: number; readonly label: string; readonly states: readonly HeldState[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'proof'; readonly digest: Uint8Array }
  /** `free` is 0 but with `full`. */
  | { readonly kind: 'refuse'; readonly reason: Refusal; readonly free: number }

export type Frame = Asked | Answer
export type FrameKind = Frame['kind']

const codes: Readonly<Record<FrameKind, number>> = {
  hello: 1,
  ask: 2,
  keep: 3,
  prove: 4,
  drop: 5,
  offer: 6,
  done: 7,
  proof: 8,
  refuse: 9,
}
const kinds = new Map<number, FrameKind>(Object.entries(codes).map(([kind, code]) => [code, kind as FrameKind]))

const keyBytes = 32
const digestBytes = 32
const stateBytes = 13
const certifiedBytesMax = 1 + certificateBytesMax

/** Shortest and longest body of each kind, in bytes. */
export const bodyBytes: Readonly<Record<FrameKind, readonly [min: number, max: number]>> = {
  hello: [2, certifiedBytesMax + tokenBytes],
  ask: [4, certifiedBytesMax + 2 + keyBytes * statesMax],
  keep: [6, certifiedBytesMax + 2 + recordBytesMax + keepLinkBytesMax],
  prove: [2 + keyBytes + 8 + nonceBytes + 4, certifiedBytesMax + keyBytes + 8 + nonceBytes + 4 * proofBlocksMax],
  drop: [2 + keyBytes, certifiedBytesMax + keyBytes],
  offer: [9, 9 + labelBytesMax + stateBytes * statesMax],
  done: [0, 0],
  proof: [digestBytes, digestBytes],
  refuse: [9, 9],
}

export function refuse(reason: Refusal, free = 0): Answer {
  return { kind: 'refuse', reason, free }
}

/** Whether a text can be a keeper's name for its computer: one line, something to see. */
export function isLabel(text: string): boolean {
  return utf8(text).length <= labelBytesMax && /^[^\p{Cc}\u2028\u2029]*$/u.test(text) && text.isWellFormed()
}

// ---- encoding

/** Encodes a frame into one new array. */
export function encodeFrame(frame: Frame): Uint8Array {
  const body = bodyOf(frame)
  return concatBytes(u32(1 + body.length), Uint8Array.of(codes[frame.kind]), body)
}

function bodyOf(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case 'hello':
      return concatBytes(certified(frame.certificate), frame.token ?? new Uint8Array(0))
    case 'ask':
      return concatBytes(certified(frame.certificate), u16(frame.shares.length), ...frame.shares)
    case 'keep':
      return concatBytes(...[certified(frame.certificate), u16(frame.record.length), frame.record, utf8(frame.link)])
    case 'prove':
      return concatBytes(
        ...[certified(frame.certificate), frame.share, u64(frame.sequence), frame.nonce],
        ...frame.blocks.map(u32),
      )
    case 'drop':
      return concatBytes(certified(frame.certificate), frame.share)
    case 'offer':
      return concatBytes(
        ...[u64(frame.free), Uint8Array.of(utf8(frame.label).length), utf8(frame.label)],
        ...frame.states.map(encodeState),
      )
    case 'proof':
      return frame.digest
    case 'refuse':
      return concatBytes(Uint8Array.of(refusals[frame.reason]), u64(frame.free))
    case 'done':
      return new Uint8Array(0)
  }
}

function certified(certificate: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(certificate.length), certificate)
}

function encodeState({ has, sequence, blocks }: HeldState): Uint8Array {
  return concatBytes(Uint8Array.of(holds.indexOf(has)), u64(sequence), u32(blocks))
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255)
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function u64(value: number): Uint8Array {
  assert(Number.isSafeInteger(value) && value >= 0, 'numbers on the wire are whole')
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

// ---- decoding

/** Reads a byte stream into frames; throws `copies_frame_…`, or what `accept` throws. At most one frame is in memory. */
export function createDecoder(accept: (frame: Frame) => void): FrameReader {
  return createFrameReader<FrameKind>({
    begin(kindByte, length) {
      const kind = kinds.get(kindByte)
      if (kind === undefined) throw fault('copies_frame_kind_unknown')
      const [min, max] = bodyBytes[kind]
      if (length > max) throw fault('copies_frame_too_long')
      if (length < min) throw malformed()
      return kind
    },
    accept: (kind, body) => accept(readBody(kind, createReader(body))),
    empty: () => fault('copies_frame_empty'),
    cut: () => fault('copies_frame_cut'),
  })
}

function readBody(kind: FrameKind, from: Reader): Frame {
  switch (kind) {
    case 'hello':
    case 'ask':
    case 'keep':
    case 'prove':
    case 'drop':
      return readAsked(kind, from)
    case 'offer':
      return readOffer(from)
    case 'proof':
      return { kind, digest: from.rest() }
    case 'refuse':
      return readRefusal(from)
    case 'done':
      return { kind }
  }
}

function readAsked(kind: Asked['kind'], from: Reader): Frame {
  const certificate = from.take(from.byte())
  if (certificate.length === 0 || certificate.length > certificateBytesMax) throw malformed()
  switch (kind) {
    case 'hello': {
      const token = from.rest()
      if (token.length !== 0 && token.length !== tokenBytes) throw malformed()
      return { kind, certificate, token: token.length === 0 ? undefined : token }
    }
    case 'ask': {
      const count = from.u16()
      if (count > statesMax || from.left !== count * keyBytes) throw malformed()
      return { kind, certificate, shares: Array.from({ length: count }, () => from.take(keyBytes) as DiscoveryKey) }
    }
    case 'keep': {
      const record = from.take(from.u16())
      const link = textOf(from.rest())
      if (record.length === 0 || record.length > recordBytesMax || !isKeepLink(link)) throw malformed()
      return { kind, certificate, record, link }
    }
    case 'prove':
      return readChallenge(certificate, from)
    case 'drop': {
      const share = from.rest()
      if (share.length !== keyBytes) throw malformed()
      return { kind, certificate, share: share as DiscoveryKey }
    }
  }
}

/** Printable and on one line; what it leads to is for who takes it to read. */
function isKeepLink(link: string): boolean {
  return link.length > 0 && link.length <= keepLinkBytesMax && /^[\x21-\x7e]+$/.test(link)
}

function readChallenge(certificate: Uint8Array, from: Reader): Frame {
  const share = from.take(keyBytes) as DiscoveryKey
  const sequence = from.u64()
  const nonce = from.take(nonceBytes)
  const count = from.left / 4
  if (!Number.isInteger(count) || count < 1 || count > proofBlocksMax) throw malformed()
  return { kind: 'prove', certificate, share, sequence, nonce, blocks: Array.from({ length: count }, () => from.u32()) }
}

function readOffer(from: Reader): Frame {
  const free = from.u64()
  const label = textOf(from.take(from.byte()))
  const count = from.left / stateBytes
  if (!Number.isInteger(count) || count > statesMax || !isLabel(label)) throw malformed()
  return { kind: 'offer', free, label, states: Array.from({ length: count }, () => readState(from)) }
}

function readState(from: Reader): HeldState {
  const has = holds[from.byte()]
  const sequence = from.u64()
  const blocks = from.u32()
  if (has === undefined || (has === 'none') !== (sequence === 0) || (has === 'none' && blocks > 0)) throw malformed()
  return { has, sequence, blocks }
}

function readRefusal(from: Reader): Frame {
  const reason = refusalNames.get(from.byte())
  const free = from.u64()
  if (reason === undefined || (reason !== 'full' && free !== 0)) throw malformed()
  return { kind: 'refuse', reason, free }
}

/** Text that gives the same bytes again. */
function textOf(bytes: Uint8Array): string {
  const text = fromUtf8(bytes)
  if (text === undefined || !equalBytes(utf8(text), bytes)) throw malformed()
  return text
}

interface Reader {
  readonly left: number
  take(length: number): Uint8Array
  rest(): Uint8Array
  byte(): number
  u16(): number
  u32(): number
  /** At most `numberMax`. */
  u64(): number
}

function createReader(body: Uint8Array): Reader {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  let at = 0
  const skip = (length: number): number => {
    if (at + length > body.length) throw malformed()
    at += length
    return at - length
  }
  const take = (length: number) => {
    const from = skip(length)
    return body.subarray(from, from + length)
  }
  return {
    get left() {
      return body.length - at
    },
    take,
    rest: () => take(body.length - at),
    byte: () => view.getUint8(skip(1)),
    u16: () => view.getUint16(skip(2)),
    u32: () => view.getUint32(skip(4)),
    u64() {
      const value = view.getBigUint64(skip(8))
      if (value > BigInt(numberMax)) throw malformed()
      return Number(value)
    },
  }
}

function malformed() {
  return fault('copies_frame_malformed')
}
