// Lanes between networks over loopback: what a stream promises (types.ts) holds before it moves to one, while it does and
// after; and who gets none. Lanes that fail: lane-broken.test.ts.

import assert from 'node:assert/strict'
import { type TestContext, test as unboundedTest } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import { createRandom, type SeededRandom } from '../../test/sim/random.ts'
import { createManualClock } from '../../test/support/clock.ts'
import {
  collect,
  digestOf,
  exchange,
  kibibyte,
  lanesAreGone,
  letThingsHappen,
  mebibyte,
  openMoved,
  openStream,
  pieces,
  sides,
  startMoved,
  startPair,
  stopClean,
} from './lane-pair-testing.ts'
import { bulkBytesMin, lanesPerPeerMax, streamLingerMs } from './limits.ts'
import {
  join,
  lanesFailedOf,
  lanesOf,
  lanesOpenedBy,
  readAll,
  sendAll,
  sendBack,
  socketsOpen,
  startNetwork,
  startStranger,
  type TestNetwork,
  testRandom,
  until,
  viewOf,
} from './testing.ts'
import { echo as echoRaw } from './tls-testing.ts'
import type { PeerId, PeerStream } from './types.ts'

const echo = '/peerhood-test/echo/1'

const test = (name: string, run: (t: TestContext) => Promise<void>) => unboundedTest(name, { timeout: 60_000 }, run)

function serveEcho(network: TestNetwork): Promise<() => void> {
  return network.handle(echo, sendBack, { streamsPerPeerMax: 200 })
}

/** Sends it, ends, and checks that it comes back; how many bytes. Waits as told after each chunk. */
async function checkEcho(
  stream: PeerStream,
  chunks: Iterable<Uint8Array>,
  between: (isBack: () => boolean) => Promise<void> = async () => {},
): Promise<number> {
  const sent: Uint8Array[] = []
  let bytes = 0
  const collector = collect(stream)
  const sending = async () => {
    for (const chunk of chunks) {
      sent.push(chunk)
      bytes += chunk.length
      await sendAll(stream, [chunk])
      await between(() => collector.bytes === bytes)
    }
    await stream.close()
  }
  await Promise.all([sending(), collector.read()])
  assert.equal(collector.digest(), digestOf(Buffer.concat(sent)))
  return bytes
}

// ---- moving

for (const opener of sides) {
  test(`a stream that the ${opener} opens moves under way: all arrives both ways and is counted once`, async (t) => {
    const pair = await startPair(t, { dialler: { laneAfterBytes: bulkBytesMin } })
    const { dialler, listener, pipes } = pair
    const { near, far } = await openStream(t, pair[opener], opener === 'dialler' ? listener : dialler)
    await exchange(near, far, 16 * mebibyte)
    await until('it goes by a lane', () => lanesOpenedBy(dialler) === 1)
    assert.deepEqual([lanesOf(dialler), lanesOf(listener), lanesOpenedBy(listener), pipes.length], [1, 1, 0, 2])
    const passed = () => pipes.flatMap(({ upBytes, downBytes }) => [upBytes, downBytes])
    const before = passed()
    await exchange(near, far, 2 * mebibyte)
    const [up = 0, down = 0, laneUp = 0, laneDown = 0] = passed().map((bytes, at) => bytes - (before[at] ?? 0))
    assert.ok(laneUp > 2 * mebibyte && laneDown > 2 * mebibyte, 'all of it goes by the lane')
    assert.ok(up < 32 * kibibyte && down < 32 * kibibyte, 'none of it goes by the connection')
    const sum = passed().reduce((all, bytes) => all + bytes)
    assert.ok(sum < 36 * 1.02 * mebibyte, 'nothing is sent twice')
    for (const view of [viewOf(dialler, listener.self), viewOf(listener, dialler.self)]) {
      assert.deepEqual([view?.bytesIn, view?.bytesOut], [18 * mebibyte, 18 * mebibyte])
    }
  })
}

