import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { heightsOf, isSameWindow, isWithin, nextWindow, windowOf } from './window-core.ts'

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
  assert.deepEqual(heightsOf(pages, new Map()), [2560, 2560, 640])
})

test('a window that has what is near stays, and no fraction of a pixel makes two of them alternate', () => {
  const heights = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(heights, fc.nat(30_000), fc.array(fc.double({ min: -1, max: 1, noNaN: true })), (all, top, shakes) => {
      const view = { top, height: 800, margin: 800 }
      const seen = nextWindow(all, view, undefined)
      assert.deepEqual(seen, windowOf(all, { ...view, margin: 0 }), 'what is seen comes first')
      const first = nextWindow(all, view, { ...seen, from: seen.from, to: seen.to })
      assert.ok(isWithin(windowOf(all, { ...view, margin: 400 }), first))
      let drawn = first
      for (const shake of shakes) {
        drawn = nextWindow(all, { ...view, top: top + shake }, drawn)
        // At the very edge of what is near it may grow, once.
        assert.ok(isWithin(first, drawn) || isWithin(drawn, first))
      }
      const [up, down] = [-1, 1].map((shake) => nextWindow(all, { ...view, top: top + shake / 2 }, drawn))
      assert.ok(up && down && isSameWindow(up, nextWindow(all, { ...view, top: top - 0.5 }, up)))
      const there = { ...view, top: top + 2_000 }
      const other = nextWindow(all, there, nextWindow(all, there, drawn))
      assert.ok(isWithin(windowOf(all, { ...there, margin: 400 }), other), 'what is near is drawn wherever one goes')
    }),
    { seed: 1 },
  )
})
