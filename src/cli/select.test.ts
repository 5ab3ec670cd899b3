import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectById } from './select.ts'

const items = [{ id: 'abc1' }, { id: 'abd2' }, { id: 'abd' }]

test('a whole id, or a beginning that is the only one, selects', () => {
  assert.equal(selectById(items, 'abc').id, 'abc1')
  assert.equal(selectById(items, 'abd').id, 'abd')
})

test('nothing, or several, are errors of their own', () => {
  assert.throws(() => selectById(items, 'x'), { code: 'unknown_id', kind: 'not-found' })
  assert.throws(() => selectById(items, ''), { code: 'unknown_id' })
  assert.throws(() => selectById(items, 'ab'), { code: 'ambiguous_id', kind: 'usage' })
})
