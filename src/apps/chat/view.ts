// The view of chat: takes the entries that count, in whatever order they arrived, and keeps tables that come out the same.
// An entry that needs something that is not here yet (the message it edits, the channel, a key) waits in a table and is
// taken again when that comes. Everything happens in the transaction of whoever calls `apply` and `reset`.
//
//   entry ──readAct──► act ──(channel, key, message here?)──► channels.ts, messages.ts ──► journal.ts: which entry did it
//                               └─ not yet: chat_waiting ◄── available ──┘
//
// Must stay true: each act writes the same whatever was written before; things that are available go by `retract` alone,
// which gives again what hung from them; nothing that an author chose throws out of `apply`.

import { decode, encode } from '@ipld/dag-cbor'
import { type Database, migrate } from '../../base/database.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { AppReducer, OpenedEntry } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { createChanges } from './changes.ts'
import { type ChannelRow, createChannels } from './channels.ts'
import { createClear } from './clear.ts'
import {
  channelIdOf,
  channelKeyIdOf,
  generalChannel,
  isPublic,
  mayChange,
  mayCreate,
  mayReact,
  mayWrite,
  placeOf,
  type Rights,
  rightsFromNumber,
  rightsOf,
  rightsToNumber,
  sealContext,
} from './core.ts'
import { createJournal, noChannel } from './journal.ts'
import { reportsPerPersonMax, waitingAtOnceMax } from './limits.ts'
import { createMemo } from './memo.ts'
import { createMessages, type MessageRef } from './messages.ts'
import { createNewest } from './newest.ts'
import { createRetract } from './retract.ts'
import { columnsOf, numberOf, placeOfRow, type Row, textOf } from './rows.ts'
import { chatViewSchemaSteps } from './schema.ts'
import { openText } from './seal.ts'
import { createSearchIndex } from './search-index.ts'
import type { ChannelKeys } from './types.ts'
import {
  type Act,
  type ChannelAct,
  type ChannelEditAct,
  type ChannelKeysAct,
  decodeInner,
  decodeReport,
  type Envelope,
  type MessageAct,
  type Place,
  type ReadAct,
  readAct,
  type SealedAct,
  type TargetAct,
  writeBody,
} from './wire.ts'

/** An entry while it is being taken. */
export interface Item {
  readonly id: CommunityId
  readonly community: number
  readonly place: Place
  readonly arrival: number
  readonly person: PersonDid
  readonly rights: Rights
  readonly kind: string
  readonly body: unknown
}

/** What an entry waits for; undefined: it was taken, or does not count. */
type Waits = string | undefined

/** Brings the view's tables up to date first. */
export function openView(parts: Parameters<typeof createView>[0]): ChatView {
  migrate(parts.database, 'chat-view', chatViewSchemaSteps)
  return createView(parts)
}

export type ChatView = ReturnType<typeof createView>

