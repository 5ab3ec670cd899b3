// Transactions: those in blocks, those that wait, and sending one.

import type { Chain } from '../../chain/types.ts'
import type { Context, Methods } from '../context.ts'
import { blobBaseFeeOf } from '../fee-core.ts'
import { receiptJson } from '../format-receipt.ts'
import { transactionJson } from '../format-transaction.ts'
import { rpcBodyBytesMax } from '../limits.ts'
import { type BlockRef, type Params, parseBlockNumber, parseBytesMax, parseHash, parseNumber } from '../parse.ts'
import { poolRefusal } from '../pool-words.ts'
import { blockOf } from '../resolve.ts'

function byHash(params: Params, { chain }: Context): unknown {
  const hash = params.required(0, parseHash)
  const placed = chain.transaction(hash)
  const header = placed === undefined ? undefined : chain.header(placed.block)
  if (placed !== undefined && header !== undefined) {
    return transactionJson(placed.transaction, placed.sender, { header, index: placed.index })
  }
  const waiting = chain.pool.get(hash)
  return waiting === undefined ? null : transactionJson(waiting.transaction, waiting.sender)
}

function byIndex(chain: Chain, ref: BlockRef, params: Params): unknown {
  const index = params.required(1, parseNumber)
  const block = blockOf(chain, ref)
  const transaction = block?.transactions[index]
  if (block === undefined || transaction === undefined) return null
  return transactionJson(transaction, block.senders[index], { header: block.header, index })
}

function receipt(params: Params, { chain }: Context): unknown {
  const placed = chain.transaction(params.required(0, parseHash))
  if (placed === undefined) return null
  const block = chain.block(placed.block)
  const receipts = chain.receipts(placed.block)
  const found = receipts?.[placed.index]
  if (block === undefined || receipts === undefined || found === undefined) return null
  const logsBefore = receipts.slice(0, placed.index).reduce((sum, { logs }) => sum + logs.length, 0)
  const blobGasPrice = blobBaseFeeOf(block.header.fields.excessBlobGas)
  return receiptJson({ block, receipt: found, index: placed.index, logsBefore, blobGasPrice })
}

async function send(params: Params, { chain }: Context): Promise<unknown> {
  const bytes = params.required(0, parseBytesMax(rpcBodyBytesMax))
  try {
    return await chain.pool.add(bytes, { local: true })
  } catch (error) {
    throw poolRefusal(error)
  }
}

export const transactionMethods: Methods = {
  eth_getTransactionByHash: { paramsMax: 1, run: byHash },
  eth_getTransactionByBlockHashAndIndex: {
    paramsMax: 2,
    run: (params, { chain }) =>
      byIndex(chain, { kind: 'hash', hash: params.required(0, parseHash), canonical: false }, params),
  },
  eth_getTransactionByBlockNumberAndIndex: {
    paramsMax: 2,
    run: (params, { chain }) => byIndex(chain, params.required(0, parseBlockNumber), params),
  },
  eth_getTransactionReceipt: { paramsMax: 1, run: receipt },
  eth_sendRawTransaction: { paramsMax: 1, run: send },
}
