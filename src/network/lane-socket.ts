// A lane's bytes over its TLS socket. Large parts are not copied: they are the sender's again when the socket took them.

import type { TLSSocket } from 'node:tls'
import { lengthOf } from '../base/bytes.ts'
import { copyAll } from '../base/copy.ts'
import type { PeerhoodError } from '../base/errors.ts'
import { connectionLost, networkErrors, toStreamError } from './errors.ts'
import { createUnframer, encodeLength, encodePlace, endOfLane } from './lane-wire.ts'
import { smallWriteBytesMax, writeBufferMaxBytes } from './limits.ts'
import { Reader } from './reader.ts'
import type { Lane } from './stream.ts'

/** Exactly the next `length` bytes; throws what the signal says, or `lane_failed`. Nothing else may read meanwhile. */
export function readExactly(
  socket: { read(size: number): Buffer | null } & NodeJS.EventEmitter,
  length: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      socket.off('readable', onReadable)
      socket.off('close', onClose)
      socket.off('end', onClose)
      signal.removeEventListener('abort', onAbort)
      act()
    }
    const onReadable = () => {
      const bytes = socket.read(length)
      if (bytes !== null) settle(() => (bytes.length === length ? resolve(bytes) : reject(ended())))
    }
    const ended = () => networkErrors.lane_failed('The other peer closed the lane.')
    const onClose = () => settle(() => reject(ended()))
    const onAbort = () => settle(() => reject(signal.reason))
    if (signal.aborted) return reject(signal.reason)
    socket.on('readable', onReadable)
    socket.once('close', onClose)
    socket.once('end', onClose)
    signal.addEventListener('abort', onAbort, { once: true })
    onReadable()
  })
}

/** `received` is told of the stream's bytes. Whoever calls has read what comes before them. */
export function createLane(socket: TLSSocket, received: (bytes: number) => void): Lane {
  let largeWrites = 0
  let waiting: (() => void)[] = []
  let isOver = false
  let failure: PeerhoodError | undefined
  let reader: Reader | undefined

  const settle = () => {
    const all = waiting
    waiting = []
    for (const wake of all) wake()
  }
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isOver = true
      reader?.over(failure)
      settle()
      resolve()
    })
  })
  socket.on('error', (error) => {
    failure ??= toStreamError(error)
  })

  function startReading(): Reader {
    const started = new Reader(
      {
        get status() {
          if (socket.destroyed || socket.readableEnded) return 'over'
          return socket.isPaused() ? 'paused' : 'flowing'
        },
        get heldBytes() {
          return socket.readableLength
        },
        pause: () => socket.pause(),
        resume: () => void socket.resume(),
      },
      received,
    )
    const unframer = createUnframer()
    socket.on('data', (chunk) => {
      try {
        started.take(unframer.push(chunk))
      } catch (error) {
        failure ??= toStreamError(error)
        socket.destroy()
      }
      if (!unframer.isEnded) return
      started.peerClosed()
      // Nothing comes any more but the end of the socket, which must not wait for whoever reads.
      socket.resume()
    })
    // Node takes the end of TCP for the end of TLS, and anyone on the way can make that.
    socket.once('end', () => {
      if (!unframer.isEnded) socket.destroy()
    })
    if (isOver) started.over(failure)
    return started
  }

  const lost = () => failure ?? connectionLost()
  const hasRoom = () => largeWrites === 0 && !socket.writableNeedDrain
  const check = () => {
    if (hasRoom()) settle()
  }
  socket.on('drain', check)

  // A write that finds no other waiting is encrypted from where it lies; several that wait are joined in new memory first.
  function writeLarge(bytes: Uint8Array): void {
    largeWrites += 1
    socket.write(bytes, () => {
      largeWrites -= 1
      check()
    })
  }

  return {
    closed,
    get reader() {
      return reader
    },
    read() {
      reader ??= startReading()
      return reader
    },
    begin(atBytes) {
      socket.write(encodePlace(atBytes))
    },
    send(...parts) {
      const length = lengthOf(parts)
      if (length === 0) return hasRoom()
      for (const piece of joinSmall([encodeLength(length), ...parts])) {
        if (piece.isCopy) socket.write(piece.bytes)
        else writeLarge(piece.bytes)
      }
      if (socket.writableLength > writeBufferMaxBytes) {
        failure ??= networkErrors.stream_broken('More was sent than the other peer takes.')
        socket.destroy()
        throw failure
      }
      return hasRoom()
    },
    drained({ signal } = {}) {
      return new Promise((resolve, reject) => {
        const finish = (act: () => void) => {
          signal?.removeEventListener('abort', onAbort)
          act()
        }
        const onAbort = () => finish(() => reject(signal?.reason))
        signal?.addEventListener('abort', onAbort, { once: true })
        waiting.push(() => finish(() => (isOver ? reject(lost()) : resolve())))
        if (signal?.aborted) onAbort()
        else if (isOver) settle()
        else check()
      })
    },
    end() {
      return new Promise((resolve, reject) => {
        const onClose = () => reject(lost())
        if (isOver) return onClose()
        socket.once('close', onClose)
        socket.end(endOfLane, (error?: Error | null) => {
          if (error) return
          socket.off('close', onClose)
          resolve()
        })
      })
    },
    destroy() {
      socket.destroy()
    },
  }
}

interface Piece {
  readonly bytes: Uint8Array
  readonly isCopy: boolean
}

/** Large parts as they are, and copies of the small ones, neighbours as one: each write is a TLS record at least. */
function joinSmall(parts: readonly Uint8Array[]): Piece[] {
  const pieces: Piece[] = []
  let small: Uint8Array[] = []
  const join = () => {
    if (small.length > 0) pieces.push({ bytes: copyAll(Buffer.allocUnsafe(lengthOf(small)), small), isCopy: true })
    small = []
  }
  for (const part of parts) {
    if (part.length <= smallWriteBytesMax) small.push(part)
    else {
      join()
      pieces.push({ bytes: part, isCopy: false })
    }
  }
  join()
  return pieces
}
