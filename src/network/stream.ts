// PeerStream over a libp2p stream. Bytes are passed on as they came (sublists of one Uint8ArrayList become chunks), never
// copied. A stream that carries much may go on by a lane (lane.ts): each direction at a byte of its own that its sender names.

import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { lengthOf } from '../base/bytes.ts'
import type { PeerhoodError } from '../base/errors.ts'
import { type Clock, deadline } from '../base/ports.ts'
import { connectionLost, networkErrors, toStreamError } from './errors.ts'
import { streamCloseTimeoutMs, streamLingerMs } from './limits.ts'
import { Reader } from './reader.ts'
import type { PeerId, PeerStream } from './types.ts'

/** Told how many payload bytes went each way. */
export interface Meter {
  received(bytes: number): void
  sent(bytes: number): void
}

/** A second way for the bytes of a stream. */
export interface Lane {
  /** Starts to read, once the peer has said where it goes on: what comes before that is not the stream's. */
  read(): Reader
  /** From `read` on. */
  readonly reader: Reader | undefined
  /** Says how many bytes went by the stream. Before anything else is sent. */
  begin(atBytes: number): void
  /** As `PeerStream.send`. */
  send(...parts: Uint8Array[]): boolean
  /** As `PeerStream.drained`, without the stream's own failures. */
  drained(options: { signal?: AbortSignal }): Promise<void>
  /** Ends our side after what was sent; resolves when all of it has left. */
  end(): Promise<void>
  destroy(): void
  readonly closed: Promise<void>
}

export interface AdaptedStream extends PeerStream {
  /** Ends it after a handler is done: our side at once, both sides when the peer does not follow. */
  settle(): Promise<void>
  /** Resolves when the stream is over, however it ended. */
  readonly closed: Promise<void>
  /** The peer may go on by this lane: it says so with `moveReading`, or the lane closes. */
  bind(lane: Lane): void
  /** The peer sends its first `atBytes` bytes by the stream, and what follows by the lane. */
  moveReading(atBytes: number): void
  /** Whatever is sent from now on goes by the lane. */
  moveSending(): void
}

