// The small pure parts: bits, ranges, rates, rarity, choking.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBits, forEachBit, hasBit, isBitsOf, nextInBoth, setBit } from './bits.ts'
import {
  answered,
  type ChokeCandidate,
  chooseServed,
  createSlots,
  placesFor,
  restSlots,
  slotsFor,
  trySlots,
} from './choke-core.ts'
import { createLate } from './late.ts'
import {
  lateBlocksMax,
  linePlacesMin,
  slotTrialMs,
  slotTrialPauseMs,
  uploadAnswerMaxMs,
  uploadAnswerMs,
  uploadIdleMinMs,
  uploadSlotsMax,
  uploadSlotsMin,
  uploadTurnMs,
} from './limits.ts'
import { indexesToRanges, pieces, rangesToIndexes } from './ranges.ts'
import { createRarity } from './rarity-core.ts'
import { createRate } from './rate.ts'

const bitsOf = (length: number, set: readonly number[]) => {
  const bits = createBits(length)
  for (const index of set) setBit(bits, index)
  return bits
}

test('nextInBoth finds what a plain loop finds', () => {
  const sets = fc.array(fc.nat(199), { maxLength: 30 })
  fc.assert(
    fc.property(sets, fc.option(sets, { nil: undefined }), fc.nat(200), fc.nat(200), (a, b, from, to) => {
      let expected = -1
      for (let i = from; i < to && expected < 0; i++) if (a.includes(i) && (b?.includes(i) ?? true)) expected = i
      const bits = b === undefined ? undefined : bitsOf(200, b)
      assert.equal(nextInBoth(bitsOf(200, a), bits, from, to), from < to ? expected : -1)
    }),
    { numRuns: 500 },
  )
})

test('bits know their length and visit what is set', () => {
  const bits = bitsOf(12, [0, 7, 8, 11])
  const seen: number[] = []
  forEachBit(bits, (index) => seen.push(index))
  assert.deepEqual(seen, [0, 7, 8, 11])
  assert.ok(isBitsOf(bits, 12) && !isBitsOf(bits, 11) && !isBitsOf(bits, 17))
  assert.ok(hasBit(bits, 11) && !hasBit(bits, 10))
})

test('ranges and indexes turn into each other; what is too much is refused before it grows', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(500), { maxLength: 60 }), (indexes) => {
      assert.deepEqual(rangesToIndexes(indexesToRanges(indexes), 501, 1000), indexes)
    }),
  )
  const huge = [{ start: 0, count: 2_000_000 }]
  assert.throws(() => rangesToIndexes(huge, 2_000_000, 2048), { code: 'want_too_many' })
  assert.throws(() => rangesToIndexes(huge, 1_999_999, 4_000_000), { code: 'index_out_of_range' })
  assert.deepEqual([...pieces([1, 2, 3, 4, 5], 2)], [[1, 2], [3, 4], [5]])
})

test('a rate settles at what is moved and falls when nothing is', () => {
  const rate = createRate(1_000, 0)
  for (let ms = 10; ms <= 10_000; ms += 10) rate.add(1_000, ms)
  assert.ok(Math.abs(rate.perSecond(10_000) - 100_000) < 5_000)
  assert.ok(Math.abs(rate.perSecond(11_000) - 50_000) < 5_000)
  const young = createRate(3_000, 0)
  for (let ms = 10; ms <= 300; ms += 10) young.add(1_000, ms)
  assert.ok(Math.abs(young.perSecond(300) - 100_000) < 10_000, 'the first estimate is not too low')
})

