// What every `Network` (src/network/types.ts) must do, as tests that each implementation runs: the real one over loopback
// and the simulated one. What a transfer may count on is here, and nothing else is.
//
// Only the real one has, so its own tests hold it: addresses of several kinds, dialling by DHT, relays, mDNS, byte counts,
// latency, agents, reachability, the doctor, memory for peers over restarts.
// Only the simulated one has, so the scenarios use it: loss, splits, peers that vanish or stop reading, virtual time. It
// runs from the moment it joins; the real one wants `start`.

import assert from 'node:assert/strict'
import { describe, type TestContext, test as unboundedTest } from 'node:test'
import { isPeerhoodError } from '../../src/base/errors.ts'
import { networkErrors } from '../../src/network/errors.ts'
import type { Network, NetworkEvent, PeerAddress, PeerId, PeerStream, PeerView } from '../../src/network/types.ts'
import { testGossip } from './gossip-suite.ts'
import { until } from './until.ts'

export interface NetworkSetup {
  /** A running network that the test's end stops. Those of one test can reach each other. */
  start(context: TestContext): Promise<Network>
  /** A peer that nobody is, with an address where nobody answers. */
  nobody(): Promise<PeerAddress>
}

const echo = '/peerhood-test/echo/1'
const hold = '/peerhood-test/hold/1'
const mebibyte = 1024 * 1024

/** Each takes a second at most; a stream that hangs must not hang the run. */
const testTimeoutMs = 30_000
const test = (name: string, run: (context: TestContext) => Promise<void>) =>
  unboundedTest(name, { timeout: testTimeoutMs }, run)

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code

// ---- helpers

async function join(from: Network, to: Network): Promise<void> {
  await from.connect({ peerId: to.self, addresses: to.addresses() }, { source: 'manual' })
}

const viewOf = (network: Network, peerId: PeerId): PeerView | undefined =>
  network.peers().find((peer) => peer.peerId === peerId)

const isConnected = (network: Network, peerId: PeerId) => viewOf(network, peerId)?.state === 'connected'

async function connectedPair({ start }: NetworkSetup, context: TestContext): Promise<[Network, Network]> {
  const [a, b] = [await start(context), await start(context)]
  await join(a, b)
  return [a, b]
}

async function readAll(stream: PeerStream): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream.incoming) chunks.push(chunk.slice())
  return Buffer.concat(chunks)
}

async function sendAll(stream: PeerStream, chunks: Iterable<Uint8Array>): Promise<void> {
  for (const chunk of chunks) if (!stream.send(chunk)) await stream.drained()
}

/** Sends for as long as there is room, and waits for it; ends only by an error. */
async function sendWithoutEnd(stream: PeerStream, options: { signal?: AbortSignal } = {}): Promise<never> {
  const chunk = new Uint8Array(64 * 1024)
  for (let sent = 0; ; sent += chunk.length) {
    assert.ok(sent < 32 * mebibyte, 'a stream that nobody reads fills up')
    if (!stream.send(chunk)) await stream.drained(options)
  }
}

/** Connected networks, and both ends of a stream whose handler runs until the test ends. */
async function streamBetween(setup: NetworkSetup, context: TestContext) {
  const [a, b] = await connectedPair(setup, context)
  const served = Promise.withResolvers<PeerStream>()
  const over = Promise.withResolvers<void>()
  context.after(() => over.resolve())
  const serve = (stream: PeerStream) => {
    served.resolve(stream)
    return over.promise
  }
  await b.handle(hold, serve, { streamsPerPeerMax: 4 })
  const near = await a.openStream(b.self, hold)
  return { a, b, near, far: await served.promise }
}

function serveEcho(network: Network, streamsPerPeerMax = 4): Promise<() => void> {
  const handler = async (stream: PeerStream) => {
    for await (const chunk of stream.incoming) if (!stream.send(chunk)) await stream.drained()
  }
  return network.handle(echo, handler, { streamsPerPeerMax })
}

/** There and back over a new stream; throws what its breaking throws. */
async function askEcho(from: Network, to: PeerId): Promise<void> {
  const stream = await from.openStream(to, echo)
  stream.send(Uint8Array.of(1, 2, 3))
  await stream.close()
  assert.deepEqual([...(await readAll(stream))], [1, 2, 3])
}

/** Time in which whatever is under way gets on: a few rounds on a stream of their own. */
async function letThingsHappen(a: Network, b: Network): Promise<void> {
  for (let round = 0; round < 5; round++) await askEcho(a, b.self)
}

export function testNetwork(name: string, setup: NetworkSetup): void {
  describe(`network: ${name}`, () => {
    testBytes(setup)
    testEnds(setup)
    testHandlers(setup)
    testConnections(setup)
    testProviders(setup)
    testGossip(setup)
  })
}

// ---- bytes

