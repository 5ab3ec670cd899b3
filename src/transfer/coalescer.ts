// Runs what is asked for under a key at most once in `everyMs`, the latest wish always; urgent ones at once.

import type { Cancel, Clock } from '../base/ports.ts'

export interface Coalescer {
  run(key: string, now: boolean, work: () => void): void
  stop(): void
}

interface Slot {
  lastMs: number
  timer: Cancel | undefined
}

export function createCoalescer(clock: Clock, everyMs: number): Coalescer {
  const slots = new Map<string, Slot>()

  function fire(key: string, slot: Slot, work: () => void): void {
    slot.timer?.()
    slot.lastMs = clock.monotonicMs()
    // The slot goes when it has been quiet for a while, so that the map does not grow with what once was.
    slot.timer = undefined
    work()
    if (slots.size > slotsMax)
      for (const [old, { timer }] of slots) if (timer === undefined && old !== key) slots.delete(old)
  }

  return {
    run(key, now, work) {
      const slot = slots.get(key) ?? { lastMs: Number.NEGATIVE_INFINITY, timer: undefined }
      slots.set(key, slot)
      const waitMs = slot.lastMs + everyMs - clock.monotonicMs()
      if (now || waitMs <= 0) fire(key, slot, work)
      else slot.timer ??= clock.after(waitMs, () => fire(key, slot, work))
    },
    stop() {
      for (const { timer } of slots.values()) timer?.()
      slots.clear()
    },
  }
}

const slotsMax = 2_000
