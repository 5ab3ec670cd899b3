// The communities of the in-memory services: one daemon's view of what is in the hub. Roles, ranks, invites with uses
// and expiry, keepers, entries with real signatures; no network, so that whoever has the hub is in reach.

import { wordlist } from '@scure/bip39/wordlists/english.js'
import type { Community, Device, Member } from '../../src/api/community-schemas.ts'
import type { CommunityServices } from '../../src/api/community-services.ts'
import type { Event, Link } from '../../src/api/schemas.ts'
import type { Clock } from '../../src/base/ports.ts'
import {
  appendEntry,
  capabilitiesOf,
  checkMay,
  createMemoryCommunity,
  communityMemoryErrors as errors,
  type MemoryAuthor,
  type MemoryCommunity,
  type MemoryHub,
} from './services-hub.ts'
import { createMemoryInvites, spendInvite } from './services-invites.ts'
import { createMemoryLog } from './services-log.ts'

/** What one daemon knows of a community beside what all know. */
interface Here {
  phase: Community['phase']
  presence: boolean
  readonly bytesMax: number | null
}

export interface MemoryCommunities {
  readonly services: CommunityServices
  /** Throws unless the community is here and readable. */
  take(id: string): MemoryCommunity
  /** Undefined for links of another kind. */
  inspect(link: string): Link | undefined
  /** Whether this daemon shows it to its person. */
  isOpen(id: string): boolean
  /** Throws when the role has a higher rank than this person's, or is none. */
  checkRole(community: MemoryCommunity, role: string): void
  /** Begins a conversation of two. */
  foundDirect(memberName: string): string
  /** Makes this person a member whom another has let in. */
  letIn(id: string, memberName: string, role: string, by: string): Community
}

export interface CommunityParts {
  readonly clock: Clock
  readonly hub: MemoryHub
  readonly author: MemoryAuthor
  readonly deviceName: () => string
  readonly emit: (event: Event) => void
}

const linkPattern = /^peerhood:(invite|community-keep)\.([0-9a-f]{64})\.([0-9a-f]{32})$/
const keepBytesMaxDefault = 1024 ** 3

