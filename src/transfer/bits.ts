// Packed bits by block index, most significant first, as they go over the wire: raw arrays, so that two of them can be
// searched together eight blocks at a time.

/** An all-zero field for `length` bits. */
export function createBits(length: number): Uint8Array {
  return new Uint8Array((length + 7) >> 3)
}

export function hasBit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (128 >> (index & 7))) !== 0
}

export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (128 >> (index & 7))
}

export function clearBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) & ~(128 >> (index & 7))
}

/** Whether the field has exactly the bytes that `length` bits need, and zeros after them. */
export function isBitsOf(bits: Uint8Array, length: number): boolean {
  if (bits.length !== (length + 7) >> 3) return false
  const spare = bits.length * 8 - length
  return ((bits[bits.length - 1] ?? 0) & ((1 << spare) - 1)) === 0
}

/** Calls `visit` with each set index, ascending. */
export function forEachBit(bits: Uint8Array, visit: (index: number) => void): void {
  for (let byte = 0; byte < bits.length; byte++) {
    const value = bits[byte] ?? 0
    if (value === 0) continue
    for (let bit = 0; bit < 8; bit++) if ((value & (128 >> bit)) !== 0) visit(byte * 8 + bit)
  }
}

/** First index in [from, to) that both fields have (`b` undefined: every index); -1 when there is none. */
export function nextInBoth(a: Uint8Array, b: Uint8Array | undefined, from: number, to: number): number {
  let byte = from >> 3
  const last = (to - 1) >> 3
  let mask = 255 >> (from & 7)
  for (; byte <= last; byte++) {
    const both = (a[byte] ?? 0) & (b === undefined ? 255 : (b[byte] ?? 0)) & mask
    mask = 255
    if (both === 0) continue
    const index = byte * 8 + Math.clz32(both) - 24
    return index < to ? index : -1
  }
  return -1
}
