// Direct messages over real daemons, between people who share no community: asked by a contact link, accepted, refused,
// blocked, taken back; offline and restarted in between. By SDK and command line.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Community, Contact, Conversation, DirectAsk, DirectRequest } from '../../src/sdk/types.ts'
import { defaultArgs, type Peer } from '../support/daemon.ts'
import { onlyObject, peersOf, until } from './support.ts'

const general = '0'.repeat(32)

async function pair(t: TestContext) {
  const peers = peersOf(t)
  const [ada, ben] = await Promise.all([peers.start(), peers.start()])
  return { peers, ada, ben }
}

const linkOf = async (peer: Peer) => (await peer.client.direct.contact()).link

const requestAt = (peer: Peer): Promise<DirectRequest> =>
  until('a request comes', async () => (await peer.client.direct.requests())[0], 30_000)

const askAt = async (peer: Peer): Promise<DirectAsk | undefined> => (await peer.client.direct.asks())[0]

async function texts(peer: Peer, id: string): Promise<string[]> {
  const page = await peer.client.chat.messages(id, general, { limit: 200 }).catch(() => ({ messages: [] }))
  return page.messages.map(({ text }) => text)
}

async function reads(peer: Peer, id: string, ...expected: string[]): Promise<void> {
  await until(`“${expected.at(-1)}” arrives`, async () => (await texts(peer, id)).join() === expected.join(), 30_000)
}

/** Asked and accepted. */
async function talking(ada: Peer, ben: Peer, text = 'Is the boat still for sale?'): Promise<string> {
  const { community } = await ada.client.direct.ask({ to: await linkOf(ben), memberName: 'Ada', text })
  await ben.client.direct.accept((await requestAt(ben)).id, { memberName: 'Ben' })
  await reads(ben, community, text)
  await until('both are in it', async () => (await ada.client.direct.list())[0]?.state === 'open')
  return community
}

/** The same port again: what others know of it stays right. */
const restart = (peers: ReturnType<typeof peersOf>, peer: Peer) => {
  const [address = ''] = peer.addresses
  return peers.restart(peer, { args: ['--listen', address.replace(/\/p2p\/.*$/, ''), ...defaultArgs.slice(2)] })
}

test('two who share no community talk, from the command line', async (t) => {
  const { ada, ben } = await pair(t)
  const contact = onlyObject<Contact>(await ben.run('direct', 'link', '--as', 'Ben', '--json'))
  assert.match(contact.link, /^peerhood:[a-z2-7]+$/)
  assert.equal(contact.words.length, 6)
  const inspected = onlyObject<{ kind: string; name: string }>(await ada.run('link', 'inspect', contact.link, '--json'))
  assert.deepEqual([inspected.kind, inspected.name], ['contact', 'Ben'])

  const asked = onlyObject<DirectAsk>(
    await ada.run('direct', 'ask', contact.link, 'Is the boat', 'still for sale?', '--as', 'Ada', '--json'),
  )
  assert.equal(asked.name, 'Ben')
  const request = await requestAt(ben)
  assert.deepEqual([request.name, request.text], ['Ada', 'Is the boat still for sale?'])
  assert.match((await ben.run('direct', 'requests')).stdout, /Ada .*Is the boat still for sale\?/)
  const accepted = onlyObject<Community>(await ben.run('direct', 'accept', 'Ada', '--as', 'Ben', '--json'))
  assert.deepEqual([accepted.id, accepted.purpose, accepted.name], [asked.community, 'direct', 'Ada'])
  await reads(ben, accepted.id, 'Is the boat still for sale?')

  assert.equal((await ben.run('direct', 'send', 'Ada', 'It is.')).code, 0)
  await reads(ada, accepted.id, 'Is the boat still for sale?', 'It is.')
  assert.equal((await ada.run('direct', 'send', 'Ben', 'I take it')).code, 0)
  await reads(ben, accepted.id, 'Is the boat still for sale?', 'It is.', 'I take it')
  assert.match((await ben.run('direct', 'read', 'Ada')).stdout, /Ada[\s\S]*Is the boat[\s\S]*Ben[\s\S]*It is\./)
  const [conversation] = onlyObject<Conversation[]>(await ada.run('direct', 'list', '--json'))
  assert.deepEqual([conversation?.name, conversation?.state, conversation?.unread], ['Ben', 'open', 1])
  assert.equal((await ada.run('community', 'list', '--json')).stdout.trim(), '[]', 'it is none of the groups')
  assert.deepEqual(await ada.client.direct.asks(), [])

  // Everything that a community has: what both have is the same, and checks.
  const roots = await Promise.all([ada, ben].map((peer) => peer.client.communities.verify(accepted.id)))
  assert.deepEqual(roots[0]?.words, roots[1]?.words)
  const members = await ada.client.communities.members(accepted.id)
  assert.deepEqual(members.map(({ name, role }) => `${name} ${role}`).sort(), ['Ada member', 'Ben member'])
  assert.deepEqual(
    (await ada.client.chat.channels(accepted.id)).map(({ id }) => id),
    [general],
  )
})

test('who refuses is not asked again so soon', async (t) => {
  const { ada, ben } = await pair(t)
  const to = await linkOf(ben)
  const asked = await ada.client.direct.ask({ to, memberName: 'Ada', text: 'Buy my watches' })
  await requestAt(ben)
  assert.equal((await ben.run('direct', 'refuse', 'Ada')).code, 0)
  await until('it is told', async () => (await askAt(ada))?.state === 'refused')
  assert.deepEqual(await ada.client.direct.list(), [])
  assert.equal((await ada.run('direct', 'cancel', asked.id.slice(0, 12))).code, 0)
  await ada.client.direct.ask({ to, memberName: 'Ada', text: 'They are good' })
  await until('it is refused', async () => (await askAt(ada))?.reason === 'later')
  assert.deepEqual(await ben.client.direct.requests(), [])
})

