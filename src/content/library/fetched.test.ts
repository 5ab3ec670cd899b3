import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDisk, type Disk } from './disk.ts'
import { onlyCharsMax } from './limits.ts'
import {
  type Computer,
  get,
  openComputer,
  openGet,
  readTree,
  seededBytes,
  settledUntil,
  tempFolder,
  transfer,
  writeTree,
} from './testing.ts'

async function twoComputers(
  context: Parameters<typeof tempFolder>[0] & { after(done: () => Promise<void>): void },
  disk?: Disk,
) {
  const folder = tempFolder(context)
  mkdirSync(join(folder, 'to'))
  const author = await openComputer(context, join(folder, 'author'))
  const reader = await openComputer(context, join(folder, 'reader'), disk === undefined ? {} : { disk })
  return { folder, to: join(folder, 'to'), root: join(folder, 'root'), author, reader }
}

/** Shares `root` again after a change; the next version. */
async function nextVersion(
  author: Computer,
  id: Parameters<Computer['shares']['get']>[0],
  link: Parameters<Computer['library']['openFetched']>[0]['link'],
) {
  const { sequence } = author.shares.get(id)
  await settledUntil(author, id, (share) => share.sequence > sequence)
  const holding = author.library.byShare(id)
  assert.ok(holding)
  return { id, link, holding }
}

function hiddenNames(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.peerhood'))
}

test('nothing has its final name before finish, and the working folder is gone after', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.txt': 'a', 'b/c.bin': seededBytes(1, 2_000_000) })
  const shared = await author.share(root)
  const holding = await openGet(reader, shared, to)
  await assert.rejects(holding.finish(), { code: 'get_not_finished' })
  await transfer(shared.holding, holding)
  assert.deepEqual(readdirSync(to), hiddenNames(to))
  assert.equal(holding.complete, true)
  await holding.finish()
  assert.deepEqual(readdirSync(to), ['root'])
  assert.deepEqual(await holding.finish(), { path: join(to, 'root'), bytes: 2_000_001 })
})

test('what is here already is got again without asking anybody, into the same folder and into another', async (context) => {
  const { folder, to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.txt': 'a', 'b/c.bin': seededBytes(1, 2_000_000) })
  const shared = await author.share(root)
  await get(reader, shared, to)
  const again = await openGet(reader, shared, to)
  assert.equal(again.complete, true)
  assert.equal((await again.finish()).path, join(to, 'root'))
  mkdirSync(join(folder, 'elsewhere'))
  const elsewhere = await openGet(reader, shared, join(folder, 'elsewhere'))
  assert.equal(elsewhere.complete, true)
  const { path } = await elsewhere.finish()
  assert.deepEqual(readTree(path), readTree(root))
})

test('leaves are not wanted until the layout is known, then those of --only', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, {
    'a.pdf': 'pdf',
    'sub/b.pdf': seededBytes(2, 3_000_000),
    'sub/c.txt': seededBytes(3, 2_000_000),
    'd/': '',
  })
  const shared = await author.share(root)
  const holding = await openGet(reader, shared, to, '*.pdf')
  assert.equal(holding.isWanted(shared.holding.record.blocks - 1), false)
  await transfer(shared.holding, holding)
  assert.deepEqual([holding.filesWanted, holding.filesDone, holding.bytesWanted], [2, 2, 3_000_003])
  const progress = holding.layout?.map((_, entry) => holding.fileProgress(entry).wanted)
  assert.deepEqual(progress, [true, false, true, false])
  const { path } = await holding.finish()
  assert.deepEqual(Object.keys(readTree(path)), ['a.pdf', 'sub/b.pdf'])
  // Another pattern adds to it and fetches the new part alone.
  const more = await get(reader, shared, to, '*.txt')
  const { 'd/': _, ...all } = readTree(root)
  assert.deepEqual(readTree(path), all)
  assert.equal(more.moved, 2)
  assert.equal(more.path, path)
  assert.equal(more.holding.have.ones, shared.holding.record.blocks)
})

