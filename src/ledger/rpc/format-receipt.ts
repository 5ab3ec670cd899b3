// Receipts and logs as execution-apis `ReceiptInfo` and `Log` have them.

import { encode } from '@ethereumjs/rlp'
import { concatBytes } from '../../base/bytes.ts'
import type { FoundLog, FullBlock } from '../chain/types.ts'
import type { LogEntry, Receipt } from '../evm/types.ts'
import type { Hash } from '../types.ts'
import { bytes, type Hex, quantity } from './hex.ts'

type Json = Record<string, unknown>

/** All receipts of one block: a log's index counts from the start of its block. `blobGasPrice` is that of the block. */
export function receiptsJson(block: FullBlock, receipts: readonly Receipt[], blobGasPrice: bigint): readonly Json[] {
  let logsBefore = 0
  return receipts.map((receipt, index) => {
    const json = receiptJson({ block, receipt, index, logsBefore, blobGasPrice })
    logsBefore += receipt.logs.length
    return json
  })
}

export interface ReceiptPlace {
  readonly block: FullBlock
  readonly receipt: Receipt
  readonly index: number
  readonly logsBefore: number
  readonly blobGasPrice: bigint
}

export function receiptJson({ block, receipt, index, logsBefore, blobGasPrice }: ReceiptPlace): Json {
  const { header } = block
  const transaction = block.transactions[index]
  const hash = bytes(transaction?.hash() ?? new Uint8Array()) as Hash
  return {
    blockHash: header.hash,
    blockNumber: quantity(header.height),
    transactionHash: hash,
    transactionIndex: quantity(index),
    type: quantity(receipt.type),
    from: block.senders[index],
    to: transaction?.to === undefined ? null : bytes(transaction.to.bytes),
    contractAddress: receipt.contractAddress ?? null,
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    gasUsed: quantity(receipt.gasUsed),
    effectiveGasPrice: quantity(receipt.effectiveGasPrice),
    logs: receipt.logs.map((log, at) =>
      logJson({
        ...log,
        block: header.hash,
        height: header.height,
        timestamp: header.timestamp,
        transaction: hash,
        transactionIndex: index,
        logIndex: logsBefore + at,
      }),
    ),
    logsBloom: bytes(receipt.bloom),
    ...statusJson(receipt),
    ...(receipt.blobGasUsed !== undefined &&
      receipt.blobGasUsed > 0n && {
        blobGasUsed: quantity(receipt.blobGasUsed),
        blobGasPrice: quantity(blobGasPrice),
      }),
  }
}

/** Before Byzantium (EIP-658) a receipt held the root of the state after it. */
function statusJson(receipt: Receipt): Json {
  const { postState, succeeded } = receipt
  return postState === undefined ? { status: succeeded ? '0x1' : '0x0' } : { root: postState }
}

export function logJson(log: FoundLog): Json {
  return {
    address: log.address,
    topics: log.topics,
    data: bytes(log.data),
    blockHash: log.block,
    blockNumber: quantity(log.height),
    blockTimestamp: quantity(log.timestamp),
    transactionHash: log.transaction,
    transactionIndex: quantity(log.transactionIndex),
    logIndex: quantity(log.logIndex),
    removed: false,
  }
}

/** Consensus encoding (EIP-2718, EIP-658). */
export function rawReceipt(receipt: Receipt): Hex {
  const status = receipt.postState ?? (receipt.succeeded ? '0x01' : '0x')
  const rlp = encode([status, quantityBytes(receipt.cumulativeGasUsed), receipt.bloom, receipt.logs.map(rawLog)])
  return bytes(receipt.type === 0 ? rlp : concatBytes(Uint8Array.of(receipt.type), rlp))
}

function rawLog({ address, topics, data }: LogEntry) {
  return [address, [...topics], data]
}

/** RLP numbers are without leading zeros, and zero is no byte at all. */
function quantityBytes(value: bigint): string {
  if (value === 0n) return '0x'
  const digits = value.toString(16)
  return `0x${digits.length % 2 === 0 ? digits : `0${digits}`}`
}
