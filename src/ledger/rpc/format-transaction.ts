// Transactions of types 0 to 4 as execution-apis `TransactionInfo` has them, in a block or waiting.

import { isAccessList2930Tx, isBlob4844Tx, isEOACode7702Tx, isLegacyTx, type TypedTransaction } from '@ethereumjs/tx'
import type { Header } from '../chain/types.ts'
import type { Address } from '../types.ts'
import { bytes, bytesToBigint, quantity } from './hex.ts'

type Json = Record<string, unknown>

export interface Place {
  readonly header: Header
  readonly index: number
}

export function transactionJson(transaction: TypedTransaction, sender: Address | undefined, place?: Place): Json {
  return {
    blockHash: place?.header.hash ?? null,
    blockNumber: place === undefined ? null : quantity(place.header.height),
    blockTimestamp: place === undefined ? null : quantity(place.header.timestamp),
    transactionIndex: place === undefined ? null : quantity(place.index),
    from: sender ?? transaction.getSenderAddress().toString(),
    hash: bytes(transaction.hash()),
    type: quantity(transaction.type),
    nonce: quantity(transaction.nonce),
    to: transaction.to === undefined ? null : bytes(transaction.to.bytes),
    gas: quantity(transaction.gasLimit),
    value: quantity(transaction.value),
    input: bytes(transaction.data),
    ...priceJson(transaction, place?.header),
    ...typedJson(transaction),
    v: quantity(transaction.v ?? 0n),
    r: quantity(transaction.r ?? 0n),
    s: quantity(transaction.s ?? 0n),
  }
}

/** What it pays for gas: in a block what it really paid, before that what it pays at most. */
function priceJson(transaction: TypedTransaction, header: Header | undefined): Json {
  if (isLegacyTx(transaction) || isAccessList2930Tx(transaction)) {
    return { gasPrice: quantity(transaction.gasPrice) }
  }
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction
  return {
    gasPrice: quantity(
      header === undefined ? maxFeePerGas : effectiveGasPrice(transaction, header.baseFeePerGas ?? 0n),
    ),
    maxFeePerGas: quantity(maxFeePerGas),
    maxPriorityFeePerGas: quantity(maxPriorityFeePerGas),
  }
}

/** EIP-1559: the base fee, and the tip as far as the highest fee leaves room. */
export function effectiveGasPrice(transaction: TypedTransaction, baseFee: bigint): bigint {
  if (isLegacyTx(transaction) || isAccessList2930Tx(transaction)) return transaction.gasPrice
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction
  const asked = baseFee + maxPriorityFeePerGas
  if (asked < maxFeePerGas) return asked
  return maxFeePerGas
}

function typedJson(transaction: TypedTransaction): Json {
  if (isLegacyTx(transaction)) {
    // EIP-155: v = chainId * 2 + 35 or 36.
    const { v = 0n } = transaction
    return v >= 35n ? { chainId: quantity((v - 35n) / 2n) } : {}
  }
  return {
    chainId: quantity(transaction.chainId),
    accessList: accessListJson(transaction.accessList),
    yParity: quantity(transaction.v ?? 0n),
    ...(isBlob4844Tx(transaction) && {
      maxFeePerBlobGas: quantity(transaction.maxFeePerBlobGas),
      blobVersionedHashes: transaction.blobVersionedHashes,
    }),
    ...(isEOACode7702Tx(transaction) && { authorizationList: transaction.authorizationList.map(authorizationJson) }),
  }
}

type ListBytes = Extract<TypedTransaction, { accessList: unknown }>['accessList']

function accessListJson(list: ListBytes): readonly Json[] {
  return list.map(([address, keys]) => ({ address: bytes(address), storageKeys: keys.map(bytes) }))
}

type Authorization = Extract<TypedTransaction, { authorizationList: unknown }>['authorizationList'][number]

function authorizationJson([chainId, address, nonce, yParity, r, s]: Authorization): Json {
  return {
    chainId: quantity(bytesToBigint(chainId)),
    address: bytes(address),
    nonce: quantity(bytesToBigint(nonce)),
    yParity: quantity(bytesToBigint(yParity)),
    r: quantity(bytesToBigint(r)),
    s: quantity(bytesToBigint(s)),
  }
}
