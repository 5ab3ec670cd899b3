// Frames of `/peerhood/share/1` (docs/protocol/transfer.md). Pure: bytes in, frames out, and back.
//
//   frame = length (u32, of kind and body) ‖ kind (u8) ‖ body        all numbers big-endian
//
// Encoding strict and total; decoding gives one meaning to every accepted frame and its own error to all else. The two
// frames that carry bulk (block, page) are never copied on the way out: `encodeBlockHeader` makes what stands before the
// block's own buffer. On the way in, `decoder.ts` cuts the stream into frames.

import { fromUtf8, lengthOf, utf8 } from '../base/bytes.ts'
import { blockBytesMax, blocksMax, recordBytesMax } from '../content/format/limits.ts'
import { peerErrors } from './errors.ts'
import {
  addressCharsMax,
  addressesPerPeerMax,
  indexesPerFrameMax,
  pageBytesMax,
  peerIdCharsMax,
  peersPerFrameMax,
  rangesPerFrameMax,
} from './limits.ts'

export const shareProtocol = '/peerhood/share/1'

/** A run of `count` block indexes from `start` on. */
export interface Range {
  readonly start: number
  readonly count: number
}

/** Why a side ends the session; the number is what is sent. */
export const refusals = {
  /** Unknown share or wrong proof: deliberately the same. */
  not_shared: 1,
  /** No room for one more session. */
  busy: 2,
  /** Another session of the same two peers and share stays. */
  duplicate: 3,
  /** Our version changed: open again. */
  version_changed: 4,
  /** We hold another version and stay with it. */
  version_differs: 5,
  /** Neither side needs the other now. */
  idle: 6,
  /** We are stopping. */
  stopping: 7,
  /** You broke the protocol. */
  violation: 8,
} as const
export type Refusal = keyof typeof refusals
const refusalNames = new Map<number, Refusal>(Object.entries(refusals).map(([name, code]) => [code, name as Refusal]))

export interface ExchangedPeer {
  readonly peerId: string
  readonly addresses: readonly string[]
}

export type Frame =
  /** First on every stream, both ways: which share, and the proof that one may ask for it. */
  | { readonly kind: 'hello'; readonly discovery: Uint8Array; readonly proof: Uint8Array }
  /** The version that indexes refer to from here on; sequence 0 and a zero digest: none yet. */
  | { readonly kind: 'version'; readonly sequence: number; readonly digest: Uint8Array }
  /** A signed record, newer than what the other side named. */
  | { readonly kind: 'record'; readonly bytes: Uint8Array }
  | { readonly kind: 'want-page'; readonly page: number }
  /** An inventory page; without bytes: not here. */
  | { readonly kind: 'page'; readonly page: number; readonly bytes: Uint8Array }
  | { readonly kind: 'have-all' }
  | { readonly kind: 'have-bits'; readonly bits: Uint8Array }
  | { readonly kind: 'have'; readonly indexes: readonly number[] }
  | { readonly kind: 'interest'; readonly on: boolean }
  | { readonly kind: 'choke'; readonly on: boolean }
  | { readonly kind: 'want'; readonly ranges: readonly Range[] }
  | { readonly kind: 'cancel'; readonly ranges: readonly Range[] }
  /** Asked blocks that won't come: not here any more. */
  | { readonly kind: 'missing'; readonly ranges: readonly Range[] }
  | { readonly kind: 'block'; readonly index: number; readonly bytes: Uint8Array }
  | { readonly kind: 'peers'; readonly peers: readonly ExchangedPeer[] }
  | { readonly kind: 'keepalive' }
  | { readonly kind: 'refuse'; readonly reason: Refusal }

export type FrameKind = Frame['kind']

const codes: Readonly<Record<FrameKind, number>> = {
  hello: 1,
  version: 2,
  record: 3,
  'want-page': 4,
  page: 5,
  'have-all': 6,
  'have-bits': 7,
  have: 8,
  interest: 9,
  choke: 10,
  want: 11,
  cancel: 12,
  missing: 13,
  block: 14,
  peers: 15,
  keepalive: 16,
  refuse: 17,
}
const kinds: readonly (FrameKind | undefined)[] = Array.from({ length: 18 }, (_, code) =>
  (Object.keys(codes) as FrameKind[]).find((kind) => codes[kind] === code),
)

