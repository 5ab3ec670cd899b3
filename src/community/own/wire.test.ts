import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { createRandom } from '../../../test/sim/random.ts'
import { concatBytes } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { CommunityId } from '../../log/types.ts'
import { deviceFrom } from '../direct/testing.ts'
import type { BlockChange } from '../direct/types.ts'
import { personKeyOf } from '../fields-wire.ts'
import { communitiesMax } from '../limits.ts'
import type { CommunityAccess } from '../types.ts'
import { ownPeerErrors } from './errors.ts'
import { blockChangesMax, helloBytesMax, stateBytesMax } from './limits.ts'
import {
  createDecoder,
  decodeHello,
  decodeState,
  encodeFrame,
  encodeHello,
  encodeState,
  type Frame,
  type FrameKind,
  type OwnState,
  type OwnTicket,
} from './wire.ts'

const random = createRandom('own wire')
const ann = deviceFrom(random)
const ben = deviceFrom(random)

const ticket: OwnTicket = {
  ...{ community: 'c7'.repeat(32) as CommunityId, access: new Uint8Array(32).fill(3) as CommunityAccess },
  ...{ name: 'Garden', memberName: 'Ann', with: undefined },
}
const change: BlockChange = { person: ben.person, name: 'Ben', ms: 5, blocked: true }
const state: OwnState = { tickets: [ticket, { ...ticket, name: '', with: ben.person }], blocks: [change] }
const codeOf = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return isPeerhoodError(error) ? error.code : String(error)
  }
  return 'nothing'
}
const faults = new Set(Object.keys(ownPeerErrors))

test('what is written is what is read', () => {
  const hello = { certificate: ann.certificate, deviceName: 'laptop' }
  assert.deepEqual(decodeHello(encodeHello(hello), ann.id, ann.person), hello)
  assert.deepEqual(decodeState(encodeState(state)), state)
  assert.deepEqual(decodeState(encodeState({ tickets: [], blocks: [] })), { tickets: [], blocks: [] })
})

test('a hello is that of the device at the other end, and of this very person', () => {
  const hello = encodeHello({ certificate: ann.certificate, deviceName: 'laptop' })
  assert.equal(
    codeOf(() => decodeHello(hello, ben.id, ann.person)),
    'own_certificate_wrong',
  )
  assert.equal(
    codeOf(() => decodeHello(hello, ann.id, ben.person)),
    'own_other_person',
  )
  const forged = Uint8Array.from(ann.certificate.bytes)
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  const bytes = Uint8Array.from(encode([1, forged, 'laptop']))
  assert.equal(
    codeOf(() => decodeHello(bytes, ann.id, ann.person)),
    'own_certificate_wrong',
  )
  for (const value of [
    [1, ann.certificate.bytes, ''],
    [2, ann.certificate.bytes, 'x'],
    [1, 'x', 'x'],
    [1],
    'x',
    null,
  ]) {
    assert.equal(
      codeOf(() => decodeHello(Uint8Array.from(encode(value)), ann.id, ann.person)),
      'own_hello_malformed',
    )
  }
})

test('persons stand in order, each once, and nothing is longer than it may be', () => {
  const row = (person: string, at = 1) => [personKeyOf(person as never), '', at, true]
  const keys = [ann.person, ben.person].sort((a, b) => Buffer.compare(personKeyOf(a), personKeyOf(b)))
  const [low = '', high = ''] = keys
  const read = (blocks: unknown, tickets: unknown = []) =>
    codeOf(() => decodeState(Uint8Array.from(encode([1, tickets, blocks]))))
  assert.equal(read([row(low), row(high)]), 'nothing')
  for (const blocks of [
    [row(high), row(low)],
    [row(low), row(low)],
    [row(low, -1)],
    [[...row(low), 1]],
    [[personKeyOf(low as never), 'a\u202e', 1, true]],
    [[personKeyOf(low as never), '', 1, 1]],
    Array.from({ length: blockChangesMax + 1 }, () => 0),
    null,
  ]) {
    assert.equal(read(blocks), 'own_state_malformed')
  }
  const tickets = Array.from({ length: communitiesMax + 1 }, () => [
    new Uint8Array(32),
    new Uint8Array(32),
    'x',
    'x',
    null,
  ])
  assert.equal(read([], tickets.slice(1)), 'nothing')
  assert.equal(read([], tickets), 'own_state_malformed')
})

