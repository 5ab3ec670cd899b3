import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { heightsOf, windowOf } from './window-core.ts'

const sum = (heights: readonly number[]) => heights.reduce((all, height) => all + height, 0)

test('what is near the eye is drawn, and the spaces stand for exactly the rest', () => {
  const heights = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 60 })
  fc.assert(
    fc.property(
      heights,
      fc.nat(200_000),
      fc.integer({ min: 1, max: 1200 }),
      fc.nat(2000),
      (all, top, height, margin) => {
        const { from, to, above, below } = windowOf(all, { top, height, margin })
        assert.equal(above, sum(all.slice(0, from)))
        assert.equal(above + sum(all.slice(from, to)) + below, sum(all))
        assert.ok(all.length === 0 || to > from, 'something is drawn')
        const seen = Math.min(top, Math.max(0, sum(all) - height))
        assert.ok(above <= seen || from === 0, 'the first line in view is drawn')
        assert.ok(above + sum(all.slice(from, to)) >= Math.min(seen + height, sum(all)), 'and the last one')
      },
    ),
  )
})

test('a hundred thousand messages are few in the document', () => {
  const heights = Array.from({ length: 2500 }, () => 1900)
  const { from, to } = windowOf(heights, { top: 2_000_000, height: 700, margin: 1000 })
  assert.ok(to - from <= 3, `${to - from} pages`)
})

test('pages that were never drawn are guessed after those that were', () => {
  const pages = [0, 1, 2].map((key) => ({ key, messages: new Array(key === 2 ? 10 : 40) }))
  assert.deepEqual(heightsOf(pages, new Map([[1, 4000]])), [4000, 4000, 1000])
  assert.deepEqual(heightsOf(pages, new Map()), [1920, 1920, 480])
})
