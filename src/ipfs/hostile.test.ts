// Peers that no honest program is, over real sockets: each meets a limit, is told nothing, and costs a bounded amount.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import { concatBytes } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { seededBytes, tempFolder } from '../content/library/testing.ts'
import { memoryLog, memoryMetrics, startNetwork, testClock, until } from '../network/testing.ts'
import type { PeerStream } from '../network/types.ts'
import { createBitswap } from './bitswap.ts'
import {
  type BitswapMessage,
  createMessageReader,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  prefixOf,
} from './bitswap-wire.ts'
import { parseCid } from './cid.ts'
import { createBitswapClient } from './client.ts'
import { bitswapErrors } from './errors.ts'
import {
  bitswapGatherBytesMax,
  bitswapMessageBytesMax,
  bitswapSilenceMs,
  bitswapStreamsPerPeerMax,
  ledgersMax,
  sendTimeoutMs,
  wantEntriesMax,
  wantsMax,
  wantsPerPeerMax,
} from './limits.ts'
import { varintBytes } from './protobuf-wire.ts'
import { bitswapOlderProtocol, bitswapProtocol } from './protocol.ts'
import { createBitswapServer } from './server.ts'
import { connect, type IpfsPeer, MemoryBlocks, startIpfsPeer, strangeCid } from './testing.ts'

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code

/** A network of its own that takes down what it is sent by bitswap, connected with `peer`. */
async function strangerOf(t: TestContext, peer: IpfsPeer, protocol = bitswapProtocol) {
  const network = await startNetwork(t)
  const received: BitswapMessage[] = []
  await network.handle(
    protocol,
    async (stream) => {
      const reader = createMessageReader((bytes) => received.push(decodeMessage(bytes.slice())))
      for await (const chunk of stream.incoming) reader.push(chunk)
    },
    { streamsPerPeerMax: 50 },
  )
  await connect(network, peer.network)
  await until('both are connected', () => peer.network.peers().some(({ state }) => state === 'connected'))
  const open = () => network.openStream(peer.network.self, protocol)
  const say = async (message: Partial<BitswapMessage>) => {
    const stream = await open()
    stream.send(...encodeMessage({ ...emptyMessage, ...message }))
    await stream.close()
  }
  return { network, received, open, say }
}

async function ended(stream: PeerStream): Promise<void> {
  // However it ends: in order or not.
  for await (const _ of stream.incoming);
}

const want = { type: 'block', priority: 1, cancel: false, sendDontHave: true } as const

test('what is no message ends the stream and is counted against the peer; others go on', async (t) => {
  const peer = await startIpfsPeer(t)
  const { open, network } = await strangerOf(t, peer)
  const wrong = [
    concatBytes(varintBytes(3), Uint8Array.of(0x0a, 5, 1)),
    varintBytes(bitswapMessageBytesMax + 1),
    new Uint8Array(12).fill(0xff),
  ]
  for (const bytes of wrong) {
    const stream = await open()
    stream.send(bytes)
    await ended(stream).catch(() => {})
  }
  const cut = await open()
  cut.send(Uint8Array.of(50, 1, 2))
  await cut.close()
  await ended(cut).catch(() => {})
  const codes = () =>
    peer.network.logLines.filter(({ code }) => code === 'peer_blamed').map(({ fields }) => fields.code)
  await until('all are counted', () => codes().length === 4)
  assert.deepEqual(codes().sort(), ['bitswap_cut', 'bitswap_malformed', 'bitswap_malformed', 'bitswap_too_long'])
  assert.ok(peer.network.peers().some(({ peerId, state }) => peerId === network.self && state === 'connected'))
})

test('wants of what is not here are answered once each, whatever CID they name, and wantsPerPeerMax is met', async (t) => {
  const peer = await startIpfsPeer(t)
  const { received, say } = await strangerOf(t, peer)
  const strange = [strangeCid(0x71, 0x12), strangeCid(0x55, 0x13, 64), strangeCid(0x55, 0x14, 48)]
  await say({ wants: strange.map((cid) => ({ ...want, cid })) })
  const denied = () => received.flatMap(({ presences }) => presences).filter(({ has }) => !has)
  await until('they are denied', () => denied().length === strange.length)
  const blocks = new MemoryBlocks()
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => ({ ...want, cid: blocks.put(Uint8Array.of((from + at) >> 8, from + at)) }))
  await say({ wants: many(0, wantEntriesMax) })
  await say({ wants: many(wantEntriesMax, 500) })
  await until('all are denied', () => denied().length === strange.length + wantEntriesMax + 500)
  const [ledger] = peer.bitswap.ledgers()
  assert.ok(ledger !== undefined && ledger.wants <= wantsPerPeerMax)

  // One of them comes to be here: it is sent without being asked for again.
  const file = join(tempFolder(t), 'late.bin')
  writeFileSync(file, Uint8Array.of(1_400 >> 8, 1_400 & 255))
  await peer.share(file, 'public')
  await until('it is sent', () => received.some(({ blocks: sent }) => sent.length > 0))
})

