// The network: wires the libp2p host with the parts of this folder, and is the only thing of it that others construct.
//
//   connect / redial / mDNS ──► dial.ts ──► host ──► connection events ──► peers (views), latency, book, reach
//   handle / openStream ──► serve.ts ──► stream.ts (PeerStream)
//   provide / findProviders ──► routing.ts ──► kad-DHT
//   subscribe / publish ──► gossip.ts ──► gossipsub
//
// Must stay true: nothing that libp2p throws or a peer sends leaves here but as a PeerhoodError; after `stop` there is no
// timer, socket or listener left.

import type { Connection, IdentifyResult } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import type { Database } from '../base/database.ts'
import { assert } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import { type Cancel, type Clock, deadline, type Log, type Metrics, type Random, sleep } from '../base/ports.ts'
import { ipOf, parsePeerAddress, parsePeerId, rankAddresses, transportOf, tryMultiaddr } from './addresses.ts'
import { type Blames, createBlames } from './blame.ts'
import { type Book, createBook } from './book.ts'
import { addressesOfPeer, connectPeer, type DialParts } from './dial.ts'
import { diagnoseNetwork } from './doctor-core.ts'
import { networkErrors } from './errors.ts'
import { createGater } from './gater.ts'
import { createGossip, type Gossip } from './gossip.ts'
import { createHost, type Host, type HostOptions, privateKeyOfSeed } from './host.ts'
import { createLanes, type Lanes } from './lane.ts'
import { createLatency, type Latency } from './latency.ts'
import {
  agentCharsMax,
  bootstrapPeersMax,
  movedEveryMs,
  movedPingTimeoutMs,
  pingTimeoutMs,
  redialRememberedMax,
  stopGraceMs,
  stopTimeoutMs,
} from './limits.ts'
import { pingConnection } from './muxer.ts'
import { howSentence, observersOf } from './path.ts'
import { bestConnection, createPeers, type Peers } from './peers.ts'
import { createPuncher, type Puncher } from './punch/service.ts'
import { createReach, type Reach } from './reach.ts'
import { createRedial, type Redial } from './redial.ts'
import { createRouting, type Routing } from './routing.ts'
import { openPeerStream, type ServeParts, serveProtocol } from './serve.ts'
import type {
  Blame,
  DoctorCheck,
  GossipHandler,
  GossipOptions,
  Network,
  NetworkEvent,
  PeerAddress,
  PeerId,
  PeerSource,
  PeerStream,
  PeerView,
  Reachability,
  StreamHandler,
} from './types.ts'
import type { UdxTransport } from './udx/transport.ts'

export interface NetworkOptions {
  /** 32 bytes: the device's Ed25519 seed, from which the peer id follows. */
  readonly deviceSeed: Uint8Array
  /** Multiaddrs to listen on; undefined: every address, any free port, TCP and WebSocket. */
  readonly listen?: readonly string[] | undefined
  /** Multiaddrs ending in `/p2p/<id>` of peers to start from. */
  readonly bootstrap: readonly string[]
  /** Find peers on the local network. */
  readonly mdns: boolean
  /** Ask the router to open a port. */
  readonly upnp: boolean
  /** Relay for others: when publicly reachable (true), never (false), or always. */
  readonly relay: boolean | 'always'
  /** What we call ourselves, such as `peerhood/0.1.0`; peers show it. */
  readonly agent: string
  /** Encryptions to offer, first preferred; default TLS 1.3, then Noise. */
  readonly encryption?: readonly ('tls' | 'noise')[]
  /** Bytes after which a stream gets a lane (lane.ts), `bulkBytesMin` if not given; infinity for none. */
  readonly laneAfterBytes?: number
  /** Joins the public DHT of IPFS. */
  readonly publicDht?: HostOptions['publicDht']
  /** Another DNS-SD service name, so that tests do not meet other peers of the computer. */
  readonly mdnsService?: string
}

export interface NetworkParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly database: Database
}

