// Final blocks in SQLite: headers, bodies, receipts, where transactions and logs are, the quota, how epochs ended. One call of
// `append` within the caller's transaction writes all of a block; nothing is changed afterwards but by pruning.
//
// Must stay true: the highest row of chain_blocks is the head, and everything that questions need of it is in the same
// transaction. What is read is hashed again: a row that changed on its own is `chain_damaged`, and never handed out.

import { concatBytes } from '../../base/bytes.ts'
import { type Database, migrate, type SqlValue } from '../../base/database.ts'
import type { Address, Hash, ValidatorSet } from '../types.ts'
import { chainErrors } from './errors.ts'
import { addressOfBytes, bytesOfHex, decodeHeader, hashOfBytes, headerOf } from './header-wire.ts'
import { uint48 } from './log-index-core.ts'
import { chainSchemaSteps } from './schema.ts'
import type { EpochEnd, Header } from './types.ts'

/** All of one block that goes to disk beside its state. */
export interface StoredBlock {
  readonly header: Header
  /** What follows the header within the block's list (body-core.ts). */
  readonly rest: Uint8Array
  readonly receipts: Uint8Array
  readonly logs: number
  readonly transactions: readonly Hash[]
  readonly logKeys: Iterable<number>
  readonly certificate: Uint8Array | undefined
  /** The sets that take over, when this block ends its epoch, and by recoveries those after it. */
  readonly nextSets: readonly ValidatorSet[]
  /** Gas used at no price in the window of this block, by those whose figure changed; `reset` forgets all others. */
  readonly quota: { readonly reset: boolean; readonly used: readonly (readonly [Address, bigint])[] }
}

export interface StoredBody {
  readonly rest: Uint8Array
  readonly receipts: Uint8Array
}

export type ChainStore = ReturnType<typeof createChainStore>

type Row = Record<string, SqlValue>

/** Names the window whose count is not whole here (quota-recount.ts), in digits. */
const quotaUnknownFact = 'quota-unknown'

export function createChainStore(database: Database, options: { readonly ours: boolean }) {
  migrate(database, 'ledger-chain', chainSchemaSteps)
  return {
    ...headerQueries(database, options.ours),
    ...bodyQueries(database),
    ...logQueries(database),
    ...quotaQueries(database),
    ...writes(database),
    ...removals(database),
  }
}

function headerQueries(database: Database, ours: boolean) {
  const columns = 'SELECT height, hash, header FROM chain_blocks'
  const head = database.prepare(`${columns} ORDER BY height DESC LIMIT 1`)
  const byHeight = database.prepare(`${columns} WHERE height = ?`)
  const byHash = database.prepare(`${columns} INDEXED BY chain_blocks_hash WHERE substr(hash, 1, 8) = ? AND hash = ?`)
  const certificate = database.prepare('SELECT certificate FROM chain_blocks WHERE height = ?')
  const fact = database.prepare('SELECT value FROM chain_facts WHERE name = ?')
  const epoch = database.prepare('SELECT height, next, certificate FROM chain_epochs WHERE epoch = ?')
  const headerIn = (row: Row | undefined) => (row === undefined ? undefined : readHeader(row, ours))
  return {
    head: () => headerIn(head.get()),
    headerAt: (height: number) => headerIn(byHeight.get(height)),
    headerOf: (hash: Hash) => headerIn(byHash.get(bytesOfHex(hash).subarray(0, 8), bytesOfHex(hash))),
    hashAt(height: number): Hash | undefined {
      const row = byHeight.get(height)
      return row === undefined ? undefined : hashOfBytes(bytesIn(row.hash))
    },
    certificate(height: number): Uint8Array | undefined {
      const value = certificate.get(height)?.certificate
      return value instanceof Uint8Array ? value : undefined
    },
    fact(name: string): Uint8Array | undefined {
      const value = fact.get(name)?.value
      return value instanceof Uint8Array ? value : undefined
    },
    epochEnd(number: number): EpochEnd | undefined {
      const row = epoch.get(number)
      if (row === undefined) return undefined
      const header = headerIn(byHeight.get(Number(row.height)))
      if (header === undefined) throw damaged('lacks the block that ended an epoch')
      const next = { epoch: number + 1, validators: addressesIn(bytesIn(row.next)) }
      return { header, certificate: bytesIn(row.certificate), next }
    },
  }
}

