// Figures that grow with every byte, and the disk: each write is a flush, so they are written together, at most once in a
// while and at the stop. A crash costs the figures of that while, never what they count; a failed write costs nothing, as
// the next growth, or the stop, brings the next try.

import type { Cancel, Clock, Log } from './ports.ts'

export interface Saver {
  /** Something grew: it is written within `everyMs`. */
  grew(): void
  /** Writes what has not been written yet; nothing is from now on. */
  stop(): void
}

export interface SaverParts {
  readonly clock: Clock
  readonly log: Log
  readonly everyMs: number
  /** The code that a failed write is logged under. */
  readonly failureCode: string
  /** Writes what has grown since it last did, if anything has; may throw. */
  save(): void
}

export function createSaver({ clock, log, everyMs, failureCode, save }: SaverParts): Saver {
  let timer: Cancel | undefined
  let stopped = false

  function run(): void {
    try {
      save()
    } catch (error) {
      // A full disk, say.
      log.warn(failureCode, { message: String(error) })
    }
    // Only now: what `save` itself finds to have grown has just been written.
    timer?.()
    timer = undefined
  }

  return {
    grew() {
      if (!stopped) timer ??= clock.after(everyMs, run)
    },
    stop() {
      if (stopped) return
      stopped = true
      run()
    },
  }
}
