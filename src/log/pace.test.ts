// How fast and how much devices may write: what is left for later, what is taken all the same, and what is kept for acts.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { reservedBytes, strangers } from './core.ts'
import { actCost, costUnitBytes, deferredDevicesMax, ownBurstShare, wantedFactor } from './limits.ts'
import { costOf, debtAfter, debtAt, noDebt, waitOf } from './pace-core.ts'
import { Paces } from './paces.ts'
import { authorOf, draftOf, entryOf, eventsOf, failure, give, type Hand, handOf, openLogs, startMs } from './testing.ts'
import type { Allowance, Allowances, CommunityId, DeviceId, Entry, Lane } from './types.ts'

const founder = authorOf('founder')
const founding = entryOf(founder, { lane: 0 })
const community = founding.id as string as CommunityId

const slow: Allowance = { perMinute: 60, burst: 10, share: 0.25, group: undefined }
const everything: Allowance = { perMinute: 1e9, burst: 1e9, share: 1, group: undefined }

const only = (device: DeviceId, allowance: Allowance, others = everything): Allowances => ({
  devices: new Map([[device, allowance]]),
  others,
})

async function setUp(t: TestContext, options: { readonly bytesMax?: number } = {}) {
  const box = openLogs(t, options)
  const log = box.logs.open(community)
  await give(log, [founding])
  const flooder = handOf(authorOf('flooder'), founding)
  return { ...box, log, flooder, self: handOf(founder, founding, founding) }
}

/** `count` entries of one device, the first after the founding entry if it has none yet. */
function many(hand: Hand, count: number, fields: { lane?: Lane; sealed?: Uint8Array } = {}, nowMs = startMs): Entry[] {
  return Array.from({ length: count }, () => hand.write(hand.last === undefined ? [founding] : [], { nowMs, fields }))
}

const tally = (words: readonly string[]) =>
  Object.fromEntries([...new Set(words)].sort().map((word) => [word, words.filter((one) => one === word).length]))

