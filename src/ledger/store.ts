// What this computer remembers of ledgers outside of their folders: which founding it opened, whether its key may have voted, what
// the person chose, and which recoveries they confirmed.

import { type Database, migrate } from '../base/database.ts'
import type { CommunityId, EntryId } from '../log/types.ts'
import type { KeptRecovery, LedgerSettings } from './service-types.ts'

const schemaSteps: readonly string[] = [
  `CREATE TABLE ledgers (
    community TEXT PRIMARY KEY,
    -- The founding that was opened first: it stays, whatever else comes.
    entry TEXT,
    settings TEXT NOT NULL
  ) STRICT;`,
  `CREATE TABLE ledger_recoveries (
    community TEXT NOT NULL,
    -- The one that begins with it; there is one at most.
    epoch INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    file BLOB NOT NULL,
    confirmed_ms INTEGER NOT NULL,
    PRIMARY KEY (community, epoch)
  ) STRICT, WITHOUT ROWID;`,
]

export interface LedgerStore {
  /** The founding that was opened here; undefined: none was. */
  opened(community: CommunityId): EntryId | undefined
  setOpened(community: CommunityId, entry: EntryId): void
  settings(community: CommunityId): LedgerSettings
  setSettings(community: CommunityId, settings: LedgerSettings): void
  /** Those that the person confirmed, oldest epoch first. */
  recoveries(community: CommunityId): readonly KeptRecovery[]
  putRecovery(community: CommunityId, recovery: KeptRecovery): void
  removeRecovery(community: CommunityId, epoch: number): void
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
    ...recoveryQueries(database),
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

function recoveryQueries(database: Database) {
  const all = database.prepare('SELECT * FROM ledger_recoveries WHERE community = ? ORDER BY epoch')
  const put = database.prepare(
    `INSERT OR REPLACE INTO ledger_recoveries (community, epoch, fingerprint, file, confirmed_ms) VALUES (?, ?, ?, ?, ?)`,
  )
  const remove = database.prepare('DELETE FROM ledger_recoveries WHERE community = ? AND epoch = ?')
  return {
    recoveries: (community: CommunityId): readonly KeptRecovery[] =>
      all
        .all(community)
        .flatMap(({ epoch, fingerprint, file, confirmed_ms: confirmedMs }) =>
          file instanceof Uint8Array
            ? [{ epoch: Number(epoch), fingerprint: String(fingerprint), file, confirmedMs: Number(confirmedMs) }]
            : [],
        ),
    putRecovery: (community: CommunityId, { epoch, fingerprint, file, confirmedMs }: KeptRecovery) =>
      void put.run(community, epoch, fingerprint, file, confirmedMs),
    removeRecovery: (community: CommunityId, epoch: number) => void remove.run(community, epoch),
  }
}
