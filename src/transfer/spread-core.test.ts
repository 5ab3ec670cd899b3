import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  fewPeersMax,
  spreadHoardMs,
  spreadKeepMs,
  spreadKeepPeersMax,
  spreadKeepTurns,
  spreadPatienceMs,
  spreadStallMs,
  spreadUnmetMax,
} from './limits.ts'
import { createSpread, type SpreadLine } from './spread-core.ts'

const line = (nowMs = 0, pending = 0): SpreadLine => ({ nowMs, pending, peers: 2 })
const crowdLine = (nowMs = 0): SpreadLine => ({ nowMs, pending: 0, peers: fewPeersMax + 1 })

test('each block goes to one peer until all are given; what was declined is told again', () => {
  const spread = createSpread(3, 0)
  assert.deepEqual(spread.give(7, [0, 1], line()), [0, 1])
  assert.deepEqual(spread.give(8, [1, 2], line()), [2])
  assert.deepEqual(spread.give(7, [0], line()), [0], 'who was given it may ask again')
  assert.ok(spread.isAllGiven)
  assert.deepEqual([...spread.takeDeclined()], [[8, [1]]])
  assert.deepEqual([...spread.takeDeclined()], [])
})

test('a round in which the line is idle ends', () => {
  const spread = createSpread(3, 0)
  spread.give(7, [0], line())
  assert.ok(!spread.isStuck(true, 3 * spreadPatienceMs))
  assert.ok(!spread.isStuck(false, 4 * spreadPatienceMs - 1))
  assert.ok(spread.isStuck(false, 4 * spreadPatienceMs))
})

test('a line that is full of what is no block is not idle', () => {
  const spread = createSpread(3, 0)
  spread.give(7, [0], line())
  spread.gone(0, 500)
  assert.ok(!spread.isStuck(false, 500 + spreadPatienceMs - 1))
  assert.ok(spread.isStuck(false, 500 + spreadPatienceMs))
})

test('a round in which nothing leaves ends, whoever is busy', () => {
  const spread = createSpread(3, 0)
  spread.give(7, [0], line())
  spread.gone(1, 5)
  assert.ok(!spread.isStuck(true, 5 + spreadStallMs - 1))
  assert.ok(spread.isStuck(true, 5 + spreadStallMs))
})

test('a block is kept for one peer while what is before it and two turns of the others leave, not longer', () => {
  const spread = createSpread(9, 0)
  spread.give(7, [0], line(0, 3))
  assert.deepEqual(spread.give(8, [0, 1], line()), [1])
  spread.gone(3 + 2 * spreadKeepTurns - 1, 0)
  assert.deepEqual([...spread.release(spreadKeepMs)], [])
  spread.gone(1, 0)
  assert.deepEqual([...spread.release(spreadKeepMs - 1)], [], 'blocks may be small, and the way to the others long')
  assert.deepEqual([...spread.release(spreadKeepMs)], [[8, [0]]])
  assert.deepEqual(spread.give(8, [0], line()), [0])
  assert.deepEqual([...spread.takeDeclined()], [])
})

test('of a crowd one gets what nobody else was seen to have in time, and the others are declined it again', () => {
  const spread = createSpread(9, 0)
  spread.give(7, [0, 1], crowdLine())
  spread.give(8, [0, 1], crowdLine())
  spread.give(9, [0, 1], crowdLine())
  spread.seen(10, [1])
  spread.gone(spreadKeepTurns * spreadKeepPeersMax, 0)
  assert.deepEqual(
    [...spread.release(spreadKeepMs)],
    [
      [8, [0, 1]],
      [9, [0, 1]],
    ],
  )
  assert.deepEqual(spread.give(9, [0, 1], crowdLine()), [0, 1])
  assert.deepEqual(spread.give(8, [0, 1], crowdLine()), [1])
})

test('what one peer was given twice counts once when it is given to the next', () => {
  const spread = createSpread(1, 0)
  spread.give(7, [0], crowdLine())
  spread.takeBack(7, [0])
  spread.give(7, [0], crowdLine())
  spread.gone(spreadKeepTurns * spreadKeepPeersMax, 0)
  spread.release(spreadKeepMs)
  assert.ok(!spread.isAllGiven)
  spread.give(8, [0], crowdLine())
  assert.ok(spread.isAllGiven)
})

