// A TLS socket as the stream that libp2p wants of an encrypter, and a libp2p stream as the duplex that TLS can run on.
// @libp2p/tls has both, but with them it loads an ASN.1 and X.509 library whole (4 MB), of which nothing else is used here.
//
// What must stay true: whichever of socket and stream ends takes the other along, and why it ended is told on (an abort
// here, a reset by the other side, or an orderly end); what a stream was given has been copied once there is room again.

import { once } from 'node:events'
import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { AbortOptions, Connection, MessageStream } from '@libp2p/interface'
import { AbstractMessageStream } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import { copyAll } from '../base/copy.ts'
import { jointWriteBytes, smallWriteBytesMax, spareWritesMax } from './limits.ts'

/** Memory of large writes, used again. */
const spare: Buffer[] = []

class TlsStream extends AbstractMessageStream {
  readonly #socket: TLSSocket
  readonly #beneath: MessageStream
  #closing: Promise<void> | undefined

  constructor(beneath: MessageStream, socket: TLSSocket) {
    const { log, inactivityTimeout, maxReadBufferLength, direction } = beneath
    super({ log, inactivityTimeout, maxReadBufferLength, direction })
    this.#socket = socket
    this.#beneath = beneath
    if (socket.closed) this.#closing = Promise.resolve()
    socket.on('data', (bytes: Buffer) => this.onData(bytes))
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    socket.on('error', (error) => beneath.abort(error))
    socket.on('close', () => {
      this.#closing = beneath.close().catch((error) => beneath.abort(error))
    })
    beneath.addEventListener('close', ({ error, local }) => {
      socket.destroy()
      if (error === undefined) this.onTransportClosed()
      else if (local === true) this.abort(error)
      else this.onRemoteReset()
    })
  }

  async close({ signal }: AbortOptions = {}): Promise<void> {
    // The socket tells its end once, and may have told it already.
    if (this.#closing === undefined) {
      this.#socket.destroySoon()
      await once(this.#socket, 'close', signal === undefined ? {} : { signal })
    }
    await this.#closing
  }

  /**
   * Makes one write of what libp2p hands over in pieces, because a write costs a turn of the event loop, and copies it
   * meanwhile, so that whoever sent it may use its memory again. A large write waits for the end of the one before.
   */
  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    const sentBytes = data.byteLength
    if (sentBytes <= smallWriteBytesMax) {
      this.#socket.write(copyAll(Buffer.allocUnsafe(sentBytes), data), () => this.#written())
      return { sentBytes, canSendMore: !this.#socket.writableNeedDrain }
    }
    const joint = sentBytes <= jointWriteBytes ? (spare.pop() ?? Buffer.allocUnsafeSlow(jointWriteBytes)) : undefined
    this.#socket.write(copyAll(joint ?? Buffer.allocUnsafeSlow(sentBytes), data), () => {
      if (joint !== undefined && spare.length < spareWritesMax) spare.push(joint)
      this.#written()
    })
    return { sentBytes, canSendMore: false }
  }

  #written(): void {
    if (this.writableNeedsDrain) this.safeDispatchEvent('drain')
  }

  sendReset(error: Error): void {
    this.#socket.destroy()
    // The end of the socket alone would close what is beneath in good order.
    this.#beneath.abort(error)
  }

  sendPause(): void {
    this.#socket.pause()
  }

  sendResume(): void {
    this.#socket.resume()
  }
}

export function toMessageStream(beneath: MessageStream, socket: TLSSocket): MessageStream {
  return new TlsStream(beneath, socket)
}

/** Whether what a stream of this connection was given has been copied once there is room for more. */
export function copiesWhatIsSent(connection: Connection): boolean {
  const { muxer } = connection as unknown as { muxer?: { maConn?: object } }
  return muxer?.maConn instanceof TlsStream
}

type Done = (error?: Error | null) => void

/** What is read waits in the stream until it is pulled. */
export function toNodeDuplex(stream: MessageStream): Duplex {
  stream.pause()
  const duplex = new Duplex({
    read: () => stream.resume(),
    write: (bytes: Uint8Array, _, done) => send(stream, bytes, done),
    writev: (writes, done) => send(stream, new Uint8ArrayList(...writes.map(({ chunk }) => chunk)), done),
    final: (done) => void stream.close().then(() => done(), done),
  })
  stream.addEventListener('message', ({ data }) => {
    let wantsMore = true
    for (const bytes of data instanceof Uint8Array ? [data] : data) wantsMore = duplex.push(bytes)
    if (!wantsMore) stream.pause()
  })
  stream.addEventListener('close', ({ error }) => void duplex.destroy(error))
  return duplex
}

function send(stream: MessageStream, bytes: Uint8Array | Uint8ArrayList, done: Done): void {
  try {
    if (stream.send(bytes)) done()
    else whenDrained(stream, done)
  } catch (error) {
    done(error as Error)
  }
}

function whenDrained(stream: MessageStream, done: Done): void {
  const settle = (error?: Error) => {
    stream.removeEventListener('drain', onDrain)
    stream.removeEventListener('close', onClose)
    done(error)
  }
  const onDrain = () => settle()
  const onClose = () => settle(new Error('The connection closed before everything was sent.'))
  stream.addEventListener('drain', onDrain)
  stream.addEventListener('close', onClose)
}
