// For whom this computer holds which conversation, because it was asked to and had agreed.

import { type Database, migrate } from '../../base/database.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'

/** Never edit a released step; add one. */
const keepingSchema: readonly string[] = [
  `
  CREATE TABLE keeping_for (
    community TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    asked_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
]

export interface KeptRow {
  readonly community: CommunityId
  readonly person: PersonDid
  /** When it was asked for last. */
  readonly askedMs: number
}

export interface KeepingStore {
  /** Asked for last come last. */
  all(): KeptRow[]
  put(row: KeptRow): void
  remove(community: CommunityId): void
}

export function createKeepingStore(database: Database): KeepingStore {
  migrate(database, 'keeping', keepingSchema)
  const all = database.prepare('SELECT * FROM keeping_for ORDER BY asked_ms, community')
  const put = database.prepare('INSERT OR REPLACE INTO keeping_for (community, person, asked_ms) VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM keeping_for WHERE community = ?')
  return {
    all: () =>
      all.all().map((row) => ({
        community: String(row.community) as CommunityId,
        person: String(row.person) as PersonDid,
        askedMs: Number(row.asked_ms),
      })),
    put: ({ community, person, askedMs }) => void put.run(community, person, Math.round(askedMs)),
    remove: (community) => void remove.run(community),
  }
}
