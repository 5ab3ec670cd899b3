// What a peer's message leads to. Throws for what costs the peer its blame; the service catches.

import type { Log } from '../../base/ports.ts'
import type { Chain } from '../chain/types.ts'
import type { Recover } from '../consensus/types.ts'
import { decodeMessage as decodeConsensus } from '../consensus/wire.ts'
import { fault, type LedgerFault } from './errors.ts'
import { announcedAddress, type Peer, type Peers } from './peers.ts'
import type { Requests } from './requests.ts'
import type { Server } from './serve.ts'
import type { Sync } from './sync.ts'
import type { LedgerNetwork, PeerName } from './types.ts'
import type { Voter } from './voter.ts'
import { decodeMessage, encodeMessage, type Message, type Progress } from './wire.ts'

export interface InboxParts {
  readonly chain: Chain
  readonly peers: Peers
  readonly requests: Requests
  readonly server: Server
  readonly voter: Voter
  readonly sync: Sync
  readonly network: LedgerNetwork
  readonly log: Log
  readonly recover: Recover
  blame(peer: PeerName, code: LedgerFault): void
  evidence(bytes: Uint8Array): void
  /** A peer is there: tell it who we are. */
  greet(peer: PeerName): void
  changed(): void
}

export function createInbox(parts: InboxParts): { take(from: PeerName, bytes: Uint8Array): void } {
  const { chain, peers, requests, voter, sync, network } = parts

  function hello(peer: Peer, message: Extract<Message, { kind: 'hello' }>): void {
    if (message.genesis !== chain.genesisHash) throw fault('ledger_other_ledger')
    peer.isGreeted = true
    if (message.announcement !== undefined) announce(peer, message.announcement, message.isVoting)
    progress(peer, message.progress)
    parts.changed()
  }

  function announce(peer: Peer, announcement: Uint8Array, isVoting: boolean): void {
    const address = announcedAddress(chain.genesisHash, peer.name, announcement, parts.recover)
    if (address === undefined) throw fault('ledger_announcement_wrong')
    peers.announce(peer, address)
    voter.announcedBy(peer.name, address, isVoting)
    if (chain.validators().validators.includes(address)) voter.met(address)
  }

  function progress(peer: Peer, now: Progress): void {
    peer.progress = now
    peers.heard(peer, now.height)
    voter.looked(peers)
    sync.consider()
  }

  function consensus(peer: Peer, bytes: Uint8Array): void {
    // It has a key no more, or never had one: a set may have changed while this was under way.
    if (peer.address === undefined) throw fault('ledger_announcement_wrong')
    const message = decodeConsensus(bytes, (block) => chain.decode(block))
    peers.heard(peer, undefined)
    voter.message(peer.address, message)
  }

  function request(peer: Peer, { id, request: asked }: Extract<Message, { kind: 'request' }>): void {
    parts.server.answer(asked).then(
      (answer) => {
        if (peers.get(peer.name) === peer) network.send(peer.name, encodeMessage({ kind: 'answer', id, answer }))
      },
      (error: unknown) => parts.log.error('ledger_answer_defect', { kind: asked.kind, error }),
    )
  }

  function charge(peer: Peer, kind: Message['kind']): void {
    const nowMs = peers.nowMs()
    if (kind === 'consensus') {
      if (!peer.consensus.take(nowMs)) throw fault('ledger_too_many_messages')
    } else if (kind === 'request') {
      if (!peer.requests.take(nowMs)) throw fault('ledger_too_many_requests')
    } else if (kind !== 'answer' && !peer.small.take(nowMs)) throw fault('ledger_too_many_messages')
  }

  return {
    take(from, bytes) {
      const message = decodeMessage(bytes)
      // Its greeting may be here before the network told us of the connection.
      if (peers.get(from) === undefined && message.kind === 'hello') parts.greet(from)
      const peer = peers.get(from)
      if (peer === undefined) return
      charge(peer, message.kind)
      if (message.kind === 'hello') return hello(peer, message)
      if (!peer.isGreeted) throw fault('ledger_hello_missing')
      switch (message.kind) {
        case 'progress':
          return progress(peer, message.progress)
        case 'consensus':
          return consensus(peer, message.bytes)
        case 'evidence':
          return parts.evidence(message.bytes)
        case 'request':
          return request(peer, message)
        case 'answer':
          return requests.answered(from, message.id, message.answer)
      }
    },
  }
}
