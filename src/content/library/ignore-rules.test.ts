import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileOnly, IgnoreRules } from './ignore-rules.ts'

const root = new IgnoreRules().within([], ['*.log\n# comment\n\n/build/\n!keep.log\n'])

test('patterns of the root reach every folder, tied ones only theirs', () => {
  assert.equal(root.ignores(['a.log'], false), true)
  assert.equal(root.ignores(['deep', 'a.log'], false), true)
  assert.equal(root.ignores(['deep', 'keep.log'], false), false)
  assert.equal(root.ignores(['build'], true), true)
  assert.equal(root.ignores(['build'], false), false)
  assert.equal(root.ignores(['deep', 'build'], true), false)
})

test('rules of a folder reach only what lies below it, and win over those above', () => {
  const inner = root.within(['src [1]'], ['!debug.log\n*.tmp\n/only-here\nx/y\n'])
  assert.equal(inner.ignores(['src [1]', 'debug.log'], false), false)
  assert.equal(inner.ignores(['src [1]', 'deep', 'debug.log'], false), false)
  assert.equal(inner.ignores(['src [1]', 'other.log'], false), true)
  assert.equal(inner.ignores(['src [1]', 'a', 'b.tmp'], false), true)
  assert.equal(inner.ignores(['b.tmp'], false), false)
  assert.equal(inner.ignores(['src [1]', 'only-here'], false), true)
  assert.equal(inner.ignores(['src [1]', 'a', 'only-here'], false), false)
  assert.equal(inner.ignores(['src [1]', 'x', 'y'], false), true)
  assert.equal(inner.ignores(['src [1]', 'a', 'x', 'y'], false), false)
  assert.equal(inner.ignores(['src 1', 'b.tmp'], false), false)
})

test('a folder that an inner rule takes back is wholly back', () => {
  const outer = new IgnoreRules().within([], ['secret\n'])
  const inner = outer.within(['sub'], ['!secret\n'])
  assert.equal(inner.ignores(['sub', 'secret'], true), false)
  assert.equal(inner.ignores(['sub', 'secret', 'file'], false), false)
})

test('--only takes a line of the same syntax', () => {
  const pdfs = compileOnly('*.pdf')
  assert.equal(pdfs(['a.pdf']), true)
  assert.equal(pdfs(['deep', 'b.pdf']), true)
  assert.equal(pdfs(['a.txt']), false)
  const folder = compileOnly('photos/')
  assert.equal(folder(['photos', 'x.jpg']), true)
  assert.equal(folder(['photos']), false)
  // Names of strangers that look like relative paths are names all the same.
  assert.equal(pdfs(['..', 'x.pdf']), true)
})
