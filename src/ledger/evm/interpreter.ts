// The loop that steps through code, without a promise for each step. That of @ethereumjs/evm awaits every instruction and finds
// the jump targets of a contract anew at every call; together that is more than half of a token transfer. Here only the
// instructions that read or write state are awaited, and what was found out about a code is kept with it.
//
// What an instruction does and costs stays theirs: handlers and gas functions are the ones of the package. Where its own loop does
// more than this one knows (EOF, binary trees, Amsterdam's gas, listeners on steps) it is left to it. The state tests run with
// both.

import { createEVM, type EVM, EVMError } from '@ethereumjs/evm'
import type { Address } from '@ethereumjs/util'
import { createLedgerCommon } from './common.ts'
import { callStepsPerLook } from './limits.ts'

type Maybe<Value> = Value | Promise<Value>

interface Entry {
  readonly opcodeInfo: {
    readonly feeBigInt: bigint
    readonly dynamicGas: boolean
    readonly isAsync: boolean
    readonly isInvalid: boolean
  }
  readonly opHandler: (state: RunState, common: unknown) => Maybe<void>
  readonly gasHandler: (state: RunState, gas: bigint, common: unknown) => Maybe<bigint>
}

interface RunState {
  programCounter: number
  opCode: number
  code: Uint8Array
  validJumps: Uint8Array
  cachedPushes: { [at: number]: bigint }
  shouldDoJumpAnalysis: boolean
  gasLeft: bigint
  readonly stack: { readonly length: number; peek(count: number): bigint[] }
}

interface Interpreter {
  readonly _runState: RunState
  readonly _env: { readonly address: Address }
  readonly _evm: EVM & { readonly _opcodeMap: readonly Entry[] }
  run(code: Uint8Array, options?: { readonly pc?: number; readonly initialLogs?: unknown }): Promise<RunResult>
}

interface RunResult {
  readonly runState: RunState
  readonly exceptionError: EVMError | undefined
}

/** Thrown by a watch: ends all frames, as no error of the EVM does. */
export class CallEnded extends Error {}

export interface Watch {
  /** Every `callStepsPerLook` steps; may throw {@link CallEnded}, or have it wait. */
  readonly look?: () => Promise<void> | undefined
  /** Before calls, creations, returns and SELFDESTRUCT (0xf0 and above): the opcode, whose code runs, and the top of the stack. */
  readonly system?: (opcode: number, address: Address, top: bigint) => Promise<void>
}

const watches = new WeakMap<EVM, Watch>()
const slow = new WeakSet<EVM>()

/** Adds to what is watched on this machine. The package's own loop is not watched. */
export function watchSteps(evm: EVM, watch: Watch): void {
  watches.set(evm, { ...watches.get(evm), ...watch })
}

/** The package's own loop on this machine: for comparing. */
export function withoutFastLoop(evm: EVM): void {
  slow.add(evm)
}

interface Analysis {
  readonly jumps: Uint8Array
  readonly pushes: bigint[]
}

const analyses = new WeakMap<Uint8Array, Analysis>()

/** Jump targets (JUMPDEST outside of push data) and pushed words of a code. */
function analyse(code: Uint8Array): Analysis {
  const known = analyses.get(code)
  if (known !== undefined) return known
  const jumps = new Uint8Array(code.length)
  const pushes: bigint[] = new Array(code.length)
  for (let at = 0; at < code.length; at++) {
    const opcode = code[at] as number
    if (opcode === 0x5b) jumps[at] = 1
    if (opcode < 0x60 || opcode > 0x7f) continue
    const size = opcode - 0x5f
    let hex = '0x'
    // Code that ends within a push goes on with zeros.
    for (let byte = 1; byte <= size; byte++) hex += (code[at + byte] ?? 0).toString(16).padStart(2, '0')
    pushes[at + 1] = BigInt(hex)
    at += size
  }
  const analysis = { jumps, pushes }
  analyses.set(code, analysis)
  return analysis
}

function apply(state: RunState, { jumps, pushes }: Analysis): void {
  state.validJumps = jumps
  state.cachedPushes = pushes
  state.shouldDoJumpAnalysis = false
}