test('a stream gets a lane when it has carried so much both ways together, and not before', async (t) => {
  const [dialler, listener] = [await startNetwork(t), await startNetwork(t)]
  await join(dialler, listener)
  const { near, far } = await openStream(t, dialler, listener)
  await exchange(near, far, bulkBytesMin / 2 - 1)
  far.send(Uint8Array.of(1))
  await collect(near).read(1)
  const before = socketsOpen()
  await letThingsHappen({ dialler, listener })
  assert.deepEqual([socketsOpen(), lanesOf(dialler), lanesOf(listener)], [before, 0, 0])
  far.send(Uint8Array.of(2))
  await until('it goes by a lane', () => lanesOpenedBy(dialler) === 1)
  assert.deepEqual([socketsOpen(), lanesOf(dialler), lanesOf(listener)], [before + 2, 1, 1])
})

test('200 streams of both sides, of all sizes, all arrive, with lanes from the first byte on', async (t) => {
  const pair = await startPair(t)
  const { dialler, listener } = pair
  await serveEcho(dialler)
  await serveEcho(listener)
  const seed = Buffer.from(testRandom.bytes(4)).toString('hex')
  t.diagnostic(`seed ${seed}`)
  const random = createRandom(seed)
  const sums = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const [from, to] = n % 2 === 0 ? [dialler, listener] : [listener, dialler]
      const own = random.fork(String(n))
      const between = async (isBack: () => boolean) => {
        await until('there are lanes', () => lanesOpenedBy(dialler) >= 4)
        if (own.below(4) === 0) await until('it has come back', isBack)
      }
      let sum = 0
      for (let round = 0; round < 10; round++) {
        sum += await checkEcho(await from.openStream(to.self, echo), randomChunks(own), between)
      }
      return sum
    }),
  )
  const bytes = sums.reduce((all, sum) => all + sum)
  for (const view of [viewOf(dialler, listener.self), viewOf(listener, dialler.self)]) {
    assert.deepEqual([view?.bytesIn, view?.bytesOut], [bytes, bytes])
  }
  await lanesAreGone(dialler, listener)
})

function* randomChunks(random: SeededRandom): Generator<Uint8Array> {
  const sizeMax = random.pick([1, 100, 20 * kibibyte, 300 * kibibyte])
  for (let left = random.below(random.pick([2, 100 * kibibyte, mebibyte])); left > 0; ) {
    const length = Math.min(left, 1 + random.below(sizeMax))
    // Few enough chunks, each other than the one before.
    yield new Uint8Array(length).fill(random.below(256), random.below(length))
    left -= Math.max(length, 10 * kibibyte)
  }
}

// ---- ends

