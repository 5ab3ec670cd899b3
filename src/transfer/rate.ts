// Speed as a decaying average: what was moved lately, with a half-life. Pure; time comes in.

export interface Rate {
  /** Counts bytes moved at `nowMs`. */
  add(bytes: number, nowMs: number): void
  /** Bytes per second lately. */
  perSecond(nowMs: number): number
}

export function createRate(halfLifeMs: number, startMs: number): Rate {
  const decayPerMs = Math.LN2 / halfLifeMs
  let weight = 0
  let updatedMs = startMs
  const decayTo = (nowMs: number) => {
    if (nowMs <= updatedMs) return
    weight *= Math.exp(-(nowMs - updatedMs) * decayPerMs)
    updatedMs = nowMs
  }
  return {
    add(bytes, nowMs) {
      decayTo(nowMs)
      weight += bytes
    },
    perSecond(nowMs) {
      decayTo(nowMs)
      // The weights of all the past sum to 1/decay; what has not been lived through yet must not count as silence.
      const lived = 1 - Math.exp(-Math.max(1, nowMs - startMs) * decayPerMs)
      return (weight * decayPerMs * 1000) / Math.max(lived, 0.01)
    },
  }
}