/** What is built before the service itself can be. */
interface Core {
  readonly self: PeerId
  readonly host: Host
  /** Undefined where the system has no udx. */
  readonly udp: UdxTransport | undefined
  /** Our own address may have changed. */
  readonly doubts: Emitter<void>
  readonly book: Book
  readonly puncher: Puncher
  readonly peers: Peers
  readonly blames: Blames
  readonly lanes: Lanes
  readonly events: Emitter<NetworkEvent>
  readonly lan: Emitter<PeerAddress>
}

function checkOptions(options: NetworkOptions): readonly PeerAddress[] {
  assert(options.deviceSeed.length === 32, 'an Ed25519 seed is 32 bytes')
  for (const address of options.listen ?? []) {
    if (tryMultiaddr(address) === undefined) {
      throw networkErrors.address_malformed('This is not a multiaddr to listen on.', { details: { address } })
    }
  }
  return options.bootstrap.slice(0, bootstrapPeersMax).map(parsePeerAddress)
}

async function buildCore(options: NetworkOptions, parts: NetworkParts): Promise<Core> {
  const { clock, random, metrics } = parts
  const privateKey = await privateKeyOfSeed(options.deviceSeed)
  const events = new Emitter<NetworkEvent>()
  const lan = new Emitter<PeerAddress>()
  const blames = createBlames()
  const lanes = createLanes({ ...parts, privateKey, afterBytes: options.laneAfterBytes })
  const found: { udp?: UdxTransport } = {}
  const doubts = new Emitter<void>()
  const host: Host = await createHost(
    {
      ...options,
      privateKey,
      agent: options.agent.slice(0, agentCharsMax),
      encryption: options.encryption ?? ['tls', 'noise'],
    },
    {
      clock,
      random,
      gater: createGater({ clock, metrics, blames, connections: (peerId) => host.getConnections(peerId) }),
      lane: lanes.encrypter,
      metrics,
      onUdp: (transport) => {
        found.udp = transport
      },
      onDoubt: () => doubts.emit(),
      onLanPeer: (peer) => lan.emit(peer),
    },
  )
  await lanes.serve(host)
  const book = createBook(parts)
  const peers: Peers = createPeers(
    clock,
    (peer) => events.emit({ type: 'peer', peer }),
    (connection) => howSentence(connection, puncher),
  )
  const puncher: Puncher = createPuncher({
    ...parts,
    host,
    observers: (but) => observersOf(peers, book, but),
    changed: (peerId) => peers.changed(peerId),
  })
  return {
    self: parsePeerId(peerIdFromPrivateKey(privateKey).toString()),
    host,
    udp: found.udp,
    doubts,
    book,
    puncher,
    peers,
    blames,
    lanes,
    events,
    lan,
  }
}

class PeerhoodNetwork implements Network {
  readonly self: PeerId
  readonly #core: Core
  readonly #parts: NetworkParts
  readonly #options: NetworkOptions
  readonly #bootstrap: readonly PeerAddress[]
  readonly #book: Book
  readonly #dialParts: DialParts
  readonly #serveParts: ServeParts
  readonly #routing: Routing
  readonly #reach: Reach
  readonly #redial: Redial
  readonly #latency: Latency
  readonly #gossip: Gossip
  #checkAgainMs = 0
  #state: 'new' | 'running' | 'stopped' = 'new'

