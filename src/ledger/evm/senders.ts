// Who sent a transaction: found once, with the fast curve and the fast Keccak. ethereumjs recovers the key once and keeps it, but
// hashes it to an address at every question, with noble.

import {
  AccessList2930Tx,
  Blob4844Tx,
  EOACode7702Tx,
  FeeMarket1559Tx,
  LegacyTx,
  type TypedTransaction,
} from '@ethereumjs/tx'
import { Address } from '@ethereumjs/util'
import { customCrypto } from './crypto.ts'
import { keccak256 } from './keccak.ts'

const known = new WeakMap<object, Address>()

function senderOf(this: TypedTransaction): Address {
  const found = known.get(this)
  if (found !== undefined) return found
  const address = new Address(keccak256(this.getSenderPublicKey()).slice(12))
  // One that may still change is asked anew.
  if (Object.isFrozen(this)) known.set(this, address)
  return address
}

for (const { prototype } of [LegacyTx, AccessList2930Tx, FeeMarket1559Tx, Blob4844Tx, EOACode7702Tx]) {
  prototype.getSenderAddress = senderOf
}

/** All in one go, with the fast curve also for transactions that were made without it. Undefined: nobody signed it. */
export function recoverSenders(transactions: readonly TypedTransaction[]): (Uint8Array | undefined)[] {
  const fast = customCrypto()
  return transactions.map((transaction) => {
    const own = transaction.common.customCrypto
    if (own.ecrecover === undefined) Object.assign(own, fast)
    try {
      return transaction.getSenderAddress().bytes
    } catch {
      return undefined
    }
  })
}