const peerBytesMax = 2 + peerIdCharsMax + addressesPerPeerMax * (2 + addressCharsMax)

/** Shortest and longest body of each kind, in bytes. */
export const bodyBytes: Readonly<Record<FrameKind, readonly [min: number, max: number]>> = {
  hello: [64, 64],
  version: [40, 40],
  record: [1, recordBytesMax],
  'want-page': [4, 4],
  page: [4, 4 + pageBytesMax],
  'have-all': [0, 0],
  'have-bits': [1, blocksMax / 8],
  have: [4, 4 * indexesPerFrameMax],
  interest: [1, 1],
  choke: [1, 1],
  want: [8, 8 * rangesPerFrameMax],
  cancel: [8, 8 * rangesPerFrameMax],
  missing: [8, 8 * rangesPerFrameMax],
  block: [4, 4 + blockBytesMax],
  peers: [1, 1 + peersPerFrameMax * peerBytesMax],
  keepalive: [0, 0],
  refuse: [1, 1],
}

/** Bytes before a frame's body: length and kind. */
export const frameHeaderBytes = 5
/** Bytes before a block's or page's own bytes. */
export const blockHeaderBytes = frameHeaderBytes + 4

/** The kind with this number; throws `frame_kind_unknown`. */
export function kindOf(code: number): FrameKind {
  const kind = kinds[code]
  if (kind === undefined) throw peerErrors.frame_kind_unknown(`A peer sent a frame of the unknown kind ${code}.`)
  return kind
}

// ---- encoding

/** Encodes a frame into one new array. Blocks and pages: prefer {@link encodeBlockHeader}, which copies nothing. */
export function encodeFrame(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case 'hello':
      return joined(frame.kind, [frame.discovery, frame.proof])
    case 'version':
      return joined(frame.kind, [numberBytes(frame.sequence, 8), frame.digest])
    case 'record':
      return joined(frame.kind, [frame.bytes])
    case 'want-page':
      return joined(frame.kind, [numberBytes(frame.page, 4)])
    case 'page':
      return joined(frame.kind, [numberBytes(frame.page, 4), frame.bytes])
    case 'block':
      return joined(frame.kind, [numberBytes(frame.index, 4), frame.bytes])
    case 'have-bits':
      return joined(frame.kind, [frame.bits])
    case 'have':
      return joined(frame.kind, [words(frame.indexes)])
    case 'interest':
    case 'choke':
      return joined(frame.kind, [numberBytes(frame.on ? 1 : 0, 1)])
    case 'want':
    case 'cancel':
    case 'missing':
      return joined(frame.kind, [words(frame.ranges.flatMap(({ start, count }) => [start, count]))])
    case 'peers':
      return joined(frame.kind, peersChunks(frame.peers))
    case 'refuse':
      return joined(frame.kind, [numberBytes(refusals[frame.reason], 1)])
    case 'have-all':
    case 'keepalive':
      return joined(frame.kind, [])
  }
}

/** What goes before the bytes of a block or page of this length. */
export function encodeBlockHeader(kind: 'block' | 'page', index: number, length: number): Uint8Array {
  const header = new Uint8Array(blockHeaderBytes)
  writeU32(header, 0, 5 + length)
  header[4] = codes[kind]
  writeU32(header, 5, index)
  return header
}

function joined(kind: FrameKind, chunks: readonly Uint8Array[]): Uint8Array {
  const length = lengthOf(chunks)
  const bytes = new Uint8Array(frameHeaderBytes + length)
  writeU32(bytes, 0, 1 + length)
  bytes[4] = codes[kind]
  let at = frameHeaderBytes
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function writeU32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
}

function numberBytes(value: number, length: 1 | 4 | 8): Uint8Array {
  const bytes = new Uint8Array(length)
  let rest = value
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return bytes
}

function words(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  values.forEach((value, i) => {
    writeU32(bytes, 4 * i, value)
  })
  return bytes
}

