// Frames over one PeerStream: what session.ts and upload.ts send through. Owns the decoder, the rate limit on control
// frames and the account of what the peer has not read yet. Bulk goes out only while `writable`; control frames always,
// and a peer that lets too many of them pile up is left.

import { TokenBucket } from '../base/bounded.ts'
import { lengthOf } from '../base/bytes.ts'
import type { PeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock } from '../base/ports.ts'
import type { BlockBuffers } from '../content/worker/buffers.ts'
import type { PeerId, PeerStream } from '../network/types.ts'
import { createDecoder } from './decoder.ts'
import { peerErrors } from './errors.ts'
import { controlFramesBurst, controlFramesPerSecond, farewellMs, readSliceMs, unsentBytesMax } from './limits.ts'
import { encodeFrame, type Frame, type FrameKind } from './wire.ts'

export interface ChannelEvents {
  /** See `FramePolicy.admit`. */
  admit(kind: FrameKind, length: number, index: number | undefined): 'keep' | 'skip'
  accept(frame: Frame): void
  /** A chunk's frames have all been accepted. */
  flushed(): void
  /** There is room for bulk again. */
  writable(): void
  /** The stream ended; undefined when the peer closed it between two frames. Called once. */
  closed(error: unknown): void
}

export interface Channel {
  readonly remotePeer: PeerId
  readonly bytesIn: number
  readonly bytesOut: number
  /** See `Decoder.blockBytes`. */
  readonly blockBytesIn: number
  readonly receivedMs: number
  readonly sentMs: number
  /** Whether bulk may be sent now. */
  readonly writable: boolean
  /** Sends a control frame. */
  send(frame: Frame): void
  /** Sends ready-made bytes, not copied: they are the caller's again when `free` is called. */
  sendBytes(parts: readonly Uint8Array[], free?: () => void): void
  /** Reads until the stream ends. */
  run(): Promise<void>
  /** Sends a last frame, gives it a moment to leave, and ends the stream. */
  close(last: Frame | undefined, error: PeerhoodError): void
}

export function createChannel(
  stream: PeerStream,
  { clock, blockBuffers }: { readonly clock: Clock; readonly blockBuffers: BlockBuffers },
  events: ChannelEvents,
): Channel {
  const startMs = clock.monotonicMs()
  const control = new TokenBucket({ perSecond: controlFramesPerSecond, burst: controlFramesBurst, nowMs: startMs })
  let bytesIn = 0
  let bytesOut = 0
  let receivedMs = startMs
  let sentMs = startMs
  let writable = true
  let unsentBytes = 0
  let ended = false
  /** Nothing more is sent; the end follows. */
  let broken = false
  /** Cuts the stream when the peer does not let it end. */
  let cut: Cancel | undefined
  /** To be called once the stream has let go of what it was given. */
  let waiting: (() => void)[] = []

  const decoder = createDecoder({
    admit(kind, length, index) {
      if (kind !== 'block' && !control.take(receivedMs))
        throw peerErrors.frames_too_fast('A peer sends too many frames.')
      return events.admit(kind, length, index)
    },
    buffer: blockBuffers.take,
    drop: blockBuffers.give,
    accept: events.accept,
  })

  function finish(error: unknown): void {
    decoder.drop()
    letGo()
    if (ended) return
    ended = true
    events.closed(error)
  }

  function letGo(): void {
    const all = waiting
    waiting = []
    for (const free of all) free()
  }

  function transmit(bytes: readonly Uint8Array[], free?: () => void): void {
    if (ended || broken) {
      free?.()
      return
    }
    const length = lengthOf(bytes)
    bytesOut += length
    sentMs = clock.monotonicMs()
    if (!writable) unsentBytes += length
    const hasRoom = pass(bytes)
    if (hasRoom) free?.()
    else if (free !== undefined) waiting.push(free)
    if (hasRoom || !writable) return
    writable = false
    stream.drained().then(onDrained, finish)
  }

  /** Gives bytes to the stream, which throws when it is broken. */
  function pass(bytes: readonly Uint8Array[]): boolean {
    try {
      return stream.send(...bytes)
    } catch (error) {
      breakOff(error)
      return true
    }
  }

  /** Ends it once the present work is over: whoever sends may be in the middle of a loop over all sessions. */
  function breakOff(error: unknown): void {
    broken = true
    queueMicrotask(() => finish(error))
  }

  function onDrained(): void {
    writable = true
    unsentBytes = 0
    letGo()
    if (!ended) events.writable()
  }

  async function read(): Promise<void> {
    let workMs = 0
    for await (const chunk of stream.incoming) {
      if (ended) return
      bytesIn += chunk.length
      receivedMs = clock.monotonicMs()
      decoder.push(chunk)
      events.flushed()
      workMs += clock.monotonicMs() - receivedMs
      if (workMs < readSliceMs) continue
      // Megabytes of small blocks may lie there already, and nothing else would have the thread until all are taken.
      workMs = 0
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (!ended) decoder.end()
  }

  return {
    remotePeer: stream.remotePeer,
    get bytesIn() {
      return bytesIn
    },
    get bytesOut() {
      return bytesOut
    },
    get blockBytesIn() {
      return decoder.blockBytes
    },
    get receivedMs() {
      return receivedMs
    },
    get sentMs() {
      return sentMs
    },
    get writable() {
      return writable && !ended && !broken
    },
    send(frame) {
      transmit([encodeFrame(frame)])
      if (unsentBytes > unsentBytesMax) breakOff(peerErrors.peer_not_reading('A peer does not read what it is sent.'))
    },
    sendBytes: transmit,
    async run() {
      try {
        await read()
        finish(undefined)
      } catch (error) {
        finish(error)
      } finally {
        cut?.()
      }
    },
    close(last, error) {
      ended = true
      decoder.drop()
      if (last === undefined) {
        stream.abort(error)
        letGo()
        return
      }
      pass([encodeFrame(last)])
      cut = clock.after(farewellMs, () => stream.abort(error))
      stream.close().catch(() => stream.abort(error))
    },
  }
}