function testBytes(setup: NetworkSetup): void {
  test('bytes arrive whole and in order, both ways at once, however they were cut', async (context) => {
    const [a, b] = await connectedPair(setup, context)
    await serveEcho(b)
    const stream = await a.openStream(b.self, echo)
    assert.equal(stream.remotePeer, b.self)
    const chunks = Array.from({ length: 150 }, (_, at) => new Uint8Array(1 + ((at * 7919) % 50_000)).fill(at))
    const sending = sendAll(stream, chunks).then(() => stream.close())
    const received = await readAll(stream)
    await sending
    assert.equal(Buffer.compare(received, Buffer.concat(chunks)), 0)
  })

  test('what was sent is the sender’s again once there is room: it may be overwritten', async (context) => {
    const [a, b] = await connectedPair(setup, context)
    await serveEcho(b)
    const stream = await a.openStream(b.self, echo)
    const memory = new Uint8Array(700_000)
    const expected: Uint8Array[] = []
    const sending = (async () => {
      for (let round = 1; round <= 8; round++) {
        const head = Uint8Array.of(round, round, round)
        memory.fill(round)
        expected.push(head.slice(), memory.slice())
        if (!stream.send(head, memory)) await stream.drained()
        memory.fill(0)
        head.fill(0)
      }
      await stream.close()
    })()
    const received = await readAll(stream)
    await sending
    assert.equal(Buffer.compare(received, Buffer.concat(expected)), 0)
  })

  test('a sender waits while nobody reads, and goes on when somebody does; other streams go on', async (context) => {
    const { a, b, near, far } = await streamBetween(setup, context)
    assert.equal(far.remotePeer, a.self)
    await serveEcho(b)
    await near.drained() // with room left there is nothing to wait for
    let sent = 0
    const chunk = new Uint8Array(64 * 1024)
    const sending = (async () => {
      for (; sent < 48 * mebibyte; sent += chunk.length) if (!near.send(chunk)) await near.drained()
      await near.close()
    })()
    await letThingsHappen(a, b)
    assert.ok(sent > 0 && sent < 24 * mebibyte, `${sent} bytes were taken for a peer that reads none`)
    let received = 0
    for await (const part of far.incoming) received += part.length
    await sending
    assert.equal(received, 48 * mebibyte)
  })

  test('waiting for room ends with the signal, with the stream, and with the connection', async (context) => {
    const { a, b, near } = await streamBetween(setup, context)
    await serveEcho(b)
    const aborter = new AbortController()
    const signalled = assert.rejects(sendWithoutEnd(near, { signal: aborter.signal }), /mine/)
    await letThingsHappen(a, b)
    aborter.abort(new Error('mine'))
    await signalled
    const aborted = assert.rejects(sendWithoutEnd(near), withCode('stream_closed'))
    await letThingsHappen(a, b)
    near.abort(networkErrors.stream_closed('enough'))
    await aborted
    await assert.rejects(near.drained(), withCode('stream_closed'))
    const another = await a.openStream(b.self, hold)
    const lost = assert.rejects(sendWithoutEnd(another), withCode('stream_broken'))
    await letThingsHappen(a, b)
    await b.stop()
    await lost
  })
}

// ---- ends

function testEnds(setup: NetworkSetup): void {
  test('each side ends by itself: the other goes on', async (context) => {
    const { near, far } = await streamBetween(setup, context)
    near.send(Uint8Array.of(1, 2))
    await near.close()
    assert.deepEqual([...(await readAll(far))], [1, 2])
    const sending = sendAll(far, Array(8).fill(new Uint8Array(100_000))).then(() => far.close())
    assert.equal((await readAll(near)).length, 800_000)
    await sending
  })

  test('nothing is sent after the end; ending twice is fine', async (context) => {
    const { near, far } = await streamBetween(setup, context)
    await Promise.all([near.close(), near.close()])
    assert.throws(() => near.send(Uint8Array.of(1)), withCode('stream_closed'))
    await near.close()
    assert.equal((await readAll(far)).length, 0)
  })

  test('aborting ends both sides: ours with our error, theirs as reset', async (context) => {
    const { near, far } = await streamBetween(setup, context)
    far.send(Uint8Array.of(1))
    await near.incoming[Symbol.asyncIterator]().next()
    const theirs = assert.rejects(readAll(far), withCode('stream_reset'))
    const ours = assert.rejects(readAll(near), withCode('protocol_unsupported'))
    near.abort(networkErrors.protocol_unsupported('some error of ours'))
    await Promise.all([ours, theirs])
    assert.throws(() => near.send(Uint8Array.of(1)), withCode('protocol_unsupported'))
    assert.throws(() => far.send(Uint8Array.of(1)), withCode('stream_reset'))
    near.abort(networkErrors.stream_closed('again'))
    await near.close()
    await far.close()
  })
}

