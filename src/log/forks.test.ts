// Forks: one device, one number, two entries. Whatever the order in which they come, everybody freezes the device at the
// same number and holds the same proof.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { authorOf, draftOf, entryOf, eventsOf, failure, give, handOf, openLogs, pictureOf, startMs } from './testing.ts'
import type { CommunityId, CommunityLog, Entry, Fork } from './types.ts'

const founding = entryOf(authorOf('founder'))
const community = founding.id as string as CommunityId
const device = authorOf('a').device

/** `a` wrote five entries, then others from number 3 on, and from number 2 on. */
function forkedChains() {
  const hand = handOf(authorOf('a'), founding)
  const first = hand.write([founding])
  const low = hand.branch()
  const second = hand.write([])
  const high = hand.branch()
  const third = hand.branch()
  const write = (from: typeof hand, nowMs: number, count: number) =>
    Array.from({ length: count }, () => from.write([], { nowMs }))
  return {
    trunk: [founding, first, second] as const,
    /** Numbers 3 to 5. */
    main: write(hand, startMs + 10, 3),
    /** Numbers 3 and 4. */
    high: write(high, startMs + 20, 2),
    /** Number 3, a third time. */
    third: write(third, startMs + 25, 1),
    /** Numbers 2 and 3. */
    low: write(low, startMs + 30, 2),
  }
}

function open(t: TestContext, name = 'self'): CommunityLog {
  return openLogs(t, { author: authorOf(name) }).logs.open(community)
}

function forkOf(seq: number, entries: readonly (Entry | undefined)[]): Fork {
  const [first, second] = entries.flatMap((entry) => entry?.id ?? []).sort()
  assert.ok(first !== undefined && second !== undefined)
  return { device, seq, entries: [first, second] }
}

test('both orders give the same proof, the same vector, and an event', async (t) => {
  const { trunk, main, high } = forkedChains()
  const fork = forkOf(3, [main[0], high[0]])
  for (const [one, two] of [
    [main, high],
    [high, main],
  ] as const) {
    const log = open(t)
    const events = eventsOf(log)
    await give(log, [...trunk, ...one])
    assert.equal(log.vector().get(device), one === main ? 5 : 4)
    assert.deepEqual(await log.receive([two[0]?.bytes ?? new Uint8Array()]), [{ how: 'forked', entry: two[0], fork }])
    assert.deepEqual(log.forks(), [fork])
    assert.equal(log.vector().get(device), 2)
    assert.deepEqual(events.at(-1), { type: 'fork', fork })
    assert.equal(log.at(device, 3)?.id, fork.entries[0])
    // What was there before stays, and what comes now is refused.
    assert.ok(one.every(({ id }) => log.has(id)))
    assert.deepEqual(
      await give(log, [...two.slice(1)]),
      two.slice(1).map(() => 'device_frozen'),
    )
  }
})

test('in one batch, in whatever order: the first two of a number are the fork', async (t) => {
  const { trunk, main, high } = forkedChains()
  const log = open(t)
  const words = await give(log, [...high, ...main, ...trunk])
  assert.equal(words.filter((word) => word === 'forked').length, 1)
  assert.deepEqual(log.forks(), [forkOf(3, [main[0], high[0]])])
})

test('a third entry under the number is refused unless asked for; the proof is the pair with the lowest ids', async (t) => {
  const { trunk, main, high, third } = forkedChains()
  const log = open(t)
  await give(log, [...trunk, ...main, ...high])
  assert.deepEqual(await give(log, third), ['device_frozen'])
  const events = eventsOf(log)
  assert.deepEqual(await give(log, third, true), ['stored'])
  assert.deepEqual(log.forks(), [forkOf(3, [main[0], high[0], third[0]])])
  assert.deepEqual(
    events.map(({ type }) => type),
    ['entries'],
  )
})

test('a lower fork that comes later freezes from there', async (t) => {
  const { trunk, main, high, low } = forkedChains()
  const log = open(t)
  await give(log, [...trunk, ...main, ...high])
  assert.deepEqual(await give(log, low), ['forked', 'device_frozen'])
  assert.deepEqual(log.forks(), [forkOf(2, [trunk[2], low[0]])])
  assert.equal(log.vector().get(device), 1)
})

test('a fork at the first number takes the device out of the vector', async (t) => {
  const log = open(t)
  const one = handOf(authorOf('a'), founding).write([founding])
  const two = handOf(authorOf('a'), founding).write([founding], { nowMs: startMs + 9 })
  await give(log, [founding, one, two])
  assert.deepEqual(log.forks(), [forkOf(1, [one, two])])
  assert.equal(log.vector().has(device), false)
  assert.equal(log.counts().devices, 2)
})

