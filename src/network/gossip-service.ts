// gossipsub inside the libp2p node, loaded and started when the first topic needs it. Before that the node speaks no gossip,
// and says so: between peers that follow nothing it would hold two streams for each connection, and 3 MB of program.
//
// What must stay true: peers that are connected already when it starts are told of us (by identify push, which libp2p does),
// and it is told of them (which libp2p does not do: its registrar tells only of those that come later); what is made here
// ends with the node, whenever the node ends.

import type { GossipSub, gossipsub } from '@libp2p/gossipsub'
import type { Connection, PeerId, Startable } from '@libp2p/interface'
import { networkErrors } from './errors.ts'
import * as limits from './limits.ts'

export interface GossipService {
  /**
   * gossipsub, running; the first call has it made, given to `prepare` before it meets anybody, and started. Rejects with
   * `network_stopped`.
   */
  run(prepare: (gossip: GossipSub) => void): Promise<GossipSub>
}

type Components = Parameters<ReturnType<typeof gossipsub>>[0]

/** What the package's class has beside its interface. */
type Inner = GossipSub & Startable & { onPeerConnected(peerId: PeerId, connection: Connection): void }

const items = limits.gossipItemsPerRpcMax

const options: NonNullable<Parameters<typeof gossipsub>[0]> = {
  globalSignaturePolicy: 'StrictSign',
  fallbackToFloodsub: false,
  // Own messages go to the mesh, never to all followers: what publishing costs has a bound.
  floodPublish: false,
  doPX: false,
  emitSelf: false,
  allowPublishToZeroTopicPeers: true,
  ignoreDuplicatePublishError: true,
  awaitRpcHandler: true,
  awaitRpcMessageHandler: true,
  runOnLimitedConnection: true,
  // The old one's end may be noticed after the new one began.
  maxInboundStreams: 2,
  maxOutboundStreams: 2,
  maxInboundDataLength: limits.gossipRpcBytesMax,
  maxOutboundBufferSize: limits.gossipOutboundBytesMax,
  maxTopicBytesPerPeer: limits.gossipTopicBytesPerPeerMax,
  D: limits.gossipMeshWanted,
  Dlo: limits.gossipMeshMin,
  Dhi: limits.gossipMeshMax,
  decodeRpcLimits: {
    maxSubscriptions: items,
    maxMessages: items,
    maxIhaveMessageIDs: items,
    maxIwantMessageIDs: items,
    maxIdontwantMessageIDs: items,
    maxControlMessages: items,
    maxPeerInfos: 0,
  },
  // A household or an office shares an address, and so do all peers of one computer.
  scoreParams: { IPColocationFactorWeight: 0 },
}

class LazyGossip implements GossipService, Startable {
  readonly #components: Components
  #running: Promise<Inner> | undefined
  #stopped = false

  constructor(components: Components) {
    this.#components = components
  }

  start(): void {}

  async stop(): Promise<void> {
    this.#stopped = true
    const gossip = await this.#running?.catch(() => undefined)
    await gossip?.stop()
  }

  run(prepare: (gossip: GossipSub) => void): Promise<GossipSub> {
    this.#running ??= this.#load(prepare)
    return this.#running
  }

  async #load(prepare: (gossip: GossipSub) => void): Promise<Inner> {
    const { gossipsub } = await import('@libp2p/gossipsub')
    if (this.#stopped) throw networkErrors.network_stopped('The network has stopped.')
    const gossip = gossipsub(options)(this.#components) as Inner
    prepare(gossip)
    await gossip.start()
    await introduce(gossip, this.#components)
    return gossip
  }
}

/** Who is met from now on is introduced by libp2p; a peer that is introduced twice is still known once. */
async function introduce(gossip: Inner, { connectionManager, peerStore }: Components): Promise<void> {
  const speaks = (protocol: string) => gossip.protocols.includes(protocol)
  const meet = async (connection: Connection) => {
    // Nothing is known of peers that have not said what they speak: libp2p introduces them once they do.
    const peer = await peerStore.get(connection.remotePeer).catch(() => undefined)
    if (peer?.protocols.some(speaks)) gossip.onPeerConnected(connection.remotePeer, connection)
  }
  await Promise.all(connectionManager.getConnections().map(meet))
}

/** For `services` of the libp2p node. */
export function gossipService(): (components: Components) => GossipService {
  return (components) => new LazyGossip(components)
}
