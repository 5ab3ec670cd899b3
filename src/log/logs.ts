// All logs on this computer: opens what the database has, begins and makes room for others, removes. Each log is loaded
// when it is first asked for, which takes no longer for a million entries than for one.

import type { Database } from '../base/database.ts'
import type { Clock, Log } from '../base/ports.ts'
import { createCommunityLog, type OwnedCommunityLog } from './community-log.ts'
import { logErrors, toLogError } from './errors.ts'
import { deviceQuotaShare, logBytesMax } from './limits.ts'
import { LogState } from './state.ts'
import { type CommunityRow, createLogStore } from './store.ts'
import { nextTime } from './time-core.ts'
import type { CommunityId, CommunityLog, Draft, Entry, LogAuthor, Logs } from './types.ts'
import { createVerifier } from './verify.ts'
import { writeEntry } from './write.ts'

export interface LogsParts {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  readonly author: LogAuthor
}

export interface LogsOptions {
  /** Quota of a log that was opened without one of its own. */
  readonly bytesMax?: number
  /** Threads that check signatures; without it what suits this computer. */
  readonly threads?: number
}

interface Held {
  row: CommunityRow
  log: OwnedCommunityLog | undefined
}

/** Opens the logs of a database; its tables are brought up to date. */
export function createLogs(options: LogsOptions): (parts: LogsParts) => Logs {
  return (parts) => new AllLogs(options, parts)
}

class AllLogs implements Logs {
  readonly #parts: LogsParts
  readonly #bytesMax: number
  readonly #store
  readonly #verifier
  readonly #held = new Map<CommunityId, Held>()
  #stopped = false
  #removing: Promise<void> = Promise.resolve()

  constructor({ bytesMax = logBytesMax, ...options }: LogsOptions, parts: LogsParts) {
    this.#parts = parts
    this.#bytesMax = bytesMax
    this.#store = createLogStore(parts.database)
    this.#verifier = createVerifier(options)(parts)
    for (const row of this.#store.list()) this.#held.set(row.community, { row, log: undefined })
    // What a removal left behind when the process ended.
    for (const number of this.#store.removals()) void this.#removeEntries(number)
  }

  list(): readonly CommunityId[] {
    return [...this.#held.keys()]
  }

  get(community: CommunityId): CommunityLog | undefined {
    const held = this.#held.get(community)
    return held === undefined ? undefined : this.#load(held)
  }

  async found(draft: Draft): Promise<{ readonly log: CommunityLog; readonly entry: Entry }> {
    this.#assertRunning()
    const { author, clock } = this.#parts
    const time = nextTime([], clock.nowMs())
    const entry = writeEntry(author, draft, { community: undefined, seq: 1, prev: undefined, heads: [], time })
    if (entry.bytes.length > this.#bytesMax * deviceQuotaShare) {
      throw logErrors.log_full('A community has no room on this computer.')
    }
    const row = orUnwritable(() => this.#store.found(entry))
    const log = this.#hold(row)
    return { log, entry }
  }

  open(community: CommunityId, options: { readonly bytesMax?: number } = {}): CommunityLog {
    this.#assertRunning()
    const { bytesMax } = options
    const held = this.#held.get(community)
    if (held === undefined) return this.#hold(orUnwritable(() => this.#store.create(community, bytesMax)))
    if (bytesMax !== undefined && bytesMax !== held.row.bytesMax) {
      orUnwritable(() => this.#store.setBytesMax(held.row.number, bytesMax))
      held.row = { ...held.row, bytesMax }
    }
    return this.#load(held)
  }

  async remove(community: CommunityId): Promise<void> {
    const held = this.#held.get(community)
    if (held === undefined) return
    this.#held.delete(community)
    await held.log?.close(logErrors.log_unknown('The community was removed from this computer.'))
    try {
      this.#store.forget(held.row.number)
    } catch (cause) {
      // It is still there, and is loaded anew.
      for (const row of this.#store.list())
        if (row.community === community) this.#held.set(community, { row, log: undefined })
      throw toLogError(cause)
    }
    await this.#removeEntries(held.row.number)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const stopped = logErrors.log_stopped('Peerhood is stopping.')
    await Promise.all([...this.#held.values()].map(({ log }) => log?.close(stopped)))
    await this.#verifier.stop()
    await this.#removing
  }

  #assertRunning(): void {
    if (this.#stopped) throw logErrors.log_stopped('Peerhood is stopping.')
  }

  #hold(row: CommunityRow): OwnedCommunityLog {
    const held: Held = { row, log: undefined }
    this.#held.set(row.community, held)
    return this.#load(held)
  }

  #load(held: Held): OwnedCommunityLog {
    if (held.log !== undefined) return held.log
    const { row } = held
    const state = new LogState({ store: this.#store, row, bytesMax: () => held.row.bytesMax ?? this.#bytesMax })
    held.log = createCommunityLog({
      ...this.#parts,
      store: this.#store,
      verifier: this.#verifier,
      state,
      number: row.number,
    })
    return held.log
  }

  /** Part by part, one removal after the other; goes on at the next start if this one ends first. */
  #removeEntries(number: number): Promise<void> {
    this.#removing = this.#removing.then(async () => {
      try {
        while (!this.#stopped && this.#store.removeSome(number)) await new Promise((resolve) => setImmediate(resolve))
      } catch (error) {
        this.#parts.log.error('log_removal_failed', { message: String(error) })
      }
    })
    return this.#removing
  }
}

/** What the database throws as `log_unwritable`. */
function orUnwritable<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw toLogError(cause)
  }
}
