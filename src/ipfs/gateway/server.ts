// The gateway's HTTP server: content of public shares, and what IPFS peers have, for programs of this computer. A port of
// its own, so that what strangers made never shares an origin with the page and its API; it knows no token and takes none.
//
//   source (Host, Origin, Fetch Metadata) ─► request (core) ─► blocks: here, or by bitswap for a while ─► answer ─► socket

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CID } from 'multiformats/cid'
import { toPeerhoodError } from '../../base/errors.ts'
import { onGone } from '../../base/gone.ts'
import { type Clock, deadline, type Log, type Metrics } from '../../base/ports.ts'
import type { GetBlock, PublicBlocks } from '../blocks.ts'
import { createNodeCache } from '../cache.ts'
import { inlineBlock } from '../cid.ts'
import { ipfsErrors } from '../errors.ts'
import {
  gatewayAnswersMax,
  gatewayConnectionsMax,
  gatewayFetchTimeoutMs,
  gatewayHeadersTimeoutMs,
  gatewayKeepAliveMs,
  gatewayUrlCharsMax,
} from '../limits.ts'
import type { OpenSource } from '../source.ts'
import { type Answer, answer, htmlAnswer, problemAnswer } from './answers.ts'
import { gatewayErrors } from './errors.ts'
import { rootPage } from './listing.ts'
import { type GatewayRequest, parseRequest } from './request-core.ts'

export interface GatewayParts {
  readonly blocks: PublicBlocks
  readonly openSource: OpenSource
  /** What the front page lists. */
  readonly roots: () => readonly { readonly name: string; readonly cid: CID }[]
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** How long the head of a request may take; `gatewayHeadersTimeoutMs` if not given. */
  readonly headersTimeoutMs?: number
}

export interface Gateway {
  /** Listens on 127.0.0.1; 0 is any free port. Throws `gateway_port_taken`, `gateway_port_refused`. */
  listen(port: number): Promise<void>
  /** Undefined before it listens. */
  readonly url: string | undefined
  close(): Promise<void>
}

interface Call {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Aborts when the caller has gone or the gateway stops. */
  readonly signal: AbortSignal
}

