import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Key } from 'interface-datastore'
import { createDatastore } from './datastore.ts'
import {
  datastoreOtherMax,
  datastoreValueMaxBytes,
  peerStoreAddressesMax,
  peerStoreMax,
  providerRecordsMax,
  providerRecordsPerPeerMax,
  providersPerKeyMax,
} from './limits.ts'
import { trimPeerRecord } from './peer-record.ts'

type Store = ReturnType<typeof createDatastore>

const self = '12D3KooWself'
const key = (path: string) => new Key(path)
const value = new Uint8Array([1])
const under = async (store: Store, prefix: string) => {
  const found: string[] = []
  for await (const pair of store.query({ prefix })) found.push(pair.key.toString())
  return found
}

test('what is put is got, until it is deleted', async () => {
  const store = createDatastore(self)
  for (const path of ['/peers/a', '/dht/provider/h/p', `/dht/provider/h/${self}`, '/self/x']) {
    store.put(key(path), value)
    assert.deepEqual(await store.get(key(path)), value)
    store.delete(key(path))
    assert.equal(await store.has(key(path)), false)
    assert.throws(() => store.get(key(path)), { name: 'NotFoundError' })
  }
})

test('a value keeps nothing alive but itself', async () => {
  const store = createDatastore(self)
  const pool = new Uint8Array(64 * 1024)
  for (const path of ['/dht/provider/h/p', '/dht/provider/h/q', '/self/x']) {
    store.put(key(path), pool.subarray(8, 40))
    const { buffer, length } = await store.get(key(path))
    assert.deepEqual([buffer.byteLength, length], [32, 32])
  }
})

test('a lookup finds the providers of its key, ours among them', async () => {
  const store = createDatastore(self)
  for (const path of ['/dht/provider/h/p', '/dht/provider/h/q', '/dht/provider/other/p', `/dht/provider/h/${self}`]) {
    store.put(key(path), value)
  }
  assert.deepEqual((await under(store, '/dht/provider/h')).sort(), [
    `/dht/provider/h/${self}`,
    '/dht/provider/h/p',
    '/dht/provider/h/q',
  ])
  assert.equal((await under(store, '/dht/provider')).length, 4)
})

test('every kind of entry has its limit, and strangers push out strangers only', async () => {
  const store = createDatastore(self)
  store.put(key(`/dht/provider/ours/${self}`), value)
  for (let i = 0; i < providerRecordsMax + 10; i++) store.put(key(`/dht/provider/h${i}/p${i % 9}`), value)
  assert.equal((await under(store, '/dht/provider')).length, providerRecordsMax + 1)
  assert.equal(await store.has(key(`/dht/provider/ours/${self}`)), true)
  for (let i = 0; i < peerStoreMax + 10; i++) store.put(key(`/peers/p${i}`), value)
  assert.equal((await under(store, '/peers/')).length, peerStoreMax)
  for (let i = 0; i < datastoreOtherMax + 10; i++) store.put(key(`/dht/record/${i}`), value)
  assert.equal((await under(store, '/dht/record')).length, datastoreOtherMax)
})

test('one key, one peer and one value have limits too', () => {
  const store = createDatastore(self)
  for (let i = 0; i < providersPerKeyMax; i++) store.put(key(`/dht/provider/h/p${i}`), value)
  assert.throws(() => store.put(key('/dht/provider/h/one-more'), value), { name: 'DatastoreLimitError' })
  store.put(key('/dht/provider/h/p0'), value) // a record that is there may be renewed
  const greedy = createDatastore(self)
  for (let i = 0; i < providerRecordsPerPeerMax; i++) greedy.put(key(`/dht/provider/h${i}/p`), value)
  assert.throws(() => greedy.put(key('/dht/provider/more/p'), value), { name: 'DatastoreLimitError' })
  greedy.delete(key('/dht/provider/h0/p'))
  greedy.put(key('/dht/provider/more/p'), value)
  const large = new Uint8Array(datastoreValueMaxBytes + 1)
  assert.throws(() => store.put(key('/self/x'), large), { name: 'DatastoreLimitError' })
})

/** An Address message: field 1 the bytes, field 2 whether it is certified. */
function address(id: number, certified: boolean): number[] {
  const inner = [0x0a, 2, id >> 8, id & 255, ...(certified ? [0x10, 1] : [])]
  return [0x0a, inner.length, ...inner]
}

test('surplus addresses of a peer are dropped, rumours first', () => {
  const protocol = [0x12, 1, 65]
  const record = new Uint8Array([
    ...Array.from({ length: 40 }, (_, i) => address(i, false)).flat(),
    ...protocol,
    ...address(1000, true),
  ])
  const trimmed = trimPeerRecord(record, peerStoreAddressesMax)
  const expected = [
    ...Array.from({ length: peerStoreAddressesMax - 1 }, (_, i) => address(i, false)).flat(),
    ...protocol,
    ...address(1000, true),
  ]
  assert.deepEqual([...trimmed], expected)
  assert.equal(trimPeerRecord(trimmed, peerStoreAddressesMax), trimmed)
})

test('bytes that are no record come back as they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.ok(trimPeerRecord(bytes, 2).length <= bytes.length)
    }),
  )
  const cut = new Uint8Array([0x0a, 100, 1])
  assert.equal(trimPeerRecord(cut, 0), cut)
})
