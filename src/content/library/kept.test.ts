import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { toHex } from '../../base/bytes.ts'
import { parseLink } from '../format/link.ts'
import { storedInDatabaseBytesMax } from './limits.ts'
import { get, openComputer, readTree, seededBytes, settledUntil, tempFolder, transfer, writeTree } from './testing.ts'

const tree = {
  'a.bin': seededBytes(1, 2_500_000),
  'edge.bin': seededBytes(2, storedInDatabaseBytesMax - 48),
  'over.bin': seededBytes(3, storedInDatabaseBytesMax - 47),
  'b.txt': 'b',
}

test('a private share is kept with a keep link, served on, and survives a restart', async (context) => {
  const folder = tempFolder(context)
  writeTree(join(folder, 'root'), tree)
  const author = await openComputer(context, join(folder, 'author'))
  const shared = await author.share(join(folder, 'root'))
  const { keepLink } = author.shares.link(shared.id, [])
  const link = parseLink(keepLink ?? '')
  assert.equal(link.secret, undefined)
  const keeper = await openComputer(context, join(folder, 'keeper'))
  const kept = await keeper.library.openKept({ link, recordBytes: shared.holding.recordBytes })
  assert.equal(await transfer(shared.holding, kept), shared.holding.record.blocks)
  assert.equal(kept.complete, true)
  assert.equal(await keeper.library.openKept({ link, recordBytes: shared.holding.recordBytes }), kept)
  // Three leaves of a.bin and the one past the limit are files; edge.bin, b.txt and two nodes are in the database.
  assert.equal(readdirSync(join(keeper.home, 'blocks', shared.id)).length, 4)
  await keeper.stop()

  const again = await openComputer(context, join(folder, 'keeper'))
  const holding = again.library.byShare(shared.id)
  assert.equal(holding?.complete, true)
  const [facts] = again.library.facts()
  assert.deepEqual(
    [facts?.origin, facts?.state, facts?.readable, facts?.name, facts?.path],
    ['kept', 'ready', false, undefined, undefined],
  )
  assert.equal(facts?.cid, author.shares.get(shared.id).cid)
  assert.deepEqual(parseLink(again.library.link(shared.id, []).link), link)
  assert.ok(holding)
  const reader = await openComputer(context, join(folder, 'reader'))
  const { path } = await get(reader, { link: shared.link, holding }, join(folder, 'to'))
  assert.deepEqual(readTree(path), readTree(join(folder, 'root')))

  await again.library.removeHolding(shared.id)
  assert.equal(again.library.byShare(shared.id), undefined)
  assert.equal(existsSync(join(again.home, 'blocks', shared.id)), false)
  await assert.rejects(again.library.removeHolding(shared.id), { code: 'share_unknown' })
})