function readHeader(row: Row, ours: boolean): Header {
  const bytes = bytesIn(row.header)
  const header = headerOf(decodeHeader(bytes), ours, bytes)
  const isWhole = header.hash === hashOfBytes(bytesIn(row.hash)) && header.height === Number(row.height)
  if (!isWhole) throw damaged(`has a header at height ${row.height} that is not the one it was`)
  return header
}

function addressesIn(bytes: Uint8Array): Address[] {
  const count = Math.floor(bytes.length / 20)
  return Array.from({ length: count }, (_, place) => addressOfBytes(bytes.subarray(20 * place, 20 * place + 20)))
}

function bodyQueries(database: Database) {
  const body = database.prepare('SELECT rest, receipts FROM chain_bodies WHERE height = ?')
  const oldest = database.prepare('SELECT min(height) AS height FROM chain_bodies')
  const transaction = database.prepare('SELECT height, place FROM chain_transactions WHERE key = ? LIMIT 16')
  return {
    body(height: number): StoredBody | undefined {
      const row = body.get(height)
      return row === undefined ? undefined : { rest: bytesIn(row.rest), receipts: bytesIn(row.receipts) }
    },
    oldestBody(): number | undefined {
      const height = oldest.get()?.height
      return height === null || height === undefined ? undefined : Number(height)
    },
    /** Where transactions with such a hash may be; the block says which it is. */
    placesOf: (hash: Hash) =>
      transaction.all(transactionKey(hash)).map((row) => ({ height: Number(row.height), place: Number(row.place) })),
  }
}

export function transactionKey(hash: Hash): number {
  return uint48(bytesOfHex(hash))
}

function logQueries(database: Database) {
  const any = database.prepare(
    'SELECT height FROM chain_bodies WHERE height BETWEEN ? AND ? AND logs > 0 ORDER BY height LIMIT ?',
  )
  return {
    /**
     * Heights of blocks that may have logs with one key of each list, in order, at most `max`. Keys are indexed, so what does not
     * match costs nothing.
     */
    heightsWithLogs(keys: readonly (readonly number[])[], from: number, to: number, max: number): number[] {
      if (keys.length === 0) return any.all(from, to, max).map((row) => Number(row.height))
      const parts = keys.map(
        (choices) =>
          `SELECT height FROM chain_logs WHERE key IN (${choices.map(() => '?').join(', ')}) AND height BETWEEN ? AND ?`,
      )
      const sql = `SELECT height FROM (${parts.join(' INTERSECT ')}) ORDER BY height LIMIT ?`
      const values = keys.flatMap((choices) => [...choices, from, to])
      const rows = database.prepare(keys.length === 1 ? sql.replace('SELECT height', 'SELECT DISTINCT height') : sql)
      return rows.all(...values, max).map((row) => Number(row.height))
    },
  }
}

function quotaQueries(database: Database) {
  const one = database.prepare('SELECT gas FROM chain_quota WHERE address = ?')
  const all = database.prepare('SELECT address, gas FROM chain_quota ORDER BY address')
  const fact = database.prepare('SELECT value FROM chain_facts WHERE name = ?')
  return {
    quotaUsed: (address: Address) => BigInt(one.get(bytesOfHex(address))?.gas?.toString() ?? 0),
    /** The window whose count is not whole here; undefined: every window's is. */
    quotaUnknown(): number | undefined {
      const value = fact.get(quotaUnknownFact)?.value
      return value instanceof Uint8Array ? Number(new TextDecoder().decode(value)) : undefined
    },
    quotaTable: () => all.all().map((row) => [addressOfBytes(bytesIn(row.address)), BigInt(Number(row.gas))] as const),
  }
}

