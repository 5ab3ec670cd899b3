// Receipts as they lie on disk: what can't be had from the block. Bloom filters, the gas of each transaction, addresses of
// contracts and prices follow from the rest. Only what this program wrote is read: it is no format between computers.
//
//   RLP [ [flags, cumulative gas, [ [address, [topic], data] ]] ]      flags: 1 succeeded, 2 made a contract
//
// Of foreign chains before Byzantium, the root of the state after the transaction follows.

import type { FeeMarket1559Tx, LegacyTx, TypedTransaction } from '@ethereumjs/tx'
import type { LogEntry, Receipt } from '../evm/types.ts'
import type { Address, Hash } from '../types.ts'
import { addressOfBytes, bytesOfHex, bytesOfNumber, hashOfBytes, keccak, numberOfBytes } from './header-wire.ts'
import { bloomOf } from './log-index-core.ts'
import { decodeRlp, encodeRlp, type RlpItem } from './rlp-wire.ts'

/** EIP-4844. */
const gasPerBlob = 131_072n

export function encodeReceipts(receipts: readonly Receipt[]): Uint8Array {
  return encodeRlp(
    receipts.map(({ succeeded, contractAddress, cumulativeGasUsed, logs, postState }) => [
      bytesOfNumber((succeeded ? 1n : 0n) + (contractAddress === undefined ? 0n : 2n)),
      bytesOfNumber(cumulativeGasUsed),
      logs.map(({ address, topics, data }) => [bytesOfHex(address), topics.map(bytesOfHex), data]),
      ...(postState === undefined ? [] : [bytesOfHex(postState)]),
    ]),
  )
}

export interface ReceiptSource {
  readonly transactions: readonly TypedTransaction[]
  readonly senders: readonly Address[]
  readonly baseFeePerGas: bigint | undefined
}

/** Undefined for what does not fit the block. */
export function decodeReceipts(bytes: Uint8Array, source: ReceiptSource): readonly Receipt[] | undefined {
  const stored = storedReceipts(bytes)
  if (stored?.length !== source.transactions.length) return undefined
  let before = 0n
  return stored.map(({ flags, cumulativeGasUsed, logs, postState }, place) => {
    const transaction = source.transactions[place] as TypedTransaction
    const gasUsed = cumulativeGasUsed - before
    before = cumulativeGasUsed
    const made = (flags & 2n) === 0n ? undefined : createdAddress(source.senders[place] as Address, transaction.nonce)
    return {
      type: transaction.type,
      succeeded: (flags & 1n) === 1n,
      gasUsed,
      cumulativeGasUsed,
      logs,
      bloom: bloomOf(logs),
      contractAddress: made,
      effectiveGasPrice: priceOf(transaction, source.baseFeePerGas ?? 0n),
      blobGasUsed: 'blobVersionedHashes' in transaction ? BigInt(transaction.numBlobs()) * gasPerBlob : undefined,
      ...(postState !== undefined && { postState }),
    }
  })
}

/** The logs alone, a list for each transaction: what a search looks into. */
export function decodeLogs(bytes: Uint8Array): readonly (readonly LogEntry[])[] | undefined {
  return storedReceipts(bytes)?.map(({ logs }) => logs)
}

interface Stored {
  readonly flags: bigint
  readonly cumulativeGasUsed: bigint
  readonly logs: readonly LogEntry[]
  readonly postState: Hash | undefined
}

function storedReceipts(bytes: Uint8Array): readonly Stored[] | undefined {
  const items = decodeRlp(bytes)
  if (!Array.isArray(items)) return undefined
  const receipts: Stored[] = []
  for (const item of items) {
    const [flags, cumulative, logs, root] = Array.isArray(item) ? item : []
    if (!(flags instanceof Uint8Array) || !(cumulative instanceof Uint8Array) || !Array.isArray(logs)) return undefined
    const entries = logs.map(logOf).filter((entry) => entry !== undefined)
    if (entries.length !== logs.length) return undefined
    const postState = root instanceof Uint8Array && root.length === 32 ? hashOfBytes(root) : undefined
    receipts.push({
      flags: numberOfBytes(flags),
      cumulativeGasUsed: numberOfBytes(cumulative),
      logs: entries,
      postState,
    })
  }
  return receipts
}

function logOf(item: RlpItem): LogEntry | undefined {
  const [address, topics, data] = Array.isArray(item) ? item : []
  if (!(address instanceof Uint8Array) || !Array.isArray(topics) || !(data instanceof Uint8Array)) return undefined
  const words = topics.filter((topic) => topic instanceof Uint8Array).map(hashOfBytes)
  return { address: addressOfBytes(address), topics: words, data: Uint8Array.from(data) }
}

/** Yellow Paper §7: of a transaction without a receiver. */
export function createdAddress(sender: Address, nonce: bigint): Address {
  return `0x${keccak(encodeRlp([bytesOfHex(sender), bytesOfNumber(nonce)])).slice(26)}` as Address
}

/** What it pays per gas in a block with this base fee (EIP-1559). */
export function priceOf(transaction: TypedTransaction, baseFeePerGas: bigint): bigint {
  if (transaction.type < 2) return (transaction as LegacyTx).gasPrice
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction as FeeMarket1559Tx
  const wanted = baseFeePerGas + maxPriorityFeePerGas
  if (wanted < maxFeePerGas) return wanted
  return maxFeePerGas
}
