// What one peer asked of us and has not been sent: blocks are read several ahead (the holding checks each against its
// hash), small ones leave together, large ones alone, and nothing is read for a peer that does not take what it has
// already asked for.

import { isPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock } from '../base/ports.ts'
import type { Holding } from '../content/types.ts'
import type { BlockBuffers } from '../content/worker/buffers.ts'
import type { Channel } from './channel.ts'
import { peerErrors } from './errors.ts'
import {
  askedBlocksMax,
  askedPagesMax,
  coalesceBlockBytesMax,
  coalesceBytesMax,
  serveAheadBlocksMax,
  serveAheadBytesMax,
  serveBytesMax,
} from './limits.ts'
import type { Line, Place } from './line.ts'
import { indexesToRanges } from './ranges.ts'
import { blockHeaderBytes, encodeBlockHeader } from './wire.ts'

/** What all peers that are served share. */
export interface ServeBudget {
  /** Bytes read ahead. */
  bytes: number
  readonly line: Line
}

export interface UploadEvents {
  /** A block was handed to the stream. */
  sent(bytes: number): void
  /** The stream has let go of so many blocks, or of a page: they are on the line, or past it. */
  gone(blocks: number): void
  /** These were asked and will not be sent. */
  dropped(indexes: readonly number[]): void
  /** A block could not be read, with the reason's code. */
  unreadable(index: number, code: string): void
}

export interface Upload {
  /** Blocks asked and not sent. */
  readonly pending: number
  /** Something that the peer asked for has not left for it, or not quite. */
  readonly busy: boolean
  /** Throws `want_too_many`. */
  want(indexes: readonly number[]): void
  wantPage(page: number): void
  cancel(indexes: readonly number[]): void
  /** Forgets everything asked. */
  clear(): void
  /** Sends what can be sent and reads on. */
  pump(): void
  stop(): void
}

interface Ready {
  readonly index: number
  readonly bytes: Uint8Array
}

/** Small blocks wait this long at most for others to leave with. */
const coalesceMs = 2

export function createUpload(
  holding: Holding,
  channel: Pick<Channel, 'writable' | 'send' | 'sendBytes'>,
  budget: ServeBudget,
  parts: { readonly clock: Clock; readonly blockBuffers: BlockBuffers },
  events: UploadEvents,
): Upload {
  const { clock, blockBuffers } = parts
  const queue = new Set<number>()
  const reading = new Map<number, number>()
  const pages: number[] = []
  let ready: Ready[] = []
  let readyBytes = 0
  let held = 0
  let timer: Cancel | undefined
  const aborter = new AbortController()

  const pending = () => queue.size + reading.size + ready.length

  function hold(bytes: number): void {
    held += bytes
    budget.bytes += bytes
  }

  function readOn(): void {
    for (const index of queue) {
      const bytes = holding.inventory?.length(index) ?? 0
      const first = held === 0
      if (reading.size + ready.length >= serveAheadBlocksMax) return
      if (!first && (held + bytes > serveAheadBytesMax || budget.bytes + bytes > serveBytesMax)) return
      queue.delete(index)
      readOne(index, bytes)
    }
  }

  function readOne(index: number, bytes: number): void {
    reading.set(index, bytes)
    hold(bytes)
    holding.readBlock(index, { signal: aborter.signal }).then(
      (block) => {
        if (reading.get(index) !== bytes || !reading.delete(index)) {
          hold(-bytes)
          blockBuffers.give(block)
          return
        }
        ready.push({ index, bytes: block })
        readyBytes += block.length
        flushSoon(block.length)
      },
      (error) => {
        hold(-bytes)
        if (!reading.delete(index) || aborter.signal.aborted) return
        events.unreadable(index, isPeerhoodError(error) ? error.code : 'internal')
        channel.send({ kind: 'missing', ranges: indexesToRanges([index]) })
        pump()
      },
    )
  }

  function flushSoon(justRead: number): void {
    if (justRead > coalesceBlockBytesMax || readyBytes >= coalesceBytesMax || reading.size === 0) pump()
    else timer ??= clock.after(coalesceMs, pump)
  }

  function sendPages(): void {
    while (channel.writable) {
      const page = pages.shift()
      if (page === undefined) return
      const bytes = holding.inventory?.page(page) ?? new Uint8Array(0)
      channel.sendBytes([encodeBlockHeader('page', page, bytes.length), bytes], () => events.gone(0))
    }
  }

  function sendBlocks(): void {
    let from = 0
    while (from < ready.length && channel.writable) {
      const place = budget.line.take(pump)
      if (place === undefined) break
      from = sendFrom(from, place)
    }
    if (from > 0) ready = ready.slice(from)
  }

  /** Sends one large block, or as many small ones as fit together; returns the first index not sent. */
  function sendFrom(from: number, place: Place): number {
    let to = from
    let bytes = 0
    for (; to < ready.length; to++) {
      const length = ready[to]?.bytes.length ?? 0
      if (length > coalesceBlockBytesMax || bytes + blockHeaderBytes + length > coalesceBytesMax) break
      bytes += blockHeaderBytes + length
    }
    // A block that is no small one leaves alone.
    const end = Math.max(to, from + 1)
    sendTogether(ready.slice(from, end), place)
    return end
  }

  function sendTogether(blocks: readonly Ready[], place: Place): void {
    const parts = blocks.flatMap(({ index, bytes }) => [encodeBlockHeader('block', index, bytes.length), bytes])
    channel.sendBytes(parts, () => {
      for (const { bytes } of blocks) blockBuffers.give(bytes)
      events.gone(blocks.length)
      place.free()
    })
    for (const block of blocks) left(block)
  }

  function left(block: Ready): void {
    hold(-block.bytes.length)
    readyBytes -= block.bytes.length
    events.sent(block.bytes.length)
  }

  function pump(): void {
    timer?.()
    timer = undefined
    sendPages()
    sendBlocks()
    readOn()
  }

  function clear(): void {
    const indexes = [...queue, ...reading.keys(), ...ready.map(({ index }) => index)]
    if (indexes.length > 0) events.dropped(indexes)
    queue.clear()
    reading.clear()
    for (const block of ready) {
      hold(-block.bytes.length)
      blockBuffers.give(block.bytes)
    }
    ready = []
    readyBytes = 0
    budget.line.forget(pump)
  }

  return {
    get pending() {
      return pending()
    },
    get busy() {
      return pending() > 0 || !channel.writable
    },
    want(indexes) {
      if (pending() + indexes.length > askedBlocksMax)
        throw peerErrors.want_too_many('A peer asks for too much at once.')
      for (const index of indexes) if (!reading.has(index)) queue.add(index)
      readOn()
    },
    wantPage(page) {
      if (pages.length >= askedPagesMax) throw peerErrors.want_too_many('A peer asks for too many pages at once.')
      pages.push(page)
      pump()
    },
    cancel(indexes) {
      const dropped = indexes.filter((index) => queue.delete(index) || reading.delete(index))
      if (dropped.length > 0) events.dropped(dropped)
    },
    clear,
    pump,
    stop() {
      timer?.()
      aborter.abort()
      clear()
      pages.length = 0
    },
  }
}
