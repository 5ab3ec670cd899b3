// What is published: entries as they are written, ephemeral bytes, and what becomes of messages that no honest member sends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogWorld, isEqual, type LogPeer, type LogWorld } from '../../../test/sim/log-world.ts'
import { concatBytes } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import {
  ephemeralBytesMax,
  publishBurst,
  publishedEntryBytesMax,
  publishedQueueBytesMax,
  topicGraceMs,
} from './limits.ts'
import { deviceOfPeer } from './live.ts'
import { deviceOf, makeEntry } from './testing.ts'
import type { Ephemeral } from './types.ts'

const topic = 'ee'.repeat(32)

async function members(world: LogWorld, count: number, options: Parameters<LogWorld['peer']>[0] = {}) {
  const peers: LogPeer[] = []
  for (let n = 0; n < count; n++) peers.push(await world.peer({ topic: () => topic, ...options }))
  return peers
}

const messageOf = (kind: number, bytes: Uint8Array) => concatBytes(Uint8Array.of(kind), bytes)

/** Connects peers in a line, whatever their sessions. */
async function connect(world: LogWorld, a: LogPeer | { readonly network: LogPeer['network'] }, b: LogPeer) {
  await Promise.all([
    a.network.connect({ peerId: b.id, addresses: [`/sim/${b.id}`] }, { source: 'manual' }),
    world.pass(200),
  ])
}

test('an entry that is written comes by gossip to members without a session', async () => {
  const world = createLogWorld('live')
  const [a, b] = await members(world, 2)
  assert.ok(a !== undefined && b !== undefined)
  await world.until('they are live', () => a.peers()[0]?.state === 'live', 10_000)
  // No session from here on: only gossip is left.
  Object.assign(a.network, { openStream: () => Promise.reject(new Error('no')) })
  Object.assign(b.network, { openStream: () => Promise.reject(new Error('no')) })
  world.net.cut(a.id, b.id)
  await world.pass(10)
  await connect(world, a, b)
  assert.deepEqual(
    [...a.peers(), ...b.peers()].filter(({ state }) => state !== 'connecting'),
    [],
  )
  const [entry] = a.write()
  await world.until('it is there', () => entry !== undefined && b.log.has(entry.id), 100)
  await world.stop()
})

test('what gossip loses, sessions bring; nothing is lost and nobody blamed', async () => {
  const world = createLogWorld('lossy')
  const peers = await members(world, 6)
  await world.until('all know somebody', () => peers.every((peer) => peer.peers().length > 1), 60_000)
  world.net.gossipLoss = 0.4
  for (let round = 0; round < 40; round++) {
    peers[round % peers.length]?.write(2)
    await world.pass(20)
  }
  await world.until('all are equal', () => isEqual(peers), 20_000)
  assert.deepEqual(
    peers.flatMap((peer) => [...peer.blames(), ...peer.warnings]),
    [],
  )
  await world.stop()
})

test('parents that gossip did not bring are asked for', async () => {
  const world = createLogWorld('gap')
  const [a, b] = await members(world, 2)
  assert.ok(a !== undefined && b !== undefined)
  await world.until('they are live', () => b.peers()[0]?.state === 'live', 10_000)
  // Written while B was away, and by one whom B has no session with.
  const raw = world.raw()
  const device = deviceOfPeer(raw.id) ?? deviceOf(0)
  const first = makeEntry({
    community: world.community,
    device,
    seq: 1,
    heads: [world.founding.id],
    time: { ms: world.clock.nowMs(), count: 0 },
  })
  const second = makeEntry({
    community: world.community,
    device,
    seq: 2,
    prev: first.id,
    time: { ms: world.clock.nowMs() + 1, count: 0 },
  })
  await connect(world, raw, b)
  await raw.network.publish(topic, messageOf(1, second.bytes))
  await world.until('B waits for the first', () => b.log.missing().length === 1, 1_000)
  a.log.take([first.bytes])
  await world.until('B has both', () => b.log.has(second.id), 3_000)
  await world.stop()
})

