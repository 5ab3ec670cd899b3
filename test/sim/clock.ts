// Virtual time: nothing waits, everything happens in the order of its due time, ties in the order of asking.

import type { Cancel, Clock } from '../../src/base/ports.ts'

interface Timer {
  readonly dueMs: number
  readonly order: number
  run: () => void
  cancelled: boolean
  done: boolean
}

export interface VirtualClock extends Clock {
  /** Timers waiting. */
  readonly pending: number
  /** Moves to the next due time and runs everything due then; false when nothing waits or the next lies past `untilMs`. */
  advance(untilMs: number): boolean
  /** Moves on without running anything; for when nothing is due before. */
  moveTo(ms: number): void
}

/** Wall time begins here: 2026-01-01. */
const epochMs = 1_767_225_600_000

export function createVirtualClock(): VirtualClock {
  const heap: Timer[] = []
  let nowMs = 0
  let order = 0
  let cancelledCount = 0

  const before = (a: Timer, b: Timer) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)

  function push(timer: Timer): void {
    let at = heap.length
    heap.push(timer)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || before(above, timer)) break
      heap[at] = above
      at = parent
    }
    heap[at] = timer
  }

  function pop(): Timer | undefined {
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = heap[child]
      const right = heap[child + 1]
      if (left === undefined) break
      if (right !== undefined && before(right, left)) child++
      const smaller = heap[child]
      if (smaller === undefined || before(last, smaller)) break
      heap[at] = smaller
      at = child
    }
    heap[at] = last
    return first
  }

  function dropCancelled(): void {
    while (heap[0]?.cancelled === true) {
      pop()
      cancelledCount--
    }
  }

  return {
    nowMs: () => epochMs + Math.floor(nowMs),
    monotonicMs: () => nowMs,
    after(delayMs, run): Cancel {
      const timer: Timer = { dueMs: nowMs + Math.max(0, delayMs), order: order++, run, cancelled: false, done: false }
      push(timer)
      return () => {
        if (timer.cancelled || timer.done) return
        cancelledCount++
        timer.cancelled = true
        // It stands in the heap until it is due; what it would have run must not stay alive for so long.
        timer.run = () => {}
      }
    },
    get pending() {
      return heap.length - cancelledCount
    },
    moveTo(ms) {
      nowMs = Math.max(nowMs, ms)
    },
    advance(untilMs) {
      dropCancelled()
      const next = heap[0]
      if (next === undefined || next.dueMs > untilMs) return false
      nowMs = next.dueMs
      while (heap[0] !== undefined && heap[0].dueMs <= nowMs) {
        const due = pop()
        if (due?.cancelled === true) cancelledCount--
        else if (due !== undefined) {
          due.done = true
          due.run()
        }
      }
      return true
    },
  }
}
