// Questions to a state: eth_call and what stands on it. A call runs as if it were a transaction of its own, on a state of its own
// over a block's, within bounds of gas and time, and leaves nothing behind.
//
// Not runTx: that refuses senders with code (EIP-3607), and a contract may well ask what would happen if it called.

import { type EVM, EVMError, type EVMResult } from '@ethereumjs/evm'
import { type AccessList, createTx } from '@ethereumjs/tx'
import { createAddressFromString, createZeroAddress, EthereumJSError } from '@ethereumjs/util'
import type { Clock } from '../../base/ports.ts'
import type { Address, Hash } from '../types.ts'
import { addressOf, emptyAccount, hashOf, keyOfHex } from './account-wire.ts'
import { evmErrors } from './errors.ts'
import { type ExecutionParts, stateOn } from './execute.ts'
import { CallEnded, watchSteps } from './interpreter.ts'
import {
  accessListRoundsMax,
  callGasMax,
  callTimeMsDefault,
  callTurnMs,
  overrideEntriesMax,
  precompileGasMax,
} from './limits.ts'
import { createMachine, type Machine, type MachineOptions } from './machine.ts'
import { movePrecompiles } from './precompiles.ts'
import { bigintToBytes } from './rlp.ts'
import type { LedgerState } from './state-manager.ts'
import type { StateView } from './states.ts'
import type { BlockEnvironment, CallOptions, CallRequest, CallResult, StateOverride } from './types.ts'

type List = NonNullable<CallRequest['accessList']>

export async function callOn(
  parts: ExecutionParts,
  clock: Clock,
  view: StateView,
  environment: BlockEnvironment,
  request: CallRequest,
  options: CallOptions = {},
): Promise<CallResult> {
  return (await callOnState(parts.machine, clock, stateOn(parts, view), environment, request, options)).result
}

/** On a state of its own, which is of no use afterwards. */
export async function callOnState(
  machineOptions: MachineOptions,
  clock: Clock,
  state: LedgerState,
  environment: BlockEnvironment,
  request: CallRequest,
  options: CallOptions & { readonly reportsTouched?: true },
): Promise<{ readonly result: CallResult; readonly machine: Machine }> {
  applyOverrides(state, request.overrides ?? [])
  const machine = await createMachine(machineOptions, environment, state)
  movePrecompiles(machine, request.overrides ?? [])
  if (options.reportsTouched === true) machine.evm.journal.startReportingAccessList()
  endInTime(machine, clock, options)
  try {
    return { result: await perform(machine, state, request), machine }
  } catch (error) {
    const gasUsed = gasOf(request)
    if (error instanceof CallEnded) return { result: { kind: 'failed', reason: error.message, gasUsed }, machine }
    if (error instanceof EVMError) return { result: { kind: 'failed', reason: reasonOf(error), gasUsed }, machine }
    // What this machine can't do at all (a point evaluation without a KZG set-up).
    if (error instanceof EthereumJSError) return { result: { kind: 'failed', reason: error.message, gasUsed }, machine }
    throw error
  }
}

/** A precompile runs in one go: in a call, one that costs more does not run at all. */
function boundPrecompiles(evm: EVM): void {
  for (const [address, theirs] of evm.precompiles) {
    evm.precompiles.set(address, async (input) => {
      if (input.gasLimit <= precompileGasMax) return theirs(input)
      const result = await theirs({ ...input, gasLimit: precompileGasMax })
      const { exceptionError } = result
      if (exceptionError === undefined) return result
      if (exceptionError.error === EVMError.errorMessages.OUT_OF_GAS) {
        throw new CallEnded('a precompile needs more time than a call may take')
      }
      // What fails costs all the gas that it was given.
      return { ...result, executionGasUsed: input.gasLimit }
    })
  }
}

/**
 * No step of the machine runs after the time that the call may take; and now and then it lets the thread do what else waits, votes
 * and blocks above all.
 */
