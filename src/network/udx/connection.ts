// A udx stream as Node's duplex, so that TLS can run on it as on a TCP socket, and as libp2p's transports hand connections
// on. udx-native's own streams (streamx) know no callback of a write.

import { Duplex } from 'node:stream'
import type { Logger, MultiaddrConnection } from '@libp2p/interface'
import { AbstractMultiaddrConnection } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../base/ports.ts'
import { connectionLost } from '../errors.ts'
import { lingerMs, unreadBytesMax } from './limits.ts'
import type { UdxStream } from './native.ts'

/** Ends its stream gracefully once everything written is acknowledged; destroyed it resets it. */
export class UdxDuplex extends Duplex {
  readonly #stream: UdxStream
  readonly #clock: Clock
  #isEnding = false

  constructor(stream: UdxStream, clock: Clock) {
    // TLS says goodbye after the other side did.
    super({ allowHalfOpen: true })
    this.#stream = stream
    this.#clock = clock
    // udx itself holds no sender up: that is for the windows of yamux to do.
    stream.on('data', (bytes: Uint8Array) => {
      this.push(bytes)
      if (this.readableLength > unreadBytesMax) this.destroy(connectionLost({ details: { reason: 'unread' } }))
    })
    stream.on('end', () => this.push(null))
    stream.on('error', (error: Error) => this.destroy(error))
    stream.on('close', () => this.destroy())
  }

  override _read(): void {}

  override _write(bytes: Uint8Array, _: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#stream.write(bytes)) done()
    else this.#stream.once('drain', () => done())
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#isEnding = true
    this.#stream.end()
    this.#stream.flush().then(
      () => done(),
      () => done(),
    )
  }

  /** What was written and ended goes on its way; the other side then has a while to end its own direction. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#isEnding && error === null && !this.#stream.destroyed) {
      const cancel = this.#clock.after(lingerMs, () => this.#stream.destroy())
      this.#stream.once('close', cancel)
      this.#stream.resume()
    } else {
      this.#stream.destroy()
    }
    done(error)
  }
}

export interface ConnectionInit {
  readonly socket: UdxDuplex
  readonly remoteAddr: Multiaddr
  readonly direction: 'inbound' | 'outbound'
  readonly log: Logger
}

interface Bytes {
  [Symbol.iterator](): Iterator<Uint8Array>
}

/** The same shape as a connection of @libp2p/tcp, so that tls.ts can take its socket. */
class UdxConnection extends AbstractMultiaddrConnection {
  readonly socket: UdxDuplex

  constructor({ socket, remoteAddr, direction, log }: ConnectionInit) {
    super({ remoteAddr, direction, log })
    this.socket = socket
    socket.on('data', (bytes: Uint8Array) => this.onData(bytes))
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    socket.on('error', (error: Error) => this.abort(error))
    socket.on('end', () => socket.end())
    socket.on('close', () => this.onTransportClosed())
  }

  override sendData(data: Bytes): { sentBytes: number; canSendMore: boolean } {
    let sentBytes = 0
    let canSendMore = true
    for (const bytes of data) {
      sentBytes += bytes.byteLength
      canSendMore = this.socket.write(bytes)
    }
    return { sentBytes, canSendMore }
  }

  override async sendClose(): Promise<void> {
    const { socket } = this
    if (socket.destroyed) return
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    if (socket.writableFinished) socket.destroy()
    else socket.once('finish', () => socket.destroy()).end()
    await closed
  }

  override sendReset(): void {
    this.socket.destroy()
  }

  override sendPause(): void {
    this.socket.pause()
  }

  override sendResume(): void {
    this.socket.resume()
  }
}

export function toConnection(init: ConnectionInit): MultiaddrConnection {
  return new UdxConnection(init)
}
