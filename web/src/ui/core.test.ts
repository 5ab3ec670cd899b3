import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pageRows, saidAloud, saidParts } from './core.ts'

test('every row stands on one page, and the last page may be short', () => {
  assert.deepEqual(pageRows(60, 25, 0), { from: 0, to: 25 })
  assert.deepEqual(pageRows(60, 25, 2), { from: 50, to: 60 })
  assert.deepEqual(pageRows(50, 25, 1), { from: 25, to: 50 })
})

test('a page past the end is the last one, and nothing has an empty page', () => {
  assert.deepEqual(pageRows(60, 25, 9), { from: 50, to: 60 })
  assert.deepEqual(pageRows(0, 25, 0), { from: 0, to: 0 })
})

test('what a sentence has between backticks is code', () => {
  assert.deepEqual(saidParts('Start it with `peerhood start`.'), [
    { text: 'Start it with ', isCode: false },
    { text: 'peerhood start', isCode: true },
    { text: '.', isCode: false },
  ])
  assert.deepEqual(
    saidParts('`a` or `b`').map(({ isCode }) => isCode),
    [true, false, true],
  )
  assert.equal(saidAloud('Open `a`, then `b`.'), 'Open a, then b.')
})

test('a backtick that stands alone is a character, and no text is lost', () => {
  for (const text of ['a ` b', '``', 'name`', 'plain']) assert.deepEqual(saidParts(text), [{ text, isCode: false }])
  assert.deepEqual(saidParts(''), [])
})
