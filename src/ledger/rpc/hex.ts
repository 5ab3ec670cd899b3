// How JSON-RPC writes numbers and bytes (execution-apis, "Hex value encoding").

import type { Hash } from '../types.ts'

export type Hex = `0x${string}`

/** Without leading zeros; `0x0` for zero. */
export function quantity(value: number | bigint): Hex {
  return `0x${value.toString(16)}`
}

export function bytes(value: Uint8Array): Hex {
  // Natively: an answer may hold megabytes.
  return `0x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
}

/** 32 bytes, zeros at the left. */
export function word(value: bigint): Hash {
  return `0x${value.toString(16).padStart(64, '0')}` as Hash
}

/** Of big-endian bytes; none is zero. */
export function bytesToBigint(value: Uint8Array): bigint {
  return value.length === 0 ? 0n : BigInt(bytes(value))
}
