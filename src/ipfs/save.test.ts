// What a DAG becomes on disk: names made safe, nothing overwritten, nothing half, and what was there taken over.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import { utf8 } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { readTree, seededBytes, tempFolder } from '../content/library/testing.ts'
import type { GetBlock } from './blocks.ts'
import { blocksUnderWayMax, dagDepthMax } from './limits.ts'
import { type SaveBounds, saveDag } from './save.ts'
import { cidOfLink, MemoryBlocks } from './testing.ts'

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code

function save(
  get: GetBlock,
  cid: CID,
  to: string,
  signal = new AbortController().signal,
  bounds: SaveBounds | undefined = undefined,
) {
  return saveDag({ get, cid, to, name: 'got', signal, onProgress() {} }, bounds)
}

test('a folder with names that no disk should bear', async (t) => {
  const blocks = new MemoryBlocks()
  const link = blocks.file(utf8('x'))
  const names = ['con', 'a:b', 'A', 'a', 'fine.txt', 'dots..', '.peerhood-x']
  const root = blocks.folder([...names.map((name) => ({ name, link })), { name: 'void', link: blocks.folder([]) }])
  const saved = await save(blocks.get, cidOfLink(root), tempFolder(t))
  const on = readdirSync(saved.path)
  assert.equal(on.length, names.length + 1)
  assert.ok(on.includes('fine.txt') && on.includes('void'))
  assert.ok(!on.some((name) => /[:]|^con$|^\.peerhood|\.$/.test(name)), on.join(' '))
  assert.equal(new Set(on.map((name) => name.toLowerCase())).size, on.length)
})

test('a name twice, a symbolic link, folders without end', async (t) => {
  const blocks = new MemoryBlocks()
  const leaf = blocks.put(utf8('leaf'))
  const folder = (...links: { Name: string; Hash: CID }[]) =>
    blocks.put(
      encode({
        Data: new UnixFS({ type: 'directory' }).marshal(),
        Links: links.map((link) => ({ ...link, Tsize: 0 })),
      }),
      0x70,
    )
  const to = tempFolder(t)
  const twice = folder({ Name: 'a', Hash: leaf }, { Name: 'a', Hash: leaf })
  await assert.rejects(save(blocks.get, twice, to), withCode('ipfs_node_malformed'))
  const symlink = blocks.put(
    encode({ Data: new UnixFS({ type: 'symlink', data: utf8('/etc/passwd') }).marshal(), Links: [] }),
    0x70,
  )
  const saved = await save(blocks.get, folder({ Name: 'a', Hash: leaf }, { Name: 'b', Hash: symlink }), to)
  assert.deepEqual([saved.left, readdirSync(saved.path)], [1, ['a']])
  let deep = leaf
  for (let level = 0; level < dagDepthMax + 2; level++) deep = folder({ Name: 'd', Hash: deep })
  await assert.rejects(save(blocks.get, deep, tempFolder(t)), withCode('ipfs_dag_too_large'))
})

test('what is there is not overwritten, and a failure leaves no half a file under its name', async (t) => {
  const blocks = new MemoryBlocks()
  const cid = cidOfLink(blocks.file(seededBytes(5, 10_000), 1_000))
  const to = tempFolder(t)
  writeFileSync(join(to, 'got'), 'mine')
  await assert.rejects(save(blocks.get, cid, to), withCode('ipfs_target_taken'))
  assert.equal(readFileSync(join(to, 'got'), 'utf8'), 'mine')

  const elsewhere = tempFolder(t)
  let left = 5
  const failing: GetBlock = (of) => {
    if (left-- === 0) throw new Error('a defect')
    return blocks.get(of)
  }
  await assert.rejects(save(failing, cid, elsewhere))
  assert.ok(!existsSync(join(elsewhere, 'got')))
  const stopped = AbortSignal.abort(new Error('enough'))
  await assert.rejects(save(blocks.get, cid, elsewhere, stopped), /enough/)
  assert.deepEqual(
    readdirSync(elsewhere).filter((name) => !name.startsWith('.peerhood-ipfs-')),
    [],
  )
})

test('an earlier try is gone on from where its bytes are right, and only there', async (t) => {
  const blocks = new MemoryBlocks()
  const content = seededBytes(6, 10_000)
  const cid = cidOfLink(blocks.file(content, 1_000))
  const to = tempFolder(t)
  const work = join(to, `.peerhood-ipfs-${cid}`)
  mkdirSync(work)
  const earlier = Buffer.concat([content.subarray(0, 4_500), Buffer.alloc(20_000)])
  writeFileSync(join(work, 'content'), earlier)
  let asked = 0
  const counting: GetBlock = (of) => {
    asked += 1
    return blocks.get(of)
  }
  const saved = await save(counting, cid, to)
  assert.deepEqual([saved.bytesReused, saved.bytesDone, asked], [4_000, 10_000, 1 + 6])
  assert.deepEqual(readFileSync(saved.path), Buffer.from(content))
  assert.deepEqual(readdirSync(to), ['got'])
  assert.deepEqual(Object.keys(readTree(to)), ['got'])
})

test('dagEntriesMax and dagWaitingMax are met, in one folder and in many', async (t) => {
  const blocks = new MemoryBlocks()
  const link = blocks.file(utf8('x'))
  const folder = (count: number) => {
    const names = Array.from({ length: count }, (_, number) => `${number}`)
    return blocks.folder(names.map((name) => ({ name, link })))
  }
  const six = cidOfLink(folder(6))
  const two = folder(2)
  const nested = cidOfLink(
    blocks.folder([
      { name: 'a', link: two },
      { name: 'b', link: two },
    ]),
  )
  const within = (cid: CID, entriesMax: number, waitingMax: number) =>
    save(blocks.get, cid, tempFolder(t), undefined, { entriesMax, waitingMax })
  // The folder counts, too.
  assert.equal((await within(six, 7, 6)).files, 6)
  await assert.rejects(within(six, 6, 6), withCode('ipfs_dag_too_large'))
  await assert.rejects(within(six, 5, 6), withCode('ipfs_dag_too_large'))
  await assert.rejects(within(six, 7, 5), withCode('ipfs_dag_too_large'))
  assert.equal((await within(nested, 7, 100)).files, 4)
  await assert.rejects(within(nested, 6, 100), withCode('ipfs_dag_too_large'))
  // A file's parts wait as well.
  const film = cidOfLink(blocks.file(seededBytes(7, 5_000), 1_000))
  assert.equal((await within(film, 1, 5)).bytesDone, 5_000)
  await assert.rejects(within(film, 1, 4), withCode('ipfs_dag_too_large'))
})

test('blocksUnderWayMax is met: so many blocks are asked for at once, and no more', async (t) => {
  const blocks = new MemoryBlocks()
  const content = seededBytes(8, 100 * (blocksUnderWayMax + 20))
  const cid = cidOfLink(blocks.file(content, 100))
  let [underWay, most] = [0, 0]
  const waiting: (() => void)[] = []
  const get: GetBlock = async (of) => {
    most = Math.max(most, ++underWay)
    if (!of.equals(cid)) {
      // The first that are asked for wait for the last of them.
      if (underWay === blocksUnderWayMax) for (const go of waiting.splice(0)) go()
      else if (most < blocksUnderWayMax) await new Promise<void>((resolve) => waiting.push(resolve))
      await new Promise((resolve) => setImmediate(resolve))
    }
    underWay -= 1
    return blocks.get(of)
  }
  const saved = await save(get, cid, tempFolder(t))
  assert.deepEqual([saved.bytesDone, most], [content.length, blocksUnderWayMax])
})
