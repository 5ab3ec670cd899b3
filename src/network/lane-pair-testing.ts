// For the tests of lanes: two networks with a TCP proxy on the line between them, which counts what goes which way, and
// holds, cuts or loses it; and streams between the two that go by a lane.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { TestContext } from 'node:test'
import { isPeerhoodError } from '../base/errors.ts'
import { streamLingerMs } from './limits.ts'
import {
  lanesOf,
  lanesOpenedBy,
  readAll,
  sendAll,
  socketsOpen,
  startNetwork,
  type TestNetwork,
  type TestOptions,
  tcpPortOf,
  testRandom,
  until,
  viewOf,
} from './testing.ts'
import type { PeerStream } from './types.ts'

const nothing = '/peerhood-test/nothing/1'
export const kibibyte = 1024
export const mebibyte = 1024 * kibibyte
const stopMaxMs = 2_000

export const withCode =
  (...codes: string[]) =>
  (error: unknown) =>
    isPeerhoodError(error) && codes.includes(error.code)

// ---- the line

/** One TCP connection through the proxy. */
export interface Pipe {
  /** Bytes that came from who connected, and from who listens. */
  readonly upBytes: number
  readonly downBytes: number
  readonly isClosed: boolean
  /** Whether that side has ended it. */
  isLeftBy(side: Side): boolean
  /** Nothing passes, but it is kept, until `release`, which lets about so many bytes pass, or all. */
  hold(): void
  release(bytes?: number): void
  /** Drops what has not passed and ends it on both sides: in order (FIN) or not (RST). */
  cut(how: 'end' | 'reset'): void
}

/**
 * What becomes of the nth connection (from 0): refused, held from the start, or so many bytes pass from who connects, and all
 * others are lost.
 */
type Fate = (nth: number) => 'refused' | 'held' | number

async function startProxy(t: TestContext, port: number, fate: Fate) {
  const pipes: Pipe[] = []
  let count = 0
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const what = fate(count++)
    if (what === 'refused') return void near.resetAndDestroy()
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const pipe = createPipe(near, far, what === 'held' ? Infinity : what)
    pipes.push(pipe)
    if (what === 'held') pipe.hold()
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    for (const pipe of pipes) pipe.cut('reset')
  })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, pipes, connections: () => count }
}

function createPipe(near: Socket, far: Socket, upBytesMax: number): Pipe {
  const bytes = { up: 0, down: 0 }
  let credit = Infinity
  let isCut = false
  const flow = (from: Socket, to: Socket, name: 'up' | 'down', bytesMax: number) => {
    const update = () => void (credit <= 0 || to.writableNeedDrain ? from.pause() : from.resume())
    from.on('data', (chunk: Buffer) => {
      const room = Math.max(0, bytesMax - bytes[name])
      bytes[name] += chunk.length
      credit -= chunk.length
      if (!isCut && room > 0) to.write(chunk.subarray(0, room))
      update()
    })
    to.on('drain', update)
    from.on('end', () => to.end())
    from.on('error', () => {})
    from.on('close', () => to.destroy())
    return update
  }
  const updates = [flow(near, far, 'up', upBytesMax), flow(far, near, 'down', Infinity)]
  const give = (given: number) => {
    credit = given
    for (const update of updates) update()
  }
  return {
    get upBytes() {
      return bytes.up
    },
    get downBytes() {
      return bytes.down
    },
    get isClosed() {
      return near.destroyed && far.destroyed
    },
    isLeftBy(side) {
      const socket = side === 'dialler' ? near : far
      return socket.destroyed || socket.readableEnded
    },
    hold: () => give(0),
    release: (given = Infinity) => give(given),
    cut(how) {
      isCut = true
      give(Infinity)
      for (const socket of [near, far]) void (how === 'end' ? socket.end() : socket.resetAndDestroy())
    },
  }
}

// ---- two networks

/** Which end of the connection. */
export type Side = 'dialler' | 'listener'
export const sides: readonly Side[] = ['dialler', 'listener']

interface PairOptions {
  readonly dialler?: TestOptions
  readonly listener?: TestOptions
  readonly fate?: Fate
}

export interface Pair {
  readonly dialler: TestNetwork
  readonly listener: TestNetwork
  /** The connections between them: the first is libp2p's, the others are lanes. */
  readonly pipes: readonly Pipe[]
  /** How many were tried. */
  readonly connections: () => number
}

/** The dialler gives each stream a lane from the first byte on, unless told otherwise; the listener would give none. */
export async function startPair(t: TestContext, options: PairOptions = {}): Promise<Pair> {
  const dialler = await startNetwork(t, { laneAfterBytes: 0, ...options.dialler })
  const listener = await startNetwork(t, { laneAfterBytes: Infinity, ...options.listener })
  const listening = tcpPortOf(listener.addresses()[0])
  const { port, pipes, connections } = await startProxy(t, listening, options.fate ?? (() => Infinity))
  const addresses = [`/ip4/127.0.0.1/tcp/${port}`]
  await dialler.connect({ peerId: listener.self, addresses }, { source: 'manual' })
  await until('both are connected', () => viewOf(listener, dialler.self)?.state === 'connected')
  await letThingsHappen({ dialler, listener })
  return { dialler, listener, pipes, connections }
}

