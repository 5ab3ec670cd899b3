import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { get, openComputer, readTree, seededBytes, tempFolder, writeTree } from './testing.ts'

const tree = {
  'readme.txt': 'hello',
  'empty.txt': '',
  'sub/big.bin': seededBytes(1, 3_500_000),
  'sub/copy.bin': seededBytes(1, 3_500_000),
  'sub/deep/äöü.txt': 'umlauts',
  // Hashed in the pool while the walk goes on into the next folder.
  'medium.bin': seededBytes(2, 400_000),
  'nothing/': '',
}

for (const visibility of ['public', 'private'] as const) {
  test(`a ${visibility} folder arrives as it was shared`, async (context) => {
    const folder = tempFolder(context)
    writeTree(join(folder, 'music'), tree)
    const author = await openComputer(context, join(folder, 'author'))
    const reader = await openComputer(context, join(folder, 'reader'))
    const shared = await author.share(join(folder, 'music'), visibility)
    mkdirSync(join(folder, 'to'))
    const { path, holding } = await get(reader, shared, join(folder, 'to'))
    assert.equal(path, join(folder, 'to', 'music'))
    assert.deepEqual(readTree(path), readTree(join(folder, 'music')))
    assert.deepEqual(
      Object.keys(readTree(join(folder, 'to'))).filter((name) => name.startsWith('.')),
      [],
    )
    assert.equal(holding.complete, true)
    assert.equal(holding.bytesDone, 7_400_000 + 5 + 7)
    assert.equal(holding.filesDone, 6)
    // What was fetched is served on, from its final place.
    for (let index = 0; index < holding.record.blocks; index++) {
      assert.deepEqual(await holding.readBlock(index), await shared.holding.readBlock(index))
    }
  })

  test(`a single ${visibility} file arrives, and an empty one`, async (context) => {
    const folder = tempFolder(context)
    writeTree(folder, { 'one.bin': seededBytes(2, 1_048_577), 'none.txt': '', 'to/': '' })
    const author = await openComputer(context, join(folder, 'author'))
    const reader = await openComputer(context, join(folder, 'reader'))
    for (const name of ['one.bin', 'none.txt']) {
      const shared = await author.share(join(folder, name), visibility)
      const { path } = await get(reader, shared, join(folder, 'to'))
      assert.equal(path, join(folder, 'to', name))
    }
    assert.deepEqual(readTree(join(folder, 'to')), {
      'one.bin': readTree(folder)['one.bin'],
      'none.txt': '',
    })
  })
}

test('a public share has the CID that other programs give', async (context) => {
  const folder = tempFolder(context)
  writeTree(folder, { 'hello.txt': 'hello world' })
  const author = await openComputer(context, join(folder, 'author'))
  const { id } = await author.share(join(folder, 'hello.txt'), 'public')
  // From Kubo's tests, profile unixfs-v1-2025.
  assert.equal(author.shares.get(id).cid, 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
})
