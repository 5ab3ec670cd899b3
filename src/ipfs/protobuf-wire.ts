// Protobuf as bitswap and foreign UnixFS use it: varints and bytes, shortest forms, lengths inside the message. Who calls
// decides what to throw, and what becomes of fields that it does not know.

import { lengthOf } from '../base/bytes.ts'
import type { PeerhoodError } from '../base/errors.ts'

/** A field as it stands: a varint, or bytes (a view). Varints past 2^53 come as infinity: only negative int32 are so long. */
export type Field =
  | { readonly number: number; readonly varint: number }
  | { readonly number: number; readonly bytes: Uint8Array }

export type Refuse = (what: string) => PeerhoodError

/** A varint of up to ten bytes; undefined when the message ends in it. */
export function readVarint(
  message: Uint8Array,
  start: number,
  refuse: Refuse,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0
  let scale = 1
  for (let end = start; end < start + 10; scale *= 128) {
    const byte = message[end++]
    if (byte === undefined) return undefined
    value += (byte & 127) * scale
    if (byte >= 128) continue
    if (byte === 0 && scale > 1) throw refuse('has a number that is not in its shortest form')
    return { value: value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value, end }
  }
  throw refuse('has a number of more than ten bytes')
}

/** Fields in order. Fixed-width ones are passed over: no message that is read here has any. */
export function* readFields(message: Uint8Array, refuse: Refuse): Generator<Field, void, undefined> {
  let offset = 0
  const varint = () => {
    const read = readVarint(message, offset, refuse)
    if (read === undefined) throw refuse('ends inside a number')
    offset = read.end
    return read.value
  }
  while (offset < message.length) {
    const key = varint()
    const [number, wire] = [Math.floor(key / 8), key % 8]
    if (number === 0 || number > 536_870_911) throw refuse('has a field without a number')
    if (wire === 0) yield { number, varint: varint() }
    else if (wire === 2) {
      const length = varint()
      if (length > message.length - offset) throw refuse('ends inside a field')
      yield { number, bytes: message.subarray(offset, offset + length) }
      offset += length
    } else if (wire === 1 || wire === 5) {
      offset += wire === 1 ? 8 : 4
      if (offset > message.length) throw refuse('ends inside a field')
    } else throw refuse('has a field of a kind that it may not have')
  }
}

export function bytesOf(field: Field, refuse: Refuse): Uint8Array {
  if ('bytes' in field) return field.bytes
  throw refuse('has a number where bytes belong')
}

export function varintOf(field: Field, refuse: Refuse): number {
  if ('varint' in field) return field.varint
  throw refuse('has bytes where a number belongs')
}

export function varintBytes(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** A number field as proto3 writes it: nothing when it is 0. */
export function numberField(number: number, value: number): Uint8Array[] {
  return value === 0 ? [] : [varintBytes(number * 8), varintBytes(value)]
}

/** A field of bytes that may come in parts; they are not copied. */
export function bytesField(number: number, parts: readonly Uint8Array[]): Uint8Array[] {
  return [varintBytes(number * 8 + 2), varintBytes(lengthOf(parts)), ...parts]
}
