// How messages are laid out and what is typed becomes. Pure.

import type { Channel, ChannelPatch, Member, Message, Mute, Presence } from '../../../../src/sdk/types.ts'

/** Messages of one person that stand closer than this are one group: the name stands once. */
const groupMsMax = 5 * 60 * 1000

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly atMs: number }
  | { readonly kind: 'new'; readonly key: string }
  | { readonly kind: 'message'; readonly key: string; readonly message: Message; readonly isGrouped: boolean }

/** What stands in a page: messages, a line where a day begins, and one before the first unread message. */
export function rowsOf(messages: readonly Message[], before: Message | undefined, newFrom: string | undefined): Row[] {
  const rows: Row[] = []
  let last = before
  for (const message of messages) {
    const isNewDay = last === undefined || dayOf(last.sentMs) !== dayOf(message.sentMs)
    const isFirstNew = message.id === newFrom
    if (isNewDay) rows.push({ kind: 'day', key: `day ${message.id}`, atMs: message.sentMs })
    if (isFirstNew) rows.push({ kind: 'new', key: 'new' })
    const isGrouped = !isNewDay && !isFirstNew && last !== undefined && isOneGroup(last, message)
    rows.push({ kind: 'message', key: message.id, message, isGrouped })
    last = message
  }
  return rows
}

function isOneGroup(a: Message, b: Message): boolean {
  return a.person === b.person && b.replyTo === null && b.sentMs - a.sentMs < groupMsMax && b.sentMs >= a.sentMs
}

/** The day of a time here, as a number that differs from day to day. */
export function dayOf(ms: number): number {
  const date = new Date(ms)
  return (date.getFullYear() * 12 + date.getMonth()) * 31 + date.getDate()
}

const dayFormat = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' })
const yearFormat = new Intl.DateTimeFormat('en', { dateStyle: 'long' })
const timeFormat = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const momentFormat = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short', hourCycle: 'h23' })

/** `Today`, `Yesterday`, `Monday, 3 March`, and with the year when it is another one. */
export function dayText(ms: number, nowMs: number): string {
  const day = dayOf(ms)
  if (day === dayOf(nowMs)) return 'Today'
  const yesterday = new Date(nowMs)
  yesterday.setDate(yesterday.getDate() - 1)
  if (day === dayOf(yesterday.getTime())) return 'Yesterday'
  return (new Date(ms).getFullYear() === new Date(nowMs).getFullYear() ? dayFormat : yearFormat).format(ms)
}

/** `14:05`. */
export function timeText(ms: number): string {
  return timeFormat.format(ms)
}

/** Day and time in full. */
export function momentText(ms: number): string {
  return momentFormat.format(ms)
}

/** The first of the last `unread` messages of others; undefined when none is unread, or more are than are held. */
export function firstUnread(
  messages: readonly Message[],
  unread: number,
  self: string | undefined,
): string | undefined {
  let left = unread
  for (let at = messages.length - 1; at >= 0 && left > 0; at--) {
    const message = messages[at]
    if (message === undefined || message.person === self) continue
    left -= 1
    if (left === 0) return message.id
  }
  return undefined
}

/** What stands in one line for a message elsewhere: in an answer to it, in a notification. */
export function excerptOf(message: Message, charsMax = 140): string {
  if (message.deleted) return 'Deleted'
  if (message.hidden !== null) return 'Hidden'
  const text = message.text.replace(/\s+/g, ' ').trim()
  if (text === '') return message.attachments.map(({ name }) => name).join(', ')
  return text.length <= charsMax ? text : `${[...text].slice(0, charsMax).join('')}…`
}

/** When each person was last heard to type, and in answer to which word of theirs; times are this computer's. */
export type Typing = ReadonlyMap<string, { readonly changedMs: number; readonly seenMs: number }>

/** Somebody who stops typing does not say so: it is over by itself. */
export const typingMsMax = 8000

/** What is heard of typing in a channel: a new word begins the time anew, an old one does not. */
export function stepTyping(
  typing: Typing,
  presence: Iterable<Presence>,
  channel: string,
  self: string | undefined,
  nowMs: number,
): Typing {
  const next = new Map<string, { changedMs: number; seenMs: number }>()
  for (const { person, typing: where, changedMs } of presence) {
    if (where !== channel || person === self) continue
    const known = typing.get(person)
    next.set(person, known?.changedMs === changedMs ? known : { changedMs, seenMs: nowMs })
  }
  return next
}

/** Those who are typing now. `written`: until when each has written what they typed. */
export function typingPersons(typing: Typing, written: ReadonlyMap<string, number>, nowMs: number): string[] {
  return [...typing]
    .filter(([person, { seenMs }]) => nowMs - seenMs < typingMsMax && (written.get(person) ?? -1) < seenMs)
    .map(([person]) => person)
}

