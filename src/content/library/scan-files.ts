// The steps of a scan's walk, some dozens together: small files are hashed by the block worker or, while that has enough to
// do, on this thread; those of one leaf in the thread pool some at a time, large ones leaf by leaf; files whose stamp is
// that of the index not at all. Whatever is quicker, they enter index and version in the order of the walk.
//
//   take ──► batch ──► hashes (worker, this thread, pool) ──► settle in order: index rows, leaves, file and folder nodes

import type { Clock } from '../../base/ports.ts'
import { buildFile, buildFolder, type DagLink, leafLink, type NamedLink } from '../format/dag.ts'
import type { ShareKeys } from '../format/keys.ts'
import { leafBytes } from '../format/limits.ts'
import type { Sealer } from '../format/seal.ts'
import type { BlockWorker } from '../worker/worker.ts'
import { lstatOrUndefined } from './base-version.ts'
import type { BlockIndex, HoldingRow, IndexedFile, IndexedLeaf, IndexWriter } from './block-index.ts'
import { forEachLimited } from './breathe.ts'
import type { SkipCode } from './errors.ts'
import {
  type FileHash,
  hashFile,
  isChanging,
  type LargerFile,
  type LeafBuffers,
  type SmallHasher,
} from './hash-file.ts'
import {
  batchesInFlightMax,
  batchesWithWorkerMax,
  fileReadAttemptsMax,
  filesForWorkerMin,
  leavesInFlightMax,
  skippedListedMax,
  stepsPerBatch,
} from './limits.ts'
import { type FileStats, folderMark, lastingStamp, noStamp, stampOf } from './stamps.ts'
import type { VersionDraft } from './version-draft.ts'
import { missingCode, type WalkOptions, type WalkStep } from './walk.ts'

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
  readonly worker: Pick<BlockWorker, 'hashFiles'>
}

export interface ScanRequest extends WalkOptions {
  readonly path: string
  readonly holding: HoldingRow
  readonly keys: ShareKeys
  readonly onProgress?: (progress: ScanProgress) => void
}

/** A scan under way. */
export interface Scanner extends ScanRequest, ScanParts {
  readonly sealer: Sealer
  readonly draft: VersionDraft
  readonly writer: IndexWriter
  readonly buffers: LeafBuffers
  readonly hashSmall: SmallHasher
  /** Index rows that this scan met unchanged. */
  readonly met: Set<number>
  readonly skipped: Skipped[]
  /** The index has nothing of this share yet. */
  readonly isFirst: boolean
  /** Folders that the settled steps have entered and not left. */
  readonly folders: { readonly name: string; readonly entries: NamedLink[] }[]
  /** Batches that are not settled, in the order of the walk. */
  readonly pending: Promise<Batch>[]
  /** Steps of the next one. */
  steps: TakenStep[]
  /** Batches that the worker has. */
  withWorker: number
  skippedCount: number
  unsettled: boolean
  files: number
  bytes: number
  root: DagLink | undefined
  sliceStartMs: number
}

type FileStep = Extract<WalkStep, { kind: 'file' }>

/** A step of the walk; `known`: its file is as the index has it. */
interface TakenStep {
  readonly step: WalkStep
  readonly known: IndexedFile | undefined
}

interface Batch {
  readonly steps: readonly TakenStep[]
  /** Of the files that the index does not know, in order; `larger` is left only for those of several leaves. */
  readonly hashes: readonly (FileHash | LargerFile)[]
  /** `Clock.nowMs` before any was opened. */
  readonly readAtMs: number
}

/** Takes a step of the walk into index and version, some time before {@link drain} resolves. */
export async function take(scanner: Scanner, step: WalkStep): Promise<void> {
  const known = step.kind === 'file' && !scanner.isFirst ? unchangedRow(scanner, step) : undefined
  if (scanner.steps.push({ step, known }) < stepsPerBatch) return
  startBatch(scanner)
  await settleUntil(scanner, batchesInFlightMax)
}

/** Settles all steps that were taken. */
export async function drain(scanner: Scanner): Promise<void> {
  startBatch(scanner)
  await settleUntil(scanner, 0)
}

/** The index row of a file that is as it was when it was hashed. */
function unchangedRow({ index, holding }: Scanner, step: FileStep): IndexedFile | undefined {
  const known = index.file(holding, step.path.join('/'))
  if (known === undefined) return undefined
  const stats = lstatOrUndefined(step.absolute)
  return stats !== undefined && stampOf(stats) === known.stamp ? known : undefined
}

// ---- hashing

function startBatch(scanner: Scanner): void {
  const { steps } = scanner
  scanner.steps = []
  if (steps.length > 0) scanner.pending.push(hashBatch(scanner, steps))
}

