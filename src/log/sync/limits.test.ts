// Limits of log/sync/ that are met here for real; those of a peer that misbehaves are in hostile.test.ts, those of frames in
// wire.test.ts, those of what is published in live.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogWorld, isEqual, type LogPeer, type RawLogPeer, type Talk } from '../../../test/sim/log-world.ts'
import { peerIdOf } from '../../../test/sim/world.ts'
import { createManualClock } from '../../../test/support/clock.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { PeerStream } from '../../network/types.ts'
import type { EntryId, Received } from '../types.ts'
import { createChannel } from './channel.ts'
import { createIntake } from './intake.ts'
import {
  answerChainMax,
  askedMax,
  askedRememberedMax,
  asksPerIdMax,
  candidatesMax,
  challengePlacesMax,
  dialsMax,
  forksPerFrameMax,
  forksPerSessionMax,
  handshakeTimeoutMs,
  placesPerFrameMax,
  providersPerSearchMax,
  receiveAheadBytesMax,
  receiveBatchMax,
  rememberedPeersMax,
  sessionsAcceptedMax,
  sessionsEnough,
  sessionsPerCommunityMax,
  sourceStallMs,
  streamsPerPeerMax,
  unsentBytesMax,
  vectorDevicesMax,
} from './limits.ts'
import { createSessionState, type SessionEffect, stepSession } from './session-core.ts'
import { chooseFlows, type SourceView } from './source-core.ts'
import { createMemoryLog, deviceOf, type MemoryLog, makeEntry, makeFounding } from './testing.ts'
import type { Frame } from './wire.ts'

// ---- sessions

test('past so many sessions a stream is cut at once; there is room again when the silent ones have had their time', async () => {
  const world = createLogWorld('accepted')
  const victim = await world.peer({ knows: () => [], discover: false })
  const silent: Talk[] = []
  for (let peer = 0; peer < sessionsAcceptedMax / streamsPerPeerMax; peer++) {
    const raw = world.raw()
    for (let stream = 0; stream < streamsPerPeerMax; stream++) silent.push(await raw.dial(victim))
  }
  assert.ok(world.clock.monotonicMs() < handshakeTimeoutMs, 'nobody’s time is up')
  const surplus = await world.raw().dial(victim)
  surplus.greet()
  await world.until('the surplus is cut', () => surplus.ended, 1_000)
  assert.deepEqual(surplus.received, [])
  assert.ok(silent.every(({ ended }) => !ended))
  await world.until('the silent are left', () => silent.every(({ ended }) => ended), 2 * handshakeTimeoutMs)
  const other = await world.peer({ knows: () => [victim], discover: false })
  victim.write(3)
  await world.until('others are served', () => isEqual([victim, other]), 30_000)
  await world.stop()
})

test('a community has so many sessions; one more is told that it is busy', async () => {
  const world = createLogWorld('busy')
  const victim = await world.peer({ knows: () => [], discover: false })
  for (let n = 0; n < sessionsPerCommunityMax; n++) (await world.raw().dial(victim)).greet()
  await world.pass(500)
  assert.equal(victim.peers().length, sessionsPerCommunityMax)
  const surplus = await world.raw().dial(victim)
  surplus.greet()
  assert.equal((await surplus.next('refuse')).reason, 'busy')
  assert.deepEqual(victim.blames(), [])
  await world.stop()
})

test('with enough sessions no more are looked for; so many dials are under way at once', async () => {
  const world = createLogWorld('enough')
  const raws: RawLogPeer[] = []
  for (let n = 0; n < 3 * sessionsEnough; n++) {
    const raw = world.raw()
    await raw.serve((talk) => talk.greet())
    raws.push(raw)
  }
  const known: LogPeer[] = []
  const peer = await world.peer({ knows: () => known, discover: false })
  known.push(...raws.map(({ id }) => ({ id }) as LogPeer))
  let most = 0
  let dials = 0
  const original = peer.network.openStream
  Object.assign(peer.network, {
    async openStream(...args: Parameters<typeof original>) {
      most = Math.max(most, ++dials)
      return original(...args).finally(() => dials--)
    },
  })
  peer.sync.nudge(world.community)
  await world.pass(60_000)
  assert.equal(peer.peers().filter(({ state }) => state !== 'connecting').length, sessionsEnough)
  assert.ok(most <= dialsMax, `${most} at once`)
  await world.stop()
})

