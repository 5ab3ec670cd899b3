// More limits that a stranger runs into (see limits.test.ts): rates, streams, frames, relays, and patience by a clock that
// the test moves.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Connection, MultiaddrConnection, PeerInfo, Stream } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createManualClock } from '../../test/support/clock.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { createBlames } from './blame.ts'
import { createGater } from './gater.ts'
import { type Host, privateKeyOfSeed } from './host.ts'
import { createLanes } from './lane.ts'
import {
  agentCharsMax,
  connectionsPerHostBurst,
  connectionsPerHostPerSecond,
  connectionsPerLoopbackBurst,
  connectionsPerLoopbackPerSecond,
  dhtStreamsMax,
  figuresIntervalMs,
  frameMaxBytes,
  openStreamTimeoutMs,
  provideTimeoutMs,
  relayConnectionMaxBytes,
  relayReservationsMax,
  relayStreamsMax,
  streamCloseTimeoutMs,
  walkTimeoutMs,
  webSocketMessageMaxBytes,
  writeBufferMaxBytes,
} from './limits.ts'
import { createPeers } from './peers.ts'
import { dhtProtocol } from './protocol.ts'
import { createRouting } from './routing.ts'
import { openPeerStream } from './serve.ts'
import { adaptStream } from './stream.ts'
import {
  memoryLog,
  memoryMetrics,
  peerIdOf,
  startNetwork,
  startStranger,
  type TestNetwork,
  testRandom,
  until,
} from './testing.ts'
import type { PeerId } from './types.ts'
import { createWalk } from './walk.ts'

const mebibyte = 1024 * 1024
const hop = '/libp2p/circuit/relay/0.2.0/hop'
const silent = '/peerhood-test/silent/1'
const options = { timeout: 30_000 }
const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code
const dial = (stranger: Host, network: TestNetwork) => stranger.dial(multiaddr(network.addresses()[0]))

// ---- connections, streams, frames

test('who has used up the burst comes in at the steady pace', options, async () => {
  const clock = createManualClock()
  const gater = createGater({ clock, metrics: memoryMetrics(), blames: createBlames(), connections: () => [] })
  const admitted = async (ip: string) => {
    const connection = { remoteAddr: multiaddr(`/ip4/${ip}/tcp/1`) } as MultiaddrConnection
    let count = 0
    while (!(await gater.denyInboundConnection?.(connection))) count++
    return count
  }
  for (const [ip, burst, perSecond] of [
    ['1.1.1.1', connectionsPerHostBurst, connectionsPerHostPerSecond],
    ['127.0.0.1', connectionsPerLoopbackBurst, connectionsPerLoopbackPerSecond],
  ] as const) {
    assert.equal(await admitted(ip), burst)
    clock.advance(1_000)
    assert.equal(await admitted(ip), perSecond)
  }
})

for (const [protocol, max] of [
  [dhtProtocol, dhtStreamsMax],
  [hop, relayStreamsMax],
] as const) {
  test(`one connection holds so many streams of ${protocol}`, options, async (t) => {
    const [network, stranger] = [await startNetwork(t, { relay: 'always' }), await startStranger(t)]
    const connection = await dial(stranger, network)
    const opened: Stream[] = []
    for (let n = 0; n < max + 4; n++) {
      const stream = await connection.newStream(protocol, { maxOutboundStreams: 1_000 }).catch(() => undefined)
      if (stream !== undefined) opened.push(stream)
    }
    await until('the surplus is reset', () => opened.filter(({ status }) => status === 'open').length <= max)
    assert.equal(opened.filter(({ status }) => status === 'open').length, max)
    assert.equal(connection.status, 'open')
  })
}

test('a frame may announce the largest window, and not a byte more', options, async (t) => {
  const network = await startNetwork(t)
  const announce = async (bytes: number) => {
    const connection = await dial(await startStranger(t), network)
    const frame = new DataView(new ArrayBuffer(12))
    frame.setUint16(2, 1) // data that opens a stream
    frame.setUint32(4, 10_001)
    frame.setUint32(8, bytes)
    const { muxer } = connection as unknown as { muxer: { send(bytes: Uint8Array): boolean } }
    muxer.send(new Uint8Array(frame.buffer))
    return connection
  }
  const [fine, tooLong] = [await announce(frameMaxBytes), await announce(frameMaxBytes + 1)]
  await until('the connection is closed', () => tooLong.status !== 'open')
  assert.equal(fine.status, 'open')
})

