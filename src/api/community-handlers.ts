// What the JSON routes of communities and chat do: one thin line each, as in handlers.ts.

import type { AdmissionKey } from './admission-handlers.ts'
import type { ChatServices, CommunityServices } from './community-services.ts'
import type { JsonHandlers } from './handlers.ts'
import type { LedgerKey } from './ledger-handlers.ts'
import type { JsonRouteKey } from './routes.ts'
import type { WalletKey } from './wallet-handlers.ts'

type CommunityKey = Extract<JsonRouteKey, `${string} /api/communities${string}`>
/** `/members/:person/mute` lies among the members' routes and is chat's. */
type ChatKey = Extract<
  Exclude<CommunityKey, WalletKey>,
  `${string}/${'channels' | 'messages'}${string}` | `${string}/${'direct' | 'reports' | 'search' | 'mute' | 'mutes'}`
>

export function createCommunityHandlers(
  communities: CommunityServices,
): Pick<JsonHandlers, Exclude<CommunityKey, ChatKey | AdmissionKey | LedgerKey | WalletKey>> {
  return {
    'GET /api/communities': () => ({ communities: [...communities.list()] }),
    'POST /api/communities': ({ body }) => communities.found(body),
    'POST /api/communities/join': ({ body, signal }) => communities.join(body, { signal }),
    'POST /api/communities/keep': ({ body, signal }) => communities.keep(body, { signal }),
    'GET /api/communities/:id': ({ params }) => communities.get(params.id),
    'PATCH /api/communities/:id': ({ params, body }) => communities.change(params.id, body),
    'DELETE /api/communities/:id': ({ params }) => nothing(communities.forget(params.id)),
    'POST /api/communities/:id/leave': ({ params }) => communities.leave(params.id),
    'PATCH /api/communities/:id/self': ({ params, body }) => communities.changeSelf(params.id, body),

    'GET /api/communities/:id/members': ({ params }) => ({ members: [...communities.members(params.id)] }),
    'PATCH /api/communities/:id/members/:person': ({ params, body }) =>
      communities.setRole(params.id, params.person, body.role),
    'DELETE /api/communities/:id/members/:person': ({ params }) =>
      nothing(communities.removeMember(params.id, params.person)),
    'DELETE /api/communities/:id/devices/:device': ({ params }) =>
      nothing(communities.removeDevice(params.id, params.device)),
    'GET /api/communities/:id/roles': ({ params }) => ({ roles: [...communities.roles(params.id)] }),
    'PUT /api/communities/:id/roles': async ({ params, body }) => ({
      roles: [...(await communities.defineRole(params.id, body))],
    }),
    'GET /api/communities/:id/presence': ({ params }) => ({ presence: [...communities.presence(params.id)] }),

    'GET /api/communities/:id/invites': ({ params }) => ({ invites: [...communities.invites(params.id)] }),
    'POST /api/communities/:id/invites': ({ params, body }) => communities.invite(params.id, body),
    'DELETE /api/communities/:id/invites/:invite': ({ params }) =>
      nothing(communities.revokeInvite(params.id, params.invite)),
    'GET /api/communities/:id/keep-link': ({ params }) => ({ link: communities.keepLink(params.id) }),
    'GET /api/communities/:id/keepers': ({ params }) => ({ keepers: [...communities.keepers(params.id)] }),
    'POST /api/communities/:id/keepers': ({ params, body }) => communities.addKeeper(params.id, body),
    'DELETE /api/communities/:id/keepers/:peer': ({ params }) =>
      nothing(communities.removeKeeper(params.id, params.peer)),

    'GET /api/communities/:id/activity': ({ params, query }) => communities.activity(params.id, query),
    'GET /api/communities/:id/sync': ({ params }) => communities.sync(params.id),
    'POST /api/communities/:id/verify': ({ params, signal }) => communities.verify(params.id, { signal }),
  }
}

export function createChatHandlers(chat: ChatServices): Pick<JsonHandlers, ChatKey> {
  return {
    'GET /api/communities/:id/channels': ({ params }) => ({ channels: [...chat.channels(params.id)] }),
    'POST /api/communities/:id/channels': ({ params, body }) => chat.createChannel(params.id, body),
    'PATCH /api/communities/:id/channels/:channel': ({ params, body }) =>
      chat.changeChannel(params.id, params.channel, body),
    'POST /api/communities/:id/direct': ({ params, body }) => chat.direct(params.id, body.person),

    'GET /api/communities/:id/channels/:channel/messages': ({ params, query }) =>
      chat.messages(params.id, params.channel, query),
    'POST /api/communities/:id/channels/:channel/messages': ({ params, body }) =>
      chat.send(params.id, params.channel, body),
    'POST /api/communities/:id/channels/:channel/read': ({ params, body }) =>
      nothing(chat.markRead(params.id, params.channel, body.message)),
    'POST /api/communities/:id/channels/:channel/typing': ({ params }) =>
      nothing(chat.typing(params.id, params.channel)),

    'GET /api/communities/:id/messages/:message': ({ params }) => chat.message(params.id, params.message),
    'PATCH /api/communities/:id/messages/:message': ({ params, body }) =>
      chat.edit(params.id, params.message, body.text),
    'DELETE /api/communities/:id/messages/:message': ({ params }) => chat.delete(params.id, params.message),
    'PUT /api/communities/:id/messages/:message/reactions/:emoji': ({ params }) =>
      chat.react(params.id, params.message, params.emoji, true),
    'DELETE /api/communities/:id/messages/:message/reactions/:emoji': ({ params }) =>
      chat.react(params.id, params.message, params.emoji, false),
    'POST /api/communities/:id/messages/:message/hide': ({ params, body }) =>
      chat.hide(params.id, params.message, body.reason),
    'DELETE /api/communities/:id/messages/:message/hide': ({ params }) => chat.unhide(params.id, params.message),
    'POST /api/communities/:id/messages/:message/report': ({ params, body }) =>
      nothing(chat.report(params.id, params.message, body.reason)),

    'POST /api/communities/:id/members/:person/mute': ({ params, body }) =>
      nothing(chat.mute(params.id, params.person, body)),
    'DELETE /api/communities/:id/members/:person/mute': ({ params }) => nothing(chat.unmute(params.id, params.person)),
    'GET /api/communities/:id/mutes': ({ params }) => ({ mutes: [...chat.mutes(params.id)] }),
    'GET /api/communities/:id/reports': ({ params }) => ({ reports: [...chat.reports(params.id)] }),
    'GET /api/communities/:id/search': ({ params, query }) => ({
      found: [...chat.search(params.id, query.q, query)],
    }),
  }
}

/** For routes that answer nothing. */
async function nothing(work: Promise<void>): Promise<undefined> {
  await work
  return undefined
}
