// One person with two computers, and another person, as three daemons: conversations and blocks are on both computers,
// whichever of them they began on, and whichever was away.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { defaultArgs, type Peer, type Peers } from '../support/daemon.ts'
import { peersOf, until } from './support.ts'

const general = '0'.repeat(32)
const patienceMs = 60_000

async function trio(t: TestContext) {
  const peers = peersOf(t)
  const [laptop, desktop, ben] = await Promise.all([peers.start(), peers.start(), peers.start()])
  return { peers, laptop, desktop, ben }
}

/** `peerhood device add` on one, `peerhood device join` on the other. */
async function pair(laptop: Peer, desktop: Peer): Promise<void> {
  await desktop.client.peers.connect({ address: laptop.addresses[0] ?? '' })
  const { code } = await laptop.client.devices.openCode()
  await desktop.client.devices.join({ code })
}

async function texts(peer: Peer, id: string): Promise<string[]> {
  const page = await peer.client.chat.messages(id, general, { limit: 200 }).catch(() => ({ messages: [] }))
  return page.messages.map(({ text }) => text)
}

const reads = (peer: Peer, id: string, ...expected: string[]) =>
  until(`“${expected.at(-1)}”`, async () => (await texts(peer, id)).join() === expected.join(), patienceMs)

const stateAt = async (peer: Peer, id: string) =>
  (await peer.client.direct.list()).find(({ community }) => community === id)?.state

/** Asked by a link and accepted. */
async function talk(from: Peer, to: Peer, text: string): Promise<string> {
  const { link } = await to.client.direct.contact()
  const { community } = await from.client.direct.ask({ to: link, memberName: 'Ann', text })
  const request = await until('a request', async () => (await to.client.direct.requests())[0], patienceMs)
  await to.client.direct.accept(request.id, { memberName: 'Ben' })
  await until('both are in it', async () => (await stateAt(from, community)) === 'open', patienceMs)
  return community
}

const restart = (peers: Peers, peer: Peer) => {
  const [address = ''] = peer.addresses
  return peers.restart(peer, { args: ['--listen', address.replace(/\/p2p\/.*$/, ''), ...defaultArgs.slice(2)] })
}

test('a conversation that the laptop opens goes on at the desktop', async (t) => {
  const { laptop, desktop, ben } = await trio(t)
  // Nothing in common but the person.
  await pair(laptop, desktop)
  const id = await talk(laptop, ben, 'Is the boat still for sale?')
  await reads(desktop, id, 'Is the boat still for sale?')
  const [there] = await desktop.client.direct.list()
  assert.deepEqual([there?.state, there?.name], ['open', 'Ben'])
  assert.equal((await desktop.run('direct', 'send', 'Ben', 'I mean the red one')).code, 0)
  await reads(ben, id, 'Is the boat still for sale?', 'I mean the red one')
  await ben.client.chat.send(id, general, { text: 'It is' })
  for (const one of [laptop, desktop]) {
    await reads(one, id, 'Is the boat still for sale?', 'I mean the red one', 'It is')
  }
  const members = await ben.client.communities.members(id)
  assert.deepEqual(members.map(({ name, devices }) => `${name} ${devices.length}`).sort(), ['Ann 2', 'Ben 1'])
})

test('who is blocked on one is blocked on both, also when the other was away', async (t) => {
  const { peers, laptop, ben, ...first } = await trio(t)
  const before = await talk(laptop, ben, 'Hello')
  await pair(laptop, first.desktop)
  await until('the desktop has it', async () => (await stateAt(first.desktop, before)) === 'open', patienceMs)
  const person = (await ben.client.direct.contact()).person

  await first.desktop.client.direct.block(person)
  await until('the laptop knows', async () => (await stateAt(laptop, before)) === 'blocked', patienceMs)
  assert.match((await laptop.run('direct', 'blocked')).stdout, /Ben/)

  await first.desktop.stop()
  await laptop.client.direct.unblock(person)
  const desktop = await restart(peers, first.desktop)
  await until('the desktop knows', async () => (await desktop.client.direct.blocked()).length === 0, patienceMs)
  await ben.client.chat.send(before, general, { text: 'Still there?' })
  await reads(desktop, before, 'Hello', 'Still there?')
})
