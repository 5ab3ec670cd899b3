// Pages of a version's inventory that this computer has from another version of the share: a change of a few files leaves
// most pages as they were, and each is a mebibyte that nobody need send again. Pages are told by their digests, and checked
// again when they are read (page-shelf.ts).

import { toHex } from '../../base/bytes.ts'
import { openRecord } from '../format/record.ts'
import type { Digest } from '../types.ts'
import type { HoldingFacts, HoldingRows, PagePlace } from './holding-rows.ts'

/** Copies those pages of `facts`, a new row, that other holdings of the share have. Call within a transaction. */
export function takeKnownPages(rows: HoldingRows, facts: HoldingFacts): void {
  const known = new Map<string, PagePlace>()
  for (const other of rows.ofShare(facts.shareId)) {
    if (other.id === facts.id) continue
    for (const [page, digest] of pagesOf(other).entries()) known.set(toHex(digest), { holding: other.id, page })
  }
  for (const [page, digest] of pagesOf(facts).entries()) {
    const from = known.get(toHex(digest))
    if (from !== undefined) rows.copyPage(from, { holding: facts.id, page })
  }
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
