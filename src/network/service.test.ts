// Two networks over real sockets: connect, streams both ways, errors, stopping.

import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { type TestContext, test } from 'node:test'
import { PeerhoodError } from '../base/errors.ts'
import { networkErrors } from './errors.ts'
import { stopTimeoutMs } from './limits.ts'
import { join, readAll, sendAll, sendBack, startNetwork, testClock, testRandom, until, viewOf } from './testing.ts'
import type { NetworkEvent, PeerId } from './types.ts'

const mebibyte = 1024 * 1024
const echo = '/peerhood-test/echo/1'
const hasCode = (code: string) => (error: unknown) => error instanceof PeerhoodError && error.code === code

for (const [name, listen, transport] of [
  ['TCP', '/ip4/127.0.0.1/tcp/0', 'tcp'],
  ['WebSocket', '/ip4/127.0.0.1/tcp/0/ws', 'websocket'],
  ['UDP', '/ip4/127.0.0.1/udp/0/udx', 'udp'],
] as const) {
  test(`64 MiB there and back over ${name}, byte by byte`, async (t) => {
    const [a, b] = await Promise.all([startNetwork(t, { listen: [listen] }), startNetwork(t, { listen: [listen] })])
    const block = testRandom.bytes(mebibyte)
    await b.handle(echo, sendBack, { streamsPerPeerMax: 1 })
    await join(a, b)
    const stream = await a.openStream(b.self, echo)
    const sent = sendAll(stream, Array(64).fill(block)).then(() => stream.close())
    let received = 0
    for await (const chunk of stream.incoming) {
      const at = received % mebibyte
      const whole = at + chunk.length <= mebibyte
      if (whole) assert.deepEqual(Buffer.compare(chunk, block.subarray(at, at + chunk.length)), 0)
      received += chunk.length
    }
    await sent
    assert.equal(received, 64 * mebibyte)
    const view = viewOf(a, b.self)
    assert.equal(view?.bytesOut, 64 * mebibyte)
    assert.equal(view?.bytesIn, 64 * mebibyte)
    assert.deepEqual(
      [view?.state, view?.source, view?.path, view?.direction, view?.transport, view?.encryption],
      ['connected', 'manual', 'direct', 'outbound', transport, 'tls'],
    )
    assert.equal(viewOf(b, a.self)?.source, 'inbound')
  })
}

test('a peer that offers Noise alone is met with Noise', async (t) => {
  const [a, b] = await Promise.all([startNetwork(t), startNetwork(t, { encryption: ['noise'] })])
  await b.handle(echo, async (stream) => void stream.send(new Uint8Array(await readAll(stream))), {
    streamsPerPeerMax: 1,
  })
  await join(a, b)
  const stream = await a.openStream(b.self, echo)
  stream.send(new Uint8Array(5))
  await stream.close()
  assert.equal(await readAll(stream), 5)
  assert.equal(viewOf(a, b.self)?.encryption, 'noise')
})

test('a half-closed stream goes on the other way', async (t) => {
  const [a, b] = await Promise.all([startNetwork(t), startNetwork(t)])
  await b.handle(
    echo,
    async (stream) => {
      await stream.close()
      assert.equal(await readAll(stream), 3 * mebibyte)
    },
    { streamsPerPeerMax: 1 },
  )
  await join(a, b)
  const stream = await a.openStream(b.self, echo)
  assert.equal(await readAll(stream), 0)
  await sendAll(stream, Array(3).fill(new Uint8Array(mebibyte)))
  await stream.close()
  await until('all bytes are counted', () => viewOf(b, a.self)?.bytesIn === 3 * mebibyte)
})

/** A stream from `a` to `b` that has carried something, and what its handler at `b` met. */
async function openWatched(t: TestContext) {
  const [a, b] = await Promise.all([startNetwork(t), startNetwork(t)])
  const met: { error?: unknown } = {}
  const note = (error: unknown) => {
    met.error = error
  }
  await b.handle(echo, (stream) => readAll(stream).then(undefined, note), {
    streamsPerPeerMax: 1,
  })
  await join(a, b)
  const stream = await a.openStream(b.self, echo)
  stream.send(new Uint8Array(10))
  await until('the bytes are there', () => viewOf(b, a.self)?.bytesIn === 10)
  return { a, b, stream, met }
}

test('a connection that goes away breaks the stream instead of ending it', async (t) => {
  const { a, b, stream, met } = await openWatched(t)
  b.blame(a.self, { code: 'test', verdict: 'reject' })
  await assert.rejects(readAll(stream), (error: unknown) => error instanceof PeerhoodError)
  await until('the handler was told', () => met.error instanceof PeerhoodError)
  assert.throws(() => stream.send(new Uint8Array(1)), PeerhoodError)
})

test('aborting resets the other side', async (t) => {
  const { stream, met } = await openWatched(t)
  stream.abort(networkErrors.stream_closed('enough'))
  await until('the handler was told', () => hasCode('stream_reset')(met.error))
  await assert.rejects(readAll(stream), hasCode('stream_closed'))
})

