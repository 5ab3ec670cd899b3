// Bad peers over real sockets: what they send costs them their connection, never our memory, and others go on.

import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { isPeerhoodError } from '../base/errors.ts'
import { networkErrors } from './errors.ts'
import type { Host } from './host.ts'
import {
  connectionsPendingMax,
  connectionsPerPeerMax,
  handshakeTimeoutMs,
  ignoredBlamesMax,
  negotiationTimeoutMs,
  readBufferMaxBytes,
  readQueueHighBytes,
  stopTimeoutMs,
  streamsBurstMax,
  windowMaxBytes,
} from './limits.ts'
import {
  join,
  readAll,
  sendAll,
  startNetwork,
  startStranger,
  type TestNetwork,
  testRandom,
  until,
  viewOf,
} from './testing.ts'
import type { PeerId, PeerStream } from './types.ts'

const protocol = '/peerhood-test/hostile/1'
const mebibyte = 1024 * 1024

function dialStranger(stranger: Host, network: TestNetwork, options: { force?: boolean } = {}): Promise<Connection> {
  return stranger.dial(multiaddr(network.addresses()[0]), options)
}

function openRaw(t: TestContext, network: TestNetwork, write?: Uint8Array): Promise<Socket & { endedMs?: number }> {
  const port = Number(/tcp\/(\d+)/.exec(network.addresses()[0] ?? '')?.[1])
  return new Promise((resolve, reject) => {
    const socket: Socket & { endedMs?: number } = connect(port, '127.0.0.1', () => {
      if (write) socket.write(write)
      resolve(socket)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      socket.endedMs = performance.now()
    })
    socket.once('error', reject)
    socket.resume()
    t.after(() => socket.destroy())
  })
}

async function servesOthers(t: TestContext, network: TestNetwork): Promise<void> {
  const friend = await startNetwork(t)
  await join(friend, network)
  assert.equal(viewOf(friend, network.self)?.state, 'connected')
}

