// Connecting to a peer by whatever is known of it, and what we know of its addresses to hand on.

import type { PeerId as Libp2pPeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { type Clock, deadline } from '../base/ports.ts'
import { cleanAddresses, rankAddresses, withPeer } from './addresses.ts'
import type { Blames } from './blame.ts'
import type { Book } from './book.ts'
import { networkErrors, toConnectError } from './errors.ts'
import type { Host } from './host.ts'
import { addressesDialledMax, dialTimeoutMs } from './limits.ts'
import { bestConnection, type Peers } from './peers.ts'
import type { PeerAddress, PeerId, PeerSource } from './types.ts'

export interface DialParts {
  readonly self: PeerId
  readonly clock: Clock
  readonly host: Host
  readonly book: Book
  readonly peers: Peers
  readonly blames: Blames
}

/** What libp2p knows of a peer: what it said of itself, and rumours. */
async function storedAddresses(host: Host, peerId: Libp2pPeerId): Promise<string[]> {
  try {
    const { addresses } = await host.peerStore.get(peerId)
    return rankAddresses(addresses.map((address) => address.multiaddr)).map((address) => address.toString())
  } catch {
    return [] // not known to it
  }
}

/** Addresses of a peer, those that worked first; undefined when there are none. */
export async function addressesOfPeer(peerId: PeerId, parts: DialParts): Promise<PeerAddress | undefined> {
  const dialled = parts.peers
    .connectionsOf(peerId)
    .filter((connection) => connection.direction === 'outbound' && connection.direct)
    .map((connection) => connection.remoteAddr.toString())
  const remembered = parts.book.get(peerId)?.addresses ?? []
  const stored = await storedAddresses(parts.host, peerIdFromString(peerId))
  const addresses = cleanAddresses(peerId, [...dialled, ...stored, ...remembered])
  return addresses.length === 0 ? undefined : { peerId, addresses }
}

async function dialPeer(peer: PeerAddress, signal: AbortSignal, parts: DialParts): Promise<void> {
  const given = cleanAddresses(peer.peerId, peer.addresses)
  const known = await addressesOfPeer(peer.peerId, parts)
  const all = cleanAddresses(peer.peerId, [...given, ...(known?.addresses ?? [])])
  const targets = all.slice(0, addressesDialledMax).map((address) => multiaddr(withPeer(address, peer.peerId)))
  // Without any address libp2p asks the DHT for the peer.
  await parts.host.dial(targets.length > 0 ? targets : peerIdFromString(peer.peerId), { signal })
}

/** Connects unless connected. Throws `peer_unreachable`, `peer_paused`, `peer_is_self`, or the signal's reason. */
export async function connectPeer(
  peer: PeerAddress,
  options: { readonly source: PeerSource; readonly signal?: AbortSignal | undefined },
  parts: DialParts,
): Promise<void> {
  const { peerId } = peer
  const { clock, peers, blames } = parts
  if (peerId === parts.self) throw networkErrors.peer_is_self('A peer cannot connect to itself.')
  if (blames.isPaused(peerId, clock.monotonicMs())) {
    throw networkErrors.peer_paused('This peer is refused for now.', { details: { peerId } })
  }
  peers.found(peerId, options.source, peer.addresses[0])
  if (bestConnection(peers.connectionsOf(peerId)) !== undefined) return
  const late = () =>
    networkErrors.peer_unreachable('No address of this peer answered in time.', { details: { peerId } })
  const limit = deadline(clock, dialTimeoutMs, late, options.signal)
  try {
    await dialPeer(peer, limit.signal, parts)
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason
    throw limit.signal.aborted ? limit.signal.reason : toConnectError(error, peerId)
  } finally {
    limit.done()
  }
}
