// TCP and WebSocket transports with the limits that their packages leave open: sockets that connect and say nothing, and
// how much one WebSocket message may hold. A silent socket must not outlive its deadline, nor hold up `stop`.

import type { Server, Socket } from 'node:net'
import type { Transport } from '@libp2p/interface'
import type { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { assert } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { connectionsMax, connectionsPendingMax, handshakeTimeoutMs, webSocketMessageMaxBytes } from './limits.ts'

const socketsMax = connectionsMax + connectionsPendingMax

export function boundedTcp(create: typeof tcp): ReturnType<typeof tcp> {
  return create({ maxConnections: socketsMax })
}

interface WebSocketListener {
  readonly server: Server
  readonly wsServer: { readonly options: { maxPayload: number }; on(name: string, run: () => void): void }
  onUpgrade(request: unknown, socket: Socket, head: unknown): void
  close(): Promise<void>
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
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options) => {
      const listener = createListener(options)
      const inner = listener as unknown as WebSocketListener
      assert(inner.server && inner.wsServer && inner.onUpgrade, 'the WebSocket listener has the parts we guard')
      guard(inner, clock)
      return listener
    }
    return transport
  }
}
