// Addresses as people and geth's sentences write them.

import { hashOf } from './account-wire.ts'
import { keccak256 } from './keccak.ts'

/** EIP-55. */
export function checksummed(address: string): string {
  const digits = address.slice(2)
  const hash = hashOf(keccak256(new TextEncoder().encode(digits))).slice(2)
  const letters = [...digits].map((digit, at) =>
    Number.parseInt(hash[at] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit,
  )
  return `0x${letters.join('')}`
}