test('a pattern that is none, or that nothing matches, is refused', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.txt': 'a' })
  const shared = await author.share(root)
  for (const only of ['', '  ', '!a', 'a\nb', 'x'.repeat(onlyCharsMax + 1)]) {
    await assert.rejects(openGet(reader, shared, to, only), { code: 'only_malformed' })
  }
  const holding = await openGet(reader, shared, to, '*.pdf')
  await assert.rejects(transfer(shared.holding, holding), { code: 'only_matches_nothing' })
  await holding.discard()
  assert.deepEqual(readdirSync(to), [])
})

test('wrong bytes are refused and change nothing; a block put twice counts once', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.bin': seededBytes(4, 2_500_000) })
  for (const visibility of ['public', 'private'] as const) {
    const shared = await author.share(root, visibility)
    const holding = await openGet(reader, shared, to)
    const page = shared.holding.inventory?.page(0) ?? new Uint8Array()
    const wrongPage = page.slice()
    wrongPage[5] = (wrongPage[5] ?? 0) ^ 1
    await assert.rejects(holding.putPage(0, wrongPage), { code: 'block_hash_wrong' })
    await assert.rejects(holding.putPage(0, page.subarray(1)), { code: 'inventory_malformed' })
    await assert.rejects(holding.putPage(1, page), { code: 'inventory_malformed' })
    await assert.rejects(holding.putBlock(0, page), { code: 'block_not_wanted' })
    await holding.putPage(0, page)
    for (let index = 0; index < holding.record.blocks; index++) {
      const right = await shared.holding.readBlock(index)
      const wrong = right.slice()
      wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
      await assert.rejects(holding.putBlock(index, wrong), { code: 'block_hash_wrong' })
      await assert.rejects(holding.putBlock(index, right.subarray(1)), { code: 'block_hash_wrong' })
      await assert.rejects(holding.readBlock(index), { code: 'block_not_here' })
      assert.equal(holding.have.ones, index)
      await Promise.all([holding.putBlock(index, right), holding.putBlock(index, right)])
      await holding.putBlock(index, right)
      assert.equal(holding.have.ones, index + 1)
      assert.deepEqual(await holding.readBlock(index), right)
    }
    await assert.rejects(holding.putBlock(holding.record.blocks, page), { code: 'block_not_wanted' })
    assert.equal(holding.bytesDone, 2_500_000)
    await holding.finish()
  }
  assert.deepEqual(readdirSync(to).sort(), ['root', 'root (2)'])
})

test('what stands in the folder already is never overwritten', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.txt': 'ours' })
  writeTree(to, { 'root/a.txt': 'theirs', 'ROOT (2)': 'theirs too' })
  const shared = await author.share(root)
  const { path } = await get(reader, shared, to)
  assert.equal(path, join(to, 'root (2)'))
  assert.equal(readFileSync(join(to, 'root', 'a.txt'), 'utf8'), 'theirs')
  // A name that was free at first and is taken at the end.
  const second = await author.share(join(root, 'a.txt'))
  const holding = await openGet(reader, second, to)
  await transfer(second.holding, holding)
  writeFileSync(join(to, 'a.txt'), 'in between')
  assert.equal((await holding.finish()).path, join(to, 'a (2).txt'))
  assert.equal(readFileSync(join(to, 'a.txt'), 'utf8'), 'in between')
  assert.equal(readFileSync(join(to, 'a (2).txt'), 'utf8'), 'ours')
})

test('two gets into one folder at once do not meet', async (context) => {
  const { folder, to, author, reader } = await twoComputers(context)
  writeTree(folder, { 'x/same/a.bin': seededBytes(5, 1_500_000), 'y/same/a.bin': seededBytes(6, 1_500_000) })
  const one = await author.share(join(folder, 'x', 'same'))
  const two = await author.share(join(folder, 'y', 'same'))
  const [first, second] = await Promise.all([get(reader, one, to), get(reader, two, to)])
  assert.deepEqual([first.path, second.path].sort(), [join(to, 'same'), join(to, 'same (2)')])
  assert.deepEqual(readTree(first.path), readTree(join(folder, 'x', 'same')))
  assert.deepEqual(readTree(second.path), readTree(join(folder, 'y', 'same')))
  // The same get twice is one get.
  const third = await author.share(join(folder, 'x'), 'public')
  const [a, b] = await Promise.all([openGet(reader, third, to), openGet(reader, third, to)])
  assert.equal(a, b)
  await assert.rejects(openGet(reader, third, to, '*.bin'), { code: 'get_elsewhere' })
})

