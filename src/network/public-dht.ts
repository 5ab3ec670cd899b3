// The public DHT of IPFS ("Amino", /ipfs/kad/1.0.0), as a client and only where a person asked for it: beside our own DHT
// in the same node, with nothing in common but the connections.
//
// Must stay true: libp2p never sees it as a router. It would hand every search and every announcement to it, and so tell
// strangers what our own network keeps to itself; what is asked and told here comes through `PublicDht` alone.

import { type Startable, start, stop } from '@libp2p/interface'
import { type KadDHT, kadDHT, removePrivateAddressesMapper, type SingleKadDHT } from '@libp2p/kad-dht'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type Cancel, type Clock, deadline } from '../base/ports.ts'
import { scopeOf, toPeerAddress, tryMultiaddr } from './addresses.ts'
import { networkErrors } from './errors.ts'
import * as limits from './limits.ts'
import type { PublicDht } from './types.ts'

const publicDhtProtocol = '/ipfs/kad/1.0.0'

export interface PublicDhtOptions {
  /** Multiaddrs of peers of it to start from. */
  readonly bootstrap: readonly string[]
}

/** Throws `address_malformed`. Their keys may be of any kind: the oldest peers of it have RSA ones. */
function parseBootstrap(addresses: readonly string[]): readonly Multiaddr[] {
  return addresses.slice(0, limits.bootstrapPeersMax).map((text) => {
    const address = tryMultiaddr(text)
    if (address?.getComponents().at(-1)?.name === 'p2p') return address
    const details = { address: text }
    throw networkErrors.address_malformed('This is not a multiaddr that ends in /p2p/<peer id>.', { details })
  })
}

type KadComponents = Parameters<ReturnType<typeof kadDHT>>[0]

interface Components extends KadComponents {
  readonly connectionManager: KadComponents['connectionManager'] & {
    openConnection(address: Multiaddr, options: { signal: AbortSignal }): Promise<unknown>
  }
}

interface EventfulTable {
  readonly size: number
  addEventListener(name: 'peer:add', run: () => void): void
}

/** For libp2p's `services`. Throws `address_malformed`. Without `bootstrap` it knows only whom we are connected with for other reasons. */
export function publicDhtService({ bootstrap }: PublicDhtOptions, clock: Clock) {
  const own = parseBootstrap(bootstrap)
  return (given: KadComponents): PublicDht & Startable => {
    const components = given as Components
    // In a test or a house of one's own, addresses of that network are all there are.
    const isLocal = own.some((address) => scopeOf(address) !== 'public' && scopeOf(address) !== 'name')
    const inner = kadDHT({
      protocol: publicDhtProtocol,
      clientMode: true,
      datastorePrefix: '/public-dht',
      logPrefix: 'libp2p:public-dht',
      metricsPrefix: 'libp2p_public_dht',
      peerInfoMapper: isLocal ? (peer) => peer : removePrivateAddressesMapper,
      allowQueryWithZeroPeers: true,
      maxInboundStreams: limits.dhtStreamsMax,
      maxOutboundStreams: limits.dhtStreamsMax * 2,
      routingTableUpdateMaxQueueSize: 256,
      onPeerConnectTimeout: limits.addressDialTimeoutMs,
      incomingMessageTimeout: limits.negotiationTimeoutMs,
    })(components) as KadDHT & Startable
    const table = (inner as unknown as SingleKadDHT).routingTable as unknown as EventfulTable
    const provided = new Map<string, Parameters<PublicDht['provide']>[0]>()
    let cancelTimer: Cancel = () => {}
    let isRunning = false

    const dialBootstrap = async () => {
      cancelTimer()
      if (!isRunning) return
      cancelTimer = clock.after(limits.bootstrapPauseMaxMs, () => void dialBootstrap())
      if (table.size > 0) return
      for (const address of own) {
        const limit = deadline(clock, limits.dialTimeoutMs, () => new Error('late'))
        await components.connectionManager.openConnection(address, { signal: limit.signal }).catch(() => {})
        limit.done()
      }
    }

    return {
      async start() {
        isRunning = true
        await start(inner)
        void dialBootstrap()
      },
      async stop() {
        isRunning = false
        cancelTimer()
        await stop(inner)
      },
      get peers() {
        return table.size
      },
      async provide(cid, { signal }) {
        provided.set(cid.toString(), cid)
        // Each answer is an event; what counts is that it ends.
        for await (const _ of inner.provide(cid, { signal }));
      },
      async keepOnly(cids) {
        const kept = new Set(cids.map((cid) => cid.toString()))
        for (const [text, cid] of provided) {
          if (kept.has(text)) continue
          provided.delete(text)
          await inner.cancelReprovide(cid).catch(() => {})
        }
      },
      async *findProviders(cid, { signal }) {
        const self = components.peerId.toString()
        const seen = new Set([self])
        for await (const event of inner.findProviders(cid, { signal })) {
          if (event.name !== 'PROVIDER') continue
          for (const info of event.providers) {
            const found = toPeerAddress(info)
            if (found === undefined || seen.has(found.peerId)) continue
            seen.add(found.peerId)
            yield found
          }
        }
      },
      onFirstPeer(run) {
        let isOn = true
        table.addEventListener('peer:add', () => {
          if (isOn && table.size <= 1) run()
        })
        return () => {
          isOn = false
        }
      },
    }
  }
}