for (const listen of ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']) {
  test(`garbage and silence instead of a handshake on ${listen}`, async (t) => {
    const network = await startNetwork(t, { listen: [listen] })
    const startMs = performance.now()
    const garbage = await openRaw(t, network, testRandom.bytes(100_000))
    const http = await openRaw(t, network, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
    const silent = await openRaw(t, network)
    await until('all are closed', () => [garbage, http, silent].every((socket) => socket.endedMs), 30_000)
    assert.ok((garbage.endedMs ?? 0) - startMs < handshakeTimeoutMs + 10_000)
    assert.ok((silent.endedMs ?? 0) - startMs > handshakeTimeoutMs - 500, 'silence gets the time of a slow peer')
    assert.equal(network.peers().length, 0)
    await servesOthers(t, network)
  })

  test(`a silent socket on ${listen} does not hold up stop`, async (t) => {
    const network = await startNetwork(t, { listen: [listen] })
    await openRaw(t, network)
    const startMs = performance.now()
    await network.stop()
    assert.ok(performance.now() - startMs < stopTimeoutMs + 3_000)
  })
}

test('a flood of connections holds few places, and those not for long', async (t) => {
  const network = await startNetwork(t)
  const sockets = await Promise.all(Array.from({ length: 150 }, () => openRaw(t, network)))
  const open = () => sockets.filter((socket) => socket.endedMs === undefined).length
  await until('the surplus is closed', () => open() <= connectionsPendingMax)
  await until('the rest is closed', () => open() === 0, handshakeTimeoutMs + 20_000)
  await servesOthers(t, network)
})

test('one peer id gets few connections', async (t) => {
  const network = await startNetwork(t)
  const stranger = await startStranger(t)
  for (let i = 0; i < connectionsPerPeerMax + 2; i++) {
    await dialStranger(stranger, network, { force: true }).catch(() => {})
  }
  await until('the surplus is closed', () => stranger.getConnections().length <= connectionsPerPeerMax)
  assert.ok([...network.counts.keys()].some((key) => key.includes('peer_connections')))
})

test('streams past the limit are reset and counted; past the patience the peer is refused', async (t) => {
  const network = await startNetwork(t)
  const stranger = await startStranger(t)
  const open: PeerStream[] = []
  await network.handle(
    protocol,
    async (stream) => {
      open.push(stream)
      await readAll(stream).catch(() => {})
    },
    { streamsPerPeerMax: 3 },
  )
  const connection = await dialStranger(stranger, network)
  for (let i = 0; i < 3; i++) await connection.newStream(protocol)
  // It is reset right after its protocol was agreed on, so that opening it may fail already.
  const fourth = await connection.newStream(protocol).catch(() => undefined)
  await until('the fourth is reset', () => fourth === undefined || fourth.status === 'reset')
  await until('the others are served', () => open.length === 3)
  assert.equal(open.length, 3)
  assert.equal(viewOf(network, stranger.peerId.toString() as PeerId)?.state, 'connected')
  for (let i = 0; i <= ignoredBlamesMax && connection.status === 'open'; i++) {
    const surplus = await connection.newStream(protocol).catch(() => undefined)
    await until('it is reset', () => surplus?.status !== 'open')
  }
  await until('the peer is disconnected', () => connection.status !== 'open')
  await assert.rejects(dialStranger(stranger, network).then((again) => again.newStream(protocol)))
})

test('a stream that never says its protocol is dropped', async (t) => {
  const network = await startNetwork(t)
  const stranger = await startStranger(t)
  const connection = await dialStranger(stranger, network)
  const { muxer } = connection as unknown as { muxer: { createStream(): Promise<Stream> } }
  const stream = await muxer.createStream()
  await until('it is reset', () => stream.status === 'reset', negotiationTimeoutMs + 20_000)
  assert.equal(connection.status, 'open')
})

test('a handler that throws costs that stream alone, and the log has the code', async (t) => {
  const [network, friend] = await Promise.all([startNetwork(t), startNetwork(t)])
  await network.handle(
    protocol,
    async (stream) => {
      for await (const chunk of stream.incoming) {
        if (chunk[0] === 1) throw networkErrors.stream_closed('told to')
        if (chunk[0] === 2) throw new TypeError('a defect')
        stream.send(chunk)
      }
    },
    { streamsPerPeerMax: 8 },
  )
  await join(friend, network)
  const [fine, refused, defect] = await Promise.all([0, 1, 2].map(() => friend.openStream(network.self, protocol)))
  refused?.send(new Uint8Array([1]))
  defect?.send(new Uint8Array([2]))
  for (const stream of [refused, defect]) await assert.rejects(readAll(stream as PeerStream), isPeerhoodError)
  fine?.send(new Uint8Array([0]))
  await fine?.close()
  assert.equal(await readAll(fine as PeerStream), 1)
  const codes = network.logLines.filter((line) => line.code === 'stream_handler_failed').map((line) => line.fields.code)
  assert.deepEqual(codes.sort(), ['internal', 'stream_closed'])
})

test('a peer that sends faster than the handler reads is held up, then heard out', async (t) => {
  const [network, friend] = await Promise.all([startNetwork(t), startNetwork(t)])
  const gate = Promise.withResolvers<void>()
  let received = 0
  await network.handle(
    protocol,
    async (stream) => {
      for await (const chunk of stream.incoming) {
        received += chunk.length
        if (received > mebibyte) await gate.promise // the window has grown by now
      }
    },
    { streamsPerPeerMax: 1 },
  )
  await join(friend, network)
  const stream = await friend.openStream(network.self, protocol)
  let sent = 0
  const chunk = new Uint8Array(64 * 1024)
  const sending = (async () => {
    for (; sent < 64 * mebibyte; sent += chunk.length) if (!stream.send(chunk)) await stream.drained()
    await stream.close()
  })()
  await until('the handler is stuck', () => received > mebibyte)
  let before = -1
  for (; before !== sent; await pause(300)) before = sent
  const held = sent - received
  assert.ok(held < windowMaxBytes + readQueueHighBytes + readBufferMaxBytes + mebibyte, `${held} bytes are under way`)
  assert.ok(sent < 32 * mebibyte, 'the sender waits')
  gate.resolve()
  await sending
  await until('all arrived', () => received === 64 * mebibyte, 60_000)
})

test('a handler that reads nothing at all takes one window', async (t) => {
  const network = await startNetwork(t)
  const stranger = await startStranger(t)
  const handled = Promise.withResolvers<PeerStream>()
  await network.handle(protocol, (stream) => new Promise(() => handled.resolve(stream)), { streamsPerPeerMax: 1 })
  const connection = await dialStranger(stranger, network)
  const stream = await connection.newStream(protocol)
  stream.send(new Uint8Array(8 * mebibyte))
  await handled.promise
  await pause(300)
  assert.ok(stream.writeBufferLength > 7 * mebibyte, 'the rest stays with the sender')
  assert.equal(stream.status, 'open')
})

/** Writes yamux frames of its own making below the muxer. */
async function sendFrames(connection: Connection, frames: Uint8Array): Promise<void> {
  const { muxer } = connection as unknown as { muxer: { send(bytes: Uint8Array): boolean } }
  muxer.send(frames)
  await until('the connection is closed', () => connection.status !== 'open')
}

test('a frame that announces 4 GiB closes the connection at once', async (t) => {
  const network = await startNetwork(t)
  const stranger = await startStranger(t)
  const connection = await dialStranger(stranger, network)
  await sendFrames(connection, new Uint8Array([0, 0, 0, 1, 0, 0, 0x10, 1, 0xff, 0xff, 0xff, 0xff]))
  await servesOthers(t, network)
})

test('streams opened and closed too fast close the connection', async (t) => {
  const network = await startNetwork(t)
  const stranger = await startStranger(t)
  const connection = await dialStranger(stranger, network)
  const frames = new Uint8Array(12 * 2 * (streamsBurstMax + 500))
  const view = new DataView(frames.buffer)
  for (let i = 0; i < frames.length / 24; i++) {
    for (const [offset, flag] of [
      [i * 24, 1], // SYN
      [i * 24 + 12, 8], // RST
    ] as const) {
      view.setUint8(offset + 1, 1) // window update
      view.setUint16(offset + 2, flag)
      view.setUint32(offset + 4, 10_001 + 2 * i)
    }
  }
  await sendFrames(connection, frames)
  await servesOthers(t, network)
})

test('a blamed peer is disconnected and refused when it comes back; we do not go to it either', async (t) => {
  const [network, friend] = await Promise.all([startNetwork(t), startNetwork(t)])
  await join(friend, network)
  network.blame(friend.self, { code: 'lied', verdict: 'reject' })
  await until('it is disconnected', () => viewOf(friend, network.self)?.state !== 'connected')
  await join(friend, network).catch(() => {})
  await until('it is disconnected again', () => viewOf(friend, network.self)?.state !== 'connected')
  assert.notEqual(viewOf(network, friend.self)?.state, 'connected')
  await assert.rejects(join(network, friend), (error) => isPeerhoodError(error) && error.code === 'peer_paused')
  const line = network.logLines.find((entry) => entry.code === 'peer_disconnected')
  assert.equal(line?.fields.code, 'lied')
})

test('sendAll keeps order and content when chunks are odd', async (t) => {
  const [network, friend] = await Promise.all([startNetwork(t), startNetwork(t)])
  const chunks = Array.from({ length: 200 }, (_, i) => testRandom.bytes(1 + ((i * 7919) % 70_000)))
  const received: Uint8Array[] = []
  await network.handle(
    protocol,
    async (stream) => {
      for await (const chunk of stream.incoming) received.push(chunk)
    },
    { streamsPerPeerMax: 1 },
  )
  await join(friend, network)
  const stream = await friend.openStream(network.self, protocol)
  await sendAll(stream, chunks)
  await stream.close()
  assert.equal(await readAll(stream), 0)
  assert.equal(Buffer.compare(Buffer.concat(received), Buffer.concat(chunks)), 0)
})
