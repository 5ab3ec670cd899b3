// Presence and typing: expiry, rates, the switch, places of private channels, hostile messages.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { didNamed } from '../../../test/support/chat.ts'
import { createManualClock } from '../../../test/support/clock.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { generalChannel } from './core.ts'
import {
  presenceBytesMax,
  presenceEveryMs,
  presenceExpiresMs,
  presenceMessagesBurst,
  presenceMessagesPerSecond,
  presencePersonsMax,
  typingEveryMs,
  typingExpiresMs,
  typingPlacesMax,
} from './limits.ts'
import { createPresence, placeOf } from './presence.ts'
import { createPresenceState, seenOf, stepPresence } from './presence-core.ts'
import { decodePresence, encodePresence, type PresenceMessage } from './presence-wire.ts'
import type { ChannelId } from './types.ts'

const [ada, bob, eve] = ['ada', 'bob', 'eve'].map(didNamed) as [
  ReturnType<typeof didNamed>,
  ReturnType<typeof didNamed>,
  ReturnType<typeof didNamed>,
]
const secret = 'ab'.repeat(16) as ChannelId
const key = new Uint8Array(32).fill(7)

/** Computers that hear each other at once. */
function setup() {
  const clock = createManualClock()
  const sent: { person: typeof ada; bytes: Uint8Array }[] = []
  const peers = new Map<typeof ada, ReturnType<typeof createPresence>>()
  const join = (person: typeof ada, channels: readonly { id: ChannelId; key: Uint8Array | undefined }[]) => {
    const publish = (bytes: Uint8Array) => {
      sent.push({ person, bytes })
      for (const [other, peer] of peers) if (other !== person) peer.receive(person, bytes)
    }
    const peer = createPresence({ clock, self: () => person, publish, channels: () => channels })
    peers.set(person, peer)
    return peer
  }
  const general = { id: generalChannel, key: undefined }
  const a = join(ada, [general, { id: secret, key }])
  const b = join(bob, [general, { id: secret, key }])
  const e = join(eve, [general])
  return { clock, sent, a, b, e }
}

test('typing is seen at once and vanishes, by itself, by being sent, or with its person', () => {
  const { clock, a, b } = setup()
  const changes: string[] = []
  b.on((person) => changes.push(person))
  a.typing(generalChannel, true)
  assert.deepEqual(b.of(ada), { state: 'here', typing: [generalChannel] })
  assert.deepEqual(changes, [ada])
  clock.advance(typingExpiresMs - 1)
  assert.deepEqual(b.of(ada).typing, [generalChannel])
  clock.advance(tick)
  assert.deepEqual(b.of(ada).typing, [])
  assert.ok(changes.length >= 2)
  a.typing(generalChannel, true)
  a.typing(generalChannel, false)
  assert.deepEqual(b.of(ada).typing, [])
  a.typing(generalChannel, true)
  a.stop()
  assert.deepEqual(b.of(ada), { state: 'gone', typing: [] })
})

const tick = 300

test('presence lasts while it is said, and expires when it is not', () => {
  const { clock, sent, a, b } = setup()
  clock.advance(presenceEveryMs)
  assert.equal(b.of(ada).state, 'here')
  a.looked(true)
  assert.equal(b.of(ada).state, 'away')
  clock.advance(10 * presenceExpiresMs)
  assert.equal(b.of(ada).state, 'away')
  const before = sent.length
  clock.advance(10 * presenceEveryMs)
  assert.ok(sent.length - before <= 3 * 11)
  // Her computer is cut off: nothing is heard.
  const state = createPresenceState()
  stepPresence(state, { type: 'received', person: ada, message: { kind: 'here', state: 'here' } }, 0)
  assert.equal(seenOf(state, ada, presenceExpiresMs - 1).state, 'here')
  assert.equal(seenOf(state, ada, presenceExpiresMs).state, 'gone')
  assert.deepEqual(stepPresence(state, { type: 'tick' }, presenceExpiresMs)[0], { type: 'changed', person: ada })
  assert.equal(state.persons.size, 0)
})

test('however fast somebody types, it is said now and then', () => {
  const { clock, sent, a } = setup()
  const before = sent.length
  for (let i = 0; i < 100; i++) {
    a.typing(generalChannel, true)
    clock.advance(100)
  }
  const said = sent.slice(before).filter(({ bytes }) => decodePresence(bytes)?.kind === 'typing')
  assert.ok(said.length <= 1 + 10_000 / typingEveryMs, `${said.length}`)
})

