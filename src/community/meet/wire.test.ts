import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import { concatBytes, toHex } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { hexBytes } from '../../identity/testing.ts'
import type { PeerId } from '../../network/types.ts'
import { createDecoder } from './decoder.ts'
import { askAgainMsMax, nameplateMax, waitMsMax } from './limits.ts'
import { decodeGuestMessage, decodeRequest, encodeGuestMessage, encodeRequest } from './message-wire.ts'
import { bodyBytes, encodeFrame, type Frame, type FrameKind, type Refusal, refusals } from './wire.ts'

interface Vectors {
  readonly good: readonly { readonly name: string; readonly hex: string; readonly frame: unknown }[]
  readonly bad: readonly { readonly name: string; readonly hex: string; readonly code: string }[]
}
interface MessageVectors {
  readonly from: PeerId
  readonly good: readonly {
    readonly name: string
    readonly type: Type
    readonly hex: string
    readonly message: object
  }[]
  readonly bad: readonly { readonly name: string; readonly type: Type; readonly hex: string; readonly code: string }[]
}
type Type = 'guest' | 'request'

const read = (name: string) => JSON.parse(readFileSync(`test/vectors/meet/${name}.json`, 'utf8'))
const vectors = read('frames') as Vectors
const messages = read('messages') as MessageVectors
const plain = (frame: Frame): unknown =>
  JSON.parse(JSON.stringify(frame, (_, value) => (value instanceof Uint8Array ? toHex(value) : value)))

function decode(chunks: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = []
  const decoder = createDecoder((frame) => frames.push(frame))
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

const singly = (bytes: Uint8Array) => [...bytes].map((byte) => Uint8Array.of(byte))

for (const { name, hex, frame } of vectors.good) {
  test(`vector: ${name}`, () => {
    for (const chunks of [[hexBytes(hex)], singly(hexBytes(hex))]) {
      const [decoded, ...more] = decode(chunks)
      assert.ok(decoded !== undefined && more.length === 0)
      assert.deepEqual(plain(decoded), frame)
      assert.equal(toHex(encodeFrame(decoded)), hex)
    }
  })
}

for (const { name, hex, code } of vectors.bad) {
  test(`refused vector: ${name}`, () => {
    for (const chunks of [[hexBytes(hex)], singly(hexBytes(hex))]) {
      assert.equal(
        codeOf(() => decode(chunks)),
        code,
      )
    }
  })
}

test('there are vectors of every kind of frame and refusal', () => {
  const kinds = new Set(vectors.good.map(({ frame }) => (frame as Frame).kind))
  assert.deepEqual([...kinds].sort(), Object.keys(bodyBytes).sort())
  const reasons = vectors.good.flatMap(({ frame }) =>
    'reason' in (frame as Frame) ? [(frame as { reason: string }).reason] : [],
  )
  assert.deepEqual([...new Set(reasons)].sort(), Object.keys(refusals).sort())
})

const bytes = (min: number, max = min) => fc.uint8Array({ minLength: min, maxLength: max })
const kind = <Kind extends FrameKind>(name: Kind) => fc.constant(name)
const plainReasons = (Object.keys(refusals) as Refusal[]).filter((reason) => reason !== 'later')
const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: kind('look'), nameplate: fc.integer({ min: 1, max: nameplateMax }), nonce: bytes(16) }),
  fc.record({ kind: kind('here'), nonce: bytes(16) }),
  fc.record({ kind: kind('share'), share: bytes(32) }),
  fc.record({ kind: kind('proof'), proof: bytes(32) }),
  fc.record({ kind: kind('sealed'), bytes: bytes(16, 3_000) }),
  fc.record({ kind: kind('done') }),
  fc.record({ kind: kind('request'), bytes: bytes(1, 2_048) }),
  fc.record({ kind: kind('pending'), askAgainMs: fc.nat(askAgainMsMax) }),
  fc.record({ kind: kind('admitted'), bytes: bytes(0, 3_000) }),
  fc.record({ kind: kind('refuse'), reason: fc.constantFrom(...plainReasons), waitMs: fc.constant(0) }),
  fc.record({ kind: kind('refuse'), reason: fc.constant('later' as const), waitMs: fc.nat(waitMsMax) }),
)

