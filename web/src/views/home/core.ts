// The picture of the network: where each peer stands, and in which words it is described. Pure.
//
// We stand in the middle. A connected peer's distance grows with its latency, so that near means fast; peers known but
// not connected stand on the rim. A peer's direction is its place in the sorted ids: it stays put while figures change.

import type { Peer } from '../../../../src/sdk/types.ts'
import { shortText } from '../../format/core.ts'
import type { PeerEntry } from '../../store/core.ts'

export const picture = { width: 560, height: 380 } as const
/** Above this many, known peers are counted, not drawn: the rim gets too full to read. */
export const knownShownMax = 24
/** Connected peers drawn at most; the list shows all. */
export const connectedShownMax = 80

export interface GraphPeer {
  readonly entry: PeerEntry
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly label: string
}

export interface Graph {
  readonly peers: readonly GraphPeer[]
  /** Peers that found no room in the picture. */
  readonly hidden: number
}

const center = { x: picture.width / 2, y: picture.height / 2 }
/** Distance from the middle as a share of the way to the edge. */
const nearest = 0.4
const farthest = 0.82
const rim = 0.97

export function layoutGraph(entries: Iterable<PeerEntry>): Graph {
  const all = [...entries].sort((a, b) => (a.peer.peerId < b.peer.peerId ? -1 : 1))
  const connected = all.filter(({ peer }) => peer.state === 'connected').slice(0, connectedShownMax)
  const known = all.filter(({ peer }) => peer.state !== 'connected').slice(0, knownShownMax)
  const peers = [...ring(known, () => rim, 0.5), ...ring(connected, ({ peer }) => distance(peer.latencyMs), 0)]
  return { peers, hidden: all.length - peers.length }
}

function ring(entries: readonly PeerEntry[], distanceOf: (entry: PeerEntry) => number, offset: number): GraphPeer[] {
  return entries.map((entry, at) => {
    const angle = -Math.PI / 2 + ((at + offset + 0.18) / entries.length) * 2 * Math.PI
    const away = distanceOf(entry)
    return {
      entry,
      x: center.x + Math.cos(angle) * away * (center.x - 24),
      y: center.y + Math.sin(angle) * away * (center.y - 24),
      radius: radiusOf(entry.peer, entries.length),
      label: shortText(entry.peer.peerId, 0, 5).replace('…', ''),
    }
  })
}

/** 1 ms is near, 300 ms and more is far; what was not measured yet is in between. */
function distance(latencyMs: number | null): number {
  if (latencyMs === null) return (nearest + farthest) / 2
  const part = Math.log10(Math.max(1, latencyMs)) / Math.log10(300)
  return nearest + (farthest - nearest) * Math.min(1, part)
}

function radiusOf(peer: Peer, count: number): number {
  if (peer.state !== 'connected') return 3.5
  return count > 30 ? 7 : count > 12 ? 9 : 12
}

/** Below this it is pings and gossip, not an exchange of data. */
const busyBytesPerSecondMin = 2000

export function isBusy({ bytesPerSecond }: PeerEntry): boolean {
  return bytesPerSecond >= busyBytesPerSecondMin
}

const sources: Readonly<Record<Peer['source'], string>> = {
  link: 'came with a link',
  bootstrap: 'a peer to start from',
  mdns: 'on this network',
  dht: 'found through other peers’ directory',
  exchange: 'named by another peer',
  remembered: 'remembered from before',
  inbound: 'connected to us',
  manual: 'connected by hand',
}

export function sourceText(peer: Peer): string {
  return sources[peer.source]
}

export function pathText(peer: Peer): string {
  if (peer.state !== 'connected') return 'not connected'
  return peer.path === 'relayed' ? 'through a relay' : 'direct'
}

export function latencyText(peer: Peer): string {
  if (peer.latencyMs === null) return '–'
  return peer.latencyMs < 1 ? 'under 1 ms' : `${Math.round(peer.latencyMs)} ms`
}

/** The picture in one sentence, for those who do not see it. */
export function graphText(entries: Iterable<PeerEntry>): string {
  const connected = [...entries].filter(({ peer }) => peer.state === 'connected')
  if (connected.length === 0) return 'No peers are connected.'
  const relayed = connected.filter(({ peer }) => peer.path === 'relayed').length
  const busy = connected.filter(isBusy).length
  const parts = [`${connected.length} connected`, `${relayed} through a relay`, `${busy} exchanging data now`]
  return `Peers around this one: ${parts.join(', ')}.`
}