test('once all was given, what nobody else was seen to have is given once more, the oldest first', () => {
  const spread = createSpread(3, 0)
  spread.give(7, [0, 1, 2], line())
  spread.give(8, [0, 1, 2], line())
  spread.seen(8, [1])
  assert.deepEqual([...spread.again(1)], [[8, [0]]])
  assert.ok(!spread.isAllGiven)
  assert.deepEqual(spread.give(8, [0], line()), [0])
  assert.deepEqual([...spread.again(5)], [[8, [2]]])
  assert.deepEqual(spread.give(8, [2], line()), [2])
  assert.deepEqual([...spread.again(5)], [], 'each once')
  assert.ok(spread.isAllGiven)
})

test('nothing is kept for who was given what nobody else was seen to have, for a while', () => {
  const spread = createSpread(20, 0)
  spread.give(7, [0], crowdLine())
  spread.gone(spreadKeepTurns * spreadKeepPeersMax, 0)
  assert.ok(!spread.hoards(7, spreadKeepMs))
  spread.release(spreadKeepMs)
  assert.ok(spread.hoards(7, spreadKeepMs))
  assert.deepEqual(spread.give(7, [9], crowdLine(spreadKeepMs)), [9])
  assert.deepEqual(spread.give(8, [9], crowdLine(spreadKeepMs)), [9])
  const laterMs = spreadKeepMs + spreadHoardMs
  assert.ok(!spread.hoards(7, laterMs))
  assert.deepEqual(spread.give(7, [10], crowdLine(laterMs)), [10])
  assert.deepEqual(spread.give(8, [10], crowdLine(laterMs)), [])
  spread.seen(8, [10])
  spread.gone(spreadKeepTurns * spreadKeepPeersMax, laterMs)
  spread.release(laterMs + spreadKeepMs)
  assert.ok(!spread.hoards(7, laterMs + spreadKeepMs))
})

test('of few nobody is taken for one that hoards', () => {
  const spread = createSpread(9, 0)
  spread.give(7, [0], line())
  spread.gone(100, 0)
  spread.release(spreadKeepMs)
  assert.ok(!spread.hoards(7, spreadKeepMs))
  spread.give(7, [1], line(spreadKeepMs))
  assert.deepEqual(spread.give(8, [1], line(spreadKeepMs)), [])
})

test('who does not get what another was given is not declined it any more, until it does', () => {
  const spread = createSpread(9, 0)
  const late = Array.from({ length: spreadUnmetMax }, (_, index) => index)
  spread.give(7, late, line())
  assert.deepEqual(spread.give(8, late, line()), [])
  spread.seen(9, late)
  spread.gone(100, 0)
  spread.release(spreadKeepMs)
  spread.give(7, [5, 6, 7], line())
  assert.deepEqual(spread.give(8, [5], line()), [5])
  assert.deepEqual(spread.give(9, [5], line()), [], 'others may reach it')
  spread.seen(8, [5])
  assert.deepEqual(spread.give(8, [6], line()), [6], 'what it had from here proves nothing')
  spread.seen(8, [7])
  spread.give(7, [8], line())
  assert.deepEqual(spread.give(8, [8], line()), [])
})

test('what a peer was declined and has from another is not told again', () => {
  const spread = createSpread(3, 0)
  spread.give(7, [0, 1], line())
  spread.give(8, [0, 1], line())
  spread.seen(8, [1])
  assert.deepEqual([...spread.takeDeclined()], [[8, [0]]])
})

test('what went to a peer that left, and to nobody from there, is given again', () => {
  const spread = createSpread(4, 0)
  spread.give(7, [0, 1, 2], line())
  spread.give(8, [0, 1, 2, 3], line())
  spread.seen(7, [0, 1])
  spread.seen(8, [1])
  assert.deepEqual([...spread.left(7)], [[8, [0, 2]]])
  assert.deepEqual(spread.give(9, [0, 1, 2], line()), [0, 2])
})

test('what was dropped on the way is given to the next', () => {
  const spread = createSpread(2, 0)
  spread.give(7, [0, 1], line())
  assert.deepEqual(spread.give(8, [0, 1], line()), [])
  assert.deepEqual([...spread.takeBack(7, [1])], [[8, [1]]])
  assert.deepEqual([...spread.takeBack(8, [0])], [])
  assert.deepEqual(spread.give(9, [0, 1], line()), [1])
})

