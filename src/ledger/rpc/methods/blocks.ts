// Blocks and their receipts.

import type { FullBlock } from '../../chain/types.ts'
import type { Context, Methods } from '../context.ts'
import { blobBaseFeeOf } from '../fee-core.ts'
import { blockJson } from '../format-block.ts'
import { receiptsJson } from '../format-receipt.ts'
import { quantity } from '../hex.ts'
import { type BlockRef, type Params, parseBlock, parseBlockNumber, parseBoolean, parseHash } from '../parse.ts'
import { pendingBlockJson } from '../pending-block.ts'
import { blockOf } from '../resolve.ts'
import type { Source } from '../source.ts'

const byHash = (params: Params): BlockRef => ({ kind: 'hash', hash: params.required(0, parseHash), canonical: false })
const byNumber = (params: Params): BlockRef => params.required(0, parseBlockNumber)
const isPending = (ref: BlockRef) => ref.kind === 'tag' && ref.tag === 'pending'

async function getBlock(ref: BlockRef, params: Params, context: Context<Source>): Promise<unknown> {
  const full = params.optional(1, parseBoolean, false)
  if (isPending(ref)) return pendingBlockJson(context, full)
  const block = await blockOf(context.chain, ref)
  return block === undefined ? null : blockJson(block, full)
}

const count = async (ref: BlockRef, chain: Source, of: (block: FullBlock) => number) => {
  const block = await blockOf(chain, ref)
  return block === undefined ? null : quantity(of(block))
}

function transactionCount(ref: BlockRef, { chain }: Context<Source>): unknown {
  if (!isPending(ref)) return count(ref, chain, (block) => block.transactions.length)
  let waiting = 0
  for (const list of chain.pool.content().pending.values()) waiting += list.length
  return quantity(waiting)
}

async function getReceipts(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const block = await blockOf(chain, params.required(0, parseBlock))
  const receipts = block === undefined ? undefined : await chain.receipts(block.header.hash)
  if (block === undefined || receipts === undefined) return null
  return receiptsJson(block, receipts, blobBaseFeeOf(block.header.fields.excessBlobGas))
}

export const blockMethods: Methods<Source> = {
  eth_blockNumber: { paramsMax: 0, run: (_, { chain }) => quantity(chain.head().height) },
  eth_getBlockByHash: { paramsMax: 2, run: (params, context) => getBlock(byHash(params), params, context) },
  eth_getBlockByNumber: { paramsMax: 2, run: (params, context) => getBlock(byNumber(params), params, context) },
  eth_getBlockReceipts: { paramsMax: 1, heavy: true, run: getReceipts },
  eth_getBlockTransactionCountByHash: {
    paramsMax: 1,
    run: (params, context) => transactionCount(byHash(params), context),
  },
  eth_getBlockTransactionCountByNumber: {
    paramsMax: 1,
    run: (params, context) => transactionCount(byNumber(params), context),
  },
  // Blocks of our own have no uncles; tools of before the merge still ask.
  eth_getUncleCountByBlockHash: { paramsMax: 1, run: (params, { chain }) => count(byHash(params), chain, () => 0) },
  eth_getUncleCountByBlockNumber: { paramsMax: 1, run: (params, { chain }) => count(byNumber(params), chain, () => 0) },
}
