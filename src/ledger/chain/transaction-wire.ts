// Transactions as Ethereum writes them (EIP-2718): types 0 to 4. What ethereumjs reads is read by our own RLP first, so that
// depth and form are known before its objects are made; whatever it throws becomes one code.

import type { Common } from '@ethereumjs/common'
import {
  create1559FeeMarketTxFromBytesArray,
  createAccessList2930TxFromBytesArray,
  createBlob4844TxFromBytesArray,
  createEOACode7702TxFromBytesArray,
  createLegacyTxFromBytesArray,
  type TypedTransaction,
} from '@ethereumjs/tx'
import { equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Hash } from '../types.ts'
import { poolErrors } from './errors.ts'
import { hashOfBytes } from './header-wire.ts'
import { transactionBytesMax } from './limits.ts'
import { decodeRlp, encodeRlp, type RlpItem } from './rlp-wire.ts'

type Create = (values: never, options: { common: Common }) => TypedTransaction

const typed: readonly Create[] = [
  createLegacyTxFromBytesArray,
  createAccessList2930TxFromBytesArray,
  create1559FeeMarketTxFromBytesArray,
  createBlob4844TxFromBytesArray,
  createEOACode7702TxFromBytesArray,
]

/** Of its own bytes, as `eth_sendRawTransaction` brings them. Throws `transaction_malformed`, `…_too_long`, `…_type_refused`. */
export function decodeTransaction(bytes: Uint8Array, common: Common): TypedTransaction {
  if (bytes.length > transactionBytesMax) {
    throw poolErrors.transaction_too_long(
      `The transaction has ${bytes.length} bytes; at most ${transactionBytesMax} are taken.`,
    )
  }
  const type = bytes[0] ?? 0
  if (type >= 0xc0) return written(create(decodeRlp(bytes), 0, common), bytes)
  if (type === 0 || type >= typed.length) {
    throw poolErrors.transaction_type_refused(`There are no transactions of type ${type} here.`)
  }
  return written(create(decodeRlp(bytes.subarray(1)), type, common), bytes)
}

/** What is known of transactions that wait: reading them again, and who signed them, is most of the work on a block. */
export type KnownTransaction = (hash: Hash) => TypedTransaction | undefined

/** Of an item of a block's list: a list is a legacy transaction, bytes are a typed one. */
export function transactionOfItem(item: RlpItem, common: Common, known?: KnownTransaction): TypedTransaction {
  if (item instanceof Uint8Array && (item[0] ?? 0xc0) >= 0xc0) {
    throw malformed('A list of transactions holds a legacy one as bytes.')
  }
  const bytes = item instanceof Uint8Array ? item : encodeRlp(item)
  return known?.(hashOfBytes(keccak256(bytes))) ?? decodeTransaction(bytes, common)
}

function create(items: RlpItem | undefined, type: number, common: Common): TypedTransaction {
  if (!Array.isArray(items)) throw malformed('The transaction is no RLP list.')
  let transaction: TypedTransaction
  try {
    transaction = (typed[type] as Create)(items as never, { common })
  } catch (error) {
    const words = sentenceOf(error)
    if (/chain ?id|EIP155/i.test(words)) throw otherChain(common)
    throw malformed(`The transaction can’t be read: ${words}.`)
  }
  if (!transaction.isSigned()) throw poolErrors.transaction_unsigned('The transaction is not signed.')
  return transaction
}

/** ethereumjs adds the whole transaction behind its words. */
function sentenceOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error)
  return words.split(/ \(|\n/)[0]?.slice(0, 200) ?? ''
}

function otherChain(common: Common) {
  const words = `The transaction is signed for another chain; this one has the chain id ${common.chainId()}.`
  return poolErrors.transaction_other_chain(words)
}

function malformed(sentence: string) {
  return poolErrors.transaction_malformed(sentence)
}

/** As it is sent, and what its hash is made of. */
export function bytesOfTransaction(transaction: TypedTransaction): Uint8Array {
  return facts.get(transaction)?.bytes ?? transaction.serialize()
}

export function transactionHash(transaction: TypedTransaction): Hash {
  return facts.get(transaction)?.hash ?? hashOfBytes(transaction.hash())
}

/** The form within a block's list. */
export function itemOfTransaction(transaction: TypedTransaction): RlpItem {
  return (transaction.type === 0 ? transaction.raw() : bytesOfTransaction(transaction)) as RlpItem
}

/** ethereumjs writes a transaction anew whenever it is asked, 40 µs each. */
const facts = new WeakMap<TypedTransaction, { readonly bytes: Uint8Array; readonly hash: Hash }>()

/** ethereumjs takes some numbers with leading zeros, which are another hash for the same transaction. */
function written(transaction: TypedTransaction, bytes: Uint8Array): TypedTransaction {
  const own = transaction.serialize()
  if (!equalBytes(own, bytes)) throw malformed('The transaction is not written the only way.')
  facts.set(transaction, { bytes: own, hash: hashOfBytes(keccak256(own)) })
  return transaction
}