export function createMemoryCommunities(parts: CommunityParts): MemoryCommunities {
  const { clock, hub, author, emit } = parts
  const here = new Map<string, Here>()
  const { person, device, peerId } = author

  hub.events.on((event) => {
    if (event.type !== 'community' || !here.has(event.id)) return
    const state = here.get(event.id)
    const member = hub.communities.get(event.id)?.members.get(person)
    if (state?.phase === 'open' && member?.state === 'removed') state.phase = 'removed'
    emit({ type: 'community', community: view(event.id) })
  })
  hub.events.on((event) => {
    if (event.type === 'presence' && isOpen(event.id)) emit({ type: 'presence', presence: event.presence })
  })

  const isOpen = (id: string) => here.get(id)?.phase === 'open'

  function locate(id: string): { readonly community: MemoryCommunity; readonly state: Here } {
    const state = here.get(id)
    const community = hub.communities.get(id)
    if (state === undefined || community === undefined) {
      throw errors.community_unknown('There is no such community here.', { details: { id } })
    }
    return { community, state }
  }

  function take(id: string): MemoryCommunity {
    const { community, state } = locate(id)
    if (state.phase === 'keeping') throw errors.community_sealed('This community is held for others, unreadable here.')
    return community
  }

  /** To write in: `take`, and this person is still in. */
  function takeOpen(id: string, capability?: string): MemoryCommunity {
    const community = take(id)
    if (!isOpen(id)) throw errors.community_left('This person is no longer in the community.')
    if (capability !== undefined) checkMay(community, person, capability)
    return community
  }

  function act(community: MemoryCommunity, kind: string, body: object, sentence: string): void {
    const atMs = clock.nowMs()
    appendEntry(community, author, { lane: 0, app: 'community', kind, body, sentence, atMs })
    hub.events.emit({ type: 'community', id: community.id })
  }

  function view(id: string): Community {
    const { community, state } = locate(id)
    const readable = state.phase !== 'keeping'
    const self = readable ? community.members.get(person) : undefined
    return {
      id,
      phase: state.phase,
      sentence: sentenceOf(state.phase),
      purpose: readable ? community.purpose : null,
      direct: directOf(community),
      name: readable ? nameOf(community) : null,
      description: readable ? community.description : '',
      history: readable ? community.history : null,
      self: self === undefined ? null : memberView(self),
      capabilities: [...capabilitiesOf(community, person)],
      presence: state.presence,
      membersActive: readable ? activeMembers(community).length : 0,
      keepers: readable ? community.keepers.size : 0,
      entries: community.entries.length,
      reading: null,
      bytes: bytesOf(community),
      bytesMax: state.bytesMax,
      devices: community.keys.size,
      voided: 0,
      forks: [],
      epoch: readable ? community.epoch : null,
    }
  }

  const othersIn = ({ members }: MemoryCommunity) => [...members.values()].filter((member) => member.person !== person)

  function directOf(community: MemoryCommunity): Community['direct'] {
    if (community.purpose === 'group') return null
    const [other] = othersIn(community)
    return { person: other?.person ?? null, joined: other !== undefined, blocked: false }
  }

  function nameOf(community: MemoryCommunity): string {
    return community.purpose === 'group' ? community.name : (othersIn(community)[0]?.name ?? '')
  }

  function memberView(member: Member): Member {
    const devices = member.devices.map((its) => ({ ...its, here: its.device === device }))
    return { ...member, self: member.person === person, devices }
  }

  function takeMember(community: MemoryCommunity, of: string): Member {
    const member = community.members.get(of)
    if (member?.state === 'active') return member
    throw errors.member_unknown('There is no such member.', { details: { person: of } })
  }

  function checkRank(community: MemoryCommunity, rank: number): void {
    const own = community.roles.get(community.members.get(person)?.role ?? '')?.rank ?? -1
    if (own < rank) throw errors.outranked('That takes a higher rank than this person has.')
  }

  const rankOf = (community: MemoryCommunity, role: string) => {
    const found = community.roles.get(role)
    if (found === undefined) throw errors.role_unknown(`There is no role “${role}”.`)
    return found.rank
  }

  const checkRole = (community: MemoryCommunity, role: string) => checkRank(community, rankOf(community, role))

  function admit(community: MemoryCommunity, name: string, role: string, admittedBy: string | null): void {
    const joinedMs = clock.nowMs()
    const added: Device = {
      device,
      peerId,
      name: parts.deviceName(),
      state: 'active',
      addedMs: joinedMs,
      here: false,
    }
    const seniority = community.members.size
    const state = 'active' as const
    community.members.set(person, {
      person,
      name,
      role,
      state,
      seniority,
      joinedMs,
      admittedBy,
      self: false,
      devices: [added],
    })
    community.presence.set(person, {
      community: community.id,
      person,
      state: 'online',
      typing: null,
      changedMs: joinedMs,
    })
  }

  /** Ends a membership and begins a new key, as every removal does. */
  function drop(community: MemoryCommunity, of: string, state: 'left' | 'removed'): void {
    const member = takeMember(community, of)
    community.members.set(of, { ...member, state })
    community.epoch += 1
  }

  /** The community that a link names, once it is in reach: for ever, if nobody brings it. */
  async function reach(link: string, kind: 'invite' | 'community-keep', signal: AbortSignal) {
    const [, linkKind, id = '', secret = ''] = linkPattern.exec(link) ?? []
    if (linkKind !== kind) throw errors.invite_link_damaged('This link is cut, mistyped, or for something else.')
    const community = hub.communities.get(id)
    if (community !== undefined) return { community, secret }
    const { promise, reject } = Promise.withResolvers<never>()
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    return promise
  }

  function found(settings: Parameters<typeof createMemoryCommunity>[0], memberName: string): Community {
    const community = createMemoryCommunity(settings)
    hub.communities.set(community.id, community)
    here.set(community.id, { phase: 'open', presence: true, bytesMax: null })
    admit(community, memberName, settings.purpose === 'group' ? 'owner' : 'member', null)
    act(community, 'found', { ...settings, memberName }, `${memberName} founded ${settings.name}`)
    return view(community.id)
  }

  const services: CommunityServices = {
    list: () => [...here.keys()].map(view),
    get: view,
    async found({ name, description = '', history = 'all', memberName }) {
      return found({ purpose: 'group', name, description, history }, memberName)
    },
    async join({ link, memberName }, { signal }) {
      const { community, secret } = await reach(link, 'invite', signal)
      if (isOpen(community.id)) throw errors.already_member('This person is in the community already.')
      const invite = spendInvite(community, secret, clock.nowMs())
      here.set(community.id, { phase: 'open', presence: true, bytesMax: null })
      admit(community, memberName, invite.role, invite.createdBy)
      act(community, 'join', { invite: invite.id, memberName }, `${memberName} joined with an invite`)
      return view(community.id)
    },
    async keep({ link, bytesMax = keepBytesMaxDefault }, { signal }) {
      const { community } = await reach(link, 'community-keep', signal)
      if (here.has(community.id)) throw errors.already_member('This community is here already.')
      here.set(community.id, { phase: 'keeping', presence: false, bytesMax })
      emit({ type: 'community', community: view(community.id) })
      return view(community.id)
    },
    async change(id, patch) {
      const community = takeOpen(id, 'settings')
      Object.assign(community, patch)
      act(community, 'settings', patch, 'changed the settings')
      return view(id)
    },
    async changeSelf(id, { memberName, presence }) {
      const community = takeOpen(id)
      const { state } = locate(id)
      if (presence !== undefined) state.presence = presence
      if (memberName !== undefined) {
        community.members.set(person, { ...takeMember(community, person), name: memberName })
        act(community, 'profile', { memberName }, `is now called ${memberName}`)
      }
      return view(id)
    },
    async leave(id) {
      const community = takeOpen(id)
      locate(id).state.phase = 'left'
      drop(community, person, 'left')
      act(community, 'remove', { person }, 'left')
      return view(id)
    },
    async forget(id) {
      locate(id)
      here.delete(id)
      emit({ type: 'community-removed', id })
    },

    members: (id) => [...take(id).members.values()].map(memberView),
    async setRole(id, of, role) {
      const community = takeOpen(id, 'roles')
      const member = takeMember(community, of)
      checkRank(community, Math.max(rankOf(community, member.role), rankOf(community, role)))
      const changed = { ...member, role }
      community.members.set(of, changed)
      act(community, 'role', { person: of, role }, `made ${member.name} ${role}`)
      return memberView(changed)
    },
    async removeMember(id, of) {
      const community = takeOpen(id, of === person ? undefined : 'remove')
      const member = takeMember(community, of)
      if (of !== person) checkRank(community, rankOf(community, member.role))
      drop(community, of, 'removed')
      act(community, 'remove', { person: of }, `removed ${member.name}`)
    },
    async removeDevice(id, which) {
      const community = takeOpen(id)
      const member = [...community.members.values()].find(({ devices }) => devices.some((its) => its.device === which))
      if (member === undefined) throw errors.device_unknown('There is no such device.')
      if (member.person !== person) checkMay(community, person, 'remove')
      const devices = member.devices.map((its) => (its.device === which ? { ...its, state: 'removed' as const } : its))
      community.members.set(member.person, { ...member, devices })
      community.epoch += 1
      act(community, 'device-remove', { device: which }, `removed a device of ${member.name}`)
    },
    roles: (id) => [...take(id).roles.values()],
    async defineRole(id, { name, capabilities, rank }) {
      const community = takeOpen(id, 'roles')
      checkRank(community, rank)
      if (community.roles.get(name)?.builtIn === true) throw errors.not_allowed('This role is not one to change.')
      community.roles.set(name, { name, capabilities, rank, builtIn: false })
      act(community, 'role-define', { name, capabilities, rank }, `defined the role ${name}`)
      return [...community.roles.values()]
    },

    ...createMemoryInvites({
      clock,
      author,
      take,
      takeOpen,
      checkRole,
      act,
    }),
    presence: (id) => [...take(id).presence.values()],
    ...createMemoryLog({
      clock,
      author,
      locate: (id) => locate(id).community,
      isSealed: (id) => here.get(id)?.phase === 'keeping',
      take,
      view,
      memberView,
      wordlist,
    }),
  }

  return {
    services,
    take,
    isOpen,
    checkRole,
    foundDirect: (memberName) =>
      found({ purpose: 'direct', name: 'Direct', description: '', history: 'all' }, memberName).id,
    letIn(id, memberName, role, by) {
      const community = hub.communities.get(id)
      if (community === undefined) throw errors.community_unknown('There is no such community.')
      if (isOpen(id)) throw errors.already_member('This person is in the community already.')
      here.set(id, { phase: 'open', presence: true, bytesMax: null })
      admit(community, memberName, role, by)
      act(community, 'admit', { memberName, role }, `${memberName} was let in`)
      return view(id)
    },
    inspect(link) {
      const asked = /^peerhood:request\.(.+)$/.exec(link)?.[1]
      if (asked !== undefined) {
        const name = hub.communities.get(asked)?.name ?? null
        return { kind: 'community-request', communityId: asked, name, peers: [] }
      }
      const [, kind, communityId = '', secret = ''] = linkPattern.exec(link) ?? []
      if (kind === 'community-keep') return { kind, communityId, peers: [] }
      if (kind !== 'invite') return undefined
      const community = hub.communities.get(communityId)
      const invite = [...(community?.invites.values() ?? [])].find((one) => one.secret === secret)
      return { kind, communityId, inviteId: invite?.id ?? secret, name: community?.name ?? null, peers: [] }
    },
  }
}

function sentenceOf(phase: Community['phase']): string {
  switch (phase) {
    case 'joining':
      return 'Waiting for somebody who has it.'
    case 'open':
      return 'In sync with everybody in reach.'
    case 'keeping':
      return 'Held for its members; it can’t be read here.'
    case 'left':
      return 'You have left. What was here can still be read.'
    case 'removed':
      return 'You were removed. What was here can still be read.'
  }
}

function activeMembers(community: MemoryCommunity): Member[] {
  return [...community.members.values()].filter(({ state }) => state === 'active')
}

function bytesOf(community: MemoryCommunity): number {
  return community.entries.reduce((bytes, { header }) => bytes + header.length + 64, 0)
}
