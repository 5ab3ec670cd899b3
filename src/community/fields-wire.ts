// How fields of acts are read and written: each codec takes exactly what it writes, and throws `act_malformed` for all
// else. Canonical form is checked once for the whole payload (payload-wire.ts), so here only types and bounds are.

import { decode } from '@ipld/dag-cbor'
import { base58 } from '@scure/base'
import { fromHex, toHex } from '../base/bytes.ts'
import { assert } from '../base/errors.ts'
import { didOf, peerIdOf } from '../identity/core.ts'
import { certificateBytesMax } from '../identity/limits.ts'
import type { DeviceKey, PersonDid, PersonKey } from '../identity/types.ts'
import type { DeviceId } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import { communityErrors } from './errors.ts'
import { nameCharactersMax, wordCharactersMax } from './limits.ts'

export interface Codec<Value> {
  read(value: unknown): Value
  write(value: Value): unknown
}

type ValueOf<Any> = Any extends Codec<infer Value> ? Value : never
type Fields = Readonly<Record<string, Codec<unknown>>>
export type MapOf<Some extends Fields> = { readonly [Name in keyof Some]: ValueOf<Some[Name]> }

/** A map with exactly these fields. */
export function map<const Some extends Fields>(fields: Some): Codec<MapOf<Some>> {
  const codecs = Object.entries(fields) as [string, Codec<unknown>][]
  return {
    read(value) {
      if (!isMap(value)) throw malformed('is not a map')
      if (Object.keys(value).length !== codecs.length) throw malformed('has other fields')
      return Object.fromEntries(codecs.map(([name, codec]) => [name, readField(value, name, codec)])) as MapOf<Some>
    },
    write: (value) => Object.fromEntries(codecs.map(([name, codec]) => [name, codec.write(value[name])])),
  }
}

/** A map with at least one of these fields. */
export function someOf<const Some extends Fields>(fields: Some): Codec<Partial<MapOf<Some>>> {
  const codecs = new Map(Object.entries(fields) as [string, Codec<unknown>][])
  return {
    read(value) {
      if (!isMap(value) || Object.keys(value).length === 0) throw malformed('is not a map of something')
      const read = Object.keys(value).map((name) => {
        const codec = codecs.get(name)
        if (codec === undefined) throw malformed('has other fields')
        return [name, codec.read(value[name])]
      })
      return Object.fromEntries(read) as Partial<MapOf<Some>>
    },
    write(value) {
      const given = Object.entries(value).filter(([, field]) => field !== undefined)
      return Object.fromEntries(given.map(([name, field]) => [name, codecs.get(name)?.write(field)]))
    },
  }
}

function readField(value: Record<string, unknown>, name: string, codec: Codec<unknown>): unknown {
  if (!Object.hasOwn(value, name)) throw malformed('lacks a field')
  return codec.read(value[name])
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** A list of at most `max` items, at least `min`. */
export function list<Item>(item: Codec<Item>, max: number, min = 0): Codec<readonly Item[]> {
  return {
    read(value) {
      if (!Array.isArray(value) || value.length > max || value.length < min)
        throw malformed('has a list of wrong length')
      return value.map((one) => item.read(one))
    },
    write: (items) => items.map((one) => item.write(one)),
  }
}

/** A list that says each item once, in ascending order of its text. */
export function sortedList<Item extends string>(item: Codec<Item>, max: number): Codec<readonly Item[]> {
  const plain = list(item, max)
  return {
    read(value) {
      const items = plain.read(value)
      if (items.some((one, place) => place > 0 && one <= (items[place - 1] ?? ''))) throw malformed('is not in order')
      return items
    },
    write: (items) => plain.write([...new Set(items)].sort()),
  }
}

export function bytes(length: number): Codec<Uint8Array> {
  return {
    read(value) {
      if (!(value instanceof Uint8Array) || value.length !== length) throw malformed(`lacks a field of ${length} bytes`)
      return Uint8Array.from(value)
    },
    write: (value) => value,
  }
}

export function bytesUpTo(max: number, min = 0): Codec<Uint8Array> {
  return {
    read(value) {
      if (!(value instanceof Uint8Array) || value.length > max || value.length < min) {
        throw malformed('has bytes of a wrong length')
      }
      return Uint8Array.from(value)
    },
    write: (value) => value,
  }
}

/** Bytes that are lower-case hex in memory. */
export function hex<Id extends string>(length: number): Codec<Id> {
  const plain = bytes(length)
  return {
    read: (value) => toHex(plain.read(value)) as Id,
    write: (value) => bytesOf(value),
  }
}

function bytesOf(text: string): Uint8Array {
  const read = fromHex(text)
  assert(read !== undefined, 'ids are lower-case hex')
  return read
}

export function integer(min: number, max: number): Codec<number> {
  return {
    read(value) {
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
        throw malformed('has a number out of bounds')
      }
      return value
    },
    write: (value) => value,
  }
}

