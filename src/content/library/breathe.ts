// Long runs of small work on the calling thread let others have a turn now and then.

import type { Clock } from '../../base/ports.ts'
import { sliceMs } from './limits.ts'

/** The returned function waits for a turn of the event loop when `sliceMs` have passed since the last one. */
export function createBreath(clock: Pick<Clock, 'monotonicMs'>): () => Promise<void> {
  let startMs = clock.monotonicMs()
  return async () => {
    if (clock.monotonicMs() - startMs < sliceMs) return
    await new Promise((resolve) => setImmediate(resolve))
    startMs = clock.monotonicMs()
  }
}

/** Runs `work` for each item, at most `atOnceMax` at a time, in order of starting. Rejects with the first failure. */
export async function forEachLimited<Item>(
  items: Iterable<Item>,
  atOnceMax: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: atOnceMax }, worker))
}
