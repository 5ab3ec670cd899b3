// Where nodes of tries lie on disk: by whose trie it is, the path, and the height of the block that wrote them. The node of a
// block's state is the newest one at its path that is not younger than the block; its hash is compared when it is read.

import { equalBytes } from '../../base/bytes.ts'
import { evmErrors } from './errors.ts'
import { keccak256 } from './keccak.ts'
import type { StateStore } from './state-store.ts'
import type { LoadedNode, TrieSource } from './trie.ts'
import { decodeNode } from './trie-wire.ts'

/** Owner: the hash of an account's address, or undefined for the trie of accounts. */
export type Owner = Uint8Array | undefined

/** 0 (accounts) or 1 and the owner's hash; then how many nibbles, and they two a byte. */
export function pathKey(owner: Owner, key: Uint8Array, depth: number): Uint8Array {
  const start = owner === undefined ? 1 : 33
  const bytes = (depth + 1) >> 1
  const path = new Uint8Array(start + 1 + bytes)
  if (owner !== undefined) {
    path[0] = 1
    path.set(owner, 1)
  }
  path[start] = depth
  path.set(key.subarray(0, bytes), start + 1)
  if ((depth & 1) === 1) path[start + bytes] = (path[start + bytes] ?? 0) & 0xf0
  return path
}

export class StoredTrie implements TrieSource {
  readonly #store: StateStore
  readonly #owner: Owner
  readonly #height: number
  readonly #onReplaced: ((path: Uint8Array) => void) | undefined
  loads = 0

  constructor(store: StateStore, owner: Owner, height: number, onReplaced?: (path: Uint8Array) => void) {
    this.#store = store
    this.#owner = owner
    this.#height = height
    this.#onReplaced = onReplaced
  }

  load(key: Uint8Array, depth: number, ref: Uint8Array): LoadedNode {
    const encoded = this.#store.node(pathKey(this.#owner, key, depth), this.#height)
    this.loads += 1
    if (encoded !== undefined && equalBytes(keccak256(encoded), ref)) {
      const node = decodeNode(encoded, key, depth, ref)
      if (node !== undefined) return node
    }
    const oldest = this.#store.oldest()
    if (oldest === undefined || oldest.height > this.#height) {
      throw evmErrors.state_pruned(`The state after block ${this.#height} is no longer kept here.`)
    }
    throw evmErrors.state_damaged(`A part of the state after block ${this.#height} is missing or damaged.`)
  }

  replaced(key: Uint8Array, depth: number): void {
    this.#onReplaced?.(pathKey(this.#owner, key, depth))
  }
}
