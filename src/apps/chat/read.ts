// What is read of the view: channels with their counts, pages of messages, reports, mutes. A channel can be read when it is
// open to all, or this person is in it now and its name could be opened; everything else does not exist here.

import type { Database, Statement } from '../../base/database.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { type ChannelRow, readRow } from './channels.ts'
import { comparePlaces, generalChannel, isPublic } from './core.ts'
import { chatErrors } from './errors.ts'
import { channelsListedMax, channelsPerPersonMax, pageMessagesMax, unreadCountMax } from './limits.ts'
import { isMessage, type MessageRow, readMessage } from './messages.ts'
import { columnsOf, numberOf, personsOf, placeOfRow, type Row, textOf } from './rows.ts'
import type {
  Attachment,
  Channel,
  ChannelId,
  Message,
  MessageId,
  MessagePage,
  Mute,
  PageAt,
  Reaction,
  Report,
} from './types.ts'
import type { ChatView } from './view.ts'
import type { Place } from './wire.ts'

export interface ReaderParts {
  /** The view. */
  readonly database: Database
  /** Where this computer's own marks are. */
  readonly kept: Database
  readonly view: Pick<ChatView, 'channels' | 'messages'>
  readonly self: () => PersonDid
  /** When this person came into the community: what is older was never unread. */
  readonly since: (community: CommunityId) => number
  /** Whether this person may see what moderators hide. */
  readonly moderates: (community: CommunityId) => boolean
  /** Whether it is a conversation of two, which has one channel; none is unless said otherwise. */
  readonly isOfTwo?: (community: CommunityId) => boolean
}

export type Reader = ReturnType<typeof createReader>

/** A row and what its page needs besides. */
interface Context {
  readonly id: CommunityId
  readonly channel: ChannelRow
  readonly moderates: boolean
}

