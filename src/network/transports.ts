// TCP and WebSocket transports with the limits that their packages leave open: sockets that connect and say nothing, and
// how much one WebSocket message may hold. A silent socket must not outlive its deadline, nor hold up `stop`, and what breaks
// WebSocket's rules ends that connection, not the process.

import type { Server, Socket } from 'node:net'
import type { Transport } from '@libp2p/interface'
import type { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { assert } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import {
  connectionsMax,
  connectionsPendingMax,
  handshakeTimeoutMs,
  lanesMax,
  webSocketMessageMaxBytes,
} from './limits.ts'

const socketsMax = connectionsMax + connectionsPendingMax + lanesMax

export function boundedTcp(create: typeof tcp): ReturnType<typeof tcp> {
  return create({ maxConnections: socketsMax })
}

interface ClosableWebSocket {
  close(code?: number): void
}

interface ServedWebSocket extends ClosableWebSocket {
  on(name: 'error', run: () => void): void
  terminate(): void
}

interface WebSocketTransport extends Transport {
  _connect(...given: readonly unknown[]): Promise<ClosableWebSocket>
}

interface WebSocketListener {
  readonly server: Server
  readonly wsServer: { readonly options: { maxPayload: number }; on(name: string, run: () => void): void }
  onUpgrade(request: unknown, socket: Socket, head: unknown): void
  onWsServerConnection(webSocket: ServedWebSocket, request: unknown): void
  close(): Promise<void>
}

/** What the package closes with when it resets, a code that nobody may send (RFC 6455, 7.4.1): it throws, and all stays open. */
const resetCode = 1006

function onReset(webSocket: ClosableWebSocket, cut: () => void): void {
  const close = webSocket.close.bind(webSocket)
  webSocket.close = (code) => (code === resetCode ? cut() : close(code))
}

// The package starts to track a socket with its first byte, and then trusts HTTP's own minute-long timeouts; until the
// upgrade to WebSocket (from where libp2p's handshake timeout holds) the sockets are ours to watch.
function guard(listener: WebSocketListener, clock: Clock): void {
  const { server, wsServer } = listener
  const sockets = new Map<Socket, () => void>()
  server.maxConnections = socketsMax
  wsServer.options.maxPayload = webSocketMessageMaxBytes
  server.on('connection', (socket) => {
    const cancel = clock.after(handshakeTimeoutMs, () => socket.destroy())
    sockets.set(socket, cancel)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      cancel()
      sockets.delete(socket)
    })
  })
  const upgrade = listener.onUpgrade.bind(listener)
  listener.onUpgrade = (request, socket, head) => {
    sockets.get(socket)?.()
    upgrade(request, socket, head)
  }
  // An error that nobody listens to is thrown, out of reach of any `catch`: a frame too long, or wrong in any way.
  const serve = listener.onWsServerConnection.bind(listener)
  listener.onWsServerConnection = (webSocket, request) => {
    webSocket.on('error', () => webSocket.terminate())
    onReset(webSocket, () => webSocket.terminate())
    serve(webSocket, request)
  }
  const close = listener.close.bind(listener)
  listener.close = () => {
    const closing = close()
    for (const socket of sockets.keys()) socket.destroy()
    return closing
  }
}

export function boundedWebSockets(
  clock: Clock,
): (components: Parameters<ReturnType<typeof webSockets>>[0]) => Transport {
  const create = webSockets()
  return (components) => {
    const transport = create(components)
    const dialler = transport as WebSocketTransport
    assert(typeof dialler._connect === 'function', 'the WebSocket transport connects where we guard it')
    const connect = dialler._connect.bind(dialler)
    dialler._connect = async (...given) => {
      const webSocket = await connect(...given)
      const close = webSocket.close.bind(webSocket)
      onReset(webSocket, () => close())
      return webSocket
    }
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options) => {
      const listener = createListener(options)
      const inner = listener as unknown as WebSocketListener
      const parts = [inner.server, inner.wsServer, inner.onUpgrade, inner.onWsServerConnection]
      assert(!parts.includes(undefined as never), 'the WebSocket listener has the parts we guard')
      guard(inner, clock)
      return listener
    }
    return transport
  }
}
