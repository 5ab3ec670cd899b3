// Hashes of the transactions that came into the pool lately, numbered, for filters that are asked later.

import type { Hash } from '../types.ts'
import { filterChangesMax } from './limits.ts'

export interface PendingRing {
  add(hash: Hash): void
  /** The number that the next one gets. */
  readonly end: number
  /** Those from this number on that are still kept: the oldest go first. */
  since(start: number): { readonly hashes: readonly Hash[]; readonly end: number }
}

export function createPendingRing(): PendingRing {
  let kept: Hash[] = []
  let first = 0
  return {
    add(hash) {
      kept.push(hash)
      // In bulk, so that each costs nothing much.
      if (kept.length < 2 * filterChangesMax) return
      first += filterChangesMax
      kept = kept.slice(filterChangesMax)
    },
    get end() {
      return first + kept.length
    },
    since(start) {
      const hashes = kept.slice(Math.max(0, start - first)).slice(-filterChangesMax)
      return { hashes, end: first + kept.length }
    },
  }
}
