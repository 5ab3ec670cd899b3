// Logs over a database: what is told is on disk, what fails changes nothing, what the disk spoils is noticed and mended.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { Database } from '../base/database.ts'
import { appendsWaitingMax, chunkEntriesMax, futureMsMax, lackingGatheredMax, removedTogetherMax } from './limits.ts'
import { openReadLog } from './read-log.ts'
import {
  authorOf,
  draftOf,
  entryOf,
  eventsOf,
  failure,
  give,
  type Hand,
  handOf,
  openLogs,
  pictureOf,
  startMs,
} from './testing.ts'
import type { CommunityId, CommunityLog, DeviceId, Entry, EntryId } from './types.ts'

const founding = entryOf(authorOf('founder'))
const community = founding.id as string as CommunityId

/** A database whose next commits fail, as on a full disk. */
function failingDatabase(): Database & { failing: boolean; readonly inner: DatabaseSync } {
  const inner = new DatabaseSync(':memory:')
  const database = {
    inner,
    failing: false,
    exec(sql: string) {
      if (sql === 'COMMIT' && database.failing) throw new Error('database or disk is full')
      inner.exec(sql)
    },
    prepare: (sql: string) => inner.prepare(sql),
  }
  return database
}

function chain(hand: Hand, length: number): Entry[] {
  return Array.from({ length }, () => hand.write(hand.last === undefined ? [founding] : []))
}

test('a community begins, is written to and is there after opening again', async (t) => {
  const { logs, database } = openLogs(t)
  const { log, entry } = await logs.found(draftOf('beginning', { lane: 0 }))
  assert.equal(log.community as string, entry.id)
  assert.deepEqual([entry.seq, entry.prev, entry.heads, entry.community], [1, undefined, [], undefined])
  const first = await log.append(draftOf('one'))
  const second = await log.append(draftOf('two', { key: 'ff'.repeat(16) as never }))
  assert.deepEqual([second.seq, second.prev, second.heads], [3, first.id, []])
  assert.deepEqual(logs.list(), [log.community])
  assert.equal(logs.get(log.community), log)
  assert.equal(logs.open(log.community), log)
  const again = openLogs(t, { database })
  const reopened = again.logs.get(log.community)
  assert.ok(reopened)
  assert.deepEqual(pictureOf(reopened), pictureOf(log))
  assert.deepEqual(reopened.get(second.id), second)
  assert.deepEqual(reopened.at(second.device, 2), first)
  assert.equal(reopened.at(second.device, 9), undefined)
  assert.equal(reopened.get('00'.repeat(32) as EntryId), undefined)
  assert.equal((await reopened.append(draftOf())).seq, 4)
})

test('several logs in one database keep apart', async (t) => {
  const { logs } = openLogs(t)
  const [one, two] = [(await logs.found(draftOf('1'))).log, (await logs.found(draftOf('2'))).log]
  const entry = await one.append(draftOf())
  await two.append(draftOf())
  assert.equal(two.has(entry.id), false)
  assert.equal(two.get(entry.id), undefined)
  assert.deepEqual([one.counts().entries, two.counts().entries], [2, 2])
  assert.equal(one.entriesAfter(0, 10).length, 2)
  assert.equal(one.missingFor(new Map(), 0, 10_000).length, 2)
  assert.deepEqual(await give(two, [entry]), ['entry_of_other_community'])
})

test('the place that an author seals for is the place that the entry has', async (t) => {
  const { logs } = openLogs(t)
  const places: unknown[] = []
  const draft = () => ({
    ...draftOf(),
    seal(place: unknown) {
      places.push(place)
      return new Uint8Array(1)
    },
  })
  const { log } = await logs.found(draft())
  const { device } = authorOf('self')
  await Promise.all([log.append(draft()), log.append(draft())])
  assert.deepEqual(places, [
    { community: undefined, device, seq: 1, lane: 1 },
    { community: log.community, device, seq: 2, lane: 1 },
    { community: log.community, device, seq: 3, lane: 1 },
  ])
})

