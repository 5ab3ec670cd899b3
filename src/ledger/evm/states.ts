// States that can be read: the base on disk, older ones by their tries, and layers over the base for blocks that are not final.
//
// Must stay true: a view that was made for a block shows that block's state until the end, also when another block becomes the
// base meanwhile (then what lies under its layers is either that base, or read by its trie), or it throws `state_pruned`.

import { BoundedMap } from '../../base/bounded.ts'
import type { Hash } from '../types.ts'
import {
  type AccountRecord,
  type BytesKey,
  bytesOf,
  bytesOfHex,
  decodeAccount,
  emptyCodeHash,
  keyOf,
} from './account-wire.ts'
import { evmErrors } from './errors.ts'
import { keccak256 } from './keccak.ts'
import {
  accountCacheEntriesMax,
  codeCacheEntriesMax,
  hashCacheEntriesMax,
  slotCacheEntriesMax,
  storageTriesInMemoryMax,
  trieNodesInMemoryMax,
} from './limits.ts'
import { readString } from './rlp.ts'
import type { StateChanges, StateStore, StoredRoot } from './state-store.ts'
import { cut, stubOf, type Trie, walk } from './trie.ts'
import { StoredTrie } from './trie-store.ts'
import type { Layer } from './types.ts'

export const noBytes: Uint8Array = new Uint8Array(0)

/** What a block changed in one account's storage. */
export interface StorageChange {
  /** What was there before is gone. */
  readonly cleared: boolean
  /** Values without leading zeros; empty: no value. */
  readonly slots: Map<BytesKey, Uint8Array>
}

/** All that a block changed; made by finishLayer, kept until it is the base. */
export interface StateLayer extends Layer {
  readonly height: number
  readonly root: Uint8Array
  readonly accounts: ReadonlyMap<BytesKey, AccountRecord | null>
  readonly storage: ReadonlyMap<BytesKey, StorageChange>
  readonly codes: ReadonlyMap<BytesKey, Uint8Array>
  readonly accountTrie: Trie
  readonly storageTries: ReadonlyMap<BytesKey, Trie>
  readonly changes: StateChanges
}

/** Addresses and slots are keys of their bytes; slots' values have no leading zeros. */
export interface StateView {
  readonly height: number
  /** What its tries have not in memory is on disk, at most so high. */
  readonly diskHeight: number
  readonly root: Uint8Array
  account(address: BytesKey): AccountRecord | undefined
  slot(address: BytesKey, slot: BytesKey): Uint8Array
  code(hash: Uint8Array): Uint8Array
  accountTrie(): Trie
  storageTrie(address: BytesKey, account: AccountRecord): Trie
}

/** Hashes of addresses and slots, which are asked for again and again. */
export class Hashes {
  readonly #known = new Map<BytesKey, Uint8Array>()

  of(key: BytesKey): Uint8Array {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= hashCacheEntriesMax) this.#known.clear()
    const hash = keccak256(bytesOf(key))
    this.#known.set(key, hash)
    return hash
  }
}

function codeIn(store: StateStore, hash: Uint8Array): Uint8Array {
  const code = store.code(hash)
  if (code === undefined) throw evmErrors.state_damaged('The code of a contract is missing.')
  return code
}

/** The state after the last final block, flat, with caches. */
export class BaseState implements StateView {
  readonly store: StateStore
  readonly hashes: Hashes
  readonly #accounts = new BoundedMap<BytesKey, AccountRecord | null>(accountCacheEntriesMax)
  readonly #slots = new BoundedMap<BytesKey, Uint8Array>(slotCacheEntriesMax)
  readonly #codes = new BoundedMap<BytesKey, Uint8Array>(codeCacheEntriesMax)
  readonly #storageTries = new BoundedMap<BytesKey, Trie | null>(storageTriesInMemoryMax)
  #accountTrie: Trie
  #at: StoredRoot
  #nodes = 0
  /** Grows whenever another block becomes the base. */
  generation = 0

  constructor(store: StateStore, hashes: Hashes, at: StoredRoot) {
    this.store = store
    this.hashes = hashes
    this.#at = at
    this.#accountTrie = stubOf(at.root)
  }

  get at(): StoredRoot {
    return this.#at
  }

  get height(): number {
    return this.#at.height
  }

  get diskHeight(): number {
    return this.#at.height
  }

  get root(): Uint8Array {
    return this.#at.root
  }

  account(address: BytesKey): AccountRecord | undefined {
    const known = this.#accounts.get(address)
    if (known !== undefined) return known ?? undefined
    const value = this.store.account(this.hashes.of(address))
    const account = value === undefined ? undefined : decodeAccount(value)
    if (value !== undefined && account === undefined)
      throw evmErrors.state_damaged('An account of the state is damaged.')
    this.#accounts.set(address, account ?? null)
    return account
  }

  slot(address: BytesKey, slot: BytesKey): Uint8Array {
    const key = address + slot
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const value = this.store.slot(this.hashes.of(address), this.hashes.of(slot)) ?? noBytes
    this.#slots.set(key, value)
    return value
  }

  code(hash: Uint8Array): Uint8Array {
    const key = keyOf(hash)
    const known = this.#codes.get(key)
    if (known !== undefined) return known
    const code = codeIn(this.store, hash)
    this.#codes.set(key, code)
    return code
  }

  accountTrie(): Trie {
    return this.#accountTrie
  }

  storageTrie(address: BytesKey, account: AccountRecord): Trie {
    const known = this.#storageTries.get(address)
    return known === undefined ? stubOf(account.storageRoot) : (known ?? undefined)
  }

