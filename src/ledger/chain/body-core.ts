// A block on disk lies in two pieces, so that headers can be read without bodies and bodies forgotten: the header, and what
// follows it within the block's RLP list. Putting them together gives the block's bytes again.

import { concatBytes, lengthOf } from '../../base/bytes.ts'

/** What follows the header, of a block's whole bytes. */
export function restOf(block: Uint8Array, header: Uint8Array): Uint8Array {
  return block.subarray(listHeadLength(block) + header.length)
}

export function blockOf(header: Uint8Array, rest: Uint8Array): Uint8Array {
  return listOf(header, rest)
}

/** Encoded items as one list. */
export function listOf(...items: readonly Uint8Array[]): Uint8Array {
  return concatBytes(listHead(lengthOf(items)), ...items)
}

function listHeadLength(list: Uint8Array): number {
  const first = list[0] ?? 0
  return first <= 0xf7 ? 1 : 1 + (first - 0xf7)
}

/** Yellow Paper, appendix B: a list whose payload has so many bytes. */
function listHead(payload: number): Uint8Array {
  if (payload < 56) return Uint8Array.of(0xc0 + payload)
  const length: number[] = []
  for (let left = payload; left > 0; left = Math.floor(left / 256)) length.unshift(left % 256)
  return Uint8Array.of(0xf7 + length.length, ...length)
}
