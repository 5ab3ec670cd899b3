// The part of the view that holds messages and what was done to them: edits, deletes, reactions, hiding. What is shown of a
// message is one function of its row, its edits and who could speak where and when (`derive`); whatever changes one of those
// calls `update`, which keeps search index, counts of replies and marks for unread in step; `takeOut` is the reverse of all
// of it. Runs in the caller's transaction.

import { type Database, execute } from '../../base/database.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { ChannelRow, Channels } from './channels.ts'
import { comparePlaces, isMuted, isPublic, wasIn } from './core.ts'
import type { Journal } from './journal.ts'
import { editsKeptMax, mutesPerPersonMax, reactionsPerMessageMax, reactionsPerPersonMax } from './limits.ts'
import { createMemo } from './memo.ts'
import type { Newest } from './newest.ts'
import { columnsOf, listToText, numberOf, personsOf, placeOfRow, type Row, textOf } from './rows.ts'
import { type Indexed, notIndexed, type SearchIndex, tagsOf } from './search-index.ts'
import type { MessageId } from './types.ts'
import type { EditAct, MessageAct, Place } from './wire.ts'

/** A row of chat_messages as far as it can change. */
interface Shape {
  readonly text: string
  readonly mentions: string
  readonly files: string
  readonly original: string | null
  readonly editedMs: number | null
  readonly deleted: boolean
  readonly hidden: boolean
  readonly shown: boolean
  readonly countable: boolean
  readonly mentioned: boolean
}

export interface MessageRow extends Shape {
  readonly n: number
  readonly community: number
  readonly channel: number
  readonly place: Place
  readonly arrival: number
  readonly person: PersonDid
  readonly thread: string
  readonly hide: Place | undefined
}

/** What has to be known of a message before something is done to it. */
export interface MessageRef extends Pick<MessageRow, 'n' | 'community' | 'channel' | 'person' | 'thread'> {
  readonly id: MessageId
}

interface MuteRow {
  readonly place: Place
  readonly untilMs: number | null
}

/** That a row is the message of an id, ?1, in words that its index knows (schema.ts). */
export const isMessage = 'substr(id, 1, 12) = substr(?1, 1, 12) AND id = ?1'

/** 2020-01-01: rowids are ms since then × 4096, below 2^53 until 2089. */
const rowidStartMs = 1_577_836_800_000
const rowidsPerMs = 4_096
const rowidMax = Number.MAX_SAFE_INTEGER - 2 ** 40
/** Six digits of an id each; after them one number after the other. */
const attemptsById = 10

