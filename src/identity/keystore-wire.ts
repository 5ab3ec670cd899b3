// The text of keystore.json, both ways. Pure. What is read must be byte for byte what we would write, checksum included,
// so a file that was cut short, edited or hit by a bad disk is told apart from one with another passphrase.
// docs/protocol/identity.md is the normative page.

import { sha256 } from '@noble/hashes/sha2.js'
import { z } from 'zod'
import { fromHex, fromUtf8, toHex, utf8 } from '../base/bytes.ts'
import { isDeviceName } from './device-name.ts'
import { identityErrors } from './errors.ts'
import {
  certificateBytesMax,
  entropyBytes,
  keystoreBytesMax,
  scryptLog2NMax,
  scryptLog2NMin,
  scryptSaltBytes,
  sealNonceBytes,
} from './limits.ts'

/** What a keystore protects. */
export interface Secrets {
  /** 32 bytes: the recovery phrase. */
  readonly entropy: Uint8Array
  /** 32 bytes: the Ed25519 secret of this device. */
  readonly deviceSeed: Uint8Array
}

/** Secrets under a passphrase: scrypt gives the AES-256-GCM key. */
export interface SealedSecrets {
  readonly log2N: number
  readonly salt: Uint8Array
  readonly nonce: Uint8Array
  /** Ciphertext of entropy and device seed (64 bytes), then the tag (16 bytes). */
  readonly box: Uint8Array
}

export type StoredSecrets = ({ readonly kind: 'plain' } & Secrets) | ({ readonly kind: 'sealed' } & SealedSecrets)

export interface Keystore {
  readonly deviceName: string
  /** As it goes over the wire; not yet verified. */
  readonly certificate: Uint8Array
  readonly secrets: StoredSecrets
}

const format = 'peerhood-keystore'
const version = 1
const boxBytes = entropyBytes + 32 + 16

const hex = (bytesMin: number, bytesMax = bytesMin) =>
  z
    .string()
    .min(2 * bytesMin)
    .max(2 * bytesMax)
    .transform((text, context) => {
      const bytes = fromHex(text)
      if (bytes !== undefined) return bytes
      context.addIssue({ code: 'custom', message: 'not lower-case hexadecimal' })
      return z.NEVER
    })

const headSchema = z.object({ format: z.literal(format), version: z.int().positive() })

const fileSchema = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  deviceName: z.string().refine(isDeviceName),
  certificate: hex(1, certificateBytesMax),
  secrets: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('plain'), entropy: hex(entropyBytes), deviceSeed: hex(32) }),
    z.strictObject({
      kind: z.literal('sealed'),
      log2N: z.int().min(scryptLog2NMin).max(scryptLog2NMax),
      salt: hex(scryptSaltBytes),
      nonce: hex(sealNonceBytes),
      box: hex(boxBytes),
    }),
  ]),
  checksum: z.string(),
})

/** The file's bytes: JSON in a fixed order, two spaces, a newline at the end; `checksum` covers all the rest. */
export function encodeKeystore(keystore: Keystore): Uint8Array {
  const body = {
    format,
    version,
    deviceName: keystore.deviceName,
    certificate: toHex(keystore.certificate),
    secrets: secretsToJson(keystore.secrets),
  }
  const checksum = toHex(sha256(utf8(JSON.stringify(body))))
  return utf8(`${JSON.stringify({ ...body, checksum }, undefined, 2)}\n`)
}

function secretsToJson(secrets: StoredSecrets) {
  if (secrets.kind === 'plain') {
    return { kind: secrets.kind, entropy: toHex(secrets.entropy), deviceSeed: toHex(secrets.deviceSeed) }
  }
  const { kind, log2N, salt, nonce, box } = secrets
  return { kind, log2N, salt: toHex(salt), nonce: toHex(nonce), box: toHex(box) }
}

/** Reads a file's bytes. Throws `keystore_damaged` and `keystore_newer`, nothing else, and never with a piece of it. */
export function decodeKeystore(bytes: Uint8Array): Keystore {
  if (bytes.length > keystoreBytesMax) throw damaged('is far too large')
  const text = fromUtf8(bytes)
  const json = text === undefined ? undefined : parseJson(text)
  const head = headSchema.safeParse(json)
  if (head.success && head.data.version > version) {
    throw identityErrors.keystore_newer(
      `The keystore is of version ${head.data.version}; this Peerhood knows ${version}.`,
    )
  }
  const file = fileSchema.safeParse(json)
  if (!file.success) throw damaged(json === undefined ? 'is cut short or overwritten' : 'lacks what belongs in it')
  const { deviceName, certificate, secrets } = file.data
  const keystore = { deviceName, certificate, secrets }
  if (fromUtf8(encodeKeystore(keystore)) !== text) throw damaged('does not match its checksum')
  return keystore
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the parser's error would quote the file
  }
}

function damaged(what: string) {
  return identityErrors.keystore_damaged(`The keystore is damaged: it ${what}.`)
}
