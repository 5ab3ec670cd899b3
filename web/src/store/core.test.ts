import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, Community, Peer, Presence, Settings, Status, Transfer } from '../../../src/sdk/types.ts'
import { emptyWorld, type Snapshot, silentMs, stepWorld } from './core.ts'

const peer = (peerId: string, bytesIn: number): Peer => ({
  peerId,
  state: 'connected',
  source: 'mdns',
  path: 'direct',
  pathSentence: 'Direct, by TCP.',
  direction: 'outbound',
  address: null,
  transport: 'tcp',
  encryption: 'tls',
  latencyMs: 3,
  bytesIn,
  bytesOut: 0,
  connectedAtMs: 0,
  agent: null,
})
const transfer = (id: string) => ({ id, state: 'transferring' }) as Transfer
const snapshot: Snapshot = {
  status: { peerId: 'me' } as Status,
  identity: undefined,
  settings: { deviceName: 'desk' } as Settings,
  peers: [peer('a', 100)],
  shares: [],
  transfers: [transfer('t1')],
  communities: [{ id: 'c1' } as Community],
  chats: new Map([['c1', { channels: new Map(), presence: new Map() }]]),
}
const opened = stepWorld(emptyWorld, { type: 'snapshot', snapshot, nowMs: 0 })

test('a snapshot replaces what was known, and opens the world', () => {
  assert.equal(opened.connection, 'open')
  assert.deepEqual([...opened.peers.keys()], ['a'])
  const again = stepWorld(opened, { type: 'snapshot', snapshot: { ...snapshot, peers: [], transfers: [] }, nowMs: 1 })
  assert.equal(again.peers.size + again.transfers.size, 0)
})

test('a peer’s speed is what its counters grew by, and ends when it falls silent', () => {
  const busy = stepWorld(opened, { type: 'event', event: { type: 'peer', peer: peer('a', 2100) }, nowMs: 2000 })
  assert.equal(busy.peers.get('a')?.bytesPerSecond, 1000)
  assert.equal(stepWorld(busy, { type: 'tick', nowMs: 2000 + silentMs }), busy)
  const silent = stepWorld(busy, { type: 'tick', nowMs: 2001 + silentMs })
  assert.equal(silent.peers.get('a')?.bytesPerSecond, 0)
})

test('counters that start anew make no negative speed', () => {
  const anew = stepWorld(opened, { type: 'event', event: { type: 'peer', peer: peer('a', 5) }, nowMs: 1000 })
  assert.equal(anew.peers.get('a')?.bytesPerSecond, 0)
})

test('events change one thing and leave the rest as it is', () => {
  const more = stepWorld(opened, { type: 'event', event: { type: 'transfer', transfer: transfer('t2') }, nowMs: 1 })
  assert.deepEqual([...more.transfers.keys()], ['t1', 't2'])
  assert.equal(more.peers, opened.peers)
  const less = stepWorld(more, { type: 'event', event: { type: 'transfer-removed', id: 't1' }, nowMs: 2 })
  assert.deepEqual([...less.transfers.keys()], ['t2'])
  assert.equal(
    stepWorld(less, { type: 'event', event: { type: 'share-removed', id: 'x' }, nowMs: 3 }).shares,
    less.shares,
  )
})

test('losing the daemon keeps what was known on the screen', () => {
  const gone = stepWorld(opened, { type: 'connection', connection: 'gone' })
  assert.equal(gone.connection, 'gone')
  assert.equal(gone.peers, opened.peers)
  assert.equal(stepWorld(gone, { type: 'connection', connection: 'gone' }), gone)
})

test('an answer that its event has overtaken changes nothing', () => {
  const answer = (state: string, id: string) =>
    ({ type: 'answer', event: { type: 'transfer', transfer: { id, state } as Transfer }, nowMs: 1 }) as const
  const learned = stepWorld(opened, answer('searching', 't9'))
  assert.equal(learned.transfers.get('t9')?.state, 'searching')
  assert.equal(stepWorld(opened, answer('searching', 't1')), opened)
})

test('an intake shows until it is removed', () => {
  const intake = { id: 'i', name: 'a', files: 1, filesDone: 0, bytes: 1, bytesDone: 0, problem: undefined }
  const taking = stepWorld(opened, { type: 'intake', intake })
  assert.equal(taking.intakes.get('i'), intake)
  assert.equal(stepWorld(taking, { type: 'intake-removed', id: 'i' }).intakes.size, 0)
})

test('news of a chat changes that chat alone', () => {
  const channel = { community: 'c1', id: 'general', unread: 2 } as Channel
  const presence = { community: 'c1', person: 'bo', state: 'online' } as Presence
  const news = stepWorld(opened, { type: 'event', event: { type: 'chat-channel', channel }, nowMs: 1 })
  assert.equal(news.chats.get('c1')?.channels.get('general'), channel)
  assert.equal(news.communities, opened.communities)
  const there = stepWorld(news, { type: 'event', event: { type: 'presence', presence }, nowMs: 2 })
  assert.equal(there.chats.get('c1')?.presence.get('bo'), presence)
  assert.equal(there.chats.get('c1')?.channels, news.chats.get('c1')?.channels)
  const overtaken = { ...channel, unread: 9 }
  assert.equal(
    stepWorld(there, { type: 'answer', event: { type: 'chat-channel', channel: overtaken }, nowMs: 3 }),
    there,
  )
})

test('communities that could not be read stay as they were', () => {
  const again = { ...snapshot, communities: undefined, chats: undefined }
  const next = stepWorld(opened, { type: 'snapshot', snapshot: again, nowMs: 1 })
  assert.equal(next.communities, opened.communities)
  assert.equal(next.chats, opened.chats)
})

test('a chat that was not read yet waits for its reading, and goes with its community', () => {
  const channel = { community: 'c2', id: 'general' } as Channel
  assert.equal(stepWorld(opened, { type: 'event', event: { type: 'chat-channel', channel }, nowMs: 1 }), opened)
  const gone = stepWorld(opened, { type: 'event', event: { type: 'community-removed', id: 'c1' }, nowMs: 1 })
  assert.equal(gone.chats.size + gone.communities.size, 0)
})
