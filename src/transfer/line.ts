// The line out, as several share it: blocks leave few at a time and in the order in which they were ready, so that each is
// whole at its peer, who can serve it on, as early as can be. Many may be served at the same time all the same: what they
// have asked for waits here, and the line is never idle while one of them thinks.
//
// Must stay true: a peer that takes its blocks slowly doesn't hold up the others for longer than `linePlaceMaxMs`, and that
// once only: its next blocks leave beside those of the others, until one has left in time. In time is what takes no longer than
// twice what is usual: else all would be slow on a slow line, and leave beside each other, which makes each of them slower still.

import type { Cancel, Clock } from '../base/ports.ts'
import { linePlaceMaxMs, linePlaceMs } from './limits.ts'

export interface Line {
  /** Takes a place for what leaves now; undefined: there is none, and `ready` is called when there may be. */
  take(ready: () => void): Place | undefined
  /** No longer waits. */
  forget(ready: () => void): void
  /** How many places there are from now on. */
  resize(places: number): void
}

export interface Place {
  /** What took it has left. */
  free(): void
}

export function createLine(clock: Clock): Line {
  const waiting = new Set<() => void>()
  /** Whose last block was slow to leave. */
  const slow = new WeakSet<() => void>()
  let places = Number.POSITIVE_INFINITY
  let taken = 0
  let isCalling = false
  /**
   * Twice what half of the blocks take to leave, about: on a slow line, or beside others, each takes long and nobody is slow. No
   * mean, as a few who stall on purpose would make it long.
   */
  let patienceMs = linePlaceMs

  /** Who is called may take a place and free it at once: it must not call the next from within. */
  function call(): void {
    if (isCalling) return
    isCalling = true
    for (const ready of waiting) {
      if (taken >= places) break
      waiting.delete(ready)
      ready()
    }
    isCalling = false
  }

  /** What leaves from now on; `left` is told how long it took. */
  function begin(left: (tookMs: number) => void): Place {
    const sinceMs = clock.monotonicMs()
    return {
      free() {
        const tookMs = clock.monotonicMs() - sinceMs
        left(tookMs)
        const nextMs = 2 * tookMs > patienceMs ? patienceMs * patienceStep : patienceMs / patienceStep
        patienceMs = Math.min(linePlaceMaxMs, Math.max(linePlaceMs, nextMs))
      },
    }
  }

  function occupy(ready: () => void): Place {
    taken++
    let timer: Cancel | undefined = clock.after(patienceMs, () => {
      slow.add(ready)
      leave()
    })
    function leave(): void {
      if (timer === undefined) return
      timer()
      timer = undefined
      taken--
      call()
    }
    return begin(leave)
  }

  function besides(ready: () => void): Place {
    return begin((tookMs) => {
      if (tookMs < patienceMs) slow.delete(ready)
    })
  }

  return {
    take(ready) {
      waiting.delete(ready)
      // While there is room for all, nobody is counted.
      if (places === Number.POSITIVE_INFINITY) return begin(() => {})
      if (slow.has(ready)) return besides(ready)
      if (taken < places) return occupy(ready)
      waiting.add(ready)
      return undefined
    },
    forget: (ready) => waiting.delete(ready),
    resize(next) {
      places = next
      call()
    },
  }
}

const patienceStep = 1.25
