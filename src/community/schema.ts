// Tables of communities: which there are here, the keys that this device has, and how far their entries were given to apps.

/** Never edit a released step; add one. */
export const communitySchema: readonly string[] = [
  `
  CREATE TABLE communities (
    id TEXT PRIMARY KEY,
    person TEXT,               -- who takes part in it on this computer; NULL: it is kept for others
    phase TEXT NOT NULL CHECK (phase IN ('joining', 'open', 'keeping', 'left', 'removed')),
    access BLOB NOT NULL,
    invite_seed BLOB,          -- joining: the secret of the invitation that was taken; NULL: a member lets us in
    member_name TEXT NOT NULL, -- how this person is called in it, or will be
    peers TEXT NOT NULL,       -- JSON: the peers that the link named
    bytes_max INTEGER,         -- keeping: what was promised
    added_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE community_keys (
    community TEXT NOT NULL,
    key TEXT NOT NULL,
    held BLOB NOT NULL,        -- DAG-CBOR: what this device knows of the key (keyring.ts, HeldKey)
    PRIMARY KEY (community, key)
  ) STRICT, WITHOUT ROWID;

  -- What is known of acts that was costly to find out: what each could know, and whether what it proves is proven.
  CREATE TABLE community_acts (
    community TEXT NOT NULL,
    entry TEXT NOT NULL,
    past BLOB NOT NULL,        -- u32 a device, little-endian, in the order of community_devices
    proven INTEGER NOT NULL,
    PRIMARY KEY (community, entry)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE community_devices (
    community TEXT NOT NULL,
    number INTEGER NOT NULL,
    device TEXT NOT NULL,
    PRIMARY KEY (community, number)
  ) STRICT, WITHOUT ROWID;

  -- Up to which arrival the entries of lane 1 were given to the apps, judged by the acts up to which arrival.
  CREATE TABLE community_progress (
    community TEXT PRIMARY KEY,
    arrival INTEGER NOT NULL,
    acts INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Entries of lane 1 before that mark which are sealed with a key that is not here yet, or whose author was nobody yet.
  CREATE TABLE community_waiting (
    community TEXT NOT NULL,
    arrival INTEGER NOT NULL,
    PRIMARY KEY (community, arrival)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- A conversation of two, before its log says so: with whom, and what that one called themself.
  ALTER TABLE communities ADD COLUMN direct_with TEXT;
  ALTER TABLE communities ADD COLUMN direct_name TEXT;
  `,
  `
  -- How far the apps are lies beside their views now, in a database that can be made again.
  DROP TABLE community_waiting;
  DROP TABLE community_progress;
  `,
]

/** Beside the views of apps: what is made again with them. */
export const readingSchema: readonly string[] = [
  `
  -- Up to which arrival (and that entry's id) entries of lane 1 were given to the apps, how many they were, and by the acts up
  -- to which arrival and how many forks they were judged. forgetting: the apps forget all of it first.
  CREATE TABLE community_reading (
    community TEXT PRIMARY KEY,
    arrival INTEGER NOT NULL,
    entry TEXT,
    given INTEGER NOT NULL,
    acts INTEGER NOT NULL,
    forks INTEGER NOT NULL,
    forgetting INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Entries of lane 1 that do not count yet, by what they wait for.
  CREATE TABLE community_waits (
    community TEXT NOT NULL,
    cause TEXT NOT NULL,       -- 'key ID' or 'device ID'; '': that came: to be looked at
    arrival INTEGER NOT NULL,
    PRIMARY KEY (community, cause, arrival)
  ) STRICT, WITHOUT ROWID;
  `,
]
