// Transactions: those in blocks, those that wait, and sending one.

import type { Context, Methods } from '../context.ts'
import { blobBaseFeeOf } from '../fee-core.ts'
import { receiptJson } from '../format-receipt.ts'
import { transactionJson } from '../format-transaction.ts'
import { rpcBodyBytesMax } from '../limits.ts'
import { type BlockRef, type Params, parseBlockNumber, parseBytesMax, parseHash, parseNumber } from '../parse.ts'
import { poolRefusal } from '../pool-words.ts'
import { blockOf } from '../resolve.ts'
import type { Source } from '../source.ts'

async function byHash(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const hash = params.required(0, parseHash)
  const placed = await chain.transaction(hash)
  const header = placed === undefined ? undefined : await chain.header(placed.block)
  if (placed !== undefined && header !== undefined) {
    return transactionJson(placed.transaction, placed.sender, { header, index: placed.index })
  }
  const waiting = chain.pool.get(hash)
  return waiting === undefined ? null : transactionJson(waiting.transaction, waiting.sender)
}

async function byIndex(chain: Source, ref: BlockRef, params: Params): Promise<unknown> {
  const index = params.required(1, parseNumber)
  const block = await blockOf(chain, ref)
  const transaction = block?.transactions[index]
  if (block === undefined || transaction === undefined) return null
  return transactionJson(transaction, block.senders[index], { header: block.header, index })
}

async function receipt(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const placed = await chain.transaction(params.required(0, parseHash))
  if (placed === undefined) return null
  const block = await chain.block(placed.block)
  const receipts = await chain.receipts(placed.block)
  const found = receipts?.[placed.index]
  if (block === undefined || receipts === undefined || found === undefined) return null
  const logsBefore = receipts.slice(0, placed.index).reduce((sum, { logs }) => sum + logs.length, 0)
  const blobGasPrice = blobBaseFeeOf(block.header.fields.excessBlobGas)
  return receiptJson({ block, receipt: found, index: placed.index, logsBefore, blobGasPrice })
}

async function send(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const bytes = params.required(0, parseBytesMax(rpcBodyBytesMax))
  try {
    return await chain.pool.add(bytes, { local: true })
  } catch (error) {
    throw poolRefusal(error)
  }
}

export const transactionMethods: Methods<Source> = {
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