test('bitswapGatherBytesMax and bitswapStreamsPerPeerMax are met', async (t) => {
  const peer = await startIpfsPeer(t)
  const { open, network } = await strangerOf(t, peer)
  // Messages that never end, in streams that all stay open.
  const streams = await Promise.all(Array.from({ length: bitswapStreamsPerPeerMax }, open))
  await open()
  await until('the one too many is refused', () => logged(peer, 'streams_too_many'))
  for (const stream of streams) stream.send(varintBytes(bitswapMessageBytesMax), new Uint8Array(10))
  assert.ok(network.peers().some(({ state }) => state === 'connected'))
  // All that one peer may begin fits exactly: it takes a second one to go past it.
  assert.equal(bitswapStreamsPerPeerMax * bitswapMessageBytesMax, bitswapGatherBytesMax)
  const part = new Uint8Array(bitswapMessageBytesMax - 100)
  const others = await Promise.all([strangerOf(t, peer), strangerOf(t, peer)])
  const more = await Promise.all(others.flatMap((other) => Array.from({ length: 9 }, other.open)))
  for (const stream of more) stream.send(varintBytes(bitswapMessageBytesMax), part)
  await until('it is too much', () => logged(peer, 'bitswap_busy'))
  for (const stream of [...streams, ...more]) stream.abort(bitswapErrors.bitswap_cut('enough'))
})

const logged = (peer: IpfsPeer, code: string) => peer.network.logLines.some(({ fields }) => fields.code === code)

test('an older program is answered in its own protocol', async (t) => {
  const peer = await startIpfsPeer(t)
  const file = join(tempFolder(t), 'a.bin')
  writeFileSync(file, seededBytes(1, 5_000))
  const { id } = await peer.share(file, 'public')
  const { received, say } = await strangerOf(t, peer, bitswapOlderProtocol)
  await say({ wants: [{ ...want, cid: parseCid(peer.shares.get(id).cid ?? '') }] })
  await until('the block comes', () => received.some(({ blocks }) => blocks[0]?.data.length === 5_000))
})

test('blocks that nobody asked for, and blocks with other bytes, count nowhere', async (t) => {
  const [peer, blocks] = [await startIpfsPeer(t), new MemoryBlocks()]
  const { say, network, received } = await strangerOf(t, peer)
  const cid = blocks.put(Uint8Array.of(1, 2, 3))
  const session = peer.bitswap.client.session([network.self])
  const got = session.get(cid)
  await until('it is asked for', () => received.some(({ wants }) => wants.length > 0))
  await say({
    blocks: [
      { prefix: prefixOf(cid), data: Uint8Array.of(9) },
      { prefix: Uint8Array.of(1, 0x55, 0x13, 64), data: Uint8Array.of(1, 2, 3) },
    ],
  })
  await say({
    presences: [
      { cid, has: false },
      { cid: strangeCid(0x55, 0x12), has: true },
    ],
  })
  await assert.rejects(got, withCode('ipfs_block_not_found'))
  session.close()
})

test('bitswapSilenceMs and sendTimeoutMs are met', async (t) => {
  const clock = createManualClock()
  const peer = await startIpfsPeer(t)
  peer.bitswap.stop()
  const { open } = await strangerOf(t, peer)
  const parts = { network: peer.network, blocks: peer.blocks, clock, log: memoryLog(), metrics: memoryMetrics() }
  const bitswap = createBitswap(parts)
  await bitswap.start()
  t.after(() => bitswap.stop())
  const stream = await open()
  stream.send(Uint8Array.of(9, 0))
  await until('it is listened to', () => clock.waiting > 0)
  clock.advance(bitswapSilenceMs)
  const isEnded = () => peer.network.logLines.some(({ fields }) => fields.code === 'bitswap_silent')
  await until('it is ended', isEnded)

  // A stream that never has room again.
  let aborted: unknown
  const never = new Promise<void>(() => {})
  const stuck = {
    send: () => false,
    drained: (options: { signal?: AbortSignal } = {}) =>
      Promise.race([
        never,
        new Promise<void>((_, reject) =>
          options.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
        ),
      ]),
    close: async () => {},
    abort: (error: unknown) => {
      aborted = error
    },
  } as unknown as PeerStream
  const server = createBitswapServer({ ...parts, network: { openStream: async () => stuck } })
  server.take(peer.network.self, { ...emptyMessage, wants: [{ ...want, cid: parseCid('bafkqaaa') }] }, bitswapProtocol)
  await until('it waits', () => clock.waiting > 0)
  clock.advance(sendTimeoutMs)
  await until('it is given up', () => aborted !== undefined)
  assert.ok(withCode('bitswap_not_reading')(aborted))
  assert.deepEqual(
    server.ledgers().map(({ wants, bytesSent }) => [wants, bytesSent]),
    [[0, 0]],
  )
  server.stop()
})

test('ledgersMax and wantsMax are met', async (t) => {
  const peer = await startIpfsPeer(t)
  const parts = {
    network: peer.network,
    blocks: peer.blocks,
    clock: testClock,
    log: memoryLog(),
    metrics: memoryMetrics(),
  }
  const server = createBitswapServer(parts)
  for (let number = 0; number < ledgersMax + 10; number++) server.received(`peer ${number}` as never, 1)
  assert.equal(server.ledgers().length, ledgersMax)
  server.stop()

  const silent = { openStream: () => new Promise<never>(() => {}) }
  const client = createBitswapClient({ ...parts, network: silent })
  const session = client.session([peer.network.self])
  const blocks = new MemoryBlocks()
  const wants = Array.from({ length: wantsMax }, (_, number) =>
    session.get(blocks.put(Uint8Array.of(number >> 8, number & 255))),
  )
  for (const one of wants) one.catch(() => {})
  await assert.rejects(session.get(blocks.put(Uint8Array.of(1, 2, 3))), withCode('ipfs_wants_too_many'))
  session.close()
  assert.ok(client.isIdle)
})
