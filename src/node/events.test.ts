import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event, Status } from '../api/schemas.ts'
import type { Clock } from '../base/ports.ts'
import { createEvents } from './events.ts'
import { statusEveryMs } from './limits.ts'

function manualClock() {
  let nowMs = 0
  let due: { atMs: number; run: () => void }[] = []
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run }
      due.push(timer)
      return () => {
        due = due.filter((other) => other !== timer)
      }
    },
  }
  const pass = (ms: number) => {
    nowMs += ms
    const ready = due.filter((timer) => timer.atMs <= nowMs)
    due = due.filter((timer) => timer.atMs > nowMs)
    for (const timer of ready) timer.run()
  }
  return { clock, pass, timers: () => due.length }
}

test('events pass at once, the status follows at most once an interval', () => {
  const { clock, pass, timers } = manualClock()
  const hub = createEvents({ clock, status: () => ({ peersConnected: 1 }) as Status })
  const seen: Event['type'][] = []
  const cancel = hub.on((event) => seen.push(event.type))

  for (let index = 0; index < 5; index++) hub.emit({ type: 'share-removed', id: 'x' })
  pass(0)
  assert.deepEqual(seen.splice(0), [...Array(5).fill('share-removed'), 'status'])
  hub.statusChanged()
  pass(statusEveryMs - 1)
  assert.deepEqual(seen.splice(0), [])
  pass(1)
  assert.deepEqual(seen.splice(0), ['status'])

  pass(10 * statusEveryMs)
  assert.deepEqual(seen, [])
  hub.statusChanged()
  hub.stop()
  assert.equal(timers(), 0)
  cancel()
})
