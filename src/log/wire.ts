// Entries as bytes. docs/protocol/log.md, "Entry". Strict: what is read is exactly what would be written, so no two byte
// strings are one entry, and an id has one content.
//
//   entry  = DAG-CBOR [header: bytes, signature: bytes(64)]
//   header = DAG-CBOR [1, community, device, seq, prev, heads, ms, count, epoch, key, lane, boxes, sealed]
//
// The reader knows this one shape and no other: whole numbers in their shortest form, byte strings of definite length,
// lists of known length. That is canonical DAG-CBOR by construction, in one pass and without a second encoding. It throws
// only `entry_too_long`, `entry_malformed` and `entry_version_unknown`. Signatures are checked elsewhere (verify.ts).

import { utf8 } from '../base/bytes.ts'
import { leastNumberOf } from '../base/canonical.ts'
import { assert } from '../base/errors.ts'
import { createKnownHex } from '../base/known-hex.ts'
import { logErrors } from './errors.ts'
import { entryBytesMax, headsMax, integerMax, timeCountMax } from './limits.ts'
import type { CommunityId, DeviceId, Entry, EntryId, KeyId, Lane } from './types.ts'

const version = 1
const headerFields = 13
const idLength = 32
const keyIdLength = 16
const signatureLength = 64

/** Signed together with the header, so that the signature stands for nothing else that the device key signs. */
const label = utf8('peerhood/log/entry/1')

// RFC 8949 §3: the three upper bits of an item's first byte.
const unsignedType = 0
const bytesType = 2
const listType = 4

/** What a header says. */
export type EntryFields = Omit<Entry, 'id' | 'bytes'>

// ---- writing

/** The header's bytes. The fields must keep the rules of an entry's form, which {@link decodeEntry} states. */
export function encodeHeader(fields: EntryFields): Uint8Array {
  const writer = createWriter()
  writer.head(listType, headerFields)
  writer.head(unsignedType, version)
  writer.hex(fields.community ?? '')
  writer.hex(fields.device)
  writer.head(unsignedType, fields.seq)
  writer.hex(fields.prev ?? '')
  writer.head(listType, fields.heads.length)
  for (const head of fields.heads) writer.hex(head)
  writer.head(unsignedType, fields.time.ms)
  writer.head(unsignedType, fields.time.count)
  writer.head(unsignedType, fields.epoch)
  writer.hex(fields.key)
  writer.head(unsignedType, fields.lane)
  writer.bytes(fields.boxes)
  writer.bytes(fields.sealed)
  return writer.done()
}

/** What the device signs. */
export function signedBytes(header: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(label.length + header.length)
  bytes.set(label)
  bytes.set(header, label.length)
  return bytes
}

/** The entry's bytes. Throws `entry_too_long`. */
export function encodeEntry(header: Uint8Array, signature: Uint8Array): Uint8Array {
  assert(signature.length === signatureLength, 'a signature has 64 bytes')
  const writer = createWriter()
  writer.head(listType, 2)
  writer.bytes(header)
  writer.bytes(signature)
  const bytes = writer.done()
  if (bytes.length > entryBytesMax) throw tooLong(bytes.length)
  return bytes
}

function createWriter() {
  const chunks: Uint8Array[] = []
  let length = 0
  const push = (chunk: Uint8Array) => {
    chunks.push(chunk)
    length += chunk.length
  }
  const bytes = (value: Uint8Array) => {
    push(itemHead(bytesType, value.length))
    push(value)
  }
  return {
    head: (type: number, value: number) => push(itemHead(type, value)),
    bytes,
    hex: (text: string) => bytes(Buffer.from(text, 'hex')),
    done() {
      const joined = new Uint8Array(length)
      let offset = 0
      for (const chunk of chunks) {
        joined.set(chunk, offset)
        offset += chunk.length
      }
      return joined
    },
  }
}

/** An item's type and number in the shortest form (RFC 8949 §4.2.1). */
function itemHead(type: number, value: number): Uint8Array {
  assert(Number.isSafeInteger(value) && value >= 0, 'numbers in an entry are whole and not negative')
  const first = type << 5
  if (value < 24) return Uint8Array.of(first | value)
  if (value < 0x100) return Uint8Array.of(first | 24, value)
  if (value < 0x1_0000) return Uint8Array.of(first | 25, value >> 8, value & 0xff)
  const bytes = new Uint8Array(value <= 0xffff_ffff ? 5 : 9)
  const view = new DataView(bytes.buffer)
  bytes[0] = first | (bytes.length === 5 ? 26 : 27)
  if (bytes.length === 5) view.setUint32(1, value)
  else view.setBigUint64(1, BigInt(value))
  return bytes
}

// ---- reading

/**
 * Reads an entry. `id` is the sha2-256 of `bytes`, which the caller takes (this file does no hashing). The entry's byte
 * fields are views of `bytes`, which must not change afterwards. Throws `entry_too_long`, `entry_malformed` and
 * `entry_version_unknown`, nothing else; no signature is checked.
 */
export function decodeEntry(bytes: Uint8Array, id: EntryId): Entry {
  if (bytes.length > entryBytesMax) throw tooLong(bytes.length)
  const envelope = new Reader(bytes, 0, bytes.length)
  envelope.list(2, 2)
  const headerLength = envelope.length(bytesType, bytes.length)
  const headerEnd = envelope.skip(headerLength)
  if (envelope.length(bytesType, signatureLength) !== signatureLength) throw malformed('lacks a signature of 64 bytes')
  if (envelope.skip(signatureLength) !== bytes.length) throw malformed('has something after its end')
  const entry = readHeader(new Reader(bytes, headerEnd - headerLength, headerEnd), id)
  checkForm(entry)
  return entry
}

