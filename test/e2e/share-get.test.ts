// Peers as separate processes share and fetch files and folders, over real sockets on loopback.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { formatLink } from '../../src/content/format/link.ts'
import { craftShare } from '../../src/content/library/testing.ts'
import { counter, fileHash, get, mebibyte, peersOf, sampleBytes, share, tree, until, writeFiles } from './support.ts'

const sampleFolder = {
  'film.bin': 3 * mebibyte + 17,
  'notes/one.txt': 12,
  'notes/deep/two.txt': 70_000,
  'notes/empty.txt': 0,
}

for (const visibility of ['private', 'public'] as const) {
  test(`two peers: a ${visibility} file and a folder arrive whole`, async (t) => {
    const peers = peersOf(t)
    const [author, reader] = await Promise.all([peers.start(), peers.start()])
    const flags = visibility === 'public' ? ['--public'] : []
    const folder = writeFiles(join(peers.folder(), 'holiday'), sampleFolder)
    const to = peers.folder()

    const wholeFolder = await share(author, folder, ...flags)
    assert.equal(wholeFolder.files, 4)
    const done = await get(reader, wholeFolder.link, to)
    assert.equal(done.path, join(to, 'holiday'))
    assert.equal(done.bytes, wholeFolder.bytes)
    assert.deepEqual(tree(done.path), tree(folder))

    const oneFile = await share(author, join(folder, 'film.bin'), ...flags)
    const single = await get(reader, oneFile.link, to)
    assert.equal(single.path, join(to, 'film.bin'))
    assert.equal(fileHash(single.path), fileHash(join(folder, 'film.bin')))
  })
}

test('--only fetches just what matches', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const folder = writeFiles(join(peers.folder(), 'holiday'), sampleFolder)
  const { link } = await share(author, folder)
  const done = await get(reader, link, peers.folder(), '--only', '*.txt')
  assert.deepEqual(Object.keys(tree(done.path)), ['notes/deep/two.txt', 'notes/empty.txt', 'notes/one.txt'])
  assert.equal(done.bytes, 70_012)
})

test('four peers: three fetch at once and give to each other', async (t) => {
  const peers = peersOf(t)
  const [author, ...readers] = await Promise.all([peers.start(), peers.start(), peers.start(), peers.start()])
  const file = join(peers.folder(), 'film.bin')
  writeFileSync(file, sampleBytes('film', 24 * mebibyte))
  const { link } = await share(author, file)
  const gets = await Promise.all(readers.map((reader) => get(reader, link, peers.folder())))
  for (const done of gets) assert.equal(fileHash(done.path), fileHash(file))
})

test('a new version fetches only the blocks that changed', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const folder = writeFiles(join(peers.folder(), 'work'), { 'big.bin': 8 * mebibyte, 'small.txt': 100 })
  const first = await share(author, folder)
  const to = peers.folder()
  await get(reader, first.link, to)

  const sentBefore = await counter(author, 'transfer_bytes_out')
  // One block of eight.
  const changed = sampleBytes('sample big.bin', 8 * mebibyte)
  sampleBytes('other', mebibyte).copy(changed, 3 * mebibyte)
  writeFileSync(join(folder, 'big.bin'), changed)
  await until('the new version', async () => (await author.client.shares.get(first.id)).sequence === 2)

  const done = await get(reader, first.link, to)
  assert.deepEqual(tree(done.path), tree(folder))
  assert.equal(done.bytesReused, done.bytes - mebibyte)
  const sent = (await counter(author, 'transfer_bytes_out')) - sentBefore
  assert.ok(sent >= mebibyte && sent < 1.2 * mebibyte, `${sent} bytes were sent`)
})

test('a keeper serves on what its author no longer can, and cannot read it', async (t) => {
  const peers = peersOf(t)
  const [author, keeper, reader] = await Promise.all([peers.start(), peers.start(), peers.start()])
  const folder = writeFiles(join(peers.folder(), 'holiday'), sampleFolder)
  const shared = await share(author, folder)
  assert.ok(shared.keepLink !== null)
  const kept = await keeper.run('keep', shared.keepLink, '--json')
  assert.equal(kept.code, 0, kept.stdout + kept.stderr)
  await author.stop()

  const [view] = await keeper.client.shares.list()
  assert.equal(view?.name, null)
  assert.equal(view?.state, 'ready')
  await assert.rejects(keeper.client.shares.files(shared.id), { code: 'share_not_readable' })

  const [keeperAddress = ''] = keeper.addresses
  await reader.client.peers.connect({ address: keeperAddress })
  const done = await get(reader, shared.link, peers.folder())
  assert.deepEqual(tree(done.path), tree(folder))
})

test('a link without addresses is found through the DHT of a bootstrap peer', async (t) => {
  const peers = peersOf(t)
  const first = await peers.start()
  const [bootstrap = ''] = first.addresses
  const args = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-upnp', '--bootstrap', bootstrap]
  const [author, reader] = await Promise.all([peers.start({ args }), peers.start({ args })])
  const isConnected = async (peer: typeof author) => (await peer.client.status()).peersConnected > 0
  await until('both to be connected', async () => (await isConnected(author)) && (await isConnected(reader)))

  const folder = writeFiles(join(peers.folder(), 'holiday'), { 'a.txt': 1000 })
  const { link } = await share(author, folder)
  const done = await get(reader, await withoutPeers(link), peers.folder())
  assert.deepEqual(tree(done.path), tree(folder))
})

