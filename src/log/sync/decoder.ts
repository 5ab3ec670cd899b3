// Cuts a peer's byte stream into frames, whatever the chunks are. `admit` sees kind and length before any byte of a body is
// kept, and every length is bounded by its kind: memory is at most one frame (`entriesFrameBytesMax`), however long a frame
// claims to be.

import { createFrameReader, type FrameReader } from '../../base/frame-reader.ts'
import { syncPeerErrors } from './errors.ts'
import { checkLength, decodeBody, type Frame, type FrameKind, kindOf } from './wire.ts'

export interface FramePolicy {
  /** Called with the head of every frame; throws a PeerhoodError to refuse it. */
  admit(kind: FrameKind, length: number): void
  /** Takes one frame. Its bytes stay valid. */
  accept(frame: Frame): void
}

/** Throws what the policy throws, or `sync_frame_…`. */
export type Decoder = FrameReader

export function createDecoder(policy: FramePolicy): Decoder {
  return createFrameReader<FrameKind>({
    begin(kindByte, bodyBytes) {
      const kind = kindOf(kindByte)
      checkLength(kind, bodyBytes)
      policy.admit(kind, bodyBytes)
      return kind
    },
    accept: (kind, body) => policy.accept(decodeBody(kind, body)),
    empty: () => syncPeerErrors.sync_frame_empty('A peer sent a frame without a kind.'),
    cut: () => syncPeerErrors.sync_frame_cut('A peer ended in the middle of a frame.'),
  })
}
