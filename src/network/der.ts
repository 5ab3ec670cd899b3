// As much of DER (ITU-T X.690) as a certificate needs. Written from the inside out; read one element after another by
// whoever knows what must come next, so that what a stranger sends decides neither depth nor course of the reading.
//
// What must stay true: only the one encoding that DER allows is read, so that OpenSSL, which is more liberal, can't have
// taken the same bytes for something else.

/** For any bytes that are not what must come next. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  /** `[n]` of a template, around an element. */
  explicit: (number: number) => 0xa0 + number,
} as const

/** Bytes of the longest length that is written or read: lengths up to 16 MiB, more than a TLS message holds. */
const lengthBytesMax = 3

export function element(tag: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content])
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const bytes = Buffer.alloc(lengthBytesMax)
  bytes.writeUIntBE(length, 0, lengthBytesMax)
  const digits = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.from([0x80 + digits.length]), digits])
}

export class DerReader {
  #rest: Buffer

  constructor(bytes: Uint8Array) {
    this.#rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Of the next element; undefined at the end. */
  get tag(): number | undefined {
    return this.#rest[0]
  }

  /** The next element whole, which must have this tag. */
  take(tag: number): Buffer {
    return this.#next(tag).whole
  }

  /** What is in the next element, which must have this tag. */
  content(tag: number): Buffer {
    return this.#next(tag).content
  }

  /** Into the next element, which must have this tag. */
  into(tag: number): DerReader {
    return new DerReader(this.content(tag))
  }

  end(): void {
    if (this.#rest.length > 0) throw new DerError('There is more than there should be.')
  }

  #next(tag: number): { readonly whole: Buffer; readonly content: Buffer } {
    const bytes = this.#rest
    if (bytes[0] !== tag) throw new DerError(`Tag ${bytes[0]} instead of ${tag}.`)
    const { headBytes, contentBytes } = readLength(bytes)
    const end = headBytes + contentBytes
    if (end > bytes.length) throw new DerError('An element is longer than what it is in.')
    this.#rest = bytes.subarray(end)
    return { whole: bytes.subarray(0, end), content: bytes.subarray(headBytes, end) }
  }
}

function readLength(bytes: Buffer): { readonly headBytes: number; readonly contentBytes: number } {
  const first = bytes[1] ?? 0x80
  if (first < 0x80) return { headBytes: 2, contentBytes: first }
  const digits = first - 0x80
  if (digits === 0 || digits > lengthBytesMax || bytes.length < 2 + digits) throw new DerError('A length is malformed.')
  const contentBytes = bytes.readUIntBE(2, digits)
  // X.690 §10.1: as few bytes as possible.
  if (contentBytes < Math.max(0x80, 2 ** (8 * (digits - 1)))) throw new DerError('A length has needless bytes.')
  return { headBytes: 2 + digits, contentBytes }
}
