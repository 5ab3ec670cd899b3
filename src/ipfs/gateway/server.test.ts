// The gateway over real sockets: what it waits for, what it bounds, and what a listing shows at most.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { CID } from 'multiformats/cid'
import { createManualClock, type ManualClock } from '../../../test/support/clock.ts'
import { utf8 } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { memoryLog, memoryMetrics, until } from '../../network/testing.ts'
import type { GetBlock, PublicBlocks } from '../blocks.ts'
import { createNodeCache } from '../cache.ts'
import { inlineBlock } from '../cid.ts'
import {
  gatewayAnswersMax,
  gatewayConnectionsMax,
  gatewayFetchTimeoutMs,
  gatewayHeadersTimeoutMs,
  gatewayKeepAliveMs,
  gatewayUrlCharsMax,
  listingEntriesMax,
  nodeCacheBytesMax,
} from '../limits.ts'
import { cidOfLink, MemoryBlocks } from '../testing.ts'
import { createGateway } from './server.ts'

/** A gateway with nothing here and `get` as what others give. */
async function startGateway(
  t: TestContext,
  get: GetBlock,
  clock: ManualClock = createManualClock(),
  headersTimeoutMs = gatewayHeadersTimeoutMs,
) {
  const blocks: PublicBlocks = { find: () => undefined, shares: 0, get, onMore: () => () => {} }
  const openSource = async () => ({ get, close() {} })
  const gateway = createGateway({
    blocks,
    openSource,
    roots: () => [],
    clock,
    log: memoryLog(),
    metrics: memoryMetrics(),
    headersTimeoutMs,
  })
  await gateway.listen(0)
  t.after(() => gateway.close())
  return { gateway, url: gateway.url ?? '' }
}

/** Waits for ever, until the signal aborts; inline blocks are there, as with any source. */
const never: GetBlock = async (cid, { signal } = {}) => {
  const inline = inlineBlock(cid)
  if (inline !== undefined) return inline
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
}

test('gatewayFetchTimeoutMs is met: who is late is answered for with 504', async (t) => {
  const clock = createManualClock()
  const { url } = await startGateway(t, never, clock)
  const answer = fetch(`${url}/ipfs/${new MemoryBlocks().put(utf8('x'))}`)
  await until('it waits', () => clock.waiting > 0)
  clock.advance(gatewayFetchTimeoutMs)
  const { status, headers } = await answer
  assert.deepEqual([status, headers.get('retry-after')], [504, '5'])
})

test('gatewayAnswersMax is met, and a caller that leaves makes room', async (t) => {
  const clock = createManualClock()
  const { url } = await startGateway(t, never, clock)
  const leave = new AbortController()
  const cid = new MemoryBlocks().put(utf8('x'))
  const waiting = Array.from({ length: gatewayAnswersMax }, () => fetch(`${url}/ipfs/${cid}`, { signal: leave.signal }))
  for (const one of waiting) one.catch(() => {})
  await until('all wait', () => clock.waiting === gatewayAnswersMax)
  assert.equal((await fetch(`${url}/ipfs/${cid}`)).status, 503)
  leave.abort()
  await until('they have gone', () => clock.waiting === 0)
  assert.equal((await fetch(`${url}/ipfs/bafkqaaa`)).status, 200)
})