test('a get goes on after a restart without fetching anything twice, and believes nothing', async (context) => {
  for (const visibility of ['public', 'private'] as const) {
    const { folder, to, root, author, reader } = await twoComputers(context)
    writeTree(root, { 'a.bin': seededBytes(7, 6_000_000), 'zeros.bin': new Uint8Array(3_000_000), 'small/b.txt': 'b' })
    const shared = await author.share(root, visibility)
    const first = await openGet(reader, shared, to)
    assert.equal(await transfer(shared.holding, first, { blocksMax: 7 }), 7)
    const here = first.have.ones
    const [work] = hiddenNames(to)
    assert.ok(work)
    await reader.stop()

    // One part is harmed meanwhile, one grew, and something strange lies there.
    const part = join(to, work, 'tree', 'a.bin')
    const bytes = readFileSync(part)
    bytes[10] = (bytes[10] ?? 0) ^ 1
    writeFileSync(part, bytes)
    writeFileSync(join(to, work, 'tree', 'strange.txt'), 'x')
    const again = await openComputer(context, join(folder, 'reader'))
    const second = await openGet(again, shared, to)
    assert.equal(second.have.ones, here - 1)
    assert.ok(second.bytesReused > 0)
    const moved = await transfer(shared.holding, second)
    assert.equal(moved, shared.holding.record.blocks - here + 1)
    const { path } = await second.finish()
    assert.deepEqual(readTree(path), readTree(root))
    assert.deepEqual(readdirSync(to), ['root'])
    await again.stop()

    // Finished gets are served after a restart.
    const third = await openComputer(context, join(folder, 'reader'))
    const served = third.library.byShare(shared.id)
    assert.equal(served?.complete, true)
    for (let index = 0; index < (served?.record.blocks ?? 0); index++) {
      assert.deepEqual(await served?.readBlock(index), await shared.holding.readBlock(index))
    }
    assert.deepEqual(
      third.library.facts().map(({ origin, state, path }) => [origin, state, path]),
      [['fetched', 'ready', join(to, 'root')]],
    )
    assert.equal(third.library.link(shared.id, []).link, author.shares.link(shared.id, []).link)
    await third.library.removeHolding(shared.id)
    assert.equal(third.library.byShare(shared.id), undefined)
    assert.ok(existsSync(join(to, 'root', 'a.bin')))
  }
})

test('parts that a lost database no longer knows are found by their working folder', async (context) => {
  const { folder, to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.bin': seededBytes(8, 5_000_000) })
  const shared = await author.share(root)
  await transfer(shared.holding, await openGet(reader, shared, to), { blocksMax: 4 })
  await reader.stop()
  rmSync(join(folder, 'reader'), { recursive: true })
  const again = await openComputer(context, join(folder, 'reader'))
  // The root's and the file's node, and two leaves: the one that is lost is in neither file.
  assert.equal((await get(again, shared, to)).moved, shared.holding.record.blocks - 2)
  assert.deepEqual(readdirSync(to), ['root'])
})

test('a new version into the same folder fetches only what changed and updates in place', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  const big = seededBytes(9, 6_000_000)
  writeTree(root, {
    'big.bin': big,
    'same.bin': seededBytes(10, 2_000_000),
    'gone/deep/old.txt': 'old',
    'edited.txt': 'v1',
  })
  const shared = await author.share(root)
  const first = await get(reader, shared, to)
  writeFileSync(join(first.path, 'edited.txt'), 'a person wrote this')
  writeFileSync(join(first.path, 'mine.txt'), 'and this')
  writeTree(first.path, { 'new.txt': 'was here before' })

  big.set([1, 2, 3, 4], 3_500_000)
  rmSync(join(root, 'gone'), { recursive: true })
  writeTree(root, { 'big.bin': big, 'edited.txt': 'v2', 'new.txt': 'new', 'moved.bin': seededBytes(10, 2_000_000) })
  const next = await nextVersion(author, shared.id, shared.link)
  const second = await get(reader, next, to)
  assert.equal(second.path, first.path)
  // Root, node and one leaf of big.bin, edited.txt, new.txt.
  assert.equal(second.moved, 5)
  assert.ok(second.holding.bytesReused >= 2_000_000 + 4_900_000)
  const tree = readTree(second.path)
  const kept = Object.entries(tree).filter(([name]) => name.includes('(edited '))
  assert.deepEqual(kept.map(([, content]) => content).sort(), ['a person wrote this', 'was here before'])
  for (const [name] of kept) {
    assert.match(name, /^(edited|new) \(edited \d{4}-\d\d-\d\d \d\d\.\d\d\)\.txt$/)
    delete tree[name]
  }
  assert.equal(tree['mine.txt'], 'and this')
  delete tree['mine.txt']
  assert.deepEqual(tree, readTree(root))
  assert.equal(reader.library.byShare(shared.id), second.holding)
  assert.equal(reader.library.facts().length, 1)
  // Nothing to do: at once complete, nothing fetched, nothing moved.
  const third = await get(reader, next, to)
  assert.deepEqual([third.moved, third.path], [0, first.path])
  await assert.rejects(openGet(reader, shared, to), { code: 'record_outdated' })
})

