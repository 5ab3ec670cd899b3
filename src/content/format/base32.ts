// Base32 of links (RFC 4648, lower case, no padding), reading more than the standard does: it gives back what is there
// even when the end is missing, so that a link that was cut can be told from one that was mistyped.

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

export function encodeBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31]
}

export interface Base32Text {
  /** All whole bytes. */
  readonly bytes: Uint8Array
  /** Whether `encodeBase32(bytes)` would give this text. */
  readonly exact: boolean
}

/** Reads either case; the place of a character that base32 has not, otherwise. */
export function decodeBase32(text: string): Base32Text | { readonly wrongAt: number } {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let length = 0
  let bits = 0
  let held = 0
  for (let place = 0; place < text.length; place++) {
    const value = alphabet.indexOf(text.charAt(place).toLowerCase())
    if (value === -1) return { wrongAt: place }
    held = (held << 5) | value
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[length++] = held >> bits
    held &= (1 << bits) - 1
  }
  return { bytes, exact: bits < 5 && held === 0 }
}
