import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../test/support/hostile.ts'
import { concatBytes, fromHex, toHex } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { createDecoder } from './decoder.ts'
import { bodyBytes, encodeBlockHeader, encodeFrame, type Frame, type FrameKind, refusals } from './wire.ts'

interface Vectors {
  readonly good: readonly { name: string; hex: string; frame: unknown }[]
  readonly bad: readonly { name: string; hex: string; code: string }[]
}

const vectors = JSON.parse(readFileSync('test/vectors/transfer/frames.json', 'utf8')) as Vectors
const bytesOf = (hex: string) => fromHex(hex) ?? new Uint8Array(0)
const plain = (frame: Frame): unknown =>
  JSON.parse(JSON.stringify(frame, (_, value) => (value instanceof Uint8Array ? toHex(value) : value)))

const buffer = (length: number) => new Uint8Array(length)
const drop = () => {}

/** Everything that a decoder makes of the chunks. */
function decode(chunks: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = []
  const decoder = createDecoder({ admit: () => 'keep', buffer, drop, accept: (frame) => frames.push(frame) })
  for (const chunk of chunks) decoder.push(chunk)
  decoder.end()
  return frames
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isPeerhoodError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

const u32 = fc.integer({ min: 0, max: 0xffffffff })
const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max })
const ranges = fc.array(fc.record({ start: fc.nat(2_000_000), count: fc.integer({ min: 1, max: 97_000 }) }), {
  minLength: 1,
  maxLength: 20,
})
const text = (max: number) => fc.string({ minLength: 1, maxLength: max, unit: 'grapheme-ascii' })
const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: fc.constant('hello' as const), discovery: bytes(32, 32), proof: bytes(32, 32) }),
  fc.record({ kind: fc.constant('version' as const), sequence: fc.maxSafeNat(), digest: bytes(32, 32) }),
  fc.record({ kind: fc.constant('record' as const), bytes: bytes(1, 300) }),
  fc.record({ kind: fc.constant('want-page' as const), page: u32 }),
  fc.record({ kind: fc.constant('page' as const), page: u32, bytes: bytes(0, 300) }),
  fc.constant<Frame>({ kind: 'have-all' }),
  fc.record({ kind: fc.constant('have-bits' as const), bits: bytes(1, 100) }),
  fc.record({ kind: fc.constant('have' as const), indexes: fc.array(u32, { minLength: 1, maxLength: 50 }) }),
  fc.record({ kind: fc.constantFrom('interest' as const, 'choke' as const), on: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('want' as const, 'cancel' as const, 'missing' as const), ranges }),
  fc.record({ kind: fc.constant('block' as const), index: u32, bytes: bytes(0, 2000) }),
  fc.record({
    kind: fc.constant('peers' as const),
    peers: fc.array(fc.record({ peerId: text(64), addresses: fc.array(text(256), { maxLength: 8 }) }), {
      maxLength: 16,
    }),
  }),
  fc.constant<Frame>({ kind: 'keepalive' }),
  fc.record({ kind: fc.constant('refuse' as const), reason: fc.constantFrom(...(Object.keys(refusals) as 'busy'[])) }),
)

/** Cuts bytes at the given places. */
function cut(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return at.slice(1).map((end, i) => whole.subarray(at[i], end))
}

for (const { name, hex, frame } of vectors.good) {
  test(`vector: ${name}`, () => {
    const [decoded, ...more] = decode([bytesOf(hex)])
    assert.ok(decoded !== undefined && more.length === 0)
    assert.deepEqual(plain(decoded), frame)
    assert.equal(toHex(encodeFrame(decoded)), hex)
  })
}

for (const { name, hex, code } of vectors.bad) {
  test(`refused vector: ${name}`, () => {
    assert.equal(
      codeOf(() => decode([bytesOf(hex)])),
      code,
    )
    // One byte at a time is refused alike.
    assert.equal(
      codeOf(() => decode([...bytesOf(hex)].map((byte) => Uint8Array.of(byte)))),
      code,
    )
  })
}

