// Streams between nodes of one ledger, over the simulated network: who is linked, in which order things are heard, what strangers
// and those who do not read cost.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createVirtualClock } from '../../test/sim/clock.ts'
import { createNet, type SimNetwork } from '../../test/sim/network.ts'
import { createRandom } from '../../test/sim/random.ts'
import type { Log, Metrics } from '../base/ports.ts'
import type { PeerId, PeerStream } from '../network/types.ts'
import { createDoor } from './door.ts'
import { helloMs, linkRetryMsMax, streamsPerPeerMax, unheardBytesMax, unsentBytesMax } from './limits.ts'
import { createLinks, type Links } from './links.ts'
import { createFrames, frameHead, ledgerProtocol } from './stream-wire.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
const metrics: Metrics = { count() {}, gauge() {} }
const ledger = new Uint8Array(32).fill(7)
const wire = '07'.repeat(32)

interface Node {
  readonly id: PeerId
  readonly network: SimNetwork
  readonly links: Links
  /** `+id`, `-id`, `id text`. */
  readonly heard: string[]
  takes: boolean
}

function createWorld(names: readonly string[]) {
  const clock = createVirtualClock()
  const net = createNet(clock, createRandom('links'))
  const members = new Set<PeerId>()
  const nodes = new Map<string, Node>()
  const all = names.map((name) => `12D3KooW${name}` as PeerId)

  async function add(name: string, options: { readonly member?: boolean } = {}): Promise<Node> {
    const id = `12D3KooW${name}` as PeerId
    const network = net.join(id, { up: 10_000_000, delayMs: 10 })
    await network.start()
    if (options.member !== false) members.add(id)
    const heard: string[] = []
    const links = createLinks({
      ...{ network, clock, log, metrics, ledger },
      allows: (peer) => members.has(peer),
      named: () => all,
      connected: (peer) => void heard.push(`+${peer.slice(8)}`),
      disconnected: (peer) => void heard.push(`-${peer.slice(8)}`),
      received(peer, bytes) {
        heard.push(`${peer.slice(8)} ${bytes.length > 40 ? bytes.length : new TextDecoder().decode(bytes)}`)
        if (node.takes) queueMicrotask(() => links.took(peer, bytes.length))
      },
      told: (peer, bytes) => void heard.push(`${peer.slice(8)} told ${bytes.length}`),
    })
    const node: Node = { id, network, links, heard, takes: true }
    nodes.set(name, node)
    const door = createDoor({ network, clock, log, metrics, find: (one) => (one === wire ? links : undefined) })
    await network.handle(ledgerProtocol, door, { streamsPerPeerMax })
    return node
  }

  async function run(ms: number): Promise<void> {
    const untilMs = clock.monotonicMs() + ms
    const settle = async () => {
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    await settle()
    while (clock.advance(untilMs)) await settle()
  }

  async function connect(from: Node, to: Node): Promise<void> {
    const done = from.network.connect({ peerId: to.id, addresses: [`/sim/${to.id}`] }, { source: 'manual' })
    await run(100)
    await done
  }
  async function open(from: Node, to: Node): Promise<PeerStream> {
    const opening = from.network.openStream(to.id, ledgerProtocol)
    await run(100)
    return opening
  }
  return { clock, net, members, add, run, connect, open }
}

const text = (words: string) => new TextEncoder().encode(words)

test('two meet, by one stream, and hear of each other before they hear anything', async () => {
  const { add, run, connect } = createWorld(['a', 'b'])
  const [a, b] = [await add('a'), await add('b')]
  await connect(b, a)
  a.links.start()
  b.links.start()
  await run(3_000)
  a.links.send(b.id, text('hello'))
  b.links.send(a.id, text('hi'))
  b.links.tellAll(new Uint8Array(9))
  await run(1_000)
  assert.deepEqual(a.heard, ['+b', 'b hi', 'b told 9'])
  assert.deepEqual(b.heard, ['+a', 'a hello'])
})

test('whoever opens later is met at once, and after a crash again', async () => {
  const { net, add, run, connect } = createWorld(['a', 'b'])
  const [a, b] = [await add('a'), await add('b')]
  await connect(a, b)
  a.links.start()
  await run(10_000)
  assert.deepEqual(a.links.linked(), [], 'b has no node yet')
  b.links.start()
  await run(2_000)
  assert.deepEqual([a.links.linked(), b.links.linked()], [[b.id], [a.id]])
  net.cut(a.id, b.id)
  await run(100)
  assert.deepEqual(a.links.linked(), [])
  await run(linkRetryMsMax)
  assert.deepEqual([a.links.linked(), b.links.linked()], [[b.id], [a.id]], 'dialled again')
  b.links.stop()
  await run(100)
  assert.deepEqual([a.links.linked(), a.heard.at(-1)], [[], '-b'])
  b.links.start()
  await run(3_000)
  assert.deepEqual(a.links.linked(), [b.id])
})

test('when nothing is missing, no timer runs', async () => {
  const { clock, add, run, connect } = createWorld(['a', 'b', 'c'])
  const all = [await add('a'), await add('b'), await add('c')]
  const [a, b, c] = all
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  await connect(a, b)
  await connect(b, c)
  await connect(c, a)
  for (const { links } of all) links.start()
  await run(120_000)
  for (const { links } of all) assert.equal(links.linked().length, 2)
  assert.equal(clock.pending, 0)
})

test('a stranger is neither heard nor blamed; who is removed is cut off', async () => {
  const { members, add, run, connect } = createWorld(['a', 'b'])
  const [a, eve] = [await add('a'), await add('eve', { member: false })]
  await connect(eve, a)
  a.links.start()
  eve.links.start()
  await run(5_000)
  assert.deepEqual([a.links.linked(), a.heard], [[], []])
  assert.deepEqual(a.network.blames, [])
  const b = await add('b')
  await connect(b, a)
  b.links.start()
  await run(3_000)
  assert.deepEqual(a.links.linked(), [b.id])
  members.delete(b.id)
  a.links.reconsider()
  assert.deepEqual(a.links.linked(), [])
})

test('who breaks the protocol is blamed, who says nothing is let go', async () => {
  const { add, run, connect, open } = createWorld(['a'])
  const [a, eve] = [await add('a'), await add('eve')]
  await connect(eve, a)
  a.links.start()
  await run(1_000)
  const silent = await open(eve, a)
  await run(helloMs + 1_000)
  await assert.rejects(silent.incoming[Symbol.asyncIterator]().next())
  assert.deepEqual(a.network.blames, [])
  const rude = await open(eve, a)
  rude.send(frameHead('message', 3), new Uint8Array(3))
  await run(1_000)
  assert.deepEqual(
    a.network.blames.map(({ blame }) => blame),
    [{ code: 'ledger_frame_out_of_order', verdict: 'reject' }],
  )
})

test('who floods waits until the node has looked; who does not read is cut off', async () => {
  const { net, add, run, connect } = createWorld(['a', 'b'])
  const [a, b] = [await add('a'), await add('b')]
  await connect(a, b)
  a.links.start()
  b.links.start()
  await run(3_000)
  b.takes = false
  const chunk = new Uint8Array(1_048_576)
  for (let sent = 0; sent < 12; sent++) a.links.send(b.id, chunk)
  await run(30_000)
  const heardMax = b.heard.filter((line) => line.startsWith('a ')).length
  assert.ok(heardMax * chunk.length <= unheardBytesMax + chunk.length, `${heardMax} MiB were read`)
  b.takes = true
  b.links.took(a.id, heardMax * chunk.length)
  await run(30_000)
  assert.equal(b.heard.filter((line) => line.startsWith('a ')).length, 12, 'all of it, in the end')
  net.stopReading(b.id)
  for (let sent = 0; sent * chunk.length <= unsentBytesMax + 4 * chunk.length; sent++) a.links.send(b.id, chunk)
  await run(100)
  assert.ok(a.heard.includes('-b'))
})

test('frames are read or refused with a code of ours, whatever the bytes are', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 })
  fc.assert(
    fc.property(chunks, fc.boolean(), (pieces, opened) => {
      const frames = createFrames({ opened }, () => undefined)
      try {
        for (const piece of pieces) frames.push(piece)
        frames.end()
      } catch (error) {
        assert.match((error as { code?: string }).code ?? '', /^ledger_frame_/)
      }
    }),
    { numRuns: 500, seed: 5 },
  )
})
