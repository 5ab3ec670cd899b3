import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import { migrate } from '../../base/database.ts'
import { digestOf } from '../format/keys.ts'
import { type BlockIndex, createBlockIndex } from './block-index.ts'
import { placesAheadKeptMax, placesAheadMax } from './limits.ts'
import { createLeafPlaces } from './places.ts'
import { librarySchema } from './schema.ts'

const digest = (text: string | number) => digestOf(utf8(`${text}`))

/** An index that counts look-ups of single blocks. */
function openIndex() {
  const database = new DatabaseSync(':memory:')
  migrate(database, 'library', librarySchema)
  const index = createBlockIndex(database)
  const asked = { places: 0 }
  const counting: BlockIndex = {
    ...index,
    places(...given) {
      asked.places += 1
      return index.places(...given)
    },
  }
  return { index: counting, asked }
}

function put(index: BlockIndex, holding: number, path: string, leaves: readonly (string | number)[]): number {
  const id = index.putFile(holding, { path, bytes: leaves.length, stamp: 's' })
  const rows = leaves.map((text, start) => ({ digest: digest(text), start, bytes: 1, seal: undefined }))
  index.addLeaves(holding, id, 0, rows)
  return id
}

test('neighbours are found without asking for each, over the ends of files', () => {
  const { index, asked } = openIndex()
  put(index, 1, 'large', [0, 1, 2])
  put(index, 1, 'next', [3])
  put(index, 1, 'last', [4])
  const places = createLeafPlaces(index, 1)
  const found = [0, 1, 2, 3, 4].map((leaf) => places(digest(leaf)).next().value)
  assert.deepEqual(
    found.map((place) => [place?.path, place?.start]),
    [
      ['large', 0],
      ['large', 1],
      ['large', 2],
      ['next', 0],
      ['last', 0],
    ],
  )
  assert.equal(asked.places, 1)
})

test('a hint that proves wrong is followed by what the database says now, not by itself', () => {
  const { index } = openIndex()
  put(index, 1, 'b', ['y'])
  put(index, 1, 'a', ['x', 'y'])
  const places = createLeafPlaces(index, 1)
  const pathsOf = (leaf: string) => [...places(digest(leaf))].map(({ path }) => path)
  places(digest('x')).next()
  assert.deepEqual(pathsOf('y'), ['a', 'b'])
  assert.deepEqual(pathsOf('x'), ['a'])
  put(index, 1, 'a', ['changed'])
  assert.deepEqual(pathsOf('y'), ['a', 'b'], 'the hint was made before the change')
  assert.deepEqual(pathsOf('y'), ['b'], 'and is used once')
})

test('what lies behind in the database but belongs to another holding is no hint, and few hints are kept', () => {
  const { index, asked } = openIndex()
  put(index, 1, 'a', ['x'])
  put(index, 2, 'b', ['y'])
  const places = createLeafPlaces(index, 1)
  places(digest('x')).next()
  assert.deepEqual([...places(digest('y'))], [])
  const many = Array.from({ length: 3 * placesAheadKeptMax }, (_, leaf) => `many ${leaf}`)
  put(index, 1, 'many', many)
  asked.places = 0
  // Each look-up reads ahead what nobody asks for.
  for (let leaf = 0; leaf < many.length; leaf += placesAheadMax + 1) places(digest(`many ${leaf}`)).next()
  const lookUps = asked.places
  places(digest('many 1')).next()
  assert.equal(asked.places, lookUps + 1, 'the first hints are forgotten')
})
