// A log as somebody sees it who no longer belongs: what there was up to an epoch, and nothing later. Who was removed while
// away learns of it so, from the removal itself, which is of the last epoch that they had a key of. Whatever they send is
// not taken: nothing that the others did not know counts any more.
//
// Must stay true: epochs never fall along parents, so what is left is closed: every entry comes with all its parents.

import { entryIdOf } from '../ids.ts'
import type { CommunityLog, DeviceId, StoredEntry, Vector } from '../types.ts'
import type { SessionLog } from './session-types.ts'

export function createPastView(log: SessionLog, epochMax: number): SessionLog {
  const isPast = ({ entry }: StoredEntry) => entry.epoch <= epochMax
  const past = (page: readonly StoredEntry[]) => page.filter(isPast)

  /** The highest number of a device that is of the past: its epochs never fall, either. */
  function seqOf(device: DeviceId, highest: number): number {
    let [low, high] = [0, highest]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const entry = log.at(device, middle)
      if (entry !== undefined && entry.epoch <= epochMax) low = middle
      else high = middle - 1
    }
    return low
  }

  function missingFor(vector: Vector, after: number, bytesMax: number): readonly StoredEntry[] {
    for (let from = after; ; ) {
      const page = log.missingFor(vector, from, bytesMax)
      const found = past(page)
      const last = page.at(-1)
      if (found.length > 0 || last === undefined) return found
      from = last.arrival
    }
  }

  const get: CommunityLog['get'] = (id) => {
    const entry = log.get(id)
    return entry !== undefined && entry.epoch <= epochMax ? entry : undefined
  }
  return {
    vector: () => new Map([...log.vector()].map(([device, seq]) => [device, seqOf(device, seq)])),
    forks: () => log.forks().filter(({ entries }) => entries.every((id) => get(id) !== undefined)),
    deferred: () => [],
    has: (id) => get(id) !== undefined,
    get,
    at(device, seq) {
      const entry = log.at(device, seq)
      return entry !== undefined && entry.epoch <= epochMax ? entry : undefined
    },
    missingFor,
    receive: async (entries) => entries.map((bytes) => ({ how: 'known', id: entryIdOf(bytes) })),
  }
}
