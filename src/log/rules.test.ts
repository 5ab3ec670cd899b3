// The rules one by one, each through a log: every code of a refusal, and what each entry is told to be.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encode } from '@ipld/dag-cbor'
import { deviceQuotaShare, devicesMax, entryBytesMax, futureMsMax, headsMax } from './limits.ts'
import { createLogStore } from './store.ts'
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
  startMs,
  wordOf,
} from './testing.ts'
import type { CommunityId, DeviceId, Entry, EntryId } from './types.ts'
import { encodeEntry, encodeHeader } from './wire.ts'

const founding = entryOf(authorOf('founder'))
const community = founding.id as string as CommunityId

function setUp(t: TestContext, options: { bytesMax?: number } = {}) {
  const box = openLogs(t)
  const log = box.logs.open(community, options)
  const founder = handOf(authorOf('founder'), founding, founding)
  const [a, b, c] = ['a', 'b', 'c'].map((name) => handOf(authorOf(name), founding)) as [Hand, Hand, Hand]
  return { ...box, log, founder, a, b, c }
}

test('entry_too_long', async (t) => {
  const { log } = setUp(t)
  assert.deepEqual((await log.receive([new Uint8Array(entryBytesMax + 1)])).map(wordOf), ['entry_too_long'])
})

test('entry_malformed, entry_version_unknown', async (t) => {
  const { log } = setUp(t)
  const later = encode([encode([2]), new Uint8Array(64)])
  assert.deepEqual((await log.receive([new Uint8Array(5), later, new Uint8Array(0)])).map(wordOf), [
    'entry_malformed',
    'entry_version_unknown',
    'entry_malformed',
  ])
})

test('entry_of_other_community: another beginning, or an entry that follows another', async (t) => {
  const { log, a } = setUp(t)
  const other = entryOf(authorOf('other'))
  const following = handOf(authorOf('a'), other).write([other])
  assert.deepEqual(await give(log, [other, following, founding, a.write([founding])]), [
    'entry_of_other_community',
    'entry_of_other_community',
    'stored',
    'stored',
  ])
})

test('signature_wrong: of nobody, of another device, of another header, with S not reduced', async (t) => {
  const { log, a } = setUp(t)
  const first = a.write([founding])
  const fields = { community, seq: 2, prev: first.id, time: { ms: startMs + 5, count: 0 } }
  const good = entryOf(authorOf('a'), fields)
  const signature = good.bytes.slice(-64)
  // The same S plus the order of the group: right by the equation, and refused by RFC 8032 §5.1.7.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  let s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order
  const unreduced = signature.slice()
  for (let at = 32; at < 64; at++, s >>= 8n) unreduced[at] = Number(s & 255n)
  const wrong = [
    entryOf(authorOf('a'), fields, new Uint8Array(64)),
    entryOf(authorOf('b'), { ...fields, device: authorOf('a').device }),
    entryOf(authorOf('a'), { ...fields, sealed: new Uint8Array(3) }, signature),
    entryOf(authorOf('a'), fields, unreduced),
  ]
  assert.deepEqual(await give(log, [founding, first]), ['stored', 'stored'])
  for (const entry of wrong) assert.deepEqual(await give(log, [entry]), ['signature_wrong'])
  assert.deepEqual(
    await give(log, wrong),
    wrong.map(() => 'signature_wrong'),
  )
  assert.deepEqual(await give(log, [good]), ['stored'])
})

test('signature_wrong: keys of small order, not canonical, or not on the curve', async (t) => {
  const { log } = setUp(t)
  await give(log, [founding])
  const keys = [
    `01${'00'.repeat(31)}`, // the neutral element, for which R = [S]B fits every message
    `${'00'.repeat(31)}80`,
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p + 1: the neutral element again
    `02${'00'.repeat(31)}`, // not on the curve
  ]
  for (const device of keys) {
    const fields = { community, device: device as DeviceId, heads: [founding.id], time: { ms: startMs, count: 1 } }
    // S = 0 and R the neutral element: right for a neutral key, whatever the message.
    const signature = new Uint8Array(64)
    signature[0] = 1
    assert.deepEqual(await give(log, [entryOf(authorOf('a'), fields, signature)]), ['signature_wrong'])
  }
})

test('entry_misplaced: `prev` of another number or device, heads of its own', async (t) => {
  const { log, a, b } = setUp(t)
  const [first, other] = [a.write([founding]), b.write([founding])]
  const second = a.write([])
  const later = { community, time: { ms: startMs + 9, count: 0 } }
  assert.deepEqual(await give(log, [founding, first, other, second]), ['stored', 'stored', 'stored', 'stored'])
  const wrong = [
    entryOf(authorOf('a'), { ...later, seq: 4, prev: second.id }),
    entryOf(authorOf('a'), { ...later, seq: 2, prev: second.id }),
    entryOf(authorOf('a'), { ...later, seq: 2, prev: other.id }),
    entryOf(authorOf('a'), { ...later, seq: 3, prev: second.id, heads: [first.id] }),
    entryOf(authorOf('founder'), { ...later, seq: 1, heads: [founding.id] }),
  ]
  for (const entry of wrong) assert.deepEqual(await give(log, [entry]), ['entry_misplaced'])
})

