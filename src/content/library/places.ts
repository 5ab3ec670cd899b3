// Where the leaves of a share's files lie that peers ask for. They ask for neighbours one after another, and a look-up in
// the database costs about the same for one leaf as for a run of them, so what follows is read ahead and kept until asked.
//
// What must stay true: a place from here is a hint like any other; when it proves wrong, the database is asked anew.

import type { Digest } from '../types.ts'
import type { BlockIndex, HoldingRow, LeafPlace } from './block-index.ts'
import { placesAheadKeptMax, placesAheadMax, placesTriedMax } from './limits.ts'

export type LeafPlaces = (digest: Digest) => Generator<LeafPlace, void, undefined>

export function createLeafPlaces(index: Pick<BlockIndex, 'places' | 'leavesAfter'>, holding: HoldingRow): LeafPlaces {
  const ahead = new Map<string, LeafPlace>()

  /** What follows `last`, in the order of the files. */
  function readAhead(last: LeafPlace): void {
    // Those that nobody asked for: fetched by somebody else, or skipped.
    if (ahead.size > placesAheadKeptMax) ahead.clear()
    for (const leaf of index.leavesAfter(last, placesAheadMax)) {
      if (leaf.holding === holding) ahead.set(keyOf(leaf.digest), leaf)
    }
  }

  return function* places(digest) {
    const key = keyOf(digest)
    const hint = ahead.get(key)
    ahead.delete(key)
    if (hint !== undefined) yield hint
    const known = index.places(holding, digest, placesTriedMax)
    const [first] = known
    if (hint === undefined && first !== undefined) readAhead(first)
    for (const place of known) if (!isSame(place, hint)) yield place
  }
}

function keyOf(digest: Digest): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1')
}

function isSame(place: LeafPlace, hint: LeafPlace | undefined): boolean {
  return place.file === hint?.file && place.number === hint.number && place.path === hint.path
}
