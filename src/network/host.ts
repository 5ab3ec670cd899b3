// Builds the libp2p node: which modules, with which limits. Everything else in this folder works on the result.

import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { dcutr } from '@libp2p/dcutr'
import { identify, identifyPush } from '@libp2p/identify'
import type { ConnectionEncrypter, ConnectionGater, Libp2p, PeerDiscovery, PrivateKey } from '@libp2p/interface'
import { type KadDHT, kadDHT } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { uPnPNAT } from '@libp2p/upnp-nat'
import { createLibp2p, type Libp2pInit } from 'libp2p'
import type { Clock, Metrics, Random } from '../base/ports.ts'
import { dialRank, toPeerAddress } from './addresses.ts'
import { checkingAutoNat } from './autonat.ts'
import { createDatastore } from './datastore.ts'
import { createPortMapper, type PortMapper } from './gateways.ts'
import { type GossipService, gossipService } from './gossip-service.ts'
import { type InnerService, innerService } from './inner.ts'
import { createLanCheck, ownInterfaces } from './lan.ts'
import * as limits from './limits.ts'
import { boundedYamux } from './muxer.ts'
import { lazyNoise } from './noise.ts'
import { dhtProtocol, mdnsService } from './protocol.ts'
import { type PublicDhtOptions, publicDhtService } from './public-dht.ts'
import { silentLogger } from './silent.ts'
import { socketTls } from './tls.ts'
import { boundedTcp, boundedWebSockets } from './transports.ts'
import type { PeerAddress, PublicDht } from './types.ts'
import { loadUdx } from './udx/native.ts'
import { type UdxTransport, udxTransport } from './udx/transport.ts'
import type { Observation } from './udx/types.ts'

export interface HostOptions {
  readonly privateKey: PrivateKey
  /** Multiaddrs; the defaults when undefined. */
  readonly listen?: readonly string[] | undefined
  readonly agent: string
  readonly mdns: boolean
  readonly mdnsService?: string | undefined
  readonly upnp: boolean
  readonly encryption: readonly ('tls' | 'noise')[]
  /** The public DHT of IPFS; not without. */
  readonly publicDht?: PublicDhtOptions | undefined
}

export interface HostParts {
  readonly clock: Clock
  readonly random: Random
  readonly gater: ConnectionGater
  /** What lanes are secured with (lane.ts); none without. */
  readonly lane?: ConnectionEncrypter
  readonly metrics: Metrics
  /** A way has died, or our own address has changed. */
  readonly onDoubt?: () => void
  /** Given the transport over UDP where the system has it. */
  readonly onUdp?: (transport: UdxTransport) => void
  /** Told of each word of a peer on where our UDP packets come from. */
  readonly onObserved?: (observation: Observation) => void
  /** Told of each peer that mDNS names, again and again as it does. */
  readonly onLanPeer: (peer: PeerAddress) => void
}

export type Services = {
  ping: Ping
  dht: KadDHT
  pubsub: GossipService
  inner: InnerService
  publicDht?: PublicDht
} & Record<string, unknown>

export type Host = Libp2p<Services>

export function privateKeyOfSeed(deviceSeed: Uint8Array): Promise<PrivateKey> {
  return generateKeyPairFromSeed('Ed25519', deviceSeed)
}

/** Every address of this computer, any free port; IPv6 where the computer has it. */
export function defaultListen(): string[] {
  const hasIpv6 = ownInterfaces().some(({ family }) => family === 'IPv6')
  const ip6 = hasIpv6 ? ['/ip6/::/tcp/0', '/ip6/::/udp/0/udx'] : []
  return ['/ip4/0.0.0.0/tcp/0', '/ip4/0.0.0.0/udp/0/udx', ...ip6, '/ip4/0.0.0.0/tcp/0/ws']
}

function sign(difference: number): -1 | 0 | 1 {
  return difference === 0 ? 0 : difference < 0 ? -1 : 1
}

function connectionManager(clock: Clock): NonNullable<Libp2pInit['connectionManager']> {
  const isLan = createLanCheck(clock)
  return {
    maxConnections: limits.connectionsMax,
    maxIncomingPendingConnections: limits.connectionsPendingMax,
    // The gater limits rates, with a rate of its own for loopback; this one would treat all hosts alike.
    inboundConnectionThreshold: limits.connectionsPerLoopbackBurst,
    inboundUpgradeTimeout: limits.handshakeTimeoutMs,
    inboundStreamProtocolNegotiationTimeout: limits.negotiationTimeoutMs,
    outboundStreamProtocolNegotiationTimeout: limits.negotiationTimeoutMs,
    maxParallelDials: limits.dialsParallelMax,
    maxDialQueueLength: limits.dialQueueMax,
    maxPeerAddrsToDial: limits.addressesDialledMax,
    addressDialTimeout: limits.addressDialTimeoutMs,
    dialTimeout: limits.dialTimeoutMs,
    addressSorter: (a, b) => sign(dialRank(a.multiaddr, isLan) - dialRank(b.multiaddr, isLan)),
    reconnectRetries: 3,
    maxParallelReconnects: limits.redialsParallelMax,
  }
}

