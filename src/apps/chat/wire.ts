// What entries of the app `chat` say: one act each, read strictly from the body that the community opened, and made into
// one. Pure. A kind that is not known gives undefined (a later version's: kept in the log, ignored here); a known one with
// other fields than docs/protocol/chat.md says throws `body_malformed`, `body_too_long`, nothing else. Fields that are not
// known are ignored.

import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes, fromHex } from '../../base/bytes.ts'
import { readCanonical } from '../../base/canonical.ts'
import { assert } from '../../base/errors.ts'
import type { PersonDid } from '../../identity/types.ts'
import { chatWireErrors } from './errors.ts'
import {
  boolean,
  bytes,
  did,
  dids,
  emoji,
  entryId,
  type Fields,
  fieldsOf,
  hex,
  integer,
  isInteger,
  isLabel,
  isText,
  knownId,
  label,
  list,
  malformed,
  optional,
  text,
} from './fields-core.ts'
import {
  attachmentLinkBytesMax,
  attachmentNameBytesMax,
  attachmentsMax,
  bodyBytesMax,
  boxesBytesMax,
  channelNameBytesMax,
  channelPersonsMax,
  marksPerReadMax,
  mediaTypeBytesMax,
  mentionsMax,
  reasonBytesMax,
  sealedBytesMax,
  textBytesMax,
  topicBytesMax,
} from './limits.ts'
import type { Attachment, ChannelId, MessageId } from './types.ts'

/** Where an entry stands in the order of all. */
export interface Place {
  readonly ms: number
  readonly count: number
  readonly id: string
}

/** What is sealed to persons: the key's id, the key in lockboxes, and a text under it. */
export interface Envelope {
  readonly key: string
  readonly boxes: Uint8Array
  readonly sealed: Uint8Array
}

export interface OpenChannelAct {
  readonly kind: 'channel'
  readonly channel: 'open' | 'announce'
  readonly nonce: string
  readonly guests: boolean
  readonly name: string
  readonly topic: string
}

export interface PrivateChannelAct extends Envelope {
  readonly kind: 'channel'
  /** `own`: of one person's devices; holds read markers, is never listed. */
  readonly channel: 'private' | 'direct' | 'own'
  /** 16 zero bytes where the persons alone name the channel (`direct`, `own`). */
  readonly nonce: string
  readonly persons: readonly PersonDid[]
}

/** A key of a channel, new or sealed to more devices, and who is in the channel from here on. */
export interface ChannelKeysAct extends Envelope {
  readonly kind: 'channel-keys'
  readonly channel: ChannelId
  readonly persons: readonly PersonDid[]
}

/** Another act, under a key of its channel. */
export interface SealedAct {
  readonly kind: 'sealed'
  readonly channel: ChannelId
  readonly key: string
  readonly sealed: Uint8Array
}

export interface ChannelEditAct {
  readonly kind: 'channel-edit'
  /** Undefined within `sealed`, which names it; the same in `message`. */
  readonly channel: ChannelId | undefined
  readonly name: string | undefined
  readonly topic: string | undefined
  readonly archived: boolean | undefined
}

export interface MessageAct {
  readonly kind: 'message'
  readonly channel: ChannelId | undefined
  readonly text: string
  readonly reply: MessageId | undefined
  readonly thread: MessageId | undefined
  readonly mentions: readonly PersonDid[]
  readonly files: readonly Attachment[]
}

export interface EditAct {
  readonly kind: 'edit'
  readonly target: MessageId
  readonly text: string
  readonly mentions: readonly PersonDid[]
}

export type TargetAct =
  | EditAct
  | { readonly kind: 'delete'; readonly target: MessageId }
  | { readonly kind: 'react'; readonly target: MessageId; readonly emoji: string; readonly on: boolean }
  | { readonly kind: 'hide'; readonly target: MessageId; readonly reason: string }
  | { readonly kind: 'unhide'; readonly target: MessageId }

