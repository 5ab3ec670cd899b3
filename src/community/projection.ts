// Gives the apps of one room what counts of lane 1: page by page here, or, when there is much, through a thread that reads on
// while what comes newly is given at once. Takes back what counts no longer once acts came that say so.
//
//   log ──page──► judge, open (giving.ts) ──► apps, in one transaction with how far they are
//    └── after some pages of a long log ──► reading.ts, in another thread, up to here ──► and on from there
//
// Must stay true: what is written (or came) after the thread began is given here, so nobody waits for it; while it reads,
// the views are written here only when it lets go of them; how far the apps are, and by which acts entries were judged, is
// on disk with what they made of them.

import type { Log } from '../base/ports.ts'
import type { CommunityLog, DeviceId, Entry, KeyId, StoredEntry } from '../log/types.ts'
import type { Counted, Resolution } from './core.ts'
import type { Difference } from './difference-core.ts'
import { give, judgeAll, openedOf } from './giving.ts'
import { entriesPerTurnMax, rejudgedPageBytes, turnsHereMax } from './limits.ts'
import type { Payload } from './payload-wire.ts'
import type { ProgressStore } from './progress-store.ts'
import type { Reading, ReadingJob } from './reading.ts'
import type { AppReducer, OpenedEntry, VoidCode } from './types.ts'

export interface ProjectionParts {
  readonly log: Log
  readonly store: ProgressStore
  readonly apps: ReadonlyMap<string, AppReducer>
  readonly reading?: Reading | undefined
}

/** What a projection asks of its room. */
export interface Judge {
  counts(entry: Entry): Counted | VoidCode
  open(entry: Entry): Payload | 'malformed' | undefined
  job(): Omit<ReadingJob, 'upTo'>
  /** Runs when nothing else of the room does. */
  inTurn(work: () => Promise<void>): Promise<void>
  emit(
    event:
      | { readonly type: 'entries'; readonly entries: readonly OpenedEntry[] }
      | { readonly type: 'rebuilt' | 'reading' },
  ): void
}

/** A thread reads for this room. */
interface Away {
  /** Up to which arrival what came meanwhile was given here. */
  givenTo: number
  readonly stop: AbortController
  ended: Promise<void>
  /** Whose entries, and which keys', are judged otherwise since it began. */
  readonly devices: Set<DeviceId>
  readonly keys: Set<KeyId>
}

export class Projection {
  readonly #log: CommunityLog
  readonly #judge: Judge
  readonly #parts: ProjectionParts
  #away: Away | undefined
  /** The thread has failed: everything is read here. */
  #isAlone = false
  /** The apps get everything again, and are told of no news. */
  #isRebuilding = false
  #given: number | undefined

  constructor(log: CommunityLog, judge: Judge, parts: ProjectionParts) {
    this.#log = log
    this.#judge = judge
    this.#parts = parts
  }

  /** How many entries of lane 1 were given so far, while a thread reads. */
  get given(): number | undefined {
    return this.#given
  }

  /** Up to which arrival the acts were read that entries were judged by. */
  get actsRead(): number {
    return this.#progress().acts
  }

  /** Before anything else: whether the views are of this log, judged by what it is now. */
  async begin(keys: Iterable<KeyId>): Promise<void> {
    const { community } = this.#log
    const { arrival, entry, forks } = this.#progress()
    const [stored] = arrival === 0 ? [] : this.#log.entriesAfter(arrival - 1, 1)
    // Another log (a backup that was brought back), or a fork that nobody judged by before this ended.
    const isSame = arrival === 0 || (stored?.arrival === arrival && stored.entry.id === entry)
    if (!isSame || forks !== this.#log.forks().length) await this.#startAgain()
    await this.#write(() => {
      for (const app of this.#parts.apps.values()) app.prepare?.(community)
      // They may have come when this ended last, and nobody have looked.
      for (const key of keys) this.#parts.store.wake(community, `key ${key}`)
    })
  }

  /** What waits for these keys is to be looked at once more. */
  async woken(keys: ReadonlySet<KeyId>): Promise<void> {
    await this.#write(() => this.#wake({ devices: new Set(), keys }))
  }

  /** Acts came: takes back what counts no longer. `read`: up to which arrival acts were read. */
  async judgedAnew(before: Resolution, difference: Difference, read: number): Promise<void> {
    const { store } = this.#parts
    const { community } = this.#log
    const { rewritten } = difference
    if (rewritten === 'all') await this.#startAgain()
    else if (rewritten.size > 0) await this.#rejudge(before, rewritten)
    await this.#write(() => {
      store.setProgress(community, { acts: read, forks: this.#log.forks().length })
      this.#wake(difference)
    })
  }

