// eth_simulateV1: blocks that nobody proposed, one after the other on one state that is thrown away. Their transactions are
// signed by nobody: any sender may be named, one with code as well.
//
// What a transaction must fulfil to be in a block is checked here, in the order and the words of geth (`preCheck` of
// core/state_transition.go), since those are what the specification's tests compare. Execution is runTx, as in blocks.

import { createTx, type TypedTransaction } from '@ethereumjs/tx'
import { createAddressFromString } from '@ethereumjs/util'
import { encodeReceipt, type RunTxResult, runTx } from '@ethereumjs/vm'
import type { Clock } from '../../base/ports.ts'
import type { Address, Hash } from '../types.ts'
import { addressOf, emptyAccount, emptyCodeHash, hashOf, keyOf, keyOfHex } from './account-wire.ts'
import { blobGasOf } from './admission.ts'
import { applyOverrides, endInTime } from './call.ts'
import { checksummed } from './checksum.ts'
import { evmErrors } from './errors.ts'
import { type ExecutionParts, stateOn } from './execute.ts'
import { CallEnded } from './interpreter.ts'
import { keccak256 } from './keccak.ts'
import { callGasMax } from './limits.ts'
import { createMachine, type Machine } from './machine.ts'
import { movePrecompiles } from './precompiles.ts'
import type { LedgerState } from './state-manager.ts'
import type { StateView } from './states.ts'
import { beforeTransactions, payWithdrawals, requestsHash } from './system-calls.ts'
import { TransferLogs } from './transfer-logs.ts'
import { rootOfList } from './trie.ts'
import type {
  LogEntry,
  SimulateBlock,
  SimulateCall,
  SimulatedBlock,
  SimulatedCall,
  SimulateOptions,
  Simulation,
} from './types.ts'

/** Codes of JSON-RPC for what can't be in a block (execution-apis, `eth_simulateV1`). */
const simulateCodes = {
  nonceTooLow: -38010,
  nonceTooHigh: -38011,
  feeTooLow: -38012,
  gasTooLow: -38013,
  fundsTooLow: -38014,
  blockFull: -38015,
  codeTooLong: -38025,
  timeout: -32016,
  paramsWrong: -32602,
} as const

function refuse(rpcCode: number, message: string) {
  return evmErrors.call_unusable(message, { details: { rpcCode } })
}

export function simulationOn(
  parts: ExecutionParts,
  clock: Clock,
  view: StateView,
  options: SimulateOptions,
): Simulation {
  const state = stateOn(parts, view)
  const endMs = clock.monotonicMs() + options.timeMsMax
  let gasLeft = callGasMax

  async function run(block: SimulateBlock): Promise<SimulatedBlock> {
    const machine = await createMachine(parts.machine, block.environment, state)
    endInTime(machine, clock, { timeMsMax: endMs - clock.monotonicMs() })
    movePrecompiles(machine, block.overrides)
    applyOverrides(state, block.overrides)
    await beforeTransactions(machine.vm, block.environment)
    const progress = new Progress(machine, options, () => clock.monotonicMs() > endMs)
    for (const call of block.calls) {
      await runCall({ machine, state, call, options, progress, block, gasLeft })
      gasLeft -= progress.calls.at(-1)?.gasUsed ?? 0n
    }
    await payWithdrawals(machine.vm, block.environment)
    const requests = await requestsHash(machine.vm, progress.happened)
    return progress.finish(hashOf(await state.getStateRoot()), requests)
  }

  return {
    async run(block) {
      try {
        return await run(block)
      } catch (error) {
        if (!(error instanceof CallEnded)) throw error
        throw refuse(simulateCodes.timeout, `execution aborted: ${error.message}`)
      }
    },
  }
}

class Progress {
  readonly calls: SimulatedCall[] = []
  /** Logs of calls that went through. */
  readonly happened: LogEntry[] = []
  readonly #receipts: Uint8Array[] = []
  readonly #bloom = new Uint8Array(256)
  readonly #transfers: TransferLogs | undefined
  readonly #machine: Machine
  gasUsed = 0n
  #logs = 0

