// Communities over real daemons: found, invite, join, talk; who was away catches up from whoever is there; a keeper
// carries between two who never meet; who is removed reads nothing more. By SDK and command line, as any program would.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Community } from '../../src/sdk/types.ts'
import type { Peer, Peers } from '../support/daemon.ts'
import { lastObject, onlyObject, peersOf, until } from './support.ts'

const general = '0'.repeat(32)

async function found(peer: Peer, name: string, history: 'all' | 'since-joining' = 'all'): Promise<Community> {
  return peer.client.communities.found({ name, memberName: 'Ada', history })
}

async function join(host: Peer, guest: Peer, id: string, memberName: string, role?: string): Promise<Community> {
  const { link } = await host.client.communities.invite(id, role === undefined ? {} : { role })
  return guest.client.communities.join({ link, memberName })
}

async function send(peer: Peer, id: string, text: string): Promise<void> {
  await peer.client.chat.send(id, general, { text })
}

async function texts(peer: Peer, id: string): Promise<string[]> {
  const { messages } = await peer.client.chat.messages(id, general, { limit: 200 })
  return messages.map(({ text }) => text)
}

async function reads(peer: Peer, id: string, text: string): Promise<void> {
  await until(`“${text}” arrives`, async () => (await texts(peer, id)).includes(text), 30_000)
}

async function memberNames(peer: Peer, id: string): Promise<string[]> {
  const members = await peer.client.communities.members(id)
  return members.filter(({ state }) => state === 'active').map(({ name }) => name)
}

/** A community of two who have both been heard by the other. */
async function pair(t: TestContext): Promise<{ peers: Peers; ada: Peer; ben: Peer; id: string }> {
  const peers = peersOf(t)
  const [ada, ben] = await Promise.all([peers.start(), peers.start()])
  const { id } = await found(ada, 'Allotment')
  await join(ada, ben, id, 'Ben')
  await send(ben, id, 'hello from Ben')
  await reads(ada, id, 'hello from Ben')
  return { peers, ada, ben, id }
}

test('found, invite, join, talk both ways', async (t) => {
  const { ada, ben, id } = await pair(t)
  await send(ada, id, 'welcome')
  await reads(ben, id, 'welcome')
  assert.deepEqual(await memberNames(ada, id), ['Ada', 'Ben'])
  assert.deepEqual(await memberNames(ben, id), ['Ada', 'Ben'])
  assert.deepEqual(await texts(ada, id), await texts(ben, id))
  const [here, there] = await Promise.all([ada.client.communities.verify(id), ben.client.communities.verify(id)])
  assert.equal(here.ok, true)
  assert.deepEqual(here.words, there.words)
  const { entries } = await ada.client.communities.activity(id, { limit: 200 })
  assert.equal(entries.length, here.entries)
  assert.ok(entries.every(({ counts, signature }) => counts === true && /^[0-9a-f]{128}$/.test(signature)))
  const own = entries.find(({ sentence }) => sentence === 'Ada wrote a message.')
  assert.deepEqual(own?.holders, [ben.peerId], 'who else holds it')
  assert.ok(entries.some(({ sentence }) => sentence === 'Ada founded “Allotment”.'))
})

test('a restart keeps everything, and what was written while nobody was there goes out afterwards', async (t) => {
  const { peers, ada, ben, id } = await pair(t)
  await ben.stop()
  await send(ada, id, 'while Ben was away')
  await ada.kill()
  const [adaAgain, benAgain] = await Promise.all([peers.restart(ada), peers.restart(ben)])
  await send(benAgain, id, 'offline work goes on')
  await benAgain.client.peers.connect({ address: adaAgain.addresses[0] ?? '' })
  await reads(benAgain, id, 'while Ben was away')
  await reads(adaAgain, id, 'offline work goes on')
})

test('two who are never online together reach each other through a third member', async (t) => {
  const { peers, ada, ben, id } = await pair(t)
  const cem = await peers.start()
  await join(ada, cem, id, 'Cem')
  await reads(cem, id, 'hello from Ben')
  await ben.stop()
  await send(ada, id, 'for Ben, by way of Cem')
  await reads(cem, id, 'for Ben, by way of Cem')
  await ada.stop()
  const benAgain = await peers.restart(ben)
  await benAgain.client.peers.connect({ address: cem.addresses[0] ?? '' })
  await reads(benAgain, id, 'for Ben, by way of Cem')
  await send(benAgain, id, 'thank you, Ada')
  await reads(cem, id, 'thank you, Ada')
  await benAgain.stop()
  const adaAgain = await peers.restart(ada)
  await adaAgain.client.peers.connect({ address: cem.addresses[0] ?? '' })
  await reads(adaAgain, id, 'thank you, Ada')
})

