// Which pages of a new version's inventory need not come from a peer, because another version here has them.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeInventory, type InventoryEntry } from '../format/inventory.ts'
import { asDigest, deriveKeys, generateShareKeys } from '../format/keys.ts'
import { inventoryPageEntries } from '../format/limits.ts'
import { sealMeta } from '../format/meta.ts'
import { signRecord } from '../format/record.ts'
import { createSealer } from '../format/seal.ts'
import { numbersPerStep } from '../format/steps.ts'
import {
  eachTurn,
  get,
  hastyClock,
  nextVersion,
  openComputer,
  openGet,
  tempFolder,
  testRandom,
  writeTree,
} from './testing.ts'

const blocks = 2 * inventoryPageEntries + 5

/** Signed versions of a share of which nothing but the list of blocks exists; each changes one entry of the one before. */
function craftVersions(changed: readonly number[]) {
  const { share, signingSeed } = generateShareKeys(testRandom)
  const keys = { share, visibility: 'public' as const, secret: undefined }
  const link = { kind: 'read' as const, ...keys, ...deriveKeys(keys), peers: [] }
  const meta = {
    name: 'many',
    kind: 'folder',
    rootCodec: 0x70,
    nodes: 1,
    files: blocks - 1,
    bytes: blocks - 1,
  } as const
  const entry = (): InventoryEntry => ({ digest: asDigest(testRandom.bytes(32)), length: 1 })
  const entries = Array.from({ length: blocks }, entry)
  const versions = [undefined, ...changed].map((index, at) => {
    if (index !== undefined) entries[index] = entry()
    const { pages, digests } = encodeInventory(entries)
    const record = { share, visibility: keys.visibility, sequence: at + 1, pages: digests, blocks, bytes: blocks }
    const whole = { ...record, meta: sealMeta(meta, createSealer(keys)), createdMs: 0 }
    return { pages, recordBytes: signRecord(whole, signingSeed) }
  })
  return { link, versions }
}

test('pages that did not change are taken from another version, and only those', async (context) => {
  const folder = tempFolder(context)
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  for (const to of [a, b]) mkdirSync(to)
  const reader = await openComputer(context, join(folder, 'reader'))
  const { link, versions } = craftVersions([inventoryPageEntries + 7, 3])
  const open = (version: number, to: string) => {
    const recordBytes = versions[version]?.recordBytes
    assert.ok(recordBytes)
    return reader.library.openFetched({ link, recordBytes, to, only: undefined })
  }
  const pagesOf = (holding: { hasPage(page: number): boolean }) => [0, 1, 2].filter((page) => holding.hasPage(page))

  const first = await open(0, a)
  assert.deepEqual(pagesOf(first), [])
  for (const [page, bytes] of (versions[0]?.pages ?? []).entries()) await first.putPage(page, bytes)
  const second = await open(1, b)
  assert.deepEqual(pagesOf(second), [0, 2])
  await second.putPage(1, versions[1]?.pages[1] ?? new Uint8Array())
  assert.equal(second.inventory?.count, blocks)
  // A get that is overtaken: all pages of its own are gone, and what others have is taken again.
  assert.deepEqual(pagesOf(await open(2, b)), [2])
})

test('a list of many blocks is taken up in many turns of the event loop', async (context) => {
  const folder = tempFolder(context)
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  for (const to of [a, b]) mkdirSync(to)
  const reader = await openComputer(context, join(folder, 'reader'), { clock: hastyClock() })
  const { link, versions } = craftVersions([])
  const [version] = versions
  assert.ok(version)
  const open = (to: string) =>
    reader.library.openFetched({ link, recordBytes: version.recordBytes, to, only: undefined })
  const first = await open(a)
  const [last, ...others] = version.pages.entries()
  for (const [page, bytes] of others) await first.putPage(page, bytes)
  // Read, counted and moved by each of four bytes, and compared, some ten thousand at a time.
  const turnsMin = (10 * blocks) / numbersPerStep
  assert.ok(last !== undefined && (await eachTurn(first.putPage(...last))) > turnsMin)
  assert.equal(first.inventory?.count, blocks)
  assert.ok((await eachTurn(open(b))) > turnsMin)
})

for (const has of ['another version', 'nothing'] as const) {
  test(`with ${has} of a share here, peers are told ${has === 'nothing' ? 'at once' : 'later'} which nodes are wanted`, async (context) => {
    const folder = tempFolder(context)
    const [root, to] = [join(folder, 'root'), join(folder, 'to')]
    writeTree(root, { 'a/1.txt': '1', 'b/2.txt': '2' })
    mkdirSync(to)
    const author = await openComputer(context, join(folder, 'author'))
    const reader = await openComputer(context, join(folder, 'reader'))
    let shared = await author.share(root, 'public')
    if (has === 'another version') {
      await get(reader, shared, to)
      writeFileSync(join(root, 'b/2.txt'), 'changed')
      shared = await nextVersion(author, shared)
    }
    const holding = await openGet(reader, shared, to)
    const told: number[] = []
    holding.on(({ type }) => {
      if (type === 'inventory') told.push(holding.have.ones)
    })
    assert.ok(shared.holding.inventory)
    await holding.putPage(0, shared.holding.inventory.page(0))
    // The folder "a" is as it was, so nobody is asked for it.
    assert.deepEqual(told, [has === 'nothing' ? 0 : 1])
  })
}
