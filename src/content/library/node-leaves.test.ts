// Shares with files that hold just the bytes of the share's own inner nodes (docs/protocol/share.md, "Inventory"): shared,
// got, gone on with, kept and updated like any other, and no way in for strangers.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { layoutOf } from '../../../test/support/layouts.ts'
import { makeVersion, publicKeys } from '../../../test/support/shares.ts'
import { encodeInventory } from '../format/inventory.ts'
import { deriveKeys, digestOf, generateShareKeys } from '../format/keys.ts'
import { encodeMeta } from '../format/meta.ts'
import { signRecord } from '../format/record.ts'
import { createSealer } from '../format/seal.ts'
import type { Holding, ReadableHolding, ShareId, ShareLink, VersionMeta, Visibility } from '../types.ts'
import { createDisk, type Disk } from './disk.ts'
import { diskReserveBytes } from './limits.ts'
import { createPlacement } from './placement.ts'
import {
  get,
  openComputer,
  openGet,
  readTree,
  seededBytes,
  tempFolder,
  testRandom,
  transfer,
  writeTree,
} from './testing.ts'

type Context = Parameters<typeof tempFolder>[0] & { after(done: () => unknown): void }
interface Shared {
  readonly id: ShareId
  readonly link: ShareLink
  readonly holding: ReadableHolding
}

const visibilities = ['public', 'private'] as const
const tree = { 'a/x.txt': 'x', 'a/deep/y.txt': 'y', 'a/large.bin': seededBytes(1, 1_500_000), 'b/other.txt': 'other' }

/** Writes to a share's folder while its author is away, and brings the author back. */
async function changed(context: Context, folder: string, id: ShareId, link: ShareLink, change: () => void) {
  change()
  const author = await openComputer(context, join(folder, 'author'))
  await author.shares.settled(id)
  const holding = author.library.byShare(id) as ReadableHolding | undefined
  assert.ok(holding)
  return { author, shared: { id, link, holding } satisfies Shared }
}

/** The inner nodes of a version, opened. */
async function nodesOf({ holding, link }: Shared): Promise<Uint8Array[]> {
  const sealer = createSealer(link)
  const indexes = Array.from({ length: holding.meta.nodes }, (_, index) => index)
  return Promise.all(indexes.map(async (index) => sealer.open(await holding.readBlock(index))))
}

/**
 * Shares `files`; then again with, in a folder of its own, a copy of each of its nodes (all but the root's stay nodes),
 * and a file of two leaves of which the second is one. `indexes` are those of the nodes that files hold.
 */
async function shareNodes(context: Context, visibility: Visibility, files: Parameters<typeof writeTree>[1] = tree) {
  const folder = tempFolder(context)
  const root = join(folder, 'root')
  writeTree(root, files)
  mkdirSync(join(folder, 'to'))
  const first = await openComputer(context, join(folder, 'author'))
  const before = await first.share(root, visibility)
  const nodes = await nodesOf(before as Shared)
  await first.stop()
  const { author, shared } = await changed(context, folder, before.id, before.link, () => {
    writeTree(root, Object.fromEntries(nodes.map((plain, node) => [`copies/${node}.node`, plain])))
    const last = nodes.at(-1) ?? new Uint8Array()
    writeTree(root, { 'copies/two.bin': Buffer.concat([seededBytes(2, 1_048_576), last]) })
  })
  assert.equal(shared.holding.record.sequence, 2)
  const indexes = nodeLeavesOf(shared.holding)
  assert.ok(indexes.length > 0)
  return { folder, root, to: join(folder, 'to'), author, shared, indexes }
}

/** The inner nodes that some file holds. */
function nodeLeavesOf({ layout = [], meta }: ReadableHolding): number[] {
  return [...new Set(layout.flatMap(({ leaves }) => leaves.filter((index) => index < meta.nodes)))]
}

/** That every block of `holding` can be read, as a block and each leaf as a leaf. */
async function assertReadable(holding: ReadableHolding, { holding: source, link }: Shared): Promise<void> {
  const sealer = createSealer(link)
  for (let index = 0; index < holding.record.blocks; index++) {
    assert.deepEqual(await holding.readBlock(index), await source.readBlock(index))
  }
  for (const leaf of new Set(holding.layout?.flatMap(({ leaves }) => leaves))) {
    assert.deepEqual(await holding.readLeaf(leaf), sealer.open(await source.readBlock(leaf)))
  }
}

