// A log as another thread reads it, by a connection of its own: nothing is kept in memory, nothing is written.

import type { Database } from '../base/database.ts'
import type { EntryRow } from './store.ts'
import { createLogStore } from './store.ts'
import type { CommunityId, CommunityLog, Entry, EntryId } from './types.ts'

export interface ReadLog extends Pick<CommunityLog, 'community' | 'get' | 'entriesAfter'> {
  /** An entry of the same device that names this one as the one before; undefined when there is none. */
  next(entry: Entry): Entry | undefined
}

/** Undefined: there is no such log. Damaged rows are left out. */
export function openReadLog(database: Database, community: CommunityId): ReadLog | undefined {
  const store = createLogStore(database)
  const number = store.list().find((row) => row.community === community)?.number
  if (number === undefined) return undefined
  const devices = store.devices(number)
  const intact = ({ arrival, entry }: EntryRow) => (entry === undefined ? [] : [{ arrival, entry }])
  const get = (id: EntryId) => store.get(number, id)?.entry
  return {
    community,
    get,
    entriesAfter(arrival, limit, { lane } = {}) {
      for (let after = arrival; ; ) {
        const rows = store.packedAfter(number, after, limit, lane)
        const entries = rows.flatMap(intact)
        const last = rows.at(-1)
        if (entries.length > 0 || last === undefined) return entries
        after = last.arrival
      }
    },
    next({ id, device, seq }) {
      const row = devices.get(device)
      const ids = row === undefined ? [] : store.idsAt(row.number, seq + 1)
      return ids.map(get).find((entry) => entry?.prev === id)
    },
  }
}