/** `Ada is typing`, `Ada and Bo are typing`, `Several people are typing`. */
export function typingText(names: readonly string[]): string {
  const [first, second] = names
  if (first === undefined) return ''
  if (names.length > 2) return 'Several people are typing'
  return second === undefined ? `${first} is typing` : `${first} and ${second} are typing`
}

/** A name that is begun with `@` right before the caret. */
export interface MentionStart {
  /** Where the `@` stands. */
  readonly at: number
  readonly typed: string
}

/** Longer than a name may be, nothing is completed. */
const nameCharsMax = 64

export function mentionAt(text: string, caret: number): MentionStart | undefined {
  const at = text.lastIndexOf('@', caret - 1)
  if (at < 0 || caret - at > nameCharsMax + 1) return undefined
  // `mail@example.org` names nobody.
  if (at > 0 && /[\p{L}\p{N}_.@]/u.test(text[at - 1] ?? '')) return undefined
  const typed = text.slice(at + 1, caret)
  return /^(?:[^\s@]+(?: [^\s@]+)*)?$/u.test(typed) ? { at, typed } : undefined
}

/** Names shown to choose from. */
const choicesMax = 6

/** Members whose name, or a word of it, begins with what was typed; those who are in. */
export function mentionChoices(members: Iterable<Member>, typed: string, self: string | undefined): Member[] {
  const wanted = fold(typed)
  const score = (name: string) => {
    const folded = fold(name)
    if (folded.startsWith(wanted)) return 0
    return folded.split(/\s+/).some((word) => word.startsWith(wanted)) ? 1 : 2
  }
  return [...members]
    .filter(({ person, state }) => state === 'active' && person !== self)
    .map((member) => ({ member, score: score(member.name) }))
    .filter(({ score: its }) => its < 2)
    .sort((a, b) => a.score - b.score || a.member.name.localeCompare(b.member.name, 'en'))
    .slice(0, choicesMax)
    .map(({ member }) => member)
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase('en')
}

/** What names a member so that everybody reads the same: `@Ada`, `@[Ada Lovelace]`, or the person when two are called so. */
export function mentionOf(member: Member, members: Iterable<Member>): string {
  const name = member.name.trim()
  const isTaken = [...members].some(
    (other) =>
      other.person !== member.person && other.state === 'active' && other.name.toLowerCase() === name.toLowerCase(),
  )
  if (isTaken || name.length > 100 || /[[\]\n\\]/.test(name) || name === '') return `@${member.person}`
  const isWord = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}._-]{0,62}[\p{L}\p{M}\p{N}_])?$/u.test(name)
  return isWord ? `@${name}` : `@[${name}]`
}

/** The text with the mention written out, and where the caret stands after it. */
export function completeMention(text: string, start: MentionStart, mention: string): { text: string; caret: number } {
  const before = `${text.slice(0, start.at)}${mention} `
  const rest = text.slice(start.at + 1 + start.typed.length).replace(/^ /, '')
  return { text: before + rest, caret: before.length }
}

/** Whether a text is a few emoji and nothing else: those are shown large. */
export function isOnlyEmoji(text: string): boolean {
  // Almost all texts have a letter (ℹ is one, too); the other expression takes 20 ms to be made ready when it is first used.
  if (/(?!ℹ)\p{L}/u.test(text)) return false
  return /^(?:(?:\p{RGI_Emoji}|\p{Extended_Pictographic})\s*){1,3}$/v.test(text.trim())
}

/** Pictures of pixels only; what else calls itself a picture is a file. */
export function isPicture(mediaType: string): boolean {
  return /^image\/(png|jpeg|gif|webp|avif|bmp|apng)$/.test(mediaType.toLowerCase())
}

/** How long somebody stays muted. */
export function muteText({ untilMs }: Pick<Mute, 'untilMs'>): string {
  if (untilMs === null) return 'until somebody ends it'
  return `until ${new Date(untilMs).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })}`
}

/** Only what was changed of a channel; undefined when nothing was. `self` stays in it. */
export function channelPatchOf(
  channel: Channel,
  next: { readonly name: string; readonly topic: string; readonly persons: readonly string[] },
  self: string | undefined,
): ChannelPatch | undefined {
  const [name, topic] = [next.name.trim(), next.topic.trim()]
  const persons = [...new Set([...(self === undefined ? [] : [self]), ...next.persons])].sort()
  const isSame = persons.join() === [...(channel.persons ?? [])].sort().join()
  const patch: ChannelPatch = {
    ...(name === channel.name ? {} : { name }),
    ...(topic === channel.topic ? {} : { topic }),
    ...(channel.kind !== 'private' || isSame ? {} : { persons }),
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** `Reading 430,000 of 1,000,000 entries.` */
export function readingText({ entries, of }: { readonly entries: number; readonly of: number }): string {
  return `Reading ${entries.toLocaleString('en')} of ${of.toLocaleString('en')} entries.`
}
