// Ethereum's Merkle Patricia trie (yellow paper, appendix D), for roots and proofs; values are read from the flat state.
//
// Trees are values: an update makes new nodes along the changed paths and shares the rest, so that blocks that are not final yet
// each have a tree of their own. All changes of a block go in at once, sorted by key (`update`), and are hashed once (`commit`).
// Nodes lie on disk by their path; what is not in memory stands as a `Stub` with its hash, and is loaded when an update comes by.
//
// Must stay true: a node with `ref` is never changed; `ref` is the hash, or, where the encoding is shorter than 32 bytes, the
// encoding itself. Keys are prefix-free (all of 32 bytes, or RLP), so branches hold no values.

import { compareBytes, equalBytes } from '../../base/bytes.ts'
import { keccak256 } from './keccak.ts'
import { encodeStrings } from './rlp.ts'
import { encodeNode } from './trie-wire.ts'

export interface Leaf {
  readonly kind: 'leaf'
  /** The whole key, also what lies above this node. */
  readonly key: Uint8Array
  readonly value: Uint8Array
  ref: Uint8Array | undefined
}
export interface Extension {
  readonly kind: 'extension'
  /** Of anything below. */
  readonly key: Uint8Array
  /** The depth, in nibbles, at which its child stands. */
  readonly end: number
  readonly child: TrieNode
  ref: Uint8Array | undefined
}
export interface Branch {
  readonly kind: 'branch'
  readonly children: readonly (TrieNode | undefined)[]
  ref: Uint8Array | undefined
}
/** A node that is not in memory. */
export interface Stub {
  readonly kind: 'stub'
  readonly ref: Uint8Array
}
export type TrieNode = Leaf | Extension | Branch | Stub
export type LoadedNode = Exclude<TrieNode, Stub>
export type Trie = TrieNode | undefined

/** A value, or undefined to delete the key. */
export interface TrieEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

export interface TrieSource {
  /** The node at the first `depth` nibbles of `key`. Throws when it is not there. */
  load(key: Uint8Array, depth: number, ref: Uint8Array): LoadedNode
  /** A node that had been hashed is no longer at this path (another may be). */
  replaced(key: Uint8Array, depth: number): void
}

export const emptyRoot: Uint8Array = keccak256(Uint8Array.of(0x80))

export function nibbleAt(key: Uint8Array, depth: number): number {
  const byte = key[depth >> 1] ?? 0
  return (depth & 1) === 0 ? byte >> 4 : byte & 15
}

export const stubOf = (root: Uint8Array): Trie =>
  equalBytes(root, emptyRoot) ? undefined : { kind: 'stub', ref: root }

/** Of a tree that was committed. */
export function rootOf(trie: Trie): Uint8Array {
  if (trie === undefined) return emptyRoot
  const ref = trie.ref
  if (ref === undefined) throw new Error('assertion failed: the tree is not committed')
  return ref.length < 32 ? keccak256(ref) : ref
}

/** `entries` sorted by key, each key once. */
export function update(trie: Trie, entries: readonly TrieEntry[], source: TrieSource): Trie {
  return new Updating(source).put(trie, 0, entries)
}

class Updating {
  readonly #source: TrieSource

  constructor(source: TrieSource) {
    this.#source = source
  }

  put(node: Trie, depth: number, entries: readonly TrieEntry[]): Trie {
    const first = entries[0]
    if (first === undefined) return node
    if (node === undefined) return this.#build(entries.filter(isKept), depth)
    const loaded = node.kind === 'stub' ? this.#source.load(first.key, depth, node.ref) : node
    if (loaded.kind === 'leaf') return this.#putLeaf(loaded, depth, entries)
    if (loaded.kind === 'extension') return this.#putExtension(loaded, depth, entries)
    return this.#putBranch(loaded, depth, entries, first.key)
  }

