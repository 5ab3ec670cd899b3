// What gas costs. On a ledger of ours the base fee is 0 and members transact within their quota for nothing, so all of this
// says 0, and truly: a wallet that follows it sends transactions of price 0. Strangers pay `genesis.strangerFee`, which no
// method here can know of whoever asks; the pool's refusal names it.

import type { FullBlock } from '../../chain/types.ts'
import type { Context, Methods } from '../context.ts'
import { paramsWrong } from '../errors.ts'
import { blobBaseFeeOf, nextBaseFee, tipPercentiles } from '../fee-core.ts'
import { effectiveGasPrice } from '../format-transaction.ts'
import { quantity } from '../hex.ts'
import { feeBlocksMax, feePercentilesMax } from '../limits.ts'
import { type Params, type Parse, parseBlockNumber, parseList, parseLooseNumber, wrong } from '../parse.ts'
import { knownHeader } from '../resolve.ts'
import type { Source } from '../source.ts'

/** What most would do well to add as a tip: nothing, since there is no bidding. */
const tip = 0n

const parsePercentile: Parse<number> = (value, at) => {
  if (typeof value !== 'number' || !(value >= 0 && value <= 100)) throw wrong(at, 'expected a number from 0 to 100')
  return value
}

const parsePercentiles: Parse<readonly number[]> = (value, at) => {
  const list = parseList(parsePercentile, feePercentilesMax)(value, at)
  const unsorted = list.findIndex((percentile, index) => percentile < (list[index - 1] ?? 0))
  if (unsorted >= 0) throw paramsWrong(`invalid reward percentile: #${unsorted - 1} is above #${unsorted}`)
  return list
}

interface BlockFees {
  readonly baseFee: bigint
  readonly gasUsedRatio: number
  readonly blobBaseFee: bigint
  readonly blobGasUsedRatio: number
  readonly reward: readonly bigint[]
}

/** Blobs of one block at most: of Prague (EIP-7691), 131,072 gas each. */
const blobGasMax = 9 * 131_072

async function feesOf(chain: Source, block: FullBlock, percentiles: readonly number[]): Promise<BlockFees> {
  const { header } = block
  const { blobGasUsed = 0n, excessBlobGas } = header.fields
  return {
    baseFee: header.baseFeePerGas ?? 0n,
    gasUsedRatio: Number(header.gasUsed) / Number(header.gasLimit),
    blobBaseFee: excessBlobGas === undefined ? 0n : blobBaseFeeOf(excessBlobGas),
    blobGasUsedRatio: Number(blobGasUsed) / blobGasMax,
    reward: percentiles.length === 0 ? [] : tipPercentiles(await tipsOf(chain, block), percentiles),
  }
}

async function tipsOf(chain: Source, block: FullBlock) {
  const receipts = (await chain.receipts(block.header.hash)) ?? []
  const baseFee = block.header.baseFeePerGas ?? 0n
  return block.transactions.map((transaction, index) => ({
    tip: effectiveGasPrice(transaction, baseFee) - baseFee,
    gasUsed: receipts[index]?.gasUsed ?? 0n,
  }))
}

export async function feeHistory(params: Params, { chain }: Context<Source>, blocksMax: number): Promise<unknown> {
  const wanted = Math.min(params.required(0, parseLooseNumber), blocksMax)
  const newest = await knownHeader(chain, params.required(1, parseBlockNumber))
  const percentiles = params.optional(2, parsePercentiles, [])
  const oldest = Math.max(newest.height - wanted + 1, chain.oldest.block, 0)
  if (wanted === 0) return { oldestBlock: '0x0', baseFeePerGas: null, gasUsedRatio: null }
  const fees: BlockFees[] = []
  for (let height = oldest; height <= newest.height; height++) {
    const block = await chain.block(height)
    if (block !== undefined) fees.push(await feesOf(chain, block, percentiles))
  }
  return {
    oldestBlock: quantity(oldest),
    // One more than blocks: that of the block after the newest.
    baseFeePerGas: [...fees.map(({ baseFee }) => baseFee), nextBaseFee(newest)].map(quantity),
    gasUsedRatio: fees.map(({ gasUsedRatio }) => gasUsedRatio),
    baseFeePerBlobGas: [...fees.map(({ blobBaseFee }) => blobBaseFee), nextBlobFee(newest.fields.excessBlobGas)].map(
      quantity,
    ),
    blobGasUsedRatio: fees.map(({ blobGasUsedRatio }) => blobGasUsedRatio),
    ...(percentiles.length > 0 && { reward: fees.map(({ reward }) => reward.map(quantity)) }),
  }
}

const nextBlobFee = (excess: bigint | undefined) => (excess === undefined ? 0n : blobBaseFeeOf(excess))

export const feeMethods: Methods<Source> = {
  eth_gasPrice: { paramsMax: 0, run: (_, { chain }) => quantity(nextBaseFee(chain.head()) + tip) },
  eth_maxPriorityFeePerGas: { paramsMax: 0, run: () => quantity(tip) },
  eth_baseFee: { paramsMax: 0, run: (_, { chain }) => quantity(nextBaseFee(chain.head())) },
  eth_blobBaseFee: {
    paramsMax: 0,
    run: (_, { chain }) => quantity(blobBaseFeeOf(chain.head().fields.excessBlobGas)),
  },
  eth_feeHistory: { paramsMax: 3, heavy: true, run: (params, context) => feeHistory(params, context, feeBlocksMax) },
}
