// Blocks of UnixFS as any IPFS tool makes them, read into one of four shapes. Wider than what a share may hold
// (content/format/unixfs-node.ts): CIDs of version 0, file content inside nodes, other chunk sizes, modes and times.

import type { CID } from 'multiformats/cid'
import { fromUtf8, utf8 } from '../base/bytes.ts'
import { dagPbCodec, rawCodec } from '../content/format/cid.ts'
import { hamtFanout, hamtHashCode, hamtSlots, slotLabel } from '../content/format/hamt.ts'
import { decodeCid, isSupported } from './cid.ts'
import { ipfsErrors } from './errors.ts'
import { nodeLinksMax, nodeNameBytesMax } from './limits.ts'
import { bytesOf, readFields, varintOf } from './protobuf-wire.ts'

export interface FileLink {
  readonly cid: CID
  /** Bytes of file content below it, as its node says. */
  readonly bytes: number
}

export interface NamedLink {
  readonly cid: CID
  readonly name: string
}

export type Node =
  /** Content of its own, then that of the links. `bytes` is all of it. */
  | { readonly type: 'file'; readonly data: Uint8Array; readonly links: readonly FileLink[]; readonly bytes: number }
  | { readonly type: 'folder'; readonly links: readonly NamedLink[] }
  /** A part of a folder: entries, and the parts below by their slot. */
  | { readonly type: 'shard'; readonly entries: readonly ShardEntry[] }
  | { readonly type: 'symlink'; readonly target: string }

export interface ShardEntry {
  readonly slot: number
  readonly cid: CID
  /** Undefined: a part of the folder below. */
  readonly name: string | undefined
}

const refuse = (what: string) => ipfsErrors.ipfs_node_malformed(`A block ${what}.`)

// UnixFS specification, DataType.
const typeCodes = { raw: 0, folder: 1, file: 2, symlink: 4, shard: 5 }

/** Reads a block by the codec of the CID that names it. Throws `ipfs_node_malformed`, `cid_unsupported`. */
export function decodeNode(cid: CID, block: Uint8Array): Node {
  if (cid.code === rawCodec) return { type: 'file', data: block, links: [], bytes: block.length }
  if (cid.code !== dagPbCodec) throw ipfsErrors.cid_unsupported(`${cid} is neither a file nor a folder.`)
  const { links, data } = readDagPb(block)
  const unixfs = readUnixfs(data)
  if (unixfs.type === typeCodes.file || unixfs.type === typeCodes.raw) return fileNode(links, unixfs)
  if (unixfs.type === typeCodes.folder) return { type: 'folder', links: links.map(named) }
  if (unixfs.type === typeCodes.shard) return shardNode(links, unixfs)
  if (unixfs.type === typeCodes.symlink) return { type: 'symlink', target: fromUtf8(unixfs.data) ?? '' }
  throw refuse('is neither a file nor a folder')
}

interface RawLink {
  readonly cid: CID
  readonly name: Uint8Array
}

/** dag-pb in either order of its fields, as its specification asks of readers. */
function readDagPb(block: Uint8Array): { links: readonly RawLink[]; data: Uint8Array } {
  const links: RawLink[] = []
  let data: Uint8Array | undefined
  for (const field of readFields(block, refuse)) {
    if (field.number === 2) links.push(readLink(bytesOf(field, refuse)))
    else if (field.number === 1 && data === undefined) data = bytesOf(field, refuse)
    else throw refuse('has a field that it may not have')
    if (links.length > nodeLinksMax) throw refuse('has too many links')
  }
  if (data === undefined) throw refuse('does not say what it is')
  return { links, data }
}

function readLink(message: Uint8Array): RawLink {
  let cid: CID | undefined
  let name: Uint8Array = new Uint8Array(0)
  for (const field of readFields(message, refuse)) {
    if (field.number === 1 && cid === undefined) cid = readCid(bytesOf(field, refuse))
    else if (field.number === 2) name = bytesOf(field, refuse)
    else if (field.number !== 3) throw refuse('has a link with a field that it may not have')
  }
  if (cid === undefined) throw refuse('has a link that leads nowhere')
  return { cid, name }
}

function readCid(bytes: Uint8Array): CID {
  let cid: CID
  try {
    cid = decodeCid(bytes)
  } catch (cause) {
    throw ipfsErrors.ipfs_node_malformed('A block has a link that is no CID.', { cause })
  }
  if (!isSupported(cid)) throw ipfsErrors.cid_unsupported(`${cid} names content of a kind that Peerhood does not read.`)
  return cid
}

interface Unixfs {
  type: number | undefined
  data: Uint8Array
  bytes: number | undefined
  sizes: number[]
  hash: number | undefined
  fanout: number | undefined
}

function readUnixfs(message: Uint8Array): Unixfs {
  const read: Unixfs = {
    ...{ type: undefined, data: new Uint8Array(0), bytes: undefined, sizes: [], hash: undefined, fanout: undefined },
  }
  for (const field of readFields(message, refuse)) {
    if (field.number === 1) read.type = varintOf(field, refuse)
    else if (field.number === 2) read.data = bytesOf(field, refuse)
    else if (field.number === 3) read.bytes = varintOf(field, refuse)
    else if (field.number === 4) read.sizes.push(varintOf(field, refuse))
    else if (field.number === 5) read.hash = varintOf(field, refuse)
    else if (field.number === 6) read.fanout = varintOf(field, refuse)
    // 7 and 8: mode and time, and whatever comes after: not needed to read content.
  }
  return read
}

function fileNode(links: readonly RawLink[], { data, sizes, bytes }: Unixfs): Node {
  if (sizes.length !== links.length) throw refuse('has not one size for each link')
  const sum = sizes.reduce((total, size) => total + size, data.length)
  if (!Number.isSafeInteger(sum)) throw refuse('is a file of no size')
  if (bytes !== undefined && bytes !== sum) throw refuse('is a file whose sizes do not add up')
  return { type: 'file', data, links: links.map(({ cid }, place) => ({ cid, bytes: sizes[place] ?? 0 })), bytes: sum }
}

function named({ cid, name }: RawLink): NamedLink {
  return { cid, name: nameOf(name) }
}

function nameOf(bytes: Uint8Array): string {
  const isName = bytes.length > 0 && bytes.length <= nodeNameBytesMax && !bytes.includes(0x2f) && !bytes.includes(0)
  const text = isName ? fromUtf8(bytes) : undefined
  if (text === undefined || text === '.' || text === '..') throw refuse('has a name that no file can have')
  return text
}

function shardNode(links: readonly RawLink[], { hash, fanout }: Unixfs): Node {
  if (fanout !== hamtFanout || hash !== hamtHashCode) throw refuse('is a folder of another kind')
  const entries = links.map(({ cid, name }): ShardEntry => {
    const label = String.fromCharCode(...name.subarray(0, 2))
    const slot = Number.parseInt(label, 16)
    if (slotLabel(slot) !== label) throw refuse('is a folder without slots')
    return { slot, cid, name: name.length === 2 ? undefined : nameOf(name.subarray(2)) }
  })
  return { type: 'shard', entries }
}

/** Whether a name may stand in this slot at this level of a folder's trie. */
export function isInSlot(name: string, level: number, slot: number): boolean {
  return slotAt(name, level) === slot
}

export function slotAt(name: string, level: number): number | undefined {
  return hamtSlots(utf8(name))[level]
}
