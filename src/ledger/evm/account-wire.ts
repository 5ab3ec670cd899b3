// An account as the trie holds it, and keys of Maps made of bytes.

import { toHex } from '../../base/bytes.ts'
import type { Address, Hash } from '../types.ts'
import { keccak256 } from './keccak.ts'
import { bigintToBytes, bytesToBigint, encodeStrings, readList } from './rlp.ts'
import { emptyRoot } from './trie.ts'

export interface AccountRecord {
  readonly nonce: bigint
  readonly balance: bigint
  readonly storageRoot: Uint8Array
  readonly codeHash: Uint8Array
}

/** Bytes as a string of one character a byte: the cheapest key for a Map. */
export type BytesKey = string

export const emptyCodeHash: Uint8Array = keccak256(new Uint8Array(0))

export const emptyAccount: AccountRecord = { nonce: 0n, balance: 0n, storageRoot: emptyRoot, codeHash: emptyCodeHash }

export function keyOf(bytes: Uint8Array): BytesKey {
  return Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length)
}

export function bytesOf(key: BytesKey): Uint8Array {
  const bytes = new Uint8Array(key.length)
  for (let at = 0; at < key.length; at++) bytes[at] = key.charCodeAt(at)
  return bytes
}

/** The key of an id in hexadecimal (an address, a slot, a block). */
export function keyOfHex(hex: string): BytesKey {
  return Buffer.from(hex.slice(2), 'hex').toString('latin1')
}

export const hashOf = (bytes: Uint8Array): Hash => `0x${toHex(bytes)}` as Hash
export const addressOf = (bytes: Uint8Array): Address => `0x${toHex(bytes)}` as Address
export const bytesOfHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.slice(2), 'hex'))

export function encodeAccount(account: AccountRecord): Uint8Array {
  return encodeStrings([
    bigintToBytes(account.nonce),
    bigintToBytes(account.balance),
    account.storageRoot,
    account.codeHash,
  ])
}

/** Undefined for anything that {@link encodeAccount} cannot have produced. */
export function decodeAccount(encoded: Uint8Array): AccountRecord | undefined {
  const items = readList(encoded)
  const [nonce, balance, storageRoot, codeHash] = items ?? []
  if (nonce === undefined || balance === undefined || storageRoot === undefined || codeHash === undefined)
    return undefined
  if (items?.length !== 4 || items.some((item) => item.list)) return undefined
  if (nonce.bytes.length > 8 || balance.bytes.length > 32 || nonce.bytes[0] === 0 || balance.bytes[0] === 0)
    return undefined
  if (storageRoot.bytes.length !== 32 || codeHash.bytes.length !== 32) return undefined
  return {
    nonce: bytesToBigint(nonce.bytes),
    balance: bytesToBigint(balance.bytes),
    storageRoot: storageRoot.bytes.slice(),
    codeHash: codeHash.bytes.slice(),
  }
}

export function sameAccount(a: AccountRecord | undefined, b: AccountRecord | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  return (
    a.nonce === b.nonce &&
    a.balance === b.balance &&
    keyOf(a.storageRoot) === keyOf(b.storageRoot) &&
    keyOf(a.codeHash) === keyOf(b.codeHash)
  )
}
