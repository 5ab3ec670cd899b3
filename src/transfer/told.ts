// What peers said they have before the inventory was here to make use of it. Bit fields only for peers without all.

import { createBits, setBit } from './bits.ts'

export type Told = { readonly all: true } | { readonly all: false; readonly bits: Uint8Array }

export interface TellTale {
  all(key: number): void
  bits(key: number, bits: Uint8Array): void
  more(key: number, indexes: readonly number[]): void
  /** What the peer said so far; forgotten by the call. */
  take(key: number): Told | undefined
}

export function createTellTale(blocks: number): TellTale {
  const told = new Map<number, Told>()
  return {
    all(key) {
      told.set(key, { all: true })
    },
    bits(key, bits) {
      told.set(key, { all: false, bits: bits.slice() })
    },
    more(key, indexes) {
      const before = told.get(key) ?? { all: false, bits: createBits(blocks) }
      told.set(key, before)
      if (!before.all) for (const index of indexes) setBit(before.bits, index)
    },
    take(key) {
      const before = told.get(key)
      told.delete(key)
      return before
    },
  }
}
