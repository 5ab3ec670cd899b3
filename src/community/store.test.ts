import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { migrate } from '../base/database.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId, EntryId, KeyId } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import type { WaitCause } from './progress-store.ts'
import { communitySchema } from './schema.ts'
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
    direct: undefined,
    ...change,
  }
}

test('a community is what it was after a restart, and its invitation’s secret goes once it is taken', () => {
  const database = new DatabaseSync(':memory:')
  const store = createCommunityStore(database)
  const kept = rowOf({ id: other, phase: 'keeping', inviteSeed: undefined, bytesMax: 1_000_000, peers: [], addedMs: 9 })
  const direct = { with: 'did:key:zBen' as PersonDid, name: 'Ben' }
  const ofTwo = rowOf({ id: 'ef'.repeat(32) as CommunityId, direct, addedMs: 10 })
  store.put(rowOf())
  store.put(kept)
  store.put(ofTwo)
  assert.deepEqual(createCommunityStore(database).rows(), [rowOf(), kept, ofTwo])
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

test('how far the apps are, and judged by what, is kept and begun again', () => {
  const database = new DatabaseSync(':memory:')
  const store = createCommunityStore(database)
  const nothing = { arrival: 0, entry: undefined, given: 0, acts: 0, forks: 0, forgetting: false }
  assert.deepEqual(store.progress(id), nothing)
  store.setProgress(id, { acts: 12, forks: 1 })
  store.setProgress(id, { arrival: 41, entry: 'e1' as EntryId, given: 7 })
  const there = { arrival: 41, entry: 'e1', given: 7, acts: 12, forks: 1, forgetting: false }
  assert.deepEqual(createCommunityStore(database).progress(id), there)
  store.startAgain(id)
  assert.deepEqual(store.progress(id), { ...nothing, acts: 12, forks: 1, forgetting: true })
  assert.deepEqual(store.progress(other), nothing)
  store.removeProgress(id)
  assert.deepEqual(store.progress(id), nothing)
})

test('what waits is woken by what it waits for, and forgotten with the rest', () => {
  const store = createCommunityStore(new DatabaseSync(':memory:'))
  const [key, device] = [`key ${'01'.repeat(16)}`, `device ${'02'.repeat(32)}`] as WaitCause[]
  assert.ok(key !== undefined && device !== undefined)
  store.addWaiting(id, key, 7)
  store.addWaiting(id, key, 3)
  store.addWaiting(id, key, 7)
  store.addWaiting(id, device, 5)
  assert.deepEqual([store.waiting(id, key), store.waiting(other, key)], [[3, 7], []])
  assert.deepEqual([store.waiting(id, device), store.woken(id)], [[5], []])
  store.wake(id, key)
  assert.deepEqual([store.waiting(id, key), store.woken(id), store.woken(other)], [[], [3, 7], []])
  store.addWaiting(id, key, 7)
  store.wake(id, key)
  store.removeWoken(id, 3)
  store.removeWoken(id, 5)
  assert.deepEqual([store.woken(id), store.waiting(id, device)], [[7], [5]])
  store.startAgain(id)
  assert.deepEqual([store.woken(id), store.waiting(id, device)], [[], []])
})

test('what can be made again lies in a database of its own', () => {
  const [kept, views] = [new DatabaseSync(':memory:'), new DatabaseSync(':memory:')]
  const store = createCommunityStore(kept, views)
  store.put(rowOf())
  store.setProgress(id, { arrival: 5 })
  const again = createCommunityStore(kept, new DatabaseSync(':memory:'))
  assert.deepEqual([again.rows().length, again.progress(id).arrival], [1, 0])
})

test('databases of before lose how far the apps were, which is then found out again', () => {
  const database = new DatabaseSync(':memory:')
  migrate(database, 'community', communitySchema.slice(0, 2))
  database.prepare('INSERT INTO community_progress (community, arrival, acts) VALUES (?, 7, 7)').run(id)
  assert.equal(createCommunityStore(database).progress(id).arrival, 0)
})
