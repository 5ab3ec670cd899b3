// The one timer of a state machine: set anew after each step for the time that its state names.

import type { Cancel, Clock } from '../../base/ports.ts'

export interface Timer {
  /** At this time (monotonic) and no other; undefined: never. */
  set(dueMs: number | undefined): void
}

export function createTimer(clock: Clock, run: () => void): Timer {
  let cancel: Cancel = () => {}
  return {
    set(dueMs) {
      cancel()
      // Timers of the system may fire a moment early: at least a millisecond, so that they do not run in a circle.
      if (dueMs !== undefined) cancel = clock.after(Math.max(1, dueMs - clock.monotonicMs()), run)
    },
  }
}