test('without a session, a missing parent makes us look for one', async () => {
  const world = createLogWorld('lonely')
  const [a] = await members(world, 1, { knows: () => [], discover: false })
  const raw = world.raw()
  assert.ok(a !== undefined)
  const device = deviceOfPeer(raw.id) ?? deviceOf(0)
  const orphan = makeEntry({ community: world.community, device, seq: 2, prev: '99'.repeat(32) as never })
  let asked = 0
  await raw.serve((talk) => {
    asked++
    talk.send({ kind: 'refuse', reason: 'busy' })
  })
  await connect(world, raw, a)
  await world.pass(60_000)
  const before = asked
  await raw.network.publish(topic, messageOf(1, orphan.bytes))
  await world.pass(1_000)
  assert.equal(asked, before + 1)
  await world.stop()
})

test('the topic changes: the new one is followed at once, the one before for a while', async () => {
  const world = createLogWorld('epoch')
  const topics = ['aa'.repeat(32), 'aa'.repeat(32)]
  const a = await world.peer({ topic: () => topics[0] })
  const b = await world.peer({ topic: () => topics[1] })
  const heard: Ephemeral[] = []
  b.sync.onEphemeral((event) => heard.push(event))
  await world.until('they are live', () => b.peers()[0]?.state === 'live', 10_000)
  const say = async (n: number) => {
    a.sync.ephemeral(world.community, Uint8Array.of(n))
    await world.pass(100)
  }
  await say(1)
  topics[1] = 'bb'.repeat(32)
  await world.pass(1_500)
  await say(2)
  topics[0] = 'bb'.repeat(32)
  a.write()
  await world.pass(100)
  await say(3)
  topics[0] = 'aa'.repeat(32)
  await world.pass(topicGraceMs + 1_500)
  await say(4)
  topics[0] = undefined as never
  a.write()
  await say(5)
  assert.deepEqual(
    heard.map(({ bytes }) => bytes[0]),
    [1, 2, 3],
  )
  assert.ok(heard.every(({ from, community }) => from === a.id && community === world.community))
  await world.stop()
})

test('ephemeral bytes go to those who are there, up to their length, and are kept nowhere', async () => {
  const world = createLogWorld('ephemeral')
  const [a, b] = await members(world, 2)
  assert.ok(a !== undefined && b !== undefined)
  await world.until('they are live', () => b.peers()[0]?.state === 'live', 10_000)
  const heard: Ephemeral[] = []
  b.sync.onEphemeral((event) => heard.push(event))
  a.sync.ephemeral(world.community, new Uint8Array(ephemeralBytesMax))
  assert.throws(
    () => a.sync.ephemeral(world.community, new Uint8Array(ephemeralBytesMax + 1)),
    (error) => isPeerhoodError(error) && error.code === 'ephemeral_too_long',
  )
  await world.pass(100)
  assert.equal(heard.length, 1)
  assert.equal(b.log.entries.length, 1)
  a.sync.ephemeral('00'.repeat(32) as never, Uint8Array.of(1))
  await world.stop()
})

test('we publish so much and no more; sessions carry the rest, and what is long', async () => {
  const world = createLogWorld('much')
  const [a, b] = await members(world, 2)
  assert.ok(a !== undefined && b !== undefined)
  await world.until('they are live', () => b.peers()[0]?.state === 'live', 10_000)
  let published = 0
  const { publish } = a.network
  Object.assign(a.network, {
    publish(inTopic: string, bytes: Uint8Array) {
      published++
      return publish(inTopic, bytes)
    },
  })
  a.log.write(a.device, new Uint8Array(publishedEntryBytesMax + 1))
  assert.equal(published, 0)
  a.write(publishBurst + 50)
  assert.equal(published, publishBurst)
  await world.until('all are equal', () => isEqual([a, b]), 10_000)
  await world.stop()
})

/** A member (it has the key, and is let in) that publishes what it likes. */
async function liar(seed: string) {
  const world = createLogWorld(seed)
  const raw = world.raw()
  const strangers = new Set<string>()
  const options = { topic: () => topic, knows: () => [], discover: false }
  const victim = await world.peer({ ...options, allows: (peerId) => !strangers.has(peerId) })
  await connect(world, raw, victim)
  const device = deviceOfPeer(raw.id) ?? deviceOf(0)
  const base = { community: world.community, device, seq: 1, heads: [world.founding.id] }
  const entry = makeEntry({ ...base, time: { ms: world.clock.nowMs(), count: 0 } })
  const say = async (kind: number, bytes: Uint8Array) => {
    await raw.network.publish(topic, messageOf(kind, bytes))
    await world.pass(100)
  }
  return { world, raw, victim, base, entry, say, strangers }
}

