// Transactions by gossip: those of this computer are told to everyone, and again while they wait; those of others are admitted by the
// pool before the network passes them on.

import { BoundedMap } from '../../base/bounded.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import type { Chain } from '../chain/types.ts'
import type { Hash } from '../types.ts'
import type { LedgerFault } from './errors.ts'
import { gossipAgainMs, gossipBytes, gossipDelayMs, gossipQueueMax, transactionsPerGossipMax } from './limits.ts'
import type { Peers } from './peers.ts'
import type { LedgerNetwork, PeerName } from './types.ts'
import { decodeGossip, encodeGossip } from './wire.ts'

export interface GossipParts {
  readonly chain: Pick<Chain, 'on'> & { readonly pool: Pick<Chain['pool'], 'add' | 'get'> }
  readonly peers: Peers
  readonly network: LedgerNetwork
  readonly clock: Clock
  readonly log: Log
  blame(peer: PeerName, code: LedgerFault): void
}

export interface Gossip {
  heard(from: PeerName, bytes: Uint8Array): Promise<'accept' | 'ignore' | 'reject'>
  start(): void
  stop(): void
}

/** Whoever passes these on has not looked at them. */
const hostile = new Set([
  'transaction_malformed',
  'transaction_too_long',
  'transaction_unsigned',
  'transaction_other_chain',
])

export function createGossip(parts: GossipParts): Gossip {
  const { chain, network, clock, log } = parts
  /** Of this computer, until they are final or refused. */
  const own = new BoundedMap<Hash, Uint8Array>(gossipQueueMax)
  let queue: Uint8Array[] = []
  let timer: Cancel | undefined
  let again: Cancel | undefined
  let off: Cancel = () => {}

  function tell(): void {
    timer = undefined
    const all = queue
    queue = []
    for (let at = 0; at < all.length; ) {
      let length = 0
      const start = at
      while (at < all.length && at - start < transactionsPerGossipMax) {
        length += 4 + (all[at]?.length ?? 0)
        if (at > start && length > gossipBytes) break
        at += 1
      }
      network.broadcast(encodeGossip(all.slice(start, at)))
    }
  }

  function put(bytes: Uint8Array): void {
    if (queue.length >= gossipQueueMax) return
    queue.push(bytes)
    timer ??= clock.after(gossipDelayMs, tell)
  }

  /** Whoever proposes next may have missed it. Ends by itself when nothing of ours waits. */
  function repeat(): void {
    again = undefined
    for (const [hash, bytes] of own.entries()) {
      if (chain.pool.get(hash) === undefined) own.delete(hash)
      else put(bytes)
    }
    if (own.size > 0) again = clock.after(gossipAgainMs, repeat)
  }

  async function admit(bytes: Uint8Array): Promise<'accept' | 'ignore' | 'reject'> {
    try {
      await chain.pool.add(bytes, { local: false })
      return 'accept'
    } catch (error) {
      if (!isPeerhoodError(error)) log.error('ledger_pool_defect', { error })
      return isPeerhoodError(error) && hostile.has(error.code) ? 'reject' : 'ignore'
    }
  }

  return {
    start() {
      off = chain.on((event) => {
        if (event.kind !== 'pending' || !event.local) return
        own.set(event.hash, event.bytes)
        put(event.bytes)
        again ??= clock.after(gossipAgainMs, repeat)
      })
    },
    async heard(from, bytes) {
      let transactions: readonly Uint8Array[]
      try {
        transactions = decodeGossip(bytes)
      } catch {
        parts.blame(from, 'ledger_gossip_malformed')
        return 'reject'
      }
      if (!parts.peers.mayTell(from, transactions.length)) return 'ignore'
      const verdicts = await Promise.all(transactions.map(admit))
      if (verdicts.includes('reject')) return 'reject'
      return verdicts.includes('accept') ? 'accept' : 'ignore'
    },
    stop() {
      timer?.()
      again?.()
      off()
    },
  }
}