test('no secret and no plain byte of a kept private share is on the keeper’s disk', async (context) => {
  const folder = tempFolder(context)
  const secretText = 'the only copy of a very particular sentence'
  writeTree(join(folder, 'root'), { 'particular-name.txt': secretText.repeat(1000) })
  const author = await openComputer(context, join(folder, 'author'))
  const shared = await author.share(join(folder, 'root'))
  const keeper = await openComputer(context, join(folder, 'keeper'))
  // Even from a link that could read it.
  const kept = await keeper.library.openKept({ link: shared.link, recordBytes: shared.holding.recordBytes })
  await transfer(shared.holding, kept)
  await keeper.stop()
  const names = readdirSync(keeper.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  assert.ok(names.length >= 2)
  for (const entry of names) {
    const bytes = readFileSync(join(entry.parentPath, entry.name))
    assert.equal(bytes.includes(secretText), false)
    assert.equal(bytes.includes('particular-name'), false)
    assert.equal(bytes.includes(Buffer.from(shared.link.secret ?? [])), false)
  }
})

test('wrong blocks are refused; one that the disk damaged is noticed and taken again', async (context) => {
  const folder = tempFolder(context)
  writeTree(join(folder, 'root'), tree)
  const author = await openComputer(context, join(folder, 'author'))
  const shared = await author.share(join(folder, 'root'))
  const keeper = await openComputer(context, join(folder, 'keeper'))
  const kept = await keeper.library.openKept({ link: shared.link, recordBytes: shared.holding.recordBytes })
  const right = await shared.holding.readBlock(3)
  await assert.rejects(kept.putBlock(3, right), { code: 'block_not_wanted' })
  await kept.putPage(0, shared.holding.inventory?.page(0) ?? new Uint8Array())
  const wrong = right.slice()
  wrong[0] = (wrong[0] ?? 0) ^ 1
  await assert.rejects(kept.putBlock(3, wrong), { code: 'block_hash_wrong' })
  await assert.rejects(kept.putBlock(3, right.subarray(1)), { code: 'block_hash_wrong' })
  await assert.rejects(kept.readBlock(3), { code: 'block_not_here' })
  await transfer(shared.holding, kept)
  const { inventory } = kept
  const large = Array.from({ length: kept.record.blocks }, (_, index) => index).find(
    (index) => (inventory?.length(index) ?? 0) > 1_000_000,
  )
  assert.ok(inventory !== undefined && large !== undefined)
  writeFileSync(join(keeper.home, 'blocks', shared.id, toHex(inventory.digest(large))), 'damaged')
  const events: string[] = []
  kept.on(({ type }) => events.push(type))
  await assert.rejects(kept.readBlock(large), { code: 'block_changed' })
  assert.equal(kept.have.has(large), false)
  assert.deepEqual(events, ['wanted'], 'whoever fetches it is told')
  assert.equal(await transfer(shared.holding, kept), 1)
  await kept.readBlock(large)
})

test('a newer version takes over the blocks that it has in common, and drops the others', async (context) => {
  const folder = tempFolder(context)
  writeTree(join(folder, 'root'), tree)
  const author = await openComputer(context, join(folder, 'author'))
  const shared = await author.share(join(folder, 'root'), 'public')
  const keeper = await openComputer(context, join(folder, 'keeper'))
  const first = await keeper.library.openKept({ link: shared.link, recordBytes: shared.holding.recordBytes })
  await transfer(shared.holding, first)
  const events: string[] = []
  first.on(({ type }) => events.push(type))
  keeper.library.on(({ type }) => events.push(type))
  writeTree(join(folder, 'root'), { 'over.bin': seededBytes(4, 20_000), 'b.txt': 'changed' })
  await settledUntil(author, shared.id, ({ sequence }) => sequence === 2)
  const next = author.library.byShare(shared.id)
  assert.ok(next)
  const second = await keeper.library.openKept({ link: shared.link, recordBytes: next.recordBytes })
  assert.deepEqual(events, ['superseded', 'removed', 'added'])
  // Root, over.bin, b.txt.
  assert.equal(await transfer(next, second), 3)
  assert.equal(readdirSync(join(keeper.home, 'blocks', shared.id)).length, 4)
  await assert.rejects(keeper.library.openKept({ link: shared.link, recordBytes: shared.holding.recordBytes }), {
    code: 'record_outdated',
  })
  assert.equal(keeper.library.facts()[0]?.name, 'root')
})

test('a version that was replaced takes no page and no block any more: its row is the next one’s', async (context) => {
  const folder = tempFolder(context)
  writeTree(join(folder, 'root'), tree)
  const author = await openComputer(context, join(folder, 'author'))
  const shared = await author.share(join(folder, 'root'), 'public')
  const page = shared.holding.inventory?.page(0) ?? new Uint8Array()
  const keeper = await openComputer(context, join(folder, 'keeper'))
  const first = await keeper.library.openKept({ link: shared.link, recordBytes: shared.holding.recordBytes })
  writeTree(join(folder, 'root'), { 'b.txt': 'changed' })
  await settledUntil(author, shared.id, ({ sequence }) => sequence === 2)
  const next = author.library.byShare(shared.id)
  assert.ok(next)
  const second = await keeper.library.openKept({ link: shared.link, recordBytes: next.recordBytes })
  await transfer(next, second)
  await assert.rejects(first.putPage(0, page), { code: 'block_not_wanted' })
  await assert.rejects(first.putBlock(0, page), { code: 'block_not_wanted' })
  await keeper.stop()
  const again = await openComputer(context, join(folder, 'keeper'))
  assert.equal(again.library.byShare(shared.id)?.complete, true)
})

test('one share that is kept twice at once is one copy', async (context) => {
  const folder = tempFolder(context)
  writeTree(join(folder, 'root'), tree)
  const author = await openComputer(context, join(folder, 'author'))
  const shared = await author.share(join(folder, 'root'))
  const keeper = await openComputer(context, join(folder, 'keeper'))
  const request = { link: shared.link, recordBytes: shared.holding.recordBytes }
  const opened = await Promise.all(Array.from({ length: 4 }, () => keeper.library.openKept(request)))
  assert.equal(new Set(opened).size, 1)
  assert.equal(keeper.library.holdings().length, 1)
})

test('discarded, a copy that was never complete goes; one that was complete stays, also on its way to a newer version', async (context) => {
  const folder = tempFolder(context)
  writeTree(join(folder, 'root'), tree)
  const author = await openComputer(context, join(folder, 'author'))
  const shared = await author.share(join(folder, 'root'), 'public')
  const keeper = await openComputer(context, join(folder, 'keeper'))
  const keep = (recordBytes: Uint8Array) => keeper.library.openKept({ link: shared.link, recordBytes })
  const first = await keep(shared.holding.recordBytes)
  await first.putPage(0, shared.holding.inventory?.page(0) ?? new Uint8Array())
  await first.putBlock(2, await shared.holding.readBlock(2))
  const blocks = join(keeper.home, 'blocks', shared.id)
  assert.equal(readdirSync(blocks).length, 1)
  await keeper.library.discardKept(shared.id)
  assert.equal(existsSync(blocks), false)
  assert.deepEqual([keeper.library.byShare(shared.id), keeper.library.facts()], [undefined, []])
  await keeper.library.discardKept(shared.id)

  const second = await keep(shared.holding.recordBytes)
  await transfer(shared.holding, second)
  await keeper.library.discardKept(shared.id)
  assert.equal(keeper.library.byShare(shared.id), second)
  writeTree(join(folder, 'root'), { 'b.txt': 'changed' })
  await settledUntil(author, shared.id, ({ sequence }) => sequence === 2)
  const next = author.library.byShare(shared.id)
  assert.ok(next)
  const third = await keep(next.recordBytes)
  assert.equal(third.complete, false)
  await keeper.library.discardKept(shared.id)
  assert.equal(keeper.library.byShare(shared.id), third)
})
