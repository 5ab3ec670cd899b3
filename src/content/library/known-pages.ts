// Pages of a version's inventory that this computer has from another version of the share: a change of a few files leaves
// most pages as they were, and each is a mebibyte that nobody need send again. Pages are told by their digests, and checked
// when they are taken (page-shelf.ts).

import { toHex } from '../../base/bytes.ts'
import { openRecord } from '../format/record.ts'
import type { Digest } from '../types.ts'
import type { HoldingFacts, HoldingRows, PagePlace } from './holding-rows.ts'

/** What other holdings of the share have of the pages of `facts`, by the pages' digests. */
export function findKnownPages(rows: HoldingRows, facts: HoldingFacts): (digest: Digest) => Uint8Array | undefined {
  let known: ReadonlyMap<string, PagePlace> | undefined
  return (digest) => {
    known ??= pagesOfOthers(rows, facts)
    const place = known.get(toHex(digest))
    return place && rows.page(place)
  }
}

function pagesOfOthers(rows: HoldingRows, facts: HoldingFacts): ReadonlyMap<string, PagePlace> {
  const known = new Map<string, PagePlace>()
  for (const other of rows.ofShare(facts.shareId)) {
    if (other.id === facts.id) continue
    const { id: holding, sequence } = other
    for (const [page, digest] of pagesOf(other).entries()) known.set(toHex(digest), { holding, sequence, page })
  }
  return known
}

/** Nothing where the database has damaged the record: its own holding says so. */
function pagesOf({ recordBytes, share }: HoldingFacts): readonly Digest[] {
  if (recordBytes === undefined) return []
  try {
    return openRecord(recordBytes, share).pages
  } catch {
    return []
  }
}