export function createReader({ database, kept, view, self, since, moderates, isOfTwo }: ReaderParts) {
  const idOfNumber = database.prepare('SELECT id FROM chat_communities WHERE n = ?')
  const numberOfId = database.prepare('SELECT n FROM chat_communities WHERE id = ?')
  const mine = database.prepare(
    `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY creator ORDER BY ms, count, entry) AS rank FROM chat_channels
       WHERE community = ? AND mine = 1 AND kind <> 'own') WHERE rank <= ${channelsPerPersonMax} OR creator IS NULL
     ORDER BY ms, count, entry`,
  )
  const rank = database.prepare(
    `SELECT count(*) AS count FROM (SELECT 1 FROM chat_channels WHERE community = ?1 AND creator = ?2 AND mine = 1
       AND kind <> 'own' AND (ms, count, entry) < (SELECT ms, count, entry FROM chat_channels WHERE n = ?3)
     LIMIT ${channelsPerPersonMax})`,
  )
  const isMine = database.prepare('SELECT mine FROM chat_channels WHERE n = ?')
  const fields = database.prepare('SELECT field, value FROM chat_fields WHERE channel = ?')
  const lastMessage = database.prepare(
    `SELECT ms FROM chat_messages WHERE channel = ? AND shown = 1 AND thread = '' ORDER BY ms DESC, count DESC, id DESC LIMIT 1`,
  )
  // Rows of the very millisecond aside, the indices have all that is asked for.
  const countAfter = (condition: string) =>
    database.prepare(
      `SELECT count(*) AS count FROM (SELECT 1 FROM chat_messages WHERE channel = ?1 AND ${condition}
         AND ms >= ?2 AND (ms > ?2 OR (count, id) > (?3, ?4)) LIMIT ${unreadCountMax})`,
    )
  const unreadInChannel = countAfter("shown = 1 AND thread = '' AND countable = 1")
  const mentions = countAfter('countable = 1 AND mentioned = 1')
  const mentionsInThreads = countAfter("countable = 1 AND mentioned = 1 AND thread <> ''")
  const readThere = database.prepare('SELECT ms, count, id FROM chat_reads WHERE community = ? AND channel = ?')
  const readHere = kept.prepare('SELECT ms, count, id FROM chat_marks WHERE community = ? AND channel = ?')
  const inPlace = 'channel = ? AND shown = 1 AND thread = ?'
  const before = database.prepare(
    `SELECT * FROM chat_messages WHERE ${inPlace} AND (ms, count, id) < (?, ?, ?)
     ORDER BY ms DESC, count DESC, id DESC LIMIT ?`,
  )
  const from = database.prepare(
    `SELECT * FROM chat_messages WHERE ${inPlace} AND (ms, count, id) >= (?, ?, ?) ORDER BY ms, count, id LIMIT ?`,
  )
  const byId = database.prepare(`SELECT * FROM chat_messages WHERE ${isMessage}`)
  const replies = database.prepare('SELECT replies FROM chat_threads WHERE message = ?')
  const reactions = database.prepare(
    'SELECT person, emoji, ms, count, id FROM chat_reactions WHERE message = ? AND is_on = 1 ORDER BY ms, count, id',
  )
  const reportRows = database.prepare(
    'SELECT * FROM chat_reports WHERE community = ? ORDER BY ms DESC, count DESC, id DESC',
  )
  const muteRows = database.prepare('SELECT * FROM chat_mutes WHERE community = ? ORDER BY ms, count, id')

  function number(id: CommunityId): number | undefined {
    const row = numberOfId.get(id)
    return row === undefined ? undefined : numberOf(row, 'n')
  }

  /** The same; throws for a community that is not here. */
  function known(id: CommunityId): number | undefined {
    since(id)
    return number(id)
  }

  function fieldsOf(channel: ChannelRow): ReadonlyMap<string, string> {
    return new Map(fields.all(channel.n).map((row) => [textOf(row, 'field'), textOf(row, 'value')]))
  }

  /** The channel, if this person can read it. */
  function visible(id: CommunityId, channelId: ChannelId): ChannelRow | undefined {
    const community = number(id)
    const channel = community === undefined ? undefined : view.channels.find(community, channelId)
    return channel !== undefined && isVisible(channel) ? channel : undefined
  }

  /** A conversation of two has `general`: others that somebody makes there are shown to nobody. */
  function isAside({ id, community }: ChannelRow): boolean {
    if (id === generalChannel || isOfTwo === undefined) return false
    return isOfTwo(textOf(idOfNumber.get(community) ?? {}, 'id') as CommunityId)
  }

  function isVisible(channel: ChannelRow): boolean {
    if (isAside(channel)) return false
    if (channel.kind === 'own' || Number(isMine.get(channel.n)?.mine) !== 1) return false
    if (channel.kind === 'private' && !fieldsOf(channel).has('name')) return false
    if (channel.creator === undefined) return true
    return numberOf(rank.get(channel.community, channel.creator, channel.n) ?? {}, 'count') < channelsPerPersonMax
  }

  function need(id: CommunityId, channelId: ChannelId): ChannelRow {
    const channel = visible(id, channelId)
    if (channel !== undefined) return channel
    throw chatErrors.channel_unknown('This community has no such channel that you can read.')
  }

  /** How far this person has read: here, on another device, or when they came. */
  function markOf(id: CommunityId, channel: { readonly id: ChannelId }): Place {
    const marks = [readThere.get(number(id) ?? -1, channel.id), readHere.get(id, channel.id)].flatMap((row) => {
      return row === undefined ? [] : [placeOfRow(row)]
    })
    const [first, second] = marks
    if (first === undefined) return { ms: since(id), count: 0, id: '' }
    return second !== undefined && comparePlaces(second, first) > 0 ? second : first
  }

  function count(statement: Statement, { n }: ChannelRow, mark: readonly [number, number, string]): number {
    return numberOf(statement.get(n, ...mark) ?? {}, 'count')
  }

  function channelOf(id: CommunityId, channel: ChannelRow): Channel {
    const values = fieldsOf(channel)
    const mark = columnsOf(markOf(id, channel))
    const last = lastMessage.get(channel.n)
    return {
      community: id,
      id: channel.id,
      name: values.get('name') ?? (channel.id === generalChannel ? 'general' : ''),
      topic: values.get('topic') ?? '',
      kind: channel.kind === 'own' ? 'private' : channel.kind,
      persons: isPublic(channel.kind) ? undefined : channel.folded.history.at(-1)?.persons,
      guests: channel.guests,
      archived: values.get('archived') === '1',
      unread: Math.min(unreadCountMax, count(unreadInChannel, channel, mark) + count(mentionsInThreads, channel, mark)),
      mentions: count(mentions, channel, mark),
      lastMessageMs: last === undefined ? undefined : numberOf(last, 'ms'),
    }
  }

  function channels(id: CommunityId): readonly Channel[] {
    const community = known(id)
    if (community === undefined) return [untouched(id)]
    const rows = mine
      .all(community)
      .map(readRow)
      .filter((row) => !isAside(row))
    const named = rows.filter((row) => row.kind !== 'private' || fieldsOf(row).has('name'))
    const listed = named.map((row) => channelOf(id, row))
    return [...listed.filter((channel) => !channel.archived), ...listed.filter((channel) => channel.archived)].slice(
      0,
      channelsListedMax,
    )
  }

  function channel(id: CommunityId, channelId: ChannelId): Channel {
    if (channelId === generalChannel && known(id) === undefined) return untouched(id)
    return channelOf(id, need(id, channelId))
  }

  function context(id: CommunityId, of: ChannelRow): Context {
    return { id, channel: of, moderates: moderates(id) }
  }

  function reactionsOf(at: Context, n: number): readonly Reaction[] {
    const persons = new Map<string, PersonDid[]>()
    for (const row of reactions.all(n)) {
      const person = textOf(row, 'person') as PersonDid
      if (!view.messages.speaks(at.channel, person, placeOfRow(row))) continue
      const emoji = textOf(row, 'emoji')
      const of = persons.get(emoji)
      if (of === undefined) persons.set(emoji, [person])
      else of.push(person)
    }
    return [...persons].map(([emoji, of]) => ({ emoji, persons: of }))
  }

  function repliesOf(message: number): number {
    const row = replies.get(message)
    return row === undefined ? 0 : numberOf(row, 'replies')
  }

  function messageOf(at: Context, raw: Row): Message {
    const row = readMessage(raw)
    const readable = !row.hidden || at.moderates || row.person === self()
    return {
      community: at.id,
      channel: at.channel.id,
      id: row.place.id as MessageId,
      person: row.person,
      sentMs: row.place.ms,
      text: readable ? row.text : '',
      replyTo: raw.reply === null ? undefined : (textOf(raw, 'reply') as MessageId),
      thread: row.thread === '' ? undefined : (row.thread as MessageId),
      replies: repliesOf(row.n),
      mentions: personsOf(row.mentions),
      attachments: readable ? filesOf(row) : [],
      reactions: row.deleted ? [] : reactionsOf(at, row.n),
      editedMs: row.editedMs ?? undefined,
      deleted: row.deleted,
      hidden: row.hidden ? hiddenBy(raw) : undefined,
    }
  }

  function messages(
    id: CommunityId,
    channelId: ChannelId,
    options: PageAt & { readonly limit: number; readonly thread?: MessageId },
  ): MessagePage {
    const { limit, thread = '' } = options
    checkLimit(limit, pageMessagesMax)
    const mark = options.before ?? options.after
    const marked = mark === undefined ? theEnd : parseMark(mark)
    if (channelId === generalChannel && known(id) === undefined) return nothing
    const at = context(id, need(id, channelId))
    const place = options.around === undefined ? marked : placeIn(at, options.around, thread)
    const half = options.around === undefined ? 0 : limit >> 1
    const [older, newer] = options.after === undefined ? [limit - half, half] : [0, limit]
    // One more each: whether there is more.
    const olderRows = before.all(at.channel.n, thread, ...columnsOf(place), older + 1)
    const newerRows = from.all(at.channel.n, thread, ...columnsOf(place), newer + 1)
    const rows = [...olderRows.slice(0, older).reverse(), ...newerRows.slice(0, newer)]
    const [first] = rows
    const next = newerRows[newer]
    return {
      messages: rows.map((row) => messageOf(at, row)),
      before: olderRows.length > older ? formatMark(first === undefined ? place : placeOfRow(first)) : undefined,
      after: next === undefined ? undefined : formatMark(placeOfRow(next)),
    }
  }

  /** Where a message of this channel, and this thread, stands. */
  function placeIn({ id, channel }: Context, messageId: MessageId, thread: string): Place {
    const found = find(id, messageId)
    if (found?.channel.n !== channel.n || found.row.thread !== thread) throw unknownMessage()
    return found.row.place
  }

  /** The message with its channel, when both can be read. */
  function find(
    id: CommunityId,
    message: MessageId,
  ): { readonly row: MessageRow; readonly channel: ChannelRow } | undefined {
    const raw = byId.get(message)
    const of = raw === undefined ? undefined : view.channels.byNumber(numberOf(raw, 'channel'))
    if (raw === undefined || of === undefined || of.community !== number(id)) return undefined
    const row = readMessage(raw)
    return row.shown && isVisible(of) ? { row, channel: of } : undefined
  }

  function message(id: CommunityId, messageId: MessageId): Message {
    const found = find(id, messageId)
    const raw = byId.get(messageId)
    if (found === undefined || raw === undefined) throw unknownMessage()
    return messageOf(context(id, found.channel), raw)
  }

  function reports(id: CommunityId): readonly Report[] {
    const community = number(id)
    if (community === undefined || !moderates(id)) return []
    return reportRows.all(community).flatMap((row) => {
      const of = textOf(row, 'message') as MessageId
      if (find(id, of) === undefined) return []
      const by = textOf(row, 'person') as PersonDid
      return [{ message: message(id, of), by, reason: textOf(row, 'reason'), atMs: numberOf(row, 'ms') }]
    })
  }

  function mutes(id: CommunityId, nowMs: number): readonly Mute[] {
    const last = new Map<PersonDid, Mute>()
    for (const row of muteRows.all(number(id) ?? -1)) {
      const person = textOf(row, 'person') as PersonDid
      const untilMs = row.until_ms === null ? undefined : numberOf(row, 'until_ms')
      const by = textOf(row, 'author') as PersonDid
      last.set(person, { person, by, reason: textOf(row, 'reason'), sinceMs: numberOf(row, 'ms'), untilMs })
    }
    return [...last.values()].filter(({ untilMs }) => untilMs === undefined || untilMs > nowMs)
  }

  return {
    number,
    visible,
    isVisible,
    need,
    markOf,
    channels,
    channel,
    channelOf,
    messages,
    message,
    messageOf,
    context,
    find,
    reports,
    mutes,
  }
}

