// Limits of this folder that a stranger, or a crowd of them, runs into: over real sockets where sockets count, else with
// the least of a libp2p host that the part in question looks at.

import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Connection, PeerInfo } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createManualClock } from '../../test/support/clock.ts'
import { isPeerhoodError } from '../base/errors.ts'
import type { Host } from './host.ts'
import {
  addressDialTimeoutMs,
  addressesDialledMax,
  addressesOwnMax,
  announcementsMax,
  announcementsParallelMax,
  bootstrapPeersMax,
  dialQueueMax,
  dialsParallelMax,
  discoveredQueueMax,
  findProvidersMax,
  knownPeersMax,
  observedAddressesMax,
  redialRememberedMax,
  redialsParallelMax,
  streamsPerConnectionMax,
} from './limits.ts'
import { createPeers } from './peers.ts'
import { createReach } from './reach.ts'
import { createRedial } from './redial.ts'
import type { Candidate, CandidateKind } from './redial-core.ts'
import { createRouting, type Routing } from './routing.ts'
import {
  memoryLog,
  memoryMetrics,
  peerIdOf,
  startNetwork,
  startStranger,
  testClock,
  testRandom,
  until,
} from './testing.ts'
import type { PeerId } from './types.ts'

const isUnreachable = (error: unknown) => isPeerhoodError(error) && error.code === 'peer_unreachable'

// ---- connections and streams, over sockets

/** A port where connections are taken and nothing is said, on every loopback address. */
async function listenSilently(t: TestContext, onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as { port: number }).port
}

test('only so many peers are dialled at once, so many wait with them, and the rest are told so at once', async (t) => {
  let open = 0
  let most = 0
  const port = await listenSilently(t, (socket) => {
    most = Math.max(most, ++open)
    socket.on('close', () => open--)
  })
  const network = await startNetwork(t)
  const over = new AbortController()
  const surplus = 30
  let refused = 0
  const startMs = testClock.monotonicMs()
  const dials: Promise<void>[] = []
  for (let n = 0; n < dialQueueMax + surplus; n++) {
    const peer = { peerId: await peerIdOf(n + 1), addresses: [`/ip4/127.0.0.1/tcp/${port}`] }
    const dial = network.connect(peer, { source: 'exchange', signal: over.signal })
    const onRefused = (error: unknown) => {
      if (over.signal.aborted) return
      assert.ok(isUnreachable(error))
      refused++
    }
    dials.push(dial.catch(onRefused))
  }
  await until('the surplus is refused', () => refused >= surplus)
  await until('as many as may are being dialled', () => most >= dialsParallelMax)
  const tookMs = testClock.monotonicMs() - startMs
  // On a slow computer the first dials may have run out of time, too.
  assert.ok(refused === surplus || tookMs > addressDialTimeoutMs, `${refused} refused in ${tookMs} ms`)
  over.abort(new Error('enough'))
  await Promise.all(dials)
  assert.equal(most, dialsParallelMax)
})

test('of the addresses of a peer so many are tried', async (t) => {
  const tried = new Set<string>()
  const port = await listenSilently(t, (socket) => {
    tried.add(socket.localAddress ?? '')
    socket.destroy()
  })
  const network = await startNetwork(t)
  const addresses = Array.from({ length: 3 * addressesDialledMax }, (_, n) => `/ip4/127.0.0.${n + 1}/tcp/${port}`)
  await assert.rejects(network.connect({ peerId: await peerIdOf(1), addresses }, { source: 'exchange' }), isUnreachable)
  assert.equal(tried.size, addressesDialledMax)
})

test('one connection holds so many streams, whether they ever say what they want or not', async (t) => {
  const [victim, attacker] = [await startStranger(t), await startStranger(t)]
  const connection = await attacker.dial(victim.getMultiaddrs()[0] as Multiaddr)
  const { muxer } = connection as unknown as { muxer: { send(bytes: Uint8Array): boolean } }
  const opened = streamsPerConnectionMax + 200
  const frames = new DataView(new ArrayBuffer(12 * opened))
  for (let n = 0; n < opened; n++) {
    frames.setUint8(12 * n + 1, 1) // window update
    frames.setUint16(12 * n + 2, 1) // SYN
    frames.setUint32(12 * n + 4, 10_001 + 2 * n)
  }
  const inbound = () => victim.getConnections()[0]?.streams.filter(({ direction }) => direction === 'inbound') ?? []
  const held = () => inbound().length
  // Gossip keeps one for as long as the connection lasts.
  const silent = () => inbound().filter(({ protocol }) => !protocol?.startsWith('/meshsub/')).length
  muxer.send(new Uint8Array(frames.buffer))
  await until('the streams are there', () => held() >= streamsPerConnectionMax)
  await assert.rejects(connection.newStream('/ipfs/id/1.0.0'))
  assert.ok(held() <= streamsPerConnectionMax, `${held()} streams are held`)
  assert.equal(connection.status, 'open')
  await until('those that say nothing are let go', () => silent() === 0)
  await (await connection.newStream('/ipfs/id/1.0.0')).close()
})

// ---- what is remembered

test('of peers that were met or told of, so many are named; connected ones never make room', async () => {
  const peers = createPeers(
    testClock,
    () => {},
    () => '',
  )
  const connected = await peerIdOf(0)
  const connection = { status: 'open', direct: true, direction: 'inbound', timeline: { open: 1 } }
  const remoteAddr = multiaddr('/ip4/192.0.2.1/tcp/1')
  peers.connections(connected, [{ ...connection, remoteAddr } as unknown as Connection])
  const told: PeerId[] = []
  for (let n = 1; n <= knownPeersMax + 100; n++) told.push(await peerIdOf(n))
  for (const peerId of told) peers.found(peerId, 'exchange', '/ip4/192.0.2.1/tcp/1')
  const views = peers.views()
  assert.equal(views.length, knownPeersMax + 1)
  assert.equal(views.find(({ state }) => state === 'connected')?.peerId, connected)
  assert.ok(views.some(({ peerId }) => peerId === told.at(-1)))
  peers.stop()
})

