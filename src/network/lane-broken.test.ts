// Lanes that fail: whatever is cut, refused or silent, a stream goes on by the connection where nothing went by the lane
// yet, and else breaks on both sides, with a code. It never ends quietly before all came, and nothing is left of the lane.

import assert from 'node:assert/strict'
import { type TestContext, test as unboundedTest } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import { networkErrors } from './errors.ts'
import {
  collect,
  digestOf,
  exchange,
  kibibyte,
  lanesAreGone,
  letThingsHappen,
  mebibyte,
  openMoved,
  openStream,
  pieces,
  sides,
  startMoved,
  startPair,
  stopClean,
  withCode,
} from './lane-pair-testing.ts'
import { laneStepTimeoutMs } from './limits.ts'
import { lanesFailedOf, lanesOf, lanesOpenedBy, readAll, sendAll, socketsOpen, testRandom, until } from './testing.ts'
import type { PeerStream } from './types.ts'

const test = (name: string, run: (t: TestContext) => Promise<void>) => unboundedTest(name, { timeout: 60_000 }, run)
const broken = withCode('stream_broken')
const ended = withCode('stream_reset', 'stream_broken')

/** Sends for as long as it can. */
async function sendWithoutEnd(stream: PeerStream): Promise<never> {
  const chunk = new Uint8Array(64 * kibibyte)
  while (true) if (!stream.send(chunk)) await stream.drained()
}

// ---- ends of all

for (const side of sides) {
  test(`when the ${side} aborts, its stream ends with its own error and the other one breaks`, async (t) => {
    const moved = await startMoved(t, { side })
    const { dialler, listener, ours, theirs } = moved
    await exchange(ours, theirs, mebibyte)
    const outcomes = [
      assert.rejects(readAll(ours), withCode('protocol_unsupported')),
      assert.rejects(readAll(theirs), ended),
      assert.rejects(sendWithoutEnd(theirs), ended), // nobody reads at once, so it waits for room
    ]
    ours.abort(networkErrors.protocol_unsupported('an error of ours'))
    await Promise.all(outcomes)
    assert.throws(() => ours.send(Uint8Array.of(1)), withCode('protocol_unsupported'))
    assert.throws(() => theirs.send(Uint8Array.of(1)), ended)
    await assert.rejects(theirs.drained(), ended)
    await lanesAreGone(dialler, listener)
    await until('the line is free', () => moved.lane.isClosed)
    await openMoved(t, moved)
  })

  test(`when the connection is lost, so is the lane of a stream that the ${side} sends by`, async (t) => {
    const { dialler, listener, ours, theirs, pipes, lane } = await startMoved(t, { side })
    const outcomes = [
      assert.rejects(sendWithoutEnd(ours), broken),
      assert.rejects(readAll(theirs), broken),
      assert.rejects(readAll(ours), broken),
    ]
    await until('much is under way', () => lane.upBytes + lane.downBytes > 4 * mebibyte)
    pipes[0]?.cut('reset')
    await Promise.all(outcomes)
    await lanesAreGone(dialler, listener)
    await until('the line is free', () => lane.isClosed)
  })

  test(`when the ${side} drops the peer, the lane goes with the connection`, async (t) => {
    const moved = await startMoved(t, { side })
    const { dialler, listener, ours, theirs, lane } = moved
    const outcomes = [assert.rejects(readAll(ours), ended), assert.rejects(readAll(theirs), ended)]
    const other = side === 'dialler' ? listener : dialler
    moved[side].blame(other.self, { code: 'lied', verdict: 'reject' })
    await Promise.all(outcomes)
    await lanesAreGone(dialler, listener)
    await until('the line is free', () => lane.isClosed)
  })
}

// ---- the lane alone is cut

