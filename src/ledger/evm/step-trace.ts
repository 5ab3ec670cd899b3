// What a transaction did step by step, as geth's default tracer tells it (execution-apis, `OpcodeTransactionTrace`). Slow, and
// bounded in steps and bytes: what is beyond runs all the same and is left out.

import type { InterpreterStep } from '@ethereumjs/evm'
import type { TypedTransaction } from '@ethereumjs/tx'
import { runTx } from '@ethereumjs/vm'
import type { Clock } from '../../base/ports.ts'
import { evmErrors } from './errors.ts'
import { type ExecutionParts, stateOn } from './execute.ts'
import { CallEnded } from './interpreter.ts'
import { callTimeMsDefault, stepTraceBytesMax, stepTraceStepsMax } from './limits.ts'
import { createMachine } from './machine.ts'
import type { StateView } from './states.ts'
import { beforeTransactions } from './system-calls.ts'
import type { BlockEnvironment, StepOptions, StepTrace, TraceStep } from './types.ts'

const word = (value: bigint) => value.toString(16).padStart(64, '0')

export async function traceStepsOn(
  parts: ExecutionParts,
  clock: Clock,
  view: StateView,
  environment: BlockEnvironment,
  transactions: readonly TypedTransaction[],
  first: number,
  options: StepOptions,
): Promise<readonly StepTrace[]> {
  const { vm, block } = await createMachine(parts.machine, environment, stateOn(parts, view))
  const endMs = clock.monotonicMs() + (options.timeMsMax ?? callTimeMsDefault)
  const room = { steps: stepTraceStepsMax, bytes: stepTraceBytesMax }
  let recorder: Recorder | undefined
  vm.evm.events?.on('step', (step) => {
    if (clock.monotonicMs() > endMs) throw new CallEnded('time limit reached')
    recorder?.add(step as InterpreterStep)
  })
  await beforeTransactions(vm, environment)
  const traces: StepTrace[] = []
  let gasUsed = 0n
  try {
    for (const [index, tx] of transactions.entries()) {
      if (index >= first) recorder = new Recorder(options, room)
      const { totalGasSpent, execResult } = await runTx(vm, { tx, block, blockGasUsed: gasUsed })
      gasUsed += totalGasSpent
      if (recorder === undefined) continue
      const { exceptionError, returnValue } = execResult
      const failed = exceptionError !== undefined
      traces.push({ gasUsed: totalGasSpent, failed, returned: returnValue, steps: recorder.steps })
    }
  } catch (error) {
    if (!(error instanceof CallEnded)) throw error
    throw evmErrors.call_unusable('This takes longer to trace than a call may last.', { cause: error })
  }
  return traces
}

/** What all traces of one answer may still take. */
interface Room {
  steps: number
  bytes: number
}

class Recorder {
  readonly steps: TraceStep[] = []
  readonly #options: StepOptions
  readonly #room: Room
  /** Slots that were read and written so far, by account. */
  readonly #slots = new Map<string, Map<string, string>>()

  constructor(options: StepOptions, room: Room) {
    this.#options = options
    this.#room = room
  }

  add(step: InterpreterStep): void {
    const room = this.#room
    const isFull = this.steps.length >= (this.#options.stepsMax ?? Number.POSITIVE_INFINITY)
    if (isFull || room.steps <= 0 || room.bytes <= 0) return
    const { pc, opcode, gasLeft, depth, stack } = step
    const storage = this.#options.withStorage ? this.#storage(step) : undefined
    const memory = this.#options.withMemory ? step.memory.slice() : undefined
    room.steps -= 1
    room.bytes -= 200 + 66 * (this.#options.withStack ? stack.length : 0) + 2 * (memory?.length ?? 0)
    room.bytes -= 132 * Object.keys(storage ?? {}).length
    this.steps.push({
      pc,
      op: opcode.name,
      gas: gasLeft,
      gasCost: opcode.dynamicFee ?? BigInt(opcode.fee),
      depth: depth + 1,
      ...(this.#options.withStack && { stack: [...stack] }),
      ...(memory !== undefined && memory.length > 0 && { memory }),
      ...(storage !== undefined && { storage }),
    })
  }

  /** After SLOAD and SSTORE only: what this account's slots were seen to hold, this step included. */
  #storage({ opcode, address, stack }: InterpreterStep): Readonly<Record<string, string>> | undefined {
    if (opcode.name !== 'SSTORE' && opcode.name !== 'SLOAD') return undefined
    const account = address.toString()
    const slots = this.#slots.get(account) ?? new Map<string, string>()
    this.#slots.set(account, slots)
    const key = word(stack.at(-1) ?? 0n)
    if (opcode.name === 'SSTORE') slots.set(key, word(stack.at(-2) ?? 0n))
    return Object.fromEntries([...slots].map(([slot, value]) => [`0x${slot}`, `0x${value}`]))
  }
}