export function createMessages(parts: {
  readonly database: Database
  readonly channels: Channels
  readonly journal: Journal
  readonly index: SearchIndex
  readonly newest: Newest
  /** Whether a batch is being taken, in which nobody else writes the tables. */
  readonly isTaking: () => boolean
  readonly self: () => PersonDid
  readonly changed: (message: MessageId, community: number, isNew: boolean) => void
  /** One that was shown is not any more. */
  readonly vanished: (community: number) => void
}) {
  const { database, channels, journal, index, newest, isTaking, self, changed, vanished } = parts
  const select = database.prepare(`SELECT * FROM chat_messages WHERE ${isMessage}`)
  const selectRef = database.prepare(
    `SELECT n, community, channel, person, thread FROM chat_messages WHERE ${isMessage}`,
  )
  const selectN = database.prepare(`SELECT n FROM chat_messages WHERE ${isMessage}`)
  const selectNumber = database.prepare('SELECT * FROM chat_messages WHERE n = ?')
  const insertRow = database.prepare(
    `INSERT OR IGNORE INTO chat_messages (id, n, community, channel, ms, count, arrival, person, text, thread, reply,
       mentions, files, deleted, hidden, shown, countable, mentioned)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)`,
  )
  const writeShape = database.prepare(
    `UPDATE chat_messages SET text = ?, mentions = ?, files = ?, original = ?, edited_ms = ?, deleted = ?, hidden = ?,
       shown = ?, countable = ?, mentioned = ? WHERE n = ?`,
  )
  const writeHide = database.prepare(
    'UPDATE chat_messages SET hide_ms = ?, hide_count = ?, hide_id = ?, hide_by = ?, hide_reason = ? WHERE n = ?',
  )
  const addReplies = database.prepare(
    'INSERT INTO chat_threads (message, replies) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET replies = replies + ?2',
  )
  const dropEmptyThread = database.prepare('DELETE FROM chat_threads WHERE message = ? AND replies = 0')
  const deleteThread = database.prepare('DELETE FROM chat_threads WHERE message = ?')
  const deleteRow = database.prepare('DELETE FROM chat_messages WHERE n = ?')
  const insertEdit = database.prepare(
    'INSERT OR IGNORE INTO chat_edits (message, ms, count, id, text, mentions) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const selectEdits = database.prepare(
    'SELECT * FROM chat_edits WHERE message = ? ORDER BY ms DESC, count DESC, id DESC',
  )
  const countEdits = database.prepare('SELECT count(*) AS count FROM chat_edits WHERE message = ?')
  const surplusEdits = database.prepare(
    `DELETE FROM chat_edits WHERE message = ?1 AND id IN
       (SELECT id FROM chat_edits WHERE message = ?1 ORDER BY ms, count, id LIMIT -1 OFFSET ${editsKeptMax})`,
  )
  const deleteEdits = database.prepare('DELETE FROM chat_edits WHERE message = ?')
  const writeReaction = database.prepare(
    `INSERT INTO chat_reactions (message, person, emoji, ms, count, id, is_on) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     ON CONFLICT DO UPDATE SET ms = ?4, count = ?5, id = ?6, is_on = ?7 WHERE (?4, ?5, ?6) > (ms, count, id)`,
  )
  const deleteReactions = database.prepare('DELETE FROM chat_reactions WHERE message = ?')
  const surplusOfPerson = database.prepare(
    `DELETE FROM chat_reactions WHERE message = ?1 AND person = ?2 AND id IN (SELECT id FROM chat_reactions
       WHERE message = ?1 AND person = ?2 ORDER BY ms DESC, count DESC, id DESC LIMIT -1 OFFSET ${reactionsPerPersonMax})`,
  )
  const countReactions = database.prepare('SELECT count(*) AS count FROM chat_reactions WHERE message = ?')
  const surplusOfMessage = database.prepare(
    `DELETE FROM chat_reactions WHERE message = ?1 AND id IN (SELECT id FROM chat_reactions
       WHERE message = ?1 ORDER BY ms DESC, count DESC, id DESC LIMIT -1 OFFSET ${reactionsPerMessageMax})`,
  )
  const insertMute = database.prepare(
    'INSERT OR IGNORE INTO chat_mutes (community, person, ms, count, id, until_ms, author, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const surplusMute = database.prepare(
    `SELECT ms, count, id FROM chat_mutes WHERE community = ? AND person = ?
     ORDER BY ms DESC, count DESC, id DESC LIMIT 1 OFFSET ${mutesPerPersonMax}`,
  )
  const deleteMutes = database.prepare('DELETE FROM chat_mutes WHERE community = ? AND person = ?')
  const allMutes = database.prepare(
    'SELECT ms, count, id, until_ms FROM chat_mutes WHERE community = ? AND person = ? ORDER BY ms, count, id',
  )
  const deleteMute = database.prepare(
    'DELETE FROM chat_mutes WHERE community = ? AND person = ? AND ms = ? AND count = ? AND id = ?',
  )
  const lastMute = database.prepare(
    `SELECT until_ms FROM chat_mutes WHERE community = ? AND person = ? AND (ms, count, id) < (?, ?, ?)
     ORDER BY ms DESC, count DESC, id DESC LIMIT 1`,
  )
  const messagesFrom = database.prepare(
    `SELECT n FROM chat_messages WHERE n >= ?1 AND community = ?2 AND (?3 IS NULL OR channel = ?3) AND (?4 IS NULL OR person = ?4)
     UNION SELECT message AS n FROM chat_edits JOIN chat_messages ON chat_messages.n = message
     WHERE chat_edits.ms >= ?5 AND community = ?2 AND (?3 IS NULL OR channel = ?3) AND (?4 IS NULL OR person = ?4)`,
  )

  const mutes = createMemo<PersonDid, { readonly community: number; readonly rows: readonly MuteRow[] }>(isTaking)

  function get(id: string): MessageRow | undefined {
    const row = select.get(id)
    return row === undefined ? undefined : readMessage(row)
  }

  /** The same, without what most acts need not know: a row of all columns takes three times as long. */
  function find(id: MessageId): MessageRef | undefined {
    const row = selectRef.get(id)
    if (row === undefined) return undefined
    return {
      id,
      n: numberOf(row, 'n'),
      community: numberOf(row, 'community'),
      channel: numberOf(row, 'channel'),
      person: textOf(row, 'person') as PersonDid,
      thread: textOf(row, 'thread'),
    }
  }

  /** The message that {@link find} found. */
  function whole({ n }: MessageRef): MessageRow {
    return readMessage(selectNumber.get(n) ?? {})
  }

  /** Whether what the person wrote at `place` may be seen: not muted there, and in the channel where it has persons. */
  function speaks(channel: ChannelRow, person: PersonDid, place: Place): boolean {
    if (!isPublic(channel.kind)) return wasIn(channel.folded.history, person, place)
    return !isMuted(muteBefore(channel.community, person, place), place.ms)
  }

  function muteBefore(community: number, person: PersonDid, place: Place): Pick<MuteRow, 'untilMs'> | undefined {
    if (!isTaking()) {
      const row = lastMute.get(community, person, ...columnsOf(place))
      return row === undefined ? undefined : { untilMs: untilOf(row) }
    }
    const known = mutes.get(person, () => ({ community, rows: mutesOf(community, person) }))
    const rows = known.community === community ? known.rows : mutesOf(community, person)
    return rows.findLast((mute) => comparePlaces(mute.place, place) < 0)
  }

  function mutesOf(community: number, person: PersonDid): readonly MuteRow[] {
    return allMutes.all(community, person).map((row) => ({ place: placeOfRow(row), untilMs: untilOf(row) }))
  }

  /** The new message's number; undefined: it is there already. */
  function insert(
    channel: ChannelRow,
    act: MessageAct,
    author: PersonDid,
    at: { readonly place: Place; readonly arrival: number },
  ): number | undefined {
    const { place, arrival } = at
    if (!newest.isBefore(channel.community, arrival) && selectN.get(place.id) !== undefined) return undefined
    const thread = act.thread ?? ''
    const shown = speaks(channel, author, place)
    const { mentioned, countable } = marksOf(channel, author, thread, act.mentions, shown)
    let n = 0
    for (let attempt = 0; ; attempt++) {
      n = numberAt(place, attempt)
      const added = insertRow.run(
        place.id,
        n,
        channel.community,
        channel.n,
        place.ms,
        place.count,
        arrival,
        author,
        act.text,
        thread,
        act.reply ?? null,
        listToText(act.mentions),
        listToText(act.files),
        Number(shown),
        Number(countable),
        Number(mentioned),
      )
      if (Number(added.changes) > 0) break
    }
    newest.raise(channel.community, arrival)
    if (shown) index.change(n, notIndexed, { text: act.text, tags: tagsOf(channel.community, channel.n) })
    if (shown) countReply(thread, channel.community, 1)
    changed(place.id as MessageId, channel.community, true)
    return n
  }

  function countReply(thread: string, community: number, by: number): void {
    const row = thread === '' ? undefined : selectN.get(thread)
    if (row === undefined) return
    const root = numberOf(row, 'n')
    execute(addReplies, root, by)
    if (by < 0) dropEmptyThread.run(root)
    changed(thread as MessageId, community, false)
  }

  function marksOf(
    channel: ChannelRow,
    person: PersonDid,
    thread: string,
    mentions: readonly PersonDid[],
    visible: boolean,
  ): { readonly mentioned: boolean; readonly countable: boolean } {
    const mentioned = channel.kind === 'direct' || mentions.includes(self())
    return { mentioned, countable: visible && person !== self() && (thread === '' || mentioned) }
  }

  /** What a row is, given what was done to its message. */
  function derive(row: MessageRow, channel: ChannelRow): Shape {
    const shown = speaks(channel, row.person, row.place)
    const { text, mentions, original, editedMs } = row.deleted ? row : textOfNow(row, channel)
    const visible = shown && !row.deleted && !row.hidden
    const marks = marksOf(channel, row.person, row.thread, personsOf(mentions), visible)
    return {
      text,
      mentions,
      original,
      editedMs,
      files: row.files,
      deleted: row.deleted,
      hidden: row.hidden,
      shown,
      ...marks,
    }
  }

  function textOfNow(row: MessageRow, channel: ChannelRow): Pick<Shape, 'text' | 'mentions' | 'original' | 'editedMs'> {
    const [text, mentions] = firstText(row)
    for (const edit of selectEdits.iterate(row.n)) {
      if (!speaks(channel, row.person, placeOfRow(edit))) continue
      const original = JSON.stringify([text, mentions])
      return {
        text: textOf(edit, 'text'),
        mentions: textOf(edit, 'mentions'),
        original,
        editedMs: numberOf(edit, 'ms'),
      }
    }
    return { text, mentions, original: null, editedMs: null }
  }

  function update(before: MessageRow, patch: Partial<Shape> = {}): void {
    const channel = channels.byNumber(before.channel)
    if (channel === undefined) return
    const after = derive({ ...before, ...patch }, channel)
    index.change(before.n, searchableOf(before, before), searchableOf(after, before))
    execute(
      writeShape,
      after.text,
      after.mentions,
      after.files,
      after.original,
      after.editedMs,
      Number(after.deleted),
      Number(after.hidden),
      Number(after.shown),
      Number(after.countable),
      Number(after.mentioned),
      before.n,
    )
    if (after.shown !== before.shown) countReply(before.thread, before.community, after.shown ? 1 : -1)
    if (before.shown && !after.shown) vanished(before.community)
    changed(before.place.id as MessageId, before.community, false)
  }

  function edit(ref: MessageRef, act: EditAct, place: Place): void {
    const row = whole(ref)
    if (row.deleted) return
    const mentions = listToText(act.mentions)
    if (Number(insertEdit.run(row.n, ...columnsOf(place), act.text, mentions).changes) === 0) return
    if (numberOf(countEdits.get(row.n) ?? {}, 'count') > editsKeptMax) surplusEdits.run(row.n)
    update(row)
  }

  /** Takes text, files and edits out of the view for good; nothing brings them back. */
  function remove(ref: MessageRef): void {
    const row = whole(ref)
    if (row.deleted) return
    deleteEdits.run(row.n)
    update(row, { deleted: true, text: '', mentions: '', files: '', original: null, editedMs: null })
  }

  function hide(ref: MessageRef, reason: string | undefined, by: PersonDid, place: Place): void {
    const row = whole(ref)
    if (row.hide !== undefined && comparePlaces(place, row.hide) <= 0) return
    writeHide.run(...columnsOf(place), by, reason ?? '', row.n)
    update(row, { hidden: reason !== undefined })
  }

  function react(message: MessageRef, emoji: string, on: boolean, person: PersonDid, place: Place): void {
    const { n, id, community } = message
    execute(writeReaction, n, person, emoji, ...columnsOf(place), Number(on))
    const count = numberOf(countReactions.get(n) ?? {}, 'count')
    if (count > reactionsPerPersonMax) surplusOfPerson.run(n, person)
    if (count > reactionsPerMessageMax) surplusOfMessage.run(n)
    changed(id, community, false)
  }

  function mute(
    community: number,
    facts: {
      readonly person: PersonDid
      readonly untilMs: number | null
      readonly reason: string
      readonly by: PersonDid
      readonly place: Place
    },
  ): void {
    const { person, untilMs, reason, by, place } = facts
    const added = insertMute.run(community, person, ...columnsOf(place), untilMs, by, reason)
    if (Number(added.changes) === 0) return
    mutes.drop(person)
    let from = place
    const surplus = surplusMute.get(community, person)
    if (surplus !== undefined) {
      const oldest = placeOfRow(surplus)
      deleteMute.run(community, person, ...columnsOf(oldest))
      if (comparePlaces(oldest, from) < 0) from = oldest
    }
    judgeAnew(community, null, person, from)
  }

  /** Forgets all mutes of a person, as if they had never been. */
  function dropMutes(community: number, person: PersonDid): void {
    const [first] = allMutes.all(community, person)
    if (first === undefined) return
    deleteMutes.run(community, person)
    mutes.drop(person)
    judgeAnew(community, null, person, placeOfRow(first))
  }

  /**
   * Takes a message out with all that was done to it, and all that answers it with it. Adds the arrivals of the entries
   * that all this came from.
   */
  function takeOut(row: MessageRow, arrivals: Set<number>): void {
    arrivals.add(row.arrival)
    const refs = journal.ofMessage(row.n)
    deleteRow.run(row.n)
    deleteEdits.run(row.n)
    deleteReactions.run(row.n)
    deleteThread.run(row.n)
    journal.dropMessage(row.n)
    index.change(row.n, searchableOf(row, row), notIndexed)
    if (row.shown) countReply(row.thread, row.community, -1)
    if (row.shown) vanished(row.community)
    for (const { arrival, child } of refs) {
      arrivals.add(arrival)
      const answer = child === undefined ? undefined : selectNumber.get(child)
      // A number is given again when its message was taken out.
      if (answer !== undefined && numberOf(answer, 'arrival') === arrival) takeOut(readMessage(answer), arrivals)
    }
  }

  /** Who could speak has changed from a place on. */
  function judgeAnew(community: number, channel: number | null, person: PersonDid | null, from: Place): void {
    const rows = messagesFrom.all(firstNumber(from.ms), community, channel, person, from.ms)
    for (const { n } of rows) {
      const row = selectNumber.get(Number(n))
      if (row !== undefined) update(readMessage(row))
    }
  }

  /** Between batches nothing is remembered. */
  function forget(): void {
    mutes.clear()
  }

  return { get, find, insert, edit, remove, hide, react, mute, dropMutes, speaks, judgeAnew, takeOut, forget }
}

