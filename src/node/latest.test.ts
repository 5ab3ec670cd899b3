import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../base/ports.ts'
import { createLatest } from './latest.ts'

/** Timers fire when the test says so. */
function handClock() {
  let timers: (() => void)[] = []
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after(_delayMs, run) {
      timers.push(run)
      return () => {
        timers = timers.filter((timer) => timer !== run)
      }
    },
  }
  const fire = () => {
    for (const run of timers.splice(0)) run()
  }
  return { clock, fire, count: () => timers.length }
}

function setup() {
  const { clock, fire, count } = handClock()
  const sent: string[] = []
  const emit = (value: string) => sent.push(value)
  const isUrgent = (before: string, next: string) => before[0] !== next[0]
  return { latest: createLatest<number, string>({ clock, everyMs: 100, emit, isUrgent }), sent, fire, count }
}

test('the first goes out at once, of the rest only the latest of each key', () => {
  const { latest, sent, fire, count } = setup()
  for (const value of ['a1', 'a2', 'a3']) latest.saw(1, value)
  latest.saw(2, 'b1')
  assert.deepEqual(sent.splice(0), ['a1', 'b1'])
  fire()
  assert.deepEqual(sent.splice(0), ['a3'])
  fire()
  assert.deepEqual(sent, [])
  assert.equal(count(), 0)
})

test('what is urgent does not wait, and nothing older comes after it', () => {
  const { latest, sent, fire } = setup()
  for (const value of ['a1', 'a2', 'b1']) latest.saw(1, value)
  fire()
  assert.deepEqual(sent, ['a1', 'b1'])
})

test('what is forgotten stays silent, and a stop leaves no timer', () => {
  const { latest, sent, fire, count } = setup()
  latest.saw(1, 'a1')
  latest.saw(1, 'a2')
  latest.forget(1)
  fire()
  assert.deepEqual(sent, ['a1'])
  latest.saw(2, 'x1')
  latest.stop()
  assert.equal(count(), 0)
})
