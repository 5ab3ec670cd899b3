// Which of the API's own problems a route may answer with, by status. Codes of the daemon's features come on top of
// them under `default`; every problem has the same shape.

import { apiErrors } from './errors.ts'
import { refOf } from './openapi-schemas.ts'
import { problemMediaType, statusOf } from './problems.ts'
import type { Route, RouteKind } from './route.ts'

type Json = Readonly<Record<string, unknown>>
type ApiCode = keyof typeof apiErrors

const codesOfEveryRoute: readonly ApiCode[] = ['unauthenticated', 'host_refused', 'origin_refused', 'stopping']

const codesOfKind: Readonly<Record<RouteKind, readonly ApiCode[]>> = {
  json: ['answer_timeout'],
  upload: ['path_malformed', 'body_too_large', 'body_timeout'],
  content: ['path_malformed', 'range_unsatisfiable', 'too_many_streams'],
  lines: ['too_many_streams'],
  events: ['too_many_events_clients'],
  openapi: [],
  metrics: [],
}

const codesOfBody: readonly ApiCode[] = ['request_malformed', 'body_too_large', 'body_not_json', 'body_timeout']

export function problemResponses(path: string, row: Route): Json {
  const byStatus = Map.groupBy(codesOf(path, row), (code) => statusOf(apiErrors[code]('')))
  const responses: Record<string, Json> = {}
  for (const [status, codes] of byStatus) responses[status] = response(codes.map((code) => `\`${code}\``).join(', '))
  return { ...responses, default: response('Any other problem: `code` says which, `hint` what to do.') }
}

function codesOf(path: string, row: Route): ReadonlySet<ApiCode> {
  const codes = new Set([...codesOfEveryRoute, ...codesOfKind[row.kind]])
  if (path.includes(':') || row.query !== undefined) codes.add('request_malformed')
  if (row.request !== undefined) for (const code of codesOfBody) codes.add(code)
  return codes
}

function response(description: string): Json {
  return { description, content: { [problemMediaType]: { schema: { $ref: refOf('Problem') } } } }
}
