// Reads the inner nodes of a version into the list of its files: strictly, because a stranger made them.
//
//   root ─► folder or trie nodes (depth first, names in byte order, on a stack of our own) ─► file-tree.ts ─► entries
//
// What must stay true: a link leads to a block of the inventory, one that goes deeper only to a later one (so there is no
// way round in circles); every block belongs to some file or folder, as the kind that its place in the inventory says;
// sizes and counts are those that the author signed; and however often nodes repeat, work and memory follow from
// limits.ts. It goes in steps (steps.ts): large shares would hold the thread for seconds.
//
// A block can be an inner node and a file's leaf at once (a file may hold just the bytes of a node). It stands among the
// nodes; a raw link to it ends there, whatever the bytes would say as a node.

import { compareBytes, fromUtf8 } from '../../base/bytes.ts'
import type { FileEntry, Inventory, VersionMeta } from '../types.ts'
import { Bitfield } from './bitfield.ts'
import { dagPbCodec, rawCodec } from './cid.ts'
import { formatErrors } from './errors.ts'
import { createFileTreeReader, type FileContent, type FileTreeReader } from './file-tree.ts'
import { hamtDepthMax, hamtSlots } from './hamt.ts'
import type { IndexedInventory } from './inventory.ts'
import {
  layoutEntriesMax,
  layoutLeavesMax,
  layoutNamesMax,
  layoutStepsPerLinkMax,
  nameBytesMax,
  pathNamesMax,
} from './limits.ts'
import { malformed } from './protobuf.ts'
import { itemsPerStep, runSteps, type Steps, sortSteps } from './steps.ts'
import { type NodeLink, readUnixfsNode, type UnixfsNode } from './unixfs-node.ts'

export interface LayoutSource {
  readonly meta: VersionMeta
  readonly inventory: IndexedInventory
  /** That of the share's sealer: 0 or 48. */
  readonly overheadBytes: number
  /** An inner node, opened, its digest checked; `index` is below `meta.nodes`. What it throws passes through. */
  readonly getNode: (index: number) => Uint8Array
}

/** Throws `layout_malformed` when the author says that there are more inner nodes than blocks. */
export function checkNodeCount(meta: Pick<VersionMeta, 'nodes'>, inventory: Pick<Inventory, 'count'>): void {
  if (meta.nodes <= inventory.count) return
  throw formatErrors.layout_malformed('The share has not as many blocks as its author says.')
}

/**
 * All files and empty folders, depth first with names in byte order. Throws `layout_malformed` or `layout_too_large`.
 * Takes about 3 µs a file in plain folders, 12 µs in one trie of 200,000 (54,000 nodes), and 100 bytes of memory each.
 */
export function layoutSteps(source: LayoutSource): Steps<readonly FileEntry[]> {
  return new LayoutReader(source).read()
}

/** {@link layoutSteps} at once: seconds, for the largest shares. */
export function readLayout(source: LayoutSource): readonly FileEntry[] {
  return runSteps(layoutSteps(source))
}

type FolderNode = Extract<UnixfsNode, { type: 'folder' | 'shard' }>
type ShardNode = Extract<UnixfsNode, { type: 'shard' }>

/** Something still to read: what a link leads to, the folder in which it lies, and its name there; the root has none. */
interface Task {
  readonly folder: readonly string[]
  readonly name: string | undefined
  readonly index: number
  readonly codec: NodeLink['codec']
}

function pathOf({ folder, name }: Task): readonly string[] {
  return name === undefined ? folder : folder.concat(name)
}

/**
 * A file of one leaf, as nearly all are where there are very many: path and leaves are made when they are asked for, and
 * the folder's names are shared. As plain values they would take three times the memory.
 */
class SmallFile implements FileEntry {
  readonly bytes: number
  readonly #folder: readonly string[]
  readonly #name: string
  readonly #leaf: number

  constructor(folder: readonly string[], name: string, bytes: number, leaf: number) {
    this.bytes = bytes
    this.#folder = folder
    this.#name = name
    this.#leaf = leaf
  }

  get kind(): 'file' {
    return 'file'
  }

  get path(): readonly string[] {
    return this.#folder.concat(this.#name)
  }

