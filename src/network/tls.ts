// TLS 1.3 as libp2p defines it (https://github.com/libp2p/specs/blob/master/tls/tls.md), run by Node on the TCP socket
// itself. @libp2p/tls puts a JavaScript duplex between TLS and the socket, which copies and wakes JavaScript for every
// record; taking the socket over halves the processor time of a bulk stream. What is not a plain TCP socket (WebSockets,
// relayed connections) goes through a duplex too (tls-stream.ts).
//
// What must stay true: bytes that libp2p has read from the socket during negotiation, but not used, reach TLS first; the
// TLS wrap closes before the socket beneath it, whoever closes; and a connection that ends during the handshake is never
// handed on, since nobody would be told of its end any more.

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect, TLSSocket, type TLSSocketOptions } from 'node:tls'
import {
  type ConnectionEncrypter,
  InvalidCryptoExchangeError,
  type MessageStream,
  type PeerId,
  type PrivateKey,
  type SecureConnectionOptions,
  type SecuredConnection,
  type StreamMuxerFactory,
  type Upgrader,
} from '@libp2p/interface'
import { type Certificate, certificateOf, checkCertificate } from './certificate.ts'
import { laneProtocol } from './protocol.ts'
import { toMessageStream, toNodeDuplex } from './tls-stream.ts'
import { UdxDuplex } from './udx/connection.ts'

interface Components {
  readonly privateKey: PrivateKey
  readonly upgrader: Upgrader
}

/** A connection of @libp2p/tcp, or of our transport over UDP, as far as it must be known to take its socket. */
interface SocketConnection extends MessageStream {
  socket: Socket | UdxDuplex
  readonly readBuffer: { readonly byteLength: number; subarray(): Uint8Array; consume(bytes: number): void }
}

function isSocketConnection(connection: MessageStream): connection is SocketConnection {
  const { socket, readBuffer } = connection as Partial<SocketConnection>
  const isSocket = socket instanceof Socket || socket instanceof UdxDuplex
  return isSocket && !socket.destroyed && readBuffer !== undefined
}

/** Ends libp2p's reading of the socket and puts back what it has read ahead. */
function takeSocket(connection: SocketConnection): Socket | UdxDuplex {
  const { socket, readBuffer } = connection
  connection.pause()
  socket.removeAllListeners('data')
  // When and how to answer the other side's end is for TLS to say; Node's own sockets have listeners of their own for it.
  if (socket instanceof UdxDuplex) socket.removeAllListeners('end')
  if (readBuffer.byteLength > 0) {
    socket.unshift(readBuffer.subarray())
    readBuffer.consume(readBuffer.byteLength)
  }
  return socket
}

