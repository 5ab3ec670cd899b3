// What a stranger may put into a share's names, through a real version that they signed: everything lands in one folder.

import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../base/bytes.ts'
import { nameBytesMax } from '../format/limits.ts'
import { foldName } from './safe-names.ts'
import { craftShare, get, openComputer, openGet, readTree, tempFolder, transfer, writeTree } from './testing.ts'

test('names that want out, or that some system can’t bear, become safe ones', async (context) => {
  const folder = tempFolder(context)
  const names = [
    '..',
    '.',
    '...',
    'C:\\x',
    '..\\..\\up',
    'con',
    'NUL.txt',
    'a',
    'A',
    'e\u0301',
    '\u00e9',
    'dot.',
    'a:b',
    '.peerhood-1',
    '__proto__',
    'constructor',
  ]
  names.push('\u202egpj.exe', 'new\nline', 'x'.repeat(255))
  for (const visibility of ['public', 'private'] as const) {
    const to = join(folder, visibility)
    const reader = await openComputer(context, join(folder, `reader-${visibility}`))
    const shared = craftShare(
      names.map((name, index) => ({ name, content: utf8(`${index}`) })),
      { name: '../..\\evil', visibility },
    )
    const { path } = await get(reader, shared, to)
    assert.equal(path, join(to, '.._.._evil'))
    assert.deepEqual(readdirSync(to), ['.._.._evil'])
    const tree = readTree(path)
    assert.deepEqual(
      Object.values(tree)
        .map(Number)
        .sort((a, b) => a - b),
      names.map((_, index) => index),
    )
    assert.equal(new Set(Object.keys(tree).map(foldName)).size, names.length)
    for (const name of Object.keys(tree)) assert.doesNotMatch(name, /[\\:\n\u202e/]|^\.+$|[. ]$|^\.peerhood-/)
  }
  assert.deepEqual(readdirSync(folder).sort(), ['private', 'public', 'reader-private', 'reader-public'])
})

test('property: whatever the names, nothing is written outside and every file is there', async (context) => {
  const folder = tempFolder(context)
  const reader = await openComputer(context, join(folder, 'reader'))
  const name = fc
    .oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
      fc.constantFrom('..', 'aux', 'a ', 'A\u0301', '__proto__'),
    )
    .map((text) => text.replaceAll('/', '_').replaceAll('\0', '_').toWellFormed())
    .filter((text) => utf8(text).length <= nameBytesMax)
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 12 }), async (names) => {
      const to = join(folder, `to-${++runs}`)
      const files = names.map((one, index) => ({ name: one, content: utf8(`${index}`) }))
      const { path } = await get(reader, craftShare(files), to)
      assert.deepEqual(readdirSync(to), ['crafted'])
      assert.deepEqual(Object.values(readTree(path)).sort(), names.map((_, index) => `${index}`).sort())
    }),
    { numRuns: 25 },
  )
})

test('links that lie where a get wants to write are not followed', async (context) => {
  const folder = tempFolder(context)
  writeTree(folder, { 'outside/': '', 'to/': '' })
  const reader = await openComputer(context, join(folder, 'reader'))
  const shared = craftShare([{ name: 'a.txt', content: utf8('a') }])
  symlinkSync(join(folder, 'outside'), join(folder, 'to', 'crafted'))
  const { path } = await get(reader, shared, join(folder, 'to'))
  assert.equal(path, join(folder, 'to', 'crafted (2)'))
  // In the working folder, too.
  const big = craftShare([
    { name: 'a.bin', content: new Uint8Array(200_000).fill(1) },
    { name: 'b.txt', content: utf8('b') },
  ])
  const holding = await openGet(reader, big, join(folder, 'to'))
  const [work] = readdirSync(join(folder, 'to')).filter((name) => name.startsWith('.peerhood'))
  mkdirSync(join(folder, 'to', work ?? '', 'tree'), { recursive: true })
  symlinkSync(join(folder, 'outside', 'a.bin'), join(folder, 'to', work ?? '', 'tree', 'a.bin'))
  await transfer(big.holding, holding)
  const finished = await holding.finish()
  assert.deepEqual(readdirSync(join(folder, 'outside')), [])
  assert.equal(lstatSync(join(finished.path, 'a.bin')).isFile(), true)
})
