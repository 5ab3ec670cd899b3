// eth_call and its kin: what would happen, on the state after a block. Nothing is kept.

import { type CallPlace, parseBlockOverrides, parseCall, parseOverrides, prepareCall } from '../call-request.ts'
import { returnedOf } from '../call-words.ts'
import type { Context, Methods } from '../context.ts'
import { estimateGas } from '../estimate.ts'
import { bytes, quantity } from '../hex.ts'
import { callTimeMsMax } from '../limits.ts'
import { latest, type Params, parseBlock } from '../parse.ts'
import { stateOf } from '../resolve.ts'
import type { Source } from '../source.ts'

async function placeOf(params: Params, { chain }: Context<Source>): Promise<CallPlace> {
  const { header, state } = await stateOf(chain, params.optional(1, parseBlock, latest))
  return {
    header,
    state,
    overrides: params.optional(2, parseOverrides, []),
    blockOverrides: params.optional(3, parseBlockOverrides, undefined),
  }
}

async function call(params: Params, context: Context<Source>): Promise<unknown> {
  const { chain } = context
  const prepared = await prepareCall(chain, params.required(0, parseCall), await placeOf(params, context))
  const { block, environment, request } = prepared
  return bytes(returnedOf(await chain.world.call(block, environment, request, { timeMsMax: callTimeMsMax })))
}

async function estimate(params: Params, context: Context<Source>): Promise<unknown> {
  return quantity(await estimateGas(context.chain, params.required(0, parseCall), await placeOf(params, context)))
}

async function accessList(params: Params, context: Context<Source>): Promise<unknown> {
  const { chain } = context
  const prepared = await prepareCall(chain, params.required(0, parseCall), await placeOf(params, context))
  const { block, environment, request } = prepared
  const { list, gasUsed, error } = await chain.world.createAccessList(block, environment, request)
  return {
    accessList: list.map(({ address, keys }) => ({ address, storageKeys: keys })),
    ...(error !== undefined && { error }),
    gasUsed: quantity(gasUsed),
  }
}

export const callMethods: Methods<Source> = {
  eth_call: { paramsMax: 4, heavy: true, run: call },
  eth_estimateGas: { paramsMax: 4, heavy: true, run: estimate },
  eth_createAccessList: { paramsMax: 4, heavy: true, run: accessList },
}
