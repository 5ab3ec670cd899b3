// Hybrid logical time: an author's clock as long as it is ahead of everything the author had seen, else a tick after that
// (Kulkarni et al., "Logical Physical Clocks", 2014). Must stay true: an entry's time is greater than that of its parents.

import { integerMax, timeCountMax } from './limits.ts'
import type { LogTime } from './types.ts'

/** Below, at or above zero, as sorting wants it. */
export function compareTimes(a: LogTime, b: LogTime): number {
  return a.ms - b.ms || a.count - b.count
}

/** The latest of several; undefined of none. */
export function latestTime(times: Iterable<LogTime>): LogTime | undefined {
  let latest: LogTime | undefined
  for (const time of times) if (latest === undefined || compareTimes(time, latest) > 0) latest = time
  return latest
}

/** The time of an entry written at `nowMs` with parents of these times. */
export function nextTime(parents: Iterable<LogTime>, nowMs: number): LogTime {
  const now = Math.min(Math.max(0, Math.floor(nowMs)), integerMax)
  const latest = latestTime(parents)
  if (latest === undefined || now > latest.ms) return { ms: now, count: 0 }
  if (latest.count < timeCountMax) return { ms: latest.ms, count: latest.count + 1 }
  return { ms: latest.ms + 1, count: 0 }
}
