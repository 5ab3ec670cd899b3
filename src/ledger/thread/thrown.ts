// Errors that cross between threads: what a PeerhoodError is made of, since classes do not cross.

import { PeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import type { ErrorMessage } from './messages.ts'

export function messageOf(thrown: unknown): ErrorMessage {
  const { code, kind, message, hint, details } = toPeerhoodError(thrown)
  return { code, kind, message, hint, details: plain(details) }
}

export function errorOf({ code, kind, message, hint, details }: ErrorMessage): PeerhoodError {
  return new PeerhoodError(code, { kind, hint }, message, { details })
}

/** Only what can cross. */
function plain(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return structuredClone(details)
  } catch {
    return {}
  }
}