  #putLeaf(leaf: Leaf, depth: number, entries: readonly TrieEntry[]): Trie {
    const merged: TrieEntry[] = []
    let placed = false
    let same = true
    for (const entry of entries) {
      const order = placed ? -1 : compareBytes(leaf.key, entry.key)
      if (order < 0 && !placed) merged.push(leaf)
      if (order <= 0) placed = true
      if (entry.value !== undefined) merged.push(entry)
      if (order === 0) same &&= entry.value !== undefined && equalBytes(entry.value, leaf.value)
      else same &&= entry.value === undefined
    }
    if (!placed) merged.push(leaf)
    if (same) return leaf
    this.#gone(leaf, leaf.key, depth)
    return this.#build(merged, depth)
  }

  #putExtension(node: Extension, depth: number, entries: readonly TrieEntry[]): Trie {
    // What is to be deleted beside this path is not there.
    const real = entries.filter(
      (entry) => isKept(entry) || sharedDepth(entry.key, node.key, depth, node.end) === node.end,
    )
    const first = real[0]
    const last = real[real.length - 1]
    if (first === undefined || last === undefined) return node
    const split = Math.min(
      sharedDepth(first.key, node.key, depth, node.end),
      sharedDepth(last.key, node.key, depth, node.end),
    )
    if (split === node.end) {
      const child = this.put(node.child, node.end, real)
      if (child === node.child) return node
      this.#gone(node, node.key, depth)
      return this.#lead(child, node.key, depth, node.end)
    }
    this.#gone(node, node.key, depth)
    const children: Trie[] = new Array(16).fill(undefined)
    children[nibbleAt(node.key, split)] =
      split + 1 === node.end
        ? node.child
        : { kind: 'extension', key: node.key, end: node.end, child: node.child, ref: undefined }
    const branch = this.#putBranch({ kind: 'branch', children, ref: undefined }, split, real, node.key)
    return this.#lead(branch, node.key, depth, split)
  }

  #putBranch(node: Branch, depth: number, entries: readonly TrieEntry[], key: Uint8Array): Trie {
    let children: Trie[] | undefined
    for (let from = 0; from < entries.length; ) {
      const nibble = nibbleAt((entries[from] as TrieEntry).key, depth)
      let to = from + 1
      while (to < entries.length && nibbleAt((entries[to] as TrieEntry).key, depth) === nibble) to++
      const child = node.children[nibble]
      const changed = this.put(
        child,
        depth + 1,
        from === 0 && to === entries.length ? entries : entries.slice(from, to),
      )
      if (changed !== child) {
        children ??= [...node.children]
        children[nibble] = changed
      }
      from = to
    }
    if (children === undefined) return node
    this.#gone(node, key, depth)
    return this.#settleBranch(children, depth, key)
  }

  /** A branch with one child is none: the child takes its place. */
  #settleBranch(children: readonly Trie[], depth: number, key: Uint8Array): Trie {
    let only = -1
    for (let nibble = 0; nibble < 16; nibble++) {
      if (children[nibble] === undefined) continue
      if (only >= 0) return { kind: 'branch', children, ref: undefined }
      only = nibble
    }
    if (only < 0) return undefined
    return this.#lead(children[only], withNibble(key, depth, only), depth, depth + 1)
  }

  /** What stands at `depth` when its only content is `child` at `end`, on the path of `key`. */
  #lead(child: Trie, key: Uint8Array, depth: number, end: number): Trie {
    if (child === undefined || depth === end) return child
    const loaded = child.kind === 'stub' ? this.#source.load(key, end, child.ref) : child
    if (loaded.kind === 'branch') return { kind: 'extension', key, end, child: loaded, ref: undefined }
    this.#gone(loaded, loaded.key, end)
    return { ...loaded, ref: undefined }
  }

  #build(entries: readonly TrieEntry[], depth: number): Trie {
    const first = entries[0]
    const last = entries[entries.length - 1]
    if (first === undefined || last === undefined) return undefined
    if (first === last) {
      if (first.value === undefined) return undefined
      return { kind: 'leaf', key: first.key, value: first.value, ref: undefined }
    }
    const split = sharedDepth(first.key, last.key, depth, 2 * first.key.length)
    const children: Trie[] = new Array(16).fill(undefined)
    for (let from = 0; from < entries.length; ) {
      const nibble = nibbleAt((entries[from] as TrieEntry).key, split)
      let to = from + 1
      while (to < entries.length && nibbleAt((entries[to] as TrieEntry).key, split) === nibble) to++
      children[nibble] = this.#build(entries.slice(from, to), split + 1)
      from = to
    }
    const branch: Branch = { kind: 'branch', children, ref: undefined }
    return split === depth ? branch : { kind: 'extension', key: first.key, end: split, child: branch, ref: undefined }
  }

  #gone(node: LoadedNode, key: Uint8Array, depth: number): void {
    if (node.ref?.length === 32) this.#source.replaced(key, depth)
  }
}

