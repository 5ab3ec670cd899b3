// What we can say about how others reach us, from what is known. Pure.

import type { Reachability } from './types.ts'

export interface ReachFacts {
  /** A public address of ours that AutoNAT peers confirmed, or that a peer on the internet connected to. */
  readonly isPublic: boolean
  /** Relays that hold a reservation for us. */
  readonly relays: number
  readonly connected: number
  /** Whether any connected peer is outside the local network. */
  readonly hasRemotePeers: boolean
}

export function reachabilityOf(facts: ReachFacts): Reachability {
  if (facts.isPublic) return { kind: 'public', sentence: 'Other peers can reach this computer directly from anywhere.' }
  if (facts.relays > 0) {
    const through = facts.relays === 1 ? 'one other peer that relays' : `${facts.relays} other peers that relay`
    return {
      kind: 'relayed',
      sentence: `Other peers reach this computer through ${through}, and on the local network directly.`,
    }
  }
  if (facts.connected === 0) {
    return {
      kind: 'unknown',
      sentence: 'No other peer is connected yet, so it is not known whether others can reach us.',
    }
  }
  if (!facts.hasRemotePeers) {
    return {
      kind: 'local-only',
      sentence: 'Connected on this computer or the local network only; nobody outside of it is known yet.',
    }
  }
  return {
    kind: 'local-only',
    sentence:
      'We reach others, and peers on the local network reach us; from outside nobody can connect to this computer.',
  }
}

/**
 * Whether to answer DHT queries: a peer that others cannot reach would only cost them time, but on a network where
 * everyone is local somebody has to.
 */
export function dhtModeOf(facts: ReachFacts): 'client' | 'server' {
  return facts.isPublic || !facts.hasRemotePeers ? 'server' : 'client'
}
