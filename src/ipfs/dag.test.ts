// Reading DAGs of UnixFS that other tools made (ipfs-unixfs-importer, in their profiles): paths, listings, ranges and the
// blocks of CARs, against the plain bytes that went in.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ImporterOptions, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { trickle } from 'ipfs-unixfs-importer/layout'
import type { CID } from 'multiformats/cid'
import { concatBytes, equalBytes, utf8 } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { seededBytes } from '../content/library/testing.ts'
import { keyOf } from './cid.ts'
import { type Block, dagBlocks, listFolder, readFile, readNode, resolvePath, type WalkBounds, wholeDag } from './dag.ts'
import { blocksAheadMax, dagEntriesMax, nodeLinksMax, nodeNameBytesMax } from './limits.ts'
import { cidOfLink, MemoryBlocks, strangeCid } from './testing.ts'
import { decodeNode } from './unixfs-wire.ts'

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code

/** The importer's store over ours. */
function storeOf(blocks: MemoryBlocks) {
  return {
    async put(cid: CID, bytes: Uint8Array) {
      blocks.blocks.set(keyOf(cid), { cid, bytes })
      return cid
    },
  }
}

async function build(files: Readonly<Record<string, Uint8Array>>, options: ImporterOptions) {
  const blocks = new MemoryBlocks()
  const source = Object.entries(files).map(([path, content]) => ({ path: `root/${path}`, content }))
  let root: CID | undefined
  for await (const entry of importer(source, storeOf(blocks) as never, options))
    if (entry.path === 'root') root = entry.cid
  assert.ok(root)
  return { blocks, root }
}

async function contentOf(
  blocks: MemoryBlocks,
  cid: CID,
  start = 0,
  end = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const node = await readNode(blocks.get, cid, {})
  const chunks: Uint8Array[] = []
  for await (const chunk of readFile(blocks.get, node, { start, end }, {})) chunks.push(chunk)
  return concatBytes(...chunks)
}

const profiles: Readonly<Record<string, ImporterOptions>> = {
  'of today': { profile: 'unixfs-v1-2025', chunker: fixedSize({ chunkSize: 64 }) },
  'of Kubo by default for years': { profile: 'unixfs-v0-2015', chunker: fixedSize({ chunkSize: 64 }) },
  trickle: { cidVersion: 1, rawLeaves: true, chunker: fixedSize({ chunkSize: 50 }), layout: trickle() },
  'with wrapped leaves': { cidVersion: 1, rawLeaves: false, chunker: fixedSize({ chunkSize: 77 }) },
}

for (const [name, options] of Object.entries(profiles)) {
  test(`files ${name} are read, whole and in any range`, async () => {
    const film = seededBytes(3, 5_000)
    const { blocks, root } = await build(
      { 'film.bin': film, 'deep/a.txt': utf8('hello'), empty: new Uint8Array() },
      options,
    )
    const { cid, roots } = await resolvePath(blocks.get, root, ['film.bin'], {})
    assert.deepEqual(roots.map(String), [root.toString(), cid.toString()])
    assert.ok(equalBytes(await contentOf(blocks, cid), film))
    await fc.assert(
      fc.asyncProperty(fc.nat(5_100), fc.nat(5_100), async (start, end) => {
        assert.ok(equalBytes(await contentOf(blocks, cid, start, end), film.subarray(start, Math.max(start, end))))
      }),
      { seed: 10, numRuns: 60 },
    )
    const text = await resolvePath(blocks.get, root, ['deep', 'a.txt'], {})
    assert.deepEqual(await contentOf(blocks, text.cid), utf8('hello'))
    const empty = await resolvePath(blocks.get, root, ['empty'], {})
    assert.deepEqual(await contentOf(blocks, empty.cid), new Uint8Array())
    await assert.rejects(resolvePath(blocks.get, root, ['nothing'], {}), withCode('ipfs_path_unknown'))
    await assert.rejects(resolvePath(blocks.get, root, ['film.bin', 'x'], {}), withCode('ipfs_path_unknown'))
  })
}

test('a sharded folder is listed and looked up', async () => {
  const blocks = new MemoryBlocks()
  const names = Array.from(
    { length: 3_000 },
    (_, number) => `${'a rather long name of a file, so that it is sharded '.repeat(2)}${number}`,
  )
  const link = blocks.file(utf8('same'))
  const root = cidOfLink(blocks.folder(names.map((name) => ({ name, link }))))
  const node = await readNode(blocks.get, root, {})
  assert.equal(node.type, 'shard')
  const listed: string[] = []
  for await (const entry of listFolder(blocks.get, node, {})) listed.push(entry.name)
  assert.deepEqual(listed.sort(), names.toSorted())
  const { cid, way } = await resolvePath(blocks.get, root, [names[1_234] ?? ''], {})
  assert.ok(cid.equals(cidOfLink(link)))
  assert.ok(way.length >= 2)
  await assert.rejects(resolvePath(blocks.get, root, ['no such name'], {}), withCode('ipfs_path_unknown'))
})

