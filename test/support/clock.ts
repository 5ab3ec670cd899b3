// A clock that stands still until a test moves it: deadlines of minutes are met in no time, and always in order.

import type { Clock } from '../../src/base/ports.ts'

export interface ManualClock extends Clock {
  /** Moves time on and runs what is due, in order of its time. */
  advance(ms: number): void
  /** How many timers wait. */
  readonly waiting: number
}

export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  let nowMs = 0

  function next(untilMs: number) {
    let first: { readonly atMs: number; readonly run: () => void } | undefined
    for (const timer of timers) {
      if (timer.atMs <= untilMs && (first === undefined || timer.atMs < first.atMs)) first = timer
    }
    return first
  }

  return {
    nowMs: () => startMs + nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (let timer = next(untilMs); timer !== undefined; timer = next(untilMs)) {
        timers.delete(timer)
        nowMs = Math.max(nowMs, timer.atMs)
        timer.run()
      }
      nowMs = untilMs
    },
    get waiting() {
      return timers.size
    },
  }
}
