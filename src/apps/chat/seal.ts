// Sealing with a channel key: nonce (12, random) ‖ AES-256-GCM(key, nonce, padded, context) ‖ tag (16). A key seals some
// thousands of texts, far from the 2^32 that random nonces allow (NIST SP 800-38D §8.3).

import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes } from '../../base/bytes.ts'
import type { Random } from '../../base/ports.ts'
import { pad, unpad } from './step-wire.ts'

const nonceBytes = 12
const tagBytes = 16

export function sealText(random: Random, key: Uint8Array, context: Uint8Array, content: Uint8Array): Uint8Array {
  const nonce = random.bytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(context)
  return concatBytes(nonce, cipher.update(pad(content)), cipher.final(), cipher.getAuthTag())
}

/** Undefined when the key or the context is another one, or the text was changed. */
export function openText(key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(context)
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  try {
    const padded = concatBytes(decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final())
    return Uint8Array.from(unpad(padded))
  } catch {
    // A wrong tag, or a holder of the key who padded wrongly: neither counts.
    return undefined
  }
}