test('a draft that can’t be written fails alone, and its number goes to the next', async (t) => {
  const { logs } = openLogs(t)
  const { log } = await logs.found(draftOf())
  const failing = {
    ...draftOf(),
    seal() {
      throw new Error('no key')
    },
  }
  const [bad, good, long, jumping] = await Promise.allSettled([
    log.append(failing),
    log.append(draftOf()),
    log.append(draftOf(new Uint8Array(70_000))),
    log.append(draftOf('', { epoch: 2 })),
  ])
  assert.equal(bad?.status === 'rejected' && String(bad.reason.message), 'no key')
  assert.equal(good?.status === 'fulfilled' && good.value.seq, 2)
  assert.equal(long?.status === 'rejected' && long.reason.code, 'entry_too_long')
  assert.equal(jumping?.status === 'rejected' && jumping.reason.code, 'entry_epoch_jumped')
  const rotation = await log.append(draftOf('', { epoch: 1, lane: 0, boxes: new Uint8Array(88) }))
  assert.equal(rotation.seq, 3)
  await failure(() => log.append(draftOf()), 'entry_epoch_backwards')
})

test('a draft that is to follow nothing unread of lane 0 waits for its author to read', async (t) => {
  const { logs } = openLogs(t)
  const { log } = await logs.found(draftOf())
  const read = log.entriesAfter(0, 1).at(-1)?.arrival ?? 0
  await log.append(draftOf('of lane 1', { readUpTo: read }))
  const [first, second] = await Promise.allSettled([
    log.append(draftOf('', { lane: 0, readUpTo: read })),
    log.append(draftOf('', { lane: 0, readUpTo: read })),
  ])
  assert.equal(first?.status, 'fulfilled')
  assert.equal(second?.status === 'rejected' && second.reason.code, 'draft_outdated', 'of the same turn')
  await failure(() => log.append(draftOf('', { readUpTo: read })), 'draft_outdated')
  const arrival = log.entriesAfter(read, 9, { lane: 0 }).at(-1)?.arrival ?? 0
  assert.equal((await log.append(draftOf('', { readUpTo: arrival }))).seq, 4)
})

test('one’s own time never goes back, however the clock is set', async (t) => {
  const { logs, clock } = openLogs(t)
  const { log } = await logs.found(draftOf())
  clock.set(startMs - 10 * futureMsMax)
  const entry = await log.append(draftOf())
  assert.deepEqual(entry.time, { ms: startMs, count: 1 })
})

test('nothing is written to a community of which nothing is here', async (t) => {
  const { logs } = openLogs(t)
  await failure(() => logs.open(community).append(draftOf()), 'log_empty')
})

test('a commit that fails: nothing is told, nothing changes, and afterwards all goes on', async (t) => {
  const database = failingDatabase()
  const { logs, log: lines } = openLogs(t, { database })
  const log = logs.open(community)
  await give(log, [founding])
  const own = await log.append(draftOf())
  const events = eventsOf(log)
  const before = pictureOf(log)
  const entries = chain(handOf(authorOf('a'), founding), 3)
  database.failing = true
  await failure(() => give(log, entries), 'log_unwritable')
  await failure(() => log.append(draftOf()), 'log_unwritable')
  await failure(() => logs.found(draftOf()), 'log_unwritable')
  assert.deepEqual(events, [])
  assert.deepEqual(pictureOf(log), before)
  assert.equal(log.has(entries[0]?.id ?? founding.id), false)
  assert.ok(lines.lines.includes('log_unwritable'))
  database.failing = false
  // As after a crash: what the database holds is what was told.
  const after = openLogs(t, { database: database.inner }).logs.get(community)
  assert.ok(after)
  assert.deepEqual(pictureOf(after), before)
  assert.deepEqual(await give(log, entries), ['stored', 'stored', 'stored'])
  assert.equal((await log.append(draftOf())).prev, own.id)
  assert.deepEqual(logs.list(), [community])
  assert.equal(database.prepare('SELECT count(*) AS n FROM log_communities').get()?.n, 1)
})

test('a crash in the middle of a transaction leaves the log as it was', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-log-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'log.db')
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL')
  const { logs } = openLogs(t, { database })
  return (async () => {
    const { log } = await logs.found(draftOf())
    const before = pictureOf(log)
    // The process ends here: half of it is written, and no commit comes.
    database.exec('BEGIN IMMEDIATE')
    database.exec('UPDATE log_communities SET entries = 7; DELETE FROM log_heads; UPDATE log_devices SET seq = 9')
    const other = new DatabaseSync(path)
    const again = openLogs(t, { database: other }).logs.get(log.community)
    assert.ok(again)
    assert.deepEqual(pictureOf(again), before)
    other.close()
    database.exec('ROLLBACK')
  })()
})