test('only who has the present link is heard, and nobody where nobody may ask', async (t) => {
  const { ada, ben } = await pair(t)
  const old = await linkOf(ben)
  const { link } = onlyObject<Contact>(await ben.run('direct', 'link', '--renew', '--json'))
  assert.notEqual(link, old)
  const ask = await ada.client.direct.ask({ to: old, memberName: 'Ada', text: 'Hello' })
  await until('it is refused', async () => (await askAt(ada))?.reason === 'link_needed')
  await ada.client.direct.cancel(ask.id)
  await ben.client.direct.changeContact({ who: 'nobody' })
  await ada.client.direct.ask({ to: link, memberName: 'Ada', text: 'Hello' })
  await until('it is refused', async () => (await askAt(ada))?.reason === 'closed')
  await assert.rejects(ada.client.direct.ask({ to: await linkOf(ada), memberName: 'Ada', text: 'x' }), {
    code: 'direct_self',
  })
})

test('who is offline is asked when they come back, and both may restart in between', async (t) => {
  const { peers, ...first } = await pair(t)
  const to = await linkOf(first.ben)
  await first.ben.stop()
  const { community } = await first.ada.client.direct.ask({ to, memberName: 'Ada', text: 'Call me' })
  assert.equal((await askAt(first.ada))?.state, 'waiting')
  await first.ada.kill()
  const ada = await restart(peers, first.ada)
  const again = await restart(peers, first.ben)
  const request = await requestAt(again)
  await until('it is delivered', async () => (await askAt(ada))?.state === 'delivered')
  await again.kill()
  const ben = await restart(peers, first.ben)
  assert.deepEqual(await ben.client.direct.requests(), [request])
  await ada.stop()
  const accepted = await ben.client.direct.accept(request.id, { memberName: 'Ben' })
  assert.equal(accepted.phase, 'joining')
  assert.equal((await ben.client.direct.list())[0]?.state, 'joining')
  const back = await restart(peers, ada)
  await reads(ben, community, 'Call me')
  await ben.client.chat.send(community, general, { text: 'I am back' })
  await reads(back, community, 'Call me', 'I am back')
})

test('a request is taken back', async (t) => {
  const { ada, ben } = await pair(t)
  const asked = await ada.client.direct.ask({ to: await linkOf(ben), memberName: 'Ada', text: 'Hello' })
  const request = await requestAt(ben)
  await until('it is delivered', async () => (await askAt(ada))?.state === 'delivered')
  await ada.client.direct.cancel(asked.id)
  await until('it is gone', async () => (await ben.client.direct.requests()).length === 0)
  await assert.rejects(ben.client.direct.accept(request.id, { memberName: 'Ben' }), { code: 'direct_request_over' })
})

test('blocking ends it both ways without a word, and unblocking brings back what was said', async (t) => {
  const { peers, ada, ...first } = await pair(t)
  const id = await talking(ada, first.ben)
  const before = 'Is the boat still for sale?'
  assert.equal((await first.ben.run('direct', 'block', 'Ada')).code, 0)
  assert.equal((await first.ben.client.direct.list())[0]?.state, 'blocked')
  await ada.client.chat.send(id, general, { text: 'Hello?' })
  await first.ben.client.chat.send(id, general, { text: 'for later' })
  // Over a restart, too.
  await first.ben.stop()
  const ben = await restart(peers, first.ben)
  await ben.client.peers.connect({ address: ada.addresses[0] ?? '' })
  const sync = await ben.client.communities.sync(id)
  assert.equal(sync.peers.length, 0)
  assert.deepEqual(await texts(ben, id), [before, 'for later'])
  assert.deepEqual(await texts(ada, id), [before, 'Hello?'])
  assert.match((await ben.run('direct', 'blocked')).stdout, /Ada/)

  assert.equal((await ben.run('direct', 'unblock', 'Ada')).code, 0)
  for (const peer of [ada, ben]) {
    await until('both have all', async () => (await texts(peer, id)).length === 3, 30_000)
  }
  assert.deepEqual(await ben.client.direct.blocked(), [])
})

test('two who ask each other at once have one conversation', async (t) => {
  const { ada, ben } = await pair(t)
  const [toAda, toBen] = await Promise.all([linkOf(ada), linkOf(ben)])
  await Promise.allSettled([
    ada.client.direct.ask({ to: toBen, memberName: 'Ada', text: 'from Ada' }),
    ben.client.direct.ask({ to: toAda, memberName: 'Ben', text: 'from Ben' }),
  ])
  const conversations = async (peer: Peer) =>
    (await peer.client.direct.list()).filter(({ state }) => state === 'open').map(({ community }) => community)
  await until(
    'each has one',
    async () => {
      // Where one request came before the other was made, it is accepted like any other.
      for (const peer of [ada, ben]) {
        for (const { id } of await peer.client.direct.requests())
          await peer.client.direct.accept(id, { memberName: 'X' })
      }
      const [one, other] = await Promise.all([conversations(ada), conversations(ben)])
      return one.length === 1 && one.join() === other.join()
    },
    60_000,
  )
})
