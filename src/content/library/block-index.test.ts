import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { compareBytes, utf8 } from '../../base/bytes.ts'
import { migrate } from '../../base/database.ts'
import { deriveKeys, digestOf, generateShareKeys } from '../format/keys.ts'
import { createBlockIndex, createIndexWriter } from './block-index.ts'
import { createCommitter } from './committer.ts'
import { DigestSet } from './digest-set.ts'
import { createHoldingRows, type NewHolding } from './holding-rows.ts'
import { createSweeper } from './leftovers.ts'
import { commitBlocksMax, rowsPerTransactionMax, sweepRowsMax } from './limits.ts'
import { librarySchema } from './schema.ts'
import { silentLog, testClock, testRandom, until } from './testing.ts'

const digest = (text: string | number) => digestOf(utf8(`${text}`))

const keys = { share: generateShareKeys(testRandom).share, visibility: 'public', secret: undefined } as const
const anyHolding: NewHolding = {
  ...{ origin: 'fetched', state: 'done', ...keys, ...deriveKeys(keys), signingSeed: undefined, path: '/x' },
  ...{ target: undefined, work: undefined, only: undefined, replaces: undefined, installing: false, have: undefined },
  ...{ recordBytes: undefined, sequence: 1, meta: undefined, createdMs: 0, updatedMs: 0 },
}

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
  while (index.sweep(1, 1));
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

test('queued writes do not wait for the disk; what says that they count does', () => {
  const { index, database } = openIndex()
  const synchronous = () => Number(database.prepare('PRAGMA synchronous').get()?.synchronous)
  const [normal, full] = [1, 2]
  const seen: number[] = []
  const writer = createIndexWriter(index)
  writer.add(1, () => seen.push(synchronous()))
  writer.flush()
  index.atomically(() => seen.push(synchronous()))
  assert.deepEqual(seen, [normal, full])
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

test('rows of holdings that are gone are deleted by and by, at the next start at the latest', async () => {
  const { database, index } = openIndex()
  const rows = createHoldingRows(database)
  const put = (holding: number) => {
    for (let number = 0; number < sweepRowsMax; number++) {
      const id = index.putFile(holding, { path: `${number}`, bytes: 1, stamp: 's' })
      index.addLeaves(holding, id, 0, [{ digest: digest(number), start: 0, bytes: 1, seal: undefined }])
    }
    index.putStored(holding, digest('node'), utf8('node'))
    rows.putPage({ holding, sequence: 1, page: 0 }, utf8('page'))
  }
  const kept = rows.insert(anyHolding)
  const gone = rows.insert(anyHolding)
  for (const { id } of [kept, gone]) put(id)
  assert.deepEqual(index.leftovers(), [])
  rows.remove(gone.id)
  assert.deepEqual(index.leftovers(), [gone.id])
  // What is left of one holding is never taken for another's.
  assert.ok(rows.insert(anyHolding).id > gone.id)
  assert.equal(index.sweep(gone.id, sweepRowsMax - 1), true)
  assert.equal(index.fileCount(gone.id), 1)
  const parts = { clock: testClock, log: silentLog, index }
  const stopped = createSweeper(parts)
  stopped.sweepAll()
  await stopped.stop()
  assert.deepEqual(index.leftovers(), [gone.id])
  createSweeper(parts).sweepAll()
  await until(() => index.leftovers().length === 0)
  assert.deepEqual([index.fileCount(kept.id), index.isStored(kept.id, digest('node'))], [sweepRowsMax, true])
  assert.ok(index.hasLeaf(kept.id, digest(0)) && rows.page({ holding: kept.id, sequence: 1, page: 0 }) !== undefined)
})

test('files and nodes are gone through in parts, each once', () => {
  const { index } = openIndex()
  for (const path of ['', 'a', 'b/c', 'd']) index.putFile(1, { path, bytes: 0, stamp: '' })
  index.putFile(2, { path: 'e', bytes: 0, stamp: '' })
  const paths = (after: string | undefined) => index.filesAfter(1, after, 3).map(({ path }) => path)
  assert.deepEqual([paths(undefined), paths('b/c'), paths('d')], [['', 'a', 'b/c'], ['d'], []])
  const digests = ['x', 'y', 'z'].map(digest).sort(compareBytes)
  for (const one of digests) index.putStored(1, one, utf8('wire'))
  const first = index.storedAfter(1, new Uint8Array(0), 2)
  assert.deepEqual([...first, ...index.storedAfter(1, first[1] ?? new Uint8Array(), 2)], digests)
})

test('pages that an older Peerhood wrote are those of the version that the holding has', () => {
  const database = new DatabaseSync(':memory:')
  migrate(database, 'library', librarySchema.slice(0, 1))
  const insert = database.prepare(
    `INSERT INTO library_holdings (id, origin, state, share, visibility, share_key, access, discovery, sequence, created_ms, updated_ms)
     VALUES (?, 'kept', 'done', 'share', 'public', x'00', x'00', x'00', ?, 0, 0)`,
  )
  const page = database.prepare('INSERT INTO library_pages (holding, page, bytes) VALUES (?, ?, ?)')
  for (const [id, sequence] of [
    [1, 3],
    [2, 1],
  ] as const) {
    insert.run(id, sequence)
    for (const number of [0, 1]) page.run(id, number, utf8(`${id} ${number}`))
  }
  migrate(database, 'library', librarySchema)
  const rows = createHoldingRows(database)
  const textOf = (holding: number, sequence: number, number: number) =>
    String(Buffer.from(rows.page({ holding, sequence, page: number }) ?? []))
  assert.deepEqual([textOf(1, 3, 0), textOf(1, 3, 1), textOf(2, 1, 1), textOf(2, 3, 1)], ['1 0', '1 1', '2 1', ''])
  rows.putPage({ holding: 1, sequence: 4, page: 0 }, utf8('new'))
  assert.equal(textOf(1, 3, 0), '1 0', 'the next version lies beside it')
  assert.deepEqual([rows.dropPageBut(1, 4), rows.dropPageBut(1, 4), rows.dropPageBut(1, 4)], [true, true, false])
  assert.deepEqual([textOf(1, 4, 0), textOf(1, 3, 0), textOf(2, 1, 0)], ['new', '', '2 0'])
})

test('a holding that left nothing is swept after another got its id: of that nothing is deleted', async () => {
  const { database, index } = openIndex()
  const rows = createHoldingRows(database)
  const empty = rows.insert(anyHolding)
  rows.remove(empty.id)
  const sweeper = createSweeper({ clock: testClock, log: silentLog, index })
  sweeper.sweep(empty.id)
  const next = rows.insert(anyHolding)
  index.putStored(next.id, digest('node'), utf8('node'))
  await new Promise((resolve) => setImmediate(resolve))
  await sweeper.stop()
  assert.deepEqual([next.id, index.isStored(next.id, digest('node'))], [empty.id, true])
})