export type MuteAct =
  /** `untilMs` null: until it is lifted. */
  | { readonly kind: 'mute'; readonly person: PersonDid; readonly untilMs: number | null; readonly reason: string }
  | { readonly kind: 'unmute'; readonly person: PersonDid }

/** How far this person has read; only within `sealed`, in the channel of their own devices. */
export interface ReadAct {
  readonly kind: 'read'
  readonly marks: readonly (Place & { readonly channel: ChannelId })[]
}

/** Sealed to moderators: a {@link ReportAct}. */
export interface ReportEnvelopeAct extends Envelope {
  readonly kind: 'report'
}

export interface ReportAct {
  readonly target: MessageId
  readonly reason: string
}

export type ChannelAct = OpenChannelAct | PrivateChannelAct
/** What may stand in `sealed`. */
export type InnerAct = ChannelEditAct | MessageAct | TargetAct | ReadAct
export type Act = ChannelAct | ChannelKeysAct | SealedAct | MuteAct | ReportEnvelopeAct | InnerAct

const noNonce = '0'.repeat(32)

const readers: Readonly<Record<string, (fields: Fields) => Act | undefined>> = {
  channel: readChannel,
  'channel-keys': (fields) => ({
    kind: 'channel-keys',
    channel: channelId(fields, 'channel'),
    persons: dids(fields, 'persons', { min: 1, max: channelPersonsMax }),
    ...envelope(fields),
  }),
  sealed: (fields) => ({
    kind: 'sealed',
    channel: channelId(fields, 'channel'),
    key: hex(fields, 'key', 16),
    sealed: bytes(fields, 'sealed', { min: 1, max: sealedBytesMax }),
  }),
  'channel-edit': (fields) => ({
    kind: 'channel-edit',
    channel: optional(fields, 'channel', channelId),
    name: optional(fields, 'name', (_, name) => label(fields, name, channelNameBytesMax)),
    topic: optional(fields, 'topic', (_, name) => text(fields, name, topicBytesMax)),
    archived: optional(fields, 'archived', boolean),
  }),
  message: readMessage,
  edit: (fields) => ({
    kind: 'edit',
    target: entryId(fields, 'target'),
    text: text(fields, 'text', textBytesMax),
    mentions: mentions(fields),
  }),
  delete: (fields) => ({ kind: 'delete', target: entryId(fields, 'target') }),
  react: (fields) => ({
    kind: 'react',
    target: entryId(fields, 'target'),
    emoji: emoji(fields, 'emoji'),
    on: boolean(fields, 'on'),
  }),
  hide: (fields) => ({
    kind: 'hide',
    target: entryId(fields, 'target'),
    reason: text(fields, 'reason', reasonBytesMax),
  }),
  unhide: (fields) => ({ kind: 'unhide', target: entryId(fields, 'target') }),
  mute: (fields) => ({
    kind: 'mute',
    person: did(fields, 'person'),
    untilMs: optional(fields, 'until', integer) ?? null,
    reason: text(fields, 'reason', reasonBytesMax),
  }),
  unmute: (fields) => ({ kind: 'unmute', person: did(fields, 'person') }),
  read: (fields) => ({ kind: 'read', marks: list(fields, 'marks', marksPerReadMax, readMark) }),
  report: (fields) => ({ kind: 'report', ...envelope(fields) }),
}

/** Throws `body_malformed`, nothing else; undefined: of a kind that this version does not know. */
export function readAct(kind: string, body: unknown): Act | undefined {
  const read = Object.hasOwn(readers, kind) ? readers[kind] : undefined
  return read?.(fieldsOf(body))
}

