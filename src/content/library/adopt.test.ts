// A version of many files takes the place of the one before with turns of the event loop for others in between; whoever
// looks in one of them, a peer or the next start after a crash, finds one version or the other, whole.

import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inventoryPageEntries } from '../format/limits.ts'
import { createSealer } from '../format/seal.ts'
import { noBlockWorker } from '../worker/worker.ts'
import { putVersion } from './adopt.ts'
import { createBlockIndex } from './block-index.ts'
import { createHoldingRows } from './holding-rows.ts'
import { IndexedHolding } from './indexed-holding.ts'
import type { Scan } from './scan.ts'
import {
  type Computer,
  eachTurn,
  hastyClock,
  openComputer,
  tempFolder,
  testClock,
  testRandom,
  until,
} from './testing.ts'
import { VersionDraft } from './version-draft.ts'

const files = 300

async function shareMany(context: TestContext) {
  const folder = tempFolder(context)
  const source = join(folder, 'source')
  mkdirSync(source)
  for (let at = 0; at < files; at++) writeFileSync(join(source, `${at}.txt`), `${at}`)
  const home = join(folder, 'home')
  const author = await openComputer(context, home, { clock: hastyClock() })
  const { id } = await author.share(source)
  return { author, home, id, source, rows: createHoldingRows(author.database) }
}

function countRows({ database }: Computer, sequence?: number): number {
  const pages = Number(
    database.prepare('SELECT count(*) AS count FROM library_pages WHERE sequence <> ?').get(sequence ?? -1)?.count,
  )
  if (sequence !== undefined) return pages
  const tables = ['library_holdings', 'library_files', 'library_leaves', 'library_stored']
  const counts = tables.map((table) => Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count))
  return counts.reduce((sum, count) => sum + count, pages)
}

test('the event loop has its turns while the list of many blocks is made, and written', async (context) => {
  const { author, rows } = await shareMany(context)
  const [facts] = rows.all()
  assert.ok(facts)
  const draft = new VersionDraft(createSealer(facts), () => {})
  const leaves = 2 * inventoryPageEntries
  draft.putNode(testRandom.bytes(64))
  for (let leaf = 0; leaf < leaves; leaf++) draft.addLeaf(testRandom.bytes(32) as never, 100)
  const found = { draft, root: { codec: 0x70 }, kind: 'folder', files: leaves, bytes: leaves } as unknown as Scan
  const parts = { clock: hastyClock(), index: createBlockIndex(author.database), rows }
  const { signal } = new AbortController()
  let put: Awaited<ReturnType<typeof putVersion>> | undefined
  const work = putVersion(parts, facts, found, signal).then((result) => {
    put = result
  })
  // At least one for each few thousand of the blocks, whose list is packed, checked, sorted byte by byte and compared.
  const turns = await eachTurn(work, () => assert.equal(rows.get(facts.id)?.sequence, put === undefined ? 1 : 2))
  assert.ok(turns > (5 * leaves) / 16_384 + leaves / 4_096, `${turns} turns`)
  assert.equal(put?.inventory.count, 1 + leaves)

  const again = rows.get(facts.id)
  assert.ok(again)
  const stopping = new AbortController()
  const stopped = putVersion(parts, again, found, stopping.signal)
  stopping.abort()
  await assert.rejects(stopped, { name: 'AbortError' })
  assert.deepEqual(rows.get(facts.id), again)
})

test('in every turn the database and peers have one whole version', async (context) => {
  const { author, id, source, rows } = await shareMany(context)
  rmSync(join(source, '7.txt'))
  writeFileSync(join(source, '8.txt'), 'changed')
  const parts = { clock: testClock, index: createBlockIndex(author.database), rows, worker: noBlockWorker() }
  const seen = new Set<number>()
  await eachTurn(author.shares.rescan(id), () => {
    const [facts] = rows.all()
    assert.ok(facts)
    const afterCrash = new IndexedHolding(facts, { ...parts, onChanged() {} })
    const served = author.library.byShare(id)
    const layout = afterCrash.layout?.length
    assert.deepEqual([layout, served?.record.sequence], [facts.sequence === 1 ? files : files - 1, facts.sequence])
    seen.add(facts.sequence)
  })
  assert.deepEqual([...seen], [1, 2])
  assert.equal(countRows(author, 2), 0, 'nothing is left of the version before')
  const index = createBlockIndex(author.database)
  assert.equal(index.fileCount(rows.all()[0]?.id ?? 0), files - 1)
  assert.equal(index.storedAfter(rows.all()[0]?.id ?? 0, new Uint8Array(0), 10).length, 1)
})

/** Until the pages of the second version are written, which does not count yet. */
async function untilAdopting(author: Computer): Promise<void> {
  while (countRows(author, 1) === 0) await new Promise((resolve) => setImmediate(resolve))
}

test('a change behind the scan makes another version', async (context) => {
  const { author, id, source } = await shareMany(context)
  writeFileSync(join(source, '8.txt'), 'changed')
  const look = author.shares.rescan(id)
  await untilAdopting(author)
  writeFileSync(join(source, '9.txt'), 'changed, too')
  const again = author.shares.rescan(id)
  const [first, second] = await Promise.all([look, again])
  assert.deepEqual([first.sequence, second.sequence, second.state], [3, 3, 'ready'])
})

test('a share that is stopped meanwhile is brought to its version at the next start', async (context) => {
  const { author, home, id, source } = await shareMany(context)
  writeFileSync(join(source, '8.txt'), 'changed')
  const look = author.shares.rescan(id)
  await untilAdopting(author)
  await author.stop()
  await look
  const restarted = await openComputer(context, home)
  assert.ok((restarted.library.byShare(id)?.record.sequence ?? 0) > 0, 'it is served at once')
  const { sequence, state } = await restarted.shares.settled(id)
  assert.deepEqual([sequence, state, countRows(restarted, 2)], [2, 'ready', 0])
})

test('a share that is removed meanwhile leaves nothing, and what it had is deleted by and by', async (context) => {
  const { author, id, source } = await shareMany(context)
  writeFileSync(join(source, '8.txt'), 'changed')
  const look = author.shares.rescan(id).catch(() => undefined)
  await untilAdopting(author)
  await author.shares.remove(id)
  assert.equal(author.library.byShare(id), undefined)
  assert.ok(countRows(author) > files, 'not all in one go')
  await until(() => countRows(author) === 0, 'no row')
  await look
})
