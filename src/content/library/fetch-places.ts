// Where the leaves of a get lie on the disk: in its working folder, or in place.

import { join } from 'node:path'
import type { BlockPlace } from '../worker/job.ts'
import type { HoldingFacts } from './holding-rows.ts'
import type { LeafSpot } from './leaf-reader.ts'
import type { Placement } from './placement.ts'
import type { SealIds } from './seal-ids.ts'
import type { StampTable } from './stamp-table.ts'

/** What is asked of a get. */
interface Places {
  readonly facts: HoldingFacts
  readonly path: string
  readonly ended: 'finished' | 'discarded' | undefined
  readonly installed: Pick<StampTable, 'has'>
  readonly sealIds: SealIds
  pathOf(entry: number): string
}

/** All places of a leaf in the working folder, except one that has it already. */
export function* placesToWrite(
  get: Places,
  placement: Placement,
  index: number,
  except?: number,
): Generator<BlockPlace, void, undefined> {
  for (const { entry, start } of placement.places(index)) {
    if (entry === except || get.installed.has(entry)) continue
    yield { path: get.pathOf(entry), start, whole: placement.entries[entry]?.leaves.length === 1 }
  }
}

/** Where a leaf lies, and where it has gone when its file was moved to its final name meanwhile. */
export function* spotsToRead(get: Places, placement: Placement, index: number): Generator<LeafSpot, void, undefined> {
  const [bytes, seal] = [placement.leafBytes(index), get.sealIds.of(index)]
  for (const { entry, start } of placement.anyPlaces(index)) {
    const first = get.pathOf(entry)
    yield { path: first, start, bytes, seal }
    const final = join(get.path, placement.pathOf(entry))
    const mayHaveMoved = get.facts.installing || get.ended === 'finished'
    if (final !== first && mayHaveMoved) yield { path: final, start, bytes, seal }
  }
}
