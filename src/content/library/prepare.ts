// What a get can know and take before it asks a peer for leaves: inner nodes and leaves that are on this computer already,
// leaves without content, and whether the rest will fit.

import { equalBytes } from '../../base/bytes.ts'
import type { Bitfield } from '../format/bitfield.ts'
import type { IndexedInventory } from '../format/inventory.ts'
import type { Sealer } from '../format/seal.ts'
import type { ShareId, VersionMeta, VersionRecord } from '../types.ts'
import type { Committer } from './committer.ts'
import type { Disk } from './disk.ts'
import { libraryErrors } from './errors.ts'
import type { HoldingFacts } from './holding-rows.ts'
import type { CheckLeaf } from './leaf-check.ts'
import { diskReserveBytes } from './limits.ts'
import { findLocalBlocks, type LocalBlocks, type LocalBlocksParts } from './local-blocks.ts'
import type { Placement } from './placement.ts'
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
  readonly parts: LocalBlocksParts & { readonly committer: Committer }
  storedNode(index: number): Uint8Array | undefined
  countNode(index: number): void
  countFound(index: number): void
  writeLeaf(index: number, plain: Uint8Array): Promise<void>
}

function localBlocks({ shareId, record, facts, sealer, check, parts }: PrepareTarget): LocalBlocks {
  return findLocalBlocks(parts, { shareId, visibility: record.visibility, except: facts.id, sealer, check })
}

/** Takes the nodes that the database has for this get, or that another holding has. */
export async function takeKnownNodes(target: PrepareTarget): Promise<void> {
  const { inventory, meta, have, parts, facts } = target
  if (inventory === undefined || meta.nodes === 0) return
  const local = localBlocks(target)
  const commits: Promise<void>[] = []
  for (let index = 0; index < meta.nodes; index++) {
    if (have.has(index)) continue
    if (target.storedNode(index) !== undefined) target.countNode(index)
    else if (!local.isEmpty) {
      const wire = await local.node(inventory.digest(index))
      if (wire === undefined) continue
      const commit = parts.committer.put(facts.id, inventory.digest(index), wire)
      commits.push(commit.then(() => target.countNode(index)))
    }
  }
  await Promise.all(commits)
}

/** The content of an empty leaf is known without asking anyone. */
export async function putEmptyLeaves(target: PrepareTarget, placement: Placement): Promise<void> {
  const { inventory, sealer, sealIds } = target
  if (inventory === undefined) return
  for (const index of missingLeaves(target, placement)) {
    if (placement.leafBytes(index) !== 0) continue
    const sealed = await sealer.sealAsync(new Uint8Array(0))
    if (!equalBytes(sealed.digest, inventory.digest(index))) continue
    await target.writeLeaf(index, new Uint8Array(0))
    sealIds.note(index, sealed.wire)
    target.countFound(index)
  }
}

/** Copies leaves that other holdings have. */
export async function reuseLeaves(
  target: PrepareTarget,
  placement: Placement,
  signal: AbortSignal | undefined,
): Promise<void> {
  const local = localBlocks(target)
  const { inventory } = target
  if (inventory === undefined || local.isEmpty) return
  for (const index of missingLeaves(target, placement)) {
    signal?.throwIfAborted()
    const found = await local.leaf(inventory.digest(index))
    if (found === undefined) continue
    await target.writeLeaf(index, found.plain)
    target.sealIds.note(index, found.wire)
    target.countFound(index)
  }
}

function* missingLeaves({ have, meta }: PrepareTarget, placement: Placement): Generator<number, void, undefined> {
  for (const index of have.missing()) if (index >= meta.nodes && placement.isBlockWanted(index)) yield index
}

/** Throws `disk_full` unless `bytes` and a reserve fit beside what is there. */
export async function checkSpace(disk: Disk, folder: string, bytes: number): Promise<void> {
  const free = await disk.freeBytes(folder)
  if (bytes <= 0 || bytes + diskReserveBytes <= free) return
  throw libraryErrors.disk_full(`${bytes} bytes are needed and ${free} are free.`, { details: { bytes, free } })
}
