// Raw bytes of blocks, and traces: what happened inside of a transaction, by running its block again up to it.

import type { FullBlock } from '../../chain/types.ts'
import type { BlockEnvironment, CallFrame, LogEntry, StepOptions, StepTrace, TraceStep } from '../../evm/types.ts'
import type { Context, Methods } from '../context.ts'
import { limitReached, paramsWrong, refused } from '../errors.ts'
import { rawReceipt } from '../format-receipt.ts'
import { bytes, quantity } from '../hex.ts'
import { callTimeMsMax } from '../limits.ts'
import {
  type BlockRef,
  field,
  type Params,
  type Parse,
  parseBlock,
  parseBlockNumber,
  parseBoolean,
  parseHash,
  parseLooseNumber,
  parseObject,
} from '../parse.ts'
import { blockOf, environmentOf, knownHeader, statePruned } from '../resolve.ts'

async function knownBlock({ chain }: Context, ref: BlockRef): Promise<FullBlock> {
  const block = await blockOf(chain, ref)
  if (block !== undefined) return block
  if (ref.kind === 'hash') throw refused(`block ${ref.hash} not found`)
  return chain.block((await knownHeader(chain, ref)).hash) ?? notHere()
}

function notHere(): never {
  throw refused('block not found')
}

async function rawReceipts(params: Params, context: Context): Promise<unknown> {
  const { hash } = (await knownBlock(context, params.required(0, parseBlock))).header
  return (context.chain.receipts(hash) ?? []).map(rawReceipt)
}

function rawTransaction(params: Params, { chain }: Context): unknown {
  const hash = params.required(0, parseHash)
  const found = chain.transaction(hash) ?? chain.pool.get(hash)
  return found === undefined ? '0x' : bytes(found.transaction.serialize())
}

// ---- traces

/** Of `callTracer`, or step by step where no tracer is named. */
type TraceOptions =
  | { readonly kind: 'calls'; readonly onlyTopCall: boolean; readonly withLog: boolean }
  | { readonly kind: 'steps'; readonly steps: StepOptions }

const parseTraceOptions: Parse<TraceOptions> = (value, at) => {
  const object = parseObject(value, at)
  const { tracer = '' } = object
  if (tracer === '') return { kind: 'steps', steps: stepOptions(object, at) }
  if (tracer !== 'callTracer') throw paramsWrong('the tracer "callTracer" and the one without a name are here')
  const config = field(object, 'tracerConfig', parseObject, at) ?? {}
  return {
    kind: 'calls',
    onlyTopCall: field(config, 'onlyTopCall', parseBoolean, at) ?? false,
    withLog: field(config, 'withLog', parseBoolean, at) ?? false,
  }
}

function stepOptions(object: Readonly<Record<string, unknown>>, at: string): StepOptions {
  const flag = (name: string) => field(object, name, parseBoolean, at) ?? false
  const stepsMax = field(object, 'limit', parseLooseNumber, at) ?? 0
  return {
    withStack: !flag('disableStack'),
    withStorage: !flag('disableStorage'),
    withMemory: flag('enableMemory'),
    ...(stepsMax > 0 && { stepsMax }),
  }
}

function traceable({ chain }: Context, { header }: FullBlock): BlockEnvironment {
  if (header.height === 0) throw refused('genesis is not traceable')
  if (chain.state(header.parent) === undefined) throw statePruned(chain, header.height - 1)
  return environmentOf(chain, header)
}

/** Of the transactions of a block from `first` to `last`. */
async function traces(
  context: Context,
  block: FullBlock,
  { first, last }: { readonly first: number; readonly last: number },
  options: TraceOptions,
): Promise<readonly unknown[]> {
  const { world } = context.chain
  const { clock } = context.parts
  const environment = traceable(context, block)
  const upTo = (index: number) => block.transactions.slice(0, index + 1)
  if (options.kind === 'steps') {
    const bounds = { ...options.steps, timeMsMax: callTimeMsMax }
    return (await world.traceSteps(environment, upTo(last), first, bounds)).map(stepsJson)
  }
  // Each runs those before it again, so all together have the time of one call.
  const endMs = clock.monotonicMs() + callTimeMsMax
  const frames: unknown[] = []
  for (let index = first; index <= last; index++) {
    const timeMsMax = endMs - clock.monotonicMs()
    if (timeMsMax <= 0) throw limitReached('this block takes too long to trace; trace its transactions one by one')
    frames.push(frameJson(await world.trace(environment, upTo(index), { timeMsMax }), options))
  }
  return frames
}

