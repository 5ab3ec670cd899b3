// Decoders of streams: frames come out the same however the stream is cut, and give it back when they are encoded.

import { isDeepStrictEqual } from 'node:util'
import { concatBytes, equalBytes } from '../src/base/bytes.ts'
import { isPeerhoodError } from '../src/base/errors.ts'

interface StreamDecoder {
  push(chunk: Uint8Array): void
  end(): void
}

interface Outcome<Frame> {
  readonly frames: readonly Frame[]
  readonly error: unknown
}

/** All frames of a stream; throws what its decoder throws. */
export function readFrames<Frame>(
  open: (accept: (frame: Frame) => void) => StreamDecoder,
  input: Uint8Array,
): readonly Frame[] {
  const whole = outcomeOf(open, [input])
  // Cut where the input says, so that the same input is always cut the same.
  const chunks: Uint8Array[] = []
  for (let at = 0; at < input.length; ) {
    const length = 1 + ((input[at] ?? 0) % 7)
    chunks.push(input.subarray(at, at + length))
    at += length
  }
  const cut = outcomeOf(open, chunks)
  if (codeOf(whole.error) !== codeOf(cut.error)) throw new Error('a stream that is cut is refused otherwise')
  if (!isDeepStrictEqual(whole.frames, cut.frames)) throw new Error('a stream that is cut has other frames')
  if (whole.error !== undefined) throw whole.error
  return whole.frames
}

function codeOf(error: unknown): string {
  if (error === undefined) return ''
  return isPeerhoodError(error) ? error.code : `not ours: ${error}`
}

function outcomeOf<Frame>(
  open: (accept: (frame: Frame) => void) => StreamDecoder,
  chunks: readonly Uint8Array[],
): Outcome<Frame> {
  const frames: Frame[] = []
  const decoder = open((frame) => frames.push(frame))
  try {
    for (const chunk of chunks) decoder.push(chunk)
    decoder.end()
    return { frames, error: undefined }
  } catch (error) {
    return { frames, error }
  }
}

/** The stream that these frames are. */
export function joinFrames<Frame>(encode: (frame: Frame) => Uint8Array): (frames: readonly Frame[]) => Uint8Array {
  return (frames) => concatBytes(...frames.map(encode))
}

/** Two in a row, beside each alone. */
export function streams(frames: readonly Uint8Array[]): Uint8Array[] {
  const small = frames.filter((frame) => frame.length < 2_000)
  const pairs = small.map((frame, at) => concatBytes(frame, small[(at + 1) % small.length] ?? frame))
  return [...small, ...pairs].filter((frame, at, all) => all.findIndex((other) => equalBytes(frame, other)) === at)
}