function dht(): NonNullable<Parameters<typeof kadDHT>[0]> {
  return {
    protocol: dhtProtocol,
    // Peers of one LAN or one computer must find each other too, so private addresses stay in.
    peerInfoMapper: (peer) => peer,
    // Server from the start; routing.ts switches to client where others could not reach us.
    clientMode: false,
    allowQueryWithZeroPeers: true,
    maxInboundStreams: limits.dhtStreamsMax,
    maxOutboundStreams: limits.dhtStreamsMax * 2,
    alpha: 3,
    routingTableUpdateMaxQueueSize: 256,
    // Only provider records are used; values (public keys, names) are neither kept nor served.
    validators: { pk: refuseValue, ipns: refuseValue },
    onPeerConnectTimeout: limits.addressDialTimeoutMs,
    incomingMessageTimeout: limits.negotiationTimeoutMs,
  }
}

function refuseValue(): void {
  throw new Error('this network keeps no values')
}

function lanDiscovery(options: HostOptions, parts: HostParts) {
  const create = mdns({ serviceTag: options.mdnsService ?? mdnsService, interval: limits.mdnsIntervalMs })
  return (components: Parameters<typeof create>[0]): PeerDiscovery => {
    const discovery = create(components)
    discovery.addEventListener('peer', ({ detail }) => {
      const peer = toPeerAddress(detail)
      if (peer !== undefined) parts.onLanPeer(peer)
    })
    return discovery
  }
}

type PortMappingClient = NonNullable<NonNullable<Parameters<typeof uPnPNAT>[0]>['portMappingClient']>

function upnp(parts: HostParts, routerIps: Set<string>) {
  const onRouterIp = (ip: string) => {
    if (routerIps.size < limits.gatewayAnswersMax) routerIps.add(ip)
  }
  return uPnPNAT({
    // The service calls no more of it than ours has.
    portMappingClient: createPortMapper({ ...parts, onRouterIp }) as PortMapper & PortMappingClient,
    // Routers that have not answered by then will not; asking every five seconds for ever is for nothing.
    initialGatewaySearchInterval: 5 * 60_000,
    gatewaySearchInterval: 30 * 60_000,
    externalAddressCheckInterval: 5 * 60_000,
  })
}

/** Nothing where the system has no udx: its addresses are then neither listened on nor dialled. */
function udp(parts: HostParts) {
  const udx = loadUdx()
  if (udx === undefined) return []
  const { onObserved = () => {}, onDoubt = () => {}, onUdp = () => {} } = parts
  return [udxTransport({ ...parts, udx, onObserved, onDoubt }, onUdp)]
}

export async function createHost(options: HostOptions, parts: HostParts): Promise<Host> {
  const { clock, lane } = parts
  const routerIps = new Set<string>()
  const encrypters = { tls: socketTls(), noise: lazyNoise() }
  return createLibp2p<Services>({
    start: false,
    privateKey: options.privateKey,
    nodeInfo: { name: 'peerhood', userAgent: options.agent },
    addresses: {
      listen: [...(options.listen ?? defaultListen()), ...new Array<string>(limits.relaysWanted).fill('/p2p-circuit')],
    },
    transports: [
      boundedTcp(tcp),
      boundedWebSockets(clock),
      ...udp(parts),
      circuitRelayTransport({
        maxInboundStopStreams: limits.relayStreamsMax,
        maxOutboundStopStreams: limits.relayStreamsMax,
      }),
    ],
    connectionEncrypters: [
      ...options.encryption.map((name) => encrypters[name]),
      ...(lane === undefined ? [] : [() => lane]),
    ],
    streamMuxers: [boundedYamux(clock)],
    connectionGater: parts.gater,
    connectionManager: connectionManager(clock),
    // latency.ts pings; the monitor would open a stream on every connection every ten seconds.
    connectionMonitor: { enabled: false },
    datastore: createDatastore(peerIdFromPrivateKey(options.privateKey).toString()),
    logger: silentLogger,
    ...(options.mdns ? { peerDiscovery: [lanDiscovery(options, parts)] } : {}),
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping({ timeout: limits.pingTimeoutMs }),
      dht: kadDHT(dht()),
      pubsub: gossipService(),
      autonat: checkingAutoNat(),
      dcutr: dcutr(),
      inner: innerService({ ...parts, routerIps }),
      ...(options.upnp ? { upnp: upnp(parts, routerIps) } : {}),
      ...(options.publicDht === undefined ? {} : { publicDht: publicDhtService(options.publicDht, clock) }),
    },
  })
}