for (const visibility of visibilities) {
  test(`got, served on, kept and got from there, ${visibility}`, async (context) => {
    const { folder, root, to, shared, indexes } = await shareNodes(context, visibility)
    assert.equal(indexes.length, 4)
    await assertReadable(shared.holding, shared)
    const reader = await openComputer(context, join(folder, 'reader'))
    const { holding, path, moved } = await get(reader, shared, to)
    assert.equal(moved, shared.holding.record.blocks)
    assert.deepEqual(readTree(path), readTree(root))
    assert.deepEqual([holding.bytesDone, holding.filesDone], [holding.bytesWanted, holding.filesWanted])
    assert.equal(holding.bytesDone, shared.holding.meta.bytes)
    const done = holding.layout?.map((_, entry) => holding.fileProgress(entry).bytesDone)
    assert.deepEqual(
      done,
      holding.layout?.map(({ bytes }) => bytes),
    )
    await assertReadable(holding, shared)
    await reader.stop()
    const again = await openComputer(context, join(folder, 'reader'))
    const served = again.library.byShare(shared.id) as ReadableHolding
    await assertReadable(served, shared)
    const keeper = await openComputer(context, join(folder, 'keeper'))
    const kept = await keeper.library.openKept({ link: shared.link, recordBytes: served.recordBytes })
    assert.equal(await transfer(served, kept), served.record.blocks)
    const third = await openComputer(context, join(folder, 'third'))
    const last = await get(third, { link: shared.link, holding: kept }, join(folder, 'third-to'))
    assert.deepEqual(readTree(last.path), readTree(root))
  })

  test(`goes on after a restart, and is read meanwhile, ${visibility}`, async (context) => {
    const { folder, root, to, shared, indexes } = await shareNodes(context, visibility)
    const { nodes } = shared.holding.meta
    const reader = await openComputer(context, join(folder, 'reader'))
    const first = await openGet(reader, shared, to)
    assert.equal(await transfer(shared.holding, first, { blocksMax: nodes + 1 }), nodes + 1)
    for (const index of indexes) {
      assert.equal(first.have.has(index), true)
      assert.deepEqual(await first.readLeaf(index), createSealer(shared.link).open(await first.readBlock(index)))
    }
    const copies = shared.holding.layout?.flatMap(({ path, leaves, bytes }, entry) =>
      leaves.every((index) => index < nodes) ? [{ path: path.join('/'), entry, bytes }] : [],
    )
    assert.ok(copies !== undefined && copies.length === 4)
    for (const { entry, bytes } of copies) assert.equal(first.fileProgress(entry).bytesDone, bytes)
    const { bytesDone } = first
    const [work] = readdirSync(to)
    const [harmed] = copies
    assert.ok(work !== undefined && harmed !== undefined)
    writeFileSync(join(to, work, 'tree', harmed.path), 'harmed')
    // It is read from where it is served, not from the file.
    for (const index of indexes) await first.readLeaf(index)
    await reader.stop()

    const again = await openComputer(context, join(folder, 'reader'))
    const second = await openGet(again, shared, to)
    assert.equal(second.have.ones, nodes + 1)
    assert.equal(second.bytesDone, bytesDone)
    // What was harmed was written anew, the rest was found.
    const tailsAndHarmed = second.bytesDone - second.bytesReused
    assert.ok(tailsAndHarmed >= harmed.bytes && tailsAndHarmed < bytesDone)
    assert.equal(await transfer(shared.holding, second), shared.holding.record.blocks - nodes - 1)
    const { path } = await second.finish()
    assert.deepEqual(readTree(path), readTree(root))
  })

  test(`chosen alone with --only, and the rest after, ${visibility}`, async (context) => {
    const { folder, root, to, shared, indexes } = await shareNodes(context, visibility)
    const { nodes } = shared.holding.meta
    const { path = [] } =
      shared.holding.layout?.find(({ leaves: [leaf = nodes, ...more] }) => leaf < nodes && more.length === 0) ?? {}
    const reader = await openComputer(context, join(folder, 'reader'))
    const one = await get(reader, shared, to, path.join('/'))
    // No leaf is asked for: the node is the file.
    assert.equal(one.moved, nodes)
    assert.deepEqual(readTree(one.path), { [path.join('/')]: readTree(root)[path.join('/')] })
    assert.deepEqual([one.holding.filesDone, one.holding.filesWanted], [1, 1])
    await assert.rejects(one.holding.readLeaf(nodes), { code: 'block_not_here' })
    const all = await get(reader, shared, to)
    assert.equal(all.path, one.path)
    assert.equal(all.moved, shared.holding.record.blocks - nodes)
    assert.deepEqual(readTree(all.path), readTree(root))
    assert.equal(all.holding.bytesDone, all.holding.bytesWanted)
    assert.ok(indexes.length > 0)
  })

  test(`updated to a version where they are nodes no more, and back, ${visibility}`, async (context) => {
    const { folder, root, to, author, shared } = await shareNodes(context, visibility)
    const reader = await openComputer(context, join(folder, 'reader'))
    await get(reader, shared, to)
    await author.stop()
    const without = await changed(context, folder, shared.id, shared.link, () => {
      for (const name of ['a', 'b']) rmSync(join(root, name), { recursive: true })
    })
    assert.deepEqual(nodeLeavesOf(without.shared.holding), [])
    const second = await get(reader, without.shared, to)
    // The root is all that is new.
    assert.equal(second.moved, 1)
    assert.deepEqual(readTree(second.path), readTree(root))
    await without.author.stop()
    const back = await changed(context, folder, shared.id, shared.link, () => writeTree(root, tree))
    const third = await get(reader, back.shared, to)
    assert.deepEqual(readTree(third.path), readTree(root))
    await assertReadable(third.holding, back.shared)
  })

  test(`ends after a crash between its names and its rows, ${visibility}`, async (context) => {
    const { folder, root, to, shared } = await shareNodes(context, visibility)
    const real = createDisk()
    const disk: Disk = {
      ...real,
      async rename(from, name) {
        await real.rename(from, name)
        throw new Error('cut')
      },
    }
    const reader = await openComputer(context, join(folder, 'reader'), { disk })
    const first = await openGet(reader, shared, to)
    await transfer(shared.holding, first)
    await assert.rejects(first.finish(), /cut/)
    await reader.stop()
    const again = await openComputer(context, join(folder, 'reader'))
    const second = await openGet(again, shared, to)
    assert.deepEqual([second.complete, second.bytesDone], [true, second.bytesWanted])
    assert.equal(second.bytesReused, second.bytesDone)
    const { path } = await second.finish()
    assert.deepEqual(readTree(path), readTree(root))
    assert.deepEqual(readdirSync(to), ['root'])
  })
}

