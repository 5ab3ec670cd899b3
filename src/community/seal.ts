// What an entry says, sealed: nonce ‖ AES-256-GCM(padded content) ‖ tag, under the sub-key of its lane, bound to its
// place. docs/protocol/community.md, "Sealing".
//
//   padded = content ‖ 0x80 ‖ zeros up to a power of two from 128 to 32,768 (ISO/IEC 7816-4)
//   aad    = community (32, none in the founding entry) ‖ device (32) ‖ sequence number (8, big-endian) ‖ lane (1)
//
// What must stay true: whoever cuts a sealed payload out of one entry can't put it into another, of another device,
// number, lane or community. A nonce is drawn for each seal; a sub-key seals far fewer than 2^32 entries (NIST SP 800-38D
// §8.3), since a key lives from one removal to the next.

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { concatBytes } from '../base/bytes.ts'
import type { Random } from '../base/ports.ts'
import type { CommunityId, DeviceId, Lane } from '../log/types.ts'
import { communityErrors } from './errors.ts'
import { subKey } from './keys.ts'
import { contentBytesMax, paddedBytesMax, paddedBytesMin } from './limits.ts'
import type { EpochKey } from './types.ts'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** What sealing adds to padded content. */
const sealBytes = nonceBytes + tagBytes

/** Where an entry stands: `Draft.seal` is called with it, and an `Entry` has it. */
export interface SealPlace {
  readonly community: CommunityId | undefined
  readonly device: DeviceId
  readonly seq: number
  readonly lane: Lane
}

/** The sub-key that seals entries of a lane. */
export function laneKey(key: EpochKey, lane: Lane): Uint8Array {
  return subKey(key, lane === 0 ? 'control' : 'app')
}

/** Seals content under a lane's sub-key. Throws `content_too_long`. */
export function sealContent(laneKey: Uint8Array, place: SealPlace, content: Uint8Array, random: Random): Uint8Array {
  return seal(laneKey, random.bytes(nonceBytes), pad(content), aadOf(place))
}

/** The content of an entry. Throws `seal_wrong` when the key does not open it, `payload_malformed` when the padding is wrong. */
export function openContent(laneKey: Uint8Array, place: SealPlace, sealed: Uint8Array): Uint8Array {
  const padded = open(laneKey, sealed, aadOf(place))
  if (padded === undefined) throw communityErrors.seal_wrong('The key does not open this entry.')
  return unpad(padded)
}

/** Seals a key under another: 60 bytes. */
export function wrapKey(under: Uint8Array, key: Uint8Array, random: Random): Uint8Array {
  return seal(under, random.bytes(nonceBytes), key, noBytes)
}

/** The key that was wrapped; undefined when `under` is not what it was wrapped under. */
export function unwrapKey(under: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined {
  const key = open(under, wrapped, noBytes)
  return key?.length === 32 ? new Uint8Array(key.buffer, key.byteOffset, key.length) : undefined
}

const noBytes = new Uint8Array(0)

/** Node reads a key that is given as bytes anew at each use, for 15 µs; what it has read lives as long as the bytes do. */
const secretKeys = new WeakMap<Uint8Array, KeyObject>()

function secretKey(key: Uint8Array): KeyObject {
  let secret = secretKeys.get(key)
  if (secret === undefined) {
    secret = createSecretKey(key)
    secretKeys.set(key, secret)
  }
  return secret
}

function seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, aad: Uint8Array): Uint8Array {
  const encryption = createCipheriv(cipher, secretKey(key), nonce).setAAD(aad)
  return concatBytes(nonce, encryption.update(plain), encryption.final(), encryption.getAuthTag())
}

/** May be a `Buffer`. */
function open(key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
  if (sealed.length < sealBytes) return undefined
  const tagAt = sealed.length - tagBytes
  copyTo(nonceHere, sealed, 0)
  copyTo(tagHere, sealed, tagAt)
  const decryption = createDecipheriv(cipher, secretKey(key), nonceHere, tagLength)
  decryption.setAAD(aad).setAuthTag(tagHere)
  const plain = decryption.update(sealed.subarray(nonceBytes, tagAt))
  try {
    decryption.final()
  } catch {
    return undefined
  }
  return plain
}

// Node copies them before it returns, and a copy takes less than a view.
const nonceHere = new Uint8Array(nonceBytes)
const tagHere = new Uint8Array(tagBytes)
const tagLength = { authTagLength: tagBytes }

function copyTo(target: Uint8Array, from: Uint8Array, start: number): void {
  for (let at = 0; at < target.length; at++) target[at] = from[start + at] ?? 0
}

/** Until it is asked for the next time. */
function aadOf({ community, device, seq, lane }: SealPlace): Uint8Array {
  let known = aads.get(device)
  if (known === undefined || known.community !== community) {
    if (aads.size >= aadsMax) aads.clear()
    known = { community, aad: Buffer.from(`${community ?? ''}${device}${'00'.repeat(9)}`, 'hex') }
    aads.set(device, known)
  }
  const { aad } = known
  const at = aad.length - 9
  aad.writeUInt32BE(Math.floor(seq / 2 ** 32), at)
  aad.writeUInt32BE(seq % 2 ** 32, at + 4)
  aad.writeUInt8(lane, at + 8)
  return aad
}

/** Of devices that sealed last, what all that they seal has in common, with room for the rest. */
const aads = new Map<DeviceId, { readonly community: CommunityId | undefined; readonly aad: Buffer }>()
const aadsMax = 256

function pad(content: Uint8Array): Uint8Array {
  if (content.length > contentBytesMax) {
    throw communityErrors.content_too_long(`This has ${content.length} bytes; an entry holds ${contentBytesMax}.`)
  }
  let length = paddedBytesMin
  while (length <= content.length) length *= 2
  const padded = new Uint8Array(length)
  padded.set(content)
  padded[content.length] = 0x80
  return padded
}

/** Strict: only what {@link pad} makes, so that one content has one padded form. */
function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end--
  const classed = padded.length >= paddedBytesMin && padded.length <= paddedBytesMax && isPowerOfTwo(padded.length)
  const smallest = padded.length === paddedBytesMin || end >= padded.length / 2
  if (padded[end] !== 0x80 || !classed || !smallest) {
    throw communityErrors.payload_malformed('What was sealed is not padded as it should be.')
  }
  return new Uint8Array(padded.buffer, padded.byteOffset, end)
}

function isPowerOfTwo(length: number): boolean {
  return (length & (length - 1)) === 0
}
