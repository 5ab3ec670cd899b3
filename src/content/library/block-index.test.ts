import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import { migrate } from '../../base/database.ts'
import { digestOf } from '../format/keys.ts'
import { createBlockIndex, createIndexWriter } from './block-index.ts'
import { createCommitter } from './committer.ts'
import { DigestSet } from './digest-set.ts'
import { commitBlocksMax, rowsPerTransactionMax } from './limits.ts'
import { librarySchema } from './schema.ts'
import { testClock } from './testing.ts'

const digest = (text: string | number) => digestOf(utf8(`${text}`))

function openIndex() {
  const database = new DatabaseSync(':memory:')
  migrate(database, 'library', librarySchema)
  return { database, index: createBlockIndex(database) }
}

test('a block is found in every file that holds it, within its holding alone', () => {
  const { index } = openIndex()
  const put = (holding: number, path: string, digests: readonly string[]) => {
    const id = index.putFile(holding, { path, bytes: digests.length, stamp: 's' })
    const leaves = digests.map((text, start) => ({ digest: digest(text), start, bytes: 1, seal: undefined }))
    index.addLeaves(holding, id, 0, leaves)
    return id
  }
  const a = put(1, 'a', ['x', 'y'])
  put(1, 'b', ['y'])
  put(2, 'a', ['y', 'z'])
  const found = index.places(1, digest('y'), 10).map(({ path, start }) => [path, start])
  assert.deepEqual(found.sort(), [
    ['a', 1],
    ['b', 0],
  ])
  assert.equal(index.places(1, digest('y'), 1).length, 1)
  assert.deepEqual(index.places(1, digest('z'), 10), [])
  // Put again, a file has only what it has now.
  assert.notEqual(put(1, 'a', ['w']), a)
  assert.deepEqual(
    index.places(1, digest('y'), 10).map(({ path }) => path),
    ['b'],
  )
  assert.equal(index.fileCount(1), 2)
  index.clear(1)
  assert.equal(index.fileCount(1), 0)
  assert.equal(index.hasLeaf(1, digest('w')), false)
  assert.equal(index.hasLeaf(2, digest('z')), true)
})

test('queued writes become one transaction when they are enough, and are all or nothing', () => {
  const { index, database } = openIndex()
  const writer = createIndexWriter(index)
  const put = (number: number) => writer.add(1, () => index.putStored(1, digest(number), utf8(`${number}`)))
  const count = () => Number(database.prepare('SELECT count(*) AS n FROM library_stored').get()?.n)
  for (let number = 1; number < rowsPerTransactionMax; number++) put(number)
  assert.equal(count(), 0)
  put(0)
  assert.equal(count(), rowsPerTransactionMax)
  put(-1)
  writer.add(1, () => {
    throw new Error('no')
  })
  assert.throws(() => writer.flush(), /no/)
  assert.equal(count(), rowsPerTransactionMax)
  writer.flush()
})

test('blocks wait for a common commit, but not for longer than it takes to be many', async () => {
  const { index } = openIndex()
  let transactions = 0
  const counted = {
    ...index,
    atomically<Result>(work: () => Result): Result {
      transactions += 1
      return index.atomically(work)
    },
  }
  const committer = createCommitter({ clock: testClock, index: counted })
  const put = (number: number) => committer.put(1, digest(number), utf8(`${number}`))
  await Promise.all(Array.from({ length: commitBlocksMax + 10 }, (_, number) => put(number)))
  assert.equal(transactions, 2)
  assert.deepEqual(index.stored(1, digest(commitBlocksMax + 9)), utf8(`${commitBlocksMax + 9}`))
  const full = Object.assign(new Error('database or disk is full'), { errcode: 13 })
  const broken = createCommitter({ clock: testClock, index: { ...index, atomically: () => assert.fail(full) } })
  await assert.rejects(broken.put(1, digest('x'), utf8('x')), { code: 'disk_full' })
})

test('the digest set says what a Map says', () => {
  const set = new DigestSet()
  const map = new Map<string, number>()
  for (let number = 0; number < 20_000; number++) {
    const text = `${(number * 7919) % 9973}`
    assert.equal(set.add(digest(text), number), !map.has(text))
    if (!map.has(text)) map.set(text, number)
  }
  assert.equal(set.size, map.size)
  const texts = [...map.keys()]
  for (const [number, text] of texts.entries()) {
    assert.deepEqual(set.digest(number), digest(text))
    assert.equal(set.length(number), map.get(text))
    assert.ok(set.has(digest(text)))
  }
  assert.equal(set.has(digest('other')), false)
})
