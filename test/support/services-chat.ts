// The chat of the in-memory services: channels, messages, threads, reactions, unread counts, search, moderation, all kept
// in the hub and shown as of one person.

import { randomBytes } from 'node:crypto'
import type { Channel, FoundMessage, Message } from '../../src/api/chat-schemas.ts'
import type { ChatServices, CommunityServices } from '../../src/api/community-services.ts'
import type { Event } from '../../src/api/schemas.ts'
import type { Clock } from '../../src/base/ports.ts'
import type { MemoryCommunities } from './services-communities.ts'
import {
  appendEntry,
  capabilitiesOf,
  checkMay,
  communityMemoryErrors as errors,
  type MemoryAuthor,
  type MemoryCommunity,
  type MemoryHub,
} from './services-hub.ts'

/** The channel that every community begins with. */
const general = '0'.repeat(32)
type SharedChannel = Omit<Channel, 'unread' | 'mentions'>

interface ChatParts {
  readonly clock: Clock
  readonly hub: MemoryHub
  readonly author: MemoryAuthor
  readonly communities: Pick<MemoryCommunities, 'take' | 'isOpen'> & { readonly services: CommunityServices }
  readonly emit: (event: Event) => void
}

export function createMemoryChat({ clock, hub, author, communities, emit }: ChatParts): ChatServices {
  const { person } = author

  hub.events.on((event) => {
    if (!communities.isOpen(event.id)) return
    const community = hub.communities.get(event.id)
    if (community === undefined) return
    if (event.type === 'message' && isVisible(community, event.message.channel)) {
      emit({ type: 'chat-message', message: event.message, isNew: event.isNew })
      emit({ type: 'chat-channel', channel: channelView(community, event.message.channel) })
    }
    if (event.type === 'channel' && isVisible(community, event.channel)) {
      emit({ type: 'chat-channel', channel: channelView(community, event.channel) })
    }
  })

  function isVisible(community: MemoryCommunity, channel: string): boolean {
    const { persons = null } = channelsOf(community).get(channel) ?? {}
    return persons === null || persons.includes(person)
  }

  function takeChannel(community: MemoryCommunity, id: string): SharedChannel {
    const channel = channelsOf(community).get(id)
    if (channel !== undefined && isVisible(community, id)) return channel
    throw errors.channel_unknown('There is no such channel.', { details: { channel: id } })
  }

  function takeMessage(community: MemoryCommunity, id: string): Message {
    const message = community.messages.find((one) => one.id === id)
    if (message !== undefined && isVisible(community, message.channel)) return message
    throw errors.message_unknown('There is no such message.', { details: { message: id } })
  }

  function takeOwn(community: MemoryCommunity, id: string): Message {
    const message = takeMessage(community, id)
    if (message.person === person) return message
    throw errors.not_author('Somebody else wrote this message.')
  }

  /** To write in. */
  function takeOpen(id: string): MemoryCommunity {
    const community = communities.take(id)
    if (!communities.isOpen(id)) throw errors.community_left('This person is no longer in the community.')
    return community
  }

  function checkMayPost(community: MemoryCommunity, channel: SharedChannel): void {
    if (channel.archived) throw errors.channel_archived('This channel is archived.')
    if (!channel.guests) checkMay(community, person, channel.kind === 'announce' ? 'chat.announce' : 'post')
    if (mutedNow(community).some((mute) => mute.person === person)) {
      throw errors.muted('A moderator has muted this person.')
    }
  }

  function channelView(community: MemoryCommunity, id: string): Channel {
    const channel = takeChannel(community, id)
    const all = community.messages.filter((message) => message.channel === id)
    const readTo = all.findIndex((message) => message.id === community.read.get(readKey(id)))
    const unread = all.slice(readTo + 1).filter((message) => message.person !== person && !message.deleted)
    const isMention = (message: Message) => channel.kind === 'direct' || message.mentions.includes(person)
    return { ...channel, unread: unread.length, mentions: unread.filter(isMention).length }
  }

  const mutedNow = (community: MemoryCommunity) =>
    [...community.muted.values()].filter(({ untilMs }) => untilMs === null || untilMs > clock.nowMs())

  const readKey = (channel: string) => `${person} ${channel}`

  function act(community: MemoryCommunity, kind: string, body: object, sentence: string): string {
    const atMs = clock.nowMs()
    return appendEntry(community, author, { lane: 1, app: 'chat', kind, body, sentence, atMs }).id
  }

  function replace(community: MemoryCommunity, message: Message): Message {
    community.messages.splice(
      community.messages.findIndex(({ id }) => id === message.id),
      1,
      message,
    )
    hub.events.emit({ type: 'message', id: community.id, message, isNew: false })
    return message
  }

  function addChannel(community: MemoryCommunity, made: Partial<SharedChannel>): Channel {
    const id = randomBytes(16).toString('hex')
    channelsOf(community).set(id, { ...newChannel(community.id, id), ...made })
    act(community, 'channel', { ...made, channel: id }, 'made a channel')
    hub.events.emit({ type: 'channel', id: community.id, channel: id })
    return channelView(community, id)
  }

  return {
    channels(id) {
      const community = communities.take(id)
      const visible = [...channelsOf(community).keys()].filter((channel) => isVisible(community, channel))
      return visible.map((channel) => channelView(community, channel))
    },
    async createChannel(id, { name, topic = '', kind = 'open', persons = [], guests = false }) {
      const community = takeOpen(id)
      checkMay(community, person, kind === 'announce' ? 'settings' : 'post')
      const within = kind === 'private' ? [...new Set([person, ...persons])] : null
      return addChannel(community, { name, topic, kind, persons: within, guests })
    },
    async changeChannel(id, channel, patch) {
      const community = takeOpen(id)
      checkMay(community, person, 'post')
      const given = Object.fromEntries(Object.entries(patch)) as Partial<SharedChannel>
      channelsOf(community).set(channel, { ...takeChannel(community, channel), ...given })
      act(community, 'channel', { channel, ...patch }, 'changed a channel')
      hub.events.emit({ type: 'channel', id, channel })
      return channelView(community, channel)
    },
    async direct(id, other) {
      const community = takeOpen(id)
      if (community.members.get(other)?.state !== 'active') throw errors.member_unknown('There is no such member.')
      const persons = [person, other].sort()
      const known = [...channelsOf(community).values()].find(
        (channel) => channel.kind === 'direct' && channel.persons?.join() === persons.join(),
      )
      if (known !== undefined) return channelView(community, known.id)
      return addChannel(community, { name: '', kind: 'direct', persons })
    },

    messages(id, channel, { before, after, around, limit, thread }) {
      const community = communities.take(id)
      takeChannel(community, channel)
      const all = community.messages.filter(
        (message) => message.channel === channel && message.thread === (thread ?? null),
      )
      const mark = before ?? after ?? around
      const at = mark === undefined ? all.length : all.findIndex((message) => message.id === mark)
      if (at === -1) throw errors.page_unknown('There is no such page.')
      const newer = after !== undefined ? limit : around !== undefined ? limit >> 1 : 0
      const [start, end] = [Math.max(0, at - (limit - newer)), Math.min(all.length, at + newer)]
      return {
        messages: all.slice(start, end),
        before: start === 0 ? null : (all[start]?.id ?? mark ?? null),
        after: all[end]?.id ?? null,
      }
    },
    message: (id, message) => takeMessage(communities.take(id), message),
    async send(id, channel, { text = '', replyTo = null, thread = null, attachments = [] }) {
      const community = takeOpen(id)
      const place = takeChannel(community, channel)
      checkMayPost(community, place)
      for (const named of [replyTo, thread]) if (named !== null) takeMessage(community, named)
      const sentMs = clock.nowMs()
      const messageId = act(community, 'message', { channel, text, replyTo, thread, attachments }, 'wrote a message')
      const message: Message = {
        ...newMessage,
        community: id,
        channel,
        id: messageId,
        person,
        sentMs,
        text,
        replyTo,
        thread,
        attachments,
        mentions: mentionsOf(community, text),
      }
      community.messages.push(message)
      channelsOf(community).set(channel, { ...place, lastMessageMs: sentMs })
      hub.events.emit({ type: 'message', id, message, isNew: true })
      if (thread !== null) {
        const root = takeMessage(community, thread)
        replace(community, { ...root, replies: root.replies + 1 })
      }
      return message
    },
    async edit(id, which, text) {
      const community = takeOpen(id)
      const message = takeOwn(community, which)
      act(community, 'edit', { message: which, text }, 'edited a message')
      const mentions = mentionsOf(community, text)
      return replace(community, { ...message, text, mentions, editedMs: clock.nowMs() })
    },
    async delete(id, which) {
      const community = takeOpen(id)
      const message = takeOwn(community, which)
      act(community, 'delete', { message: which }, 'asked to delete a message')
      return replace(community, { ...message, text: '', attachments: [], reactions: [], mentions: [], deleted: true })
    },
    async react(id, which, emoji, on) {
      const community = takeOpen(id)
      const message = takeMessage(community, which)
      checkMayPost(community, takeChannel(community, message.channel))
      act(community, 'react', { message: which, emoji, on }, on ? 'reacted to a message' : 'took a reaction back')
      const reactions = toggled(message.reactions, emoji, person, on)
      return replace(community, { ...message, reactions })
    },
    search(id, query, { channel, limit }) {
      const community = communities.take(id)
      if (channel !== undefined) takeChannel(community, channel)
      const words = query.toLowerCase().split(/\s+/).filter(Boolean)
      return community.messages
        .filter((message) => isVisible(community, message.channel) && message.channel === (channel ?? message.channel))
        .filter(
          (message) => message.hidden === null && words.every((word) => message.text.toLowerCase().includes(word)),
        )
        .reverse()
        .slice(0, limit)
        .map((message) => ({ message, snippet: snippetOf(message.text, words) }))
    },

    async hide(id, which, reason) {
      const community = takeOpen(id)
      checkMay(community, person, 'moderate')
      const message = takeMessage(community, which)
      act(community, 'hide', { message: which, reason }, 'hid a message')
      return replace(community, { ...message, hidden: { by: person, reason } })
    },
    async report(id, which, reason) {
      const community = takeOpen(id)
      takeMessage(community, which)
      act(community, 'report', { message: which, reason }, 'reported a message')
      community.reports.push({ message: which, by: person, reason, atMs: clock.nowMs() })
    },
    reports(id) {
      const community = communities.take(id)
      checkMay(community, person, 'moderate')
      return community.reports.map((report) => ({ ...report, message: takeMessage(community, report.message) }))
    },
    async unhide(id, which) {
      const community = takeOpen(id)
      checkMay(community, person, 'moderate')
      const message = takeMessage(community, which)
      act(community, 'unhide', { message: which }, 'showed a message again')
      return replace(community, { ...message, hidden: null })
    },
    mutes: (id) => mutedNow(communities.take(id)),
    async mute(id, of, { untilMs = null, reason = '' }) {
      const community = takeOpen(id)
      checkMay(community, person, 'moderate')
      if (community.members.get(of)?.state !== 'active') throw errors.member_unknown('There is no such member.')
      if (capabilitiesOf(community, of).includes('moderate')) throw errors.outranked('Moderators can’t be muted.')
      community.muted.set(of, { person: of, by: person, reason, sinceMs: clock.nowMs(), untilMs })
      act(community, 'mute', { person: of, untilMs, reason }, 'muted a member')
    },
    async unmute(id, of) {
      const community = takeOpen(id)
      checkMay(community, person, 'moderate')
      community.muted.delete(of)
      act(community, 'unmute', { person: of }, 'gave a member their voice back')
    },

    async markRead(id, channel, which) {
      const community = communities.take(id)
      takeChannel(community, channel)
      if (takeMessage(community, which).channel !== channel) throw errors.message_unknown('It is in another channel.')
      community.read.set(readKey(channel), which)
      emit({ type: 'chat-channel', channel: channelView(community, channel) })
    },
    async typing(id, channel) {
      const community = takeOpen(id)
      takeChannel(community, channel)
      if (communities.services.get(id).presence === false) return
      const changedMs = clock.nowMs()
      const presence = { community: id, person, state: 'online', typing: channel, changedMs } as const
      community.presence.set(person, presence)
      hub.events.emit({ type: 'presence', id, presence })
    },
  }
}

