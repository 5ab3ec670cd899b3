// What calls what within a transaction, as geth's `callTracer` tells it: frames from the EVM's events before and after each
// message. Frames and bytes are bounded; what is beyond runs all the same and is left out.

import type { EVMResult, Message } from '@ethereumjs/evm'
import type { TypedTransaction } from '@ethereumjs/tx'
import { createAddressFromBigInt } from '@ethereumjs/util'
import { runTx } from '@ethereumjs/vm'
import { fromUtf8 } from '../../base/bytes.ts'
import type { Clock } from '../../base/ports.ts'
import type { Address } from '../types.ts'
import { addressOf, hashOf } from './account-wire.ts'
import { endInTime, reasonOf as reasonOfError } from './call.ts'
import { evmErrors } from './errors.ts'
import { type ExecutionParts, stateOn } from './execute.ts'
import { CallEnded, watchSteps } from './interpreter.ts'
import { traceBytesMax, traceFramesMax } from './limits.ts'
import { createMachine, type Machine } from './machine.ts'
import { bytesToBigint } from './rlp.ts'
import type { StateView } from './states.ts'
import { beforeTransactions } from './system-calls.ts'
import type { BlockEnvironment, CallFrame, CallOptions, LogEntry } from './types.ts'

const selfdestruct = 0xff
const addressMask = (1n << 160n) - 1n
const typeOf: ReadonlyMap<number, CallFrame['type']> = new Map([
  [0xf0, 'CREATE'],
  [0xf1, 'CALL'],
  [0xf2, 'CALLCODE'],
  [0xf4, 'DELEGATECALL'],
  [0xf5, 'CREATE2'],
  [0xfa, 'STATICCALL'],
])

type Log = NonNullable<EVMResult['execResult']['logs']>[number]
type Building = { -readonly [Key in keyof CallFrame]: CallFrame[Key] } & { calls: Building[]; logs: LogEntry[] }

/** Traces the last of `transactions`; those before it of the same block run first. */
export async function traceOn(
  parts: ExecutionParts,
  clock: Clock,
  view: StateView,
  environment: BlockEnvironment,
  transactions: readonly TypedTransaction[],
  options: CallOptions = {},
): Promise<CallFrame> {
  const machine = await createMachine(parts.machine, environment, stateOn(parts, view))
  const { vm, block } = machine
  const traced = transactions[transactions.length - 1]
  if (traced === undefined) throw evmErrors.call_unusable('There is no transaction to trace.')
  await beforeTransactions(vm, environment)
  endInTime(machine, clock, options)
  let gasUsed = 0n
  const tracer = new Tracer()
  try {
    for (const tx of transactions) {
      if (tx === traced) tracer.watch(machine)
      const result = await runTx(vm, { tx, block, blockGasUsed: gasUsed })
      gasUsed = tx === traced ? result.totalGasSpent : gasUsed + result.totalGasSpent
    }
  } catch (error) {
    if (!(error instanceof CallEnded)) throw error
    throw evmErrors.call_unusable('This transaction takes longer to trace than a call may last.', { cause: error })
  }
  return tracer.frame(traced, gasUsed)
}

class Tracer {
  /** Undefined: one too many. */
  readonly #open: (Building | undefined)[] = []
  readonly #told = new Set<Log>()
  #root: Building | undefined
  /** What was done last by whoever calls. */
  #opcode = 0
  #frames = 0
  #bytes = 0

