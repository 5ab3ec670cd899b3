// The files of a scan: unchanged ones from the index, small ones hashed at once, those of one leaf in the thread pool some
// at a time, large ones leaf by leaf. Whatever is quicker, they enter index and version in the order of the walk.

import type { BigIntStats } from 'node:fs'
import type { Clock } from '../../base/ports.ts'
import { buildFile, type DagLink, leafLink, type NamedLink } from '../format/dag.ts'
import { leafBytes } from '../format/limits.ts'
import type { Sealer } from '../format/seal.ts'
import { lstatOrUndefined } from './base-version.ts'
import type { BlockIndex, HoldingRow, IndexedFile, IndexedLeaf, IndexWriter } from './block-index.ts'
import type { SkipCode } from './errors.ts'
import { type FileHash, hashFile, hashFileNow, type LargerFile, type LeafBuffers } from './hash-file.ts'
import { fileReadAttemptsMax, leavesInFlightMax, skippedListedMax } from './limits.ts'
import { lastingStamp, noStamp, stampOf } from './stamps.ts'
import type { VersionDraft } from './version-draft.ts'
import { missingCode, type WalkOptions } from './walk.ts'

export interface Skipped {
  /** Below the shared path, "/" between names. */
  readonly path: string
  readonly code: SkipCode
}

export interface ScanProgress {
  readonly files: number
  readonly bytes: number
}

export interface ScanParts {
  readonly clock: Clock
  readonly index: BlockIndex
}

export interface ScanRequest extends WalkOptions {
  readonly path: string
  readonly holding: HoldingRow
  readonly sealer: Sealer
  readonly onProgress?: (progress: ScanProgress) => void
}

/** A scan under way. */
export interface Scanner extends ScanRequest, ScanParts {
  readonly draft: VersionDraft
  readonly writer: IndexWriter
  readonly buffers: LeafBuffers
  readonly scratch: Uint8Array
  /** Index rows that this scan met unchanged. */
  readonly met: Set<number>
  readonly skipped: Skipped[]
  /** The index has nothing of this share yet. */
  readonly isFirst: boolean
  readonly folders: { readonly name: string; readonly entries: NamedLink[] }[]
  readonly pending: Promise<FileDone>[]
  skippedCount: number
  unsettled: boolean
  files: number
  bytes: number
  root: DagLink | undefined
  sliceStartMs: number
}

/** A file that the walk came to. */
export interface FileStep {
  readonly path: readonly string[]
  readonly absolute: string
  /** Where its link goes: by the time a file is done the walk may be in another folder. Undefined: it is the share. */
  readonly entries: NamedLink[] | undefined
}

interface FileDone {
  readonly step: FileStep
  readonly hash: FileHash
  /** `Clock.nowMs` before it was opened. */
  readonly readAtMs: number
}

export function skip(scanner: Scanner, path: readonly string[], code: SkipCode): void {
  scanner.skippedCount += 1
  if (code === 'changing') scanner.unsettled = true
  if (scanner.skipped.length < skippedListedMax) scanner.skipped.push({ path: path.join('/'), code })
}

/** Takes a file into index and version; it may still be under way when this resolves: see {@link drain}. */
export async function takeFile(scanner: Scanner, step: FileStep): Promise<void> {
  const known = scanner.isFirst ? undefined : unchangedRow(scanner, step)
  if (known !== undefined) {
    await drain(scanner, 0)
    return reuse(scanner, step, known)
  }
  const readAtMs = scanner.clock.nowMs()
  const hash = hashSmall(scanner, step)
  if (hash.kind === 'larger' && hash.bytes > leafBytes) {
    await drain(scanner, 0)
    return hashLarge(scanner, step, hash.bytes)
  }
  if (hash.kind !== 'larger' && scanner.pending.length === 0) return settle(scanner, { step, hash, readAtMs })
  scanner.pending.push(hash.kind === 'larger' ? hashMedium(scanner, step) : Promise.resolve({ step, hash, readAtMs }))
  return drain(scanner, leavesInFlightMax)
}

/** The index row of a file that is as it was when it was hashed. */
function unchangedRow({ index, holding }: Scanner, step: FileStep): IndexedFile | undefined {
  const known = index.file(holding, step.path.join('/'))
  if (known === undefined) return undefined
  const stats = lstatOrUndefined(step.absolute)
  return stats !== undefined && stampOf(stats) === known.stamp ? known : undefined
}

/** Settles files in order until at most `pendingMax` are under way. */
export async function drain(scanner: Scanner, pendingMax: number): Promise<void> {
  while (scanner.pending.length > pendingMax) {
    const done = await scanner.pending[0]
    await scanner.pending.shift()
    if (done !== undefined) settle(scanner, done)
  }
}

