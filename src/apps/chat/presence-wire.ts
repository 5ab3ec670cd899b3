// Ephemeral messages of presence and typing: DAG-CBOR lists, at most `presenceBytesMax` bytes, never in the log. Who said it
// is known to whoever carries them. Pure; throws `presence_malformed`, nothing else.
//
//   [1, 'here', state]          state: 0 gone, 1 here, 2 away
//   [1, 'typing', place, on]    place: 16 bytes that name a channel (presence.ts)

import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes, fromHex, toHex } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import { chatWireErrors } from './errors.ts'
import { presenceBytesMax } from './limits.ts'

export type PresenceState = 'here' | 'away' | 'gone'

export type PresenceMessage =
  | { readonly kind: 'here'; readonly state: PresenceState }
  /** `place`: lower-case hex. */
  | { readonly kind: 'typing'; readonly place: string; readonly on: boolean }

const states: readonly PresenceState[] = ['gone', 'here', 'away']
const version = 1

export function encodePresence(message: PresenceMessage): Uint8Array {
  if (message.kind === 'here') return encode([version, 'here', states.indexOf(message.state)])
  const place = fromHex(message.place)
  assert(place?.length === 16, 'a place is 16 bytes')
  return encode([version, 'typing', place, message.on])
}

/** Undefined: of a later version or a kind that this one does not know. */
export function decodePresence(bytes: Uint8Array): PresenceMessage | undefined {
  const list = decodeList(bytes)
  const [v, kind] = list
  if (typeof v !== 'number' || typeof kind !== 'string') throw malformed('has no version and kind')
  if (v !== version) return undefined
  if (kind === 'here') return readHere(list)
  return kind === 'typing' ? readTyping(list) : undefined
}

function decodeList(bytes: Uint8Array): readonly unknown[] {
  if (bytes.length > presenceBytesMax) throw malformed('is too long')
  let value: unknown
  let again: Uint8Array
  try {
    value = decode(bytes)
    again = encode(value)
  } catch {
    throw malformed('is not DAG-CBOR')
  }
  if (!Array.isArray(value) || !equalBytes(again, bytes)) throw malformed('is no list in canonical form')
  return value
}

function readHere(list: readonly unknown[]): PresenceMessage {
  const state = typeof list[2] === 'number' ? states[list[2]] : undefined
  if (list.length !== 3 || state === undefined) throw malformed('has no state')
  return { kind: 'here', state }
}

function readTyping(list: readonly unknown[]): PresenceMessage {
  const [, , place, on] = list
  if (list.length !== 4 || !(place instanceof Uint8Array) || place.length !== 16 || typeof on !== 'boolean') {
    throw malformed('does not say where, and whether')
  }
  return { kind: 'typing', place: toHex(place), on }
}

function malformed(what: string) {
  return chatWireErrors.presence_malformed(`A message of presence ${what}.`)
}