test('property: any tree with copies of its nodes comes across', async (context) => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), minLength: 1, maxLength: 3 })
  const files = fc.uniqueArray(fc.tuple(fc.array(name, { maxLength: 3 }), name, fc.uint8Array({ maxLength: 50 })), {
    minLength: 1,
    maxLength: 8,
    // "f" and "d" keep a file from standing where another's folder has to.
    selector: ([path, last]) => [...path, last].join('/'),
  })
  await fc.assert(
    fc.asyncProperty(files, fc.constantFrom(...visibilities), async (list, visibility) => {
      const entries = list.map(([path, last, content]) => {
        return [['a', ...path.map((part) => `d${part}`), `f${last}`].join('/'), content] as const
      })
      const { folder, root, to, shared, author } = await shareNodes(context, visibility, Object.fromEntries(entries))
      const reader = await openComputer(context, join(folder, 'reader'))
      const { path, holding } = await get(reader, shared, to)
      assert.deepEqual(readTree(path), readTree(root))
      assert.equal(holding.bytesDone, holding.bytesWanted)
      await reader.stop()
      await author.stop()
    }),
    { numRuns: 12 },
  )
})

test('room is looked for before nodes are written into files', async (context) => {
  const { folder, to, shared } = await shareNodes(context, 'public')
  let free = Number.MAX_SAFE_INTEGER
  const disk: Disk = { ...createDisk(), freeBytes: async () => free }
  const reader = await openComputer(context, join(folder, 'reader'), { disk })
  const holding = await openGet(reader, shared, to, '*.node')
  free = diskReserveBytes
  await assert.rejects(transfer(shared.holding, holding), { code: 'disk_full' })
  const [work = ''] = readdirSync(to)
  assert.equal(existsSync(join(to, work, 'tree')), false)
  free = Number.MAX_SAFE_INTEGER
  assert.equal((await get(reader, shared, to, '*.node')).moved, 1)
})

test('a node that the database has wrong is asked for again, and got into its files', async (context) => {
  const { folder, root, to, shared } = await shareNodes(context, 'public')
  const { nodes } = shared.holding.meta
  const reader = await openComputer(context, join(folder, 'reader'))
  await transfer(shared.holding, await openGet(reader, shared, to), { blocksMax: nodes })
  const [index = 0] = nodeLeavesOf(shared.holding)
  const wrong = new Uint8Array(shared.holding.inventory?.length(index) ?? 0)
  const digest = shared.holding.inventory?.digest(index) ?? wrong
  const { changes } = reader.database
    .prepare('UPDATE library_stored SET wire = ? WHERE digest = ?')
    .run(wrong, digest) as { changes: number }
  assert.equal(changes, 1)
  await reader.stop()
  const again = await openComputer(context, join(folder, 'reader'))
  const second = await openGet(again, shared, to)
  assert.deepEqual([second.have.ones, second.have.has(index)], [nodes - 1, false])
  await assert.rejects(second.readBlock(index), { code: 'block_not_here' })
  await transfer(shared.holding, second)
  assert.deepEqual(readTree((await second.finish()).path), readTree(root))
})