/** All of these are called within the caller's transaction. */
function writes(database: Database) {
  const block = database.prepare('INSERT INTO chain_blocks (height, hash, header, certificate) VALUES (?, ?, ?, ?)')
  const body = database.prepare('INSERT INTO chain_bodies (height, rest, receipts, logs) VALUES (?, ?, ?, ?)')
  const transaction = database.prepare('INSERT INTO chain_transactions (key, height, place) VALUES (?, ?, ?)')
  const log = database.prepare('INSERT INTO chain_logs (key, height) VALUES (?, ?)')
  const epoch = database.prepare('INSERT INTO chain_epochs (epoch, height, next, certificate) VALUES (?, ?, ?, ?)')
  const resetQuota = database.prepare('DELETE FROM chain_quota')
  const quota = database.prepare('INSERT OR REPLACE INTO chain_quota (address, gas) VALUES (?, ?)')
  const fact = database.prepare('INSERT OR REPLACE INTO chain_facts (name, value) VALUES (?, ?)')
  const noFact = database.prepare('DELETE FROM chain_facts WHERE name = ?')
  const putHeader = ({ height, hash, bytes }: Header, certificate: Uint8Array | undefined) =>
    block.run(height, bytesOfHex(hash), bytes, certificate ?? null)
  const putEpoch = (header: Header, next: ValidatorSet, certificate: Uint8Array) =>
    epoch.run(next.epoch - 1, header.height, concatBytes(...next.validators.map(bytesOfHex)), certificate)
  return {
    append(stored: StoredBlock): void {
      const { header, certificate, nextSets } = stored
      putHeader(header, certificate)
      body.run(header.height, stored.rest, stored.receipts, stored.logs)
      for (const [place, hash] of stored.transactions.entries()) {
        transaction.run(transactionKey(hash), header.height, place)
      }
      for (const key of [...stored.logKeys].sort((a, b) => a - b)) log.run(key, header.height)
      for (const next of nextSets) putEpoch(header, next, certificate ?? new Uint8Array(0))
      if (stored.quota.reset) resetQuota.run()
      for (const [address, gas] of stored.quota.used) quota.run(bytesOfHex(address), gas)
    },
    setQuota(used: Iterable<readonly [Address, bigint]>): void {
      resetQuota.run()
      for (const [address, gas] of used) quota.run(bytesOfHex(address), gas)
    },
    setQuotaUnknown(window: number | undefined): void {
      if (window === undefined) noFact.run(quotaUnknownFact)
      else fact.run(quotaUnknownFact, new TextEncoder().encode(String(window)))
    },
    putHeader,
    putEpoch,
    putFact: (name: string, value: Uint8Array) => fact.run(name, value),
    removeFact: (name: string) => noFact.run(name),
  }
}

function removals(database: Database) {
  const oldBodies = database.prepare('SELECT height FROM chain_bodies WHERE height < ? ORDER BY height LIMIT ?')
  const body = database.prepare('DELETE FROM chain_bodies WHERE height = ?')
  const transaction = database.prepare('DELETE FROM chain_transactions WHERE key = ? AND height = ?')
  const log = database.prepare('DELETE FROM chain_logs WHERE key = ? AND height = ?')
  const header = database.prepare(
    'DELETE FROM chain_blocks WHERE height = ? AND height > 0 AND height NOT IN (SELECT height FROM chain_epochs)',
  )
  const quota = database.prepare('DELETE FROM chain_quota')
  const above = ['blocks', 'bodies', 'transactions', 'logs', 'epochs'].map((table) =>
    database.prepare(`DELETE FROM chain_${table} WHERE height > ?`),
  )
  return {
    bodiesBelow: (height: number, max: number) => oldBodies.all(height, max).map((row) => Number(row.height)),
    /** Block 0 and the headers of epoch changes stay. */
    removeBlock(height: number, transactions: readonly Hash[], logKeys: Iterable<number>): void {
      body.run(height)
      for (const hash of transactions) transaction.run(transactionKey(hash), height)
      for (const key of logKeys) log.run(key, height)
      header.run(height)
    },
    /** Blocks whose state is lost are fetched again. What was used of quotas is counted anew (quota-recount.ts). */
    removeAbove(height: number): void {
      for (const statement of above) statement.run(height)
      quota.run()
    },
  }
}

function bytesIn(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw damaged('has a row that is not what it should be')
}

function damaged(what: string) {
  return chainErrors.chain_damaged(`The ledger’s database ${what}.`)
}