// ---- handlers

function testHandlers(setup: NetworkSetup): void {
  test('a protocol is served from `handle` until its cancel, and by one handler', async (context) => {
    const [a, b] = await connectedPair(setup, context)
    await assert.rejects(a.openStream(b.self, echo), withCode('protocol_unsupported'))
    const cancel = await serveEcho(b)
    await assert.rejects(serveEcho(b), withCode('protocol_taken'))
    await askEcho(a, b.self)
    cancel()
    const isGone = () =>
      a.openStream(b.self, echo).then(
        (stream) => stream.close(),
        () => true,
      )
    await until(async () => (await isGone()) === true)
    await assert.rejects(a.openStream(b.self, echo), withCode('protocol_unsupported'))
    await serveEcho(b)
    await askEcho(a, b.self)
  })

  test('a handler that throws costs that stream; one that is done ends its side', async (context) => {
    const [a, b] = await connectedPair(setup, context)
    await serveEcho(b)
    const handler = async (stream: PeerStream) => {
      for await (const [order] of stream.incoming) {
        if (order === 1) throw new TypeError('a defect')
        if (order === 2) return
      }
    }
    await b.handle('/peerhood-test/orders/1', handler, { streamsPerPeerMax: 4 })
    const [defect, done] = [
      await a.openStream(b.self, '/peerhood-test/orders/1'),
      await a.openStream(b.self, '/peerhood-test/orders/1'),
    ]
    defect.send(Uint8Array.of(1))
    await assert.rejects(readAll(defect), withCode('stream_reset'))
    done.send(Uint8Array.of(2))
    assert.equal((await readAll(done)).length, 0)
    await done.close()
    await askEcho(a, b.self)
    assert.equal(isConnected(a, b.self), true)
  })

  test('streams of one peer past the limit are cut; there is room again when one has ended', async (context) => {
    const [a, b] = await connectedPair(setup, context)
    await serveEcho(b, 2)
    const open = [await a.openStream(b.self, echo), await a.openStream(b.self, echo)]
    await assert.rejects(askEcho(a, b.self), isPeerhoodError)
    for (const stream of open) {
      stream.send(Uint8Array.of(7))
      const { value } = await stream.incoming[Symbol.asyncIterator]().next()
      assert.deepEqual([...value], [7], 'those within the limit go on')
    }
    await open[0]?.close()
    await until(() =>
      askEcho(a, b.self).then(
        () => true,
        () => false,
      ),
    )
  })
}

// ---- connections

function testConnections(setup: NetworkSetup): void {
  test('who connects is told of at once on this side, soon on the other; so is who leaves', async (context) => {
    const [a, b] = [await setup.start(context), await setup.start(context)]
    const heard: Record<string, string[]> = { a: [], b: [] }
    const listen = (name: string, other: PeerId) => (event: NetworkEvent) => {
      const isNews = event.type === 'peer' && event.peer.peerId === other && heard[name]?.at(-1) !== event.peer.state
      if (isNews) heard[name]?.push(event.peer.state)
    }
    a.on(listen('a', b.self))
    b.on(listen('b', a.self))
    const cancelled: unknown[] = []
    a.on((event) => cancelled.push(event))()
    await join(a, b)
    assert.equal(heard.a?.at(-1), 'connected')
    assert.deepEqual(pick(viewOf(a, b.self)), ['connected', 'manual', 'direct', 'outbound'])
    await until(() => heard.b?.at(-1) === 'connected')
    assert.deepEqual(pick(viewOf(b, a.self)), ['connected', 'inbound', 'direct', 'inbound'])
    await join(a, b)
    await join(b, a)
    await b.stop()
    await until(() => heard.a?.at(-1) === 'known')
    assert.deepEqual(
      heard.a?.filter((state) => state === 'connected'),
      ['connected'],
      'connecting again changes nothing',
    )
    assert.notEqual(viewOf(a, b.self)?.state, 'connected')
    assert.deepEqual(cancelled, [])
  })

  test('what cannot be connected to has a code; a signal ends the try with its reason', async (context) => {
    const [a, b] = [await setup.start(context), await setup.start(context)]
    const nobody = await setup.nobody()
    const connect = (peer: PeerAddress, signal?: AbortSignal) =>
      a.connect(peer, signal === undefined ? { source: 'link' } : { source: 'link', signal })
    await assert.rejects(connect({ peerId: a.self, addresses: a.addresses() }), withCode('peer_is_self'))
    await assert.rejects(connect(nobody), withCode('peer_unreachable'))
    const signal = AbortSignal.abort(new Error('mine'))
    await assert.rejects(connect({ peerId: b.self, addresses: b.addresses() }, signal), /mine/)
    assert.equal(isConnected(a, b.self), false)
    await join(a, b)
    await serveEcho(b)
    await assert.rejects(a.openStream(b.self, echo, { signal }), /mine/)
    await assert.rejects(a.openStream(nobody.peerId, echo), withCode('peer_unreachable'))
    await askEcho(a, b.self)
  })

  test('a stream to a peer that was met before connects by itself', async (context) => {
    const [a, b] = await connectedPair(setup, context)
    await serveEcho(b)
    await until(async () => (await b.addressesOf(a.self)) !== undefined)
    const met = await a.addressesOf(b.self)
    assert.equal(met?.peerId, b.self)
    const c = await setup.start(context)
    assert.equal(await c.addressesOf((await setup.nobody()).peerId), undefined)
    await c.connect(met as PeerAddress, { source: 'exchange' })
    await askEcho(c, b.self)
    assert.equal(viewOf(c, b.self)?.source, 'exchange')
  })

  test('a peer that is blamed is disconnected and not gone to; one that is only counted stays', async (context) => {
    const { a, b, near, far } = await streamBetween(setup, context)
    a.blame(b.self, { code: 'odd', verdict: 'ignore' })
    await serveEcho(b)
    await askEcho(a, b.self)
    const broken = [near, far].map((stream) => assert.rejects(readAll(stream), isPeerhoodError))
    a.blame(b.self, { code: 'lied', verdict: 'reject' })
    await Promise.all(broken)
    await until(() => !isConnected(a, b.self) && !isConnected(b, a.self))
    await assert.rejects(join(a, b), withCode('peer_paused'))
    await assert.rejects(a.openStream(b.self, echo), withCode('peer_paused'))
  })

  test('stopping breaks streams, and nothing begins after it', async (context) => {
    const { a, b, near, far } = await streamBetween(setup, context)
    const broken = [near, far].map((stream) => assert.rejects(readAll(stream), isPeerhoodError))
    await b.stop()
    await Promise.all(broken)
    await until(() => !isConnected(a, b.self))
    await assert.rejects(join(b, a), withCode('network_stopped'))
    await assert.rejects(b.openStream(a.self, echo), withCode('network_stopped'))
    await assert.rejects(b.provide(new Uint8Array(32)), withCode('network_stopped'))
    await assert.rejects(join(a, b), withCode('peer_unreachable'))
    await b.stop()
  })
}