test('who asks again for what it was declined gets it, and as often as it asks then', () => {
  const spread = createSpread(3, 0)
  spread.give(7, [0, 1], line())
  assert.deepEqual(spread.give(8, [0, 1], line()), [])
  assert.deepEqual(spread.give(8, [1], line()), [1])
  assert.deepEqual(spread.give(8, [1], line()), [1], 'it was dropped on the way, perhaps')
  assert.deepEqual(spread.give(9, [1], line()), [], 'it is kept for the first all the same')
  assert.deepEqual(
    [...spread.takeDeclined()],
    [
      [8, [0]],
      [9, [1]],
    ],
  )
})

test('whatever happens: no block goes to two peers unless one asks again, and everything declined is told again', () => {
  const step = fc.record({
    kind: fc.constantFrom('give' as const, 'seen' as const, 'left' as const, 'takeBack' as const),
    peer: fc.integer({ min: 0, max: 4 }),
    index: fc.integer({ min: 0, max: 9 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const spread = createSpread(10, 0)
      const holder = new Map<number, number>()
      const declined = new Set<string>()
      const besides = new Set<string>()
      const forget = (peer: number) => {
        for (const [index, of] of holder) if (of === peer) holder.set(index, -1)
        for (const keys of [declined, besides]) {
          for (const key of keys) if (key.startsWith(`${peer} `)) keys.delete(key)
        }
      }
      const tell = (again: ReadonlyMap<number, readonly number[]>) => {
        for (const [other, indexes] of again) for (const one of indexes) declined.delete(`${other} ${one}`)
      }
      for (const { kind, peer, index } of steps) {
        const key = `${peer} ${index}`
        if (kind === 'give' && spread.give(peer, [index], line()).length === 1) {
          const before = holder.get(index) ?? -1
          if (before === -1 || before === peer) holder.set(index, peer)
          else assert.ok(declined.delete(key) || besides.has(key))
          if (holder.get(index) !== peer) besides.add(key)
        } else if (kind === 'give') declined.add(key)
        else if (kind === 'seen') {
          spread.seen(peer, [index])
          if (holder.get(index) !== peer) declined.delete(`${peer} ${index}`)
        } else if (kind === 'takeBack') {
          tell(spread.takeBack(peer, [index]))
          if (holder.get(index) === peer) holder.set(index, -1)
        } else {
          tell(spread.left(peer))
          forget(peer)
        }
      }
      const told = [...spread.takeDeclined()].flatMap(([peer, indexes]) => indexes.map((index) => `${peer} ${index}`))
      assert.deepEqual(new Set(told), declined)
    }),
    { seed: 4, numRuns: 300 },
  )
})

test('whatever is released and given again: everything declined is told, and all is given once everybody is asked', () => {
  const step = fc.record({
    kind: fc.constantFrom('give' as const, 'seen' as const, 'takeBack' as const, 'release' as const, 'again' as const),
    peer: fc.integer({ min: 0, max: 2 }),
    index: fc.integer({ min: 0, max: 2 }),
    peers: fc.constantFrom(2, fewPeersMax + 1),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const spread = createSpread(3, 0)
      const declined = new Set<string>()
      const tell = (again: ReadonlyMap<number, readonly number[]>) => {
        for (const [peer, indexes] of again) for (const one of indexes) declined.delete(`${peer} ${one}`)
      }
      let nowMs = 0
      for (const { kind, peer, index, peers } of steps) {
        if (kind === 'give') {
          const isGiven = spread.give(peer, [index], { nowMs, pending: 0, peers }).length === 1
          if (isGiven) declined.delete(`${peer} ${index}`)
          else declined.add(`${peer} ${index}`)
        } else if (kind === 'seen') {
          spread.seen(peer, [index])
          declined.delete(`${peer} ${index}`)
        } else if (kind === 'takeBack') tell(spread.takeBack(peer, [index]))
        else if (kind === 'again') {
          const wasAllGiven = spread.isAllGiven
          const again = spread.again(1)
          if (again.size > 0 && wasAllGiven) assert.ok(!spread.isAllGiven)
          tell(again)
        } else {
          nowMs += spreadKeepMs
          spread.gone(peer * spreadKeepPeersMax, nowMs)
          tell(spread.release(nowMs))
        }
      }
      const newcomer = 9
      spread.give(newcomer, [0, 1, 2], { nowMs, pending: 0, peers: 2 })
      assert.ok(spread.isAllGiven)
      const told = [...spread.takeDeclined()].flatMap(([peer, indexes]) => indexes.map((one) => `${peer} ${one}`))
      assert.deepEqual(new Set(told.filter((one) => !one.startsWith(`${newcomer} `))), declined)
    }),
  )
})
