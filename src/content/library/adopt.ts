// What a scan found becomes the present version of an own share, in steps that leave others the thread: a large share has
// hundreds of thousands of blocks to list, sort and write.
//
//   list of blocks ──► its pages, beside those of the version before ──► record: the new version counts ──► served
//   ──► what only older versions needed is deleted
//
// What must stay true: until the record is written the version before is whole, in the database and for peers, and from
// then on the new one is. What a crash or a stop leaves of the other one is deleted by the scan of the next start, which comes
// because the holding is not `done` between the beginning of a scan and the end of this.

import type { Clock } from '../../base/ports.ts'
import { type IndexedInventory, inventorySteps } from '../format/inventory.ts'
import { runStepsBreathing } from '../format/steps.ts'
import { type BlockIndex, createIndexWriter, storedPages } from './block-index.ts'
import { createBreath } from './breathe.ts'
import type { HoldingFacts, HoldingRows } from './holding-rows.ts'
import { dropPagesBut } from './page-shelf.ts'
import type { Scan } from './scan.ts'
import { shareName } from './share-name.ts'
import type { SealedVersion } from './version-draft.ts'

export interface AdoptParts {
  readonly clock: Clock
  readonly index: BlockIndex
  readonly rows: HoldingRows
}

/** Signs and writes the version after that of `facts`. Rejects with the reason of `signal`, and then nothing has changed. */
export async function putVersion(
  { clock, index, rows }: AdoptParts,
  facts: HoldingFacts,
  found: Scan,
  signal: AbortSignal,
): Promise<{ readonly facts: HoldingFacts; readonly inventory: IndexedInventory }> {
  const breathe = createBreath(clock, signal)
  const { id } = facts
  const nowMs = clock.nowMs()
  const { record, recordBytes, meta, pages } = await runStepsBreathing(sealSteps(facts, found, nowMs), breathe)
  const inventory = await runStepsBreathing(inventorySteps(pages, record), breathe)
  const { sequence } = record
  for (const [page, bytes] of pages.entries()) {
    await breathe()
    // Each waits for the disk, so that there is little to wait for when the record is written.
    index.atomically(() => rows.putPage({ holding: id, sequence, page }, bytes))
  }
  await breathe()
  return { facts: rows.update(id, { recordBytes, sequence, meta, updatedMs: nowMs }), inventory }
}

function sealSteps(
  { path, share, visibility, signingSeed, sequence }: HoldingFacts,
  { draft, root, kind, files, bytes }: Scan,
  nowMs: number,
): Generator<undefined, SealedVersion, undefined> {
  if (signingSeed === undefined) throw new Error('assertion failed: an own share has its signing key')
  const name = shareName(path ?? '')
  return draft.seal({
    share,
    visibility,
    signingSeed,
    sequence: sequence + 1,
    createdMs: Math.max(0, Math.round(nowMs)),
    meta: { name, kind, rootCodec: root.codec, nodes: draft.nodes.size, files, bytes },
  })
}

/** Deletes what the version of `facts`, which is what the scan found, does not need. */
export async function dropOlder(
  parts: AdoptParts,
  { id, sequence }: HoldingFacts,
  { draft, vanished }: Scan,
  signal: AbortSignal,
): Promise<void> {
  const { clock, index } = parts
  const breathe = createBreath(clock, signal)
  const writer = createIndexWriter(index)
  for (const file of vanished) {
    writer.add(2, () => index.removeFile(file))
    await breathe()
  }
  for (const digests of storedPages(index, id)) {
    for (const digest of digests) {
      if (!draft.nodes.has(digest)) writer.add(1, () => index.removeStored(id, digest))
      await breathe()
    }
  }
  writer.flush()
  await dropPagesBut(parts, id, sequence, signal)
}