test('what cannot be is refused with a code', async (t) => {
  const [a, b] = await Promise.all([startNetwork(t), startNetwork(t)])
  const stranger = (await startNetwork(t)).self
  await assert.rejects(
    a.connect({ peerId: a.self, addresses: a.addresses() }, { source: 'link' }),
    hasCode('peer_is_self'),
  )
  await assert.rejects(
    a.connect({ peerId: stranger, addresses: ['/ip4/127.0.0.1/tcp/1', 'nonsense'] }, { source: 'link' }),
    hasCode('peer_unreachable'),
  )
  // Another peer than the one that was asked for answers there.
  await assert.rejects(
    a.connect({ peerId: stranger, addresses: b.addresses().map(bare) }, { source: 'link' }),
    hasCode('peer_unreachable'),
  )
  await join(a, b)
  await assert.rejects(a.openStream(b.self, '/peerhood-test/unknown/1'), hasCode('protocol_unsupported'))
  const abort = AbortSignal.abort(new Error('mine'))
  await assert.rejects(a.openStream(b.self, echo, { signal: abort }), /mine/)
  await b.handle(echo, async () => {}, { streamsPerPeerMax: 1 })
  await assert.rejects(
    b.handle(echo, async () => {}, { streamsPerPeerMax: 1 }),
    hasCode('protocol_taken'),
  )
})

function bare(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, '')
}

test('options that are no addresses are refused, and so is a port that is taken', async (t) => {
  const a = await startNetwork(t)
  await assert.rejects(startNetwork(t, { listen: ['tcp:80'] }), hasCode('address_malformed'))
  await assert.rejects(startNetwork(t, { bootstrap: ['/ip4/127.0.0.1/tcp/4001'] }), hasCode('address_malformed'))
  const taken = bare(a.addresses()[0] ?? '')
  await assert.rejects(startNetwork(t, { listen: [taken] }), hasCode('listen_failed'))
})

test('peers are told of as they come, change and go; addresses serve to hand on', async (t) => {
  const [a, b] = await Promise.all([
    startNetwork(t, { agent: `peerhood/\u001b[31m${'x'.repeat(100)}` }),
    startNetwork(t),
  ])
  const events: NetworkEvent[] = []
  b.on((event) => events.push(event))
  const isPeer = (state: string) => (event: NetworkEvent) =>
    event.type === 'peer' && event.peer.peerId === a.self && event.peer.state === state
  await join(a, b)
  await until('the agent is known', () => viewOf(b, a.self)?.agent !== undefined)
  assert.match(viewOf(b, a.self)?.agent ?? '', /^peerhood\/\[31mx{1,64}$/)
  await until('a latency is known', () => viewOf(b, a.self)?.latencyMs !== undefined)
  assert.ok(events.some(isPeer('connected')))
  const known = await b.addressesOf(a.self)
  assert.deepEqual(known?.addresses, a.addresses().map(bare))
  await a.stop()
  await until('the end is told', () => events.some(isPeer('known')))
  assert.equal(viewOf(b, a.self)?.path, 'none')
  assert.equal(await b.addressesOf('12D3KooWunknown' as PeerId).catch(() => undefined), undefined)
})

test('stopping ends open streams, takes little time whatever peers do, and leaves the network stopped', async (t) => {
  const peers = await Promise.all(Array.from({ length: 8 }, () => startNetwork(t)))
  const [hub, ...rest] = peers as [(typeof peers)[0], ...typeof peers]
  await hub.handle(echo, async (stream) => void (await readAll(stream)), { streamsPerPeerMax: 2 })
  await Promise.all(rest.map((peer) => join(peer, hub)))
  const streams = await Promise.all(rest.map((peer) => peer.openStream(hub.self, echo)))
  for (const stream of streams) stream.send(new Uint8Array(4 * mebibyte))
  const startMs = performance.now()
  await hub.stop()
  // Far below any deadline of a stream or a dial, with room for a slow computer.
  assert.ok(performance.now() - startMs < stopTimeoutMs + 3_000)
  await assert.rejects(hub.openStream(rest[0]?.self as PeerId, echo), hasCode('network_stopped'))
  await Promise.all(streams.map((stream) => assert.rejects(readAll(stream), PeerhoodError)))
})

test('the doctor names ports, reach and the rest', async (t) => {
  const [a, b] = await Promise.all([startNetwork(t), startNetwork(t)])
  await join(a, b)
  const checks = await a.diagnose()
  const port = /tcp\/(\d+)/.exec(a.addresses()[0] ?? '')?.[1]
  assert.equal(checks.find((check) => check.id === 'ports')?.finding, `Listening on ${port} (TCP).`)
  assert.deepEqual(
    checks.map((check) => check.id),
    ['ports', 'reachability', 'nat', 'udp', 'upnp', 'relays', 'dht', 'mdns', 'ipv6'],
  )
  assert.ok(checks.every((check) => check.state !== 'failed'))
  assert.equal(a.reachability().kind, 'local-only')
  assert.ok(testClock.nowMs() >= (viewOf(a, b.self)?.connectedAtMs ?? Number.POSITIVE_INFINITY))
})