function hashSmall({ sealer, scratch }: Scanner, step: FileStep): FileHash | LargerFile {
  let hash = hashFileNow(step.absolute, sealer, scratch)
  for (let attempt = 1; attempt < fileReadAttemptsMax && isChanging(hash); attempt++) {
    hash = hashFileNow(step.absolute, sealer, scratch)
  }
  return hash
}

async function hashMedium({ sealer, buffers, clock, signal }: Scanner, step: FileStep): Promise<FileDone> {
  const readAtMs = clock.nowMs()
  let hash = await hashFile(step.absolute, sealer, buffers, { signal })
  for (let attempt = 1; attempt < fileReadAttemptsMax && isChanging(hash); attempt++) {
    hash = await hashFile(step.absolute, sealer, buffers, { signal })
  }
  return { step, hash, readAtMs }
}

function isChanging(hash: FileHash | LargerFile): boolean {
  return hash.kind === 'failed' && hash.code === 'changing'
}

/** Takes a hashed file's leaves into index and version. */
function settle(scanner: Scanner, { step, hash, readAtMs }: FileDone): void {
  if (hash.kind === 'failed') {
    skip(scanner, step.path, missingCode(step.path, hash.code))
    return
  }
  const { index, holding, writer, met } = scanner
  const { leaves, stats } = hash
  const file = { path: step.path.join('/'), bytes: Number(stats.size), stamp: lastingStamp(stats, readAtMs) }
  writer.add(1 + leaves.length, () => {
    const id = index.putFile(holding, file)
    index.addLeaves(holding, id, 0, leaves)
    met.add(id)
  })
  scanner.bytes += file.bytes
  const links = leaves.map((leaf) => leafLink(leaf.digest, leaf.bytes))
  addFile(scanner, step, links)
}

function reuse(scanner: Scanner, step: FileStep, file: IndexedFile): void {
  scanner.met.add(file.id)
  scanner.bytes += file.bytes
  const leaves = scanner.index.leavesOf(file.id)
  addFile(
    scanner,
    step,
    leaves.map((leaf) => leafLink(leaf.digest, leaf.bytes)),
  )
}

/** Builds the file's DAG and hangs it into its folder. */
function addFile(scanner: Scanner, step: FileStep, leaves: readonly DagLink[]): void {
  const { draft, sealer } = scanner
  for (const leaf of leaves) draft.addLeaf(leaf.digest, leaf.fileBytes + sealer.overheadBytes)
  const link = buildFile(leaves, draft.putNode)
  scanner.files += 1
  if (step.entries === undefined) scanner.root = link
  else step.entries.push({ name: step.path.at(-1) ?? '', link })
}

/** Leaves of a large file go to the index as they come; to the version only when the file held still to its end. */
async function hashLarge(scanner: Scanner, step: FileStep, size: number): Promise<void> {
  const { bytes } = scanner
  for (let attempt = 1; attempt <= fileReadAttemptsMax; attempt++) {
    scanner.bytes = bytes
    const { hash, links, commit } = await hashLargeOnce(scanner, step, size)
    if (hash.kind === 'hashed') {
      commit(hash.stats)
      return addFile(scanner, step, links)
    }
    if (hash.code !== 'changing' || attempt === fileReadAttemptsMax) skip(scanner, step.path, hash.code)
    if (hash.code !== 'changing') break
  }
  scanner.bytes = bytes
}

async function hashLargeOnce(
  scanner: Scanner,
  step: FileStep,
  size: number,
): Promise<{ hash: FileHash; links: DagLink[]; commit: (stats: BigIntStats) => void }> {
  const { index, holding, writer, met, sealer, buffers, clock, signal } = scanner
  const links: DagLink[] = []
  const path = step.path.join('/')
  const readAtMs = clock.nowMs()
  let id = 0
  writer.add(1, () => {
    id = index.putFile(holding, { path, bytes: size, stamp: noStamp })
    met.add(id)
  })
  const onLeaf = (leaf: IndexedLeaf) => {
    const number = links.push(leafLink(leaf.digest, leaf.bytes)) - 1
    writer.add(1, () => index.addLeaves(holding, id, number, [leaf]))
    scanner.bytes += leaf.bytes
    scanner.onProgress?.({ files: scanner.files, bytes: scanner.bytes })
  }
  const hash = await hashFile(step.absolute, sealer, buffers, { onLeaf, signal })
  const commit = (stats: BigIntStats) => {
    writer.add(1, () => index.setStamp(id, lastingStamp(stats, readAtMs)))
  }
  return { hash, links, commit }
}
