import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../test/support/hostile.ts'
import { fromHex, toHex } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { recordBytesMax } from '../content/format/limits.ts'
import type { DiscoveryKey } from '../content/types.ts'
import { certificateBytesMax } from '../identity/limits.ts'
import { keepLinkBytesMax, labelBytesMax, nonceBytes, numberMax, proofBlocksMax, statesMax } from './limits.ts'
import { proofOf } from './proof.ts'
import { bodyBytes, createDecoder, encodeFrame, type Frame, type HeldState, isLabel, refusals } from './wire.ts'

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one) => (one instanceof Uint8Array ? toHex(one) : (one ?? null))))

function decode(chunks: readonly Uint8Array[]): Frame[] {
  const read: Frame[] = []
  const decoder = createDecoder((frame) => read.push(frame))
  for (const chunk of chunks) decoder.push(chunk)
  decoder.end()
  return read
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isPeerhoodError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

interface Vectors {
  readonly good: readonly { readonly name: string; readonly hex: string; readonly frame: { readonly kind: string } }[]
  readonly bad: readonly { readonly name: string; readonly hex: string; readonly code: string }[]
}
const read = <Value>(name: string): Value => JSON.parse(readFileSync(`test/vectors/copies/${name}.json`, 'utf8'))
const hexBytes = (hex: string) => fromHex(hex) ?? assert.fail(hex)
const singly = (all: Uint8Array) => [...all].map((byte) => Uint8Array.of(byte))

test('the vectors read as they say, whole and byte by byte, and encode to the same', () => {
  const { good, bad } = read<Vectors>('frames')
  for (const { name, hex, frame } of good) {
    for (const chunks of [[hexBytes(hex)], singly(hexBytes(hex))]) {
      const decoded = decode(chunks)
      assert.deepEqual(plain(decoded), [frame], name)
      assert.equal(toHex(encodeFrame(decoded[0] ?? assert.fail(name))), hex, name)
    }
  }
  for (const { name, hex, code } of bad) {
    for (const chunks of [[hexBytes(hex)], singly(hexBytes(hex))]) {
      assert.equal(
        codeOf(() => decode(chunks)),
        code,
        name,
      )
    }
  }
  assert.deepEqual([...new Set(good.map(({ frame }) => frame.kind))].sort(), Object.keys(bodyBytes).sort())
  assert.equal(good.filter(({ frame }) => frame.kind === 'refuse').length, Object.keys(refusals).length)
})

test('the proof of the vector', async () => {
  const { nonce, blocks, digest } = read<{ nonce: string; blocks: { number: number; hex: string }[]; digest: string }>(
    'proof',
  )
  const readBlock = async (index: number) => hexBytes(blocks.find(({ number }) => number === index)?.hex ?? '')
  const numbers = blocks.map(({ number }) => number)
  const made = await proofOf({ readBlock }, hexBytes(nonce), numbers, new AbortController().signal)
  assert.equal(toHex(made), digest)
})

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const certificate = fc.uint8Array({ minLength: 1, maxLength: certificateBytesMax })
const key = bytes(32).map((value) => value as Uint8Array as DiscoveryKey)
const number = fc.maxSafeNat()
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const state: fc.Arbitrary<HeldState> = fc.oneof(
  fc.constant({ has: 'none' as const, sequence: 0, blocks: 0 }),
  fc.record({
    has: fc.constantFrom('partial' as const, 'complete' as const),
    sequence: fc.integer({ min: 1, max: numberMax }),
    blocks: u32,
  }),
)
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: fc.constant('hello' as const), certificate, token: fc.option(bytes(32), { nil: undefined }) }),
  fc.record({ kind: fc.constant('ask' as const), certificate, shares: fc.array(key, { maxLength: 20 }) }),
  fc.record({
    kind: fc.constant('keep' as const),
    certificate,
    record: fc.uint8Array({ minLength: 1, maxLength: recordBytesMax }),
    link: fc.stringMatching(/^[\x21-\x7e]{1,200}$/),
  }),
  fc.record({
    kind: fc.constant('prove' as const),
    certificate,
    share: key,
    sequence: number,
    nonce: bytes(nonceBytes),
    blocks: fc.array(u32, { minLength: 1, maxLength: proofBlocksMax }),
  }),
  fc.record({ kind: fc.constant('drop' as const), certificate, share: key }),
  fc.record({
    kind: fc.constant('offer' as const),
    free: number,
    label: fc.string({ unit: 'grapheme', maxLength: 64 }).filter(isLabel),
    states: fc.array(state, { maxLength: 20 }),
  }),
  fc.constant({ kind: 'done' as const }),
  fc.record({ kind: fc.constant('proof' as const), digest: bytes(32) }),
  fc
    .constantFrom(...(Object.keys(refusals) as (keyof typeof refusals)[]))
    .chain((reason) =>
      (reason === 'full' ? number : fc.constant(0)).map((free) => ({ kind: 'refuse' as const, reason, free })),
    ),
)

