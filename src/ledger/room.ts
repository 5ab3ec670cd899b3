// One ledger of one community on this computer: its thread, the streams and gossip that the thread speaks through, and what the
// community says of who takes part.
//
//   log (announced) ──► members, validators ──┐
//   peers ══ links, gossip ── messages ── thread (chain, votes, RPC) ── messages ── API, wallet
//
// Must stay true: who is no member's device is neither heard nor spoken with; the thread gets no secret but this device's
// validator key of this community.

import { toHex } from '../base/bytes.ts'
import { Emitter } from '../base/events.ts'
import type { Cancel, Clock, Log, Metrics } from '../base/ports.ts'
import { idBytes } from '../log/ids.ts'
import type { CommunityId } from '../log/types.ts'
import type { Network, PeerId } from '../network/types.ts'
import { createLedgerGossip } from './gossip.ts'
import { createHost, type Host, type Thread, type ThreadEvents } from './host.ts'
import { digestOf } from './keys.ts'
import { createLinks, type Links } from './links.ts'
import type { Founded } from './service-types.ts'
import type { FromLedger, Head, LedgerSeed } from './thread/messages.ts'
import type { Hash } from './types.ts'
import type { Checkpoint } from './validator/types.ts'

export interface LedgerRoomParts {
  readonly community: CommunityId
  readonly founded: Founded
  readonly network: Network
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  seed(): LedgerSeed
  startThread(seed: LedgerSeed, events: ThreadEvents): Thread
  /** Whether a device of an active member. */
  allows(peer: PeerId): boolean
  /** Who would validate. */
  named(): readonly PeerId[]
  topic(): string | undefined
}

export type LedgerRoomEvent =
  | { readonly type: 'head'; readonly head: Head }
  | { readonly type: 'checkpoint'; readonly checkpoint: Checkpoint }
  | { readonly type: 'status' }
  | { readonly type: 'evidence'; readonly sentence: string }

export interface LedgerRoom {
  readonly founded: Founded
  readonly host: Host
  readonly links: Links
  /** Names it on the wire; known before the thread is ready, since it follows from the genesis entry. */
  readonly wire: string
  readonly genesisHash: Hash | undefined
  /** Members, validators or keys are others. */
  reconsider(): void
  on(listener: (event: LedgerRoomEvent) => void): Cancel
  start(): void
  stop(): Promise<void>
}

export function createLedgerRoom(parts: LedgerRoomParts): LedgerRoom {
  const { network, clock, log, metrics } = parts
  const events = new Emitter<LedgerRoomEvent>()
  const ledger = wireNameOf(parts)
  let genesisHash: Hash | undefined

  const gossip = createLedgerGossip({
    ...{ network, log, topic: parts.topic, allows: parts.allows },
    heard: (peer, bytes) => host.post({ type: 'heard', peer, bytes }),
    tellAll: (bytes) => links.tellAll(bytes),
  })
  const links: Links = createLinks({
    ...{ network, clock, log, metrics, ledger, allows: parts.allows, named: parts.named },
    connected: (peer) => host.post({ type: 'connected', peer }),
    disconnected: (peer) => host.post({ type: 'disconnected', peer }),
    received: (peer, bytes) => host.post({ type: 'received', peer, bytes }),
    told: (peer, bytes) => gossip.told(peer, bytes),
  })
  const host: Host = createHost({
    ...{ clock, log, metrics, hear },
    start: (threadEvents) => parts.startThread(parts.seed(), threadEvents),
    ready(hash) {
      genesisHash = hash
      gossip.nodeIsNew()
      links.start()
      events.emit({ type: 'status' })
    },
    down() {
      links.stop()
      events.emit({ type: 'status' })
    },
  })

  function hear(message: FromLedger): void {
    switch (message.type) {
      case 'send':
        links.send(message.to, message.bytes)
        break
      case 'broadcast':
        gossip.broadcast(message.bytes)
        break
      case 'took':
        links.took(message.peer, message.bytes)
        break
      case 'verdict':
        gossip.verdict(message.peer, message.verdict, message.bytes)
        break
      case 'blame':
        log.warn('ledger_peer_blamed', { peer: message.peer, code: message.code, message: message.sentence })
        metrics.count('ledger_peer_faults', 1, { code: message.code })
        network.blame(message.peer, { code: message.code, verdict: 'reject' })
        break
      case 'head':
        events.emit({ type: 'head', head: message.head })
        break
      case 'evidence':
        log.warn('ledger_evidence', { message: message.evidence.sentence })
        events.emit({ type: 'evidence', sentence: message.evidence.sentence })
        break
      case 'checkpoint':
        events.emit({ type: 'checkpoint', checkpoint: message.checkpoint })
        break
      case 'status':
        events.emit({ type: 'status' })
        break
    }
  }

  return {
    founded: parts.founded,
    host,
    links,
    wire: toHex(ledger),
    get genesisHash() {
      return genesisHash
    },
    reconsider() {
      links.reconsider()
      gossip.refresh()
    },
    on: (listener) => events.on(listener),
    start() {
      host.start()
      gossip.refresh()
    },
    async stop() {
      gossip.stop()
      links.stop()
      await host.stop()
    },
  }
}

/** Of the community and the entry that founded it: two ledgers of one community, founded at once, do not meet. */
function wireNameOf({ community, founded }: LedgerRoomParts): Uint8Array {
  return digestOf('peerhood/ledger/stream/1', idBytes(community), idBytes(founded.entry))
}
