import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../base/ports.ts'
import { clockJumpMs, watchClock } from './clock-watch.ts'
import { clockJumpMsMin, clockLookEveryMs } from './limits.ts'

test('drift is no jump, more than that is, both ways', () => {
  const before = { wallMs: 1_000_000, monotonicMs: 500 }
  const after = (offMs: number) => clockJumpMs(before, { wallMs: 1_030_000 + offMs, monotonicMs: 30_500 })
  assert.equal(after(0), 0)
  assert.equal(after(clockJumpMsMin - 1), 0)
  assert.equal(after(clockJumpMsMin), clockJumpMsMin)
  assert.equal(after(-3_600_000), -3_600_000)
})

test('a jump is told once, and the watch goes on', () => {
  let wallMs = 0
  let monotonicMs = 0
  let next: (() => void) | undefined
  const clock: Clock = {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    after(_delayMs, run) {
      next = run
      return () => {
        next = undefined
      }
    },
  }
  const pass = (jumpMs: number) => {
    wallMs += clockLookEveryMs + jumpMs
    monotonicMs += clockLookEveryMs
    next?.()
  }
  const jumps: number[] = []
  const watch = watchClock({ clock, onJump: (jumpMs) => jumps.push(jumpMs) })
  pass(0)
  pass(7_200_000)
  pass(0)
  assert.deepEqual(jumps, [7_200_000])
  assert.equal(watch.lastJumpMs(), 7_200_000)
  // Whoever asks is told of a jump that no tick has seen yet.
  wallMs -= 3_600_000
  assert.equal(watch.lastJumpMs(), -3_600_000)
  assert.deepEqual(jumps, [7_200_000, -3_600_000])
  watch.stop()
  assert.equal(next, undefined)
})
