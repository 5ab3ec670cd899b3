// The API's HTTP server: listens on 127.0.0.1 only, bounds what connections may do, and stops within moments even with
// event streams and downloads open. It wires the parts of this folder together; node/ gives it the daemon's services.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { assert } from '../base/errors.ts'
import type { Clock, Log, Metrics } from '../base/ports.ts'
import { createGate } from './access.ts'
import { unreadableAnswer } from './answers.ts'
import { createApp } from './app.ts'
import { createContentServer } from './content.ts'
import { apiErrors } from './errors.ts'
import { createEventHub } from './events.ts'
import { createLedgerRpc, isLedgerUpgrade, type LedgerRpc } from './ledger-rpc.ts'
import { closeGraceMs, connectionsMax, headersTimeoutMs, keepAliveSlackMs, keepAliveTimeoutMs } from './limits.ts'
import { createLinesServer } from './lines.ts'
import { createPage } from './page.ts'
import type { DaemonServices } from './services.ts'

export interface ApiOptions {
  /** Peerhood's version, for the OpenAPI document. */
  readonly version: string
  /** What callers must show; at least 32 characters of printable ASCII. */
  readonly token: string
  /** What a person's page and CLI show beside the token to confirm something; left out: nothing can be confirmed. */
  readonly confirmKey?: string
  /** Absolute path of the built page (dist/web); it need not exist. */
  readonly pageRoot: string
}

export interface ApiParts {
  readonly services: DaemonServices
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

export interface Api {
  /** Listens on 127.0.0.1; 0 is any free port. Rejects with `port_taken`, `port_refused`. Once only. */
  listen(options: { readonly port: number }): Promise<{ readonly port: number; readonly url: string }>
  /** Answers what is on its way within `closeGraceMs`, ends event streams, cuts the rest. */
  close(): Promise<void>
}

export function createApi(options: ApiOptions): (parts: ApiParts) => Api {
  assert(/^[!-~]{32,256}$/.test(options.token), 'the token has 32 to 256 printable characters')
  return (parts) => createServing(options, { ...parts, log: parts.log.child('api') })
}

function createServing(options: ApiOptions, parts: ApiParts): Api {
  const stopping = new AbortController()
  const events = createEventHub(parts)
  const server = createHttpServer()
  let ledgerRpc: LedgerRpc | undefined

  function serveOn(port: number): string {
    const url = `http://127.0.0.1:${port}`
    const gate = createGate({ token: options.token, confirmKey: options.confirmKey, port })
    const app = createApp({
      ...parts,
      gate,
      events,
      content: createContentServer(parts),
      lines: createLinesServer(parts),
      page: createPage(options.pageRoot),
      openApi: async () => (await import('./openapi.ts')).createOpenApi({ version: options.version, url }),
      stopping: stopping.signal,
    })
    const listener = getRequestListener((request, env) => app.fetch(request, env), {
      hostname: '127.0.0.1',
      overrideGlobalObjects: false,
      errorHandler: (thrown) => unreadableAnswer(thrown, parts.log),
    })
    const rpc = createLedgerRpc({ ...parts, services: parts.services.ledgerRpc, gate, stopping: stopping.signal })
    ledgerRpc = rpc
    server.on('upgrade', rpc.upgrade)
    server.on('request', (incoming, outgoing) => {
      if (rpc.serve(incoming, outgoing)) return
      listener(incoming, outgoing).catch(() => outgoing.destroy())
    })
    return url
  }

  return {
    listen({ port }) {
      const { promise, resolve, reject } = Promise.withResolvers<{ port: number; url: string }>()
      server.once('error', (error) => reject(listenError(error, port)))
      server.listen(port, '127.0.0.1', () => {
        const bound = (server.address() as AddressInfo).port
        resolve({ port: bound, url: serveOn(bound) })
      })
      return promise
    },
    async close() {
      stopping.abort(apiErrors.stopping('The daemon is stopping.'))
      events.close()
      ledgerRpc?.close()
      await closeServer(server, parts.clock)
    },
  }
}

function createHttpServer(): Server {
  const server = createServer({
    headersTimeout: headersTimeoutMs,
    // 0: an upload may take as long as bytes arrive; body.ts and uploads.ts have deadlines of their own.
    requestTimeout: 0,
    keepAliveTimeout: keepAliveTimeoutMs,
    keepAliveTimeoutBuffer: keepAliveSlackMs,
    connectionsCheckingInterval: 2_000,
    shouldUpgradeCallback: isLedgerUpgrade,
  })
  server.maxConnections = connectionsMax
  return server
}

function listenError(error: NodeJS.ErrnoException, port: number) {
  const details = { port, system: error.code ?? null }
  if (error.code === 'EADDRINUSE') {
    return apiErrors.port_taken(`Another program listens on port ${port} already.`, { details, cause: error })
  }
  return apiErrors.port_refused(`This computer does not let us listen on port ${port}.`, { details, cause: error })
}

/** Resolves when every connection is gone. */
async function closeServer(server: Server, clock: Clock): Promise<void> {
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  server.closeIdleConnections()
  const cancel = clock.after(closeGraceMs, () => server.closeAllConnections())
  await closed.promise
  cancel()
}
