// Ids in hexadecimal of which the same come again and again: of communities, devices, keys, channels. Where a million entries
// are read, an id that is known is neither made nor hashed again.

import { toHex } from './bytes.ts'

const slots = 256

interface Known {
  readonly bytes: Uint8Array
  readonly hex: string
}

/** Lower-case hexadecimal of `bytes` from `start` to `end`; remembers those that came last, by their first byte. */
export function createKnownHex(): (bytes: Uint8Array, start: number, end: number) => string {
  const known: (Known | undefined)[] = new Array(slots).fill(undefined)
  return (bytes, start, end) => {
    const slot = bytes[start] ?? 0
    const present = known[slot]
    if (present !== undefined && isAt(bytes, start, end, present.bytes)) return present.hex
    const copy = new Uint8Array(bytes.subarray(start, end))
    const made = { bytes: copy, hex: toHex(copy) }
    known[slot] = made
    return made.hex
  }
}

function isAt(bytes: Uint8Array, start: number, end: number, known: Uint8Array): boolean {
  if (known.length !== end - start) return false
  for (let at = 0; at < known.length; at++) if (bytes[start + at] !== known[at]) return false
  return true
}
