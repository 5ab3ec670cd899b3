// Gives memory back. Once nothing moves any more: V8 keeps what a start or a transfer needed for as long as nobody presses
// it, which for a daemon that then waits for days may be never; one full collection takes 30 MB off an idle process. And while
// much moves: V8 collects beside its main thread, and where it gets no core for that, what the network read piles up to twice
// of what it is otherwise (measured: 140 MB instead of 70); and of ten thousand small blocks it lets 90 MB of small objects
// become old before it looks at them, which one collection of some 50 ms would have taken away.

import type { Cancel, Clock } from '../base/ports.ts'
import { heldBytesMin, heldGrowth, heldLookMs, restAfterMs, restEveryMs, restLookMs } from './limits.ts'

export interface Memory {
  /** Bytes of the heap and of buffers, those included that nobody needs any more and V8 has not collected. */
  heldBytes(): number
  /** Collects at once. */
  collect(): void
  /** Collects all that can be, however long it takes. */
  collectAll(): void
}

export interface Rest {
  /** Something moved: rest later. */
  moved(): void
  stop(): void
}

/** Everything is collected once after things moved and then stood still, and not again too soon. */
export function createRest(clock: Clock, memory: Memory): Rest {
  let lastMs = clock.monotonicMs()
  let lookedMs = lastMs
  let bytesMax = heldBytesMin
  let nextMs = lastMs
  let timer: Cancel | undefined
  let stopped = false

  function look(): void {
    const nowMs = clock.monotonicMs()
    const leftMs = Math.max(lastMs + restAfterMs, nextMs) - nowMs
    timer = undefined
    if (leftMs > 0) {
      // The end of a large get tells nothing for a minute, and makes two objects a file.
      const isMoving = nowMs < lastMs + restAfterMs
      if (isMoving) relieve(nowMs)
      timer = clock.after(isMoving ? Math.min(leftMs, restLookMs) : leftMs, look)
      return
    }
    nextMs = nowMs + restEveryMs
    memory.collectAll()
    bytesMax = heldBytesMin
  }

  function relieve(nowMs: number): void {
    if (nowMs - lookedMs < heldLookMs) return
    lookedMs = nowMs
    if (memory.heldBytes() <= bytesMax) return
    memory.collect()
    // What is left is needed: collecting again and again would not change that.
    bytesMax = Math.max(heldBytesMin, heldGrowth * memory.heldBytes())
  }

  return {
    moved() {
      if (stopped) return
      lastMs = clock.monotonicMs()
      relieve(lastMs)
      timer ??= clock.after(restLookMs, look)
    },
    stop() {
      stopped = true
      timer?.()
      timer = undefined
    },
  }
}
