// Limits of lanes that hostile peers run into: how many there may be, of one peer and in all, agreed on and open; how much
// one may bring that nobody reads; and what is left when they are blamed, or the victim stops.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import {
  echoProtocol,
  type HandMadeLane,
  type HostileDialler,
  leavingTimeoutMs,
  newToken,
  pieceOf,
  pingPong,
  startDialler,
  startScene,
  textOf,
  type Victim,
} from './lane-testing.ts'
import { answerBytes, encodePlace, placeBytes } from './lane-wire.ts'
import {
  connectionsPendingMax,
  laneOffersPerPeerMax,
  laneStepTimeoutMs,
  lanesMax,
  lanesPendingMax,
  lanesPerPeerMax,
  readQueueHighBytes,
} from './limits.ts'
import { lanesOf, until, viewOf } from './testing.ts'

const options = { timeout: 60_000 }
const mebibyte = 1024 * 1024
const expectedMs = 2 * laneStepTimeoutMs

async function startHostileScene(t: TestContext) {
  const scene = await startScene(t)
  const peer = await startDialler(t, scene.victim)
  scene.mark()
  return { ...scene, peer }
}

/** Offers lanes for so many streams; the tokens of those that are expected. */
async function offerMany(victim: Victim, peer: HostileDialler, count: number) {
  const [streams, tokens]: [Stream[], Uint8Array[]] = [[], []]
  for (let n = 0; n < count; n++) {
    const before = victim.taken.length
    const stream = await peer.openStream()
    streams.push(stream)
    await until('the stream is served', () => victim.taken.length > before)
    const { isExpected, token } = await peer.offer(stream)
    if (isExpected) tokens.push(token)
  }
  return { streams, tokens }
}

/** Dials with each token; the lanes are bound or closed when it resolves. */
async function dialMany(peer: HostileDialler, tokens: readonly Uint8Array[]): Promise<HandMadeLane[]> {
  const lanes: HandMadeLane[] = []
  for (const token of tokens) {
    const lane = await peer.dialWith(token)
    lanes.push(lane)
    await until('it is bound, or closed', () => lane.heard().length === answerBytes || lane.isClosed())
  }
  return lanes
}

function resetAll(streams: readonly Stream[]): void {
  for (const stream of streams) stream.abort(new Error('enough'))
}

// ---- how many

test(
  'one peer has so many lanes, however it times its offers, and room again when they are closed',
  options,
  async (t) => {
    const scene = await startHostileScene(t)
    const { victim, peer } = scene
    const { streams, tokens } = await offerMany(victim, peer, lanesPerPeerMax + 4)
    await scene.during(() => dialMany(peer, tokens))
    assert.equal(lanesOf(victim), 1 + lanesPerPeerMax)
    const more = await offerMany(victim, peer, 2)
    assert.equal(more.tokens.length, 0)
    resetAll([...streams, ...more.streams])
    await until('they are closed', () => lanesOf(victim) === 1)
    const { stream } = await peer.openLane()
    resetAll([stream])
    await scene.assertUnharmed()
  },
)

test(
  'there are so many lanes in all, however they are timed; an honest stream goes by the connection then',
  options,
  async (t) => {
    const scene = await startHostileScene(t)
    const { victim, friend } = scene
    const peers = [scene.peer]
    while (peers.length < lanesMax / lanesPerPeerMax + 1) peers.push(await startDialler(t, victim))
    const streams: Stream[] = []
    /** The last ones offer before any of them dials. */
    const groups = [...peers.slice(0, -2).map((peer) => [peer]), peers.slice(-2)]
    for (const group of groups) {
      const offered: { peer: HostileDialler; tokens: readonly Uint8Array[] }[] = []
      for (const peer of group) {
        const { tokens, streams: own } = await offerMany(victim, peer, lanesPerPeerMax)
        streams.push(...own)
        offered.push({ peer, tokens })
      }
      await scene.during(async () => {
        for (const { peer, tokens } of offered) await dialMany(peer, tokens)
      })
    }
    assert.equal(lanesOf(victim), lanesMax)
    const stream = await friend.openStream(victim.self, echoProtocol)
    await pingPong(stream)(8)
    assert.equal(lanesOf(friend), 1)
    await stream.close()
    resetAll(streams)
    await until('they are closed', () => lanesOf(victim) === 1)
    for (const { host } of peers.slice(1)) await host.stop()
    await scene.assertUnharmed()
  },
)

test('so many lanes are expected, which ends when they do not come', options, async (t) => {
  const scene = await startHostileScene(t)
  const { victim, peer } = scene
  const others = [await startDialler(t, victim), await startDialler(t, victim)]
  const offered = []
  for (const one of [peer, ...others]) offered.push(await offerMany(victim, one, lanesPerPeerMax))
  const expected = offered.reduce((sum, { tokens }) => sum + tokens.length, 0)
  assert.equal(expected, lanesPendingMax)
  assert.equal(victim.clock.waiting(expectedMs), lanesPendingMax)
  await scene.during(async () => victim.clock.runOut(expectedMs))
  const late = await peer.dialWith(offered[0]?.tokens[0] ?? newToken())
  await until('who comes too late is closed', late.isClosed)
  const again = await offerMany(victim, peer, 1)
  assert.equal(again.tokens.length, 1)
  resetAll([...offered, again].flatMap(({ streams }) => streams))
  victim.clock.runOut(expectedMs)
  for (const { host } of others) await host.stop()
  await scene.assertUnharmed()
})

