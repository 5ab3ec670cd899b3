// eth_estimateGas: the least gas with which a call goes through, searched as geth does (a call may need more than it uses:
// 63/64 of EIP-150, refunds, what it asks of `gas()`).

import type { CallResult } from '../evm/types.ts'
import { balanceOf, type CallParams, type CallPlace, prepareCall } from './call-request.ts'
import { failureOf } from './call-words.ts'
import { refused } from './errors.ts'
import { callGasMax, callTimeMsMax } from './limits.ts'
import type { Source } from './source.ts'

const transferGas = 21_000n
/** EIP-7825. */
const transactionGasMax = 16_777_216n
/** EIP-7702 PER_EMPTY_ACCOUNT_COST: what each authorization costs at first. */
const authorizationGas = 25_000n
/** Closer than this much of the whole (in thousandths) is close enough: geth's `estimateGasErrorRatio`. */
const slackThousandths = 15n

export async function estimateGas(chain: Source, params: CallParams, place: CallPlace): Promise<bigint> {
  const gasMax = await allowance(params, place)
  const { block, environment, request } = await prepareCall(chain, { ...params, gas: gasMax }, place)
  const run = (gas: bigint) => chain.world.call(block, environment, { ...request, gas }, { timeMsMax: callTimeMsMax })

  if (await isTransfer(params, place)) {
    if (gasMax >= transferGas && (await run(transferGas)).kind === 'returned') return transferGas
  }
  const first = await run(gasMax)
  if (first.kind !== 'returned') throw failed(first, gasMax)
  return (await least(run, first.gasUsed, gasMax)) + authorizationGas * BigInt(params.authorizations)
}

/** At most what the caller says, the block holds, the sender can pay and a call may take. */
async function allowance(params: CallParams, place: CallPlace): Promise<bigint> {
  const { header, state, overrides, blockOverrides } = place
  let gas =
    params.gas !== undefined && params.gas >= transferGas ? params.gas : (blockOverrides?.gasLimit ?? header.gasLimit)
  const price = params.gasPrice ?? params.maxFeePerGas ?? 0n
  if (price > 0n && params.from !== undefined) {
    const balance = await balanceOf(params.from, state, overrides)
    if (balance < params.value) throw refused('insufficient funds for transfer')
    const payable = (balance - params.value) / price
    if (payable < gas) gas = payable
  }
  // A chain of ours takes no transaction with more than this (EIP-7825).
  const most = header.place === undefined ? callGasMax : transactionGasMax
  return gas < most ? gas : most
}

async function isTransfer({ to, data }: CallParams, { state, overrides }: CallPlace): Promise<boolean> {
  if (to === undefined || data.length > 0) return false
  const override = overrides.findLast(({ address }) => address === to)
  return (override?.code ?? (await state.code(to))).length === 0
}

function failed(result: Exclude<CallResult, { kind: 'returned' }>, gasMax: bigint) {
  const isOutOfGas = result.kind === 'failed' && /out of gas/i.test(result.reason)
  return isOutOfGas ? refused(`gas required exceeds allowance (${gasMax})`) : failureOf(result)
}

/** `high` is enough, `low` is not; each step asks once. */
async function least(run: (gas: bigint) => Promise<CallResult>, used: bigint, gasMax: bigint): Promise<bigint> {
  let low = (used > transferGas ? used : transferGas) - 1n
  let high = gasMax
  // What it used and the 63/64 of one level, with a stipend (EIP-150): enough for nearly every call.
  const likely = ((used + 2_300n) * 64n) / 63n
  if (likely < high) {
    if ((await run(likely)).kind === 'returned') high = likely
    else low = likely
  }
  while (low + 1n < high) {
    if ((high - low) * 1000n < high * slackThousandths) break
    const middle = (high + low) / 2n > low * 2n ? low * 2n : (high + low) / 2n
    if ((await run(middle)).kind === 'returned') high = middle
    else low = middle
  }
  return high
}
