// Which signatures must be checked so that every entry's authorship is proven. docs/protocol/log.md, "Authorship": an
// entry is proven by its own signature or by a later one of the same device that is linked to it by `prev`, because an id
// covers an entry's very bytes. So of a run of entries the last signature is enough; where that one is wrong, its entry is
// dropped, and the run ends with the one before.
//
// Must stay true: what `findUnproven` calls proven has, above it in its run, an entry whose own signature was checked and
// right, and which is kept with it.

import type { Candidate } from './core.ts'
import type { EntryId } from './types.ts'

/** Entries whose own signature was checked, and whether it was right. */
export type Checked = ReadonlyMap<EntryId, boolean>

/** The ends of runs among `kept` of whose own signature nothing is known. */
export function uncheckedEnds(kept: readonly Candidate[], checked: Checked): readonly Candidate[] {
  return ends(kept).filter(({ entry }) => !checked.has(entry.id))
}

/** All entries of `kept`, of runs with a wrong end, of whose own signature nothing is known. */
export function uncheckedInWrongRuns(kept: readonly Candidate[], checked: Checked): readonly Candidate[] {
  if (!kept.some(({ entry }) => checked.get(entry.id) === false)) return []
  const byId = index(kept)
  const found = new Map<EntryId, Candidate>()
  for (const end of ends(kept)) {
    if (checked.get(end.entry.id) !== false) continue
    for (let at: Candidate | undefined = end; at !== undefined && !found.has(at.entry.id); at = before(byId, at)) {
      if (!checked.has(at.entry.id)) found.set(at.entry.id, at)
    }
  }
  return [...found.values()]
}

/** Entries of `kept` that must be dropped: ends of runs with a wrong signature, and those that become ends thereby. */
export function findUnproven(kept: readonly Candidate[], checked: Checked): readonly EntryId[] {
  if (!kept.some(({ entry }) => checked.get(entry.id) === false)) return []
  const byId = index(kept)
  const needed = new Map<EntryId, number>()
  for (const candidate of kept) {
    const { prev } = candidate.entry
    if (prev !== undefined && before(byId, candidate) !== undefined) needed.set(prev, (needed.get(prev) ?? 0) + 1)
  }
  const unproven: EntryId[] = []
  for (const end of ends(kept)) {
    let at: Candidate | undefined = end
    while (at !== undefined && checked.get(at.entry.id) === false) {
      unproven.push(at.entry.id)
      const parent = before(byId, at)
      if (parent === undefined) break
      // Two runs may share their beginning: it stays as long as one of them does.
      const left = (needed.get(parent.entry.id) ?? 0) - 1
      needed.set(parent.entry.id, left)
      at = left > 0 ? undefined : parent
    }
  }
  return unproven
}

function ends(kept: readonly Candidate[]): readonly Candidate[] {
  const byId = index(kept)
  const continued = new Set<EntryId>()
  for (const candidate of kept) {
    const parent = before(byId, candidate)
    if (parent !== undefined) continued.add(parent.entry.id)
  }
  return kept.filter(({ entry }) => !continued.has(entry.id))
}

/** The entry before, if it is kept too and of the same device (of a waiting entry nobody has checked that yet). */
function before(byId: ReadonlyMap<EntryId, Candidate>, { entry }: Candidate): Candidate | undefined {
  const parent = entry.prev === undefined ? undefined : byId.get(entry.prev)
  return parent?.entry.device === entry.device ? parent : undefined
}

function index(kept: readonly Candidate[]): Map<EntryId, Candidate> {
  const byId = new Map<EntryId, Candidate>()
  for (const candidate of kept) byId.set(candidate.entry.id, candidate)
  return byId
}
