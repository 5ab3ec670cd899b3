// Communities, for the API: members, invites, keepers, exchange, and the log as people can check it.

import type { ActivityEntry, Community, ExportLine, Sync } from '../../api/community-schemas.ts'
import type { CommunityServices } from '../../api/community-services.ts'
import type { Event } from '../../api/schemas.ts'
import { toHex } from '../../base/bytes.ts'
import type { Cancel, Clock } from '../../base/ports.ts'
import { communityErrors } from '../../community/errors.ts'
import { type Names, sentenceOfAct } from '../../community/sentences.ts'
import type {
  AuditedEntry,
  Capability,
  Communities,
  CommunityFacts,
  CommunityState,
  InviteId,
} from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import { entryCid } from '../../log/ids.ts'
import type { LogSync, SyncPeer } from '../../log/sync/types.ts'
import type { CommunityId, DeviceId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import {
  appSentence,
  communityToApi,
  inviteToApi,
  keeperToApi,
  memberToApi,
  reasonOf,
  roleToApi,
  type Viewer,
} from '../community-views.ts'
import { toDagJson } from '../dag-json.ts'
import { createLatest } from '../latest.ts'
import { communityEventEveryMs } from '../limits.ts'
import type { PresenceService } from '../presence.ts'

export interface CommunityParts {
  readonly clock: Clock
  readonly communities: Communities
  readonly sync: LogSync
  readonly presence: PresenceService
  readonly viewer: () => Omit<Viewer, 'presence'>
  readonly emit: (event: Event) => void
}

export function createCommunityServices(parts: CommunityParts): {
  readonly calls: CommunityServices
  follow(): Cancel
} {
  return {
    calls: { ...basicCalls(parts), ...memberCalls(parts), ...inviteCalls(parts), ...auditCalls(parts) },
    follow: () => follow(parts),
  }
}

const idOf = (id: string) => id as CommunityId

function viewOf({ communities, viewer, presence }: CommunityParts, id: CommunityId): Community {
  return communityToApi(communities.get(id), { ...viewer(), presence: presence.isOn(id) })
}

type Basic = 'list' | 'get' | 'found' | 'join' | 'keep' | 'change' | 'changeSelf' | 'leave' | 'forget' | 'presence'

function basicCalls(parts: CommunityParts): Pick<CommunityServices, Basic> {
  const { communities, presence } = parts
  const view = (id: string) => viewOf(parts, idOf(id))
  return {
    list: () => communities.list().map(({ id }) => view(id)),
    get: view,
    async found({ name, description = '', history = 'all', memberName }) {
      return view((await communities.found({ name, description, history, memberName })).id)
    },
    join: async ({ link, memberName }, { signal }) => view((await communities.join(link, { memberName, signal })).id),
    keep: async ({ link, bytesMax }) =>
      view((await communities.keep(link, bytesMax === undefined ? {} : { bytesMax })).id),
    async change(id, { name, description, history }) {
      await communities.changeSettings(idOf(id), {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(history === undefined ? {} : { history }),
      })
      return view(id)
    },
    async changeSelf(id, { memberName, presence: on }) {
      if (memberName !== undefined) await communities.rename(idOf(id), memberName)
      if (on !== undefined) presence.set(idOf(id), on)
      return view(id)
    },
    async leave(id) {
      await communities.leave(idOf(id))
      return view(id)
    },
    forget: (id) => communities.forget(idOf(id)),
    presence: (id) => presence.list(idOf(id)),
  }
}

/** Throws `community_unknown`, `still_joining`, `kept_only`. */
function stateOf({ communities }: CommunityParts, id: string) {
  const { state, phase } = communities.get(idOf(id))
  if (state !== undefined) return state
  if (phase === 'keeping') throw communityErrors.kept_only('This computer only holds this community for others.')
  throw communityErrors.still_joining('Nobody of this community was reached yet.')
}

type OfMembers = 'members' | 'setRole' | 'removeMember' | 'removeDevice' | 'roles' | 'defineRole'

function memberCalls(parts: CommunityParts): Pick<CommunityServices, OfMembers> {
  const { communities, viewer } = parts
  const look = (id: string) => ({ ...viewer(), presence: parts.presence.isOn(idOf(id)) })
  const members = (id: string) =>
    [...stateOf(parts, id).members.values()].map((member) => memberToApi(member, look(id)))
  const member = (id: string, person: string) => {
    const found = members(id).find((one) => one.person === person)
    if (found === undefined) throw communityErrors.member_unknown('Nobody of that id is a member here.')
    return found
  }
  const roles = (id: string) => [...stateOf(parts, id).roles.values()].map(roleToApi)
  return {
    members,
    async setRole(id, person, role) {
      member(id, person)
      await communities.setRole(idOf(id), person as PersonDid, role)
      return member(id, person)
    },
    async removeMember(id, person) {
      member(id, person)
      await communities.removeMember(idOf(id), person as PersonDid)
    },
    async removeDevice(id, device) {
      if (!members(id).some(({ devices }) => devices.some((one) => one.device === device))) {
        throw communityErrors.device_unknown('No member has a device of that id.')
      }
      await communities.removeDevice(idOf(id), device as DeviceId)
    },
    roles,
    async defineRole(id, { name, rank, capabilities }) {
      await communities.defineRole(idOf(id), { name, rank, capabilities: capabilities as Capability[] })
      return roles(id)
    },
  }
}

type OfInvites = 'invites' | 'invite' | 'revokeInvite' | 'keepLink' | 'keepers' | 'addKeeper' | 'removeKeeper'

function inviteCalls(parts: CommunityParts): Pick<CommunityServices, OfInvites> {
  const { communities, sync } = parts
  const keepers = (id: string) => {
    const peers = sync.status(idOf(id))?.peers ?? []
    return stateOf(parts, id).keepers.map((keeper) =>
      keeperToApi(
        keeper,
        peers.find(({ peerId }) => peerId === keeper.peer.peerId),
      ),
    )
  }
  const keeper = (id: string, peerId: string) => {
    const found = keepers(id).find((one) => one.peerId === peerId)
    if (found === undefined) throw communityErrors.keeper_unknown('No keeper of that id is known here.')
    return found
  }
  return {
    invites: (id) => [...stateOf(parts, id).invites.values()].map(inviteToApi),
    async invite(id, { role, usesMax, expiresMs, note }) {
      const { invite, link } = await communities.invite(idOf(id), {
        ...(role === undefined ? {} : { role }),
        ...(usesMax === undefined ? {} : { usesMax }),
        ...(expiresMs === undefined ? {} : { expiresMs }),
        ...(note === undefined ? {} : { note }),
      })
      return { invite: inviteToApi(invite), link }
    },
    revokeInvite: (id, invite) => {
      if (!stateOf(parts, id).invites.has(invite as InviteId)) {
        throw communityErrors.invite_unknown('There is no invitation of that id here.')
      }
      return communities.revokeInvite(idOf(id), invite as InviteId)
    },
    keepLink: (id) => communities.keepLink(idOf(id)),
    keepers,
    async addKeeper(id, { peerId, addresses = [], name, bytesMax }) {
      const peer = { peerId: peerId as PeerId, addresses }
      await communities.addKeeper(idOf(id), { peer, name, bytesMax })
      return keeper(id, peerId)
    },
    async removeKeeper(id, peerId) {
      keeper(id, peerId)
      await communities.removeKeeper(idOf(id), peerId as PeerId)
    },
  }
}

function auditCalls(parts: CommunityParts): Pick<CommunityServices, 'activity' | 'sync' | 'verify' | 'export'> {
  const { communities, clock } = parts
  return {
    async activity(id, { before, limit }) {
      const page = communities.activity(idOf(id), before, limit)
      return {
        entries: page.entries.map((entry) => activityOf(parts, idOf(id), entry)),
        before: page.before ?? null,
      }
    },
    sync: (id) => syncOf(parts, idOf(id)),
    async verify(id, options) {
      const { root, words, problems, ...counts } = await communities.verify(idOf(id), options)
      return {
        ...counts,
        ok: counts.problemsCount === 0,
        merkleRoot: toHex(root),
        words: [...words],
        problems: problems.map(({ entry, code }) => ({ entry: entry ?? null, code, sentence: problemSentences[code] })),
        checkedMs: Math.round(clock.nowMs()),
      }
    },
    export: (id, options) => exportLines(parts, idOf(id), options.signal),
  }
}

const problemSentences = {
  signature_wrong: 'Its signature is wrong, and no later entry of its device stands for it.',
  log_row_damaged: 'An entry on this computer is no longer what it was; it is asked of others again.',
}

function nameOf({ state }: CommunityFacts, person: PersonDid | undefined): string | null {
  return (person === undefined ? undefined : state?.members.get(person)?.name) ?? null
}

function activityOf(parts: CommunityParts, id: CommunityId, audited: AuditedEntry): ActivityEntry {
  const facts = parts.communities.get(id)
  const { stored, signature, said, person, voided } = audited
  const { entry } = stored
  const isSealed = voided === 'sealed'
  return {
    id: entry.id,
    cid: entryCid(entry.id),
    person: person ?? null,
    device: entry.device,
    name: nameOf(facts, person),
    seq: entry.seq,
    atMs: entry.time.ms,
    epoch: entry.epoch,
    lane: entry.lane,
    app: said?.app ?? null,
    kind: said?.kind ?? null,
    sentence: sentenceOf(facts, audited),
    counts: isSealed ? null : voided === undefined,
    void: voided === undefined || isSealed ? null : reasonOf(voided),
    bytes: entry.bytes.length,
    signature: toHex(signature),
    holders: [...parts.sync.holders(id, entry.device, entry.seq)],
  }
}

/** Who did what: “Ann invited one person as member.” */
function sentenceOf(facts: CommunityFacts, { said, act, voided, person, stored }: AuditedEntry): string {
  const { state } = facts
  if (voided === 'sealed') return 'Sealed: its key is not on this computer.'
  const author = nameOf(facts, person) ?? `An unknown device (${stored.entry.device.slice(0, 8)})`
  if (act !== undefined && state !== undefined) return `${author} ${sentenceOfAct(act, namesIn(state))}`
  return said === undefined ? `${author} wrote what can’t be read.` : `${author} ${appSentence(said.app, said.kind)}`
}

function namesIn({ members }: CommunityState): Names {
  return {
    person: (did) => members.get(did as PersonDid)?.name ?? 'somebody who is not known here',
    device(device) {
      for (const { name, devices } of members.values()) {
        const found = devices.find((one) => one.device === device)
        if (found !== undefined) return `${found.name} of ${name}`
      }
      return 'a device that is not known here'
    },
    invite: (invite) => `the invitation ${invite.slice(0, 8)}`,
  }
}

function syncOf(parts: CommunityParts, id: CommunityId): Sync {
  const facts = parts.communities.get(id)
  const peers = parts.sync.status(id)?.peers ?? []
  const keepers = new Map((facts.state?.keepers ?? []).map((keeper) => [keeper.peer.peerId, keeper]))
  const persons = new Map<PeerId, PersonDid>()
  for (const member of facts.state?.members.values() ?? []) {
    for (const { peerId } of member.devices) persons.set(peerId, member.person)
  }
  const present = new Map(peers.map((peer) => [peer.peerId, peer]))
  const live = peers.filter(({ state }) => state === 'live')
  const isCurrent = live.length > 0 && live.every(({ weLack }) => weLack === 0)
  return {
    state: live.length === 0 ? 'alone' : isCurrent ? 'current' : 'syncing',
    sentence:
      live.length === 0
        ? 'Nobody of this community is reachable: what is written here is kept and goes out by itself.'
        : isCurrent
          ? 'Everything that those in reach have is here.'
          : 'Entries are on their way.',
    peers: peers
      .filter(({ peerId }) => !keepers.has(peerId))
      .map((peer) => {
        const person = persons.get(peer.peerId)
        return {
          ...sidesOf(peer),
          peerId: peer.peerId,
          person: person ?? null,
          name: nameOf(facts, person),
          lastMs: wholeOrNull(peer.lastMs),
        }
      }),
    keepers: [...keepers.values()].map(({ peer, name }) => {
      const sync = present.get(peer.peerId)
      return { ...sidesOf(sync), peerId: peer.peerId, name, lastProofMs: wholeOrNull(sync?.provenMs) }
    }),
  }
}

const syncStates = { connecting: 'connecting', 'catching-up': 'syncing', live: 'current' } as const

function sidesOf(peer: SyncPeer | undefined) {
  if (peer === undefined) return { state: 'away' as const, hereLacks: null, thereLacks: null, problem: null }
  const state = peer.failed === undefined ? syncStates[peer.state] : ('failed' as const)
  const problem =
    peer.failed === undefined ? null : { code: peer.failed, sentence: 'It does not give what it says that it has.' }
  return { state, hereLacks: peer.weLack, thereLacks: peer.theyLack, problem }
}

function wholeOrNull(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.max(0, Math.round(ms))
}

async function* exportLines(parts: CommunityParts, id: CommunityId, signal: AbortSignal): AsyncGenerator<ExportLine> {
  const state = stateOf(parts, id)
  let lines = 0
  const counted = (line: ExportLine) => {
    lines += 1
    return line
  }
  yield counted({
    type: 'export',
    version: 1,
    exportedMs: Math.round(parts.clock.nowMs()),
    community: viewOf(parts, id),
  })
  const viewer = { ...parts.viewer(), presence: parts.presence.isOn(id) }
  for (const member of state.members.values()) yield counted({ type: 'member', member: memberToApi(member, viewer) })
  for (const role of state.roles.values()) yield counted({ type: 'role', role: roleToApi(role) })
  for await (const audited of parts.communities.entries(id, { signal })) {
    const { holders, sentence, ...facts } = activityOf(parts, id, audited)
    const body = audited.said === undefined ? null : toDagJson(audited.said.body)
    const entry = Buffer.from(audited.stored.entry.bytes).toString('base64')
    yield counted({ type: 'entry', ...facts, body, entry })
  }
  yield { type: 'end', lines }
}

/** Changes of a community come with every entry; pages need them a few times a second. */
function follow(parts: CommunityParts): Cancel {
  const { clock, communities, emit, sync, presence } = parts
  const latest = createLatest<CommunityId, Community>({
    clock,
    everyMs: communityEventEveryMs,
    emit: (community) => emit({ type: 'community', community }),
    isUrgent: (sent, next) => sent.phase !== next.phase || sent.membersActive !== next.membersActive,
  })
  const isHere = (id: CommunityId) => communities.list().some((facts) => facts.id === id)
  const cancels = [
    communities.on((event) => {
      if (event.type === 'removed') {
        latest.forget(event.id)
        emit({ type: 'community-removed', id: event.id })
      } else if (isHere(event.id)) latest.saw(event.id, viewOf(parts, event.id))
    }),
    sync.on(({ community }) => {
      if (isHere(community)) latest.saw(community, viewOf(parts, community))
    }),
    presence.on((one) => emit({ type: 'presence', presence: one })),
    latest.stop,
  ]
  return () => {
    for (const cancel of cancels) cancel()
  }
}
