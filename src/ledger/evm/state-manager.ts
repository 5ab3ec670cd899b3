// The state that the EVM of ethereumjs works on: what the block changed so far, in Maps over a view of its parent. A checkpoint
// is a place in a journal of what was there before; going back plays it backwards. Nothing is copied, nothing is hashed before
// the block is over.
//
// Must stay true: accounts handed out are copies (the EVM changes them in place); what a Map holds is never changed, only
// replaced, and each replacement is in the journal.

import type { AccountFields, StateManagerInterface } from '@ethereumjs/common'
import { Account, type Address } from '@ethereumjs/util'
import { type AccountRecord, type BytesKey, emptyAccount, emptyCodeHash, keyOf } from './account-wire.ts'
import { keccak256 } from './keccak.ts'
import { noBytes, type StateView, type StorageChange } from './states.ts'
import { emptyRoot } from './trie.ts'

interface Undo {
  readonly map: Map<BytesKey, unknown>
  readonly key: BytesKey
  readonly before: unknown
}

/** Says "this account has storage" where only that matters (EIP-7610). */
const someRoot: Uint8Array = new Uint8Array(32).fill(1)

const emptyCodeKey = keyOf(emptyCodeHash)

export class LedgerState implements StateManagerInterface {
  readonly accounts = new Map<BytesKey, AccountRecord | null>()
  readonly storage = new Map<BytesKey, StorageChange>()
  readonly codes = new Map<BytesKey, Uint8Array>()
  readonly view: StateView
  readonly #rootNow: (state: LedgerState) => Uint8Array
  readonly #journal: Undo[] = []
  readonly #checkpoints: number[] = []
  readonly #originals = new Map<BytesKey, Map<BytesKey, Uint8Array>>()

  /** `rootNow` is only asked for receipts of forks before Byzantium. */
  constructor(view: StateView, rootNow: (state: LedgerState) => Uint8Array) {
    this.view = view
    this.#rootNow = rootNow
  }

  // ---- without promises, for what is ours

  account(address: BytesKey): AccountRecord | undefined {
    const changed = this.accounts.get(address)
    return changed === undefined ? this.view.account(address) : (changed ?? undefined)
  }

  slot(address: BytesKey, slot: BytesKey): Uint8Array {
    const change = this.storage.get(address)
    if (change === undefined) return this.view.slot(address, slot)
    return change.slots.get(slot) ?? (change.cleared ? noBytes : this.view.slot(address, slot))
  }

  code(hash: Uint8Array): Uint8Array {
    const key = keyOf(hash)
    if (key === emptyCodeKey) return noBytes
    return this.codes.get(key) ?? this.view.code(hash)
  }

  setAccount(address: BytesKey, account: AccountRecord | null): void {
    this.#set(this.accounts, address, account)
  }

  setSlot(address: BytesKey, slot: BytesKey, value: Uint8Array): void {
    this.#remember(address, slot)
    let change = this.storage.get(address)
    if (change === undefined) {
      change = { cleared: false, slots: new Map() }
      this.#set(this.storage, address, change)
    }
    this.#set(change.slots, slot, value)
  }

  clear(address: BytesKey): void {
    this.#set(this.storage, address, { cleared: true, slots: new Map() })
    const account = this.account(address)
    if (account !== undefined && account.storageRoot !== emptyRoot) {
      this.setAccount(address, { ...account, storageRoot: emptyRoot })
    }
  }

  setCode(address: BytesKey, code: Uint8Array): void {
    const codeHash = code.length === 0 ? emptyCodeHash : keccak256(code)
    // Content has one hash: what goes back may stay here.
    if (code.length > 0) this.codes.set(keyOf(codeHash), code)
    this.setAccount(address, { ...(this.account(address) ?? emptyAccount), codeHash })
  }

