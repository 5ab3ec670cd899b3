// Bodies of entries: what is right comes back as it went, every field that is wrong is refused with one code, and what a
// later version adds is left alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { community, createWorld, didNamed, dump } from '../../../test/support/chat.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { EntryId } from '../../log/types.ts'
import { isEmoji, isLabel, isText } from './fields-core.ts'
import {
  attachmentLinkBytesMax,
  attachmentNameBytesMax,
  attachmentsMax,
  bodyBytesMax,
  boxesBytesMax,
  channelDevicesMax,
  channelNameBytesMax,
  channelPersonsMax,
  emojiBytesMax,
  marksPerReadMax,
  mediaTypeBytesMax,
  mentionsMax,
  previousKeysMax,
  reasonBytesMax,
  sealedBytesMax,
  sealedClassBytesMin,
  textBytesMax,
  topicBytesMax,
} from './limits.ts'
import { decodeStep, encodeStep, pad, unpad } from './step-wire.ts'
import type { ChannelId } from './types.ts'
import { type Act, decodeInner, decodeReport, encodeInner, encodeReport, readAct, writeBody } from './wire.ts'

const id = 'ab'.repeat(32) as EntryId
const channel = 'cd'.repeat(16) as ChannelId
const key = 'ef'.repeat(16)
const nonce = '01'.repeat(16)
const persons = [didNamed('ada'), didNamed('bob')]
const envelope = { key, boxes: Uint8Array.of(1), sealed: Uint8Array.of(2) }
const file = { name: 'a.pdf', mediaType: 'application/pdf', bytes: 3, link: 'peerhood:abc' }

/** One of each kind, whole. */
const acts: readonly Act[] = [
  { kind: 'channel', channel: 'open', nonce, guests: true, name: 'garden', topic: 'plants' },
  { kind: 'channel', channel: 'announce', nonce, guests: false, name: 'news', topic: '' },
  { kind: 'channel', channel: 'private', nonce, persons, ...envelope },
  { kind: 'channel', channel: 'direct', nonce: '00'.repeat(16), persons, ...envelope },
  { kind: 'channel', channel: 'own', nonce: '00'.repeat(16), persons: persons.slice(1), ...envelope },
  { kind: 'channel-keys', channel, persons, ...envelope },
  { kind: 'sealed', channel, key, sealed: Uint8Array.of(1) },
  { kind: 'channel-edit', channel, name: 'yard', topic: 'grass', archived: true },
  { kind: 'message', channel, text: 'hi', reply: id, thread: id, mentions: persons, files: [file] },
  { kind: 'edit', target: id, text: 'ho', mentions: persons },
  { kind: 'delete', target: id },
  { kind: 'react', target: id, emoji: '👍🏽', on: true },
  { kind: 'hide', target: id, reason: 'rude' },
  { kind: 'unhide', target: id },
  { kind: 'mute', person: persons[0] ?? didNamed('x'), untilMs: 5, reason: '' },
  { kind: 'unmute', person: persons[0] ?? didNamed('x') },
  { kind: 'read', marks: [{ channel, ms: 1, count: 2, id }] },
  { kind: 'report', ...envelope },
]

const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return isPeerhoodError(error) ? error.code : `${error}`
  }
  return 'none'
}

/** What else could stand in a field. */
const wrong: readonly unknown[] = [
  null,
  -1,
  1.5,
  2 ** 53,
  'no\u0007',
  '\ud800',
  [1],
  [[]],
  {},
  new Uint8Array(0),
  new Uint8Array(boxesBytesMax + sealedBytesMax + 1),
  'x'.repeat(40_000),
  [...persons].reverse(),
  new Array(200).fill(persons[0]),
]

/** What is allowed though it stands in the list above. */
function mayBe(kind: string, field: string, value: unknown): boolean {
  if (value instanceof Uint8Array || typeof value === 'number') return false
  return kind === 'mute' && field === 'until' && value === undefined
}

test('each kind comes back as it went', () => {
  for (const act of acts) assert.deepEqual(readAct(act.kind, decode(encode(writeBody(act)))), act)
  const bare: Act = {
    kind: 'message',
    channel: undefined,
    text: 'x',
    reply: undefined,
    thread: undefined,
    mentions: [],
    files: [],
  }
  assert.deepEqual(readAct('message', decode(encode(writeBody(bare)))), bare)
  const forever: Act = { kind: 'mute', person: didNamed('ada'), untilMs: null, reason: 'x' }
  assert.deepEqual(readAct('mute', decode(encode(writeBody(forever)))), forever)
})