for (const side of sides) {
  test(`the ${side} ends its side, the other goes on and ends; then nothing is left`, async (t) => {
    const before = socketsOpen()
    const moved = await startMoved(t, { side })
    const { dialler, listener, ours, theirs, finish } = moved
    const [sent, answer] = [testRandom.bytes(mebibyte), testRandom.bytes(3 * mebibyte)]
    const [collector, answerCollector] = [collect(theirs), collect(ours)]
    await Promise.all([sendAll(ours, pieces(sent)).then(() => ours.close()), collector.read()])
    assert.equal(collector.digest(), digestOf(sent))
    assert.deepEqual([lanesOf(dialler), lanesOf(listener)], [1, 1])
    await Promise.all([sendAll(theirs, pieces(answer)).then(() => theirs.close()), answerCollector.read()])
    assert.equal(answerCollector.digest(), digestOf(answer))
    finish()
    await lanesAreGone(dialler, listener)
    await stopClean(moved, side, before)
  })

  test(`when the ${side} reads nothing until all is sent and over, it still gets all of it`, async (t) => {
    const clock = createManualClock()
    const moved = await startMoved(t, { side, [side]: { clock } })
    const { dialler, listener, ours, theirs, finish } = moved
    const sent = testRandom.bytes(512 * kibibyte)
    await sendAll(theirs, pieces(sent))
    if (side === 'dialler') finish() // the other one's handler is done
    await Promise.all([ours.close(), theirs.close()])
    await lanesAreGone(side === 'dialler' ? listener : dialler)
    await letThingsHappen(moved)
    clock.advance(3.5 * streamLingerMs)
    const collector = collect(ours)
    await collector.read()
    assert.equal(collector.digest(), digestOf(sent))
    await lanesAreGone(dialler, listener)
  })

  test(`when the ${side} leaves what came, the lane is gone soon`, async (t) => {
    const clock = createManualClock()
    const { dialler, listener, ours, theirs, finish } = await startMoved(t, { side, [side]: { clock } })
    await sendAll(theirs, pieces(testRandom.bytes(512 * kibibyte)))
    if (side === 'dialler') await ours.incoming[Symbol.asyncIterator]().return?.()
    else finish()
    await Promise.all([ours.close(), theirs.close()])
    await until('the lanes are gone', () => {
      clock.advance(streamLingerMs / 10)
      return lanesOf(dialler) === 0 && lanesOf(listener) === 0
    })
  })
}

for (const side of sides) {
  test(`what the ${side} sends by the lane is overtaken by the end of the stream: all of it arrives`, async (t) => {
    const pair = await startPair(t, { fate: (nth) => (nth === 0 ? Infinity : 'held') })
    const { dialler, listener, pipes } = pair
    const { near, far } = await openStream(t, dialler, listener)
    near.send(Uint8Array.of(1))
    await collect(far).read(1)
    // Packet by packet, so that what the dialler says first on the lane stays on the line.
    for (const network of [listener, dialler]) {
      await until('it is bound', () => {
        if (lanesOf(network) === 0) pipes[1]?.release(1)
        return lanesOf(network) === 1
      })
    }
    if (side === 'listener') {
      pipes[1]?.release(1)
      await letThingsHappen(pair)
    }
    const [ours, theirs] = side === 'dialler' ? [near, far] : [far, near]
    const sent = testRandom.bytes(50_000)
    ours.send(sent)
    await ours.close()
    const collector = collect(theirs)
    const reading = collector.read()
    await letThingsHappen(pair)
    await theirs.close()
    await letThingsHappen(pair)
    pipes[1]?.release()
    await reading
    assert.equal(collector.digest(), digestOf(sent))
    await lanesAreGone(dialler, listener)
  })
}

test('a line that is slow after both sides have ended still brings all', async (t) => {
  const clock = createManualClock()
  const moved = await startMoved(t, { dialler: { clock } })
  const { dialler, listener, ours, theirs, lane } = moved
  const sent = testRandom.bytes(512 * kibibyte)
  lane.hold()
  await sendAll(theirs, pieces(sent))
  const collector = collect(ours)
  let isOver = false
  const reading = collector.read().finally(() => {
    isOver = true
  })
  await Promise.all([ours.close(), theirs.close()])
  for (let n = 0; n < 4; n++) {
    await letThingsHappen(moved)
    clock.advance(0.9 * streamLingerMs)
    const before = collector.bytes
    lane.release(kibibyte)
    await until('some of it comes', () => collector.bytes > before || isOver)
  }
  lane.release()
  await reading
  assert.equal(collector.digest(), digestOf(sent))
  await lanesAreGone(dialler, listener)
})

// ---- sending

