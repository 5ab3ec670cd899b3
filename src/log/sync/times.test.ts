// Delays and repetitions of log/sync/: how often something is sent, asked or announced when nothing else happens.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogWorld, isEqual, type LogPeer } from '../../../test/sim/log-world.ts'
import { createManualClock } from '../../../test/support/clock.ts'
import type { Log } from '../../base/ports.ts'
import { provideEveryMs, provideSoonMs } from '../../network/limits.ts'
import { createProvider } from '../../network/provider.ts'
import type { Network } from '../../network/types.ts'
import { createHolds } from './holds.ts'
import {
  candidateRetryMaxMs,
  candidateRetryMs,
  challengeEveryMs,
  challengeFirstMs,
  challengeTimeoutMs,
  entriesFrameBytes,
  entriesFrameBytesMax,
  forwardDelayMs,
  forwardJitterMs,
  gapDelayMs,
  haveDelayMs,
  keepaliveMs,
  lackEveryMs,
  peersEveryMs,
  readBytesMax,
  roundEveryMaxMs,
  roundEveryMs,
  searchEveryMaxMs,
  searchEveryMs,
  silenceMs,
  tickMs,
} from './limits.ts'
import { createSessionState, type SessionEffect, stepSession } from './session-core.ts'
import { createMemoryLog, deviceOf, makeFounding } from './testing.ts'

const nothing = () => {}
const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silent }
const kindsOf = (effects: readonly SessionEffect[]) =>
  effects.map((effect) => (effect.type === 'send' ? effect.frame.kind : effect.type))

test('a session without news sends a keepalive now and then, and lasts', async () => {
  const world = createLogWorld('idle')
  const [a, b] = [await world.peer({ discover: false }), await world.peer({ discover: false })]
  await world.until('they are live', () => a.peers()[0]?.state === 'live' && b.peers()[0]?.state === 'live', 10_000)
  let chunks = 0
  world.net.onDelivery = () => chunks++
  const hourMs = 3_600_000
  await world.pass(hourMs)
  assert.ok(chunks <= (2 * hourMs) / keepaliveMs + 2 && chunks > hourMs / silenceMs, `${chunks} chunks in an hour`)
  a.write()
  await world.until('still equal', () => isEqual([a, b]), 1_000)
  assert.ok(tickMs < keepaliveMs)
  await world.stop()
})

test('own entries go at once, those of others after a moment by chance, and never before their parents', () => {
  const clock = createManualClock()
  let chance = 0.9
  let releases = 0
  const holds = createHolds(
    clock,
    () => chance,
    () => releases++,
  )
  assert.equal(holds.from, Number.POSITIVE_INFINITY)
  holds.hold(5)
  chance = 0
  clock.advance(1)
  holds.hold(7)
  assert.equal(holds.from, 5)
  clock.advance(forwardDelayMs + 0.8 * forwardJitterMs)
  assert.deepEqual([holds.from, releases], [5, 0], '7 waits for 5')
  clock.advance(0.2 * forwardJitterMs)
  assert.deepEqual([holds.from, releases], [Number.POSITIVE_INFINITY, 1])
  holds.hold(9)
  holds.release()
  assert.deepEqual([holds.from, releases], [Number.POSITIVE_INFINITY, 2])
  assert.ok(haveDelayMs < forwardDelayMs, 'news come before entries')
  holds.hold(11)
  holds.stop()
  clock.advance(10_000)
  assert.equal(releases, 2)
})

test('a batch is so long, and its frames', () => {
  const clock = createManualClock()
  const { community, entry } = makeFounding(deviceOf(1), clock.nowMs())
  const log = createMemoryLog(community, clock)
  log.take([entry.bytes])
  for (let n = 0; n < 600; n++) log.write(deviceOf(1), new Uint8Array(1_000 + 90 * n))
  const state = createSessionState(log, 0)
  stepSession(state, { type: 'begin' }, 0)
  const frame = { kind: 'vector', last: true, places: [] } as const
  stepSession(state, { type: 'frame', frame }, 0)
  const pump = () => stepSession(state, { type: 'pump', heldFrom: Number.POSITIVE_INFINITY }, 0)
  assert.deepEqual(pump(), [], 'not before the peer allows it')
  stepSession(state, { type: 'frame', frame: { kind: 'flow', on: true } }, 0)
  let sent = 0
  for (let effects = pump(); ; effects = pump()) {
    const lengths = effects.flatMap((effect) =>
      effect.type === 'send' && effect.frame.kind === 'entries'
        ? [effect.frame.entries.reduce((sum, { length }) => sum + length + 4, 0)]
        : [],
    )
    if (lengths.length === 0) {
      assert.deepEqual(kindsOf(effects), ['level', 'changed'])
      break
    }
    sent += state.entriesOut
    assert.ok(lengths.every((length) => length <= entriesFrameBytesMax))
    assert.ok(lengths.slice(0, -1).every((length) => length >= entriesFrameBytes))
    assert.ok(lengths.reduce((sum, length) => sum + length, 0) <= readBytesMax + entriesFrameBytesMax)
  }
  assert.ok(sent > 0)
  assert.equal(state.entriesOut, 601)
  assert.deepEqual(pump(), [], 'level is said once')
})

