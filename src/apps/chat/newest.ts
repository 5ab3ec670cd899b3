// The greatest arrival of a message that a community ever had here. A log's entries are taken in the order in which they
// arrived, so nearly every message comes after all that are here and is new: it need not be looked for first.
//
// Must stay true: no message in the tables has a greater arrival than is said; `write` is called before the transaction ends.

import type { Database } from '../../base/database.ts'
import { numberOf } from './rows.ts'

export type Newest = ReturnType<typeof createNewest>

export function createNewest(database: Database) {
  const select = database.prepare('SELECT newest FROM chat_communities WHERE n = ?')
  const update = database.prepare('UPDATE chat_communities SET newest = ? WHERE n = ?')
  /** Of the batch that is being taken. */
  const known = new Map<number, { arrival: number; isRaised: boolean }>()

  function of(community: number) {
    let newest = known.get(community)
    if (newest === undefined) {
      newest = { arrival: numberOf(select.get(community) ?? { newest: 0 }, 'newest'), isRaised: false }
      known.set(community, newest)
    }
    return newest
  }

  return {
    /** Whether an entry comes after all messages that the community has, and so is none of them. */
    isBefore: (community: number, arrival: number): boolean => of(community).arrival < arrival,
    raise(community: number, arrival: number): void {
      const newest = of(community)
      if (newest.arrival >= arrival) return
      newest.arrival = arrival
      newest.isRaised = true
    },
    write(): void {
      for (const [community, { arrival, isRaised }] of known) if (isRaised) update.run(arrival, community)
    },
    /** Between batches nothing is remembered: another thread may write. */
    forget: (): void => known.clear(),
  }
}
