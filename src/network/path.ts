// What is said of the way to a peer, and whom to ask about our own.

import type { Connection } from '@libp2p/interface'
import { isOutside, scopeOf, transportOf, tryMultiaddr } from './addresses.ts'
import type { Book } from './book.ts'
import { bestConnection, type Peers } from './peers.ts'
import { notDirectSentences } from './punch/core.ts'
import type { Puncher } from './punch/service.ts'
import type { PeerId, PeerView } from './types.ts'
import { udxPlace } from './udx/address.ts'
import type { UdxAddress } from './udx/native.ts'

const transportNames: Readonly<Record<PeerView['transport'], string>> = {
  tcp: 'TCP',
  websocket: 'a WebSocket',
  udp: 'UDP',
  other: 'another transport',
  none: 'nothing',
}

/** Direct how, or why by a relay. */
export function howSentence(connection: Connection, puncher: Puncher): string {
  if (connection.direct) {
    const by = transportNames[transportOf(connection.remoteAddr)]
    const through = puncher.isPunched(connection) ? ', by a way that both routers were made to open' : ''
    return `Direct, by ${by}${through}.`
  }
  const why = puncher.reason(connection.remotePeer.toString() as PeerId)
  // Who was connected to leaves it to the other side to begin.
  return notDirectSentences[why ?? 'trying']
}

/** Where connected peers on the internet listen for UDP, nearest first; one address of each family a peer. */
export function observersOf(peers: Peers, book: Book, but?: PeerId): UdxAddress[] {
  const near = peers
    .views()
    .filter(({ state, peerId }) => state === 'connected' && peerId !== but)
    .sort((a, b) => (a.latencyMs ?? Number.POSITIVE_INFINITY) - (b.latencyMs ?? Number.POSITIVE_INFINITY))
  const places = near
    .filter(({ peerId }) => bestConnectionIsOutside(peers, peerId))
    .flatMap(({ peerId }) => placesOf(book.get(peerId)?.addresses ?? []))
  return [...new Map(places.map((place) => [place.host, place])).values()]
}

function bestConnectionIsOutside(peers: Peers, peerId: PeerId): boolean {
  const connection = bestConnection(peers.connectionsOf(peerId))
  return connection !== undefined && isOutside(connection)
}

function placesOf(addresses: readonly string[]): UdxAddress[] {
  const places = addresses.flatMap((text) => {
    const address = tryMultiaddr(text)
    if (address === undefined || scopeOf(address) !== 'public') return []
    return udxPlace(address) ?? []
  })
  const first = (isIpv6: boolean) => places.filter(({ host }) => host.includes(':') === isIpv6).slice(0, 1)
  return [...first(false), ...first(true)]
}
