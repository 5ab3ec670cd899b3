// What is kept of sources and ABIs: as it was given, apart by chain, and only so much.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { abisKeptMax, sourcesKeptCharsMax, sourcesKeptMax } from './limits.ts'
import { createSourceStore, type KeptSource } from './store.ts'

const source = (place: number, change: Partial<KeptSource> = {}): KeptSource => ({
  ...{
    codeHash: `0x${place}`,
    file: 'a.sol',
    contract: 'Till',
    match: 'exact',
    compiler: '0.8.37',
    compilerHash: 'ab',
  },
  ...{ bundled: true, abi: '[]', input: '{}', found: `{"address":"0x${place}"}`, atMs: 5, ...change },
})

test('sources are kept by the hash of their code, on their chain', () => {
  const database = new DatabaseSync(':memory:')
  const [one, other] = [createSourceStore(database, 'one'), createSourceStore(database, 'other')]
  assert.equal(one.hasSources(), false)
  one.keepSource(source(1))
  one.keepSource(source(1, { match: 'code', bundled: false }))
  assert.deepEqual(one.source('0x1'), source(1, { match: 'code', bundled: false }))
  assert.deepEqual([one.hasSources(), other.hasSources(), other.source('0x1')], [true, false, undefined])
  assert.deepEqual(one.sourcesNamed('till', 5), ['{"address":"0x1"}'])
  assert.deepEqual([other.forgetSource('0x1'), one.forgetSource('0x1'), one.hasSources()], [false, true, false])
})

test('only so many sources, and so much of them; one can always be replaced', () => {
  const store = createSourceStore(new DatabaseSync(':memory:'), 'one')
  store.keepSource(source(0, { input: 'x'.repeat(sourcesKeptCharsMax - 1_000_000) }))
  assert.throws(() => store.keepSource(source(1, { input: 'x'.repeat(1_000_001) })), { code: 'sources_full' })
  store.keepSource(source(0, { input: '{}' }))
  for (let place = 1; place < sourcesKeptMax; place++) store.keepSource(source(place))
  assert.throws(() => store.keepSource(source(sourcesKeptMax)), { code: 'sources_full' })
  assert.equal(store.source('0x5')?.contract, 'Till')
  store.keepSource(source(5, { contract: 'Bank' }))
  assert.equal(store.source('0x5')?.contract, 'Bank')
})

test('only so many ABIs, over all chains', () => {
  const database = new DatabaseSync(':memory:')
  const store = createSourceStore(database, 'one')
  for (let place = 0; place < abisKeptMax; place++) store.setAbi(`0x${place}`, '[]', 5)
  assert.throws(() => createSourceStore(database, 'other').setAbi('0x0', '[]', 5), { code: 'abis_full' })
  store.setAbi('0x0', '[1]', 6)
  assert.equal(store.addedAbi('0x0'), '[1]')
  store.setAbi('0x0', undefined, 7)
  assert.equal(store.addedAbi('0x0'), undefined)
})