/** Every community has it, before anyone has written anything. */
function untouched(community: CommunityId): Channel {
  return {
    community,
    id: generalChannel,
    name: 'general',
    topic: '',
    kind: 'open',
    persons: undefined,
    guests: false,
    archived: false,
    unread: 0,
    mentions: 0,
    lastMessageMs: undefined,
  }
}

function filesOf(row: MessageRow): readonly Attachment[] {
  return row.files === '' ? [] : (JSON.parse(row.files) as Attachment[])
}

function hiddenBy(raw: Row): { readonly by: PersonDid; readonly reason: string } {
  return { by: textOf(raw, 'hide_by') as PersonDid, reason: textOf(raw, 'hide_reason') }
}

export function unknownMessage() {
  return chatErrors.message_unknown('This community has no such message that you can read.')
}

export function checkLimit(limit: number, max: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return
  throw chatErrors.limit_wrong(`A limit is a whole number from 1 to ${max}.`)
}

// ---- page marks: the place of the oldest message of a page, which `before` goes back from and `after` on from

const nothing: MessagePage = { messages: [], before: undefined, after: undefined }

const theEnd: Place = { ms: Number.MAX_SAFE_INTEGER, count: 0, id: '' }

export function formatMark({ ms, count, id }: Place): string {
  return `${ms.toString(36)}.${count.toString(36)}.${id}`
}

/** Throws `page_mark_wrong`. */
export function parseMark(text: string): Place {
  const match = /^([0-9a-z]{1,11})\.([0-9a-z]{1,7})\.([0-9a-f]{64})$/.exec(text)
  const [ms, count] = [Number.parseInt(match?.[1] ?? '', 36), Number.parseInt(match?.[2] ?? '', 36)]
  const place = { ms, count, id: match?.[3] ?? '' }
  if (match !== null && Number.isSafeInteger(ms) && Number.isSafeInteger(count) && formatMark(place) === text)
    return place
  throw chatErrors.page_mark_wrong('This is not the mark of a page.')
}
