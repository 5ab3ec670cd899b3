// Data folders that were restored from a copy, with real daemons: one that can ask others goes on where it really was; one that
// wrote alone has forked its device, is told so, writes no more with it, and comes back as a new device.

import assert from 'node:assert/strict'
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Peer, Peers } from '../support/daemon.ts'
import { peersOf, until } from './support.ts'

const general = '0'.repeat(32)

const send = (peer: Peer, id: string, text: string) => peer.client.chat.send(id, general, { text })

async function texts(peer: Peer, id: string): Promise<string[]> {
  const { messages } = await peer.client.chat.messages(id, general, { limit: 200 })
  return messages.map(({ text }) => text)
}

async function reads(peer: Peer, id: string, text: string): Promise<void> {
  const has = async () => (await texts(peer, id).catch((): string[] => [])).includes(text)
  await until(`“${text}” arrives`, has, 30_000)
}

const connect = (from: Peer, to: Peer) => from.client.peers.connect({ address: to.addresses[0] ?? '' })

interface Scene {
  readonly peers: Peers
  readonly ada: Peer
  /** A stopped daemon whose folder is the copy again, from before what it wrote last. */
  readonly home: string
  readonly ben: Peer
  readonly id: string
}

/** Ben's data folder is copied, Ben goes on writing, and then the copy takes the folder's place. */
async function restored(t: TestContext): Promise<Scene> {
  const peers = peersOf(t)
  const [ada, first] = await Promise.all([peers.start(), peers.start()])
  const { id } = await ada.client.communities.found({ name: 'Allotment', memberName: 'Ada' })
  const { link } = await ada.client.communities.invite(id, {})
  await first.client.communities.join({ link, memberName: 'Ben' })
  await send(first, id, 'before the copy')
  await reads(ada, id, 'before the copy')
  await first.stop()
  const backup = join(peers.folder(), 'backup')
  cpSync(first.home, backup, { recursive: true })

  const ben = await peers.restart(first)
  await connect(ben, ada)
  await send(ben, id, 'after the copy')
  await send(ben, id, 'and once more')
  await reads(ada, id, 'and once more')
  await ben.stop()
  rmSync(ben.home, { recursive: true })
  cpSync(backup, ben.home, { recursive: true })
  return { peers, ada, home: ben.home, ben, id }
}

async function forksOf(peer: Peer, id: string): Promise<number> {
  return (await peer.client.communities.get(id)).forks.length
}

test('who was restored and reaches others takes up its own entries before it writes', async (t) => {
  const { peers, ada, ben, id } = await restored(t)
  const again = await peers.restart(ben)
  assert.deepEqual(await texts(again, id), ['before the copy'])
  await connect(again, ada)
  await send(again, id, 'from the restored folder')
  await reads(ada, id, 'from the restored folder')
  assert.deepEqual(await texts(again, id), [
    'before the copy',
    'after the copy',
    'and once more',
    'from the restored folder',
  ])
  assert.deepEqual([await forksOf(ada, id), await forksOf(again, id)], [0, 0])
})

test('who wrote alone has forked: they are told, nothing more is written, and they come back as a new device', async (t) => {
  const { peers, ada: away, home, ben, id } = await restored(t)
  await away.stop()
  const alone = await peers.restart(ben)
  const startedMs = performance.now()
  await send(alone, id, 'alone, with an old folder')
  assert.ok(performance.now() - startedMs < 10_000, 'offline work goes on')
  const ada = await peers.restart(away)
  await connect(alone, ada)
  // Two branches of one length show when somebody writes: that entry names what the other side lacks.
  await send(ada, id, 'others go on')
  await until('it is known there', async () => (await forksOf(alone, id)) === 1, 30_000)
  await assert.rejects(send(alone, id, 'more harm'), ({ code, hint }: { code: string; hint: string }) => {
    assert.equal(code, 'device_frozen')
    assert.match(hint, /keystore\.json/)
    return true
  })
  const { sentence } = await alone.client.communities.get(id)
  assert.match(sentence, /restored from a copy/)
  await until('Ada knows of it', async () => (await forksOf(ada, id)) === 1, 30_000)

  const phrase = await alone.client.identity.phrase()
  await alone.stop()
  assert.ok(existsSync(join(home, 'keystore.json')))
  renameSync(join(home, 'keystore.json'), join(peers.folder(), 'keystore.old.json'))
  const fresh = await peers.restart(ben)
  assert.notEqual(fresh.peerId, ben.peerId, 'a new device')
  await fresh.client.identity.restore({ phrase })
  const { link } = await ada.client.communities.invite(id, {})
  await fresh.client.communities.join({ link, memberName: 'Ben' })
  await reads(fresh, id, 'others go on')
  await send(fresh, id, 'here again')
  await reads(ada, id, 'here again')
  const members = await ada.client.communities.members(id)
  assert.deepEqual(
    members.filter(({ state }) => state === 'active').map(({ name }) => name),
    ['Ada', 'Ben'],
    'the same person',
  )
})
