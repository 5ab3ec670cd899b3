// eth_simulateV1: blocks with calls on top of a block, as if they were proposed. Numbers and times that are not given follow
// from the block before, gaps are filled with empty blocks; each block is hashed, so that calls see it by BLOCKHASH.

import { encodeBlock } from '../../chain/block-wire.ts'
import { headerOf } from '../../chain/header-wire.ts'
import type { Header, HeaderFields } from '../../chain/types.ts'
import type { SimulateBlock, SimulatedBlock, SimulatedCall } from '../../evm/types.ts'
import type { Hash } from '../../types.ts'
import type { Context, Methods } from '../context.ts'
import { nextBaseFee, nextExcessBlobGas } from '../fee-core.ts'
import { headerJson } from '../format-block.ts'
import { logJson } from '../format-receipt.ts'
import { transactionJson } from '../format-transaction.ts'
import { bytes, quantity } from '../hex.ts'
import { callTimeMsMax } from '../limits.ts'
import { latest, type Params, parseBlock } from '../parse.ts'
import { environmentOf, stateOf } from '../resolve.ts'
import { revertReason } from '../revert-core.ts'
import { type PlannedBlock, parseSimulation, plannedBlocks, type SimulationParams } from '../simulate-plan.ts'

interface Made {
  readonly header: Header
  readonly bytes: Uint8Array
  readonly block: SimulatedBlock
}

const codes = { vm: -32015, reverted: 3 } as const

async function simulate(params: Params, { chain }: Context): Promise<unknown> {
  const wanted = params.required(0, parseSimulation)
  const { header: base } = await stateOf(chain, params.optional(1, parseBlock, latest))
  const plan = plannedBlocks(wanted, base)
  const { validation, traceTransfers } = wanted
  const simulation = chain.world.simulation(base.hash, { validation, traceTransfers, timeMsMax: callTimeMsMax })
  const made: Made[] = []
  for (const planned of plan) {
    const fields = fieldsBefore(made.at(-1)?.header ?? base, planned, wanted)
    const block = await simulation.run(blockOf(chain, base, made, fields, planned))
    made.push(finished(fields, block))
  }
  return made.map((one) => blockJson(one, wanted))
}

const zeroHash = `0x${'00'.repeat(32)}` as Hash

/** What a header says before its block has run. What is not given is as in the block before. */
function fieldsBefore(
  parent: Header,
  { overrides, number, time }: PlannedBlock,
  { validation }: SimulationParams,
): HeaderFields {
  const { baseFeePerGas, withdrawalsRoot, blobGasUsed, excessBlobGas, parentBeaconBlockRoot, requestsHash, ...before } =
    parent.fields
  const fee = overrides.baseFeePerGas ?? (validation ? nextBaseFee(parent) : 0n)
  return {
    ...before,
    parentHash: parent.hash,
    number: BigInt(number),
    timestamp: time,
    gasLimit: overrides.gasLimit ?? before.gasLimit,
    coinbase: overrides.coinbase ?? before.coinbase,
    mixHash: overrides.prevRandao ?? zeroHash,
    extraData: new Uint8Array(0),
    nonce: new Uint8Array(8),
    ...(baseFeePerGas !== undefined && { baseFeePerGas: fee }),
    ...(withdrawalsRoot !== undefined && { withdrawalsRoot: emptyTrieRoot }),
    ...(blobGasUsed !== undefined && { blobGasUsed: 0n }),
    ...(excessBlobGas !== undefined && { excessBlobGas: nextExcessBlobGas(excessBlobGas, blobGasUsed ?? 0n) }),
    ...(parentBeaconBlockRoot !== undefined && { parentBeaconBlockRoot: overrides.beaconRoot ?? zeroHash }),
    ...(requestsHash !== undefined && { requestsHash }),
  }
}

/** keccak-256 of the RLP of nothing. */
const emptyTrieRoot = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421' as Hash

function blockOf(
  chain: Context['chain'],
  base: Header,
  made: readonly Made[],
  fields: HeaderFields,
  { state, calls, overrides }: PlannedBlock,
): SimulateBlock {
  // Only what the EVM asks of a header; its hash is not known yet.
  const environment = environmentOf(chain, headerOf(fields, false))
  const own = new Map([base, ...made.map(({ header }) => header)].map(({ height, hash }) => [height, hash]))
  return {
    environment: {
      ...environment,
      withdrawals: fields.withdrawalsRoot === undefined ? undefined : [],
      blockHash: async (height) =>
        height < environment.height && height >= environment.height - 256
          ? (own.get(height) ?? environment.blockHash(height))
          : undefined,
    },
    overrides: state,
    calls,
    blobBaseFee: overrides.blobBaseFee,
  }
}

function finished(before: HeaderFields, block: SimulatedBlock): Made {
  const { stateRoot, transactionsRoot, receiptsRoot, logsBloom, gasUsed, blobGasUsed, requestsHash } = block
  const results = { stateRoot, transactionsRoot, receiptsRoot, logsBloom, gasUsed }
  const blobs = before.blobGasUsed === undefined ? {} : { blobGasUsed }
  const header = headerOf(
    { ...before, ...results, ...blobs, ...(requestsHash !== undefined && { requestsHash }) },
    false,
  )
  const transactions = block.calls.map(({ transaction }) => transaction)
  const withdrawals = before.withdrawalsRoot === undefined ? undefined : []
  return { header, bytes: encodeBlock(header.fields, transactions, withdrawals), block }
}

// ---- answers

function blockJson({ header, bytes: encoded, block }: Made, { fullTransactions }: SimulationParams): unknown {
  return {
    ...headerJson(header),
    size: quantity(encoded.length),
    transactions: block.calls.map(({ transaction, sender }, index) =>
      fullTransactions ? transactionJson(transaction, sender, { header, index }) : bytes(transaction.hash()),
    ),
    uncles: [],
    ...(header.fields.withdrawalsRoot !== undefined && { withdrawals: [] }),
    calls: block.calls.map((call, index) => callJson(call, header, index)),
  }
}

function callJson(call: SimulatedCall, header: Header, transactionIndex: number): unknown {
  const { outcome, gasUsed, gasUsedMax, transaction } = call
  const place = { block: header.hash, height: header.height, timestamp: header.timestamp, transactionIndex }
  const hash = bytes(transaction.hash()) as Hash
  return {
    returnData: outcome.kind === 'returned' ? bytes(outcome.data) : '0x',
    logs: call.logs.map((log) => logJson({ ...log, ...place, transaction: hash })),
    gasUsed: quantity(gasUsed),
    maxUsedGas: quantity(gasUsedMax),
    status: outcome.kind === 'returned' ? '0x1' : '0x0',
    ...(outcome.kind !== 'returned' && { error: errorJson(outcome) }),
  }
}

function errorJson(outcome: Exclude<SimulatedCall['outcome'], { kind: 'returned' }>): unknown {
  if (outcome.kind === 'failed') return { code: codes.vm, message: outcome.reason }
  if (outcome.kind !== 'reverted') return undefined
  const reason = revertReason(outcome.data)
  const message = reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`
  return { code: codes.reverted, message, data: bytes(outcome.data) }
}

export const simulateMethods: Methods = {
  eth_simulateV1: { paramsMax: 2, heavy: true, run: simulate },
}
