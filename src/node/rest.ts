// Gives memory back once nothing moves any more. V8 keeps what a start or a transfer needed for as long as nobody presses
// it, which for a daemon that then waits for days may be never: one full collection takes 30 MB off an idle process.

import type { Cancel, Clock } from '../base/ports.ts'
import { restAfterMs, restEveryMs } from './limits.ts'

export interface Rest {
  /** Something moved: rest later. */
  moved(): void
  stop(): void
}

/** `collect` runs once after things moved and then stood still, and not again too soon. */
export function createRest(clock: Clock, collect: () => void): Rest {
  let lastMs = clock.monotonicMs()
  let nextMs = lastMs
  let timer: Cancel | undefined
  let stopped = false

  function look(): void {
    const nowMs = clock.monotonicMs()
    const leftMs = Math.max(lastMs + restAfterMs, nextMs) - nowMs
    timer = leftMs > 0 ? clock.after(leftMs, look) : undefined
    if (timer !== undefined) return
    nextMs = nowMs + restEveryMs
    collect()
  }

  return {
    moved() {
      if (stopped) return
      lastMs = clock.monotonicMs()
      timer ??= clock.after(restAfterMs, look)
    },
    stop() {
      stopped = true
      timer?.()
      timer = undefined
    },
  }
}
