// PeerStream over a libp2p stream. Bytes are passed on as they came (sublists of one Uint8ArrayList become chunks), never
// copied. Reading pulls: the stream is paused unless someone waits for bytes, so a handler that does not read stops
// the peer at the end of its yamux window, and this side never holds more than `readQueueHighBytes` + the window.
//
// Must stay true: `pause()` is never called while `resume()` is still dispatching (libp2p would then grant window to a
// paused stream), and a stream that ends without the peer having closed its side throws instead of ending.

import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import type { PeerhoodError } from '../base/errors.ts'
import { type Clock, deadline } from '../base/ports.ts'
import { networkErrors, toStreamError } from './errors.ts'
import { readQueueHighBytes, streamCloseTimeoutMs, streamLingerMs } from './limits.ts'
import type { PeerId, PeerStream } from './types.ts'

/** Told how many payload bytes went each way. */
export interface Meter {
  received(bytes: number): void
  sent(bytes: number): void
}

export interface AdaptedStream extends PeerStream {
  /** Ends it after a handler is done: our side at once, both sides when the peer does not follow. */
  settle(): Promise<void>
  /** Resolves when the stream is over, however it ended. */
  readonly closed: Promise<void>
}

class Reader implements AsyncIterableIterator<Uint8Array> {
  readonly #stream: Stream
  readonly #meter: Meter
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #peerClosed = false
  #failure: PeerhoodError | undefined
  #over = false
  #resuming = false
  #wake: (() => void) | undefined

  constructor(stream: Stream, meter: Meter) {
    this.#stream = stream
    this.#meter = meter
    stream.addEventListener('remoteCloseWrite', () => {
      this.#peerClosed = true
      this.#notify()
    })
    stream.addEventListener('close', (event) => {
      this.#over = true
      if (event.error !== undefined) this.fail(toStreamError(event.error))
      else if (!this.#peerClosed) this.fail(networkErrors.stream_broken('The connection to the other peer was lost.'))
      this.#notify()
    })
    stream.addEventListener('end', () => this.#notify())
    this.#peerClosed = stream.remoteWriteStatus === 'closed'
    this.#over = stream.status !== 'open' && stream.status !== 'closing'
    if (stream.readStatus === 'readable') stream.pause()
    stream.addEventListener('message', (event) => this.#take(event.data))
  }

  get failure(): PeerhoodError | undefined {
    return this.#failure
  }

  fail(error: PeerhoodError): void {
    this.#failure ??= error
    this.#notify()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    while (true) {
      const chunk = this.#queue.shift()
      if (chunk !== undefined) {
        this.#queuedBytes -= chunk.length
        return { done: false, value: chunk }
      }
      this.#pull()
      if (this.#queue.length > 0) continue
      if (this.#failure !== undefined) throw this.#failure
      if (this.#peerClosed && this.#stream.readBufferLength === 0) return { done: true, value: undefined }
      if (this.#over) throw networkErrors.stream_broken('The connection to the other peer was lost.')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The consumer left its loop: nothing more will be read, so the stream stays paused until someone ends it. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#queue = []
    this.#queuedBytes = 0
    return { done: true, value: undefined }
  }

  #take(data: Uint8Array | Iterable<Uint8Array>): void {
    for (const chunk of data instanceof Uint8Array ? [data] : data) {
      this.#queue.push(chunk)
      this.#queuedBytes += chunk.length
      this.#meter.received(chunk.length)
    }
    if (!this.#resuming) this.#pauseWhenFull()
    this.#notify()
  }

  #pauseWhenFull(): void {
    if (this.#queuedBytes >= readQueueHighBytes && this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  #pull(): void {
    if (this.#stream.readStatus !== 'paused') return
    this.#resuming = true
    try {
      this.#stream.resume()
    } catch (error) {
      // Granting window on a connection that has just closed; the bytes that were here have been handed out.
      if (!this.#over) this.fail(toStreamError(error))
    }
    this.#resuming = false
    this.#pauseWhenFull()
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/** Waits until libp2p takes more bytes. Its own `onDrain` keeps the first promise for ever, so this does not use it. */
function untilDrained(stream: Stream, failure: () => PeerhoodError | undefined, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('idle', onDrain)
      stream.removeEventListener('close', onClose)
      signal?.removeEventListener('abort', onAbort)
      act()
    }
    // libp2p sends what is queued in a microtask after `drain`; only then it is known whether there is room.
    const onDrain = () => queueMicrotask(() => queueMicrotask(check))
    const onClose = () => settle(() => reject(failure() ?? toStreamError(undefined)))
    const onAbort = () => settle(() => reject(signal?.reason))
    const check = () => {
      if (stream.writeStatus !== 'writable') onClose()
      else if (!stream.writableNeedsDrain) settle(resolve)
    }
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('idle', onDrain)
    stream.addEventListener('close', onClose)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    else check()
  })
}

/**
 * `stream` must be fresh from negotiation and must have no other consumer. `copies`: its connection has copied what it was
 * sent once there is room again; for all others a copy is made here.
 */
export function adaptStream(
  stream: Stream,
  remotePeer: PeerId,
  parts: { readonly clock: Clock; readonly meter: Meter; readonly copies: boolean },
): AdaptedStream {
  const reader = new Reader(stream, parts.meter)
  const closed = new Promise<void>((resolve) => {
    if (stream.status === 'open' || stream.status === 'closing') stream.addEventListener('close', () => resolve())
    else resolve()
  })
  const broken = () => reader.failure ?? networkErrors.stream_closed('This stream is closed for sending.')

  const abort = (error: PeerhoodError) => {
    reader.fail(error)
    stream.abort(error)
  }

  const close = async () => {
    if (reader.failure !== undefined || stream.writeStatus !== 'writable') return
    const limit = deadline(parts.clock, streamCloseTimeoutMs, () =>
      networkErrors.stream_broken('The other peer does not take what was sent.'),
    )
    try {
      await stream.close({ signal: limit.signal })
    } catch (error) {
      const failure = toStreamError(limit.signal.aborted ? limit.signal.reason : error)
      abort(failure)
      throw reader.failure ?? failure
    } finally {
      limit.done()
    }
  }

  return {
    remotePeer,
    incoming: reader,
    closed,
    send(...given) {
      if (reader.failure !== undefined || stream.writeStatus !== 'writable') throw broken()
      try {
        const bytes = new Uint8ArrayList(...(parts.copies ? given : given.map((part) => part.slice())))
        const room = stream.send(bytes)
        parts.meter.sent(bytes.byteLength)
        return room && !stream.writableNeedsDrain
      } catch (error) {
        throw reader.failure ?? toStreamError(error)
      }
    },
    drained(options = {}) {
      if (reader.failure !== undefined) return Promise.reject(reader.failure)
      return untilDrained(stream, () => reader.failure, options.signal)
    },
    close,
    abort,
    async settle() {
      await close()
      const cancel = parts.clock.after(streamLingerMs, () =>
        abort(networkErrors.stream_closed('The other peer kept a finished stream open.')),
      )
      await closed
      cancel()
    },
  }
}