test('entry_misplaced: what follows an entry that can never be valid is not waited for', async (t) => {
  const { log, a, b } = setUp(t)
  await give(log, [founding])
  const impossible = a.write([founding], { fields: { time: { ms: 0, count: 0 } } })
  const [child, grandchild] = [a.write([]), b.write([founding, impossible])]
  assert.deepEqual(await give(log, [child, grandchild]), ['waiting', 'waiting'])
  assert.deepEqual(await give(log, [impossible]), ['entry_time_backwards'])
  assert.deepEqual(log.missing(), [])
  assert.deepEqual(await give(log, [child, grandchild]), ['entry_misplaced', 'entry_misplaced'])
  assert.deepEqual(log.counts().entries, 1)
})

test('entry_time_backwards: not after every parent', async (t) => {
  const { log, a, b } = setUp(t)
  const first = a.write([founding], { nowMs: startMs + 10 })
  await give(log, [founding, first])
  for (const time of [first.time, { ms: startMs + 9, count: 7 }, { ms: startMs + 10, count: 0 }]) {
    assert.deepEqual(await give(log, [b.branch().write([first, founding], { fields: { time } })]), [
      'entry_time_backwards',
    ])
    const next = { community, seq: 2, prev: first.id, time }
    assert.deepEqual(await give(log, [entryOf(authorOf('a'), next)]), ['entry_time_backwards'])
  }
  const time = { ms: startMs + 10, count: 1 }
  assert.deepEqual(await give(log, [b.write([first], { fields: { time } })]), ['stored'])
})

test('entry_epoch_backwards, entry_epoch_jumped: the parents’ epoch, or the next with boxes in lane 0', async (t) => {
  const { log, a, b } = setUp(t)
  await give(log, [founding])
  const boxes = new Uint8Array(88)
  const attempts = [
    { epoch: 2, lane: 0, boxes },
    { epoch: 1, lane: 1, boxes },
    { epoch: 1, lane: 0 },
  ] as const
  for (const fields of attempts) {
    assert.deepEqual(await give(log, [a.branch().write([founding], { fields })]), ['entry_epoch_jumped'])
  }
  const rotation = a.write([founding], { fields: { epoch: 1, lane: 0, boxes } })
  assert.deepEqual(await give(log, [rotation]), ['stored'])
  assert.deepEqual(await give(log, [b.branch().write([founding, rotation], { fields: { epoch: 0 } })]), [
    'entry_epoch_backwards',
  ])
  assert.deepEqual(await give(log, [a.write([], { fields: { epoch: 1 } })]), ['stored'])
  // Who has not seen the new key yet may go on with the old one.
  assert.deepEqual(await give(log, [b.write([founding], { fields: { epoch: 0 } })]), ['stored'])
})

test('device_frozen: after a fork only what was asked for by id', async (t) => {
  const { log, a } = setUp(t)
  const first = a.write([founding])
  const twin = a.branch()
  const third = a.branch()
  const [one, two] = [a.write([]), twin.write([], { nowMs: startMs + 7 })]
  assert.deepEqual(await give(log, [founding, first, one, two]), ['stored', 'stored', 'stored', 'forked'])
  const [next, another] = [a.write([]), third.write([], { nowMs: startMs + 8 })]
  assert.deepEqual(await give(log, [next, another]), ['device_frozen', 'device_frozen'])
  assert.deepEqual(await give(log, [next, another], true), ['stored', 'stored'])
  assert.equal(log.vector().get(authorOf('a').device), 1)
})

test('early: a time too far ahead of our clock, to be offered again', async (t) => {
  const { log, clock, a } = setUp(t)
  const limit = a.branch().write([founding], { nowMs: startMs + futureMsMax })
  const entry = a.write([founding], { nowMs: startMs + futureMsMax + 1 })
  assert.deepEqual(await log.receive([founding.bytes, entry.bytes]).then((all) => all[1]), {
    how: 'early',
    id: entry.id,
    ms: startMs + futureMsMax + 1,
  })
  assert.deepEqual(await give(log, [a.write([])]), ['early'])
  clock.set(startMs + 2)
  assert.deepEqual(await give(log, [entry]), ['stored'])
  assert.deepEqual(await give(log, [limit]), ['forked'])
})

test('log_full, device_quota_used: quotas of the log and of each device', async (t) => {
  const bytesMax = founding.bytes.length * 12
  const { log, a, b, c } = setUp(t, { bytesMax })
  const words: string[] = await give(log, [founding]).then((all) => [...all])
  let used = 0
  for (const hand of [a, b, c]) {
    for (let heads = [founding]; ; heads = []) {
      const entry = hand.write(heads)
      const [word = ''] = await give(log, [entry])
      words.push(word)
      if (word !== 'stored') break
      used += entry.bytes.length
    }
  }
  assert.deepEqual(new Set(words), new Set(['stored', 'device_quota_used', 'log_full']))
  assert.ok(used + founding.bytes.length <= bytesMax)
  assert.ok(founding.bytes.length < bytesMax * deviceQuotaShare)
  assert.equal(log.counts().bytes, used + founding.bytes.length)
})