test('a block is counted once, and taken back once, in all its places', () => {
  const sealer = createSealer(publicKeys)
  const folder = { 'x.txt': new Uint8Array(3) }
  const [, node = new Uint8Array()] = makeVersion({ folder }, sealer).blocks
  const version = makeVersion({ folder, one: node, two: node }, sealer)
  const { meta, inventory } = version
  const layout = layoutOf(version, sealer)
  const placement = createPlacement({ meta, inventory, layout, overheadBytes: 0, only: undefined })
  assert.deepEqual([...placement.nodesMissing()], [1])
  for (const expected of [true, false]) {
    assert.equal(placement.count(1), expected)
    assert.deepEqual([placement.bytesDone, placement.filesDone], [2 * node.length, 2])
  }
  assert.deepEqual([...placement.nodesMissing()], [])
  placement.uncount(1)
  placement.uncount(1)
  assert.deepEqual([placement.bytesDone, placement.filesDone, placement.isCounted(1)], [0, 0, false])
  const other = createPlacement({ meta, inventory, layout, overheadBytes: 0, only: 'x.txt' })
  assert.deepEqual([...other.nodesMissing()], [])
})

/** A public version of these blocks, listed with these lengths, that a stranger has signed. */
function signedShare(
  blocks: readonly { readonly bytes: Uint8Array; readonly length: number }[],
  meta: Pick<VersionMeta, 'nodes' | 'bytes' | 'files'>,
): { readonly link: ShareLink; readonly holding: Holding; readonly page: Uint8Array } {
  const { share, signingSeed } = generateShareKeys(testRandom)
  const keys = { share, visibility: 'public', secret: undefined } as const
  const { pages, digests } = encodeInventory(blocks.map(({ bytes, length }) => ({ digest: digestOf(bytes), length })))
  const record = {
    ...{ share, visibility: keys.visibility, sequence: 1, pages: digests, blocks: blocks.length, createdMs: 0 },
    bytes: blocks.reduce((sum, { length }) => sum + length, 0),
    meta: encodeMeta({ name: 'signed', kind: 'folder', rootCodec: 0x70, ...meta }),
  }
  return {
    link: { kind: 'read', ...keys, ...deriveKeys(keys), peers: [] },
    // Only what `openGet` uses.
    holding: { recordBytes: signRecord(record, signingSeed) } as Holding,
    page: pages[0] ?? new Uint8Array(),
  }
}

test('a version with more nodes than blocks is refused when its list of blocks is here', async (context) => {
  const folder = tempFolder(context)
  const reader = await openComputer(context, join(folder, 'reader'))
  const bytes = Uint8Array.of(0x0a, 2, 8, 1)
  const shared = signedShare([{ bytes, length: 4 }], { nodes: 2, bytes: 0, files: 0 })
  const holding = await openGet(reader, shared, join(folder, 'to'))
  await assert.rejects(holding.putPage(0, shared.page), { code: 'layout_malformed' })
})

test('a block that is here is not taken for one that is listed with another length', async (context) => {
  const folder = tempFolder(context)
  writeTree(folder, { 'root/leaf.txt': 'leaf' })
  const reader = await openComputer(context, join(folder, 'reader'))
  const own = (await reader.share(join(folder, 'root'), 'public')) as Shared
  const [root, leaf] = [await own.holding.readBlock(0), await own.holding.readBlock(1)]
  const list = (rootLength: number, leafLength: number) => {
    const blocks = [
      { bytes: root, length: rootLength },
      { bytes: leaf, length: leafLength },
    ]
    return signedShare(blocks, { nodes: 1, bytes: leafLength, files: 1 })
  }
  const open = async (shared: ReturnType<typeof list>, to: string) => {
    const holding = await openGet(reader, shared, join(folder, to))
    await holding.putPage(0, shared.page)
    return holding
  }
  const right = await open(list(root.length, 4), 'right')
  assert.equal(right.complete, true)
  const wrongNode = await open(list(root.length + 1, 4), 'wrong-node')
  assert.equal(wrongNode.have.ones, 0)
  await assert.rejects(wrongNode.putBlock(0, root), { code: 'block_hash_wrong' })
  for (const length of [3, 5]) {
    const wrongLeaf = await open(list(root.length, length), `wrong-leaf-${length}`)
    assert.deepEqual([wrongLeaf.have.ones, wrongLeaf.bytesDone, wrongLeaf.complete], [1, 0, false])
    await assert.rejects(wrongLeaf.putBlock(1, leaf), { code: 'block_hash_wrong' })
  }
  assert.deepEqual(readFileSync(join(folder, 'root', 'leaf.txt'), 'utf8'), 'leaf')
})
