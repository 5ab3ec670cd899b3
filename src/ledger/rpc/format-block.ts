// Blocks as execution-apis `Block` has them. Fields that came with a later fork are there where the header has them.

import type { FullBlock, Header, HeaderFields, Withdrawal } from '../chain/types.ts'
import { transactionJson } from './format-transaction.ts'
import { bytes, quantity } from './hex.ts'

type Json = Record<string, unknown>

function fieldsJson(fields: HeaderFields): Json {
  return {
    parentHash: fields.parentHash,
    sha3Uncles: fields.unclesHash,
    miner: fields.coinbase,
    stateRoot: fields.stateRoot,
    transactionsRoot: fields.transactionsRoot,
    receiptsRoot: fields.receiptsRoot,
    logsBloom: bytes(fields.logsBloom),
    difficulty: quantity(fields.difficulty),
    number: quantity(fields.number),
    gasLimit: quantity(fields.gasLimit),
    gasUsed: quantity(fields.gasUsed),
    timestamp: quantity(fields.timestamp),
    extraData: bytes(fields.extraData),
    mixHash: fields.mixHash,
    nonce: bytes(fields.nonce),
    ...laterJson(fields),
  }
}

/** EIP-1559, 4895, 4844, 4788, 7685. */
function laterJson(fields: HeaderFields): Json {
  const { baseFeePerGas, withdrawalsRoot, blobGasUsed, excessBlobGas, parentBeaconBlockRoot, requestsHash } = fields
  return {
    ...(baseFeePerGas !== undefined && { baseFeePerGas: quantity(baseFeePerGas) }),
    ...(withdrawalsRoot !== undefined && { withdrawalsRoot }),
    ...(blobGasUsed !== undefined && { blobGasUsed: quantity(blobGasUsed) }),
    ...(excessBlobGas !== undefined && { excessBlobGas: quantity(excessBlobGas) }),
    ...(parentBeaconBlockRoot !== undefined && { parentBeaconBlockRoot }),
    ...(requestsHash !== undefined && { requestsHash }),
  }
}

/** As `newHeads` has it. */
export function headerJson(header: Header): Json {
  return { ...fieldsJson(header.fields), hash: header.hash }
}

export function blockJson(block: FullBlock, full: boolean): Json {
  return {
    ...headerJson(block.header),
    size: quantity(block.bytes.length),
    transactions: full ? fullTransactions(block) : block.transactions.map((transaction) => bytes(transaction.hash())),
    uncles: block.uncles,
    ...(block.withdrawals !== undefined && { withdrawals: block.withdrawals.map(withdrawalJson) }),
  }
}

function fullTransactions(block: FullBlock): readonly Json[] {
  return block.transactions.map((transaction, index) =>
    transactionJson(transaction, block.senders[index], { header: block.header, index }),
  )
}

function withdrawalJson({ index, validatorIndex, address, amount }: Withdrawal): Json {
  return {
    index: quantity(index),
    validatorIndex: quantity(validatorIndex),
    address,
    amount: quantity(amount),
  }
}