test('rarity keeps each listed block under its availability', () => {
  const change = fc.tuple(fc.constantFrom('add', 'remove', 'more', 'fewer'), fc.nat(19))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const rarity = createRarity(20)
      const listed = new Set<number>()
      const available = new Array<number>(20).fill(0)
      for (const [what, index] of changes) {
        const before = available[index] ?? 0
        if (what === 'add') rarity.add(index)
        else if (what === 'remove') rarity.remove(index)
        else if (what === 'more') rarity.change(index, 1)
        else if (before > 0) rarity.change(index, -1)
        if (what === 'add') listed.add(index)
        if (what === 'remove') listed.delete(index)
        if (what === 'more') available[index] = before + 1
        if (what === 'fewer' && before > 0) available[index] = before - 1
      }
      assert.equal(rarity.size, listed.size)
      const found: number[] = []
      for (let level = rarity.level(0); level >= 0; level = rarity.level(level + 1)) {
        for (let place = 0; place < rarity.count(level); place++) {
          const index = rarity.at(level, place)
          assert.equal(available[index], level)
          found.push(index)
        }
      }
      assert.deepEqual(
        found.sort((a, b) => a - b),
        [...listed].sort((a, b) => a - b),
      )
    }),
  )
})

test('late blocks are forgotten, the oldest first, past their limit', () => {
  const late = createLate()
  late.expect(Array.from({ length: lateBlocksMax + 1 }, (_, index) => index))
  assert.ok(!late.has(0) && late.has(1) && late.has(lateBlocksMax))
  late.take(1)
  assert.ok(!late.has(1))
})

test('what was asked twice may come twice', () => {
  const late = createLate()
  late.expect([5])
  late.expect([5])
  late.take(5)
  assert.ok(late.has(5))
  late.take(5)
  assert.ok(!late.has(5))
})

const candidate = (key: number, changes: Partial<ChokeCandidate<number>> = {}): ChokeCandidate<number> => ({
  key,
  interested: true,
  served: false,
  sinceMs: 0,
  askedMs: Number.POSITIVE_INFINITY,
  answerMs: 0,
  givesPerSecond: 0,
  lacks: 1,
  hoards: false,
  ...changes,
})

test('who hoards has the slots that nobody else wants, and its turn among others who do', () => {
  const hoarder = (key: number, sinceMs: number, served = false) => candidate(key, { hoards: true, sinceMs, served })
  const others = [candidate(1, { sinceMs: 900 }), candidate(2, { sinceMs: 900, served: true })]
  assert.deepEqual(chooseServed([hoarder(3, 0), hoarder(4, 500, true), ...others], 3, 1_000), new Set([2, 1, 4]))
  assert.deepEqual(chooseServed([hoarder(3, 0), hoarder(4, 500, true), ...others], 2, 1_000), new Set([2, 1]))
})

test('everyone is served while there are slots', () => {
  const few = [candidate(1), candidate(2, { interested: false }), candidate(3)]
  assert.deepEqual([...chooseServed(few, 2, 0)], [1, 3])
})

test('those who waited longest come first; a turn is not cut short', () => {
  const many = [
    candidate(1, { served: true, sinceMs: 100 }),
    candidate(2, { served: true, sinceMs: 0 }),
    candidate(3, { sinceMs: 50 }),
    candidate(4, { sinceMs: 10 }),
  ]
  assert.deepEqual([...chooseServed(many, 2, uploadTurnMs - 1)].sort(), [1, 2])
  assert.deepEqual([...chooseServed(many, 2, uploadTurnMs + 50)].sort(), [1, 4])
  assert.deepEqual(
    [...chooseServed(many, 3, uploadTurnMs + 200)].sort(),
    [2, 3, 4]
      .filter((key) => key !== 2)
      .concat(2)
      .sort(),
  )
})

test('of those whose turn is over, who gives most stays', () => {
  const many = [
    candidate(1, { served: true, givesPerSecond: 5 }),
    candidate(2, { served: true, givesPerSecond: 9 }),
    candidate(3, { sinceMs: 1 }),
  ]
  assert.deepEqual([...chooseServed(many, 2, uploadTurnMs)].sort(), [2, 3])
})

test('nobody waits for ever', () => {
  let nowMs = 0
  const state = Array.from({ length: 10 }, (_, key) => ({ ...candidate(key), turns: 0 }))
  for (let turn = 0; turn < 30; turn++) {
    const chosen = chooseServed(state, 3, nowMs)
    for (const one of state) {
      if (chosen.has(one.key)) one.turns++
      if (chosen.has(one.key) !== one.served) Object.assign(one, { served: chosen.has(one.key), sinceMs: nowMs })
    }
    nowMs += uploadTurnMs
  }
  assert.ok(
    state.every(({ turns }) => turns >= 5),
    state.map(({ turns }) => turns).join(),
  )
})