function assertOpen(connection: MessageStream, socket?: TLSSocket): void {
  if (connection.status !== 'open' || socket?.destroyed) throw new Error('The connection closed during the handshake.')
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

type Options = TLSSocketOptions & ConnectionOptions

// ALPN names the muxer early; 'libp2p' stands for "negotiate it afterwards".
const negotiateLater = 'libp2p'

type Muxers = ReadonlyMap<string, StreamMuxerFactory>

/** `components` are complete only once the host is: not to be read before a connection comes. */
async function secure(
  components: Components,
  connection: MessageStream,
  isServer: boolean,
  options: SecureConnectionOptions = {},
): Promise<SecuredConnection> {
  const { upgrader, privateKey } = components
  const muxers: Muxers = options.skipStreamMuxerNegotiation === true ? new Map() : upgrader.getStreamMuxers()
  // Never with the signal of one connection, whose end would be everyone's.
  const certificate = await certificateOf(privateKey)
  assertOpen(connection)
  const socket = startTls(connection, isServer, tlsOptions(certificate, muxers, isServer))
  try {
    await handshake(socket, options.signal)
    const remotePeer = await remotePeerOf(socket, options)
    assertOpen(connection, socket)
    const secured = toMessageStream(connection, socket)
    const streamMuxer = socket.alpnProtocol ? muxers.get(socket.alpnProtocol) : undefined
    return {
      remotePeer,
      connection: secured,
      ...(streamMuxer === undefined ? {} : { streamMuxer }),
    }
  } catch (error) {
    socket.destroy()
    connection.abort(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

// Each connection gets a context of its own from these: tickets of one session resume no other, which would skip the
// exchange of certificates.
function tlsOptions(certificate: Certificate, muxers: Muxers, isServer: boolean): Options {
  const chooseMuxer = ({ protocols }: { protocols: string[] }) =>
    protocols.find((protocol) => protocol === negotiateLater || muxers.has(protocol))
  return {
    ...optionsOfAll(certificate, isServer),
    ...(isServer ? { ALPNCallback: chooseMuxer } : { ALPNProtocols: [...muxers.keys(), negotiateLater] }),
  }
}

function optionsOfAll(certificate: Certificate, isServer: boolean): Options {
  return {
    ...certificate,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    // Certificates are self-signed, so no authority counts; checkCertificate checks the key that they carry.
    ca: [],
    rejectUnauthorized: false,
    ...(isServer ? { isServer, requestCert: true } : {}),
  }
}

function startTls(connection: MessageStream | Socket, isServer: boolean, options: Options): TLSSocket {
  const raw = rawOf(connection)
  const socket = isServer ? new TLSSocket(raw, options) : connect({ ...options, socket: raw })
  if (raw instanceof Socket) closeWrapFirst(raw, socket)
  return socket
}

function rawOf(connection: MessageStream | Socket): Duplex {
  if (connection instanceof Socket) return connection
  return isSocketConnection(connection) ? takeSocket(connection) : toNodeDuplex(connection)
}

function remotePeerOf(socket: TLSSocket, { remotePeer }: SecureConnectionOptions): Promise<PeerId> {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) throw new InvalidCryptoExchangeError('The peer has no certificate.')
  // The next of the chain that the peer sent, whatever it is: libp2p's certificates come alone.
  if (certificate.issuerCertificate !== undefined)
    throw new InvalidCryptoExchangeError('The peer has two certificates.')
  return checkCertificate(certificate, remotePeer)
}

// ---- lanes

const laneAlpn = laneProtocol.slice(1)

interface LaneOptions {
  readonly isServer: boolean
  readonly signal?: AbortSignal | undefined
  /** Who must answer. */
  readonly remotePeer?: PeerId
}

/** TLS for a lane (lane.ts): that of a connection, with nothing above it. The socket ends each side for itself. */
export async function secureLane(
  connection: MessageStream | Socket,
  privateKey: PrivateKey,
  { isServer, signal, remotePeer }: LaneOptions,
): Promise<{ readonly socket: TLSSocket; readonly remotePeer: PeerId }> {
  const certificate = await certificateOf(privateKey)
  if (!(connection instanceof Socket)) {
    const raw = isSocketConnection(connection) ? connection.socket : undefined
    if (!(raw instanceof Socket)) throw new InvalidCryptoExchangeError('A lane needs a TCP socket.')
    raw.allowHalfOpen = true
  }
  const socket = startTls(connection, isServer, { ...optionsOfAll(certificate, isServer), ALPNProtocols: [laneAlpn] })
  try {
    await handshake(socket, signal)
    if (socket.alpnProtocol !== laneAlpn) throw new InvalidCryptoExchangeError('The peer wants no lane.')
    return { socket, remotePeer: await remotePeerOf(socket, remotePeer === undefined ? {} : { remotePeer }) }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Takes the socket of a lane from libp2p for good, which may end the connection around it now. */
export function leaveUpgrade(connection: MessageStream): void {
  if (!isSocketConnection(connection) || !(connection.socket instanceof Socket)) return
  connection.socket.setTimeout(0)
  connection.socket = new Socket().on('error', () => {})
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
export function socketTls(): (components: Components) => ConnectionEncrypter {
  return (components) => {
    const encrypter: ConnectionEncrypter = {
      protocol: '/tls/1.0.0',
      secureInbound: (connection, options) => secure(components, connection, true, options),
      secureOutbound: (connection, options) => secure(components, connection, false, options),
    }
    return Object.assign(encrypter, { [Symbol.toStringTag]: 'peerhood-tls' })
  }
}
