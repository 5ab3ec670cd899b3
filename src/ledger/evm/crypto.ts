// secp256k1: who signed, and signing. Three libraries, the same results (crypto.test.ts): the `secp256k1` addon recovers 19,000
// signatures a second but has no build for every computer, tiny-secp256k1 (WebAssembly) 4,500, noble 600. Chosen once, at start.
//
// A signature here is 65 bytes, r ‖ s ‖ v with v 27 or 28 and s in the lower half: what `ecrecover` in a contract takes, and only
// one form for each signature, since votes are evidence.

import { createRequire } from 'node:module'
import type { Common } from '@ethereumjs/common'
import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import { toHex } from '../../base/bytes.ts'
import type { Address } from '../types.ts'
import { keccak256 } from './keccak.ts'

export interface Curve {
  readonly name: 'addon' | 'wasm' | 'noble'
  /** 64 bytes, x ‖ y. Throws when there is no such point. s may lie in the upper half. */
  recover(digest: Uint8Array, signature64: Uint8Array, recovery: number): Uint8Array
  /** Deterministic (RFC 6979), s in the lower half. */
  sign(digest: Uint8Array, secret: Uint8Array): { readonly signature64: Uint8Array; readonly recovery: number }
}

const order = noble.Point.Fn.ORDER
const halfOrder = order / 2n

function addonCurve(): Curve {
  // `secp256k1` itself falls back to elliptic (slow, and no longer kept up): only its binding is wanted.
  const addon: typeof import('secp256k1') = createRequire(import.meta.url)('secp256k1/bindings.js')
  return {
    name: 'addon',
    recover: (digest, signature64, recovery) => addon.ecdsaRecover(signature64, recovery, digest, false).slice(1),
    sign: (digest, secret) => {
      const { signature, recid } = addon.ecdsaSign(digest, secret)
      return { signature64: signature, recovery: recid }
    },
  }
}

async function wasmCurve(): Promise<Curve> {
  const tiny = await import('tiny-secp256k1')
  return {
    name: 'wasm',
    recover: (digest, signature64, recovery) => {
      if (recovery !== 0 && recovery !== 1) throw new Error('recovery is 0 or 1')
      const point = tiny.recover(digest, signature64, recovery, false)
      if (point === null) throw new Error('no such point')
      return point.slice(1)
    },
    sign: (digest, secret) => {
      const { signature, recoveryId } = tiny.signRecoverable(digest, secret)
      return { signature64: signature, recovery: recoveryId }
    },
  }
}

function nobleCurve(): Curve {
  return {
    name: 'noble',
    recover: (digest, signature64, recovery) =>
      noble.Signature.fromBytes(signature64, 'compact')
        .addRecoveryBit(recovery)
        .recoverPublicKey(digest)
        .toBytes(false)
        .slice(1),
    sign: (digest, secret) => {
      const recovered = noble.sign(digest, secret, { prehash: false, format: 'recovered' })
      return { signature64: recovered.slice(1), recovery: recovered[0] ?? 0 }
    },
  }
}

/** Those that work on this computer, the fastest first. */
export async function curvesHere(): Promise<Curve[]> {
  const found: Curve[] = []
  for (const load of [addonCurve, wasmCurve, nobleCurve]) {
    try {
      found.push(await load())
    } catch {
      // No build for this computer, or WebAssembly is off: the next one.
    }
  }
  return found
}

export const curve: Curve = (await curvesHere())[0] ?? nobleCurve()

/** Of an uncompressed public key without its first byte. */
export function addressOfPublicKey(publicKey64: Uint8Array): Address {
  return `0x${toHex(keccak256(publicKey64).subarray(12))}` as Address
}

export function addressOfSecret(secret: Uint8Array): Address {
  return addressOfPublicKey(noble.getPublicKey(secret, false).subarray(1))
}

/** Who signed, or undefined for anything that {@link signDigest} cannot have produced. */
export function recoverAddress(digest: Uint8Array, signature65: Uint8Array): Address | undefined {
  if (digest.length !== 32 || signature65.length !== 65) return undefined
  const v = signature65[64]
  if (v !== 27 && v !== 28) return undefined
  if (bigintOf(signature65.subarray(32, 64)) > halfOrder) return undefined
  try {
    return addressOfPublicKey(curve.recover(digest, signature65.subarray(0, 64), v - 27))
  } catch {
    return undefined
  }
}

/** 65 bytes; see the top of this file. */
export function signDigest(secret: Uint8Array, digest: Uint8Array): Uint8Array {
  const { signature64, recovery } = curve.sign(digest, secret)
  const signature65 = new Uint8Array(65)
  signature65.set(signature64)
  signature65[64] = 27 + recovery
  return signature65
}

type CustomCrypto = NonNullable<Common['customCrypto']>

/** What ethereumjs calls instead of noble. Its errors are caught and told by it, so what they say does not matter. */
export function customCrypto(using: Curve = curve): Pick<CustomCrypto, 'keccak256' | 'ecrecover'> {
  return {
    keccak256,
    ecrecover: (digest, v, r, s, chainId) => {
      const recovery = v === 0n || v === 1n ? v : chainId === undefined ? v - 27n : v - (chainId * 2n + 35n)
      if (recovery !== 0n && recovery !== 1n) throw new Error('v does not fit')
      return using.recover(digest, joined(r, s), Number(recovery))
    },
  }
}

function joined(r: Uint8Array, s: Uint8Array): Uint8Array {
  if (r.length > 32 || s.length > 32) throw new Error('r and s have 32 bytes')
  const signature64 = new Uint8Array(64)
  signature64.set(r, 32 - r.length)
  signature64.set(s, 64 - s.length)
  return signature64
}

function bigintOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`)
}