test('a version that is overtaken while it is fetched goes on as the new one', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.bin': seededBytes(11, 4_000_000), 'old.txt': 'old' })
  const shared = await author.share(root)
  const before = await openGet(reader, shared, to)
  let superseded = false
  before.on(({ type }) => {
    superseded ||= type === 'superseded'
  })
  await transfer(shared.holding, before, { blocksMax: 5 })
  const oldRecord = shared.holding.recordBytes
  rmSync(join(root, 'old.txt'))
  writeTree(root, { 'new.txt': 'new' })
  const next = await nextVersion(author, shared.id, shared.link)
  const after = await openGet(reader, next, to)
  assert.equal(superseded, true)
  const lateBlock = await next.holding.readBlock(0)
  await assert.rejects(before.putBlock(0, lateBlock), { code: 'get_not_finished' })
  await assert.rejects(reader.library.openFetched({ link: shared.link, recordBytes: oldRecord, to, only: undefined }), {
    code: 'record_outdated',
  })
  await transfer(next.holding, after)
  assert.ok(after.bytesReused >= 2_000_000)
  await after.finish()
  assert.deepEqual(readTree(join(to, 'root')), readTree(root))
})

test('blocks of other public shares, and of a share of one’s own, need no fetching', async (context) => {
  const { folder, to, author, reader } = await twoComputers(context)
  writeTree(folder, {
    'one/a.bin': seededBytes(12, 3_000_000),
    'two/b.bin': seededBytes(12, 3_000_000),
    'two/c.txt': 'c',
  })
  await get(reader, await author.share(join(folder, 'one'), 'public'), to)
  const two = await get(reader, await author.share(join(folder, 'two'), 'public'), to)
  // Root and c.txt; the file's node and its leaves are known.
  assert.equal(two.moved, 2)
  assert.equal(two.holding.bytesReused, 3_000_000)
  const own = await author.share(join(folder, 'one'))
  mkdirSync(join(folder, 'back'))
  const back = await get(author, own, join(folder, 'back'))
  assert.equal(back.moved, 0)
  assert.equal(author.library.byShare(own.id), own.holding)
})

test('a damaged file of a finished get is not served, and mended by another get', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.bin': seededBytes(13, 2_500_000), 'b.txt': 'b' })
  const shared = await author.share(root)
  const { holding, path } = await get(reader, shared, to)
  appendFileSync(join(path, 'b.txt'), 'more')
  writeFileSync(join(path, 'a.bin'), 'something else')
  const leaf = holding.record.blocks - 2
  await assert.rejects(holding.readBlock(leaf), { code: 'block_changed' })
  assert.equal(holding.complete, false)
  const again = await get(reader, shared, to)
  assert.equal(again.path, path)
  assert.deepEqual(readFileSync(join(path, 'a.bin')), readFileSync(join(root, 'a.bin')))
  assert.equal(Object.keys(readTree(path)).length, 4)
})