function channelsOf(community: MemoryCommunity): Map<string, SharedChannel> {
  const { channels } = community
  if (channels.size === 0) channels.set(general, { ...newChannel(community.id, general), name: 'general' })
  return channels
}

function newChannel(community: string, id: string): SharedChannel {
  return {
    community,
    id,
    name: '',
    topic: '',
    kind: 'open',
    persons: null,
    guests: false,
    archived: false,
    lastMessageMs: null,
  }
}

const newMessage = {
  replies: 0,
  reactions: [],
  editedMs: null,
  deleted: false,
  hidden: null,
}

/** `@Ada` names whoever is called so. */
function mentionsOf(community: MemoryCommunity, text: string): string[] {
  return [...community.members.values()].flatMap(({ name, person }) => (text.includes(`@${name}`) ? [person] : []))
}

function toggled(reactions: Message['reactions'], emoji: string, person: string, on: boolean): Message['reactions'] {
  const others = reactions.find((reaction) => reaction.emoji === emoji)?.persons.filter((one) => one !== person) ?? []
  const persons = on ? [...others, person] : others
  const rest = reactions.filter((reaction) => reaction.emoji !== emoji)
  return persons.length === 0 ? rest : [...rest, { emoji, persons }]
}

/** The whole text, cut at the words. */
function snippetOf(text: string, words: readonly string[]): FoundMessage['snippet'] {
  const escaped = words.map((word) => word.replaceAll(/[^\p{L}\p{N}]/gu, '\\$&'))
  const parts = text.split(new RegExp(`(${escaped.join('|')})`, 'i'))
  return parts.flatMap((part, index) => (part === '' ? [] : [{ text: part, match: index % 2 === 1 }]))
}
