// Cuts a peer's byte stream into frames, whatever the chunks are. `admit` sees kind and length before any byte of a body is
// kept, and every length is bounded by its kind: memory is at most one frame (`entriesFrameBytesMax`), however long a frame
// claims to be.

import { copyBytes } from '../../base/copy.ts'
import { syncPeerErrors } from './errors.ts'
import { checkLength, decodeBody, type Frame, type FrameKind, frameHeaderBytes, kindOf, readU32 } from './wire.ts'

export interface FramePolicy {
  /** Called with the head of every frame; throws a PeerhoodError to refuse it. */
  admit(kind: FrameKind, length: number): void
  /** Takes one frame. Its bytes stay valid. */
  accept(frame: Frame): void
}

export interface Decoder {
  /** Reads one chunk; throws what the policy throws, or `sync_frame_…`. After a throw it must not be used again. */
  push(chunk: Uint8Array): void
  /** The stream has ended; throws `sync_frame_cut` in the middle of a frame. */
  end(): void
}

export function createDecoder(policy: FramePolicy): Decoder {
  const head = new Uint8Array(frameHeaderBytes)
  let headLength = 0
  let kind: FrameKind = 'keepalive'
  /** Being gathered; undefined between frames. */
  let body: Uint8Array | undefined
  let filled = 0

  function readHead(chunk: Uint8Array, at: number): number {
    const taken = Math.min(frameHeaderBytes - headLength, chunk.length - at)
    for (let i = 0; i < taken; i++) head[headLength + i] = chunk[at + i] ?? 0
    headLength += taken
    if (headLength === frameHeaderBytes) begin()
    return taken
  }

  function begin(): void {
    const length = readU32(head, 0)
    if (length === 0) throw syncPeerErrors.sync_frame_empty('A peer sent a frame without a kind.')
    kind = kindOf(head[4] ?? 0)
    checkLength(kind, length - 1)
    policy.admit(kind, length - 1)
    body = new Uint8Array(length - 1)
    filled = 0
    if (length === 1) finish(body)
  }

  function readBody(chunk: Uint8Array, at: number, gathered: Uint8Array): number {
    const taken = Math.min(gathered.length - filled, chunk.length - at)
    copyBytes(gathered, filled, chunk.subarray(at, at + taken))
    filled += taken
    if (filled === gathered.length) finish(gathered)
    return taken
  }

  function finish(bytes: Uint8Array): void {
    headLength = 0
    body = undefined
    policy.accept(decodeBody(kind, bytes))
  }

  return {
    push(chunk) {
      let at = 0
      while (at < chunk.length) at += body === undefined ? readHead(chunk, at) : readBody(chunk, at, body)
    },
    end() {
      if (body !== undefined || headLength > 0) {
        throw syncPeerErrors.sync_frame_cut('A peer ended in the middle of a frame.')
      }
    },
  }
}
