// What the tests of log/ share, and those of folders that build on it: authors from names, entries written by hand (also
// ones that no honest author writes), logs over a database in memory, a network of logs that loses and repeats.

import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import type { Database } from '../base/database.ts'
import { isPeerhoodError, type PeerhoodError } from '../base/errors.ts'
import type { Clock, Log } from '../base/ports.ts'
import type { DeviceKey } from '../identity/types.ts'
import { deviceIdOf, entryIdOf } from './ids.ts'
import { createLogs, type LogsOptions } from './logs.ts'
import { parentsOf } from './rules-core.ts'
import { nextTime } from './time-core.ts'
import type {
  CommunityId,
  CommunityLog,
  DeviceId,
  Draft,
  Entry,
  EntryId,
  KeyId,
  LogAuthor,
  LogEvent,
  Logs,
  Received,
} from './types.ts'
import { decodeEntry, type EntryFields, encodeEntry, encodeHeader, signedBytes } from './wire.ts'

export const startMs = 1_700_000_000_000

/** RFC 8410 §7: the DER that stands before the 32 bytes of an Ed25519 private key. */
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')

export interface TestAuthor extends LogAuthor {
  readonly device: DeviceId
}

/** The same name gives the same device. */
export function authorOf(name: string): TestAuthor {
  return authorOfSeed(createHash('sha256').update(name).digest())
}

export function authorOfSeed(seed: Uint8Array): TestAuthor {
  const key: KeyObject = createPrivateKey({
    key: Buffer.concat([privateKeyPrefix, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  const deviceKey = new Uint8Array(Buffer.from(x ?? '', 'base64url')) as DeviceKey
  return { deviceKey, device: deviceIdOf(deviceKey), sign: (bytes) => new Uint8Array(sign(null, bytes, key)) }
}

export const testKey = '00112233445566778899aabbccddeeff' as KeyId

/** A draft whose sealed content is these bytes. */
export function draftOf(content: string | Uint8Array = 'content', rest: Partial<Omit<Draft, 'seal'>> = {}): Draft {
  const sealed = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { epoch: 0, key: testKey, lane: 1, boxes: new Uint8Array(0), seal: () => sealed, ...rest }
}

/** An entry with fields of one's own; of the device that signs it unless another is named. */
export function entryOf(author: TestAuthor, fields: Partial<EntryFields> = {}, signature?: Uint8Array): Entry {
  const header = encodeHeader({
    community: undefined,
    device: author.device,
    seq: 1,
    prev: undefined,
    heads: [],
    time: { ms: startMs, count: 0 },
    epoch: 0,
    key: testKey,
    lane: 1,
    boxes: new Uint8Array(0),
    sealed: new TextEncoder().encode('content'),
    ...fields,
  })
  const bytes = encodeEntry(header, signature ?? author.sign(signedBytes(header)))
  return { ...decodeLoosely(bytes), bytes }
}

/** Also of bytes that break the rules of form: then only id and bytes mean something. */
function decodeLoosely(bytes: Uint8Array): Entry {
  try {
    return decodeEntry(bytes, entryIdOf(bytes))
  } catch {
    return { id: entryIdOf(bytes) } as Entry
  }
}

/** Writes entries by hand, one after the other, in the name of a device. */
export interface Hand {
  readonly author: TestAuthor
  readonly last: Entry | undefined
  /** The next entry; `heads` are entries of others that it names. `wrong`: with a signature that is none. */
  write(
    heads: readonly Entry[],
    options?: { readonly fields?: Partial<EntryFields>; readonly nowMs?: number; readonly wrong?: boolean },
  ): Entry
  /** Another hand of the same device, which goes on from here: the way to a fork. */
  branch(): Hand
}

export function handOf(author: TestAuthor, founding: Entry, last?: Entry): Hand {
  let latest = last
  return {
    author,
    get last() {
      return latest
    },
    write(heads, { fields = {}, nowMs = startMs, wrong = false } = {}) {
      const parents = latest === undefined ? heads : [latest, ...heads]
      latest = entryOf(
        author,
        {
          community: founding.id as string as CommunityId,
          seq: (latest?.seq ?? 0) + 1,
          prev: latest?.id,
          heads: heads.map(({ id }) => id).sort(),
          time: nextTime(
            parents.map(({ time }) => time),
            nowMs,
          ),
          epoch: Math.max(...parents.map(({ epoch }) => epoch)),
          ...fields,
        },
        wrong ? new Uint8Array(64).fill(7) : undefined,
      )
      return latest
    },
    branch: () => handOf(author, founding, latest),
  }
}

/** A log that says nothing but keeps its lines. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const at = (code: string) => void lines.push(code)
  const log = { lines, debug: at, info: at, warn: at, error: at, child: () => log }
  return log
}

/** A clock that shows what it is set to. */
export function stillClock(nowMs = startMs): Clock & { set(nowMs: number): void } {
  let now = nowMs
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    after: () => () => {},
    set(next) {
      now = next
    },
  }
}

export interface LogsBox {
  readonly logs: Logs
  readonly database: Database
  readonly clock: ReturnType<typeof stillClock>
  readonly log: ReturnType<typeof recordingLog>
}

/** Logs over a database in memory, stopped after the test; `options.database` opens them again over another's. */
export function openLogs(
  t: Pick<TestContext, 'after'>,
  options: LogsOptions & { readonly author?: LogAuthor; readonly database?: Database } = {},
): LogsBox {
  const { author = authorOf('self'), database = new DatabaseSync(':memory:'), ...rest } = options
  const clock = stillClock()
  const log = recordingLog()
  const logs = createLogs({ threads: 0, ...rest })({ clock, log, database, author })
  t.after(() => logs.stop())
  return { logs, database, clock, log }
}

/** Hands entries over and tells in a word each what became of them; refusals by their code. */
export async function give(log: CommunityLog, entries: readonly Entry[], wanted = false): Promise<readonly string[]> {
  return (
    await log.receive(
      entries.map(({ bytes }) => bytes),
      { wanted },
    )
  ).map(wordOf)
}

export function wordOf(received: Received): string {
  return received.how === 'refused' ? received.code : received.how
}

/** All events from now on. */
export function eventsOf(log: CommunityLog): LogEvent[] {
  const events: LogEvent[] = []
  log.on((event) => void events.push(event))
  return events
}

/** What must come out the same wherever the same entries are. */
export function pictureOf(log: CommunityLog) {
  return {
    counts: log.counts(),
    vector: [...log.vector()].sort(),
    heads: log.heads(),
    forks: log.forks().toSorted((a, b) => (a.device < b.device ? -1 : 1)),
  }
}

/** Asserts that parents came before children. */
export function assertParentsFirst(log: CommunityLog): void {
  const seen = new Set<EntryId>()
  for (const { entry } of log.entriesAfter(0, 1_000_000)) {
    for (const parent of parentsOf(entry)) assert.ok(seen.has(parent), 'a parent comes first')
    seen.add(entry.id)
  }
}

/** Runs `work`, which must fail with `code`, and returns that error. */
export async function failure(work: () => unknown, code: string): Promise<PeerhoodError> {
  try {
    await work()
  } catch (error) {
    assert.ok(isPeerhoodError(error), `expected ${code}, got ${error}`)
    assert.equal(error.code, code, error.message)
    return error
  }
  assert.fail(`nothing failed; expected ${code}`)
}
