// The state on disk: flat tables for what execution reads, nodes of the tries by path and height for roots, proofs and the states
// of older blocks. Writes happen within the caller's transaction. Nothing here knows of layers or of the EVM.

import type { Database, SqlValue, Statement } from '../../base/database.ts'
import { evmErrors } from './errors.ts'
import { pruneRowsPerStepMax } from './limits.ts'
import { prepareTables } from './schema.ts'

export interface StoredRoot {
  readonly height: number
  readonly block: Uint8Array
  readonly root: Uint8Array
}

/** All of one block: what `settle` writes. */
export interface StateChanges {
  readonly accounts: readonly (readonly [hash: Uint8Array, value: Uint8Array | undefined])[]
  /** Accounts whose slots all go, before `slots`. */
  readonly cleared: readonly Uint8Array[]
  readonly slots: readonly (readonly [account: Uint8Array, slot: Uint8Array, value: Uint8Array])[]
  readonly codes: readonly (readonly [hash: Uint8Array, code: Uint8Array])[]
  readonly nodes: readonly (readonly [path: Uint8Array, node: Uint8Array])[]
  readonly stale: readonly Uint8Array[]
}

const sql = {
  account: 'SELECT value FROM state_accounts WHERE hash = ?',
  slot: 'SELECT value FROM state_slots WHERE account = ? AND slot = ?',
  code: 'SELECT code FROM state_codes WHERE hash = ?',
  node: 'SELECT node FROM state_nodes WHERE path = ? AND height <= ? ORDER BY height DESC LIMIT 1',
  base: 'SELECT height, block, root FROM state_roots ORDER BY height DESC LIMIT 1',
  oldest: 'SELECT height, block, root FROM state_roots ORDER BY height LIMIT 1',
  rootOf: 'SELECT height, block, root FROM state_roots WHERE block = ?',
  putAccount: 'INSERT OR REPLACE INTO state_accounts (hash, value) VALUES (?, ?)',
  dropAccount: 'DELETE FROM state_accounts WHERE hash = ?',
  putSlot: 'INSERT OR REPLACE INTO state_slots (account, slot, value) VALUES (?, ?, ?)',
  dropSlot: 'DELETE FROM state_slots WHERE account = ? AND slot = ?',
  clearSlots: 'DELETE FROM state_slots WHERE account = ?',
  putCode: 'INSERT OR IGNORE INTO state_codes (hash, code) VALUES (?, ?)',
  putNode: 'INSERT OR REPLACE INTO state_nodes (path, height, node) VALUES (?, ?, ?)',
  putStale: 'INSERT OR IGNORE INTO state_stale (height, path) VALUES (?, ?)',
  putRoot: 'INSERT OR REPLACE INTO state_roots (height, block, root) VALUES (?, ?, ?)',
  accounts: 'SELECT hash, value FROM state_accounts ORDER BY hash',
  slots: 'SELECT slot, value FROM state_slots WHERE account = ? ORDER BY slot',
  codesAfter: 'SELECT hash, code FROM state_codes WHERE hash > ? ORDER BY hash',
  stale: 'SELECT height, path FROM state_stale WHERE height <= ? ORDER BY height LIMIT ?',
  dropNodes: 'DELETE FROM state_nodes WHERE path = ? AND height < ?',
  dropStale: 'DELETE FROM state_stale WHERE height = ? AND path = ?',
  dropRoots: 'DELETE FROM state_roots WHERE height < ?',
} as const

export class StateStore {
  readonly #statements: Readonly<Record<keyof typeof sql, Statement>>
  readonly database: Database