test('so many candidates are remembered, and taken from one look-up', async () => {
  const world = createLogWorld('candidates')
  const known = Array.from({ length: candidatesMax + 50 }, () => ({ id: peerIdOf(world.random) }) as LogPeer)
  const tried = new Set<string>()
  const peer = await world.peer({ knows: () => [], discover: false })
  await peer.stop()
  const named = await world.peer({ knows: () => known, discover: false })
  const { connect } = named.network
  Object.assign(named.network, {
    connect(...args: Parameters<typeof connect>) {
      tried.add(args[0].peerId)
      return connect(...args)
    },
  })
  await world.pass(1_200_000)
  assert.ok(tried.size > candidatesMax / 2 && tried.size <= candidatesMax, `${tried.size} were tried`)

  let given = 0
  const seeker = await world.peer({ knows: () => [] })
  await seeker.stop()
  await seeker.restart()
  Object.assign(seeker.network, {
    async *findProviders() {
      for (;;) {
        given++
        yield { peerId: peerIdOf(world.random), addresses: [] }
      }
    },
  })
  seeker.sync.nudge(world.community)
  await world.pass(1_000)
  assert.ok(given <= 2 * providersPerSearchMax, `${given} were taken`)
  await world.stop()
})

test('a challenge asks for so many entries at most; what is remembered of peers is bounded', async () => {
  const world = createLogWorld('challenge')
  const member = await world.peer({ knows: () => [], discover: false })
  member.write(40)
  const raw = world.raw()
  const talk = await raw.dial(member)
  talk.hello('keeper')
  talk.send({ kind: 'vector', last: true, places: [{ device: member.device, seq: 40 }] }, { kind: 'flow', on: true })
  await talk.next('level')
  talk.send({ kind: 'level' })
  const { places } = await talk.next('challenge')
  assert.equal(places.length, challengePlacesMax)
  assert.equal(new Set(places.map(({ seq }) => seq)).size, challengePlacesMax)
  assert.ok(rememberedPeersMax >= sessionsPerCommunityMax)
  await world.stop()
})

// ---- who sends

test('one sends the bulk; the next when it is level or stalls; who has nothing for us sends at once', () => {
  const session = (key: number, lack: number, rest: Partial<SourceView> = {}): SourceView => {
    const base = { isTold: true, flows: false, flowed: false, isLevelIn: false, progressMs: 0 }
    return { key, weLack: () => lack, ...base, ...rest }
  }
  const sending = { flows: true, flowed: true }
  const chosen = (...sessions: SourceView[]) => [...chooseFlows(sessions, 1_000)].sort()
  assert.deepEqual(chosen(), [])
  assert.deepEqual(chosen(session(1, 5, { isTold: false })), [])
  assert.deepEqual(chosen(session(1, 5), session(2, 9), session(3, 0), session(4, 0)), [2, 3, 4])
  assert.deepEqual(chosen(session(1, 5, sending), session(2, 9), session(3, 0)), [3])
  assert.deepEqual(chosen(session(1, 5, { ...sending, isLevelIn: true }), session(2, 9)), [2])
  assert.deepEqual(chosen(session(1, 0, sending), session(2, 9)), [2])
  assert.deepEqual(chosen(session(1, 5, { ...sending, progressMs: 1_001 - sourceStallMs }), session(2, 9)), [])
  assert.deepEqual(chosen(session(1, 5, { ...sending, progressMs: 1_000 - sourceStallMs }), session(2, 9)), [2])
})

// ---- asking, answering

const clock = createManualClock()

function logOf(entries = 0): MemoryLog {
  const { community, entry } = makeFounding(deviceOf(1), clock.nowMs())
  const log = createMemoryLog(community, clock)
  log.take([entry.bytes])
  for (let n = 0; n < entries; n++) log.write(deviceOf(1))
  return log
}

