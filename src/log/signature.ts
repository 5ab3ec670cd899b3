// One signature, checked the same way everywhere: Ed25519 as RFC 8032 §5.1.7 has it, without a cofactor, by OpenSSL, which
// refuses an S that is not reduced (else a third party could make a second entry, with another id, from somebody's one).
// What OpenSSL lets pass is refused here: keys in another than their canonical form, and keys of small order, for which one
// signature fits everything.

import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { BoundedMap } from '../base/bounded.ts'
import { toHex } from '../base/bytes.ts'
import { verifyingKeysMax } from './limits.ts'

/** RFC 8410 §4: the DER that stands before the 32 bytes of an Ed25519 public key. */
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** p = 2^255 - 19, little-endian: a canonical y is below it. */
const fieldPrime = Buffer.from('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex').reverse()

/** y of the eight points of small order, little-endian, without the sign of x: orders 1, 2, 4 and 8 (twice). */
const smallOrderY: ReadonlySet<string> = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])

/** Whether 32 bytes may be a device's key: canonical, and not of small order. Whether they are on the curve shows later. */
export function isUsableKey(key: Uint8Array): boolean {
  const y = Uint8Array.from(key)
  y[31] = (y[31] ?? 0) & 0x7f
  return Buffer.compare(Buffer.from(y).reverse(), fieldPrime) < 0 && !smallOrderY.has(toHex(y))
}

export interface SignatureCheck {
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly message: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/** Keeps the keys that it met ready; one for each thread. Never throws. */
export function createSignatureChecker(): (check: SignatureCheck) => boolean {
  const keys = new BoundedMap<string, KeyObject | 'unusable'>(verifyingKeysMax)
  return ({ key, message, signature }) => {
    const name = toHex(key)
    let verifying = keys.get(name)
    if (verifying === undefined) {
      verifying = readKey(key)
      keys.set(name, verifying)
    }
    if (verifying === 'unusable') return false
    try {
      return verify(null, message, verifying, signature)
    } catch {
      return false // not a point of the curve
    }
  }
}

function readKey(key: Uint8Array): KeyObject | 'unusable' {
  if (!isUsableKey(key)) return 'unusable'
  try {
    return createPublicKey({ key: Buffer.concat([publicKeyPrefix, key]), format: 'der', type: 'spki' })
  } catch {
    return 'unusable'
  }
}
