// The ports through which anything outside comes in: time, randomness, the log, metrics. Production adapters live in
// `node/adapters.ts`, virtual ones in `test/sim/`. `Date`, `Math.random` and `setTimeout` are banned everywhere else.

/** Cancels what it was given for; calling it twice does nothing. */
export type Cancel = () => void

export interface Clock {
  /** Milliseconds since 1970, as the computer believes. May jump; for records that people read. */
  nowMs(): number
  /** Milliseconds from an arbitrary start; never goes back. For durations, deadlines and rates. */
  monotonicMs(): number
  /** Calls `run` once after `delayMs` (of monotonic time). */
  after(delayMs: number, run: () => void): Cancel
}

export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Structured log: `code` is stable and snake_case, `fields` hold data and never a secret. */
export interface Log {
  debug(code: string, fields?: Readonly<Record<string, unknown>>): void
  info(code: string, fields?: Readonly<Record<string, unknown>>): void
  warn(code: string, fields?: Readonly<Record<string, unknown>>): void
  error(code: string, fields?: Readonly<Record<string, unknown>>): void
  /** A log whose lines all carry `folder`. */
  child(folder: string): Log
}

export interface Metrics {
  /** Adds to a counter named `peerhood_<name>_total`. Labels come from small fixed sets, never from a peer. */
  count(name: string, by?: number, labels?: Readonly<Record<string, string>>): void
  /** Sets a gauge named `peerhood_<name>`. */
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, delayMs: number, options: { signal?: AbortSignal } = {}): Promise<void> {
  const { signal } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Aborts after `delayMs` with `reason()`, or with `parent`'s reason when that aborts first. Call `done` when finished. */
export function deadline(
  clock: Clock,
  delayMs: number,
  reason: () => unknown,
  parent?: AbortSignal,
): { signal: AbortSignal; done: Cancel } {
  const controller = new AbortController()
  const onParent = () => controller.abort(parent?.reason)
  const cancel = clock.after(delayMs, () => controller.abort(reason()))
  if (parent?.aborted) onParent()
  else parent?.addEventListener('abort', onParent, { once: true })
  return {
    signal: controller.signal,
    done: () => {
      cancel()
      parent?.removeEventListener('abort', onParent)
    },
  }
}
