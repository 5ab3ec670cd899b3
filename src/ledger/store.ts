// What this computer remembers of ledgers outside of their folders: which founding it opened, whether its key may have voted, and
// what the person chose.

import { type Database, migrate } from '../base/database.ts'
import type { CommunityId, EntryId } from '../log/types.ts'
import type { LedgerSettings } from './service-types.ts'

const schemaSteps: readonly string[] = [
  `CREATE TABLE ledgers (
    community TEXT PRIMARY KEY,
    -- The founding that was opened first: it stays, whatever else comes.
    entry TEXT,
    settings TEXT NOT NULL
  ) STRICT;`,
]

export interface LedgerStore {
  /** The founding that was opened here; undefined: none was. */
  opened(community: CommunityId): EntryId | undefined
  setOpened(community: CommunityId, entry: EntryId): void
  settings(community: CommunityId): LedgerSettings
  setSettings(community: CommunityId, settings: LedgerSettings): void
}

export const settingsDefault: LedgerSettings = { mode: 'full', statesKept: null, origins: [] }

export function createLedgerStore(database: Database): LedgerStore {
  migrate(database, 'ledgers', schemaSteps)
  const select = database.prepare('SELECT entry, settings FROM ledgers WHERE community = ?')
  const setEntry = database.prepare(
    `INSERT INTO ledgers (community, entry, settings) VALUES (?1, ?2, '{}')
     ON CONFLICT DO UPDATE SET entry = ?2`,
  )
  const setText = database.prepare(
    `INSERT INTO ledgers (community, entry, settings) VALUES (?1, NULL, ?2)
     ON CONFLICT DO UPDATE SET settings = ?2`,
  )
  return {
    opened(community) {
      const entry = select.get(community)?.entry
      return typeof entry === 'string' ? (entry as EntryId) : undefined
    },
    setOpened: (community, entry) => void setEntry.run(community, entry),
    settings(community) {
      const text = select.get(community)?.settings
      return { ...settingsDefault, ...(typeof text === 'string' ? JSON.parse(text) : {}) }
    },
    setSettings: (community, settings) => void setText.run(community, JSON.stringify(settings)),
  }
}
