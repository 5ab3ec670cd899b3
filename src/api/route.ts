// What a row of the route table is (routes.ts). Nothing here may import node:*: the SDK reads these types in the browser.

import type { z } from 'zod'

/**
 * `json`: JSON or nothing in, JSON or nothing out. `upload`: any bytes in, streamed. `content`: a file's bytes out, with
 * ranges. `lines`: JSON lines out, streamed. `events`: server-sent events. `openapi`, `metrics`: a document of the
 * server's own.
 */
export type RouteKind = 'json' | 'upload' | 'content' | 'lines' | 'events' | 'openapi' | 'metrics'

export interface Route {
  readonly kind: RouteKind
  /** The OpenAPI operationId. */
  readonly id: string
  readonly summary: string
  /** Status of a success. */
  readonly status: 200 | 201 | 202 | 204
  readonly query?: z.ZodObject
  /** JSON body; absent means that the route takes none. */
  readonly request?: z.ZodType
  /** The body's limit, where it may be longer than `bodyBytesMax`. */
  readonly bodyBytesMax?: number
  /** JSON answer, or one line of it; absent means none, or one of the kind's own. */
  readonly response?: z.ZodType
  /** The answer's deadline, where it may take longer than `handlerTimeoutMs`. */
  readonly timeoutMs?: number
}

/** Keeps the literal types of a row while checking that it is a Route. */
export const route = <const Row extends Route>(row: Row): Row => row
