// Blocks that are read while a get is given its final names: their files lie here, then there.

import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { FetchedHolding, Holding } from '../types.ts'
import { createDisk, type Disk } from './disk.ts'
import {
  get,
  nextVersion,
  openComputer,
  openGet,
  readTree,
  seededBytes,
  settledUntil,
  tempFolder,
  transfer,
  writeTree,
} from './testing.ts'

const tree = { 'a.bin': seededBytes(1, 2_500_000), 'sub/b.txt': 'b', 'sub/c.bin': seededBytes(2, 200_000) }

/** A disk on which every renaming waits for `at.before`, and is not said to be done until `at.after` is. */
function slowDisk() {
  const real = createDisk()
  const at = { before: async () => {}, after: async () => {} }
  const disk: Disk = {
    ...real,
    async rename(from, to) {
      await at.before()
      await real.rename(from, to)
      await at.after()
    },
  }
  return { disk, at }
}

async function scene(context: TestContext) {
  const folder = tempFolder(context)
  const root = join(folder, 'root')
  writeTree(root, tree)
  mkdirSync(join(folder, 'to'))
  const slow = slowDisk()
  const author = await openComputer(context, join(folder, 'author'))
  const reader = await openComputer(context, join(folder, 'reader'), { disk: slow.disk })
  return { ...slow, root, to: join(folder, 'to'), author, reader, shared: await author.share(root) }
}

async function assertReadable(holding: FetchedHolding, source: Holding): Promise<void> {
  for (let index = 0; index < holding.record.blocks; index++) {
    assert.deepEqual(await holding.readBlock(index), await source.readBlock(index))
  }
  assert.equal(holding.have.ones, holding.record.blocks)
  assert.equal(holding.complete, true)
}

test('blocks of a new share are read before and after the renaming that gives it its place', async (context) => {
  const { at, root, to, reader, shared } = await scene(context)
  const holding = await openGet(reader, shared, to)
  await transfer(shared.holding, holding)
  const seen: string[] = []
  for (const when of ['before', 'after'] as const) {
    at[when] = async () => {
      const isThere = lstatSync(holding.path, { throwIfNoEntry: false }) !== undefined
      seen.push(`${when} ${isThere}`)
      await assertReadable(holding, shared.holding)
    }
  }
  const { path } = await holding.finish()
  assert.deepEqual(seen, ['before false', 'after true'])
  await assertReadable(holding, shared.holding)
  assert.deepEqual(readTree(path), readTree(root))
})

test('blocks of a share that is updated are read while its files are renamed one by one', async (context) => {
  const { at, root, to, author, reader, shared } = await scene(context)
  await get(reader, shared, to)
  writeFileSync(join(root, 'a.bin'), seededBytes(3, 1_500_000))
  writeFileSync(join(root, 'sub', 'b.txt'), 'another')
  await settledUntil(author, shared.id, ({ sequence, bytes }) => sequence > 1 && bytes === 1_700_007)
  const source = author.library.byShare(shared.id)
  assert.ok(source)
  const holding = await openGet(reader, { link: shared.link, holding: source }, to)
  await transfer(source, holding)
  let looks = 0
  const look = async () => {
    looks += 1
    await assertReadable(holding, source)
  }
  Object.assign(at, { before: look, after: look })
  const { path } = await holding.finish()
  assert.ok(looks >= 4, `${looks}`)
  assert.deepEqual(readTree(path), readTree(root))
})

test('a get whose end failed between two names is ended by another try', async (context) => {
  const { at, root, to, author, reader, shared } = await scene(context)
  await get(reader, shared, to)
  writeTree(root, { 'a.bin': seededBytes(3, 1_500_000), 'sub/b.txt': 'another' })
  const next = await nextVersion(author, shared)
  const first = await openGet(reader, next, to)
  await transfer(next.holding, first)
  at.after = async () => {
    throw new Error('cut')
  }
  await assert.rejects(first.finish(), /cut/)
  at.after = async () => {}
  const second = await openGet(reader, next, to)
  assert.equal(second.complete, true)
  assert.equal(await transfer(next.holding, second), 0)
  assert.deepEqual(readTree((await second.finish()).path), readTree(root))
})
