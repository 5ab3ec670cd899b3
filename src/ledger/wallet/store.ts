// What the wallet remembers, in SQLite: accounts, names, allowances and what was spent of them, what was sent and has no block
// yet, tokens, and the history. What counts for money (spent, sent) is on disk before anything leaves.

import { type Database, lazyTransaction, migrate, type SqlValue, transaction } from '../../base/database.ts'
import type { Address, Hash } from '../types.ts'
import type { Spent } from './allowance-core.ts'
import type { Standard } from './changes-core.ts'
import { allowanceWindowMs, movementsMax } from './limits.ts'
import { walletSchema } from './schema.ts'

export interface StoredMove {
  readonly id: number
  readonly height: number
  readonly hash: Hash
  readonly timeMs: number
  readonly standard: Standard
  readonly contract: Address | undefined
  readonly from: Address
  readonly to: Address | undefined
  readonly amount: bigint
  readonly tokenId: bigint | undefined
  readonly failed: boolean
}

export interface Sent {
  readonly account: Address
  readonly nonce: number
  readonly hash: Hash
  readonly raw: `0x${string}`
  readonly to: Address | undefined
  readonly value: bigint
  readonly sentence: string
  readonly atMs: number
}

export type TokenMark = 'seen' | 'known' | 'hidden'

export interface SpentRow {
  readonly asset: string
  readonly amount: bigint
}

export type WalletStore = ReturnType<typeof createWalletStore>

export function createWalletStore(database: Database) {
  migrate(database, 'ledger-wallet', walletSchema)
  return { ...bookStore(database), ...allowanceStore(database), ...sentStore(database), ...historyStore(database) }
}

function bookStore(database: Database) {
  return {
    accounts: (person: string) =>
      database
        .prepare('SELECT place, address, name FROM wallet_accounts WHERE person = ? ORDER BY place')
        .all(person)
        .map((row) => ({ index: Number(row.place), address: String(row.address) as Address, name: String(row.name) })),
    setAccount(person: string, { index, address, name }: { index: number; address: Address; name: string }) {
      database.prepare('INSERT OR REPLACE INTO wallet_accounts VALUES (?, ?, ?, ?)').run(person, index, address, name)
    },
    contacts: () =>
      database
        .prepare('SELECT address, name FROM wallet_contacts ORDER BY name, address')
        .all()
        .map((row) => ({ address: String(row.address) as Address, name: String(row.name) })),
    setContact(address: Address, name: string | undefined) {
      if (name === undefined) database.prepare('DELETE FROM wallet_contacts WHERE address = ?').run(address)
      else database.prepare('INSERT OR REPLACE INTO wallet_contacts VALUES (?, ?)').run(address, name)
    },
    tokens: (chain: string): ReadonlyMap<Address, TokenMark> =>
      new Map(
        database
          .prepare('SELECT contract, mark FROM wallet_tokens WHERE chain = ?')
          .all(chain)
          .map((row) => [String(row.contract) as Address, String(row.mark) as TokenMark]),
      ),
    markToken(chain: string, contract: Address, mark: TokenMark) {
      const keep = mark === 'seen' ? 'IGNORE' : 'REPLACE'
      database.prepare(`INSERT OR ${keep} INTO wallet_tokens VALUES (?, ?, ?)`).run(chain, contract, mark)
    },
  }
}

function allowanceStore(database: Database) {
  return {
    allowances: (chain: string): ReadonlyMap<string, bigint> =>
      new Map(
        database
          .prepare('SELECT asset, amount FROM wallet_allowances WHERE chain = ? ORDER BY asset')
          .all(chain)
          .map((row) => [String(row.asset), BigInt(String(row.amount))]),
      ),
    setAllowance(chain: string, asset: string, amount: bigint) {
      if (amount === 0n) {
        database.prepare('DELETE FROM wallet_allowances WHERE chain = ? AND asset = ?').run(chain, asset)
      } else {
        database.prepare('INSERT OR REPLACE INTO wallet_allowances VALUES (?, ?, ?)').run(chain, asset, String(amount))
      }
    },
    spent: (chain: string, asset: string): readonly Spent[] =>
      database
        .prepare('SELECT amount, at_ms FROM wallet_spent WHERE chain = ? AND asset = ?')
        .all(chain, asset)
        .map((row) => ({ atMs: Number(row.at_ms), amount: BigInt(String(row.amount)) })),
    /** Gives back what takes it back, for a payment that was refused. */
    addSpent(chain: string, rows: readonly SpentRow[], nowMs: number): () => void {
      const ids = transaction(database, () => {
        database.prepare('DELETE FROM wallet_spent WHERE at_ms <= ?').run(nowMs - allowanceWindowMs)
        const insert = database.prepare('INSERT INTO wallet_spent (chain, asset, amount, at_ms) VALUES (?, ?, ?, ?)')
        return rows.map(({ asset, amount }) => insert.run(chain, asset, String(amount), nowMs).lastInsertRowid)
      })
      return () => {
        for (const id of ids) database.prepare('DELETE FROM wallet_spent WHERE id = ?').run(id)
      }
    },
  }
}

