// How far the apps' views are, and what waits outside of them: beside the views, in the same database, so that both change in
// one transaction and are lost together.

import { type Database, lazyTransaction, migrate } from '../base/database.ts'
import type { CommunityId, DeviceId, EntryId, KeyId } from '../log/types.ts'
import { readingSchema } from './schema.ts'

/** What an entry waits for: a key that opens it or that it may use, or its author's being let in. */
export type WaitCause = `key ${KeyId}` | `device ${DeviceId}`

export interface Progress {
  /** Up to which arrival entries of lane 1 went to the apps; 0 at first. */
  readonly arrival: number
  /** The entry of that arrival: whether the log is still the one that the views were made from. */
  readonly entry: EntryId | undefined
  /** How many entries that were. */
  readonly given: number
  /** Up to which arrival the acts were read, and how many forks there were, by which the apps' entries were judged. */
  readonly acts: number
  readonly forks: number
  /** The apps are forgetting everything before it is given again. */
  readonly forgetting: boolean
}

export interface ProgressStore {
  /** Of which communities there are views, or remains of them. */
  inViews(): CommunityId[]
  progress(id: CommunityId): Progress
  setProgress(id: CommunityId, change: Partial<Progress>): void
  /** Everything of lane 1 goes to the apps again, once they have forgotten it. */
  startAgain(id: CommunityId): void
  removeProgress(id: CommunityId): void
  /** Entries of lane 1 that do not count yet, by what they wait for. */
  waiting(id: CommunityId, cause: WaitCause): number[]
  addWaiting(id: CommunityId, cause: WaitCause, arrival: number): void
  /** What waits for this is to be looked at. */
  wake(id: CommunityId, cause: WaitCause): void
  woken(id: CommunityId): number[]
  removeWoken(id: CommunityId, arrival: number): void
  /** A transaction for what follows from the log and can be made anew: does not wait for the disk. */
  lazily<Result>(work: () => Result): Result
}

const start: Progress = { arrival: 0, entry: undefined, given: 0, acts: 0, forks: 0, forgetting: false }

export function createProgressStore(database: Database): ProgressStore {
  migrate(database, 'community-reading', readingSchema)
  const all = database.prepare('SELECT community FROM community_reading')
  const read = database.prepare('SELECT * FROM community_reading WHERE community = ?')
  const write = database.prepare(
    `INSERT OR REPLACE INTO community_reading (community, arrival, entry, given, acts, forks, forgetting)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const remove = database.prepare('DELETE FROM community_reading WHERE community = ?')
  const waiting = database.prepare(
    'SELECT arrival FROM community_waits WHERE community = ? AND cause = ? ORDER BY arrival',
  )
  const add = database.prepare('INSERT OR IGNORE INTO community_waits (community, cause, arrival) VALUES (?, ?, ?)')
  const wake = database.prepare("UPDATE OR REPLACE community_waits SET cause = '' WHERE community = ? AND cause = ?")
  const removeWoken = database.prepare("DELETE FROM community_waits WHERE community = ? AND cause = '' AND arrival = ?")
  const clear = database.prepare('DELETE FROM community_waits WHERE community = ?')

  function progress(id: CommunityId): Progress {
    const row = read.get(id)
    if (row === undefined) return start
    return {
      arrival: Number(row.arrival),
      entry: row.entry === null ? undefined : (String(row.entry) as EntryId),
      given: Number(row.given),
      acts: Number(row.acts),
      forks: Number(row.forks),
      forgetting: Number(row.forgetting) === 1,
    }
  }

  function setProgress(id: CommunityId, change: Partial<Progress>): void {
    const { arrival, entry, given, acts, forks, forgetting } = { ...progress(id), ...change }
    write.run(id, arrival, entry ?? null, given, acts, forks, Number(forgetting))
  }

  return {
    inViews: () => all.all().map((row) => String(row.community) as CommunityId),
    progress,
    setProgress,
    startAgain(id) {
      clear.run(id)
      setProgress(id, { arrival: 0, entry: undefined, given: 0, forgetting: true })
    },
    removeProgress(id) {
      clear.run(id)
      remove.run(id)
    },
    waiting: (id, cause) => waiting.all(id, cause).map((row) => Number(row.arrival)),
    addWaiting: (id, cause, arrival) => void add.run(id, cause, arrival),
    wake: (id, cause) => void wake.run(id, cause),
    woken: (id) => waiting.all(id, '').map((row) => Number(row.arrival)),
    removeWoken: (id, arrival) => void removeWoken.run(id, arrival),
    lazily: (work) => lazyTransaction(database, work),
  }
}
