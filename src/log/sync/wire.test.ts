import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import { concatBytes, fromHex, toHex } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { DeviceId, EntryId } from '../types.ts'
import { createDecoder } from './decoder.ts'
import { entriesFrameBytesMax, entriesPerFrameMax, entryFrameBytesMax } from './limits.ts'
import { peekPlace } from './place-core.ts'
import { deviceOf, makeEntry } from './testing.ts'
import { bodyBytes, encodeFrame, type Frame, type FrameKind } from './wire.ts'

/** Everything that a decoder makes of the chunks. */
function decode(chunks: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = []
  const decoder = createDecoder({ admit: () => {}, accept: (frame) => frames.push(frame) })
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

const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max })
const id = bytes(32, 32).map((value) => toHex(value) as EntryId)
const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const place = fc.record({ device: id.map((text) => text as string as DeviceId), seq })
const places = (min: number) =>
  fc
    .uniqueArray(place, { minLength: min, maxLength: 30, selector: ({ device }) => device })
    .map((all) => all.sort((a, b) => (a.device < b.device ? -1 : 1)))
const entries = fc.array(bytes(1, 300), { minLength: 1, maxLength: 20 })
const ids = fc.array(id, { minLength: 1, maxLength: 64 })
const fork = fc
  .record({
    device: id.map((text) => text as string as DeviceId),
    seq,
    pair: fc.uniqueArray(id, { minLength: 2, maxLength: 2 }),
  })
  .map(({ device, seq, pair }) => ({ device, seq, entries: pair.sort() as unknown as readonly [EntryId, EntryId] }))

const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    role: fc.constantFrom('member' as const, 'keeper' as const),
    discovery: bytes(32, 32),
    proof: bytes(32, 32),
  }),
  fc.record({ kind: fc.constant('vector' as const), last: fc.boolean(), places: places(0) }),
  fc.record({ kind: fc.constant('forks' as const), forks: fc.array(fork, { minLength: 1, maxLength: 5 }) }),
  fc.record({ kind: fc.constant('have' as const), places: places(1) }),
  fc.record({ kind: fc.constant('flow' as const), on: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('entries' as const, 'answer' as const), entries }),
  fc.record({ kind: fc.constantFrom('want' as const, 'absent' as const), ids }),
  fc.record({
    kind: fc.constant('challenge' as const),
    nonce: bytes(32, 32),
    places: fc.array(place, { minLength: 1, maxLength: 8 }),
  }),
  fc.record({
    kind: fc.constant('holding' as const),
    nonce: bytes(32, 32),
    digest: fc.option(bytes(32, 32), { nil: undefined }),
  }),
  ids.map((all): Frame => ({ kind: 'skip', devices: all as string[] as DeviceId[] })),
  fc.constantFrom<Frame>({ kind: 'level' }, { kind: 'keepalive' }),
  fc.record({
    kind: fc.constant('refuse' as const),
    reason: fc.constantFrom('not_here' as const, 'busy', 'duplicate', 'left', 'stopping', 'violation'),
  }),
)

const plain = (frame: Frame): unknown =>
  JSON.parse(JSON.stringify(frame, (_, value) => (value instanceof Uint8Array ? toHex(value) : value)))

/** Cuts bytes at the given places. */
function cut(whole: Uint8Array, at: readonly number[]): Uint8Array[] {
  const ends = [0, ...at.map((one) => one % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return ends.slice(1).map((end, i) => whole.subarray(ends[i], end))
}

test('frames go there and back, however they are cut, and have one encoding', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 6 }), fc.array(fc.nat()), (frames, at) => {
      const whole = concatBytes(...frames.map(encodeFrame))
      const decoded = decode(cut(whole, at))
      assert.deepEqual(decoded.map(plain), frames.map(plain))
      assert.deepEqual(concatBytes(...decoded.map(encodeFrame)), whole)
    }),
    { seed: 1 },
  )
})

test('whatever comes in, only our own errors come out, and what is accepted is what would be written', () => {
  const kind = fc.integer({ min: 0, max: 16 })
  fc.assert(
    fc.property(fc.array(fc.tuple(kind, bytes(0, 120)), { maxLength: 5 }), (parts) => {
      const whole = concatBytes(
        ...parts.flatMap(([kind, body]) => [Uint8Array.of(0, 0, 0, body.length + 1, kind), body]),
      )
      let frames: Frame[] = []
      const isAccepted = assertOnlyOwnErrors(() => {
        frames = decode([whole])
      }, whole.length)
      if (isAccepted) assert.deepEqual(concatBytes(...frames.map(encodeFrame)), whole)
    }),
    { seed: 2, numRuns: 3_000 },
  )
  fc.assert(
    fc.property(bytes(0, 200), (noise) => void assertOnlyOwnErrors(() => decode([noise]), noise.length)),
    { seed: 3, numRuns: 2_000 },
  )
})

const frame = (kind: number, ...body: number[]) => Uint8Array.of(0, 0, 0, body.length + 1, kind, ...body)
const zeros = (length: number, last = 0) => Array.from({ length }, (_, at) => (at === length - 1 ? last : 0))