function sentStore(database: Database) {
  return {
    sent: (chain: string, account: Address): readonly Sent[] =>
      database
        .prepare('SELECT * FROM wallet_sent WHERE chain = ? AND account = ? ORDER BY nonce')
        .all(chain, account)
        .map(sentOf),
    addSent(chain: string, one: Sent) {
      database
        .prepare('INSERT OR REPLACE INTO wallet_sent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
        .run(
          chain,
          one.account,
          one.nonce,
          one.hash,
          one.raw,
          one.to ?? null,
          String(one.value),
          one.sentence,
          one.atMs,
        )
    },
    removeSent(chain: string, account: Address, nonce: number) {
      database
        .prepare('DELETE FROM wallet_sent WHERE chain = ? AND account = ? AND nonce = ?')
        .run(chain, account, nonce)
    },
  }
}

function sentOf(row: Record<string, SqlValue>): Sent {
  return {
    account: String(row.account) as Address,
    nonce: Number(row.nonce),
    hash: String(row.hash) as Hash,
    raw: String(row.raw) as `0x${string}`,
    to: row.receiver === null ? undefined : (String(row.receiver) as Address),
    value: BigInt(String(row.value)),
    sentence: String(row.sentence),
    atMs: Number(row.at_ms),
  }
}

function historyStore(database: Database) {
  const setScan = (chain: string, account: Address, first: number, next: number) => {
    database.prepare('INSERT OR REPLACE INTO wallet_scans VALUES (?, ?, ?, ?)').run(chain, account, first, next)
  }
  return {
    /** Blocks [first, next) have been read. */
    scan(chain: string, account: Address): { readonly first: number; readonly next: number } | undefined {
      const row = database.prepare('SELECT * FROM wallet_scans WHERE chain = ? AND account = ?').get(chain, account)
      return row === undefined ? undefined : { first: Number(row.first), next: Number(row.next) }
    },
    /**
     * Blocks [from, next), whole or not at all, in the place of what was read of them before; it can be read again from the
     * chain, so it does not wait for the disk.
     */
    addMoves(
      chain: string,
      account: Address,
      range: { readonly first: number; readonly from: number; readonly next: number },
      moves: readonly Omit<StoredMove, 'id'>[],
    ) {
      lazyTransaction(database, () => {
        database
          .prepare('DELETE FROM wallet_moves WHERE chain = ? AND account = ? AND height >= ? AND height < ?')
          .run(chain, account, range.from, range.next)
        const insert = database.prepare(
          `INSERT INTO wallet_moves (chain, account, height, hash, time_ms, standard, contract, sender, receiver, amount,
            token_id, failed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        for (const move of moves) insert.run(chain, account, ...valuesOf(move))
        setScan(chain, account, range.first, range.next)
        database
          .prepare(
            `DELETE FROM wallet_moves WHERE chain = ?1 AND account = ?2 AND id <=
              (SELECT id FROM wallet_moves WHERE chain = ?1 AND account = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)`,
          )
          .run(chain, account, movementsMax)
      })
    },
    /** Forgets what was read from this height on: an outside chain has become shorter. */
    rewind(chain: string, account: Address, next: number, first: number) {
      lazyTransaction(database, () => {
        database
          .prepare('DELETE FROM wallet_moves WHERE chain = ? AND account = ? AND height >= ?')
          .run(chain, account, next)
        setScan(chain, account, Math.min(first, next), next)
      })
    },
    /** Newest first. */
    moves: (chain: string, account: Address, before: number | undefined, limit: number): readonly StoredMove[] =>
      database
        .prepare('SELECT * FROM wallet_moves WHERE chain = ? AND account = ? AND id < ? ORDER BY id DESC LIMIT ?')
        .all(chain, account, before ?? Number.MAX_SAFE_INTEGER, limit)
        .map(moveOf),
    /** Ids of a contract that ever came to the account. */
    tokenIds: (chain: string, account: Address, contract: Address, limit: number): readonly bigint[] =>
      database
        .prepare(
          `SELECT DISTINCT token_id FROM wallet_moves
           WHERE chain = ? AND account = ? AND contract = ? AND receiver = ? AND token_id IS NOT NULL LIMIT ?`,
        )
        .all(chain, account, contract, account, limit)
        .map((row) => BigInt(String(row.token_id))),
    contracts: (chain: string, account: Address, limit: number): readonly Address[] =>
      database
        .prepare(
          'SELECT DISTINCT contract FROM wallet_moves WHERE chain = ? AND account = ? AND contract IS NOT NULL LIMIT ?',
        )
        .all(chain, account, limit)
        .map((row) => String(row.contract) as Address),
  }
}

function valuesOf(move: Omit<StoredMove, 'id'>): SqlValue[] {
  const { height, hash, timeMs, standard, contract, from, to, amount, tokenId, failed } = move
  const id = tokenId === undefined ? null : String(tokenId)
  return [height, hash, timeMs, standard, contract ?? null, from, to ?? null, String(amount), id, failed ? 1 : 0]
}

function moveOf(row: Record<string, SqlValue>): StoredMove {
  return {
    id: Number(row.id),
    height: Number(row.height),
    hash: String(row.hash) as Hash,
    timeMs: Number(row.time_ms),
    standard: String(row.standard) as Standard,
    contract: row.contract === null ? undefined : (String(row.contract) as Address),
    from: String(row.sender) as Address,
    to: row.receiver === null ? undefined : (String(row.receiver) as Address),
    amount: BigInt(String(row.amount)),
    tokenId: row.token_id === null ? undefined : BigInt(String(row.token_id)),
    failed: row.failed === 1,
  }
}
