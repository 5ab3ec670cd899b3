// Peers for the tests of lanes (lane.ts) that do what no honest one does: a bare libp2p host has the connection and its
// streams, sockets made by hand are the lanes. And what they are to be measured by: a victim whose sockets and timers are
// counted, and an honest transfer that goes on by its own lane meanwhile.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type ConnectionOptions, TLSSocket, connect as tlsConnect } from 'node:tls'
import type { Connection, ConnectionGater, PrivateKey, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerhoodError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { createCertificate } from './certificate.ts'
import { type Host, privateKeyOfSeed } from './host.ts'
import { readExactly } from './lane-socket.ts'
import { answerBytes, encodeLength, encodeOffer, placeBytes, tokenBytes } from './lane-wire.ts'
import { laneStepTimeoutMs } from './limits.ts'
import { laneProtocol } from './protocol.ts'
import {
  lanesOf,
  lanesOpenedBy,
  sendBack,
  socketsOpen,
  startNetwork,
  startStranger,
  type TestNetwork,
  tcpPortOf,
  testClock,
  testRandom,
  until,
} from './testing.ts'
import type { Network, PeerId, PeerStream } from './types.ts'

export const echoProtocol = '/peerhood-test/lane-echo/1'
export const sinkProtocol = '/peerhood-test/lane-sink/1'
/** Streams of this get a lane after so much: so little that tests are quick. */
export const afterBytes = 64 * 1024
export const streamsMax = 64
/** What a victim has done with is gone after so long, on a busy computer too; its patience with lanes ends by no clock of its own. */
export const leavingTimeoutMs = 4 * laneStepTimeoutMs

// ---- time

export interface CountedClock extends Clock {
  /** Timers of streams and lanes that wait and were set for so long. */
  waiting(delayMs: number): number
  /** Lets those timers be due now. */
  runOut(delayMs: number): void
}

interface Timer {
  readonly delayMs: number
  readonly run: () => void
}

/** Others (the address book) wait as long as a step of a lane, whenever they like: only the code that asks tells. */
const isOfStreams = () => /\/(lane|stream)\.ts:/.test(new Error().stack ?? '')

/**
 * The real clock, but for the patience with lanes: that ends when a test says so, and not because the computer that runs the
 * test is busy.
 */
export function countedClock(): CountedClock {
  const timers = new Set<Timer>()
  const ofDelay = (delayMs: number) => [...timers].filter((timer) => timer.delayMs === delayMs)
  return {
    nowMs: testClock.nowMs,
    monotonicMs: testClock.monotonicMs,
    after(delayMs, run) {
      const isPatience = delayMs === laneStepTimeoutMs || delayMs === 2 * laneStepTimeoutMs
      if (!isPatience || !isOfStreams()) return testClock.after(delayMs, run)
      const timer: Timer = {
        delayMs,
        run() {
          timers.delete(timer)
          run()
        },
      }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    waiting: (delayMs) => ofDelay(delayMs).length,
    runOut(delayMs) {
      for (const timer of ofDelay(delayMs)) timer.run()
    },
  }
}

// ---- the victim

/** What became of one stream of `sinkProtocol`. */
export interface Taken {
  readonly received: Buffer[]
  error: PeerhoodError | undefined
  isOver: boolean
}

export interface Victim extends TestNetwork {
  readonly clock: CountedClock
  readonly taken: readonly Taken[]
  /** From now on the handlers of `sinkProtocol` read one chunk at most, until it is called. */
  holdReading(): () => void
  readonly port: number
}

/** A network with a clock that is counted. It serves an echo, and a sink that says nothing. */
export async function startVictim(t: TestContext): Promise<Victim> {
  const clock = countedClock()
  const network = await startNetwork(t, { clock, laneAfterBytes: afterBytes })
  await serveEcho(network)
  const sink = createSink()
  await network.handle(sinkProtocol, sink.handler, { streamsPerPeerMax: streamsMax })
  const port = tcpPortOf(network.addresses()[0])
  return Object.assign(network, { clock, port, ...sink })
}

function createSink() {
  const taken: Taken[] = []
  let gate: Promise<void> | undefined
  const handler = async (stream: PeerStream) => {
    const one: Taken = { received: [], error: undefined, isOver: false }
    taken.push(one)
    try {
      for await (const chunk of stream.incoming) {
        one.received.push(Buffer.from(chunk))
        await gate
      }
    } catch (error) {
      one.error = error as PeerhoodError
      throw error
    } finally {
      one.isOver = true
    }
  }
  const holdReading = () => {
    const held = Promise.withResolvers<void>()
    gate = held.promise
    return () => {
      gate = undefined
      held.resolve()
    }
  }
  return { taken, handler, holdReading }
}

export const textOf = (taken: Taken | undefined): string => Buffer.concat(taken?.received ?? []).toString('latin1')

async function serveEcho(network: Network): Promise<void> {
  await network.handle(echoProtocol, sendBack, { streamsPerPeerMax: streamsMax })
}

// ---- an honest transfer

/** Sends to an echo, over and over, and checks each byte that comes back. */
export function pingPong(stream: PeerStream): (rounds: number) => Promise<void> {
  const incoming = stream.incoming[Symbol.asyncIterator]()
  return async (rounds) => {
    for (let round = 0; round < rounds; round++) {
      const sent = testRandom.bytes(16 * 1024)
      if (!stream.send(sent)) await stream.drained()
      for (let at = 0; at < sent.length; ) {
        const { value, done } = await incoming.next()
        assert.ok(!done, 'the echo has ended')
        assert.equal(Buffer.compare(value, sent.subarray(at, at + value.length)), 0, 'other bytes came back')
        at += value.length
      }
    }
  }
}

export interface Scene {
  readonly victim: Victim
  readonly friend: TestNetwork
  /** Runs rounds of the honest transfer. */
  readonly honest: (rounds: number) => Promise<void>
  /** Does something hostile while the honest transfer goes on. */
  during<T>(attack: () => Promise<T>): Promise<T>
  /** What there is now may stay. */
  mark(): void
  /** That nothing is left of what was done to the victim, and that the honest transfer still goes on by its lane. */
  assertUnharmed(): Promise<void>
}

/** A victim with an honest transfer that goes by a lane already; the victim is dialled, or dials. */
export async function startScene(t: TestContext, role: 'listens' | 'dials' = 'listens'): Promise<Scene> {
  const [victim, friend] = [await startVictim(t), await startNetwork(t, { laneAfterBytes: afterBytes })]
  await serveEcho(friend)
  const [from, to] = role === 'listens' ? [friend, victim] : [victim, friend]
  await from.connect({ peerId: to.self, addresses: to.addresses() }, { source: 'manual' })
  const honest = pingPong(await from.openStream(to.self, echoProtocol))
  await honest(4)
  await until('the honest transfer has its lane', () => lanesOpenedBy(from) === 1)
  let socketsBefore = socketsOpen()
  return {
    victim,
    friend,
    honest,
    async during(attack) {
      const [outcome] = await Promise.all([attack(), honest(8)])
      return outcome
    },
    mark() {
      socketsBefore = socketsOpen()
    },
    async assertUnharmed() {
      await honest(4)
      await until('the honest lane is the only one', () => lanesOf(victim) === 1)
      assert.equal(lanesOf(friend), 1)
      await until('no other socket is left', () => socketsOpen() <= socketsBefore, leavingTimeoutMs)
      const { clock } = victim
      const timers = () => clock.waiting(laneStepTimeoutMs) + clock.waiting(2 * laneStepTimeoutMs)
      await until('no timer is left', () => timers() === 0, leavingTimeoutMs)
    },
  }
}

// ---- hostile peers

export type Shown = Pick<ConnectionOptions, 'cert' | 'key'>

export interface HostilePeer {
  readonly host: Host
  readonly id: PeerId
  readonly privateKey: PrivateKey
  readonly shown: Shown
}

/** A stranger with a key that can be used elsewhere. `dials`, `answers`: nobody else, if anybody. */
async function startHostile(
  t: TestContext,
  listen: string[],
  { dials, answers }: { readonly dials?: PeerId; readonly answers?: PeerId },
): Promise<HostilePeer> {
  const privateKey = await privateKeyOfSeed(testRandom.bytes(32))
  // It would meet others by and by, or be met by whom the DHT has told of it, and there would be more sockets than a test
  // knows of.
  const gater: ConnectionGater = {
    denyDialPeer: (peerId) => peerId.toString() !== dials,
    denyInboundEncryptedConnection: (peerId) => peerId.toString() !== answers,
  }
  const host = await startStranger(t, { listen, privateKey, gater })
  return { host, id: host.peerId.toString() as PeerId, privateKey, shown: await createCertificate(privateKey) }
}

/** All bytes that come by a stream, or a socket. */
export function listen(source: Stream | TLSSocket): { readonly heard: () => Buffer } {
  const chunks: Uint8Array[] = []
  if (source instanceof TLSSocket) source.on('data', (chunk) => chunks.push(chunk))
  else source.addEventListener('message', ({ data }) => chunks.push(data.subarray()))
  return { heard: () => Buffer.concat(chunks) }
}

export interface HandMadeLane {
  readonly raw: Socket
  readonly socket: TLSSocket
  readonly heard: () => Buffer
  readonly isClosed: () => boolean
}

export interface HostileDialler extends HostilePeer {
  readonly connection: Connection
  /** A stream that the victim's handler has. */
  openStream(protocol?: string): Promise<Stream>
  /** Opens a stream of the lane protocol and says this on it. */
  say(bytes: Uint8Array): Promise<{ readonly stream: Stream; readonly heard: () => Buffer }>
  /** Offers a lane for a stream; whether the victim expects it now. */
  offer(stream: { readonly id: string }, token?: Uint8Array): Promise<{ isExpected: boolean; token: Uint8Array }>
  /** A lane as far as TLS, the token not said. */
  dial(options?: ConnectionOptions): Promise<HandMadeLane>
  /** Dials, and says the token. */
  dialWith(token: Uint8Array, options?: ConnectionOptions): Promise<HandMadeLane>
  /** Everything right: a stream with the lane that it has, nothing moved yet. */
  openLane(): Promise<OpenLane>
}

export interface OpenLane {
  readonly stream: Stream
  readonly lane: HandMadeLane
  readonly token: Uint8Array
  readonly taken: Taken
}

/** A piece of a lane: its length, and the bytes. */
export const pieceOf = (bytes: Uint8Array): Buffer => Buffer.concat([encodeLength(bytes.length), bytes])

export const newToken = (): Uint8Array => testRandom.bytes(tokenBytes)

/** A hostile peer that has dialled the victim. */
export async function startDialler(t: TestContext, victim: Victim): Promise<HostileDialler> {
  const peer = await startHostile(t, [], { dials: victim.self })
  const connection = await peer.host.dial(multiaddr(victim.addresses()[0]))
  const say: HostileDialler['say'] = async (bytes) => {
    const stream = await connection.newStream(laneProtocol)
    const { heard } = listen(stream)
    if (bytes.length > 0) stream.send(bytes)
    return { stream, heard }
  }
  const openStream: HostileDialler['openStream'] = (protocol = sinkProtocol) =>
    connection.newStream(protocol, { maxOutboundStreams: 1_000 })
  const offer: HostileDialler['offer'] = async ({ id }, token = newToken()) => {
    const { stream, heard } = await say(encodeOffer({ streamId: Number(id), token }))
    await until('the offer is answered', () => heard().length > 0)
    await stream.close()
    assert.equal(heard().length, answerBytes)
    return { isExpected: heard()[0] === 1, token }
  }
  const dial: HostileDialler['dial'] = (options) => dialLane(t, victim.port, { ...peer.shown, ...options })
  const dialWith: HostileDialler['dialWith'] = async (token, options) => {
    const lane = await dial(options)
    lane.socket.write(token)
    return lane
  }
  async function openLane() {
    const before = victim.taken.length
    const stream = await openStream()
    await until('the stream is served', () => victim.taken.length > before)
    const { token, isExpected } = await offer(stream)
    assert.ok(isExpected, 'the victim wants no lane')
    const lane = await dialWith(token)
    await until('the lane is bound', () => lane.heard().length === answerBytes)
    return { stream, lane, token, taken: victim.taken[before] as Taken }
  }
  return { ...peer, connection, say, openStream, offer, dial, dialWith, openLane }
}

// ---- lanes by hand

export const laneAlpn = 'peerhood/lane/1.0.0'
/** multistream-select for a lane; each side says it. */
export const laneNegotiation = Buffer.from('\x13/multistream/1.0.0\n\x15/peerhood/lane/1.0.0\n')

const patience = () => AbortSignal.timeout(10_000)

/** A socket on which a lane was negotiated, and nothing more. */
export async function dialNegotiated(t: TestContext, port: number): Promise<Socket> {
  const raw = connectSocket({ port, host: '127.0.0.1', noDelay: true })
  t.after(() => raw.destroy())
  raw.on('error', () => {})
  raw.write(laneNegotiation)
  assert.deepEqual(Buffer.from(await readExactly(raw, laneNegotiation.length, patience())), laneNegotiation)
  return raw
}

export async function dialLane(t: TestContext, port: number, options: ConnectionOptions): Promise<HandMadeLane> {
  const raw = await dialNegotiated(t, port)
  const socket = tlsConnect({ ALPNProtocols: [laneAlpn], ...options, socket: raw, rejectUnauthorized: false })
  socket.on('error', () => {})
  return { raw, socket, isClosed: () => socket.destroyed, ...listen(socket) }
}

/** Takes a lane as far as the negotiation. */
export async function acceptNegotiated(raw: Socket): Promise<void> {
  await readExactly(raw, laneNegotiation.length, patience())
  raw.write(laneNegotiation)
}

/** Takes a lane as far as TLS. */
export async function acceptLane(
  raw: Socket,
  options: Shown & { readonly ALPNProtocols?: string[] },
): Promise<TLSSocket> {
  await acceptNegotiated(raw)
  const asked = { isServer: true, requestCert: true, rejectUnauthorized: false, ALPNProtocols: [laneAlpn] }
  const socket = new TLSSocket(raw, { ...asked, ...options })
  socket.on('error', () => {})
  return socket
}

/** What the dialler of a lane says: its token, then its place. */
export const readToken = (socket: TLSSocket) => readExactly(socket, tokenBytes, patience())
export const readPlace = (socket: TLSSocket) => readExactly(socket, placeBytes, patience())

// ---- hostile listeners

export interface HostileListener extends HostilePeer {
  /** A stream of the victim’s to this peer’s echo, that has carried nothing yet. */
  readonly stream: PeerStream
  readonly rounds: (rounds: number) => Promise<void>
  /** Sockets that were to become lanes. */
  readonly lanes: readonly Socket[]
  /** The victim's streams of the lane protocol that are not over. */
  readonly offersOpen: () => number
}

interface ListenerActs {
  readonly onOffer: (stream: Stream) => void
  /** Undefined: the port is closed before any lane. */
  readonly onLane?: ((raw: Socket, peer: HostilePeer) => void) | undefined
}

/** A hostile peer that the victim has dialled, at a port whose first connection alone is libp2p's. */
export async function startListener(t: TestContext, victim: Victim, acts: ListenerActs): Promise<HostileListener> {
  const peer = await startHostile(t, ['/ip4/127.0.0.1/tcp/0'], { answers: victim.self })
  const { host } = peer
  await host.handle(echoProtocol, (stream) => {
    stream.addEventListener('message', ({ data }) => void stream.send(data))
  })
  await host.handle(laneProtocol, acts.onOffer)
  const lanes: Socket[] = []
  let isFirst = true
  const server = createServer({ noDelay: true }, (raw) => {
    raw.on('error', () => {})
    t.after(() => raw.destroy())
    if (isFirst) forward(raw, tcpPortOf(host.getMultiaddrs()[0]))
    else lanes.push(raw)
    if (!isFirst) acts.onLane?.(raw, peer)
    isFirst = false
    if (acts.onLane === undefined) server.close()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const addresses = [`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`]
  await victim.connect({ peerId: peer.id, addresses }, { source: 'manual' })
  const stream = await victim.openStream(peer.id, echoProtocol)
  const offersOpen = () =>
    host.getConnections().flatMap(({ streams }) => streams.filter(({ protocol }) => protocol === laneProtocol)).length
  return { ...peer, stream, rounds: pingPong(stream), lanes, offersOpen }
}

function forward(outer: Socket, port: number): void {
  const inner = connectSocket({ port, host: '127.0.0.1', noDelay: true })
  inner.on('error', () => {})
  outer.pipe(inner).pipe(outer)
  inner.on('close', () => outer.destroy())
  outer.on('close', () => inner.destroy())
}
