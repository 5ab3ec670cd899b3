// Lockboxes: one key for many recipients, without saying who or how many. docs/protocol/community.md, "Lockboxes".
//
//   boxes  = ephemeral public key (32) ‖ n × ( tag (8) ‖ AES-256-GCM(wrap key, nonce 0, epoch key) ‖ GCM tag )
//   shared = X25519(ephemeral, recipient); tag ‖ wrap key = HKDF-SHA256(shared, salt = ephemeral ‖ recipient)
//
// A recipient is the X25519 form of an Ed25519 key, a device's or an invitation's. n is a power of two: the rest is random
// bytes, which nobody can tell from boxes. Sorted by tag, so the order says nothing. A wrap key is used once, so its nonce
// may be constant.
//
// X25519 is node:crypto's (0.1 ms; noble's takes twenty times as long and would stop the daemon for a second when a key
// is sealed to 512 devices); noble turns the keys from one form into the other, which node:crypto can't.

import type { KeyObject } from 'node:crypto'
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
} from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { BoundedMap } from '../base/bounded.ts'
import { compareBytes, concatBytes, equalBytes, toHex } from '../base/bytes.ts'
import { assert } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import { communityErrors } from './errors.ts'
import { boxesMax, grantKeysMax, recipientKeysCached } from './limits.ts'

const publicBytes = 32
const tagBytes = 8
const boxBytes = 48
const recordBytes = tagBytes + boxBytes
const gcmTagBytes = 16
const cipher = 'aes-256-gcm'
const nonce = new Uint8Array(12)

const boxLabel = 'peerhood/community/box/1'
const grantLabel = 'peerhood/community/grant/1'

// RFC 8410 §7 and §4: the DER that stands before the 32 bytes of an X25519 private and public key.
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex')

/** One who opens boxes: made once from the 32-byte Ed25519 seed of a device or an invitation. */
export interface BoxSecret {
  /** The X25519 public key. */
  readonly recipient: Uint8Array
  readonly key: KeyObject
}

export function boxSecretOf(seed: Uint8Array): BoxSecret {
  const scalar = ed25519.utils.toMontgomerySecret(seed) as Uint8Array
  return secretFrom(scalar)
}

function secretFrom(scalar: Uint8Array): BoxSecret {
  const key = createPrivateKey({ key: Buffer.concat([privatePrefix, scalar]), format: 'der', type: 'pkcs8' })
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return { recipient: new Uint8Array(der.subarray(publicPrefix.length)), key }
}

interface Recipient {
  readonly bytes: Uint8Array
  readonly key: KeyObject
}

const recipients = new BoundedMap<string, Recipient | 'unusable'>(recipientKeysCached)

/** The X25519 form of an Ed25519 public key; undefined when it is no point, or one that shares the same secret with all. */
function recipientOf(edKey: Uint8Array): Recipient | undefined {
  const name = toHex(edKey)
  let recipient = recipients.get(name)
  if (recipient === undefined) {
    recipient = readRecipient(edKey) ?? 'unusable'
    recipients.set(name, recipient)
  }
  return recipient === 'unusable' ? undefined : recipient
}

function readRecipient(edKey: Uint8Array): Recipient | undefined {
  try {
    const bytes = ed25519.utils.toMontgomery(edKey) as Uint8Array
    return { bytes, key: publicFrom(bytes) }
  } catch {
    return undefined
  }
}

function publicFrom(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' })
}

/**
 * Seals a key (32 bytes) to Ed25519 keys, at least one and at most `boxesMax`. A recipient whose key is unusable gets a
 * box that nobody opens: whoever lets such a key in harms only itself.
 */
export function sealBoxes(key: Uint8Array, edKeys: readonly Uint8Array[], random: Random): Uint8Array {
  assert(key.length === 32, 'a key has 32 bytes')
  assert(edKeys.length > 0 && edKeys.length <= boxesMax, 'boxes hold one to boxesMax recipients')
  const ephemeral = secretFrom(random.bytes(32))
  const records = edKeys.map((edKey) => sealRecord(ephemeral, edKey, key) ?? random.bytes(recordBytes))
  let count = 1
  while (count < records.length) count *= 2
  while (records.length < count) records.push(random.bytes(recordBytes))
  return concatBytes(ephemeral.recipient, ...records.sort(compareBytes))
}

