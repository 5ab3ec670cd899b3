// One community's log: takes what others wrote, writes what this device has to say, tells listeners what was stored.
//
//   receive ──► intake ──► chunk ──► wire.ts ──► decide.ts (rules, signatures) ──► one transaction ──► results, listeners
//   append  ──► write.ts ──────────────────────► the same rules ─────────────────► one transaction ──► entry, listeners
//
// Must stay true: one chunk or one group of own entries at a time; memory changes after the transaction; whoever is told
// that something is stored is told after it is on disk.

import { isPeerhoodError, type PeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log } from '../base/ports.ts'
import { type Candidate, judge, type Outcome } from './core.ts'
import { type Decision, decide } from './decide.ts'
import { logErrors, toLogError } from './errors.ts'
import { deviceIdOf, entryIdOf } from './ids.ts'
import { Intake, type Item } from './intake.ts'
import { appendsTogetherMax, appendsWaitingMax, entryBytesMax, headsMax } from './limits.ts'
import { judgeParents } from './rules-core.ts'
import type { LogState } from './state.ts'
import type { EntryRow, Lack, LogStore } from './store.ts'
import { nextTime } from './time-core.ts'
import type {
  Allowances,
  CommunityId,
  CommunityLog,
  DeviceId,
  Draft,
  Entry,
  EntryId,
  LogAuthor,
  LogEvent,
  Received,
  RefusalCode,
  StoredEntry,
  Vector,
} from './types.ts'
import type { Verifier } from './verify.ts'
import { decodeEntry } from './wire.ts'
import { writeEntry } from './write.ts'

export interface CommunityLogParts {
  readonly clock: Clock
  readonly log: Log
  readonly author: LogAuthor
  readonly store: LogStore
  readonly verifier: Verifier
  readonly state: LogState
  /** The community's number in the database. */
  readonly number: number
}

/** With what only {@link createLogs} may do. */
export interface OwnedCommunityLog extends CommunityLog {
  /** Refuses everything from now on with this error; resolves when nothing runs any more. */
  close(error: Error): Promise<void>
}

interface Append {
  readonly draft: Draft
  resolve(entry: Entry): void
  reject(error: unknown): void
}

export function createCommunityLog(parts: CommunityLogParts): OwnedCommunityLog {
  return new LogOfCommunity(parts)
}

class LogOfCommunity implements OwnedCommunityLog {
  readonly community: CommunityId
  readonly #parts: CommunityLogParts
  readonly #state: LogState
  readonly #self: DeviceId
  readonly #intake = new Intake()
  readonly #listeners = new Set<(event: LogEvent) => void>()
  #appends: Append[] = []
  #running: Promise<void> | undefined
  #closed: Error | undefined

  constructor(parts: CommunityLogParts) {
    this.#parts = parts
    this.#state = parts.state
    this.#self = deviceIdOf(parts.author.deviceKey)
    this.community = parts.state.community
  }

  // ---- reading

  counts() {
    return this.#state.counts()
  }

  vector(): Vector {
    return this.#state.vector()
  }

  heads(): readonly EntryId[] {
    return this.#state.heads()
  }

  forks() {
    return this.#state.forks()
  }

  missing(): readonly EntryId[] {
    return this.#state.missing()
  }

  deferred(): readonly DeviceId[] {
    return this.#state.paces.deferred(this.#parts.clock.nowMs())
  }

