// The reading thread's jobs: one after the other, in the order in which they came. One that is stopped before its turn ends at
// once, however long those before it take.

import type { ReadingEnd, ReadingJob } from '../community/reading.ts'

export interface ReadingJobs {
  add(id: number, job: ReadingJob): void
  stop(id: number): void
}

export function createReadingJobs(parts: {
  /** `isStopped`: to be asked now and then. */
  readonly run: (id: number, job: ReadingJob, isStopped: () => boolean) => Promise<ReadingEnd['how']>
  readonly onEnd: (id: number, how: ReadingEnd['how'], error?: unknown) => void
}): ReadingJobs {
  const waiting = new Map<number, ReadingJob>()
  let running: { readonly id: number; isStopped: boolean } | undefined

  async function runAll(): Promise<void> {
    for (const [id, job] of waiting) {
      waiting.delete(id)
      const state = { id, isStopped: false }
      running = state
      try {
        parts.onEnd(id, await parts.run(id, job, () => state.isStopped))
      } catch (error) {
        parts.onEnd(id, 'failed', error)
      }
    }
    running = undefined
  }

  return {
    add(id, job) {
      waiting.set(id, job)
      if (running === undefined) void runAll()
    },
    stop(id) {
      if (running?.id === id) running.isStopped = true
      else if (waiting.delete(id)) parts.onEnd(id, 'stopped')
    },
  }
}