/** The same link with nobody named in it. */
async function withoutPeers(link: string): Promise<string> {
  const { formatLink, parseLink } = await import('../../src/content/format/link.ts')
  return formatLink({ ...parseLink(link), peers: [] })
}

test('a share and its link survive a restart of the daemon', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const folder = writeFiles(join(peers.folder(), 'holiday'), sampleFolder)
  const { link, id } = await share(author, folder)
  const code = await author.stop()
  assert.equal(code, 0)
  const again = await peers.restart(author)
  assert.equal(again.peerId, author.peerId)
  assert.deepEqual(again.addresses, author.addresses)
  const ready = await again.client.shares.ready(id)
  assert.equal(ready.sequence, 1)
  const done = await get(reader, link, peers.folder())
  assert.deepEqual(tree(done.path), tree(folder))
})

test('what was fetched is served on, by the same link', async (t) => {
  const peers = peersOf(t)
  const [author, second, third] = await Promise.all([peers.start(), peers.start(), peers.start()])
  const folder = writeFiles(join(peers.folder(), 'holiday'), sampleFolder)
  const { link } = await share(author, folder)
  await get(second, link, peers.folder())
  const [fetched] = await second.client.shares.list()
  assert.ok(fetched?.link)
  await author.stop()
  mkdirSync(join(third.home, 'in'))
  const done = await get(third, fetched.link, join(third.home, 'in'))
  assert.deepEqual(tree(done.path), tree(folder))
})

test('a file is not called unknown before the list of files is here', async (t) => {
  const peers = peersOf(t)
  const reader = await peers.start()
  const { link } = craftShare([{ name: 'a.txt', content: Buffer.from('nobody has it') }])
  const { id } = await reader.client.transfers.add({ link: formatLink(link), to: peers.folder() })
  await assert.rejects(reader.client.openContent({ transfer: id }, 'a.txt'), { code: 'file_not_here' })
})

test('what is dropped on the page is shared from the data folder, and read back by ranges', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const film = sampleBytes('dropped', 2 * mebibyte + 5)
  const begun = await author.client.uploads.share([
    { path: 'trip/film.mp4', body: film },
    { path: 'trip/notes/a.txt', body: Buffer.from('hello') },
  ])
  const shared = await author.client.shares.ready(begun.id)
  assert.equal(shared.path, join(author.home, 'dropped', 'trip'))
  assert.ok(shared.link !== null)

  const begunGet = await reader.client.transfers.add({ link: shared.link, to: peers.folder() })
  const range = { start: mebibyte - 2, end: mebibyte + 2 }
  await until('the list of files', async () => (await reader.client.transfers.files(begunGet.id)).total > 0)
  const sources = [
    [author, { share: shared.id }],
    [reader, { transfer: begunGet.id }],
  ] as const
  for (const [peer, of] of sources) {
    const { bytes, mediaType, body } = await peer.client.openContent(of, 'film.mp4', range)
    assert.deepEqual([bytes, mediaType], [film.length, 'video/mp4'])
    assert.deepEqual(Buffer.from(await new Response(body).arrayBuffer()), film.subarray(range.start, range.end))
    await assert.rejects(peer.client.openContent(of, 'none'), { code: 'file_unknown', kind: 'not-found' })
  }
  await reader.client.transfers.finished(begunGet.id)
  const { files } = await reader.client.shares.files(shared.id)
  assert.deepEqual(files.map(({ path, bytesDone }) => [path, bytesDone]).sort(), [
    ['film.mp4', film.length],
    ['notes/a.txt', 5],
  ])
})

test('a dropped copy goes when it is shared no more, a file shared by its path stays', async (t) => {
  const peers = peersOf(t)
  const author = await peers.start()
  const begun = await author.client.uploads.share([{ path: 'trip/a.txt', body: Buffer.from('hello') }])
  const dropped = await author.client.shares.ready(begun.id)
  const file = join(peers.folder(), 'own.txt')
  writeFileSync(file, 'mine')
  const own = await share(author, file)
  for (const id of [dropped.id, own.id]) assert.equal((await author.run('unshare', id)).code, 0)
  assert.deepEqual(readdirSync(join(author.home, 'dropped')), ['.unfinished'])
  assert.ok(existsSync(file))

  // What a SIGKILL left: the copy is there, its share is not.
  const second = await author.client.uploads.share([{ path: 'b.txt', body: Buffer.from('hello') }])
  await author.client.shares.ready(second.id)
  await author.kill()
  const database = new DatabaseSync(join(author.home, 'peerhood.db'))
  database.exec('DELETE FROM library_holdings')
  database.close()
  await peers.restart(author)
  assert.deepEqual(readdirSync(join(author.home, 'dropped')), ['.unfinished'])
})
