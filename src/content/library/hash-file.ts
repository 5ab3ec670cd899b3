// Reads a file once and says which leaves it has. Small files are hashed on the thread that asks (the block worker's, or
// the caller's when that is busy); larger ones leaf by leaf in the thread pool, several at once, delivered in order. What
// must stay true: the leaves reported are of one state of the file, or the file is reported as `changing`.

import { type BigIntStats, closeSync, fstatSync, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { digestOf } from '../format/keys.ts'
import { blockBytesMax, leafBytes } from '../format/limits.ts'
import type { Sealer } from '../format/seal.ts'
import type { IndexedLeaf } from './block-index.ts'
import { type SkipCode, systemCode } from './errors.ts'
import { fillFrom, isSameFile, readFlags, readFully } from './file-read.ts'
import { fileReadAttemptsMax, leavesInFlightMax, leavesPerLook, smallFileBytesMax } from './limits.ts'
import { type FileStats, statsOf } from './stamps.ts'

/** The file as it was hashed, or why it was not. */
export type FileHash =
  | { readonly kind: 'hashed'; readonly stats: FileStats; readonly leaves: readonly IndexedLeaf[] }
  | {
      readonly kind: 'failed'
      readonly code: Extract<SkipCode, 'changing' | 'vanished' | 'unreadable' | 'special_file'>
    }

const sealIdBytes = 32

/** The file is no small one. */
export interface LargerFile {
  readonly kind: 'larger'
  readonly bytes: number
}

/** Describes one leaf from its plain and wire bytes. */
function toLeaf(
  sealer: Sealer,
  start: number,
  plainBytes: number,
  wire: Uint8Array,
  digest = digestOf(wire),
): IndexedLeaf {
  const seal = sealer.overheadBytes === 0 ? undefined : wire.slice(0, sealIdBytes)
  return { digest, start, bytes: plainBytes, seal }
}

/** Hashes a file on this thread if it is small; only opens it when it is not. */
export type SmallHasher = (path: string) => FileHash | LargerFile

export function createSmallHasher(sealer: Sealer): SmallHasher {
  // One byte more than a small file may have, so that one that grows is noticed.
  const scratch = new Uint8Array(smallFileBytesMax + 1)
  const wireScratch = new Uint8Array(smallFileBytesMax + sealer.overheadBytes)
  const leafOf = (plain: Uint8Array) => {
    if (sealer.overheadBytes === 0) return toLeaf(sealer, 0, plain.length, plain)
    const wire = wireScratch.subarray(0, plain.length + sealer.overheadBytes)
    sealer.sealInto(wire, plain)
    return toLeaf(sealer, 0, plain.length, wire)
  }
  const hashOnce: SmallHasher = (path) => {
    let descriptor: number
    try {
      descriptor = openSync(path, readFlags)
    } catch (error) {
      return failed(error)
    }
    try {
      const before = fstatSync(descriptor, { bigint: true })
      if (!before.isFile()) return { kind: 'failed', code: 'special_file' }
      if (before.size > BigInt(smallFileBytesMax)) return { kind: 'larger', bytes: Number(before.size) }
      const bytes = readFully(descriptor, scratch, 0)
      const after = fstatSync(descriptor, { bigint: true })
      if (!isSameFile(before, after) || BigInt(bytes) !== after.size) return { kind: 'failed', code: 'changing' }
      return { kind: 'hashed', stats: statsOf(after), leaves: [leafOf(scratch.subarray(0, bytes))] }
    } catch (error) {
      return failed(error)
    } finally {
      closeSync(descriptor)
    }
  }
  return (path) => {
    let hash = hashOnce(path)
    for (let attempt = 1; attempt < fileReadAttemptsMax && isChanging(hash); attempt++) hash = hashOnce(path)
    return hash
  }
}

export function isChanging(hash: FileHash | LargerFile): boolean {
  return hash.kind === 'failed' && hash.code === 'changing'
}

/** Buffers for one leaf and its wire bytes each, lent out again and again; waiting for one is what bounds the leaves under way. */
export interface LeafBuffers {
  take(): Promise<Uint8Array>
  giveBack(buffer: Uint8Array): void
}

export function createLeafBuffers(): LeafBuffers {
  const free: Uint8Array[] = []
  const waiting: ((buffer: Uint8Array) => void)[] = []
  let made = 0
  return {
    async take() {
      const buffer = free.pop()
      if (buffer !== undefined) return buffer
      if (made < leavesInFlightMax) {
        made += 1
        // No Buffer: slices of one are views, and a leaf keeps a slice of its wire bytes.
        return new Uint8Array(leafBytes + blockBytesMax)
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
    giveBack(buffer) {
      const next = waiting.shift()
      if (next === undefined) free.push(buffer)
      else next(buffer)
    },
  }
}

/**
 * Hashes a file of any size in the thread pool. `onLeaf` gets each leaf in order as soon as those before it are done;
 * when the result is `failed`, forget what it got.
 */
export async function hashFile(
  path: string,
  sealer: Sealer,
  buffers: LeafBuffers,
  options: { readonly onLeaf?: (leaf: IndexedLeaf) => void; readonly signal?: AbortSignal | undefined } = {},
): Promise<FileHash> {
  let handle: FileHandle
  try {
    handle = await open(path, readFlags)
  } catch (error) {
    return failed(error)
  }
  try {
    const before = await handle.stat({ bigint: true })
    if (!before.isFile()) return { kind: 'failed', code: 'special_file' }
    const leaves = await hashLeaves(handle, before, sealer, buffers, options)
    const after = await handle.stat({ bigint: true })
    if (leaves === undefined || !isSameFile(before, after)) return { kind: 'failed', code: 'changing' }
    return { kind: 'hashed', stats: statsOf(after), leaves }
  } catch (error) {
    options.signal?.throwIfAborted()
    return failed(error)
  } finally {
    await handle.close()
  }
}

/** Undefined when the file changes. With `onLeaf`, leaves go there and are not collected. */
async function hashLeaves(
  handle: FileHandle,
  before: BigIntStats,
  sealer: Sealer,
  buffers: LeafBuffers,
  options: { readonly onLeaf?: (leaf: IndexedLeaf) => void; readonly signal?: AbortSignal | undefined },
): Promise<IndexedLeaf[] | undefined> {
  const size = Number(before.size)
  const leaves: IndexedLeaf[] = []
  const deliver = options.onLeaf ?? ((leaf: IndexedLeaf) => void leaves.push(leaf))
  const pending: Promise<IndexedLeaf | undefined>[] = []
  const settleOne = async () => {
    const leaf = await pending.shift()
    if (leaf !== undefined) deliver(leaf)
    return leaf !== undefined
  }
  try {
    for (let start = 0; start < Math.max(size, 1); start += leafBytes) {
      options.signal?.throwIfAborted()
      const isLook = start > 0 && start % (leafBytes * leavesPerLook) === 0
      if (isLook && !isSameFile(before, await handle.stat({ bigint: true }))) return undefined
      pending.push(hashLeaf(handle, start, Math.min(leafBytes, size - start), sealer, buffers))
      if (pending.length >= leavesInFlightMax && !(await settleOne())) return undefined
    }
    while (pending.length > 0) if (!(await settleOne())) return undefined
    return leaves
  } finally {
    await Promise.allSettled(pending)
  }
}

async function hashLeaf(
  handle: FileHandle,
  start: number,
  length: number,
  sealer: Sealer,
  buffers: LeafBuffers,
): Promise<IndexedLeaf | undefined> {
  const buffer = await buffers.take()
  try {
    const plain = buffer.subarray(0, length)
    if ((await fillFrom(handle, plain, start)) !== length) return undefined
    const into = buffer.subarray(leafBytes, leafBytes + length + sealer.overheadBytes)
    const { wire, digest } = await sealer.sealAsync(plain, into)
    return toLeaf(sealer, start, length, wire, digest)
  } finally {
    buffers.giveBack(buffer)
  }
}

function failed(error: unknown): FileHash {
  const code = systemCode(error)
  if (code === 'ENOENT') return { kind: 'failed', code: 'vanished' }
  // O_NOFOLLOW met a link that took the file's place.
  return { kind: 'failed', code: code === 'ELOOP' ? 'changing' : 'unreadable' }
}
