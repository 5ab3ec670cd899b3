// Blocks as Ethereum writes them (Yellow Paper §4.4, EIP-4895): header, transactions, uncles (none since the merge), withdrawals
// since Shanghai. Strict: what is read is written back byte by byte the same. Whether a block is valid is said by rules.ts.

import type { Common } from '@ethereumjs/common'
import type { TypedTransaction } from '@ethereumjs/tx'
import { blockErrors } from './errors.ts'
import {
  addressOfBytes,
  bytesOfHex,
  bytesOfNumber,
  fieldsOf,
  headerItems,
  headerOf,
  numberOfBytes,
} from './header-wire.ts'
import { blockTransactionsMax } from './limits.ts'
import { decodeRlp, encodeRlp, type RlpItem } from './rlp-wire.ts'
import { itemOfTransaction, type KnownTransaction, transactionOfItem } from './transaction-wire.ts'
import type { Header, HeaderFields, Withdrawal } from './types.ts'

export interface BlockParts {
  readonly header: Header
  readonly transactions: readonly TypedTransaction[]
  readonly uncles: readonly HeaderFields[]
  readonly withdrawals: readonly Withdrawal[] | undefined
}

export interface OuterParts {
  readonly header: Header
  readonly transactionItems: readonly RlpItem[]
  readonly uncles: readonly HeaderFields[]
  readonly withdrawals: readonly Withdrawal[] | undefined
}

/** Yellow Paper eq. 33; of blocks before the merge. */
const unclesMax = 2

/** How transactions are read: the fork in force at the header, and whether chains of ours are meant. */
export interface Reading {
  readonly ours: boolean
  readonly bytesMax: number
  commonAt(header: HeaderFields): Common
  readonly known?: KnownTransaction
}

/** Header and form, transactions unread. Throws `block_malformed`, `block_too_long`. */
export function decodeOuter(bytes: Uint8Array, reading: Pick<Reading, 'ours' | 'bytesMax'>): OuterParts {
  if (bytes.length > reading.bytesMax) {
    throw blockErrors.block_too_long(`The block has ${bytes.length} bytes; at most ${reading.bytesMax} are allowed.`)
  }
  const items = decodeRlp(bytes)
  if (!Array.isArray(items) || items.length < 3 || items.length > 4) throw malformed('is no list of three or four')
  const [header, transactions, uncles, withdrawals] = items
  if (header === undefined || !Array.isArray(transactions)) throw malformed('has no list of transactions')
  if (transactions.length > blockTransactionsMax) throw malformed('has too many transactions')
  if (!Array.isArray(uncles) || uncles.length > (reading.ours ? 0 : unclesMax)) throw malformed('has uncles')
  if (reading.ours && Array.isArray(withdrawals) && withdrawals.length > 0) throw malformed('has withdrawals')
  const fields = fieldsOf(header)
  const hasWithdrawals = fields.withdrawalsRoot !== undefined
  if (hasWithdrawals !== (withdrawals !== undefined)) throw malformed('has withdrawals where there are none, or none')
  return {
    header: headerOf(fields, reading.ours),
    transactionItems: transactions,
    uncles: uncles.map(fieldsOf),
    withdrawals: withdrawals === undefined ? undefined : withdrawalsOf(withdrawals),
  }
}

/** Throws `block_malformed`, `block_too_long`, and what `decodeTransaction` throws. */
export function decodeBlock(bytes: Uint8Array, reading: Reading): BlockParts {
  const { header, transactionItems, uncles, withdrawals } = decodeOuter(bytes, reading)
  const common = reading.commonAt(header.fields)
  return {
    header,
    uncles,
    withdrawals,
    transactions: transactionItems.map((item) => transactionOfItem(item, common, reading.known)),
  }
}

export function encodeBlock(
  fields: HeaderFields,
  transactions: readonly TypedTransaction[],
  withdrawals: readonly Withdrawal[] | undefined,
): Uint8Array {
  const items: RlpItem[] = [headerItems(fields), transactions.map(itemOfTransaction), []]
  if (withdrawals !== undefined) items.push(withdrawals.map(itemOfWithdrawal))
  return encodeRlp(items)
}

/** RLP of an item of the list of withdrawals; also what the trie of their root holds (EIP-4895). */
export function itemOfWithdrawal(withdrawal: Withdrawal): RlpItem {
  const { index, validatorIndex, address, amount } = withdrawal
  return [bytesOfNumber(index), bytesOfNumber(validatorIndex), bytesOfHex(address), bytesOfNumber(amount)]
}

function withdrawalsOf(items: RlpItem): readonly Withdrawal[] {
  if (!Array.isArray(items) || items.length > 16) throw malformed('has withdrawals that are no list, or too many')
  return items.map((item) => {
    const parts = Array.isArray(item) && item.length === 4 ? item : []
    const [index, validatorIndex, address, amount] = parts.filter((part) => part instanceof Uint8Array)
    if (amount === undefined || address?.length !== 20) throw malformed('has a withdrawal that is none')
    return {
      index: uint64(index),
      validatorIndex: uint64(validatorIndex),
      address: addressOfBytes(address),
      amount: uint64(amount),
    }
  })
}

function uint64(bytes: Uint8Array | undefined): bigint {
  if (bytes === undefined || bytes.length > 8 || bytes[0] === 0) throw malformed('has a number that is none')
  return numberOfBytes(bytes)
}

function malformed(what: string) {
  return blockErrors.block_malformed(`The block ${what}.`)
}
