// Taking in a snapshot: parts in their order, each checked as far as it can be before it is written, and the whole against the
// state root at the end. Until then no state is here: what a broken import leaves is deleted by the next one.

import { compareBytes } from '../../base/bytes.ts'
import { transaction } from '../../base/database.ts'
import { type AccountRecord, decodeAccount, emptyCodeHash, keyOf } from './account-wire.ts'
import { evmErrors } from './errors.ts'
import { keccak256 } from './keccak.ts'
import { readString } from './rlp.ts'
import { decodeChunk, type SnapshotAccount, wrong } from './snapshot-wire.ts'
import type { StateStore, StoredRoot } from './state-store.ts'
import { commit, cut, rootOf, type Trie, update } from './trie.ts'
import { type Owner, pathKey, StoredTrie } from './trie-store.ts'
import type { SnapshotImport } from './types.ts'

/** What stays of a trie in memory between two parts. */
const depthKept = 2

interface Open {
  readonly hash: Uint8Array
  readonly value: Uint8Array
  readonly account: AccountRecord
  trie: Trie
  lastSlot: Uint8Array | undefined
}

/** `onDone` after the state is complete, within the transaction that says so. */
export function importSnapshot(
  store: StateStore,
  target: StoredRoot,
  { replaces, onDone }: { readonly replaces: boolean; readonly onDone: () => void },
): SnapshotImport {
  if (!replaces && store.base() !== undefined) throw evmErrors.state_not_empty('There is a state here already.')
  store.dropAll()
  const importing = new Importing(store, target)
  return {
    add: (bytes) => transaction(store.database, () => importing.add(bytes)),
    finish: () => {
      transaction(store.database, () => importing.finish())
      onDone()
    },
  }
}

class Importing {
  readonly #store: StateStore
  readonly #target: StoredRoot
  readonly #codesNeeded = new Set<string>()
  #accountTrie: Trie
  #lastAccount: Uint8Array | undefined
  #open: Open | undefined
  #codesBegun = false

  constructor(store: StateStore, target: StoredRoot) {
    this.#store = store
    this.#target = target
  }

  add(bytes: Uint8Array): void {
    const { accounts, codes } = decodeChunk(bytes)
    if (accounts.length > 0 && this.#codesBegun) throw wrong('comes too late')
    const done: Open[] = []
    for (const account of accounts) {
      const complete = this.#addAccount(account)
      if (complete !== undefined) done.push(complete)
    }
    const entries = done.map(({ hash, value }) => ({ key: hash, value }))
    this.#accountTrie = this.#grow(undefined, this.#accountTrie, entries)
    this.#store.importAccounts(entries)
    for (const code of codes) this.#addCode(code)
  }

  /** Returns it when all of its slots are here. */
  #addAccount({ hash, value, slots, more }: SnapshotAccount): Open | undefined {
    const open = this.#opened(hash, value)
    const [first] = slots
    if (first !== undefined && open.lastSlot !== undefined && compareBytes(open.lastSlot, first[0]) >= 0) {
      throw wrong('is not in order')
    }
    open.trie = this.#grow(
      hash,
      open.trie,
      slots.map(([key, slotValue]) => ({ key, value: slotValue })),
    )
    this.#store.importSlots(
      hash,
      slots.map(([key, slotValue]) => [key, readString(slotValue) ?? new Uint8Array(0)]),
    )
    open.lastSlot = slots[slots.length - 1]?.[0] ?? open.lastSlot
    if (more) return undefined
    if (compareBytes(rootOf(open.trie), open.account.storageRoot) !== 0)
      throw wrong('has slots that its account has not')
    this.#open = undefined
    this.#lastAccount = hash
    return open
  }

  #opened(hash: Uint8Array, value: Uint8Array): Open {
    if (this.#open !== undefined) {
      const same = compareBytes(this.#open.hash, hash) === 0 && compareBytes(this.#open.value, value) === 0
      if (!same) throw wrong('leaves out slots')
      return this.#open
    }
    if (this.#lastAccount !== undefined && compareBytes(this.#lastAccount, hash) >= 0) throw wrong('is not in order')
    const account = decodeAccount(value)
    if (account === undefined) throw wrong('has an account that is none')
    if (compareBytes(account.codeHash, emptyCodeHash) !== 0) this.#codesNeeded.add(keyOf(account.codeHash))
    this.#open = { hash, value, account, trie: undefined, lastSlot: undefined }
    return this.#open
  }

  #grow(owner: Owner, trie: Trie, entries: readonly { key: Uint8Array; value: Uint8Array }[]): Trie {
    const { height } = this.#target
    const grown = update(trie, entries, new StoredTrie(this.#store, owner, height))
    commit(grown, (key, depth, node) => this.#store.putNode(pathKey(owner, key, depth), height, node))
    return cut(grown, depthKept)
  }

  #addCode(code: Uint8Array): void {
    this.#codesBegun = true
    const hash = keccak256(code)
    // The one who sends may know more codes than this state has.
    if (this.#codesNeeded.delete(keyOf(hash))) this.#store.importCode(hash, code)
  }

  finish(): void {
    if (this.#open !== undefined) throw wrong('at the end is missing')
    if (this.#codesNeeded.size > 0) throw evmErrors.snapshot_wrong('The snapshot lacks the code of a contract.')
    if (compareBytes(rootOf(this.#accountTrie), this.#target.root) !== 0) {
      throw evmErrors.snapshot_wrong('The snapshot is not the state that its block names.')
    }
    this.#store.putRoot(this.#target)
  }
}
