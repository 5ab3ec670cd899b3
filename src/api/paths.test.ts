import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPeerhoodError } from '../base/errors.ts'
import { pathBytesMax } from './limits.ts'
import { parsePath } from './paths.ts'

const refused = (encoded: string) =>
  assert.throws(
    () => parsePath(encoded),
    (error) => isPeerhoodError(error) && error.code === 'path_malformed',
    encoded,
  )

test('plain names pass, decoded', () => {
  assert.equal(parsePath('a/b%20c/%C3%A4.txt'), 'a/b c/ä.txt')
  assert.equal(parsePath('...'), '...')
  assert.equal(parsePath('a%25b'), 'a%b')
})

test('what climbs, hides or ends a name is refused', () => {
  for (const encoded of [
    '',
    '/',
    'a//b',
    'a/',
    '/a',
    '.',
    '..',
    'a/../b',
    '%2e%2e',
    '%2E/a',
    'a%2Fb',
    'a%00',
    'a%0d%0ab',
    'a%7f',
    '%',
    '%zz',
    '%ff',
  ]) {
    refused(encoded)
  }
})

test('the longest path passes, one byte more does not', () => {
  assert.equal(parsePath('a'.repeat(pathBytesMax)).length, pathBytesMax)
  refused('a'.repeat(pathBytesMax + 1))
  refused('%C3%A4'.repeat(pathBytesMax / 2 + 1))
})

test('every path comes back as it was encoded, and no text throws anything else', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\p{Cc}/]|^\.{1,2}$/u.test(text))
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 8 }), (names) => {
      assert.equal(parsePath(names.map(encodeURIComponent).join('/')), names.join('/'))
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        const names = parsePath(text).split('/')
        assert.ok(names.every((part) => part !== '' && part !== '.' && part !== '..'))
      } catch (error) {
        assert.ok(isPeerhoodError(error))
      }
    }),
  )
})