test('all that there can be fits into a state', () => {
  const wide = '\u4e2d'.repeat(64)
  const tickets = Array.from({ length: communitiesMax }, () => ({
    ...{ ...ticket, name: wide, memberName: wide, with: ben.person },
  }))
  const blocks = Array.from({ length: blockChangesMax }, () => ({ ...change, name: wide, ms: Number.MAX_SAFE_INTEGER }))
  assert.ok(encodeState({ tickets, blocks }).length <= stateBytesMax)
})

test('whatever bytes come, a decoder throws its own codes and nothing else', () => {
  const good = encodeState(state)
  const bent = fc
    .tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 }))
    .map(([at, flip]) => good.map((byte, place) => (place === at ? byte ^ flip : byte)))
  const structured = fc
    .array(fc.oneof(fc.integer(), fc.string(), fc.uint8Array({ maxLength: 40 }), fc.constant(null)), { maxLength: 5 })
    .map((value) => Uint8Array.from(encode([1, [value], [value]])))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), bent, structured), (bytes) => {
      for (const work of [() => decodeState(bytes), () => decodeHello(bytes, ann.id, ann.person)]) {
        const code = codeOf(work)
        assert.ok(code === 'nothing' || faults.has(code), code)
      }
      if (codeOf(() => decodeState(bytes)) === 'nothing') assert.deepEqual(encodeState(decodeState(bytes)), bytes)
    }),
    { seed: 7, numRuns: 400 },
  )
})

test('frames come as they are due, however they are cut, and are refused by their head', () => {
  const hello: Frame = { kind: 'hello', body: encodeHello({ certificate: ann.certificate, deviceName: 'laptop' }) }
  const told: Frame = { kind: 'state', body: encodeState(state) }
  const bytes = concatBytes(encodeFrame(hello), encodeFrame(told))
  fc.assert(
    fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 6 }), (cuts) => {
      const frames: Frame[] = []
      const decoder = createDecoder(
        () => (frames.length === 0 ? 'hello' : 'state'),
        (frame) => frames.push(frame),
      )
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      for (let i = 1; i < places.length; i++) decoder.push(bytes.subarray(places[i - 1], places[i]))
      decoder.end()
      assert.deepEqual(frames, [hello, told])
    }),
    { seed: 8, numRuns: 100 },
  )
  const refused = (head: number[], due: FrameKind | undefined) =>
    codeOf(() =>
      createDecoder(
        () => due,
        () => {},
      ).push(Uint8Array.from(head)),
    )
  const length = (bodyBytes: number) => [...new Uint8Array(new Uint32Array([1 + bodyBytes]).buffer)].reverse()
  assert.equal(refused([0, 0, 0, 0, 1], 'hello'), 'own_frame_empty')
  assert.equal(refused([...length(4), 3], 'hello'), 'own_frame_kind_unknown')
  assert.equal(refused([...length(helloBytesMax + 1), 1], 'hello'), 'own_frame_too_long')
  assert.equal(refused([...length(stateBytesMax + 1), 2], 'state'), 'own_frame_too_long')
  assert.equal(refused([...length(100), 2], 'hello'), 'own_frame_out_of_order')
  assert.equal(refused([...length(100), 1], undefined), 'own_frame_out_of_order')
  const cut = createDecoder(
    () => 'hello',
    () => {},
  )
  cut.push(bytes.subarray(0, 20))
  assert.equal(
    codeOf(() => cut.end()),
    'own_frame_cut',
  )
})
