// What this validator promised: its vote log, its signer guard, and whether both may be believed. The driver writes through it.
//
// Must stay true: a record is acknowledged only when log and guard are on disk, in this order, so that a crash leaves the guard at
// or behind the log; a guard before the log means that the log is not all that was said. Writes are retried until the disk takes
// them, always the same ones: what consensus promised once it has promised. A folder that was restored, or that is not explained, is
// marked as ours only after a vote that was given since: until then every start asks others again.

import { BoundedMap } from '../../base/bounded.ts'
import type { Log } from '../../base/ports.ts'
import { type Clock, sleep } from '../../base/ports.ts'
import { isLater, placeOf } from '../consensus/certificate-core.ts'
import type { Place, Vote, WalRecord } from '../consensus/types.ts'
import { type DecodeBlock, decodeRecord, encodeRecord } from '../consensus/wire.ts'
import { openGuard } from './guard.ts'
import { diskRetryMs, givenVotesMax, walRewriteBytes } from './limits.ts'
import type { LedgerDisk } from './types.ts'
import { openWal } from './wal.ts'

export interface VotesParts {
  readonly disk: LedgerDisk
  readonly clock: Clock
  readonly log: Log
  readonly decodeBlock: DecodeBlock
  /** The disk began, or ceased, to refuse. */
  failing(isFailing: boolean): void
}

export interface Votes {
  readonly records: readonly WalRecord[]
  /** Others have to say what this key said last, before it says more. */
  readonly mustConfirm: boolean
  /** The last place that was signed for: nothing may be at or before it. */
  readonly last: Place | undefined
  /** Whether this vote of ours was given here, or is older than what is remembered. */
  isKnown(vote: Vote): boolean
  /** Resolves when all of it is on disk; false: the guard knows of something later, so none of it may leave. */
  write(records: readonly WalRecord[]): Promise<boolean>
  /** Drops what no longer matters, where the log has grown. Only while nothing is being written. */
  settle(records: () => readonly WalRecord[]): Promise<void>
  close(): Promise<void>
}

const walName = 'votes'
const guardName = 'guard'
const markerName = 'here'

export interface VotesOptions {
  /** The key has never signed anything: no files are fine. */
  readonly keyIsNew: boolean
}

