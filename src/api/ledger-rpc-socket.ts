// JSON-RPC over WebSocket: one session of the ledger for each. Requests of a socket that asks faster than it is answered are
// not read meanwhile; one that takes nothing of what it is sent is closed; one that is gone is noticed by pings.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { toPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log } from '../base/ports.ts'
import { apiErrors } from './errors.ts'
import type { LedgerRpcServices, LedgerRpcSession } from './ledger-rpc-services.ts'
import {
  ledgerRpcBodyBytesMax,
  ledgerSocketPingMs,
  ledgerSocketRequestsMax,
  ledgerSocketsMax,
  ledgerSocketUnsentBytesMax,
} from './limits.ts'

export interface LedgerSockets {
  /** Throws `too_many_streams`. */
  take(community: string, incoming: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

interface Parts {
  readonly services: LedgerRpcServices
  readonly clock: Clock
  readonly log: Log
}

/** RFC 6455 §7.4.1, and the registry of IANA. */
const closeCodes = { goingAway: 1001, refused: 1008, tryLater: 1013 } as const

export function createLedgerSockets(parts: Parts): LedgerSockets {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: ledgerRpcBodyBytesMax,
  })
  const open = new Set<WebSocket>()

  return {
    take(community, incoming, socket, head) {
      if (open.size >= ledgerSocketsMax)
        throw apiErrors.too_many_streams('Too many programs listen to ledgers here.', { hint: 'Close some of them.' })
      server.handleUpgrade(incoming, socket, head, (webSocket) => {
        open.add(webSocket)
        webSocket.once('close', () => open.delete(webSocket))
        serveSocket(webSocket, community, parts)
      })
    },
    close() {
      for (const webSocket of open) webSocket.terminate()
      open.clear()
    },
  }
}

function serveSocket(webSocket: WebSocket, community: string, { services, clock, log }: Parts): void {
  let waiting = 0
  let isAlive = true
  let ping: Cancel | undefined

  function send(text: string): boolean {
    if (webSocket.readyState !== WebSocket.OPEN) return false
    if (webSocket.bufferedAmount > ledgerSocketUnsentBytesMax) {
      log.info('ledger_socket_slow', { bytes: webSocket.bufferedAmount })
      webSocket.terminate()
      return false
    }
    webSocket.send(text)
    return true
  }

  function beginSession(): LedgerRpcSession | undefined {
    try {
      return services.open(community, { note: send, over: () => webSocket.close(closeCodes.tryLater, 'ledger_down') })
    } catch (thrown) {
      const { code } = toPeerhoodError(thrown)
      log.info(code, { route: 'rpc-socket' })
      // A reason has at most 123 bytes (RFC 6455 §5.5).
      webSocket.close(closeCodes.refused, code.slice(0, 100))
      return undefined
    }
  }

  async function answer(session: LedgerRpcSession, body: string): Promise<void> {
    try {
      const text = await session.handle(body)
      if (text !== undefined) send(text)
    } catch (thrown) {
      const { code, message, hint, kind } = toPeerhoodError(thrown)
      const said = kind === 'internal' ? 'internal error' : message
      send(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message: said, data: { code, hint } } }))
    } finally {
      waiting -= 1
      if (waiting < ledgerSocketRequestsMax && webSocket.isPaused) webSocket.resume()
    }
  }

  function checkAlive(): void {
    if (!isAlive) {
      webSocket.terminate()
      return
    }
    isAlive = false
    webSocket.ping()
    ping = clock.after(ledgerSocketPingMs, checkAlive)
  }

  webSocket.on('error', () => webSocket.terminate())
  const session = beginSession()
  if (session === undefined) return
  webSocket.on('message', (data, isBinary) => {
    isAlive = true
    if (isBinary) {
      webSocket.close(1003, 'text only')
      return
    }
    waiting += 1
    if (waiting >= ledgerSocketRequestsMax) webSocket.pause()
    void answer(session, String(data))
  })
  webSocket.on('pong', () => {
    isAlive = true
  })
  webSocket.once('close', () => {
    ping?.()
    session.close()
  })
  ping = clock.after(ledgerSocketPingMs, checkAlive)
}
