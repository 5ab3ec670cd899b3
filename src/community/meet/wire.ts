// Frames of `/peerhood/meet/1` (docs/protocol/meet.md). Pure: bytes in, frames out, and back.
//
//   frame = length (u32, of kind and body) ‖ kind (u8) ‖ body        all numbers big-endian
//
// Encoding strict and total; decoding gives one meaning to every accepted frame and its own error to all else. On the way
// in, `decoder.ts` cuts the stream into frames. What lies inside sealed frames and requests: message-wire.ts.

import { lengthOf } from '../../base/bytes.ts'
import { faultSentences, meetPeerErrors, type PeerFault } from './errors.ts'
import {
  answerBytesMax,
  askAgainMsMax,
  messageBytesMax,
  nameplateMax,
  nonceBytes,
  sealBytes,
  sealedBytesMax,
  shareBytes,
  tagBytes,
  waitMsMax,
} from './limits.ts'

export const meetProtocol = '/peerhood/meet/1'

/** Why a side ends a conversation; the number is what is sent. */
export const refusals = {
  /** No code with this nameplate was made here. */
  not_here: 1,
  /** There was one: it was used, cancelled, guessed at too often, or it expired. */
  over: 2,
  /** Another guest is being let in, or too much is going on. */
  busy: 3,
  /** You guessed wrongly or asked too often: come back after the time that is named. */
  later: 4,
  /** The codes differ. */
  wrong: 5,
  /** A person or a rule said no. */
  declined: 6,
  /** The code is for something else than the guest expects. */
  other_purpose: 7,
  /** We are stopping. */
  stopping: 8,
  /** You broke the protocol. */
  violation: 9,
} as const
export type Refusal = keyof typeof refusals
const refusalNames = new Map<number, Refusal>(Object.entries(refusals).map(([name, code]) => [code, name as Refusal]))

export type Frame =
  /** Guest, first: do you host this nameplate? */
  | { readonly kind: 'look'; readonly nameplate: number; readonly nonce: Uint8Array }
  /** Host: yes. */
  | { readonly kind: 'here'; readonly nonce: Uint8Array }
  /** Guest, then host: the CPace share. */
  | { readonly kind: 'share'; readonly share: Uint8Array }
  /** Guest, then host: knows the code. */
  | { readonly kind: 'proof'; readonly proof: Uint8Array }
  /** Guest, then host: its message. */
  | { readonly kind: 'sealed'; readonly bytes: Uint8Array }
  /** Guest, last: the answer is here. */
  | { readonly kind: 'done' }
  /** Asks to be let in, first and only. */
  | { readonly kind: 'request'; readonly bytes: Uint8Array }
  | { readonly kind: 'pending'; readonly askAgainMs: number }
  | { readonly kind: 'admitted'; readonly bytes: Uint8Array }
  /** `waitMs` is 0 but with `later`. */
  | { readonly kind: 'refuse'; readonly reason: Refusal; readonly waitMs: number }

export type FrameKind = Frame['kind']

const codes: Readonly<Record<FrameKind, number>> = {
  look: 1,
  here: 2,
  share: 3,
  proof: 4,
  sealed: 5,
  done: 6,
  request: 7,
  pending: 8,
  admitted: 9,
  refuse: 10,
}
const kinds = new Map<number, FrameKind>(Object.entries(codes).map(([kind, code]) => [code, kind as FrameKind]))

/** Shortest and longest body of each kind, in bytes. */
export const bodyBytes: Readonly<Record<FrameKind, readonly [min: number, max: number]>> = {
  look: [2 + nonceBytes, 2 + nonceBytes],
  here: [nonceBytes, nonceBytes],
  share: [shareBytes, shareBytes],
  proof: [tagBytes, tagBytes],
  sealed: [sealBytes, sealedBytesMax],
  done: [0, 0],
  request: [1, messageBytesMax],
  pending: [4, 4],
  admitted: [0, answerBytesMax],
  refuse: [5, 5],
}