test('log_full: own entries too; more room can be given', async (t) => {
  const { logs } = openLogs(t, { bytesMax: 1_200 })
  const { log } = await logs.found(draftOf())
  await log.append(draftOf())
  await failure(() => log.append(draftOf(new Uint8Array(1_000))), 'log_full')
  await failure(() => log.append(draftOf(new Uint8Array(300))), 'device_quota_used')
  logs.open(log.community, { bytesMax: 5_000 })
  await log.append(draftOf(new Uint8Array(500)))
  assert.equal(log.counts().entries, 3)
  await failure(async () => openLogs(t, { bytesMax: 10 }).logs.found(draftOf()), 'log_full')
})

test('log_full: no more devices than a vector may hold', async (t) => {
  const { database, logs } = openLogs(t)
  const store = createLogStore(database)
  const { number } = store.create(community, undefined)
  const fill = database.prepare(
    'INSERT INTO log_devices (community, device, seq, entries, bytes) VALUES (?, ?, 1, 1, 1)',
  )
  database.exec('BEGIN')
  for (let device = 1; device < devicesMax; device++)
    fill.run(number, Buffer.from(device.toString(16).padStart(64, '0'), 'hex'))
  database.exec('COMMIT')
  void logs // opened before the rows were there
  const log = openLogs(t, { database }).logs.open(community)
  assert.deepEqual(await give(log, [founding]), ['stored'])
  const stranger = handOf(authorOf('a'), founding)
  assert.deepEqual(await give(log, [stranger.write([founding])]), ['log_full'])
  assert.deepEqual(await give(log, [handOf(authorOf('founder'), founding, founding).write([])]), ['stored'])
})

test('waiting: parents may come later, in any order, and then all are told', async (t) => {
  const { log, a, b } = setUp(t)
  const events = eventsOf(log)
  const [first, other] = [a.write([founding]), b.write([founding])]
  const second = a.write([other])
  const [received] = await log.receive([second.bytes])
  assert.deepEqual(received, { how: 'waiting', id: second.id, missing: [first.id, other.id] })
  assert.deepEqual(await give(log, [first]), ['waiting'])
  assert.deepEqual([...log.missing()].sort(), [founding.id, other.id].sort())
  assert.deepEqual(await give(log, [founding]), ['stored'])
  assert.deepEqual(log.missing(), [other.id])
  assert.deepEqual(await give(log, [other, second]), ['stored', 'stored'])
  assert.deepEqual(log.missing(), [])
  assert.deepEqual(log.heads(), [second.id])
  const told = events.flatMap((event) => (event.type === 'entries' ? event.entries.map(({ entry }) => entry.id) : []))
  assert.deepEqual(told, [founding.id, first.id, other.id, second.id])
})

test('known: again, also within one call', async (t) => {
  const { log } = setUp(t)
  assert.deepEqual(await give(log, [founding, founding]), ['stored', 'known'])
  assert.deepEqual(await give(log, [founding]), ['known'])
})

test('most heads: an entry names no more than it may, the next ones name the rest', async (t) => {
  const { logs, log } = openLogs(t).logs && setUp(t)
  void logs
  const others = Array.from({ length: headsMax * 2 + 3 }, (_, number) =>
    handOf(authorOf(`${number}`), founding).write([founding]),
  )
  await give(log, [founding, ...others])
  assert.equal(log.heads().length, others.length)
  const first = await log.append(draftOf())
  assert.equal(first.heads.length, headsMax)
  assert.equal(log.heads().length, headsMax + 3 + 1)
  // Two at once: the second one names what the first did not.
  const [second, third] = await Promise.all([log.append(draftOf()), log.append(draftOf())])
  assert.deepEqual([second?.heads.length, third?.heads.length], [headsMax, 3])
  assert.deepEqual(log.heads(), [third?.id])
})

test('an entry of another lane, with boxes, is kept as it is', async (t) => {
  const { log, a } = setUp(t)
  const entry = a.write([founding], { fields: { lane: 0, boxes: new Uint8Array(9).fill(1) } })
  await give(log, [founding, entry])
  assert.deepEqual(log.get(entry.id), entry)
  assert.deepEqual(
    log.entriesAfter(0, 9, { lane: 0 }).map((stored) => stored.entry.id),
    [entry.id],
  )
  assert.deepEqual(
    log.entriesAfter(0, 9, { lane: 1 }).map((stored) => stored.entry.id),
    [founding.id],
  )
})

test('the encoder does not fix what breaks the form; the log does not take it', async (t) => {
  const { log } = setUp(t)
  const header = encodeHeader({ ...founding, seq: 1, prev: 'aa'.repeat(32) as EntryId })
  const bytes = encodeEntry(header, authorOf('founder').sign(header))
  assert.deepEqual(await give(log, [{ bytes } as Entry]), ['entry_malformed'])
})
