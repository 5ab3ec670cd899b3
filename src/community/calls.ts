// What a person can do in communities, one call each. Every act is refused here in words when it surely would not count.

import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import type { KnownAct } from './acts-wire.ts'
import { encodeAct } from './acts-wire.ts'
import { auditEntry, verifyLog } from './audit.ts'
import { sealBoxes } from './boxes.ts'
import { communityErrors } from './errors.ts'
import { certificate as certificateField } from './fields-wire.ts'
import { untilJoined } from './gate.ts'
import { formatCommunityLink, inviteIdOf, parseCommunityLink } from './invite-link.ts'
import type { Recipients } from './keyring-core.ts'
import { generateAccess, generateEpochKey, keyIdOf } from './keys.ts'
import { auditPageMax, inviteDaysDefault, keptBytesDefault } from './limits.ts'
import { encodePayload } from './payload-wire.ts'
import { laneKey, sealContent } from './seal.ts'
import type { Hall } from './service.ts'
import type { CommunityRow } from './store.ts'
import type { Communities, CommunityFacts, FoundRequest, OpenedEntry, Purpose } from './types.ts'
import { handOnOwed, mustHave, rotate, selfIn, startAnew, withKey, write } from './writing.ts'

type Calls = Omit<Communities, 'register' | 'on' | 'start' | 'stop'>

export function createCommunityCalls(hall: Hall): Calls {
  return { ...entering(hall), ...acting(hall), ...auditing(hall) }
}

const dayMs = 86_400_000

function entering(hall: Hall): Pick<Calls, 'list' | 'get' | 'found' | 'join' | 'keep' | 'leave' | 'forget'> {
  const { clock, identity, store } = hall
  const writing = { self: () => identity.did, nowMs: () => clock.nowMs() }
  return {
    list: () => [...hall.opened.values()].map(hall.facts),
    get: (id) => hall.facts(hall.find(id)),
    found: (request) => found(hall, request, 'group'),
    join: (link, request) => join(hall, link, request),
    async keep(link, { bytesMax }) {
      const parsed = parseCommunityLink(link)
      if (hall.opened.has(parsed.community)) return hall.facts(hall.find(parsed.community))
      const row: CommunityRow = {
        ...{ id: parsed.community, phase: 'keeping', access: parsed.access, inviteSeed: undefined, memberName: '' },
        ...{ peers: parsed.peers, bytesMax: bytesMax ?? keptBytesDefault, addedMs: clock.nowMs() },
        person: undefined,
      }
      store.put(row)
      const facts = hall.facts(await hall.open(row))
      hall.changed(row.id)
      return facts
    },
    async leave(id) {
      const room = hall.writable(id)
      // What only this computer may have must not go with it.
      await handOnOwed(room, writing)
      await write(room, { kind: 'remove', person: identity.did }, writing)
      hall.setPhase(hall.find(id), 'left')
    },
    forget: (id) => hall.forget(hall.find(id)),
  }
}

/** Founds one; `direct`: whom a conversation of two is with. */
export async function found(
  hall: Hall,
  { name, description = '', history = 'all', memberName }: FoundRequest,
  purpose: Purpose,
  direct?: CommunityRow['direct'],
): Promise<CommunityFacts> {
  const { clock, identity, logs, random, store } = hall
  const [access, secret] = [generateAccess(random), generateEpochKey(random)]
  const certificate = certificateField.read(identity.deviceCertificate.bytes)
  const act: KnownAct = {
    ...{ kind: 'found', purpose, name, description, history, access, memberName, certificate },
    deviceName: identity.deviceName,
  }
  const content = encodePayload({ app: 'community', ...encodeAct(act) })
  const key = keyIdOf(secret)
  const { entry } = await logs.found({
    epoch: 0,
    key,
    lane: 0,
    boxes: sealBoxes(secret, [identity.deviceKey], random),
    seal: (place) => sealContent(laneKey(secret, 0), place, content, random),
  })
  const id = entry.id as string as CommunityId
  const row: CommunityRow = {
    ...{ id, phase: 'open', access, inviteSeed: undefined, memberName, peers: [], bytesMax: undefined },
    ...{ person: identity.did, addedMs: clock.nowMs(), direct },
  }
  store.put(row)
  store.putKeys(id, [{ key, whole: secret, controls: [], chains: [] }])
  const facts = hall.facts(await hall.open(row))
  hall.changed(id)
  return facts
}

async function join(
  hall: Hall,
  link: string,
  { memberName, signal }: Parameters<Calls['join']>[1],
): Promise<CommunityFacts> {
  const parsed = parseCommunityLink(link)
  if (parsed.kind !== 'invite')
    throw communityErrors.invite_unusable('This link lets one keep the community, not join it.')
  const known = hall.opened.get(parsed.community)
  if (known !== undefined && known.row.phase === 'open') return hall.facts(known)
  if (known !== undefined && known.row.phase !== 'joining') await hall.forget(known)
  const row: CommunityRow = {
    ...{ id: parsed.community, phase: 'joining', access: parsed.access, inviteSeed: parsed.seed, memberName },
    ...{ peers: parsed.peers, bytesMax: undefined, addedMs: hall.clock.nowMs() },
    person: hall.identity.did,
  }
  hall.store.put(row)
  const open = known?.row.phase === 'joining' ? known : await hall.open(row)
  hall.changed(row.id)
  await untilJoined(hall, open, signal)
  return hall.facts(open)
}

