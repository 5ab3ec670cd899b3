// Makes a version of what lies at a path: walks it, reads each byte once, builds the DAG and fills the block index.
// Files whose stamp is that of the index are not read: their leaves come from the index.
//
//   walk ──► scan-files.ts: hashes, and in walk order index rows and the nodes of files and folders ──► draft.seal
//
// What must stay true: the index may run ahead of the signed version (rows are hints), never the other way round.

import { lstatSync } from 'node:fs'
import type { PeerhoodError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import type { DagLink } from '../format/dag.ts'
import { createSealer } from '../format/seal.ts'
import type { VersionMeta } from '../types.ts'
import { lstatOrUndefined } from './base-version.ts'
import { type BlockIndex, createIndexWriter, filePages } from './block-index.ts'
import { createBreath } from './breathe.ts'
import { libraryErrors } from './errors.ts'
import { createLeafBuffers, createSmallHasher } from './hash-file.ts'
import { bytesPerRow, sliceMs } from './limits.ts'
import {
  drain,
  type Scanner,
  type ScanParts,
  type ScanProgress,
  type ScanRequest,
  type Skipped,
  take,
} from './scan-files.ts'
import { folderMark, noStamp, stampOf } from './stamps.ts'
import { VersionDraft } from './version-draft.ts'
import { type WalkOptions, walk } from './walk.ts'

/** What a scan found besides the blocks, which are in the draft and the index. */
export interface Scan {
  readonly draft: VersionDraft
  readonly root: DagLink
  readonly kind: VersionMeta['kind']
  readonly files: number
  readonly bytes: number
  /** The first of them; `skippedCount` counts all. */
  readonly skipped: readonly Skipped[]
  readonly skippedCount: number
  /** Files that changed under the reader: look again soon. */
  readonly unsettled: boolean
  /** Ids of index rows that are no longer there. */
  readonly vanished: readonly number[]
}

/** Scans. Throws what `walk` throws; rejects with the signal's reason when that aborts. */
export async function scan(parts: ScanParts, request: ScanRequest): Promise<Scan> {
  const scanner = createScanner(parts, request)
  let isFolder = false
  try {
    for await (const step of walk(request.path, request)) {
      isFolder ||= step.kind === 'enter'
      await take(scanner, step)
      await breathe(scanner)
    }
    await drain(scanner)
  } finally {
    await Promise.allSettled(scanner.pending)
    scanner.writer.flush()
  }
  await breathe(scanner)
  return finish(scanner, isFolder ? 'folder' : 'file')
}

/** How many rows of files a node's bytes cost as much as. */
function rowsOf(wire: Uint8Array): number {
  return 1 + Math.floor(wire.length / bytesPerRow)
}

function createScanner(parts: ScanParts, request: ScanRequest): Scanner {
  const writer = createIndexWriter(parts.index)
  const sealer = createSealer(request.keys)
  const storeNode = (digest: Parameters<BlockIndex['putStored']>[1], wire: Uint8Array) => {
    writer.add(rowsOf(wire), () => parts.index.putStored(request.holding, digest, wire))
  }
  return {
    ...parts,
    ...request,
    writer,
    sealer,
    draft: new VersionDraft(sealer, storeNode),
    buffers: createLeafBuffers(),
    hashSmall: createSmallHasher(sealer),
    met: new Set(),
    skipped: [],
    folders: [],
    pending: [],
    steps: [],
    withWorker: 0,
    isFirst: parts.index.filesAfter(request.holding, undefined, 1).length === 0,
    skippedCount: 0,
    unsettled: false,
    files: 0,
    bytes: 0,
    root: undefined,
    sliceStartMs: parts.clock.monotonicMs(),
  }
}

/** Lets others have the thread when small files have held it for a while. */
async function breathe(scanner: Scanner): Promise<void> {
  if (scanner.clock.monotonicMs() - scanner.sliceStartMs < sliceMs) return
  scanner.onProgress?.({ files: scanner.files, bytes: scanner.bytes })
  await new Promise((resolve) => setImmediate(resolve))
  scanner.signal?.throwIfAborted()
  scanner.sliceStartMs = scanner.clock.monotonicMs()
}

async function finish(scanner: Scanner, kind: Scan['kind']): Promise<Scan> {
  const { draft, root, files, bytes, skipped, skippedCount, unsettled } = scanner
  if (root === undefined) throw unreadableRoot(scanner)
  scanner.onProgress?.({ files, bytes })
  return { draft, root, kind, files, bytes, skipped, skippedCount, unsettled, vanished: await vanishedRows(scanner) }
}

/** Only a share that is a single file can end without a root. */
function unreadableRoot({ path, skipped }: Scanner): PeerhoodError {
  if (skipped[0]?.code === 'vanished') return libraryErrors.path_vanished(`${path} is not there any more.`)
  if (skipped[0]?.code === 'changing') return libraryErrors.path_changing(`${path} changes while it is read.`)
  return libraryErrors.path_unreadable(`${path} can't be read.`)
}

async function vanishedRows(scanner: Scanner): Promise<number[]> {
  const { index, holding, met } = scanner
  const isAllMet = index.fileCount(holding) === met.size
  await breathe(scanner)
  if (isAllMet) return []
  const vanished: number[] = []
  for (const files of filePages(index, holding)) {
    for (const { id } of files) if (!met.has(id)) vanished.push(id)
    await breathe(scanner)
  }
  return vanished
}

/** Whether all that lies at the path is as the index has it, by stamps alone: no file is opened. */
export async function isUnchanged(
  parts: Pick<ScanParts, 'clock' | 'index'>,
  request: WalkOptions & Pick<ScanRequest, 'path' | 'holding'>,
): Promise<boolean> {
  const { clock, index } = parts
  const { holding } = request
  /** Entries so far of each folder that is open. */
  const entries: number[] = []
  const breathe = createBreath(clock)
  let met = 0
  for await (const step of walk(request.path, request)) {
    const parent = entries.length - 1
    if (step.kind === 'file' || step.kind === 'enter') entries[parent] = (entries[parent] ?? 0) + 1
    if (step.kind === 'enter') entries.push(0)
    const isEmptyFolder = step.kind === 'leave' && entries.pop() === 0
    if (step.kind === 'file' || isEmptyFolder) {
      const key = step.path.join('/') + (isEmptyFolder ? folderMark : '')
      const stats = step.kind === 'file' ? lstatOrUndefined(step.absolute) : undefined
      const stamp = step.kind === 'file' ? stats && stampOf(stats) : noStamp
      const known = index.file(holding, key)
      // A stamp that says "look at the content" is never that of a file.
      if (known === undefined || known.stamp !== stamp) return false
      met += 1
    }
    await breathe()
  }
  return met === index.fileCount(holding)
}

/** Before anything was counted. */
export const nothingAhead: ScanProgress = { files: 0, bytes: 0 }

/** What a scan will read: files and their sizes, without opening any. */
export async function countAhead(clock: Clock, path: string, options: WalkOptions): Promise<ScanProgress> {
  const breathe = createBreath(clock)
  let files = 0
  let bytes = 0
  for await (const step of walk(path, options)) {
    if (step.kind !== 'file') continue
    files += 1
    bytes += lstatSync(step.absolute, { throwIfNoEntry: false })?.size ?? 0
    await breathe()
  }
  return { files, bytes }
}
