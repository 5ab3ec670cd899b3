// The table of transfers: what a restart needs to go on, and what the list shows of those that ended; and what has been
// uploaded. Blocks and their places are the library's.

export const transferSchemaSteps: readonly string[] = [
  `CREATE TABLE transfers (
    id TEXT PRIMARY KEY,
    share_id TEXT NOT NULL,
    link TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('get', 'keep')),
    destination TEXT NOT NULL,
    pattern TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'done', 'failed', 'cancelled')),
    record BLOB,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    active_ms INTEGER NOT NULL,
    summary TEXT NOT NULL,
    problem TEXT
  ) STRICT`,
  // Bytes of each share that have left this computer since it is here.
  'CREATE TABLE upload_totals (share_id TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT',
]
