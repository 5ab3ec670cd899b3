// How a node of the trie looks as bytes (yellow paper, appendix D: RLP of two or seventeen items, paths in hex-prefix form), and
// back. What is read comes from our own disk or from a proof whose hash was compared; anything else in it is damage.

import { headerLength, type Item, readList, stringLength, writeHeader, writeString } from './rlp.ts'
import type { Branch, Extension, Leaf, LoadedNode, TrieNode } from './trie.ts'

export function encodeNode(node: LoadedNode, depth: number): Uint8Array {
  if (node.kind === 'branch') return encodeBranch(node)
  return encodeShort(node, depth)
}

function encodeBranch(node: Branch): Uint8Array {
  let payload = 1
  for (const child of node.children) payload += child === undefined ? 1 : refLength(child)
  const out = new Uint8Array(headerLength(payload) + payload)
  let at = writeHeader(out, 0, payload, 0xc0)
  for (const child of node.children) {
    if (child === undefined) out[at++] = 0x80
    else at = writeRef(out, at, child)
  }
  out[at] = 0x80
  return out
}

function encodeShort(node: Leaf | Extension, depth: number): Uint8Array {
  const end = node.kind === 'leaf' ? 2 * node.key.length : node.end
  const path = hexPrefix(node.key, depth, end, node.kind === 'leaf')
  const tail = node.kind === 'leaf' ? stringLength(node.value) : refLength(node.child)
  const payload = stringLength(path) + tail
  const out = new Uint8Array(headerLength(payload) + payload)
  const at = writeString(out, writeHeader(out, 0, payload, 0xc0), path)
  if (node.kind === 'leaf') writeString(out, at, node.value)
  else writeRef(out, at, node.child)
  return out
}

function refOf(node: TrieNode): Uint8Array {
  if (node.ref === undefined) throw new Error('assertion failed: children are hashed first')
  return node.ref
}

const refLength = (node: TrieNode) => (refOf(node).length < 32 ? refOf(node).length : 33)

function writeRef(out: Uint8Array, at: number, node: TrieNode): number {
  const ref = refOf(node)
  if (ref.length === 32) return writeString(out, at, ref)
  // Shorter than a hash: the node itself stands there.
  out.set(ref, at)
  return at + ref.length
}

/** Yellow paper, appendix C. */
function hexPrefix(key: Uint8Array, from: number, to: number, leaf: boolean): Uint8Array {
  const odd = (to - from) & 1
  const out = new Uint8Array(((to - from) >> 1) + 1)
  out[0] = (leaf ? 0x20 : 0) | (odd === 1 ? 0x10 | nibble(key, from) : 0)
  if ((from + odd) % 2 === 0) out.set(key.subarray((from + odd) >> 1, to >> 1), 1)
  else {
    for (let at = from + odd, index = 1; at < to; at += 2, index++) {
      out[index] = (nibble(key, at) << 4) | nibble(key, at + 1)
    }
  }
  return out
}

function nibble(key: Uint8Array, depth: number): number {
  const byte = key[depth >> 1] ?? 0
  return (depth & 1) === 0 ? byte >> 4 : byte & 15
}

/** The node that stands at the first `depth` nibbles of `key`; undefined when these bytes are none. */
export function decodeNode(
  encoded: Uint8Array,
  key: Uint8Array,
  depth: number,
  ref: Uint8Array,
): LoadedNode | undefined {
  const items = readList(encoded)
  if (items?.length === 17) return decodeBranch(items, key, depth, ref)
  const [path, rest] = items ?? []
  if (items?.length !== 2 || path === undefined || rest === undefined || path.list) return undefined
  const first = path.bytes[0]
  if (first === undefined || first >= 0x40) return undefined
  const leaf = first >= 0x20
  const end = depth + 2 * (path.bytes.length - 1) + ((first >> 4) & 1)
  if (end > 64 || (leaf && (end !== 64 || rest.list))) return undefined
  const full = fullKey(key, depth, path.bytes)
  if (leaf) return { kind: 'leaf', key: full, value: rest.bytes.slice(), ref }
  const child = decodeChild(rest, full, end)
  return child === undefined ? undefined : { kind: 'extension', key: full, end, child, ref }
}

function decodeBranch(items: readonly Item[], key: Uint8Array, depth: number, ref: Uint8Array): Branch | undefined {
  const children: (TrieNode | undefined)[] = []
  for (let index = 0; index < 16; index++) {
    const item = items[index] as Item
    if (!item.list && item.bytes.length === 0) {
      children.push(undefined)
      continue
    }
    const child = decodeChild(item, item.list ? childKey(key, depth, index) : key, depth + 1)
    if (child === undefined) return undefined
    children.push(child)
  }
  return { kind: 'branch', children, ref }
}

function decodeChild(item: Item, key: Uint8Array, depth: number): TrieNode | undefined {
  if (item.list) return decodeNode(item.bytes, key, depth, item.bytes.slice())
  return item.bytes.length === 32 ? { kind: 'stub', ref: item.bytes.slice() } : undefined
}

function childKey(key: Uint8Array, depth: number, value: number): Uint8Array {
  const changed = key.slice()
  put(changed, depth, value)
  return changed
}

function fullKey(key: Uint8Array, depth: number, path: Uint8Array): Uint8Array {
  const full = new Uint8Array(32)
  full.set(key.subarray(0, 32))
  const odd = ((path[0] ?? 0) >> 4) & 1
  let at = depth
  if (odd === 1) put(full, at++, (path[0] ?? 0) & 15)
  for (let index = 1; index < path.length; index++) {
    put(full, at++, (path[index] ?? 0) >> 4)
    put(full, at++, (path[index] ?? 0) & 15)
  }
  return full
}

function put(key: Uint8Array, depth: number, value: number): void {
  const byte = key[depth >> 1] ?? 0
  key[depth >> 1] = (depth & 1) === 0 ? (value << 4) | (byte & 15) : (byte & 0xf0) | value
}