test('every field that is wrong in any way is refused, and one that is missing too', () => {
  const optional = ['reply', 'thread', 'mentions', 'files', 'until', 'name', 'topic', 'archived', 'channel']
  for (const act of acts) {
    const body = writeBody(act)
    for (const field of Object.keys(body)) {
      for (const value of wrong) {
        if (mayBe(act.kind, field, value)) continue
        const outcome = codeOf(() => readAct(act.kind, { ...body, [field]: value }))
        assert.equal(outcome, 'body_malformed', `${act.kind}.${field} = ${String(value).slice(0, 20)}`)
      }
      const { [field]: _, ...without } = body
      const outcome = codeOf(() => readAct(act.kind, without))
      if (!optional.includes(field) || act.kind === 'channel')
        assert.equal(outcome, 'body_malformed', `${act.kind} without ${field}`)
    }
  }
})

test('whatever a body is, reading it throws nothing else', () => {
  const kinds = fc.constantFrom(...acts.map(({ kind }) => kind), 'later', '__proto__', 'toString', 'constructor')
  fc.assert(
    fc.property(kinds, fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }), (kind, body) =>
      ['none', 'body_malformed'].includes(codeOf(() => readAct(kind, body))),
    ),
    { numRuns: 3_000, seed: 1 },
  )
  // Bodies that are nearly right.
  fc.assert(
    fc.property(fc.constantFrom(...acts), fc.anything(), fc.nat(), (act, value, at) => {
      const body = writeBody(act)
      const field = Object.keys(body)[at % Object.keys(body).length] ?? ''
      return ['none', 'body_malformed'].includes(codeOf(() => readAct(act.kind, { ...body, [field]: value })))
    }),
    { numRuns: 3_000, seed: 2 },
  )
})

test('what a later version adds: unknown fields are left alone, unknown kinds ignored', () => {
  for (const act of acts) assert.deepEqual(readAct(act.kind, { ...writeBody(act), later: { a: 1 } }), act)
  assert.equal(readAct('poll', { question: 'x' }), undefined)
  assert.equal(readAct('channel', { kind: 'voice' }), undefined)
})

test('hostile entries change nothing in the view', async () => {
  const world = createWorld()
  const a = world.computer(world.add('ada', 'owner'))
  await a.chat.send(community, { channel: '0'.repeat(32) as ChannelId, text: 'x' })
  const before = dump(a.database)
  for (const act of acts) {
    for (const [field, value] of Object.keys(writeBody(act)).flatMap((field) =>
      wrong.map((value) => [field, value] as const),
    )) {
      if (value === '\ud800') continue
      await a.forge(act.kind, { ...writeBody(act), [field]: value })
    }
  }
  for (const body of [null, 1, 'x', [], Uint8Array.of(1), { a: 1 }])
    for (const kind of ['message', 'later']) await a.forge(kind, body)
  assert.deepEqual(dump(a.database), before)
})

test('limits of bodies, to the last byte', () => {
  const message = writeBody({
    kind: 'message',
    channel,
    text: 'x',
    reply: undefined,
    thread: undefined,
    mentions: [],
    files: [],
  })
  const reads = (kind: string, body: unknown) => codeOf(() => readAct(kind, body)) === 'none'
  const dids = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      didNamed(`${'abcdefghij'[Math.floor(i / 10)] ?? 'k'}${'abcdefghij'[i % 10]}`),
    ).sort()
  const raw = (length: number) => new Uint8Array(length)
  const wireFile = { name: 'a', type: 'a/b', bytes: 1, link: 'peerhood:a' }
  const files = (count: number, change = {}) => ({
    ...message,
    files: new Array(count).fill({ ...wireFile, ...change }),
  })
  const mark = { channel: raw(16), ms: 1, count: 1, id: raw(32) }
  const keys = { channel: raw(16), key: raw(16), persons: dids(1), boxes: raw(1), sealed: raw(1) }
  const rows: readonly (readonly [string, string, (size: number) => unknown, number])[] = [
    ['text', 'message', (size) => ({ ...message, text: 'x'.repeat(size) }), textBytesMax],
    ['name', 'channel-edit', (size) => ({ channel: raw(16), name: 'x'.repeat(size) }), channelNameBytesMax],
    ['topic', 'channel-edit', (size) => ({ channel: raw(16), topic: 'x'.repeat(size) }), topicBytesMax],
    ['reason', 'hide', (size) => ({ target: raw(32), reason: 'x'.repeat(size) }), reasonBytesMax],
    ['mentions', 'message', (size) => ({ ...message, mentions: dids(size) }), mentionsMax],
    ['files', 'message', (size) => files(size), attachmentsMax],
    ['file name', 'message', (size) => files(1, { name: 'x'.repeat(size) }), attachmentNameBytesMax],
    [
      'media type',
      'message',
      (size) => files(1, { type: `${'x'.repeat(63)}/${'x'.repeat(size - 64)}` }),
      mediaTypeBytesMax,
    ],
    ['link', 'message', (size) => files(1, { link: `peerhood:${'a'.repeat(size - 9)}` }), attachmentLinkBytesMax],
    [
      'emoji',
      'react',
      (size) => ({ target: raw(32), emoji: `${'👍'.repeat(15)}${'*'.repeat(size - 60)}`, on: true }),
      emojiBytesMax,
    ],
    ['persons', 'channel-keys', (size) => ({ ...keys, persons: dids(size) }), channelPersonsMax],
    ['boxes', 'channel-keys', (size) => ({ ...keys, boxes: raw(size) }), boxesBytesMax],
    ['sealed', 'sealed', (size) => ({ channel: raw(16), key: raw(16), sealed: raw(size) }), sealedBytesMax],
    ['marks', 'read', (size) => ({ marks: new Array(size).fill(mark) }), marksPerReadMax],
  ]
  for (const [name, kind, body, max] of rows)
    assert.deepEqual([name, reads(kind, body(max)), reads(kind, body(max + 1))], [name, true, false])
})

