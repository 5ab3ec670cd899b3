// Tables of the library. A holding is one version of one share on this computer; its files and their leaves say where
// each block lies, `library_stored` keeps blocks that have no file of their own (inner nodes, small kept blocks).

/** Never edit a released step; add one. */
export const librarySchema: readonly string[] = [
  `
  CREATE TABLE library_holdings (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL CHECK (origin IN ('own', 'fetched', 'kept')),
    -- partial: a get under way; done: served
    state TEXT NOT NULL CHECK (state IN ('partial', 'done')),
    share TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'private')),
    share_key BLOB NOT NULL,
    access BLOB NOT NULL,
    discovery BLOB NOT NULL,
    secret BLOB,           -- private shares that we can read
    signing_key BLOB,      -- own shares
    path TEXT,             -- own: what is shared; fetched: the final file or folder; kept: null
    target TEXT,           -- fetched: the folder that was asked for
    work TEXT,             -- fetched and partial: the working folder
    only_pattern TEXT,
    replaces INTEGER,      -- fetched and partial: the done holding that it updates
    installing INTEGER NOT NULL DEFAULT 0, -- fetched: files may have their final names already
    record BLOB,           -- signed; null while an own share has no version
    sequence INTEGER NOT NULL DEFAULT 0,
    meta BLOB,             -- opened meta, so that lists need not open records
    have BLOB,             -- bitfield of a done get with a pattern; null: all of it
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX library_holdings_share ON library_holdings (share);

  CREATE TABLE library_pages (
    holding INTEGER NOT NULL,
    page INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (holding, page)
  ) STRICT;

  CREATE TABLE library_stored (
    holding INTEGER NOT NULL,
    digest BLOB NOT NULL,
    wire BLOB NOT NULL,
    PRIMARY KEY (holding, digest)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE library_files (
    id INTEGER PRIMARY KEY,
    holding INTEGER NOT NULL,
    path TEXT NOT NULL,    -- below the holding's path, "/" between names; empty for a single file
    bytes INTEGER NOT NULL,
    stamp TEXT NOT NULL,   -- size, times and inode when it was last verified; empty: look at the content
    UNIQUE (holding, path)
  ) STRICT;

  CREATE TABLE library_leaves (
    file INTEGER NOT NULL,
    number INTEGER NOT NULL,
    holding INTEGER NOT NULL,
    digest BLOB NOT NULL,
    start INTEGER NOT NULL,
    bytes INTEGER NOT NULL, -- plain length
    seal BLOB,              -- private: the block id, so that serving need not compute it
    PRIMARY KEY (file, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX library_leaves_digest ON library_leaves (holding, digest);
  `,
  // Pages of the next version are written beside those of the present one, which are deleted when that is signed.
  `
  CREATE TABLE library_version_pages (
    holding INTEGER NOT NULL,
    sequence INTEGER NOT NULL, -- of the version whose list of blocks it belongs to
    page INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (holding, sequence, page)
  ) STRICT;
  INSERT INTO library_version_pages (holding, sequence, page, bytes)
    SELECT library_pages.holding, library_holdings.sequence, library_pages.page, library_pages.bytes
    FROM library_pages JOIN library_holdings ON library_holdings.id = library_pages.holding;
  DROP TABLE library_pages;
  ALTER TABLE library_version_pages RENAME TO library_pages;
  `,
]