  constructor(database: Database) {
    prepareTables(database)
    this.database = database
    const entries = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])
    this.#statements = Object.fromEntries(entries)
  }

  account(hash: Uint8Array): Uint8Array | undefined {
    return bytesIn(this.#statements.account.get(hash)?.value)
  }

  slot(account: Uint8Array, slot: Uint8Array): Uint8Array | undefined {
    return bytesIn(this.#statements.slot.get(account, slot)?.value)
  }

  code(hash: Uint8Array): Uint8Array | undefined {
    return bytesIn(this.#statements.code.get(hash)?.code)
  }

  node(path: Uint8Array, height: number): Uint8Array | undefined {
    return bytesIn(this.#statements.node.get(path, height)?.node)
  }

  base(): StoredRoot | undefined {
    return storedRoot(this.#statements.base.get())
  }

  oldest(): StoredRoot | undefined {
    return storedRoot(this.#statements.oldest.get())
  }

  rootOf(block: Uint8Array): StoredRoot | undefined {
    return storedRoot(this.#statements.rootOf.get(block))
  }

  /** Within the caller's transaction. */
  write(at: StoredRoot, changes: StateChanges, options: { readonly keepAll: boolean }): void {
    const { putAccount, dropAccount, putSlot, dropSlot, clearSlots, putCode, putNode, putStale } = this.#statements
    for (const [hash, value] of changes.accounts) {
      if (value === undefined) dropAccount.run(hash)
      else putAccount.run(hash, value)
    }
    for (const account of changes.cleared) clearSlots.run(account)
    for (const [account, slot, value] of changes.slots) {
      if (value.length === 0) dropSlot.run(account, slot)
      else putSlot.run(account, slot, value)
    }
    for (const [hash, code] of changes.codes) putCode.run(hash, code)
    for (const [path, node] of changes.nodes) putNode.run(path, at.height, node)
    // An archive never asks what is stale.
    if (!options.keepAll) for (const path of changes.stale) putStale.run(at.height, path)
    this.putRoot(at)
  }

  putNode(path: Uint8Array, height: number, node: Uint8Array): void {
    this.#statements.putNode.run(path, height, node)
  }

  importAccounts(accounts: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): void {
    for (const { key, value } of accounts) this.#statements.putAccount.run(key, value)
  }

  importSlots(account: Uint8Array, slots: readonly (readonly [slot: Uint8Array, value: Uint8Array])[]): void {
    for (const [slot, value] of slots) this.#statements.putSlot.run(account, slot, value)
  }

  importCode(hash: Uint8Array, code: Uint8Array): void {
    this.#statements.putCode.run(hash, code)
  }

  putRoot({ height, block, root }: StoredRoot): void {
    this.#statements.putRoot.run(height, block, root)
  }

  /**
   * Forgets states below `height`, as much of it as one step may take; says whether there is more. Within the caller's
   * transaction.
   */
  prune(height: number, rowsMax: number = pruneRowsPerStepMax): boolean {
    const { dropRoots, stale, dropNodes, dropStale } = this.#statements
    // First what says that a state is here, then what it is made of.
    dropRoots.run(height)
    const rows = stale.all(height, rowsMax)
    for (const row of rows) {
      const path = bytesIn(row.path) ?? new Uint8Array(0)
      dropNodes.run(path, row.height ?? 0)
      dropStale.run(row.height ?? 0, path)
    }
    return rows.length === rowsMax
  }

  *accounts(): Generator<readonly [hash: Uint8Array, value: Uint8Array]> {
    for (const row of this.#statements.accounts.iterate()) yield [needed(row.hash), needed(row.value)]
  }

  *slots(account: Uint8Array): Generator<readonly [slot: Uint8Array, value: Uint8Array]> {
    for (const row of this.#statements.slots.iterate(account)) yield [needed(row.slot), needed(row.value)]
  }

  *codesAfter(hash: Uint8Array): Generator<readonly [hash: Uint8Array, code: Uint8Array]> {
    for (const row of this.#statements.codesAfter.iterate(hash)) yield [needed(row.hash), needed(row.code)]
  }

  dropTries(): void {
    this.database.exec('DELETE FROM state_nodes; DELETE FROM state_stale; DELETE FROM state_roots')
  }

  dropFlat(): void {
    this.database.exec('DELETE FROM state_accounts; DELETE FROM state_slots')
  }

  dropAll(): void {
    this.dropTries()
    this.dropFlat()
    this.database.exec('DELETE FROM state_codes')
  }
}

function bytesIn(value: SqlValue | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

function needed(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw evmErrors.state_damaged('A row of the ledger’s state is not what it should be.')
}

function storedRoot(row: Record<string, SqlValue> | undefined): StoredRoot | undefined {
  if (row === undefined) return undefined
  return { height: Number(row.height), block: needed(row.block), root: needed(row.root) }
}