for (const side of sides) {
  for (const how of ['end', 'reset'] as const) {
    test(`a lane that the ${side} sends by is cut (${how}): it breaks on both sides, and others go on`, async (t) => {
      const moved = await startMoved(t, { side })
      const { dialler, listener, ours, theirs, pipes, lane } = moved
      const sent = testRandom.bytes(32 * mebibyte)
      const collector = collect(theirs)
      const outcomes = [
        assert.rejects(collector.read(), ended),
        assert.rejects(
          sendAll(ours, pieces(sent)).then(() => readAll(ours)),
          ended,
        ),
      ]
      await until('much is under way', () => collector.bytes > 4 * mebibyte)
      lane.cut(how)
      await Promise.all(outcomes)
      for (const end of [ours, theirs]) assert.throws(() => end.send(Uint8Array.of(1)), ended)
      const came = collector.content()
      assert.equal(digestOf(came), digestOf(sent.subarray(0, came.length)), 'what came is what was sent')
      await lanesAreGone(dialler, listener)
      const next = await openMoved(t, moved)
      await exchange(next.ours, next.theirs, mebibyte)
      assert.equal(pipes.length, 3)
    })

    test(`a lane is cut (${how}) after the ${side} has ended, and before all came: the other does not take it for all`, async (t) => {
      const { dialler, listener, ours, theirs, lane } = await startMoved(t, { side })
      lane.hold()
      ours.send(testRandom.bytes(256 * kibibyte))
      await ours.close()
      await letThingsHappen({ dialler, listener })
      lane.cut(how)
      await assert.rejects(readAll(theirs), broken)
      theirs.abort(networkErrors.stream_broken('as a handler that throws'))
      ours.abort(networkErrors.stream_broken('as a handler that throws'))
      await lanesAreGone(dialler, listener)
    })
  }
}

// ---- no lane comes about

for (const [what, fate] of [
  ['is refused', 'refused'],
  ['is answered by nobody', 0],
  ['is silent after it was negotiated', 45],
  ['is silent in the middle of the handshake', 400],
] as const) {
  test(`a lane’s connection ${what}: the stream goes on to its end, and nobody tries again`, async (t) => {
    const before = socketsOpen()
    const clock = createManualClock()
    const pair = await startPair(t, { dialler: { clock }, fate: (nth) => (nth === 0 ? Infinity : fate) })
    const { dialler, listener, pipes, connections } = pair
    const { near, far, finish } = await openStream(t, dialler, listener)
    await exchange(near, far, mebibyte)
    await until('it is tried', () => connections() === 2)
    if (fate !== 'refused') {
      await until('it has said so much', () => (pipes[1]?.upBytes ?? 0) > fate)
      clock.advance(laneStepTimeoutMs)
    }
    await until('it is given up', () => lanesFailedOf(dialler, 'connect') === 1)
    await exchange(near, far, mebibyte)
    await Promise.all([near.close(), far.close(), readAll(near), readAll(far)])
    finish()
    const next = await openStream(t, dialler, listener)
    await exchange(next.near, next.far, mebibyte)
    await letThingsHappen(pair)
    assert.deepEqual([connections(), lanesOpenedBy(dialler), lanesOf(dialler), lanesOf(listener)], [2, 0, 0, 0])
    await stopClean(pair, 'dialler', before)
  })
}

// ---- stopping

for (const side of sides) {
  for (const passed of [0, 45, 400, Infinity]) {
    test(`the ${side} stops while lanes are opened, of which ${passed} bytes pass: at once, and nothing is left`, async (t) => {
      const before = socketsOpen()
      const pair = await startPair(t, { fate: (nth) => (nth === 0 ? Infinity : passed) })
      const { dialler, listener, pipes } = pair
      const streams = await Promise.all(Array.from({ length: 8 }, () => openStream(t, dialler, listener)))
      const lost = streams.map(({ near }) => assert.rejects(readAll(near), ended))
      for (const { near } of streams) near.send(Uint8Array.of(1))
      await until('lanes are being opened', () => pipes.slice(1).some(({ upBytes }) => upBytes > Math.min(passed, 400)))
      await stopClean(pair, side, before)
      await Promise.all(lost)
      assert.deepEqual([lanesOf(dialler), lanesOf(listener)], [0, 0])
    })
  }
}