test('every frame comes back as it was, however it is cut, and fits its bounds', () => {
  const property = fc.property(fc.array(frame, { maxLength: 3 }), fc.integer({ min: 1, max: 300 }), (sent, size) => {
    for (const one of sent) {
      const length = encodeFrame(one).length - 5
      const [min, max] = bodyBytes[one.kind]
      assert.ok(length >= min && length <= max, `${one.kind} of ${length} bytes`)
    }
    const all = Uint8Array.from(sent.flatMap((one) => [...encodeFrame(one)]))
    const count = Math.ceil(all.length / size)
    const chunks = Array.from({ length: count }, (_, at) => all.subarray(at * size, (at + 1) * size))
    assert.deepEqual(plain(decode(chunks)), plain(sent))
  })
  fc.assert(property, { numRuns: 200, seed: 1 })
})

test('the longest frames fit', () => {
  const whole = new Uint8Array(certificateBytesMax)
  const shares = Array.from({ length: statesMax }, () => new Uint8Array(32) as DiscoveryKey)
  const states = shares.map(() => ({ has: 'complete', sequence: numberMax, blocks: 2 ** 32 - 1 }) as const)
  const label = 'é'.repeat(Math.floor(labelBytesMax / 2))
  const longest: Frame[] = [
    { kind: 'ask', certificate: whole, shares },
    { kind: 'offer', free: numberMax, label, states },
    {
      kind: 'keep',
      certificate: whole,
      record: new Uint8Array(recordBytesMax),
      link: 'x'.repeat(keepLinkBytesMax),
    },
  ]
  for (const one of longest) assert.deepEqual(plain(decode([encodeFrame(one)])), plain([one]))
})

test('one meaning has one form: what is accepted encodes to the same bytes', () => {
  const own = /^copies_frame_\w+$/
  const any = fc.uint8Array({ maxLength: 400 })
  // Such as have a head that makes sense, too.
  const headed = fc.tuple(fc.integer({ min: 0, max: 11 }), any).map(([kind, body]) => {
    return Uint8Array.from([0, 0, (body.length + 1) >> 8, (body.length + 1) & 255, kind, ...body])
  })
  const changed = fc.tuple(frame, fc.nat(5_000), fc.nat(255)).map(([one, at, value]) => {
    const encoded = encodeFrame(one)
    encoded[at % encoded.length] = value
    return encoded
  })
  const property = fc.property(fc.oneof(any, headed, changed), (input) => {
    if (!assertOnlyOwnErrors(() => decode([input]), input.length)) {
      assert.match(
        codeOf(() => decode([input])),
        own,
      )
      return
    }
    const again = Uint8Array.from(decode([input]).flatMap((one) => [...encodeFrame(one)]))
    assert.equal(toHex(again), toHex(input))
  })
  fc.assert(property, { numRuns: 1_000, seed: 2 })
})

test('lengths are refused before a body is kept', () => {
  const head = (kind: number, length: number) => {
    const made = new Uint8Array(5)
    new DataView(made.buffer).setUint32(0, length)
    made[4] = kind
    return made
  }
  assert.equal(
    codeOf(() => decode([head(3, 2 ** 31)])),
    'copies_frame_too_long',
  )
  assert.equal(
    codeOf(() => decode([head(77, 10)])),
    'copies_frame_kind_unknown',
  )
  assert.equal(
    codeOf(() => decode([head(8, 2)])),
    'copies_frame_malformed',
  )
  assert.equal(
    codeOf(() => decode([Uint8Array.of(0, 0, 0, 0, 1)])),
    'copies_frame_empty',
  )
  assert.equal(
    codeOf(() => decode([head(8, 33)])),
    'copies_frame_cut',
  )
})
