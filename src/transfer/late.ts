// Blocks that one peer was asked for and need not send any more, but may: they were on their way when we changed our
// mind. Counted, because what was asked, given up and asked again may come as often as it was asked. Kept with the session,
// so that they outlive a fetch that was paused and begun anew. Bounded; the oldest are forgotten first.

import { lateBlocksMax } from './limits.ts'

export interface Late {
  expect(indexes: Iterable<number>): void
  has(index: number): boolean
  /** One of them came. */
  take(index: number): void
}

export function createLate(): Late {
  const late = new Map<number, number>()
  return {
    expect(indexes) {
      for (const index of indexes) late.set(index, (late.get(index) ?? 0) + 1)
      for (const oldest of late.keys()) {
        if (late.size <= lateBlocksMax) break
        late.delete(oldest)
      }
    },
    has: (index) => late.has(index),
    take(index) {
      const count = late.get(index) ?? 0
      if (count > 1) late.set(index, count - 1)
      else late.delete(index)
    },
  }
}
