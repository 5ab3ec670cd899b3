import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../../../test/sim/random.ts'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import { toHex } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { hexBytes } from '../../identity/testing.ts'
import type { PeerId } from '../../network/types.ts'
import { formatContactLink, parseContactLink, wordsOf } from './contact-link.ts'
import { requestBytesMax, textCharsMax, waitMsMax } from './limits.ts'
import { type DirectRequest, decodeRequest, encodeRequest, isText } from './request-wire.ts'
import { deviceFrom, signedBy } from './testing.ts'
import { bodyBytes, createDecoder, encodeFrame, type Frame, type FrameKind, type RequestId, refusals } from './wire.ts'

interface Vectors<Good> {
  readonly from: PeerId
  readonly good: readonly ({ readonly name: string; readonly hex: string } & Good)[]
  readonly bad: readonly { readonly name: string; readonly hex: string; readonly code: string }[]
}
interface LinkVectors {
  readonly good: readonly {
    readonly name: string
    readonly link: string
    readonly contact: object
    readonly words: readonly string[]
  }[]
  readonly bad: readonly { readonly name: string; readonly link: string; readonly code: string }[]
}

const read = <Value>(name: string): Value => JSON.parse(readFileSync(`test/vectors/direct/${name}.json`, 'utf8'))
const frames = read<Vectors<{ readonly frame: unknown }>>('frames')
const requests = read<Vectors<{ readonly request: object }>>('requests')
const links = read<LinkVectors>('link')

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

const singly = (bytes: Uint8Array) => [...bytes].map((byte) => Uint8Array.of(byte))

for (const { name, hex, frame } of frames.good) {
  test(`frame: ${name}`, () => {
    for (const chunks of [[hexBytes(hex)], singly(hexBytes(hex))]) {
      const [decoded, ...more] = decode(chunks)
      assert.ok(decoded !== undefined && more.length === 0)
      assert.deepEqual(plain(decoded), frame)
      assert.equal(toHex(encodeFrame(decoded)), hex)
    }
  })
}

for (const { name, hex, code } of frames.bad) {
  test(`refused frame: ${name}`, () => {
    for (const chunks of [[hexBytes(hex)], singly(hexBytes(hex))]) {
      assert.equal(
        codeOf(() => decode(chunks)),
        code,
      )
    }
  })
}

test('there are vectors of every kind of frame and refusal', () => {
  const kinds = new Set(frames.good.map(({ frame }) => (frame as Frame).kind))
  assert.deepEqual([...kinds].sort(), Object.keys(bodyBytes).sort())
  const reasons = frames.good.flatMap(({ frame }) => ((frame as Frame).kind === 'refuse' ? [frame] : []))
  assert.equal(reasons.length, Object.keys(refusals).length)
})

for (const { name, hex, request } of requests.good) {
  test(`request: ${name}`, () => {
    const decoded = decodeRequest(hexBytes(hex), requests.from)
    const { id, from, to, name: called, text, invitation, token, ms } = decoded
    assert.deepEqual(plain({ id, from, to, name: called, text, ...invitation, token, ms }), request)
  })
}

for (const { name, hex, code } of requests.bad) {
  test(`refused request: ${name}`, () => {
    assert.equal(
      codeOf(() => decodeRequest(hexBytes(hex), requests.from)),
      code,
    )
  })
}

for (const { name, link, contact, words } of links.good) {
  test(`contact link: ${name}`, () => {
    const parsed = parseContactLink(link)
    assert.deepEqual(plain({ ...parsed, name: parsed.name ?? null }), contact)
    assert.deepEqual(wordsOf(parsed.person), words)
    assert.equal(formatContactLink(parsed), link)
    assert.deepEqual(parseContactLink(link.toUpperCase()), parsed)
  })
}

for (const { name, link, code } of links.bad) {
  test(`refused contact link: ${name}`, () => {
    assert.equal(
      codeOf(() => parseContactLink(link)),
      code,
    )
  })
}

test('a name that is too long for a link is left out', () => {
  const parsed = parseContactLink(links.good[0]?.link ?? '')
  assert.equal(parseContactLink(formatContactLink({ ...parsed, name: 'n'.repeat(65) })).name, undefined)
})

