import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundle, findLink } from './core.ts'

test('one file or one folder is shared under its own name', () => {
  assert.deepEqual(bundle([{ path: 'a.txt', body: 1 }]), { name: 'a.txt', files: [{ path: 'a.txt', body: 1 }] })
  const folder = [
    { path: 'Photos/a.jpg', body: 1 },
    { path: 'Photos/2024/b.jpg', body: 2 },
  ]
  assert.deepEqual(bundle(folder), { name: 'Photos', files: folder })
})

test('several things at once become one folder', () => {
  const made = bundle([
    { path: 'a.txt', body: 1 },
    { path: 'Photos/b.jpg', body: 2 },
  ])
  assert.equal(made?.name, '2 items')
  assert.deepEqual(
    made?.files.map(({ path }) => path),
    ['2 items/a.txt', '2 items/Photos/b.jpg'],
  )
})

test('nothing makes no share', () => {
  assert.equal(bundle([]), undefined)
})

test('a link is found in what was pasted, even when it was wrapped', () => {
  assert.equal(findLink('peerhood:abc234'), 'peerhood:abc234')
  assert.equal(findLink('Here: peerhood:abc\n  def'), 'peerhood:abcdef')
  assert.equal(findLink('https://example.org'), undefined)
  assert.equal(findLink('peerhood:'), undefined)
})