test('one peer’s offers leave room for those of others', options, async (t) => {
  const scene = await startHostileScene(t)
  const { victim, peer } = scene
  const { streams } = await offerMany(victim, peer, lanesPendingMax + 4)
  const honest = await startDialler(t, victim)
  const { stream } = await honest.openLane()
  resetAll([...streams, stream])
  await honest.host.stop()
  victim.clock.runOut(expectedMs)
  await scene.assertUnharmed()
})

test('offers whose stream is over hold no place', options, async (t) => {
  const scene = await startHostileScene(t)
  const { victim, peer } = scene
  const { streams } = await offerMany(victim, peer, lanesPerPeerMax)
  resetAll(streams)
  await until('nobody waits for them', () => victim.clock.waiting(expectedMs) === 0, leavingTimeoutMs)
  const { stream } = await peer.openLane()
  resetAll([stream])
  await scene.assertUnharmed()
})

test('one connection has so many offers under way, which say nothing', options, async (t) => {
  const scene = await startHostileScene(t)
  const { victim, peer } = scene
  const streams: Stream[] = []
  for (let n = 0; n < laneOffersPerPeerMax + 4; n++) {
    const offer = await peer.say(new Uint8Array(0)).catch(() => undefined) // may be reset before it is here
    if (offer !== undefined) streams.push(offer.stream)
  }
  const open = () => streams.filter(({ status }) => status === 'open').length
  await until('the surplus is reset', () => open() === laneOffersPerPeerMax)
  await until('the others are waited for', () => victim.clock.waiting(laneStepTimeoutMs) === laneOffersPerPeerMax)
  await scene.during(async () => victim.clock.runOut(laneStepTimeoutMs))
  await until('they are reset, too', () => open() === 0)
  await scene.assertUnharmed()
})

test('lanes that come and go use up no place of a connection that is being made', options, async (t) => {
  const scene = await startHostileScene(t)
  await scene.during(async () => {
    for (let n = 0; n < connectionsPendingMax + 4; n++) {
      const { stream, lane } = await scene.peer.openLane()
      resetAll([stream])
      await until('it is closed', lane.isClosed)
    }
  })
  await scene.assertUnharmed()
})

// ---- how much

/** How much of 64 MiB leaves this side until no more does. */
async function flood({ socket }: HandMadeLane): Promise<number> {
  const chunk = pieceOf(new Uint8Array(64 * 1024))
  let accepted = 0
  const writing = (async () => {
    while (accepted < 64 * mebibyte) {
      await new Promise((resolve) => socket.write(chunk, resolve))
      accepted += chunk.length
    }
  })()
  for (let before = -1; before !== accepted; await pause(300)) before = accepted
  void writing
  return accepted
}

for (const [name, place, isRead] of [
  ['that is read no more', 'one'.length, true],
  ['that goes on where its stream never gets', Number.MAX_SAFE_INTEGER, false],
] as const) {
  test(`a lane that floods is held up: one ${name}`, options, async (t) => {
    const scene = await startHostileScene(t)
    const { victim, peer } = scene
    const { stream, lane, taken } = await peer.openLane()
    stream.send(Buffer.from('one'))
    await until('it arrives', () => textOf(taken) === 'one')
    const goOn = victim.holdReading()
    lane.socket.write(Buffer.concat([encodePlace(place), pieceOf(Buffer.from('two'))]))
    await until('the victim goes on there, too', () => lane.heard().length === answerBytes + placeBytes)
    if (isRead) await until('it arrives', () => textOf(taken) === 'onetwo')
    const accepted = await scene.during(() => flood(lane))
    // Most of it lies in the system's buffers of the two sockets.
    assert.ok(accepted < 24 * mebibyte, `${accepted} bytes were accepted`)
    const bytesIn = viewOf(victim, peer.id)?.bytesIn ?? 0
    assert.ok(bytesIn < readQueueHighBytes + mebibyte / 4, `${bytesIn} bytes wait for a reader`)
    resetAll([stream])
    goOn()
    await until('it is closed', lane.isClosed)
    await scene.assertUnharmed()
  })
}

// ---- ends

test('a peer that is blamed loses its lanes, and what was expected of it', options, async (t) => {
  const scene = await startHostileScene(t)
  const { victim, peer } = scene
  const { lane } = await peer.openLane()
  await offerMany(victim, peer, 1)
  victim.blame(peer.id, { code: 'lied', verdict: 'reject' })
  await until('it is closed', lane.isClosed)
  victim.clock.runOut(expectedMs)
  await scene.assertUnharmed()
})

test('who stops leaves no lane, however far it is, and no timer', options, async (t) => {
  const { victim, peer } = await startHostileScene(t)
  const { lane, stream } = await peer.openLane()
  const token = newToken()
  for (let n = 1; n <= 2; n++) {
    const one = await peer.openStream()
    await until('it is served', () => victim.taken.length === 1 + n)
    await peer.offer(one, token)
  }
  const silent = await peer.dial()
  await peer.say(new Uint8Array(0))
  await victim.stop()
  await until('both are closed', () => lane.isClosed() && silent.isClosed(), leavingTimeoutMs)
  assert.notEqual(stream.status, 'open')
  assert.equal(lanesOf(victim), 0)
  const { clock } = victim
  await until(
    'no timer is left',
    () => clock.waiting(laneStepTimeoutMs) + clock.waiting(expectedMs) === 0,
    leavingTimeoutMs,
  )
})
