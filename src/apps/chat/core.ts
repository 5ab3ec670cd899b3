// The rules of chat, pure: what names a channel, who may do what, who is muted when, who is in a private channel when and
// which of its keys is the one to write with. view.ts keeps the answers in tables; docs/protocol/chat.md is normative.
//
// Must stay true: each answer follows from the set of entries alone. Whatever compares entries compares their places
// (time, then id), never when they arrived.

import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, toHex, utf8 } from '../../base/bytes.ts'
import type { PersonDid } from '../../identity/types.ts'
import { compareEntries } from '../../log/order-core.ts'
import type { CommunityId, Entry, EntryId } from '../../log/types.ts'
import type { ChannelId } from './types.ts'
import type { ChannelAct, Place } from './wire.ts'

export type ChannelKind = 'open' | 'announce' | 'private' | 'direct' | 'own'

/** The channel that every community begins with. */
export const generalChannel = '0'.repeat(32) as ChannelId

export function placeOf(entry: Pick<Entry, 'id' | 'time'>): Place {
  return { ms: entry.time.ms, count: entry.time.count, id: entry.id }
}

export function comparePlaces(a: Place, b: Place): number {
  return compareEntries({ id: a.id as EntryId, time: a }, { id: b.id as EntryId, time: b })
}

// ---- names

/**
 * A channel's id commits to all that can never change in it, its maker first: nobody can take the name of another's
 * channel, however an entry is dated. A direct channel is named by its two persons, so both make the same one.
 */
export function channelIdOf(community: CommunityId, author: PersonDid, act: ChannelAct): ChannelId {
  if (act.channel === 'direct') return directChannel(community, act.persons)
  if (act.channel === 'own') return ownChannel(community, act.persons[0] ?? author)
  const guests = 'guests' in act && act.guests ? '1' : '0'
  return named('peerhood/chat/channel/1', [community, author, act.channel, guests, act.nonce])
}

export function directChannel(community: CommunityId, persons: readonly PersonDid[]): ChannelId {
  return named('peerhood/chat/direct/1', [community, ...[...persons].sort()])
}

/** The channel of a person's own devices. */
export function ownChannel(community: CommunityId, person: PersonDid): ChannelId {
  return named('peerhood/chat/own/1', [community, person])
}

/** Parts are printable ASCII and hold no line feed. */
function named(label: string, parts: readonly string[]): ChannelId {
  return toHex(sha256(utf8([label, ...parts].join('\n'))).subarray(0, 16)) as ChannelId
}

const keyIdLabel = utf8('peerhood/chat/key-id/1')

/** Commits to a channel key, so that no two are handed out under one name. */
export function channelKeyIdOf(key: Uint8Array): string {
  return toHex(sha256(concatBytes(keyIdLabel, key)).subarray(0, 16))
}

/** Binds what is sealed to its channel, key, author and purpose: nobody can pass it off as their own or put it elsewhere. */
export function sealContext(
  purpose: 'act' | 'step' | 'report',
  place: {
    readonly community: CommunityId
    readonly channel: ChannelId
    readonly key: string
    readonly person: PersonDid
  },
): Uint8Array {
  const { community, channel, key, person } = place
  return utf8(['peerhood/chat/sealed/1', purpose, community, channel, key, person].join('\n'))
}

// ---- who may

/** What the author's role allowed when an entry was written. */
export interface Rights {
  readonly post: boolean
  readonly announce: boolean
  readonly moderate: boolean
}

/** `post` and `moderate` are the community's words, `chat.…` ours. */
export function rightsOf(may: (capability: string) => boolean): Rights {
  return {
    post: may('post') || may('chat.post'),
    announce: may('chat.announce'),
    moderate: may('chat.moderate') || may('moderate'),
  }
}

export function rightsToNumber({ post, announce, moderate }: Rights): number {
  return Number(post) + 2 * Number(announce) + 4 * Number(moderate)
}

export function rightsFromNumber(value: number): Rights {
  return { post: (value & 1) !== 0, announce: (value & 2) !== 0, moderate: (value & 4) !== 0 }
}

export function mayCreate(
  kind: ChannelKind,
  author: PersonDid,
  persons: readonly PersonDid[],
  rights: Rights,
): boolean {
  if (kind === 'own') return persons[0] === author
  if (kind === 'announce') return rights.announce
  if (kind === 'open') return rights.post
  return rights.post && persons.includes(author)
}

