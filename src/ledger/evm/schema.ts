// The tables of state in the ledger's database. Keys are Keccak hashes, so that the flat state is sorted as the trie is.

import { type Database, migrate } from '../../base/database.ts'

const steps = [
  // value: the account as it stands in the trie: RLP of nonce, balance, root of its storage, hash of its code.
  `CREATE TABLE state_accounts (hash BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE state_slots (
     account BLOB NOT NULL, slot BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (account, slot)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE state_codes (hash BLOB PRIMARY KEY, code BLOB NOT NULL) STRICT, WITHOUT ROWID;
   -- path: see pathKey in trie-store.ts. The node of a block is the newest at its path that is not younger than it.
   CREATE TABLE state_nodes (
     path BLOB NOT NULL, height INTEGER NOT NULL, node BLOB NOT NULL, PRIMARY KEY (path, height)
   ) STRICT, WITHOUT ROWID;
   -- From height on, older nodes at path are not part of the state.
   CREATE TABLE state_stale (
     height INTEGER NOT NULL, path BLOB NOT NULL, PRIMARY KEY (height, path)
   ) STRICT, WITHOUT ROWID;
   -- The states that can be read; the highest is the flat one.
   CREATE TABLE state_roots (height INTEGER PRIMARY KEY, block BLOB NOT NULL UNIQUE, root BLOB NOT NULL) STRICT;`,
]

export function prepareTables(database: Database): void {
  migrate(database, 'ledger-state', steps)
}