export function endInTime(
  { evm }: Machine,
  clock: Clock,
  { timeMsMax = callTimeMsDefault, signal }: CallOptions,
): void {
  const end = clock.monotonicMs() + timeMsMax
  let turnEnd = clock.monotonicMs() + callTurnMs
  boundPrecompiles(evm)
  watchSteps(evm, {
    look() {
      const now = clock.monotonicMs()
      if (now > end) throw new CallEnded('time limit reached')
      if (signal?.aborted === true) throw new CallEnded('interrupted')
      if (now < turnEnd) return undefined
      return new Promise((resolve) => {
        setImmediate(() => {
          turnEnd = clock.monotonicMs() + callTurnMs
          resolve()
        })
      })
    },
  })
}

const gasOf = ({ gas }: CallRequest) => (gas > callGasMax ? callGasMax : gas)

async function perform(machine: Machine, state: LedgerState, request: CallRequest): Promise<CallResult> {
  const { evm, block } = machine
  const gas = gasOf(request)
  const caller = request.from === undefined ? createZeroAddress() : createAddressFromString(request.from)
  const to = request.to === undefined ? undefined : createAddressFromString(request.to)
  const { intrinsic, least } = intrinsicGas(machine, request)
  if (gas < least) return { kind: 'failed', reason: 'intrinsic gas too low', gasUsed: 0n }
  const balance = (state.account(keyOfHex(request.from ?? zeroAddress)) ?? emptyAccount).balance
  if (balance < request.value + gas * request.gasPrice) {
    return { kind: 'failed', reason: 'insufficient funds for transfer', gasUsed: 0n }
  }
  warm(machine, request)
  const outcome = await evm.runCall({
    block,
    caller,
    data: request.data,
    value: request.value,
    gasLimit: gas - intrinsic,
    gasPrice: request.gasPrice,
    ...(to === undefined ? {} : { to }),
  })
  return resultOf(machine, outcome, intrinsic, least)
}

const zeroAddress = `0x${'00'.repeat(20)}` as Address

function intrinsicGas({ common }: Machine, { to, data, accessList }: CallRequest) {
  const withList = accessList !== undefined && common.isActivatedEIP(2930)
  const fields = { data, ...(to === undefined ? {} : { to }) }
  const list = (accessList ?? []).map(({ address, keys }) => ({ address, storageKeys: [...keys] })) as AccessList
  const unsigned = withList
    ? createTx({ ...fields, type: 1, chainId: common.chainId(), accessList: list }, { common, freeze: false })
    : createTx({ ...fields, type: 0 }, { common, freeze: false })
  return { intrinsic: unsigned.getIntrinsicGas(), least: unsigned.getMinimumGasLimit() }
}

/** EIP-2929, 3651 and 2930: what every transaction has touched before it begins. */
function warm({ evm, common, block }: Machine, { from, to, accessList }: CallRequest): void {
  if (!common.isActivatedEIP(2929)) return
  for (const [precompile] of evm.precompiles) evm.journal.addAlwaysWarmAddress(precompile)
  evm.journal.addAlwaysWarmAddress(from ?? zeroAddress)
  if (to !== undefined) evm.journal.addAlwaysWarmAddress(to)
  if (common.isActivatedEIP(3651)) evm.journal.addAlwaysWarmAddress(block.header.coinbase.toString())
  for (const { address, keys } of accessList ?? []) {
    evm.journal.addAlwaysWarmAddress(address, true)
    for (const key of keys) evm.journal.addAlwaysWarmSlot(address, key, true)
  }
}

/** Without the place, which the package puts behind some. */
export function reasonOf({ error }: EVMError): string {
  return error.replace(/ at .*$/, '')
}