for (const side of sides) {
  test(`the ${side} waits while nobody reads, and goes on when somebody does`, async (t) => {
    const moved = await startMoved(t, { side })
    const { ours, theirs } = moved
    await ours.drained() // with room left there is nothing to wait for
    const chunk = testRandom.bytes(256 * kibibyte)
    let chunks = 0
    const sending = (async () => {
      for (; chunks < 192; chunks++) if (!ours.send(chunk)) await ours.drained()
      await ours.close()
    })()
    let before = -1
    for (let rounds = 0; chunks > before || rounds < 3; rounds++) {
      before = chunks
      await letThingsHappen(moved)
    }
    const bytes = chunks * chunk.length
    assert.ok(bytes > 0 && bytes < 24 * mebibyte, `${bytes} bytes were taken for a peer that reads none`)
    assert.equal(await readAll(theirs), 192 * chunk.length)
    await sending
  })

  for (const memory of ['ordinary', 'shared'] as const) {
    test(`what the ${side} sent may be overwritten once there is room, in ${memory} memory`, async (t) => {
      const { ours, theirs } = await startMoved(t, { side })
      const create = (length: number) =>
        new Uint8Array(memory === 'shared' ? new SharedArrayBuffer(length) : new ArrayBuffer(length))
      const [head, small, large] = [create(100), create(16 * kibibyte), create(mebibyte)]
      const few = [create(20 * kibibyte), create(20 * kibibyte)] // too little to fill the buffer
      const all = [head, small, large, ...few]
      const kinds = [[head], [large], [head, large, small], few]
      const sent: Uint8Array[] = []
      const collector = collect(theirs)
      const sending = (async () => {
        for (let round = 0; round < 24; round++) {
          for (const part of all) part.set(testRandom.bytes(part.length))
          const parts = kinds[round % kinds.length] ?? []
          sent.push(...parts.map((part) => Uint8Array.from(part)))
          if (!ours.send(...parts)) await ours.drained()
          for (const part of all) part.fill(0)
        }
        await ours.close()
      })()
      await Promise.all([sending, collector.read()])
      assert.equal(collector.digest(), digestOf(Buffer.concat(sent)))
    })
  }

  test(`what the ${side} sent before the move may be overwritten once there is room after it`, async (t) => {
    const pair = await startPair(t)
    const { near, far } = await openStream(t, pair.dialler, pair.listener)
    const [ours, theirs] = side === 'dialler' ? [near, far] : [far, near]
    const memory = testRandom.bytes(4 * mebibyte)
    const expected = digestOf(memory)
    assert.equal(ours.send(memory), false)
    theirs.send(Uint8Array.of(1)) // by which the dialler notices, if it is not the one who sends
    await until('it goes by a lane', () => lanesOpenedBy(pair.dialler) === 1)
    const waiting = ours.drained().then(() => memory.fill(0))
    await letThingsHappen(pair)
    const collector = collect(theirs)
    await collector.read(memory.length)
    await waiting
    assert.equal(collector.digest(), expected)
  })
}

// ---- who gets one

test('what goes to a peer that knows no lanes goes by the connection, and comes from it', async (t) => {
  const [network, stranger] = [await startNetwork(t, { laneAfterBytes: 0 }), await startStranger(t)]
  await stranger.handle(echo, echoRaw)
  await serveEcho(network)
  const addresses = stranger.getMultiaddrs().map(String)
  const peerId = stranger.peerId.toString() as PeerId
  await network.connect({ peerId, addresses }, { source: 'manual' })
  for (let n = 0; n < 3; n++) {
    const stream = await network.openStream(peerId, echo)
    await checkEcho(stream, pieces(testRandom.bytes(mebibyte)))
  }
  assert.deepEqual(
    [lanesOpenedBy(network), lanesOf(network), lanesFailedOf(network, 'offer')],
    [0, 0, 1],
    'it tried once',
  )
  const caller = await startStranger(t)
  const stream = await (await caller.dial(multiaddr(network.addresses()[0]))).newStream(echo)
  stream.send(testRandom.bytes(100_000))
  let bytes = 0
  const reading = (async () => {
    for await (const chunk of stream) bytes += chunk.byteLength
  })()
  await stream.close()
  await reading
  assert.deepEqual([bytes, lanesOf(network)], [100_000, 0])
})

