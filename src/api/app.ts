// The routes: every request passes the gate, is matched against the table, and goes to the file that owns its kind.
//
//   gate (Host, Origin) ─► /api, /metrics: caller (token) ─► params, query, body by schema ─► handler ─► JSON
//                      └─► everything else: the page
//
// Some of the table is loaded when somebody asks for it (late-routes.ts); it is served by an app of its own, in the same way.
//
// What must stay true: nothing is read of a request before the gate has let it pass; whatever is thrown leaves as one
// problem document and one log line with its code.

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { onGone } from '../base/gone.ts'
import { type Clock, deadline, type Log, type Metrics } from '../base/ports.ts'
import { type Gate, isApiPath } from './access.ts'
import { emptyAnswer, jsonAnswer, problemAnswer, textAnswer } from './answers.ts'
import { parseWith, readJsonBody } from './body.ts'
import type { ContentServer } from './content.ts'
import { apiErrors } from './errors.ts'
import type { EventHub } from './events.ts'
import { type ApiEnv, type Exchange, openExchange } from './exchange.ts'
import { createHandlers } from './handlers.ts'
import { eventIdHeader, pageHeaders } from './headers.ts'
import { handlerTimeoutMs } from './limits.ts'
import type { LinesServer } from './lines.ts'
import type { OpenApiDocument } from './openapi.ts'
import type { Page } from './page.ts'
import type { Route, RouteKind } from './route.ts'
import { isLatePath, methodsOf } from './route-match.ts'
import { earlyRoutes, type JsonRouteKey } from './routes.ts'
import { requestSignal, untilAborted } from './scope.ts'
import type { DaemonServices } from './services.ts'
import { receiveUpload } from './uploads.ts'

export interface AppParts {
  readonly services: DaemonServices
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly gate: Gate
  readonly events: EventHub
  readonly content: ContentServer
  readonly lines: LinesServer
  readonly page: Page
  /** Made when somebody asks: it holds every schema once more, and what makes it. */
  openApi(): Promise<OpenApiDocument>
  /** Aborts with `stopping` when the server closes. */
  readonly stopping: AbortSignal
}

/** The version is that of the text format; Prometheus asks for it. */
const metricsType = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }

type Serve = (exchange: Exchange, key: string, row: Route) => Promise<Response>

export function createApp(parts: AppParts): Hono<ApiEnv> {
  const { gate } = parts
  const serveKind = createKinds(parts)
  let late: Promise<Hono<ApiEnv>> | undefined
  const rest = methodsOf(earlyRoutes)
  return createRoutes(earlyRoutes, parts, serveKind, async (context) => {
    if (!isLatePath(context.req.path)) return serveRest(context, parts, rest)
    gate.checkCaller(context.env.incoming)
    late ??= loadLate(parts, serveKind)
    return (await late).fetch(context.req.raw, context.env)
  })
}

async function loadLate(parts: AppParts, serveKind: Kinds): Promise<Hono<ApiEnv>> {
  const { lateRoutes } = await import('./late-routes.ts')
  const rest = methodsOf(lateRoutes)
  return createRoutes(lateRoutes, parts, serveKind, (context) => serveRest(context, parts, rest))
}

type Kinds = Readonly<Record<RouteKind, Serve>>

/** Serves the rows of a table, and what is in none of them by `serveOther`. */
function createRoutes(
  table: Readonly<Record<string, Route>>,
  { gate, log, metrics, stopping }: AppParts,
  serveKind: Kinds,
  serveOther: (context: Context<ApiEnv>) => Promise<Response>,
): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()
  app.use('*', async (context, next) => {
    if (stopping.aborted) throw stopping.reason
    gate.checkSource(context.env.incoming, !isApiPath(context.req.path))
    await next()
  })
  for (const [key, row] of Object.entries(table)) {
    const [method = '', path = ''] = key.split(' ')
    app.on(method, path, async (context) => {
      const { incoming, outgoing } = context.env
      outgoing.once('close', () => {
        metrics.count('api_requests', 1, { operation: row.id, status: String(outgoing.statusCode) })
      })
      gate.checkCaller(incoming)
      return serveKind[row.kind](openExchange(context, path, row, stopping), key, row)
    })
  }
  app.all('*', serveOther)
  app.onError((thrown, { env, req }) => problemAnswer({ thrown, ...env, path: req.path }, log))
  return app
}