test('listeners: in the order of arrival, after the commit; one that throws keeps nobody else from hearing', async (t) => {
  const { logs, log: lines } = openLogs(t)
  const log = logs.open(community)
  const heard: [EntryId, boolean][] = []
  log.on(() => {
    throw new Error('a defect of an app')
  })
  const cancel = log.on((event) => {
    if (event.type !== 'entries') return
    for (const { entry, arrival } of event.entries) {
      assert.deepEqual(log.entriesAfter(arrival - 1, 1)[0]?.entry.id, entry.id)
      heard.push([entry.id, event.own])
    }
  })
  const [first, second] = chain(handOf(authorOf('a'), founding), 2)
  await give(log, [second, first, founding] as Entry[])
  const own = await log.append(draftOf())
  assert.deepEqual(heard, [
    [founding.id, false],
    [first?.id, false],
    [second?.id, false],
    [own.id, true],
  ])
  assert.deepEqual(lines.lines, ['log_listener_failed', 'log_listener_failed'])
  cancel()
  cancel()
  await log.append(draftOf())
  assert.equal(heard.length, 4)
})

test('a listener that writes and reads in its turn', async (t) => {
  const { logs } = openLogs(t)
  const { log } = await logs.found(draftOf())
  const answers: Promise<Entry>[] = []
  log.on((event) => {
    if (event.type === 'entries' && answers.length < 3) answers.push(log.append(draftOf()))
  })
  await log.append(draftOf())
  while (answers.length < 3) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(
    (await Promise.all(answers)).map(({ seq }) => seq),
    [3, 4, 5],
  )
})

/** Turns a bit of a stored row's content. */
function spoil(database: Database, id: EntryId): void {
  const row = database.prepare('SELECT arrival, bytes FROM log_entries WHERE id = ?').get(Buffer.from(id, 'hex'))
  const bytes = row?.bytes
  assert.ok(bytes instanceof Uint8Array)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  database.prepare('UPDATE log_entries SET bytes = ? WHERE arrival = ?').run(bytes, Number(row?.arrival))
}

test('a row that the disk spoilt is noticed, never handed out, asked for and mended', async (t) => {
  const { logs, database, log: lines } = openLogs(t)
  const log = logs.open(community)
  const entries = chain(handOf(authorOf('a'), founding), 4)
  await give(log, [founding, ...entries])
  const [, second] = entries
  assert.ok(second)
  spoil(database, second.id)
  assert.equal(log.get(second.id), undefined)
  assert.equal(log.has(second.id), false)
  assert.equal(log.at(second.device, 2), undefined)
  assert.deepEqual(log.missing(), [second.id])
  assert.equal(log.entriesAfter(0, 10).length, 4)
  assert.equal(log.missingFor(new Map(), 0, 100_000).length, 4)
  assert.deepEqual(lines.lines, ['log_row_damaged'])
  const events = eventsOf(log)
  assert.deepEqual(await give(log, [second]), ['known'])
  assert.deepEqual(events, [{ type: 'entries', entries: [{ arrival: 3, entry: second }], own: false }])
  assert.deepEqual(log.get(second.id), second)
  assert.deepEqual(log.missing(), [])
  assert.equal(log.entriesAfter(0, 10).length, 5)
})

test('what another thread reads is the same, in parts of any length, and without what is spoilt', async (t) => {
  const { logs, database } = openLogs(t)
  const log = logs.open(community)
  const entries = chain(handOf(authorOf('a'), founding), 9)
  await give(log, [founding, ...entries])
  for (const id of [entries[2]?.id, entries[3]?.id, entries[8]?.id]) spoil(database, id ?? founding.id)
  const reader = openReadLog(database, community)
  assert.ok(reader)
  for (const options of [{}, { lane: 0 }, { lane: 1 }] as const) {
    const all = log.entriesAfter(0, 100, options)
    for (const limit of [1, 2, 3, 100]) {
      const read = []
      for (let part = reader.entriesAfter(0, limit, options); part.length > 0; ) {
        read.push(...part)
        part = reader.entriesAfter(part.at(-1)?.arrival ?? 0, limit, options)
      }
      assert.deepEqual(read, all)
    }
  }
})

