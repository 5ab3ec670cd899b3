import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { createRandom } from '../../../test/sim/random.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { CommunityId } from '../../log/types.ts'
import { deviceFrom } from '../direct/testing.ts'
import type { CommunityAccess } from '../types.ts'
import { keepingPeerErrors } from './errors.ts'
import { answerBytesMax, askBytesMax, conversationsAskedMax } from './limits.ts'
import { decodeAnswer, decodeAsk, encodeAnswer, encodeAsk } from './wire.ts'

const random = createRandom('keeping wire')
const ann = deviceFrom(random)
const ben = deviceFrom(random)
const id = (at: number) => (at + 1).toString(16).padStart(64, '0') as CommunityId
const access = new Uint8Array(32).fill(5) as CommunityAccess
const conversations = (count: number) => Array.from({ length: count }, (_, at) => ({ id: id(at), access }))
const held = (count: number) => Array.from({ length: count }, (_, at) => ({ id: id(at), bytesMax: 2 ** 50 }))
const codeOf = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return isPeerhoodError(error) ? error.code : String(error)
  }
  return 'nothing'
}

test('what is written is what is read, and all that there can be fits', () => {
  for (const count of [0, 1, conversationsAskedMax]) {
    const ask = { certificate: ann.certificate, conversations: conversations(count) }
    const bytes = encodeAsk(ask)
    assert.deepEqual(decodeAsk(bytes, ann.id), ask)
    assert.ok(bytes.length <= askBytesMax)
    const answer = { name: '\u4e2d'.repeat(64), held: held(count) }
    assert.deepEqual(decodeAnswer(encodeAnswer(answer)), answer)
    assert.ok(encodeAnswer(answer).length <= answerBytesMax)
  }
  assert.equal(
    codeOf(() => decodeAsk(encodeAsk({ certificate: ann.certificate, conversations: [] }), ben.id)),
    'keeping_certificate_wrong',
  )
})

test('ids stand in order, each once, and nothing is more than it may be', () => {
  const bytes = (at: number) => Uint8Array.from(Buffer.from(id(at), 'hex'))
  const ask = (rows: unknown) => () => decodeAsk(Uint8Array.from(encode([1, ann.certificate.bytes, rows])), ann.id)
  const answer =
    (rows: unknown, name: unknown = 'box') =>
    () =>
      decodeAnswer(Uint8Array.from(encode([1, name, rows])))
  for (const work of [
    ask([
      [bytes(1), access],
      [bytes(0), access],
    ]),
    ask([
      [bytes(0), access],
      [bytes(0), access],
    ]),
    ask([[bytes(0)]]),
    ask(Array.from({ length: conversationsAskedMax + 1 }, () => 0)),
    answer([[bytes(0), 0]]),
    answer([[bytes(0), -1]]),
    answer([], 'a\u202e'),
    answer(null),
  ]) {
    assert.equal(codeOf(work), 'keeping_malformed')
  }
  assert.equal(
    codeOf(() => decodeAsk(new Uint8Array(askBytesMax + 1), ann.id)),
    'keeping_too_long',
  )
  assert.equal(
    codeOf(() => decodeAnswer(new Uint8Array(answerBytesMax + 1))),
    'keeping_too_long',
  )
})

test('whatever bytes come, a decoder throws its own codes and nothing else', () => {
  const faults = new Set([...Object.keys(keepingPeerErrors), 'nothing'])
  const good = [
    encodeAsk({ certificate: ann.certificate, conversations: conversations(2) }),
    encodeAnswer({ name: 'box', held: held(2) }),
  ]
  const bent = fc
    .tuple(fc.constantFrom(...good), fc.nat({ max: 400 }), fc.integer({ min: 1, max: 255 }))
    .map(([bytes, at, flip]) => bytes.map((byte, place) => (place === at % bytes.length ? byte ^ flip : byte)))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), bent), (bytes) => {
      for (const work of [() => decodeAsk(bytes, ann.id), () => decodeAnswer(bytes)]) {
        const code = codeOf(work)
        assert.ok(faults.has(code), code)
      }
    }),
    { seed: 9, numRuns: 300 },
  )
})
