// Watches streams for what they do not notice themselves: a router that gave us another address, so that nothing reaches us
// any more, or a way that has died. When a stream falls silent we ask the other side where our packets come from. Another
// place than before, or no answer twice, ends the stream; whoever needs the peer connects anew. The same question, seldom,
// keeps the routers' mappings of an idle stream.

import type { Cancel, Clock } from '../../base/ports.ts'
import { networkErrors } from '../errors.ts'
import { checksFailedMax, checkTimeoutMs, keepAliveMs, watchEveryMs } from './limits.ts'
import type { UdxAddress, UdxStream } from './native.ts'

/** Asks the stream's other side, from the stream's socket. Rejects when the signal aborts. */
export type AskBack = (signal: AbortSignal) => Promise<UdxAddress>

interface Watched {
  readonly ask: AskBack
  /** Where the other side saw us last. */
  seen: UdxAddress | undefined
  heardBytes: number
  sentBytes: number
  /** Bytes have come since the last question. */
  isFresh: boolean
  quietMs: number
  failed: number
  isAsking: boolean
}

export class Watch {
  readonly #clock: Clock
  readonly #doubt: () => void
  readonly #streams = new Map<UdxStream, Watched>()
  #timer: Cancel | undefined

  constructor(clock: Clock, doubt: () => void) {
    this.#clock = clock
    this.#doubt = doubt
  }

  /** Until the stream ends. `seen`: where the other side saw us, if it has said so. */
  add(stream: UdxStream, seen: UdxAddress | undefined, ask: AskBack): void {
    const { bytesReceived, bytesTransmitted } = stream
    const watched: Watched = {
      ask,
      seen,
      heardBytes: bytesReceived,
      sentBytes: bytesTransmitted,
      isFresh: false,
      quietMs: 0,
      failed: 0,
      isAsking: false,
    }
    this.#streams.set(stream, watched)
    stream.once('close', () => this.#remove(stream))
    this.#timer ??= this.#clock.after(watchEveryMs, () => this.#tick())
  }

  stop(): void {
    this.#timer?.()
    this.#timer = undefined
    this.#streams.clear()
  }

  #remove(stream: UdxStream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    this.#timer?.()
    this.#timer = undefined
  }

  #tick(): void {
    this.#timer = this.#clock.after(watchEveryMs, () => this.#tick())
    for (const [stream, watched] of this.#streams) this.#look(stream, watched)
  }

  #look(stream: UdxStream, watched: Watched): void {
    const { bytesReceived, bytesTransmitted } = stream
    const hasHeard = bytesReceived !== watched.heardBytes
    const hasSent = bytesTransmitted !== watched.sentBytes
    watched.heardBytes = bytesReceived
    watched.sentBytes = bytesTransmitted
    if (hasHeard) {
      watched.isFresh = true
      watched.quietMs = 0
      watched.failed = 0
      if (watched.seen === undefined) void this.#check(stream, watched)
      return
    }
    // Whoever opened it may have forged its sender: who is said to be there must not hear more of us.
    if (bytesReceived === 0) return
    watched.quietMs += watchEveryMs
    if (hasSent || watched.isFresh || watched.failed > 0 || watched.quietMs >= keepAliveMs) {
      void this.#check(stream, watched)
    }
  }

  async #check(stream: UdxStream, watched: Watched): Promise<void> {
    if (watched.isAsking) return
    watched.isAsking = true
    watched.isFresh = false
    watched.quietMs = 0
    const late = new AbortController()
    const cancel = this.#clock.after(checkTimeoutMs, () => late.abort())
    try {
      const seen = await watched.ask(late.signal)
      const before = watched.seen
      watched.seen = seen
      watched.failed = 0
      const isMoved = before !== undefined && (before.host !== seen.host || before.port !== seen.port)
      if (!isMoved) return
      stream.destroy(networkErrors.stream_broken('The address of this computer has changed.'))
      this.#doubt()
    } catch {
      if (!this.#streams.has(stream)) return
      watched.failed += 1
      if (watched.failed < checksFailedMax || stream.bytesReceived !== watched.heardBytes) return
      stream.destroy(networkErrors.stream_broken('The other peer does not answer any more.'))
      this.#doubt()
    } finally {
      watched.isAsking = false
      cancel()
    }
  }
}
