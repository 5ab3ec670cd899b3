// Direct conversations, for the API.

import type { Community } from '../../api/community-schemas.ts'
import type * as Api from '../../api/direct-schemas.ts'
import type { DirectServices } from '../../api/direct-services.ts'
import type { Event } from '../../api/schemas.ts'
import { generalChannel } from '../../apps/chat/core.ts'
import type { Chat } from '../../apps/chat/types.ts'
import type { Cancel } from '../../base/ports.ts'
import { wordsOf } from '../../community/direct/contact-link.ts'
import type { Ask, Blocked, Contact, Direct, DirectEvent, Request } from '../../community/direct/types.ts'
import type { RequestId } from '../../community/direct/wire.ts'
import type { Communities, CommunityFacts } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'

export interface DirectParts {
  readonly direct: Direct
  readonly communities: Communities
  readonly chat: Chat
  /** A community as the API shows it. */
  readonly view: (facts: CommunityFacts) => Community
  readonly emit: (event: Event) => void
}

export function createDirectServices(parts: DirectParts): { readonly calls: DirectServices; follow(): Cancel } {
  const { direct, communities, emit } = parts
  const calls: DirectServices = {
    conversations: () =>
      communities
        .list()
        .flatMap((facts) => conversationToApi(parts, facts) ?? [])
        .sort(byLast),
    contact: () => contactToApi(direct.contact()),
    async changeContact({ name, who }) {
      const patch = { ...(name === undefined ? {} : { name }), ...(who === undefined ? {} : { who }) }
      return contactToApi(direct.changeContact(patch))
    },
    renewContact: async () => contactToApi(direct.renewContact()),
    requests: () => direct.requests().map(requestToApi),
    accept: async (id, { memberName }) => parts.view(await direct.accept(id as RequestId, memberName)),
    refuse: (id) => direct.refuse(id as RequestId),
    asks: () => direct.asks().map((ask) => askToApi(ask)),
    ask: async (request) => askToApi(await direct.ask(request)),
    cancel: (id) => direct.cancel(id as RequestId),
    blocked: () => direct.blocked().map(blockedToApi),
    block: async (person) => blockedToApi(await direct.block(person as PersonDid)),
    unblock: (person) => direct.unblock(person as PersonDid),
  }
  return { calls, follow: () => direct.on((event) => emit(eventToApi(event))) }
}

/** Undefined for groups, and for what waits for an answer: that is an ask, not a conversation. */
function conversationToApi({ view, chat }: DirectParts, facts: CommunityFacts): Api.Conversation | undefined {
  const { direct, phase, id } = facts
  if (direct === undefined || (phase === 'open' && !direct.joined)) return undefined
  const channel = facts.state === undefined ? undefined : chat.channels(id).find((one) => one.id === generalChannel)
  return {
    community: id,
    channel: generalChannel,
    person: direct.with ?? null,
    words: direct.with === undefined ? [] : wordsOf(direct.with),
    name: direct.name,
    state: stateOf(facts),
    sentence: view(facts).sentence,
    unread: channel?.unread ?? 0,
    lastMessageMs: channel?.lastMessageMs === undefined ? null : whole(channel.lastMessageMs),
  }
}

function stateOf({ direct, phase, state }: CommunityFacts): Api.Conversation['state'] {
  if (direct?.blocked === true) return 'blocked'
  if (phase !== 'open') return phase === 'joining' ? 'joining' : 'left'
  const other = direct?.with === undefined ? undefined : state?.members.get(direct.with)
  return other?.state === 'active' ? 'open' : 'alone'
}

/** Those in which something was said last come first. */
function byLast(a: Api.Conversation, b: Api.Conversation): number {
  const [one, other] = [a.lastMessageMs ?? Number.MAX_SAFE_INTEGER, b.lastMessageMs ?? Number.MAX_SAFE_INTEGER]
  return other - one || (a.community < b.community ? -1 : 1)
}

function contactToApi({ person, words, name, who, link }: Contact): Api.Contact {
  return { person, words: [...words], name: name ?? null, who, link }
}

function requestToApi({ peer, ...request }: Request): Api.DirectRequest {
  const { person, askedMs, receivedMs } = request
  return {
    ...request,
    words: wordsOf(person),
    peerId: peer,
    askedMs: whole(askedMs),
    receivedMs: whole(receivedMs),
  }
}

function askToApi(ask: Ask, end: { conversation?: string | undefined; cancelled?: boolean } = {}): Api.DirectAsk {
  const { peers: _peers, reason, askedMs, reachedMs, againMs, ...rest } = ask
  const state = end.cancelled === true ? 'cancelled' : end.conversation === undefined ? ask.state : 'done'
  return {
    ...rest,
    words: wordsOf(ask.person),
    state,
    reason: reason ?? null,
    sentence: (reason === undefined ? undefined : reasonSentences[reason]) ?? sentences[state],
    askedMs: whole(askedMs),
    reachedMs: reachedMs === undefined ? null : whole(reachedMs),
    againMs: againMs === undefined ? null : whole(againMs),
    conversation: end.conversation ?? null,
  }
}

const sentences: Readonly<Record<Api.DirectAsk['state'], string>> = {
  waiting: 'Their computer was not reached yet; it goes on by itself while Peerhood runs.',
  delivered: 'Their computer has it; now they have to say yes.',
  accepted: 'They have said yes; the conversation opens as soon as the computers reach each other.',
  crossed: 'They ask you, too: the conversation begins by itself.',
  refused: 'They have refused it.',
  expired: 'Nobody has answered for a month, so it asks no longer.',
  failed: 'It came to nothing.',
  done: 'They have said yes.',
  cancelled: 'You have taken it back.',
}

const reasonSentences: Readonly<Record<NonNullable<Ask['reason']>, string>> = {
  declined: 'They have refused it.',
  closed: 'They want to be asked by nobody.',
  link_needed:
    'Their link is no longer good, or they want to be asked only by those in a community with them. Ask them for a new link.',
  later: 'They have refused it a while ago, and are not asked again so soon.',
  not_here: 'Another person lives on that computer now. Ask them for a new link.',
  clock: 'The clocks of the two computers differ by more than five minutes. Set yours right, then ask again.',
  other_person: 'Somebody else came in their place, so nothing was said.',
}

function blockedToApi({ person, name, sinceMs }: Blocked): Api.Blocked {
  return { person, words: wordsOf(person), name, sinceMs: whole(sinceMs) }
}

function eventToApi(event: DirectEvent): Event {
  switch (event.type) {
    case 'request':
      return { type: 'direct-request', request: requestToApi(event.request) }
    case 'ask':
      return { type: 'direct-ask', ask: askToApi(event.ask, event) }
    case 'blocked':
      return { type: 'direct-blocked', person: event.person, blocked: event.blocked }
    case 'contact':
      return { type: 'direct-contact' }
  }
}

function whole(value: number): number {
  return Math.max(0, Math.round(value))
}
