// What was used of quotas in the head's window, where the table does not say: after a snapshot, and where blocks were dropped.
// Counted from the bodies that are here; where one lacks, the count of that window is unknown, and stays so until it is over.
//
// Must stay true: a count that is not whole is never taken for one. A node that forgot what was used would vote for blocks
// that all others refuse.

import type { Address, Hash } from '../types.ts'
import { decodeBlock } from './block-wire.ts'
import { blockOf } from './body-core.ts'
import { readingOf } from './check.ts'
import { senderOf } from './execution.ts'
import { isPaid, windowOf } from './quota-core.ts'
import { priceOf } from './receipts-wire.ts'
import { emptyTrieHash, type Spec } from './spec.ts'
import type { ChainStore } from './store.ts'
import type { Header } from './types.ts'

/** Within the caller's transaction. */
export function recountQuota({ store, spec }: { readonly store: ChainStore; readonly spec: Spec }, head: Header): void {
  const window = windowOf(head.timestamp, spec.genesis)
  const used = countOf(store, spec, head, window)
  store.setQuota(used ?? [])
  store.setQuotaUnknown(used === undefined ? window : undefined)
}

function countOf(
  store: ChainStore,
  spec: Spec,
  head: Header,
  window: number,
): readonly (readonly [Address, bigint])[] | undefined {
  const used = new Map<Address, bigint>()
  for (let header: Header | undefined = head; ; header = store.headerAt(header.height - 1)) {
    if (header === undefined) return undefined
    if (header.height === 0 || windowOf(header.timestamp, spec.genesis) !== window) return [...used]
    if (header.transactionsRoot === (emptyTrieHash as Hash)) continue
    const body = store.body(header.height)
    if (body === undefined) return undefined
    for (const transaction of decodeBlock(blockOf(header.bytes, body.rest), readingOf(spec)).transactions) {
      if (isPaid(priceOf(transaction, 0n), spec.genesis)) continue
      const sender = senderOf(transaction)
      used.set(sender, (used.get(sender) ?? 0n) + transaction.gasLimit)
    }
  }
}
