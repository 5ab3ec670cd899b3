// Calls about chat.

import { followChannel } from './chat-follow.ts'
import type { ChatCalls } from './community-types.ts'
import type { Http } from './http.ts'

export function createChatCalls(http: Http): ChatCalls {
  return { ...createChannelCalls(http), ...createMessageCalls(http), ...createModerationCalls(http) }
}

type Channels = 'channels' | 'createChannel' | 'changeChannel' | 'direct' | 'markRead' | 'typing'
type Moderation = 'hide' | 'unhide' | 'report' | 'reports' | 'mutes' | 'mute' | 'unmute'

function createChannelCalls(http: Http): Pick<ChatCalls, Channels> {
  return {
    async channels(id, options) {
      return (await http.call('GET /api/communities/:id/channels', { params: { id }, ...options })).channels
    },
    createChannel: (id, request, options) =>
      http.call('POST /api/communities/:id/channels', { params: { id }, body: request, ...options }),
    changeChannel: (id, channel, patch, options) =>
      http.call('PATCH /api/communities/:id/channels/:channel', { params: { id, channel }, body: patch, ...options }),
    direct: (id, person, options) =>
      http.call('POST /api/communities/:id/direct', { params: { id }, body: { person }, ...options }),
    markRead: (id, channel, message, options) =>
      http.call('POST /api/communities/:id/channels/:channel/read', {
        params: { id, channel },
        body: { message },
        ...options,
      }),
    typing: (id, channel, options) =>
      http.call('POST /api/communities/:id/channels/:channel/typing', { params: { id, channel }, ...options }),
  }
}

function createMessageCalls(http: Http): Omit<ChatCalls, Channels | Moderation> {
  return {
    messages: (id, channel, { before, after, around, limit, thread, ...options } = {}) =>
      http.call('GET /api/communities/:id/channels/:channel/messages', {
        params: { id, channel },
        query: { before, after, around, limit, thread },
        ...options,
      }),
    message: (id, message, options) =>
      http.call('GET /api/communities/:id/messages/:message', { params: { id, message }, ...options }),
    send: (id, channel, request, options) =>
      http.call('POST /api/communities/:id/channels/:channel/messages', {
        params: { id, channel },
        body: request,
        ...options,
      }),
    edit: (id, message, text, options) =>
      http.call('PATCH /api/communities/:id/messages/:message', {
        params: { id, message },
        body: { text },
        ...options,
      }),
    delete: (id, message, options) =>
      http.call('DELETE /api/communities/:id/messages/:message', { params: { id, message }, ...options }),
    react: (id, message, emoji, options) =>
      http.call('PUT /api/communities/:id/messages/:message/reactions/:emoji', {
        params: { id, message, emoji },
        ...options,
      }),
    unreact: (id, message, emoji, options) =>
      http.call('DELETE /api/communities/:id/messages/:message/reactions/:emoji', {
        params: { id, message, emoji },
        ...options,
      }),
    async search(id, q, { channel, limit, ...options } = {}) {
      const query = { q, channel, limit }
      return (await http.call('GET /api/communities/:id/search', { params: { id }, query, ...options })).found
    },
    follow: (id, channel, options) => followChannel(http, { id, channel }, options),
  }
}

function createModerationCalls(http: Http): Pick<ChatCalls, Moderation> {
  return {
    hide: (id, message, reason, options) =>
      http.call('POST /api/communities/:id/messages/:message/hide', {
        params: { id, message },
        body: { reason },
        ...options,
      }),
    unhide: (id, message, options) =>
      http.call('DELETE /api/communities/:id/messages/:message/hide', { params: { id, message }, ...options }),
    report: (id, message, reason, options) =>
      http.call('POST /api/communities/:id/messages/:message/report', {
        params: { id, message },
        body: { reason },
        ...options,
      }),
    async reports(id, options) {
      return (await http.call('GET /api/communities/:id/reports', { params: { id }, ...options })).reports
    },
    async mutes(id, options) {
      return (await http.call('GET /api/communities/:id/mutes', { params: { id }, ...options })).mutes
    },
    unmute: (id, person, options) =>
      http.call('DELETE /api/communities/:id/members/:person/mute', { params: { id, person }, ...options }),
    mute: (id, person, request = {}, options) =>
      http.call('POST /api/communities/:id/members/:person/mute', {
        params: { id, person },
        body: request,
        ...options,
      }),
  }
}
