// All holdings that are open, and which of them stands for its share: at most one, so that a peer who asks for a share
// gets one answer. An own share goes before a get of it, that before a kept copy; then the newer version.

import { toHex } from '../../base/bytes.ts'
import { Emitter } from '../../base/events.ts'
import type { DiscoveryKey, Holding, Library, LibraryEvent, ShareId } from '../types.ts'
import type { Origin } from './holding-rows.ts'

export interface Registry extends Pick<Library, 'holdings' | 'byDiscovery' | 'byShare' | 'on'> {
  add(holding: Holding, origin: Origin): void
  remove(holding: Holding): void
  /** `remove` and `add` as one change. */
  replace(before: Holding | undefined, after: Holding, origin: Origin): void
  /** The origin of a holding that is open. */
  originOf(holding: Holding): Origin | undefined
}

interface Candidate {
  readonly holding: Holding
  readonly origin: Origin
}

const rankOf: Readonly<Record<Origin, number>> = { own: 2, fetched: 1, kept: 0 }

export function createRegistry(): Registry {
  const candidates = new Map<ShareId, Candidate[]>()
  const current = new Map<ShareId, Holding>()
  const byDiscovery = new Map<string, Holding>()
  const events = new Emitter<LibraryEvent>()

  const settle = (share: ShareId) => {
    const before = current.get(share)
    const after = best(candidates.get(share) ?? [])
    if (before === after) return
    if (before !== undefined) {
      current.delete(share)
      byDiscovery.delete(toHex(before.discovery))
      events.emit({ type: 'removed', holding: before })
    }
    if (after === undefined) return
    current.set(share, after)
    byDiscovery.set(toHex(after.discovery), after)
    events.emit({ type: 'added', holding: after })
  }
  const put = (holding: Holding, origin: Origin) => {
    candidates.set(holding.shareId, [...(candidates.get(holding.shareId) ?? []), { holding, origin }])
  }
  const take = (holding: Holding) => {
    const rest = (candidates.get(holding.shareId) ?? []).filter((candidate) => candidate.holding !== holding)
    if (rest.length === 0) candidates.delete(holding.shareId)
    else candidates.set(holding.shareId, rest)
  }
  return {
    holdings: () => [...current.values()],
    byDiscovery: (discovery: DiscoveryKey) => byDiscovery.get(toHex(discovery)),
    byShare: (share) => current.get(share),
    on: (listener) => events.on(listener),
    add(holding, origin) {
      put(holding, origin)
      settle(holding.shareId)
    },
    remove(holding) {
      take(holding)
      settle(holding.shareId)
    },
    replace(before, after, origin) {
      if (before !== undefined) take(before)
      put(after, origin)
      settle(after.shareId)
    },
    originOf: (holding) => candidates.get(holding.shareId)?.find((candidate) => candidate.holding === holding)?.origin,
  }
}

/** Of equals the first stays, so that a second get of the same version changes nothing. */
function best(candidates: readonly Candidate[]): Holding | undefined {
  let chosen: Candidate | undefined
  for (const candidate of candidates) if (chosen === undefined || isBetter(candidate, chosen)) chosen = candidate
  return chosen?.holding
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (rankOf[a.origin] !== rankOf[b.origin]) return rankOf[a.origin] > rankOf[b.origin]
  return a.holding.record.sequence > b.holding.record.sequence
}