function auditing(hall: Hall): Pick<Calls, 'activity' | 'verify' | 'entries'> {
  return {
    activity(id, mark, limit) {
      const { log, room } = hall.find(id)
      const before = mark === undefined ? undefined : Number(mark)
      if (before !== undefined && !Number.isSafeInteger(before)) {
        throw communityErrors.page_unknown('This is no mark of a page.')
      }
      const stored = log.entriesBefore(before, limit)
      const last = stored.at(-1)
      return {
        entries: stored.map((one) => auditEntry(room, one)),
        before: stored.length < limit || last === undefined ? undefined : String(last.arrival),
      }
    },
    verify: (id, options) => verifyLog(hall.find(id).log, options),
    async *entries(id, { signal }) {
      const { log, room } = hall.find(id)
      for (let after = 0; ; ) {
        signal.throwIfAborted()
        const page = log.entriesAfter(after, auditPageMax)
        for (const stored of page) yield auditEntry(room, stored)
        const last = page.at(-1)
        if (last === undefined) return
        after = last.arrival
      }
    },
  }
}

type Acting = Omit<
  Calls,
  'list' | 'get' | 'found' | 'join' | 'keep' | 'leave' | 'forget' | 'activity' | 'verify' | 'entries'
>

function acting(hall: Hall): Acting {
  const { identity, random, clock } = hall
  const writing = { self: () => identity.did, nowMs: () => clock.nowMs() }
  const act = async (
    id: CommunityId,
    capability: string | undefined,
    what: KnownAct,
    recipients?: Partial<Recipients>,
  ) => {
    const room = hall.writable(id)
    if (capability !== undefined) mustHave(room.state, identity.did, capability)
    await write(room, what, writing, recipients)
    return room
  }
  /** Takes access away, so a key follows that the other has not. */
  const take = async (id: CommunityId, capability: string | undefined, what: KnownAct) => {
    await rotate(await act(id, capability, what), writing)
  }
  const isOwn = (id: CommunityId, person: PersonDid | undefined) =>
    person === identity.did && hall.find(id) !== undefined
  return {
    async invite(id, { role = 'member', usesMax = 1, expiresMs, note = '' }) {
      const seed = random.bytes(32)
      const invite = inviteIdOf(seed)
      const until = expiresMs === undefined ? clock.nowMs() + inviteDaysDefault * dayMs : expiresMs
      const what = { kind: 'invite', invite, role, usesMax, expiresMs: until ?? undefined, note } as const
      mustHave(hall.writable(id).state, identity.did, 'invite')
      await startAnew(hall.writable(id), writing)
      const room = await act(id, 'invite', what, { invites: [invite] })
      const made = room.state.invites.get(invite)
      if (made === undefined) throw new Error('assertion failed: an invitation that counts is there')
      const { access } = hall.find(id).row
      const { name } = room.state.settings
      return {
        invite: made,
        link: formatCommunityLink({ kind: 'invite', community: id, seed, access, name, peers: [hall.selfAddress()] }),
      }
    },
    revokeInvite: (id, invite) => take(id, undefined, { kind: 'revoke', invite }),
    keepLink(id) {
      hall.writable(id)
      return formatCommunityLink({
        kind: 'keep',
        community: id,
        access: hall.find(id).row.access,
        peers: [hall.selfAddress()],
      })
    },
    async addKeeper(id, { peer, name, bytesMax }) {
      await act(id, 'keepers', { kind: 'keeper', peerId: peer.peerId, addresses: peer.addresses, name, bytesMax })
    },
    async removeKeeper(id, peerId) {
      await act(id, 'keepers', { kind: 'keeper-remove', peerId })
    },
    removeMember: (id, person) => take(id, isOwn(id, person) ? undefined : 'remove', { kind: 'remove', person }),
    removeDevice(id, device: DeviceId) {
      const { state } = hall.writable(id)
      const own = selfIn(state, identity.did).devices.some((one) => one.device === device)
      return take(id, own ? undefined : 'remove', { kind: 'device-remove', device })
    },
    async setRole(id, person, role) {
      if (!hall.writable(id).state.roles.has(role)) throw communityErrors.role_unknown(`There is no role ${role}.`)
      await act(id, undefined, { kind: 'role', person, role })
    },
    async defineRole(id, { name, rank, capabilities }) {
      await act(id, 'roles', { kind: 'role-define', name, rank, capabilities: [...new Set(capabilities)].sort() })
    },
    async changeSettings(id, { name, description, history }) {
      await act(id, 'settings', {
        kind: 'settings',
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(history === undefined ? {} : { history }),
      })
    },
    async rename(id, memberName) {
      await act(id, undefined, { kind: 'profile', memberName })
    },
    async append(id, app, kind, body): Promise<OpenedEntry> {
      const room = hall.writable(id)
      return withKey(room, writing, (key) => room.writeEntry({ app, kind, body }, key))
    },
  }
}
