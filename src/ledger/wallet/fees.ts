// What a transaction will cost at most. On a community's own chain members transact free within a quota, and pay what strangers
// pay past it; elsewhere it is what the node asks for, with room for the base fee to double.

import { encodeFunctionData, parseAbi } from 'viem/utils'
import { systemAddress } from '../chain/system-contract.ts'
import type { Address } from '../types.ts'
import { amountText } from './amount-core.ts'
import { type Ask, type CallParams, refusalOf } from './ask.ts'
import { gasMarginPercent, transferGas } from './limits.ts'
import type { AssetView, Fee } from './types.ts'

export interface Priced {
  readonly gas: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

const memberAbi = parseAbi(['function isMember(address account) view returns (bool)'])

/** `own`: the community's own chain, where a contract says who is a member, and who is none pays what genesis says. */
export async function priceOf(
  ask: Ask,
  call: CallParams & { readonly from: Address },
  own: { readonly strangerFee: bigint | undefined } | undefined,
): Promise<Priced> {
  const [gas, block] = await Promise.all([gasOf(ask, call), ask.block('latest', false)])
  const base = block?.baseFee ?? 0n
  if (own !== undefined) {
    const tip = (await isMember(ask, call.from)) ? 0n : (own.strangerFee ?? 0n)
    return { gas, maxFeePerGas: base + tip, maxPriorityFeePerGas: tip }
  }
  const price = await ask.gasPrice()
  const tip = await ask.priorityFee().catch(() => (price > base ? price - base : 0n))
  return { gas, maxFeePerGas: 2n * base + tip, maxPriorityFeePerGas: tip }
}

async function isMember(ask: Ask, account: Address): Promise<boolean> {
  const data = encodeFunctionData({ abi: memberAbi, functionName: 'isMember', args: [account] })
  const answer = await ask.call({ to: systemAddress, data }).catch(() => '0x')
  return answer.length === 66 && BigInt(answer) === 1n
}

/** Of a call that fails the chain estimates nothing: it gets what most calls need, and a warning beside it. */
const gasOfFailing = 300_000n

async function gasOf(ask: Ask, call: CallParams): Promise<bigint> {
  try {
    const gas = await ask.estimate(call)
    return gas === transferGas ? gas : gas + (gas * gasMarginPercent) / 100n
  } catch (error) {
    if (refusalOf(error) === undefined) throw error
    return gasOfFailing
  }
}

export function feeView({ gas, maxFeePerGas, maxPriorityFeePerGas }: Priced, coin: AssetView): Fee {
  const most = gas * maxFeePerGas
  return {
    gas: gas.toString(),
    maxFeePerGas: maxFeePerGas.toString(),
    maxPriorityFeePerGas: maxPriorityFeePerGas.toString(),
    most: most.toString(),
    text: most === 0n ? 'free' : `at most ${amountText(most, coin)}`,
  }
}
