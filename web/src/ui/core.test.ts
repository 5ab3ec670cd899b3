import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pageRows } from './core.ts'

test('every row stands on one page, and the last page may be short', () => {
  assert.deepEqual(pageRows(60, 25, 0), { from: 0, to: 25 })
  assert.deepEqual(pageRows(60, 25, 2), { from: 50, to: 60 })
  assert.deepEqual(pageRows(50, 25, 1), { from: 25, to: 50 })
})

test('a page past the end is the last one, and nothing has an empty page', () => {
  assert.deepEqual(pageRows(60, 25, 9), { from: 50, to: 60 })
  assert.deepEqual(pageRows(0, 25, 0), { from: 0, to: 0 })
})
