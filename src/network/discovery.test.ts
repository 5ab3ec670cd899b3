// Finding peers over real sockets: DHT, mDNS, bootstrap, remembered peers, and reaching one through a relay.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { findProvidersTimeoutMs } from './limits.ts'
import { join, readAll, startNetwork, type TestNetwork, testRandom, until, viewOf } from './testing.ts'
import type { PeerAddress, PeerId } from './types.ts'

const hello = '/peerhood-test/hello/1'

async function find(network: TestNetwork, key: Uint8Array): Promise<PeerAddress[]> {
  const found: PeerAddress[] = []
  for await (const peer of network.findProviders(key)) found.push(peer)
  return found
}

test('what one of four peers announces, another finds and connects to', async (t) => {
  const peers = await Promise.all(Array.from({ length: 4 }, () => startNetwork(t)))
  const [hub, a, b, c] = peers as [TestNetwork, TestNetwork, TestNetwork, TestNetwork]
  await Promise.all([a, b, c].map((peer) => join(peer, hub)))
  const key = testRandom.bytes(32)
  await a.provide(key)
  const startMs = performance.now()
  const found = await find(c, key)
  assert.ok(performance.now() - startMs < findProvidersTimeoutMs / 2, 'a search ends by itself, not by its deadline')
  assert.deepEqual(
    found.map((peer) => peer.peerId),
    [a.self],
  )
  await c.connect(found[0] as PeerAddress, { source: 'dht' })
  assert.equal(viewOf(c, a.self)?.state, 'connected')
  assert.deepEqual(await find(a, key), [], 'never oneself')
  assert.deepEqual(await find(b, testRandom.bytes(32)), [], 'what nobody has is not found')
})

test('what was announced to nobody is told to the first peer that comes', async (t) => {
  const [a, b] = await Promise.all([startNetwork(t), startNetwork(t)])
  const key = testRandom.bytes(32)
  await a.provide(key)
  await join(b, a)
  const endMs = performance.now() + 30_000
  while ((await find(b, key)).length === 0) {
    assert.ok(performance.now() < endMs, 'the announcement came')
    await pause(50)
  }
})

test('an aborted search ends with the reason of its signal', async (t) => {
  const a = await startNetwork(t)
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(async () => {
    for await (const _ of a.findProviders(testRandom.bytes(32), { signal })) assert.fail('nothing is found')
  }, /enough/)
})

test('a bootstrap peer is dialled, again when it comes up late', async (t) => {
  const seed = testRandom.bytes(32)
  const first = await startNetwork(t, { deviceSeed: seed })
  const address = first.addresses()[0] as string
  await first.stop()
  const a = await startNetwork(t, { bootstrap: [address] })
  await until('the first dial failed', () => viewOf(a, first.self) !== undefined)
  await startNetwork(t, { deviceSeed: seed, listen: [address.replace(/\/p2p\/.*/, '')] })
  await until('it is connected', () => viewOf(a, first.self)?.state === 'connected')
  assert.equal(viewOf(a, first.self)?.source, 'bootstrap')
})

test('peers that worked are remembered after a restart', async (t) => {
  const database = new DatabaseSync(':memory:')
  const b = await startNetwork(t)
  const before = await startNetwork(t, { database })
  await join(before, b)
  await until('identify is done', () => viewOf(before, b.self)?.agent !== undefined)
  await before.stop()
  const after = await startNetwork(t, { database })
  await until('the old peer is connected', () => viewOf(after, b.self)?.state === 'connected')
  assert.equal(viewOf(after, b.self)?.source, 'remembered')
})

test('a peer behind a relay is reached through it, streams included', async (t) => {
  const relay = await startNetwork(t, { relay: 'always' })
  const [a, b] = await Promise.all([startNetwork(t), startNetwork(t)])
  await b.handle(hello, async (stream) => void stream.send(new Uint8Array(await readAll(stream))), {
    streamsPerPeerMax: 1,
  })
  await join(b, relay)
  const relayed = () => b.addresses().filter((address) => address.includes('/p2p-circuit'))
  await until('the relay holds a reservation', () => relayed().length > 0)
  assert.equal(b.reachability().kind, 'relayed')
  await a.connect({ peerId: b.self, addresses: relayed() }, { source: 'link' })
  assert.equal(viewOf(a, b.self)?.path, 'relayed')
  const stream = await a.openStream(b.self, hello)
  stream.send(new Uint8Array(100_000))
  await stream.close()
  assert.equal(await readAll(stream), 100_000)
  const checks = await relay.diagnose()
  assert.match(checks.find((check) => check.id === 'relays')?.finding ?? '', /relays for \d+ others?\./)
})

/** Whether a multicast datagram sent here comes back: some sandboxes have no multicast. */
async function hasMulticast(): Promise<boolean> {
  const group = '224.0.0.251'
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    const heard = new Promise<boolean>((resolve) => {
      socket.on('message', () => resolve(true))
      socket.on('error', () => resolve(false))
    })
    await new Promise<void>((resolve) => socket.bind(0, resolve))
    socket.addMembership(group)
    socket.setMulticastLoopback(true)
    socket.send('?', socket.address().port, group)
    return await Promise.race([heard, pause(500, false, { ref: false })])
  } catch {
    return false
  } finally {
    socket.close()
  }
}

test('peers of one network find each other over mDNS', {
  skip: (await hasMulticast()) ? false : 'no multicast here',
}, async (t) => {
  const mdnsService = `_peerhood-test-${process.pid}._udp.local`
  const a = await startNetwork(t, { mdns: true, mdnsService })
  const b = await startNetwork(t, { mdns: true, mdnsService })
  await until('they are connected', () => viewOf(a, b.self)?.state === 'connected', 30_000)
  const sources = [viewOf(a, b.self)?.source, viewOf(b, a.self as PeerId)?.source]
  assert.ok(sources.includes('mdns'), `found by ${sources.join(' and ')}`)
})
