// Chat, for the API.

import type { ChatServices } from '../../api/community-services.ts'
import type { Event } from '../../api/schemas.ts'
import type { ChannelId, Chat, MessageId } from '../../apps/chat/types.ts'
import type { Cancel } from '../../base/ports.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { channelToApi, chatEventToApi, foundToApi, messageToApi, muteToApi, reportToApi } from '../community-views.ts'

export interface ChatParts {
  readonly chat: Chat
  /** Tells those in reach that this person is typing. */
  readonly typing: (community: CommunityId, channel: ChannelId) => void
  readonly emit: (event: Event) => void
}

export function createChatServices({ chat, typing, emit }: ChatParts): {
  readonly calls: ChatServices
  follow(): Cancel
} {
  const of = (community: string) => community as CommunityId
  const messageOf = (message: string) => message as MessageId
  const channelOf = (channel: string) => channel as ChannelId
  const calls: ChatServices = {
    channels: (community) => chat.channels(of(community)).map(channelToApi),
    async createChannel(community, { name, topic = '', kind = 'open', persons, guests }) {
      const request = {
        ...{ name, topic, kind },
        ...(persons === undefined ? {} : { persons: persons as PersonDid[] }),
        ...(guests === undefined ? {} : { guests }),
      }
      return channelToApi(await chat.createChannel(of(community), request))
    },
    async changeChannel(community, channel, { persons, ...patch }) {
      const change = { ...present(patch), ...(persons === undefined ? {} : { persons: persons as PersonDid[] }) }
      return channelToApi(await chat.changeChannel(of(community), channelOf(channel), change))
    },
    direct: async (community, person) => channelToApi(await chat.direct(of(community), person as PersonDid)),
    messages(community, channel, { limit, thread, around, ...marks }) {
      const page = chat.messages(of(community), channelOf(channel), {
        limit,
        ...present(marks),
        ...(around === undefined ? {} : { around: messageOf(around) }),
        ...(thread === undefined ? {} : { thread: messageOf(thread) }),
      })
      return { messages: page.messages.map(messageToApi), before: page.before ?? null, after: page.after ?? null }
    },
    message: (community, message) => messageToApi(chat.message(of(community), messageOf(message))),
    async send(community, channel, { text = '', replyTo, thread, attachments = [] }) {
      const request = {
        channel: channelOf(channel),
        text,
        attachments,
        ...(replyTo === undefined ? {} : { replyTo: messageOf(replyTo) }),
        ...(thread === undefined ? {} : { thread: messageOf(thread) }),
      }
      return messageToApi(await chat.send(of(community), request))
    },
    edit: async (community, message, text) => messageToApi(await chat.edit(of(community), messageOf(message), text)),
    delete: async (community, message) => messageToApi(await chat.delete(of(community), messageOf(message))),
    react: async (community, message, emoji, on) =>
      messageToApi(await chat.react(of(community), messageOf(message), emoji, on)),
    search: (community, query, { channel, limit }) =>
      chat
        .search(of(community), query, { limit, ...(channel === undefined ? {} : { channel: channelOf(channel) }) })
        .map(foundToApi),
    hide: async (community, message, reason) =>
      messageToApi(await chat.hide(of(community), messageOf(message), reason)),
    report: (community, message, reason) => chat.report(of(community), messageOf(message), reason),
    reports: (community) => chat.reports(of(community)).map(reportToApi),
    unhide: async (community, message) => messageToApi(await chat.unhide(of(community), messageOf(message))),
    mutes: (community) => chat.mutes(of(community)).map(muteToApi),
    mute: (community, person, { untilMs, reason }) =>
      chat.mute(of(community), person as PersonDid, untilMs ?? undefined, reason),
    unmute: (community, person) => chat.unmute(of(community), person as PersonDid),
    markRead: (community, channel, message) => chat.markRead(of(community), channelOf(channel), messageOf(message)),
    async typing(community, channel) {
      typing(of(community), channelOf(channel))
    },
  }
  return { calls, follow: () => chat.on((event) => emit(chatEventToApi(event))) }
}

/** Without what is undefined: absent means unchanged. */
function present<Patch extends object>(patch: Patch): { [Key in keyof Patch]: Exclude<Patch[Key], undefined> } {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as never
}