test('a folder that is missing, no folder, or read-only is refused before anything is written', async (context) => {
  const disk: Disk = { ...createDisk(), isWritable: async (folder) => !folder.endsWith('read-only') }
  const { folder, to, root, author, reader } = await twoComputers(context, disk)
  writeTree(folder, { 'root/a.txt': 'a', file: 'f', 'read-only/': '' })
  const shared = await author.share(root)
  await assert.rejects(openGet(reader, shared, join(folder, 'no', 'such')), { code: 'folder_missing', kind: 'local' })
  await assert.rejects(openGet(reader, shared, join(folder, 'file')), { code: 'folder_not_folder' })
  await assert.rejects(openGet(reader, shared, join(folder, 'read-only')), { code: 'folder_read_only' })
  assert.equal(reader.library.facts().length, 0)
  const { path } = await get(reader, shared, join(to, 'made'))
  assert.equal(path, join(to, 'made', 'root'))
})

test('a really read-only folder is refused', {
  skip: process.getuid?.() === 0 && 'root writes everywhere',
}, async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.txt': 'a' })
  chmodSync(to, 0o500)
  await assert.rejects(openGet(reader, await author.share(root), to), { code: 'folder_read_only' })
})

test('free space is checked first, and a get goes on after the disk was full', async (context) => {
  const real = createDisk()
  let free = 1_000_000
  let failing = false
  const full = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  const disk: Disk = {
    ...real,
    freeBytes: async () => free,
    open: real.open,
    async write(descriptor, path, bytes, position) {
      if (failing) throw (await import('./errors.ts')).writeError(full(), path)
      return real.write(descriptor, path, bytes, position)
    },
  }
  const { to, root, author, reader } = await twoComputers(context, disk)
  writeTree(root, { 'a.bin': seededBytes(14, 4_000_000) })
  const shared = await author.share(root)
  await assert.rejects(openGet(reader, shared, to), { code: 'disk_full', kind: 'local' })
  assert.deepEqual(readdirSync(to), [])
  assert.equal(reader.library.facts().length, 0)
  // Room at the first look, none when the files are known.
  free = 100_000_000
  const holding = await openGet(reader, shared, to)
  free = 1_000_000
  await assert.rejects(transfer(shared.holding, holding), { code: 'disk_full' })
  free = 100_000_000
  const second = await openGet(reader, shared, to)
  assert.notEqual(second, holding)
  await transfer(shared.holding, second, { blocksMax: 2 })
  failing = true
  await assert.rejects(transfer(shared.holding, second), { code: 'disk_full' })
  const here = second.have.ones
  failing = false
  assert.equal(await transfer(shared.holding, second), shared.holding.record.blocks - here)
  await second.finish()
  assert.deepEqual(readTree(join(to, 'root')), readTree(root))
})

test('discard deletes all that was not finished, and leaves what was', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.bin': seededBytes(15, 3_000_000) })
  const shared = await author.share(root)
  const holding = await openGet(reader, shared, to)
  await transfer(shared.holding, holding, { blocksMax: 3 })
  const writing = transfer(shared.holding, holding).catch((error: unknown) => error)
  await holding.discard()
  await writing
  assert.deepEqual(readdirSync(to), [])
  assert.equal(reader.library.byShare(shared.id), undefined)
  assert.equal(reader.library.facts().length, 0)
  const { holding: finished } = await get(reader, shared, to)
  await finished.discard()
  assert.deepEqual(readdirSync(to), ['root'])
})

test('links and records that do not belong together are refused', async (context) => {
  const { to, root, author, reader } = await twoComputers(context)
  writeTree(root, { 'a.txt': 'a' })
  const one = await author.share(root)
  const two = await author.share(join(root, 'a.txt'))
  const mixed = { link: one.link, holding: two.holding }
  await assert.rejects(openGet(reader, mixed, to), { code: 'record_not_trusted' })
  await assert.rejects(reader.library.openKept({ link: one.link, recordBytes: two.holding.recordBytes }), {
    code: 'record_not_trusted',
  })
  const forged = one.holding.recordBytes.slice()
  forged[40] = (forged[40] ?? 0) ^ 1
  await assert.rejects(reader.library.openFetched({ link: one.link, recordBytes: forged, to, only: undefined }))
  const keep = { link: { ...one.link, kind: 'keep' as const, secret: undefined }, holding: one.holding }
  await assert.rejects(openGet(reader, keep, to), { code: 'link_cannot_read' })
  assert.deepEqual(readdirSync(to), [])
})
