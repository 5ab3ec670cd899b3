// What is remembered of a person's other computers: those that were added before any community could name them, and the
// communities that were deleted here on purpose. Rows belong to a person, as those of direct/.

import { type Database, migrate, transaction } from '../../base/database.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import { devicesRememberedMax, putAwayMax } from './limits.ts'

/** Never edit a released step; add one. */
const ownSchema: readonly string[] = [
  `
  CREATE TABLE own_devices (
    self TEXT NOT NULL,
    peer TEXT NOT NULL,
    added_ms INTEGER NOT NULL,
    PRIMARY KEY (self, peer)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE own_put_away (
    self TEXT NOT NULL,
    community TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (self, community)
  ) STRICT, WITHOUT ROWID;
  `,
]

export interface OwnStore {
  devices(self: PersonDid): ReadonlySet<PeerId>
  remember(self: PersonDid, peer: PeerId, ms: number): void
  isPutAway(self: PersonDid, community: CommunityId): boolean
  putAway(self: PersonDid, community: CommunityId, ms: number): void
  takeUp(self: PersonDid, community: CommunityId): void
}

export function createOwnStore(database: Database): OwnStore {
  migrate(database, 'own', ownSchema)
  const devices = database.prepare('SELECT peer FROM own_devices WHERE self = ?')
  const remember = database.prepare('INSERT OR REPLACE INTO own_devices (self, peer, added_ms) VALUES (?, ?, ?)')
  const trimDevices = database.prepare(
    `DELETE FROM own_devices WHERE self = ? AND peer IN (SELECT peer FROM own_devices WHERE self = ?
       ORDER BY added_ms DESC, peer LIMIT -1 OFFSET ?)`,
  )
  const isAway = database.prepare('SELECT 1 FROM own_put_away WHERE self = ? AND community = ?')
  const putAway = database.prepare('INSERT OR REPLACE INTO own_put_away (self, community, at_ms) VALUES (?, ?, ?)')
  const trimAway = database.prepare(
    `DELETE FROM own_put_away WHERE self = ? AND community IN (SELECT community FROM own_put_away WHERE self = ?
       ORDER BY at_ms DESC, community LIMIT -1 OFFSET ?)`,
  )
  const takeUp = database.prepare('DELETE FROM own_put_away WHERE self = ? AND community = ?')
  return {
    devices: (self) => new Set(devices.all(self).map((row) => String(row.peer) as PeerId)),
    remember: (self, peer, ms) =>
      transaction(database, () => {
        remember.run(self, peer, Math.round(ms))
        trimDevices.run(self, self, devicesRememberedMax)
      }),
    isPutAway: (self, community) => isAway.get(self, community) !== undefined,
    putAway: (self, community, ms) =>
      transaction(database, () => {
        putAway.run(self, community, Math.round(ms))
        trimAway.run(self, self, putAwayMax)
      }),
    takeUp: (self, community) => void takeUp.run(self, community),
  }
}
