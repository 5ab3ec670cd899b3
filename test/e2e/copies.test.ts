// Copies of a share on other computers, as processes: they come to be, one that dies is made good elsewhere, and readers get
// everything from them alone.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Agreement, Contact, Share, ShareCopies } from '../../src/sdk/types.ts'
import type { Peer } from '../support/daemon.ts'
import { get, mebibyte, onlyObject, peersOf, sampleBytes, share, tree, until, writeFiles } from './support.ts'

const sampleFolder = { 'film.bin': 5 * mebibyte + 17, 'notes/one.txt': 12, 'notes/two.txt': 70_000 }

async function contactLinkOf(peer: Peer): Promise<string> {
  return onlyObject<Contact>(await peer.run('direct', 'link', '--json')).link
}

async function copiesOf(author: Peer, id: string): Promise<ShareCopies> {
  const { shares } = await author.client.copies.get()
  const found = shares.find(({ shareId }) => shareId === id)
  assert.ok(found !== undefined)
  return found
}

const holds = async (keeper: Peer, id: string) =>
  (await keeper.client.shares.list()).some((one) => one.id === id && one.state === 'ready')

test('two copies on three keepers: one is killed, the third takes over, and readers need no author', async (t) => {
  const peers = peersOf(t)
  const [author, reader, ...keepers] = await Promise.all([1, 2, 3, 4, 5].map(() => peers.start()))
  assert.ok(author !== undefined && reader !== undefined)
  const folder = writeFiles(join(peers.folder(), 'holiday'), sampleFolder)

  const link = await contactLinkOf(author)
  for (const keeper of keepers) {
    const agreed = await keeper.run('keep', '--for', link, '--up-to', '50MB', '--json')
    assert.equal(onlyObject<Agreement>(agreed).bytesMax, 50_000_000)
  }
  await until('everybody is known', async () => (await author.client.copies.get()).keepers.length === 3)
  const shared = await share(author, folder, '--copies', '2')
  await until('two copies', async () => (await copiesOf(author, shared.id)).alive === 2)
  const listed = await author.run('shares')
  assert.match(listed.stdout, /COPIES OF +ALIVE AND WHERE\nholiday +2 of 2: \S/)

  const there = await Promise.all(keepers.map((keeper) => holds(keeper, shared.id)))
  assert.equal(there.filter(Boolean).length, 2)
  const dead = keepers[there.indexOf(true)]
  const third = keepers[there.indexOf(false)]
  assert.ok(dead !== undefined && third !== undefined)
  const killedMs = performance.now()
  await dead.kill()
  await until('the third has it', () => holds(third, shared.id), 60_000)
  await until('two are alive again', async () => (await copiesOf(author, shared.id)).alive === 2, 10_000)
  assert.ok(performance.now() - killedMs < 60_000)
  const [row] = onlyObject<(Share & { copies: ShareCopies })[]>(await author.run('shares', '--json'))
  assert.deepEqual(
    row?.copies.where.map(({ standing }) => standing),
    ['alive', 'alive', 'lost'],
  )

  // The link of now names those who have it.
  const { link: present } = await author.client.shares.get(shared.id)
  await author.stop()
  const done = await get(reader, present ?? '', peers.folder())
  assert.deepEqual(tree(done.path), tree(folder))
})

test('a new version is followed, what has no room is refused, and what is ended is deleted', async (t) => {
  const peers = peersOf(t)
  const [author, keeper] = await Promise.all([peers.start(), peers.start()])
  const file = join(peers.folder(), 'film.bin')
  writeFileSync(file, sampleBytes('film', 2 * mebibyte))
  await keeper.run('keep', '--for', await contactLinkOf(author), '--up-to', '3MB')
  const shared = await share(author, file, '--copies', '1')
  await until('a copy', async () => (await copiesOf(author, shared.id)).alive === 1)

  writeFileSync(file, sampleBytes('another film', 2 * mebibyte + 500))
  const follows = async () => (await copiesOf(author, shared.id)).where[0]
  await until('the new version', async () => {
    const copy = await follows()
    return copy?.sequence === 2 && copy.standing === 'alive'
  })
  const [agreement] = onlyObject<Agreement[]>(await keeper.run('keep', '--for', '--json'))
  assert.ok(agreement !== undefined && agreement.copies === 1)
  assert.ok(agreement.bytes > 2 * mebibyte && agreement.bytes <= 3_000_000)

  writeFileSync(file, sampleBytes('a long film', 4 * mebibyte))
  await until('it is refused', async () => (await follows())?.standing === 'refused')
  const [kept] = await keeper.client.shares.list()
  assert.deepEqual([kept?.sequence, kept?.state], [2, 'ready'], 'nothing of the version that did not fit')

  const ended = await keeper.run('keep', '--for', agreement.person, '--stop')
  assert.match(ended.stdout, /^Nothing is kept for .* any more\.\n$/)
  assert.deepEqual(await keeper.client.shares.list(), [])
  assert.deepEqual(await keeper.client.transfers.list(), [])
  await until('the author knows', async () => (await author.client.copies.get()).keepers.length === 0, 30_000)
})
