// What is kept of checked sources and added ABIs, in SQLite: sources by the hash of the code that they are of, so that they hold
// wherever that code stands; ABIs that nobody checked by address.

import { type Database, migrate, type SqlValue, transaction } from '../../base/database.ts'
import { sourceErrors } from './errors.ts'
import { abisKeptMax, sourcesKeptCharsMax, sourcesKeptMax } from './limits.ts'

export interface KeptSource {
  readonly codeHash: string
  readonly file: string
  readonly contract: string
  readonly match: 'exact' | 'code'
  readonly compiler: string
  readonly compilerHash: string
  /** Compiled by the one that Peerhood brings along. */
  readonly bundled: boolean
  /** JSON. */
  readonly abi: string
  /** JSON of files and settings, as the compiler got them. */
  readonly input: string
  /** JSON of what was found out beside it. */
  readonly found: string
  readonly atMs: number
}

export type SourceStore = ReturnType<typeof createSourceStore>

/** What is long stands last, so that a look at the rest does not read through it. */
const schema: readonly string[] = [
  `
  CREATE TABLE ledger_sources (
    id INTEGER PRIMARY KEY, chain TEXT NOT NULL, code_hash TEXT NOT NULL, file TEXT NOT NULL, contract TEXT NOT NULL,
    match TEXT NOT NULL, compiler TEXT NOT NULL, compiler_hash TEXT NOT NULL, bundled INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, chars INTEGER NOT NULL, found TEXT NOT NULL, abi TEXT NOT NULL, input TEXT NOT NULL,
    UNIQUE (chain, code_hash)
  ) STRICT;
  CREATE TABLE ledger_abis (
    id INTEGER PRIMARY KEY, chain TEXT NOT NULL, address TEXT NOT NULL, abi TEXT NOT NULL, at_ms INTEGER NOT NULL,
    UNIQUE (chain, address)
  ) STRICT;
  `,
]

export function createSourceStore(database: Database, chain: string) {
  migrate(database, 'ledger-sources', schema)
  return { ...sources(database, chain), ...abis(database, chain) }
}

function sources(database: Database, chain: string) {
  const number = (sql: string, ...values: SqlValue[]) => Number(database.prepare(sql).get(...values)?.n ?? 0)
  return {
    /** Asked before a contract's code is fetched: mostly there is nothing to look up. */
    hasSources: () => number('SELECT EXISTS (SELECT 1 FROM ledger_sources WHERE chain = ?) AS n', chain) === 1,
    source(codeHash: string): KeptSource | undefined {
      const row = database
        .prepare('SELECT * FROM ledger_sources WHERE chain = ? AND code_hash = ?')
        .get(chain, codeHash)
      return row && sourceOf(row)
    },
    /** JSON of what was found out, of those that are called so. */
    sourcesNamed: (contract: string, limit: number): readonly string[] =>
      database
        .prepare('SELECT found FROM ledger_sources WHERE chain = ? AND contract = ? COLLATE NOCASE ORDER BY id LIMIT ?')
        .all(chain, contract, limit)
        .map((row) => String(row.found)),
    /** In the place of one of the same code. Throws `sources_full`. */
    keepSource(one: KeptSource) {
      transaction(database, () => {
        database.prepare('DELETE FROM ledger_sources WHERE chain = ? AND code_hash = ?').run(chain, one.codeHash)
        const count = number('SELECT COUNT(*) AS n FROM ledger_sources')
        const chars = one.input.length + one.abi.length
        const all = number('SELECT SUM(chars) AS n FROM ledger_sources')
        if (count >= sourcesKeptMax || all + chars > sourcesKeptCharsMax) {
          throw sourceErrors.sources_full(`${count} sources are kept already; there is no room for this one.`)
        }
        const { codeHash, file, contract, match, compiler, compilerHash, bundled, abi, input, found, atMs } = one
        const named = [chain, codeHash, file, contract, match, compiler, compilerHash, bundled ? 1 : 0]
        database
          .prepare(
            `INSERT INTO ledger_sources (chain, code_hash, file, contract, match, compiler, compiler_hash, bundled,
              at_ms, chars, found, abi, input) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(...named, atMs, chars, found, abi, input)
      })
    },
    forgetSource(codeHash: string): boolean {
      const sql = 'DELETE FROM ledger_sources WHERE chain = ? AND code_hash = ?'
      return database.prepare(sql).run(chain, codeHash).changes !== 0
    },
  }
}

function sourceOf(row: Record<string, SqlValue>): KeptSource {
  return {
    codeHash: String(row.code_hash),
    file: String(row.file),
    contract: String(row.contract),
    match: row.match === 'exact' ? 'exact' : 'code',
    compiler: String(row.compiler),
    compilerHash: String(row.compiler_hash),
    bundled: row.bundled === 1,
    abi: String(row.abi),
    input: String(row.input),
    found: String(row.found),
    atMs: Number(row.at_ms),
  }
}

function abis(database: Database, chain: string) {
  return {
    /** JSON. */
    addedAbi(address: string): string | undefined {
      const row = database.prepare('SELECT abi FROM ledger_abis WHERE chain = ? AND address = ?').get(chain, address)
      return row && String(row.abi)
    },
    /** Undefined takes it away. Throws `abis_full`. */
    setAbi(address: string, abi: string | undefined, atMs: number) {
      transaction(database, () => {
        database.prepare('DELETE FROM ledger_abis WHERE chain = ? AND address = ?').run(chain, address)
        if (abi === undefined) return
        const count = Number(database.prepare('SELECT COUNT(*) AS n FROM ledger_abis').get()?.n ?? 0)
        if (count >= abisKeptMax) throw sourceErrors.abis_full(`${count} ABIs are kept already.`)
        database
          .prepare('INSERT INTO ledger_abis (chain, address, abi, at_ms) VALUES (?, ?, ?, ?)')
          .run(chain, address, abi, atMs)
      })
    },
  }
}
