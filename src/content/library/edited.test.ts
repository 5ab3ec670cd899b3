// People edit what they got, also while a newer version comes: nothing they wrote is lost, and nothing of it is taken for
// the share's.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Clock } from '../../base/ports.ts'
import type { FetchedHolding } from '../types.ts'
import { createDisk, type Disk } from './disk.ts'
import {
  get,
  nextVersion,
  openComputer,
  openGet,
  readTree,
  seededBytes,
  tempFolder,
  testClock,
  transfer,
  until,
  writeTree,
} from './testing.ts'

const tree = { 'x.txt': 'version one', 'big.bin': seededBytes(1, 3_500_000), 'empty.txt': '', 'other.txt': 'one' }

/** Ahead of the file system, so that every stamp lasts: what is changed is told by its stamp alone. */
const laterClock: Clock = { ...testClock, nowMs: () => testClock.nowMs() + 60_000 }

/** A reader that has the first version, and the second one, in which `other.txt` alone has changed. */
async function scene(context: TestContext, options: { readonly disk?: Disk; readonly clock?: Clock } = {}) {
  const folder = tempFolder(context)
  const root = join(folder, 'root')
  writeTree(root, tree)
  mkdirSync(join(folder, 'to'))
  const author = await openComputer(context, join(folder, 'author'))
  const reader = await openComputer(context, join(folder, 'reader'), options)
  const shared = await author.share(root)
  const { path } = await get(reader, shared, join(folder, 'to'))
  writeTree(root, { 'other.txt': 'two' })
  const next = await nextVersion(author, shared)
  return { folder, to: join(folder, 'to'), root, author, reader, path, next }
}

/** What lies at `path`, with what was kept beside as edited apart. */
function split(path: string): { readonly share: Record<string, string>; readonly kept: Record<string, string> } {
  const entries = Object.entries(readTree(path))
  const isKept = ([name]: [string, string]) => name.includes(' (edited ')
  return {
    share: Object.fromEntries(entries.filter((entry) => !isKept(entry))),
    kept: Object.fromEntries(entries.filter(isKept).map(([name, content]) => [name.replace(/ \(.*\)/, ''), content])),
  }
}

/** The leaves of a file of the share. */
function leavesOf({ layout = [] }: FetchedHolding, name: string): readonly number[] {
  return layout.find(({ path }) => path.join('/') === name)?.leaves ?? []
}

for (const [what, clock] of [
  ['by its stamp', laterClock],
  ['by its content', testClock],
] as const) {
  test(`a file that stays as it was is edited before the end of a get: noticed ${what}, kept beside`, async (context) => {
    const { to, root, reader, path, next } = await scene(context, { clock })
    const holding = await openGet(reader, next, to)
    await transfer(next.holding, holding)
    assert.equal(holding.complete, true)
    const big = readFileSync(join(path, 'big.bin'))
    big[1_500_000] = (big[1_500_000] ?? 0) ^ 1
    writeTree(path, { 'x.txt': 'version me!', 'big.bin': big, 'empty.txt': 'no more' })
    await assert.rejects(holding.finish(), { code: 'get_not_finished' })
    const missing = [...leavesOf(holding, 'x.txt'), leavesOf(holding, 'big.bin')[1] ?? 0]
    for (const index of missing) assert.equal(holding.have.has(index), false)
    // The rest of big.bin, and the empty leaf, were on this computer.
    assert.equal(await transfer(next.holding, holding), missing.length)
    assert.equal((await holding.finish()).path, path)
    const { share, kept } = split(path)
    assert.deepEqual(share, readTree(root))
    assert.deepEqual(Object.keys(kept), ['big.bin', 'empty.txt', 'x.txt'])
    assert.equal(kept['x.txt'], 'version me!')
    assert.deepEqual([holding.bytesDone, holding.filesDone], [holding.bytesWanted, holding.filesWanted])
    for (let index = 0; index < holding.record.blocks; index++) {
      assert.deepEqual(await holding.readBlock(index), await next.holding.readBlock(index))
    }
  })
}

