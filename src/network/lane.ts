// Lanes: a stream that carries much goes on by a TCP connection of its own, straight into TLS, without the multiplexer and
// libp2p's stream stack, which cost more than TLS itself. Whoever dialled the connection offers the lane on a stream of the
// connection, dials the same address again, and names the stream by the token of the offer; TLS proves on both sides, as on
// any connection, that the same two peers talk. What fails before the first byte went by the lane costs nothing: the stream
// goes on as it was (docs/protocol/network.md).
//
//   dialler  stream has carried much ──► offer ──► connect, TLS ──► token ──► bound, moves its sending ──► reads on there
//   listener                       expects the token ──► TLS, token ──► bound ──► reads on there, moves its sending
//
// Must stay true: nobody gets a lane who has not the stream it belongs to; both are bound before either moves; a lane never
// outlives its stream.

import { connect as connectSocket, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Connection, ConnectionEncrypter, Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { toHex } from '../base/bytes.ts'
import { toPeerhoodError } from '../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log, type Metrics, type Random } from '../base/ports.ts'
import { ipOf } from './addresses.ts'
import { networkErrors } from './errors.ts'
import { createLane, readExactly } from './lane-socket.ts'
import {
  answerBytes,
  decodeAnswer,
  decodeOffer,
  decodePlace,
  encodeOffer,
  no,
  type Offer,
  offerBytes,
  placeBytes,
  tokenBytes,
  yes,
} from './lane-wire.ts'
import {
  bulkBytesMin,
  laneOffersPerPeerMax,
  laneStepTimeoutMs,
  lanesMax,
  lanesPendingMax,
  lanesPerPeerMax,
} from './limits.ts'
import { laneProtocol } from './protocol.ts'
import { type AdaptedStream, adaptStream, type Meter } from './stream.ts'
import { leaveUpgrade, secureLane } from './tls.ts'
import type { PeerId } from './types.ts'

export interface LaneParts {
  /** Whose certificate lanes show. */
  readonly privateKey: PrivateKey
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** Bytes after which a stream gets a lane, `bulkBytesMin` if not given. */
  readonly afterBytes?: number | undefined
}

/** A stream that may get a lane. */
interface Candidate {
  readonly connection: Connection
  readonly stream: AdaptedStream
  readonly meter: Meter
  hasLane: boolean
  isOver: boolean
}

export interface Lanes {
  /** What the listener's sockets may ask for in the place of an encryption. */
  readonly encrypter: ConnectionEncrypter
  /** Takes offers. */
  serve(host: Libp2p): Promise<void>
  /** Adapts a stream, so that it gets a lane once it has carried much. */
  adapt(
    stream: Stream,
    connection: Connection,
    parts: { readonly meter: Meter; readonly copies: boolean },
  ): AdaptedStream
  stop(): void
}

const noMeter: Meter = { received() {}, sent() {} }

/** An offer that was accepted. */
interface Expected {
  readonly candidate: Candidate
  readonly cancel: Cancel
}

class LanesOfHost implements Lanes {
  readonly #parts: LaneParts
  readonly #candidates = new WeakMap<Connection, Map<string, Candidate>>()
  /** By token, in hexadecimal. */
  readonly #expected = new Map<string, Expected>()
  readonly #open = new Map<TLSSocket, Candidate>()
  /** Streams for which we are opening one. */
  readonly #offered = new Set<Candidate>()
  /** Connections on which no lane came about. */
  readonly #hopeless = new WeakSet<Connection>()
  readonly #stopped = new AbortController()

  constructor(parts: LaneParts) {
    this.#parts = parts
  }

  readonly encrypter: ConnectionEncrypter = {
    protocol: laneProtocol,
    secureInbound: async (connection, options) => {
      const { privateKey, metrics } = this.#parts
      const signal = options?.signal
      const { socket, remotePeer } = await secureLane(connection, privateKey, { isServer: true, signal })
      try {
        await this.#admit(socket, remotePeer.toString() as PeerId, signal)
      } catch (error) {
        metrics.count('network_lanes_failed', 1, { step: 'admit' })
        socket.destroy()
        throw error
      }
      leaveUpgrade(connection)
      // It is a connection no more, and the upgrade is to end without one.
      throw networkErrors.lane_taken('The connection has become a lane.')
    },
    secureOutbound: () => Promise.reject(networkErrors.lane_wrong('A connection is not secured by a lane.')),
  }

  async serve(host: Libp2p): Promise<void> {
    await host.handle(laneProtocol, (stream, connection) => this.#onOffer(stream, connection), {
      maxInboundStreams: laneOffersPerPeerMax,
    })
  }

  adapt(
    stream: Stream,
    connection: Connection,
    parts: { readonly meter: Meter; readonly copies: boolean },
  ): AdaptedStream {
    const peerId = connection.remotePeer.toString() as PeerId
    const adapted = adaptStream(stream, peerId, {
      ...parts,
      isRelayed: !connection.direct,
      clock: this.#parts.clock,
      onBulk: {
        afterBytes: this.#parts.afterBytes ?? bulkBytesMin,
        run: () => void this.#onBulk(stream.id, candidate),
      },
    })
    const ofConnection = this.#candidates.get(connection) ?? new Map<string, Candidate>()
    this.#candidates.set(connection, ofConnection)
    const candidate = { connection, stream: adapted, meter: parts.meter, hasLane: false, isOver: false }
    ofConnection.set(stream.id, candidate)
    void adapted.closed.then(() => {
      candidate.isOver = true
      ofConnection.delete(stream.id)
    })
    return adapted
  }

  stop(): void {
    this.#stopped.abort(networkErrors.network_stopped('The network is stopping.'))
    for (const { cancel } of this.#expected.values()) cancel()
    this.#expected.clear()
    for (const socket of this.#open.keys()) socket.destroy()
  }

  // ---- the listener's side

  async #onOffer(stream: Stream, connection: Connection): Promise<void> {
    const answer = async (talk: AdaptedStream) => {
      const { streamId, token } = decodeOffer(await readMessage(talk, offerBytes))
      const candidate = this.#candidates.get(connection)?.get(String(streamId))
      const isTaken = connection.direction === 'inbound' && candidate?.hasLane === false && this.#hasRoom(candidate)
      talk.send(isTaken && this.#expect(token, candidate) ? yes : no)
    }
    try {
      await this.#within((signal) => this.#talk(stream, connection, signal, answer))
    } catch {
      this.#parts.metrics.count('network_lanes_failed', 1, { step: 'offered' })
    }
  }

  #hasRoom({ stream }: Candidate): boolean {
    // Those that are expected will be open, unless they are late.
    const expected = [...this.#expected.values()].map(({ candidate }) => candidate)
    const all = [...this.#open.values(), ...expected, ...this.#offered]
    const ofPeer = all.filter((other) => other.stream.remotePeer === stream.remotePeer).length
    return all.length < lanesMax && ofPeer < lanesPerPeerMax && this.#expected.size < lanesPendingMax
  }

  /** Whether it is: a token is good for one lane. */
  #expect(token: Uint8Array, candidate: Candidate): boolean {
    const name = toHex(token)
    if (this.#expected.has(name)) return false
    const drop = () => {
      if (this.#expected.get(name) !== expected) return
      expected.cancel()
      this.#expected.delete(name)
      candidate.hasLane = false
    }
    const expected = { candidate, cancel: this.#parts.clock.after(2 * laneStepTimeoutMs, drop) }
    candidate.hasLane = true
    this.#expected.set(name, expected)
    void candidate.stream.closed.then(drop)
    return true
  }

  async #admit(socket: TLSSocket, peerId: PeerId, signal: AbortSignal | undefined): Promise<void> {
    const token = await this.#within((limit) => readExactly(socket, tokenBytes, limit), signal)
    const name = toHex(token)
    const expected = this.#expected.get(name)
    if (expected?.candidate.stream.remotePeer !== peerId || expected.candidate.isOver)
      throw networkErrors.lane_wrong('A peer opened a lane that nobody expects.')
    this.#expected.delete(name)
    expected.cancel()
    const { candidate } = expected
    this.#bind(socket, candidate)
    socket.write(yes)
    void this.#moveReading(socket, candidate).then(
      () => candidate.stream.moveSending(),
      () => socket.destroy(),
    )
  }

  // ---- the dialler's side

  async #onBulk(id: string, candidate: Candidate): Promise<void> {
    const { connection, stream } = candidate
    const address = addressOf(connection)
    if (candidate.isOver || address === undefined || this.#hopeless.has(connection)) return
    if (!this.#hasRoom(candidate)) return
    this.#offered.add(candidate)
    let step = 'offer'
    let socket: TLSSocket | undefined
    try {
      const token = this.#parts.random.bytes(tokenBytes)
      if (!(await this.#offer(connection, { streamId: Number(id), token }))) return
      step = 'connect'
      socket = await this.#dial(address, connection)
      if (candidate.isOver) throw networkErrors.lane_failed('The stream ended before its lane was there.')
      step = 'bind'
      socket.write(token)
      const answer = await this.#within((signal) => readExactly(socket as TLSSocket, answerBytes, signal))
      if (!decodeAnswer(answer) || candidate.isOver) throw networkErrors.lane_failed('The stream ended meanwhile.')
      this.#offered.delete(candidate)
      this.#bind(socket, candidate)
      stream.moveSending()
      step = 'move'
      await this.#moveReading(socket, candidate)
      this.#parts.metrics.count('network_lanes_opened')
    } catch (thrown) {
      socket?.destroy()
      if (!candidate.isOver) this.#hopeless.add(connection)
      const error = toPeerhoodError(thrown)
      this.#parts.metrics.count('network_lanes_failed', 1, { step })
      this.#parts.log.debug('lane_failed', {
        peerId: stream.remotePeer,
        step,
        code: error.code,
        message: error.message,
      })
    } finally {
      this.#offered.delete(candidate)
    }
  }

  #offer(connection: Connection, offer: Offer): Promise<boolean> {
    return this.#within(async (signal) => {
      const stream = await connection.newStream(laneProtocol, { signal, maxOutboundStreams: laneOffersPerPeerMax })
      return this.#talk(stream, connection, signal, async (talk) => {
        talk.send(encodeOffer(offer))
        return decodeAnswer(await readMessage(talk, answerBytes))
      })
    })
  }

  async #dial(address: { host: string; port: number }, connection: Connection): Promise<TLSSocket> {
    const { privateKey } = this.#parts
    return this.#within(async (signal) => {
      const raw = connectSocket({ ...address, noDelay: true, keepAlive: true, allowHalfOpen: true })
      raw.on('error', () => {}) // whoever waits hears of the end
      try {
        await negotiate(raw, signal)
        const { socket } = await secureLane(raw, privateKey, {
          isServer: false,
          signal,
          remotePeer: connection.remotePeer,
        })
        return socket
      } catch (error) {
        raw.destroy()
        throw error
      }
    })
  }

  // ---- both

  #bind(socket: TLSSocket, candidate: Candidate): void {
    candidate.hasLane = true
    this.#open.set(socket, candidate)
    const lane = createLane(socket, (bytes) => candidate.meter.received(bytes))
    const tell = () => this.#parts.metrics.gauge('network_lanes', this.#open.size)
    tell()
    // The stream may be over, and what came by the lane unread.
    const onClose = () => lane.destroy()
    candidate.connection.addEventListener('close', onClose)
    void lane.closed.then(() => {
      candidate.connection.removeEventListener('close', onClose)
      this.#open.delete(socket)
      tell()
    })
    candidate.stream.bind(lane)
  }

  /** Reads where the peer goes on, and lets the stream read on there. */
  async #moveReading(socket: TLSSocket, { stream }: Candidate): Promise<void> {
    const place = await this.#within((signal) => readExactly(socket, placeBytes, signal))
    stream.moveReading(decodePlace(place))
  }

  /** Talks about a lane on a stream for that; whatever goes wrong ends the stream. */
  async #talk<T>(
    opened: Stream,
    { remotePeer }: Connection,
    signal: AbortSignal,
    run: (talk: AdaptedStream) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#parts
    const talk = adaptStream(opened, remotePeer.toString() as PeerId, {
      clock,
      isRelayed: false,
      copies: false,
      meter: noMeter,
    })
    signal.addEventListener('abort', () => talk.abort(toPeerhoodError(signal.reason)), { once: true })
    try {
      const outcome = await run(talk)
      await talk.settle()
      return outcome
    } catch (error) {
      talk.abort(toPeerhoodError(error))
      throw error
    }
  }

  /** One step, with its time; it ends with `ended` and with the network, too. */
  async #within<T>(run: (signal: AbortSignal) => Promise<T>, ended?: AbortSignal): Promise<T> {
    const late = () => networkErrors.lane_failed('The other peer did not answer in time.')
    const stopped = this.#stopped.signal
    const any = ended === undefined ? stopped : AbortSignal.any([ended, stopped])
    const limit = deadline(this.#parts.clock, laneStepTimeoutMs, late, any)
    try {
      return await run(limit.signal)
    } finally {
      limit.done()
    }
  }
}