test('a keeper carries between two who are never online together, and can read nothing', async (t) => {
  const { peers, ada, ben, id } = await pair(t)
  const keeper = await peers.start()
  const link = await ada.client.communities.keepLink(id)
  await keeper.client.communities.keep({ link })
  await ada.client.communities.addKeeper(id, {
    peerId: keeper.peerId,
    addresses: [...keeper.addresses],
    name: 'Box in the cellar',
    bytesMax: 2 ** 26,
  })
  await until('Ben knows of the keeper', async () => (await ben.client.communities.keepers(id)).length === 1)
  await ben.stop()
  await send(ada, id, 'kept for Ben')
  const entries = async () => (await keeper.client.communities.get(id)).entries
  const all = (await ada.client.communities.get(id)).entries
  await until('the keeper has it all', async () => (await entries()) === all)
  await ada.stop()

  const held = await keeper.client.communities.get(id)
  assert.equal(held.phase, 'keeping')
  assert.equal(held.name, null)
  await assert.rejects(keeper.client.chat.messages(id, general, { limit: 10 }))

  const benAgain = await peers.restart(ben)
  await reads(benAgain, id, 'kept for Ben')
})

test('who is removed reads nothing that is written afterwards, and what they write does not count', async (t) => {
  const { peers, ada, ben, id } = await pair(t)
  const cem = await peers.start()
  await join(ada, cem, id, 'Cem')
  await reads(cem, id, 'hello from Ben')
  const members = await ada.client.communities.members(id)
  const person = members.find(({ name }) => name === 'Ben')?.person ?? ''
  await ada.client.communities.removeMember(id, person)
  await send(ada, id, 'among ourselves')
  await reads(cem, id, 'among ourselves')
  await until('Ben is told', async () => (await ben.client.communities.get(id)).phase === 'removed')
  assert.equal((await texts(ben, id).catch((): string[] => [])).includes('among ourselves'), false)
  await assert.rejects(send(ben, id, 'still here'))
  assert.deepEqual(await memberNames(cem, id), ['Ada', 'Cem'])
})

test('who is removed while away learns it when they are back, and nothing else', async (t) => {
  const { peers, ada, ben, id } = await pair(t)
  await ben.stop()
  const members = await ada.client.communities.members(id)
  await ada.client.communities.removeMember(id, members.find(({ name }) => name === 'Ben')?.person ?? '')
  await send(ada, id, 'among ourselves')
  const benAgain = await peers.restart(ben)
  await benAgain.client.peers.connect({ address: ada.addresses[0] ?? '' })
  await until('Ben is told', async () => (await benAgain.client.communities.get(id)).phase === 'removed', 30_000)
  assert.equal((await texts(benAgain, id)).includes('among ourselves'), false)
  const [here, there] = await Promise.all([ada.client.communities.get(id), benAgain.client.communities.get(id)])
  assert.ok(there.entries < here.entries, 'not even sealed ones')
})

test('newcomers read the past only where the community says so', async (t) => {
  const peers = peersOf(t)
  const [ada, ben] = await Promise.all([peers.start(), peers.start()])
  const open = await found(ada, 'Open past')
  const closed = await found(ada, 'Closed past', 'since-joining')
  for (const { id } of [open, closed]) await send(ada, id, 'long ago')
  await join(ada, ben, open.id, 'Ben')
  await reads(ben, open.id, 'long ago')
  await join(ada, ben, closed.id, 'Ben')
  await send(ada, closed.id, 'from now on')
  await reads(ben, closed.id, 'from now on')
  assert.deepEqual(await texts(ben, closed.id), ['from now on'])
})

test('an invitation that was used up, revoked or cut is refused with words', async (t) => {
  const { peers, ada, id } = await pair(t)
  const [cem, dor] = await Promise.all([peers.start(), peers.start()])
  const { link } = await ada.client.communities.invite(id, {})
  await cem.client.communities.join({ link, memberName: 'Cem' })
  await assert.rejects(dor.client.communities.join({ link, memberName: 'Dor' }), { code: 'invite_used' })
  const second = await ada.client.communities.invite(id, { usesMax: 5 })
  await ada.client.communities.revokeInvite(id, second.invite.id)
  await assert.rejects(dor.client.communities.join({ link: second.link, memberName: 'Dor' }), {
    code: 'invite_revoked',
  })
  await assert.rejects(dor.client.communities.join({ link: second.link.slice(0, -9), memberName: 'Dor' }), {
    code: 'link_cut_off',
  })
})

test('the same by the command line', async (t) => {
  const peers = peersOf(t)
  const [ada, ben] = await Promise.all([peers.start(), peers.start()])
  const made = onlyObject<Community>(await ada.run('community', 'create', 'Allotment', '--as', 'Ada', '--json'))
  const { link } = onlyObject<{ link: string }>(await ada.run('community', 'invite', made.id, '--json'))
  onlyObject(await ben.run('community', 'join', link, '--as', 'Ben', '--json'))
  onlyObject(await ben.run('chat', 'send', 'Allotment', 'general', 'by hand', '--json'))
  await reads(ada, made.id, 'by hand')
  const read = await ada.run('chat', 'read', 'Allotment', 'general', '--json')
  assert.equal(lastObject<{ text: string }>(read).text, 'by hand')
  const verified = onlyObject<{ ok: boolean; words: string[] }>(
    await ben.run('community', 'verify', 'Allotment', '--json'),
  )
  assert.equal(verified.ok, true)
  assert.equal(verified.words.length, 6)
  const unknown = await ada.run('chat', 'read', 'Nowhere', 'general', '--json')
  assert.equal(unknown.code, 4)
})