  watch({ evm, vm }: Machine): void {
    evm.events.on('beforeMessage', (message) => this.#begin(message as Message))
    evm.events.on('afterMessage', (result) => this.#end(result as EVMResult))
    watchSteps(evm, {
      system: async (opcode, address, top) => {
        this.#opcode = opcode
        if (opcode !== selfdestruct) return
        const account = await vm.stateManager.getAccount(address)
        const heir = createAddressFromBigInt(top & addressMask)
        this.#destroyed(addressOf(address.bytes), addressOf(heir.bytes), account?.balance ?? 0n)
      },
    })
  }

  #begin(message: Message): void {
    const root = message.to === undefined ? 'CREATE' : 'CALL'
    const type = message.depth === 0 ? root : (typeOf.get(this.#opcode) ?? root)
    const frame = this.#frames >= traceFramesMax ? undefined : frameOf(message, type, (bytes) => this.#within(bytes))
    if (frame !== undefined) this.#attach(frame)
    this.#open.push(frame)
  }

  #attach(frame: Building): void {
    const parent = this.#open[this.#open.length - 1]
    this.#frames += 1
    if (this.#open.length === 0) this.#root = frame
    else parent?.calls.push(frame)
  }

  #within(bytes: Uint8Array): Uint8Array {
    this.#bytes += bytes.length
    return this.#bytes > traceBytesMax ? new Uint8Array(0) : bytes.slice()
  }

  #end({ execResult, createdAddress }: EVMResult): void {
    const frame = this.#open.pop()
    if (frame === undefined) return
    const error = execResult.exceptionError?.error
    frame.gasUsed = execResult.executionGasUsed
    frame.output = this.#within(execResult.returnValue)
    if (createdAddress !== undefined) frame.to = addressOf(createdAddress.bytes)
    frame.logs.push(...this.#newLogs(execResult.logs ?? []))
    frame.error =
      error === 'revert' ? 'execution reverted' : execResult.exceptionError && reasonOfError(execResult.exceptionError)
    frame.revertReason = error === 'revert' ? reasonOf(execResult.returnValue) : undefined
  }

  /** The logs of a frame hold those of the frames within it; the same objects. */
  *#newLogs(logs: readonly Log[]): Generator<LogEntry> {
    for (const log of logs) {
      if (this.#told.has(log)) continue
      this.#told.add(log)
      const [address, topics, data] = log
      yield { address: addressOf(address), topics: topics.map(hashOf), data: this.#within(data) }
    }
  }

  #destroyed(address: Address, heir: Address, value: bigint): void {
    const none = new Uint8Array(0)
    const ends = { gas: 0n, gasUsed: 0n, input: none, output: none, error: undefined, revertReason: undefined }
    this.#attach({ type: 'SELFDESTRUCT', from: address, to: heir, value, ...ends, calls: [], logs: [] })
  }

  /** The outermost frame counts what the transaction costs beside its execution. */
  frame(transaction: TypedTransaction, gasUsed: bigint): CallFrame {
    if (this.#root === undefined) throw evmErrors.call_unusable('This transaction did not run.')
    dropLogs(this.#root)
    return { ...this.#root, gas: transaction.gasLimit, gasUsed }
  }
}

/** What a failed frame logged did not happen, nor what the frames within it did. */
function dropLogs(frame: Building, failed = false): void {
  const gone = failed || frame.error !== undefined
  if (gone) frame.logs.length = 0
  for (const call of frame.calls) dropLogs(call, gone)
}

function frameOf(message: Message, type: CallFrame['type'], within: (bytes: Uint8Array) => Uint8Array): Building {
  const { to, caller, value, gasLimit, data } = message
  const none = { gasUsed: 0n, output: new Uint8Array(0), error: undefined, revertReason: undefined }
  const rest = { type, value, gas: gasLimit, input: within(data), ...none, calls: [], logs: [] }
  if (to === undefined) return { from: addressOf(caller.bytes), to: undefined, ...rest }
  // The code of another account, in the place of the one that calls.
  const borrowed = type === 'DELEGATECALL' || type === 'CALLCODE'
  const [from, target] = borrowed ? [to, message.codeAddress] : [caller, to]
  return { from: addressOf(from.bytes), to: addressOf(target.bytes), ...rest }
}

/** Of `Error(string)`, which `require` and `revert` of Solidity give. */
function reasonOf(data: Uint8Array): string | undefined {
  if (data.length < 68 || hashOf(data.subarray(0, 4)) !== ('0x08c379a0' as string)) return undefined
  const length = bytesToBigint(data.subarray(36, 68))
  return length > BigInt(data.length - 68) ? undefined : fromUtf8(data.subarray(68, 68 + Number(length)))
}