test('a whole page of spoilt rows does not look like the end', async (t) => {
  const { logs, database } = openLogs(t)
  const log = logs.open(community)
  const entries = chain(handOf(authorOf('a'), founding), 4)
  await give(log, [founding, ...entries])
  for (const { id } of entries.slice(0, 2)) spoil(database, id)
  assert.deepEqual(
    log.entriesAfter(1, 2).map(({ entry }) => entry.id),
    [entries[2]?.id, entries[3]?.id],
  )
})

test('removed: nothing is left, nothing goes on; a removal that was cut off goes on at the next start', async (t) => {
  const { logs, database } = openLogs(t)
  const log = logs.open(community)
  await give(log, [founding, ...chain(handOf(authorOf('a'), founding), removedTogetherMax + 10)])
  const { log: other } = await logs.found(draftOf())
  await logs.remove(community)
  await logs.remove(community)
  assert.equal(logs.get(community), undefined)
  await failure(() => log.append(draftOf()), 'log_unknown')
  await failure(() => log.receive([founding.bytes]), 'log_unknown')
  const countOf = (table: string) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n
  assert.deepEqual(
    ['log_communities', 'log_devices', 'log_entries', 'log_heads', 'log_removals'].map(countOf),
    [1, 1, 1, 1, 0],
  )
  // Cut off: the community is forgotten, its rows are still there.
  const number = database.prepare('SELECT number FROM log_communities').get()?.number ?? 0
  database.prepare('DELETE FROM log_communities').run()
  database.prepare('INSERT INTO log_removals (community) VALUES (?)').run(number)
  const again = openLogs(t, { database })
  await again.logs.remove(other.community)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(['log_devices', 'log_entries', 'log_removals'].map(countOf), [0, 0, 0])
  // And there is room for the same community again, with numbers that were never given.
  const anew = again.logs.open(community)
  assert.deepEqual(await give(anew, [founding]), ['stored'])
  assert.ok((anew.entriesAfter(0, 1)[0]?.arrival ?? 0) > removedTogetherMax)
})

test('a removal that fails leaves the community as it is', async (t) => {
  const database = failingDatabase()
  const { logs } = openLogs(t, { database })
  const log = logs.open(community)
  await give(log, [founding, ...chain(handOf(authorOf('a'), founding), 3)])
  const before = pictureOf(log)
  database.failing = true
  await failure(() => logs.remove(community), 'log_unwritable')
  database.failing = false
  const again = logs.get(community)
  assert.ok(again)
  assert.deepEqual(pictureOf(again), before)
  await again.append(draftOf())
  await logs.remove(community)
  assert.deepEqual(logs.list(), [])
})

test('stopped in the middle: what was not stored is said not to be', async (t) => {
  const { logs } = openLogs(t)
  const log = logs.open(community)
  const receiving = log.receive(
    [founding, ...chain(handOf(authorOf('a'), founding), 3 * chunkEntriesMax)].map(({ bytes }) => bytes),
  )
  const refused = failure(() => receiving, 'log_stopped')
  await logs.stop()
  await refused
  await failure(() => log.append(draftOf()), 'log_stopped')
  await failure(() => log.receive([founding.bytes]), 'log_stopped')
  await failure(() => logs.found(draftOf()), 'log_stopped')
  await failure(() => logs.open(community), 'log_stopped')
})

test('given up by a signal: its reason comes back, and others’ entries are taken all the same', async (t) => {
  const log = openLogs(t).logs.open(community)
  const controller = new AbortController()
  const entries = chain(handOf(authorOf('a'), founding), 2 * chunkEntriesMax)
  const receiving = log.receive(
    entries.map(({ bytes }) => bytes),
    { signal: controller.signal },
  )
  const others = give(log, [founding])
  controller.abort(new Error('gone'))
  await assert.rejects(receiving, /gone/)
  assert.deepEqual(await others, ['stored'])
  await assert.rejects(log.receive([founding.bytes], { signal: controller.signal }), /gone/)
})

