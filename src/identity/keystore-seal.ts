// Secrets under a passphrase and back: scrypt (RFC 7914) makes an AES-256-GCM key. Runs in Node's thread pool, so the
// daemon goes on meanwhile. A wrong passphrase and nothing else makes the tag fail: damage was ruled out by the checksum.

import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'
import { concatBytes, utf8 } from '../base/bytes.ts'
import { toPeerhoodError } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import { identityErrors } from './errors.ts'
import type { SealedSecrets, Secrets } from './keystore-wire.ts'
import { entropyBytes, passphraseCharactersMax, scryptP, scryptR, scryptSaltBytes, sealNonceBytes } from './limits.ts'

const cipher = 'aes-256-gcm'
const tagBytes = 16
const associated = utf8('peerhood/keystore/1')

/** Throws `passphrase_unusable`. `log2N` is scrypt's cost, see limits.ts. */
export async function sealSecrets(
  secrets: Secrets,
  passphrase: string,
  parts: { random: Random; log2N: number },
): Promise<SealedSecrets> {
  const { log2N } = parts
  const salt = parts.random.bytes(scryptSaltBytes)
  const nonce = parts.random.bytes(sealNonceBytes)
  const key = await deriveKey(passphrase, salt, log2N)
  const plain = concatBytes(secrets.entropy, secrets.deviceSeed)
  const sealing = createCipheriv(cipher, key, nonce).setAAD(associated)
  const box = concatBytes(sealing.update(plain), sealing.final(), sealing.getAuthTag())
  key.fill(0)
  plain.fill(0)
  return { log2N, salt, nonce, box }
}

/** Throws `passphrase_wrong`, also for a passphrase that nothing can have been sealed with. */
export async function openSecrets(sealed: SealedSecrets, passphrase: string): Promise<Secrets> {
  if (!isUsable(passphrase)) throw wrong()
  const key = await deriveKey(passphrase, sealed.salt, sealed.log2N)
  const split = sealed.box.length - tagBytes
  const opening = createDecipheriv(cipher, key, sealed.nonce, { authTagLength: tagBytes })
    .setAAD(associated)
    .setAuthTag(sealed.box.subarray(split))
  key.fill(0)
  const plain = opening.update(sealed.box.subarray(0, split))
  try {
    opening.final()
  } catch {
    throw wrong()
  }
  return {
    entropy: Uint8Array.from(plain.subarray(0, entropyBytes)),
    deviceSeed: Uint8Array.from(plain.subarray(entropyBytes)),
  }
}

/** Throws `passphrase_unusable` for what should not become a passphrase. */
export function checkPassphrase(passphrase: string): void {
  if (isUsable(passphrase)) return
  throw identityErrors.passphrase_unusable(
    passphrase === ''
      ? 'An empty passphrase protects nothing.'
      : `A passphrase is at most ${passphraseCharactersMax} characters, and whole ones.`,
  )
}

function isUsable(passphrase: string): boolean {
  // Lone surrogates have no UTF-8 form: all of them would become the same character.
  return passphrase.length > 0 && passphrase.length <= passphraseCharactersMax && passphrase.isWellFormed()
}

function deriveKey(passphrase: string, salt: Uint8Array, log2N: number): Promise<Buffer> {
  const N = 2 ** log2N
  // RFC 7914 §2: 128 · N · r bytes. The rest is OpenSSL's own (128 · r · p and its scratch), for which twice is plenty.
  const costs = { N, r: scryptR, p: scryptP, maxmem: 2 * 128 * N * scryptR }
  checkPassphrase(passphrase)
  // One spelling on every keyboard: é may come as one character or as two (RFC 8265 §4.2.2 maps to NFC).
  const password = Buffer.from(passphrase.normalize('NFC'), 'utf8')
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, costs, (error, key) => {
      password.fill(0)
      if (error) reject(toPeerhoodError(error))
      else resolve(key)
    })
  })
}

function wrong() {
  return identityErrors.passphrase_wrong('The passphrase is wrong.')
}