  get leaves(): readonly number[] {
    return [this.#leaf]
  }
}

/** A trie's node still to read, and the slots that lead to it. */
interface ShardTask {
  readonly index: number
  readonly slots: readonly number[]
}

class LayoutReader {
  readonly #source: LayoutSource
  readonly #files: FileTreeReader
  readonly #entries: FileEntry[] = []
  /** Blocks that something leads to as what they are: to nodes by dag-pb links, to all others by raw ones. */
  readonly #reached: Bitfield
  /** Inner nodes that were read, and how many links they have together. */
  readonly #nodesRead: Bitfield
  #links = 0
  #steps = 0
  #leaves = 0
  #names = 0
  #fileCount = 0
  #bytes = 0

  constructor(source: LayoutSource) {
    checkNodeCount(source.meta, source.inventory)
    this.#source = source
    this.#reached = new Bitfield(source.inventory.count)
    this.#nodesRead = new Bitfield(source.meta.nodes)
    this.#files = createFileTreeReader({
      inventory: source.inventory,
      overheadBytes: source.overheadBytes,
      indexOf: (link, from) => this.#indexOf(link, from),
      readNode: (index) => this.#readNode(index),
      countLeaves: (leaves) => this.#countLeaves(leaves),
    })
  }

  *read(): Steps<readonly FileEntry[]> {
    this.#reached.set(0)
    // A stack of our own: folders may lie as deep as a stranger likes.
    const stack: Task[] = [{ folder: [], name: undefined, index: 0, codec: this.#source.meta.rootCodec }]
    let tasks = 0
    for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
      if (task.codec === rawCodec) this.#addFile(task, this.#files.leaf(task.index))
      else yield* this.#readBelow(task, stack)
      if (++tasks % itemsPerStep === 0) yield
    }
    this.#checkTotals()
    return this.#entries
  }

  /** What an inner node stands for: a file, or a folder whose children go onto the stack. */
  *#readBelow(task: Task, stack: Task[]): Steps<void> {
    const known = this.#files.known(task.index)
    if (known !== undefined) {
      this.#addFile(task, known)
      return
    }
    const node = this.#readNode(task.index)
    yield
    if (node.type === 'file') this.#addFile(task, yield* this.#files.tree(task.index))
    else yield* this.#readFolder(task, node, stack)
  }

  #addFile(task: Task, content: FileContent): void {
    const { bytes, leaves } = content
    const leaf = leaves.length === 1 ? leaves[0] : undefined
    this.#countLeaves(leaves.length)
    const isSmall = task.name !== undefined && leaf !== undefined
    const small = isSmall ? new SmallFile(task.folder, task.name, bytes, leaf) : undefined
    this.#addEntry(task, small ?? { kind: 'file', path: pathOf(task), ...content })
  }

  #addEntry({ folder, name }: Task, entry: FileEntry): void {
    this.#names += folder.length + (name === undefined ? 0 : 1)
    if (this.#entries.length >= layoutEntriesMax || this.#names > layoutNamesMax) {
      throw formatErrors.layout_too_large('The share has too many files.')
    }
    this.#entries.push(entry)
    if (entry.kind === 'file') this.#fileCount += 1
    this.#bytes += entry.bytes
  }

  #countLeaves(leaves: number): void {
    this.#leaves += leaves
    if (this.#leaves > layoutLeavesMax) throw formatErrors.layout_too_large('The files of the share are too large.')
  }

  *#readFolder(task: Task, node: FolderNode, stack: Task[]): Steps<void> {
    const { index } = task
    const path = pathOf(task)
    const links = node.type === 'folder' ? node.links : yield* this.#shardLinks(node, index)
    if (links.length === 0) this.#addEntry(task, { kind: 'folder', path, bytes: 0, leaves: [] })
    if (path.length >= pathNamesMax && links.length > 0) {
      throw formatErrors.layout_too_large('The share has folders in folders too deep.')
    }
    const named: NamedChild[] = []
    for (const link of links) {
      if (named.push({ link, name: nameOf(link) }) % itemsPerStep === 0) yield
    }
    // Backwards, since the stack gives back the last one first.
    const children = yield* sortSteps(named, (a, b) => compareNames(b, a))
    for (const [place, { link, name }] of children.entries()) {
      if (name === children[place - 1]?.name) throw malformed('has a name twice')
      stack.push({ folder: path, name, index: this.#indexOf(link, index), codec: link.codec })
      if (place % itemsPerStep === 0) yield
    }
  }

  /** The links of a folder that is a trie, whose root is `root`; a step a node. */
  *#shardLinks(root: ShardNode, rootIndex: number): Steps<NodeLink[]> {
    const links: NodeLink[] = []
    const below: ShardTask[] = []
    this.#readSlots(root, { index: rootIndex, slots: [] }, links, below)
    for (let task = below.pop(); task !== undefined; task = below.pop()) {
      yield
      this.#readSlots(this.#readShard(task.index, task.slots.length), task, links, below)
    }
    return links
  }

  /** Sorts the slots of a trie's node into what they name and the nodes below. */
  #readSlots(shard: ShardNode, { index, slots }: ShardTask, links: NodeLink[], below: ShardTask[]): void {
    for (const [place, link] of shard.links.entries()) {
      const path = [...slots, shard.slots[place] ?? 0]
      if (link.name.length > 0) {
        checkSlots(link.name, path)
        links.push(link)
      } else {
        if (link.codec !== dagPbCodec) throw malformed('is not the part of a folder that it should be')
        below.push({ index: this.#indexOf(link, index), slots: path })
      }
    }
  }

  #readShard(index: number, depth: number): ShardNode {
    const node = this.#readNode(index)
    if (node.type !== 'shard') throw malformed('is not the part of a folder that it should be')
    if (node.links.length === 0 || depth >= hamtDepthMax) throw malformed('is a part of a folder that has no place')
    return node
  }

  /** Follows a link. Only a dag-pb one may be gone on from, into the node at the index. */
  #indexOf(link: NodeLink, from: number): number {
    const index = this.#source.inventory.find(link.digest)
    if (index === undefined) throw malformed('leads to a block that the share has not')
    const isAmongNodes = index < this.#source.meta.nodes
    const isToNode = link.codec === dagPbCodec
    if (isToNode && !isAmongNodes) throw malformed('leads to a block of another kind')
    if (isToNode && index <= from) throw malformed('leads back to an earlier one')
    if (isToNode === isAmongNodes) this.#reached.set(index)
    this.#steps++
    if (this.#steps > layoutStepsPerLinkMax * this.#links) {
      throw formatErrors.layout_too_large('The share repeats its folders too often.')
    }
    return index
  }

  #readNode(index: number): UnixfsNode {
    const node = readUnixfsNode(this.#source.getNode(index))
    if (this.#nodesRead.set(index)) this.#links += node.links.length
    return node
  }

  #checkTotals(): void {
    const { meta, inventory } = this.#source
    const isFile = this.#fileCount === 1 && this.#entries.length === 1 && this.#entries[0]?.path.length === 0
    if (isFile !== (meta.kind === 'file')) throw malformed('is not the file or folder that the author describes')
    if (this.#fileCount !== meta.files || this.#bytes !== meta.bytes) {
      throw formatErrors.layout_malformed('The share has not as many files and bytes as its author says.')
    }
    if (this.#reached.ones !== inventory.count) {
      throw formatErrors.layout_malformed('The share has blocks that belong to no file.')
    }
  }
}

/** A name must stand where its hash leads, or other programs would not find it. */
function checkSlots(name: Uint8Array, path: readonly number[]): void {
  const slots = hamtSlots(name)
  if (path.some((slot, level) => slot !== slots[level])) throw malformed('has a name in the wrong place')
}

interface NamedChild {
  readonly link: NodeLink
  readonly name: string
}

/** By bytes; between ASCII names, of one character a byte, strings compare the same and faster. */
function compareNames(a: NamedChild, b: NamedChild): number {
  if (a.name.length === a.link.name.length && b.name.length === b.link.name.length) {
    return a.name < b.name ? -1 : Number(a.name > b.name)
  }
  return compareBytes(a.link.name, b.link.name)
}

/** UTF-8 of 1 to 255 bytes without "/" and NUL. Whether a disk can bear it is decided where it is written. */
function nameOf(link: NodeLink): string {
  const { name } = link
  if (name.length === 0 || name.length > nameBytesMax || name.includes(0x2f) || name.includes(0)) {
    throw malformed('has a name that no file can have')
  }
  const text = fromUtf8(name)
  if (text === undefined) throw malformed('has a name that is not UTF-8')
  return text
}
