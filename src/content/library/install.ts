// The end of a get: its files reach the disk, take their final names, and the database learns where they are.
//
//   flush parts ──► note "installing" ──► names ──► flush folders ──► rows, "done" ──► working folder away
//
// A new share gets its place by one rename. Into a share that was got before, files are renamed one by one, over files
// that are still as we wrote them; what a person edited is kept beside as "name (edited …)". After a crash anywhere
// here, the next open finds files at both places and goes on.

import { lstatSync, mkdirSync, rmdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../../base/ports.ts'
import type { Bitfield } from '../format/bitfield.ts'
import type { IndexedInventory } from '../format/inventory.ts'
import { type BaseVersion, lstatOrUndefined } from './base-version.ts'
import { type BlockIndex, createIndexWriter } from './block-index.ts'
import { createBreath } from './breathe.ts'
import type { Disk } from './disk.ts'
import { libraryErrors, writeError } from './errors.ts'
import type { HoldingFacts, HoldingPatch, HoldingRows } from './holding-rows.ts'
import { nameTriesMax } from './limits.ts'
import type { Placement } from './placement.ts'
import { nameWithSuffix } from './safe-names.ts'
import type { SealIds } from './seal-ids.ts'
import { lastingStamp } from './stamps.ts'

/** What installing needs of a get. */
export interface InstallTarget {
  readonly facts: HoldingFacts
  readonly base: BaseVersion | undefined
  readonly path: string
  readonly tree: string
  readonly inventory: IndexedInventory | undefined
  readonly have: Bitfield
  readonly installed: Set<number>
  readonly sealIds: SealIds
  readonly parts: {
    readonly clock: Clock
    readonly disk: Disk
    readonly index: BlockIndex
    readonly rows: HoldingRows
    readonly freePath: (path: string) => string
  }
}

export interface InstallResult {
  readonly facts: HoldingFacts
}

/** `update` writes to the holding's row and to what `target.facts` gives. */
export async function install(
  target: InstallTarget,
  placement: Placement,
  update: (patch: HoldingPatch) => void,
): Promise<InstallResult> {
  const { disk } = target.parts
  const moving = movingEntries(target, placement)
  await disk.flush(
    target.facts.work ?? '',
    moving.map((entry) => join(target.tree, placement.paths[entry] ?? '')),
  )
  const wasInstalling = target.facts.installing
  if (target.base === undefined && !wasInstalling && lstatOrUndefined(target.path) !== undefined) {
    update({ path: target.parts.freePath(target.path) })
  }
  update({ installing: true })
  const isNew = target.base === undefined && target.installed.size === 0 && lstatOrUndefined(target.path) === undefined
  if (isNew) await placeWhole(target, placement)
  else await placeEach(target, placement, moving)
  for (const entry of moving) target.installed.add(entry)
  await writeRows(target, placement)
  return { facts: await settle(target, update) }
}

/** Wanted files whose content lies in the working folder. */
function movingEntries(target: InstallTarget, placement: Placement): number[] {
  return [...placement.entries.keys()].filter(
    (entry) =>
      placement.isEntryWanted(entry) && placement.entries[entry]?.kind === 'file' && !target.installed.has(entry),
  )
}

function* emptyFolders(placement: Placement): Generator<string, void, undefined> {
  for (const [entry, { kind }] of placement.entries.entries()) {
    if (kind === 'folder' && placement.isEntryWanted(entry)) yield placement.paths[entry] ?? ''
  }
}

/** All at once: the tree becomes the share. */
async function placeWhole(target: InstallTarget, placement: Placement): Promise<void> {
  const { disk } = target.parts
  for (const folder of emptyFolders(placement)) disk.makeFolder(join(target.tree, folder))
  await disk.rename(target.tree, target.path)
  await disk.flushFolder(dirname(target.path))
}

/** One by one, into what an earlier get (or an earlier run of this one) left. */
async function placeEach(target: InstallTarget, placement: Placement, moving: readonly number[]): Promise<void> {
  const { disk, clock } = target.parts
  const breathe = createBreath(clock)
  const touched = new Set<string>([dirname(target.path)])
  await removeVanished(target, placement)
  const makeFolder = createFolderMaker(target)
  for (const folder of emptyFolders(placement)) await makeFolder(join(target.path, folder))
  for (const entry of moving) {
    const below = placement.paths[entry] ?? ''
    const path = join(target.path, below)
    if (below !== '') await makeFolder(dirname(path))
    if (!(await mayReplace(target, below, path))) await moveAside(target, path)
    await disk.rename(join(target.tree, below), path)
    touched.add(dirname(path))
    await breathe()
  }
  for (const folder of touched) await disk.flushFolder(folder)
}

async function mayReplace({ base }: InstallTarget, below: string, path: string): Promise<boolean> {
  return lstatOrUndefined(path) === undefined || (await base?.isUntouched(below)) === true
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
  const kept = new Set(placement.paths)
  for (const file of [...base.files()]) {
    if (kept.has(file.path) || !(await base.isUntouched(file.path))) continue
    await parts.disk.remove(join(path, file.path))
    removeEmptyFolders(path, dirname(join(path, file.path)))
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
  const { index, clock } = target.parts
  const writer = createIndexWriter(index)
  const breathe = createBreath(clock)
  for (const entry of target.installed) {
    writeFileRows(target, placement, entry, writer)
    await breathe()
  }
  writer.flush()
}

function writeFileRows(
  { facts, inventory, path, sealIds, parts }: InstallTarget,
  placement: Placement,
  entry: number,
  writer: ReturnType<typeof createIndexWriter>,
): void {
  const { index, clock } = parts
  const file = placement.entries[entry]
  const below = placement.paths[entry] ?? ''
  if (file === undefined || inventory === undefined) return
  const stats = lstatSync(join(path, below), { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return
  const stamp = lastingStamp(stats, clock.nowMs())
  let id = 0
  writer.add(1, () => {
    id = index.putFile(facts.id, { path: below, bytes: file.bytes, stamp })
  })
  file.leaves.forEach((block, number) => {
    const leaf = {
      digest: inventory.digest(block),
      start: placement.startOf(file, number),
      bytes: placement.leafBytes(block),
      seal: sealIds.of(block),
    }
    writer.add(1, () => index.addLeaves(facts.id, id, number, [leaf]))
  })
}

/** From here on the holding is done, and the one that it updates is gone. */
async function settle(target: InstallTarget, update: (patch: HoldingPatch) => void): Promise<HoldingFacts> {
  const { index, rows, clock, disk } = target.parts
  const { work } = target.facts
  const isWhole = target.have.ones === target.have.length
  index.atomically(() => {
    for (const digest of [...index.storedDigests(target.facts.id)]) {
      if (target.inventory?.find(digest) === undefined) index.removeStored(target.facts.id, digest)
    }
    if (target.base !== undefined) {
      index.clear(target.base.facts.id)
      rows.remove(target.base.facts.id)
    }
    update({
      state: 'done',
      replaces: undefined,
      have: isWhole ? undefined : target.have.toBytes(),
      updatedMs: clock.nowMs(),
    })
  })
  if (work !== undefined) await disk.remove(work)
  update({ work: undefined, installing: false })
  return target.facts
}
