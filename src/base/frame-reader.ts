// Cuts a peer's byte stream into frames, whatever the chunks are: length (u32, big-endian, of what follows), kind (1), body.
// A protocol's own decoder says which kinds there are and how long each may be.
//
// Must stay true: kind and length are seen before any byte of a body is kept, so memory is at most one frame, however long
// a frame claims to be.

import { copyBytes } from './copy.ts'

const headBytes = 5

export interface FrameRules<Kind> {
  /** What the kind's byte stands for, once a body of this length is allowed; throws to refuse the frame. */
  begin(kindByte: number, bodyBytes: number): Kind
  /** Takes the body of a frame; its bytes stay valid. */
  accept(kind: Kind, body: Uint8Array): void
  /** What to throw for a frame without a kind. */
  empty(): Error
  /** What to throw when the stream ends in the middle of a frame. */
  cut(): Error
}

export interface FrameReader {
  /** Reads one chunk; throws what the rules throw. After a throw it must not be used again. */
  push(chunk: Uint8Array): void
  /** The stream has ended. */
  end(): void
}

export function createFrameReader<Kind>(rules: FrameRules<Kind>): FrameReader {
  const head = new Uint8Array(headBytes)
  let headLength = 0
  /** Being gathered; undefined between frames. */
  let frame: { readonly kind: Kind; readonly body: Uint8Array } | undefined
  let filled = 0

  function readHead(chunk: Uint8Array, at: number): number {
    const taken = Math.min(headBytes - headLength, chunk.length - at)
    for (let i = 0; i < taken; i++) head[headLength + i] = chunk[at + i] ?? 0
    headLength += taken
    if (headLength === headBytes) begin()
    return taken
  }

  function begin(): void {
    const length = new DataView(head.buffer).getUint32(0)
    if (length === 0) throw rules.empty()
    const kind = rules.begin(head[4] ?? 0, length - 1)
    frame = { kind, body: new Uint8Array(length - 1) }
    filled = 0
    if (length === 1) finish(frame)
  }

  function readBody(chunk: Uint8Array, at: number, gathered: NonNullable<typeof frame>): number {
    const taken = Math.min(gathered.body.length - filled, chunk.length - at)
    copyBytes(gathered.body, filled, chunk.subarray(at, at + taken))
    filled += taken
    if (filled === gathered.body.length) finish(gathered)
    return taken
  }

  function finish({ kind, body }: NonNullable<typeof frame>): void {
    headLength = 0
    frame = undefined
    rules.accept(kind, body)
  }

  return {
    push(chunk) {
      let at = 0
      while (at < chunk.length) at += frame === undefined ? readHead(chunk, at) : readBody(chunk, at, frame)
    },
    end() {
      if (frame !== undefined || headLength > 0) throw rules.cut()
    },
  }
}