/** Bytes before a frame's body: length and kind. */
export const frameHeaderBytes = 5

export function fault(code: PeerFault) {
  return meetPeerErrors[code](faultSentences[code])
}

/** The kind with this number; throws `meet_frame_kind_unknown`. */
export function kindOf(code: number): FrameKind {
  const kind = kinds.get(code)
  if (kind === undefined) throw fault('meet_frame_kind_unknown')
  return kind
}

/** Throws `meet_frame_too_long` or `meet_frame_malformed` when no frame of this kind has a body of this length. */
export function checkLength(kind: FrameKind, length: number): void {
  const [min, max] = bodyBytes[kind]
  if (length > max) throw fault('meet_frame_too_long')
  if (length < min) throw fault('meet_frame_malformed')
}

// ---- encoding

export function refuse(reason: Refusal, waitMs = 0): Frame {
  return { kind: 'refuse', reason, waitMs }
}

/** Encodes a frame into one new array. */
export function encodeFrame(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case 'look':
      return joined(frame.kind, [numberBytes(frame.nameplate, 2), frame.nonce])
    case 'here':
      return joined(frame.kind, [frame.nonce])
    case 'share':
      return joined(frame.kind, [frame.share])
    case 'proof':
      return joined(frame.kind, [frame.proof])
    case 'sealed':
    case 'request':
    case 'admitted':
      return joined(frame.kind, [frame.bytes])
    case 'pending':
      return joined(frame.kind, [numberBytes(frame.askAgainMs, 4)])
    case 'refuse':
      return joined(frame.kind, [numberBytes(refusals[frame.reason], 1), numberBytes(frame.waitMs, 4)])
    case 'done':
      return joined(frame.kind, [])
  }
}

function joined(kind: FrameKind, parts: readonly Uint8Array[]): Uint8Array {
  const length = lengthOf(parts)
  const bytes = new Uint8Array(frameHeaderBytes + length)
  bytes.set(numberBytes(1 + length, 4))
  bytes[4] = codes[kind]
  let at = frameHeaderBytes
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function numberBytes(value: number, length: 1 | 2 | 4): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = length - 1, rest = value; at >= 0; at--, rest = Math.floor(rest / 256)) bytes[at] = rest % 256
  return bytes
}

// ---- decoding

/** Reads the body of one frame; throws `meet_frame_malformed`. Byte fields are views of `body`. */
export function decodeBody(kind: FrameKind, body: Uint8Array): Frame {
  checkLength(kind, body.length)
  switch (kind) {
    case 'look':
      return { kind, nameplate: readNameplate(body), nonce: body.subarray(2) }
    case 'here':
      return { kind, nonce: body }
    case 'share':
      return { kind, share: body }
    case 'proof':
      return { kind, proof: body }
    case 'sealed':
    case 'request':
    case 'admitted':
      return { kind, bytes: body }
    case 'pending':
      return { kind, askAgainMs: atMost(readU32(body, 0), askAgainMsMax) }
    case 'refuse':
      return readRefusal(body)
    case 'done':
      return { kind }
  }
}

/** Reads four bytes, big-endian; absent bytes count as zero. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 0x1000000 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  )
}

function readNameplate(body: Uint8Array): number {
  const nameplate = ((body[0] ?? 0) << 8) | (body[1] ?? 0)
  if (nameplate === 0) throw fault('meet_frame_malformed')
  return atMost(nameplate, nameplateMax)
}

function atMost(value: number, max: number): number {
  if (value > max) throw fault('meet_frame_malformed')
  return value
}

function readRefusal(body: Uint8Array): Frame {
  const reason = refusalNames.get(body[0] ?? 0)
  const waitMs = readU32(body, 1)
  if (reason === undefined || (reason !== 'later' && waitMs !== 0)) throw fault('meet_frame_malformed')
  return { kind: 'refuse', reason, waitMs: atMost(waitMs, waitMsMax) }
}
