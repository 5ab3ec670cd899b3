// The end of a get: its files reach the disk, take their final names, and the database learns where they are.
//
//   flush parts ──► note "installing" ──► names ──► flush folders ──► rows, "done" ──► working folder away
//
// A new share gets its place by one rename. Into a share that was got before, files are renamed one by one, over files
// that are still as we wrote them; what a person edited is kept beside as "name (edited …)". After a crash anywhere
// here, the next open finds files at both places and goes on.
//
// What must stay true: a file's row has the stamp with which its content was known to be right, never one that was taken
// later, so that an edit made at any moment is seen as one.

import { type BigIntStats, mkdirSync, rmdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../../base/ports.ts'
import type { Bitfield } from '../format/bitfield.ts'
import type { IndexedInventory } from '../format/inventory.ts'
import { itemsPerStep } from '../format/steps.ts'
import { type BaseVersion, lstatOrUndefined } from './base-version.ts'
import { type BlockIndex, createIndexWriter, filePages, type HoldingRow, storedPages } from './block-index.ts'
import { createBreath } from './breathe.ts'
import type { Disk } from './disk.ts'
import { libraryErrors, writeError } from './errors.ts'
import type { HoldingFacts, HoldingPatch, HoldingRows } from './holding-rows.ts'
import { nameTriesMax } from './limits.ts'
import { createPathSet } from './path-set.ts'
import type { Placement } from './placement.ts'
import { nameWithSuffix } from './safe-names.ts'
import type { SealIds } from './seal-ids.ts'
import { StampTable } from './stamp-table.ts'
import { lastingStamp, noStamp, stampOf } from './stamps.ts'

/** What installing needs of a get. */
export interface InstallTarget {
  readonly facts: HoldingFacts
  readonly base: BaseVersion | undefined
  readonly path: string
  readonly tree: string
  readonly inventory: IndexedInventory | undefined
  readonly have: Bitfield
  /** Entries in place, with the stamp of each when it was checked. */
  readonly installed: StampTable
  readonly sealIds: SealIds
  readonly parts: {
    readonly clock: Clock
    readonly disk: Disk
    readonly index: BlockIndex
    readonly rows: HoldingRows
    readonly freePath: (path: string) => string
    readonly sweep: (holding: HoldingRow) => void
  }
}

/** `update` writes to the holding's row and to what `target.facts` gives. */
export async function install(
  target: InstallTarget,
  placement: Placement,
  update: (patch: HoldingPatch) => void,
): Promise<HoldingFacts> {
  const { disk } = target.parts
  const moving = await movingEntries(target, placement)
  await disk.flush(target.facts.work ?? '', {
    *[Symbol.iterator]() {
      for (const entry of moving) yield join(target.tree, placement.pathOf(entry))
    },
  })
  const wasInstalling = target.facts.installing
  if (target.base === undefined && !wasInstalling && lstatOrUndefined(target.path) !== undefined) {
    update({ path: target.parts.freePath(target.path) })
  }
  update({ installing: true })
  const isNew = target.base === undefined && target.installed.size === 0 && lstatOrUndefined(target.path) === undefined
  const stamps = isNew ? await placeWhole(target, placement, moving) : await placeEach(target, placement, moving)
  target.installed.takeOver(stamps)
  await writeRows(target, placement)
  return settle(target, update)
}

/** Wanted files whose content lies in the working folder. */
async function movingEntries(target: InstallTarget, placement: Placement): Promise<number[]> {
  const breathe = createBreath(target.parts.clock)
  const moving: number[] = []
  for (const [entry, { kind }] of placement.entries.entries()) {
    if (placement.isEntryWanted(entry) && kind === 'file' && !target.installed.has(entry)) moving.push(entry)
    if (entry % itemsPerStep === 0) await breathe()
  }
  return moving
}

function* emptyFolders(placement: Placement): Generator<string, void, undefined> {
  for (const [entry, { kind }] of placement.entries.entries()) {
    if (kind === 'folder' && placement.isEntryWanted(entry)) yield placement.pathOf(entry)
  }
}

/** All at once: the tree becomes the share. Renaming it changes none of its files' stamps. */
async function placeWhole(target: InstallTarget, placement: Placement, moving: readonly number[]): Promise<StampTable> {
  const { disk, clock } = target.parts
  const breathe = createBreath(clock)
  const stamps = new StampTable()
  for (const folder of emptyFolders(placement)) {
    disk.makeFolder(join(target.tree, folder))
    await breathe()
  }
  for (const entry of moving) {
    const stats = lstatOrUndefined(join(target.tree, placement.pathOf(entry)))
    stamps.set(entry, stats === undefined ? noStamp : lastingStamp(stats, clock.nowMs()))
    await breathe()
  }
  await disk.rename(target.tree, target.path)
  await disk.flushFolder(dirname(target.path))
  return stamps
}

/** One by one, into what an earlier get (or an earlier run of this one) left. */
async function placeEach(target: InstallTarget, placement: Placement, moving: readonly number[]): Promise<StampTable> {
  const { disk, clock } = target.parts
  const breathe = createBreath(clock)
  const touched = new Set<string>([dirname(target.path)])
  const stamps = new StampTable()
  await removeVanished(target, placement)
  const makeFolder = createFolderMaker(target)
  for (const folder of emptyFolders(placement)) await makeFolder(join(target.path, folder))
  for (const entry of moving) {
    const below = placement.pathOf(entry)
    const path = join(target.path, below)
    if (below !== '') await makeFolder(dirname(path))
    if (!(await mayReplace(target, below, path))) await moveAside(target, path)
    const before = lstatOrUndefined(join(target.tree, below))
    await disk.rename(join(target.tree, below), path)
    stamps.set(entry, stampOfMoved(before, lstatOrUndefined(path), clock.nowMs()))
    touched.add(dirname(path))
    await breathe()
  }
  for (const folder of touched) await disk.flushFolder(folder)
  return stamps
}

/** Renaming a file changes its change time, and nothing else: what differs in more was edited since. */
function stampOfMoved(before: BigIntStats | undefined, after: BigIntStats | undefined, nowMs: number): string {
  if (before === undefined || after === undefined) return noStamp
  const isSame = before.ino === after.ino && before.size === after.size && before.mtimeNs === after.mtimeNs
  return isSame ? lastingStamp(after, nowMs) : noStamp
}

/** Whether nothing is lost when another file takes the path's place. */
async function mayReplace({ base }: Pick<InstallTarget, 'base'>, below: string, path: string): Promise<boolean> {
  const before = lstatOrUndefined(path)
  if (before === undefined) return true
  if ((await base?.isUntouched(below)) !== true) return false
  // It may have been read for long: an edit behind the reader counts, too.
  const after = lstatOrUndefined(path)
  return after === undefined || stampOf(after) === stampOf(before)
}

/** Keeps what is not ours: "report (edited 2026-03-01 12.30).txt". */
async function moveAside({ parts }: InstallTarget, path: string): Promise<void> {
  const when = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short' }).format(parts.clock.nowMs())
  for (let number = 1; number <= nameTriesMax; number++) {
    const suffix = ` (edited ${when.replace(':', '.')}${number === 1 ? '' : `, ${number}`})`
    const aside = join(dirname(path), nameWithSuffix(basename(path), suffix))
    if (lstatOrUndefined(aside) !== undefined) continue
    return parts.disk.rename(path, aside)
  }
  throw libraryErrors.disk_failed(`There is no free name to keep ${path} under.`)
}

/** Makes folders below the share's top; a file or a link that stands where a folder has to be is kept beside. */
function createFolderMaker(target: InstallTarget): (path: string) => Promise<void> {
  const made = new Set<string>()
  const make = async (path: string): Promise<void> => {
    if (made.has(path)) return
    if (path !== target.path) await make(dirname(path))
    const stats = lstatOrUndefined(path)
    if (stats !== undefined && !stats.isDirectory()) await moveAside(target, path)
    if (stats === undefined || !stats.isDirectory()) {
      try {
        mkdirSync(path)
      } catch (error) {
        throw writeError(error, path)
      }
    }
    made.add(path)
  }
  return make
}

/** Files of the version before that the new one has no more, unless a person changed them. */
async function removeVanished({ base, path, parts }: InstallTarget, placement: Placement): Promise<void> {
  if (base === undefined) return
  const breathe = createBreath(parts.clock)
  const kept = createPathSet()
  for (const entry of placement.entries.keys()) {
    kept.add(placement.pathOf(entry))
    await breathe()
  }
  for (const files of filePages(parts.index, base.facts.id)) {
    for (const { path: below } of files) {
      await breathe()
      const absolute = join(path, below)
      if (kept.has(below) || !(await mayReplace({ base }, below, absolute))) continue
      await parts.disk.remove(absolute)
      removeEmptyFolders(path, dirname(absolute))
    }
  }
}

function removeEmptyFolders(top: string, folder: string): void {
  for (let path = folder; path !== top && path.startsWith(top); path = dirname(path)) {
    try {
      rmdirSync(path)
    } catch {
      return // not empty
    }
  }
}

/** Tells the block index about every file that is in place. */
async function writeRows(target: InstallTarget, placement: Placement): Promise<void> {
  const writer = createIndexWriter(target.parts.index)
  const breathe = createBreath(target.parts.clock)
  for (const [entry, stamp] of target.installed) {
    await writeFileRows(target, placement, entry, stamp, writer, breathe)
  }
  writer.flush()
}

async function writeFileRows(
  { facts, inventory, sealIds, parts }: InstallTarget,
  placement: Placement,
  entry: number,
  stamp: string,
  writer: ReturnType<typeof createIndexWriter>,
  breathe: () => Promise<void>,
): Promise<void> {
  const { index } = parts
  const file = placement.entries[entry]
  if (file === undefined || inventory === undefined) return
  let id = 0
  writer.add(1, () => {
    id = index.putFile(facts.id, { path: placement.pathOf(entry), bytes: file.bytes, stamp })
  })
  for (const [number, block] of file.leaves.entries()) {
    const leaf = {
      digest: inventory.digest(block),
      start: placement.startOf(file, number),
      bytes: placement.leafBytes(block),
      seal: sealIds.of(block),
    }
    writer.add(1, () => index.addLeaves(facts.id, id, number, [leaf]))
    await breathe()
  }
}

/** From here on the holding is done, and the one that it updates is gone. */
async function settle(target: InstallTarget, update: (patch: HoldingPatch) => void): Promise<HoldingFacts> {
  const { index, rows, clock, disk, sweep } = target.parts
  const { base } = target
  const { work } = target.facts
  const isWhole = target.have.ones === target.have.length
  index.atomically(() => {
    if (base !== undefined) rows.remove(base.facts.id)
    update({
      state: 'done',
      replaces: undefined,
      have: isWhole ? undefined : target.have.toBytes(),
      updatedMs: clock.nowMs(),
    })
  })
  if (base !== undefined) sweep(base.facts.id)
  await dropForeignNodes(target)
  if (work !== undefined) await disk.remove(work)
  update({ work: undefined, installing: false })
  return target.facts
}

/** Forgets nodes of versions that were overtaken while they were fetched. */
async function dropForeignNodes({ facts, inventory, parts }: InstallTarget): Promise<void> {
  const { index, clock } = parts
  const breathe = createBreath(clock)
  for (const digests of storedPages(index, facts.id)) {
    const foreign = digests.filter((digest) => inventory?.find(digest) === undefined)
    if (foreign.length > 0) {
      index.atomically(() => {
        for (const digest of foreign) index.removeStored(facts.id, digest)
      })
    }
    await breathe()
  }
}
