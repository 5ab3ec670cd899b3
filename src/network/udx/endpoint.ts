// One UDP socket that dials, listens and asks: whatever leaves comes from one port, so what a peer observes of us is what
// others can reach.
//
//   dialler                          listener
//   hello(token, my stream)   ──►    (busy: retry(cookie) ──► hello with cookie)
//                             ◄──    welcome(token, its stream, where the hello came from)
//   stream ◄────────────── udx ───────────────► stream, to be upgraded as any connection is
//
// `punch` does the same with somebody behind a router: both sides send at once, a hello by one and probes by the other, so
// that each router sees its own computer speak first; who has a router that gives every destination another port sends
// from many sockets, and the other one to many ports (docs/protocol/udx.md).
//
// Must stay true: a sender that forges its address costs us no state once more than a few strangers wait, and never gets
// more bytes sent to its victim than it sent itself; the same greeting twice makes one stream.

import { TokenBucket } from '../../base/bounded.ts'
import { equalBytes, toHex } from '../../base/bytes.ts'
import { type Cancel, deadline } from '../../base/ports.ts'
import { networkErrors } from '../errors.ts'
import { plainIp } from './address.ts'
import { Asking } from './asking.ts'
import { Cookies, noCookie } from './cookies.ts'
import { type Datagram, decodeDatagram, decodeSeen, encodeDatagram, encodeSeen, tokenBytes } from './datagram-wire.ts'
import { knock, repeat, type Send, socketsOf } from './knock.ts'
import * as limits from './limits.ts'
import type { Firewall, UdxAddress, UdxSocket, UdxStream } from './native.ts'
import type { EndpointEvents, EndpointParts, LetsIn, Opened, Punch } from './types.ts'
import { Watch } from './watch.ts'

type Hello = Extract<Datagram, { kind: 'hello' }>
type Welcome = Extract<Datagram, { kind: 'welcome' }>

/** A stream, and how it goes. */
interface Way {
  readonly stream: UdxStream
  readonly from: UdxAddress
  readonly socket: UdxSocket
}

interface Greeting {
  readonly token: Uint8Array
  readonly stream: number
  cookie: Uint8Array
  /** Ways by which it went. */
  readonly paths: Set<string>
  settle(welcome: Welcome | Error, from: UdxAddress, socket: UdxSocket): void
  readonly send: Send
}

/** A greeting that was agreed on. It may come by several ways. */
interface Expected {
  readonly stream: UdxStream
  readonly ways: Map<string, Hello>
  reject(reason: unknown): void
}

const streamMax = 0xffff_ffff

const hasStopped = () => networkErrors.network_stopped('The network is stopping.')
const pathOf = ({ host, port }: UdxAddress, socket: UdxSocket) =>
  `${plainIp(host)} ${port} ${socket.address()?.port ?? 0}`

export class Endpoint {
  readonly #parts: EndpointParts
  readonly #events: EndpointEvents
  readonly #socket: UdxSocket
  readonly #isIpv6: boolean
  readonly #cookies: Cookies
  readonly #watch: Watch
  readonly #greetings = new Map<string, Greeting>()
  /** By token: greetings that were agreed on. */
  readonly #expected = new Map<string, Expected>()
  readonly #asking: Asking
  /** By token: streams that others opened, so that a repeated greeting gets the same answer. */
  readonly #streams = new Map<string, Way>()
  readonly #all = new Set<UdxStream>()
  readonly #answers: TokenBucket
  #strangers = 0
  #closed = false