function peersChunks(peers: readonly ExchangedPeer[]): Uint8Array[] {
  const chunks: Uint8Array[] = [Uint8Array.of(peers.length)]
  for (const { peerId, addresses } of peers) {
    const id = utf8(peerId)
    chunks.push(Uint8Array.of(id.length), id, Uint8Array.of(addresses.length))
    for (const address of addresses) {
      const text = utf8(address)
      chunks.push(Uint8Array.of(text.length >> 8, text.length & 255), text)
    }
  }
  return chunks
}

// ---- decoding

/** Reads the body of one frame; throws `frame_malformed`. Byte fields are views of `body`. */
export function decodeBody(kind: FrameKind, body: Uint8Array): Frame {
  checkLength(kind, body.length)
  switch (kind) {
    case 'hello':
      return { kind, discovery: body.subarray(0, 32), proof: body.subarray(32) }
    case 'version':
      return { kind, sequence: safeNumber(kind, body), digest: body.subarray(8) }
    case 'record':
      return { kind, bytes: body }
    case 'want-page':
      return { kind, page: readU32(body, 0) }
    case 'page':
      return { kind, page: readU32(body, 0), bytes: body.subarray(4) }
    case 'block':
      return { kind, index: readU32(body, 0), bytes: body.subarray(4) }
    case 'have-bits':
      return { kind, bits: body }
    case 'have':
      return { kind, indexes: readWords(kind, body) }
    case 'interest':
    case 'choke':
      return { kind, on: readFlag(kind, body) }
    case 'want':
    case 'cancel':
    case 'missing':
      return { kind, ranges: readRanges(kind, body) }
    case 'peers':
      return { kind, peers: readPeers(body) }
    case 'refuse':
      return { kind, reason: readRefusal(body) }
    case 'have-all':
    case 'keepalive':
      return { kind }
  }
}

/** Throws `frame_too_long` or `frame_malformed` when no frame of this kind has a body of this length. */
export function checkLength(kind: FrameKind, length: number): void {
  const [min, max] = bodyBytes[kind]
  if (length > max) throw peerErrors.frame_too_long(`A peer sent a ${kind} frame of ${length} bytes.`)
  if (length < min) throw malformed(kind)
}

/** Reads four bytes, big-endian; absent bytes count as zero. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 0x1000000 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  )
}

function malformed(kind: FrameKind) {
  return peerErrors.frame_malformed(`A peer sent a malformed ${kind} frame.`, { details: { kind } })
}

function safeNumber(kind: FrameKind, body: Uint8Array): number {
  const value = readU32(body, 0) * 0x100000000 + readU32(body, 4)
  if (!Number.isSafeInteger(value)) throw malformed(kind)
  return value
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

function readWords(kind: FrameKind, body: Uint8Array): number[] {
  if (body.length % 4 !== 0) throw malformed(kind)
  const values: number[] = []
  for (let at = 0; at < body.length; at += 4) values.push(readU32(body, at))
  return values
}

function readRanges(kind: FrameKind, body: Uint8Array): Range[] {
  if (body.length % 8 !== 0) throw malformed(kind)
  const ranges: Range[] = []
  for (let at = 0; at < body.length; at += 8) {
    const range = { start: readU32(body, at), count: readU32(body, at + 4) }
    if (range.count === 0 || range.start + range.count > blocksMax) throw malformed(kind)
    ranges.push(range)
  }
  return ranges
}

function readPeers(body: Uint8Array): ExchangedPeer[] {
  let at = 0
  const number = (width: 1 | 2, max: number): number => {
    const value = width === 1 ? (body[at] ?? 256) : (body[at] ?? 0) * 256 + (body[at + 1] ?? 65_536)
    at += width
    if (value > max) throw malformed('peers')
    return value
  }
  const text = (length: number): string => {
    const value = length === 0 || at + length > body.length ? undefined : fromUtf8(body.subarray(at, at + length))
    if (value === undefined) throw malformed('peers')
    at += length
    return value
  }
  const peers = Array.from({ length: number(1, peersPerFrameMax) }, () => ({
    peerId: text(number(1, peerIdCharsMax)),
    addresses: Array.from({ length: number(1, addressesPerPeerMax) }, () => text(number(2, addressCharsMax))),
  }))
  if (at !== body.length) throw malformed('peers')
  return peers
}
