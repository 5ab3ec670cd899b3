// The one order of entries, used wherever an order is needed: by time, then by id. Time grows along parents, so every
// entry comes after all that its author had seen; among those that did not know of each other the order is arbitrary,
// but the same everywhere.

import { compareTimes } from './time-core.ts'
import type { Entry } from './types.ts'

/** Below zero when `a` comes first; zero only for one and the same entry. */
export function compareEntries(a: Pick<Entry, 'id' | 'time'>, b: Pick<Entry, 'id' | 'time'>): number {
  const byTime = compareTimes(a.time, b.time)
  if (byTime !== 0) return byTime
  // Lower-case hex sorts as its bytes do.
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