function sealRecord(ephemeral: BoxSecret, edKey: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  const recipient = recipientOf(edKey)
  const shared = recipient === undefined ? undefined : agree(ephemeral.key, recipient.key)
  if (recipient === undefined || shared === undefined) return undefined
  const { tag, wrap } = deriveBox(shared, ephemeral.recipient, recipient.bytes, boxLabel)
  return concatBytes(tag, encrypt(wrap, key))
}

/**
 * The 32 bytes that the boxes hold for this secret; undefined when none is for it. Costs one X25519, however many boxes.
 * Whoever sealed them may have put anything in: compare with the key id. Throws `boxes_malformed`.
 */
export function openBoxes(boxes: Uint8Array, secret: BoxSecret): Uint8Array | undefined {
  const count = (boxes.length - publicBytes) / recordBytes
  if (!Number.isInteger(count) || count < 1 || count > boxesMax || (count & (count - 1)) !== 0) {
    throw communityErrors.boxes_malformed('The lockboxes do not have the length of any number of them.')
  }
  const ephemeral = boxes.subarray(0, publicBytes)
  const shared = agree(secret.key, publicFrom(ephemeral))
  if (shared === undefined) return undefined
  const { tag, wrap } = deriveBox(shared, ephemeral, secret.recipient, boxLabel)
  for (let at = publicBytes; at < boxes.length; at += recordBytes) {
    if (!equalBytes(boxes.subarray(at, at + tagBytes), tag)) continue
    const key = decrypt(wrap, boxes.subarray(at + tagBytes, at + recordBytes))
    if (key !== undefined) return key
  }
  return undefined
}

/** Seals several keys (32 bytes each) to one Ed25519 key; undefined when that is unusable. */
export function sealGrant(keys: readonly Uint8Array[], edKey: Uint8Array, random: Random): Uint8Array | undefined {
  assert(keys.length > 0 && keys.length <= grantKeysMax, 'a grant holds one to grantKeysMax keys')
  const recipient = recipientOf(edKey)
  const ephemeral = secretFrom(random.bytes(32))
  const shared = recipient === undefined ? undefined : agree(ephemeral.key, recipient.key)
  if (recipient === undefined || shared === undefined) return undefined
  const { wrap } = deriveBox(shared, ephemeral.recipient, recipient.bytes, grantLabel)
  return concatBytes(ephemeral.recipient, encrypt(wrap, concatBytes(...keys)))
}

/** The keys of a grant; none when it is not for this secret, or not what it should be. */
export function openGrant(sealed: Uint8Array, secret: BoxSecret): readonly Uint8Array[] {
  if (sealed.length < publicBytes + gcmTagBytes) return []
  const ephemeral = sealed.subarray(0, publicBytes)
  const shared = agree(secret.key, publicFrom(ephemeral))
  if (shared === undefined) return []
  const { wrap } = deriveBox(shared, ephemeral, secret.recipient, grantLabel)
  const keys = decrypt(wrap, sealed.subarray(publicBytes))
  if (keys === undefined || keys.length % 32 !== 0) return []
  return Array.from({ length: keys.length / 32 }, (_, place) => keys.slice(32 * place, 32 * place + 32))
}

/** RFC 7748 §6.1; undefined for points of small order, with which everybody shares the same secret. */
function agree(secret: KeyObject, recipient: KeyObject): Uint8Array | undefined {
  try {
    return diffieHellman({ privateKey: secret, publicKey: recipient })
  } catch {
    return undefined
  }
}

function deriveBox(shared: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array, label: string) {
  const okm = new Uint8Array(hkdfSync('sha256', shared, concatBytes(ephemeral, recipient), label, tagBytes + 32))
  return { tag: okm.subarray(0, tagBytes), wrap: okm.subarray(tagBytes) }
}

function encrypt(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const encryption = createCipheriv(cipher, key, nonce)
  return concatBytes(encryption.update(plain), encryption.final(), encryption.getAuthTag())
}

function decrypt(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const tagAt = sealed.length - gcmTagBytes
  const decryption = createDecipheriv(cipher, key, nonce, { authTagLength: gcmTagBytes })
  decryption.setAuthTag(sealed.subarray(tagAt))
  const plain = decryption.update(sealed.subarray(0, tagAt))
  try {
    decryption.final()
  } catch {
    return undefined
  }
  return new Uint8Array(plain)
}
