// Why the pool did not take a transaction. Wallets and tools know geth's words and act on them (a nonce is fetched anew, a
// transaction that is known counts as sent), so those stand before our own sentence.

import { isPeerhoodError } from '../../base/errors.ts'
import { RpcError, rpcCodes } from './errors.ts'

/** By code of chain/errors.ts. */
const words: Readonly<Record<string, string>> = {
  transaction_known: 'already known',
  nonce_too_low: 'nonce too low',
  nonce_too_high: 'nonce too high',
  replacement_too_cheap: 'replacement transaction underpriced',
  balance_too_low: 'insufficient funds for gas * price + value',
  fee_too_low: 'transaction underpriced',
  transaction_gas_too_low: 'intrinsic gas too low',
  transaction_gas_too_high: 'exceeds block gas limit',
  transaction_type_refused: 'transaction type not supported',
  transaction_unsigned: 'invalid sender',
  transaction_other_chain: 'invalid chain id for signer',
  transaction_malformed: 'rlp: transaction is malformed',
  transaction_too_long: 'oversized data',
  pool_full: 'txpool is full',
}

export function poolRefusal(error: unknown): unknown {
  if (!isPeerhoodError(error) || error.kind === 'internal') return error
  const { code, message, hint, details } = error
  const known = Object.hasOwn(words, code) ? words[code] : undefined
  const sentence = known === undefined ? message : `${known}: ${message}`
  return new RpcError(rpcCodes.refused, sentence, { code, hint, ...details })
}