/** Where a lane can be dialled: where we dialled the connection, if that was a plain socket. */
function addressOf(connection: Connection): { host: string; port: number } | undefined {
  const { direction, direct, remoteAddr } = connection
  const host = ipOf(remoteAddr)
  const [, transport, more] = remoteAddr.getComponents()
  if (direction !== 'outbound' || !direct || host === undefined) return undefined
  if (transport?.name !== 'tcp' || (more !== undefined && more.name !== 'p2p')) return undefined
  return { host, port: Number(transport.value) }
}

const negotiation = Buffer.from(
  `\x13/multistream/1.0.0\n${String.fromCharCode(laneProtocol.length + 1)}${laneProtocol}\n`,
)

/** multistream-select, of which every word is known. */
async function negotiate(raw: Socket, signal: AbortSignal): Promise<void> {
  raw.write(negotiation)
  const answer = await readExactly(raw, negotiation.length, signal)
  if (!negotiation.equals(answer)) throw networkErrors.lane_failed('The other peer takes no lanes.')
}

async function readMessage(stream: AdaptedStream, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  for await (const chunk of stream.incoming) {
    if (filled + chunk.length > length) throw networkErrors.lane_wrong('A peer says too much about a lane.')
    bytes.set(chunk, filled)
    filled += chunk.length
    if (filled === length) return bytes
  }
  throw networkErrors.lane_wrong('A peer says too little about a lane.')
}

export function createLanes(parts: LaneParts): Lanes {
  return new LanesOfHost(parts)
}