describe('what is left for later', () => {
  test('a device that writes faster than it may: the rest waits with those who have it, and comes as time passes', async (t) => {
    const { log, flooder, clock, log: own } = await setUp(t)
    log.allow(only(flooder.author.device, slow))
    const flood = many(flooder, 40)
    assert.deepEqual(tally(await give(log, flood)), { deferred: 29, stored: 11 })
    assert.deepEqual(own.deferred(), [flooder.author.device])
    assert.deepEqual(log.missing(), [], 'nobody is asked for it')

    clock.set(startMs + 5_000)
    assert.deepEqual(tally(await give(log, flood)), { deferred: 24, known: 11, stored: 5 })
    clock.set(startMs + 60_000)
    assert.deepEqual(log.deferred(), [], 'until it is tried again')
    assert.deepEqual(tally(await give(log, flood)), { known: 16, stored: 24 })
  })

  test('in its own time: a long absence’s entries, however many, come at once', async (t) => {
    const { log, flooder, clock } = await setUp(t)
    log.allow(only(flooder.author.device, slow))
    // 500 in eight hours without anybody, in bursts of ten.
    const written = Array.from({ length: 50 }, (_, at) => many(flooder, 10, {}, startMs + at * 600_000)).flat()
    clock.set(startMs + 8.5 * 3_600_000)
    assert.deepEqual(tally(await give(log, written)), { stored: 500 })
  })

  test('a flood of long ago is history as soon as it is paid off', async (t) => {
    const { log, flooder, clock } = await setUp(t)
    log.allow(only(flooder.author.device, slow))
    const flood = many(flooder, 2_000)
    clock.set(startMs + 1_000 * 1_000)
    assert.deepEqual(tally(await give(log, flood)), { deferred: 2_000 - 1_011, stored: 1_011 })
    clock.set(startMs + 2_000 * 1_000)
    assert.deepEqual(tally(await give(log, flood)), { known: 1_011, stored: 2_000 - 1_011 })
  })

  test('others are not held up by it, nor are those of the same person’s other devices', async (t) => {
    const { log, flooder, self } = await setUp(t)
    log.allow(only(flooder.author.device, slow))
    const flood = many(flooder, 40)
    assert.deepEqual(tally(await give(log, [...flood, self.write([]), self.write([])])), { deferred: 29, stored: 13 })
  })

  test('what others’ entries name is taken up to twice as much, so that clocks may differ', async (t) => {
    const { log, flooder, self } = await setUp(t)
    log.allow(only(flooder.author.device, slow))
    const flood = many(flooder, 40)
    await give(log, flood)
    const named = flood[slow.burst * wantedFactor]
    assert.ok(named !== undefined)
    assert.deepEqual(await give(log, [self.write([named])]), ['waiting'])
    assert.deepEqual(log.missing(), [named.id])
    // As it is asked for: from the one that is named back to what is here.
    const asked = flood.slice(11, slow.burst * wantedFactor + 1).toReversed()
    assert.deepEqual(tally(await give(log, asked, true)), { stored: 10 })
    assert.equal(log.vector().get(flooder.author.device), named.seq)
    assert.equal(log.vector().get(self.author.device), 2, 'what named it is here')
    assert.deepEqual(tally(await give(log, flood.slice(named.seq), true)), { deferred: 19 })
  })

  test('but not what only its own entries name', async (t) => {
    const { log, flooder } = await setUp(t)
    log.allow(only(flooder.author.device, slow))
    const flood = many(flooder, 40)
    await give(log, flood.slice(0, 5))
    // Published ones come first; those before them are asked for.
    assert.deepEqual(tally(await give(log, flood.slice(30, 33))), { waiting: 3 })
    const words = tally(await give(log, flood.slice(5, 30), true))
    assert.deepEqual(words, { deferred: 19, stored: 6 })
  })

  test('long entries and acts cost more', async (t) => {
    const { log, flooder } = await setUp(t)
    const other = handOf(authorOf('other'), founding)
    log.allow({ devices: new Map([flooder, other].map(({ author }) => [author.device, slow])), others: everything })
    const sealed = new Uint8Array(2 * costUnitBytes)
    assert.deepEqual(tally(await give(log, many(flooder, 10, { sealed }))), { deferred: 6, stored: 4 })
    assert.deepEqual(tally(await give(log, many(other, 10, { lane: 0 }))), { deferred: 8, stored: 2 })
    assert.equal(costOf({ lane: 0, bytes: new Uint8Array(1) }), actCost)
  })

  test('what is owed is on disk', async (t) => {
    const { log, flooder, database } = await setUp(t)
    log.allow(only(flooder.author.device, slow))
    const flood = many(flooder, 40)
    await give(log, flood)
    const again = openLogs(t, { database }).logs.open(community)
    again.allow(only(flooder.author.device, slow))
    assert.deepEqual(tally(await give(again, flood)), { deferred: 29, known: 11 })
  })

  test('who gets a role that may write more is asked for the rest at once', async (t) => {
    const { log, flooder } = await setUp(t)
    log.allow(only(flooder.author.device, slow))
    const flood = many(flooder, 40)
    await give(log, flood)
    const events = eventsOf(log)
    log.allow(only(flooder.author.device, slow))
    assert.deepEqual(events, [])
    log.allow(only(flooder.author.device, { ...slow, burst: 100 }))
    assert.deepEqual(events, [{ type: 'allowed', devices: [flooder.author.device] }])
    assert.deepEqual(tally(await give(log, flood)), { known: 11, stored: 29 })
  })

  test('device_too_fast: an own entry is not written that others would leave; acts have a part of the burst for them', async (t) => {
    const { logs, clock } = openLogs(t)
    const { log } = await logs.found(draftOf())
    const burst = 100
    log.allow(only(authorOf('self').device, { ...slow, burst }))
    let written = 0
    for (; written < 1_000; written++) {
      const done = await log.append(draftOf()).then(
        () => true,
        (error: { code?: string }) => assert.equal(error.code, 'device_too_fast'),
      )
      if (done !== true) break
    }
    assert.equal(written, burst * ownBurstShare + 1)
    const error = await failure(() => log.append(draftOf()), 'device_too_fast')
    assert.match(error.message, /go on in 1 seconds/)
    await log.append(draftOf('act', { lane: 0 }))
    await failure(() => log.append(draftOf('act', { lane: 0 })), 'device_too_fast')
    clock.set(startMs + 3_600_000)
    await log.append(draftOf())
  })

  test('it is remembered of so many devices that they write too fast', () => {
    const devices = Array.from({ length: deferredDevicesMax + 5 }, (_, at) => `${at}` as DeviceId)
    const facts = { seq: 1, entries: 1, bytes: 1, actBytes: 0, debt: 99, debtMs: startMs, fork: undefined }
    const paces = new Paces(new Map(devices.map((device) => [device, facts])))
    paces.allow({ devices: new Map(), others: slow })
    for (const device of devices) paces.defer(device)
    assert.equal(paces.deferred(startMs).length, deferredDevicesMax)
  })

  test('a device owes what follows from its entries, in whatever parts they come', () => {
    const entries = fc.array(
      fc.record({ gapMs: fc.nat(100_000), length: fc.integer({ min: 1, max: 65_536 }), lane: fc.constantFrom(0, 1) }),
      { maxLength: 50 },
    )
    fc.assert(
      fc.property(entries, fc.nat(10_000_000), (written, laterMs) => {
        let [debt, ms, cost] = [noDebt, startMs, 0]
        for (const { gapMs, length, lane } of written) {
          ms += gapMs
          const entry = { lane: lane as Lane, bytes: new Uint8Array(length), time: { ms, count: 0 } }
          debt = debtAfter(debt, slow, entry)
          cost += costOf(entry)
          assert.ok(debt.debt >= costOf(entry) && debt.debt <= cost)
        }
        const nowMs = ms + laterMs
        const waitMs = waitOf(debt, slow, nowMs)
        // As long as it says, and no longer than a moment.
        assert.ok(debtAt(debt, slow, nowMs + waitMs) <= slow.burst + 1e-6)
        if (waitMs > 1) assert.ok(debtAt(debt, slow, nowMs + waitMs - 1) > slow.burst - 1e-3)
        assert.equal(waitOf(debt, slow, nowMs, true) <= waitMs, true)
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})

describe('shares of a log', () => {
  const bytesMax = 64_000
  const person: Allowance = { ...everything, share: 0.1, group: 'ann' }

  test('device_quota_used: all devices of one person together have one share', async (t) => {
    const { log, flooder, self } = await setUp(t, { bytesMax })
    const second = handOf(authorOf('second'), founding)
    log.allow({ devices: new Map([flooder, second].map(({ author }) => [author.device, person])), others: everything })
    const words = [...(await give(log, many(flooder, 20))), ...(await give(log, many(second, 20)))]
    const { stored = 0, ...rest } = tally(words)
    assert.deepEqual(rest, { device_quota_used: 40 - stored })
    assert.ok(log.counts().bytes - founding.bytes.length <= bytesMax * person.share)
    assert.ok(log.counts().bytes > bytesMax * person.share - 400)
    assert.deepEqual(await give(log, [self.write([])]), ['stored'], 'others go on')
  })

  test('what others’ entries name is taken up to twice the share', async (t) => {
    const { log, flooder, self } = await setUp(t, { bytesMax })
    log.allow(only(flooder.author.device, person))
    const entries = many(flooder, 80)
    const { stored = 0 } = tally(await give(log, entries))
    const last = entries.at(-1)
    assert.ok(last !== undefined)
    assert.deepEqual(Object.keys(tally(await give(log, entries, true))), ['device_quota_used', 'known'], 'by itself')
    await give(log, [self.write([last])])
    const { stored: more = 0 } = tally(await give(log, entries.toReversed(), true))
    assert.ok(log.counts().bytes <= 0.2 * bytesMax + 1_000 && more < 2 * stored)
    assert.deepEqual(await give(log, [self.write([])]), ['waiting'])
  })

  test('devices that nobody let in share a little, and what is past it is left for later', async (t) => {
    const { log, flooder } = await setUp(t, { bytesMax })
    const others = { ...everything, share: 1 / 16, group: strangers }
    log.allow({ devices: new Map([[founder.device, everything]]), others })
    const entries = many(flooder, 40)
    const { stored = 0, deferred } = tally(await give(log, entries))
    assert.equal(deferred, 40 - stored)
    assert.ok(log.counts().bytes - founding.bytes.length <= bytesMax / 16)
    // Now they are let in.
    log.allow(only(flooder.author.device, everything))
    assert.deepEqual(tally(await give(log, entries)), { known: stored, stored: 40 - stored })
  })
})

describe('room for acts', () => {
  const bytesMax = 64_000
  const act = { lane: 0 as const }

  /** A log that three devices have filled as far as they can. */
  async function fullLog(t: TestContext) {
    const box = await setUp(t, { bytesMax })
    const hands = ['a', 'b', 'c'].map((name) => handOf(authorOf(name), founding))
    for (const hand of hands) {
      for (let word = 'stored'; word === 'stored'; ) [word = ''] = await give(box.log, many(hand, 1))
    }
    return { ...box, hands }
  }

  test('a full log still takes them, and who filled it can be removed', async (t) => {
    const { log, self } = await fullLog(t)
    const ordinary = log.counts().bytes
    assert.ok(ordinary <= bytesMax - reservedBytes(bytesMax))
    assert.deepEqual(await give(log, [self.branch().write([])]), ['log_full'])
    assert.deepEqual(await give(log, many(self, 1, act)), ['stored'])
    assert.ok(log.counts().bytes > ordinary)
  })

  test('device_quota_used: of that room, too, nobody has more than their share', async (t) => {
    const { log, self } = await fullLog(t)
    const other = handOf(authorOf('other'), founding)
    const words = await give(log, many(self, 40, act))
    assert.deepEqual(Object.keys(tally(words)), ['device_quota_used', 'stored'])
    assert.ok(log.counts().bytes < bytesMax - reservedBytes(bytesMax) / 3)
    assert.deepEqual(await give(log, many(other, 1, act)), ['stored'])
  })

  test('log_full: when all of that is taken as well', async (t) => {
    const { log, hands } = await fullLog(t)
    const words: string[] = []
    for (const name of ['d', 'e', 'f'])
      words.push(...(await give(log, many(handOf(authorOf(name), founding), 40, act))))
    assert.ok(words.includes('log_full'))
    assert.ok(log.counts().bytes <= bytesMax)
    assert.equal(hands.length, 3)
  })

  test('entries that an act names get in as far as half of it', async (t) => {
    const { log, self } = await fullLog(t)
    const late = handOf(authorOf('late'), founding)
    const [message] = many(late, 1)
    assert.ok(message !== undefined)
    assert.deepEqual(await give(log, [message]), ['log_full'])
    const removal = self.write([message], { fields: act })
    assert.deepEqual(await give(log, [removal]), ['waiting'])
    assert.deepEqual(await give(log, [message], true), ['stored'])
    assert.equal(log.has(removal.id), true)
    const more = handOf(authorOf('more'), founding)
    const words = await give(log, many(more, 40), true)
    assert.ok(words.includes('log_full'))
    assert.ok(log.counts().bytes <= bytesMax - reservedBytes(bytesMax) / 2)
  })

  test('own acts, too', async (t) => {
    const { logs } = openLogs(t, { bytesMax })
    const { log } = await logs.found(draftOf('founding', act))
    for (let code = ''; code === ''; ) {
      code = await log.append(draftOf(new Uint8Array(1_000))).then(
        () => '',
        (error: { code: string }) => error.code,
      )
      assert.ok(code === '' || code === 'device_quota_used')
    }
    await log.append(draftOf('act', act))
  })
})
