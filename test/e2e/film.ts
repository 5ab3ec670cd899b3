// A film that a browser plays, made by hand: WebM (Matroska, RFC 9559) with one VP8 picture repeated as key frames, each
// followed by filler that a decoder does not read. So it has any size, and each second begins at a known byte.
//
//   EBML head ─ Segment ─┬─ Info: length    ├─ Tracks: one of VP8
//                        ├─ Cues: where each second lies, before the pictures, so that seeking needs nothing more
//                        └─ Clusters: a second each, of the same size

import { sampleBytes } from './support.ts'

/** A sun over water, 64 × 36 pixels: a VP8 key frame as Chromium's own encoder makes it. */
const picture = Buffer.from(
  '0AYAnQEqQAAkAD7tcrJRqackoqVqaTAdiWQA0a+ieV8IZs1uAbYDcAbyBvLoIhYMahTZEzwokF7BEXDG023MAP7Lt/4noMD/3Phc0+3QD1Od' +
    'I9FvnCmARKcp+PjOoPdibUh/e5JZIyvY0bcIhZb3JQI3bTfdVQqAwkB+6p45T+1Fczka0qXro3aihYbBwRDDnttDO6ZZcAJHAAAA',
  'base64',
)
const [width, height] = [64, 36]
const framesPerSecond = 10

/** `seconds` clusters of `secondBytes` each, after a head of under 4 KiB for two minutes. */
export function makeFilm(seconds: number, secondBytes: number): Buffer {
  const info = element('1549a966', [
    element('2ad7b1', unsigned(1_000_000)), // times are in milliseconds
    element('4489', float(seconds * 1000)),
    element('4d80', Buffer.from('peerhood')),
    element('5741', Buffer.from('peerhood')),
  ])
  const video = element('e0', [element('b0', unsigned(width)), element('ba', unsigned(height))])
  const track = [element('d7', unsigned(1)), element('73c5', unsigned(1)), element('83', unsigned(1))]
  const tracks = element('1654ae6b', [element('ae', [...track, element('86', Buffer.from('V_VP8')), video])])
  const cuesBytes = cues(seconds, () => 0).length
  const begin = info.length + tracks.length + cuesBytes
  const head = [info, tracks, cues(seconds, (second) => begin + second * secondBytes)]
  const clusters = Array.from({ length: seconds }, (_, second) => cluster(second, secondBytes))
  return Buffer.concat([ebmlHead(), element('18538067', [...head, ...clusters])])
}

function ebmlHead(): Buffer {
  const versions = [element('4286', unsigned(1)), element('42f7', unsigned(1))]
  const lengths = [element('42f2', unsigned(4)), element('42f3', unsigned(8))]
  const type = [element('4282', Buffer.from('webm')), element('4287', unsigned(2)), element('4285', unsigned(2))]
  return element('1a45dfa3', [...versions, ...lengths, ...type])
}

function cues(seconds: number, placeOf: (second: number) => number): Buffer {
  const points = Array.from({ length: seconds }, (_, second) => {
    const place = element('b7', [element('f7', unsigned(1)), element('f1', unsigned(placeOf(second)))])
    return element('bb', [element('b3', unsigned(second * 1000)), place])
  })
  return element('1c53bb6b', points)
}

function cluster(second: number, bytes: number): Buffer {
  const head = element('e7', unsigned(second * 1000))
  const shellBytes = element('1f43b675', head).length + framesPerSecond * block(0, Buffer.alloc(0)).length
  const frameBytes = Math.floor((bytes - shellBytes) / framesPerSecond)
  const rest = bytes - shellBytes - frameBytes * framesPerSecond
  const frames = Array.from({ length: framesPerSecond }, (_, at) => {
    const filler = frameBytes - picture.length + (at === 0 ? rest : 0)
    return block(at * (1000 / framesPerSecond), Buffer.concat([picture, sampleBytes(`film ${second} ${at}`, filler)]))
  })
  return element('1f43b675', [head, ...frames])
}

/** A SimpleBlock of track 1 with a key frame; its time counts from its cluster's. */
function block(atMs: number, frame: Buffer): Buffer {
  const head = Buffer.from([0x81, atMs >> 8, atMs & 255, 0x80])
  return element('a3', [head, frame])
}

/** Id, length in eight bytes, content (RFC 8794 §4 to §7): every length takes the same room, so places can be computed. */
function element(id: string, content: Buffer | readonly Buffer[]): Buffer {
  const body = Buffer.isBuffer(content) ? content : Buffer.concat(content)
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE((1n << 56n) | BigInt(body.length))
  return Buffer.concat([Buffer.from(id, 'hex'), length, body])
}

function unsigned(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}