export function createGateway(parts: GatewayParts): Gateway {
  const { blocks, openSource, clock, log, metrics, headersTimeoutMs = gatewayHeadersTimeoutMs } = parts
  const stopping = new AbortController()
  const cache = createNodeCache()
  let answering = 0
  let hosts: ReadonlySet<string> = new Set()
  let url: string | undefined
  const server = createServer({
    headersTimeout: headersTimeoutMs,
    requestTimeout: headersTimeoutMs,
    // Node looks every 30 s, else: a limit of 10 s would be one of 40.
    connectionsCheckingInterval: headersTimeoutMs / 4,
    keepAliveTimeout: gatewayKeepAliveMs,
  })
  server.maxConnections = gatewayConnectionsMax
  server.on('request', (incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy())
  })

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // A body is not asked for, so it is not read.
    incoming.resume()
    const gone = new AbortController()
    onGone(incoming, outgoing, () => gone.abort(gatewayErrors.gateway_late('The caller has gone.')))
    const call = { incoming, outgoing, signal: AbortSignal.any([gone.signal, stopping.signal]) }
    if (answering >= gatewayAnswersMax) {
      return respond(call, problemAnswer(gatewayErrors.gateway_busy('Too many answers are under way.')))
    }
    answering += 1
    try {
      checkSource(incoming)
      if (incoming.url === '/' || incoming.url === '/ipfs/') {
        return await respond(call, htmlAnswer(200, rootPage(parts.roots()), { 'cache-control': 'no-store' }))
      }
      await serve(call)
    } catch (error) {
      if (outgoing.headersSent) outgoing.destroy()
      else await respond(call, problemAnswer(error))
    } finally {
      answering -= 1
    }
  }

  /** Who may ask: programs, and pages of this gateway's own. */
  function checkSource(incoming: IncomingMessage): void {
    const { method, headers, headersDistinct } = incoming
    if (method !== 'GET' && method !== 'HEAD')
      throw gatewayErrors.gateway_method_unknown(`${method} does nothing here.`)
    const [host, ...others] = headersDistinct.host ?? []
    if (host === undefined || others.length > 0 || !hosts.has(host.toLowerCase())) {
      throw gatewayErrors.gateway_host_refused('This request names a host that is not this gateway.')
    }
    if (headers.origin !== undefined && headers.origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
      throw gatewayErrors.gateway_source_refused('Another page sent this request.')
    }
    const site = headers['sec-fetch-site']
    const isOpened = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
    if (site === undefined || site === 'same-origin' || site === 'none' || isOpened) return
    throw gatewayErrors.gateway_source_refused('Another page sent this request.')
  }

  async function serve(call: Call): Promise<void> {
    const { incoming, signal } = call
    const { url: asked = '', headers } = incoming
    if (asked.length > gatewayUrlCharsMax) throw gatewayErrors.gateway_request_wrong('The address is too long.')
    // Nobody may put a script between other pages and this gateway (path-gateway, "Service-Worker").
    if (headers['service-worker'] !== undefined) {
      throw gatewayErrors.gateway_request_wrong('Service workers are not served here.')
    }
    const request = parseRequest({ url: asked, accept: headers.accept, cacheControl: headers['cache-control'] })
    const source = await sourceOf(request, signal)
    try {
      const wanted = {
        range: headers.range,
        ifRange: header(headers, 'if-range'),
        ifNoneMatch: headers['if-none-match'],
      }
      await respond(call, await answer(source.get, request, wanted, signal))
    } finally {
      source.close()
    }
  }

  /** Blocks for one request: those here, then others' with a time limit for each. */
  async function sourceOf(request: GatewayRequest, signal: AbortSignal): Promise<{ get: GetBlock; close(): void }> {
    if (request.onlyIfCached) {
      const get: GetBlock = (cid, options) =>
        blocks.get(cid, options).catch(() => {
          throw gatewayErrors.gateway_not_cached('It is not all on this computer.')
        })
      return { get, close() {} }
    }
    const source = await openSource(request.root, { from: undefined, signal })
    const get: GetBlock = async (cid) => {
      if (inlineBlock(cid) !== undefined || blocks.find(cid) !== undefined) return source.get(cid, { signal })
      const kept = cache.get(cid)
      if (kept !== undefined) return kept
      const late = () => ipfsErrors.ipfs_block_late('Those who have it did not answer in time.')
      const limit = deadline(clock, gatewayFetchTimeoutMs, late, signal)
      try {
        const bytes = await source.get(cid, { signal: limit.signal })
        cache.put(cid, bytes)
        return bytes
      } finally {
        limit.done()
      }
    }
    return { get, close: () => source.close() }
  }

  async function respond({ incoming, outgoing, signal }: Call, { status, headers, body }: Answer) {
    metrics.count('ipfs_gateway_answers', 1, { status: `${Math.floor(status / 100)}xx` })
    if (incoming.method === 'HEAD' || body === undefined || body instanceof Uint8Array) {
      outgoing.writeHead(status, headers).end(incoming.method === 'HEAD' ? undefined : body)
      return
    }
    // What can't be read at all is told by a status; later failures can only cut the answer.
    const chunks = body[Symbol.asyncIterator]()
    try {
      const first = await chunks.next()
      outgoing.writeHead(status, headers)
      await pipeline(Readable.from(restOf(first, chunks), { objectMode: true, highWaterMark: 1 }), outgoing, { signal })
    } catch (error) {
      if (!outgoing.headersSent) throw error
      log.debug('ipfs_gateway_broke_off', { code: toPeerhoodError(error).code })
      outgoing.destroy()
    } finally {
      // Here, and not where they are read: an answer that was closed before is never begun.
      await chunks.return?.()
    }
  }

  return {
    get url() {
      return url
    },
    listen(port) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      server.once('error', (error) => reject(listenError(error, port)))
      server.listen(port, '127.0.0.1', () => {
        const bound = (server.address() as AddressInfo).port
        hosts = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${bound}`))
        url = `http://127.0.0.1:${bound}`
        resolve()
      })
      return promise
    },
    async close() {
      stopping.abort(gatewayErrors.gateway_busy('Peerhood is stopping.'))
      await closeServer(server)
    },
  }
}

async function* restOf(
  first: IteratorResult<Uint8Array>,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  for (let item = first; item.done !== true; item = await chunks.next()) yield item.value
}

function header(headers: IncomingMessage['headers'], name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

function listenError(error: NodeJS.ErrnoException, port: number) {
  const details = { port, system: error.code ?? null }
  if (error.code === 'EADDRINUSE') {
    return ipfsErrors.gateway_port_taken(`Another program listens on port ${port} already.`, { details, cause: error })
  }
  return ipfsErrors.gateway_port_refused(`This computer does not let us listen on port ${port}.`, {
    details,
    cause: error,
  })
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  server.closeAllConnections()
  await closed.promise
}
