// Random fractions from random bytes. Asking the system for four bytes costs as much as for a thousand, and a transfer
// draws several numbers a block.

import type { Random } from './ports.ts'

const bytesAtOnce = 1024

/** Numbers from 0 up to, not including, 1, with 32 random bits each. */
export function createUniform(random: Random): () => number {
  let view: DataView = new DataView(new ArrayBuffer(0))
  let at = 0
  return () => {
    if (at === view.byteLength) {
      const bytes = random.bytes(bytesAtOnce)
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      at = 0
    }
    const value = view.getUint32(at) / 2 ** 32
    at += 4
    return value
  }
}
