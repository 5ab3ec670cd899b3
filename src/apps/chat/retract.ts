// Taking back what entries did that count no longer, or count otherwise: what hangs together with them is taken out of the
// view whole (a message with all that was done to it and all that answers it, a channel with its messages), and the
// arrivals of the entries that this came from are given back, so that those which still count can be given again.
//
// Must stay true: retract, and then giving the others again, leaves what giving only those that count would have made.

import { decode } from '@ipld/dag-cbor'
import { toHex } from '../../base/bytes.ts'
import type { Database } from '../../base/database.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { ChannelRow, Channels } from './channels.ts'
import { channelIdOf, isPublic, mayCreate, sealContext } from './core.ts'
import { type Journal, noChannel } from './journal.ts'
import { retractedTogetherMax } from './limits.ts'
import { type createMessages, readMessage } from './messages.ts'
import { numberOf, type Row, textOf } from './rows.ts'
import { openText } from './seal.ts'
import type { ChannelKeys } from './types.ts'
import type { Item } from './view.ts'
import { type Act, decodeInner, type InnerAct, readAct, type SealedAct } from './wire.ts'

export function createRetract(parts: {
  readonly database: Database
  readonly keys: Pick<ChannelKeys, 'open'>
  readonly channels: Channels
  readonly messages: ReturnType<typeof createMessages>
  readonly journal: Journal
  readonly vanished: (community: number) => void
}) {
  const { database, channels, messages, journal, vanished } = parts
  const dropWaiting = database.prepare('DELETE FROM chat_waiting WHERE id = ?')
  const waiting = database.prepare(
    `SELECT n, arrival, waits_for, body FROM chat_waiting WHERE community = ? AND kind NOT IN ('mute', 'unmute', 'report')`,
  )
  const dropWaitingNumber = database.prepare('DELETE FROM chat_waiting WHERE n = ?')
  const messagesIn = database.prepare('SELECT n FROM chat_messages WHERE channel = ? AND shown IN (0, 1)')
  const message = database.prepare('SELECT * FROM chat_messages WHERE n = ?')
  const dropReports = database.prepare('DELETE FROM chat_reports WHERE community = ? AND person = ?')
  const dropReads = database.prepare('DELETE FROM chat_reads WHERE community = ?')

  /** What has to be given again; undefined: so much that everything is to be. */
  function retract(items: readonly Item[]): readonly number[] | undefined {
    const arrivals = new Set<number>()
    for (const item of items) {
      if (Number(dropWaiting.run(item.place.id).changes) > 0) continue
      const act = actOf(item)
      if (act !== undefined) takeBack(item, act, arrivals)
      vanished(item.community)
      if (arrivals.size > retractedTogetherMax) return undefined
    }
    return [...arrivals]
  }

  function takeBack(item: Item, act: Act, arrivals: Set<number>): void {
    switch (act.kind) {
      case 'channel':
        if (mayCreate(act.channel, item.person, 'persons' in act ? act.persons : [], item.rights)) {
          takeOutChannel(channels.find(item.community, channelIdOf(item.id, item.person, act)), arrivals)
        }
        break
      case 'channel-keys':
        takeOutChannel(channels.find(item.community, act.channel), arrivals)
        break
      case 'sealed':
        takeBackSealed(item, act, arrivals)
        break
      case 'mute':
      case 'unmute':
        if (!item.rights.moderate) break
        messages.dropMutes(item.community, act.person)
        again(item.community, noChannel, arrivals)
        break
      case 'report':
        dropReports.run(item.community, item.person)
        again(item.community, noChannel, arrivals)
        break
      default:
        takeBackInner(item, act, undefined, arrivals)
    }
  }

  function takeBackSealed(item: Item, act: SealedAct, arrivals: Set<number>): void {
    const channel = channels.find(item.community, act.channel)
    const key = channel === undefined ? undefined : channels.key(channel, act.key)
    if (channel === undefined || key === undefined) return
    const place = { community: item.id, channel: act.channel, key: act.key, person: item.person }
    const content = openText(key, sealContext('act', place), act.sealed)
    const inner = content === undefined ? undefined : tried(() => decodeInner(content))
    if (inner !== undefined) takeBackInner(item, inner, channel, arrivals)
  }

  function takeBackInner(item: Item, act: InnerAct, via: ChannelRow | undefined, arrivals: Set<number>): void {
    if (act.kind === 'read') {
      takeBackRead(item, via, arrivals)
    } else if (act.kind === 'channel-edit') {
      const named = act.channel === undefined ? undefined : channels.find(item.community, act.channel)
      takeBackName(via ?? named, arrivals)
    } else {
      const row = messages.get(act.kind === 'message' ? item.place.id : act.target)
      if (row !== undefined) messages.takeOut(row, arrivals)
      const answered = act.kind === 'message' && act.thread !== undefined ? messages.get(act.thread) : undefined
      if (answered !== undefined) journal.dropAnswer(answered.n, item.arrival)
    }
  }

  function takeBackRead(item: Item, via: ChannelRow | undefined, arrivals: Set<number>): void {
    if (via === undefined) return
    dropReads.run(item.community)
    again(item.community, via.n, arrivals)
  }

  function takeBackName(channel: ChannelRow | undefined, arrivals: Set<number>): void {
    // The first name of a private channel stands sealed in its steps.
    if (channel === undefined || !isPublic(channel.kind)) {
      takeOutChannel(channel, arrivals)
      return
    }
    channels.dropFields(channel)
    again(channel.community, channel.n, arrivals)
  }

  function again(community: number, channel: number, arrivals: Set<number>): void {
    for (const arrival of journal.takeChannel(community, channel)) arrivals.add(arrival)
  }

  function takeOutChannel(channel: ChannelRow | undefined, arrivals: Set<number>): void {
    if (channel === undefined || isPublicAndNobodys(channel)) return
    for (const { n } of messagesIn.all(channel.n)) {
      // It may be gone with the one that it answers.
      const row = message.get(Number(n))
      if (row !== undefined) messages.takeOut(readMessage(row), arrivals)
      if (arrivals.size > retractedTogetherMax) return
    }
    again(channel.community, channel.n, arrivals)
    channels.drop(channel)
    // What waits for something in the channel waits for the channel itself again.
    for (const row of waiting.all(channel.community)) {
      if (channelIn(row) !== channel.id) continue
      dropWaitingNumber.run(numberOf(row, 'n'))
      arrivals.add(numberOf(row, 'arrival'))
    }
  }

  return retract
}

/** `general`, which no entry made. */
function isPublicAndNobodys(channel: ChannelRow): boolean {
  return isPublic(channel.kind) && channel.creator === undefined
}

/** The channel that a waiting entry names. */
function channelIn(row: Row): string | undefined {
  const body = row.body instanceof Uint8Array ? (decode(row.body) as { readonly channel?: unknown }) : undefined
  if (body?.channel instanceof Uint8Array) return toHex(body.channel)
  const waitsFor = textOf(row, 'waits_for')
  return waitsFor.startsWith('channel:') ? waitsFor.slice('channel:'.length) : undefined
}

function actOf(item: Item): Act | undefined {
  return tried(() => readAct(item.kind, item.body))
}

/** What an author wrote wrongly did nothing. */
function tried<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch (error) {
    if (isPeerhoodError(error)) return undefined
    throw error
  }
}