// ---- properties

const random = createRandom('direct wire')
const [asker, other] = [deviceFrom(random), deviceFrom(random)]
const text = fc
  .string({ minLength: 1, maxLength: textCharsMax, unit: 'grapheme' })
  .filter((value) => isText(value) && value.length <= textCharsMax)
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const request = fc.record({
  certificate: fc.constant(asker.certificate),
  to: fc.constant(requests.good[0] === undefined ? undefined : (requests.good[0].request as DirectRequest).to),
  name: fc.constantFrom('Ada', 'Ada Ångström 🌱', 'x'.repeat(64)),
  text,
  invitation: fc.record({
    community: bytes(32).map(toHex),
    seed: bytes(32),
    access: bytes(32),
    peers: fc.constantFrom([], [{ peerId: asker.id, addresses: ['/ip4/10.0.0.1/tcp/1'] }]),
  }),
  token: fc.option(bytes(32), { nil: undefined }),
  ms: fc.maxSafeNat(),
}) as unknown as fc.Arbitrary<Omit<DirectRequest, 'id' | 'from'>>

test('every request comes back as it was, with one id, and fits', () => {
  fc.assert(
    fc.property(request, (made) => {
      const { id, bytes } = encodeRequest(made, signedBy(asker))
      assert.ok(bytes.length <= requestBytesMax)
      const { id: read, from: _from, ...rest } = decodeRequest(bytes, asker.id)
      assert.equal(read, id)
      assert.deepEqual(plain(rest), plain(made))
      assert.equal(
        codeOf(() => decodeRequest(bytes, other.id)),
        'direct_certificate_wrong',
      )
    }),
    { numRuns: 40, seed: 1 },
  )
})

test('a request that was changed anywhere is refused, and never read as another', () => {
  const [good] = requests.good
  const original = hexBytes(good?.hex ?? '')
  fc.assert(
    fc.property(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = Uint8Array.from(original)
      bytes[at] = (bytes[at] ?? 0) ^ change
      assert.match(
        codeOf(() => decodeRequest(bytes, requests.from)),
        /^direct_(request_malformed|certificate_wrong|signature_wrong)$/,
      )
    }),
    { numRuns: 150, seed: 2 },
  )
})

test('decoders throw their own codes only, whatever comes', () => {
  const own = /^direct_(frame|request|certificate|signature)_\w+$/
  const frame = fc.uint8Array({ maxLength: 400 })
  // Such as have a head that makes sense, too.
  const headed = fc.tuple(fc.integer({ min: 1, max: 8 }), frame).map(([kind, body]) => {
    return Uint8Array.from([0, 0, (body.length + 1) >> 8, (body.length + 1) & 255, kind, ...body])
  })
  fc.assert(
    fc.property(fc.oneof(frame, headed), (input) => {
      for (const run of [() => decode([input]), () => decodeRequest(input, asker.id)]) {
        if (!assertOnlyOwnErrors(run, input.length)) assert.match(codeOf(run), own)
      }
    }),
    { numRuns: 500, seed: 4 },
  )
})

test('every frame comes back as it was', () => {
  const id = bytes(32).map((value) => toHex(value) as RequestId)
  const frame: fc.Arbitrary<Frame> = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 3_000 }) }),
    fc.record({ kind: fc.constant('cancel' as const), id }),
    fc.record({
      kind: fc.constant('decided' as const),
      id,
      how: fc.constantFrom('accepted' as const, 'refused' as const),
    }),
    fc.record({ kind: fc.constant('pending' as const), waitMs: fc.nat(waitMsMax) }),
    fc.constantFrom<FrameKind>('accepted', 'crossed', 'done').map((kind) => ({ kind }) as Frame),
  )
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 4 }), fc.integer({ min: 1, max: 50 }), (sent, size) => {
      const all = Uint8Array.from(sent.flatMap((one) => [...encodeFrame(one)]))
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
        all.subarray(at * size, (at + 1) * size),
      )
      assert.deepEqual(plain(decode(chunks)), plain(sent))
    }),
    { numRuns: 100, seed: 3 },
  )
})