/** A few empty streams that end on both sides: time in which what is under way gets on. */
export async function letThingsHappen({ dialler, listener }: Pick<Pair, 'dialler' | 'listener'>): Promise<void> {
  const cancel = await listener.handle(nothing, async (stream) => void (await readAll(stream)), {
    streamsPerPeerMax: 4,
  })
  for (let round = 0; round < 5; round++) {
    const stream = await dialler.openStream(listener.self, nothing)
    await stream.close()
    assert.equal(await readAll(stream), 0)
  }
  cancel()
}

/** Sooner than any patience would end them. */
export function lanesAreGone(...networks: readonly TestNetwork[]): Promise<void> {
  return until('the lanes are gone', () => networks.every((network) => lanesOf(network) === 0), streamLingerMs - 1_000)
}

/** Stops `first`, then the other: each leaves all its connections at once, and no more sockets are left than there were. */
export async function stopClean(pair: Pair, first: Side, socketsBefore: number): Promise<void> {
  for (const side of first === 'dialler' ? sides : sides.toReversed()) {
    const startMs = performance.now()
    await pair[side].stop()
    const tookMs = performance.now() - startMs
    assert.ok(tookMs < stopMaxMs, `stopping took ${tookMs} ms`)
    await until(`the ${side} has left`, () => pair.pipes.every((pipe) => pipe.isLeftBy(side)), stopMaxMs)
  }
  await until('no socket is left', () => socketsOpen() <= socketsBefore, stopMaxMs)
}

// ---- streams

interface Ends {
  readonly near: PeerStream
  readonly far: PeerStream
  /** Ends the handler of the far end, which the end of the test does otherwise. */
  readonly finish: () => void
}

let openCount = 0

/** Both ends of a stream from `opener` to `server`. */
export async function openStream(t: TestContext, opener: TestNetwork, server: TestNetwork): Promise<Ends> {
  const served = Promise.withResolvers<PeerStream>()
  const over = Promise.withResolvers<void>()
  t.after(() => over.resolve())
  const handler = (stream: PeerStream) => {
    served.resolve(stream)
    return over.promise
  }
  const protocol = `/peerhood-test/hold/${openCount++}`
  const cancel = await server.handle(protocol, handler, { streamsPerPeerMax: 1 })
  const near = await opener.openStream(server.self, protocol)
  const far = await served.promise
  cancel()
  return { near, far, finish: over.resolve }
}

interface Moved {
  /** The stream's end at `side`, and the other one. */
  readonly ours: PeerStream
  readonly theirs: PeerStream
  readonly lane: Pipe
  readonly finish: () => void
}

/** A stream from the dialler that goes by a lane both ways. One byte went each way. */
export async function openMoved(t: TestContext, pair: Pair, side: Side = 'dialler'): Promise<Moved> {
  const { dialler, listener, pipes } = pair
  const opened = lanesOpenedBy(dialler)
  const { near, far, finish } = await openStream(t, dialler, listener)
  await exchange(near, far, 1)
  await until('it goes by a lane', () => lanesOpenedBy(dialler) > opened)
  const lane = pipes.at(-1)
  assert.ok(lane !== undefined)
  const [ours, theirs] = side === 'dialler' ? [near, far] : [far, near]
  return { ours, theirs, lane, finish }
}

export async function startMoved(
  t: TestContext,
  options: PairOptions & { readonly side?: Side } = {},
): Promise<Pair & Moved> {
  const pair = await startPair(t, options)
  return { ...pair, ...(await openMoved(t, pair, options.side)) }
}

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export function* pieces(bytes: Uint8Array, length = 256 * kibibyte): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

export interface Collector {
  readonly bytes: number
  content(): Buffer
  digest(): string
  /** Reads so many bytes, or to the end. */
  read(length?: number): Promise<void>
}

/** Reads a stream and keeps what came. */
export function collect(stream: PeerStream): Collector {
  const incoming = stream.incoming[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let bytes = 0
  const content = () => Buffer.concat(chunks)
  return {
    get bytes() {
      return bytes
    },
    content,
    digest: () => digestOf(content()),
    async read(length = Infinity) {
      for (const end = bytes + length; bytes < end; ) {
        const { value, done } = await incoming.next()
        if (done) break
        chunks.push(value.slice())
        bytes += value.length
      }
    },
  }
}

/** Sends and reads both ways at once, and checks what came. */
export async function exchange(near: PeerStream, far: PeerStream, length: number): Promise<void> {
  const carry = async (from: PeerStream, to: PeerStream) => {
    const payload = testRandom.bytes(length)
    const collector = collect(to)
    await Promise.all([sendAll(from, pieces(payload)), collector.read(length)])
    assert.equal(collector.digest(), digestOf(payload))
  }
  await Promise.all([carry(near, far), carry(far, near)])
}
