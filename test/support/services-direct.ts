// Direct conversations of the in-memory services. The hub carries them: whoever has it is in reach, and is told at once.

import { createHash, randomBytes } from 'node:crypto'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import type { ChatServices } from '../../src/api/community-services.ts'
import type { Blocked, Contact, Conversation, DirectAsk, DirectRequest } from '../../src/api/direct-schemas.ts'
import type { DirectServices } from '../../src/api/direct-services.ts'
import type { Event, Link } from '../../src/api/schemas.ts'
import { defineErrors } from '../../src/base/errors.ts'
import type { Clock } from '../../src/base/ports.ts'
import type { MemoryCommunities } from './services-communities.ts'
import type { MemoryAuthor, MemoryHub } from './services-hub.ts'

const errors = defineErrors({
  link_malformed: { kind: 'usage', hint: 'Copy the whole link.' },
  direct_request_unknown: { kind: 'not-found', hint: 'See the list of requests.' },
  direct_ask_unknown: { kind: 'not-found', hint: 'See the list of what was asked.' },
  direct_asked: { kind: 'conflict', hint: 'Wait for the answer.' },
  direct_not_blocked: { kind: 'not-found', hint: 'See who is blocked.' },
})

/** Where a person is asked. */
export interface MemoryDesk {
  readonly token: () => string
  /** What the other is told: undefined while the person has yet to decide. */
  ask(request: Omit<DirectRequest, 'receivedMs' | 'state'>, decided: (accepted: boolean) => void): 'refused' | undefined
  withdraw(id: string): void
}

interface DirectParts {
  readonly clock: Clock
  readonly hub: MemoryHub
  readonly author: MemoryAuthor
  readonly communities: MemoryCommunities
  readonly chat: ChatServices
  readonly emit: (event: Event) => void
}

const linkPattern = /^peerhood:contact\.([0-9a-z]+)\.([0-9a-f]{16})$/i