function stepsJson({ gasUsed, failed, returned, steps }: StepTrace): unknown {
  return { gas: Number(gasUsed), failed, returnValue: bytes(returned), structLogs: steps.map(stepJson) }
}

function stepJson({ pc, op, gas, gasCost, depth, stack, memory, storage }: TraceStep): unknown {
  return {
    pc,
    op,
    gas: Number(gas),
    gasCost: Number(gasCost),
    depth,
    ...(stack !== undefined && { stack: stack.map(quantity) }),
    ...(memory !== undefined && { memory: wordsOf(memory) }),
    ...(storage !== undefined && { storage }),
  }
}

const wordsOf = (memory: Uint8Array) =>
  Array.from({ length: Math.ceil(memory.length / 32) }, (_, at) => bytes(memory.subarray(32 * at, 32 * at + 32)))

function frameJson(frame: CallFrame, options: TraceOptions & { kind: 'calls' }): unknown {
  const { error, revertReason, calls, logs } = frame
  const inner = options.onlyTopCall ? [] : calls
  return {
    type: frame.type,
    from: frame.from,
    ...(frame.to !== undefined && { to: frame.to }),
    // A static call moves nothing, so it has none.
    ...(frame.type !== 'STATICCALL' && { value: quantity(frame.value) }),
    gas: quantity(frame.gas),
    gasUsed: quantity(frame.gasUsed),
    input: bytes(frame.input),
    ...(frame.output.length > 0 && { output: bytes(frame.output) }),
    ...(error !== undefined && { error }),
    ...(revertReason !== undefined && { revertReason }),
    ...(inner.length > 0 && { calls: inner.map((call) => frameJson(call, options)) }),
    ...(options.withLog && logs.length > 0 && { logs: logs.map(traceLogJson) }),
  }
}

function traceLogJson({ address, topics, data }: LogEntry, index: number): unknown {
  return { address, topics, data: bytes(data), index: quantity(index) }
}

const plainSteps: TraceOptions = { kind: 'steps', steps: stepOptions({}, '') }

async function traceTransaction(params: Params, context: Context): Promise<unknown> {
  const { chain } = context
  const hash = params.required(0, parseHash)
  const options = params.optional(1, parseTraceOptions, plainSteps)
  const placed = chain.transaction(hash)
  const block = placed === undefined ? undefined : chain.block(placed.block)
  if (placed === undefined || block === undefined) throw refused('transaction not found')
  const [trace] = await traces(context, block, { first: placed.index, last: placed.index }, options)
  return trace
}

async function traceBlock(ref: BlockRef, params: Params, context: Context): Promise<unknown> {
  const block = await knownBlock(context, ref)
  const options = params.optional(1, parseTraceOptions, plainSteps)
  const all = await traces(context, block, { first: 0, last: block.transactions.length - 1 }, options)
  return block.transactions.map((transaction, index) => ({ txHash: bytes(transaction.hash()), result: all[index] }))
}

export const debugMethods: Methods = {
  debug_getRawHeader: {
    paramsMax: 1,
    run: async (params, context) => bytes((await knownBlock(context, params.required(0, parseBlock))).header.bytes),
  },
  debug_getRawBlock: {
    paramsMax: 1,
    run: async (params, context) => bytes((await knownBlock(context, params.required(0, parseBlock))).bytes),
  },
  debug_getRawReceipts: { paramsMax: 1, heavy: true, run: rawReceipts },
  debug_getRawTransaction: { paramsMax: 1, run: rawTransaction },
  debug_traceTransaction: { paramsMax: 2, heavy: true, run: traceTransaction },
  debug_traceBlockByNumber: {
    paramsMax: 2,
    heavy: true,
    run: (params, context) => traceBlock(params.required(0, parseBlockNumber), params, context),
  },
  debug_traceBlockByHash: {
    paramsMax: 2,
    heavy: true,
    run: (params, context) =>
      traceBlock({ kind: 'hash', hash: params.required(0, parseHash), canonical: false }, params, context),
  },
}
