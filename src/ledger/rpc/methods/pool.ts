// What waits in the pool.

import type { TypedTransaction } from '@ethereumjs/tx'
import type { PoolList } from '../../chain/types.ts'
import type { Address } from '../../types.ts'
import type { Methods } from '../context.ts'
import { transactionJson } from '../format-transaction.ts'
import { quantity } from '../hex.ts'
import { parseAddress } from '../parse.ts'

type Row = (transaction: TypedTransaction, sender: Address) => unknown

function byNonce(list: readonly TypedTransaction[], sender: Address, row: Row) {
  return Object.fromEntries(list.map((transaction) => [String(transaction.nonce), row(transaction, sender)]))
}

const bySender = (list: PoolList, row: Row) =>
  Object.fromEntries([...list].map(([sender, transactions]) => [sender, byNonce(transactions, sender, row)]))

const count = (list: PoolList) => quantity([...list.values()].reduce((sum, { length }) => sum + length, 0))

/** As geth's: `0x…: 5 wei + 21000 gas × 1 wei`. */
const inspectRow: Row = (transaction) => {
  const price = 'gasPrice' in transaction ? transaction.gasPrice : transaction.maxFeePerGas
  const to = transaction.to === undefined ? 'contract creation' : transaction.to.toString()
  return `${to}: ${transaction.value} wei + ${transaction.gasLimit} gas × ${price} wei`
}

export const poolMethods: Methods = {
  txpool_status: {
    paramsMax: 0,
    run(_, { chain }) {
      const { pending, queued } = chain.pool.content()
      return { pending: count(pending), queued: count(queued) }
    },
  },
  txpool_content: {
    paramsMax: 0,
    heavy: true,
    run(_, { chain }) {
      const { pending, queued } = chain.pool.content()
      return { pending: bySender(pending, transactionJson), queued: bySender(queued, transactionJson) }
    },
  },
  txpool_contentFrom: {
    paramsMax: 1,
    run(params, { chain }) {
      const sender = params.required(0, parseAddress)
      const { pending, queued } = chain.pool.content()
      const of = (list: PoolList) => byNonce(list.get(sender) ?? [], sender, transactionJson)
      return { pending: of(pending), queued: of(queued) }
    },
  },
  txpool_inspect: {
    paramsMax: 0,
    heavy: true,
    run(_, { chain }) {
      const { pending, queued } = chain.pool.content()
      return { pending: bySender(pending, inspectRow), queued: bySender(queued, inspectRow) }
    },
  },
}
