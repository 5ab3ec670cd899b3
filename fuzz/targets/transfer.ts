// Decoders of src/transfer: the frames of `/peerhood/share/1`.

import { createDecoder } from '../../src/transfer/decoder.ts'
import { encodeFrame, type Frame } from '../../src/transfer/wire.ts'
import { joinFrames, readFrames, streams } from '../frames.ts'
import { vectorBytes } from '../seeds.ts'
import { type Target, target } from '../target.ts'

export const transferTargets: readonly Target[] = [
  target({
    name: 'share-frames',
    covers: ['src/transfer/wire.ts decodeBody', 'src/transfer/wire.ts kindOf', 'src/transfer/decoder.ts createDecoder'],
    codes: ['empty', 'cut', 'malformed', 'too_long', 'kind_unknown'].map((what) => `frame_${what}`),
    seeds: () => streams(vectorBytes('transfer/frames.json', 'hex')),
    decode: (input) =>
      readFrames<Frame>(
        (accept) =>
          createDecoder({
            admit: () => 'keep',
            // A block may say that it has up to its limit; nobody keeps more than was asked for.
            buffer: (length) => new Uint8Array(length),
            drop: () => {},
            accept,
          }),
        input,
      ),
    encode: joinFrames(encodeFrame),
  }),
]
