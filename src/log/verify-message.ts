// What goes to a verify thread and back: all checks of a message in one piece of memory, which is handed over, not copied.
//
//   packed = for each check: key (32) ‖ signature (64) ‖ length of the message (4, big-endian) ‖ message

import type { SignatureCheck } from './signature.ts'

export interface Question {
  readonly id: number
  readonly packed: Uint8Array<ArrayBuffer>
}

export interface Answer {
  readonly id: number
  /** 1 for a signature that is right, in the order of the question. */
  readonly right: Uint8Array
}

const headLength = 32 + 64 + 4

export function pack(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(checks.reduce((length, { message }) => length + headLength + message.length, 0))
  const view = new DataView(packed.buffer)
  let offset = 0
  for (const { key, signature, message } of checks) {
    packed.set(key, offset)
    packed.set(signature, offset + 32)
    view.setUint32(offset + 96, message.length)
    packed.set(message, offset + headLength)
    offset += headLength + message.length
  }
  return packed
}

export function* unpack(packed: Uint8Array): Generator<SignatureCheck> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  for (let offset = 0; offset < packed.length; ) {
    const end = offset + headLength + view.getUint32(offset + 96)
    yield {
      key: packed.subarray(offset, offset + 32),
      signature: packed.subarray(offset + 32, offset + 96),
      message: packed.subarray(offset + headLength, end),
    }
    offset = end
  }
}
