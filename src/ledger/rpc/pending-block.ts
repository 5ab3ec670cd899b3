// The block that could come next: what is runnable in the pool on top of the head. Nothing of it is agreed on, so it has no hash.

import type { TypedTransaction } from '@ethereumjs/tx'
import type { Address } from '../types.ts'
import type { Context } from './context.ts'
import { nextBaseFee } from './fee-core.ts'
import { headerJson } from './format-block.ts'
import { transactionJson } from './format-transaction.ts'
import { bytes, quantity } from './hex.ts'
import type { Source } from './source.ts'

/** Roots are those of the head: they are known once somebody proposed it. As in geth, hash, nonce and miner are null. */
export function pendingBlockJson({ chain, parts }: Context<Source>, full: boolean): Record<string, unknown> {
  const head = chain.head()
  const waiting = fitting(chain.pool.content().pending, head.gasLimit)
  const nowSeconds = Math.floor(parts.clock.nowMs() / 1000)
  return {
    ...headerJson(head),
    parentHash: head.hash,
    number: quantity(head.height + 1),
    timestamp: quantity(Math.max(nowSeconds, head.timestamp + 1)),
    gasUsed: '0x0',
    baseFeePerGas: quantity(nextBaseFee(head)),
    hash: null,
    nonce: null,
    miner: null,
    logsBloom: bytes(new Uint8Array(256)),
    size: '0x0',
    transactions: waiting.map(([sender, transaction]) =>
      full ? transactionJson(transaction, sender) : bytes(transaction.hash()),
    ),
    uncles: [],
    withdrawals: [],
  }
}

function fitting(
  pending: ReadonlyMap<Address, readonly TypedTransaction[]>,
  gasLimit: bigint,
): readonly (readonly [Address, TypedTransaction])[] {
  const chosen: [Address, TypedTransaction][] = []
  let gasLeft = gasLimit
  for (const [sender, list] of pending) {
    for (const transaction of list) {
      if (transaction.gasLimit > gasLeft) return chosen
      gasLeft -= transaction.gasLimit
      chosen.push([sender, transaction])
    }
  }
  return chosen
}
