// Reading a whole log for the apps, away from the main thread: what that needs to know (a job), and how it goes. The main
// thread judged the acts; here what follows from them is done with each entry of lane 1, and its authorship is proven once more.
//
//   log (read only) ──slice──► judged, opened ──► apps        after many slices: proven? ──► one transaction with how far it is
//
// Large transactions are what makes it fast: every message touches one of thousands of pages of an index, and each page is
// written once a transaction. Small slices too: what was read and opened is forgotten while it is young.
//
// Must stay true: what is on disk of the views fits how far they are said to be; nothing is in it that nobody is proven to
// have written; who else wants to write the views waits for milliseconds.

import { idBytes } from '../log/ids.ts'
import type { ReadLog } from '../log/read-log.ts'
import { createSignatureChecker } from '../log/signature.ts'
import type { CommunityId, DeviceId, Entry, EntryId, Fork, StoredEntry } from '../log/types.ts'
import { partsOf, signedBytes } from '../log/wire.ts'
import { type OpenedAct, Past, resolve } from './core.ts'
import { give, type Judging, judgeAll, openWith } from './giving.ts'
import type { HeldKey, Keyring } from './keyring.ts'
import { readingSliceMax, readingSlicesMax, readingSlicesPutOffMax } from './limits.ts'
import type { PastVector } from './past-core.ts'
import type { ProgressStore } from './progress-store.ts'
import type { AppReducer } from './types.ts'

/** All that verdicts follow from, as plain data. Holds secrets; it goes to another thread of this process and nowhere else. */
export interface ReadingJob {
  readonly community: CommunityId
  /** The last entry's arrival: what comes later is given by the main thread. */
  readonly upTo: number
  readonly keys: readonly HeldKey[]
  readonly acts: readonly OpenedAct[]
  readonly past: { readonly devices: readonly DeviceId[]; readonly vectors: ReadonlyMap<EntryId, PastVector> }
  readonly forks: readonly Fork[]
}

export interface ReadingEnd {
  /** `stopped`: by who asked. `failed`: it can't be done there. */
  readonly how: 'done' | 'stopped' | 'failed'
}

/** Reads logs in a thread of its own; node/ has the one that does. */
export interface Reading {
  /** Gives the apps what they were not given up to `job.upTo`. `onProgress` is told how many entries they were given in all. */
  read(
    job: ReadingJob,
    options: { readonly signal: AbortSignal; readonly onProgress: (given: number) => void },
  ): Promise<ReadingEnd>
  /** Runs what writes the views here, while the thread does not. */
  exclusively<Result>(work: () => Result): Promise<Result>
}

export interface ReadingParts {
  readonly log: ReadLog
  readonly store: ProgressStore
  readonly apps: ReadonlyMap<string, AppReducer>
  readonly keyring: Keyring
  /** Hears what others have to say; false: it is to end. */
  readonly goOn: () => Promise<boolean>
  /** Runs what writes the views while nobody else does. */
  readonly exclusively: <Result>(work: () => Result) => Promise<Result>
  /** Whether somebody wants to write now. */
  readonly isWanted: () => boolean
  /** Now and then, and before a transaction ends: what apps put off until then. */
  readonly finish: () => void
  readonly onProgress: (given: number) => void
  /** An entry whose authorship nothing proves: somebody changed the database. It is not given to apps. */
  readonly onUnproven: (entry: EntryId) => void
}

/** Which entries of a slice may be given. */
type Prove = (slice: readonly StoredEntry[]) => readonly StoredEntry[]

/** Which of some entries nothing proves. */
type Proof = (some: readonly StoredEntry[]) => ReadonlySet<EntryId>

/** Ends a transaction in which something was given that nothing proves. */
const unproven = new Error('assertion failed: this is caught')

/** Whether it came to the end. */
export async function readLog(job: ReadingJob, parts: ReadingParts): Promise<boolean> {
  const { log, store } = parts
  const judging = judgingOf(job, parts)
  const isProven = createProof(log)
  for (let isEnd = false; !isEnd; ) {
    if (!(await parts.goOn())) return false
    isEnd = await parts.exclusively(() => giveProven(job, parts, judging, isProven))
    parts.onProgress(store.progress(job.community).given)
  }
  return true
}

