// Chat as the rest of Peerhood uses it: reads from the view, checks what is asked and writes entries. What it answers
// after a write is what the view then says: `append` resolves when the entry has gone through the reducers.

import { type Database, migrate } from '../../base/database.ts'
import { Emitter } from '../../base/events.ts'
import type { Cancel, Clock, Log, Random } from '../../base/ports.ts'
import { createUniform } from '../../base/uniform.ts'
import type { Communities, CommunityEvent } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { ChannelRow } from './channels.ts'
import {
  checkEmoji,
  checkedName,
  checkedReason,
  checkedText,
  checkedTopic,
  checkMembers,
  checkMessage,
  checkNotArchived,
  checkPersonCount,
  mentionedIn,
  notAllowed,
  rightsOfSelf,
} from './checks.ts'
import {
  channelIdOf,
  channelKeyIdOf,
  directChannel,
  generalChannel,
  isPublic,
  mayChange,
  mayReact,
  mayWrite,
  sealContext,
} from './core.ts'
import { chatErrors } from './errors.ts'
import { channelsPerPersonMax, editsKeptMax, resealDelayMaxMs, resealDelayMinMs } from './limits.ts'
import { createMarks } from './marks.ts'
import { isActive, moderatorsOf, stateOf } from './members.ts'
import type { MessageRow } from './messages.ts'
import { createReader, unknownMessage } from './read.ts'
import { numberOf } from './rows.ts'
import { chatSchemaSteps } from './schema.ts'
import { sealText } from './seal.ts'
import { createSearch } from './search.ts'
import type { Channel, ChannelId, ChannelKeys, Chat, ChatEvent, Message, MessageId, SendRequest } from './types.ts'
import { createVault } from './vault.ts'
import { openView } from './view.ts'
import { encodeReport, type TargetAct } from './wire.ts'

export interface ChatParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** For what can't be made again. */
  readonly database: Database
  /** For the view, which can; the same unless said otherwise. */
  readonly views?: Database
  readonly communities: Communities
  readonly keys: ChannelKeys
  readonly self: () => PersonDid
}

export interface ChatOptions {
  /** Whether this person's other devices are told what was read; true unless said otherwise. */
  readonly tellReads?: boolean
}