test('an entry in another’s name, no entry, and one too long to be published are refused', async () => {
  const { world, raw, victim, base, entry, say } = await liar('names')
  const other = makeEntry({ ...base, device: deviceOf(5), time: { ms: world.clock.nowMs(), count: 0 } })
  await say(1, other.bytes)
  await say(1, new Uint8Array(200))
  await say(1, makeEntry({ ...base, sealed: new Uint8Array(publishedEntryBytesMax) }).bytes)
  await say(2, new Uint8Array(ephemeralBytesMax + 1))
  assert.deepEqual(victim.blames(raw.id), Array(4).fill('gossip_refused'))
  assert.equal(victim.log.entries.length, 1)
  await say(3, new Uint8Array(10))
  assert.equal(victim.blames(raw.id).length, 4, 'a later version’s kind is left alone')
  await say(1, entry.bytes)
  assert.ok(victim.log.has(entry.id))
  await world.stop()
})

test('an entry that no log can hold costs its author the connection', async () => {
  const { world, raw, victim, base, say } = await liar('wrong')
  await say(1, makeEntry({ ...base, time: { ms: 1, count: 0 } }).bytes)
  assert.deepEqual(
    victim.network.blames.map(({ peerId, blame }) => [peerId, blame.code, blame.verdict]),
    [[raw.id, 'entry_time_backwards', 'reject']],
  )
  await world.stop()
})

test('who is not let in is not listened to', async () => {
  const { world, raw, victim, entry, say, strangers } = await liar('removed')
  const heard: Ephemeral[] = []
  victim.sync.onEphemeral((event) => heard.push(event))
  strangers.add(raw.id)
  await say(1, entry.bytes)
  await say(2, Uint8Array.of(1))
  assert.deepEqual([victim.log.entries.length, heard.length, victim.blames(raw.id).length], [1, 0, 0])
  await world.stop()
})

test('what is known, of a device that forked, or too much at once is not passed on', async () => {
  const { world, raw, victim, base, entry, say } = await liar('known')
  await say(1, entry.bytes)
  const third = await world.peer({ topic: () => topic, knows: () => [], discover: false })
  await connect(world, victim, third)
  const { offered } = third.log
  await say(1, entry.bytes)
  assert.equal(third.log.offered - offered, 0)
  const twin = makeEntry({ ...base, time: { ms: world.clock.nowMs(), count: 9 } })
  victim.log.take([twin.bytes])
  assert.equal(victim.log.forks().length, 1)
  const after = makeEntry({
    community: world.community,
    device: base.device,
    seq: 2,
    prev: entry.id,
    time: { ms: world.clock.nowMs() + 10_000, count: 0 },
  })
  await say(1, after.bytes)
  assert.equal(victim.log.has(after.id), false)
  assert.deepEqual(victim.blames(raw.id), [])
  await world.stop()
})

test('entries that come by gossip faster than the log takes them are bounded', async () => {
  const { world, raw, victim, base } = await liar('queue')
  let taken = 0
  Object.assign(victim.log, {
    receive: (list: readonly Uint8Array[]) => {
      taken += list.reduce((sum, { length }) => sum + length, 0)
      return new Promise(() => {})
    },
  })
  const sealed = new Uint8Array(publishedEntryBytesMax - 1_000)
  const count = Math.ceil((1.5 * publishedQueueBytesMax) / sealed.length)
  let passed = 0
  const third = world.raw()
  third.network.subscribe(topic, () => {
    passed++
    return 'ignore'
  })
  await connect(world, third, victim)
  for (let n = 0; n < count; n++) {
    const entry = makeEntry({ ...base, sealed, time: { ms: world.clock.nowMs(), count: n } })
    await raw.network.publish(topic, messageOf(1, entry.bytes))
  }
  await world.pass(1_000)
  assert.ok(passed > 0 && passed <= publishedQueueBytesMax / sealed.length + 1, `${passed} of ${count} were taken`)
  assert.ok(taken <= publishedQueueBytesMax)
})
