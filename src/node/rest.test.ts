import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../base/ports.ts'
import { heldBytesMin, heldGrowth, heldLookMs, restAfterMs, restEveryMs } from './limits.ts'
import { createRest } from './rest.ts'

/** A clock that goes on when told, and runs what is due. */
function handClock() {
  let nowMs = 0
  const timers = new Map<() => void, number>()
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      timers.set(run, nowMs + delayMs)
      return () => void timers.delete(run)
    },
  }
  const pass = (ms: number) => {
    nowMs += ms
    for (const [run, dueMs] of [...timers]) if (dueMs <= nowMs && timers.delete(run)) run()
  }
  return { clock, timers, pass }
}

test('memory is collected once, when nothing has moved for a while, and again only after something moved', () => {
  const { clock, timers, pass } = handClock()
  let collections = 0
  const collectAll = () => {
    collections += 1
  }
  const rest = createRest(clock, { heldBytes: () => 0, collect: assert.fail, collectAll })
  pass(restAfterMs * 2)
  assert.equal(collections, 0)
  rest.moved()
  for (let i = 0; i < 10; i++) {
    pass(restAfterMs / 2)
    rest.moved()
  }
  assert.equal(collections, 0)
  pass(restAfterMs)
  assert.equal(collections, 1)
  pass(restEveryMs / 2)
  rest.moved()
  pass(restAfterMs)
  assert.equal(collections, 1)
  pass(restEveryMs)
  assert.equal(collections, 2)
  pass(restEveryMs * 10)
  assert.equal(collections, 2)
  rest.moved()
  rest.stop()
  rest.moved()
  pass(restAfterMs * 2)
  assert.equal(collections, 2)
  assert.equal(timers.size, 0)
})

test('what piles up while something moves is collected, and what is needed is not looked for again and again', () => {
  const { clock, pass } = handClock()
  let [needed, bytes, collections] = [0, heldBytesMin, 0]
  const collect = () => {
    collections += 1
    bytes = needed
  }
  const rest = createRest(clock, { heldBytes: () => bytes, collect, collectAll: () => {} })
  const move = () => {
    pass(heldLookMs)
    rest.moved()
    return collections
  }
  assert.equal(move(), 0)
  bytes += 1
  rest.moved()
  assert.equal(collections, 0, 'not at every event')
  assert.equal(move(), 1)
  needed = heldBytesMin
  bytes = heldBytesMin + 1
  assert.equal(move(), 2)
  bytes = heldGrowth * needed
  assert.equal(move(), 2, 'most of it is needed')
  bytes += 1
  assert.equal(move(), 3)
  rest.stop()
})