test('gatewayConnectionsMax is met: one more is closed without a word', async (t) => {
  const { url } = await startGateway(t, never)
  const open = async () => {
    const socket = connectSocket(Number(new URL(url).port), '127.0.0.1')
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  const sockets = await Promise.all(Array.from({ length: gatewayConnectionsMax }, open))
  await once((await open()).resume(), 'close')
  assert.ok(sockets.every((socket) => !socket.closed))
  const [first] = sockets
  first?.write(`GET /ipfs/bafkqaaa HTTP/1.1\r\nhost: ${new URL(url).host}\r\n\r\n`)
  assert.match(String((await once(first as NonNullable<typeof first>, 'data'))[0]), /^HTTP\/1\.1 200/)
})

test('gatewayHeadersTimeoutMs is met by a head without an end, and gatewayKeepAliveMs is told', async (t) => {
  const { url } = await startGateway(t, never, undefined, 40)
  const socket = connectSocket(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET /ipfs/bafkqaaa HTTP/1.1\r\nhost:')
  const chunks: string[] = []
  socket.on('data', (bytes) => chunks.push(String(bytes)))
  await once(socket, 'close')
  assert.match(chunks.join(''), /^HTTP\/1\.1 408/)
  const { headers } = await fetch(`${url}/ipfs/bafkqaaa`)
  assert.equal(headers.get('keep-alive'), `timeout=${gatewayKeepAliveMs / 1000}`)
})

test('gatewayUrlCharsMax and listingEntriesMax are met', async (t) => {
  const blocks = new MemoryBlocks()
  const link = blocks.file(utf8('same'))
  const entries = Array.from({ length: listingEntriesMax + 1 }, (_, number) => ({ name: `${number}`, link }))
  const { url } = await startGateway(t, blocks.get)
  assert.equal((await fetch(`${url}/ipfs/${'b'.repeat(gatewayUrlCharsMax)}`)).status, 400)
  const text = await (await fetch(`${url}/ipfs/${cidOfLink(blocks.folder(entries))}/`)).text()
  assert.match(text, /more entries than are shown/)
  assert.equal(text.split('<tr>').length - 1, listingEntriesMax)
})

test('a port that is taken says so, and an answer that breaks off is cut', async (t) => {
  const blocks = new MemoryBlocks()
  const film = cidOfLink(blocks.file(new Uint8Array(3_000).fill(1), 1_000))
  const gone = [...blocks.blocks.values()].find(({ cid }) => cid.code === 0x55)
  let reads = 0
  const failing: GetBlock = (cid: CID) => {
    // The leaf is there for the first look and the first chunk; then its owner has gone.
    if (gone?.cid.equals(cid) && ++reads > 2) throw new Error('gone')
    return blocks.get(cid)
  }
  const { url, gateway } = await startGateway(t, failing)
  const second = createGateway({
    ...{
      blocks: { find: () => undefined, shares: 0, get: never, onMore: () => () => {} },
      openSource: async () => ({ get: never, close() {} }),
    },
    ...{ roots: () => [], clock: createManualClock(), log: memoryLog(), metrics: memoryMetrics() },
  })
  await assert.rejects(second.listen(Number(new URL(url).port)), (error: unknown) => {
    return isPeerhoodError(error) && error.code === 'gateway_port_taken'
  })
  await second.close()
  const answer = await fetch(`${url}/ipfs/${film}`)
  assert.equal(answer.status, 200)
  await assert.rejects(answer.arrayBuffer())
  assert.match(await (await fetch(gateway.url ?? '')).text(), /shares nothing publicly/)
})

test('nodeCacheBytesMax is met: the node longest unused goes, leaves are not kept', () => {
  const [cache, blocks] = [createNodeCache(1_000), new MemoryBlocks()]
  const nodes = Array.from({ length: 6 }, (_, number) => {
    const bytes = new Uint8Array(240).fill(number)
    return { cid: blocks.put(bytes, 0x70), bytes }
  })
  for (const { cid, bytes } of nodes.slice(0, 4)) cache.put(cid, bytes)
  assert.ok(nodes[0] && cache.get(nodes[0].cid))
  for (const { cid, bytes } of nodes.slice(4)) cache.put(cid, bytes)
  assert.deepEqual(
    nodes.map(({ cid }) => cache.get(cid) !== undefined),
    [true, false, false, true, true, true],
  )
  const leaf = blocks.put(utf8('leaf'))
  cache.put(leaf, utf8('leaf'))
  assert.equal(cache.get(leaf), undefined)
  const large = {
    cid: blocks.put(new Uint8Array(nodeCacheBytesMax / 4 + 1), 0x70),
    bytes: new Uint8Array(nodeCacheBytesMax / 4 + 1),
  }
  const usual = createNodeCache()
  usual.put(large.cid, large.bytes)
  assert.equal(usual.get(large.cid), undefined)
})
