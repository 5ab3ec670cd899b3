// What this device wrote itself and does not have: a data folder that was restored from a copy is behind itself, and what it
// wrote next would stand under a number that is used (log.md, "Forks"). So before it writes, it hears from whoever is there how
// far its own chain goes, and takes what it lacks. docs/protocol/community.md, "Behind oneself".
//
// Must stay true: nobody who is alone, or whom nobody answers, waits longer than a moment; nobody can stop a device from
// writing by claiming that it wrote more.

import type { Clock } from '../base/ports.ts'
import type { LogSync } from '../log/sync/types.ts'
import type { CommunityLog, DeviceId } from '../log/types.ts'
import { ownEntriesHeardMs, ownEntriesLookMs, ownEntriesTakenMs } from './limits.ts'

export interface OwnEntriesParts {
  readonly clock: Clock
  readonly sync: Pick<LogSync, 'told' | 'nudge'>
  readonly log: Pick<CommunityLog, 'community' | 'vector'>
  readonly device: DeviceId
}

/** Resolves when this device may write: at once, but for the first time that somebody is there after a start. Never rejects. */
export function createOwnEntries({ clock, sync, log, device }: OwnEntriesParts): () => Promise<void> {
  const openedMs = clock.monotonicMs()
  let isCurrent = false
  let behindSinceMs: number | undefined

  function done(): false {
    isCurrent = true
    return false
  }

  /** Whether there is something to wait for. */
  function mustWait(): boolean {
    const told = sync.told(log.community, device)
    const nowMs = clock.monotonicMs()
    // Nobody is there, and it is no sin to write alone: if others have more of us, they show it afterwards.
    if (!told.heard) return told.pending && nowMs - openedMs < ownEntriesHeardMs
    if (told.seq <= (log.vector().get(device) ?? 0)) return done()
    if (behindSinceMs === undefined) sync.nudge(log.community)
    behindSinceMs ??= nowMs
    // Whoever claims it and does not show it need not be right.
    return nowMs - behindSinceMs < ownEntriesTakenMs || done()
  }

  return async () => {
    while (!isCurrent && mustWait()) await new Promise<void>((resolve) => clock.after(ownEntriesLookMs, resolve))
  }
}