/** Throws `ledger_file_damaged`. */
export async function openVotes({ keyIsNew }: VotesOptions, parts: VotesParts): Promise<Votes> {
  const { disk, log, clock } = parts
  const { wal, records: raw, cutBytes } = await openWal(disk, walName)
  const guard = await openGuard(disk, guardName)
  const found = guard.last
  const marker = await disk.marker(markerName)
  const records = raw.map((bytes) => decodeRecord(bytes, parts.decodeBlock))
  const lastLogged = lastPlace(records)
  const isBehind = found !== undefined && (lastLogged === undefined || isLater(found, lastLogged))
  const isUnknown = found === undefined && lastLogged === undefined && !keyIsNew
  const mustConfirm = marker === 'restored' || isBehind || isUnknown
  if (cutBytes > 0 || mustConfirm) log.warn('ledger_votes_opened', { cutBytes, marker, isBehind, mustConfirm })
  let isMarked = !mustConfirm
  if (isMarked) await disk.mark(markerName)
  // A crash came between log and guard.
  if (lastLogged !== undefined && (found === undefined || isLater(lastLogged, found))) await guard.raise(lastLogged)

  let isFailing = false
  let isClosed = false

  function tell(now: boolean): void {
    if (now === isFailing) return
    isFailing = now
    parts.failing(now)
  }

  /** The same again until the disk takes it. */
  async function insist(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await work()
        return tell(false)
      } catch (error) {
        if (isClosed || !isDiskFull(error)) throw error
        log.error('ledger_disk_refuses', { error })
        tell(true)
      }
      await sleep(clock, diskRetryMs)
      if (isClosed) await new Promise(() => {})
    }
  }

  const given = new BoundedMap<string, Place>(givenVotesMax)
  /** What was signed up to here may be forgotten: whoever repeats an old vote of ours shows nothing. */
  let since = guard.last
  const remember = (some: readonly WalRecord[]) => {
    for (const record of some) {
      const forgotten = record.kind === 'vote' ? given.set(nameOf(record.vote), placeOf(record.vote)) : undefined
      if (forgotten !== undefined && (since === undefined || isLater(forgotten[1], since))) since = forgotten[1]
    }
  }
  remember(records)
  let newest = records.filter(({ kind }) => kind === 'vote').at(-1)

  interface Waiting {
    readonly records: readonly WalRecord[]
    readonly done: (isGiven: boolean) => void
    readonly failed: (error: unknown) => void
  }
  let waiting: Waiting[] = []
  let isWriting = false

  /** All that waits in one flush of the log and one of the guard; then what came meanwhile. */
  async function run(): Promise<void> {
    isWriting = true
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        const isGiven = await writeGroup(group.flatMap((one) => one.records))
        for (const one of group) one.done(isGiven)
      } catch (error) {
        for (const one of group) one.failed(error)
      }
    }
    isWriting = false
  }

  async function writeGroup(batch: readonly WalRecord[]): Promise<boolean> {
    const first = firstPlace(batch)
    if (first !== undefined && guard.last !== undefined && !isLater(first, guard.last)) {
      log.error('ledger_guard_refuses', { first, last: guard.last })
      return false
    }
    remember(batch)
    const bytes = batch.map(encodeRecord)
    // One flush: it is all of them or none, so a second try writes none twice.
    await insist(async () => void (await Promise.all(bytes.map((one) => wal.append(one)))))
    const to = lastPlace(batch)
    if (to === undefined) return true
    await insist(() => guard.raise(to))
    newest = batch.filter(({ kind }) => kind === 'vote').at(-1)
    if (!isMarked) await mark()
    return true
  }

  /** Others have said what this key said before, and log and guard are after that. */
  async function mark(): Promise<void> {
    try {
      await disk.mark(markerName)
      isMarked = true
    } catch (error) {
      log.warn('ledger_folder_not_marked', { error })
    }
  }

  /** With the newest vote, also where it is settled: a log that ends before the guard would have lost something. */
  function withNewest(kept: readonly WalRecord[]): readonly WalRecord[] {
    const [last, wanted] = [lastPlace(kept), newest && lastPlace([newest])]
    const isThere = wanted === undefined || (last !== undefined && !isLater(wanted, last))
    return isThere || newest === undefined ? kept : [...kept, newest]
  }

  return {
    records,
    mustConfirm,
    get last() {
      return guard.last
    },
    isKnown: (vote) => given.has(nameOf(vote)) || (since !== undefined && !isLater(placeOf(vote), since)),
    write(batch) {
      return new Promise((done, failed) => {
        waiting.push({ records: batch, done, failed })
        if (!isWriting) void run()
      })
    },
    async settle(keep) {
      if (wal.bytes < walRewriteBytes || isWriting || isFailing) return
      // What is written meanwhile waits in the log.
      await wal
        .rewrite(withNewest(keep()).map(encodeRecord))
        .catch((error) => log.warn('ledger_log_not_rewritten', { error }))
    },
    async close() {
      isClosed = true
      await wal.close()
    },
  }
}

function nameOf({ kind, epoch, view, block }: Vote): string {
  return `${epoch}/${view}/${kind}/${block ?? ''}`
}

function firstPlace(records: readonly WalRecord[]): Place | undefined {
  const first = records.find((record) => record.kind === 'vote')
  return first === undefined ? undefined : placeOf(first.vote)
}

function lastPlace(records: readonly WalRecord[]): Place | undefined {
  let last: Place | undefined
  for (const record of records) {
    if (record.kind !== 'vote') continue
    const place = placeOf(record.vote)
    if (last === undefined || isLater(place, last)) last = place
  }
  return last
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ledger_disk_full'
}
