// Multiaddrs as text: parsing what people and peers give us, telling how far an address reaches, and the order in
// which to show and to try them. Pure. Every string that enters comes from outside and is bounded before it is parsed.

import { BlockList, isIP } from 'node:net'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { networkErrors } from './errors.ts'
import { addressCharsMax, addressesPerPeerMax } from './limits.ts'
import type { PeerAddress, PeerId, PeerView } from './types.ts'

/** How far an address reaches. */
export type Scope = 'loopback' | 'private' | 'public' | 'name' | 'relayed'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

// RFC 6890 and what it gathers: whatever cannot be reached from any other network.
const reserved = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT, RFC 6598
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  reserved.addSubnet(net, bits)
}
for (const [net, bits] of [
  ['::', 128],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  reserved.addSubnet(net, bits, 'ipv6')
}

/** How far an IP address reaches; IPv4 inside IPv6 counts as IPv4. */
export function scopeOfIp(ip: string): 'loopback' | 'private' | 'public' {
  const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4'
  if (loopback.check(ip, family)) return 'loopback'
  return reserved.check(ip, family) ? 'private' : 'public'
}

/** A peer id in its usual form; throws `peer_id_malformed`. Only Ed25519 keys are peers here. */
export function parsePeerId(text: string): PeerId {
  if (text.length === 52 && text.startsWith('12D3Koo')) {
    try {
      return peerIdFromString(text).toString() as PeerId
    } catch {}
  }
  throw networkErrors.peer_id_malformed('This is not a peer id.')
}

/**
 * A multiaddr that may be dialled, or undefined for anything else. Never throws: strangers write these. Nor does writing
 * what comes back: a lone surrogate in `/unix/…` is read and can't be written.
 */
export function tryMultiaddr(text: string): Multiaddr | undefined {
  if (text.length > addressCharsMax || !text.isWellFormed()) return undefined
  try {
    const address = multiaddr(text)
    return address.getComponents().length > 0 ? address : undefined
  } catch {
    return undefined
  }
}

/** `/ip4/…/tcp/…/p2p/<id>` taken apart; throws `address_malformed`. */
export function parsePeerAddress(text: string): PeerAddress {
  const address = tryMultiaddr(text.trim())
  const last = address?.getComponents().at(-1)
  if (!address || last?.name !== 'p2p' || last.value === undefined) {
    throw networkErrors.address_malformed('This is not a multiaddr that ends in /p2p/<peer id>.')
  }
  const peerId = parsePeerId(last.value)
  const bare = withoutPeer(address.toString(), peerId)
  return { peerId, addresses: bare === '' ? [] : [bare] }
}

/** Cuts a trailing `/p2p/<id>` off, however often it stands there. */
export function withoutPeer(address: string, peerId: string): string {
  const suffix = `/p2p/${peerId}`
  let bare = address
  while (bare.endsWith(suffix)) bare = bare.slice(0, -suffix.length)
  return bare
}

/** Adds `/p2p/<id>` where it is missing. */
export function withPeer(address: string, peerId: string): string {
  return `${withoutPeer(address, peerId)}/p2p/${peerId}`
}

/** The IP address that a multiaddr starts with, if it starts with one. */
export function ipOf(address: Multiaddr): string | undefined {
  const [first, second] = address.getComponents()
  if (first?.name === 'ip4' || first?.name === 'ip6') return first.value
  return first?.name === 'ip6zone' ? second?.value : undefined
}

export function scopeOf(address: Multiaddr): Scope {
  if (address.getComponents().some((component) => component.name === 'p2p-circuit')) return 'relayed'
  const ip = ipOf(address)
  return ip === undefined ? 'name' : scopeOfIp(ip)
}

/** What carries the bytes; for a relayed address the way to the relay. */
export function transportOf(address: Multiaddr): PeerView['transport'] {
  const names = address.getComponents().map((component) => component.name)
  if (names.includes('udx')) return 'udp'
  if (names.includes('ws') || names.includes('wss')) return 'websocket'
  return names.includes('tcp') ? 'tcp' : 'other'
}

const showOrder: Readonly<Record<Scope, number>> = { public: 0, name: 1, private: 2, relayed: 3, loopback: 4 }

/** Best first for others to try: public, then local network, then through a relay; TCP before WebSocket. */
export function rankAddresses(addresses: Iterable<Multiaddr>): Multiaddr[] {
  const rank = (address: Multiaddr) =>
    showOrder[scopeOf(address)] * 4 + (transportOf(address) === 'tcp' ? 0 : 1) + (ipOf(address)?.includes(':') ? 2 : 0)
  return [...addresses].sort((a, b) => rank(a) - rank(b))
}

const dialTransportRank: Readonly<Partial<Record<PeerView['transport'], number>>> = { tcp: 0, websocket: 0.3, udp: 0.6 }

/**
 * The order in which to dial: refusals on loopback and the local network come back at once, while a public address
 * of a peer behind our own router may only time out; then a relay. Over UDP nobody refuses, so a wrong address costs
 * seconds: those of other networks come last, and where they lead somewhere both sides find out over the relay (punch/).
 */
export function dialRank(address: Multiaddr, isLocal: (ip: string) => boolean): number {
  const ip = ipOf(address)
  const scope = scopeOf(address)
  const transport = dialTransportRank[transportOf(address)] ?? 0.6
  if (transportOf(address) === 'udp' && (scope === 'loopback' || scope === 'private')) return 7
  switch (scope) {
    case 'loopback':
      return 0 + transport
    case 'private':
      return (ip !== undefined && isLocal(ip) ? 1 : 4) + transport
    case 'public':
      return 2 + transport
    case 'name':
      return 3 + transport
    case 'relayed':
      return 6 + transport
  }
}

/** Bounded, parsed and without doubles; what cannot be parsed is left out. `addresses` may carry `/p2p/<id>`. */
export function cleanAddresses(peerId: PeerId, addresses: Iterable<string>): string[] {
  const clean = new Set<string>()
  for (const text of addresses) {
    const address = tryMultiaddr(text)
    const bare = address === undefined ? '' : withoutPeer(address.toString(), peerId)
    if (bare !== '') clean.add(bare)
    if (clean.size === addressesPerPeerMax) break
  }
  return [...clean]
}

/** A peer as libp2p names it; undefined for what is no peer of ours. */
export function toPeerAddress(info: {
  readonly id: { toString(): string }
  readonly multiaddrs: readonly Multiaddr[]
}): PeerAddress | undefined {
  try {
    const peerId = parsePeerId(info.id.toString())
    const texts = info.multiaddrs.map((address) => address.toString())
    return { peerId, addresses: cleanAddresses(peerId, texts) }
  } catch {
    return undefined // a key of another kind
  }
}

/** Whether a connection goes straight to a peer on the internet. */
export function isOutside(connection: { readonly direct: boolean; readonly remoteAddr: Multiaddr }): boolean {
  return connection.direct && scopeOf(connection.remoteAddr) === 'public'
}