test('an edit that a reader meets is not served, nor counted once its block is put again', async (context) => {
  const { to, root, reader, path, next } = await scene(context)
  const holding = await openGet(reader, next, to)
  let told = 0
  holding.on(({ type }) => {
    told += Number(type === 'wanted')
  })
  await transferNodes(next.holding, holding)
  const [index = 0] = leavesOf(holding, 'x.txt')
  const toldBefore = told
  writeFileSync(join(path, 'x.txt'), 'version me!')
  await assert.rejects(holding.readBlock(index), { code: 'block_changed' })
  assert.deepEqual([holding.have.has(index), holding.isWanted(index)], [false, true])
  const right = await next.holding.readBlock(index)
  await holding.putBlock(index, right)
  // It is told when what this computer has elsewhere was looked for.
  await until(() => told > toldBefore, 'it is told')
  assert.equal(told, toldBefore + 1)
  // It lies in the working folder now.
  assert.deepEqual(await holding.readBlock(index), right)
  assert.equal(readFileSync(join(path, 'x.txt'), 'utf8'), 'version me!')
  await transfer(next.holding, holding)
  await holding.finish()
  const { share, kept } = split(path)
  assert.deepEqual(share, readTree(root))
  assert.deepEqual(kept, { 'x.txt': 'version me!' })
})

/** Moves inner nodes alone: then the layout is known, and what is in place. */
async function transferNodes(from: Parameters<typeof transfer>[0], holding: FetchedHolding): Promise<void> {
  await transfer(from, holding, { blocksMax: holding.meta.nodes - holding.have.ones })
}

test('an edit behind the last look is the person’s at the next version, too', async (context) => {
  let edit = () => {}
  const real = createDisk()
  const disk: Disk = {
    ...real,
    async flush(folder, files) {
      edit()
      await real.flush(folder, files)
    },
  }
  const { to, root, author, reader, path, next } = await scene(context, { disk, clock: laterClock })
  const holding = await openGet(reader, next, to)
  await transfer(next.holding, holding)
  edit = () => writeFileSync(join(path, 'x.txt'), 'version me!')
  await holding.finish()
  edit = () => {}
  assert.equal(readFileSync(join(path, 'x.txt'), 'utf8'), 'version me!')
  const [index = 0] = leavesOf(holding, 'x.txt')
  await assert.rejects(holding.readBlock(index), { code: 'block_changed' })
  // A put can't make it true: what lies there is the person's.
  await holding.putBlock(index, await next.holding.readBlock(index))
  assert.deepEqual([holding.have.has(index), holding.complete], [false, false])
  writeTree(root, { 'x.txt': 'version 003' })
  await get(reader, await nextVersion(author, next), to)
  const { share, kept } = split(path)
  assert.deepEqual(share, readTree(root))
  assert.deepEqual(kept, { 'x.txt': 'version me!' })
})

test('a file of the share that is deleted before the end of a get comes back', async (context) => {
  const { to, root, reader, path, next } = await scene(context)
  const holding = await openGet(reader, next, to)
  await transfer(next.holding, holding)
  rmSync(join(path, 'x.txt'))
  await assert.rejects(holding.finish(), { code: 'get_not_finished' })
  assert.equal(await transfer(next.holding, holding), 1)
  await holding.finish()
  assert.deepEqual(readTree(path), readTree(root))
})

const harms: Readonly<Record<string, (file: string) => void>> = {
  deleted: (file) => rmSync(file),
  renamed: (file) => renameSync(file, `${file}.old`),
  truncated: (file) => truncateSync(file, 1_000_000),
  replaced: (file) => {
    rmSync(file)
    mkdirSync(file)
  },
}
for (const [harm, apply] of Object.entries(harms)) {
  test(`a file that was ${harm} after the end is not served, is shown, and comes back with another get`, async (context) => {
    const { folder, to, root, reader, path, next } = await scene(context)
    const { holding } = await get(reader, next, to)
    const factsOf = (computer: typeof reader) => computer.library.factsOf(next.id)
    assert.deepEqual([factsOf(reader)?.state, factsOf(reader)?.blocksHere], ['ready', holding.record.blocks])
    apply(join(path, 'big.bin'))
    const index = leavesOf(holding, 'big.bin').at(-1) ?? 0
    const assertNoticed = async (computer: typeof reader) => {
      const served = computer.library.byShare(next.id)
      await assert.rejects(async () => served?.readBlock(index), { code: 'block_changed' })
      await assert.rejects(async () => served?.readBlock(index), { code: 'block_not_here' })
      assert.deepEqual(
        [factsOf(computer)?.state, factsOf(computer)?.blocksHere],
        ['partial', holding.record.blocks - 1],
      )
    }
    await assertNoticed(reader)
    await reader.stop()
    const again = await openComputer(context, join(folder, 'reader'))
    await assertNoticed(again)
    const { path: mended } = await get(again, next, to)
    assert.equal(mended, path)
    assert.deepEqual(readFileSync(join(path, 'big.bin')), readFileSync(join(root, 'big.bin')))
    assert.equal(factsOf(again)?.state, 'ready')
    assert.equal(existsSync(join(path, 'big.bin.old')), harm === 'renamed')
  })
}