function firstNumber(ms: number): number {
  return Math.min(Math.max(0, ms - rowidStartMs) * rowidsPerMs, rowidMax)
}

/**
 * The numbers that a message may have, one after the other until one is free: of a range that begins with its millisecond
 * and is twice as long at each attempt, by other digits of its id. Whoever wants to be where others are has to make ids
 * that begin with what they chose, 24 bits for each attempt; so however many are of one millisecond, few attempts are needed.
 */
function numberAt({ ms, id }: Place, attempt: number): number {
  const first = firstNumber(ms)
  if (attempt >= attemptsById) return first + (rowidsPerMs << attemptsById) + attempt - attemptsById
  return first + (Number.parseInt(id.slice(attempt * 6, attempt * 6 + 6), 16) % (rowidsPerMs << attempt))
}

/** What the search index holds of a message that is like this. */
export function searchableOf(shape: Shape, { community, channel }: Pick<MessageRow, 'community' | 'channel'>): Indexed {
  const text = shape.shown && !shape.deleted && !shape.hidden ? shape.text : ''
  return text === '' ? notIndexed : { text, tags: tagsOf(community, channel) }
}

function untilOf(row: Row): number | null {
  return row.until_ms === null ? null : numberOf(row, 'until_ms')
}

function firstText(row: MessageRow): [string, string] {
  return row.original === null ? [row.text, row.mentions] : (JSON.parse(row.original) as [string, string])
}

export function readMessage(row: Row): MessageRow {
  const flag = (name: string) => numberOf(row, name) === 1
  return {
    n: numberOf(row, 'n'),
    community: numberOf(row, 'community'),
    channel: numberOf(row, 'channel'),
    place: placeOfRow(row),
    arrival: numberOf(row, 'arrival'),
    person: textOf(row, 'person') as PersonDid,
    thread: textOf(row, 'thread'),
    text: textOf(row, 'text'),
    mentions: textOf(row, 'mentions'),
    files: textOf(row, 'files'),
    original: row.original === null ? null : textOf(row, 'original'),
    editedMs: row.edited_ms === null ? null : numberOf(row, 'edited_ms'),
    deleted: flag('deleted'),
    hidden: flag('hidden'),
    hide:
      row.hide_id === null
        ? undefined
        : { ms: numberOf(row, 'hide_ms'), count: numberOf(row, 'hide_count'), id: textOf(row, 'hide_id') },
    shown: flag('shown'),
    countable: flag('countable'),
    mentioned: flag('mentioned'),
  }
}
