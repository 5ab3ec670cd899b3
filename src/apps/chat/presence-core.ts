// Who is here and who is typing where: a pure state machine over ephemeral messages. Nothing of it is ever written down,
// all of it expires, and a person who switched it off neither says nor is shown anything.
//
// Must stay true: what others say costs bounded memory (persons, places each) and a bounded rate; what we say is
// bounded however often somebody presses a key.

import { TokenBucket } from '../../base/bounded.ts'
import type { PersonDid } from '../../identity/types.ts'
import {
  presenceEveryMs,
  presenceExpiresMs,
  presenceMessagesBurst,
  presenceMessagesPerSecond,
  presencePersonsMax,
  typingEveryMs,
  typingExpiresMs,
  typingPlacesMax,
} from './limits.ts'
import type { PresenceMessage, PresenceState } from './presence-wire.ts'

interface Heard {
  state: PresenceState
  untilMs: number
  /** Place → until when. */
  readonly typing: Map<string, number>
  readonly bucket: TokenBucket
}

/** Changed by {@link stepPresence} only. */
export interface Presence {
  readonly persons: Map<PersonDid, Heard>
  /** Place → when it was last said that we type there. */
  readonly said: Map<string, number>
  on: boolean
  away: boolean
  saidHereMs: number | undefined
}

export type PresenceInput =
  /** From another member. */
  | { readonly type: 'received'; readonly person: PersonDid; readonly message: PresenceMessage }
  /** This person pressed a key in a channel, or emptied or sent what they had written. */
  | { readonly type: 'typed'; readonly place: string; readonly on: boolean }
  /** This person looks at Peerhood, or does not. */
  | { readonly type: 'looked'; readonly away: boolean }
  /** Presence and typing are wanted, or not. */
  | { readonly type: 'switched'; readonly on: boolean }
  /** Time went by. */
  | { readonly type: 'tick' }

export type PresenceEffect =
  | { readonly type: 'publish'; readonly message: PresenceMessage }
  /** What is shown of this person changed. */
  | { readonly type: 'changed'; readonly person: PersonDid }
  /** Said too much: whoever carries it may mark the sender. */
  | { readonly type: 'flooded'; readonly person: PersonDid }

/** What is shown of a person. */
export interface Seen {
  readonly state: 'here' | 'away' | 'gone'
  readonly typing: readonly string[]
}

export function createPresenceState(): Presence {
  return { persons: new Map(), said: new Map(), on: true, away: false, saidHereMs: undefined }
}

export function stepPresence(presence: Presence, input: PresenceInput, nowMs: number): readonly PresenceEffect[] {
  switch (input.type) {
    case 'received':
      return presence.on ? received(presence, input.person, input.message, nowMs) : []
    case 'typed':
      return presence.on ? typed(presence, input.place, input.on, nowMs) : []
    case 'looked':
      if (presence.away === input.away) return []
      presence.away = input.away
      return presence.on ? sayHere(presence, nowMs) : []
    case 'switched':
      return switched(presence, input.on, nowMs)
    case 'tick':
      return tick(presence, nowMs)
  }
}

/** The next time at which a `tick` is due; undefined while switched off. */
export function nextTickMs(presence: Presence): number | undefined {
  if (!presence.on) return undefined
  let next = (presence.saidHereMs ?? Number.NEGATIVE_INFINITY) + presenceEveryMs
  for (const heard of presence.persons.values()) {
    next = Math.min(next, heard.untilMs, ...heard.typing.values())
  }
  return next
}

export function seenOf(presence: Presence, person: PersonDid, nowMs: number): Seen {
  const heard = presence.persons.get(person)
  if (!presence.on || heard === undefined || heard.untilMs <= nowMs) return { state: 'gone', typing: [] }
  const typing = [...heard.typing].filter(([, untilMs]) => untilMs > nowMs).map(([place]) => place)
  return { state: heard.state, typing }
}

