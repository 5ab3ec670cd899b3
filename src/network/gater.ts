// Who may connect: asked by libp2p before, during and after each handshake. Refuses blamed peers, hosts that come too
// fast or too often, and more connections of one peer than it has use for. Each refusal is counted with its reason.

import type { Connection, ConnectionGater, PeerId as Libp2pPeerId, MultiaddrConnection } from '@libp2p/interface'
import { BoundedMap, TokenBucket } from '../base/bounded.ts'
import type { Clock, Metrics } from '../base/ports.ts'
import { ipOf, scopeOfIp } from './addresses.ts'
import type { Blames } from './blame.ts'
import {
  connectionRatesMax,
  connectionsPerHostBurst,
  connectionsPerHostMax,
  connectionsPerHostPerSecond,
  connectionsPerLoopbackBurst,
  connectionsPerLoopbackPerSecond,
  connectionsPerPeerMax,
} from './limits.ts'

export interface GaterParts {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly blames: Blames
  readonly connections: (peerId?: Libp2pPeerId) => readonly Connection[]
}

export function createGater(parts: GaterParts): ConnectionGater {
  const { clock, metrics, blames, connections } = parts
  const rates = new BoundedMap<string, TokenBucket>(connectionRatesMax)

  const refuse = (reason: string, condition: boolean): boolean => {
    if (condition) metrics.count('network_connections_refused', 1, { reason })
    return condition
  }
  const isPaused = (peerId: Libp2pPeerId) => refuse('blamed', blames.isPaused(peerId.toString(), clock.monotonicMs()))
  const isTooMany = (peerId: Libp2pPeerId) =>
    refuse('peer_connections', connections(peerId).length >= connectionsPerPeerMax)

  const bucketOf = (ip: string, isLoopback: boolean): TokenBucket => {
    const known = rates.get(ip)
    if (known !== undefined) return known
    const bucket = new TokenBucket({
      perSecond: isLoopback ? connectionsPerLoopbackPerSecond : connectionsPerHostPerSecond,
      burst: isLoopback ? connectionsPerLoopbackBurst : connectionsPerHostBurst,
      nowMs: clock.monotonicMs(),
    })
    rates.set(ip, bucket)
    return bucket
  }

  const isHostRefused = (connection: MultiaddrConnection): boolean => {
    const ip = ipOf(connection.remoteAddr)
    if (ip === undefined) return false
    const isLoopback = scopeOfIp(ip) === 'loopback'
    if (refuse('host_rate', !bucketOf(ip, isLoopback).take(clock.monotonicMs()))) return true
    if (isLoopback) return false
    const ofHost = connections().filter((open) => ipOf(open.remoteAddr) === ip).length
    return refuse('host_connections', ofHost >= connectionsPerHostMax)
  }

  return {
    denyDialPeer: isPaused,
    denyInboundConnection: isHostRefused,
    denyInboundEncryptedConnection: isPaused,
    denyOutboundEncryptedConnection: isPaused,
    denyInboundUpgradedConnection: isTooMany,
    denyOutboundUpgradedConnection: isTooMany,
    denyInboundRelayReservation: isPaused,
    denyOutboundRelayedConnection: (source) => isPaused(source),
    denyInboundRelayedConnection: (_relay, remote) => isPaused(remote),
  }
}