const isKept = (entry: TrieEntry) => entry.value !== undefined

/** The first depth from `depth` on at which the keys differ, at most `end`. */
function sharedDepth(a: Uint8Array, b: Uint8Array, depth: number, end: number): number {
  let at = depth
  while (at < end && nibbleAt(a, at) === nibbleAt(b, at)) at++
  return at
}

function withNibble(key: Uint8Array, depth: number, nibble: number): Uint8Array {
  const changed = key.slice()
  const byte = changed[depth >> 1] ?? 0
  changed[depth >> 1] = (depth & 1) === 0 ? (nibble << 4) | (byte & 15) : (byte & 0xf0) | nibble
  return changed
}

/** Gives every new node its `ref`. `emit` gets those that stand by themselves: path as a key with `depth` valid nibbles. */
export function commit(trie: Trie, emit: (key: Uint8Array, depth: number, encoded: Uint8Array) => void): void {
  const path = new Uint8Array(32)
  const visit = (node: Trie, depth: number): void => {
    if (node === undefined || node.ref !== undefined || node.kind === 'stub') return
    if (node.kind === 'branch') {
      node.children.forEach((child, nibble) => {
        if (child === undefined || child.ref !== undefined) return
        setNibble(path, depth, nibble)
        visit(child, depth + 1)
      })
    } else if (node.kind === 'extension') {
      for (let at = depth; at < node.end; at++) setNibble(path, at, nibbleAt(node.key, at))
      visit(node.child, node.end)
    }
    const encoded = encodeNode(node, depth)
    node.ref = encoded.length < 32 ? encoded : keccak256(encoded)
    if (encoded.length >= 32) emit(path, depth, encoded)
  }
  visit(trie, 0)
}

function setNibble(path: Uint8Array, depth: number, nibble: number): void {
  const byte = path[depth >> 1] ?? 0
  path[depth >> 1] = (depth & 1) === 0 ? (nibble << 4) | (byte & 15) : (byte & 0xf0) | nibble
}

/** The nodes on the way to `key` in a committed tree, from the root, that stand by themselves; the last one says what is there. */
export function walk(
  trie: Trie,
  key: Uint8Array,
  source: Pick<TrieSource, 'load'>,
  visit?: (node: LoadedNode, depth: number) => void,
): Uint8Array | undefined {
  let node = trie
  let depth = 0
  while (node !== undefined) {
    const loaded: LoadedNode = node.kind === 'stub' ? source.load(key, depth, node.ref) : node
    if (depth === 0 || loaded.ref?.length === 32) visit?.(loaded, depth)
    if (loaded.kind === 'leaf') return equalBytes(loaded.key, key) ? loaded.value : undefined
    if (loaded.kind === 'extension') {
      if (sharedDepth(loaded.key, key, depth, loaded.end) < loaded.end) return undefined
      depth = loaded.end
      node = loaded.child
    } else {
      node = loaded.children[nibbleAt(key, depth)]
      depth += 1
    }
  }
  return undefined
}

