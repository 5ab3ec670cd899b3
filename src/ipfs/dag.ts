// Walks over DAGs of UnixFS, block by block from wherever `GetBlock` has them: a path to what it leads to, a folder's
// entries, a file's bytes, and the blocks of a CAR in depth-first order.
//
// Must stay true: depth and number of what is followed are bounded, whatever the blocks say; a child of a file has the
// size that its parent gives it, so that a range is read from the blocks that hold it and no others.

import type { CID } from 'multiformats/cid'
import { rawCodec } from '../content/format/cid.ts'
import { hamtDepthMax } from '../content/format/hamt.ts'
import type { GetBlock } from './blocks.ts'
import { type BlockKey, inlineBlock, keyOf } from './cid.ts'
import { ipfsErrors } from './errors.ts'
import { blocksAheadMax, carSeenMax, dagDepthMax, dagEntriesMax } from './limits.ts'
import { decodeNode, type FileLink, isInSlot, type NamedLink, type Node, slotAt } from './unixfs-wire.ts'

export interface ReadOptions {
  readonly signal?: AbortSignal
}

/** Bytes [start, end). */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface Resolved {
  readonly cid: CID
  readonly node: Node
  /** Roots of each part of the path, the first one first (X-Ipfs-Roots). */
  readonly roots: readonly CID[]
  /** CIDs of all blocks that were needed, in order, without that of `cid`. */
  readonly way: readonly CID[]
}

export async function readNode(get: GetBlock, cid: CID, options: ReadOptions): Promise<Node> {
  return decodeNode(cid, await get(cid, options))
}

/** Follows names from a root. Throws `ipfs_path_unknown`, and what reading blocks throws. */
export async function resolvePath(
  get: GetBlock,
  root: CID,
  path: readonly string[],
  options: ReadOptions,
): Promise<Resolved> {
  if (path.length > dagDepthMax) throw ipfsErrors.ipfs_dag_too_large('The path has too many names.')
  let cid = root
  let node = await readNode(get, root, options)
  const roots = [root]
  const way: CID[] = []
  for (const name of path) {
    way.push(cid)
    const found = await findIn(get, node, name, way, options)
    if (found === undefined) throw ipfsErrors.ipfs_path_unknown(`There is no ${JSON.stringify(name)} in ${cid}.`)
    cid = found
    roots.push(cid)
    node = await readNode(get, cid, options)
  }
  return { cid, node, roots, way }
}

/** The entry of a folder; `way` gets the blocks between. */
async function findIn(get: GetBlock, folder: Node, name: string, way: CID[], options: ReadOptions) {
  if (folder.type === 'folder') return folder.links.find((link) => link.name === name)?.cid
  let node: Node = folder
  for (let level = 0; node.type === 'shard' && level < hamtDepthMax; level++) {
    const slot = slotAt(name, level)
    const here: { cid: CID; name: string | undefined }[] = node.entries.filter((entry) => entry.slot === slot)
    const exact = here.find((entry) => entry.name === name)
    const below = here.find((entry) => entry.name === undefined)
    if (exact !== undefined || below === undefined) return exact?.cid
    way.push(below.cid)
    node = await readNode(get, below.cid, options)
  }
  return undefined
}

/** Entries of a folder, in the order in which they stand. Throws `ipfs_node_malformed` for one in the wrong place. */
export async function* listFolder(get: GetBlock, folder: Node, options: ReadOptions): AsyncGenerator<NamedLink, void> {
  if (folder.type === 'folder') {
    yield* folder.links
    return
  }
  const stack: { readonly node: Node; readonly level: number }[] = [{ node: folder, level: 0 }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, level } = next
    if (node.type !== 'shard' || level >= hamtDepthMax) throw misplaced()
    for (const { slot, cid, name } of node.entries) {
      if (name === undefined) stack.push({ node: await readNode(get, cid, options), level: level + 1 })
      else if (isInSlot(name, level, slot)) yield { cid, name }
      else throw misplaced()
    }
  }
}

function misplaced() {
  return ipfsErrors.ipfs_node_malformed('A folder is made so that its entries can’t be found.')
}

/** A file's bytes in the range, a chunk a block. Throws `ipfs_node_malformed` where a part has another size than was said. */
export async function* readFile(
  get: GetBlock,
  file: Node,
  range: ByteRange,
  options: ReadOptions,
): AsyncGenerator<Uint8Array, void> {
  yield* readPart(get, file, 0, range, 0, options)
}

async function* readPart(
  get: GetBlock,
  node: Node,
  at: number,
  range: ByteRange,
  depth: number,
  options: ReadOptions,
): AsyncGenerator<Uint8Array, void> {
  if (node.type !== 'file') throw ipfsErrors.ipfs_node_malformed('A folder stands where a part of a file should.')
  if (depth > dagDepthMax) throw ipfsErrors.ipfs_dag_too_large('The file has too many levels of blocks.')
  const own = slice(node.data, at, range)
  if (own.length > 0) yield own
  const parts = partsIn(node.links, at + node.data.length, range)
  const ahead = readingAhead(get, parts, options)
  for (const [place, { link, start }] of parts.entries()) {
    const child = decodeNode(link.cid, await ahead(place))
    checkPart(link, child)
    yield* readPart(get, child, start, range, depth + 1, options)
  }
}

export function checkPart(link: FileLink, child: Node): asserts child is Extract<Node, { type: 'file' }> {
  if (child.type === 'file' && child.bytes === link.bytes) return
  throw ipfsErrors.ipfs_node_malformed('A part of a file has another size than was said.')
}