  allow(allowances: Allowances): void {
    const nowMs = this.#parts.clock.nowMs()
    const before = this.#state.paces.deferred(nowMs)
    this.#state.paces.allow(allowances)
    const still = new Set(this.#state.paces.deferred(nowMs))
    const devices = before.filter((device) => !still.has(device))
    if (devices.length > 0) this.#emit({ type: 'allowed', devices })
  }

  has(id: EntryId): boolean {
    return this.#state.facts(id) !== undefined && !this.#state.damaged.has(id)
  }

  get(id: EntryId): Entry | undefined {
    const row = this.#parts.store.get(this.#parts.number, id)
    return row === undefined ? undefined : this.#intact([row])[0]?.entry
  }

  at(device: DeviceId, seq: number): Entry | undefined {
    const [id] = this.#state.idsAt(device, seq)
    return id === undefined ? undefined : this.get(id)
  }

  entriesAfter(arrival: number, limit: number, options: { readonly lane?: 0 | 1 } = {}): readonly StoredEntry[] {
    const { store, number } = this.#parts
    // Damaged rows are left out, and must not make a page look like the last one.
    for (let after = arrival; ; ) {
      const rows = store.after(number, after, limit, options.lane)
      const entries = this.#intact(rows)
      const last = rows.at(-1)
      if (entries.length > 0 || last === undefined) return entries
      after = last.arrival
    }
  }

  entriesBefore(arrival: number | undefined, limit: number): readonly StoredEntry[] {
    const { store, number } = this.#parts
    return this.#intact(store.before(number, arrival ?? Number.MAX_SAFE_INTEGER, limit))
  }

  missingFor(vector: Vector, after: number, bytesMax: number): readonly StoredEntry[] {
    const { store, number } = this.#parts
    const lacks: Lack[] = []
    for (const [device, row] of this.#state.allDevices()) {
      const seq = vector.get(device) ?? 0
      if (row.seq > seq) lacks.push({ device: row.number, seq, entries: row.entries - Math.min(row.entries - 1, seq) })
    }
    const page: StoredEntry[] = []
    let bytes = 0
    for (const row of lacks.length === 0 ? [] : store.lacking(number, lacks, after)) {
      const [stored] = this.#intact([row])
      if (stored === undefined) continue
      bytes += stored.entry.bytes.length
      if (page.length > 0 && bytes > bytesMax) break
      page.push(stored)
    }
    return page
  }

  /** What of these rows is whole; the others are noted, so that `missing` asks for them. */
  #intact(rows: readonly EntryRow[]): readonly StoredEntry[] {
    return rows.flatMap(({ arrival, id, entry }) => {
      if (entry !== undefined) return [{ arrival, entry }]
      if (!this.#state.damaged.has(id)) {
        this.#state.damaged.set(id, arrival)
        this.#parts.log.error('log_row_damaged', { community: this.community, arrival, id })
      }
      return []
    })
  }

  // ---- writing

