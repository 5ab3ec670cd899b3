// TLS 1.3 as libp2p defines it (https://github.com/libp2p/specs/blob/master/tls/tls.md), run by Node on the TCP socket
// itself. @libp2p/tls puts a JavaScript duplex between TLS and the socket, which copies and wakes JavaScript for every
// record; taking the socket over halves the processor time of a bulk stream. Certificates, their checks and the wire are
// that package's own, and everything that is not a plain TCP socket (WebSockets, relayed connections) goes through it.
//
// What must stay true: bytes that libp2p has read from the socket during negotiation, but not used, reach TLS first; the
// TLS wrap closes before the socket beneath it, whoever closes; and a connection that ends during the handshake is never
// handed on, since nobody would be told of its end any more.

import { Socket } from 'node:net'
import { type ConnectionOptions, connect, TLSSocket, type TLSSocketOptions } from 'node:tls'
import type {
  ConnectionEncrypter,
  MessageStream,
  PrivateKey,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMuxerFactory,
  Upgrader,
} from '@libp2p/interface'
import { tls } from '@libp2p/tls'
import { generateCertificate, toMessageStream, verifyPeerCertificate } from '@libp2p/tls/utils'

type PackageTls = ReturnType<ReturnType<typeof tls>>
type TlsComponents = Parameters<ReturnType<typeof tls>>[0]

interface Parts {
  readonly privateKey: PrivateKey
  readonly upgrader: Upgrader
}

/** A connection of @libp2p/tcp, as far as it must be known to take its socket. */
interface SocketConnection extends MessageStream {
  readonly socket: Socket
  readonly readBuffer: { readonly byteLength: number; subarray(): Uint8Array; consume(bytes: number): void }
}

function isSocketConnection(connection: MessageStream): connection is SocketConnection {
  const { socket, readBuffer } = connection as Partial<SocketConnection>
  return socket instanceof Socket && !socket.destroyed && readBuffer !== undefined
}

/** Ends libp2p's reading of the socket and puts back what it has read ahead. */
function takeSocket(connection: SocketConnection): Socket {
  const { socket, readBuffer } = connection
  assertOpen(connection, socket)
  connection.pause()
  socket.removeAllListeners('data')
  if (readBuffer.byteLength > 0) {
    socket.unshift(readBuffer.subarray())
    readBuffer.consume(readBuffer.byteLength)
  }
  return socket
}

function assertOpen(connection: MessageStream, socket: Socket): void {
  if (connection.status !== 'open' || socket.destroyed) throw new Error('The connection closed during the handshake.')
}

// Node dies of a socket that is reset beneath its wrap: a wrap that closes when its socket is gone already frees its state
// at once (`close` in Node's lib/internal/tls/wrap.js), writes under way or not. libp2p closes sockets in many ways (abort,
// listener shutdown, failed writes), so the socket's own methods close the wrap, and the socket after it. A microtask later
// the wrap is done even where Node itself defers its closing by one, after a failed handshake.
function closeWrapFirst(raw: Socket, wrap: TLSSocket): void {
  const { destroy, resetAndDestroy } = raw
  let isReset = false
  raw.destroy = (error) => {
    wrap.destroy(error)
    queueMicrotask(() => {
      Object.assign(raw, { destroy, resetAndDestroy })
      if (isReset) raw.resetAndDestroy()
      else raw.destroy()
    })
    return raw
  }
  raw.resetAndDestroy = () => {
    // libuv refuses to reset what it is shutting down (uv_tcp_close_reset), and the handle would stay open.
    isReset = !wrap.writableEnded
    return raw.destroy()
  }
  raw.destroySoon = () => wrap.destroySoon()
}

// ALPN names the muxer early; 'libp2p' stands for "negotiate it afterwards".
const negotiateLater = 'libp2p'

async function secure(
  parts: Parts,
  connection: SocketConnection,
  isServer: boolean,
  options: SecureConnectionOptions = {},
): Promise<SecuredConnection> {
  const muxers: ReadonlyMap<string, StreamMuxerFactory> =
    options.skipStreamMuxerNegotiation === true ? new Map() : parts.upgrader.getStreamMuxers()
  const chooseMuxer = ({ protocols }: { protocols: string[] }) =>
    protocols.find((protocol) => protocol === negotiateLater || muxers.has(protocol))
  const tlsOptions: TLSSocketOptions & ConnectionOptions = {
    ...(await generateCertificate(parts.privateKey, options)),
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    // Certificates are self-signed; verifyPeerCertificate checks the key that they carry.
    rejectUnauthorized: false,
    ...(isServer
      ? { isServer, requestCert: true, ALPNCallback: chooseMuxer }
      : { ALPNProtocols: [...muxers.keys(), negotiateLater] }),
  }
  const raw = takeSocket(connection)
  const socket = isServer ? new TLSSocket(raw, tlsOptions) : connect({ ...tlsOptions, socket: raw })
  closeWrapFirst(raw, socket)
  try {
    await handshake(socket, options.signal)
    const { raw: certificate } = socket.getPeerCertificate()
    const remotePeer = await verifyPeerCertificate(certificate, options.remotePeer, connection.log)
    assertOpen(connection, socket)
    const streamMuxer = socket.alpnProtocol ? muxers.get(socket.alpnProtocol) : undefined
    return {
      remotePeer,
      connection: toMessageStream(connection, socket),
      ...(streamMuxer === undefined ? {} : { streamMuxer }),
    }
  } catch (error) {
    socket.destroy()
    connection.abort(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

function handshake(socket: TLSSocket, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => settle(signal?.reason)
    const onClose = () => settle(new Error('The connection closed during the TLS handshake.'))
    const settle = (error?: unknown) => {
      signal?.removeEventListener('abort', onAbort)
      socket.off('close', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    // Stays for good: an error after the handshake closes the socket, and must not be uncaught meanwhile.
    socket.on('error', settle)
    socket.once('close', onClose)
    socket.once('secure', () => settle())
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** The encrypter for `connectionEncrypters`; speaks to any libp2p peer's TLS. */
export function socketTls(): (components: TlsComponents) => ConnectionEncrypter {
  const create = tls()
  return (components) => {
    const inner: PackageTls = create(components)
    const encrypter: ConnectionEncrypter = {
      protocol: inner.protocol,
      secureInbound: (connection, options) =>
        isSocketConnection(connection)
          ? secure(components, connection, true, options)
          : inner.secureInbound(connection, options),
      secureOutbound: (connection, options) =>
        isSocketConnection(connection)
          ? secure(components, connection, false, options)
          : inner.secureOutbound(connection, options),
    }
    return Object.assign(encrypter, { [Symbol.toStringTag]: 'peerhood-tls' })
  }
}