function received(presence: Presence, person: PersonDid, message: PresenceMessage, nowMs: number): PresenceEffect[] {
  const heard = heardOf(presence, person, nowMs)
  if (!heard.bucket.take(nowMs)) return [{ type: 'flooded', person }]
  const before = JSON.stringify(seenOf(presence, person, nowMs))
  if (message.kind === 'here') {
    heard.state = message.state
    heard.untilMs = message.state === 'gone' ? nowMs : nowMs + presenceExpiresMs
    if (message.state === 'gone') heard.typing.clear()
  } else {
    takeTyping(heard, message.place, message.on, nowMs)
  }
  return JSON.stringify(seenOf(presence, person, nowMs)) === before ? [] : [{ type: 'changed', person }]
}

function takeTyping(heard: Heard, place: string, on: boolean, nowMs: number): void {
  heard.typing.delete(place)
  if (!on) return
  heard.typing.set(place, nowMs + typingExpiresMs)
  const [oldest] = heard.typing.keys()
  if (heard.typing.size > typingPlacesMax && oldest !== undefined) heard.typing.delete(oldest)
  // Who types is here.
  if (heard.untilMs <= nowMs + typingExpiresMs) {
    heard.state = 'here'
    heard.untilMs = nowMs + typingExpiresMs
  }
}

/** The least recently heard makes room; their bucket goes too, so a newcomer begins with a full one. */
function heardOf(presence: Presence, person: PersonDid, nowMs: number): Heard {
  const { persons } = presence
  const known = persons.get(person)
  persons.delete(person)
  const heard = known ?? {
    state: 'gone' as const,
    untilMs: nowMs,
    typing: new Map(),
    bucket: new TokenBucket({ perSecond: presenceMessagesPerSecond, burst: presenceMessagesBurst, nowMs }),
  }
  persons.set(person, heard)
  const [oldest] = persons.keys()
  if (persons.size > presencePersonsMax && oldest !== undefined) persons.delete(oldest)
  return heard
}

function typed(presence: Presence, place: string, on: boolean, nowMs: number): PresenceEffect[] {
  const saidMs = presence.said.get(place)
  if (on && saidMs !== undefined && nowMs - saidMs < typingEveryMs) return []
  if (!on && saidMs === undefined) return []
  presence.said.delete(place)
  if (on) presence.said.set(place, nowMs)
  const [oldest] = presence.said.keys()
  if (presence.said.size > typingPlacesMax && oldest !== undefined) presence.said.delete(oldest)
  return [{ type: 'publish', message: { kind: 'typing', place, on } }]
}

function sayHere(presence: Presence, nowMs: number): PresenceEffect[] {
  presence.saidHereMs = nowMs
  return [{ type: 'publish', message: { kind: 'here', state: presence.away ? 'away' : 'here' } }]
}

function switched(presence: Presence, on: boolean, nowMs: number): PresenceEffect[] {
  if (presence.on === on) return []
  presence.on = on
  if (on) return sayHere(presence, nowMs)
  const shown = [...presence.persons.keys()]
  presence.persons.clear()
  presence.said.clear()
  presence.saidHereMs = undefined
  const told = shown.map((person): PresenceEffect => ({ type: 'changed', person }))
  return [{ type: 'publish', message: { kind: 'here', state: 'gone' } }, ...told]
}

function tick(presence: Presence, nowMs: number): PresenceEffect[] {
  if (!presence.on) return []
  const effects: PresenceEffect[] = []
  for (const [person, heard] of presence.persons) {
    if (expire(presence, person, heard, nowMs)) effects.push({ type: 'changed', person })
  }
  for (const [place, saidMs] of presence.said) if (nowMs - saidMs >= typingExpiresMs) presence.said.delete(place)
  if (presence.saidHereMs === undefined || nowMs - presence.saidHereMs >= presenceEveryMs) {
    effects.push(...sayHere(presence, nowMs))
  }
  return effects
}

/** Forgets what is over; whether something that was shown is not any more. */
function expire(presence: Presence, person: PersonDid, heard: Heard, nowMs: number): boolean {
  let changed = false
  for (const [place, untilMs] of heard.typing) {
    if (untilMs > nowMs) continue
    heard.typing.delete(place)
    changed = true
  }
  if (heard.untilMs > nowMs) return changed
  presence.persons.delete(person)
  return true
}