/** In private and direct channels those who are in it may write, whatever their role: whoever let them in decided it. */
export function mayWrite(channel: { readonly kind: ChannelKind; readonly guests: boolean }, rights: Rights): boolean {
  if (channel.kind === 'announce') return rights.announce
  if (channel.kind === 'open') return rights.post || channel.guests
  return channel.kind !== 'own'
}

export function mayReact(channel: { readonly kind: ChannelKind; readonly guests: boolean }, rights: Rights): boolean {
  if (channel.kind === 'announce' || channel.kind === 'open') return rights.post || channel.guests
  return channel.kind !== 'own'
}

/** Name, topic, archive; nobody's in channels that persons alone name. */
export function mayChange(
  channel: { readonly kind: ChannelKind; readonly creator: PersonDid | undefined },
  author: PersonDid,
  rights: Rights,
): boolean {
  if (channel.kind === 'direct' || channel.kind === 'own') return false
  return rights.moderate || channel.creator === author
}

/** What the public may read; the rest is sealed. */
export function isPublic(kind: ChannelKind): boolean {
  return kind === 'open' || kind === 'announce'
}

// ---- mutes

/**
 * Whether what stands at a time was written while muted; `last`: when the last mute before it, by order, ends: null when
 * somebody must lift it, 0 where it was lifted; undefined: there was none.
 */
export function isMuted(last: { readonly untilMs: number | null } | undefined, ms: number): boolean {
  return last !== undefined && (last.untilMs === null || ms < last.untilMs)
}

// ---- who is in a private channel, and its keys

/** An entry that makes a channel or hands out a key of it. */
export interface Step {
  readonly place: Place
  readonly author: PersonDid
  readonly founding: boolean
  readonly moderate: boolean
  readonly key: string
  readonly persons: readonly PersonDid[]
}

/** Who is in the channel from a place on. */
export interface Membership {
  readonly place: Place
  readonly persons: readonly PersonDid[]
}

export interface Folded {
  readonly history: readonly Membership[]
  /** The key to write with: the last one by order. */
  readonly key: string | undefined
  /** The steps that count for it, whose `covers` say who has it. */
  readonly keySteps: readonly Place[]
}

/**
 * Goes through the steps of a channel in order. One counts when its author is in the channel there, and may make the
 * change of persons that it makes: whoever made the channel and moderators any; the others may add, and leave. The
 * persons of `direct` and `own` never change.
 */
export function foldSteps(kind: ChannelKind, creator: PersonDid, steps: readonly Step[]): Folded {
  const history: Membership[] = []
  let key: string | undefined
  let keySteps: Place[] = []
  for (const step of steps) {
    const present = history.at(-1)?.persons
    if (!stepCounts(kind, creator, present, step)) continue
    const persons = present !== undefined && step.founding ? present : step.persons
    if (present === undefined || !sameList(present, persons)) history.push({ place: step.place, persons })
    if (step.key !== key) keySteps = []
    key = step.key
    keySteps.push(step.place)
  }
  return { history, key, keySteps }
}

function stepCounts(
  kind: ChannelKind,
  creator: PersonDid,
  present: readonly PersonDid[] | undefined,
  step: Step,
): boolean {
  if (present === undefined) return step.founding
  if (!present.includes(step.author)) return false
  // Two computers made the channel before they knew of each other: the later one only adds its key.
  if (step.founding || sameList(present, step.persons)) return true
  if (kind !== 'private') return false
  if (step.author === creator || step.moderate) return true
  return present.every((person) => person === step.author || step.persons.includes(person))
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}

/** Whether the person was in the channel at `place`. Its founding entry's own place is inside. */
export function wasIn(history: readonly Membership[], person: PersonDid, place: Place): boolean {
  const last = history.findLast((membership) => comparePlaces(membership.place, place) <= 0)
  return last?.persons.includes(person) ?? false
}

/** How a channel's key fits those who are in it now: `renew` when somebody has it who should not have the next message. */
export function keyState(
  covers: ReadonlySet<string>,
  devices: readonly string[],
): { readonly renew: boolean; readonly missing: readonly string[] } {
  const active = new Set(devices.map(coverOf))
  return {
    renew: [...covers].some((cover) => !active.has(cover)),
    missing: devices.filter((device) => !covers.has(coverOf(device))),
  }
}

/** A device as `covers` names it: its first 8 bytes. */
export function coverOf(device: string): string {
  return device.slice(0, 16)
}