  constructor(machine: Machine, options: SimulateOptions, isLate: () => boolean) {
    this.#machine = machine
    this.#transfers = options.traceTransfers ? new TransferLogs(machine, isLate) : undefined
  }

  begin(): void {
    this.#transfers?.begin()
  }

  add(transaction: TypedTransaction, sender: Address, result: RunTxResult): void {
    this.gasUsed += result.totalGasSpent
    const { returnValue, exceptionError, logs = [], executionGasUsed } = result.execResult
    const { bitvector } = result.bloom
    for (let at = 0; at < 256; at++) this.#bloom[at] = (this.#bloom[at] ?? 0) | (bitvector[at] ?? 0)
    this.#receipts.push(encodeReceipt(result.receipt, transaction.type))
    const plain = logs.map(([address, topics, data]) => ({
      address: addressOf(address),
      topics: topics.map(hashOf),
      data,
    }))
    const told = exceptionError === undefined ? (this.#transfers?.merge(plain) ?? plain) : []
    this.happened.push(...told)
    const before = executionGasUsed + transaction.getIntrinsicGas()
    const floor = this.#machine.common.isActivatedEIP(7623) ? transaction.getMinimumGasLimit() : 0n
    this.calls.push({
      transaction,
      sender,
      outcome:
        exceptionError === undefined
          ? { kind: 'returned', data: returnValue }
          : exceptionError.error === 'revert'
            ? { kind: 'reverted', data: returnValue }
            : { kind: 'failed', reason: exceptionError.error },
      gasUsed: result.totalGasSpent,
      gasUsedMax: before > floor ? before : floor,
      logs: told.map((log) => ({ ...log, logIndex: this.#logs++ })),
    })
  }

  finish(stateRoot: Hash, requests: Hash | undefined): SimulatedBlock {
    const encoded = this.calls.map(({ transaction }) => transaction.serialize())
    return {
      stateRoot,
      transactionsRoot: hashOf(rootOfList(encoded)),
      receiptsRoot: hashOf(rootOfList(this.#receipts)),
      logsBloom: this.#bloom,
      gasUsed: this.gasUsed,
      blobGasUsed: this.calls.reduce((sum, { transaction }) => sum + blobGasOf(this.#machine.common, transaction), 0n),
      requestsHash: requests,
      calls: this.calls,
    }
  }
}

interface Turn {
  readonly machine: Machine
  readonly state: LedgerState
  readonly call: SimulateCall
  readonly options: SimulateOptions
  readonly progress: Progress
  readonly block: SimulateBlock
  /** Of all calls together. */
  readonly gasLeft: bigint
}

async function runCall(turn: Turn): Promise<void> {
  const { machine, state, call, options, progress, block } = turn
  const { environment } = block
  const sender = state.account(keyOfHex(call.from)) ?? emptyAccount
  const wanted = call.gas ?? environment.gasLimit - progress.gasUsed
  if (progress.gasUsed + wanted > environment.gasLimit) {
    throw refuse(simulateCodes.blockFull, `block gas limit reached: ${progress.gasUsed} >= ${environment.gasLimit}`)
  }
  const gas = lesser(wanted, turn.gasLeft)
  const transaction = unsignedOf(machine, call, call.nonce ?? sender.nonce, gas)
  const isFree = !options.validation && highestFee(call) === 0n
  const baseFee = isFree ? 0n : environment.baseFeePerGas
  setBlobFee(turn)
  check(turn, transaction, sender, baseFee)
  // BASEFEE says 0 to who pays nothing, as in eth_call.
  if (machine.common.isActivatedEIP(1559)) Object.assign(machine.block.header, { baseFeePerGas: baseFee })
  progress.begin()
  const skips = { skipNonce: true, skipBlockGasLimitValidation: true, skipHardForkValidation: true }
  const senderMay = asPerson(state, call.from)
  const asked = { tx: transaction, block: machine.block, blockGasUsed: progress.gasUsed, ...skips }
  const result = await runTx(machine.vm, asked).finally(senderMay.end)
  progress.add(transaction, call.from, result)
  wrapNonce(state, call.from)
}

function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

/** Who names no price for blobs is not held to one, as with gas. */
function setBlobFee({ machine: { common, block }, call, options, block: { blobBaseFee } }: Turn): void {
  if (!common.isActivatedEIP(4844)) return
  const isFree = !options.validation && (call.maxFeePerBlobGas ?? 0n) === 0n && call.blobVersionedHashes !== undefined
  const own = block.header as { getBlobGasPrice?: () => bigint }
  // Back to what the header says by itself, where the call before set something.
  delete own.getBlobGasPrice
  const fee = isFree ? 0n : blobBaseFee
  if (fee !== undefined) own.getBlobGasPrice = () => fee
}

const highestFee = ({ gasPrice, maxFeePerGas, maxPriorityFeePerGas }: SimulateCall) =>
  (gasPrice ?? maxFeePerGas ?? 0n) + (maxPriorityFeePerGas ?? 0n)

/**
 * runTx refuses senders with code (EIP-3607), but not such as delegate (EIP-7702): for its first look, this one does. It looks at
 * no other code before that.
 */
function asPerson(state: LedgerState, sender: Address): { end(): void } {
  const own = state as { getCode?: LedgerState['getCode'] }
  const end = () => delete own.getCode
  const { codeHash } = state.account(keyOfHex(sender)) ?? emptyAccount
  if (keyOf(codeHash) === keyOf(emptyCodeHash)) return { end }
  own.getCode = async (address) => {
    end()
    return address.toString() === sender ? Uint8Array.of(0xef, 0x01, 0x00) : state.getCode(address)
  }
  return { end }
}

interface Checked {
  readonly turn: Turn
  readonly transaction: TypedTransaction
  readonly sender: { readonly nonce: bigint; readonly balance: bigint }
  readonly baseFee: bigint
  /** `address 0x…`, as geth's sentences have it. */
  readonly who: string
  fail(code: number, what: string): Error
}

function check(turn: Turn, transaction: TypedTransaction, sender: Checked['sender'], baseFee: bigint): void {
  const who = `address ${checksummed(turn.call.from)}`
  const fail = (code: number, what: string) => refuse(code, `err: ${what} (supplied gas ${transaction.gasLimit})`)
  const checked = { turn, transaction, sender, baseFee, who, fail }
  if (turn.options.validation) checkNonce(checked)
  checkFees(checked)
  checkFunds(checked)
  checkGas(checked)
}

function checkNonce({ transaction: { nonce }, sender, who, fail }: Checked): void {
  if (nonce === sender.nonce) return
  const isHigh = nonce > sender.nonce
  const code = isHigh ? simulateCodes.nonceTooHigh : simulateCodes.nonceTooLow
  throw fail(code, `nonce too ${isHigh ? 'high' : 'low'}: ${who}, tx: ${nonce} state: ${sender.nonce}`)
}

/** What it pays at most per gas, as tip, and per blob gas. */
const feesOf = ({ gasPrice, maxFeePerGas, maxPriorityFeePerGas, maxFeePerBlobGas }: SimulateCall) => ({
  most: gasPrice ?? maxFeePerGas ?? 0n,
  tip: gasPrice ?? maxPriorityFeePerGas ?? 0n,
  blobMost: maxFeePerBlobGas ?? 0n,
})

function checkFees({ turn: { call, machine }, transaction, baseFee, who, fail }: Checked): void {
  const { most, tip, blobMost } = feesOf(call)
  if (most < tip) {
    const fees = `maxPriorityFeePerGas: ${tip}, maxFeePerGas: ${most}`
    throw fail(simulateCodes.feeTooLow, `max priority fee per gas higher than max fee per gas: ${who}, ${fees}`)
  }
  if (most < baseFee) {
    const fees = `maxFeePerGas: ${most}, baseFee: ${baseFee}`
    throw fail(simulateCodes.feeTooLow, `max fee per gas less than block base fee: ${who}, ${fees}`)
  }
  const blobFee = transaction.type === 3 ? machine.block.header.getBlobGasPrice() : 0n
  if (blobMost < blobFee) {
    const fees = `blobGasFeeCap: ${blobMost}, blobBaseFee: ${blobFee}`
    throw fail(simulateCodes.feeTooLow, `max fee per blob gas less than block blob gas fee: ${who} ${fees}`)
  }
}

function checkFunds({ turn: { call, machine }, transaction, sender, who, fail }: Checked): void {
  const { most, blobMost } = feesOf(call)
  const want = transaction.gasLimit * most + transaction.value + blobGasOf(machine.common, transaction) * blobMost
  if (sender.balance >= want) return
  const funds = `have ${sender.balance} want ${want}`
  throw fail(simulateCodes.fundsTooLow, `insufficient funds for gas * price + value: ${who} ${funds}`)
}

function checkGas({ turn: { call, machine }, transaction, fail }: Checked): void {
  const { gasLimit } = transaction
  const least = transaction.getMinimumGasLimit()
  if (gasLimit < least) throw fail(simulateCodes.gasTooLow, `intrinsic gas too low: have ${gasLimit}, want ${least}`)
  if (!machine.common.isActivatedEIP(3860) || call.to !== undefined) return
  const codeMax = Number(machine.common.param('maxInitCodeSize'))
  if (call.data.length <= codeMax) return
  throw fail(simulateCodes.codeTooLong, `max initcode size exceeded: code size ${call.data.length} limit ${codeMax}`)
}

/** geth's nonces begin anew after the last; only here can one get there (EIP-2681). */
function wrapNonce(state: LedgerState, sender: Address): void {
  const account = state.account(keyOfHex(sender))
  if (account !== undefined && account.nonce >= 2n ** 64n) state.setAccount(keyOfHex(sender), { ...account, nonce: 0n })
}

/** As geth makes it: of type 2 unless a price says 0, with a signature of zeros. */
function unsignedOf({ common }: Machine, call: SimulateCall, nonce: bigint, gasLimit: bigint): TypedTransaction {
  const { to, value, data, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = call
  const accessList = (call.accessList ?? []).map(({ address, keys }) => ({ address, storageKeys: [...keys] }))
  const fields = { value, data, ...(to !== undefined && { to }) }
  const fees = { chainId: common.chainId(), accessList, maxFeePerGas, maxPriorityFeePerGas }
  const settings = { common, freeze: false }
  const transaction = unsignedOfType(call, { ...fields, ...fees, maxPriorityFeePerGas: 0n }, settings)
  // Set afterwards, since what is beyond the rules for signed ones (EIP-7825, 2681) is what may be tried here.
  const own = { nonce, gasLimit, ...(transaction.type > 1 && { maxPriorityFeePerGas }) }
  const sender = createAddressFromString(call.from)
  return Object.assign(transaction, own, {
    getSenderAddress: () => sender,
    hash: () => keccak256(transaction.serialize()),
  }) as TypedTransaction
}

type Fields = Parameters<typeof createTx>[0]
type Settings = { readonly common: Machine['common']; readonly freeze: boolean }

/** ethereumjs wants somebody who can check blobs; none come with a call, only their hashes. */
function knowingBlobs(common: Machine['common']): Machine['common'] {
  const copy = common.copy()
  const { customCrypto } = copy
  return Object.assign(copy, { customCrypto: { ...customCrypto, kzg: customCrypto.kzg ?? {} } })
}

function unsignedOfType(call: SimulateCall, fields: Fields, settings: Settings): TypedTransaction {
  const { gasPrice, blobVersionedHashes, maxFeePerBlobGas = 0n } = call
  const { to, value, data } = fields as { to?: Address; value: bigint; data: Uint8Array }
  const plain = { value, data, ...(to !== undefined && { to }) }
  try {
    if (gasPrice !== undefined || !settings.common.isActivatedEIP(1559)) {
      return createTx({ ...plain, type: 0, gasPrice: gasPrice ?? 0n }, settings)
    }
    if (blobVersionedHashes === undefined) return createTx({ ...fields, type: 2 } as Fields, settings)
    const blobs = { blobVersionedHashes: [...blobVersionedHashes], maxFeePerBlobGas }
    return createTx({ ...fields, ...blobs, type: 3 } as Fields, { ...settings, common: knowingBlobs(settings.common) })
  } catch (error) {
    // What no transaction can be: blobs without a receiver, hashes of another version.
    throw refuse(simulateCodes.paramsWrong, `this call can be no transaction: ${(error as Error).message}`)
  }
}
