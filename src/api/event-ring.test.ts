import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createEventRing } from './event-ring.ts'

test('numbers count from one, and the oldest make room by number and by size', () => {
  const ring = createEventRing({ eventsMax: 3, charsMax: 10 })
  assert.deepEqual([ring.last, ring.holdsAfter(0), ring.at(1)], [0, true, undefined])
  for (const text of ['a', 'b', 'c', 'd']) ring.push(text)
  assert.deepEqual([ring.last, ring.at(1), ring.at(2)], [4, undefined, 'b'])
  assert.deepEqual(
    [ring.holdsAfter(0), ring.holdsAfter(1), ring.holdsAfter(4), ring.holdsAfter(5)],
    [false, true, true, false],
  )
  ring.push('12345678')
  assert.deepEqual([ring.at(3), ring.at(4)], ['c', 'd'])
  ring.push('1')
  assert.deepEqual([ring.at(3), ring.at(4), ring.at(6)], [undefined, 'd', '1'])
  ring.push('x'.repeat(11))
  assert.deepEqual([ring.at(6), ring.at(7)?.length], [undefined, 11])
})

test('like a list cut at its front, whatever is pushed', () => {
  const texts = fc.array(fc.string({ maxLength: 8 }), { maxLength: 60 })
  fc.assert(
    fc.property(
      texts,
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 30 }),
      (pushed, eventsMax, charsMax) => {
        const ring = createEventRing({ eventsMax, charsMax })
        pushed.forEach((text, index) => {
          ring.push(text)
          const kept = pushed.slice(0, index + 1).filter((_, at) => ring.at(at + 1) !== undefined)
          assert.deepEqual(kept, pushed.slice(index + 1 - kept.length, index + 1))
          assert.ok(kept.length >= 1 && kept.length <= eventsMax)
          assert.ok(kept.length === 1 || kept.join('').length <= charsMax)
        })
      },
    ),
  )
})
