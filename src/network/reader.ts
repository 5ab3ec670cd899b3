// The reading half of a PeerStream: chunks as they come, handed out one by one. Reading pulls: the source is paused unless
// someone waits for bytes, so a handler that does not read stops the peer at the end of its window, and this side never
// holds more than `readQueueHighBytes` + what the source had under way.
//
// Must stay true: `pause()` is never called while `resume()` is still dispatching (libp2p would then grant window to a
// paused stream), and a stream that ends without the peer having closed its side throws instead of ending.

import type { PeerhoodError } from '../base/errors.ts'
import { connectionLost, networkErrors, toStreamError } from './errors.ts'
import { readQueueHighBytes } from './limits.ts'

/** Where the bytes come from. */
export interface Source {
  readonly status: 'flowing' | 'paused' | 'over'
  /** Bytes that it holds back while it is paused. */
  readonly heldBytes: number
  pause(): void
  /** May hand over what it holds before it returns. */
  resume(): void
}

interface Sequel {
  readonly atBytes: number
  readonly reader: Reader
}

export class Reader implements AsyncIterableIterator<Uint8Array> {
  readonly #source: Source
  readonly #received: (bytes: number) => void
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #bytes = 0
  #peerClosed = false
  #failure: PeerhoodError | undefined
  #over = false
  #resuming = false
  #wake: (() => void) | undefined
  #isLeft = false
  /** Whether the end of the source may not be the end. */
  #isOpenEnded = false
  #sequel: Sequel | undefined

  constructor(source: Source, received: (bytes: number) => void) {
    this.#source = source
    this.#received = received
  }

  // ---- from the source

  /** Takes chunks that are this reader's from now on. */
  take(chunks: Iterable<Uint8Array>): void {
    for (const chunk of chunks) {
      this.#queue.push(chunk)
      this.#queuedBytes += chunk.length
      this.#bytes += chunk.length
      this.#received(chunk.length)
    }
    if (this.#sequel !== undefined) this.#checkSequel(this.#sequel)
    if (!this.#resuming) this.#pauseWhenFull()
    this.#notify()
  }

  /** The peer closed its side; what the source holds back still comes. */
  peerClosed(): void {
    this.#peerClosed = true
    this.#notify()
  }

  /** The source is closed for good, and has handed over all it had. */
  over(error?: unknown): void {
    this.#over = true
    if (error !== undefined) this.fail(toStreamError(error))
    else if (!this.#peerClosed) this.fail(connectionLost())
    this.#notify()
  }

  /** The source has no more bytes for now. */
  idle(): void {
    this.#notify()
  }

  get failure(): PeerhoodError | undefined {
    return this.#failure
  }

  fail(error: PeerhoodError): void {
    this.#failure ??= error
    this.#sequel?.reader.fail(error)
    this.#notify()
  }

  /** How many came so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether more could come if someone read. */
  get isHeldBack(): boolean {
    return !this.#isLeft && this.#source.status === 'paused'
  }

  // ---- going on elsewhere

  /** From now on the end of the source is the end of all only once `sequel` or `noSequel` was called. */
  mayHaveSequel(): void {
    this.#isOpenEnded = true
  }

  noSequel(): void {
    this.#isOpenEnded = false
    this.#notify()
  }

  /** After the first `atBytes` bytes of the source, the rest comes from another reader. */
  sequel(atBytes: number, reader: Reader): void {
    this.#isOpenEnded = false
    this.#sequel = { atBytes, reader }
    if (this.#isLeft) void reader.return()
    this.#checkSequel(this.#sequel)
    this.#notify()
  }

  #checkSequel({ atBytes }: Sequel): void {
    if (this.#bytes <= atBytes) return
    this.#dropLast(this.#bytes - atBytes)
    this.#bytes = atBytes
    this.fail(networkErrors.lane_wrong('A peer went on elsewhere before what it had sent.'))
  }

  /** What is past the place is nobody's: what was read may be from elsewhere already. */
  #dropLast(bytes: number): void {
    for (let left = bytes; left > 0; ) {
      const last = this.#queue.pop()
      if (last === undefined) return
      if (last.length > left) this.#queue.push(last.subarray(0, last.length - left))
      this.#queuedBytes -= Math.min(last.length, left)
      left -= last.length
    }
  }

  // ---- to the consumer

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
      if (this.#failure === undefined && this.#sequel !== undefined && this.#bytes >= this.#sequel.atBytes) {
        return this.#sequel.reader.next()
      }
      this.#pull()
      if (this.#queue.length > 0) continue
      if (this.#failure !== undefined) throw this.#failure
      if (!this.#isOpenEnded) {
        const isAll = this.#sequel === undefined && this.#peerClosed && this.#source.heldBytes === 0
        if (isAll) return { done: true, value: undefined }
        if (this.#over) throw connectionLost()
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The consumer left its loop: nothing more will be read, so the source stays paused until someone ends it. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#queue = []
    this.#queuedBytes = 0
    this.#isLeft = true
    await this.#sequel?.reader.return()
    return { done: true, value: undefined }
  }

  #pauseWhenFull(): void {
    if (this.#queuedBytes >= readQueueHighBytes && this.#source.status === 'flowing') this.#source.pause()
  }

  #pull(): void {
    if (this.#source.status !== 'paused') return
    this.#resuming = true
    try {
      this.#source.resume()
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