test('what was not stored is asked for again, ever more seldom', () => {
  const clock = createManualClock()
  const { community } = makeFounding(deviceOf(1), clock.nowMs())
  const state = createSessionState(createMemoryLog(community, clock), 0)
  const early = { how: 'early', id: '00' as never, ms: 1 } as const
  const roundsMs: number[] = []
  let nowMs = 0
  stepSession(state, { type: 'flow', on: true }, 0)
  while (roundsMs.length < 10) {
    stepSession(state, { type: 'received', wanted: false, entries: [], results: [early] }, nowMs)
    nowMs += tickMs
    if (kindsOf(stepSession(state, { type: 'tick' }, nowMs)).includes('vector')) roundsMs.push(nowMs)
  }
  const gaps = roundsMs.map((atMs, n) => atMs - (roundsMs[n - 1] ?? 0))
  assert.ok(Math.abs((gaps[0] ?? 0) - roundEveryMs) <= tickMs)
  for (let n = 1; n < gaps.length; n++) {
    const expected = Math.min(roundEveryMaxMs, roundEveryMs * 2 ** n)
    assert.ok(Math.abs((gaps[n] ?? 0) - expected) <= 2 * tickMs, `${gaps[n]} instead of ${expected}`)
  }
  assert.ok(gapDelayMs < roundEveryMs && lackEveryMs >= tickMs)
})

test('a keeper is challenged soon, then now and then', async () => {
  const world = createLogWorld('often')
  const member = await world.peer({ knows: () => [], discover: false })
  member.write(5)
  const talk = await world.raw().dial(member)
  talk.hello('keeper')
  talk.send({ kind: 'vector', last: true, places: [{ device: member.device, seq: 5 }] }, { kind: 'flow', on: true })
  await talk.next('level')
  talk.send({ kind: 'level' })
  await talk.next('challenge')
  assert.ok(world.clock.monotonicMs() >= challengeFirstMs)
  // Sees to it that it is neither silent nor cleared of the first.
  for (let ms = 0; ms < challengeEveryMs + challengeTimeoutMs; ms += 20_000) {
    talk.send({ kind: 'keepalive' })
    await world.pass(20_000)
  }
  assert.equal(talk.all('challenge').length, 2)
  assert.deepEqual(member.blames(), ['keeper_withholds', 'keeper_withholds'])
  await world.stop()
})

test('a community is announced at the start, soon again, then twice a day; no more when it is left', async () => {
  const clock = createManualClock()
  const provided: number[] = []
  let withdrawn = 0
  const network = {
    provide: async () => void provided.push(clock.monotonicMs()),
    unprovide: async () => void withdrawn++,
  } as unknown as Network
  const provider = createProvider({ network, clock, log: silent })
  provider.add(new Uint8Array(32))
  for (let step = 0; step < 1_500; step++) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(30_000)
  }
  const [first = 0, second = 0] = provideSoonMs
  assert.deepEqual(provided.slice(0, 4), [0, first, first + second, first + second + provideEveryMs])
  provider.remove(new Uint8Array(32))
  assert.equal(withdrawn, 1)
  clock.advance(2 * provideEveryMs)
  assert.ok(provided.length <= 4)
  provider.stop()
})

test('who can’t be reached is tried ever more seldom; names are asked for again, and so is the DHT', async () => {
  const world = createLogWorld('retries')
  const nobody = { id: world.raw().id } as LogPeer
  let asked = 0
  const peer = await world.peer({
    knows: () => {
      asked++
      return [nobody]
    },
  })
  world.net.split([[peer.id]])
  let looks = 0
  let dials = 0
  const { connect, findProviders } = peer.network
  Object.assign(peer.network, {
    connect(...args: Parameters<typeof connect>) {
      dials++
      return connect(...args)
    },
    findProviders(...args: Parameters<typeof findProviders>) {
      looks++
      return findProviders(...args)
    },
  })
  const hourMs = 3_600_000
  await world.pass(hourMs)
  const doublings = Math.log2(candidateRetryMaxMs / candidateRetryMs) + 1
  assert.ok(dials <= hourMs / (0.9 * candidateRetryMaxMs) + doublings, `${dials} dials`)
  assert.ok(dials >= hourMs / (1.2 * candidateRetryMaxMs))
  assert.ok(looks <= hourMs / searchEveryMaxMs + Math.log2(searchEveryMaxMs / searchEveryMs) + 2, `${looks} look-ups`)
  assert.ok(asked >= hourMs / peersEveryMs - 1 && asked <= hourMs / peersEveryMs + 2, `asked ${asked} times`)
  await world.stop()
})