export function createMemoryDirect(parts: DirectParts): {
  readonly services: DirectServices
  inspect(link: string): Link | undefined
} {
  const { clock, hub, author, communities, emit } = parts
  const requests = new Map<string, { readonly view: DirectRequest; readonly decided: (accepted: boolean) => void }>()
  const asks = new Map<string, DirectAsk>()
  const blocked = new Map<string, Blocked>()
  let contact: Contact = contactOf(newToken(), null, 'link')

  function contactOf(token: string, name: string | null, who: Contact['who']): Contact {
    const link = `peerhood:contact.${author.person.slice('did:key:'.length)}.${token}`
    return { person: author.person, words: wordsOf(author.person), name, who, link }
  }

  const token = () => linkPattern.exec(contact.link)?.[2] ?? ''

  function setContact(next: Contact): Contact {
    contact = next
    emit({ type: 'direct-contact' })
    return contact
  }

  hub.desks.set(author.person, {
    token,
    ask(asked, decided) {
      if (blocked.has(asked.person) || contact.who === 'nobody') return 'refused'
      const view: DirectRequest = { ...asked, state: 'pending', receivedMs: clock.nowMs() }
      requests.set(view.id, { view, decided })
      emit({ type: 'direct-request', request: view })
      return undefined
    },
    withdraw(id) {
      const request = requests.get(id)
      if (request !== undefined) end(request.view, 'withdrawn')
    },
  })

  function end(view: DirectRequest, state: DirectRequest['state']): void {
    requests.delete(view.id)
    emit({ type: 'direct-request', request: { ...view, state } })
  }

  function take(id: string) {
    const request = requests.get(id)
    if (request === undefined) throw errors.direct_request_unknown('No request of this id waits for you.')
    return request
  }

  function keep(ask: DirectAsk): DirectAsk {
    if (ask.state === 'done' || ask.state === 'cancelled') asks.delete(ask.id)
    else asks.set(ask.id, ask)
    emit({ type: 'direct-ask', ask })
    return ask
  }

  function desk(link: string): { readonly person: string; readonly desk: MemoryDesk } {
    const [, of = '', token = ''] = linkPattern.exec(link) ?? []
    const person = `did:key:${of}`
    const found = hub.desks.get(person)
    if (found === undefined || found.token() !== token) throw errors.link_malformed('This link leads to nobody.')
    return { person, desk: found }
  }

  const services: DirectServices = {
    conversations: () => communities.services.list().flatMap((one) => conversationOf(one.id) ?? []),
    contact: () => contact,
    changeContact: async ({ name = contact.name, who = contact.who }) => setContact(contactOf(token(), name, who)),
    renewContact: async () => setContact(contactOf(newToken(), contact.name, contact.who)),

    requests: () => [...requests.values()].map(({ view }) => view),
    async accept(id, { memberName }) {
      const { view, decided } = take(id)
      end(view, 'accepted')
      const community = communities.letIn(view.community, memberName, 'member', view.person)
      decided(true)
      return community
    },
    async refuse(id) {
      const { view, decided } = take(id)
      end(view, 'refused')
      decided(false)
    },

    asks: () => [...asks.values()],
    async ask({ to, memberName, text }) {
      const { person, desk: theirs } = desk(to)
      if ([...asks.values()].some((one) => one.person === person && one.state === 'delivered')) {
        throw errors.direct_asked('You have asked this person already.')
      }
      const nowMs = clock.nowMs()
      const community = communities.foundDirect(memberName)
      await parts.chat.send(community, (parts.chat.channels(community)[0] ?? { id: '' }).id, { text })
      const id = randomBytes(32).toString('hex')
      const made: DirectAsk = {
        ...{ id, person, words: wordsOf(person), name: '', memberName, text, community, state: 'delivered' },
        ...{ reason: null, sentence: 'They have to say yes.', askedMs: nowMs, reachedMs: nowMs, againMs: null },
        conversation: null,
      }
      keep(made)
      const decided = (accepted: boolean) => {
        const end = { sentence: accepted ? 'They have said yes.' : 'They have refused it.' }
        if (accepted) keep({ ...made, ...end, state: 'done', conversation: community })
        else keep({ ...made, ...end, state: 'refused', reason: 'declined' })
      }
      const request = { id, person: author.person, words: wordsOf(author.person), peerId: author.peerId }
      const said = theirs.ask({ ...request, name: memberName, text, community, askedMs: nowMs }, decided)
      if (said === 'refused') decided(false)
      return asks.get(id) ?? made
    },
    async cancel(id) {
      const ask = asks.get(id)
      if (ask === undefined) throw errors.direct_ask_unknown('You do not ask anybody by this id.')
      hub.desks.get(ask.person)?.withdraw(id)
      keep({ ...ask, state: 'cancelled', sentence: 'You have taken it back.' })
    },

    blocked: () => [...blocked.values()],
    async block(person) {
      const known = blocked.get(person)
      if (known !== undefined) return known
      const theirs = [...requests.values()].filter(({ view }) => view.person === person)
      const name = theirs[0]?.view.name ?? conversationWith(person)?.name ?? ''
      const made: Blocked = { person, words: wordsOf(person), name, sinceMs: clock.nowMs() }
      blocked.set(person, made)
      for (const { view, decided } of theirs) {
        end(view, 'refused')
        decided(false)
      }
      emit({ type: 'direct-blocked', person, blocked: true })
      return made
    },
    async unblock(person) {
      if (!blocked.delete(person)) throw errors.direct_not_blocked('This person is not blocked.')
      emit({ type: 'direct-blocked', person, blocked: false })
    },
  }

  function conversationOf(id: string): Conversation | undefined {
    const { direct, name, phase, sentence } = communities.services.get(id)
    if (direct === null || !direct.joined || direct.person === null) return undefined
    const [channel] = parts.chat.channels(id)
    return {
      ...{ community: id, channel: channel?.id ?? '', person: direct.person, words: wordsOf(direct.person) },
      ...{ name: name ?? '', sentence, unread: channel?.unread ?? 0, lastMessageMs: channel?.lastMessageMs ?? null },
      state: blocked.has(direct.person) ? 'blocked' : phase === 'open' ? 'open' : 'left',
    }
  }

  const conversationWith = (person: string) => services.conversations().find((one) => one.person === person)

  return {
    services,
    inspect(link) {
      const [, of] = linkPattern.exec(link) ?? []
      if (of === undefined) return undefined
      const person = `did:key:${of}`
      return { kind: 'contact', person, words: wordsOf(person), name: null, peers: [] }
    },
  }
}

function newToken(): string {
  return randomBytes(8).toString('hex')
}

function wordsOf(person: string): string[] {
  const digest = createHash('sha256').update(person).digest()
  return Array.from({ length: 6 }, (_, at) => wordlist[digest.readUInt16BE(2 * at) % wordlist.length] ?? '')
}
