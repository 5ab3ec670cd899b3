// What nobody caught. Nothing that a peer sends may end the process, and everything acknowledged is on disk already, so:
//   - a rejected promise that nobody awaited is logged and the daemon goes on: it left no code half done that others
//     rely on, and libraries that hold hundreds of sockets drop such promises in rare races;
//   - an exception out of a socket or file operation (it has a `syscall`, such as ECONNRESET on a stream whose owner was
//     gone) is logged and the daemon goes on, for the same reason: otherwise any stranger with good timing could end it;
//   - any other exception may have left state half changed: it is logged, and the daemon stops in order with exit code 1.

import type { Cancel, Clock, Log } from '../base/ports.ts'
import { strayErrorsMax } from './limits.ts'

export interface StrayError {
  readonly atMs: number
  readonly message: string
}

export interface StrayErrors {
  list(): readonly StrayError[]
  stop: Cancel
}

export interface StrayErrorParts {
  readonly clock: Clock
  readonly log: Log
  /** Called when the daemon has to stop. */
  readonly onFatal: () => void
  /** Where they surface: `process`, unless a test has its own. */
  readonly source?: Pick<NodeJS.EventEmitter, 'on' | 'off'>
}

export function watchStrayErrors(parts: StrayErrorParts): StrayErrors {
  const { clock, log, onFatal, source = process } = parts
  const errors: StrayError[] = []

  const keep = (code: string, error: unknown) => {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    errors.push({ atMs: clock.nowMs(), message })
    if (errors.length > strayErrorsMax) errors.shift()
    log.error(code, { message, stack: error instanceof Error ? error.stack : undefined })
  }
  const onRejection = (reason: unknown) => keep('rejection_unhandled', reason)
  const onException = (error: unknown) => {
    keep('exception_uncaught', error)
    if (!isSystemError(error)) onFatal()
  }

  source.on('unhandledRejection', onRejection)
  source.on('uncaughtException', onException)
  return {
    list: () => errors,
    stop: () => {
      source.off('unhandledRejection', onRejection)
      source.off('uncaughtException', onException)
    },
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && typeof error.syscall === 'string'
}
