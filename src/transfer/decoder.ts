// Cuts a peer's byte stream into frames, whatever the chunks are. A frame that lies within one chunk becomes a view of
// it; one that spans chunks is gathered once into a buffer of its own. The policy sees kind, length and (for blocks and
// pages) the index before any body byte is kept: it refuses by throwing, or lets the body pass by unread. So memory is
// bounded by what we asked for, however long a frame claims to be.

import { copyBytes } from '../base/copy.ts'
import { peerErrors } from './errors.ts'
import { checkLength, decodeBody, type Frame, type FrameKind, frameHeaderBytes, kindOf, readU32 } from './wire.ts'

export interface FramePolicy {
  /**
   * Called with the head of every frame. `index` is given for blocks and pages only, `length` is that of the body
   * (for those: without the index). `keep` gathers it, `skip` drops it unread; throws a PeerhoodError to refuse.
   */
  admit(kind: FrameKind, length: number, index: number | undefined): 'keep' | 'skip'
  /** A buffer to gather a block's bytes in. */
  buffer(length: number): Uint8Array
  /** Takes back such a buffer, when its block will not come. */
  drop(bytes: Uint8Array): void
  /** Takes one frame. Bytes in it are views that stay valid. */
  accept(frame: Frame): void
}

export interface Decoder {
  /** Reads one chunk; throws what the policy throws, or `frame_…`. After a throw the decoder must not be used again. */
  push(chunk: Uint8Array): void
  /** Bytes of block bodies read so far, unfinished and skipped ones included: the sign of life that counts. */
  readonly blockBytes: number
  /** The stream has ended; throws `frame_cut` in the middle of a frame. */
  end(): void
  /** Lets go of an unfinished frame. */
  drop(): void
}

type Phase = 'head' | 'index' | 'body' | 'skip'

export function createDecoder(policy: FramePolicy): Decoder {
  const small = new Uint8Array(frameHeaderBytes + 4)
  let smallLength = 0
  let phase: Phase = 'head'
  let kind: FrameKind = 'keepalive'
  let index: number | undefined
  let bodyLength = 0
  let body: Uint8Array | undefined
  let filled = 0
  let blockBytes = 0

  /** Fills `small` up to `length` bytes from the chunk; returns how many were taken. */
  function gatherSmall(chunk: Uint8Array, at: number, length: number): number {
    const taken = Math.min(length - smallLength, chunk.length - at)
    for (let i = 0; i < taken; i++) small[smallLength + i] = chunk[at + i] ?? 0
    smallLength += taken
    return taken
  }

  function readHead(): void {
    const length = readU32(small, 0)
    if (length === 0) throw peerErrors.frame_empty('A peer sent a frame without a kind.')
    kind = kindOf(small[4] ?? 0)
    bodyLength = length - 1
    checkLength(kind, bodyLength)
    index = undefined
    if (kind === 'block' || kind === 'page') phase = 'index'
    else beginBody()
  }

  function readIndex(): void {
    index = readU32(small, frameHeaderBytes)
    bodyLength -= 4
    beginBody()
  }

  function beginBody(): void {
    phase = policy.admit(kind, bodyLength, index) === 'skip' ? 'skip' : 'body'
    filled = 0
    if (bodyLength === 0) finish(new Uint8Array(0))
  }

  function finish(bytes: Uint8Array): void {
    const skipped = phase === 'skip'
    phase = 'head'
    smallLength = 0
    body = undefined
    if (skipped) return
    if (kind === 'block') policy.accept({ kind, index: index ?? 0, bytes })
    else if (kind === 'page') policy.accept({ kind, page: index ?? 0, bytes })
    else policy.accept(decodeBody(kind, bytes))
  }

  function readBody(chunk: Uint8Array, at: number): number {
    const taken = Math.min(bodyLength - filled, chunk.length - at)
    if (kind === 'block') blockBytes += taken
    if (phase === 'body') {
      if (taken === bodyLength) {
        finish(chunk.subarray(at, at + taken))
        return taken
      }
      body ??= kind === 'block' ? policy.buffer(bodyLength) : new Uint8Array(bodyLength)
      copyBytes(body, filled, chunk.subarray(at, at + taken))
    }
    filled += taken
    if (filled === bodyLength) finish(body ?? new Uint8Array(0))
    return taken
  }

  return {
    get blockBytes() {
      return blockBytes
    },
    push(given) {
      const chunk = plainBytes(given)
      let at = 0
      while (at < chunk.length) {
        if (phase === 'head') {
          at += gatherSmall(chunk, at, frameHeaderBytes)
          if (smallLength === frameHeaderBytes) readHead()
        } else if (phase === 'index') {
          at += gatherSmall(chunk, at, frameHeaderBytes + 4)
          if (smallLength === frameHeaderBytes + 4) readIndex()
        } else {
          at += readBody(chunk, at)
        }
      }
    },
    drop() {
      if (body !== undefined && kind === 'block') policy.drop(body)
      body = undefined
    },
    end() {
      if (phase !== 'head' || smallLength > 0) throw peerErrors.frame_cut('A peer ended in the middle of a frame.')
    },
  }
}

/** The same bytes without Buffer's ways: its `slice` does not copy. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes
}
