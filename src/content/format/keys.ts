// A share's keys: the Ed25519 pair that signs its versions, the secret that opens it, and what is derived from them.
// docs/protocol/share.md, "Keys". Everything here is sync and takes randomness from outside.

import { createHash, createPrivateKey, createPublicKey, hash, hkdfSync, type KeyObject } from 'node:crypto'
import { base32nopad } from '@scure/base'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import type { Random } from '../../base/ports.ts'
import type { AccessKey, Digest, DiscoveryKey, ShareId, ShareKey, ShareSecret, Visibility } from '../types.ts'
import { formatErrors } from './errors.ts'

const keyBytes = 32

/** What a share's keys are derived from; `secret` is undefined for public shares. */
export interface ShareKeys {
  readonly share: ShareKey
  readonly visibility: Visibility
  readonly secret: ShareSecret | undefined
}

/** Makes the key pair of a new share. `signingSeed` (32 bytes, RFC 8032 private key) stays on this computer. */
export function generateShareKeys(random: Random): { share: ShareKey; signingSeed: Uint8Array } {
  const signingSeed = random.bytes(keyBytes)
  return { share: shareKeyOf(signingSeed), signingSeed }
}

/** Makes the secret of a new private share. */
export function generateShareSecret(random: Random): ShareSecret {
  return asShareSecret(random.bytes(keyBytes))
}

/** The public key that belongs to a signing seed. */
export function shareKeyOf(signingSeed: Uint8Array): ShareKey {
  const { x } = createPublicKey(signingKeyOf(signingSeed)).export({ format: 'jwk' })
  return asShareKey(new Uint8Array(Buffer.from(x ?? '', 'base64url')))
}

// RFC 8410 §7 and §4: the DER that stands before the 32 bytes of an Ed25519 private and public key.
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** The seed as node:crypto wants it. */
export function signingKeyOf(signingSeed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([privateKeyPrefix, signingSeed]), format: 'der', type: 'pkcs8' })
}

/** The share key as node:crypto wants it. */
export function verifyingKeyOf(share: ShareKey): KeyObject {
  return createPublicKey({ key: Buffer.concat([publicKeyPrefix, share]), format: 'der', type: 'spki' })
}

/** The keys by which peers find a share and prove that they may ask for its blocks. */
export function deriveKeys({ share, visibility, secret }: ShareKeys): { access: AccessKey; discovery: DiscoveryKey } {
  const discovery = labelled('peerhood/share/discovery/1', share) as DiscoveryKey
  if (visibility === 'public') return { discovery, access: labelled('peerhood/share/access/1', share) as AccessKey }
  return { discovery, access: deriveSecret(share, secret, 'peerhood/share/access/1') as AccessKey }
}

/** HKDF-SHA256 of a private share's secret under a label; throws `key_malformed` without a secret. */
export function deriveSecret(share: ShareKey, secret: ShareSecret | undefined, label: string): Uint8Array {
  if (secret === undefined) throw formatErrors.key_malformed('A private share needs its secret.')
  return new Uint8Array(hkdfSync('sha256', secret, share, label, keyBytes))
}

function labelled(label: string, share: ShareKey): Uint8Array {
  return new Uint8Array(createHash('sha256').update(label).update(share).digest())
}

/** The share's id in the API and on the command line: 52 characters. */
export function shareIdOf(share: ShareKey): ShareId {
  return base32nopad.encode(share).toLowerCase() as ShareId
}

/** The share key that an id stands for; throws `share_id_malformed`. */
export function parseShareId(text: string): ShareKey {
  if (!/^[a-z2-7]{52}$/.test(text)) throw shareIdMalformed()
  try {
    return asShareKey(base32nopad.decode(text.toUpperCase()))
  } catch (cause) {
    throw shareIdMalformed(cause)
  }
}

function shareIdMalformed(cause?: unknown) {
  return formatErrors.share_id_malformed('This is not the id of a share.', { cause })
}

/** sha2-256 of a block's wire bytes, on this thread; see `digestAsync` for large blocks. */
export function digestOf(bytes: Uint8Array): Digest {
  return new Uint8Array(hash('sha256', bytes, 'buffer')) as Digest
}

// Parsers of 32-byte values; each throws `key_malformed` for any other length. They do not copy.
export const asDigest = (bytes: Uint8Array): Digest => checked(bytes, 'digest') as Digest
export const asShareKey = (bytes: Uint8Array): ShareKey => checked(bytes, 'share key') as ShareKey
export const asShareSecret = (bytes: Uint8Array): ShareSecret => checked(bytes, 'share secret') as ShareSecret
export const asAccessKey = (bytes: Uint8Array): AccessKey => checked(bytes, 'access key') as AccessKey
export const asDiscoveryKey = (bytes: Uint8Array): DiscoveryKey => checked(bytes, 'discovery key') as DiscoveryKey

function checked(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes.length === keyBytes) return bytes
  throw formatErrors.key_malformed(`A ${what} has 32 bytes, this one has ${bytes.length}.`)
}

/** Bytes that a record's signature covers. */
export function signedBytes(payload: Uint8Array): Uint8Array {
  return concatBytes(utf8('peerhood/share/record/1'), payload)
}
