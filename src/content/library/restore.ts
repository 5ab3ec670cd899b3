// What of a version is on disk already when a get begins or goes on: parts in its working folder, files that an earlier
// get left in place, files that had their final names when a crash came. Parts are hashed, whatever was written when;
// files in place are believed when their stamp is the one that this program noted, else hashed too.
//
// Files in place lie where people edit them, so they are looked at once more before the get is finished (`changedInPlace`),
// against the stamp that they had when they were checked.

import { type BigIntStats, readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/ports.ts'
import type { Digest, FileEntry, Inventory } from '../types.ts'
import { type BaseVersion, equalLeaves, holdsLeaves, lstatOrUndefined } from './base-version.ts'
import { createBreath, forEachLimited } from './breathe.ts'
import type { Disk } from './disk.ts'
import { readPiece } from './file-read.ts'
import type { HoldingFacts } from './holding-rows.ts'
import type { CheckLeaf } from './leaf-check.ts'
import { checksAtOnceMax } from './limits.ts'
import type { Placement } from './placement.ts'
import type { SealIds } from './seal-ids.ts'
import type { StampTable } from './stamp-table.ts'
import { lastingStamp, stampOf } from './stamps.ts'

/** What restoring needs of a get. */
export interface RestoreTarget {
  readonly facts: HoldingFacts
  readonly base: BaseVersion | undefined
  readonly path: string
  readonly tree: string
  readonly inventory: Inventory | undefined
  /** Entries whose content lies at its final place, with the stamp that it had when it was checked. */
  readonly installed: StampTable
  readonly check: CheckLeaf
  readonly sealIds: SealIds
  readonly parts: { readonly clock: Clock; readonly disk: Disk }
  countFound(index: number): void
  /** Takes entries for not in place, and their leaves for missing. */
  displace(entries: readonly number[]): void
  writeLeaf(index: number, plain: Uint8Array, except?: number): Promise<void>
}

interface Restore extends RestoreTarget {
  readonly inventory: Inventory
  readonly placement: Placement
  /** The working folder has something in it. */
  readonly hasTree: boolean
  readonly isHole: (plain: Uint8Array, digest: Digest) => Promise<boolean>
  readonly breathe: () => Promise<void>
}

export async function restoreFromDisk(
  target: RestoreTarget,
  placement: Placement,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { inventory, base, facts, tree } = target
  const hasTree = lstatOrUndefined(tree) !== undefined
  if (inventory === undefined || (base === undefined && !facts.installing && !hasTree)) return
  if (hasTree) await clearForeignParts(target, placement)
  const breathe = createBreath(target.parts.clock)
  const restore = createRestore(target, placement, inventory, hasTree, breathe)
  await forEachLimited(placement.entries.keys(), checksAtOnceMax, async (entry) => {
    signal?.throwIfAborted()
    await restoreEntry(restore, entry)
    await breathe()
  })
}

function createRestore(
  target: RestoreTarget,
  placement: Placement,
  inventory: Inventory,
  hasTree: boolean,
  breathe: () => Promise<void>,
): Restore {
  const { facts, base, path, tree, installed, check, sealIds, parts } = target
  return {
    ...{ facts, base, path, tree, installed, check, sealIds, parts, inventory, placement, hasTree, breathe },
    isHole: createHoleCheck(check),
    countFound: (index) => target.countFound(index),
    displace: (entries) => target.displace(entries),
    writeLeaf: (index, plain, except) => target.writeLeaf(index, plain, except),
  }
}

async function restoreEntry(restore: Restore, index: number): Promise<void> {
  const { placement, installed } = restore
  const entry = placement.entries[index]
  if (entry?.kind !== 'file') return
  const stamp = await stampInPlace(restore, entry, placement.pathOf(index))
  if (stamp !== undefined) {
    installed.set(index, stamp)
    if (await takeLeaves(restore, index, entry)) return
    restore.displace([index])
  }
  if (restore.hasTree && placement.isEntryWanted(index)) await restorePart(restore, index, entry)
}

/** The stamp of the file at its final place, if that has this content and is ours; taken before it was looked at. */
async function stampInPlace(restore: Restore, entry: FileEntry, path: string): Promise<string | undefined> {
  const { base, facts, inventory } = restore
  const digests = entry.leaves.map((index) => inventory.digest(index))
  const known = base?.file(path)
  const isUnchanged = base !== undefined && known !== undefined && equalLeaves(known.leaves, digests)
  if (!isUnchanged && !facts.installing) return undefined
  const nowMs = restore.parts.clock.nowMs()
  const stats = statsOf(join(restore.path, path), entry)
  if (stats === undefined) return undefined
  const isOurs = isUnchanged
    ? await base.isUntouched(path, known)
    : await holdsEntry(restore, restore.inventory, entry, path)
  return isOurs ? lastingStamp(stats, nowMs) : undefined
}

/** Of a regular file as long as the entry. */
function statsOf(path: string, entry: FileEntry): BigIntStats | undefined {
  const stats = lstatOrUndefined(path)
  return stats?.isFile() && stats.size === BigInt(entry.bytes) ? stats : undefined
}

function holdsEntry(
  target: Pick<Restore, 'path' | 'placement' | 'check'>,
  inventory: Inventory,
  entry: FileEntry,
  path: string,
): Promise<boolean> {
  const { placement, check } = target
  const leaves = entry.leaves.map((leafIndex, leaf) => ({
    digest: inventory.digest(leafIndex),
    start: placement.startOf(entry, leaf),
    bytes: placement.leafBytes(leafIndex),
  }))
  return holdsLeaves(join(target.path, path), leaves, check)
}

/** Entries in place whose files are no longer what was checked: a person edited, deleted or replaced them since. */
export async function changedInPlace(target: RestoreTarget, placement: Placement): Promise<number[]> {
  const { installed, parts } = target
  const changed: number[] = []
  const breathe = createBreath(parts.clock)
  await forEachLimited(installed.keys(), checksAtOnceMax, async (index) => {
    if (!(await isStillInPlace(target, placement, index))) changed.push(index)
    await breathe()
  })
  return changed
}

async function isStillInPlace(target: RestoreTarget, placement: Placement, index: number): Promise<boolean> {
  const { inventory, installed, path, check, parts } = target
  const entry = placement.entries[index]
  if (entry === undefined || inventory === undefined) return false
  const below = placement.pathOf(index)
  const nowMs = parts.clock.nowMs()
  const stats = statsOf(join(path, below), entry)
  if (stats === undefined) return false
  if (stampOf(stats) === installed.get(index)) return true
  if (!(await holdsEntry({ path, placement, check }, inventory, entry, below))) return false
  installed.set(index, lastingStamp(stats, nowMs))
  return true
}

/** Counts the leaves of a file in place, after bringing each to the other places that it has; false: it has not all. */
async function takeLeaves(restore: Restore, index: number, entry: FileEntry): Promise<boolean> {
  for (const leaf of entry.leaves.keys()) {
    if (!(await takeLeaf(restore, index, entry, leaf))) return false
    await restore.breathe()
  }
  return true
}

async function takeLeaf(restore: Restore, index: number, entry: FileEntry, leaf: number): Promise<boolean> {
  const { placement, installed } = restore
  const block = entry.leaves[leaf] ?? 0
  if (placement.isCounted(block)) return true
  const others = placement.places(block).some((place) => !installed.has(place.entry))
  if (others) {
    const path = join(restore.path, placement.pathOf(index))
    const plain = await readPiece(path, placement.startOf(entry, leaf), placement.leafBytes(block))
    const wire =
      plain === undefined ? undefined : await restore.check(plain, restore.inventory.digest(block), undefined)
    if (plain === undefined || wire === undefined) return false
    restore.sealIds.note(block, wire)
    await restore.writeLeaf(block, plain, index)
  }
  restore.countFound(block)
  return true
}

async function restorePart(restore: Restore, index: number, entry: FileEntry): Promise<void> {
  const { placement, inventory, check } = restore
  const path = join(restore.tree, placement.pathOf(index))
  const stats = lstatOrUndefined(path)
  if (stats === undefined) return
  if (!stats.isFile()) return restore.parts.disk.remove(path)
  if (stats.size > BigInt(entry.bytes)) truncateSync(path, entry.bytes)
  for (const [leaf, block] of entry.leaves.entries()) {
    await restore.breathe()
    if (placement.isCounted(block)) continue
    const plain = await readPiece(path, placement.startOf(entry, leaf), placement.leafBytes(block))
    if (plain === undefined || (await restore.isHole(plain, inventory.digest(block)))) continue
    const wire = await check(plain, inventory.digest(block), undefined)
    if (wire === undefined) continue
    restore.sealIds.note(block, wire)
    await restore.writeLeaf(block, plain, index)
    restore.countFound(block)
  }
}

/** Parts are sparse: where nothing was written they read as zeros, which need no hashing to be told from content. */
function createHoleCheck(check: CheckLeaf): Restore['isHole'] {
  const zeros = new Map<number, { readonly bytes: Buffer; digestIs: (digest: Digest) => Promise<boolean> }>()
  return async (plain, digest) => {
    let hole = zeros.get(plain.length)
    if (hole === undefined) {
      const bytes = Buffer.alloc(plain.length)
      hole = { bytes, digestIs: async (other) => (await check(bytes, other, undefined)) !== undefined }
      if (zeros.size < 4) zeros.set(plain.length, hole)
    }
    return plain.length > 0 && equalBytesFast(hole.bytes, plain) && !(await hole.digestIs(digest))
  }
}

function equalBytesFast(a: Buffer, b: Uint8Array): boolean {
  // The first bytes tell most blocks apart without a call.
  return equalBytes(a.subarray(0, 16), b.subarray(0, 16)) && a.equals(b)
}

/** Takes away what an older version left in the working folder: its tree is to become the share's. */
async function clearForeignParts(target: RestoreTarget, placement: Placement): Promise<void> {
  const { tree, parts } = target
  if (placement.entries.length === 1 && placement.pathOf(0) === '') return
  const breathe = createBreath(parts.clock)
  const files = new Set<string>()
  const folders = new Set<string>([''])
  for (const index of placement.entries.keys()) {
    await breathe()
    if (!placement.isEntryWanted(index)) continue
    const path = placement.pathOf(index)
    if (placement.entries[index]?.kind === 'folder') folders.add(path)
    else files.add(path)
    addFoldersOf(path, folders)
  }
  const visit = async (below: string): Promise<void> => {
    for (const entry of readdirSync(join(tree, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory() && folders.has(path)) await visit(path)
      else if (!(entry.isFile() && files.has(path))) await parts.disk.remove(join(tree, path))
      await breathe()
    }
  }
  if (lstatOrUndefined(tree)?.isDirectory()) await visit('')
  else await parts.disk.remove(tree)
}

function addFoldersOf(path: string, folders: Set<string>): void {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) folders.add(path.slice(0, end))
}
