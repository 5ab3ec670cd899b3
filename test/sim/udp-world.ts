// A small internet in memory for the tests of sockets and routers: computers with sockets as udx gives them, routers of all
// the kinds that RFC 4787 names, datagrams that are late, lost or out of order. Seeded, in virtual time. What streams carry
// is neither lost nor reordered: that is udx's own work.

import { EventEmitter } from 'node:events'
import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Firewall, Udx, UdxAddress, UdxSocket, UdxStream } from '../../src/network/udx/native.ts'
import { createVirtualClock, type VirtualClock } from './clock.ts'
import { createRandom, type SeededRandom } from './random.ts'

type Part = Uint8Array | 'end' | 'reset'
type Body =
  | { readonly kind: 'datagram'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly to: number; readonly part: Part }

export interface Packet {
  readonly from: UdxAddress
  readonly to: UdxAddress
  readonly body: Body
}

/** RFC 4787, sections 4.1 and 5: what a mapping, and what a filter, depends on. */
export type Dependence = 'independent' | 'address' | 'port'

export interface RouterOptions {
  readonly outside: string
  readonly mapping: Dependence
  readonly filtering: Dependence
  /** Which outside port a mapping gets. */
  readonly ports: 'preserving' | 'random' | 'sequential'
  /** Mappings that nothing left through for so long are forgotten. */
  readonly forgetsMs?: number
  /** Whether computers behind it reach each other by its outside address. */
  readonly hairpin?: boolean
  /** Behind another router. */
  readonly behind?: Router
}

export interface WorldOptions {
  readonly seed: string
  /** Of each datagram that crosses the internet. */
  readonly lossOf1?: number
  readonly delayMs?: number
  /** Up to so much more, each datagram anew: so they overtake each other. */
  readonly jitterMs?: number
}

interface Receiver {
  receive(packet: Packet): void
}

/** Where everybody reaches everybody, and the way out. */
class Segment {
  readonly members = new Map<string, Receiver>()
  readonly #carry: (packet: Packet, receiver: Receiver) => void
  readonly #out: Router | undefined

  constructor(carry: (packet: Packet, receiver: Receiver) => void, out?: Router) {
    this.#carry = carry
    this.#out = out
  }

  send(packet: Packet): void {
    const receiver = this.members.get(packet.to.host)
    if (receiver !== undefined) this.#carry(packet, receiver)
    else this.#out?.outward(packet)
  }
}

interface Mapping {
  readonly inner: UdxAddress
  readonly port: number
  /** Hosts, and hosts with ports, that it has sent to. */
  readonly sentTo: Set<string>
  lastMs: number
}

/** With udx's own header. */
const bytesOf = (part: Part) => 20 + (typeof part === 'string' ? 0 : part.length)
const nameOf = ({ host, port }: UdxAddress) => `${host} ${port}`

export class Router implements Receiver {
  readonly inside: Segment
  readonly #options: RouterOptions
  #outsideIp: string
  readonly #outside: Segment
  readonly #clock: VirtualClock
  readonly #random: SeededRandom
  readonly #byKey = new Map<string, Mapping>()
  readonly #byPort = new Map<number, Mapping>()
  #nextPort: number

  constructor(options: RouterOptions, outside: Segment, clock: VirtualClock, random: SeededRandom) {
    this.#options = options
    this.#outsideIp = options.outside
    this.#outside = outside
    this.#clock = clock
    this.#random = random
    this.#nextPort = 20_000 + random.below(20_000)
    this.inside = new Segment((packet, receiver) => clock.after(1, () => receiver.receive(packet)), this)
    outside.members.set(options.outside, this)
  }

  get mappings(): number {
    return this.#byPort.size
  }

  /** Gets another address, and forgets all that went by the former one. */
  move(outside: string): void {
    this.#outside.members.delete(this.#outsideIp)
    this.#outside.members.set(outside, this)
    this.#outsideIp = outside
    this.#byKey.clear()
    this.#byPort.clear()
  }

  /** As others behind it do: so many ports are taken. */
  skipPorts(count: number): void {
    this.#nextPort += count
  }

  outward(packet: Packet): void {
    const { hairpin } = this.#options
    const outside = this.#outsideIp
    const mapping = this.#mappingOf(packet)
    mapping.lastMs = this.#clock.monotonicMs()
    mapping.sentTo.add(packet.to.host).add(nameOf(packet.to))
    const translated = { ...packet, from: { host: outside, port: mapping.port } }
    if (packet.to.host !== outside) this.#outside.send(translated)
    else if (hairpin === true) this.receive(translated)
  }