const pick = (view: PeerView | undefined) => [view?.state, view?.source, view?.path, view?.direction]

// ---- discovery by key

async function find(network: Network, key: Uint8Array, signal?: AbortSignal): Promise<PeerAddress[]> {
  const found: PeerAddress[] = []
  const search = network.findProviders(key, signal === undefined ? {} : { signal })
  for await (const peer of search) found.push(peer)
  return found
}

function testProviders({ start }: NetworkSetup): void {
  test('what some announce others find and connect to; nobody finds itself', async (context) => {
    const [hub, a, b, c] = await Promise.all(Array.from({ length: 4 }, () => start(context)))
    assert.ok(hub !== undefined && a !== undefined && b !== undefined && c !== undefined)
    for (const peer of [a, b, c]) await join(peer, hub)
    const key = new Uint8Array(32).fill(7)
    await a.provide(key)
    await b.provide(key)
    await b.provide(key) // announcing again is fine
    const found = await find(c, key)
    assert.deepEqual(found.map(({ peerId }) => peerId).toSorted(), [a.self, b.self].toSorted())
    for (const peer of found) await c.connect(peer, { source: 'dht' })
    assert.equal(isConnected(c, a.self), true)
    assert.deepEqual(
      (await find(a, key)).map(({ peerId }) => peerId),
      [b.self],
    )
    assert.deepEqual(await find(c, new Uint8Array(32).fill(8)), [])
  })

  test('what is announced no more is told to nobody who comes later, until it is announced again', async (context) => {
    const [a, b] = [await start(context), await start(context)]
    const keys = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte))
    const [dropped, back, ...kept] = keys as [Uint8Array, Uint8Array, ...Uint8Array[]]
    for (const key of keys) await a.provide(key)
    await Promise.all([a.unprovide(dropped), a.unprovide(back), a.unprovide(new Uint8Array(32))])
    await a.provide(back)
    await join(a, b)
    const isFound = async (key: Uint8Array) => (await find(b, key)).some(({ peerId }) => peerId === a.self)
    for (const key of [back, ...kept]) await until(() => isFound(key))
    assert.equal(await isFound(dropped), false)
    await b.provide(dropped)
    await b.unprovide(dropped)
    await b.stop()
    await b.unprovide(dropped) // nothing to take back, and nothing wrong with that
  })

  test('a search whose signal is aborted ends with its reason', async (context) => {
    const network = await start(context)
    await assert.rejects(find(network, new Uint8Array(32), AbortSignal.abort(new Error('mine'))), /mine/)
  })
}
