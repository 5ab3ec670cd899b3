import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { spreadPatienceMs } from './limits.ts'
import { createSpread } from './spread-core.ts'

test('each block goes to one peer until all are given; what was declined is told again', () => {
  const spread = createSpread(3, 0)
  assert.deepEqual(spread.give(7, [0, 1], 0), [0, 1])
  assert.deepEqual(spread.give(8, [1, 2], 0), [2])
  assert.deepEqual(spread.give(7, [0], 0), [0], 'who was given it may ask again')
  assert.ok(spread.isOver(true, 0))
  assert.deepEqual([...spread.takeDeclined()], [[8, [1]]])
  assert.deepEqual([...spread.takeDeclined()], [])
})

test('a round in which the line is idle ends', () => {
  const spread = createSpread(3, 0)
  spread.give(7, [0], 0)
  assert.ok(!spread.isOver(true, 10 * spreadPatienceMs))
  assert.ok(!spread.isOver(false, 11 * spreadPatienceMs - 1))
  assert.ok(spread.isOver(false, 11 * spreadPatienceMs))
})

test('what went to a peer that left, and to nobody from there, is given again', () => {
  const spread = createSpread(4, 0)
  spread.give(7, [0, 1, 2], 0)
  spread.give(8, [0, 1, 2, 3], 0)
  spread.seen(7, [0, 1])
  spread.seen(8, [1])
  assert.deepEqual([...spread.left(7)], [[8, [0, 2]]])
  assert.deepEqual(spread.give(9, [0, 1, 2], 0), [0, 2])
})

test('what was dropped on the way is given to the next', () => {
  const spread = createSpread(2, 0)
  spread.give(7, [0, 1], 0)
  assert.deepEqual(spread.give(8, [0, 1], 0), [])
  assert.deepEqual([...spread.takeBack(7, [1])], [[8, [1]]])
  assert.deepEqual([...spread.takeBack(8, [0])], [])
  assert.deepEqual(spread.give(8, [0, 1], 0), [1])
})

test('whatever happens: no block has two peers at once, and everything declined is told again', () => {
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
      const forget = (peer: number) => {
        for (const [index, of] of holder) if (of === peer) holder.set(index, -1)
        for (const key of declined) if (key.startsWith(`${peer} `)) declined.delete(key)
      }
      const tell = (again: ReadonlyMap<number, readonly number[]>) => {
        for (const [other, indexes] of again) for (const one of indexes) declined.delete(`${other} ${one}`)
      }
      for (const { kind, peer, index } of steps) {
        if (kind === 'give' && spread.give(peer, [index], 0).length === 1) {
          const before = holder.get(index) ?? -1
          assert.ok(before === peer || before === -1)
          holder.set(index, peer)
        } else if (kind === 'give') declined.add(`${peer} ${index}`)
        else if (kind === 'seen') spread.seen(peer, [index])
        else if (kind === 'takeBack') {
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