test('a WebSocket message longer than the limit ends the connection, and nothing else', options, async (t) => {
  const network = await startNetwork(t, { listen: ['/ip4/127.0.0.1/tcp/0/ws'] })
  const port = /tcp\/(\d+)/.exec(network.addresses()[0] ?? '')?.[1]
  const codeAfter = async (bytes: number) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`)
    const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)))
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    socket.send(new Uint8Array(bytes))
    return closed
  }
  const [messageTooBig, cut] = [1009, 1006] // RFC 6455, 7.4.1
  assert.equal(await codeAfter(webSocketMessageMaxBytes + 1), messageTooBig)
  // It is no handshake, and more than one.
  assert.equal(await codeAfter(webSocketMessageMaxBytes), cut)
  await dial(await startStranger(t), network)
})

for (const who of ['came', 'was dialled']) {
  test(`a WebSocket peer that ${who} and is blamed loses its connection, not only we ours`, options, async (t) => {
    const listen = ['/ip4/127.0.0.1/tcp/0/ws']
    const [network, stranger] = [await startNetwork(t, { listen }), await startStranger(t, { listen })]
    const strangerId = stranger.peerId.toString() as PeerId
    const addresses = stranger.getMultiaddrs().map((address) => address.toString())
    if (who === 'came') await dial(stranger, network)
    else await network.connect({ peerId: strangerId, addresses }, { source: 'link' })
    await until('both are connected', () => stranger.getConnections().length === 1 && network.peers().length === 1)
    network.blame(strangerId, { code: 'lied', verdict: 'reject' })
    await until('the other side notices', () => stranger.getConnections().length === 0)
  })
}

/** A stream to a peer that reads nothing, with a clock of its own. */
async function stuckStream(t: TestContext) {
  const [network, stranger] = [await startNetwork(t), await startStranger(t)]
  await network.handle(silent, () => new Promise(() => {}), { streamsPerPeerMax: 1 })
  const stream = await (await dial(stranger, network)).newStream(silent)
  const clock = createManualClock()
  const meter = { received: () => {}, sent: () => {} }
  return { clock, stream: adaptStream(stream, network.self, { clock, isRelayed: false, meter, copies: false }) }
}

test('who does not wait for a peer that does not read may queue so much', options, async (t) => {
  const { stream } = await stuckStream(t)
  let sent = 0
  const chunk = new Uint8Array(mebibyte)
  assert.throws(() => {
    for (; sent < 2 * writeBufferMaxBytes; sent += chunk.length) stream.send(chunk)
  }, isPeerhoodError)
  assert.ok(sent >= writeBufferMaxBytes - mebibyte && sent <= writeBufferMaxBytes + mebibyte, `${sent} bytes`)
})

test('ending a stream waits so long for a peer that does not read', options, async (t) => {
  const { stream, clock } = await stuckStream(t)
  stream.send(new Uint8Array(8 * mebibyte))
  const closing = assert.rejects(stream.close(), withCode('stream_broken'))
  clock.advance(streamCloseTimeoutMs)
  await closing
})

test('opening a stream takes so long', options, async () => {
  const clock = createManualClock()
  const never = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const privateKey = await privateKeyOfSeed(testRandom.bytes(32))
  const lanes = createLanes({ privateKey, clock, random: testRandom, log: memoryLog(), metrics: memoryMetrics() })
  const parts = {
    clock,
    lanes,
    peers: createPeers(
      clock,
      () => {},
      () => '',
    ),
  }
  const opening = openPeerStream(await peerIdOf(1), silent, never, parts)
  clock.advance(openStreamTimeoutMs - 1)
  const outcome = assert.rejects(opening, withCode('peer_unreachable'))
  assert.equal(clock.waiting, 1)
  clock.advance(1)
  await outcome
})

// ---- relays

/** Asks a relay for a reservation by hand; its status (100: granted, 200: refused). */
async function reserve(stranger: Host, network: TestNetwork): Promise<number> {
  const stream = await (await dial(stranger, network)).newStream(hop)
  const answer = new Promise<number[]>((resolve) =>
    stream.addEventListener('message', ({ data }) =>
      resolve([...(data instanceof Uint8Array ? data : data.subarray())]),
    ),
  )
  stream.send(Uint8Array.of(2, 0x08, 0)) // a message of 2 bytes: RESERVE
  const bytes = await answer
  // Field 5, a number of two bytes for what does not fit into 7 bits; nothing else of the end looks like it.
  const at = bytes.lastIndexOf(0x28)
  return ((bytes[at + 1] ?? 0) & 0x7f) + (((bytes[at + 1] ?? 0) & 0x80) === 0 ? 0 : (bytes[at + 2] ?? 0) * 128)
}

test('a relay grants so many reservations, and gives the place of who leaves to others', options, async (t) => {
  const network = await startNetwork(t, { relay: 'always' })
  const statuses: number[] = []
  const strangers: Host[] = []
  // Or all of them would meet each other.
  const gater = { denyDialPeer: (peerId: { toString(): string }) => peerId.toString() !== network.self }
  for (let n = 0; n < relayReservationsMax + 2; n++) {
    const stranger = await startStranger(t, { gater })
    strangers.push(stranger)
    statuses.push(await reserve(stranger, network))
  }
  assert.equal(statuses.filter((status) => status === 100).length, relayReservationsMax)
  assert.deepEqual(statuses.slice(relayReservationsMax), [200, 200])
  await strangers[0]?.stop()
  await until(
    'it has gone',
    () => network.peers().filter(({ state }) => state === 'connected').length < strangers.length,
  )
  assert.equal(await reserve(strangers.at(-1) as Host, network), 100)
})

test('who connects through a relay is told of the bytes that it carries', options, async (t) => {
  const relay = await startNetwork(t, { relay: 'always' })
  const [reached, stranger] = [await startNetwork(t), await startStranger(t)]
  await reached.connect({ peerId: relay.self, addresses: relay.addresses() }, { source: 'manual' })
  const relayed = () => reached.addresses().find((address) => address.includes('/p2p-circuit'))
  await until('there is a way through the relay', () => relayed() !== undefined)
  const { limits } = await stranger.dial(multiaddr(relayed()))
  const bytesLeft = Number(limits?.bytes)
  assert.ok(bytesLeft <= relayConnectionMaxBytes && bytesLeft > relayConnectionMaxBytes - mebibyte, `${bytesLeft}`)
})

// ---- figures, walks, announcements

test(
  'a peer’s agent is shown as far as it is short, and its figures are told no more often than that',
  options,
  async () => {
    const clock = createManualClock()
    const told: (string | undefined)[] = []
    const peers = createPeers(
      clock,
      ({ agent }) => told.push(agent),
      () => '',
    )
    const peerId = await peerIdOf(1)
    const remoteAddr: Multiaddr = multiaddr('/ip4/192.0.2.1/tcp/1')
    const connection = { status: 'open', direct: true, direction: 'inbound', timeline: { open: 1 }, remoteAddr }
    peers.connections(peerId, [connection as unknown as Connection])
    told.length = 0
    peers.identified(peerId, 'a'.repeat(1_000))
    for (let n = 0; n < 1_000; n++) {
      peers.meter(peerId).received(1)
      clock.advance((3 * figuresIntervalMs) / 1_000)
    }
    peers.stop()
    assert.deepEqual(told.slice(0, 2), ['a'.repeat(agentCharsMax), 'a'.repeat(agentCharsMax)])
    assert.ok(told.length <= 3, `${told.length} times`)
  },
)

test('a walk of which nothing comes ends', options, async () => {
  const clock = createManualClock()
  const over = new AbortController()
  let ended = 0
  const walk = createWalk({
    clock,
    isWanted: () => true,
    async *query(signal): AsyncGenerator<PeerInfo> {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      ended++
    },
  })
  const walking = walk({ signal: over.signal }).next()
  clock.advance(walkTimeoutMs - 1)
  assert.equal(ended, 0)
  clock.advance(1)
  await until('the walk is over', () => ended === 1)
  over.abort(new Error('enough'))
  await assert.rejects(walking, /enough/)
})

test('an announcement that nobody takes ends', options, async () => {
  const clock = createManualClock()
  const counts = new Map<string, number>()
  const never = (_cid: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const host = {
    contentRouting: { provide: never },
    getConnections: () => [],
    services: { dht: { routingTable: { size: 1, addEventListener: () => {} }, getMode: () => 'server' } },
  } as unknown as Host
  const parts = { host, self: 'self' as PeerId, clock, log: memoryLog(), metrics: memoryMetrics(counts) }
  const routing = createRouting(parts)
  const providing = routing.provide(new Uint8Array(32))
  await until('it is under way', () => clock.waiting === 1)
  clock.advance(provideTimeoutMs)
  await providing
  assert.equal(counts.get('network_announcements{failed}'), 1)
  routing.stop()
})