test('any frames, cut anywhere, come out as they went in', () => {
  const frames = fc.array(anyFrame, { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 12 }), (sent, places) => {
      const whole = concatBytes(...sent.map(encodeFrame))
      assert.deepEqual(decode(cut(whole, places)).map(plain), sent.map(plain))
    }),
    { numRuns: 300 },
  )
})

test('no bytes make the decoder throw anything but its own errors, or take long', () => {
  const prefix = fc.constantFrom(...vectors.good.map(({ hex }) => bytesOf(hex)))
  const input = fc
    .tuple(prefix, fc.nat(80), bytes(0, 400))
    .map(([good, at, noise]) => concatBytes(good.subarray(0, at), noise))
  fc.assert(
    fc.property(fc.oneof(bytes(0, 600), input), (noise) => {
      assertOnlyOwnErrors(() => decode([noise]), noise.length)
    }),
    { numRuns: 2_000 },
  )
})

test('what is accepted has one encoding', () => {
  const body = fc.tuple(fc.integer({ min: 1, max: 17 }), bytes(0, 100))
  fc.assert(
    fc.property(body, ([kind, rest]) => {
      const whole = concatBytes(Uint8Array.of(0, 0, 0, rest.length + 1, kind), rest)
      let frames: Frame[]
      try {
        frames = decode([whole])
      } catch {
        return
      }
      assert.equal(toHex(concatBytes(...frames.map(encodeFrame))), toHex(whole))
    }),
    { numRuns: 3_000 },
  )
})

test('a block within one chunk is a view of it; one across chunks is gathered once', () => {
  const block = encodeFrame({ kind: 'block', index: 1, bytes: new Uint8Array(100).fill(7) })
  const [whole] = decode([block])
  assert.ok(whole?.kind === 'block' && whole.bytes.buffer === block.buffer)
  const [gathered] = decode([block.subarray(0, 50), block.subarray(50)])
  assert.ok(gathered?.kind === 'block' && gathered.bytes.length === 100 && gathered.bytes.every((byte) => byte === 7))
})

test('a refused or skipped body costs no memory, however long it claims to be', () => {
  const seen: [FrameKind, number, number | undefined][] = []
  const frames: Frame[] = []
  const decoder = createDecoder({
    admit(kind, length, index) {
      seen.push([kind, length, index])
      return kind === 'block' ? 'skip' : 'keep'
    },
    buffer,
    drop,
    accept: (frame) => frames.push(frame),
  })
  decoder.push(encodeBlockHeader('block', 9, 1_000_000))
  for (let i = 0; i < 10; i++) decoder.push(new Uint8Array(100_000))
  decoder.push(encodeFrame({ kind: 'keepalive' }))
  assert.deepEqual(seen, [
    ['block', 1_000_000, 9],
    ['keepalive', 0, undefined],
  ])
  assert.deepEqual(frames, [{ kind: 'keepalive' }])
  assert.equal(decoder.blockBytes, 1_000_000)
})

test('a frame may be as long as its kind allows, and not a byte longer', () => {
  const lengthOnly = (length: number, kind: number) =>
    Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, kind)
  const order = Object.keys(bodyBytes) as FrameKind[]
  for (const [i, kind] of order.entries()) {
    const [, max] = bodyBytes[kind]
    const decoder = createDecoder({ admit: () => 'skip', buffer, drop, accept: () => {} })
    decoder.push(lengthOnly(max + 1, i + 1))
    assert.equal(
      codeOf(() =>
        createDecoder({ admit: () => 'skip', buffer, drop, accept: () => {} }).push(lengthOnly(max + 2, i + 1)),
      ),
      'frame_too_long',
      kind,
    )
  }
})

test('an end in the middle of a frame is noticed', () => {
  const frame = encodeFrame({ kind: 'record', bytes: new Uint8Array(10) })
  for (let length = 1; length < frame.length; length++) {
    assert.equal(
      codeOf(() => decode([frame.subarray(0, length)])),
      'frame_cut',
    )
  }
})