test('as many are served as blocks leave in a second, within bounds', () => {
  const slots = createSlots(0)
  assert.deepEqual(
    [0, 7, 10_000].map((perSecond) => slotsFor(slots, perSecond)),
    [uploadSlotsMin, 7, uploadSlotsMax],
  )
})

test('more slots are tried, and kept while more leaves with them', () => {
  const startMs = slotTrialPauseMs
  const begun = trySlots(createSlots(0), 4, startMs)
  assert.equal(slotsFor(begun, 4), 6)
  assert.equal(trySlots(begun, 8, startMs + 1), begun, 'not before the trial is over')
  assert.equal(slotsFor(restSlots(begun, startMs + 1), 4), 4, 'a trial that nobody was there for')
  const more = trySlots(begun, 6, startMs + slotTrialMs)
  assert.ok(slotsFor(more, 6) > slotsFor(begun, 6), 'it paid: tried on')
  const endMs = startMs + 2 * slotTrialMs
  const given = trySlots(more, 6, endMs)
  assert.equal(slotsFor(given, 6), slotsFor(begun, 6), 'that did not pay: taken back')
  assert.equal(trySlots(given, 6, endMs + slotTrialPauseMs - 1), given)
  assert.notEqual(trySlots(given, 6, endMs + slotTrialPauseMs), given)
})

test('who is served and asks for nothing makes room before its turn is over', () => {
  const many = [
    candidate(1, { served: true, askedMs: 0, answerMs: 10 }),
    candidate(2, { served: true, askedMs: 1 }),
    candidate(3, { sinceMs: 50 }),
  ]
  assert.deepEqual([...chooseServed(many, 2, uploadIdleMinMs - 1)].sort(), [1, 2])
  assert.deepEqual([...chooseServed(many, 2, uploadIdleMinMs)].sort(), [2, 3])
})

test('who is far away has the time that it needs to ask, and its turn is as long as that of others from then on', () => {
  const many = (answerMs: number | undefined) => [
    candidate(1, { served: true, askedMs: 0, answerMs }),
    candidate(2, { sinceMs: 50 }),
  ]
  const until = (answerMs: number | undefined, idleMs: number) => {
    assert.deepEqual([...chooseServed(many(answerMs), 1, idleMs - 1)], [1])
    assert.deepEqual([...chooseServed(many(answerMs), 1, idleMs)], [2])
  }
  until(850, 1_700)
  until(undefined, 2 * uploadAnswerMs)
  const asking = [candidate(1, { served: true, answerMs: 850 }), candidate(2, { sinceMs: 50 })]
  assert.deepEqual([...chooseServed(asking, 1, uploadTurnMs + 849)], [1])
  assert.deepEqual([...chooseServed(asking, 1, uploadTurnMs + 850)], [2])
})

test('who answers late is waited for next time, but not for as long as it likes', () => {
  assert.equal(answered(undefined, 80), 80)
  assert.equal(answered(80, 850), 850)
  assert.equal(answered(800, 80), 620, 'one quick answer may be a want that crossed our choke')
  assert.equal(answered(800, 3_600_000), uploadAnswerMaxMs)
})

test('blocks leave one after the other, on a fast line for more at a time, and for as many more as a trial tries', () => {
  const slots = createSlots(0)
  assert.deepEqual(
    [0, 6, 100].map((perSecond) => placesFor(slots, perSecond)),
    [linePlacesMin, linePlacesMin, 10],
  )
  assert.ok(placesFor(trySlots(slots, 6, slotTrialPauseMs), 6) > linePlacesMin)
})

test('who lacks more waits less, but everybody is served in the end', () => {
  const nowMs = 1_000
  const near = candidate(1, { lacks: 0.1 })
  const far = candidate(2, { sinceMs: 900, lacks: 1 })
  assert.deepEqual([...chooseServed([near, far], 1, nowMs)], [2])
  const liar = candidate(2, { sinceMs: 1_000_000 - 9_000, lacks: 1 })
  assert.deepEqual([...chooseServed([near, liar], 1, 1_000_000)], [1])
})
