// Reads one inner node (dag-pb with UnixFS data) of a share's DAG into one of three shapes; everything else throws
// `layout_malformed`: symlinks, inline file content, foreign hashes and codecs, unknown fields.

import { equalBytes } from '../../base/bytes.ts'
import type { Digest } from '../types.ts'
import { type BlockCodec, dagPbCodec, rawCodec } from './cid.ts'
import { hamtFanout, hamtHashCode, slotBits, slotLabel } from './hamt.ts'
import { bytesOf, malformed, readFields, varintOf } from './protobuf.ts'

export interface NodeLink {
  readonly codec: BlockCodec
  readonly digest: Digest
  /** UTF-8; a view into the block. */
  readonly name: Uint8Array
}

export type UnixfsNode =
  | { readonly type: 'folder'; readonly links: readonly NodeLink[] }
  /** Names without their slot label; an empty name leads to a node below. `slots` run in step with `links`. */
  | { readonly type: 'shard'; readonly links: readonly NodeLink[]; readonly slots: readonly number[] }
  /** `sizes`: bytes of file content below each link. */
  | { readonly type: 'file'; readonly links: readonly NodeLink[]; readonly sizes: readonly number[] }

/** Throws `layout_malformed`. */
export function readUnixfsNode(block: Uint8Array): UnixfsNode {
  const { links, data } = readNode(block)
  const unixfs = readUnixfsData(data)
  if (unixfs.type === typeCodes.folder) return folderNode(links, unixfs)
  if (unixfs.type === typeCodes.shard) return shardNode(links, unixfs)
  if (unixfs.type === typeCodes.file) return fileNode(links, unixfs)
  throw malformed(unixfs.type === typeCodes.symlink ? 'is a symbolic link' : 'is neither a file nor a folder')
}

// UnixFS specification, DataType.
const typeCodes = { folder: 1, file: 2, symlink: 4, shard: 5 }

function readNode(block: Uint8Array): { links: NodeLink[]; data: Uint8Array } {
  const links: NodeLink[] = []
  let data: Uint8Array | undefined
  for (const field of readFields(block)) {
    // dag-pb: Links (2) stand before Data (1) in the encoding that every implementation writes.
    if (data !== undefined) throw malformed('has fields out of order')
    if (field.number === 2) links.push(readLink(bytesOf(field)))
    else if (field.number === 1) data = bytesOf(field)
    else throw malformed('has a field that it may not have')
  }
  if (data === undefined) throw malformed('does not say what it is')
  return { links, data }
}

function readLink(message: Uint8Array): NodeLink {
  let last = 0
  let cid: Pick<NodeLink, 'codec' | 'digest'> | undefined
  let name: Uint8Array = new Uint8Array(0)
  for (const field of readFields(message)) {
    if (field.number <= last) throw malformed('has fields out of order')
    last = field.number
    if (field.number === 1) cid = readCid(bytesOf(field))
    else if (field.number === 2) name = bytesOf(field)
    else if (field.number === 3)
      varintOf(field) // Tsize: a hint that nothing here relies on
    else throw malformed('has a field that it may not have')
  }
  if (cid === undefined) throw malformed('has a link that leads nowhere')
  return { ...cid, name }
}

function readCid(cid: Uint8Array): Pick<NodeLink, 'codec' | 'digest'> {
  const [version, codec, hashCode, hashBytes] = cid
  const known = version === 1 && hashCode === 0x12 && hashBytes === 32 && cid.length === 36
  if (!known || (codec !== rawCodec && codec !== dagPbCodec)) throw malformed('links to something other than a block')
  return { codec, digest: cid.subarray(4) as Digest }
}

interface UnixfsData {
  type: number | undefined
  data: Uint8Array
  fileBytes: number | undefined
  sizes: number[]
  hashCode: number | undefined
  fanout: number | undefined
}

function readUnixfsData(message: Uint8Array): UnixfsData {
  const read: UnixfsData = {
    type: undefined,
    data: new Uint8Array(0),
    fileBytes: undefined,
    sizes: [],
    hashCode: undefined,
    fanout: undefined,
  }
  let last = 0
  for (const field of readFields(message)) {
    // Only block sizes (4) may repeat.
    if (field.number < last || (field.number === last && last !== 4)) throw malformed('has fields out of order')
    last = field.number
    if (field.number === 1) read.type = varintOf(field)
    else if (field.number === 2) read.data = bytesOf(field)
    else if (field.number === 3) read.fileBytes = varintOf(field)
    else if (field.number === 4) read.sizes.push(varintOf(field))
    else if (field.number === 5) read.hashCode = varintOf(field)
    else if (field.number === 6) read.fanout = varintOf(field)
    else if (field.number === 7)
      varintOf(field) // mode: not ours to set
    else if (field.number === 8)
      bytesOf(field) // mtime: the same
    else throw malformed('has a field that it may not have')
  }
  return read
}

function folderNode(links: readonly NodeLink[], unixfs: UnixfsData): UnixfsNode {
  if (unixfs.sizes.length > 0 || unixfs.data.length > 0) throw malformed('is a folder with file content')
  return { type: 'folder', links }
}

function shardNode(links: readonly NodeLink[], unixfs: UnixfsData): UnixfsNode {
  if (unixfs.sizes.length > 0) throw malformed('is a folder with file content')
  if (unixfs.fanout !== hamtFanout || unixfs.hashCode !== hamtHashCode) throw malformed('is a folder of another kind')
  const slots: number[] = []
  const named = links.map((link) => {
    const slot = readSlot(link.name)
    if (slot <= (slots.at(-1) ?? -1)) throw malformed('is a folder with slots out of order')
    slots.push(slot)
    return { ...link, name: link.name.subarray(2) }
  })
  if (!equalBytes(unixfs.data, slotBits(slots))) throw malformed('is a folder that does not say which slots it uses')
  return { type: 'shard', links: named, slots }
}

/** The slot whose label begins a name of a trie node. */
function readSlot(name: Uint8Array): number {
  const label = String.fromCharCode(...name.subarray(0, 2))
  const slot = Number.parseInt(label, 16)
  if (slotLabel(slot) !== label) throw malformed('is a folder without slots')
  return slot
}

function fileNode(links: readonly NodeLink[], unixfs: UnixfsData): UnixfsNode {
  if (unixfs.data.length > 0) throw malformed('has file content of its own')
  if (unixfs.sizes.length !== links.length) throw malformed('has not one size for each link')
  if (links.some((link) => link.name.length > 0)) throw malformed('is a file with names in it')
  const sum = unixfs.sizes.reduce((total, size) => total + size, 0)
  if (unixfs.fileBytes !== undefined && unixfs.fileBytes !== sum) throw malformed('is a file whose sizes do not add up')
  return { type: 'file', links, sizes: unixfs.sizes }
}