/** Registers its reducer: call it before `communities.start`. */
export function createChat({ tellReads = true }: ChatOptions) {
  return ({ clock, random, log, database, views = database, communities, keys, self }: ChatParts): Chat => {
    migrate(database, 'chat', chatSchemaSteps)
    const view = openView({ database: views, keys, self })
    communities.register(view.reducer)
    const moderates = (id: CommunityId) => rightsOfSelf(communities, id, self()).moderate
    const since = (id: CommunityId) => communities.get(id).self?.joinedMs ?? 0
    const isOfTwo = (id: CommunityId) => communities.get(id).state?.purpose === 'direct'
    const reader = createReader({ database: views, kept: database, view, self, since, moderates, isOfTwo })
    const { search } = createSearch({ database: views, view, reader })
    const vault = createVault({ random, database: views, communities, keys, view, self })
    const marks = createMarks({ clock, log, database, views, vault, self })
    const emitter = new Emitter<ChatEvent>()
    const countEdits = views.prepare('SELECT count(*) AS count FROM chat_edits WHERE message = ?')
    const uniform = createUniform(random)
    const reseals = new Map<CommunityId, Cancel>()
    const leave = communities.on(onCommunity)

    // ---- what others wrote

    function onCommunity(event: CommunityEvent): void {
      if (event.type === 'entries') tellChanges(event.id)
      else if (event.type === 'rebuilt') tellAll(event.id)
      else if (event.type === 'removed') forget(event.id)
      else careFor(event.id)
    }

    function tellChanges(id: CommunityId): void {
      const { all, messages, channels } = view.changes.take(reader.number(id) ?? -1)
      if (all) {
        emitter.emit({ type: 'rebuilt', community: id })
        return
      }
      for (const [message, isNew] of messages) {
        if (reader.find(id, message) !== undefined) {
          emitter.emit({ type: 'message', message: reader.message(id, message), isNew })
        }
      }
      for (const channel of channels) tellChannel(id, channel)
    }

    function tellAll(id: CommunityId): void {
      view.changes.take(reader.number(id) ?? -1)
      emitter.emit({ type: 'rebuilt', community: id })
    }

    function tellChannel(id: CommunityId, channel: ChannelId): void {
      if (reader.visible(id, channel) !== undefined) {
        emitter.emit({ type: 'channel', channel: reader.channel(id, channel) })
      }
    }

    function forget(id: CommunityId): void {
      reseals.get(id)?.()
      reseals.delete(id)
      marks.forget(id)
    }

    /** New devices get the keys of private channels from whoever is first. */
    function careFor(id: CommunityId): void {
      if (communities.get(id).state === undefined) return
      if (tellReads) marks.schedule(id)
      if (reseals.has(id) || !vault.mustReseal(id)) return
      const run = () => {
        reseals.delete(id)
        vault.reseal(id).catch((error: unknown) => log.warn('chat_keys_not_sealed', { message: String(error) }))
      }
      const waitMs = resealDelayMinMs + uniform() * (resealDelayMaxMs - resealDelayMinMs)
      reseals.set(id, clock.after(waitMs, run))
    }

    // ---- checks that need the view

    function rights(id: CommunityId) {
      return rightsOfSelf(communities, id, self())
    }

    function needChannel(id: CommunityId, channel: ChannelId): ChannelRow {
      // Only where it can be read.
      stateOf(communities, id)
      return reader.need(id, channel)
    }

    function needMessage(id: CommunityId, message: MessageId): { row: MessageRow; channel: ChannelRow } {
      const found = reader.find(id, message)
      if (found === undefined) throw unknownMessage()
      return found
    }

    function checkNotMuted(id: CommunityId, channel: ChannelRow): void {
      if (!isPublic(channel.kind)) return
      const mute = reader.mutes(id, clock.nowMs()).find(({ person }) => person === self())
      if (mute !== undefined)
        throw chatErrors.chat_muted('You were muted here.', { details: { untilMs: mute.untilMs } })
    }

    function checkMayWrite(id: CommunityId, channel: ChannelRow): void {
      if (!mayWrite(channel, rights(id))) throw notAllowed('write in this channel')
      checkNotMuted(id, channel)
      checkNotArchived(reader.channel(id, channel.id).archived, channel)
    }

    async function onTarget(id: CommunityId, message: MessageId, act: TargetAct): Promise<Message> {
      const { channel } = needMessage(id, message)
      await vault.say(id, channel, act)
      return reader.message(id, message)
    }

    function ownMessage(id: CommunityId, message: MessageId): { row: MessageRow; channel: ChannelRow } {
      const found = needMessage(id, message)
      if (found.row.person !== self()) throw chatErrors.message_of_other('Somebody else wrote this message.')
      return found
    }

    function checkModerates(id: CommunityId, what: string): void {
      if (!moderates(id)) throw notAllowed(what)
    }

    /** Throws `chat_of_two`. */
    function checkNotOfTwo(id: CommunityId): void {
      if (isOfTwo(id)) throw chatErrors.chat_of_two('This is a conversation of two, which has one channel.')
    }

    // ---- channels

    async function createChannel(id: CommunityId, request: Parameters<Chat['createChannel']>[1]): Promise<Channel> {
      checkNotOfTwo(id)
      const name = checkedName(request.name)
      const topic = checkedTopic(request.topic ?? '')
      const { kind } = request
      const may = rights(id)
      if (kind === 'announce' ? !may.announce : !may.post) throw notAllowed('make such a channel')
      const mine = reader
        .channels(id)
        .filter((channel) => view.channels.find(reader.number(id) ?? -1, channel.id)?.creator === self())
      if (mine.length >= channelsPerPersonMax) {
        throw chatErrors.channels_too_many(`You have made ${mine.length} channels; more are not shown to anybody.`)
      }
      if (kind === 'private') return createPrivate(id, name, topic, request.persons ?? [])
      const nonce = Buffer.from(random.bytes(16)).toString('hex')
      const act = { kind: 'channel', channel: kind, nonce, guests: request.guests ?? false, name, topic } as const
      await vault.append(id, act)
      return reader.channel(id, channelIdOf(id, self(), act))
    }

    async function createPrivate(
      id: CommunityId,
      name: string,
      topic: string,
      others: readonly PersonDid[],
    ): Promise<Channel> {
      const persons = [...new Set([self(), ...others])]
      checkPersonCount(persons)
      checkMembers(stateOf(communities, id), persons)
      const nonce = Buffer.from(random.bytes(16)).toString('hex')
      return reader.channel(id, await vault.make(id, { kind: 'private', persons, nonce, name, topic }))
    }

    async function changeChannel(
      id: CommunityId,
      channelId: ChannelId,
      patch: Parameters<Chat['changeChannel']>[2],
    ): Promise<Channel> {
      checkNotOfTwo(id)
      const channel = needChannel(id, channelId)
      const name = patch.name === undefined ? undefined : checkedName(patch.name)
      const topic = patch.topic === undefined ? undefined : checkedTopic(patch.topic)
      if (patch.persons !== undefined) await changePersons(id, channel, patch.persons)
      if (name !== undefined || topic !== undefined || patch.archived !== undefined) {
        if (!mayChange(channel, self(), rights(id))) throw notAllowed('change this channel')
        const named = isPublic(channel.kind) ? channelId : undefined
        await vault.say(id, channel, { kind: 'channel-edit', channel: named, name, topic, archived: patch.archived })
      }
      // Not `reader.channel`: who left can't read it any more.
      return reader.channelOf(id, view.channels.byNumber(channel.n) ?? channel)
    }

    async function changePersons(id: CommunityId, channel: ChannelRow, wanted: readonly PersonDid[]): Promise<void> {
      if (channel.kind !== 'private') throw chatErrors.channel_kind_wrong('This is not a private channel.')
      const persons = [...new Set(wanted)].sort()
      const present = vault.personsOf(channel)
      if (persons.length === 0) throw chatErrors.channel_kind_wrong('A private channel has somebody in it.')
      checkPersonCount(persons)
      checkMembers(
        stateOf(communities, id),
        persons.filter((person) => !present.includes(person)),
      )
      const others = present.filter((person) => person !== self() && !persons.includes(person))
      if (others.length > 0 && channel.creator !== self() && !moderates(id)) {
        throw notAllowed('take somebody out of this channel')
      }
      await vault.setPersons(id, channel, persons)
    }

    async function direct(id: CommunityId, person: PersonDid): Promise<Channel> {
      const state = stateOf(communities, id)
      checkNotOfTwo(id)
      if (person === self() || !isActive(state, person)) {
        throw chatErrors.person_unknown('There is no such other member in this community.')
      }
      const channelId = directChannel(id, [person, self()])
      if (reader.visible(id, channelId) === undefined) {
        if (!rights(id).post) throw notAllowed('begin a direct channel')
        await vault.make(id, { kind: 'direct', persons: [person, self()] })
      }
      return reader.channel(id, channelId)
    }

    // ---- messages

    async function send(id: CommunityId, request: SendRequest): Promise<Message> {
      const text = checkedText(request.text)
      const files = request.attachments ?? []
      checkMessage(text, files)
      const channel = needChannel(id, request.channel)
      checkMayWrite(id, channel)
      for (const other of [request.replyTo, request.thread]) {
        if (other !== undefined && needMessage(id, other).channel.n !== channel.n) {
          throw chatErrors.thread_wrong('That message is in another channel.')
        }
      }
      const entry = await vault.say(id, channel, {
        kind: 'message',
        channel: isPublic(channel.kind) ? channel.id : undefined,
        text,
        reply: request.replyTo,
        thread: request.thread,
        mentions: mentionedIn(text, stateOf(communities, id)),
        files,
      })
      return reader.message(id, entry.entry.id)
    }

    async function edit(id: CommunityId, message: MessageId, words: string): Promise<Message> {
      const text = checkedText(words)
      const { row, channel } = ownMessage(id, message)
      if (row.deleted) throw chatErrors.message_deleted('This message was deleted.')
      if (row.files === '') checkMessage(text, [])
      checkMayWrite(id, channel)
      if (numberOf(countEdits.get(row.n) ?? {}, 'count') >= editsKeptMax) {
        throw chatErrors.edits_too_many(`This message was changed ${editsKeptMax} times.`)
      }
      const mentions = mentionedIn(text, stateOf(communities, id))
      return onTarget(id, message, { kind: 'edit', target: message, text, mentions })
    }

    async function react(id: CommunityId, message: MessageId, emoji: string, on: boolean): Promise<Message> {
      checkEmoji(emoji)
      const { channel } = needMessage(id, message)
      if (!mayReact(channel, rights(id))) throw notAllowed('react in this channel')
      checkNotMuted(id, channel)
      return onTarget(id, message, { kind: 'react', target: message, emoji, on })
    }

    // ---- moderation

    async function report(id: CommunityId, message: MessageId, reason: string): Promise<void> {
      needMessage(id, message)
      const key = random.bytes(32)
      const keyId = channelKeyIdOf(key)
      const context = sealContext('report', { community: id, channel: generalChannel, key: keyId, person: self() })
      const sealed = sealText(random, key, context, encodeReport({ target: message, reason: checkedReason(reason) }))
      const boxes = keys.sealTo(id, moderatorsOf(stateOf(communities, id)), key)
      await vault.append(id, { kind: 'report', key: keyId, boxes, sealed })
    }

    async function mute(id: CommunityId, person: PersonDid, untilMs: number | undefined, reason = ''): Promise<void> {
      checkModerates(id, 'mute somebody')
      if (!stateOf(communities, id).members.has(person)) {
        throw chatErrors.person_unknown(`${person} is not a member of this community.`)
      }
      const until = untilMs === undefined ? null : Math.max(0, Math.round(untilMs))
      await vault.append(id, { kind: 'mute', person, untilMs: until, reason: checkedReason(reason) })
    }

    async function markRead(id: CommunityId, channelId: ChannelId, message: MessageId): Promise<void> {
      const channel = needChannel(id, channelId)
      const { row } = needMessage(id, message)
      if (row.channel !== channel.n) throw unknownMessage()
      marks.set(id, channelId, row.place)
      tellChannel(id, channelId)
    }

    /** What is kept for others, or not joined yet, has nothing to read: that is said, not shown as empty. */
    const readable =
      <Rest extends readonly unknown[], Result>(read: (id: CommunityId, ...rest: Rest) => Result) =>
      (id: CommunityId, ...rest: Rest): Result => {
        stateOf(communities, id)
        return read(id, ...rest)
      }

    return {
      channels: readable(reader.channels),
      channel: readable(reader.channel),
      channelKey(id, channelId) {
        const channel = reader.visible(id, channelId)
        const key = channel?.folded.key
        return channel === undefined || key === undefined ? undefined : view.channels.key(channel, key)
      },
      messages: readable(reader.messages),
      message: readable(reader.message),
      search: readable(search),
      reports: readable(reader.reports),
      mutes: (id) => reader.mutes(id, clock.nowMs()),
      createChannel,
      changeChannel,
      direct,
      send,
      edit,
      async delete(id, message) {
        ownMessage(id, message)
        return onTarget(id, message, { kind: 'delete', target: message })
      },
      react,
      async hide(id, message, reason) {
        checkModerates(id, 'hide messages')
        return onTarget(id, message, { kind: 'hide', target: message, reason: checkedReason(reason) })
      },
      async unhide(id, message) {
        checkModerates(id, 'show hidden messages')
        return onTarget(id, message, { kind: 'unhide', target: message })
      },
      mute,
      async unmute(id, person) {
        checkModerates(id, 'lift a mute')
        await vault.append(id, { kind: 'unmute', person })
      },
      report,
      markRead,
      on: (listener) => emitter.on(listener),
      stop() {
        leave()
        marks.stop()
        for (const cancel of reseals.values()) cancel()
        reseals.clear()
      },
    }
  }
}
