// What frames may hold, to the last byte: as much as the limits say is read, one more is refused with its code.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPeerhoodError } from '../base/errors.ts'
import { createDecoder } from './decoder.ts'
import {
  addressCharsMax,
  addressesPerPeerMax,
  indexesPerFrameMax,
  pageBytesMax,
  peerIdCharsMax,
  peersPerFrameMax,
  rangesPerFrameMax,
} from './limits.ts'
import { encodeFrame, type Frame } from './wire.ts'

/** The code that a frame is refused with, or how many were read. */
function outcomeOf(frame: Frame): string | number {
  const frames: Frame[] = []
  const buffer = (length: number) => new Uint8Array(length)
  const decoder = createDecoder({ admit: () => 'keep', buffer, drop: () => {}, accept: (read) => frames.push(read) })
  try {
    decoder.push(encodeFrame(frame))
    decoder.end()
    return frames.length
  } catch (error) {
    return isPeerhoodError(error) ? error.code : String(error)
  }
}

const ranges = (count: number) => Array.from({ length: count }, (_, start) => ({ start, count: 1 }))
const peer = { peerId: 'p'.repeat(peerIdCharsMax), addresses: ['a'.repeat(addressCharsMax)] }
const peersFrame = (changes: Partial<typeof peer>, count = 1): Frame => ({
  kind: 'peers',
  peers: new Array<typeof peer>(count).fill({ ...peer, ...changes }),
})

const rows: readonly (readonly [string, most: Frame, tooMuch: Frame, code: string])[] = [
  [
    'ranges',
    { kind: 'want', ranges: ranges(rangesPerFrameMax) },
    { kind: 'want', ranges: ranges(rangesPerFrameMax + 1) },
    'frame_too_long',
  ],
  [
    'indexes',
    { kind: 'have', indexes: new Array<number>(indexesPerFrameMax).fill(1) },
    { kind: 'have', indexes: new Array<number>(indexesPerFrameMax + 1).fill(1) },
    'frame_too_long',
  ],
  [
    'bytes of a page',
    { kind: 'page', page: 0, bytes: new Uint8Array(pageBytesMax) },
    { kind: 'page', page: 0, bytes: new Uint8Array(pageBytesMax + 1) },
    'frame_too_long',
  ],
  ['peers', peersFrame({}, peersPerFrameMax), peersFrame({}, peersPerFrameMax + 1), 'frame_malformed'],
  [
    'addresses of a peer',
    peersFrame({ addresses: new Array<string>(addressesPerPeerMax).fill('a') }),
    peersFrame({ addresses: new Array<string>(addressesPerPeerMax + 1).fill('a') }),
    'frame_malformed',
  ],
  [
    'characters of an address',
    peersFrame({}),
    peersFrame({ addresses: ['a'.repeat(addressCharsMax + 1)] }),
    'frame_malformed',
  ],
  ['characters of a peer id', peersFrame({}), peersFrame({ peerId: `${peer.peerId}p` }), 'frame_malformed'],
]

for (const [what, most, tooMuch, code] of rows) {
  test(`so many ${what}, and not one more`, () => {
    assert.deepEqual([outcomeOf(most), outcomeOf(tooMuch)], [1, code])
  })
}
