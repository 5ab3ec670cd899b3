// Frames over one PeerStream: what session.ts speaks through. Owns the decoder, the rate limit on frames other than entries
// and the account of what the peer has not read yet. Entries go out only while `writable`; other frames always, and a peer
// that lets too many of them pile up is left.

import { TokenBucket } from '../../base/bounded.ts'
import type { PeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock } from '../../base/ports.ts'
import type { PeerStream } from '../../network/types.ts'
import { createDecoder } from './decoder.ts'
import { syncPeerErrors } from './errors.ts'
import { controlFramesBurst, controlFramesPerSecond, farewellMs, unsentBytesMax } from './limits.ts'
import { encodeFrame, type Frame, type FrameKind } from './wire.ts'

export interface ChannelEvents {
  /** Throws to refuse a frame by its kind. */
  admit(kind: FrameKind): void
  accept(frame: Frame): void
  /** A chunk's frames have all been accepted; nothing more is read until this resolves. */
  flushed(): Promise<void> | undefined
  /** There is room again. */
  writable(): void
  /** The stream ended; undefined when the peer closed it between two frames. Called once. */
  closed(error: unknown): void
}

export interface Channel {
  /** When a whole frame last came, and one last went (monotonic). */
  readonly receivedMs: number
  readonly sentMs: number
  /** Since when there has been no room; undefined: there is. */
  readonly fullSinceMs: number | undefined
  /** Whether entries may be sent now. */
  readonly writable: boolean
  send(frame: Frame): void
  /** Reads until the stream ends. */
  run(): Promise<void>
  /** Sends a last frame, gives it a moment to leave, and ends the stream. */
  close(last: Frame | undefined, error: PeerhoodError): void
}

const bulkKinds: ReadonlySet<FrameKind> = new Set<FrameKind>(['entries', 'answer'])

export function createChannel(
  stream: PeerStream,
  { clock }: { readonly clock: Clock },
  events: ChannelEvents,
): Channel {
  const startMs = clock.monotonicMs()
  const control = new TokenBucket({ perSecond: controlFramesPerSecond, burst: controlFramesBurst, nowMs: startMs })
  let receivedMs = startMs
  let sentMs = startMs
  let fullSinceMs: number | undefined
  let unsentBytes = 0
  let ended = false
  /** Nothing more is sent; the end follows. */
  let broken = false
  /** Cuts the stream when the peer does not let it end. */
  let cut: Cancel | undefined

  const decoder = createDecoder({
    admit(kind) {
      if (!bulkKinds.has(kind) && !control.take(clock.monotonicMs())) {
        throw syncPeerErrors.sync_frames_too_fast('A peer sends too many frames.')
      }
      events.admit(kind)
    },
    accept(frame) {
      receivedMs = clock.monotonicMs()
      events.accept(frame)
    },
  })

  function finish(error: unknown): void {
    if (ended) return
    ended = true
    events.closed(error)
  }

  function transmit(frame: Frame): void {
    const bytes = encodeFrame(frame)
    sentMs = clock.monotonicMs()
    if (fullSinceMs !== undefined) unsentBytes += bytes.length
    try {
      if (stream.send(bytes) || fullSinceMs !== undefined) return
    } catch (error) {
      breakOff(error)
      return
    }
    fullSinceMs = sentMs
    stream.drained().then(onDrained, finish)
  }

  /** Ends it once the present work is over: whoever sends may be in the middle of a loop over all sessions. */
  function breakOff(error: unknown): void {
    broken = true
    queueMicrotask(() => finish(error))
  }

  function onDrained(): void {
    fullSinceMs = undefined
    unsentBytes = 0
    if (!ended) events.writable()
  }

  async function read(): Promise<void> {
    for await (const chunk of stream.incoming) {
      if (ended) return
      decoder.push(chunk)
      await events.flushed()
      if (ended) return
    }
    if (!ended) decoder.end()
  }

  return {
    get receivedMs() {
      return receivedMs
    },
    get sentMs() {
      return sentMs
    },
    get fullSinceMs() {
      return fullSinceMs
    },
    get writable() {
      return fullSinceMs === undefined && !ended && !broken
    },
    send(frame) {
      if (ended || broken) return
      transmit(frame)
      if (unsentBytes > unsentBytesMax) {
        breakOff(syncPeerErrors.sync_peer_not_reading('A peer does not read what it is sent.'))
      }
    },
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
      if (last === undefined) {
        stream.abort(error)
        return
      }
      try {
        stream.send(encodeFrame(last))
      } catch {
        // It is broken already: nothing to say any more.
      }
      cut = clock.after(farewellMs, () => stream.abort(error))
      stream.close().catch(() => stream.abort(error))
    },
  }
}
