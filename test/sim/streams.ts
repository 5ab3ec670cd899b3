// The streams of the simulated network. A stream is two sides, one for each direction; each peer has an uplink that its
// sides share fairly, and each side a window, so that a peer that does not read stops its sender.
//
//   send ──► queue ──(uplink, window)──► in flight ──(delay)──► (downlink) ──► received ──► incoming
//
// An uplink sends one chunk at a time, its sides in turn. A side that had nothing to send for a whole round goes first, as in
// fair queues at routers (RFC 8290 §4.1): a few bytes of control don't wait for everybody's bulk. A downlink, where a peer has
// one, takes one chunk after another in the order in which their last bytes come.
//
// Errors and ends are those of the real streams (src/network/stream.ts): test/support/network-suite.ts holds both to it.

import { concatBytes } from '../../src/base/bytes.ts'
import type { PeerhoodError } from '../../src/base/errors.ts'
import type { Clock } from '../../src/base/ports.ts'
import { networkErrors } from '../../src/network/errors.ts'
import type { PeerId, PeerStream } from '../../src/network/types.ts'

const chunkBytes = 65_536
const sendBufferBytes = 262_144
const windowBytes = 1_048_576

export interface LinkQuality {
  /** Bytes per second that leave this peer … */
  readonly up: number
  /** … and that come to it; undefined: as many as are sent. */
  readonly down?: number
  /** One way, to and from the middle of the net. */
  readonly delayMs: number
}

/** A peer as its streams see it. */
export interface Endpoint {
  readonly id: PeerId
  readonly quality: LinkQuality
}

export interface StreamsParts {
  readonly clock: Clock
  canTalk(a: Endpoint, b: Endpoint): boolean
  /** Bytes between the two go by a relay at the moment. */
  isRelayed(a: Endpoint, b: Endpoint): boolean
  /** It takes no more bytes from its streams. */
  isDeaf(peer: Endpoint): boolean
  onDelivery(from: PeerId, to: PeerId, bytes: Uint8Array): void
  /** What is sent is never changed afterwards: no copy is made of it. */
  sharesMemory?(): boolean
}

/** One stream, as both ends see it. */
export interface OpenedStream {
  readonly opener: PeerStream
  readonly server: PeerStream
  /** Runs once when the stream is over, however it ended; at once when it is. */
  onOver(run: () => void): void
}

export interface Streams {
  open(opener: Endpoint, server: Endpoint): OpenedStream
  /** The connection between two peers is lost. */
  breakBetween(a: Endpoint, b: Endpoint): void
  /** What held a peer's bytes up is gone. */
  pump(peer: Endpoint): void
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** One direction, at its sender. `failure` is what became of the whole stream for that sender. */
class Side {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly peer: Side
  queue: Uint8Array[] = []
  queuedBytes = 0
  unreadBytes = 0
  inFlight = 0
  received: Uint8Array[] = []
  /** Where it waits for the uplink. */
  turn: 'none' | 'fresh' | 'round' = 'none'
  closing = false
  ended = false
  failure: PeerhoodError | undefined
  wakeReader = () => {}
  drainWaiters: Waiter[] = []
  closeWaiters: (() => void)[] = []
  overListeners: (() => void)[] = []

