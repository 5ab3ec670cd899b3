// The streams of one ledger, one to each peer that takes part. Validators are dialled until they are there; other members are met
// as they connect. Either side may open; of two streams that were opened at once, that of the smaller peer id stays.
//
//   node ──send──► Link (queue while it is full) ══ stream ══ frames ──► node, which says when it has looked at them
//
// Must stay true: only devices of members are spoken with and heard, and only while there is a node; the node hears of a link
// before anything comes on it; a peer that does not read costs `unsentBytesMax`, one that floods `unheardBytesMax`; while
// everybody is linked, no timer runs.

import { BoundedMap } from '../base/bounded.ts'
import { type PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { type Cancel, type Clock, deadline } from '../base/ports.ts'
import type { Network, PeerId, PeerStream } from '../network/types.ts'
import { ledgerPeerErrors } from './errors.ts'
import {
  linkOpenMs,
  linkRetryMs,
  linkRetryMsMax,
  linksMax,
  linkTurnMs,
  unheardBytesMax,
  unsentBytesMax,
} from './limits.ts'
import { type ReadingParts, readStream } from './reading.ts'
import { type Frame, frameHead, ledgerProtocol } from './stream-wire.ts'

export interface LinksParts extends ReadingParts {
  readonly network: Pick<Network, 'self' | 'openStream' | 'peers' | 'on' | 'blame'>
  readonly clock: Clock
  /** Names the ledger on the wire. */
  readonly ledger: Uint8Array
  allows(peer: PeerId): boolean
  /** Dialled when they are not connected. */
  named(): readonly PeerId[]
  connected(peer: PeerId): void
  disconnected(peer: PeerId): void
  received(peer: PeerId, bytes: Uint8Array): void
  told(peer: PeerId, bytes: Uint8Array): void
}

export interface Links {
  /** There is a node; links are made. Again after `stop`. */
  start(): void
  /** There is none: all of them end. */
  stop(): void
  /** Members or validators are others. */
  reconsider(): void
  send(to: PeerId, bytes: Uint8Array): void
  /** To everyone with a link. */
  tellAll(bytes: Uint8Array): void
  /** The node has looked at so many bytes of a peer. */
  took(peer: PeerId, bytes: number): void
  /** A peer named this ledger on a stream of its own; throws where that is not taken. */
  greeted(stream: PeerStream): void
  /** A frame after the greeting; resolves when more may be read. Throws where the stream is no link. */
  hear(stream: PeerStream, frame: Frame): Promise<void> | undefined
  over(stream: PeerStream): void
  linked(): readonly PeerId[]
}

interface Link {
  readonly stream: PeerStream
  readonly isOurs: boolean
  /** What waits while the stream is full. */
  queue: Uint8Array[]
  queuedBytes: number
  isFull: boolean
  /** What the node has not looked at, and who waits until it has. */
  unheardBytes: number
  wake: (() => void) | undefined
}

interface Attempt {
  failures: number
  /** Monotonic; not before. */
  nextMs: number
  isBusy: boolean
}

export function createLinks(parts: LinksParts): Links {
  return new LedgerLinks(parts)
}

class LedgerLinks implements Links {
  readonly #parts: LinksParts
  readonly #links = new Map<PeerId, Link>()
  readonly #attempts = new BoundedMap<PeerId, Attempt>(4 * linksMax)
  #running: AbortController | undefined
  #off: Cancel = () => {}
  #timer: Cancel | undefined

  constructor(parts: LinksParts) {
    this.#parts = parts
  }

  start(): void {
    if (this.#running !== undefined) return
    this.#running = new AbortController()
    this.#attempts.clear()
    this.#off = this.#parts.network.on((event) => {
      if (event.type !== 'peer' || event.peer.state !== 'connected') return
      if (!this.#links.has(event.peer.peerId)) this.#look()
    })
    this.#look()
  }

  stop(): void {
    this.#running?.abort(over())
    this.#running = undefined
    this.#off()
    this.#timer?.()
    for (const [peer, link] of [...this.#links]) this.#cut(peer, link, 'stopped')
  }

  reconsider(): void {
    for (const [peer, link] of [...this.#links]) if (!this.#parts.allows(peer)) this.#cut(peer, link, 'not_allowed')
    this.#look()
  }

  send(to: PeerId, bytes: Uint8Array): void {
    this.#sendFrame('message', to, bytes)
  }

  tellAll(bytes: Uint8Array): void {
    for (const peer of [...this.#links.keys()]) this.#sendFrame('told', peer, bytes)
  }

  linked(): readonly PeerId[] {
    return [...this.#links.keys()]
  }

  // ---- making links

  #look(): void {
    this.#timer?.()
    this.#timer = undefined
    const { clock, network } = this.#parts
    if (this.#running === undefined) return
    const nowMs = clock.monotonicMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const peer of this.#wanted()) {
      if (this.#links.has(peer)) continue
      // The smaller one opens, the other a little later, so that there is mostly one stream.
      const attempt = this.#attemptOf(peer, network.self < peer ? nowMs : nowMs + linkTurnMs)
      if (attempt.isBusy) continue
      if (attempt.nextMs <= nowMs) void this.#open(peer, attempt, this.#running.signal)
      else nextMs = Math.min(nextMs, attempt.nextMs)
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#timer = clock.after(nextMs - nowMs, () => this.#look())
  }

  #wanted(): readonly PeerId[] {
    const { network, named, allows } = this.#parts
    const connected = network.peers().flatMap(({ peerId, state }) => (state === 'connected' ? [peerId] : []))
    const all = [...new Set([...named(), ...connected])].filter((peer) => peer !== network.self && allows(peer))
    return all.slice(0, linksMax)
  }

  #attemptOf(peer: PeerId, nextMs: number): Attempt {
    const known = this.#attempts.get(peer)
    if (known !== undefined) return known
    const attempt = { failures: 0, nextMs, isBusy: false }
    this.#attempts.set(peer, attempt)
    return attempt
  }

  async #open(peer: PeerId, attempt: Attempt, signal: AbortSignal): Promise<void> {
    const { clock, network, log, allows, ledger } = this.#parts
    attempt.isBusy = true
    const limit = deadline(clock, linkOpenMs, () => ledgerPeerErrors.ledger_silent('A peer did not answer.'), signal)
    try {
      const stream = await network.openStream(peer, ledgerProtocol, { signal: limit.signal })
      if (signal.aborted || this.#links.has(peer) || !allows(peer)) {
        this.#failed(attempt)
        stream.abort(over())
      } else {
        this.#transmit(peer, this.#add(peer, stream, true), frameHead('hello', ledger.length), ledger)
        this.#parts.connected(peer)
        void this.#serve(stream, attempt)
      }
    } catch (error) {
      this.#failed(attempt)
      log.debug('ledger_link_failed', { peer, how: toPeerhoodError(error).code })
    } finally {
      limit.done()
      attempt.isBusy = false
      this.#look()
    }
  }

  #failed(attempt: Attempt): void {
    const waitMs = Math.min(linkRetryMsMax, linkRetryMs * 2 ** attempt.failures)
    attempt.failures = Math.min(attempt.failures + 1, 10)
    attempt.nextMs = this.#parts.clock.monotonicMs() + waitMs
  }

  async #serve(stream: PeerStream, attempt: Attempt): Promise<void> {
    const { clock } = this.#parts
    const sinceMs = clock.monotonicMs()
    await readStream(this.#parts, stream, { opened: true }, (frame) => this.hear(stream, frame))
    // A peer without this ledger ends it at once: that is no success.
    if (clock.monotonicMs() - sinceMs > linkRetryMsMax) attempt.failures = 0
    this.#failed(attempt)
    this.over(stream)
  }

  greeted(stream: PeerStream): void {
    const { network, allows, connected } = this.#parts
    const peer = stream.remotePeer
    if (this.#running === undefined || !allows(peer)) throw notHere()
    const known = this.#links.get(peer)
    if (known?.isOurs === true && network.self < peer) throw over()
    if (known !== undefined) this.#cut(peer, known, 'replaced')
    if (this.#links.size >= linksMax && !this.#parts.named().includes(peer)) throw notHere()
    this.#add(peer, stream, false)
    connected(peer)
  }

  #add(peer: PeerId, stream: PeerStream, isOurs: boolean): Link {
    const link: Link = {
      ...{ stream, isOurs, queue: [], queuedBytes: 0, isFull: false },
      ...{ unheardBytes: 0, wake: undefined },
    }
    this.#links.set(peer, link)
    return link
  }

  over(stream: PeerStream): void {
    const link = this.#links.get(stream.remotePeer)
    if (link?.stream === stream) this.#cut(stream.remotePeer, link, 'ended')
    this.#look()
  }

  #cut(peer: PeerId, link: Link, how: string): void {
    if (this.#links.get(peer) !== link) return
    this.#links.delete(peer)
    link.queue = []
    link.wake?.()
    link.stream.abort(over())
    this.#parts.log.debug('ledger_link_over', { peer, how })
    this.#parts.disconnected(peer)
  }

  // ---- sending

  #sendFrame(kind: 'message' | 'told', to: PeerId, bytes: Uint8Array): void {
    const link = this.#links.get(to)
    if (link !== undefined) this.#transmit(to, link, frameHead(kind, bytes.length), bytes)
  }

  #transmit(peer: PeerId, link: Link, ...bytes: Uint8Array[]): void {
    if (link.isFull) {
      link.queue.push(...bytes)
      for (const part of bytes) link.queuedBytes += part.length
      if (link.queuedBytes > unsentBytesMax) this.#cut(peer, link, 'not_reading')
      return
    }
    const cut = (error: unknown) => this.#cut(peer, link, toPeerhoodError(error).code)
    try {
      if (link.stream.send(...bytes)) return
      link.isFull = true
      link.stream.drained().then(() => this.#flush(peer, link), cut)
    } catch (error) {
      // Whoever sends may be in the middle of a loop over all links.
      queueMicrotask(() => cut(error))
    }
  }

  #flush(peer: PeerId, link: Link): void {
    if (this.#links.get(peer) !== link) return
    const { queue } = link
    link.isFull = false
    link.queue = []
    link.queuedBytes = 0
    if (queue.length > 0) this.#transmit(peer, link, ...queue)
  }

  // ---- hearing

  hear(stream: PeerStream, frame: Frame): Promise<void> | undefined {
    const peer = stream.remotePeer
    const link = this.#links.get(peer)
    if (link?.stream !== stream || frame.kind === 'hello') throw over()
    if (frame.kind === 'told') {
      this.#parts.told(peer, frame.bytes)
      return undefined
    }
    link.unheardBytes += frame.bytes.length
    this.#parts.received(peer, frame.bytes)
    if (link.unheardBytes <= unheardBytesMax) return undefined
    return new Promise((resolve) => {
      link.wake?.()
      link.wake = resolve
    })
  }

  took(peer: PeerId, bytes: number): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    link.unheardBytes = Math.max(0, link.unheardBytes - bytes)
    if (link.unheardBytes > unheardBytesMax / 2) return
    link.wake?.()
    link.wake = undefined
  }
}

function over(): PeerhoodError {
  return ledgerPeerErrors.ledger_link_over('The link is over.')
}

export function notHere(): PeerhoodError {
  return ledgerPeerErrors.ledger_not_here('There is no such ledger here for this peer.')
}