interface Part {
  readonly link: FileLink
  /** Where in the file it begins. */
  readonly start: number
}

/** The links that the range touches. */
export function partsIn(links: readonly FileLink[], from: number, { start, end }: ByteRange): Part[] {
  const parts: Part[] = []
  let at = from
  for (const link of links) {
    if (at < end && at + link.bytes > start) parts.push({ link, start: at })
    at += link.bytes
  }
  return parts
}

function slice(data: Uint8Array, at: number, { start, end }: ByteRange): Uint8Array {
  return data.subarray(Math.max(0, Math.min(data.length, start - at)), Math.max(0, Math.min(data.length, end - at)))
}

/** Asks for the next blocks before they are needed. Leaves only: how much lies below a node is not known. */
function readingAhead(get: GetBlock, parts: readonly Part[], options: ReadOptions) {
  const asked = new Map<number, Promise<Uint8Array>>()
  let next = 0
  return (place: number): Promise<Uint8Array> => {
    for (; next < parts.length && next <= place + blocksAheadMax; next++) {
      const cid = parts[next]?.link.cid
      if (cid === undefined || (next > place && cid.code !== rawCodec)) break
      const block = get(cid, options)
      // Whoever leaves before its turn never hears of a failure.
      block.catch(() => {})
      asked.set(next, block)
    }
    const block = asked.get(place)
    asked.delete(place)
    return block ?? Promise.reject(ipfsErrors.ipfs_node_malformed('A part of a file is missing.'))
  }
}

/** What of a DAG a CAR holds (trustless gateway, `dag-scope` and `entity-bytes`). */
export interface DagScope {
  readonly scope: 'block' | 'entity' | 'all'
  /** Bytes of a file, of which negative ones count from its end; `to` is the last, undefined the file's own. */
  readonly bytes: { readonly from: number; readonly to: number | undefined } | undefined
  /** Blocks that occur again are given again. */
  readonly dups: boolean
}

export const wholeDag: DagScope = { scope: 'all', bytes: undefined, dups: false }

export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

export interface WalkBounds {
  /** Blocks that are looked at, repeated ones again each time. */
  readonly looksMax: number
  /** CIDs that are remembered, so that none is given twice. */
  readonly seenMax: number
}

/** An entry takes eight blocks, on average, before it is too much. */
const walkBounds: WalkBounds = { looksMax: dagEntriesMax * 8, seenMax: carSeenMax }

/** The blocks of what was resolved, depth first, after those of the way to it. Inline blocks are in their CIDs already. */
export async function* dagBlocks(
  get: GetBlock,
  resolved: Resolved,
  scope: DagScope,
  options: ReadOptions,
  { looksMax, seenMax }: WalkBounds = walkBounds,
): AsyncGenerator<Block, void> {
  const seen = new Set<BlockKey>()
  const isNew = (cid: CID): boolean => {
    if (inlineBlock(cid) !== undefined) return false
    if (scope.dups) return true
    const key = keyOf(cid)
    if (seen.has(key)) return false
    if (seen.size < seenMax) seen.add(key)
    return true
  }
  for (const cid of resolved.way) if (isNew(cid)) yield { cid, bytes: await get(cid, options) }

  const range = rangeOf(resolved.node, scope)
  const stack: Task[] = [{ cid: resolved.cid, at: 0, depth: 0 }]
  let looks = 0
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    if (++looks > looksMax) throw ipfsErrors.ipfs_dag_too_large('There is too much in it.')
    if (task.depth > dagDepthMax) throw ipfsErrors.ipfs_dag_too_large('It has too many levels.')
    const bytes = await get(task.cid, options)
    if (isNew(task.cid)) yield { cid: task.cid, bytes }
    else if (!scope.dups && inlineBlock(task.cid) === undefined && range === undefined) continue
    if (scope.scope === 'block') continue
    stack.push(...below(decodeNode(task.cid, bytes), task, scope, range).reverse())
  }
}

interface Task {
  readonly cid: CID
  /** Where in its file it begins. */
  readonly at: number
  readonly depth: number
}

function below(node: Node, { at, depth }: Task, { scope }: DagScope, range: ByteRange | undefined): Task[] {
  const next = { at: 0, depth: depth + 1 }
  if (node.type === 'file') {
    // Parts without bytes lie in no range, but belong to the whole.
    const parts = range === undefined ? allParts(node.links) : partsIn(node.links, at + node.data.length, range)
    return parts.map(({ link, start }) => ({ ...next, cid: link.cid, at: start }))
  }
  if (node.type === 'folder') {
    return scope === 'all' ? node.links.map(({ cid }) => ({ ...next, cid })) : []
  }
  if (node.type === 'shard') {
    const entries = node.entries.filter(({ name }) => scope === 'all' || name === undefined)
    return entries.map(({ cid }) => ({ ...next, cid }))
  }
  return []
}

function allParts(links: readonly FileLink[]): Part[] {
  return links.map((link) => ({ link, start: 0 }))
}

/** `entity-bytes` for a file; undefined: all of it. An empty range gives the root block alone. */
function rangeOf(node: Node, { bytes }: DagScope): ByteRange | undefined {
  if (bytes === undefined || node.type !== 'file') return undefined
  const place = (value: number) => (value < 0 ? node.bytes + value : value)
  const start = Math.max(0, place(bytes.from))
  const end = Math.min(node.bytes, bytes.to === undefined ? node.bytes : place(bytes.to) + 1)
  return start < end ? { start, end } : { start: 0, end: 0 }
}