for (const [name, code, input] of [
  ['a frame without kind', 'sync_frame_empty', Uint8Array.of(0, 0, 0, 0, 0)],
  ['an unknown kind', 'sync_frame_kind_unknown', frame(77)],
  ['an endless frame', 'sync_frame_too_long', Uint8Array.of(255, 255, 255, 255, 6)],
  ['a frame that is cut off', 'sync_frame_cut', frame(5, 1).subarray(0, 5)],
  ['a flag that is none', 'sync_frame_malformed', frame(5, 2)],
  ['a role that is none', 'sync_frame_malformed', frame(1, 2, ...zeros(64))],
  ['a number of zero', 'sync_frame_malformed', frame(4, ...zeros(40))],
  ['a number past 2^53', 'sync_frame_malformed', frame(4, ...zeros(32), 0, 32, 0, 0, 0, 0, 0, 0)],
  ['devices out of order', 'sync_frame_malformed', frame(4, ...zeros(40, 1), ...zeros(40, 1))],
  ['half a place', 'sync_frame_malformed', frame(4, ...zeros(40, 1), 0)],
  ['a fork with twice the same entry', 'sync_frame_malformed', frame(3, ...zeros(40, 1), ...zeros(64))],
  ['an entry of no bytes', 'sync_frame_malformed', frame(6, 0, 0, 0, 0, 0, 0, 0, 0)],
  ['an entry longer than its frame', 'sync_frame_malformed', frame(6, 0, 0, 0, 9, 1)],
  ['an entry without its length', 'sync_frame_malformed', frame(6, 0, 0, 0, 1, 1, 0, 0)],
  ['half a digest', 'sync_frame_malformed', frame(12, ...zeros(40))],
  ['an unknown reason', 'sync_frame_malformed', frame(14, 99)],
] as const) {
  test(`refused: ${name}`, () =>
    assert.equal(
      codeOf(() => decode([input])),
      code,
    ))
}

test('every kind is refused one byte past its longest body, and below its shortest', () => {
  const kinds = Object.keys(bodyBytes) as FrameKind[]
  for (const [at, kind] of kinds.entries()) {
    const [min, max] = bodyBytes[kind]
    const head = (length: number) => {
      const bytes = new Uint8Array(5)
      new DataView(bytes.buffer).setUint32(0, length + 1)
      bytes[4] = at + 1
      return bytes
    }
    assert.equal(
      codeOf(() => decode([head(max + 1)])),
      'sync_frame_too_long',
      kind,
    )
    if (min > 0)
      assert.equal(
        codeOf(() => decode([head(min - 1)])),
        'sync_frame_malformed',
        kind,
      )
  }
})

test('a frame of entries holds at most so many, and the longest entry', () => {
  const tiny = (count: number) => Array.from({ length: count }, () => Uint8Array.of(1))
  assert.equal(decode([encodeFrame({ kind: 'entries', entries: tiny(entriesPerFrameMax) })]).length, 1)
  assert.equal(
    codeOf(() => decode([encodeFrame({ kind: 'entries', entries: tiny(entriesPerFrameMax + 1) })])),
    'sync_frame_malformed',
  )
  const longest = new Uint8Array(entryFrameBytesMax)
  assert.equal(decode([encodeFrame({ kind: 'entries', entries: [longest] })]).length, 1)
  const longer = new Uint8Array(entryFrameBytesMax + 1)
  assert.ok(longer.length + 4 <= entriesFrameBytesMax)
  assert.equal(
    codeOf(() => decode([encodeFrame({ kind: 'entries', entries: [longer] })])),
    'sync_frame_malformed',
  )
})

test('memory of a frame is taken once its head is known to be good, and no more than it says', () => {
  let admitted = 0
  const decoder = createDecoder({ admit: () => admitted++, accept: () => {} })
  assert.equal(
    codeOf(() => decoder.push(Uint8Array.of(0, 255, 255, 255, 6))),
    'sync_frame_too_long',
  )
  assert.equal(admitted, 0)
})

test('an entry does not keep the memory of its frame', () => {
  const [frame] = decode([encodeFrame({ kind: 'entries', entries: [Uint8Array.of(1), new Uint8Array(60_000)] })])
  assert.ok(frame?.kind === 'entries')
  assert.deepEqual(
    frame.entries.map(({ buffer }) => buffer.byteLength),
    [1, 60_000],
  )
})

test('vector: a hello as it is sent', () => {
  const hello: Frame = {
    kind: 'hello',
    role: 'keeper',
    discovery: new Uint8Array(32).fill(0xd1),
    proof: new Uint8Array(32).fill(0x9f),
  }
  const hex = `0000004201${'01'}${'d1'.repeat(32)}${'9f'.repeat(32)}`
  assert.equal(toHex(encodeFrame(hello)), hex)
  assert.deepEqual(decode([fromHex(hex) ?? new Uint8Array(0)]).map(plain), [plain(hello)])
})

// ---- places

test('the place of an entry is what its header says', () => {
  fc.assert(
    fc.property(seq, fc.boolean(), bytes(0, 70_00), (number, isFounding, sealed) => {
      const community = isFounding ? undefined : ('ab'.repeat(32) as never)
      const prev = number === 1 || isFounding ? undefined : ('cd'.repeat(32) as EntryId)
      const heads = number === 1 && !isFounding ? ['ef'.repeat(32) as EntryId] : []
      const entry = makeEntry({ community, device: deviceOf(7), seq: isFounding ? 1 : number, prev, heads, sealed })
      const { device, seq } = entry
      assert.deepEqual(peekPlace(entry.bytes), { device, seq, prev })
    }),
    { seed: 4 },
  )
})

test('what is no entry has no place, and never throws', () => {
  const entry = makeEntry({ community: undefined, device: deviceOf(7), seq: 1 }).bytes
  for (let length = 0; length < 40; length++) assert.equal(peekPlace(entry.subarray(0, length)), undefined)
  fc.assert(
    fc.property(bytes(0, 200), (noise) => void peekPlace(noise)),
    { seed: 5 },
  )
})