export function prove(trie: Trie, key: Uint8Array, source: Pick<TrieSource, 'load'>): Uint8Array[] {
  const proof: Uint8Array[] = []
  walk(trie, key, source, (node, depth) => proof.push(encodeNode(node, depth)))
  return proof
}

/** Leaves in the order of their keys, from the first that is greater than `after`. */
export function* leavesAfter(
  trie: Trie,
  after: Uint8Array | undefined,
  source: Pick<TrieSource, 'load'>,
): Generator<Leaf, void, undefined> {
  yield* leavesBelow(trie, new Uint8Array(32), 0, after, source)
}

function* leavesBelow(
  node: Trie,
  path: Uint8Array,
  depth: number,
  after: Uint8Array | undefined,
  source: Pick<TrieSource, 'load'>,
): Generator<Leaf, void, undefined> {
  if (node === undefined) return
  const loaded = node.kind === 'stub' ? source.load(path, depth, node.ref) : node
  if (loaded.kind === 'leaf') {
    if (after === undefined || compareBytes(loaded.key, after) > 0) yield loaded
    return
  }
  const bound = after === undefined || comparePath(path, after, depth) > 0 ? undefined : after
  if (loaded.kind === 'extension') {
    const order = bound === undefined ? 1 : comparePath(loaded.key, bound, loaded.end)
    if (order < 0) return
    yield* leavesBelow(loaded.child, loaded.key, loaded.end, order > 0 ? undefined : bound, source)
    return
  }
  const from = bound === undefined ? 0 : nibbleAt(bound, depth)
  for (let nibble = from; nibble < 16; nibble++) {
    const below = withNibble(path, depth, nibble)
    yield* leavesBelow(loaded.children[nibble], below, depth + 1, nibble === from ? bound : undefined, source)
  }
}

function comparePath(a: Uint8Array, b: Uint8Array, depth: number): number {
  for (let at = 0; at < depth; at++) {
    const difference = nibbleAt(a, at) - nibbleAt(b, at)
    if (difference !== 0) return difference
  }
  return 0
}

const nothingOnDisk: TrieSource = {
  load: () => {
    throw new Error('assertion failed: this tree is in memory')
  },
  replaced: () => undefined,
}

/** Of a list (receipts, transactions): keys are the RLP of the places. */
export function rootOfList(values: readonly Uint8Array[]): Uint8Array {
  const entries = values.map((value, index) => ({ key: rlpOfIndex(index), value }))
  entries.sort((a, b) => compareBytes(a.key, b.key))
  const trie = update(undefined, entries, nothingOnDisk)
  commit(trie, () => undefined)
  return rootOf(trie)
}

function rlpOfIndex(index: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = index; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return encodeStrings([Uint8Array.from(bytes)]).subarray(1)
}

/** Drops from memory what lies deeper than `depth`; it must be on disk. The tree itself stays what it is. */
export function cut(trie: Trie, depthMax: number): Trie {
  if (trie?.ref === undefined || trie.kind === 'stub' || trie.ref.length < 32) return trie
  return cutAt(trie, 0, depthMax)
}

function cutAt(node: LoadedNode, depth: number, depthMax: number): TrieNode {
  const ref = node.ref
  if (ref === undefined || ref.length < 32 || node.kind === 'leaf') {
    return ref?.length === 32 && depth > depthMax ? { kind: 'stub', ref } : node
  }
  if (depth > depthMax) return { kind: 'stub', ref }
  const below = (child: Trie, at: number) =>
    child === undefined || child.kind === 'stub' ? child : cutAt(child, at, depthMax)
  if (node.kind === 'extension') return { ...node, child: below(node.child, node.end) ?? node.child }
  return { ...node, children: node.children.map((child) => below(child, depth + 1)) }
}
