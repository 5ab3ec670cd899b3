// Between a stream and the log: entries wait here, bounded, while the log is busy with those before, and then go to it many at
// once, which makes the check of their signatures cheap. One batch of a session is under way at a time, in order.

import type { Received } from '../types.ts'
import { receiveAheadBytesMax, receiveBatchMax } from './limits.ts'

export interface IntakeParts {
  receive(
    entries: readonly Uint8Array[],
    options: { readonly wanted: boolean; readonly signal: AbortSignal },
  ): Promise<readonly Received[]>
  done(results: readonly Received[], wanted: boolean, entries: readonly Uint8Array[]): void
  failed(error: unknown): void
}

export interface Intake {
  add(entries: readonly Uint8Array[], wanted: boolean): void
  /** Resolves when there is room for more; undefined: there is. */
  room(): Promise<void> | undefined
  /** Drops what waits; nothing is called any more. */
  stop(): void
}

interface Waiting {
  readonly entry: Uint8Array
  readonly wanted: boolean
}

export function createIntake(parts: IntakeParts): Intake {
  const aborter = new AbortController()
  let queue: Waiting[] = []
  let bytes = 0
  let busy = false
  let wake: (() => void) | undefined

  /** As many as are wanted alike, in order. */
  function take(): { readonly entries: Uint8Array[]; readonly wanted: boolean } | undefined {
    const wanted = queue[0]?.wanted
    if (wanted === undefined) return undefined
    let end = 0
    while (end < receiveBatchMax && queue[end]?.wanted === wanted) end++
    const entries = queue.slice(0, end).map(({ entry }) => entry)
    queue = queue.slice(end)
    return { entries, wanted }
  }

  async function run(): Promise<void> {
    busy = true
    try {
      for (let batch = take(); batch !== undefined; batch = take()) {
        const { entries, wanted } = batch
        const results = await parts.receive(entries, { wanted, signal: aborter.signal })
        bytes -= entries.reduce((sum, { length }) => sum + length, 0)
        if (aborter.signal.aborted) return
        if (bytes <= receiveAheadBytesMax) wake?.()
        parts.done(results, wanted, entries)
      }
    } catch (error) {
      if (!aborter.signal.aborted) parts.failed(error)
    } finally {
      busy = false
    }
  }

  return {
    add(entries, wanted) {
      if (aborter.signal.aborted) return
      for (const entry of entries) {
        queue.push({ entry, wanted })
        bytes += entry.length
      }
      if (!busy) void run()
    },
    room() {
      if (bytes <= receiveAheadBytesMax || aborter.signal.aborted) return undefined
      return new Promise((resolve) => {
        wake = () => {
          wake = undefined
          resolve()
        }
      })
    },
    stop() {
      aborter.abort()
      queue = []
      bytes = 0
      wake?.()
    },
  }
}
