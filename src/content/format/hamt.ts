// Folders too large for one node: a hash trie with 256 slots a node, as Kubo and Helia build it (UnixFS specification,
// "dag-pb HAMTDirectory"). A name's path through it is the first 64 bits of murmur3-x64-128, 8 bits a level.

import { murmur364 } from '@multiformats/murmur3'
import { UnixFS } from 'ipfs-unixfs'
import { assert } from '../../base/errors.ts'
import { type DagLink, type NamedLink, type PutNode, putDagNode } from './dag-node.ts'
import { formatErrors } from './errors.ts'

export const hamtFanout = 256
/** Multihash code of murmur3-x64-64. */
export const hamtHashCode = 0x22
/** 64 bits of hash, 8 bits a level. */
export const hamtDepthMax = 8

interface HamtEntry extends NamedLink {
  readonly slots: Uint8Array
}

/** The slots (0..255) that a name takes, level by level from the root: 8 of them. */
export function hamtSlots(name: Uint8Array): Uint8Array {
  const slots = murmur364.encode(name)
  assert(slots instanceof Uint8Array, 'murmur3 is synchronous')
  return slots
}

/** The two upper-case hexadecimal digits before a name in a trie node; alone they name a node below. */
export function slotLabel(slot: number): string {
  return slot.toString(16).toUpperCase().padStart(2, '0')
}

/** Throws `folder_not_shardable` when two names have the same 64-bit hash: no implementation can store both. */
export function buildHamt(entries: readonly (NamedLink & { bytes: Uint8Array })[], putNode: PutNode): DagLink {
  return buildShard(
    entries.map(({ name, link, bytes }) => ({ name, link, slots: hamtSlots(bytes) })),
    0,
    putNode,
  )
}

function buildShard(entries: readonly HamtEntry[], depth: number, putNode: PutNode): DagLink {
  checkDepth(entries, depth)
  const bySlot = new Map<number, HamtEntry[]>()
  for (const entry of entries) {
    const slot = entry.slots[depth] ?? 0
    const others = bySlot.get(slot)
    if (others === undefined) bySlot.set(slot, [entry])
    else others.push(entry)
  }
  const slots = [...bySlot.keys()].sort((a, b) => a - b)
  const links = slots.map((slot) => slotLink(slot, bySlot.get(slot) ?? [], depth, putNode))
  return putDagNode(shardData(slots), links, putNode)
}

function slotLink(slot: number, entries: readonly HamtEntry[], depth: number, putNode: PutNode): NamedLink {
  const [only] = entries
  if (entries.length === 1 && only !== undefined) return { name: slotLabel(slot) + only.name, link: only.link }
  return { name: slotLabel(slot), link: buildShard(entries, depth + 1, putNode) }
}

function checkDepth(entries: readonly HamtEntry[], depth: number): void {
  if (depth < hamtDepthMax) return
  const names = entries.slice(0, 2).map((entry) => `“${entry.name}”`)
  throw formatErrors.folder_not_shardable(`The names ${names.join(' and ')} have the same hash in a large folder.`)
}

function shardData(slots: readonly number[]): UnixFS {
  const fanout = BigInt(hamtFanout)
  return new UnixFS({ type: 'hamt-sharded-directory', data: slotBits(slots), fanout, hashType: BigInt(hamtHashCode) })
}

/** Slots in use as a big-endian number without leading zero bytes, bit 0 for slot 0 (as go-bitfield writes it). */
export function slotBits(slots: readonly number[]): Uint8Array {
  const bits = new Uint8Array(hamtFanout / 8)
  for (const slot of slots) {
    const byte = bits.length - 1 - (slot >> 3)
    bits[byte] = (bits[byte] ?? 0) | (1 << (slot & 7))
  }
  const first = bits.findIndex((byte) => byte !== 0)
  return bits.subarray(first === -1 ? bits.length : first)
}
