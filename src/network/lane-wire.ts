// What two peers say to open a lane (docs/protocol/network.md): fixed sizes, nothing else.

import { networkErrors } from './errors.ts'

export const tokenBytes = 16
export const offerBytes = 4 + tokenBytes
export const answerBytes = 1
export const placeBytes = 8

export interface Offer {
  /** The stream that shall go on by the lane: its number in the muxer, an unsigned 32-bit integer. */
  readonly streamId: number
  readonly token: Uint8Array
}

export function encodeOffer({ streamId, token }: Offer): Uint8Array {
  const bytes = new Uint8Array(offerBytes)
  new DataView(bytes.buffer).setUint32(0, streamId)
  bytes.set(token, 4)
  return bytes
}

function checkLength(bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw networkErrors.lane_wrong('What a peer says about a lane has another length.')
}

/** Throws `lane_wrong` for any other length than `offerBytes`. */
export function decodeOffer(bytes: Uint8Array): Offer {
  checkLength(bytes, offerBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { streamId: view.getUint32(0), token: bytes.slice(4) }
}

export const yes = Uint8Array.of(1)
export const no = Uint8Array.of(0)

/** Throws `lane_wrong` for anything but yes and no. */
export function decodeAnswer(bytes: Uint8Array): boolean {
  checkLength(bytes, answerBytes)
  const [answer] = bytes
  if (answer !== 0 && answer !== 1) throw networkErrors.lane_wrong('A peer neither takes nor refuses a lane.')
  return answer === 1
}

/** What goes before each piece of a lane: how many bytes follow, an unsigned 32-bit integer; 0 is the end. */
export const lengthBytes = 4

export function encodeLength(length: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes)
  new DataView(bytes.buffer).setUint32(0, length)
  return bytes
}

export const endOfLane = encodeLength(0)

export interface Unframer {
  /** The bytes of the pieces in `chunk`, as views of it. Throws `lane_wrong` for anything after the end. */
  push(chunk: Uint8Array): Uint8Array[]
  readonly isEnded: boolean
}

/** Takes the lengths out of what comes by a lane, however it was cut. */
export function createUnframer(): Unframer {
  const head = new DataView(new ArrayBuffer(lengthBytes))
  let headFilled = 0
  /** Bytes of the present piece that have not come. */
  let left = 0
  let isEnded = false

  function readHead(byte: number): void {
    if (isEnded) throw networkErrors.lane_wrong('A peer sent something after the end of a lane.')
    head.setUint8(headFilled, byte)
    headFilled = (headFilled + 1) % lengthBytes
    if (headFilled > 0) return
    left = head.getUint32(0)
    isEnded = left === 0
  }

  return {
    push(chunk) {
      const pieces: Uint8Array[] = []
      for (let at = 0; at < chunk.length; ) {
        if (left === 0) readHead(chunk[at++] ?? 0)
        else {
          const piece = chunk.subarray(at, at + left)
          pieces.push(piece)
          left -= piece.length
          at += piece.length
        }
      }
      return pieces
    },
    get isEnded() {
      return isEnded
    },
  }
}

/** Bytes of a stream before the place where the lane goes on. */
export function encodePlace(atBytes: number): Uint8Array {
  const bytes = new Uint8Array(placeBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(atBytes))
  return bytes
}

/** Throws `lane_wrong` for more than 2^53 - 1. */
export function decodePlace(bytes: Uint8Array): number {
  checkLength(bytes, placeBytes)
  const place = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0)
  if (place > BigInt(Number.MAX_SAFE_INTEGER)) throw networkErrors.lane_wrong('A peer goes on at no possible place.')
  return Number(place)
}
