// A whole block on the state of its parent: system calls, transactions in order, withdrawals, requests, and what follows for the
// header. Nothing is kept; the layer that comes out can be.

import type { TypedTransaction } from '@ethereumjs/tx'
import { generateAddress } from '@ethereumjs/util'
import { encodeReceipt, type RunTxResult, runTx } from '@ethereumjs/vm'
import type { Hash } from '../types.ts'
import { addressOf, hashOf } from './account-wire.ts'
import { type AdmissionCode, blobGasOf, effectiveGasPrice, whyNot } from './admission.ts'
import { evmErrors } from './errors.ts'
import { finishLayer } from './layer.ts'
import { createMachine, type Machine, type MachineOptions } from './machine.ts'
import { bigintToBytes } from './rlp.ts'
import { recoverSenders } from './senders.ts'
import { LedgerState } from './state-manager.ts'
import type { StateStore } from './state-store.ts'
import type { Hashes, StateLayer, StateView } from './states.ts'
import { beforeTransactions, payWithdrawals, requestsHash } from './system-calls.ts'
import { rootOfList } from './trie.ts'
import type { BlockEnvironment, Executed, ExecuteOptions, LogEntry, Receipt } from './types.ts'

export interface ExecutionParts {
  readonly machine: MachineOptions
  readonly store: StateStore
  readonly hashes: Hashes
}

/** A state on `view`, whose root can be asked for in the middle of a block (receipts before Byzantium hold it). */
export function stateOn({ store, hashes }: ExecutionParts, view: StateView): LedgerState {
  return new LedgerState(view, (state) => finishLayer({ store, hashes }, state, noParent, view.height + 1).root)
}

const noParent = `0x${'00'.repeat(32)}` as Hash

/** Votes and questions come between: some 20 ms. */
const transactionsPerBreath = 32
const breath = () => new Promise((resolve) => setImmediate(resolve))

interface Progress {
  readonly receipts: Receipt[]
  readonly encoded: Uint8Array[]
  readonly transactions: TypedTransaction[]
  readonly skipped: { transaction: TypedTransaction; code: string }[]
  readonly bloom: Uint8Array
  gasUsed: bigint
  /** What receipts count: less than `gasUsed` in forks where refunds do not make room (EIP-7778). */
  cumulative: bigint
  blobGasUsed: bigint
  bytes: number
}

export async function executeBlock(
  parts: ExecutionParts,
  view: StateView,
  environment: BlockEnvironment,
  transactions: readonly TypedTransaction[],
  options: ExecuteOptions = {},
): Promise<Executed> {
  const state = stateOn(parts, view)
  const machine = await createMachine(parts.machine, environment, state)
  const senders = recoverSenders(transactions)
  await beforeTransactions(machine.vm, environment)
  const progress: Progress = {
    receipts: [],
    encoded: [],
    transactions: [],
    skipped: [],
    bloom: new Uint8Array(256),
    gasUsed: 0n,
    cumulative: 0n,
    blobGasUsed: 0n,
    bytes: 0,
  }
  for (const [index, transaction] of transactions.entries()) {
    options.signal?.throwIfAborted()
    if (options.isFull?.(progress.gasUsed, progress.bytes) === true) break
    await include(machine, state, transaction, senders[index], progress, options, index)
    if (index % transactionsPerBreath === transactionsPerBreath - 1) await breath()
    if (options.isFull !== undefined) progress.bytes += transaction.serialize().length
  }
  await payWithdrawals(machine.vm, environment)
  const requests = await requestsHash(machine.vm, logsOf(progress.receipts))
  const layer = finishLayer(parts, state, environment.parent, environment.height)
  return executed(progress, layer, requests)
}

function executed(progress: Progress, layer: StateLayer, requests: Hash | undefined): Executed {
  return {
    stateRoot: hashOf(layer.root),
    receiptsRoot: hashOf(rootOfList(progress.encoded)),
    logsBloom: progress.bloom,
    gasUsed: progress.gasUsed,
    blobGasUsed: progress.blobGasUsed,
    requestsHash: requests,
    receipts: progress.receipts,
    transactions: progress.transactions,
    skipped: progress.skipped,
    layer,
  }
}

async function include(
  machine: Machine,
  state: LedgerState,
  transaction: TypedTransaction,
  sender: Uint8Array | undefined,
  progress: Progress,
  options: ExecuteOptions,
  index: number,
): Promise<void> {
  const code = sender === undefined ? 'signature_invalid' : whyNot(machine, state, transaction, sender, progress)
  if (code !== undefined) return leaveOut(transaction, code, progress, options, index)
  let result: RunTxResult
  try {
    result = await runTx(machine.vm, { tx: transaction, block: machine.block, blockGasUsed: progress.cumulative })
  } catch (error) {
    // runTx takes back one checkpoint, however deep in the call stack the error came from.
    state.abandon()
    machine.evm.journal.cleanJournal()
    machine.evm.transientStorage.clear()
    return leaveOut(transaction, 'unusable', progress, options, index, error)
  }
  addResult(machine, transaction, sender as Uint8Array, result, progress)
}

function leaveOut(
  transaction: TypedTransaction,
  code: AdmissionCode,
  progress: Progress,
  options: ExecuteOptions,
  index: number,
  cause?: unknown,
): void {
  if (options.skipInvalid === true) {
    progress.skipped.push({ transaction, code })
    return
  }
  throw evmErrors.transaction_invalid(`Transaction ${index} can’t be in this block: ${code.replaceAll('_', ' ')}.`, {
    details: { index, code },
    cause,
  })
}

function addResult(
  { block, common }: Machine,
  transaction: TypedTransaction,
  sender: Uint8Array,
  result: RunTxResult,
  progress: Progress,
): void {
  progress.gasUsed += result.blockGasSpent
  progress.cumulative += result.totalGasSpent
  const blobGas = blobGasOf(common, transaction)
  progress.blobGasUsed += blobGas
  const bloom = result.bloom.bitvector
  for (let at = 0; at < 256; at++) progress.bloom[at] = (progress.bloom[at] ?? 0) | (bloom[at] ?? 0)
  progress.transactions.push(transaction)
  progress.encoded.push(encodeReceipt(result.receipt, transaction.type))
  progress.receipts.push({
    type: transaction.type,
    succeeded: result.execResult.exceptionError === undefined,
    gasUsed: result.totalGasSpent,
    cumulativeGasUsed: progress.cumulative,
    logs: (result.execResult.logs ?? []).map(([address, topics, data]) => ({
      address: addressOf(address),
      topics: topics.map(hashOf),
      data,
    })),
    bloom,
    contractAddress: createdBy(transaction, sender),
    effectiveGasPrice: effectiveGasPrice(transaction, block.header.baseFeePerGas),
    blobGasUsed: transaction.type === 3 ? blobGas : undefined,
    ...('stateRoot' in result.receipt && { postState: hashOf(result.receipt.stateRoot) }),
  })
}

function createdBy(transaction: TypedTransaction, sender: Uint8Array) {
  if (transaction.to !== undefined) return undefined
  return addressOf(generateAddress(sender, bigintToBytes(transaction.nonce)))
}

function* logsOf(receipts: readonly Receipt[]): Generator<LogEntry> {
  for (const receipt of receipts) yield* receipt.logs
}
