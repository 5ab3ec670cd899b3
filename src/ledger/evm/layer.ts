// The end of a block: what it changed goes into the tries, all at once, and becomes a layer.

import { compareBytes } from '../../base/bytes.ts'
import type { Hash } from '../types.ts'
import { type AccountRecord, type BytesKey, bytesOf, encodeAccount, keyOf, sameAccount } from './account-wire.ts'
import { encodeString } from './rlp.ts'
import type { LedgerState } from './state-manager.ts'
import type { StateStore } from './state-store.ts'
import type { Hashes, StateLayer, StorageChange } from './states.ts'
import { commit, rootOf, type Trie, type TrieEntry, update } from './trie.ts'
import { pathKey, StoredTrie } from './trie-store.ts'

interface Parts {
  readonly store: StateStore
  readonly hashes: Hashes
}

interface Pending {
  readonly accounts: [Uint8Array, Uint8Array | undefined][]
  readonly cleared: Uint8Array[]
  readonly slots: [Uint8Array, Uint8Array, Uint8Array][]
  readonly nodes: [Uint8Array, Uint8Array][]
  readonly stale: Uint8Array[]
}

export function finishLayer({ store, hashes }: Parts, state: LedgerState, parent: Hash, height: number): StateLayer {
  const pending: Pending = { accounts: [], cleared: [], slots: [], nodes: [], stale: [] }
  const accounts = new Map(state.accounts)
  const storageTries = new Map<BytesKey, Trie>()
  const sourceOf = (owner: Uint8Array | undefined) =>
    // What is not in memory was written by blocks before this one.
    new StoredTrie(store, owner, state.view.diskHeight, (path) => pending.stale.push(path))

  for (const [address, change] of state.storage) {
    const owner = hashes.of(address)
    const before = state.view.account(address)
    const trie = storageAfter(state, hashes, address, change, before, owner, pending, sourceOf(owner))
    storageTries.set(address, trie)
    const account = state.account(address)
    if (account !== undefined) accounts.set(address, { ...account, storageRoot: rootOf(trie) })
  }

  const entries: TrieEntry[] = []
  for (const [address, account] of accounts) {
    const before = state.view.account(address)
    if (sameAccount(account ?? undefined, before)) continue
    const key = hashes.of(address)
    const value = account === null ? undefined : encodeAccount(account)
    entries.push({ key, value })
    pending.accounts.push([key, value])
  }
  const accountTrie = update(state.view.accountTrie(), sorted(entries), sourceOf(undefined))
  commit(accountTrie, (key, depth, node) => pending.nodes.push([pathKey(undefined, key, depth), node]))
  return {
    parent,
    height,
    root: rootOf(accountTrie),
    accounts,
    storage: state.storage,
    codes: state.codes,
    accountTrie,
    storageTries,
    changes: { ...pending, codes: codesIn(state, accounts) },
  }
}

/** Those that accounts have now: what was created and reverted is not among them. */
function codesIn(
  state: LedgerState,
  accounts: ReadonlyMap<BytesKey, AccountRecord | null>,
): [Uint8Array, Uint8Array][] {
  const used = new Map<BytesKey, Uint8Array>()
  for (const account of accounts.values()) {
    if (account === null) continue
    const hash = keyOf(account.codeHash)
    const code = state.codes.get(hash)
    if (code !== undefined) used.set(hash, code)
  }
  return [...used].map(([hash, code]) => [bytesOf(hash), code])
}

function storageAfter(
  state: LedgerState,
  hashes: Hashes,
  address: BytesKey,
  change: StorageChange,
  before: AccountRecord | undefined,
  owner: Uint8Array,
  pending: Pending,
  source: StoredTrie,
): Trie {
  let trie = before === undefined ? undefined : state.view.storageTrie(address, before)
  if (change.cleared && trie !== undefined) {
    markAll(trie, source)
    pending.cleared.push(owner)
    trie = undefined
  }
  // An account that is gone has no slots, whatever was written before it went.
  if (state.account(address) === undefined) return undefined
  const entries: TrieEntry[] = []
  for (const [slot, value] of change.slots) {
    if (!change.cleared && keyOf(state.view.slot(address, slot)) === keyOf(value)) continue
    const key = hashes.of(slot)
    entries.push({ key, value: value.length === 0 ? undefined : encodeString(value) })
    pending.slots.push([owner, key, value])
  }
  const changed = update(trie, sorted(entries), source)
  commit(changed, (key, depth, node) => pending.nodes.push([pathKey(owner, key, depth), node]))
  return changed
}

/** Every node of a trie that goes as a whole. */
function markAll(trie: Trie, source: StoredTrie, path: Uint8Array = new Uint8Array(32), depth = 0): void {
  if (trie === undefined) return
  const node = trie.kind === 'stub' ? source.load(path, depth, trie.ref) : trie
  const here = node.kind === 'branch' ? path : node.key
  if (node.ref?.length === 32) source.replaced(here, depth)
  if (node.kind === 'extension') markAll(node.child, source, node.key, node.end)
  if (node.kind !== 'branch') return
  node.children.forEach((child, nibble) => {
    const below = path.slice()
    below[depth >> 1] =
      (depth & 1) === 0 ? (nibble << 4) | ((below[depth >> 1] ?? 0) & 15) : ((below[depth >> 1] ?? 0) & 0xf0) | nibble
    markAll(child, source, below, depth + 1)
  })
}

function sorted(entries: TrieEntry[]): TrieEntry[] {
  return entries.sort((a, b) => compareBytes(a.key, b.key))
}