function resultOf({ common }: Machine, { execResult }: EVMResult, intrinsic: bigint, least: bigint): CallResult {
  let gasUsed = execResult.executionGasUsed + intrinsic
  const refund = execResult.gasRefund ?? 0n
  const refundMax = gasUsed / common.param('maxRefundQuotient')
  gasUsed -= refund < refundMax ? refund : refundMax
  // EIP-7623: data costs at least its floor.
  if (gasUsed < least && common.isActivatedEIP(7623)) gasUsed = least
  const error = execResult.exceptionError?.error
  if (error === EVMError.errorMessages.REVERT) return { kind: 'reverted', data: execResult.returnValue, gasUsed }
  if (execResult.exceptionError !== undefined) {
    return { kind: 'failed', reason: reasonOf(execResult.exceptionError), gasUsed }
  }
  const logs = (execResult.logs ?? []).map(([address, topics, data]) => ({
    address: addressOf(address),
    topics: topics.map(hashOf),
    data,
  }))
  return { kind: 'returned', data: execResult.returnValue, gasUsed, logs }
}

export function applyOverrides(state: LedgerState, overrides: readonly StateOverride[]): void {
  const entries = overrides.reduce((sum, one) => sum + 1 + (one.state?.length ?? 0) + (one.stateDiff?.length ?? 0), 0)
  if (entries > overrideEntriesMax) {
    throw evmErrors.call_unusable(`A call may override ${overrideEntriesMax} accounts and slots, not ${entries}.`)
  }
  for (const { address, balance, nonce, code, state: whole, stateDiff } of overrides) {
    const key = keyOfHex(address)
    const account = state.account(key) ?? emptyAccount
    state.setAccount(key, { ...account, balance: balance ?? account.balance, nonce: nonce ?? account.nonce })
    if (code !== undefined) state.setCode(key, code)
    if (whole !== undefined) state.clear(key)
    for (const [slot, value] of [...(whole ?? []), ...(stateDiff ?? [])]) {
      state.setSlot(key, keyOfHex(slot), bigintToBytes(value))
    }
  }
  state.endTransaction()
}

export interface AccessListResult {
  readonly list: List
  readonly gasUsed: bigint
  readonly error?: string
}

/** What a call touches; run again with that, since what is warm changes what it costs, until it touches nothing else. */
export async function accessListOf(
  parts: ExecutionParts,
  clock: Clock,
  view: StateView,
  environment: BlockEnvironment,
  request: CallRequest,
): Promise<AccessListResult> {
  return accessListOn(parts.machine, clock, async () => stateOn(parts, view), environment, request, {})
}

/** `begin` makes a state for each round. */
export async function accessListOn(
  machineOptions: MachineOptions,
  clock: Clock,
  begin: (request: CallRequest) => Promise<LedgerState>,
  environment: BlockEnvironment,
  request: CallRequest,
  options: CallOptions,
): Promise<AccessListResult> {
  let list: List = request.accessList ?? []
  for (let round = 0; ; round++) {
    const asked = { ...request, accessList: list }
    const reporting = { ...options, reportsTouched: true } as const
    const run = await callOnState(machineOptions, clock, await begin(asked), environment, asked, reporting)
    const { result } = run
    const touched = touchedBy(run.machine, request)
    const error =
      result.kind === 'returned' ? {} : { error: result.kind === 'failed' ? result.reason : 'execution reverted' }
    if (round === accessListRoundsMax || sameList(list, touched)) return { list, gasUsed: result.gasUsed, ...error }
    list = touched
  }
}

function touchedBy(machine: Machine, { from, to }: CallRequest): List {
  // Warm without being named: the sender, whom it calls, precompiles. Their slots are not.
  const free = new Set<string>([
    from ?? zeroAddress,
    to ?? '',
    ...[...machine.evm.precompiles.keys()].map((key) => `0x${key}`),
  ])
  const touched: { address: Address; keys: Hash[] }[] = []
  for (const [address, slots] of machine.evm.journal.accessList ?? []) {
    if (free.has(`0x${address}`) && slots.size === 0) continue
    touched.push({ address: `0x${address}` as Address, keys: [...slots].map((slot) => `0x${slot}` as Hash).sort() })
  }
  touched.sort((a, b) => (a.address < b.address ? -1 : 1))
  return touched
}

function sameList(a: List, b: List): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
