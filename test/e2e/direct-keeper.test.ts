// Two persons in a conversation of two who are never online together reach each other through a keeper that can't read it.
// By command line, as a person would name one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Peer } from '../support/daemon.ts'
import { peersOf, until } from './support.ts'

const general = '0'.repeat(32)
const patienceMs = 60_000

async function texts(peer: Peer, id: string): Promise<string[]> {
  const page = await peer.client.chat.messages(id, general, { limit: 200 }).catch(() => ({ messages: [] }))
  return page.messages.map(({ text }) => text)
}

const reads = (peer: Peer, id: string, ...expected: string[]) =>
  until(`“${expected.at(-1)}”`, async () => (await texts(peer, id)).join() === expected.join(), patienceMs)

test('a computer that agreed to keep for a person holds their conversations by itself', async (t) => {
  const peers = peersOf(t)
  const [ada, ben, keeper] = await Promise.all([peers.start(), peers.start(), peers.start()])
  const { link: adas } = await ada.client.direct.contact()
  assert.equal((await keeper.run('keep', '--for', adas, '--up-to', '1GB')).code, 0)
  const { link } = await ben.client.direct.contact()
  const { community: id } = await ada.client.direct.ask({ to: link, memberName: 'Ada', text: 'Hello' })
  const request = await until('a request', async () => (await ben.client.direct.requests())[0], patienceMs)
  await ben.client.direct.accept(request.id, { memberName: 'Ben' })
  await until(
    'Ben knows of it',
    async () => (await ben.client.communities.keepers(id).catch(() => [])).length === 1,
    patienceMs,
  )
  assert.equal((await keeper.client.communities.get(id)).phase, 'keeping')
  assert.match((await ada.run('direct', 'keepers')).stdout, /^on: held by /)

  await ben.stop()
  await ada.client.chat.send(id, general, { text: 'for later' })
  const { entries } = await ada.client.communities.get(id)
  await until('it is held', async () => (await keeper.client.communities.get(id)).entries >= entries, patienceMs)
  await ada.stop()
  const benAgain = await peers.restart(ben)
  await reads(benAgain, id, 'Hello', 'for later')
})

test('two who are never online together talk through a keeper, which can read nothing', async (t) => {
  const peers = peersOf(t)
  const [ada, ben, keeper] = await Promise.all([peers.start(), peers.start(), peers.start()])
  const { link } = await ben.client.direct.contact()
  const { community: id } = await ada.client.direct.ask({ to: link, memberName: 'Ada', text: 'Hello' })
  const request = await until('a request', async () => (await ben.client.direct.requests())[0], patienceMs)
  await ben.client.direct.accept(request.id, { memberName: 'Ben' })
  await reads(ben, id, 'Hello')

  // Either of the two may name one; the conversation is called after the other.
  const keepLink = (await ada.run('community', 'keep-link', 'Ben')).stdout.trim()
  assert.equal((await keeper.run('community', 'keep', keepLink)).code, 0)
  const address = keeper.addresses[0] ?? ''
  const named = await ada.run('community', 'keepers', 'Ben', '--add', address, '--name', 'box')
  assert.equal(named.code, 0, named.stderr)
  await until('Ben knows of it', async () => (await ben.client.communities.keepers(id)).length === 1, patienceMs)

  const keptAll = async (from: Peer) => {
    const { entries } = await from.client.communities.get(id)
    await until('the keeper has it all', async () => (await keeper.client.communities.get(id)).entries >= entries)
  }
  await ben.stop()
  assert.equal((await ada.run('direct', 'send', 'Ben', 'Are you there?')).code, 0)
  await keptAll(ada)
  await ada.stop()
  const held = await keeper.client.communities.get(id)
  assert.deepEqual([held.phase, held.name, held.self], ['keeping', null, null])
  await assert.rejects(keeper.client.chat.messages(id, general, { limit: 10 }))

  const benAgain = await peers.restart(ben)
  await reads(benAgain, id, 'Hello', 'Are you there?')
  assert.equal((await benAgain.run('direct', 'send', 'Ada', 'Only at night')).code, 0)
  await keptAll(benAgain)
  await benAgain.stop()

  const adaAgain = await peers.restart(ada)
  await reads(adaAgain, id, 'Hello', 'Are you there?', 'Only at night')
})
