// What serving by bitswap may cost, with blocks and streams that are made up: how many are served at once, how much goes into
// one message, and that searches let others have a turn.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CID } from 'multiformats/cid'
import { memoryLog, memoryMetrics, testClock } from '../network/testing.ts'
import type { PeerId, PeerStream } from '../network/types.ts'
import { type BitswapMessage, createMessageReader, decodeMessage, emptyMessage } from './bitswap-wire.ts'
import type { PublicBlocks } from './blocks.ts'
import { parseCid } from './cid.ts'
import { bitswapSendBytes, cidBytesMax, cidCharsMax, searchesPerTurn, sendersMax } from './limits.ts'
import { bitswapProtocol } from './protocol.ts'
import { createBitswapServer } from './server.ts'
import { MemoryBlocks, strangeCid } from './testing.ts'

const want = { type: 'block', priority: 1, cancel: false, sendDontHave: true } as const
const peerNumber = (number: number) => `peer ${number}` as PeerId

/** Lets what waits for nothing but its turn be done. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

function setUp(find: PublicBlocks['find'], openStream: () => Promise<PeerStream>, shares = 1) {
  const blocks: PublicBlocks = { find, shares, get: new MemoryBlocks().get, onMore: () => () => {} }
  const parts = { network: { openStream }, blocks, clock: testClock, log: memoryLog(), metrics: memoryMetrics() }
  const server = createBitswapServer(parts)
  const take = (peerId: PeerId, cids: readonly CID[]) =>
    server.take(peerId, { ...emptyMessage, wants: cids.map((cid) => ({ ...want, cid })) }, bitswapProtocol)
  return { server, take }
}

/** A stream that takes everything, and hands on each message. */
function takingStream(messages: BitswapMessage[]): PeerStream {
  const reader = createMessageReader((bytes) => messages.push(decodeMessage(bytes.slice())))
  const stream: Partial<PeerStream> = {
    send(...parts) {
      for (const part of parts) reader.push(part)
      return true
    },
    close: async () => {},
    abort() {},
  }
  return stream as PeerStream
}

test('sendersMax is met: who comes later waits until another is done', async () => {
  const opened: (() => void)[] = []
  const open = () => new Promise<PeerStream>((resolve) => opened.push(() => resolve(takingStream([]))))
  const { server, take } = setUp(() => undefined, open)
  for (let number = 0; number < sendersMax + 3; number++) take(peerNumber(number), [strangeCid(0x55, 0x12)])
  await turn()
  assert.equal(opened.length, sendersMax)
  opened[0]?.()
  await turn()
  assert.equal(opened.length, sendersMax + 1)
  server.stop()
})

test('bitswapSendBytes is met: what is more goes into further messages', async () => {
  const store = new MemoryBlocks()
  const sizes = [1, 0.5, 0.75, 2, 0.25].map((part) => part * (bitswapSendBytes / 2))
  const cids = sizes.map((size, number) => store.put(new Uint8Array(size).fill(number + 1)))
  const find: PublicBlocks['find'] = (cid) => {
    const at = cids.findIndex((one) => one.equals(cid))
    const length = sizes[at]
    if (length === undefined) return undefined
    return { length, read: async () => ({ bytes: await store.get(cid), give() {} }) }
  }
  const messages: BitswapMessage[] = []
  const { server, take } = setUp(find, async () => takingStream(messages))
  take(peerNumber(1), cids)
  await turn()
  const sent = messages.map(({ blocks }) => blocks.map(({ data }) => data.length))
  assert.deepEqual(sent, [[sizes[0], sizes[1]], [sizes[2]], [sizes[3]], [sizes[4]]])
  assert.ok(sent.every((lengths) => lengths.reduce((sum, length) => sum + length, 0) <= bitswapSendBytes))
  server.stop()
})

test('searchesPerTurn is met: however many shares there are, others have their turn', async () => {
  let finds = 0
  const find = () => {
    finds += 1
    return undefined
  }
  const { server, take } = setUp(find, async () => takingStream([]), searchesPerTurn / 4)
  const blocks = new MemoryBlocks()
  take(
    peerNumber(1),
    Array.from({ length: 12 }, (_, number) => blocks.put(Uint8Array.of(number))),
  )
  const seen: number[] = []
  for (let look = 0; look < 4; look++) {
    await turn()
    seen.push(finds)
  }
  assert.ok(
    seen.every((count, look) => count - (seen[look - 1] ?? 0) <= 4),
    seen.join(' '),
  )
  assert.equal(finds, 12)
  server.stop()
})

test('cidCharsMax is met: the longest binary CID fits in every base, and no longer text is looked at', () => {
  // Four bytes of version, codec, hash and length; a length over 127 takes two bytes.
  const longest = strangeCid(0x55, 0x00, cidBytesMax - 5)
  assert.equal(longest.bytes.length, cidBytesMax)
  const base16 = `f${Buffer.from(longest.bytes).toString('hex')}`
  assert.ok(base16.length <= cidCharsMax)
  assert.ok(parseCid(base16).equals(longest))
  assert.throws(() => parseCid(`f${Buffer.from(strangeCid(0x55, 0x00, cidBytesMax).bytes).toString('hex')}`), /no CID/)
  assert.throws(() => parseCid('b'.repeat(cidCharsMax + 1)), /no CID/)
})
