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
]