  /** Gives the apps what waited for something that came, then what came itself. */
  async project(): Promise<void> {
    if (this.#progress().forgetting) await this.#forget()
    await this.#giveWoken()
    const from = this.#away?.givenTo ?? this.#progress().arrival
    await this.#giveAfter(from)
    if (this.#away !== undefined || !this.#isRebuilding) return
    this.#isRebuilding = false
    this.#judge.emit({ type: 'rebuilt' })
  }

  async stop(): Promise<void> {
    await this.#comeBack()
  }

  #progress() {
    return this.#parts.store.progress(this.#log.community)
  }

  /** Everything that changes the views or how far they are. */
  async #write<Result>(work: () => Result): Promise<Result> {
    const { store, reading } = this.#parts
    const written = () => store.lazily(work)
    return reading === undefined ? written() : reading.exclusively(written)
  }

  #wake({ devices, keys }: Pick<Difference, 'devices' | 'keys'>): void {
    const { store } = this.#parts
    for (const device of devices) {
      store.wake(this.#log.community, `device ${device}`)
      this.#away?.devices.add(device)
    }
    for (const key of keys) {
      store.wake(this.#log.community, `key ${key}`)
      this.#away?.keys.add(key)
    }
  }

  // ---- what came

  async #giveAfter(from: number): Promise<void> {
    const { store } = this.#parts
    const { community } = this.#log
    for (let [after, turns] = [from, 0]; ; turns++) {
      if (turns >= turnsHereMax && this.#mayGoAway()) return this.#goAway()
      const page = this.#log.entriesAfter(after, entriesPerTurnMax, { lane: 1 })
      const last = page.at(-1)
      if (last === undefined) return
      await this.#give(page, () => {
        if (this.#away !== undefined) return
        const { given } = this.#progress()
        store.setProgress(community, { arrival: last.arrival, entry: last.entry.id, given: given + page.length })
      })
      after = last.arrival
      if (this.#away !== undefined) this.#away.givenTo = after
      if (page.length < entriesPerTurnMax) return
      await nextTurn()
    }
  }

  async #giveWoken(): Promise<void> {
    const { store } = this.#parts
    const { community } = this.#log
    const woken = store.woken(community)
    for (let at = 0; at < woken.length; at += entriesPerTurnMax) {
      const arrivals = woken.slice(at, at + entriesPerTurnMax)
      await this.#give(this.#entriesAt(arrivals), () => {
        for (const arrival of arrivals) store.removeWoken(community, arrival)
      })
      await nextTurn()
    }
  }

  #entriesAt(arrivals: readonly number[]): StoredEntry[] {
    return arrivals.flatMap((arrival) => {
      const [stored] = this.#log.entriesAfter(arrival - 1, 1, { lane: 1 })
      return stored?.arrival === arrival ? [stored] : []
    })
  }

  async #give(page: readonly StoredEntry[], note: () => void): Promise<void> {
    const given = judgeAll(this.#judge, this.#log.community, page)
    await this.#write(() => {
      note()
      give(this.#parts, this.#log.community, given)
    })
    const isNews = this.#away !== undefined || !this.#isRebuilding
    if (given.opened.length > 0 && isNews) this.#judge.emit({ type: 'entries', entries: given.opened })
  }

  // ---- what counts no longer

  /** Of these devices, from these numbers on, verdicts may be others: what they were changes what the apps have. */
  async #rejudge(before: Resolution, from: ReadonlyMap<DeviceId, number>): Promise<void> {
    // It judges by the acts that there were.
    await this.#comeBack()
    const everything = [...this.#log.vector().keys()].map((device) => [device, Number.MAX_SAFE_INTEGER] as const)
    const vector = new Map<DeviceId, number>([...everything, ...[...from].map(([id, seq]) => [id, seq - 1] as const)])
    let changed = false
    for (let after = 0; ; ) {
      const page = this.#log.missingFor(vector, after, rejudgedPageBytes)
      const last = page.at(-1)
      if (last === undefined) break
      after = last.arrival
      const due = page.filter(({ entry }) => this.#isJudgedOtherwise(entry, before, from))
      if (due.length > 0 && !(await this.#giveOtherwise(due, before))) return this.#startAgain()
      changed ||= due.length > 0
      await nextTurn()
    }
    if (changed && !this.#isRebuilding) this.#judge.emit({ type: 'rebuilt' })
  }

  #isJudgedOtherwise(entry: Entry, before: Resolution, from: ReadonlyMap<DeviceId, number>): boolean {
    if (entry.lane !== 1 || entry.seq < (from.get(entry.device) ?? Number.POSITIVE_INFINITY)) return false
    const [old, present] = [before.counts(entry), this.#judge.counts(entry)]
    // `before` knows of forks what is known now: an entry that it has for forked may have counted.
    if (present === 'device_forked') return true
    if (typeof old === 'string' || typeof present === 'string') return old !== present
    const [was, is] = [old.role(), present.role()]
    return old.person !== present.person || was.rank !== is.rank || String(was.capabilities) !== String(is.capabilities)
  }

  /** Takes back what these did and gives those that count, with all that hangs together with them; false: all of it is to be. */
  async #giveOtherwise(page: readonly StoredEntry[], before: Resolution): Promise<boolean> {
    const { apps } = this.#parts
    const { community } = this.#log
    const were = page.flatMap((stored) => {
      const payload = this.#judge.open(stored.entry)
      if (payload === undefined || payload === 'malformed') return []
      const counted = before.counts(stored.entry)
      if (typeof counted !== 'string') return [openedOf(community, stored, payload, counted)]
      const person = before.personOf(stored.entry.device)
      return person === undefined ? [] : [openedOf(community, stored, payload, { person, may: () => true })]
    })
    return this.#write(() => {
      const arrivals = new Set(page.map(({ arrival }) => arrival))
      for (const app of apps.values()) {
        const again = app.retract(were.filter((entry) => entry.app === app.app))
        if (again === undefined) return false
        for (const arrival of again) arrivals.add(arrival)
      }
      const entries = this.#entriesAt([...arrivals].sort((a, b) => a - b))
      give(this.#parts, community, judgeAll(this.#judge, community, entries))
      return true
    })
  }

  // ---- everything again

  async #startAgain(): Promise<void> {
    await this.#comeBack()
    await this.#write(() => this.#parts.store.startAgain(this.#log.community))
    this.#isRebuilding = true
  }

  /** Part by part; a start after a stop in the middle goes on with it. */
  async #forget(): Promise<void> {
    const { store, apps } = this.#parts
    const { community } = this.#log
    this.#isRebuilding = true
    for (let left = [...apps.values()]; left.length > 0; await nextTurn()) {
      left = await this.#write(() => left.filter((app) => !app.reset(community)))
    }
    await this.#write(() => {
      for (const app of apps.values()) app.prepare?.(community)
      store.setProgress(community, { forgetting: false })
    })
  }

  // ---- in another thread

  #mayGoAway(): boolean {
    return this.#parts.reading !== undefined && this.#away === undefined && !this.#isAlone
  }

  #goAway(): void {
    const { reading, log } = this.#parts
    const [newest] = this.#log.entriesBefore(undefined, 1)
    if (reading === undefined || newest === undefined) return
    const stop = new AbortController()
    const away: Away = {
      ...{ givenTo: newest.arrival, stop, ended: Promise.resolve() },
      ...{ devices: new Set(), keys: new Set() },
    }
    this.#away = away
    this.#tellGiven(this.#progress().given)
    const job: ReadingJob = { ...this.#judge.job(), upTo: newest.arrival }
    const onProgress = (given: number) => this.#tellGiven(given)
    away.ended = reading.read(job, { signal: stop.signal, onProgress }).then(({ how }) => {
      if (how === 'stopped') return
      if (how === 'failed') log.error('reading_failed', { community: this.#log.community })
      this.#isAlone = how === 'failed'
      // Not waited for: whoever stops the thread does so in its turn.
      void this.#judge
        .inTurn(() => this.#cameBack(away))
        .catch((error: unknown) => {
          log.error('reading_not_ended', { community: this.#log.community, message: String(error) })
        })
    })
  }

  #tellGiven(given: number | undefined): void {
    this.#given = given
    this.#judge.emit({ type: 'reading' })
  }

  /** The thread has come to the end, or to its own. */
  async #cameBack(away: Away): Promise<void> {
    if (this.#away !== away) return
    const { store } = this.#parts
    const { community } = this.#log
    this.#away = undefined
    const [last] = this.#isAlone ? [] : this.#log.entriesBefore(away.givenTo + 1, 1)
    await this.#write(() => {
      // What it noted as waiting was judged by the acts that there were.
      this.#wake(away)
      if (last !== undefined) store.setProgress(community, { arrival: away.givenTo, entry: last.entry.id })
    })
    this.#tellGiven(undefined)
    this.#isRebuilding = true
    await this.project()
  }

  /** Makes the thread end, where it is. */
  async #comeBack(): Promise<void> {
    const away = this.#away
    if (away === undefined) return
    away.stop.abort()
    await away.ended
    this.#away = undefined
    this.#tellGiven(undefined)
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