test('what is sealed: acts, steps, reports, and their padding', () => {
  for (const act of acts) {
    const outer = ['channel', 'channel-keys', 'sealed', 'mute', 'unmute', 'report'].includes(act.kind)
    if (outer) assert.equal(decodeInner(encode([act.kind, writeBody(act)])), undefined)
    else assert.deepEqual(decodeInner(encodeInner(act as never)), act)
  }
  assert.deepEqual(decodeReport(encodeReport({ target: id, reason: 'x' })), { target: id, reason: 'x' })
  const covers = Array.from({ length: channelDevicesMax }, (_, i) => i.toString(16).padStart(16, '0'))
  const previous = new Array(previousKeysMax).fill(new Uint8Array(32))
  const step = { covers, previous, name: 'x'.repeat(channelNameBytesMax), topic: 'y'.repeat(topicBytesMax) }
  assert.deepEqual(decodeStep(encodeStep(step)), step)
  assert.ok(pad(encodeStep(step)).length <= 4096, 'with the most of all boxes it fits the size class')
  const refuses = (content: Uint8Array) => codeOf(() => decodeStep(content))
  assert.equal(refuses(encodeStep({ ...step, covers: [...covers, 'f'.repeat(16)] })), 'body_malformed')
  assert.equal(refuses(encodeStep({ ...step, covers: covers.toReversed() })), 'body_malformed')
  assert.equal(refuses(encodeStep({ ...step, previous: [...previous, new Uint8Array(32)] })), 'body_malformed')
  assert.equal(refuses(encodeStep({ ...step, previous: [new Uint8Array(31)] })), 'body_malformed')
  assert.equal(
    codeOf(() => encodeInner({ kind: 'edit', target: id, text: 'x'.repeat(bodyBytesMax), mentions: [] })),
    'body_too_long',
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), (content) => {
      const padded = pad(content)
      assert.deepEqual(unpad(padded), content)
      return padded.length >= sealedClassBytesMin && Number.isInteger(Math.log2(padded.length))
    }),
    { seed: 3 },
  )
  const garbage = (bytes: Uint8Array) => [
    () => unpad(bytes),
    () => decodeInner(bytes),
    () => decodeStep(bytes),
    () => decodeReport(bytes),
  ]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
      garbage(bytes).every((read) => ['none', 'body_malformed'].includes(codeOf(read))),
    ),
    { numRuns: 2_000, seed: 4 },
  )
  assert.equal(
    codeOf(() => unpad(pad(new Uint8Array(200)).subarray(0, 128))),
    'body_malformed',
  )
})

test('what can be read as text, as a line, as a reaction', () => {
  assert.ok(isText('a\nb\tc مرحبا 𝒳 \u202e', 100))
  for (const bad of ['\u0000', '\r', '\u001b', '\u007f', '\u0085', '\udc00', 5])
    assert.ok(!isText(bad, 100), JSON.stringify(bad))
  assert.ok(isLabel('Garden & yard — Ελλάδα', 100))
  for (const bad of ['', ' a', 'a ', 'a\nb', 'a\u202eb', 'a\u2028b', 'a\u2066'])
    assert.ok(!isLabel(bad, 100), JSON.stringify(bad))
  for (const good of ['👍', '👍🏽', '❤️', '👨‍👩‍👧‍👦', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣', '©️', '🇩🇪', '✅', '‼️', '★'])
    assert.ok(isEmoji(good), good)
  for (const bad of ['', 'a', '1', '👍a', ' ', '👍 ', '\u200d', '\ufe0f', '\u202e', '\ue000', 'ñ', '👍'.repeat(17)]) {
    assert.ok(!isEmoji(bad), JSON.stringify(bad))
  }
})
