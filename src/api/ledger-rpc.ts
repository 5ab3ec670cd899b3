// Ethereum JSON-RPC at /communities/ID/rpc, for wallets and tools: they can show no token, so this address takes none. It
// signs nothing; reading, and sending what somebody has signed, is all that it is for.
//
//   Host    must name us, as everywhere (DNS rebinding)
//   Origin  none (programs), our own page's, or one that the person allowed; others get no answer and no CORS header
//   body    JSON by its declared type, so that no form of another page can send one unasked
//
// What must stay true: nothing of a body is read before that has been checked; bodies in memory are bounded in all.

import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { type Clock, deadline, type Log } from '../base/ports.ts'
import type { Gate } from './access.ts'
import { readBytes } from './body.ts'
import { apiErrors } from './errors.ts'
import { apiHeaders } from './headers.ts'
import type { LedgerRpcServices } from './ledger-rpc-services.ts'
import type { LedgerSockets } from './ledger-rpc-socket.ts'
import {
  bodyTimeoutMs,
  ledgerRpcBodiesBytesMax,
  ledgerRpcBodyBytesMax,
  ledgerRpcCallerCharsMax,
  ledgerRpcTimeoutMs,
} from './limits.ts'
import { statusOf } from './problems.ts'
import { requestSignal, untilAborted } from './scope.ts'

export interface LedgerRpcParts {
  readonly services: LedgerRpcServices
  readonly gate: Gate
  readonly clock: Clock
  readonly log: Log
  readonly stopping: AbortSignal
}

export interface LedgerRpc {
  /** False: the request is for something else, and untouched. */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): boolean
  /** Only for requests that {@link isLedgerUpgrade} says yes to. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

const pathPattern = /^\/communities\/([A-Za-z0-9_-]{1,128})\/rpc\/?$/

function communityOf(incoming: IncomingMessage): string | undefined {
  const [path = ''] = (incoming.url ?? '').split('?')
  return pathPattern.exec(path)?.[1]
}

/** All other requests to upgrade are answered as if they had not asked. */
export function isLedgerUpgrade(incoming: IncomingMessage): boolean {
  return communityOf(incoming) !== undefined && incoming.headers.upgrade?.toLowerCase() === 'websocket'
}

