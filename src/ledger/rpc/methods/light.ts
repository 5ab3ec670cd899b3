// What is answered in light mode: everything that peers can prove, or that runs here on what they prove. What needs all blocks, or
// the state of many, is refused in words, with the number of a method that a node does not have, so that tools do without it.

import type { Methods } from '../context.ts'
import { RpcError, rpcCodes } from '../errors.ts'
import { lightFeeBlocksMax } from '../limits.ts'
import type { Source } from '../source.ts'
import { accountMethods } from './accounts.ts'
import { blockMethods } from './blocks.ts'
import { callMethods } from './calls.ts'
import { feeHistory, feeMethods } from './fees.ts'
import { logs } from './filters.ts'
import { methods } from './index.ts'
import { networkMethods } from './network.ts'
import { subscriptionMethods, wantedOf } from './subscriptions.ts'
import { transactionMethods } from './transactions.ts'

/** What is fetched takes its turn among callers, whatever it is. */
function inTurn(table: Methods<Source>): Methods<Source> {
  return Object.fromEntries(Object.entries(table).map(([name, method]) => [name, { ...method, heavy: true }]))
}

export const lightMethods: Methods<Source> = {
  ...inTurn({ ...blockMethods, ...accountMethods, ...transactionMethods, ...callMethods }),
  ...networkMethods,
  ...feeMethods,
  ...subscriptionMethods,
  eth_feeHistory: {
    paramsMax: 3,
    heavy: true,
    run: (params, context) => feeHistory(params, context, lightFeeBlocksMax),
  },
  eth_getLogs: { paramsMax: 1, heavy: true, run: logs },
  eth_subscribe: {
    paramsMax: 2,
    async run(params, context) {
      const wanted = await wantedOf(params, context)
      // Of each block all receipts would have to be fetched.
      if (wanted.kind === 'logs') throw inLightMode('a subscription to logs')
      return subscriptionMethods.eth_subscribe?.run(params, context)
    },
  },
}

/** Undefined for what no mode has. */
export function lightRefusal(name: string): RpcError | undefined {
  return Object.hasOwn(methods, name) ? inLightMode(`the method ${name}`) : undefined
}

function inLightMode(what: string): RpcError {
  return new RpcError(
    rpcCodes.methodUnknown,
    `${what} is not available in light mode: this computer holds no blocks of this ledger`,
    { code: 'ledger_light', hint: 'Switch the ledger to full mode: `peerhood ledger settings --mode full`.' },
  )
}