  /** After the layer was written. */
  advance(at: StoredRoot, layer: StateLayer): void {
    this.#at = at
    this.generation += 1
    for (const [address, account] of layer.accounts) this.#accounts.set(address, account)
    const wiped = [...layer.storage].some(([, change]) => change.cleared)
    if (wiped) this.#slots.clear()
    for (const [address, change] of layer.storage) {
      for (const [slot, value] of change.slots) this.#slots.set(address + slot, value)
    }
    for (const [hash, code] of layer.codes) this.#codes.set(hash, code)
    this.#accountTrie = layer.accountTrie
    for (const [address, trie] of layer.storageTries) this.#storageTries.set(address, trie ?? null)
    this.#nodes += layer.changes.nodes.length
    if (this.#nodes > trieNodesInMemoryMax) this.#cutTries()
  }

  #cutTries(): void {
    this.#nodes = 0
    this.#accountTrie = cut(this.#accountTrie, 3)
    for (const [address, trie] of [...this.#storageTries.entries()]) {
      this.#storageTries.set(address, cut(trie ?? undefined, 2) ?? null)
    }
  }
}

/** The state after an older block, read from the nodes that are kept of it. */
export class OldState implements StateView {
  readonly #store: StateStore
  readonly #hashes: Hashes
  readonly height: number
  readonly diskHeight: number
  readonly root: Uint8Array

  constructor(store: StateStore, hashes: Hashes, at: StoredRoot) {
    this.#store = store
    this.#hashes = hashes
    this.height = at.height
    this.diskHeight = at.height
    this.root = at.root
  }

  account(address: BytesKey): AccountRecord | undefined {
    const value = walk(
      this.accountTrie(),
      this.#hashes.of(address),
      new StoredTrie(this.#store, undefined, this.height),
    )
    return value === undefined ? undefined : decodeAccount(value)
  }

  slot(address: BytesKey, slot: BytesKey): Uint8Array {
    const account = this.account(address)
    if (account === undefined) return noBytes
    const source = new StoredTrie(this.#store, this.#hashes.of(address), this.height)
    const value = walk(this.storageTrie(address, account), this.#hashes.of(slot), source)
    return value === undefined ? noBytes : (readString(value) ?? noBytes)
  }

  code(hash: Uint8Array): Uint8Array {
    return codeIn(this.#store, hash)
  }

  accountTrie(): Trie {
    return stubOf(this.root)
  }

  storageTrie(_address: BytesKey, account: AccountRecord): Trie {
    return stubOf(account.storageRoot)
  }
}

/** Layers, the newest first, over the base or an older state. */
export class LayeredState implements StateView {
  readonly height: number
  readonly diskHeight: number
  readonly root: Uint8Array
  readonly #layers: readonly StateLayer[]
  readonly #blocks: readonly Hash[]
  readonly #base: BaseState
  readonly #baseBlock: Uint8Array
  #generation: number
  #under: StateView

  /** `blocks[i]` is the block of `layers[i]`. */
  constructor(base: BaseState, layers: readonly StateLayer[], blocks: readonly Hash[]) {
    this.#layers = layers
    this.#blocks = blocks
    this.#base = base
    this.#baseBlock = base.at.block
    this.#generation = base.generation
    this.#under = base
    this.height = layers[0]?.height ?? base.height
    // Also when another branch is settled later: what a layer did not change was there before.
    this.diskHeight = base.height
    this.root = layers[0]?.root ?? base.root
  }

  account(address: BytesKey): AccountRecord | undefined {
    for (const layer of this.#layers) {
      const account = layer.accounts.get(address)
      if (account !== undefined) return account ?? undefined
    }
    return this.#bottom().account(address)
  }

  slot(address: BytesKey, slot: BytesKey): Uint8Array {
    for (const layer of this.#layers) {
      const change = layer.storage.get(address)
      if (change === undefined) continue
      const value = change.slots.get(slot)
      if (value !== undefined) return value
      if (change.cleared) return noBytes
    }
    return this.#bottom().slot(address, slot)
  }

  code(hash: Uint8Array): Uint8Array {
    for (const layer of this.#layers) {
      const code = layer.codes.get(keyOf(hash))
      if (code !== undefined) return code
    }
    return keyOf(hash) === emptyCodeKey ? noBytes : this.#bottom().code(hash)
  }

  accountTrie(): Trie {
    const [layer] = this.#layers
    return layer === undefined ? this.#bottom().accountTrie() : layer.accountTrie
  }

  storageTrie(address: BytesKey, account: AccountRecord): Trie {
    for (const layer of this.#layers) {
      if (layer.storageTries.has(address)) return layer.storageTries.get(address)
    }
    return this.#bottom().storageTrie(address, account)
  }

  #bottom(): StateView {
    if (this.#generation === this.#base.generation) return this.#under
    this.#generation = this.#base.generation
    // One of our own layers became the base: it holds nothing that the layers do not cover.
    const block = this.#base.at.block
    if (this.#under === this.#base && this.#blocks.some((mine) => keyOf(bytesOfHex(mine)) === keyOf(block)))
      return this.#base
    this.#under = this.#older()
    return this.#under
  }

  #older(): StateView {
    const at = this.#base.store.rootOf(this.#baseBlock)
    if (at === undefined) throw evmErrors.state_pruned('The state that was being read is no longer kept here.')
    return new OldState(this.#base.store, this.#base.hashes, at)
  }
}

const emptyCodeKey = keyOf(emptyCodeHash)