  receive(packet: Packet): void {
    const mapping = this.#byPort.get(packet.to.port)
    if (mapping === undefined || this.#isOld(mapping) || !this.#lets(packet.from, mapping)) return
    this.inside.send({ ...packet, to: mapping.inner })
  }

  #lets(from: UdxAddress, { sentTo }: Mapping): boolean {
    const { filtering } = this.#options
    return filtering === 'independent' || sentTo.has(filtering === 'address' ? from.host : nameOf(from))
  }

  #mappingOf({ from, to }: Packet): Mapping {
    const { mapping: kind } = this.#options
    const key = `${nameOf(from)} ${kind === 'independent' ? '' : kind === 'address' ? to.host : nameOf(to)}`
    const known = this.#byKey.get(key)
    if (known !== undefined && !this.#isOld(known)) return known
    if (known !== undefined) this.#byPort.delete(known.port)
    const mapping = { inner: from, port: this.#freePort(from.port), sentTo: new Set<string>(), lastMs: 0 }
    this.#byKey.set(key, mapping)
    this.#byPort.set(mapping.port, mapping)
    return mapping
  }

  #isOld({ lastMs }: Mapping): boolean {
    const { forgetsMs = 120_000 } = this.#options
    return this.#clock.monotonicMs() - lastMs > forgetsMs
  }

  #freePort(inner: number): number {
    const { ports } = this.#options
    if (ports === 'preserving' && !this.#byPort.has(inner)) return inner
    for (;;) {
      const port = ports === 'sequential' ? this.#nextPort++ : 1_024 + this.#random.below(64_512)
      if (!this.#byPort.has(port)) return port
    }
  }
}

class FakeStream extends Duplex implements UdxStream {
  readonly id: number
  readonly rtt = 0
  bytesReceived = 0
  bytesTransmitted = 0
  remoteHost = ''
  remotePort = 0
  remoteId = 0
  readonly #computer: Computer
  readonly #firewall: Firewall
  #socket: FakeSocket | undefined

  constructor(id: number, computer: Computer, firewall: Firewall) {
    super({ allowHalfOpen: true })
    this.id = id
    this.#firewall = firewall
    this.#computer = computer
    computer.streams.set(id, this)
  }

  connect(socket: UdxSocket, remoteId: number, port: number, host: string): void {
    this.#socket = socket as FakeSocket
    this.#socket.streams.add(this)
    Object.assign(this, { remoteHost: host, remotePort: port, remoteId })
  }

  async flush(): Promise<boolean> {
    return !this.destroyed
  }

  arrived(part: Part, { host, port }: UdxAddress, socket: FakeSocket): void {
    if (this.#socket === undefined && this.#firewall(socket, port, host)) return
    this.bytesReceived += bytesOf(part)
    if (part === 'reset') this.destroy(new Error('ECONNRESET'))
    else if (part === 'end') this.push(null)
    else this.push(part)
  }

  override _read(): void {}

  override _write(bytes: Uint8Array, _: BufferEncoding, done: () => void): void {
    this.#tell(bytes)
    done()
  }

  override _final(done: () => void): void {
    this.#tell('end')
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!(this.writableFinished && this.readableEnded)) this.#tell('reset')
    this.#computer.streams.delete(this.id)
    this.#socket?.left(this)
    done(error)
  }

  #tell(part: Part): void {
    this.bytesTransmitted += bytesOf(part)
    const to = { host: this.remoteHost, port: this.remotePort }
    this.#socket?.send(to, { kind: 'stream', to: this.remoteId, part })
  }
}

class FakeSocket extends EventEmitter implements UdxSocket {
  readonly streams = new Set<FakeStream>()
  readonly #computer: Computer
  readonly #closed = Promise.withResolvers<void>()
  #port = 0
  closing = false

  constructor(computer: Computer) {
    super()
    this.#computer = computer
  }

  bind(port: number, _: string): void {
    this.#port = this.#computer.bind(this, port)
  }

  address(): UdxAddress | null {
    return this.#port === 0 ? null : { host: this.#computer.ip, port: this.#port }
  }

  trySend(bytes: Uint8Array, port: number, host: string): void {
    if (this.closing) return
    if (!/[.:]/.test(host)) throw new Error(`${host} is not a valid IP address`)
    this.send({ host, port }, { kind: 'datagram', bytes: bytes.slice() })
  }

