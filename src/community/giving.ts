// From a stored entry of lane 1 to what an app is given of it, or what it waits for; and the one transaction in which apps
// take entries and it is noted how far they are. The same for the main thread and for the one that reads a whole log.

import { isPeerhoodError } from '../base/errors.ts'
import type { CommunityId, Entry, StoredEntry } from '../log/types.ts'
import type { Counted } from './core.ts'
import type { Keyring } from './keyring.ts'
import type { Payload } from './payload-wire.ts'
import type { ProgressStore, WaitCause } from './progress-store.ts'
import type { AppReducer, OpenedEntry, VoidCode } from './types.ts'

export interface Judging {
  /** Whether an entry of lane 1 counts, and what its author may. */
  counts(entry: Entry): Counted | VoidCode
  /** What an entry says; undefined when its key is not here, `malformed` when it is not what it should be. */
  open(entry: Entry): Payload | 'malformed' | undefined
}

export interface Given {
  readonly opened: readonly OpenedEntry[]
  /** What does not count now may count once what it waits for is known. */
  readonly waiting: readonly { readonly arrival: number; readonly cause: WaitCause }[]
}

/** Opens with a keyring. */
export function openWith(keyring: Keyring, entry: Entry): Payload | 'malformed' | undefined {
  try {
    return keyring.open(entry)
  } catch (error) {
    if (isPeerhoodError(error)) return 'malformed'
    throw error
  }
}

export function judgeAll(judging: Judging, community: CommunityId, page: readonly StoredEntry[]): Given {
  const opened: OpenedEntry[] = []
  const waiting: { readonly arrival: number; readonly cause: WaitCause }[] = []
  for (const { arrival, entry } of page) {
    const counted = judging.counts(entry)
    if (typeof counted === 'string') {
      waiting.push({ arrival, cause: counted === 'key_unknown' ? `key ${entry.key}` : `device ${entry.device}` })
      continue
    }
    const payload = judging.open(entry)
    if (payload === undefined) waiting.push({ arrival, cause: `key ${entry.key}` })
    else if (payload !== 'malformed') opened.push(openedOf(community, { arrival, entry }, payload, counted))
  }
  return { opened, waiting }
}

export function openedOf(
  community: CommunityId,
  { arrival, entry }: StoredEntry,
  { app, kind, body }: Payload,
  { person, may }: Pick<Counted, 'person' | 'may'>,
): OpenedEntry {
  return { community, arrival, entry, person, app, kind, body, may }
}

/** Within a transaction. */
export function give(
  { store, apps }: { readonly store: ProgressStore; readonly apps: ReadonlyMap<string, AppReducer> },
  community: CommunityId,
  { opened, waiting }: Given,
): void {
  for (const { arrival, cause } of waiting) store.addWaiting(community, cause, arrival)
  for (const app of apps.values()) {
    const own = opened.filter((entry) => entry.app === app.app)
    if (own.length > 0) app.apply(own)
  }
}
