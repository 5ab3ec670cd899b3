// PeerhoodError → RFC 9457 problem document. The status follows from the error's kind; a few codes know better.
// What must stay true: an unexpected error tells the caller nothing of itself, no stack or message; the log has it.

import { type ErrorKind, type PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import type { Problem } from './schemas.ts'

export const problemMediaType = 'application/problem+json'

export const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  usage: 400,
  conflict: 409,
  'not-found': 404,
  refused: 403,
  // The server's own computer is in the way; nothing that the caller sends can mend it.
  local: 500,
  'no-daemon': 503,
  interrupted: 503,
  internal: 500,
}

/** Codes whose meaning has an HTTP status of its own. */
export const statusOfCode: Readonly<Record<string, number>> = {
  unauthenticated: 401,
  host_refused: 421, // RFC 9110 §15.5.20: not the server that the request was meant for
  method_not_allowed: 405,
  body_timeout: 408,
  body_too_large: 413,
  body_not_json: 415,
  range_unsatisfiable: 416,
  too_many_events_clients: 429,
  too_many_streams: 429,
  answer_timeout: 504,
  disk_full: 507, // RFC 4918 §11.5
}

export function statusOf(error: PeerhoodError): number {
  return statusOfCode[error.code] ?? statusOfKind[error.kind]
}

export function problemOf(thrown: unknown): Problem {
  const error = toPeerhoodError(thrown)
  // `internal` wraps whatever was thrown: its message may hold paths, keys, anything.
  const isOurs = error.code !== 'internal'
  return {
    type: `/problems/${error.code}`,
    title: error.code.replaceAll('_', ' '),
    status: statusOf(error),
    detail: isOurs ? error.message : 'Something went wrong inside Peerhood; its log says what.',
    code: error.code,
    kind: error.kind,
    hint: error.hint,
    details: isOurs ? jsonDetails(error.details) : {},
  }
}

/** Details as JSON can carry them; a value that it can't (bigint, a cycle) costs the details, not the answer. */
function jsonDetails(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(details)) as Record<string, unknown>
  } catch {
    return {}
  }
}
