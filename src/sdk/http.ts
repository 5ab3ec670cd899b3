// One call of the API: builds the request from the route's key, sends it, gives JSON back or throws a PeerhoodError.
// Keys, parameters, bodies and answers are typed by the API's own route table (api/routes.ts, types only).

import type { BodyOf, JsonRouteKey, ParamsOf, ResponseOf, RouteKey } from '../api/routes.ts'
import { type Clock, deadline } from '../base/ports.ts'
import { sdkErrors } from './errors.ts'
import { callTimeoutMs } from './limits.ts'
import { errorOfFailure, errorOfResponse } from './problems.ts'
import type { CallOptions } from './types.ts'

/** As api/headers.ts has it. */
const eventIdHeader = 'peerhood-event-id'

interface Target<Key extends RouteKey> extends CallOptions {
  readonly params?: ParamsOf<Key>
  readonly query?: Readonly<Record<string, string | number | undefined>>
}

export interface CallRequest<Key extends RouteKey> extends Target<Key> {
  readonly body?: BodyOf<Key>
  /** Default: `callTimeoutMs`. */
  readonly timeoutMs?: number
}

export interface SendRequest<Key extends RouteKey> extends Target<Key> {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Blob | Uint8Array | string | ReadableStream<Uint8Array>
}

/** An answer, and the id of the newest event that it knows of. */
export interface Reading<Value> {
  readonly value: Value
  readonly eventId: string | undefined
}

/** What every part of the SDK calls the daemon with. */
export interface Http {
  /** The API's origin, without a trailing slash. */
  readonly url: string
  readonly clock: Clock
  /** Headers that show who calls. */
  readonly credentials: Readonly<Record<string, string>>
  /** A JSON call, with a deadline. */
  call<Key extends JsonRouteKey>(key: Key, request?: CallRequest<Key>): Promise<ResponseOf<Key>>
  /** The same, with where the event stream stood when the answer was made. */
  read<Key extends JsonRouteKey>(key: Key, request?: CallRequest<Key>): Promise<Reading<ResponseOf<Key>>>
  /** Any call; resolves with a success's response as soon as its head is here. No deadline but the signal. */
  send<Key extends RouteKey>(key: Key, request: SendRequest<Key>): Promise<Response>
  /** The absolute URL of a route. */
  urlOf<Key extends RouteKey>(key: Key, request: Target<Key>): string
}

export interface HttpOptions {
  readonly url: string
  readonly token: string | undefined
  readonly confirmKey: string | undefined
  readonly fetch: typeof globalThis.fetch
  readonly clock: Clock
}

export function createHttp(options: HttpOptions): Http {
  const url = parseOrigin(options.url)
  const credentials: Record<string, string> = {
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    // As api/access.ts names it.
    ...(options.confirmKey === undefined ? {} : { 'peerhood-confirm': options.confirmKey }),
  }

  function urlOf<Key extends RouteKey>(key: Key, request: Target<Key>): string {
    return url + pathOf(key, request.params) + queryOf(request.query)
  }

  async function send<Key extends RouteKey>(key: Key, request: SendRequest<Key>): Promise<Response> {
    try {
      const response = await options.fetch(urlOf(key, request), initOf(key, credentials, request))
      if (response.ok) return response
      throw await errorOfResponse(response)
    } catch (error) {
      throw errorOfFailure(error, url, request.signal)
    }
  }

  async function read<Key extends JsonRouteKey>(
    key: Key,
    request: CallRequest<Key> = {},
  ): Promise<Reading<ResponseOf<Key>>> {
    const { body, timeoutMs = callTimeoutMs, ...target } = request
    const silent = () => sdkErrors.daemon_silent(`The daemon at ${url} did not answer within ${timeoutMs / 1000} s.`)
    const limit = deadline(options.clock, timeoutMs, silent, request.signal)
    try {
      const json =
        body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      const response = await send<Key>(key, { ...target, ...json, signal: limit.signal })
      const value = (await readJson(response, url, limit.signal)) as ResponseOf<Key>
      return { value, eventId: response.headers.get(eventIdHeader) ?? undefined }
    } finally {
      limit.done()
    }
  }

  const call: Http['call'] = async (key, request) => (await read(key, request)).value

  return { url, clock: options.clock, credentials, call, read, send, urlOf }
}

/** JSON of a success; undefined when it has no body. Its shape is the daemon's word, which its own tests hold it to. */
export async function readJson(response: Response, url: string, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw sdkErrors.answer_malformed(`The answer of ${url} is not JSON.`, { cause: error })
    }
    throw errorOfFailure(error, url, signal)
  }
}

function initOf(
  key: RouteKey,
  credentials: Readonly<Record<string, string>>,
  request: Pick<SendRequest<RouteKey>, 'headers' | 'body' | 'signal'>,
): RequestInit {
  const { headers, body, signal } = request
  const init = {
    method: key.slice(0, key.indexOf(' ')),
    headers: { ...credentials, ...headers },
    // The page's cookie goes along. A redirect is never the API's: following it would hand the token to whoever sent it.
    credentials: 'same-origin',
    redirect: 'error',
    cache: 'no-store',
    // `duplex` is what a streamed body needs, in browsers and in Node alike; not every RequestInit type knows it.
    ...(body === undefined ? {} : { body, duplex: 'half' }),
    ...(signal === undefined ? {} : { signal }),
  }
  return init as unknown as RequestInit
}

function pathOf(key: RouteKey, params: Readonly<Record<string, string>> | undefined): string {
  const segments = key.slice(key.indexOf(' ') + 1).split('/')
  return segments.map((segment) => fillSegment(segment, params)).join('/')
}

function fillSegment(segment: string, params: Readonly<Record<string, string>> | undefined): string {
  if (segment === '*') return (params?.path ?? '').split('/').map(encodeURIComponent).join('/')
  if (segment.startsWith(':')) return encodeURIComponent(params?.[segment.slice(1)] ?? '')
  return segment
}

function queryOf(query: Readonly<Record<string, string | number | undefined>> = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return search.size === 0 ? '' : `?${search}`
}

function parseOrigin(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw sdkErrors.url_malformed('The address of the daemon is not a URL.', { details: { url } })
  }
  return parsed.origin
}