const idOf = (n: number) => n.toString(16).padStart(64, '0') as EntryId
const idsIn = (effects: readonly SessionEffect[]): EntryId[] =>
  effects.flatMap((effect) => (effect.type === 'send' && effect.frame.kind === 'want' ? effect.frame.ids : []))
const framesIn = (effects: readonly SessionEffect[]): Frame[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.frame] : []))

test('so many ids are asked of a peer at once, each so often, and so many in all', () => {
  const state = createSessionState(logOf(), 0)
  const step = (input: Parameters<typeof stepSession>[1]) => stepSession(state, input, 0)
  const absent = (ids: readonly EntryId[]) => step({ type: 'frame', frame: { kind: 'absent', ids } })
  const first = idsIn(step({ type: 'want', ids: Array.from({ length: 300 }, (_, n) => idOf(n)) }))
  assert.equal(first.length, askedMax)
  const second = idsIn(absent(first.slice(0, 10)))
  assert.equal(second.length, 10, 'as many as were answered')
  // The same again: those that are due are not asked twice at once, those that were answered once more, then no more.
  let times = 0
  for (let round = 0; round < 5; round++) {
    const again = createSessionState(logOf(), 0)
    for (let n = 0; n < round; n++) {
      const asked = idsIn(stepSession(again, { type: 'want', ids: [idOf(1)] }, 0))
      times = Math.max(times, n < asksPerIdMax ? asked.length : 0)
      assert.equal(asked.length, n < asksPerIdMax ? 1 : 0)
      if (asked.length > 0) stepSession(again, { type: 'frame', frame: { kind: 'absent', ids: asked } }, 0)
    }
  }
  let total = 0
  for (let n = 0; n < askedRememberedMax + 500; n++) {
    const asked = idsIn(step({ type: 'want', ids: [idOf(1_000 + n)] }))
    total += asked.length
    if (state.askedDue > askedMax / 2) absent([...state.asked].filter(([, { due }]) => due).map(([id]) => id))
  }
  assert.ok(state.asked.size <= askedRememberedMax && total <= askedRememberedMax)
})

test('an entry of a forked chain is answered with those that lead to it, so many at once', () => {
  const log = logOf()
  const evil = deviceOf(9)
  const base = log.write(evil)
  const chain = Array.from({ length: 100 }, () => log.write(evil))
  const twin = makeEntry({
    community: log.community,
    device: evil,
    seq: 2,
    prev: base.id,
    time: { ms: base.time.ms + 1, count: 7 },
  })
  log.take([twin.bytes])
  const last = chain.at(-1)
  assert.ok(last !== undefined && log.forks().length === 1)
  const state = createSessionState(log, 0)
  stepSession(state, { type: 'begin' }, 0)
  stepSession(state, { type: 'frame', frame: { kind: 'want', ids: [last.id, idOf(4)] } }, 0)
  const [answer, absent] = framesIn(stepSession(state, { type: 'pump', heldFrom: Number.POSITIVE_INFINITY }, 0))
  assert.ok(answer?.kind === 'answer' && absent?.kind === 'absent')
  assert.equal(answer.entries.length, answerChainMax)
  // And the asker takes it, as it leads to what it asked.
  const asker = createSessionState(logOf(), 0)
  stepSession(asker, { type: 'want', ids: [last.id] }, 0)
  const effects = stepSession(asker, { type: 'frame', frame: answer }, 0)
  assert.equal(effects[0]?.type, 'receive')
  // Not one that is cut out of the middle.
  stepSession(asker, { type: 'want', ids: [last.id] }, 0)
  const holed: Frame = { kind: 'answer', entries: answer.entries.filter((_, at) => at !== answerChainMax - 2) }
  assert.equal(stepSession(asker, { type: 'frame', frame: holed }, 0)[0]?.type, 'close')
})

