// The tables of the logs. What opening needs (devices, heads, counts, forks) is kept beside the entries and changed in the
// same transaction, so that a log of a million entries opens at once.

export const logSchemaSteps: readonly string[] = [
  `CREATE TABLE log_communities (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    bytes_max INTEGER,
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;
  -- A device in one community. The fork is the lowest: its number and the two lowest ids under it.
  CREATE TABLE log_devices (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    community INTEGER NOT NULL,
    device BLOB NOT NULL,
    seq INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    fork_seq INTEGER,
    fork_first BLOB,
    fork_second BLOB,
    UNIQUE (community, device)
  ) STRICT;
  -- In order of arrival, and no number is given twice: who reads on from a number must not miss what came later.
  CREATE TABLE log_entries (
    arrival INTEGER PRIMARY KEY AUTOINCREMENT,
    community INTEGER NOT NULL,
    device INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    ms INTEGER NOT NULL,
    tick INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  -- Eight bytes of an id find it, at a third of the space; the whole id is compared in the row.
  CREATE INDEX log_entries_id ON log_entries (substr(id, 1, 8));
  CREATE INDEX log_entries_chain ON log_entries (device, seq);
  CREATE INDEX log_entries_community ON log_entries (community);
  CREATE INDEX log_entries_control ON log_entries (community) WHERE lane = 0;
  CREATE TABLE log_heads (community INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (community, id)) STRICT, WITHOUT ROWID;
  -- Communities whose entries are being deleted.
  CREATE TABLE log_removals (community INTEGER PRIMARY KEY) STRICT`,
  `-- What a device has of the part for acts, and what it owes of its pace, as of the latest time of its entries.
  ALTER TABLE log_devices ADD COLUMN act_bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE log_devices ADD COLUMN debt REAL NOT NULL DEFAULT 0;
  ALTER TABLE log_devices ADD COLUMN debt_ms INTEGER NOT NULL DEFAULT 0;
  UPDATE log_devices SET act_bytes = coalesce(
    (SELECT sum(length(e.bytes)) FROM log_entries e INDEXED BY log_entries_control
     WHERE e.community = log_devices.community AND e.lane = 0 AND e.device = log_devices.number), 0)`,
]
