import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Peer, Settings, Status, Transfer } from '../../../src/sdk/types.ts'
import { emptyWorld, type Snapshot, silentMs, stepWorld } from './core.ts'

const peer = (peerId: string, bytesIn: number): Peer => ({
  peerId,
  state: 'connected',
  source: 'mdns',
  path: 'direct',
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
