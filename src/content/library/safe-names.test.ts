import assert from 'node:assert/strict'
import { join, sep } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { nameBytesMax } from '../format/limits.ts'
import { pathBytesMax } from './limits.ts'
import { cleanName, foldName, isWorkingFolder, nameWithSuffix, safeFolder, safePaths } from './safe-names.ts'

const byteLength = (text: string) => new TextEncoder().encode(text).length

/** Names that look for trouble, among any others. */
const awkward = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '',
    '.',
    '..',
    '...',
    'a/b',
    '/etc/passwd',
    '\\\\host\\share',
    'C:\\x',
    'nul',
    'NUL.txt',
    'com1',
    'COM¹',
  ),
  fc.constantFrom('a', 'A', 'é', 'é', 'É', 'ß', 'SS', 'name.', 'name ', 'a:b', '.peerhood-x', '\u0000', '\ud800'),
  fc.constantFrom('a', 'b', 'ä', '😀').map((character) => character.repeat(200)),
)

const cases: readonly (readonly [string, string])[] = [
  ['plain.txt', 'plain.txt'],
  ['..', '_'],
  ['.', '_'],
  ['', '_'],
  ['...', '_'],
  ['../../etc/passwd', '.._.._etc_passwd'],
  ['/etc/passwd', '_etc_passwd'],
  ['C:\\Windows', 'C__Windows'],
  ['a\u0000b\nc', 'a_b_c'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['com1', '_com1'],
  ['LPT9.tar.gz', '_LPT9.tar.gz'],
  ['console.log', 'console.log'],
  ['trailing. . ', 'trailing_'],
  ['photo\u202egpj.exe', 'photo_gpj.exe'],
  ['half\ud800', 'half_'],
  ['cafe\u0301', 'café'],
  ['.peerhood-abc', '_.peerhood-abc'],
  ['.gitignore', '.gitignore'],
]

for (const [name, safe] of cases) {
  test(`${JSON.stringify(name)} becomes ${JSON.stringify(safe)}`, () => assert.equal(cleanName(name), safe))
}

test('a name over 255 bytes is cut on a character boundary and keeps its extension', () => {
  const safe = cleanName(`${'ä'.repeat(200)}.tar`)
  assert.equal(byteLength(safe), 254)
  assert.ok(safe.endsWith('ä.tar'))
  assert.equal(byteLength(nameWithSuffix(`${'x'.repeat(300)}.jpeg`, ' (2)')), nameBytesMax)
})

test('names that only differ in case or normalisation are told apart, and honest ones keep theirs', () => {
  assert.deepEqual(safeFolder(['Readme', 'readme', 'README']), ['Readme', 'readme (2)', 'README (3)'])
  assert.deepEqual(safeFolder(['e\u0301.txt', '\u00e9.txt']), ['\u00e9 (2).txt', '\u00e9.txt'])
  assert.deepEqual(safeFolder(['a:b', 'a_b']), ['a_b (2)', 'a_b'])
  assert.deepEqual(safeFolder(['x', 'x (2)', 'X']), ['x', 'x (2)', 'X (3)'])
})

test('property: a name is one safe component', () => {
  fc.assert(
    fc.property(awkward, (name) => {
      const safe = cleanName(name)
      assert.notEqual(safe, '')
      assert.ok(safe !== '.' && safe !== '..')
      assert.doesNotMatch(safe, /[/\\:*?"<>|\0]/)
      assert.doesNotMatch(safe, /[. ]$/)
      assert.ok(byteLength(safe) <= nameBytesMax)
      assert.equal(isWorkingFolder(safe), false)
      assert.equal(join(`${sep}top`, safe), `${sep}top${sep}${safe}`)
      assert.equal(cleanName(safe), safe)
    }),
    { numRuns: 2000 },
  )
})

test('property: no two names of a folder meet on a file system that folds case and normalisation', () => {
  fc.assert(
    fc.property(fc.uniqueArray(awkward, { maxLength: 30 }), (names) => {
      const safe = safeFolder(names)
      assert.equal(new Set(safe.map(foldName)).size, names.length)
      for (const name of safe) assert.ok(byteLength(name) <= nameBytesMax)
      assert.deepEqual(safeFolder(names), safe)
    }),
    { numRuns: 500 },
  )
})

test('property: paths stay in their folder, fit, and no two meet', () => {
  const path = fc.array(awkward, { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 20, selector: (names) => JSON.stringify(names) }), (paths) => {
      const safe = safePaths(paths)
      assert.equal(new Set(safe.map(foldName)).size, paths.length)
      for (const one of safe) {
        assert.ok(byteLength(one) <= pathBytesMax)
        assert.ok(join('/top', one).startsWith('/top/'))
        assert.ok(!one.split('/').some((name) => name === '' || name === '.' || name === '..'))
      }
      // No file stands where a folder of others has to be.
      for (const one of safe) {
        for (const other of safe) assert.ok(!foldName(other).startsWith(`${foldName(one)}/`))
      }
    }),
    { numRuns: 300 },
  )
})

test('a path past the limit goes to a folder for such, numbered', () => {
  const long = Array.from({ length: 20 }, (_, depth) => `${depth}${'x'.repeat(240)}`)
  const [first, second, third] = safePaths([[...long, 'a.txt'], ['b'], [...long, 'a.txt', 'c.txt']])
  assert.equal(first, '_long paths/a (1).txt')
  assert.equal(second, 'b')
  assert.equal(third, '_long paths/c (3).txt')
  assert.deepEqual(safePaths([['_long paths'], [...long, 'a']]), ['_long paths', '_long paths (2)/a (2)'])
})

test('names that all clash are told apart in a time that fits their number', () => {
  const names = Array.from({ length: 10_000 }, (_, number) => {
    return [...number.toString(4).padStart(7, '0')].map((digit) => '<>:|'[Number(digit)]).join('')
  })
  const start = process.cpuUsage()
  assert.equal(new Set(safeFolder(names)).size, names.length)
  assert.ok(process.cpuUsage(start).user < 5_000_000)
})