test('switched off, nothing is said and nothing is shown', () => {
  const { clock, sent, a, b } = setup()
  clock.advance(presenceEveryMs)
  a.switch(false)
  assert.equal(b.of(ada).state, 'gone')
  const before = sent.filter(({ person }) => person === ada).length
  a.typing(generalChannel, true)
  a.looked(true)
  b.typing(generalChannel, true)
  clock.advance(10 * presenceEveryMs)
  assert.equal(sent.filter(({ person }) => person === ada).length, before)
  assert.deepEqual(a.of(bob), { state: 'gone', typing: [] })
  a.switch(true)
  assert.equal(b.of(ada).state, 'away')
})

test('in a private channel those in it see where; the others only that somebody is here', () => {
  const { a, b, e, sent } = setup()
  a.typing(secret, true)
  assert.deepEqual(b.of(ada).typing, [secret])
  assert.deepEqual(e.of(ada), { state: 'here', typing: [] })
  assert.ok(sent.every(({ bytes }) => !Buffer.from(bytes).toString('hex').includes(secret)))
  assert.notEqual(placeOf(secret, key, ada), placeOf(secret, key, bob))
})

test('a flood costs its sender, and nobody else’s place', () => {
  const { clock, b } = setup()
  const bytes = encodePresence({ kind: 'here', state: 'here' })
  const taken = Array.from({ length: presenceMessagesBurst + 20 }, () => b.receive(eve, bytes))
  assert.ok(taken.filter((one) => one === 'taken').length <= presenceMessagesBurst)
  assert.equal(taken.at(-1), 'flooded')
  clock.advance(1_000)
  const later = Array.from({ length: 10 }, () => b.receive(eve, bytes)).filter((one) => one === 'taken')
  assert.ok(later.length <= presenceMessagesPerSecond + 1)
  const state = createPresenceState()
  for (let i = 0; i < presencePersonsMax + 10; i++) {
    const person = didNamed([...`${i}`].map((digit) => 'abcdefghij'[Number(digit)]).join(''))
    stepPresence(state, { type: 'received', person, message: { kind: 'here', state: 'here' } }, 0)
  }
  assert.equal(state.persons.size, presencePersonsMax)
  const places = createPresenceState()
  for (let i = 0; i < typingPlacesMax + 3; i++) {
    const place = i.toString(16).padStart(32, '0')
    stepPresence(places, { type: 'received', person: ada, message: { kind: 'typing', place, on: true } }, 0)
    stepPresence(places, { type: 'typed', place, on: true }, 0)
  }
  assert.deepEqual([seenOf(places, ada, 1).typing.length, places.said.size], [typingPlacesMax, typingPlacesMax])
})

test('messages come back as they went; all others are refused or left alone', () => {
  const messages: readonly PresenceMessage[] = [
    ...(['here', 'away', 'gone'] as const).map((state) => ({ kind: 'here' as const, state })),
    { kind: 'typing', place: secret, on: true },
  ]
  for (const message of messages) assert.deepEqual(decodePresence(encodePresence(message)), message)
  assert.equal(decodePresence(encode([2, 'here', 1])), undefined)
  assert.equal(decodePresence(encode([1, 'waving'])), undefined)
  const place = new Uint8Array(16)
  const bad = [
    [],
    [1],
    ['1', 'here', 1],
    [1, 'here', 3],
    [1, 'here', -1],
    [1, 'here', 1.5],
    [1, 'here', 1, 1],
    [1, 'typing', place],
    [1, 'typing', place.slice(1), true],
    [1, 'typing', 'x', true],
    [1, 'typing', place, 1],
    { a: 1 },
    5,
  ]
  const { b } = setup()
  for (const value of bad) assert.equal(b.receive(eve, encode(value)), 'malformed', JSON.stringify(value))
  assert.equal(b.receive(eve, new Uint8Array(presenceBytesMax + 1)), 'malformed')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: presenceBytesMax + 8 }), (bytes) => {
      try {
        decodePresence(bytes)
        return true
      } catch (error) {
        return isPeerhoodError(error) && error.code === 'presence_malformed'
      }
    }),
    { numRuns: 2_000, seed: 1 },
  )
})