test('an entry with a wrong signature forks nobody', async (t) => {
  const { trunk, main } = forkedChains()
  const log = open(t)
  const forged = handOf(authorOf('a'), founding, trunk[2]).write([], { wrong: true })
  assert.deepEqual(await give(log, [...trunk, forged, ...main]), [
    'stored',
    'stored',
    'stored',
    'signature_wrong',
    'stored',
    'stored',
    'stored',
  ])
  assert.deepEqual(log.forks(), [])
  // Nor one that looks like the real one: the same header, another signature.
  const [real] = main
  const twin = new Uint8Array(real?.bytes ?? [])
  twin[twin.length - 1] = (twin.at(-1) ?? 0) ^ 1
  assert.deepEqual(
    (await log.receive([twin])).map((one) => (one.how === 'refused' ? one.code : one.how)),
    ['signature_wrong'],
  )
  assert.deepEqual(log.forks(), [])
})

test('what others name of a frozen device is taken when asked for, and counts nowhere', async (t) => {
  const { trunk, main, high } = forkedChains()
  const log = open(t)
  await give(log, [...trunk, main[0] as Entry, high[0] as Entry])
  const naming = handOf(authorOf('b'), founding).write([main[2] as Entry])
  assert.deepEqual(await give(log, [naming]), ['waiting'])
  assert.deepEqual(log.missing(), [main[2]?.id])
  assert.deepEqual(await give(log, [main[2] as Entry], true), ['waiting'])
  assert.deepEqual(log.missing(), [main[1]?.id])
  assert.deepEqual(await give(log, [main[1] as Entry], true), ['stored'])
  assert.ok(log.has(naming.id))
  assert.equal(log.vector().get(device), 2)
  assert.equal(log.vector().get(authorOf('b').device), 1)
})

test('a waiting entry of a device that forked meanwhile is dropped when its parent comes', async (t) => {
  const { trunk, main, high } = forkedChains()
  const log = open(t)
  await give(log, [...trunk, main[0] as Entry, main[2] as Entry])
  await give(log, [high[0] as Entry])
  assert.deepEqual(await give(log, [main[1] as Entry], true), ['stored'])
  assert.equal(log.has(main[2]?.id ?? founding.id), false)
  assert.deepEqual(log.missing(), [])
})

test('what was asked for while it waits is taken although it came unasked before', async (t) => {
  const { trunk, main, high } = forkedChains()
  const log = open(t)
  await give(log, [...trunk, main[0] as Entry, main[2] as Entry])
  await give(log, [high[0] as Entry])
  assert.deepEqual(await give(log, [main[2] as Entry], true), ['waiting'])
  assert.deepEqual(await give(log, [main[1] as Entry], true), ['stored'])
  assert.ok(log.has(main[2]?.id ?? founding.id))
})

test('a device whose own chain was forked can’t write any more', async (t) => {
  const log = open(t, 'a')
  const { trunk, main, high } = forkedChains()
  await give(log, [...trunk, ...main])
  await log.append(draftOf())
  await give(log, high.slice(0, 1))
  await failure(() => log.append(draftOf()), 'device_frozen')
})

test('forks, vector and heads are the same after opening again', async (t) => {
  const { trunk, main, high, low } = forkedChains()
  const { logs, database } = openLogs(t)
  const log = logs.open(community)
  await give(log, [...trunk, ...main, ...high, ...low])
  const again = openLogs(t, { database }).logs.get(community)
  assert.ok(again)
  assert.deepEqual(pictureOf(again), pictureOf(log))
})

test('device_behind: who is shown an entry of its own that it does not know writes nothing before it has all up to it', async (t) => {
  const { logs } = openLogs(t)
  const { log, entry } = await logs.found(draftOf())
  // The other copy of this data folder went on.
  const other = handOf(authorOf('self'), entry, entry)
  const [second, third] = [other.write([]), other.write([])]
  assert.deepEqual(await give(log, [third]), ['waiting'])
  await failure(() => log.append(draftOf()), 'device_behind')
  assert.deepEqual(await give(log, [second]), ['stored'])
  const own = await log.append(draftOf())
  assert.equal(own.seq, 4)
  assert.deepEqual(log.forks(), [])
})

test('device_behind: not by entries that it did not sign', async (t) => {
  const { logs } = openLogs(t)
  const { log, entry } = await logs.found(draftOf())
  const liar = handOf(authorOf('self'), entry, entry)
  liar.write([])
  assert.deepEqual(await give(log, [liar.write([], { wrong: true })]), ['signature_wrong'])
  assert.equal((await log.append(draftOf())).seq, 2)
})
