// Blocks that one peer was asked for and need not send any more, but may: they were on their way when we changed our
// mind. Kept with the session, so that they outlive a fetch that was paused and begun anew. Bounded; the oldest are
// forgotten first.

import { lateBlocksMax } from './limits.ts'

export interface Late {
  expect(indexes: Iterable<number>): void
  has(index: number): boolean
  /** It came. */
  take(index: number): void
}

export function createLate(): Late {
  const late = new Set<number>()
  return {
    expect(indexes) {
      for (const index of indexes) late.add(index)
      for (const oldest of late) {
        if (late.size <= lateBlocksMax) break
        late.delete(oldest)
      }
    },
    has: (index) => late.has(index),
    take(index) {
      late.delete(index)
    },
  }
}