/** The two parts of bytes that {@link decodeEntry} has read. */
export function partsOf(bytes: Uint8Array): { readonly header: Uint8Array; readonly signature: Uint8Array } {
  const envelope = new Reader(bytes, 0, bytes.length)
  envelope.list(2, 2)
  const length = envelope.length(bytesType, bytes.length)
  const end = envelope.skip(length)
  return { header: bytes.subarray(end - length, end), signature: bytes.subarray(bytes.length - signatureLength) }
}

function readHeader(reader: Reader, id: EntryId): Entry {
  // A later version may have more fields, and need not keep any of the other rules.
  const count = reader.list(1, 255)
  const found = reader.uint(integerMax)
  if (found > version)
    throw logErrors.entry_version_unknown(`The entry is of version ${found}; this is version ${version}.`)
  if (found !== version || count !== headerFields) throw malformed(`is not a list of ${headerFields} fields`)
  const community = (reader.knownHex(0, idLength) || undefined) as CommunityId | undefined
  const device = reader.knownHex(idLength, idLength) as DeviceId
  const seq = reader.uint(integerMax)
  const prev = (reader.hex(0, idLength) || undefined) as EntryId | undefined
  const heads: EntryId[] = []
  for (let left = reader.list(0, headsMax); left > 0; left--) heads.push(reader.hex(idLength, idLength) as EntryId)
  const time = { ms: reader.uint(integerMax), count: reader.uint(timeCountMax) }
  const epoch = reader.uint(integerMax)
  const key = reader.knownHex(keyIdLength, keyIdLength) as KeyId
  const lane = reader.uint(1) as Lane
  const boxes = reader.view()
  const sealed = reader.view()
  reader.end()
  const { bytes } = reader
  return { id, community, device, seq, prev, heads, time, epoch, key, lane, boxes, sealed, bytes }
}

/** What an entry's fields must be to each other, whatever else there is. */
function checkForm({ community, seq, prev, heads, epoch }: EntryFields): void {
  if (seq === 0) throw malformed('has no number')
  if ((seq === 1) !== (prev === undefined)) throw malformed('has a number that does not fit the entry before')
  if (community === undefined) {
    if (seq !== 1 || heads.length > 0 || epoch !== 0) throw malformed('names no community and is not its beginning')
  } else if (seq === 1 && heads.length === 0) throw malformed('is a device’s first and follows nothing')
  for (let index = 0; index < heads.length; index++) {
    if (index > 0 && (heads[index - 1] ?? '') >= (heads[index] ?? '')) throw malformed('has heads that are not sorted')
    if (heads[index] === prev) throw malformed('names the entry before twice')
  }
}

const knownHex = createKnownHex()

/** Reads items from `position` to `end`; throws `entry_malformed` for whatever is not as asked. */
class Reader {
  readonly bytes: Uint8Array
  readonly #end: number
  #text: Buffer | undefined
  #position: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.#position = start
    this.#end = end
  }

  /** The number of an item of this type, in its shortest form. */
  #number(type: number): number {
    const first = this.#byte()
    if (first >> 5 !== type) throw malformed('has a field of the wrong kind')
    const short = first & 31
    if (short < 24) return short
    if (short > 27) throw malformed('has a field without a definite length')
    let value = 0
    for (let left = 1 << (short - 24); left > 0; left--) value = value * 256 + this.#byte()
    if (value < (leastNumberOf[short - 24] ?? 0)) throw malformed('has a number that is not in its shortest form')
    return value
  }

  #byte(): number {
    if (this.#position >= this.#end) throw malformed('is cut off')
    return this.bytes[this.#position++] ?? 0
  }

  uint(max: number): number {
    const value = this.#number(unsignedType)
    if (value > max) throw malformed('has a number that is too large')
    return value
  }

  list(min: number, max: number): number {
    const length = this.#number(listType)
    if (length < min || length > max) throw malformed('has a list of the wrong length')
    return length
  }

  length(type: number, max: number): number {
    const length = this.#number(type)
    if (length > max) throw malformed('has a field that is too long')
    return length
  }

  /** Where `length` bytes from here end. */
  skip(length: number): number {
    if (length > this.#end - this.#position) throw malformed('is cut off')
    this.#position += length
    return this.#position
  }

  view(): Uint8Array {
    const length = this.length(bytesType, this.#end)
    const end = this.skip(length)
    return this.bytes.subarray(end - length, end)
  }

  /** A byte string of one of two lengths, in hex. */
  hex(length: number, otherLength: number): string {
    const found = this.#oneOf(length, otherLength)
    const end = this.skip(found)
    this.#text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
    return this.#text.toString('hex', end - found, end)
  }

  /** The same of one that other entries have, too. */
  knownHex(length: number, otherLength: number): string {
    const found = this.#oneOf(length, otherLength)
    const end = this.skip(found)
    return knownHex(this.bytes, end - found, end)
  }

  #oneOf(length: number, otherLength: number): number {
    const found = this.length(bytesType, this.#end)
    if (found !== length && found !== otherLength) throw malformed('has a key or an id of the wrong length')
    return found
  }

  end(): void {
    if (this.#position !== this.#end) throw malformed('has something after its last field')
  }
}

function tooLong(length: number) {
  return logErrors.entry_too_long(`The entry has ${length} bytes; at most ${entryBytesMax} fit.`)
}

function malformed(what: string) {
  return logErrors.entry_malformed(`The entry ${what}.`)
}
