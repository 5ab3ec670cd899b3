// Judges a chunk and checks as many signatures as that needs. Normally one judgement, and one signature for each device
// that wrote in it. Where a signature is wrong, its whole run is checked; where that happens again, every entry of the
// chunk; what is wrong is left out, and the rest judged anew, because what looked forked or known may no longer be so.

import { type Candidate, type Judgement, judge, type View } from './core.ts'
import { idBytes } from './ids.ts'
import { judgementsMax } from './limits.ts'
import { findUnproven, uncheckedEnds, uncheckedInWrongRuns } from './proof-core.ts'
import type { EntryId } from './types.ts'
import type { Verifier } from './verify.ts'
import { partsOf, signedBytes } from './wire.ts'

export interface Decision {
  readonly judgement: Judgement
  /** Whether an entry's own signature was checked and right. */
  isSigned(id: EntryId): boolean
}

/** `isSigned` says what was checked before. Never rejects. */
export async function decide(
  view: View,
  candidates: readonly Candidate[],
  parts: { readonly nowMs: number; readonly verifier: Verifier; isSigned(id: EntryId): boolean },
): Promise<Decision> {
  const { nowMs, verifier } = parts
  const checked = new Map<EntryId, boolean>()
  const unproven = new Set<EntryId>()
  const check = (some: readonly Candidate[]) => checkAll(verifier, checked, some)
  for (let round = 1; round <= judgementsMax; round++) {
    const judgement = judge(view, candidates, { nowMs, unproven })
    const { accepted, waiting } = judgement
    // Runs end differently among what is stored and among all that is kept: what is stored must be proven without the rest.
    const kept = waiting.length === 0 ? accepted : [...accepted, ...waiting]
    const both = kept === accepted ? [accepted] : [accepted, kept]
    for (const { entry } of kept) if (parts.isSigned(entry.id)) checked.set(entry.id, true)
    let wrong: readonly EntryId[]
    if (round <= 2) {
      await check(both.flatMap((some) => uncheckedEnds(some, checked)))
      await check(both.flatMap((some) => uncheckedInWrongRuns(some, checked)))
      wrong = both.flatMap((some) => findUnproven(some, checked))
    } else {
      await check([...kept, ...candidates].filter(({ entry }) => !checked.has(entry.id)))
      wrong = kept.flatMap(({ entry }) => (checked.get(entry.id) === false ? [entry.id] : []))
    }
    if (wrong.length === 0) return { judgement, isSigned: (id) => checked.get(id) ?? false }
    for (const id of wrong) unproven.add(id)
  }
  const all = new Set(candidates.map(({ entry }) => entry.id))
  return { judgement: judge(view, candidates, { nowMs, unproven: all }), isSigned: (id) => checked.get(id) ?? false }
}

async function checkAll(
  verifier: Verifier,
  checked: Map<EntryId, boolean>,
  candidates: readonly Candidate[],
): Promise<void> {
  const entries = [...new Map(candidates.map(({ entry }) => [entry.id, entry])).values()]
  if (entries.length === 0) return
  const right = await verifier.check(
    entries.map(({ device, bytes }) => {
      const { header, signature } = partsOf(bytes)
      return { key: idBytes(device), message: signedBytes(header), signature }
    }),
  )
  entries.forEach(({ id }, index) => {
    checked.set(id, right[index] ?? false)
  })
}
