// Keeps what is known of how others reach us, and acts on it: DHT mode, relay server. Asked to look again after each
// change of connections or addresses; tells listeners only what is new.

import type { NetworkInterfaceInfo } from 'node:os'
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { BoundedMap } from '../base/bounded.ts'
import type { Log } from '../base/ports.ts'
import { isOutside, rankAddresses, scopeOf, scopeOfIp, tryMultiaddr, withPeer } from './addresses.ts'
import type { DoctorFacts } from './doctor-core.ts'
import type { Host } from './host.ts'
import { ownInterfaces } from './lan.ts'
import { addressesOwnMax, observedAddressesMax } from './limits.ts'
import { dhtModeOf, type ReachFacts, reachabilityOf } from './reachability-core.ts'
import type { Routing } from './routing.ts'
import type { NetworkEvent, PeerId, Reachability } from './types.ts'

export interface ReachParts {
  readonly self: PeerId
  readonly host: Host
  readonly routing: Routing
  readonly relay: boolean | 'always'
  readonly log: Log
  readonly tell: (event: NetworkEvent) => void
  /** Addresses of this computer; the system's unless given. */
  readonly interfaces?: () => readonly NetworkInterfaceInfo[]
}

export interface Reach {
  addresses(): readonly string[]
  reachability(): Reachability
  facts(): ReachFacts
  ipFacts(): Pick<DoctorFacts, 'ownIps' | 'observedIps' | 'hasIpv6Address' | 'hasPublicIpv6'>
  /** A connection opened; an inbound one from the internet proves that we are reachable. */
  met(connection: Connection): void
  /** A peer says which address it sees us come from. */
  observed(peerId: PeerId, ip: string | undefined): void
  update(): void
}

function relayIds(addresses: readonly string[]): Set<string> {
  return new Set(addresses.flatMap((address) => /\/p2p\/([^/]+)\/p2p-circuit/.exec(address)?.[1] ?? []))
}

/** Which network this computer is on: a laptop that moves is not reached there because it was reached here. */
function networkOf(interfaces: readonly NetworkInterfaceInfo[]): string {
  const outer = interfaces.filter(({ internal }) => !internal)
  // Of IPv6 the network's half: the other one changes daily.
  const parts = outer.map(({ family, address, netmask }) =>
    family === 'IPv4' ? `${address}/${netmask}` : prefixOf(address),
  )
  return [...new Set(parts)].sort().join()
}

function prefixOf(ipv6: string): string {
  const [head = '', tail = ''] = ipv6.split('::')
  const groups = head.split(':')
  const zeros = ipv6.includes('::') ? 8 - groups.length - tail.split(':').length : 0
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...tail.split(':')].slice(0, 4).join(':')
}

class Reachable implements Reach {
  readonly #parts: ReachParts
  readonly #observedIps = new BoundedMap<PeerId, string>(observedAddressesMax)
  /** The network on which a peer from outside has come to us. */
  #reachedOn: string | undefined
  #addresses: readonly string[] = []
  #reachability: Reachability = reachabilityOf({ isPublic: false, relays: 0, connected: 0, hasRemotePeers: false })

  constructor(parts: ReachParts) {
    this.#parts = parts
  }

  #interfaces(): readonly NetworkInterfaceInfo[] {
    return (this.#parts.interfaces ?? ownInterfaces)()
  }

  /** Asks the system for its addresses only when there is something to compare them with: this is called often. */
  #isReached(): boolean {
    return this.#reachedOn !== undefined && this.#reachedOn === networkOf(this.#interfaces())
  }

  addresses(): readonly string[] {
    const { self } = this.#parts
    return rankAddresses(this.#ownAddresses())
      .slice(0, addressesOwnMax)
      .map((address) => withPeer(address.toString(), self))
  }

  #ownAddresses(): Multiaddr[] {
    const { host } = this.#parts
    // A relay that came to us is named by the port that it came from, where nobody listens.
    const cameFrom = host.getConnections().filter(({ direction }) => direction === 'inbound')
    const wrongWays = cameFrom.map(({ remoteAddr }) => `${remoteAddr}/p2p-circuit`)
    const own = host.getMultiaddrs().filter((address) => !wrongWays.some((way) => address.toString().startsWith(way)))
    if (own.some((address) => ['public', 'relayed'].includes(scopeOf(address)))) return own
    // Until another peer has dialled it, libp2p holds back a public address of this computer. But the first peer of a
    // network has nobody to ask, and others can only come if it names one.
    const listening = host.services.inner.listening().flatMap((address) => tryMultiaddr(address) ?? [])
    return [...own, ...listening.filter((address) => scopeOf(address) === 'public')]
  }

  reachability(): Reachability {
    return reachabilityOf(this.facts())
  }

  facts(): ReachFacts {
    const connections = this.#parts.host.getConnections()
    const own = this.#parts.host.getMultiaddrs()
    return {
      isPublic: this.#isReached() || own.some((address) => scopeOf(address) === 'public'),
      relays: relayIds(own.map((address) => address.toString())).size,
      connected: new Set(connections.map((connection) => connection.remotePeer.toString())).size,
      hasRemotePeers: connections.some(isOutside),
    }
  }

  ipFacts() {
    const own = this.#interfaces()
    const ipv6 = own.filter((entry) => entry.family === 'IPv6' && !entry.internal)
    return {
      ownIps: own.map((entry) => entry.address),
      observedIps: [...this.#observedIps.values()],
      hasIpv6Address: ipv6.length > 0,
      hasPublicIpv6: ipv6.some((entry) => scopeOfIp(entry.address) === 'public'),
    }
  }

  met(connection: Connection): void {
    if (connection.direction !== 'inbound' || !isOutside(connection)) return
    this.#reachedOn = networkOf(this.#interfaces())
  }

  observed(peerId: PeerId, ip: string | undefined): void {
    if (ip !== undefined && scopeOfIp(ip) === 'public') this.#observedIps.set(peerId, ip)
  }

  update(): void {
    const facts = this.facts()
    this.#act(facts)
    const addresses = this.addresses()
    if (addresses.join() !== this.#addresses.join()) {
      this.#addresses = addresses
      this.#parts.tell({ type: 'addresses', addresses })
    }
    const reachability = reachabilityOf(facts)
    if (reachability.sentence !== this.#reachability.sentence) {
      this.#reachability = reachability
      this.#parts.tell({ type: 'reachability', reachability })
    }
  }

  #act(facts: ReachFacts): void {
    const { routing, host, relay, log } = this.#parts
    const onError = (error: unknown) => log.warn('network_mode_not_changed', { reason: String(error) })
    // Who was told to relay is there to be found: its first peers can ask nobody else.
    if (relay === 'always') host.services.inner.trustListening()
    routing.setMode(dhtModeOf(facts)).catch(onError)
    host.services.inner.enableRelay(relay === 'always' || (relay && facts.isPublic)).catch(onError)
  }
}

export function createReach(parts: ReachParts): Reach {
  return new Reachable(parts)
}
