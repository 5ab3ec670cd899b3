// What a get can know and take before it asks a peer for leaves: inner nodes and leaves that are on this computer already,
// the layout, leaves without content, whether the rest will fit, and leaves that are inner nodes, too.

import { equalBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/ports.ts'
import type { Bitfield } from '../format/bitfield.ts'
import type { IndexedInventory } from '../format/inventory.ts'
import { checkNodeCount, layoutSteps } from '../format/layout.ts'
import type { Sealer } from '../format/seal.ts'
import { runStepsBreathing } from '../format/steps.ts'
import type { FileEntry, ShareId, VersionMeta, VersionRecord } from '../types.ts'
import { createBreath } from './breathe.ts'
import type { Committer } from './committer.ts'
import type { Disk } from './disk.ts'
import { libraryErrors } from './errors.ts'
import type { HoldingFacts } from './holding-rows.ts'
import type { CheckLeaf } from './leaf-check.ts'
import { diskReserveBytes } from './limits.ts'
import { findLocalBlocks, type LocalBlocks, type LocalBlocksParts } from './local-blocks.ts'
import { type Placement, placementSteps } from './placement.ts'
import type { SealIds } from './seal-ids.ts'

/** What preparing needs of a get. */
export interface PrepareTarget {
  readonly facts: HoldingFacts
  readonly shareId: ShareId
  readonly record: VersionRecord
  readonly meta: VersionMeta
  readonly inventory: IndexedInventory | undefined
  readonly have: Bitfield
  readonly sealer: Sealer
  readonly check: CheckLeaf
  readonly sealIds: SealIds
  readonly parts: LocalBlocksParts & { readonly committer: Committer; readonly clock: Clock; readonly disk: Disk }
  /** The wire bytes of an inner node, checked, if the database has it. */
  storedNode(index: number): Uint8Array | undefined
  /** The same; throws `block_not_here` without it. */
  readNode(index: number): Uint8Array
  countNode(index: number): void
  countFound(index: number): void
  writeLeaf(index: number, plain: Uint8Array): Promise<void>
}

function localBlocks({ shareId, record, facts, sealer, check, parts }: PrepareTarget): LocalBlocks {
  return findLocalBlocks(parts, { shareId, visibility: record.visibility, except: facts.id, sealer, check })
}

/**
 * All pages are here. `tell` lets peers be asked for nodes: at once, or, where another version may have most of them, after
 * those are taken.
 */
export async function takeInventory(target: PrepareTarget, tell: () => void, signal: AbortSignal): Promise<void> {
  const isNew = target.parts.rows.ofShare(target.shareId).length === 1
  if (isNew) tell()
  await takeKnownNodes(target, signal)
  if (!isNew) tell()
}

/** Takes the nodes that the database has for this get, or that another holding has. Throws `layout_malformed`. */
async function takeKnownNodes(target: PrepareTarget, signal: AbortSignal): Promise<void> {
  const { inventory, meta, have, parts, facts } = target
  if (inventory === undefined || meta.nodes === 0) return
  checkNodeCount(meta, inventory)
  const local = localBlocks(target)
  const commits: Promise<void>[] = []
  const breathe = createBreath(parts.clock, signal)
  for (let index = 0; index < meta.nodes; index++) {
    await breathe()
    if (have.has(index)) continue
    if (target.storedNode(index) !== undefined) target.countNode(index)
    else if (!local.isEmpty) {
      const wire = await local.node(inventory.digest(index))
      if (wire?.length !== inventory.length(index)) continue
      const commit = parts.committer.put(facts.id, inventory.digest(index), wire).then(() => target.countNode(index))
      commit.catch(() => undefined) // It is waited for below, perhaps much later.
      commits.push(commit)
    }
  }
  await Promise.all(commits)
}

/** Reads all inner nodes, which are here. Throws `layout_malformed`, `layout_too_large`, `only_matches_nothing`. */
export async function learnLayout(
  target: PrepareTarget,
  signal: AbortSignal,
): Promise<{ readonly layout: readonly FileEntry[]; readonly placement: Placement }> {
  const { inventory, meta, sealer, facts, parts } = target
  if (inventory === undefined) throw new Error('assertion failed: nodes are known by the inventory')
  const { overheadBytes } = sealer
  const getNode = (index: number) => sealer.open(target.readNode(index))
  const breathe = createBreath(parts.clock, signal)
  const layout = await runStepsBreathing(layoutSteps({ meta, inventory, overheadBytes, getNode }), breathe)
  const source = { meta, inventory, layout, overheadBytes, only: facts.only }
  return { layout, placement: await runStepsBreathing(placementSteps(source), breathe) }
}

/** Takes what needs no peer, and looks whether the rest has room. Throws `disk_full`. */
export async function takeKnownLeaves(
  target: PrepareTarget,
  placement: Placement,
  signal: AbortSignal | undefined,
): Promise<void> {
  await putEmptyLeaves(target, placement)
  await reuseLeaves(target, placement, signal)
  await checkSpace(target.parts.disk, target.facts.work ?? '', placement.bytesWanted - placement.bytesDone)
  await putNodesInFiles(target, placement, signal)
}

/** The content of an empty leaf is known without asking anyone. */
async function putEmptyLeaves(target: PrepareTarget, placement: Placement): Promise<void> {
  const { inventory, sealer, sealIds } = target
  if (inventory === undefined) return
  const breathe = createBreath(target.parts.clock)
  for (const index of missingLeaves(target, placement)) {
    await breathe()
    if (placement.leafBytes(index) !== 0) continue
    const sealed = await sealer.sealAsync(new Uint8Array(0))
    if (!equalBytes(sealed.digest, inventory.digest(index))) continue
    await target.writeLeaf(index, new Uint8Array(0))
    sealIds.note(index, sealed.wire)
    target.countFound(index)
  }
}

/** Copies leaves that other holdings have: all that are missing, or those of `indexes` that are. */
async function reuseLeaves(
  target: PrepareTarget,
  placement: Placement,
  signal: AbortSignal | undefined,
  indexes: Iterable<number> = missingLeaves(target, placement),
): Promise<void> {
  const local = localBlocks(target)
  const { inventory } = target
  if (inventory === undefined || local.isEmpty) return
  const breathe = createBreath(target.parts.clock, signal)
  for (const index of indexes) {
    await breathe()
    if (!isMissingLeaf(target, placement, index)) continue
    const found = await local.leaf(inventory.digest(index))
    if (found?.plain.length !== placement.leafBytes(index)) continue
    await target.writeLeaf(index, found.plain)
    target.sealIds.note(index, found.wire)
    target.countFound(index)
  }
}

/**
 * Writes inner nodes into the wanted files that hold the same bytes (share.md, "Inventory"): they came as nodes, so nobody
 * is asked for them as leaves. After `checkSpace`, since a stranger's node may have millions of places.
 */
export async function putNodesInFiles(
  target: PrepareTarget,
  placement: Placement,
  signal: AbortSignal | undefined,
): Promise<void> {
  const breathe = createBreath(target.parts.clock, signal)
  for (const index of placement.nodesMissing()) {
    await breathe()
    const wire = target.readNode(index)
    await target.writeLeaf(index, target.sealer.open(wire))
    target.sealIds.note(index, wire)
    placement.count(index)
  }
}

/** Finds on this computer what was in files that are no longer in place, those files' sound parts included. */
export async function gatherAnew(
  target: PrepareTarget,
  placement: Placement,
  entries: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  for (const entry of entries) {
    await reuseLeaves(target, placement, signal, placement.entries[entry]?.leaves ?? [])
  }
  await putEmptyLeaves(target, placement)
  await putNodesInFiles(target, placement, signal)
}

function* missingLeaves(target: PrepareTarget, placement: Placement): Generator<number, void, undefined> {
  for (const index of target.have.missing()) if (isMissingLeaf(target, placement, index)) yield index
}

function isMissingLeaf({ have, meta }: PrepareTarget, placement: Placement, index: number): boolean {
  return index >= meta.nodes && !have.has(index) && placement.isBlockWanted(index)
}

/** Throws `disk_full` unless `bytes` and a reserve fit beside what is there. */
export async function checkSpace(disk: Disk, folder: string, bytes: number): Promise<void> {
  const free = await disk.freeBytes(folder)
  const missing = bytes + diskReserveBytes - free
  if (bytes <= 0 || missing <= 0) return
  const [needed, kept, here, lacking] = [bytes, diskReserveBytes, free, missing].map(megabytes)
  throw libraryErrors.disk_full(
    `It needs ${needed}, and ${kept} that are left free; ${here} are free, so ${lacking} are missing.`,
    { details: { bytes, free, missing } },
  )
}

/** Never less than it is: who frees just so much has freed enough. */
function megabytes(bytes: number): string {
  return `${(Math.ceil(bytes / 1e5) / 10).toFixed(1)} MB`
}