/** One transaction; whether nothing is left. */
function giveProven(job: ReadingJob, parts: ReadingParts, judging: Judging, isProven: Proof): boolean {
  const { store } = parts
  try {
    return store.lazily(() => {
      const ends = new Ends()
      const isEnd = giveSome(job, parts, judging, (slice) => ends.add(slice))
      if (isProven(ends.all()).size > 0) throw unproven
      return isEnd
    })
  } catch (error) {
    if (error !== unproven) throw error
    // Once more, each slice proven before it is given.
    return store.lazily(() => giveSome(job, parts, judging, (slice) => provenIn(slice, isProven(slice), parts)))
  }
}

/** Gives slice after slice, as many as fit a transaction and others leave time for; whether nothing is left. */
function giveSome(job: ReadingJob, parts: ReadingParts, judging: Judging, prove: Prove): boolean {
  const { log, store, isWanted, finish } = parts
  const { community, upTo } = job
  let { arrival, entry, given } = store.progress(community)
  let isEnd = false
  for (let left = readingSlicesMax; left > 0 && !isEnd; left--) {
    const slice = log.entriesAfter(arrival, readingSliceMax, { lane: 1 }).filter((one) => one.arrival <= upTo)
    give(parts, community, judgeAll(judging, community, prove(slice)))
    const last = slice.at(-1)
    arrival = last?.arrival ?? arrival
    entry = last?.entry.id ?? entry
    given += slice.length
    isEnd = slice.length < readingSliceMax
    if (isWanted()) break
    if (left % readingSlicesPutOffMax === 1) finish()
  }
  finish()
  store.setProgress(community, { arrival, entry, given })
  return isEnd
}

function judgingOf(job: ReadingJob, { log, keyring }: ReadingParts): Judging {
  keyring.import(job.keys)
  const past = new Past({ get: (id) => log.get(id), forks: () => job.forks })
  past.import(job.past)
  const resolution = resolve(job.community, job.acts, past)
  return { counts: (entry) => resolution.counts(entry), open: (entry) => openWith(keyring, entry) }
}

// ---- authorship (log.md, "Authorship"): of each run of a device the last signature is enough

/** The ends of runs in what was given: all that has to be proven, without keeping the rest. */
class Ends {
  readonly #last = new Map<DeviceId, StoredEntry>()
  readonly #broken: StoredEntry[] = []

  add(slice: readonly StoredEntry[]): readonly StoredEntry[] {
    for (const stored of slice) {
      const { device, prev } = stored.entry
      const before = this.#last.get(device)
      // What lies between may be an act.
      if (before !== undefined && before.entry.id !== prev) this.#broken.push(before)
      this.#last.set(device, stored)
    }
    return slice
  }

  all(): readonly StoredEntry[] {
    return [...this.#broken, ...this.#last.values()]
  }
}

function provenIn(
  slice: readonly StoredEntry[],
  wrong: ReadonlySet<EntryId>,
  { onUnproven }: ReadingParts,
): readonly StoredEntry[] {
  for (const id of wrong) onUnproven(id)
  return slice.filter(({ entry }) => !wrong.has(entry.id))
}

/** Which of some entries nothing proves; where the last signature of a run is wrong, a later entry of the log may prove it. */
export function createProof(log: Pick<ReadLog, 'next'>): Proof {
  const check = createSignatureChecker()

  function isSigned({ device, bytes }: Entry): boolean {
    const { header, signature } = partsOf(bytes)
    return check({ key: idBytes(device), message: signedBytes(header), signature })
  }

  function isProven(entry: Entry): boolean {
    for (let at: Entry | undefined = entry; at !== undefined; at = log.next(at)) if (isSigned(at)) return true
    return false
  }

  return (some) => {
    const continued = new Set<EntryId>()
    for (const { entry } of some) if (entry.prev !== undefined) continued.add(entry.prev)
    const byId = new Map(some.map(({ entry }) => [entry.id, entry]))
    const wrong = new Set<EntryId>()
    for (const { entry } of some) {
      if (continued.has(entry.id) || isProven(entry)) continue
      for (let at: Entry | undefined = entry; at !== undefined && !isProven(at); ) {
        wrong.add(at.id)
        at = at.prev === undefined ? undefined : byId.get(at.prev)
      }
    }
    return wrong
  }
}