  constructor(from: Endpoint, to: Endpoint, peer?: Side) {
    this.from = from
    this.to = to
    this.peer = peer ?? new Side(to, from, this)
  }
}

/** A peer's way out, and in. */
interface Uplink {
  /** Sides that had nothing to send before: they come first, once. */
  readonly fresh: Side[]
  /** Sides with bytes to send, in turn. */
  readonly round: Side[]
  sending: boolean
  /** When the downlink is done with what came. */
  downFreeMs: number
}

export function createStreams({ clock, canTalk, isRelayed, isDeaf, onDelivery, sharesMemory }: StreamsParts): Streams {
  const sides = new Set<Side>()
  const uplinks = new WeakMap<Endpoint, Uplink>()

  const delayOf = (side: Side) => side.from.quality.delayMs + side.to.quality.delayMs

  function uplinkOf(peer: Endpoint): Uplink {
    const uplink = uplinks.get(peer) ?? { fresh: [], round: [], sending: false, downFreeMs: 0 }
    uplinks.set(peer, uplink)
    return uplink
  }

  // ---- bytes

  function enqueue(side: Side): void {
    if (side.turn !== 'none') return
    side.turn = 'fresh'
    uplinkOf(side.from).fresh.push(side)
  }

  function pump(peer: Endpoint): void {
    const uplink = uplinkOf(peer)
    if (uplink.sending) return
    for (let tries = uplink.fresh.length + uplink.round.length; tries > 0; tries--) {
      const side = uplink.fresh.shift() ?? uplink.round.shift()
      if (side === undefined) return
      side.turn = 'none'
      if (side.failure !== undefined || side.queue.length === 0) continue
      if (side.unreadBytes >= windowBytes || !canTalk(side.from, side.to)) {
        rejoin(uplink, side)
        continue
      }
      transmit(uplink, side)
      return
    }
  }

  function rejoin(uplink: Uplink, side: Side): void {
    side.turn = 'round'
    uplink.round.push(side)
  }

  /** Up to a chunk from the queue's front, with no copy made. */
  function take(side: Side): { readonly parts: readonly Uint8Array[]; readonly bytes: number } {
    const parts: Uint8Array[] = []
    let bytes = 0
    while (bytes < chunkBytes) {
      const head = side.queue.shift()
      if (head === undefined) break
      const part = head.subarray(0, chunkBytes - bytes)
      if (part.length < head.length) side.queue.unshift(head.subarray(part.length))
      parts.push(part)
      bytes += part.length
    }
    return { parts, bytes }
  }

  function transmit(uplink: Uplink, side: Side): void {
    const { parts, bytes } = take(side)
    side.queuedBytes -= bytes
    side.unreadBytes += bytes
    side.inFlight++
    uplink.sending = true
    // Who has just sent waits for the others, also when it has more only later.
    rejoin(uplink, side)
    const sendMs = (bytes * 1000) / side.from.quality.up
    clock.after(sendMs, () => {
      uplink.sending = false
      release(side)
      pump(side.from)
    })
    clock.after(sendMs + delayOf(side), () => arrive(side, parts, bytes))
  }

  /** The last byte of a chunk is at the receiver's downlink, which may be busy with others. */
  function arrive(side: Side, parts: readonly Uint8Array[], bytes: number): void {
    const { down = Number.POSITIVE_INFINITY } = side.to.quality
    const nowMs = clock.monotonicMs()
    const link = uplinkOf(side.to)
    link.downFreeMs = Math.max(nowMs, link.downFreeMs + (bytes * 1000) / down)
    if (link.downFreeMs <= nowMs) deliver(side, parts)
    else clock.after(link.downFreeMs - nowMs, () => deliver(side, parts))
  }

  function release(side: Side): void {
    if (side.queuedBytes > sendBufferBytes / 2) return
    const waiters = side.drainWaiters
    side.drainWaiters = []
    for (const waiter of waiters) waiter.resolve()
  }

  function deliver(side: Side, parts: readonly Uint8Array[]): void {
    side.inFlight--
    if (side.failure !== undefined || side.peer.failure !== undefined) return
    for (const part of parts) {
      onDelivery(side.from.id, side.to.id, part)
      side.received.push(part)
    }
    side.wakeReader()
    finishIfClosed(side)
  }

  /** What arrives over `side`, for its receiver. */
  async function* incoming(side: Side): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = isDeaf(side.to) ? undefined : side.received.shift()
      if (chunk !== undefined) {
        side.unreadBytes -= chunk.length
        if (side.unreadBytes < windowBytes) pump(side.from)
        yield chunk
      } else if (side.peer.failure !== undefined) throw side.peer.failure
      else if (side.ended) return
      else {
        await new Promise<void>((resolve) => {
          side.wakeReader = resolve
        })
      }
    }
  }

  // ---- ends

  function finishIfClosed(side: Side): void {
    if (!side.closing || side.queue.length > 0 || side.inFlight > 0 || side.ended) return
    side.ended = true
    tellClosed(side)
    clock.after(delayOf(side), () => side.wakeReader())
    if (side.peer.ended) forget(side)
  }

  function tellClosed(side: Side): void {
    for (const resolve of side.closeWaiters.splice(0)) resolve()
  }

  /** The stream is over for the sender of `side`, both ways. */
  function fail(side: Side, error: PeerhoodError): void {
    if (side.failure !== undefined) return
    side.failure = error
    side.queue = []
    side.peer.received = []
    side.peer.wakeReader()
    for (const waiter of side.drainWaiters.splice(0)) waiter.reject(error)
    tellClosed(side)
  }

  /** The sender of `side` cuts it; the other end learns that, and nothing else. */
  function cut(side: Side, error: PeerhoodError): void {
    if (!sides.has(side)) return
    fail(side, error)
    clock.after(delayOf(side), () => {
      fail(side.peer, networkErrors.stream_reset('The other peer ended the stream.'))
      forget(side)
    })
  }

  function forget(side: Side): void {
    for (const one of [side, side.peer]) {
      sides.delete(one)
      for (const run of one.overListeners.splice(0)) run()
    }
  }

  /** The stream as the sender of `out` sees it. */
  function streamOf(out: Side, relayed: boolean): PeerStream {
    return {
      remotePeer: out.to.id,
      isRelayed: relayed,
      incoming: incoming(out.peer),
      send(...parts) {
        if (out.failure !== undefined) throw out.failure
        if (out.closing) throw networkErrors.stream_closed('This stream is closed for sending.')
        // Joined, and so copied: the sender may use its memory again.
        const kept = sharesMemory?.() === true ? parts : [concatBytes(...parts)]
        for (const bytes of kept) {
          if (bytes.length === 0) continue
          out.queue.push(bytes)
          out.queuedBytes += bytes.length
        }
        if (out.queue.length > 0) {
          enqueue(out)
          pump(out.from)
        }
        return out.queuedBytes < sendBufferBytes
      },
      drained: ({ signal } = {}) =>
        new Promise((resolve, reject) => {
          if (out.failure !== undefined) reject(out.failure)
          else if (signal?.aborted) reject(signal.reason)
          else if (out.queuedBytes < sendBufferBytes) resolve()
          else out.drainWaiters.push({ resolve, reject })
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
        }),
      close: () =>
        new Promise((resolve) => {
          out.closing = true
          out.closeWaiters.push(resolve)
          if (out.failure !== undefined || out.ended) tellClosed(out)
          else finishIfClosed(out)
        }),
      abort: (error) => cut(out, error),
    }
  }

  return {
    open(opener, server) {
      const out = new Side(opener, server)
      const relayed = isRelayed(opener, server)
      sides.add(out).add(out.peer)
      return {
        opener: streamOf(out, relayed),
        server: streamOf(out.peer, relayed),
        onOver(run) {
          if (sides.has(out)) out.overListeners.push(run)
          else run()
        },
      }
    },
    breakBetween(a, b) {
      for (const side of [...sides]) {
        if (!(side.from === a && side.to === b) && !(side.from === b && side.to === a)) continue
        fail(side, networkErrors.stream_broken('The connection to the other peer was lost.'))
        fail(side.peer, networkErrors.stream_broken('The connection to the other peer was lost.'))
        forget(side)
      }
    },
    pump,
  }
}
