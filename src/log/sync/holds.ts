// Entries that came from others are passed on a moment later than they are stored: by then most peers who have them from
// elsewhere have said so (`have`, 40 bytes), and are spared the entry. Own entries go at once, and with them all before, as
// parents go before children.

import type { Cancel, Clock } from '../../base/ports.ts'
import { forwardDelayMs, forwardJitterMs } from './limits.ts'

export interface Holds {
  /** Entries from this arrival on stay; infinity: none does. */
  readonly from: number
  /** Entries of others were stored, the first with this arrival. */
  hold(arrival: number): void
  /** Nothing stays. */
  release(): void
  stop(): void
}

/** `uniform`: a fraction by chance. */
export function createHolds(clock: Clock, uniform: () => number, released: () => void): Holds {
  let held: { readonly arrival: number; readonly untilMs: number }[] = []
  let timer: Cancel | undefined

  function arm(): void {
    const first = held[0]
    if (timer === undefined && first !== undefined) timer = clock.after(first.untilMs - clock.monotonicMs(), due)
  }

  function due(): void {
    timer = undefined
    const nowMs = clock.monotonicMs()
    held = held.filter(({ untilMs }) => untilMs > nowMs)
    arm()
    released()
  }

  return {
    get from() {
      return held[0]?.arrival ?? Number.POSITIVE_INFINITY
    },
    hold(arrival) {
      const untilMs = clock.monotonicMs() + forwardDelayMs + forwardJitterMs * uniform()
      // None goes before one that came before it, as it may be its parent.
      held.push({ arrival, untilMs: Math.max(untilMs, held.at(-1)?.untilMs ?? 0) })
      arm()
    },
    release() {
      held = []
      released()
    },
    stop() {
      held = []
      timer?.()
    },
  }
}
