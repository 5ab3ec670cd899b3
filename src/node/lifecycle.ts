// Start in order, stop in reverse, within a bound. Each step registers how to undo itself as soon as it stands, so a
// start that fails half way takes down exactly what it built. A step that hangs in stopping is left behind: whatever
// has been acknowledged is on disk before, so ending the process loses nothing.

import { type Clock, deadline, type Log } from '../base/ports.ts'

export interface Lifecycle {
  /** Undone last in, first out. */
  onStop(name: string, undo: () => void | Promise<void>): void
  /** Runs every undo once; further calls wait for the same. Never rejects. */
  stop(): Promise<void>
}

/** `stopped` is called as the very last, once nothing will be logged any more. */
export function createLifecycle(parts: {
  readonly clock: Clock
  readonly log: Log
  readonly stopMsMax: number
  readonly stopped?: () => void
}): Lifecycle {
  const { clock, log, stopMsMax } = parts
  const undos: { name: string; undo: () => void | Promise<void> }[] = []
  let stopping: Promise<void> | undefined

  const runAll = async () => {
    const startedMs = clock.monotonicMs()
    for (let step = undos.pop(); step !== undefined; step = undos.pop()) {
      const leftMs = stopMsMax - (clock.monotonicMs() - startedMs)
      await runOne(step.name, step.undo, Math.max(leftMs, 50))
    }
    log.info('stopped', { ms: Math.round(clock.monotonicMs() - startedMs) })
    parts.stopped?.()
  }

  const runOne = async (name: string, undo: () => void | Promise<void>, msMax: number) => {
    const limit = deadline(clock, msMax, () => 'late')
    try {
      await Promise.race([undo(), aborted(limit.signal)])
      if (limit.signal.aborted) log.warn('stop_step_late', { step: name, ms: Math.round(msMax) })
    } catch (error) {
      log.error('stop_step_failed', { step: name, error: String(error) })
    } finally {
      limit.done()
    }
  }

  return {
    onStop: (name, undo) => {
      undos.push({ name, undo })
    },
    stop() {
      stopping ??= runAll()
      return stopping
    },
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
