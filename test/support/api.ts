// A real API server over the in-memory services, on a free port, for tests of the API and the SDK. `raw` speaks to it over
// a bare socket, for requests that no HTTP client sends.

import { connect } from 'node:net'
import { type Api, createApi } from '../../src/api/server.ts'
import type { DaemonServices } from '../../src/api/services.ts'
import type { Log } from '../../src/base/ports.ts'
import { systemClock } from '../../src/node/adapters.ts'
import { createPeerhood, type Peerhood } from '../../src/sdk/client.ts'
import type { ManualClock } from './clock.ts'
import { createMemoryServices, type MemoryOptions, type MemoryServices } from './services.ts'

export const testToken = 'test-token-test-token-test-token-test-token'
export const testConfirmKey = 'test-confirm-test-confirm-test-confirm-test'

export interface LogLine {
  readonly level: string
  readonly code: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** `await using api = await startApi()` closes it at the end of the block, whatever happens in it. */
export interface TestApi extends AsyncDisposable {
  readonly api: Api
  readonly url: string
  readonly port: number
  readonly services: MemoryServices
  readonly client: Peerhood
  readonly lines: readonly LogLine[]
  /** fetch with the token. */
  get(path: string, init?: RequestInit): Promise<Response>
  /** Sends these bytes and resolves with all that comes back until the server closes. */
  raw(request: string): Promise<RawAnswer>
  close(): Promise<void>
}

export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

export interface TestApiOptions extends Partial<MemoryOptions> {
  readonly pageRoot?: string
  readonly port?: number
  /** The API's own clock, when it shall not be the system's. */
  readonly apiClock?: ManualClock
  /** Changes what the API sees of the services. */
  readonly wrap?: (services: MemoryServices) => DaemonServices
}

export async function startApi(options: TestApiOptions = {}): Promise<TestApi> {
  const services = createMemoryServices({ clock: systemClock, ...options })
  const lines: LogLine[] = []
  const api = createApi({
    version: '1.2.3',
    token: testToken,
    confirmKey: testConfirmKey,
    pageRoot: options.pageRoot ?? '/nonexistent',
  })({
    services: options.wrap?.(services) ?? services,
    clock: options.apiClock ?? systemClock,
    log: createTestLog(lines),
    metrics: { count: () => undefined, gauge: () => undefined },
  })
  async function close(): Promise<void> {
    const closed = api.close()
    // What `close` waits for on that clock comes at once.
    options.apiClock?.advance(60_000)
    await closed
  }
  const { port, url } = await api.listen({ port: options.port ?? 0 })
  return {
    api,
    url,
    port,
    services,
    lines,
    client: createPeerhood({ url, token: testToken, confirmKey: testConfirmKey }),
    get: (path, init = {}) =>
      fetch(url + path, { ...init, headers: { authorization: `Bearer ${testToken}`, ...init.headers } }),
    raw: (request) => sendRaw(port, request),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function createTestLog(lines: LogLine[]): Log {
  const write =
    (level: string) =>
    (code: string, fields: Readonly<Record<string, unknown>> = {}) => {
      lines.push({ level, code, fields })
    }
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  }
  return log
}

function sendRaw(port: number, request: string): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  const socket = connect(port, '127.0.0.1', () => socket.write(request))
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.once('error', reject)
  socket.once('close', () => {
    const [head = '', ...body] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n')
    resolve({ status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: body.join('\r\n\r\n') })
  })
  return promise
}
