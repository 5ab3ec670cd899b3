// The tables of the chain. The state's own are evm/'s, in the same database: a block, its receipts, its state, the quota and
// the head change in one transaction.

export const chainSchemaSteps: readonly string[] = [
  `CREATE TABLE chain_facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
  -- The highest is the head. Pruned ones leave gaps.
  CREATE TABLE chain_blocks (
    height INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    header BLOB NOT NULL,
    certificate BLOB
  ) STRICT;
  -- Eight bytes find it, at a quarter of the space; the whole hash is compared in the row.
  CREATE INDEX chain_blocks_hash ON chain_blocks (substr(hash, 1, 8));
  -- What follows the header within the block's list; receipts by receipts-wire.ts.
  CREATE TABLE chain_bodies (
    height INTEGER PRIMARY KEY,
    rest BLOB NOT NULL,
    receipts BLOB NOT NULL,
    logs INTEGER NOT NULL
  ) STRICT;
  -- Key: 48 bits of the transaction's hash; the block has the whole of it.
  CREATE TABLE chain_transactions (
    key INTEGER NOT NULL,
    height INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (key, height, place)
  ) STRICT, WITHOUT ROWID;
  -- Key: 48 bits of a hash of position and value (log-index.ts). A row says that the block may have such a log.
  CREATE TABLE chain_logs (
    key INTEGER NOT NULL,
    height INTEGER NOT NULL,
    PRIMARY KEY (key, height)
  ) STRICT, WITHOUT ROWID;
  -- Gas that was used at no price in the window of the head.
  CREATE TABLE chain_quota (address BLOB PRIMARY KEY, gas INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  -- How epochs ended. Never pruned: newcomers follow them.
  CREATE TABLE chain_epochs (
    epoch INTEGER PRIMARY KEY,
    height INTEGER NOT NULL,
    next BLOB NOT NULL,
    certificate BLOB NOT NULL
  ) STRICT;
  `,
]
