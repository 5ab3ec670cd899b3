// Every key from one secret, and how the public ones are written. Pure: the same 32 bytes of entropy give the same
// person and wallet everywhere, for ever; docs/protocol/identity.md fixes each step and its vectors.
//
//   entropy ⇄ 24 words ──PBKDF2 (BIP-39)──► seed ──SLIP-10──► Ed25519 root key ──► did:key
//                                             └──BIP-32/44──► secp256k1 key ──keccak──► Ethereum account

import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { base58 } from '@scure/base'
import { HDKey } from '@scure/bip32'
import { entropyToMnemonic, mnemonicToSeedSync } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { concatBytes, toHex, utf8 } from '../base/bytes.ts'
import { assert } from '../base/errors.ts'
import { entropyBytes } from './limits.ts'
import type { DeviceKey, EthereumAddress, PersonDid, PersonKey } from './types.ts'

/**
 * `m/1885693298'/0'`: a BIP-43 purpose of our own, the letters "peer" as a 31-bit number. No wallet derives below it, so
 * no wallet can be talked into signing with a person's root key. The second step counts persons of one phrase.
 */
export const personPath = [0x70656572, 0] as const

/** BIP-44: Ethereum (60), first account, first address; what every wallet opens first. */
const walletPath = "m/44'/60'/0'/0/0"

/** multicodec `ed25519-pub` (0xed) as a varint: what did:key puts before the 32 bytes of the key. */
const ed25519Multicodec = Uint8Array.of(0xed, 0x01)

/** An identity multihash of 36 bytes around a protobuf with key type Ed25519 (1): libp2p "Peer Ids and Keys". */
const ed25519PeerIdPrefix = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** The 24 words for 32 bytes of entropy (BIP-39, English). */
export function entropyToPhrase(entropy: Uint8Array): string {
  assert(entropy.length === entropyBytes, 'entropy has 32 bytes')
  return entropyToMnemonic(entropy, wordlist)
}

/** The 64 bytes from which BIP-39 wallets start, with the empty passphrase. Takes some 50 ms. */
export function entropyToSeed(entropy: Uint8Array): Uint8Array {
  return mnemonicToSeedSync(entropyToPhrase(entropy))
}

/**
 * The Ed25519 secret (32 bytes) at a path of hardened steps (each below 2^31).
 * SLIP-0010, "Master key generation" and "Private parent key → private child key" for ed25519.
 */
export function ed25519Child(seed: Uint8Array, path: readonly number[]): { secret: Uint8Array; chainCode: Uint8Array } {
  let node = hmac(sha512, utf8('ed25519 seed'), seed)
  for (const step of path) {
    assert(Number.isInteger(step) && step >= 0 && step < 0x80000000, 'a step is a 31-bit number')
    const data = concatBytes(Uint8Array.of(0), node.subarray(0, 32), hardened(step))
    node = hmac(sha512, node.subarray(32), data)
  }
  return { secret: node.slice(0, 32), chainCode: node.slice(32) }
}

function hardened(step: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, step + 0x80000000)
  return bytes
}

/** The person's root secret and public key for a BIP-39 seed. */
export function personFromSeed(seed: Uint8Array): { secret: Uint8Array; key: PersonKey } {
  const { secret } = ed25519Child(seed, personPath)
  return { secret, key: ed25519.getPublicKey(secret) as Uint8Array as PersonKey }
}

/** The wallet's account for a BIP-39 seed, at {@link walletPath}. */
export function ethereumAddressFromSeed(seed: Uint8Array): EthereumAddress {
  const { publicKey } = HDKey.fromMasterSeed(seed).derive(walletPath)
  assert(publicKey !== null, 'a key derived from a seed is whole')
  // Yellow Paper §F, eq. 324: the last 20 bytes of keccak-256 over the uncompressed point without its head byte.
  const point = secp256k1.Point.fromBytes(publicKey).toBytes(false)
  return ethereumAddress(keccak_256(point.subarray(1)).subarray(12))
}

/** Writes 20 bytes with the capitals that are its checksum (EIP-55). */
export function ethereumAddress(account: Uint8Array): EthereumAddress {
  assert(account.length === 20, 'an account has 20 bytes')
  const hex = toHex(account)
  const hash = toHex(keccak_256(utf8(hex)))
  const digits = [...hex].map((digit, index) =>
    Number.parseInt(hash[index] ?? '', 16) >= 8 ? digit.toUpperCase() : digit,
  )
  return `0x${digits.join('')}` as EthereumAddress
}

/** The public key of a device's secret. */
export function deviceKeyOf(deviceSeed: Uint8Array): DeviceKey {
  return ed25519.getPublicKey(deviceSeed) as Uint8Array as DeviceKey
}

/** `did:key:z6Mk…` (did:key 0.9 §3.1: base58-btc of multicodec and key). */
export function didOf(person: PersonKey): PersonDid {
  return `did:key:z${base58.encode(concatBytes(ed25519Multicodec, person))}` as PersonDid
}

/** `12D3Koo…`: the PeerId that libp2p gives this key. */
export function peerIdOf(device: DeviceKey): string {
  return base58.encode(concatBytes(ed25519PeerIdPrefix, device))
}
