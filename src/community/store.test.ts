import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { CommunityId, DeviceId, EntryId, KeyId } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import { type CommunityRow, createCommunityStore } from './store.ts'
import type { CommunityAccess, EpochKey } from './types.ts'

const id = 'ab'.repeat(32) as CommunityId
const other = 'cd'.repeat(32) as CommunityId

function rowOf(change: Partial<CommunityRow> = {}): CommunityRow {
  return {
    id,
    phase: 'joining',
    access: new Uint8Array(32).fill(1) as CommunityAccess,
    inviteSeed: new Uint8Array(32).fill(2),
    memberName: 'Ann',
    peers: [{ peerId: '12D3KooWabc' as PeerId, addresses: ['/ip4/127.0.0.1/tcp/1'] }],
    bytesMax: undefined,
    addedMs: 5,
    person: undefined,
    ...change,
  }
}

test('a community is what it was after a restart, and its invitation’s secret goes once it is taken', () => {
  const database = new DatabaseSync(':memory:')
  const store = createCommunityStore(database)
  const kept = rowOf({ id: other, phase: 'keeping', inviteSeed: undefined, bytesMax: 1_000_000, peers: [], addedMs: 9 })
  store.put(rowOf())
  store.put(kept)
  assert.deepEqual(createCommunityStore(database).rows(), [rowOf(), kept])
  store.setPhase(id, 'open')
  assert.deepEqual(createCommunityStore(database).rows()[0], rowOf({ phase: 'open', inviteSeed: undefined }))
})

test('keys come back as they were, whole ones, control keys and what waits to be unwrapped', () => {
  const database = new DatabaseSync(':memory:')
  const store = createCommunityStore(database)
  const earlier = { key: '03'.repeat(16) as KeyId, control: new Uint8Array(60).fill(3), whole: undefined }
  const whole = { ...earlier, whole: new Uint8Array(60).fill(4) }
  const keys = [
    { key: '01'.repeat(16) as KeyId, whole: new Uint8Array(32).fill(5) as EpochKey, controls: [], chains: [] },
    {
      key: '02'.repeat(16) as KeyId,
      whole: undefined,
      controls: [new Uint8Array(32).fill(6)],
      chains: [[earlier, whole]],
    },
  ]
  store.putKeys(id, keys)
  assert.deepEqual(createCommunityStore(database).keys(id), keys)
  assert.deepEqual(store.keys(other), [])
  store.remove(id)
  assert.deepEqual(store.keys(id), [])
})

test('what was found out about acts comes back, and more is added to it', () => {
  const database = new DatabaseSync(':memory:')
  const store = createCommunityStore(database)
  const devices = ['0a'.repeat(32) as DeviceId, '0b'.repeat(32) as DeviceId]
  const first = { past: Uint32Array.of(3, 4_000_000_000), proven: true }
  const second = { past: new Uint32Array(0), proven: false }
  store.addActs(id, { devices: devices.slice(0, 1), acts: new Map([['e1' as EntryId, first]]) })
  store.addActs(id, { devices, acts: new Map([['e2' as EntryId, second]]) })
  const known = createCommunityStore(database).acts(id)
  assert.deepEqual(known, {
    devices,
    acts: new Map([
      ['e1', first],
      ['e2', second],
    ]),
  })
  store.remove(id)
  assert.deepEqual(store.acts(id), { devices: [], acts: new Map() })
})

test('by which acts entries were judged is kept beside how far the apps got', () => {
  const store = createCommunityStore(new DatabaseSync(':memory:'))
  assert.equal(store.actsRead(id), 0)
  store.setActsRead(id, 12)
  store.setProgress(id, 9)
  assert.deepEqual([store.actsRead(id), store.progress(id)], [12, 9])
  store.resetProgress(id)
  assert.deepEqual([store.actsRead(id), store.progress(id)], [12, 0])
})

test('how far the apps got, and what waits, is kept and forgotten together', () => {
  const database = new DatabaseSync(':memory:')
  const store = createCommunityStore(database)
  assert.equal(store.progress(id), 0)
  store.setProgress(id, 41)
  store.addWaiting(id, 7)
  store.addWaiting(id, 3)
  store.addWaiting(id, 7)
  assert.deepEqual([store.progress(id), store.waiting(id), store.waiting(other)], [41, [3, 7], []])
  store.removeWaiting(id, 3)
  assert.deepEqual(store.waiting(id), [7])
  store.resetProgress(id)
  assert.deepEqual([store.progress(id), store.waiting(id)], [0, []])
})
