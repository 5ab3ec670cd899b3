// Tables of the address book. Steps are never edited once released.

export const bookMigrations: readonly string[] = [
  `CREATE TABLE network_peers (
     peer_id TEXT PRIMARY KEY,
     addresses TEXT NOT NULL, -- JSON array of multiaddrs, the one that worked last first
     last_success_ms INTEGER NOT NULL, -- Clock.nowMs
     failures INTEGER NOT NULL -- failed dials since then
   ) STRICT;
   CREATE INDEX network_peers_by_success ON network_peers (last_success_ms DESC);`,
]
