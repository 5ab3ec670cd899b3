// TLS 1.3 as libp2p defines it (https://github.com/libp2p/specs/blob/master/tls/tls.md), run by Node on the TCP socket
// itself. @libp2p/tls puts a JavaScript duplex between TLS and the socket, which copies and wakes JavaScript for every
// record; taking the socket over halves the processor time of a bulk stream. What is not a plain TCP socket (WebSockets,
// relayed connections) goes through that package's duplex.
//
// What must stay true: bytes that libp2p has read from the socket during negotiation, but not used, reach TLS first; the
// TLS wrap closes before the socket beneath it, whoever closes; and a connection that ends during the handshake is never
// handed on, since nobody would be told of its end any more.

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect, TLSSocket, type TLSSocketOptions } from 'node:tls'
import {
  type Connection,
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
import { toMessageStream, toNodeDuplex } from '@libp2p/tls/utils'
import { copyAll } from '../base/copy.ts'
import { type Certificate, certificateOf, checkCertificate } from './certificate.ts'
import { jointWriteBytes, smallWriteBytesMax, spareWritesMax } from './limits.ts'
import { laneProtocol } from './protocol.ts'

interface Components {
  readonly privateKey: PrivateKey
  readonly upgrader: Upgrader
}

/** A connection of @libp2p/tcp, as far as it must be known to take its socket. */
interface SocketConnection extends MessageStream {
  socket: Socket
  readonly readBuffer: { readonly byteLength: number; subarray(): Uint8Array; consume(bytes: number): void }
}

function isSocketConnection(connection: MessageStream): connection is SocketConnection {
  const { socket, readBuffer } = connection as Partial<SocketConnection>
  return socket instanceof Socket && !socket.destroyed && readBuffer !== undefined
}

/** Ends libp2p's reading of the socket and puts back what it has read ahead. */
function takeSocket(connection: SocketConnection): Socket {
  const { socket, readBuffer } = connection
  connection.pause()
  socket.removeAllListeners('data')
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
    sendAtOnce(secured, socket)
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
    if (!isSocketConnection(connection)) throw new InvalidCryptoExchangeError('A lane needs a socket.')
    connection.socket.allowHalfOpen = true
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
  if (!isSocketConnection(connection)) return
  connection.socket.setTimeout(0)
  connection.socket = new Socket().on('error', () => {})
}

// ---- sending

/** Connections that copy what they send. */
const copying = new WeakSet<object>()

/** Whether what a stream of this connection was given has been copied once there is room for more. */
export function copiesWhatIsSent(connection: Connection): boolean {
  const { muxer } = connection as unknown as { muxer?: { maConn?: object } }
  return muxer?.maConn !== undefined && copying.has(muxer.maConn)
}

interface Bytes {
  readonly byteLength: number
  [Symbol.iterator](): Iterator<Uint8Array>
}

/** What a stream of `toMessageStream` has beneath libp2p's interface (AbstractMessageStream of @libp2p/utils). */
interface SendingStream extends MessageStream {
  sendData(data: Bytes): { readonly sentBytes: number; readonly canSendMore: boolean }
}

/** Memory of large writes, used again. */
const spare: Buffer[] = []

/**
 * Makes one write of what libp2p hands over in pieces, because a write costs a turn of the event loop, and copies it
 * meanwhile, so that whoever sent it may use its memory again. A large write waits for the end of the one before.
 */
function sendAtOnce(secured: MessageStream, socket: TLSSocket): void {
  const stream = secured as unknown as SendingStream
  const written = () => {
    if (stream.writableNeedsDrain) stream.safeDispatchEvent('drain')
  }
  stream.sendData = (data) => {
    const sentBytes = data.byteLength
    if (sentBytes <= smallWriteBytesMax) {
      socket.write(copyAll(Buffer.allocUnsafe(sentBytes), data), written)
      return { sentBytes, canSendMore: !socket.writableNeedDrain }
    }
    const joint = sentBytes <= jointWriteBytes ? (spare.pop() ?? Buffer.allocUnsafeSlow(jointWriteBytes)) : undefined
    socket.write(copyAll(joint ?? Buffer.allocUnsafeSlow(sentBytes), data), () => {
      if (joint !== undefined && spare.length < spareWritesMax) spare.push(joint)
      written()
    })
    return { sentBytes, canSendMore: false }
  }
  copying.add(stream)
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