function createKinds(parts: AppParts): Kinds {
  const { services, clock, events, content, lines, openApi } = parts
  return {
    json: createJson(parts),
    async upload({ incoming, params, signal }) {
      const { id = '', path = '' } = params
      return jsonAnswer(200, await receiveUpload({ incoming, id, path, signal }, { services, clock }))
    },
    async content({ incoming, outgoing, params, query, signal }, key) {
      const { id = '', path = '' } = params
      const of = key.includes('/shares/') ? { share: id } : { transfer: id }
      const download = (query as { download?: '1' }).download === '1'
      await content.serve({ incoming, outgoing, of, path, download, signal })
      return RESPONSE_ALREADY_SENT
    },
    async lines({ incoming, outgoing, params, signal }, key) {
      const { id = '' } = params
      const what = key.endsWith('/ledger/export') ? 'ledger' : 'community'
      const made = (what === 'ledger' ? services.ledgers : services.communities).export(id, { signal })
      await lines.serve({ incoming, outgoing, lines: made, fileName: `${what}-${id.slice(0, 10)}.jsonl`, signal })
      return RESPONSE_ALREADY_SENT
    },
    async events({ incoming, outgoing }) {
      events.serve(incoming, outgoing)
      return RESPONSE_ALREADY_SENT
    },
    openapi: async () => jsonAnswer(200, await openApi()),
    metrics: async () => textAnswer(200, await services.metrics(), metricsType),
  }
}

function createJson({ services, clock, events, gate }: AppParts): Serve {
  const handlers = createHandlers(services)
  const late = (ms: number) => apiErrors.answer_timeout(`The answer took longer than ${ms / 1000} s.`)

  async function run(exchange: Exchange, key: JsonRouteKey, row: Route, signal: AbortSignal): Promise<unknown> {
    const { incoming, outgoing, params, query } = exchange
    const body =
      row.request === undefined
        ? undefined
        : parseWith(row.request, await readJsonBody(incoming, clock, signal, row.bodyBytesMax))
    const afterAnswer = (then: () => void) => onGone(incoming, outgoing, then)
    // The table holds handler, schemas and key together, which a union of all keys can't express here.
    const handler = handlers[key] as (call: unknown) => unknown
    return handler({ params, query, body, signal, afterAnswer, isPerson: gate.isPerson(incoming) })
  }

  return async (exchange, key, row) => {
    const { timeoutMs = handlerTimeoutMs } = row
    const limit = deadline(clock, timeoutMs, () => late(timeoutMs), exchange.signal)
    // Taken first: an event told twice does no harm, one that is taken for old would be lost.
    const position = { [eventIdHeader]: events.position() }
    try {
      const answer = await untilAborted(run(exchange, key as JsonRouteKey, row, limit.signal), limit.signal)
      return row.response === undefined ? emptyAnswer(row.status) : jsonAnswer(row.status, answer, position)
    } finally {
      limit.done()
    }
  }
}

/** The page, and what nobody has. */
async function serveRest(
  context: Context<ApiEnv>,
  { gate, page, stopping }: AppParts,
  methodsFor: (path: string) => string[],
): Promise<Response> {
  const { incoming, outgoing } = context.env
  const { path } = context.req
  if (isApiPath(path)) {
    // Without the token, nobody learns which routes there are.
    gate.checkCaller(incoming)
    const allow = methodsFor(path)
    if (allow.length === 0) throw apiErrors.route_unknown('The API has no such route.')
    throw methodNotAllowed(allow)
  }
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD'])
  const token = context.req.query('token')
  if (token !== undefined && (path === '/' || path === '/open'))
    return openPage(token, context.req.query('confirm'), gate)
  await page.serve(incoming, outgoing, path, requestSignal(incoming, outgoing, stopping))
  return RESPONSE_ALREADY_SENT
}

function methodNotAllowed(allow: readonly string[]) {
  return apiErrors.method_not_allowed('This address does not take that method.', {
    details: { allow: allow.join(', ') },
  })
}

/** The address that `peerhood start` prints: trades token and confirm key for the page's cookies and takes them out of it. */
function openPage(token: string, confirmKey: string | undefined, gate: Gate): Response {
  if (!gate.isToken(token)) throw apiErrors.unauthenticated('This address does not hold the token of this daemon.')
  const headers = new Headers({ ...pageHeaders, 'cache-control': 'no-store', location: '/' })
  for (const cookie of gate.setCookies(confirmKey)) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}
