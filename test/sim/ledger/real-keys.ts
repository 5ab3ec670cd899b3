// secp256k1 as validators use it, from small secrets.

import { addressOfSecret, recoverAddress, signDigest } from '../../../src/ledger/evm/crypto.ts'
import type { Keys } from './keys.ts'

export function realKeys(count: number): Keys {
  const pairs = Array.from({ length: count }, (_, at) => {
    const secret = new Uint8Array(32).fill(at + 1)
    return { secret, address: addressOfSecret(secret) }
  }).sort((a, b) => (a.address < b.address ? -1 : 1))
  const secretOf = new Map(pairs.map(({ address, secret }) => [address, secret]))
  return {
    addresses: pairs.map(({ address }) => address),
    signOf: (address) => (digest) => signDigest(secretOf.get(address) ?? new Uint8Array(32), digest),
    recover: recoverAddress,
  }
}
