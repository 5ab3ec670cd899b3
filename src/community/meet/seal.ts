// Seals the one message that each side sends: AES-256-GCM. A key seals once (keys.ts derives one for each direction of
// each run, and shares are fresh), so the nonce may be constant.

import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes } from '../../base/bytes.ts'
import { sealBytes } from './limits.ts'

export interface Seal {
  seal(key: Uint8Array, plain: Uint8Array): Uint8Array
  /** Undefined when it was not sealed with this key. */
  open(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
}

const cipher = 'aes-256-gcm'
const nonce = new Uint8Array(12)

export const aesSeal: Seal = {
  seal(key, plain) {
    const sealing = createCipheriv(cipher, key, nonce)
    return concatBytes(sealing.update(plain), sealing.final(), sealing.getAuthTag())
  },
  open(key, sealed) {
    if (sealed.length < sealBytes) return undefined
    const split = sealed.length - sealBytes
    const opening = createDecipheriv(cipher, key, nonce, { authTagLength: sealBytes })
    opening.setAuthTag(sealed.subarray(split))
    try {
      return concatBytes(opening.update(sealed.subarray(0, split)), opening.final())
    } catch {
      return undefined
    }
  },
}