const isJump = (opcode: number) => opcode === 0x56 || opcode === 0x57

/** Runs until the code ends, stops or fails; returns what the EVM has against it. */
async function steps(interpreter: Interpreter, code: Uint8Array): Promise<EVMError | undefined> {
  const state = interpreter._runState
  const evm = interpreter._evm
  const { common, _opcodeMap: entries } = evm
  const watch = watches.get(evm)
  // The first step of every frame looks, too: deep recursion has few steps in each.
  let untilLook = 0
  try {
    while (state.programCounter < code.length) {
      const opcode = code[state.programCounter] as number
      if (state.shouldDoJumpAnalysis && isJump(opcode)) apply(state, analyse(code))
      if (watch !== undefined) {
        if (--untilLook <= 0) {
          untilLook = callStepsPerLook
          const pause = watch.look?.()
          if (pause !== undefined) await pause
        }
        if (opcode >= 0xf0) await watch.system?.(opcode, interpreter._env.address, topOf(state))
      }
      state.opCode = opcode
      const entry = entries[opcode] as Entry
      const { feeBigInt, dynamicGas, isAsync, isInvalid } = entry.opcodeInfo
      let gas = feeBigInt
      if (dynamicGas) {
        const dynamic = entry.gasHandler(state, gas, common)
        gas = typeof dynamic === 'bigint' ? dynamic : await dynamic
      }
      if (isInvalid) throw new EVMError(EVMError.errorMessages.INVALID_OPCODE)
      state.gasLeft -= gas
      if (state.gasLeft < 0n) {
        state.gasLeft = 0n
        throw new EVMError(EVMError.errorMessages.OUT_OF_GAS)
      }
      state.programCounter++
      if (isAsync) await entry.opHandler(state, common)
      else void entry.opHandler(state, common)
    }
  } catch (error) {
    if (!(error instanceof EVMError)) throw error
    // STOP is thrown, too, but it is none.
    if (error.error !== EVMError.errorMessages.STOP) return error
  }
  return undefined
}

function topOf({ stack }: RunState): bigint {
  return stack.length === 0 ? 0n : (stack.peek(1)[0] ?? 0n)
}

function canRun(evm: EVM, options: { readonly pc?: number } | undefined): boolean {
  if (slow.has(evm) || evm.DEBUG || options?.pc !== undefined || evm.events.listenerCount('step') > 0) return false
  return ![3540, 6800, 7864, 7928, 8024, 8037].some((eip) => evm.common.isActivatedEIP(eip))
}

async function fastRun(interpreter: Interpreter, code: Uint8Array): Promise<RunResult> {
  const state = interpreter._runState
  state.code = code
  const known = analyses.get(code)
  if (known !== undefined) apply(state, known)
  return { runState: state, exceptionError: await steps(interpreter, code) }
}

/** The package does not export its interpreter: an opcode of our own, run once, gets hold of it. */
async function interpreterClass(): Promise<{ readonly prototype: Interpreter } | undefined> {
  let found: { readonly prototype: Interpreter } | undefined
  const logicFunction = (state: unknown) => {
    found = (state as { interpreter: { constructor: { readonly prototype: Interpreter } } }).interpreter.constructor
  }
  const opcode = { opcode: 0x0c, opcodeName: 'FIND', baseFee: 0, logicFunction }
  const evm = await createEVM({ common: createLedgerCommon(1), customOpcodes: [opcode] })
  await evm.runCode({ code: Uint8Array.of(0x0c), gasLimit: 100n })
  return found
}

async function takeOver(): Promise<void> {
  const prototype = (await interpreterClass())?.prototype
  if (prototype === undefined) return
  const theirs = prototype.run
  prototype.run = function run(this: Interpreter, code, options) {
    return canRun(this._evm, options) ? fastRun(this, code) : theirs.call(this, code, options)
  }
}

let taken: Promise<void> | undefined

/** Once a process, before the first machine runs. */
export function takeOverInterpreter(): Promise<void> {
  taken ??= takeOver()
  return taken
}