function createView(parts: {
  /** Where the view's tables are. */
  readonly database: Database
  readonly keys: Pick<ChannelKeys, 'open'>
  readonly self: () => PersonDid
}) {
  const { database, keys, self } = parts
  const changes = createChanges()
  let taking = false
  const isTaking = () => taking
  let arrived: { readonly community: number; readonly what: string }[] = []
  const available = (community: number, what: string) => {
    if (isAwaited(community)) arrived.push({ community, what })
  }
  const vanished = (community: number) => changes.vanished(community)
  const journal = createJournal(database)
  const index = createSearchIndex(database)
  const channels = createChannels({ database, keys, isTaking, self, available, vanished })
  const newest = createNewest(database)
  const messages = createMessages({
    ...{ database, channels, journal, index, newest, isTaking, self, vanished },
    changed(message, community, isNew) {
      changes.message(community, message, isNew)
      if (isNew) available(community, `message:${message}`)
    },
  })

  const insertWaiting = database.prepare(
    `INSERT OR REPLACE INTO chat_waiting (community, waits_for, ms, count, id, arrival, person, rights, kind, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const selectWaiting = database.prepare(
    `SELECT * FROM chat_waiting WHERE community = ? AND waits_for = ? LIMIT ${waitingAtOnceMax}`,
  )
  const anyWaiting = database.prepare('SELECT 1 FROM chat_waiting WHERE community = ? LIMIT 1')
  const deleteWaiting = database.prepare('DELETE FROM chat_waiting WHERE n = ?')
  const writeRead = database.prepare(
    `INSERT INTO chat_reads (community, channel, ms, count, id) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT DO UPDATE SET ms = ?3, count = ?4, id = ?5 WHERE (?3, ?4, ?5) > (ms, count, id)`,
  )
  const writeReport = database.prepare(
    `INSERT INTO chat_reports (community, message, person, ms, count, id, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     ON CONFLICT DO UPDATE SET ms = ?4, count = ?5, id = ?6, reason = ?7 WHERE (?4, ?5, ?6) > (ms, count, id)`,
  )
  const surplusReports = database.prepare(
    `DELETE FROM chat_reports WHERE community = ?1 AND person = ?2 AND id IN (SELECT id FROM chat_reports
       WHERE community = ?1 AND person = ?2 ORDER BY ms DESC, count DESC, id DESC LIMIT -1 OFFSET ${reportsPerPersonMax})`,
  )
  const clear = createClear({ database, index })
  /** What it allows who wrote: many entries of a batch come with one and the same. */
  const rights = createMemo<OpenedEntry['may'], Rights>(isTaking)
  /** Communities of which something waits. */
  const awaited = new Map<number, boolean>()
  const retract = createRetract({ database, keys, channels, messages, journal, vanished })

  function apply(entries: Iterable<OpenedEntry>): void {
    inBatch(() => {
      for (const entry of entries) {
        take(toItem(entry))
        for (let next = arrived.pop(); next !== undefined; next = arrived.pop()) takeWaiting(next)
      }
    })
  }

  /** Remembers what was looked up while `work` runs, and writes the search index after it. */
  function inBatch<Result>(work: () => Result): Result {
    taking = true
    arrived = []
    awaited.clear()
    try {
      const result = work()
      newest.write()
      if (!index.isGathering) index.write()
      return result
    } catch (error) {
      index.forget()
      throw error
    } finally {
      taking = false
      channels.forget()
      messages.forget()
      newest.forget()
      rights.clear()
    }
  }

  function isAwaited(community: number): boolean {
    let known = awaited.get(community)
    if (known === undefined) {
      known = anyWaiting.get(community) !== undefined
      awaited.set(community, known)
    }
    return known
  }

  function toItem(entry: OpenedEntry): Item {
    return {
      id: entry.community,
      community: channels.number(entry.community),
      place: placeOf(entry.entry),
      arrival: entry.arrival,
      person: entry.person,
      rights: rights.get(entry.may, () => rightsOf(entry.may)),
      kind: entry.kind,
      body: entry.body,
    }
  }

  function takeWaiting({ community, what }: { readonly community: number; readonly what: string }): void {
    const id = clear.idOf(community)
    if (id === undefined) return
    // In parts: a whole channel may have waited for one key. What is here stays, so none of them waits for it again.
    for (let rows = selectWaiting.all(community, what); rows.length > 0; rows = selectWaiting.all(community, what)) {
      for (const row of rows) {
        deleteWaiting.run(numberOf(row, 'n'))
        take(waitingItem(id, row))
      }
    }
  }

  function take(item: Item): void {
    try {
      const act = readAct(item.kind, item.body)
      const waits = act === undefined ? undefined : perform(item, act)
      if (act !== undefined && waits !== undefined) wait(item, act, waits)
    } catch (error) {
      // What the author wrote is wrong: it does not count. Anything else is ours, and ends the transaction.
      if (!isPeerhoodError(error)) throw error
    }
  }

  function wait(item: Item, act: Act, waits: string): void {
    const { community, place, arrival, person, rights, kind } = item
    const body = encode(writeBody(act))
    insertWaiting.run(community, waits, ...columnsOf(place), arrival, person, rightsToNumber(rights), kind, body)
    awaited.set(community, true)
  }

  function perform(item: Item, act: Act): Waits {
    switch (act.kind) {
      case 'channel':
        return found(item, act)
      case 'channel-keys':
        return handOut(item, act)
      case 'sealed':
        return unseal(item, act)
      case 'mute':
      case 'unmute':
        if (!item.rights.moderate) return undefined
        journal.onChannel(item.community, noChannel, item.arrival)
        messages.mute(item.community, {
          person: act.person,
          untilMs: act.kind === 'mute' ? act.untilMs : 0,
          reason: act.kind === 'mute' ? act.reason : '',
          by: item.person,
          place: item.place,
        })
        return undefined
      case 'report':
        return takeReport(item, act)
      default:
        return inChannel(item, act, undefined)
    }
  }

  /** An act of a channel; `via`: the private channel that it stood sealed in. */
  function inChannel(
    item: Item,
    act: MessageAct | ChannelEditAct | TargetAct | ReadAct,
    via: ChannelRow | undefined,
  ): Waits {
    if (act.kind === 'read') return takeRead(item, act, via)
    if (act.kind === 'message' || act.kind === 'channel-edit') {
      const id = via?.id ?? act.channel
      const channel = via ?? (id === undefined ? undefined : channels.find(item.community, id))
      if (channel === undefined) return id === undefined ? undefined : `channel:${id}`
      if (via === undefined && !isPublic(channel.kind)) return undefined
      return act.kind === 'message' ? say(item, act, channel) : change(item, act, channel)
    }
    return onMessage(item, act, via)
  }

  function found(item: Item, act: ChannelAct): Waits {
    const id = channelIdOf(item.id, item.person, act)
    if (!mayCreate(act.channel, item.person, 'persons' in act ? act.persons : [], item.rights)) return undefined
    const channel = channels.found(item.community, id, act, item.person, item.place)
    journal.onChannel(item.community, channel.n, item.arrival)
    if ('persons' in act) {
      addStep(item, channel, act, true)
    } else {
      channels.setField(channel, 'name', act.name, item.place)
      channels.setField(channel, 'topic', act.topic, item.place)
    }
    changes.channel(item.community, id)
    return undefined
  }

  function addStep(
    item: Item,
    channel: ChannelRow,
    act: Envelope & { readonly persons: readonly PersonDid[] },
    founding: boolean,
  ): void {
    const { key, boxes, sealed, persons } = act
    const changed = channels.addStep({
      community: item.id,
      channel,
      place: item.place,
      author: item.person,
      founding,
      moderate: item.rights.moderate,
      key,
      boxes,
      sealed,
      persons,
    })
    if (changed) messages.judgeAnew(item.community, channel.n, null, item.place)
    changes.channel(item.community, channel.id)
  }

  function handOut(item: Item, act: ChannelKeysAct): Waits {
    const channel = channels.find(item.community, act.channel)
    if (channel === undefined) return `channel:${act.channel}`
    if (isPublic(channel.kind)) return undefined
    journal.onChannel(item.community, channel.n, item.arrival)
    addStep(item, channel, act, false)
    return undefined
  }

  function unseal(item: Item, act: SealedAct): Waits {
    const channel = channels.find(item.community, act.channel)
    if (channel === undefined) return `channel:${act.channel}`
    if (isPublic(channel.kind)) return undefined
    const key = channels.key(channel, act.key)
    if (key === undefined) return `key:${act.channel}/${act.key}`
    const place = { community: item.id, channel: act.channel, key: act.key, person: item.person }
    const content = openText(key, sealContext('act', place), act.sealed)
    const inner = content === undefined ? undefined : decodeInner(content)
    return inner === undefined ? undefined : inChannel(item, inner, channel)
  }

  function change(item: Item, act: ChannelEditAct, channel: ChannelRow): Waits {
    if (!mayChange(channel, item.person, item.rights)) return undefined
    journal.onChannel(item.community, channel.n, item.arrival)
    const { name, topic, archived } = act
    if (name !== undefined) channels.setField(channel, 'name', name, item.place)
    if (topic !== undefined) channels.setField(channel, 'topic', topic, item.place)
    if (archived !== undefined) channels.setField(channel, 'archived', archived ? '1' : '', item.place)
    changes.channel(item.community, channel.id)
    return undefined
  }

  function say(item: Item, act: MessageAct, channel: ChannelRow): Waits {
    if (!mayWrite(channel, item.rights)) return undefined
    const root = act.thread === undefined ? undefined : messages.find(act.thread)
    if (act.thread !== undefined && root === undefined) return `message:${act.thread}`
    if (root !== undefined && root.channel !== channel.n) return undefined
    // What answers within a thread belongs to the thread: they are one level deep.
    const thread = root === undefined ? undefined : root.thread === '' ? act.thread : (root.thread as typeof act.thread)
    const n = messages.insert(channel, { ...act, thread }, item.person, item)
    if (root !== undefined && n !== undefined) journal.onMessage(root.n, item.arrival, n)
    changes.channel(item.community, channel.id)
    return undefined
  }

  function onMessage(item: Item, act: TargetAct, via: ChannelRow | undefined): Waits {
    const message = messages.find(act.target)
    if (message === undefined) return `message:${act.target}`
    const channel = channels.byNumber(message.channel)
    if (channel === undefined || message.community !== item.community) return undefined
    if (via === undefined ? !isPublic(channel.kind) : via.n !== channel.n) return undefined
    if (!mayDo(item, act, message, channel)) return undefined
    journal.onMessage(message.n, item.arrival)
    onto(item, act, message)
    changes.channel(item.community, channel.id)
    return undefined
  }

  function onto({ person, place }: Item, act: TargetAct, message: MessageRef): void {
    switch (act.kind) {
      case 'edit':
        messages.edit(message, act, place)
        break
      case 'delete':
        messages.remove(message)
        break
      case 'react':
        messages.react(message, act.emoji, act.on, person, place)
        break
      case 'hide':
        messages.hide(message, act.reason, person, place)
        break
      case 'unhide':
        messages.hide(message, undefined, person, place)
        break
    }
  }

  function takeRead(item: Item, act: ReadAct, via: ChannelRow | undefined): Waits {
    if (via?.kind !== 'own' || via.creator !== item.person || item.person !== self()) return undefined
    journal.onChannel(item.community, via.n, item.arrival)
    for (const { channel, ...place } of act.marks) {
      writeRead.run(item.community, channel, ...columnsOf(place))
      changes.channel(item.community, channel)
    }
    return undefined
  }

  function takeReport(item: Item, act: Envelope): Waits {
    const key = keys.open(item.id, act.boxes)
    if (key === undefined || key.length !== 32 || channelKeyIdOf(key) !== act.key) return undefined
    const place = { community: item.id, channel: generalChannel, key: act.key, person: item.person }
    const content = openText(key, sealContext('report', place), act.sealed)
    if (content === undefined) return undefined
    const { target, reason } = decodeReport(content)
    journal.onChannel(item.community, noChannel, item.arrival)
    writeReport.run(item.community, target, item.person, ...columnsOf(item.place), reason)
    surplusReports.run(item.community, item.person)
    return undefined
  }

  const reducer: AppReducer = {
    app: 'chat',
    prepare: (community) => void channels.number(community),
    apply,
    retract: (entries) => inBatch(() => retract(entries.map(toItem))),
    reset(community) {
      const { number, isEmpty } = clear.some(community)
      // Whoever listens is told that all of it is new.
      if (number !== undefined) changes.take(number)
      return isEmpty
    },
  }
  return { reducer, changes, channels, messages, index }
}

/** Whether an act upon a message has an effect. */
function mayDo(item: Item, act: TargetAct, message: MessageRef, channel: ChannelRow): boolean {
  switch (act.kind) {
    case 'edit':
      return message.person === item.person && mayWrite(channel, item.rights)
    case 'delete':
      return message.person === item.person
    case 'react':
      return mayReact(channel, item.rights)
    default:
      return item.rights.moderate
  }
}

function waitingItem(id: CommunityId, row: Row): Item {
  return {
    id,
    community: numberOf(row, 'community'),
    place: placeOfRow(row),
    arrival: numberOf(row, 'arrival'),
    person: textOf(row, 'person') as PersonDid,
    rights: rightsFromNumber(numberOf(row, 'rights')),
    kind: textOf(row, 'kind'),
    body: row.body instanceof Uint8Array ? decode(row.body) : undefined,
  }
}
