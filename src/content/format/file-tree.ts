// Reads the tree of nodes below one file into the list of its leaves, node by node. A file that occurs twice is read once.

import type { FileEntry, Inventory } from '../types.ts'
import { rawCodec } from './cid.ts'
import { formatErrors } from './errors.ts'
import { fileDepthMax, leafBytes } from './limits.ts'
import { malformed } from './protobuf.ts'
import type { Steps } from './steps.ts'
import type { NodeLink, UnixfsNode } from './unixfs-node.ts'

/** A file without its path. */
export type FileContent = Pick<FileEntry, 'bytes' | 'leaves' | 'offsets'>

export interface FileTreeParts {
  readonly inventory: Pick<Inventory, 'length'>
  /** 0 or 48: how much longer leaves are on the wire. */
  readonly overheadBytes: number
  /** The inventory index that a link leads to; checks that it may lead there. */
  readonly indexOf: (link: NodeLink, from: number) => number
  readonly readNode: (index: number) => UnixfsNode
  /** Counts leaves against `layoutLeavesMax`. */
  readonly countLeaves: (leaves: number) => void
}

/** Bytes and leaves below a node. */
interface Subtree {
  readonly bytes: number
  readonly leaves: readonly number[]
}

/** Reads files by the inventory index of their root; throws `layout_malformed`, `layout_too_large`. */
export interface FileTreeReader {
  /** A file of one leaf, which may be an inner node elsewhere: the same index then gives two contents. */
  leaf(index: number): FileContent
  /** The file below an inner node; a step a node. */
  tree(index: number): Steps<FileContent>
  /** What `tree` gave before for this index. */
  known(index: number): FileContent | undefined
}

export function createFileTreeReader(parts: FileTreeParts): FileTreeReader {
  const subtrees = new Map<number, Subtree>()
  const contents = new Map<number, FileContent>()
  const leafSize = (index: number) => parts.inventory.length(index) - parts.overheadBytes

  return {
    leaf: (index) => ({ bytes: leafSize(index), leaves: [index] }),
    known: (index) => contents.get(index),
    *tree(index) {
      const { bytes, leaves } = yield* readSubtree(index, 0)
      const content = { bytes, leaves, ...offsetsOf(leaves, leafSize) }
      contents.set(index, content)
      return content
    },
  }

  function* readSubtree(index: number, depth: number): Steps<Subtree> {
    if (depth > fileDepthMax) throw formatErrors.layout_too_large('A file of the share has too many levels of blocks.')
    const known = subtrees.get(index)
    if (known !== undefined) return known
    const node = parts.readNode(index)
    if (node.type !== 'file') throw malformed('is a folder inside a file')
    yield
    const children: Subtree[] = []
    for (const [place, link] of node.links.entries()) {
      const child = link.codec === rawCodec ? readLeaf(link, index) : yield* readPart(link, index, depth)
      if (child.bytes !== node.sizes[place]) throw malformed('gives a size that a part of a file has not')
      children.push(child)
    }
    const subtree = joined(children)
    subtrees.set(index, subtree)
    return subtree
  }

  function readLeaf(link: NodeLink, from: number): Subtree {
    const index = parts.indexOf(link, from)
    return { bytes: leafSize(index), leaves: [index] }
  }

  function* readPart(link: NodeLink, from: number, depth: number): Steps<Subtree> {
    const subtree = yield* readSubtree(parts.indexOf(link, from), depth + 1)
    // So that following links always leads to leaves, whose number is bounded.
    if (subtree.leaves.length === 0) throw malformed('is an empty part of a file')
    return subtree
  }

  function joined(children: readonly Subtree[]): Subtree {
    const [only] = children
    if (children.length === 1 && only !== undefined) return only
    parts.countLeaves(children.reduce((sum, child) => sum + child.leaves.length, 0))
    return {
      bytes: children.reduce((sum, child) => sum + child.bytes, 0),
      leaves: children.flatMap((child) => child.leaves),
    }
  }
}

/** Where the leaves begin, unless they are `leafBytes` apart. */
function offsetsOf(leaves: readonly number[], leafSize: (index: number) => number): { offsets?: readonly number[] } {
  const last = leaves.length - 1
  if (leaves.every((leaf, place) => place === last || leafSize(leaf) === leafBytes)) return {}
  let offset = 0
  const offsets = leaves.map((leaf) => {
    const start = offset
    offset += leafSize(leaf)
    return start
  })
  return { offsets }
}