  #set<Value>(map: Map<BytesKey, Value>, key: BytesKey, value: Value): void {
    this.#journal.push({ map, key, before: map.get(key) })
    map.set(key, value)
  }

  #remember(address: BytesKey, slot: BytesKey): Uint8Array {
    let slots = this.#originals.get(address)
    if (slots === undefined) {
      slots = new Map()
      this.#originals.set(address, slots)
    }
    const known = slots.get(slot)
    if (known !== undefined) return known
    const value = this.slot(address, slot)
    slots.set(slot, value)
    return value
  }

  // ---- as ethereumjs wants it

  getAccount(address: Address): Promise<Account | undefined> {
    const key = keyOf(address.bytes)
    const account = this.account(key)
    if (account === undefined) return nothing
    const { nonce, balance, codeHash } = account
    return Promise.resolve(new Account(nonce, balance, this.#storageRoot(key, account), codeHash))
  }

  #storageRoot(key: BytesKey, account: AccountRecord): Uint8Array {
    if (account.nonce !== 0n || account.storageRoot !== emptyRoot) return account.storageRoot
    const slots = this.storage.get(key)?.slots
    if (slots === undefined) return emptyRoot
    for (const value of slots.values()) if (value.length > 0) return someRoot
    return emptyRoot
  }

  putAccount(address: Address, account?: Account): Promise<void> {
    const key = keyOf(address.bytes)
    if (account === undefined) return this.deleteAccount(address)
    const { nonce, balance, codeHash } = account
    const storageRoot = this.account(key)?.storageRoot ?? emptyRoot
    this.setAccount(key, { nonce, balance, storageRoot, codeHash })
    return done
  }

  deleteAccount(address: Address): Promise<void> {
    const key = keyOf(address.bytes)
    this.clear(key)
    this.setAccount(key, null)
    return done
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const key = keyOf(address.bytes)
    const account = this.account(key) ?? emptyAccount
    this.setAccount(key, {
      nonce: fields.nonce ?? account.nonce,
      balance: fields.balance ?? account.balance,
      storageRoot: account.storageRoot,
      codeHash: fields.codeHash ?? account.codeHash,
    })
  }

  putCode(address: Address, value: Uint8Array): Promise<void> {
    this.setCode(keyOf(address.bytes), value)
    return done
  }

  async getCode(address: Address): Promise<Uint8Array> {
    const account = this.account(keyOf(address.bytes))
    return account === undefined ? noBytes : this.code(account.codeHash)
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length
  }

  getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(this.slot(keyOf(address.bytes), keyOf(key)))
  }

  putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    let zeros = 0
    while (zeros < value.length && value[zeros] === 0) zeros++
    this.setSlot(keyOf(address.bytes), keyOf(key), value.slice(zeros))
    return done
  }

  async clearStorage(address: Address): Promise<void> {
    this.clear(keyOf(address.bytes))
  }

  checkpoint(): Promise<void> {
    this.#checkpoints.push(this.#journal.length)
    return done
  }

  commit(): Promise<void> {
    this.#checkpoints.pop()
    // Nothing can go back behind this place any more.
    if (this.#checkpoints.length === 0) this.#journal.length = 0
    return done
  }

  revert(): Promise<void> {
    this.#undo(this.#checkpoints.pop() ?? 0)
    return done
  }

  /** Back to the end of the last transaction, however many checkpoints are open: the EVM gave up in the middle. */
  abandon(): void {
    this.#checkpoints.length = 0
    this.#undo(0)
    this.#originals.clear()
  }

  /** What changed so far is what the next transaction finds. */
  endTransaction(): void {
    this.#journal.length = 0
    this.#originals.clear()
  }

  #undo(to: number): void {
    while (this.#journal.length > to) {
      const { map, key, before } = this.#journal.pop() as Undo
      if (before === undefined) map.delete(key)
      else map.set(key, before)
    }
  }

  async getStateRoot(): Promise<Uint8Array> {
    return this.#rootNow(this)
  }

  async setStateRoot(): Promise<void> {
    throw new Error('assertion failed: a state stands on its parent')
  }

  async hasStateRoot(root: Uint8Array): Promise<boolean> {
    return keyOf(root) === keyOf(this.view.root)
  }

  /** Values as they were before this transaction, for what SSTORE costs (EIP-2200). */
  readonly originalStorageCache = {
    get: (address: Address, key: Uint8Array): Promise<Uint8Array> => Promise.resolve(this.originalSlot(address, key)),
    clear: (): void => this.forgetOriginals(),
  }

  protected originalSlot(address: Address, key: Uint8Array): Uint8Array {
    return this.#remember(keyOf(address.bytes), keyOf(key))
  }

  protected forgetOriginals(): void {
    this.#originals.clear()
  }

  clearCaches(): void {}

  shallowCopy(): LedgerState {
    throw new Error('assertion failed: nobody copies a state')
  }
}

const done: Promise<void> = Promise.resolve()
const nothing: Promise<undefined> = Promise.resolve(undefined)