test('any frames, cut anywhere, come out as they went in', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (sent, places) => {
        const whole = concatBytes(...sent.map(encodeFrame))
        const at = [0, ...places.map((place) => place % (whole.length + 1)).sort((a, b) => a - b), whole.length]
        const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end))
        assert.deepEqual(decode(chunks).map(plain), sent.map(plain))
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})

test('what a decoder takes encodes to the same bytes: one meaning, one spelling', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 12 }), bytes(0, 60), (code, body) => {
      const head = Uint8Array.of(0, 0, 0, 1 + body.length, code)
      const whole = concatBytes(head, body)
      try {
        assert.deepEqual(concatBytes(...decode([whole]).map(encodeFrame)), whole)
      } catch (error) {
        assert.ok(isPeerhoodError(error))
      }
    }),
    { numRuns: 2_000, seed: 2 },
  )
})

test('no bytes make the decoder throw anything but its own errors, or take long', () => {
  const prefix = fc.constantFrom(...vectors.good.map(({ hex }) => hexBytes(hex)))
  const spoiled = fc
    .tuple(prefix, fc.nat(80), bytes(0, 400))
    .map(([good, at, noise]) => concatBytes(good.subarray(0, at), noise))
  fc.assert(
    fc.property(fc.oneof(bytes(0, 600), spoiled), (noise) => {
      assertOnlyOwnErrors(() => decode([noise]), noise.length)
    }),
    { numRuns: 2_000, seed: 3 },
  )
})

// ---- messages

const decoders = { guest: decodeGuestMessage, request: decodeRequest } as const

for (const { name, type, hex, message } of messages.good) {
  test(`message: ${name}`, () => {
    if (type === 'guest') {
      const { kind: purpose, guest } = decodeGuestMessage(hexBytes(hex), messages.from)
      const { certificate, memberName, deviceName, memo } = guest
      assert.deepEqual({ kind: purpose, memberName, deviceName, memo }, message)
      assert.equal(guest.peer, messages.from)
      assert.equal(toHex(encodeGuestMessage({ kind: purpose, certificate, memberName, deviceName, memo })), hex)
    } else {
      const { certificate, ...rest } = decodeRequest(hexBytes(hex), messages.from)
      assert.deepEqual(rest, message)
      assert.equal(toHex(encodeRequest({ certificate, ...rest })), hex)
    }
  })
}

for (const { name, type, hex, code } of messages.bad) {
  test(`refused message (${type}): ${name}`, () => {
    assert.equal(
      codeOf(() => decoders[type](hexBytes(hex), messages.from)),
      code,
    )
  })
}

test('another device that sends a message whose certificate is in order is refused', () => {
  for (const { type, hex } of messages.good) {
    const other = `${messages.from.slice(0, -1)}z` as PeerId
    assert.equal(
      codeOf(() => decoders[type](hexBytes(hex), other)),
      'meet_certificate_wrong',
    )
  }
})

test('no message makes its decoder throw anything but its own errors', () => {
  const good = fc.constantFrom(...messages.good)
  const spoiled = fc
    .tuple(good, fc.nat(400), fc.nat(255))
    .map(([{ hex }, at, byte]) => hexBytes(hex).with(at % (hex.length / 2), byte))
  fc.assert(
    fc.property(fc.oneof(bytes(0, 300), spoiled), fc.constantFrom<Type>('guest', 'request'), (noise, type) => {
      assertOnlyOwnErrors(() => decoders[type](noise, messages.from), 1_024)
    }),
    { numRuns: 400, seed: 4 },
  )
})