test('a vector of many devices goes in several frames; what lies past the limit is not told; forks have theirs', () => {
  const log = logOf()
  const vector = new Map(Array.from({ length: vectorDevicesMax + 10 }, (_, n) => [deviceOf(n + 1), 1] as const))
  const forks = Array.from({ length: forksPerSessionMax + 10 }, (_, n) => ({
    device: deviceOf(n + 1),
    seq: 1,
    entries: [idOf(1), idOf(2)] as const,
  }))
  Object.assign(log, { vector: () => vector, forks: () => forks })
  const frames = framesIn(stepSession(createSessionState(log, 0), { type: 'begin' }, 0))
  const vectors = frames.filter((frame) => frame.kind === 'vector')
  assert.equal(vectors.length, Math.ceil(vectorDevicesMax / placesPerFrameMax))
  assert.deepEqual([...new Set(vectors.slice(0, -1).map(({ last }) => last))], [false])
  assert.equal(vectors.at(-1)?.last, true)
  assert.equal(
    vectors.reduce((sum, { places }) => sum + places.length, 0),
    vectorDevicesMax,
  )
  const told = frames.filter((frame) => frame.kind === 'forks')
  assert.equal(told.length, forksPerSessionMax / forksPerFrameMax)
})

test('a device that has used up its room: the peer is asked for no more of it, and sends no more', async () => {
  const world = createLogWorld('quota')
  const a = await world.peer({ quality: { up: 50_000 } })
  const b = await world.peer()
  const { take } = b.log
  Object.assign(b.log, {
    async receive(entries: readonly Uint8Array[]): Promise<readonly Received[]> {
      const quota: Received = { how: 'refused', code: 'device_quota_used' }
      return entries.map((entry) => (b.log.entries.length >= 20 ? quota : (take([entry])[0] ?? quota)))
    },
  })
  a.write(2_000)
  await world.pass(60_000)
  assert.equal(b.log.entries.length, 20)
  assert.equal(b.peer(a.id)?.weLack, 0)
  assert.equal(b.peer(a.id)?.state, 'live')
  assert.ok((a.peer(b.id)?.entriesOut ?? 0) < 2_000, 'the rest is not sent')
  assert.deepEqual(b.blames(a.id), [], 'it is no fault of the peer')
  await world.stop()
})

// ---- between stream and log

test('entries wait for the log up to so many bytes, and go to it so many at once', async () => {
  const batches: number[] = []
  let finish = () => {}
  const intake = createIntake({
    receive(entries) {
      batches.push(entries.length)
      return new Promise((resolve) => {
        finish = () => resolve([])
      })
    },
    done: () => {},
    failed: () => assert.fail('nothing fails'),
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  intake.add([new Uint8Array(100)], false)
  assert.equal(intake.room(), undefined)
  intake.add(
    Array.from({ length: receiveBatchMax + 5 }, () => new Uint8Array(300)),
    false,
  )
  intake.add([new Uint8Array(1)], true)
  assert.deepEqual(batches, [1])
  assert.ok(receiveBatchMax * 300 > receiveAheadBytesMax)
  let hasRoom = false
  void intake.room()?.then(() => {
    hasRoom = true
  })
  finish()
  await turn()
  assert.deepEqual([batches, hasRoom], [[1, receiveBatchMax], false])
  finish()
  await turn()
  assert.deepEqual([batches, hasRoom], [[1, receiveBatchMax, 5], true])
  finish()
  await turn()
  assert.deepEqual(batches, [1, receiveBatchMax, 5, 1], 'what was asked for goes apart')
  intake.stop()
})

test('a peer that reads nothing while frames pile up is left', async () => {
  const stream: PeerStream = {
    remotePeer: 'peer' as never,
    isRelayed: false,
    incoming: {
      async *[Symbol.asyncIterator]() {
        await new Promise(() => {})
      },
    },
    send: () => false,
    drained: () => new Promise(() => {}),
    close: async () => {},
    abort: () => {},
  }
  const ends: unknown[] = []
  const channel = createChannel(
    stream,
    { clock },
    {
      admit: () => {},
      accept: () => {},
      flushed: () => undefined,
      writable: () => {},
      closed: (error) => ends.push(error),
    },
  )
  void channel.run()
  const frame: Frame = { kind: 'entries', entries: [new Uint8Array(50_000)] }
  for (let sent = 0; sent <= unsentBytesMax + 100_000; sent += 50_000) channel.send(frame)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(ends.length, 1)
  assert.ok(isPeerhoodError(ends[0]) && ends[0].code === 'sync_peer_not_reading')
})