  async receive(
    entries: readonly Uint8Array[],
    options: { readonly wanted?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<readonly Received[]> {
    if (this.#closed !== undefined) throw this.#closed
    const results = this.#intake.add(entries, { wanted: options.wanted ?? false, signal: options.signal })
    this.#start()
    return results
  }

  async append(draft: Draft): Promise<Entry> {
    if (this.#closed !== undefined) throw this.#closed
    if (this.#appends.length >= appendsWaitingMax) {
      throw logErrors.log_busy(`${this.#appends.length} entries wait to be written already.`)
    }
    return new Promise((resolve, reject) => {
      this.#appends.push({ draft, resolve, reject })
      this.#start()
    })
  }

  on(listener: (event: LogEvent) => void): Cancel {
    const own = (event: LogEvent) => listener(event)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  async close(error: Error): Promise<void> {
    this.#closed = error
    this.#intake.failAll(error)
    for (const { reject } of this.#appends.splice(0)) reject(error)
    await this.#running
  }

  #start(): void {
    this.#running ??= this.#run()
  }

  /** Own entries go first: a person waits for them. */
  async #run(): Promise<void> {
    // What was asked for in this turn of the event loop is done together.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#appends.length > 0 || !this.#intake.isEmpty) {
      if (this.#appends.length > 0) this.#write(this.#appends.splice(0, appendsTogetherMax))
      if (!this.#intake.isEmpty) await this.#take(this.#intake.take())
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#running = undefined
  }

  // ---- entries of others

  async #take(items: readonly Item[]): Promise<void> {
    try {
      const read = items.map((item) => readItem(item))
      this.#mendDamaged(read)
      // Who was asked for while it waits stays so, whoever brings it again.
      const candidates = onceEach(read, (id) => this.#state.waiting.get(id)?.wanted ?? false)
      const { clock, verifier } = this.#parts
      const decision = await decide(this.#state, candidates, {
        nowMs: clock.nowMs(),
        verifier,
        isSigned: (id) => this.#state.waiting.get(id)?.signed ?? false,
      })
      if (this.#closed !== undefined) throw this.#closed
      const stored = this.#commit(decision)
      const told = new Set<EntryId>()
      read.forEach((one, index) => {
        items[index]?.settle(this.#resultOf(one, decision, told))
      })
      this.#tell(stored, decision, false)
    } catch (error) {
      const failure = this.#failure(error)
      for (const item of items) item.fail(failure)
    }
  }

  #commit(decision: Decision): readonly StoredEntry[] {
    const { judgement } = decision
    const stored = judgement.accepted.length === 0 ? [] : this.#state.commit(this.#state.deltaOf(judgement))
    for (const device of this.#state.remember(judgement, decision.isSigned)) {
      this.#parts.log.warn('device_too_fast', { community: this.community, device })
    }
    return stored
  }

  #resultOf(read: Read, { judgement }: Decision, told: Set<EntryId>): Received {
    if ('code' in read) return { how: 'refused', code: read.code }
    const { entry } = read
    const outcome: Outcome = judgement.outcomes.get(entry.id) ?? { how: 'known' }
    switch (outcome.how) {
      case 'accepted':
        // The same entry twice in a chunk: the second one was known by then.
        if (told.has(entry.id)) return { how: 'known', id: entry.id }
        told.add(entry.id)
        return outcome.fork === undefined ? { how: 'stored', entry } : { how: 'forked', entry, fork: outcome.fork }
      case 'waiting':
        return { how: 'waiting', id: entry.id, missing: outcome.missing }
      case 'deferred':
        return { how: 'deferred', id: entry.id, device: outcome.device, waitMs: outcome.waitMs }
      case 'early':
        return { how: 'early', id: entry.id, ms: entry.time.ms }
      case 'refused':
        return { how: 'refused', code: outcome.code }
      case 'known':
        return { how: 'known', id: entry.id }
    }
  }

  /** A row that the disk spoilt is written again when somebody brings the entry, and told of as if it were new. */
  #mendDamaged(read: readonly Read[]): void {
    if (this.#state.damaged.size === 0) return
    for (const one of read) {
      const arrival = 'entry' in one ? this.#state.damaged.get(one.entry.id) : undefined
      if (!('entry' in one) || arrival === undefined) continue
      this.#parts.store.mend(arrival, one.entry.bytes)
      this.#state.damaged.delete(one.entry.id)
      this.#parts.log.info('log_row_mended', { community: this.community, arrival, id: one.entry.id })
      this.#emit({ type: 'entries', entries: [{ arrival, entry: one.entry }], own: false })
    }
  }

  // ---- entries of this device

  #write(appends: readonly Append[]): void {
    const written: { readonly append: Append; readonly entry: Entry }[] = []
    for (const append of appends) {
      try {
        written.push({
          append,
          entry: this.#compose(
            append.draft,
            written.map(({ entry }) => entry),
          ),
        })
      } catch (error) {
        append.reject(error)
      }
    }
    if (written.length === 0) return
    try {
      const outcomes = this.#commitOwn(written.map(({ entry }) => entry))
      for (const { append, entry } of written) {
        const outcome = outcomes.get(entry.id)
        if (outcome?.how === 'accepted') append.resolve(entry)
        else append.reject(noRoom(outcome))
      }
    } catch (error) {
      const failure = this.#failure(error)
      for (const { append } of written) append.reject(failure)
    }
  }

  /** The device's next entry, after those that are about to be stored with it. */
  #compose(draft: Draft, before: readonly Entry[]): Entry {
    const state = this.#state
    const own = state.device(this.#self)
    if (own?.fork !== undefined) {
      throw logErrors.device_frozen('This device’s chain was forked: it can’t write to the community any more.')
    }
    // Signed by this device, and not known to it: whatever it wrote now would stand under a number that is used.
    if (state.waiting.hasOf(this.#self)) {
      throw logErrors.device_behind('Entries of this very computer are on their way that it does not know.')
    }
    if (state.counts().entries === 0) throw logErrors.log_empty('Nothing of the community has arrived yet.')
    this.#assertRead(draft, before)
    this.#assertPace(draft, before)
    const last = before.at(-1)
    const seq = (own?.seq ?? 0) + before.length + 1
    const prev = last?.id ?? (own === undefined ? undefined : state.idsAt(this.#self, own.seq)[0])
    const named = new Set(before.flatMap(({ heads }) => heads))
    const heads = state.heads().filter((id) => state.facts(id)?.device !== this.#self && !named.has(id))
    const chosen = heads.slice(0, headsMax).sort()
    const prevFacts = last ?? (prev === undefined ? undefined : state.facts(prev))
    const parents = [prevFacts, ...chosen.map((id) => state.facts(id))].filter((facts) => facts !== undefined)
    const time = nextTime(
      parents.map((facts) => facts.time),
      this.#parts.clock.nowMs(),
    )
    const entry = writeEntry(this.#parts.author, draft, { community: this.community, seq, prev, heads: chosen, time })
    const broken = judgeParents(entry, parents)
    if (broken !== undefined) throw logErrors[broken](`The draft’s epoch ${draft.epoch} does not fit what is here.`)
    return entry
  }

  /** What follows an entry counts as written in its knowledge. */
  #assertRead({ readUpTo }: Draft, before: readonly Entry[]): void {
    if (readUpTo === undefined) return
    const isRead = this.entriesAfter(readUpTo, 1, { lane: 0 }).length === 0 && before.every(({ lane }) => lane !== 0)
    if (!isRead) throw logErrors.draft_outdated('Entries have arrived that the draft does not know of.')
  }

  /** What others would leave for later had better be written later. */
  #assertPace({ lane }: Draft, before: readonly Entry[]): void {
    const waitMs = this.#state.paces.ownWait(this.#self, before, lane, this.#parts.clock.nowMs())
    if (waitMs === 0) return
    const seconds = Math.ceil(waitMs / 1_000)
    throw logErrors.device_too_fast(`You write faster than your role here allows; go on in ${seconds} seconds.`, {
      details: { seconds },
    })
  }

  /** Throws when the database does. */
  #commitOwn(entries: readonly Entry[]): ReadonlyMap<EntryId, Outcome> {
    const candidates = entries.map((entry) => ({ entry, wanted: false }))
    // An own entry may be ahead of a clock that was set back: its time comes from what it follows.
    const judgement = judge(this.#state, candidates, { nowMs: Number.MAX_SAFE_INTEGER, unproven: new Set() })
    if (judgement.accepted.length === 0) return judgement.outcomes
    const stored = this.#state.commit(this.#state.deltaOf(judgement))
    this.#tell(stored, { judgement, isSigned: () => true }, true)
    return judgement.outcomes
  }

  // ---- telling

  #tell(stored: readonly StoredEntry[], { judgement }: Decision, own: boolean): void {
    if (stored.length > 0) this.#emit({ type: 'entries', entries: stored, own })
    for (const fork of judgement.forks) {
      this.#parts.log.warn('log_forked', { community: this.community, ...fork })
      this.#emit({ type: 'fork', fork })
    }
  }

  #emit(event: LogEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event)
      } catch (error) {
        this.#parts.log.error('log_listener_failed', { community: this.community, message: String(error) })
      }
    }
  }

  #failure(error: unknown): PeerhoodError {
    const failure = toLogError(error)
    if (failure !== error) {
      this.#parts.log.error(failure.code, { community: this.community, message: String(error) })
    }
    return failure
  }
}

/** An own entry is refused for want of room alone; those written with it then lack the one before. */
function noRoom(outcome: Outcome | undefined): PeerhoodError {
  const code = outcome?.how === 'refused' ? outcome.code : 'log_full'
  return logErrors[code]('The community has used up the room that it has on this computer.')
}

type Read = Candidate | { readonly code: RefusalCode }

function readItem({ bytes, wanted }: Item): Read {
  if (bytes.length > entryBytesMax) return { code: 'entry_too_long' }
  try {
    return { entry: decodeEntry(bytes, entryIdOf(bytes)), wanted }
  } catch (error) {
    if (isPeerhoodError(error)) return { code: error.code as RefusalCode }
    throw error
  }
}

function onceEach(read: readonly Read[], isWanted: (id: EntryId) => boolean): readonly Candidate[] {
  const candidates = new Map<EntryId, Candidate>()
  for (const one of read) {
    if ('code' in one) continue
    const { entry } = one
    const wanted = one.wanted || (candidates.get(entry.id)?.wanted ?? isWanted(entry.id))
    candidates.set(entry.id, { entry, wanted })
  }
  return [...candidates.values()]
}
