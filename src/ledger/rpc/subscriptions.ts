// eth_subscribe: what one WebSocket wants to be told of, and telling it.

import { toHex } from '../../base/bytes.ts'
import type { Random } from '../../base/ports.ts'
import type { Chain, ChainEvent, FoundLog, Pool } from '../chain/types.ts'
import { limitReached } from './errors.ts'
import { headerJson } from './format-block.ts'
import { logJson } from './format-receipt.ts'
import { transactionJson } from './format-transaction.ts'
import { bytes, type Hex } from './hex.ts'
import { subscriptionsMax } from './limits.ts'
import { isWanted, type LogQuery } from './log-query.ts'

export type Wanted =
  | { readonly kind: 'newHeads' }
  | { readonly kind: 'logs'; readonly query: LogQuery }
  | { readonly kind: 'newPendingTransactions'; readonly full: boolean }
  /** Told once, since a node that answers here follows its chain. */
  | { readonly kind: 'syncing' }

export interface Subscriptions {
  add(wanted: Wanted): Hex
  remove(id: string): boolean
  tell(event: Told): void
  readonly size: number
  close(): void
}

/** An event with what several sessions would otherwise each make anew. */
export interface Told {
  readonly event: ChainEvent
  readonly logs: () => readonly FoundLog[]
}

export interface SubscriptionsParts {
  readonly chain: { readonly pool: Pick<Pool, 'get'> }
  readonly random: Random
  /** False: the client takes nothing; it is not told anything more. */
  readonly send: (text: string) => boolean
}

export function createSubscriptions({ chain, random, send }: SubscriptionsParts): Subscriptions {
  const all = new Map<string, Wanted>()

  function notify(id: string, result: unknown): boolean {
    const notification = { jsonrpc: '2.0', method: 'eth_subscription', params: { subscription: id, result } }
    return send(JSON.stringify(notification))
  }

  function resultsOf(wanted: Wanted, { event, logs }: Told): readonly unknown[] {
    if (wanted.kind === 'newHeads' && event.kind === 'final') return [headerJson(event.header)]
    if (wanted.kind === 'logs' && event.kind === 'final') {
      return logs()
        .filter((log) => isWanted(wanted.query, log))
        .map(logJson)
    }
    if (wanted.kind === 'newPendingTransactions' && event.kind === 'pending') {
      if (!wanted.full) return [event.hash]
      const waiting = chain.pool.get(event.hash)
      return waiting === undefined ? [] : [transactionJson(waiting.transaction, waiting.sender)]
    }
    return []
  }

  return {
    add(wanted) {
      if (all.size >= subscriptionsMax) throw limitReached(`more than ${subscriptionsMax} subscriptions`)
      const id: Hex = `0x${toHex(random.bytes(16))}`
      all.set(id, wanted)
      return id
    },
    remove: (id) => all.delete(id),
    tell(told) {
      for (const [id, wanted] of all) {
        for (const result of resultsOf(wanted, told)) if (!notify(id, result)) return
      }
    },
    get size() {
      return all.size
    },
    close: () => all.clear(),
  }
}

/** The logs of a block that has just become final, as found logs. */
export function logsOfEvent(chain: Chain, event: ChainEvent): readonly FoundLog[] {
  if (event.kind !== 'final') return []
  const { header, receipts } = event
  const transactions = chain.block(header.hash)?.transactions ?? []
  let logIndex = 0
  return receipts.flatMap(({ logs }, transactionIndex) => {
    const hash = transactions[transactionIndex]?.hash()
    if (hash === undefined) return []
    return logs.map((log) => ({
      ...log,
      block: header.hash,
      height: header.height,
      timestamp: header.timestamp,
      transaction: bytes(hash) as FoundLog['transaction'],
      transactionIndex,
      logIndex: logIndex++,
    }))
  })
}