async function hashBatch(scanner: Scanner, steps: readonly TakenStep[]): Promise<Batch> {
  const readAtMs = scanner.clock.nowMs()
  const paths = steps.flatMap(({ step, known }) => (step.kind === 'file' && known === undefined ? [step.absolute] : []))
  const hashes = await hashSmallFiles(scanner, paths)
  await forEachLimited(hashes.entries(), leavesInFlightMax, async ([at, hash]) => {
    if (hash.kind === 'larger' && hash.bytes <= leafBytes) hashes[at] = await hashMedium(scanner, paths[at] ?? '')
  })
  return { steps, hashes, readAtMs }
}

async function hashSmallFiles(scanner: Scanner, paths: readonly string[]): Promise<(FileHash | LargerFile)[]> {
  const { worker, keys, hashSmall } = scanner
  const isForWorker = scanner.files >= filesForWorkerMin && paths.length > 0
  const hashing =
    isForWorker && scanner.withWorker < batchesWithWorkerMax ? worker.hashFiles({ keys, paths }) : undefined
  if (hashing === undefined) return paths.map(hashSmall)
  scanner.withWorker += 1
  try {
    return (await hashing) ?? paths.map(hashSmall)
  } finally {
    scanner.withWorker -= 1
  }
}

async function hashMedium({ sealer, buffers, signal }: Scanner, path: string): Promise<FileHash> {
  let hash = await hashFile(path, sealer, buffers, { signal })
  for (let attempt = 1; attempt < fileReadAttemptsMax && isChanging(hash); attempt++) {
    hash = await hashFile(path, sealer, buffers, { signal })
  }
  return hash
}

// ---- settling

/** Settles batches in order until at most `pendingMax` are under way. */
async function settleUntil(scanner: Scanner, pendingMax: number): Promise<void> {
  while (scanner.pending.length > pendingMax) {
    const batch = await scanner.pending[0]
    await scanner.pending.shift()
    if (batch !== undefined) await settle(scanner, batch)
  }
}

async function settle(scanner: Scanner, { steps, hashes, readAtMs }: Batch): Promise<void> {
  const hash = hashes.values()
  for (const { step, known } of steps) {
    if (step.kind === 'enter') scanner.folders.push({ name: step.path.at(-1) ?? '', entries: [] })
    else if (step.kind === 'leave') leaveFolder(scanner, step.path)
    else if (step.kind === 'skipped') skip(scanner, step.path, step.code)
    else if (known !== undefined) reuse(scanner, step, known)
    else await settleFile(scanner, step, hash.next().value, readAtMs)
  }
}

async function settleFile(
  scanner: Scanner,
  step: FileStep,
  hash: FileHash | LargerFile | undefined,
  readAtMs: number,
): Promise<void> {
  if (hash === undefined) throw new Error('assertion failed: every file of a batch is hashed')
  if (hash.kind === 'larger') return hashLarge(scanner, step, hash.bytes)
  if (hash.kind === 'failed') return skip(scanner, step.path, missingCode(step.path, hash.code))
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

function skip(scanner: Scanner, path: readonly string[], code: SkipCode): void {
  scanner.skippedCount += 1
  if (code === 'changing') scanner.unsettled = true
  if (scanner.skipped.length < skippedListedMax) scanner.skipped.push({ path: path.join('/'), code })
}

function leaveFolder(scanner: Scanner, path: readonly string[]): void {
  const folder = scanner.folders.pop()
  if (folder === undefined) return
  if (folder.entries.length === 0) noteEmptyFolder(scanner, path)
  addLink(scanner, folder.name, buildFolder(folder.entries, scanner.draft.putNode))
}

/** Hangs what is complete into the folder that is open, or makes it the share. */
function addLink(scanner: Scanner, name: string, link: DagLink): void {
  const folder = scanner.folders.at(-1)
  if (folder === undefined) scanner.root = link
  else folder.entries.push({ name, link })
}

/** An empty folder has no file that would stand for it in the index, yet its coming and going is a change. */
function noteEmptyFolder({ index, holding, met, writer }: Scanner, path: readonly string[]): void {
  const key = path.join('/') + folderMark
  const known = index.file(holding, key)
  if (known !== undefined) met.add(known.id)
  else writer.add(1, () => met.add(index.putFile(holding, { path: key, bytes: 0, stamp: noStamp })))
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
  addLink(scanner, step.path.at(-1) ?? '', link)
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
): Promise<{ hash: FileHash; links: DagLink[]; commit: (stats: FileStats) => void }> {
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
  const commit = (stats: FileStats) => {
    writer.add(1, () => index.setStamp(id, lastingStamp(stats, readAtMs)))
  }
  return { hash, links, commit }
}
