import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectById, selectNamed } from './select.ts'

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

const named = [
  { id: 'aa11', name: 'Family' },
  { id: 'aa22', name: 'Club' },
  { id: 'bb33', name: 'club' },
  { id: 'cc44', name: 'bb33' },
  { id: 'dd55', name: '' },
]

test('a name selects like the beginning of an id, capitals or not', () => {
  const idOf = (text: string) => selectNamed(named, text, 'community').id
  assert.deepEqual(['family', 'FAMILY', 'aa1', 'dd'].map(idOf), ['aa11', 'aa11', 'aa11', 'dd55'])
  // A whole id is never taken over by a name.
  assert.equal(idOf('bb33'), 'bb33')
})

test('several that are meant are named, and none is chosen', () => {
  const select = (text: string) => () => selectNamed(named, text, 'community')
  assert.throws(select('Club'), {
    code: 'ambiguous_name',
    kind: 'usage',
    message: '“Club” may mean Club (aa22), club (bb33).',
  })
  assert.throws(select('aa'), { code: 'ambiguous_name', details: { name: 'aa', ids: ['aa11', 'aa22'] } })
  for (const text of ['', 'x', 'fam']) assert.throws(select(text), { code: 'unknown_name', kind: 'not-found' })
  const many = Array.from({ length: 9 }, (_, i) => ({ id: `e${i}`, name: 'same' }))
  assert.throws(() => selectNamed(many, 'same', 'member'), { message: /same \(e4\) and 4 more\.$/ })
})
