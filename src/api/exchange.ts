// One request on its way through the routes: what of it has been checked, and how its answer leaves.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { parseWith } from './body.ts'
import { apiErrors } from './errors.ts'
import { parsePath } from './paths.ts'
import type { Route } from './route.ts'
import { requestSignal } from './scope.ts'

export type ApiEnv = { Bindings: HttpBindings }

export interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** `:name` segments; `path` is the decoded rest where the route ends in `*`. */
  readonly params: Readonly<Record<string, string>>
  /** What the row's query schema made of the query; undefined where it has none. */
  readonly query: unknown
  /** Aborts when the caller is gone or the daemon stops. */
  readonly signal: AbortSignal
}

/** Reads the head of a request. Throws `request_malformed`, `path_malformed`. */
export function openExchange(context: Context<ApiEnv>, path: string, row: Route, stopping: AbortSignal): Exchange {
  const { incoming, outgoing } = context.env
  const url = new URL(context.req.url)
  return {
    incoming,
    outgoing,
    params: paramsOf(url.pathname, path),
    query: row.query === undefined ? undefined : parseWith(row.query, Object.fromEntries(url.searchParams)),
    signal: requestSignal(incoming, outgoing, stopping),
  }
}

/** Ids of ours are of these characters; anything else is nobody's id, and stays out of services and logs. */
const idPattern = /^[A-Za-z0-9_-]{1,128}$/

/** Segments that are something else than an id of ours. Checked once decoded, so none can hold a separator. */
const patternOfName: Readonly<Record<string, RegExp>> = {
  // Multibase base58btc (https://w3c-ccg.github.io/did-key-spec/).
  person: /^did:key:z[1-9A-HJ-NP-Za-km-z]{1,128}$/,
  // Which sequences are emoji changes with each Unicode, so chat says more; none has a letter, a space or a separator.
  emoji: /^[^\p{Cc}\p{Z}\p{L}/\\]{1,64}$/u,
}

/** From the URL itself and not from the router's own decoding, which keeps some escapes and not others. */
function paramsOf(pathname: string, template: string): Record<string, string> {
  const params: Record<string, string> = {}
  const segments = pathname.split('/')
  for (const [index, name] of template.split('/').entries()) {
    if (name === '*') params.path = parsePath(segments.slice(index).join('/'))
    if (name.startsWith(':')) params[name.slice(1)] = parseSegment(segments[index] ?? '', name.slice(1))
  }
  return params
}

function parseSegment(segment: string, field: string): string {
  const pattern = Object.hasOwn(patternOfName, field) ? patternOfName[field] : undefined
  const text = pattern === undefined ? segment : decode(segment)
  if (text !== undefined && (pattern ?? idPattern).test(text)) return text
  const problem =
    pattern === undefined ? 'this is not an id' : `this is not ${field === 'emoji' ? 'an emoji' : `a ${field}`}`
  throw apiErrors.request_malformed(`\`${field}\`: ${problem}.`, {
    details: { fields: [{ field, problem }], count: 1 },
  })
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