interface StreamParts {
  readonly isRelayed: boolean
  readonly clock: Clock
  readonly meter: Meter
  /** The connection has copied what it was sent once there is room again; for all others a copy is made here. */
  readonly copies: boolean
  /** Called once, when the stream has carried so many bytes both ways together. */
  readonly onBulk?: { readonly afterBytes: number; readonly run: () => void }
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

function readerOf(stream: Stream, received: (bytes: number) => void): Reader {
  const reader = new Reader(
    {
      get status() {
        if (stream.readStatus === 'readable') return 'flowing'
        return stream.readStatus === 'paused' ? 'paused' : 'over'
      },
      get heldBytes() {
        return stream.readBufferLength
      },
      pause: () => stream.pause(),
      resume: () => stream.resume(),
    },
    received,
  )
  stream.addEventListener('remoteCloseWrite', () => reader.peerClosed())
  stream.addEventListener('close', (event) => reader.over(event.error))
  stream.addEventListener('end', () => reader.idle())
  if (stream.remoteWriteStatus === 'closed') reader.peerClosed()
  if (stream.status !== 'open' && stream.status !== 'closing') reader.over()
  if (stream.readStatus === 'readable') stream.pause()
  stream.addEventListener('message', ({ data }) => {
    reader.take(data instanceof Uint8Array ? [data] : data)
    if (reader.failure !== undefined) stream.abort(reader.failure)
  })
  return reader
}

/** `stream` must be fresh from negotiation and must have no other consumer. */
export function adaptStream(stream: Stream, remotePeer: PeerId, parts: StreamParts): AdaptedStream {
  const { clock, meter, copies } = parts
  let onBulk = parts.onBulk
  let carriedBytes = 0
  let sentBytes = 0
  let lane: Lane | undefined
  /** The lane, once what is sent goes by it. */
  let sending: Lane | undefined
  /** Whether our side has been ended. */
  let isEnded = false

  const carried = (bytes: number) => {
    carriedBytes += bytes
    if (onBulk === undefined || carriedBytes < onBulk.afterBytes) return
    const { run } = onBulk
    onBulk = undefined
    run()
  }
  const reader = readerOf(stream, (bytes) => {
    meter.received(bytes)
    carried(bytes)
  })
  const closed = new Promise<void>((resolve) => {
    const onClose = () => {
      if (lane === undefined) return resolve()
      leave(lane)
      void lane.closed.then(resolve)
    }
    if (stream.status === 'open' || stream.status === 'closing') stream.addEventListener('close', onClose)
    else resolve()
  })
  /** The stream is over: its lane ends by itself, when both sides have read all, or it is cut. */
  function leave(last: Lane): void {
    if (reader.failure !== undefined) {
      last.destroy()
      return
    }
    const bytes = last.reader?.bytes ?? 0
    const cancel = clock.after(streamLingerMs, () => {
      if (last.reader !== undefined && (last.reader.isHeldBack || last.reader.bytes > bytes)) leave(last)
      else last.destroy()
    })
    void last.closed.then(cancel)
  }

  const broken = () => reader.failure ?? networkErrors.stream_closed('This stream is closed for sending.')

  const abort = (error: PeerhoodError) => {
    reader.fail(error)
    stream.abort(error)
    lane?.destroy()
  }

  const close = async () => {
    if (reader.failure !== undefined || isEnded) return
    isEnded = true
    if (stream.writeStatus !== 'writable') return
    const limit = deadline(clock, streamCloseTimeoutMs, () =>
      networkErrors.stream_broken('The other peer does not take what was sent.'),
    )
    limit.signal.addEventListener('abort', () => lane?.destroy(), { once: true })
    try {
      await sending?.end()
      await stream.close({ signal: limit.signal })
    } catch (error) {
      const failure = toStreamError(limit.signal.aborted ? limit.signal.reason : error)
      abort(failure)
      throw reader.failure ?? failure
    } finally {
      limit.done()
    }
  }

  async function untilRoom(options: { signal?: AbortSignal }): Promise<void> {
    // What was given to the stream before the move lies there until the stream has room.
    if (sending === undefined || stream.writableNeedsDrain)
      await untilDrained(stream, () => reader.failure, options.signal)
    await sending?.drained(options).catch((error) => Promise.reject(reader.failure ?? error))
  }

  function sendByStream(given: readonly Uint8Array[]): boolean {
    const bytes = new Uint8ArrayList(...(copies ? given : given.map((part) => part.slice())))
    const room = stream.send(bytes)
    return room && !stream.writableNeedsDrain
  }

  return {
    remotePeer,
    isRelayed: parts.isRelayed,
    incoming: reader,
    closed,
    send(...given) {
      if (reader.failure !== undefined || isEnded || stream.writeStatus !== 'writable') throw broken()
      try {
        const hasRoom = sending?.send(...given) ?? sendByStream(given)
        const length = lengthOf(given)
        sentBytes += length
        meter.sent(length)
        carried(length)
        return hasRoom
      } catch (error) {
        throw reader.failure ?? toStreamError(error)
      }
    },
    drained(options = {}) {
      if (reader.failure !== undefined) return Promise.reject(reader.failure)
      return untilRoom(options)
    },
    close,
    abort,
    bind(given) {
      lane = given
      reader.mayHaveSequel()
      void given.closed.then(() => {
        if (sending !== undefined && !isEnded) abort(connectionLost())
        else reader.noSequel()
      })
    },
    moveReading(atBytes) {
      if (lane !== undefined) reader.sequel(atBytes, lane.read())
      if (reader.failure !== undefined) abort(reader.failure)
    },
    moveSending() {
      sending = lane
      sending?.begin(sentBytes)
      if (isEnded) sending?.end().catch(() => {}) // what it has to carry is only that nothing comes
    },
    async settle() {
      await close()
      const cancel = clock.after(streamLingerMs, () =>
        abort(networkErrors.stream_closed('The other peer kept a finished stream open.')),
      )
      await closed
      cancel()
    },
  }
}
