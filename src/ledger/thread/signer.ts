// The key that votes, with the fastest curve that this computer has (evm/crypto.ts).

import { addressOfSecret, signDigest } from '../evm/crypto.ts'
import type { ValidatorSigner } from '../validator/types.ts'

export function validatorSigner(secret: Uint8Array): ValidatorSigner {
  return { address: addressOfSecret(secret), sign: (digest) => signDigest(secret, digest) }
}
