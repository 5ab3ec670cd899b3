// A ledger's transactions over gossip: one topic, which follows from the community's key and so changes with it. What is too
// long for gossip goes to those we have streams to.
//
// Must stay true: only what members' devices signed is taken; what the node has not looked at yet is bounded; whoever
// publishes what no honest node would is blamed.

import { isPeerhoodError } from '../base/errors.ts'
import type { Cancel, Log } from '../base/ports.ts'
import type { GossipVerdict, Network, PeerId } from '../network/types.ts'
import { gossipMessageMax, unheardGossipBytesMax } from './limits.ts'

export interface GossipParts {
  readonly network: Pick<Network, 'subscribe' | 'publish' | 'blame'>
  readonly log: Log
  /** Where to publish now; undefined: nowhere. */
  topic(): string | undefined
  allows(peer: PeerId): boolean
  heard(peer: PeerId, bytes: Uint8Array): void
  /** To everyone with a stream. */
  tellAll(bytes: Uint8Array): void
}

export interface LedgerGossip {
  /** Follows the topic of this moment. */
  refresh(): void
  broadcast(bytes: Uint8Array): void
  /** The same as a message of the topic, which a peer sent by stream. */
  told(from: PeerId, bytes: Uint8Array): void
  /** What the node says of a message. */
  verdict(from: PeerId, verdict: GossipVerdict, bytes: number): void
  nodeIsNew(): void
  stop(): void
}

export function createLedgerGossip(parts: GossipParts): LedgerGossip {
  const { network, log } = parts
  let current: string | undefined
  let off: Cancel | undefined
  let unheardBytes = 0

  function take(from: PeerId, bytes: Uint8Array): GossipVerdict {
    if (!parts.allows(from) || unheardBytes + bytes.length > unheardGossipBytesMax) return 'ignore'
    unheardBytes += bytes.length
    // A copy: the message shares its memory with all that came with it.
    parts.heard(from, bytes.slice())
    return 'accept'
  }

  function leave(): void {
    off?.()
    off = undefined
    current = undefined
  }

  const unsaid = (error: unknown) =>
    log.debug('ledger_gossip_failed', { code: isPeerhoodError(error) ? error.code : 'internal' })

  return {
    refresh() {
      const next = parts.topic()
      if (next === current) return
      leave()
      if (next === undefined) return
      try {
        off = network.subscribe(next, take, { allows: (peer) => parts.allows(peer) })
        current = next
      } catch (error) {
        // Too many topics, say: validators tell each other by streams what they propose.
        unsaid(error)
      }
    },
    broadcast(bytes) {
      if (bytes.length > gossipMessageMax || current === undefined) parts.tellAll(bytes)
      else network.publish(current, bytes).catch(unsaid)
    },
    told: (from, bytes) => void take(from, bytes),
    verdict(from, verdict, bytes) {
      unheardBytes = Math.max(0, unheardBytes - bytes)
      if (verdict === 'reject') network.blame(from, { code: 'ledger_gossip_refused', verdict: 'reject' })
    },
    nodeIsNew() {
      unheardBytes = 0
    },
    stop: leave,
  }
}