export function createLedgerRpc(parts: LedgerRpcParts): LedgerRpc {
  const { services, gate, log, stopping } = parts
  const bodies = { bytes: 0 }
  let sockets: LedgerSockets | undefined

  function checked(incoming: IncomingMessage, community: string): void {
    if (stopping.aborted) throw stopping.reason
    gate.checkHost(incoming)
    gate.checkOpenOrigin(incoming, (origin) => services.originAllowed(community, origin))
  }

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse, community: string): Promise<void> {
    checked(incoming, community)
    const cors = corsHeaders(incoming)
    if (incoming.method === 'OPTIONS') {
      send(outgoing, 204, undefined, { ...cors, ...preflightHeaders(incoming) })
      return
    }
    if (incoming.method !== 'POST') {
      const details = { allow: 'POST, OPTIONS' }
      throw apiErrors.method_not_allowed('Ask with POST, or over WebSocket.', { details })
    }
    const signal = requestSignal(incoming, outgoing, stopping)
    const late = () => apiErrors.answer_timeout(`The answer took longer than ${ledgerRpcTimeoutMs / 1000} s.`)
    const limit = deadline(parts.clock, ledgerRpcTimeoutMs, late, signal)
    try {
      const body = await readText(incoming, parts, bodies, limit.signal)
      const text = await untilAborted(
        services.ask(community, body, { signal: limit.signal, caller: callerOf(incoming) }),
        limit.signal,
      )
      send(outgoing, text === undefined ? 204 : 200, text, cors)
    } finally {
      limit.done()
    }
  }

  async function upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const community = communityOf(incoming) ?? ''
    checked(incoming, community)
    // Loaded when the first one comes: a daemon that nobody asks holds nothing of it.
    if (sockets === undefined) {
      const { createLedgerSockets } = await import('./ledger-rpc-socket.ts')
      sockets ??= createLedgerSockets(parts)
    }
    if (stopping.aborted) throw stopping.reason
    sockets.take(community, incoming, socket, head)
  }

  return {
    serve(incoming, outgoing) {
      const community = communityOf(incoming)
      if (community === undefined) return false
      answer(incoming, outgoing, community).catch((thrown) => {
        const error = toPeerhoodError(thrown)
        logRefusal(error, log)
        refuse(error, incoming, outgoing)
      })
      return true
    },
    upgrade(incoming, socket, head) {
      socket.on('error', () => socket.destroy())
      upgrade(incoming, socket, head).catch((thrown) => {
        const error = toPeerhoodError(thrown)
        logRefusal(error, log)
        socket.end(`HTTP/1.1 ${statusOf(error)} ${error.code}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      })
    },
    close: () => sockets?.close(),
  }
}

/** At most `ledgerRpcBodiesBytesMax` of all requests together; a body counts until it has been handed on. */
async function readText(
  incoming: IncomingMessage,
  { clock }: LedgerRpcParts,
  bodies: { bytes: number },
  signal: AbortSignal,
): Promise<string> {
  if (!/^application\/json\s*(;|$)/i.test(incoming.headers['content-type'] ?? '')) {
    throw apiErrors.body_not_json('The body is not declared as JSON.')
  }
  // A body of unknown length may become the longest.
  const declared = Number(incoming.headers['content-length'] ?? ledgerRpcBodyBytesMax)
  if (!(declared <= ledgerRpcBodyBytesMax)) {
    throw apiErrors.body_too_large(`The body is longer than ${ledgerRpcBodyBytesMax} bytes.`)
  }
  if (bodies.bytes + declared > ledgerRpcBodiesBytesMax) {
    throw apiErrors.too_many_streams('Too many long requests to ledgers at once.', {
      hint: 'Wait for the answers to those before, then ask again.',
    })
  }
  bodies.bytes += declared
  const late = () => apiErrors.body_timeout(`The body did not arrive within ${bodyTimeoutMs / 1000} s.`)
  const limit = deadline(clock, bodyTimeoutMs, late, signal)
  try {
    const bytes = await readBytes(incoming, { bytesMax: ledgerRpcBodyBytesMax, signal: limit.signal })
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  } finally {
    limit.done()
    bodies.bytes -= declared
  }
}

/**
 * Who asks: a page by its origin, a program by the token that it may send or by what it calls itself. Not by the connection: who
 * floods opens many. It is no proof, and needs none: whoever lies takes turns with those that it lies to be.
 */
export function callerOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const { origin, authorization } = headers
  if (origin !== undefined) return `origin ${origin.slice(0, ledgerRpcCallerCharsMax)}`
  // A token goes no further than here.
  if (authorization !== undefined) return `token ${createHash('sha256').update(authorization).digest('base64url')}`
  return `program ${(headers['user-agent'] ?? '').slice(0, ledgerRpcCallerCharsMax)}`
}

// ---- answers

type Headers = Readonly<Record<string, string>>

/** Only after the origin has been checked. */
function corsHeaders({ headers: { origin } }: IncomingMessage): Headers {
  const always = { vary: 'origin', 'cross-origin-resource-policy': 'cross-origin' }
  return origin === undefined ? always : { ...always, 'access-control-allow-origin': origin }
}

function preflightHeaders({ headers }: IncomingMessage): Headers {
  return {
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': 'content-type',
    'access-control-max-age': '600',
    // Chromium asks before a page of the web reaches a server of this computer.
    ...(headers['access-control-request-private-network'] === 'true' && {
      'access-control-allow-private-network': 'true',
    }),
  }
}

function send(outgoing: ServerResponse, status: number, text: string | undefined, headers: Headers): void {
  if (outgoing.headersSent || outgoing.destroyed) return
  const type =
    text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  outgoing.writeHead(status, { ...apiHeaders, ...type, ...headers })
  outgoing.end(text)
}

/** As JSON-RPC says it, so that tools show the sentence; -32000 is "the server can't". */
function refuse(error: PeerhoodError, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const isOurs = error.kind !== 'internal'
  const message = isOurs ? error.message : 'Something went wrong inside Peerhood; its log says what.'
  const data = { code: error.code, hint: error.hint }
  const text = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message, data } })
  const isForeign = error.code === 'origin_refused' || error.code === 'host_refused'
  send(outgoing, statusOf(error), text, {
    ...(isForeign ? { vary: 'origin' } : corsHeaders(incoming)),
    ...(error.code === 'method_not_allowed' && { allow: 'POST, OPTIONS' }),
    ...(statusOf(error) === 429 && { 'retry-after': '1' }),
    ...(!incoming.complete && { connection: 'close' }),
  })
}

function logRefusal(error: PeerhoodError, log: Log): void {
  if (error.kind === 'internal') log.error(error.code, { route: 'rpc', cause: error.stack })
  else if (error.code !== 'caller_gone') log.info(error.code, { route: 'rpc', status: statusOf(error) })
}
