// How answers leave: JSON, nothing, or a problem. One place turns what was thrown into an answer and a log line.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import type { Log } from '../base/ports.ts'
import { isApiPath } from './access.ts'
import { apiErrors } from './errors.ts'
import { apiHeaders } from './headers.ts'
import { problemMediaType, problemOf, statusOf } from './problems.ts'

type Headers = Readonly<Record<string, string>>

export function jsonAnswer(status: number, value: unknown, headers: Headers = {}): Response {
  const type = { 'content-type': 'application/json' }
  return new Response(JSON.stringify(value), { status, headers: { ...apiHeaders, ...type, ...headers } })
}

export function emptyAnswer(status: number): Response {
  return new Response(null, { status, headers: apiHeaders })
}

export function textAnswer(status: number, text: string, headers: Headers = {}): Response {
  const type = { 'content-type': 'text/plain; charset=utf-8' }
  return new Response(text, { status, headers: { ...apiHeaders, ...type, ...headers } })
}

export interface Failure {
  readonly thrown: unknown
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Path without the query, which may hold the token. */
  readonly path: string
}

export function problemAnswer(failure: Failure, log: Log): Response {
  const { thrown, incoming, outgoing, path } = failure
  const error = toPeerhoodError(thrown)
  logFailure(error, failure, log)
  if (outgoing.headersSent) {
    outgoing.destroy()
    return RESPONSE_ALREADY_SENT
  }
  const headers = { ...extraHeaders(error), ...(incoming.complete ? {} : { connection: 'close' }) }
  if (isApiPath(path)) return problemResponse(error, headers)
  const { status, detail, hint } = problemOf(error)
  return textAnswer(status, `${detail}\n${hint}\n`, headers)
}

/** For a request whose target or head can't be read at all, so that no route has seen it. */
export function unreadableAnswer(thrown: unknown, log: Log): Response {
  const isRequestError = thrown instanceof Error && thrown.name === 'RequestError'
  const error = isRequestError
    ? apiErrors.request_malformed('The request names no address of this daemon.')
    : toPeerhoodError(thrown)
  if (error.kind === 'internal') log.error(error.code, { cause: error.stack })
  return problemResponse(error, { connection: 'close' })
}

function problemResponse(error: PeerhoodError, headers: Headers): Response {
  const problem = problemOf(error)
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { ...apiHeaders, ...headers, 'content-type': problemMediaType },
  })
}

/** Headers that HTTP wants with some statuses. */
function extraHeaders(error: PeerhoodError): Record<string, string> {
  switch (statusOf(error)) {
    case 401:
      return { 'www-authenticate': 'Bearer realm="peerhood"' } // RFC 9110 §15.5.2
    case 405:
      return { allow: String(error.details.allow) } // RFC 9110 §15.5.6
    case 416:
      return { 'content-range': `bytes */${String(error.details.bytes)}` } // RFC 9110 §15.5.17
    case 429:
      return { 'retry-after': '1' }
    default:
      return {}
  }
}

function logFailure(error: PeerhoodError, { incoming, path }: Failure, log: Log): void {
  const fields = { method: incoming.method, path: path.slice(0, 200), status: statusOf(error) }
  if (error.kind !== 'internal') log.info(error.code, fields)
  else log.error(error.code, { ...fields, cause: error.cause instanceof Error ? error.cause.stack : error.stack })
}
