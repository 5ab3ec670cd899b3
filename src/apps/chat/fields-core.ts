// Reading the fields of a body that somebody else wrote: each reader takes exactly what the page says and throws
// `body_malformed` otherwise, whatever it is given. What counts must not differ between computers, so no rule here leans
// on tables that grow with each version of Unicode (no \p{…}, no normalisation).

import { compareBytes, toHex, utf8 } from '../../base/bytes.ts'
import { createKnownHex } from '../../base/known-hex.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { EntryId } from '../../log/types.ts'
import { chatWireErrors } from './errors.ts'
import { emojiBytesMax } from './limits.ts'

export type Fields = Readonly<Record<string, unknown>>

export function malformed(what: string) {
  return chatWireErrors.body_malformed(`The body of an entry of chat ${what}.`)
}

/** The map that a body is. Fields that nobody asks for are left alone: later versions may have more. */
export function fieldsOf(body: unknown): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || body instanceof Uint8Array) {
    throw malformed('is not a map')
  }
  const prototype = Object.getPrototypeOf(body)
  if (prototype !== Object.prototype && prototype !== null) throw malformed('is not a map')
  return body as Fields
}

/** A field of its own, never one of the prototype. */
function at(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

/** Undefined when the field is absent; the reader's answer otherwise. */
export function optional<Value>(
  fields: Fields,
  name: string,
  read: (fields: Fields, name: string) => Value,
): Value | undefined {
  return at(fields, name) === undefined ? undefined : read(fields, name)
}

export function boolean(fields: Fields, name: string): boolean {
  const value = at(fields, name)
  if (typeof value === 'boolean') return value
  throw malformed(`has no ${name}, which is true or false`)
}

export function integer(fields: Fields, name: string): number {
  const value = at(fields, name)
  if (isInteger(value)) return value
  throw malformed(`has no ${name}, which is a whole number from 0`)
}

export function isInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)
}

export function bytes(
  fields: Fields,
  name: string,
  length: { readonly min: number; readonly max: number },
): Uint8Array {
  const value = at(fields, name)
  if (value instanceof Uint8Array && value.length >= length.min && value.length <= length.max) return value
  throw malformed(`has no ${name} of ${length.min} to ${length.max} bytes`)
}

/** Fixed bytes, as lower-case hex. */
export function hex(fields: Fields, name: string, length: number): string {
  return toHex(bytes(fields, name, { min: length, max: length }))
}

const knownHex = createKnownHex()

/** The same of an id that comes again and again. */
export function knownId(fields: Fields, name: string, length: number): string {
  return knownHex(bytes(fields, name, { min: length, max: length }), 0, length)
}

export function entryId(fields: Fields, name: string): EntryId {
  return hex(fields, name, 32) as EntryId
}

export function list<Item>(fields: Fields, name: string, max: number, read: (item: unknown) => Item): readonly Item[] {
  const value = at(fields, name)
  if (!Array.isArray(value) || value.length > max) throw malformed(`has no ${name}, a list of at most ${max}`)
  return value.map(read)
}

const didPattern = /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/

/** The form of an Ed25519 did:key. That a person of that name exists, nobody says. */
export function isDid(value: unknown): value is PersonDid {
  return typeof value === 'string' && value.length === 56 && didPattern.test(value)
}

export function did(fields: Fields, name: string): PersonDid {
  const value = at(fields, name)
  if (isDid(value)) return value
  throw malformed(`has no ${name}, a did:key`)
}

/** Strictly ascending, so that one set of persons has one spelling. */
export function dids(fields: Fields, name: string, length: { readonly min: number; readonly max: number }) {
  const found = list(fields, name, length.max, (item) => {
    if (isDid(item)) return item
    throw malformed(`names somebody in ${name} who is no did:key`)
  })
  if (found.length < length.min) throw malformed(`names fewer than ${length.min} in ${name}`)
  for (let i = 1; i < found.length; i++) {
    if ((found[i - 1] ?? '') >= (found[i] ?? '')) throw malformed(`does not have ${name} in order`)
  }
  return found
}

/** Strictly ascending byte strings of one length. */
export function isAscending(items: readonly Uint8Array[]): boolean {
  return items.every((item, i) => i === 0 || compareBytes(items[i - 1] ?? item, item) < 0)
}

// ---- text

/** Text that may be shown over several lines: all but controls other than tab and line feed. */
export function isText(value: unknown, bytesMax: number): value is string {
  return isShowable(value, bytesMax, (code) => code === 0x09 || code === 0x0a)
}

/** One line that stands among others: no control, no line separator, nothing that turns text around, no outer space. */
export function isLabel(value: unknown, bytesMax: number): value is string {
  if (!isShowable(value, bytesMax, () => false)) return false
  if (value === '' || value.startsWith(' ') || value.endsWith(' ')) return false
  for (const character of value) if (isTurning(character.codePointAt(0) ?? 0)) return false
  return true
}

function isShowable(value: unknown, bytesMax: number, excepted: (code: number) => boolean): value is string {
  // A UTF-16 unit is at least a byte of UTF-8, so the first test keeps the second from working on much.
  if (typeof value !== 'string' || value.length > bytesMax || !value.isWellFormed()) return false
  if (value.length * 3 > bytesMax && utf8(value).length > bytesMax) return false
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if ((code < 0x20 || (code >= 0x7f && code < 0xa0)) && !excepted(code)) return false
  }
  return true
}

/** Line and paragraph separators, and the marks of Unicode's Bidi_Control, which is a closed list. */
function isTurning(code: number): boolean {
  return (
    code === 0x061c ||
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  )
}

export function text(fields: Fields, name: string, bytesMax: number): string {
  const value = at(fields, name)
  if (isText(value, bytesMax)) return value
  throw malformed(`has no ${name}, a text of at most ${bytesMax} bytes`)
}

export function label(fields: Fields, name: string, bytesMax: number): string {
  const value = at(fields, name)
  if (isLabel(value, bytesMax)) return value
  throw malformed(`has no ${name}, a line of at most ${bytesMax} bytes`)
}

/**
 * Something short that is no word of an alphabet: which sequences are emoji changes with each Unicode, so only what
 * surely is none is left out (letters below U+2030, spaces, controls, marks that turn text, private use).
 */
export function isEmoji(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > emojiBytesMax || !value.isWellFormed()) return false
  if (utf8(value).length > emojiBytesMax) return false
  let drawn = 0
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0
    if (isPicture(code)) drawn++
    else if (!isPictureHelper(code)) return false
  }
  return drawn > 0
}

function isPicture(code: number): boolean {
  if (code === 0xa9 || code === 0xae) return true
  if (code < 0x203c || (code >= 0x205f && code <= 0x206f) || code === 0x3000) return false
  if (code >= 0xe000 && code <= 0xf8ff) return false
  if (code >= 0xfe00 && code <= 0xfe0f) return false
  return code !== 0xfeff && !(code >= 0xfff0 && code <= 0xffff) && code < 0xe0000
}

/** Digits, `#` and `*` of keycaps; the joiner; which form is meant; tags, by which flags of regions are spelt. */
function isPictureHelper(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    code === 0x23 ||
    code === 0x2a ||
    code === 0x200d ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    (code >= 0xe0020 && code <= 0xe007f)
  )
}

export function emoji(fields: Fields, name: string): string {
  const value = at(fields, name)
  if (isEmoji(value)) return value
  throw malformed(`has no ${name} that can be a reaction`)
}