test('of what is said of our own address, and of our own addresses, so much counts', async () => {
  const own = Array.from({ length: 100 }, (_, n) => multiaddr(`/ip4/10.0.0.${n + 1}/tcp/4001`))
  const reach = createReach({
    self: await peerIdOf(1),
    host: {
      getMultiaddrs: () => own,
      getConnections: () => [],
      services: { inner: { listening: () => [] } },
    } as unknown as Host,
    routing: {} as Routing,
    relay: false,
    log: memoryLog(),
    tell: () => {},
  })
  assert.equal(reach.addresses().length, addressesOwnMax)
  for (let n = 0; n < 100; n++) reach.observed(await peerIdOf(n), `1.2.3.${n}`)
  const { observedIps } = reach.ipFacts()
  assert.deepEqual([observedIps.length, observedIps.at(-1)], [observedAddressesMax, '1.2.3.99'])
})

// ---- redialling

/** What is dialled over an hour by a redialler that never gets through. */
async function dialledOf(add: (redial: ReturnType<typeof createRedial>) => Promise<void>) {
  const clock = createManualClock()
  const dialled: Candidate[] = []
  let running = 0
  let most = 0
  const redial = createRedial({
    clock,
    random: testRandom,
    isConnected: () => false,
    connectedCount: () => 0,
    async dial(candidate) {
      dialled.push(candidate)
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      throw new Error('nobody there')
    },
    onFailure: () => {},
  })
  redial.start()
  await add(redial)
  for (let second = 0; second < 600; second++) {
    clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  redial.stop()
  return { dialled, most, peers: new Set(dialled.slice(-dialled.length / 2).map(({ peerId }) => peerId)) }
}

for (const [kind, max] of [
  ['mdns', discoveredQueueMax],
  ['bootstrap', bootstrapPeersMax],
  ['remembered', redialRememberedMax],
] as const satisfies readonly [CandidateKind, number][]) {
  test(`of ${kind} peers so many wait for a dial, two at a time`, async () => {
    const { peers, most } = await dialledOf(async (redial) => {
      for (let n = 0; n < 2 * max; n++)
        redial.add({ peerId: await peerIdOf(n), addresses: ['/ip4/192.0.2.1/tcp/1'] }, kind)
    })
    assert.equal(peers.size, max)
    assert.equal(most, redialsParallelMax)
  })
}

test('what the local network says of a bootstrap peer is tried beside its own address, not instead', async () => {
  const peerId = await peerIdOf(1)
  const { dialled } = await dialledOf(async (redial) => {
    redial.add({ peerId, addresses: ['/ip4/192.0.2.1/tcp/1'] }, 'bootstrap')
    for (let n = 0; n < 40; n++) redial.add({ peerId, addresses: [`/ip4/10.0.0.${n}/tcp/1`] }, 'mdns')
  })
  const last = dialled.at(-1)
  assert.equal(last?.addresses[0], '/ip4/192.0.2.1/tcp/1')
  assert.ok(last?.addresses.includes('/ip4/10.0.0.39/tcp/1'))
  assert.ok((last?.addresses.length ?? 0) <= addressesDialledMax)
  assert.equal(last?.kind, 'bootstrap')
})

// ---- DHT

/** Routing over a host whose DHT is these functions; `addTablePeer` tells of a first neighbour. */
function routingOver(contentRouting: { provide?(): Promise<void>; findProviders?(): AsyncIterable<PeerInfo> }) {
  const clock = createManualClock()
  let addTablePeer = () => {}
  const table = { size: 1, addEventListener: (_name: string, run: () => void) => (addTablePeer = run) }
  const host = {
    contentRouting,
    getConnections: () => [],
    services: { dht: { routingTable: table, getMode: () => 'server' } },
  }
  const parts = { host: host as unknown as Host, self: 'self' as PeerId, clock, log: memoryLog() }
  const routing = createRouting({ ...parts, metrics: memoryMetrics() })
  return { routing, clock, addTablePeer: () => addTablePeer() }
}

test('a search names so many providers, however many answer', async () => {
  const { routing } = routingOver({
    async *findProviders() {
      for (let n = 0; ; n++) yield { id: peerIdFromString(await peerIdOf(n)), multiaddrs: [] }
    },
  })
  let found = 0
  for await (const _ of routing.findProviders(new Uint8Array(32))) found++
  assert.equal(found, findProvidersMax)
  routing.stop()
})

test('so many keys are announced again, few at a time', async () => {
  let announced = 0
  let running = 0
  let most = 0
  const { routing, clock, addTablePeer } = routingOver({
    async provide() {
      announced++
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
    },
  })
  const key = new DataView(new ArrayBuffer(32))
  for (let n = 0; n < announcementsMax + 50; n++) {
    key.setUint32(0, n)
    await routing.provide(new Uint8Array(key.buffer.slice(0)))
  }
  assert.equal(announced, announcementsMax + 50)
  announced = most = 0
  addTablePeer()
  clock.advance(1_000)
  await until('all were announced again', () => announced >= announcementsMax && running === 0)
  assert.deepEqual([announced, most], [announcementsMax, announcementsParallelMax])
  routing.stop()
})