  constructor(core: Core, bootstrap: readonly PeerAddress[], options: NetworkOptions, parts: NetworkParts) {
    const { self, host, peers, blames, lanes, events } = core
    const { clock, random, log, metrics } = parts
    this.self = self
    this.#core = core
    this.#parts = parts
    this.#options = options
    this.#bootstrap = bootstrap
    this.#book = core.book
    this.#dialParts = { self, clock, host, book: this.#book, peers, blames }
    this.#serveParts = { host, clock, log, metrics, peers, lanes, blame: (peerId, blame) => this.blame(peerId, blame) }
    this.#routing = createRouting({ host, self, clock, log, metrics })
    const tell = (event: NetworkEvent) => {
      if (event.type === 'addresses') core.puncher.again()
      events.emit(event)
    }
    this.#reach = createReach({ self, host, routing: this.#routing, relay: options.relay, log, tell })
    this.#redial = createRedial({
      clock,
      random,
      isConnected: (peerId) => peers.connectionsOf(peerId).length > 0,
      connectedCount: () => peers.connected().length,
      dial: (candidate) => this.connect(candidate, { source: candidate.kind }),
      onFailure: (candidate) => this.#book.failed(candidate.peerId),
    })
    const blame = (peerId: PeerId, what: Blame) => this.blame(peerId, what)
    this.#gossip = createGossip({ clock, log, metrics, service: host.services.pubsub, blame })
    this.#latency = createLatency({
      clock,
      ping: (peerId) => this.#ping(peerId),
      onLatency: (peerId, latencyMs) => peers.pinged(peerId, latencyMs),
      onDead: (peerId) => this.#drop(peerId, 'it does not answer'),
    })
  }

  async start(): Promise<void> {
    assert(this.#state === 'new', 'a network starts once')
    this.#follow()
    try {
      await this.#core.host.start()
    } catch (error) {
      await this.stop()
      throw networkErrors.listen_failed('The network could not open its ports.', {
        cause: error,
        details: { listen: this.#options.listen ?? 'default' },
      })
    }
    this.#state = 'running'
    const { udp, puncher } = this.#core
    if (udp !== undefined) await puncher.start(udp)
    this.#routing.start()
    this.#gossip.start()
    for (const peer of this.#bootstrap) this.#redial.add(peer, 'bootstrap')
    for (const entry of this.#book.entries().slice(0, redialRememberedMax)) {
      this.#core.peers.found(entry.peerId, 'remembered', entry.addresses[0])
      this.#redial.add(entry, 'remembered')
    }
    this.#reach.update()
    this.#redial.start()
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#redial.stop()
    this.#latency.stop()
    this.#gossip.stop()
    this.#routing.stop()
    this.#core.puncher.stop()
    this.#core.peers.stop()
    this.#book.stop()
    this.#core.lanes.stop()
    await stopHost(this.#core.host, this.#parts.clock)
  }

  addresses(): readonly string[] {
    return this.#reach.addresses()
  }

  reachability(): Reachability {
    return this.#reach.reachability()
  }

  peers(): readonly PeerView[] {
    return this.#core.peers.views()
  }

  on(listener: (event: NetworkEvent) => void): Cancel {
    return this.#core.events.on(listener)
  }

  async connect(peer: PeerAddress, options: { source: PeerSource; signal?: AbortSignal }): Promise<void> {
    this.#mustRun()
    await connectPeer(peer, options, this.#dialParts)
  }

  addressesOf(peerId: PeerId): Promise<PeerAddress | undefined> {
    return addressesOfPeer(peerId, this.#dialParts)
  }

  async openStream(peerId: PeerId, protocol: string, options: { signal?: AbortSignal } = {}): Promise<PeerStream> {
    this.#mustRun()
    const dial = (signal: AbortSignal) =>
      connectPeer({ peerId, addresses: [] }, { source: 'manual', signal }, this.#dialParts)
    return openPeerStream(peerId, protocol, dial, this.#serveParts, options.signal)
  }

  handle(protocol: string, handler: StreamHandler, options: { streamsPerPeerMax: number }): Promise<Cancel> {
    return serveProtocol(protocol, handler, options.streamsPerPeerMax, this.#serveParts)
  }

  async provide(key: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<void> {
    this.#mustRun()
    await this.#routing.provide(key, options.signal)
  }

  async unprovide(key: Uint8Array): Promise<void> {
    // One that does not run announces nothing, and remembers nothing over its end.
    if (this.#state === 'running') await this.#routing.unprovide(key)
  }

  findProviders(key: Uint8Array, options: { signal?: AbortSignal } = {}): AsyncIterable<PeerAddress> {
    this.#mustRun()
    return this.#routing.findProviders(key, options.signal)
  }

  subscribe(topic: string, handler: GossipHandler, options?: GossipOptions): Cancel {
    return this.#gossip.subscribe(topic, handler, options)
  }

  async publish(topic: string, bytes: Uint8Array): Promise<void> {
    this.#mustRun()
    await this.#gossip.publish(topic, bytes)
  }

  blame(peerId: PeerId, blame: Blame): void {
    const { clock, log, metrics } = this.#parts
    const effect = this.#core.blames.add(peerId, blame.verdict, clock.monotonicMs())
    metrics.count('network_blames', 1, { verdict: blame.verdict })
    if (effect.type === 'none') {
      log.debug('peer_blamed', { peerId, code: blame.code })
      return
    }
    log.warn('peer_disconnected', { peerId, code: blame.code, pauseMs: effect.pauseMs })
    this.#drop(peerId, blame.code)
  }

  async diagnose(): Promise<readonly DoctorCheck[]> {
    const { host, peers } = this.#core
    const { inner } = host.services
    const udp = this.#state === 'running' ? await this.#core.puncher.look() : undefined
    return diagnoseNetwork({
      udp,
      ...this.#reach.facts(),
      ...this.#reach.ipFacts(),
      routerIps: inner.routerIps(),
      running: this.#state === 'running',
      listening: inner.listening(),
      mdns: this.#options.mdns,
      lanPeers: peers.views().filter((peer) => peer.source === 'mdns').length,
      upnp: this.#options.upnp ? (inner.isMapped() ? 'mapped' : 'none') : 'off',
      relayServer: { running: inner.relayRunning, reservations: inner.reservations },
      dht: { mode: this.#routing.mode, tableSize: this.#routing.tableSize },
    })
  }

  #mustRun(): void {
    if (this.#state === 'running') return
    if (this.#state === 'new') throw networkErrors.network_not_running('The network has not started.')
    throw networkErrors.network_stopped('The network has stopped.')
  }

  #follow(): void {
    const { host, lan, doubts } = this.#core
    doubts.on(() => this.#checkAll())
    host.addEventListener('connection:open', ({ detail }) => this.#onConnection(detail, true))
    host.addEventListener('connection:close', ({ detail }) => this.#onConnection(detail, false))
    host.addEventListener('peer:identify', ({ detail }) => this.#onIdentify(detail))
    host.addEventListener('self:peer:update', () => this.#reach.update())
    lan.on((peer) => {
      this.#core.peers.found(peer.peerId, 'mdns', peer.addresses[0])
      this.#redial.add(peer, 'mdns')
    })
  }

  #onConnection(connection: Connection, opened: boolean): void {
    if (this.#state === 'stopped') return
    const { host, peers } = this.#core
    const peerId = connection.remotePeer.toString() as PeerId
    // A firewall lets in over UDP whoever we have sent to before: that shows nothing about strangers.
    if (opened && transportOf(connection.remoteAddr) !== 'udp') this.#reach.met(connection)
    this.#lookForDirect(connection, opened)
    if (opened) this.#checkOlder(connection)
    const changed = peers.connections(peerId, host.getConnections(connection.remotePeer))
    this.#parts.metrics.gauge('network_peers_connected', peers.connected().length)
    if (changed && opened) this.#latency.connected(peerId)
    if (changed && !opened) {
      this.#latency.disconnected(peerId)
      host.services.inner.forget(peerId)
    }
    this.#reach.update()
    if (changed) this.#redial.wake()
  }

  /** A relayed connection has opened, or is all that is left. */
  #lookForDirect(connection: Connection, opened: boolean): void {
    if (opened ? !connection.direct : connection.direct) {
      this.#core.puncher.relayed(connection.remotePeer.toString() as PeerId)
    }
  }

  /** Our own address may have changed: connections over TCP would be dead without knowing it. */
  #checkAll(): void {
    const { peers, host } = this.#core
    const nowMs = this.#parts.clock.monotonicMs()
    if (nowMs < this.#checkAgainMs) return
    this.#checkAgainMs = nowMs + movedEveryMs
    for (const peerId of peers.connected()) {
      for (const connection of host.getConnections(peerIdFromString(peerId))) void this.#checkAlive(connection)
    }
  }

  /** Who connects again may have lost the connection that we still have: nothing must be sent there. */
  #checkOlder(newer: Connection): void {
    for (const older of this.#core.host.getConnections(newer.remotePeer)) {
      if (older !== newer && older.direct === newer.direct) void this.#checkAlive(older)
    }
  }

  async #checkAlive(connection: Connection): Promise<void> {
    const late = deadline(this.#parts.clock, movedPingTimeoutMs, () => undefined)
    const timedOut = new Promise<'late'>((resolve) =>
      late.signal.addEventListener('abort', () => resolve('late'), { once: true }),
    )
    const outcome = await Promise.race([pingConnection(connection), timedOut]).catch(() => 'late')
    late.done()
    if (outcome !== 'late' || connection.status !== 'open') return
    connection.abort(networkErrors.stream_broken('The connection has died with an address.'))
  }

  #onIdentify(result: IdentifyResult): void {
    const { connection, agentVersion, listenAddrs, observedAddr } = result
    const peerId = connection.remotePeer.toString() as PeerId
    this.#core.peers.identified(peerId, agentVersion)
    this.#reach.observed(peerId, observedAddr === undefined ? undefined : ipOf(observedAddr))
    // The address that we reached it by is proven; the others are what it says of itself.
    const proven = connection.direction === 'outbound' && connection.direct ? [connection.remoteAddr] : []
    const addresses = [...proven, ...rankAddresses(listenAddrs)].map((address) => address.toString())
    this.#book.worked(peerId, addresses)
  }

  async #ping(peerId: PeerId): Promise<number | undefined> {
    const { peers } = this.#core
    const connection = bestConnection(peers.connectionsOf(peerId))
    if (connection === undefined) return undefined
    const before = peers.heard(peerId)
    const late = deadline(this.#parts.clock, pingTimeoutMs, () => undefined)
    const timedOut = new Promise<undefined>((resolve) =>
      late.signal.addEventListener('abort', () => resolve(undefined)),
    )
    try {
      const latencyMs = await Promise.race([pingConnection(connection), timedOut])
      if (latencyMs === undefined && peers.heard(peerId) === before) {
        throw networkErrors.peer_unreachable('A ping was not answered.')
      }
      return latencyMs
    } finally {
      late.done()
    }
  }

  #drop(peerId: PeerId, reason: string): void {
    const error = networkErrors.stream_broken('The connection was closed.', { details: { reason } })
    for (const connection of this.#core.host.getConnections(peerIdFromString(peerId))) connection.abort(error)
  }
}

/** Gives connections a moment to say goodbye, then takes them down. Never rejects, never takes over `stopTimeoutMs`. */
async function stopHost(host: Host, clock: Clock): Promise<void> {
  const stopped = Promise.allSettled([host.services.inner.enableRelay(false), host.stop()])
  const over = new AbortController()
  const wait = (ms: number) => sleep(clock, ms, { signal: over.signal }).catch(() => {})
  await Promise.race([stopped, wait(stopGraceMs)])
  const error = networkErrors.network_stopped('The network is stopping.')
  for (const connection of host.getConnections()) connection.abort(error)
  await Promise.race([stopped, wait(stopTimeoutMs - stopGraceMs)])
  over.abort()
}

/**
 * `await createNetwork(options)(parts)`; nothing listens or dials before `start`, but `handle` may be called.
 * Throws `address_malformed` for options that no multiaddr is.
 */
export function createNetwork(options: NetworkOptions): (parts: NetworkParts) => Promise<Network> {
  return async (given) => {
    const bootstrap = checkOptions(options)
    const parts = { ...given, log: given.log.child('network') }
    const core = await buildCore(options, parts)
    const { publicDht } = core.host.services
    return Object.assign(new PeerhoodNetwork(core, bootstrap, options, parts), { publicDht })
  }
}
