// Who is served now. While there are fewer interested peers than slots, everyone is. Otherwise turns of `uploadTurnMs`:
// those who waited longest come next, and of those served for a full turn the ones leave first that give us least. Pure.

import { uploadTurnMs } from './limits.ts'

export interface ChokeCandidate<Key> {
  readonly key: Key
  readonly interested: boolean
  readonly served: boolean
  /** When it began to be served, or to wait. */
  readonly sinceMs: number
  /** Bytes per second that it sends us. */
  readonly givesPerSecond: number
}

/** The keys to serve from now on. */
export function chooseServed<Key>(
  candidates: readonly ChokeCandidate<Key>[],
  slots: number,
  nowMs: number,
): ReadonlySet<Key> {
  const interested = candidates.filter((candidate) => candidate.interested)
  if (interested.length <= slots) return new Set(interested.map(({ key }) => key))
  const rank = (candidate: ChokeCandidate<Key>): number => {
    if (candidate.served && nowMs - candidate.sinceMs < uploadTurnMs) return 0
    return candidate.served ? 2 : 1
  }
  const ordered = interested.toSorted((a, b) => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b)
    if (rank(a) === 2 && a.givesPerSecond !== b.givesPerSecond) return b.givesPerSecond - a.givesPerSecond
    return a.sinceMs - b.sinceMs
  })
  return new Set(ordered.slice(0, slots).map(({ key }) => key))
}
