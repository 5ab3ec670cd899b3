// Long runs of small work on the calling thread let others have a turn now and then.

import type { Clock } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import { sliceMs } from './limits.ts'

/**
 * The returned function waits for a turn of the event loop when `sliceMs` have passed since the last one. All who call it
 * share one slice and wait for one turn: else each of them would take a slice of its own in the same turn. Once `signal` has
 * aborted it rejects with its reason.
 */
export function createBreath(clock: Pick<Clock, 'monotonicMs'>, signal?: AbortSignal): () => Promise<void> {
  let startMs = clock.monotonicMs()
  let turn: Promise<void> | undefined
  const nextTurn = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    startMs = clock.monotonicMs()
    turn = undefined
  }
  return async () => {
    if (turn !== undefined || clock.monotonicMs() - startMs >= sliceMs) {
      turn ??= nextTurn()
      await turn
    }
    signal?.throwIfAborted()
  }
}

/**
 * Runs short work of many callers one after the other, with a turn of the event loop for others after every `sliceMs`.
 * A breath alone would let all of them go on in one turn.
 */
export function createPace(clock: Pick<Clock, 'monotonicMs'>): (work: () => void) => Promise<void> {
  const inTurn = createTurns(1)
  const breathe = createBreath(clock)
  return (work) =>
    inTurn(async () => {
      await breathe()
      work()
    })
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
