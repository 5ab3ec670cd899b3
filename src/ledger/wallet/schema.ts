// The wallet's tables. Amounts are decimal text: they are larger than SQLite's integers. `chain` is the genesis hash of an own
// chain, `outside/<chain id>` of another; `asset` is a contract, or empty for the coin. No key and no phrase is ever here.

export const walletSchema: readonly string[] = [
  `
  CREATE TABLE wallet_accounts (
    person TEXT NOT NULL, place INTEGER NOT NULL, address TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (person, place)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE wallet_contacts (address TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE wallet_allowances (
    chain TEXT NOT NULL, asset TEXT NOT NULL, amount TEXT NOT NULL,
    PRIMARY KEY (chain, asset)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE wallet_spent (
    id INTEGER PRIMARY KEY, chain TEXT NOT NULL, asset TEXT NOT NULL, amount TEXT NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX wallet_spent_at ON wallet_spent (chain, asset, at_ms);
  CREATE TABLE wallet_sent (
    chain TEXT NOT NULL, account TEXT NOT NULL, nonce INTEGER NOT NULL, hash TEXT NOT NULL, raw TEXT NOT NULL,
    receiver TEXT, value TEXT NOT NULL, sentence TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (chain, account, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE wallet_tokens (
    chain TEXT NOT NULL, contract TEXT NOT NULL, mark TEXT NOT NULL,
    PRIMARY KEY (chain, contract)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE wallet_moves (
    id INTEGER PRIMARY KEY AUTOINCREMENT, chain TEXT NOT NULL, account TEXT NOT NULL, height INTEGER NOT NULL,
    hash TEXT NOT NULL, time_ms INTEGER NOT NULL, standard TEXT NOT NULL, contract TEXT, sender TEXT NOT NULL,
    receiver TEXT, amount TEXT NOT NULL, token_id TEXT, failed INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX wallet_moves_of ON wallet_moves (chain, account, id);
  CREATE TABLE wallet_scans (
    chain TEXT NOT NULL, account TEXT NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (chain, account)
  ) STRICT, WITHOUT ROWID;
  `,
]