/** null on the wire, undefined in memory. */
export function orNull<Value>(codec: Codec<Value>): Codec<Value | undefined> {
  return {
    read: (value) => (value === null ? undefined : codec.read(value)),
    write: (value) => (value === undefined ? null : codec.write(value)),
  }
}

export function oneOf<const Value extends string>(...values: readonly Value[]): Codec<Value> {
  return {
    read(value) {
      const found = values.find((one) => one === value)
      if (found === undefined) throw malformed('says something that it can’t')
      return found
    },
    write: (value) => value,
  }
}

const wordPattern = new RegExp(`^[a-z][a-z0-9.-]{0,${wordCharactersMax - 1}}$`)

/** Whether a text may be an app, a kind, a role or a capability. */
export function isWord(text: unknown): text is string {
  return typeof text === 'string' && wordPattern.test(text)
}

export function word<Word extends string>(): Codec<Word> {
  return {
    read(value) {
      if (!isWord(value)) throw malformed('has a word that is none')
      return value as Word
    },
    write: (value) => value,
  }
}

/** Controls, lone surrogates, line separators, and the marks that turn text around (identity/device-name.ts). */
const unshowable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u
/** The same, but for line feeds. */
const unshowableInLines = /[^\P{Cc}\n]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** Whether a text may name a community, a person, a device. */
export function isName(text: unknown): text is string {
  return isText(text, nameCharactersMax) && text !== '' && text === text.trim() && !unshowable.test(text)
}

/** Whether a text of several lines, or none, may be shown. */
export function isLines(text: unknown, charactersMax: number): text is string {
  return isText(text, charactersMax) && !unshowableInLines.test(text)
}

function isText(text: unknown, charactersMax: number): text is string {
  return typeof text === 'string' && text.length <= charactersMax
}

export const name: Codec<string> = {
  read(value) {
    if (!isName(value)) throw malformed('has a name that can’t be shown')
    return value
  },
  write: (value) => value,
}

export function lines(charactersMax: number): Codec<string> {
  return {
    read(value) {
      if (!isLines(value, charactersMax)) throw malformed('has a text that can’t be shown')
      return value
    },
    write: (value) => value,
  }
}

const key = bytes(32)

/** A person: 32 bytes on the wire, did:key in memory. */
export const person: Codec<PersonDid> = {
  read: (value) => didOf(key.read(value) as PersonKey),
  write: (did) => personKeyOf(did),
}

/** The key in a `did:key:z6Mk…` (identity/core.ts, `didOf`). */
export function personKeyOf(did: PersonDid): PersonKey {
  return base58.decode(did.slice('did:key:z'.length)).slice(2) as PersonKey
}

/** A peer: 32 bytes on the wire, `12D3Koo…` in memory. */
export const peer: Codec<PeerId> = {
  read: (value) => peerIdOf(key.read(value) as DeviceKey) as PeerId,
  write: (peerId) => base58.decode(peerId).slice(-32),
}

/** A device certificate whose signatures are not checked yet (proofs.ts does), and what it says. */
export interface Certified {
  readonly bytes: Uint8Array
  readonly person: PersonDid
  readonly device: DeviceId
  readonly peerId: PeerId
}

/** Looks into the certificate; `readCertificate` of identity/ refuses more, and reads nothing else into it. */
export const certificate: Codec<Certified> = {
  read(value) {
    const read = bytesUpTo(certificateBytesMax).read(value)
    const { person, device } = payloadOf(read)
    const deviceKey = key.read(device) as DeviceKey
    return {
      bytes: read,
      person: didOf(key.read(person) as PersonKey),
      device: toHex(deviceKey) as DeviceId,
      peerId: peerIdOf(deviceKey) as PeerId,
    }
  },
  write: (value) => value.bytes,
}

function payloadOf(bytes: Uint8Array): Record<string, unknown> {
  try {
    const [payload] = decode<unknown[]>(bytes)
    const fields = decode(payload as Uint8Array)
    if (isMap(fields)) return fields
  } catch {}
  throw malformed('has a certificate that is none')
}

export function malformed(what: string) {
  return communityErrors.act_malformed(`The act ${what}.`)
}
