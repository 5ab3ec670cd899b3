// Cuts a peer's byte stream into frames of this protocol. Kind and length are checked before any byte of a body is kept, so
// memory is at most one frame (`sealedBytesMax`), however long a frame claims to be.

import { createFrameReader, type FrameReader } from '../../base/frame-reader.ts'
import { checkLength, decodeBody, type Frame, type FrameKind, fault, kindOf } from './wire.ts'

/** Throws `meet_frame_…`, or what `accept` throws. */
export type Decoder = FrameReader

/** `accept` takes one frame; its bytes stay valid. */
export function createDecoder(accept: (frame: Frame) => void): Decoder {
  return createFrameReader<FrameKind>({
    begin(kindByte, bodyBytes) {
      const kind = kindOf(kindByte)
      checkLength(kind, bodyBytes)
      return kind
    },
    accept: (kind, body) => accept(decodeBody(kind, body)),
    empty: () => fault('meet_frame_empty'),
    cut: () => fault('meet_frame_cut'),
  })
}
