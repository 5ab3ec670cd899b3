// What is on disk against what the chain says it must be, and making one half of it anew from the other: tries from the flat
// state, or the flat state from the tries. Only for the state of the last block; older ones go where tries are made anew.

import { compareBytes } from '../../base/bytes.ts'
import { decodeAccount } from './account-wire.ts'
import { encodeString, readString } from './rlp.ts'
import type { StateStore, StoredRoot } from './state-store.ts'
import { commit, cut, leavesAfter, rootOf, stubOf, type Trie, type TrieEntry, update, walk } from './trie.ts'
import { type Owner, pathKey, StoredTrie } from './trie-store.ts'

/** Entries that go into a trie at once. */
const batch = 5_000

/** Whether the upper end of the tries is there, at least. */
export function hasTries(store: StateStore, at: StoredRoot): boolean {
  try {
    walk(stubOf(at.root), new Uint8Array(32), new StoredTrie(store, undefined, at.height))
    return true
  } catch {
    return false
  }
}

/** The root that the flat state has. With `write`, the nodes are written, too, as those of `at`. */
export function rootOfFlat(store: StateStore, at: StoredRoot, write: boolean): Uint8Array | undefined {
  const building = new Building(store, at.height, write)
  function* accounts(): Generator<TrieEntry | undefined> {
    for (const [key, value] of store.accounts()) {
      const storageRoot = decodeAccount(value)?.storageRoot
      const found = rootOf(building.trie(key, slotEntries(store, key)))
      yield storageRoot !== undefined && compareBytes(storageRoot, found) === 0 ? { key, value } : undefined
    }
  }
  let damaged = false
  function* sound(): Generator<TrieEntry> {
    for (const entry of accounts()) {
      if (entry === undefined) damaged = true
      else yield entry
    }
  }
  const root = rootOf(building.trie(undefined, sound()))
  return damaged ? undefined : root
}

function* slotEntries(store: StateStore, account: Uint8Array): Generator<TrieEntry> {
  for (const [key, value] of store.slots(account)) yield { key, value: encodeString(value) }
}

class Building {
  readonly #store: StateStore
  readonly #height: number
  readonly #write: boolean

  constructor(store: StateStore, height: number, write: boolean) {
    this.#store = store
    this.#height = height
    this.#write = write
  }

  /** From sorted entries, some at a time. Without writing, all of it is in memory. */
  trie(owner: Owner, entries: Iterable<TrieEntry>): Trie {
    let trie: Trie
    let some: TrieEntry[] = []
    for (const entry of entries) {
      some.push(entry)
      if (some.length < batch) continue
      trie = this.#grown(owner, trie, some)
      some = []
    }
    return this.#grown(owner, trie, some)
  }

  #grown(owner: Owner, trie: Trie, entries: readonly TrieEntry[]): Trie {
    const grown = update(trie, entries, new StoredTrie(this.#store, owner, this.#height))
    commit(grown, (key, depth, node) => {
      if (this.#write) this.#store.putNode(pathKey(owner, key, depth), this.#height, node)
    })
    return this.#write ? cut(grown, 2) : grown
  }
}

/** Throws when the tries are damaged. Within the caller's transaction. */
export function flatFromTries(store: StateStore, at: StoredRoot): number {
  store.dropFlat()
  let count = 0
  const source = new StoredTrie(store, undefined, at.height)
  for (const { key, value } of leavesAfter(stubOf(at.root), undefined, source)) {
    count += 1
    store.importAccounts([{ key, value }])
    const storageRoot = decodeAccount(value)?.storageRoot
    if (storageRoot === undefined) continue
    const slots = leavesAfter(stubOf(storageRoot), undefined, new StoredTrie(store, key, at.height))
    for (const slot of slots) store.importSlots(key, [[slot.key, readString(slot.value) ?? new Uint8Array(0)]])
  }
  return count
}
