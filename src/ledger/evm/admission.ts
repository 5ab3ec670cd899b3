// Whether a transaction can run at all in this block, and if not, a code that says why. runTx of ethereumjs checks the same again,
// but only throws sentences.

import type { Common } from '@ethereumjs/common'
import { isBlob4844Tx, type TypedTransaction } from '@ethereumjs/tx'
import { type AccountRecord, emptyAccount, emptyCodeHash, keyOf } from './account-wire.ts'
import type { Machine } from './machine.ts'
import type { LedgerState } from './state-manager.ts'

export type AdmissionCode =
  | 'signature_invalid'
  | 'type_unsupported'
  | 'block_gas_exceeded'
  | 'blob_gas_exceeded'
  | 'gas_too_low'
  | 'fee_too_low'
  | 'blob_fee_too_low'
  | 'nonce_too_low'
  | 'nonce_too_high'
  | 'funds_too_low'
  | 'sender_not_person'
  | 'unusable'

/** What a block has taken already. */
export interface Taken {
  readonly gasUsed: bigint
  readonly blobGasUsed: bigint
}

/** Undefined: it can run. `sender` was recovered before. */
export function whyNot(
  { block, common }: Machine,
  state: LedgerState,
  transaction: TypedTransaction,
  sender: Uint8Array,
  taken: Taken,
): AdmissionCode | undefined {
  if (!supportsType(common, transaction)) return 'type_unsupported'
  if (taken.gasUsed + transaction.gasLimit > block.header.gasLimit) return 'block_gas_exceeded'
  if (transaction.gasLimit < transaction.getMinimumGasLimit()) return 'gas_too_low'
  if (common.isActivatedEIP(1559) && feeMax(transaction) < (block.header.baseFeePerGas ?? 0n)) return 'fee_too_low'
  if (isBlob4844Tx(transaction)) {
    if (transaction.maxFeePerBlobGas < block.header.getBlobGasPrice()) return 'blob_fee_too_low'
    const blobGas = blobGasOf(common, transaction)
    if (taken.blobGasUsed + blobGas > common.getBlobGasSchedule().maxBlobGasPerBlock) return 'blob_gas_exceeded'
  }
  const account = state.account(keyOf(sender)) ?? emptyAccount
  if (!isPerson(common, state, account)) return 'sender_not_person'
  if (transaction.nonce < account.nonce) return 'nonce_too_low'
  if (transaction.nonce > account.nonce) return 'nonce_too_high'
  return account.balance < costMax(common, transaction) ? 'funds_too_low' : undefined
}

function supportsType(common: Common, transaction: TypedTransaction): boolean {
  const eip = [0, 2930, 1559, 4844, 7702][transaction.type]
  return eip !== undefined && (eip === 0 || common.isActivatedEIP(eip))
}

/** EIP-3607, and the exception of EIP-7702: code that says where to find code. */
function isPerson(common: Common, state: LedgerState, account: AccountRecord): boolean {
  if (keyOf(account.codeHash) === keyOf(emptyCodeHash)) return true
  const code = state.code(account.codeHash)
  return common.isActivatedEIP(7702) && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00
}

export function feeMax(transaction: TypedTransaction): bigint {
  return 'maxFeePerGas' in transaction ? transaction.maxFeePerGas : transaction.gasPrice
}

export function blobGasOf(common: Common, transaction: TypedTransaction): bigint {
  return isBlob4844Tx(transaction) ? common.param('blobGasPerBlob') * BigInt(transaction.numBlobs()) : 0n
}

/** What the sender must own: the most that it can cost. */
function costMax(common: Common, transaction: TypedTransaction): bigint {
  const blobs = isBlob4844Tx(transaction) ? blobGasOf(common, transaction) * transaction.maxFeePerBlobGas : 0n
  return transaction.value + transaction.gasLimit * feeMax(transaction) + blobs
}

/** What a unit of gas costs the sender in a block with this base fee. */
export function effectiveGasPrice(transaction: TypedTransaction, baseFee: bigint | undefined): bigint {
  if (!('maxFeePerGas' in transaction)) return transaction.gasPrice
  return transaction.getEffectivePriorityFee(baseFee ?? 0n) + (baseFee ?? 0n)
}
