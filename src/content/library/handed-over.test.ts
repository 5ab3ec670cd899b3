// A get that was finished goes on as what a restart would open: it gives back its memory, and nobody notices.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { FetchedHolding, LibraryEvent } from '../types.ts'
import { garbageCollector } from '../worker/collect.ts'
import {
  get,
  nextVersion,
  openComputer,
  openGet,
  readTree,
  seededBytes,
  tempFolder,
  transfer,
  writeTree,
} from './testing.ts'

const tree = {
  'a.txt': 'a',
  'b/c.txt': 'c',
  'b/d.bin': seededBytes(1, 2_500_000),
  'empty/': '',
}

async function scene(context: TestContext) {
  const folder = tempFolder(context)
  const root = join(folder, 'root')
  const to = join(folder, 'to')
  writeTree(root, tree)
  mkdirSync(to)
  const author = await openComputer(context, join(folder, 'author'))
  const reader = await openComputer(context, join(folder, 'reader'))
  return { folder, root, to, author, reader }
}

/** All that views show of a get. */
function viewOf(holding: FetchedHolding) {
  const {
    path: _,
    layout,
    ...figures
  } = {
    ...{ path: holding.path, layout: holding.layout, meta: holding.meta, complete: holding.complete },
    ...{ wanted: holding.bytesWanted, done: holding.bytesDone, reused: holding.bytesReused },
    ...{ filesWanted: holding.filesWanted, filesDone: holding.filesDone, here: holding.have.toBytes() },
    inventory: holding.inventory?.page(0),
  }
  const files = layout?.map(({ kind, path, bytes, leaves }, index) => {
    return { kind, path, bytes, leaves, ...holding.fileProgress(index) }
  })
  return { ...figures, files }
}

for (const visibility of ['public', 'private'] as const) {
  test(`a finished get of a ${visibility} share keeps its object, shows and serves the same, and forgets its layout`, async (context) => {
    const { root, to, author, reader } = await scene(context)
    const shared = await author.share(root, visibility)
    const holding = await openGet(reader, shared, to)
    const events: LibraryEvent['type'][] = []
    reader.library.on(({ type }) => events.push(type))
    await transfer(shared.holding, holding)
    const before = viewOf(holding)
    const layout = new WeakRef(holding.layout ?? [])
    const { path } = await holding.finish()
    // Only once this turn is over may what it looked at be collected.
    await new Promise((resolve) => setImmediate(resolve))
    garbageCollector()({ type: 'major' })
    assert.equal(layout.deref(), undefined)
    assert.deepEqual(viewOf(holding), before)
    assert.equal(holding.path, path)
    assert.equal(reader.library.byShare(holding.shareId), holding)
    // No session ends, since nothing left the library.
    assert.deepEqual(events, [])
    for (let index = 0; index < holding.record.blocks; index++) {
      assert.deepEqual(await holding.readBlock(index), await shared.holding.readBlock(index))
    }
    assert.deepEqual(await holding.finish(), { path, bytes: holding.bytesWanted })
    await holding.discard()
    assert.deepEqual(readTree(path), readTree(root))
  })
}

test('what is left out stays shown as left out', async (context) => {
  const { root, to, author, reader } = await scene(context)
  const shared = await author.share(root)
  const holding = await openGet(reader, shared, to, '*.txt')
  await transfer(shared.holding, holding)
  const before = viewOf(holding)
  await holding.finish()
  assert.deepEqual(viewOf(holding), before)
  assert.equal(before.files?.filter(({ wanted }) => wanted).length, 2)
})

test('what is read while a get is handed over arrives whole', async (context) => {
  const { root, to, author, reader } = await scene(context)
  const shared = await author.share(root)
  const holding = await openGet(reader, shared, to)
  await transfer(shared.holding, holding)
  const blocks = Array.from({ length: holding.record.blocks }, (_, index) => index)
  const wires = await Promise.all(blocks.map((index) => shared.holding.readBlock(index)))
  let done = false
  const finished = holding.finish().finally(() => {
    done = true
  })
  let rounds = 0
  for (let last = false; !last; rounds += 1) {
    last = done
    assert.deepEqual(await Promise.all(blocks.map((index) => holding.readBlock(index))), wires)
  }
  await finished
  assert.ok(rounds > 1)
})

test('a file that is edited after a get was handed over is not served, and taken for the person’s', async (context) => {
  const { root, to, author, reader } = await scene(context)
  const shared = await author.share(root)
  const { holding, path } = await get(reader, shared, to)
  const leaf = holding.layout?.find((entry) => entry.path.join('/') === 'b/c.txt')?.leaves[0] ?? 0
  writeFileSync(join(path, 'b/c.txt'), 'edited by hand')
  await assert.rejects(holding.readLeaf(leaf), { code: 'block_changed' })
  assert.equal(holding.have.has(leaf), false)
  assert.equal(holding.complete, false)
  assert.equal(reader.library.factsOf(holding.shareId)?.state, 'partial')
  const progress = holding.layout?.map((_, entry) => holding.fileProgress(entry).bytesDone)
  assert.deepEqual(progress, [1, 0, 2_500_000, 0])
})

test('a second version takes the place of one that was handed over, without a restart', async (context) => {
  const { root, to, author, reader } = await scene(context)
  const shared = await author.share(root)
  const first = await get(reader, shared, to)
  writeFileSync(join(root, 'a.txt'), 'a changed')
  const next = await nextVersion(author, shared)
  const second = await get(reader, next, to)
  assert.equal(second.path, first.path)
  assert.deepEqual(readTree(second.path), readTree(root))
  assert.deepEqual(reader.library.holdings(), [second.holding])
  // All but the changed file and the folder that names it were here.
  assert.equal(second.moved, 2)
})

test('a share that is removed after it was handed over is let go of, and its files stay', async (context) => {
  const { folder, root, to, author, reader } = await scene(context)
  const shared = await author.share(root)
  const { holding, path } = await get(reader, shared, to)
  await reader.library.removeHolding(holding.shareId)
  assert.equal(reader.library.byShare(holding.shareId), undefined)
  assert.deepEqual(reader.library.facts(), [])
  assert.ok(existsSync(join(path, 'b/d.bin')))
  await reader.stop()
  const again = await openComputer(context, join(folder, 'reader'))
  assert.deepEqual(again.library.holdings(), [])
})

test('after a restart it is what it was handed over to', async (context) => {
  const { folder, root, to, author, reader } = await scene(context)
  const shared = await author.share(root)
  const { holding, path } = await get(reader, shared, to)
  await reader.stop()
  const again = await openComputer(context, join(folder, 'reader'))
  const opened = again.library.byShare(holding.shareId)
  assert.equal(opened?.complete, true)
  assert.deepEqual(opened?.have.toBytes(), holding.have.toBytes())
  assert.equal(readFileSync(join(path, 'a.txt'), 'utf8'), 'a')
})