test('own entries do not wait for all that others sent', async (t) => {
  const log = openLogs(t).logs.open(community)
  await give(log, [founding])
  const order: string[] = []
  const entries = chain(handOf(authorOf('a'), founding), 4 * chunkEntriesMax)
  const receiving = give(log, entries).then(() => order.push('received'))
  const appending = log.append(draftOf()).then(() => order.push('appended'))
  await Promise.all([receiving, appending])
  assert.deepEqual(order, ['appended', 'received'])
})

test('log_busy: no more own entries wait than may', async (t) => {
  const { logs } = openLogs(t)
  const { log } = await logs.found(draftOf())
  const appending = Array.from({ length: appendsWaitingMax }, () => log.append(draftOf()))
  await failure(() => log.append(draftOf()), 'log_busy')
  const entries = await Promise.all(appending)
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    entries.map((_, index) => index + 2),
  )
})

test('buffers may be used again as soon as `receive` was called', async (t) => {
  const log = openLogs(t).logs.open(community)
  const buffer = Buffer.from(founding.bytes)
  const receiving = log.receive([buffer])
  buffer.fill(0)
  assert.deepEqual(
    (await receiving).map(({ how }) => how),
    ['stored'],
  )
  assert.deepEqual(log.get(founding.id)?.bytes, founding.bytes)
})

// ---- pages

/** A log with more entries than are gathered device by device. */
async function longLog(t: TestContext): Promise<CommunityLog> {
  const { logs } = openLogs(t)
  await logs.found(draftOf()) // another community between the arrivals
  const log = logs.open(community)
  const [a, b] = ['a', 'b'].map((name) => handOf(authorOf(name), founding)) as [Hand, Hand]
  const half = lackingGatheredMax / 2 + 100
  await give(log, [founding, ...chain(a, half)])
  await give(log, chain(b, half))
  return log
}

test('what lacks, read through or gathered, is the same', async (t) => {
  const log = await longLog(t)
  const { device: a } = authorOf('a')
  const { device: b } = authorOf('b')
  const half = lackingGatheredMax / 2 + 100
  const all = log.missingFor(new Map(), 0, 2 ** 30)
  assert.equal(all.length, 2 * half + 1)
  assert.deepEqual(all, log.entriesAfter(0, 100_000))
  const page = log.missingFor(new Map(), all[20]?.arrival ?? 0, 1_000)
  assert.equal(page[0]?.entry.id, all[21]?.entry.id)
  assert.ok(page.length > 1 && page.length < 10)
  // From the middle of one device's chain on: many (read through) and few (gathered).
  for (const seq of [10, half - 5]) {
    const vector = new Map<DeviceId, number>([
      [a, seq],
      [founding.device, 1],
    ])
    if (seq > 10) vector.set(b, half - 7)
    const lacking = log.missingFor(vector, 0, 2 ** 30).map(({ entry }) => entry)
    const expected = all.map(({ entry }) => entry).filter((entry) => entry.seq > (vector.get(entry.device) ?? 0))
    assert.deepEqual(lacking, expected)
  }
  assert.deepEqual(log.missingFor(log.vector(), 0, 2 ** 30), [])
  assert.deepEqual(log.missingFor(new Map(), all.at(-1)?.arrival ?? 0, 2 ** 30), [])
  // One at least, however little is asked for; nothing for who has more than we.
  assert.equal(log.missingFor(new Map(), 0, 1).length, 1)
  assert.deepEqual(log.missingFor(new Map([...log.vector()].map(([device, seq]) => [device, seq + 5])), 0, 100), [])
})

test('in pages, by lane', async (t) => {
  const { logs } = openLogs(t)
  const { log } = await logs.found(draftOf('', { lane: 0 }))
  for (let number = 0; number < 10; number++) await log.append(draftOf('', { lane: number % 3 === 0 ? 0 : 1 }))
  const seqs = (entries: readonly { readonly entry: Entry }[]) => entries.map(({ entry }) => entry.seq)
  assert.deepEqual(seqs(log.entriesAfter(0, 4)), [1, 2, 3, 4])
  assert.deepEqual(seqs(log.entriesAfter(4, 100)), [5, 6, 7, 8, 9, 10, 11])
  assert.deepEqual(seqs(log.entriesAfter(0, 100, { lane: 0 })), [1, 2, 5, 8, 11])
  assert.deepEqual(seqs(log.entriesAfter(2, 2, { lane: 1 })), [3, 4])
  assert.deepEqual(log.entriesAfter(11, 5), [])
})
