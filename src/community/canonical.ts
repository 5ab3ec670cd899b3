// Strict reading of what other computers encode: one value has one encoding.

import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes } from '../base/bytes.ts'

/**
 * The value whose canonical DAG-CBOR these bytes are; undefined when they are none, and nothing may follow it. What the
 * library throws is not passed on: it quotes what it read.
 */
export function canonicalValue(bytes: Uint8Array): unknown {
  try {
    const value: unknown = decode(bytes)
    return equalBytes(encode(value), bytes) ? value : undefined
  } catch {
    return undefined
  }
}
