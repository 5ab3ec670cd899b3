// Seeded randomness: the same seed gives the same bytes (splitmix64 of a counter, seeded by SHA-256).

import { createHash } from 'node:crypto'
import type { Random } from '../../src/base/ports.ts'

export interface SeededRandom extends Random {
  /** Uniform in [0, 1). */
  uniform(): number
  /** An integer in [0, below). */
  below(below: number): number
  pick<Item>(items: readonly Item[]): Item
  /** An independent stream; the same name gives the same one. */
  fork(name: string): SeededRandom
}

export function createRandom(seed: string): SeededRandom {
  const digest = createHash('sha256').update(seed).digest()
  // sfc32: small, fast, and good enough for simulations.
  let a = digest.readUInt32LE(0)
  let b = digest.readUInt32LE(4)
  let c = digest.readUInt32LE(8)
  let counter = 1
  const next = () => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  const uniform = () => next() / 2 ** 32
  return {
    bytes(length) {
      const bytes = new Uint8Array(length)
      for (let i = 0; i < length; i++) bytes[i] = next() >>> 24
      return bytes
    },
    uniform,
    below: (below) => Math.floor(uniform() * below),
    pick(items) {
      const item = items[Math.floor(uniform() * items.length)]
      if (item === undefined) throw new Error('assertion failed: nothing to pick from')
      return item
    },
    fork: (name) => createRandom(`${seed}/${name}`),
  }
}