  send(to: UdxAddress, body: Body): void {
    if (this.#port === 0) this.bind(0, '')
    this.#computer.send({ from: { host: this.#computer.ip, port: this.#port }, to, body })
  }

  async close(): Promise<void> {
    this.closing = true
    this.#closeMaybe()
    return this.#closed.promise
  }

  left(stream: FakeStream): void {
    this.streams.delete(stream)
    this.#closeMaybe()
  }

  #closeMaybe(): void {
    if (!this.closing || this.streams.size > 0) return
    this.#computer.sockets.delete(this.#port)
    this.#closed.resolve()
  }
}

/** One that has an address; what runs on it gets it as udx. */
export class Computer implements Udx, Receiver {
  readonly ip: string
  readonly #segment: Segment
  readonly clock: VirtualClock
  readonly sockets = new Map<number, FakeSocket>()
  readonly streams = new Map<number, FakeStream>()
  #nextPort = 49_152
  #isPlugged = true

  constructor(ip: string, segment: Segment, clock: VirtualClock) {
    this.ip = ip
    this.#segment = segment
    this.clock = clock
    segment.members.set(ip, this)
  }

  createSocket(): UdxSocket {
    return new FakeSocket(this)
  }

  createStream(id: number, { firewall = () => true }: { readonly firewall?: Firewall } = {}): UdxStream {
    return new FakeStream(id, this, firewall)
  }

  bind(socket: FakeSocket, wanted: number): number {
    while (wanted === 0 && this.sockets.has(this.#nextPort)) this.#nextPort++
    const port = wanted === 0 ? this.#nextPort++ : wanted
    if (this.sockets.has(port)) throw new Error('EADDRINUSE')
    this.sockets.set(port, socket)
    return port
  }

  /** Pulls its cable. */
  unplug(): void {
    this.#segment.members.delete(this.ip)
    this.#isPlugged = false
  }

  send(packet: Packet): void {
    if (this.#isPlugged) this.#segment.send(packet)
  }

  receive({ from, to, body }: Packet): void {
    const socket = this.sockets.get(to.port)
    if (socket === undefined) return
    if (body.kind === 'datagram') socket.emit('message', body.bytes, from)
    else this.streams.get(body.to)?.arrived(body.part, from, socket)
  }
}

export class World {
  readonly clock = createVirtualClock()
  readonly random: SeededRandom
  readonly #options: WorldOptions
  readonly #internet: Segment
  /** Told of each packet as it enters the internet. */
  onPacket: (packet: Packet) => void = () => {}

  constructor(options: WorldOptions) {
    this.#options = options
    this.random = createRandom(options.seed)
    this.#internet = new Segment((packet, receiver) => this.#carry(packet, receiver))
  }

  router(options: RouterOptions): Router {
    const random = this.random.fork(options.outside)
    return new Router(options, options.behind?.inside ?? this.#internet, this.clock, random)
  }

  computer(ip: string, behind?: Router): Computer {
    return new Computer(ip, behind?.inside ?? this.#internet, this.clock)
  }

  /** As from a computer that says it is another one. */
  forge(from: UdxAddress, to: UdxAddress, bytes: Uint8Array): void {
    this.#internet.send({ from, to, body: { kind: 'datagram', bytes } })
  }

  /** What it comes to; time goes on until then. */
  async run<Result>(outcome: Promise<Result>, forMs = 60_000): Promise<Result> {
    const untilMs = this.clock.monotonicMs() + forMs
    let isSettled = false
    const settle = () => {
      isSettled = true
    }
    outcome.then(settle, settle)
    for (;;) {
      await setImmediate()
      if (isSettled) return outcome
      if (!this.clock.advance(untilMs)) throw new Error('time went on in vain')
    }
  }

  async pass(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.clock.after(ms, resolve)
    await this.run(promise, ms)
  }

  #carry(packet: Packet, receiver: Receiver): void {
    const { lossOf1 = 0, delayMs = 20, jitterMs = 0 } = this.#options
    this.onPacket(packet)
    const isDatagram = packet.body.kind === 'datagram'
    if (isDatagram && this.random.uniform() < lossOf1) return
    const lateMs = isDatagram && jitterMs > 0 ? this.random.below(jitterMs + 1) : 0
    this.clock.after(delayMs + lateMs, () => receiver.receive(packet))
  }
}