function readChannel(fields: Fields): ChannelAct | undefined {
  const kind = text(fields, 'kind', 32)
  if (kind === 'open' || kind === 'announce') {
    return {
      kind: 'channel',
      channel: kind,
      nonce: hex(fields, 'nonce', 16),
      guests: boolean(fields, 'guests'),
      name: label(fields, 'name', channelNameBytesMax),
      topic: text(fields, 'topic', topicBytesMax),
    }
  }
  // A kind of channel that a later version has.
  if (kind !== 'private' && kind !== 'direct' && kind !== 'own') return undefined
  const persons = { private: { min: 1, max: channelPersonsMax }, direct: { min: 2, max: 2 }, own: { min: 1, max: 1 } }
  const nonce = hex(fields, 'nonce', 16)
  if (kind !== 'private' && nonce !== noNonce) throw malformed('has a nonce where the persons name the channel')
  return { kind: 'channel', channel: kind, nonce, persons: dids(fields, 'persons', persons[kind]), ...envelope(fields) }
}

function readMessage(fields: Fields): MessageAct {
  const files = optional(fields, 'files', () => list(fields, 'files', attachmentsMax, readFile)) ?? []
  const said = text(fields, 'text', textBytesMax)
  if (said === '' && files.length === 0) throw malformed('says nothing')
  return {
    kind: 'message',
    channel: optional(fields, 'channel', channelId),
    text: said,
    reply: optional(fields, 'reply', entryId),
    thread: optional(fields, 'thread', entryId),
    mentions: mentions(fields),
    files,
  }
}

function readFile(item: unknown): Attachment {
  const fields = fieldsOf(item)
  const file = {
    name: label(fields, 'name', attachmentNameBytesMax),
    mediaType: label(fields, 'type', mediaTypeBytesMax),
    bytes: integer(fields, 'bytes'),
    link: label(fields, 'link', attachmentLinkBytesMax),
  }
  if (!isAttachment(file)) throw malformed('offers something that is no file')
  return file
}

const mediaTypePattern = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/
const linkPattern = /^peerhood:[a-z0-9]+$/

/** A file name without path, a media type in lower case (RFC 6838 §4.2), a size, a link of ours. */
export function isAttachment({ name, mediaType, bytes, link }: Attachment): boolean {
  return (
    isLabel(name, attachmentNameBytesMax) &&
    !/[/\\]/.test(name) &&
    name !== '.' &&
    name !== '..' &&
    isLabel(mediaType, mediaTypeBytesMax) &&
    mediaTypePattern.test(mediaType) &&
    isInteger(bytes) &&
    isText(link, attachmentLinkBytesMax) &&
    linkPattern.test(link)
  )
}

function mentions(fields: Fields): readonly PersonDid[] {
  return optional(fields, 'mentions', () => dids(fields, 'mentions', { min: 0, max: mentionsMax })) ?? []
}

function readMark(item: unknown) {
  const fields = fieldsOf(item)
  return {
    channel: channelId(fields, 'channel'),
    ms: integer(fields, 'ms'),
    count: integer(fields, 'count'),
    id: entryId(fields, 'id') as string,
  }
}

function envelope(fields: Fields): Envelope {
  return {
    key: hex(fields, 'key', 16),
    boxes: bytes(fields, 'boxes', { min: 1, max: boxesBytesMax }),
    sealed: bytes(fields, 'sealed', { min: 1, max: sealedBytesMax }),
  }
}

function channelId(fields: Fields, name: string): ChannelId {
  return knownId(fields, name, 16) as ChannelId
}

// ---- writing

/** The body that says this; {@link readAct} of it gives the act back. */
export function writeBody(act: Act): Record<string, unknown> {
  switch (act.kind) {
    case 'channel':
      return 'persons' in act
        ? { kind: act.channel, nonce: raw(act.nonce), persons: act.persons, ...writeEnvelope(act) }
        : { kind: act.channel, nonce: raw(act.nonce), guests: act.guests, name: act.name, topic: act.topic }
    case 'channel-keys':
      return { channel: raw(act.channel), persons: act.persons, ...writeEnvelope(act) }
    case 'sealed':
      return { channel: raw(act.channel), key: raw(act.key), sealed: act.sealed }
    case 'report':
      return writeEnvelope(act)
    case 'mute':
      return { person: act.person, reason: act.reason, ...given({ until: act.untilMs ?? undefined }) }
    case 'unmute':
      return { person: act.person }
    default:
      return writeInner(act)
  }
}

