// Buffers for large blocks, used again once a block is written. A fresh mebibyte for each would be zero pages to fault in
// and, every 64 MiB of them, a full garbage collection: at full speed a fifth of the receiver's time.
//
// Must stay true: only buffers that came from here go back, whole, and only when nobody holds the bytes any more
// (`Holding.putBlock` has settled, and had no reason to keep them: nodes are smaller than `blockBufferBytesMin`).

import { blockBufferBytesMin, blockBuffersMax } from './limits.ts'

export interface BlockBuffers {
  /** A buffer of just this length; its content is arbitrary. */
  take(length: number): Uint8Array
  /** Gives one back; anything that did not come from here is ignored. */
  give(bytes: Uint8Array): void
}

export function createBlockBuffers(): BlockBuffers {
  const ours = new WeakSet<Uint8Array>()
  let free: Uint8Array[] = []
  return {
    take(length) {
      if (length < blockBufferBytesMin) return new Uint8Array(length)
      const last = free.pop()
      if (last?.length === length) return last
      // Another length than lately: what is left over will hardly be of use.
      if (last !== undefined) free = []
      const fresh = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
      ours.add(fresh)
      return fresh
    },
    give(bytes) {
      if (bytes.length >= blockBufferBytesMin && free.length < blockBuffersMax && ours.has(bytes)) free.push(bytes)
    },
  }
}
