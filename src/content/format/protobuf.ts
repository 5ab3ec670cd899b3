// The part of protobuf that dag-pb and UnixFS use, read strictly: shortest varints, lengths inside the message.
// Own code, because the libraries' decoders let non-canonical forms and unknown fields through, drop a byte order mark
// at the start of a name, and read sizes as bigints.

import { formatErrors } from './errors.ts'

/** A field as it stands: its number and a varint, or its number and bytes (a view). */
export type Field =
  | { readonly number: number; readonly varint: number }
  | { readonly number: number; readonly bytes: Uint8Array }

/** Fields in order; throws `layout_malformed`. */
export function* readFields(message: Uint8Array): Generator<Field, void, undefined> {
  let offset = 0
  while (offset < message.length) {
    const key = readVarint(message, offset)
    const value = readVarint(message, key.end)
    const number = Math.floor(key.value / 8)
    offset = value.end
    if (key.value % 8 === 0) {
      yield { number, varint: value.value }
    } else if (key.value % 8 === 2) {
      offset += value.value
      if (offset > message.length) throw malformed('ends inside a field')
      yield { number, bytes: message.subarray(value.end, offset) }
    } else {
      throw malformed('has a field of a kind that it may not have')
    }
  }
}

function readVarint(message: Uint8Array, start: number): { value: number; end: number } {
  let value = 0
  let scale = 1
  for (let end = start; ; scale *= 128) {
    const byte = message[end++]
    if (byte === undefined) throw malformed('ends inside a number')
    value += (byte & 127) * scale
    if (value > Number.MAX_SAFE_INTEGER) throw malformed('has a number out of bounds')
    if (byte < 128) {
      if (byte === 0 && scale > 1) throw malformed('has a number that is not in its shortest form')
      return { value, end }
    }
  }
}

export function bytesOf(field: Field): Uint8Array {
  if ('bytes' in field) return field.bytes
  throw malformed('has a number where bytes belong')
}

export function varintOf(field: Field): number {
  if ('varint' in field) return field.varint
  throw malformed('has bytes where a number belongs')
}

/** `layout_malformed` about a node of the DAG. */
export function malformed(what: string) {
  return formatErrors.layout_malformed(`A block that says where files lie ${what}.`)
}