  constructor(parts: EndpointParts, events: EndpointEvents, options: { readonly ipv6: boolean }) {
    this.#parts = parts
    this.#events = events
    this.#cookies = new Cookies(parts)
    this.#watch = new Watch(parts.clock, () => events.onDoubt())
    this.#isIpv6 = options.ipv6
    this.#socket = parts.udx.createSocket({ ipv6Only: options.ipv6 })
    const nowMs = parts.clock.monotonicMs()
    this.#answers = new TokenBucket({ perSecond: limits.answersPerSecond, burst: limits.answersBurst, nowMs })
    this.#asking = new Asking({
      ...parts,
      socket: this.#socket,
      spareSocket: () => this.#spareSocket(),
      send: (datagram, to, socket) => this.#send(datagram, to, socket),
      answer: (datagram, to, socket) => this.#answer(datagram, to, socket),
    })
    this.#socket.on('message', (bytes, from) => this.#onDatagram(bytes, from, this.#socket))
  }

  /** Throws what the system says. */
  bind({ host, port }: UdxAddress): void {
    this.#socket.bind(port, host)
  }

  get port(): number {
    return this.#socket.address()?.port ?? 0
  }

  get streams(): number {
    return this.#all.size
  }

  /** Opens a stream. Throws `peer_unreachable`, or the signal's reason. */
  async open(to: UdxAddress, signal: AbortSignal): Promise<UdxStream> {
    const token = this.#parts.random.bytes(tokenBytes)
    const limit = this.#patience(signal)
    try {
      const { clock } = this.#parts
      const { stream } = await this.#greet(token, limit.signal, (send) => repeat(clock, () => send(this.#socket, to)))
      return stream
    } finally {
      limit.done()
    }
  }

  /** Opens a stream through routers. Throws the signal's reason; the signal is all that ends it. */
  async punch(punch: Punch, signal: AbortSignal): Promise<Opened> {
    this.#mustRun(signal)
    const spare: UdxSocket[] = []
    let sent = 0
    const count =
      (send: Send): Send =>
      (socket, to) => {
        if (sent === limits.punchDatagramsMax) return
        sent += 1
        send(socket, to)
      }
    const probe = count((socket, to) => this.#send({ kind: 'probe', token: punch.token }, to, socket))
    const ways = { clock: this.#parts.clock, listening: this.#socket, spare, toGuess: probe }
    let used: UdxSocket | undefined
    try {
      while (spare.length < socketsOf(punch)) spare.push(this.#spareSocket())
      const opened =
        punch.role === 'greet'
          ? await this.#greet(punch.token, signal, (greet) => knock(punch, { ...ways, toTarget: count(greet) }))
          : await this.#await(punch.token, signal, () => knock(punch, { ...ways, toTarget: probe }))
      used = opened.socket
      if (used !== this.#socket) opened.stream.once('close', () => void opened.socket.close())
      return { stream: opened.stream, from: opened.from, sent }
    } finally {
      for (const socket of spare) if (socket !== used) void socket.close()
    }
  }

  /** Asks a peer where our packets come from. Throws `peer_unreachable`, or the signal's reason. */
  async ask(to: UdxAddress, signal: AbortSignal): Promise<UdxAddress> {
    const limit = this.#patience(signal)
    try {
      this.#mustRun(limit.signal)
      return await this.#asking.ask(to, this.#socket, limit.signal)
    } finally {
      limit.done()
    }
  }

  /** `Asking.lookIn`. Throws `network_stopped`, or the signal's reason. */
  async lookIn(near: UdxAddress, far: UdxAddress, signal: AbortSignal): Promise<LetsIn> {
    this.#mustRun(signal)
    return this.#asking.lookIn(near, far, signal)
  }

  /** `Asking.hairpins`. Throws `network_stopped`, or the signal's reason. */
  async hairpins(near: UdxAddress, signal: AbortSignal): Promise<boolean> {
    this.#mustRun(signal)
    return this.#asking.hairpins(near, signal)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#watch.stop()
    const stopped = hasStopped()
    for (const greeting of this.#greetings.values()) greeting.settle(stopped, { host: '', port: 0 }, this.#socket)
    for (const { reject } of this.#expected.values()) reject(stopped)
    this.#asking.stop(stopped)
    for (const stream of this.#all) stream.destroy()
    await this.#socket.close()
  }

  #mustRun(signal: AbortSignal): void {
    signal.throwIfAborted()
    if (this.#closed) throw hasStopped()
  }

  // ---- dialling

  /** `start` sends greetings until what it returns is called. */
  async #greet(token: Uint8Array, signal: AbortSignal, start: (greet: Send) => Cancel): Promise<Way> {
    this.#mustRun(signal)
    const stream = this.#parts.udx.createStream(this.#newId())
    const { promise, resolve, reject } = Promise.withResolvers<{
      welcome: Welcome
      from: UdxAddress
      socket: UdxSocket
    }>()
    const greeting: Greeting = {
      token,
      stream: stream.id,
      cookie: noCookie,
      settle: (welcome, from, socket) =>
        welcome instanceof Error ? reject(welcome) : resolve({ welcome, from, socket }),
      paths: new Set(),
      send: (socket, to) => {
        greeting.paths.add(pathOf(to, socket))
        this.#send({ kind: 'hello', token, stream: stream.id, cookie: greeting.cookie }, to, socket)
      },
    }
    this.#greetings.set(toHex(token), greeting)
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const stop = start(greeting.send)
    try {
      const { welcome, from, socket } = await promise
      if (this.#closed) throw hasStopped()
      const seen = decodeSeen(welcome.seen)
      this.#connect(stream, welcome.stream, { from, socket }, seen)
      if (socket === this.#socket) this.#events.onObserved({ by: from, seen })
      return { stream, from, socket }
    } catch (error) {
      stream.on('error', () => {})
      stream.destroy()
      throw error
    } finally {
      stop()
      signal.removeEventListener('abort', onAbort)
      this.#greetings.delete(toHex(token))
    }
  }

  // ---- punching

  async #await(token: Uint8Array, signal: AbortSignal, start: () => Cancel): Promise<Way> {
    const { promise, resolve, reject } = Promise.withResolvers<Way>()
    const name = toHex(token)
    const ways = new Map<string, Hello>()
    // The greeter goes on by one of the ways that it knows to lead there and back.
    const firewall: Firewall = (socket, port, host) => {
      const hello = ways.get(pathOf({ host, port }, socket))
      if (hello === undefined) return true
      const way = { stream, from: { host, port }, socket }
      this.#connect(stream, hello.stream, way)
      this.#remember(name, way)
      resolve(way)
      return false
    }
    const stream = this.#parts.udx.createStream(this.#newId(), { firewall })
    stream.on('error', () => {})
    this.#expected.set(name, { stream, ways, reject })
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const stop = start()
    try {
      return await promise
    } catch (error) {
      stream.destroy()
      throw error
    } finally {
      stop()
      signal.removeEventListener('abort', onAbort)
      this.#expected.delete(name)
    }
  }

  #spareSocket(): UdxSocket {
    const socket = this.#parts.udx.createSocket({ ipv6Only: this.#isIpv6 })
    socket.on('message', (bytes, from) => this.#onDatagram(bytes, from, socket))
    socket.bind(0, this.#isIpv6 ? '::' : '0.0.0.0')
    return socket
  }

  #patience(signal: AbortSignal) {
    const late = () => networkErrors.peer_unreachable('Nobody answers at this address.')
    return deadline(this.#parts.clock, limits.helloTimeoutMs, late, signal)
  }

  #newId(): number {
    const bytes = this.#parts.random.bytes(4)
    const id = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    return id === 0 ? streamMax : id
  }

  /** `seen`: where the other side said that we come from. */
  #connect(stream: UdxStream, remoteId: number, { from, socket }: Omit<Way, 'stream'>, seen?: UdxAddress): void {
    stream.connect(socket, remoteId, from.port, plainIp(from.host))
    this.#all.add(stream)
    this.#watch.add(stream, seen, (signal) => this.#asking.ask(from, socket, signal))
    stream.once('close', () => this.#all.delete(stream))
  }

  // ---- what comes in

  #onDatagram(bytes: Uint8Array, from: UdxAddress, socket: UdxSocket): void {
    let datagram: Datagram
    try {
      datagram = decodeDatagram(bytes)
    } catch {
      this.#parts.metrics.count('network_udx_dropped', 1, { why: 'malformed' })
      return
    }
    if (this.#closed) return
    this.#on(datagram, from, socket)
  }

  #on(datagram: Datagram, from: UdxAddress, socket: UdxSocket): void {
    switch (datagram.kind) {
      case 'hello':
        this.#onHello(datagram, from, socket)
        break
      case 'welcome':
        this.#onWelcome(datagram, from, socket)
        break
      case 'retry':
        this.#onRetry(datagram, from, socket)
        break
      case 'refuse':
        this.#onRefuse(datagram, from, socket)
        break
      case 'ask':
        this.#asking.onAsk(datagram, from, socket)
        break
      case 'seen':
        this.#asking.onSeen(datagram)
        break
      case 'probe':
        this.#onProbe(datagram.token, from, socket)
        break
      case 'reach':
      case 'reach-apart':
        this.#asking.onReach(datagram, from, socket)
        break
    }
  }

  /** A way in: the one who greets does it there; the other one shows that it is open both ways. */
  #onProbe(token: Uint8Array, from: UdxAddress, socket: UdxSocket): void {
    const name = toHex(token)
    const greeting = this.#greetings.get(name)
    if (greeting !== undefined) this.#greetThere(greeting, from, socket)
    else if (this.#expected.has(name)) this.#answer({ kind: 'probe', token }, from, socket)
  }

  /** One from where no greeting went: its router gives every destination another port, and that way leads only here. */
  #onWelcome(welcome: Welcome, from: UdxAddress, socket: UdxSocket): void {
    const greeting = this.#greetings.get(toHex(welcome.token))
    if (greeting?.paths.has(pathOf(from, socket)) === true) greeting.settle(welcome, from, socket)
    else if (greeting !== undefined) this.#greetThere(greeting, from, socket)
  }

  #greetThere(greeting: Greeting, from: UdxAddress, socket: UdxSocket): void {
    const { paths } = greeting
    if (paths.size < limits.waysMax || paths.has(pathOf(from, socket))) greeting.send(socket, from)
  }

  #answer(datagram: Datagram, to: UdxAddress, socket: UdxSocket): void {
    if (!this.#answers.take(this.#parts.clock.monotonicMs())) {
      this.#parts.metrics.count('network_udx_dropped', 1, { why: 'too_many' })
      return
    }
    this.#send(datagram, to, socket)
  }

  #send(datagram: Datagram, to: UdxAddress, socket: UdxSocket): void {
    socket.trySend(encodeDatagram(datagram), to.port, plainIp(to.host))
  }

  #onRetry({ token, cookie }: Extract<Datagram, { kind: 'retry' }>, from: UdxAddress, socket: UdxSocket): void {
    const greeting = this.#greetings.get(toHex(token))
    // Once: a peer that asks again and again would make us repeat for ever.
    if (greeting === undefined || !equalBytes(greeting.cookie, noCookie)) return
    greeting.cookie = cookie
    greeting.send(socket, from)
  }

  #onRefuse({ token }: Extract<Datagram, { kind: 'refuse' }>, from: UdxAddress, socket: UdxSocket): void {
    const error = networkErrors.peer_unreachable('The other peer takes no more connections now.')
    this.#greetings.get(toHex(token))?.settle(error, from, socket)
  }

  #onHello(hello: Hello, from: UdxAddress, socket: UdxSocket): void {
    const { token, stream: remoteId, cookie } = hello
    const name = toHex(token)
    const known = this.#streams.get(name)
    if (known !== undefined) {
      // Another sender with this token has heard it on the way: it must not learn more.
      if (known.from.host === from.host && known.from.port === from.port) this.#welcome(token, known)
      return
    }
    const expected = this.#expected.get(name)
    if (expected !== undefined) {
      this.#onExpected(expected, hello, from, socket)
      return
    }
    if (socket !== this.#socket) return
    const answer = this.#whyNot(token, cookie, from)
    if (answer !== undefined) {
      this.#answer(answer, from, socket)
      return
    }
    const stream = this.#parts.udx.createStream(this.#newId())
    stream.on('error', () => {})
    const opened = { stream, from, socket }
    this.#connect(stream, remoteId, opened)
    this.#remember(name, opened)
    this.#welcome(token, opened)
    this.#admit(opened)
  }

  /** Answers on every way, since some lead only in. */
  #onExpected({ stream, ways }: Expected, hello: Hello, from: UdxAddress, socket: UdxSocket): void {
    const path = pathOf(from, socket)
    if (!ways.has(path) && ways.size === limits.waysMax) return
    ways.set(path, hello)
    this.#welcome(hello.token, { stream, from, socket })
  }

  #remember(name: string, opened: Way): void {
    this.#streams.set(name, opened)
    opened.stream.once('close', () => this.#streams.delete(name))
  }

  #whyNot(token: Uint8Array, cookie: Uint8Array, from: UdxAddress): Datagram | undefined {
    if (this.#strangers >= limits.strangersMax) return { kind: 'refuse', token }
    const isBusy = this.#strangers >= limits.strangersWithoutCookieMax
    if (!isBusy || this.#cookies.isGood(cookie, token, from)) return undefined
    return { kind: 'retry', token, cookie: this.#cookies.make(token, from) }
  }

  #admit({ stream, from }: Way): void {
    this.#strangers += 1
    let isStranger = true
    const known = () => {
      if (isStranger) this.#strangers -= 1
      isStranger = false
    }
    stream.once('close', known)
    this.#events.onStream(stream, from, known)
  }

  #welcome(token: Uint8Array, opened: Way): void {
    const { stream, from, socket } = opened
    // Bounded by the streams there are.
    this.#send({ kind: 'welcome', token, stream: stream.id, seen: encodeSeen(from) }, from, socket)
  }
}