function writeInner(act: InnerAct): Record<string, unknown> {
  switch (act.kind) {
    case 'channel-edit': {
      const { channel, name, topic, archived } = act
      return given({ channel: channel === undefined ? undefined : raw(channel), name, topic, archived })
    }
    case 'message': {
      const { channel, reply, thread, mentions: named, files } = act
      const refer = (id: string | undefined) => (id === undefined ? undefined : raw(id))
      return given({
        channel: refer(channel),
        text: act.text,
        reply: refer(reply),
        thread: refer(thread),
        mentions: named.length === 0 ? undefined : named,
        files: files.length === 0 ? undefined : files.map(writeFile),
      })
    }
    case 'edit':
      return given({
        target: raw(act.target),
        text: act.text,
        mentions: act.mentions.length === 0 ? undefined : act.mentions,
      })
    case 'react':
      return { target: raw(act.target), emoji: act.emoji, on: act.on }
    case 'hide':
      return { target: raw(act.target), reason: act.reason }
    case 'delete':
    case 'unhide':
      return { target: raw(act.target) }
    case 'read':
      return {
        marks: act.marks.map(({ channel, ms, count, id }) => ({ channel: raw(channel), ms, count, id: raw(id) })),
      }
  }
}

function writeFile({ name, mediaType, bytes: size, link }: Attachment): Record<string, unknown> {
  return { name, type: mediaType, bytes: size, link }
}

function writeEnvelope({ key, boxes, sealed }: Envelope): Record<string, unknown> {
  return { key: raw(key), boxes, sealed }
}

/** Without the fields that are undefined, which DAG-CBOR has no way to say. */
function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function raw(id: string): Uint8Array {
  const found = fromHex(id)
  assert(found !== undefined, 'an id is hex')
  return found
}

// ---- what is sealed with a channel key

/** What `sealed` holds: the kind and body of an act. */
export function encodeInner(act: InnerAct): Uint8Array {
  return encodeBody([act.kind, writeBody(act)])
}

/** Throws `body_malformed`; undefined: of a kind that this version does not know, or that may not stand here. */
export function decodeInner(content: Uint8Array): InnerAct | undefined {
  const pair = decodeBody(content)
  if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') throw malformed('is no kind and body')
  const act = readAct(pair[0], pair[1])
  return act !== undefined && isInner(act) ? act : undefined
}

function isInner(act: Act): act is InnerAct {
  const outer = ['channel', 'channel-keys', 'sealed', 'mute', 'unmute', 'report']
  return !outer.includes(act.kind)
}

export function encodeReport({ target, reason }: ReportAct): Uint8Array {
  return encodeBody({ target: raw(target), reason })
}

/** Throws `body_malformed`. */
export function decodeReport(content: Uint8Array): ReportAct {
  const fields = fieldsOf(decodeBody(content))
  return { target: entryId(fields, 'target'), reason: text(fields, 'reason', reasonBytesMax) }
}

/** Throws `body_too_long` when it can't be written. */
export function encodeBody(value: unknown): Uint8Array {
  const encoded = encode(value)
  if (encoded.length <= bodyBytesMax) return encoded
  throw chatWireErrors.body_too_long(`It takes ${encoded.length} bytes, at most ${bodyBytesMax} fit into one entry.`)
}

/** Decodes what is canonical, of at most {@link bodyBytesMax}. Throws `body_malformed`. */
export function decodeBody(content: Uint8Array): unknown {
  if (content.length > bodyBytesMax) throw malformed('is too long')
  const read = readCanonical(content)
  if (read !== undefined) return read.value
  let value: unknown
  let again: Uint8Array
  try {
    value = decode(content)
    again = encode(value)
  } catch {
    throw malformed('is not DAG-CBOR')
  }
  if (!equalBytes(again, content)) throw malformed('is not in canonical form')
  return value
}