test('the blocks of a CAR: all of it, one level, one range, once or again', async () => {
  const blocks = new MemoryBlocks()
  const film = blocks.file(seededBytes(4, 1_000), 100, 4)
  const folder = blocks.folder([
    { name: 'again.bin', link: film },
    { name: 'film.bin', link: film },
    { name: 'sub', link: blocks.folder([{ name: 'a.txt', link: blocks.file(utf8('a')) }]) },
  ])
  const root = cidOfLink(folder)
  const of = async (path: readonly string[], scope: Partial<typeof wholeDag>) => {
    const resolved = await resolvePath(blocks.get, root, path, {})
    const all: Block[] = []
    for await (const block of dagBlocks(blocks.get, resolved, { ...wholeDag, ...scope }, {})) all.push(block)
    return all
  }
  const whole = await of([], {})
  assert.equal(whole.length, blocks.blocks.size)
  assert.equal(new Set(whole.map(({ cid }) => keyOf(cid))).size, whole.length)
  assert.ok(whole[0]?.cid.equals(root))
  // The film's three inner nodes and ten leaves, a second time.
  assert.equal((await of([], { dups: true })).length, whole.length + 14)
  assert.equal((await of([], { scope: 'block' })).length, 1)
  assert.equal((await of([], { scope: 'entity' })).length, 1)
  assert.equal((await of(['sub'], { scope: 'entity' })).length, 2)
  const range = async (from: number, to: number | undefined) =>
    (await of(['film.bin'], { scope: 'entity', bytes: { from, to } })).length
  assert.equal(await range(0, undefined), 1 + 14)
  // The folder, the file's root, one of its nodes, one leaf.
  assert.equal(await range(120, 130), 4)
  assert.equal(await range(-1, undefined), 4)
  assert.equal(await range(5_000, 6_000), 2, 'outside: what shows that it is')
  assert.equal(await range(199, 200), 5)
})

test('carSeenMax is met: past it blocks stand twice; and a walk that does not end is ended', async () => {
  const blocks = new MemoryBlocks()
  const film = blocks.file(seededBytes(4, 500), 100)
  const root = cidOfLink(
    blocks.folder([
      { name: 'a', link: film },
      { name: 'b', link: film },
    ]),
  )
  const resolved = await resolvePath(blocks.get, root, [], {})
  const count = async (bounds?: Partial<WalkBounds>) => {
    let all = 0
    const whole = { looksMax: dagEntriesMax, seenMax: 1_000, ...bounds }
    for await (const _ of dagBlocks(blocks.get, resolved, wholeDag, {}, whole)) all += 1
    return all
  }
  // The folder, the file's node and its five leaves.
  assert.equal(await count(), 7)
  assert.equal(await count({ seenMax: 7 }), 7)
  // Only the root is remembered: the file’s node and its leaves stand twice.
  assert.equal(await count({ seenMax: 1 }), 13)
  // The root, the file with its leaves, and a look at the file that was given already.
  assert.equal(await count({ looksMax: 8 }), 7)
  await assert.rejects(count({ looksMax: 7 }), withCode('ipfs_dag_too_large'))
})

test('blocksAheadMax is met: a reader that stops is not read ahead for without end', async () => {
  const blocks = new MemoryBlocks()
  const cid = cidOfLink(blocks.file(seededBytes(9, 20 * 100), 100))
  let leaves = 0
  const node = await readNode(blocks.get, cid, {})
  const counting: typeof blocks.get = (of) => {
    leaves += 1
    return blocks.get(of)
  }
  const reading = readFile(counting, node, { start: 0, end: 2_000 }, {})
  for (let chunk = 1; chunk <= 3; chunk++) {
    await reading.next()
    assert.equal(leaves, chunk + blocksAheadMax)
  }
  await reading.return()
  assert.equal(leaves, 3 + blocksAheadMax)
})

test('what is made wrong is refused', async () => {
  const blocks = new MemoryBlocks()
  const [leaf, other] = [blocks.put(utf8('leaf')), blocks.put(utf8('other'))]
  const { encode } = await import('@ipld/dag-pb')
  const { UnixFS } = await import('ipfs-unixfs')
  const file = (sizes: bigint[], cids: CID[]) =>
    blocks.put(
      encode({
        Data: new UnixFS({ type: 'file', blockSizes: sizes }).marshal(),
        Links: cids.map((Hash) => ({ Hash, Name: '', Tsize: 0 })),
      }),
      0x70,
    )
  const folder = (...names: string[]) =>
    encode({
      Data: new UnixFS({ type: 'directory' }).marshal(),
      Links: names.map((Name) => ({ Hash: leaf, Name, Tsize: 0 })),
    })
  // A part of another size than its parent says.
  await assert.rejects(contentOf(blocks, file([4n, 4n], [leaf, other])), withCode('ipfs_node_malformed'))
  await assert.rejects(contentOf(blocks, file([4n], [blocks.put(folder('a'), 0x70)])), withCode('ipfs_node_malformed'))
  const root = file([4n], [leaf])
  const wrong = [file([4n], [leaf, other]), blocks.put(folder('a/b'), 0x70), blocks.put(folder('..'), 0x70)]
  wrong.push(blocks.put(utf8('no node'), 0x70))
  for (const cid of wrong) await assert.rejects(readNode(blocks.get, cid, {}), withCode('ipfs_node_malformed'))
  assert.throws(() => decodeNode(strangeCid(0x71, 0x12), utf8('x')), withCode('cid_unsupported'))
  // `nodeNameBytesMax`, `nodeLinksMax`.
  assert.ok(decodeNode(root, folder('n'.repeat(nodeNameBytesMax))))
  assert.throws(() => decodeNode(root, folder('n'.repeat(nodeNameBytesMax + 1))), withCode('ipfs_node_malformed'))
  const link = Uint8Array.of(0x12, 2 + leaf.bytes.length, 0x0a, leaf.bytes.length, ...leaf.bytes)
  const links = concatBytes(...Array.from({ length: nodeLinksMax + 1 }, () => link))
  assert.throws(() => decodeNode(root, links), /too many links/)
  // A file that is its own part goes on for ever, if it could be made; here by a store that lies.
  const endless = file([4n], [root])
  const lying = { get: async () => (await blocks.get(endless)) as Uint8Array }
  const node = decodeNode(endless, await lying.get())
  await assert.rejects(async () => {
    for await (const _ of readFile(lying.get, node, { start: 0, end: 4 }, {}));
  }, withCode('ipfs_dag_too_large'))
})
