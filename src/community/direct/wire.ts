// Frames of `/peerhood/direct/1` (docs/protocol/direct.md). Pure: bytes in, frames out, and back. Whoever opens a stream
// sends one frame, the other answers with one.
//
//   frame = length (u32, of kind and body) ‖ kind (u8) ‖ body        all numbers big-endian
//
// Encoding strict and total; decoding gives one meaning to every accepted frame and its own error to all else. What lies
// inside `ask`: request-wire.ts.

import type { Brand } from '../../base/brand.ts'
import { concatBytes, fromHex, toHex } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import { createFrameReader, type FrameReader } from '../../base/frame-reader.ts'
import { fault } from './errors.ts'
import { requestBytesMax, waitMsMax } from './limits.ts'

export const directProtocol = '/peerhood/direct/1'

/** Lower-case hex of SHA-256 over the payload of a request: the same however often it is sent. */
export type RequestId = Brand<string, 'RequestId'>

/** Why a request is not taken; the number is what is sent. */
export const refusals = {
  /** Another person than the one who is asked lives here. */
  not_here: 1,
  /** The person said no, now or before. */
  declined: 2,
  /** The person wants no requests. */
  closed: 3,
  /** It has neither the token of the person's contact link nor a community in common. */
  link_needed: 4,
  /** The person said no a while ago and is not asked again before the time that is named. */
  later: 5,
  /** Too many wait, you ask too often, or too much is going on. */
  busy: 6,
  /** Its time lies ahead of ours. */
  clock: 7,
  /** It is older than requests are good for, or was withdrawn. */
  over: 8,
  stopping: 9,
  /** You broke the protocol. */
  violation: 10,
} as const
export type Refusal = keyof typeof refusals
const refusalNames = new Map<number, Refusal>(Object.entries(refusals).map(([name, code]) => [code, name as Refusal]))

export type Decided = 'accepted' | 'refused'

export type Frame =
  /** A signed request. */
  | { readonly kind: 'ask'; readonly bytes: Uint8Array }
  /** Whoever asked takes it back. */
  | { readonly kind: 'cancel'; readonly id: RequestId }
  /** Whoever was asked has decided. */
  | { readonly kind: 'decided'; readonly id: RequestId; readonly how: Decided }
  /** The person has yet to decide: ask again no sooner than that, unless you connect anew. */
  | { readonly kind: 'pending'; readonly waitMs: number }
  | { readonly kind: 'accepted' }
  /** I ask you, too, and mine goes first. */
  | { readonly kind: 'crossed' }
  /** To `cancel` and `decided`. */
  | { readonly kind: 'done' }
  /** `waitMs` is 0 but with `later`. */
  | { readonly kind: 'refuse'; readonly reason: Refusal; readonly waitMs: number }

export type FrameKind = Frame['kind']

const codes: Readonly<Record<FrameKind, number>> = {
  ask: 1,
  cancel: 2,
  decided: 3,
  pending: 4,
  accepted: 5,
  crossed: 6,
  done: 7,
  refuse: 8,
}
const kinds = new Map<number, FrameKind>(Object.entries(codes).map(([kind, code]) => [code, kind as FrameKind]))

/** Shortest and longest body of each kind, in bytes. */
export const bodyBytes: Readonly<Record<FrameKind, readonly [min: number, max: number]>> = {
  ask: [1, requestBytesMax],
  cancel: [32, 32],
  decided: [33, 33],
  pending: [4, 4],
  accepted: [0, 0],
  crossed: [0, 0],
  done: [0, 0],
  refuse: [5, 5],
}

const decisions: readonly Decided[] = ['accepted', 'refused']

export function refuse(reason: Refusal, waitMs = 0): Frame {
  return { kind: 'refuse', reason, waitMs }
}

/** Encodes a frame into one new array. */
export function encodeFrame(frame: Frame): Uint8Array {
  const body = bodyOf(frame)
  return concatBytes(u32(1 + body.length), Uint8Array.of(codes[frame.kind]), body)
}

function bodyOf(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case 'ask':
      return frame.bytes
    case 'cancel':
      return idBytes(frame.id)
    case 'decided':
      return concatBytes(idBytes(frame.id), Uint8Array.of(1 + decisions.indexOf(frame.how)))
    case 'pending':
      return u32(frame.waitMs)
    case 'refuse':
      return concatBytes(Uint8Array.of(refusals[frame.reason]), u32(frame.waitMs))
    case 'accepted':
    case 'crossed':
    case 'done':
      return new Uint8Array(0)
  }
}

function idBytes(id: RequestId): Uint8Array {
  const bytes = fromHex(id)
  assert(bytes?.length === 32, 'ids of requests are 32 bytes in lower-case hex')
  return bytes
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** Reads a byte stream into frames; throws `direct_frame_…`, or what `accept` throws. At most one frame is in memory. */
export function createDecoder(accept: (frame: Frame) => void): FrameReader {
  return createFrameReader<FrameKind>({
    begin(kindByte, length) {
      const kind = kinds.get(kindByte)
      if (kind === undefined) throw fault('direct_frame_kind_unknown')
      const [min, max] = bodyBytes[kind]
      if (length > max) throw fault('direct_frame_too_long')
      if (length < min) throw fault('direct_frame_malformed')
      return kind
    },
    accept: (kind, body) => accept(readBody(kind, body)),
    empty: () => fault('direct_frame_empty'),
    cut: () => fault('direct_frame_cut'),
  })
}

/** The length was checked. */
function readBody(kind: FrameKind, body: Uint8Array): Frame {
  switch (kind) {
    case 'ask':
      return { kind, bytes: body }
    case 'cancel':
      return { kind, id: toHex(body) as RequestId }
    case 'decided': {
      const how = decisions[(body[32] ?? 0) - 1]
      if (how === undefined) throw fault('direct_frame_malformed')
      return { kind, id: toHex(body.subarray(0, 32)) as RequestId, how }
    }
    case 'pending':
      return { kind, waitMs: readWait(body, 0) }
    case 'refuse': {
      const reason = refusalNames.get(body[0] ?? 0)
      const waitMs = readWait(body, 1)
      if (reason === undefined || (reason !== 'later' && waitMs !== 0)) throw fault('direct_frame_malformed')
      return { kind, reason, waitMs }
    }
    case 'accepted':
    case 'crossed':
    case 'done':
      return { kind }
  }
}

function readWait(body: Uint8Array, at: number): number {
  const waitMs = new DataView(body.buffer, body.byteOffset, body.length).getUint32(at)
  if (waitMs > waitMsMax) throw fault('direct_frame_malformed')
  return waitMs
}