test('it is the dialler that wants lanes or not', async (t) => {
  const wanting = (wants: boolean) => ({ laneAfterBytes: wants ? 0 : Infinity })
  for (const wants of [true, false]) {
    const pair = await startPair(t, { dialler: wanting(wants), listener: wanting(!wants) })
    const { near, far } = await openStream(t, pair.dialler, pair.listener)
    await exchange(near, far, mebibyte)
    if (wants) await until('it goes by a lane', () => lanesOpenedBy(pair.dialler) === 1)
    await letThingsHappen(pair)
    assert.equal(pair.connections(), wants ? 2 : 1)
  }
})

test('over Noise all arrives, too', async (t) => {
  const noise = { encryption: ['noise'] } as const
  const { dialler, listener } = await startPair(t, { dialler: noise, listener: noise })
  const { near, far } = await openStream(t, dialler, listener)
  await exchange(near, far, 4 * mebibyte)
  assert.equal(viewOf(dialler, listener.self)?.encryption, 'noise')
  await until('it goes by a lane', () => lanesOpenedBy(dialler) === 1)
  await exchange(near, far, 4 * mebibyte)
})

for (const way of ['WebSocket', 'a relay']) {
  test(`over ${way} all arrives, and there are no lanes`, async (t) => {
    // Who listens nowhere is reached by relays alone; either could dial the other, or the DHT make it.
    const listen = way === 'WebSocket' ? ['/ip4/127.0.0.1/tcp/0/ws'] : []
    const relay = await startNetwork(t, { relay: 'always' })
    const dialler = await startNetwork(t, { listen: [], laneAfterBytes: 0 })
    const listener = await startNetwork(t, { listen, laneAfterBytes: 0 })
    if (way === 'a relay') await join(listener, relay)
    const isReachable = (address: string) => address.includes(way === 'WebSocket' ? '/ws' : '/p2p-circuit')
    await until('there is an address', () => listener.addresses().some(isReachable))
    await join(dialler, listener)
    const { near, far } = await openStream(t, dialler, listener)
    await exchange(near, far, 4 * mebibyte)
    await letThingsHappen({ dialler, listener })
    const view = viewOf(dialler, listener.self)
    const expected = way === 'WebSocket' ? ['direct', 'websocket'] : ['relayed', 'tcp']
    assert.deepEqual([view?.path, view?.transport], expected)
    for (const network of [dialler, listener]) {
      const named = [...network.counts.keys()].filter((name) => name.startsWith('network_lanes'))
      assert.deepEqual(named, [], 'nobody tried')
    }
  })
}

test('streams past the lanes that one peer may have go on by the connection; later ones get lanes again', async (t) => {
  const pair = await startPair(t)
  const { dialler, listener } = pair
  const peaks = [dialler, listener].map(({ counts }) => peakOf(counts, 'network_lanes{}'))
  const ends = await Promise.all(Array.from({ length: lanesPerPeerMax + 8 }, () => openStream(t, dialler, listener)))
  await Promise.all(ends.map(({ near, far }) => exchange(near, far, mebibyte)))
  await until('there are as many as may be', () => lanesOf(dialler) === lanesPerPeerMax)
  await Promise.all(ends.map(({ near, far }) => exchange(near, far, mebibyte)))
  for (const { near, far, finish } of ends) {
    finish()
    await Promise.all([near.close(), far.close(), readAll(near), readAll(far)])
  }
  assert.deepEqual(
    peaks.map((peak) => peak()),
    [lanesPerPeerMax, lanesPerPeerMax],
  )
  await lanesAreGone(dialler, listener)
  await openMoved(t, pair)
})

/** The highest value that one sum has had. */
function peakOf(counts: Map<string, number>, name: string): () => number {
  const set = counts.set.bind(counts)
  let peak = 0
  counts.set = (key, value) => {
    if (key === name) peak = Math.max(peak, value)
    return set(key, value)
  }
  return () => peak
}
