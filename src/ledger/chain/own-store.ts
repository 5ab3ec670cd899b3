// Transactions that this computer sent and that wait for a block, on disk: whoever was told that one was taken finds it again
// after a restart. What many send at once goes to disk in one piece.
//
// Must stay true: `put` resolves when it is on disk; what has left the pool is forgotten, and what nobody wants after
// `poolTransactionMsMax` either.

import { type Database, lazyTransaction, migrate, type SqlValue, transaction } from '../../base/database.ts'
import type { Clock } from '../../base/ports.ts'
import type { Hash } from '../types.ts'
import { chainErrors, poolErrors } from './errors.ts'
import { bytesOfHex, hashOfBytes } from './header-wire.ts'
import { poolTransactionMsMax, poolTransactionsMax } from './limits.ts'

export interface OwnTransactions {
  /** Throws `pool_full`, `chain_disk_failed`. */
  put(hash: Hash, bytes: Uint8Array): Promise<void>
  remove(hashes: readonly Hash[]): void
  /** In the order in which they came. */
  all(): readonly { readonly hash: Hash; readonly bytes: Uint8Array }[]
}

const schema = [
  `CREATE TABLE ledger_own (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT`,
]

interface Waiting {
  readonly hash: Hash
  readonly bytes: Uint8Array
  resolve(): void
  reject(error: unknown): void
}

export function createOwnStore({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
  migrate(database, 'ledger-own', schema)
  const insert = database.prepare('INSERT OR IGNORE INTO ledger_own (hash, bytes, at_ms) VALUES (?, ?, ?)')
  const drop = database.prepare('DELETE FROM ledger_own WHERE hash = ?')
  database.prepare('DELETE FROM ledger_own WHERE at_ms < ?').run(clock.nowMs() - poolTransactionMsMax)
  const select = database.prepare('SELECT hash, bytes FROM ledger_own ORDER BY place')
  /** Each with when it is on disk: whoever sends the same again waits for that, too. */
  const known = new Map(select.all().map((row) => [hashOfBytes(bytesIn(row.hash)), Promise.resolve()] as const))
  let waiting: Waiting[] = []

  function flush(): void {
    const all = waiting
    waiting = []
    try {
      transaction(database, () => {
        for (const { hash, bytes } of all) insert.run(bytesOfHex(hash), bytes, clock.nowMs())
      })
      for (const { resolve } of all) resolve()
    } catch (cause) {
      const error = chainErrors.chain_disk_failed('The transaction could not be written to disk.', { cause })
      for (const { hash, reject } of all) {
        known.delete(hash)
        reject(error)
      }
    }
  }

  const store: OwnTransactions = {
    async put(hash, bytes) {
      const before = known.get(hash)
      if (before !== undefined) return before
      if (known.size >= poolTransactionsMax) throw poolErrors.pool_full('As many of this computer’s wait as may.')
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      known.set(hash, promise)
      if (waiting.push({ hash, bytes, resolve, reject }) === 1) setImmediate(flush)
      await promise
    },
    remove(hashes) {
      const own = hashes.filter((hash) => known.delete(hash))
      if (own.length === 0) return
      // One that is still there after a restart is refused then.
      lazyTransaction(database, () => {
        for (const hash of own) drop.run(bytesOfHex(hash))
      })
    },
    all: () => select.all().map((row) => ({ hash: hashOfBytes(bytesIn(row.hash)), bytes: bytesIn(row.bytes) })),
  }
  return store
}

function bytesIn(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw chainErrors.chain_damaged('The ledger’s database has a row that is not what it should be.')
}
