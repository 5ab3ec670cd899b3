// A service inside the libp2p node: the only place that reaches its components. It switches the circuit relay server
// (libp2p would run it always, but a peer that nobody can reach must not offer to relay), replaces the random walk
// (walk.ts), and lends what the doctor reads.

import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import type { PeerId as Libp2pPeerId, PeerInfo, PeerRouting, Startable } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { assert } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { isOutside, scopeOf } from './addresses.ts'
import { relayConnectionMaxBytes, relayConnectionMaxMs, relayReservationsMax, relayStreamsMax } from './limits.ts'
import type { PeerId } from './types.ts'
import { createWalk } from './walk.ts'

export interface InnerService {
  readonly relayRunning: boolean
  /** Reservations that others hold here. */
  readonly reservations: number
  enableRelay(on: boolean): Promise<void>
  /** Gives the place of a peer that has gone to others; libp2p would keep it for two hours. */
  forget(peerId: PeerId): void
  /** Tells others at once of the public addresses that sockets listen on, not only when somebody was asked to try them. */
  trustListening(): void
  /** Multiaddrs that sockets listen on. */
  listening(): string[]
  /** Whether a router forwards a port to us. */
  isMapped(): boolean
  /** What routers that were asked to forward one say to be their own addresses outside. */
  routerIps(): string[]
}

type RelayComponents = Parameters<ReturnType<typeof circuitRelayServer>>[0]

interface Components extends RelayComponents {
  readonly transportManager: { getAddrs(): Multiaddr[] }
  readonly peerRouting: PeerRouting
  readonly randomWalk: { walk(options?: { signal?: AbortSignal }): AsyncGenerator<PeerInfo> }
}

const relayServer = circuitRelayServer({
  maxInboundHopStreams: relayStreamsMax,
  maxOutboundHopStreams: relayStreamsMax,
  maxOutboundStopStreams: relayStreamsMax,
  reservations: {
    maxReservations: relayReservationsMax,
    defaultDataLimit: BigInt(relayConnectionMaxBytes),
    defaultDurationLimit: relayConnectionMaxMs,
  },
})

type RelayServer = ReturnType<typeof relayServer> &
  Startable & { readonly reservationStore: { removeReservation(peerId: Libp2pPeerId): void } }

export function innerService(parts: {
  readonly clock: Clock
  readonly random: Random
  readonly routerIps: ReadonlySet<string>
}): (components: RelayComponents) => InnerService {
  return (given) => {
    const components = given as Components
    assert(typeof components.randomWalk.walk === 'function', 'libp2p has the random walk that we replace')
    components.randomWalk.walk = createWalk({
      clock: parts.clock,
      isWanted: () => components.connectionManager.getConnections().some(isOutside),
      query: (signal) => components.peerRouting.getClosestPeers(parts.random.bytes(32), { signal }),
    })
    // A server that was stopped does not start again (its shutdown signal stays aborted), so each run has its own.
    let relay: RelayServer | undefined
    return {
      get relayRunning() {
        return relay !== undefined
      },
      get reservations() {
        return relay?.reservations.size ?? 0
      },
      async enableRelay(on) {
        if (on === (relay !== undefined)) return
        const previous = relay
        relay = on ? (relayServer(components) as RelayServer) : undefined
        await previous?.stop()
        await relay?.start()
      },
      forget(peerId) {
        relay?.reservationStore.removeReservation(peerIdFromString(peerId))
      },
      trustListening() {
        const open = components.transportManager.getAddrs().filter((address) => scopeOf(address) === 'public')
        for (const address of open) components.addressManager.confirmObservedAddr(address)
      },
      listening: () => components.transportManager.getAddrs().map((address) => address.toString()),
      routerIps: () => [...parts.routerIps],
      isMapped: () => components.addressManager.getAddressesWithMetadata().some(({ type }) => type === 'ip-mapping'),
    }
  }
}
