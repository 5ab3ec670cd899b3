// What a judged community looks like to the rest of Peerhood: `CommunityState`.

import type { CommunityId } from '../log/types.ts'
import { hadRead, type Item } from './items-core.ts'
import { type DeviceState, type Fold, type InviteState, type KeyState, type PersonState, theEnd } from './state-core.ts'
import type { CommunityState, Device, Invite, InviteId, KeyFacts, Member, VoidCode } from './types.ts'

export function stateOf(id: CommunityId, fold: Fold, voided: ReadonlyMap<Item, VoidCode>): CommunityState {
  const leaked = fold.leaked()
  const keys = fold.keys.values().toArray().sort(compareKeys)
  return {
    id,
    purpose: fold.purpose,
    settings: fold.settings,
    members: membersOf(fold),
    roles: new Map(fold.roles.entries().map(([name, { role }]) => [name, role])),
    invites: new Map(fold.invites.entries().map(([invite, state]) => [invite, inviteOf(fold, state, leaked)])),
    keepers: fold.keepers.values().toArray(),
    keys: keys.map(factsOf),
    writingKey: writingKey(fold, keys, voided),
    voided: new Map(voided.entries().map(([{ entry }, code]) => [entry.id, code])),
  }
}

/** By epoch, then in order; of equal epochs the first is the one to write with. */
function compareKeys(a: KeyState, b: KeyState): number {
  return a.epoch - b.epoch || a.item.index - b.item.index
}

function factsOf({ key, epoch, item }: KeyState): KeyFacts {
  return { key, epoch, introducedBy: item.entry.id }
}

/**
 * Paragraph 6: the first key of the highest epoch that has a clean one, whose rotation counts and whose author had read
 * everything that took access from somebody.
 */
function writingKey(fold: Fold, keys: readonly KeyState[], voided: ReadonlyMap<Item, VoidCode>): KeyFacts | undefined {
  const isClean = ({ item }: KeyState) =>
    !voided.has(item) && fold.takings.every((taking) => hadRead(fold.past, item, taking))
  let found: KeyState | undefined
  for (const key of keys.toReversed()) {
    if (found !== undefined && key.epoch < found.epoch) break
    if (isClean(key)) found = key
  }
  return found === undefined ? undefined : factsOf(found)
}

function membersOf(fold: Fold): Map<Member['person'], Member> {
  const key = (person: PersonState) => ({ rank: fold.roleOf(person).rank, since: fold.sinceOf(person) })
  const ordered = fold.persons.values().toArray()
  ordered.sort((a, b) => {
    const [one, other] = [key(a), key(b)]
    return other.rank - one.rank || one.since - other.since || a.admitted.index - b.admitted.index
  })
  return new Map(ordered.map((person, seniority) => [person.did, memberOf(fold, person, seniority)]))
}

function memberOf(fold: Fold, person: PersonState, seniority: number): Member {
  const { did, name, role, state, admitted, admittedBy, devices } = person
  return {
    person: did,
    name,
    role,
    state,
    seniority,
    joinedMs: admitted.entry.time.ms,
    admittedBy,
    devices: devices.map((device) => deviceOf(fold, device)),
  }
}

function deviceOf(fold: Fold, { id, peerId, name, active, admitted }: DeviceState): Device {
  const forked = Number.isFinite(fold.forkedFrom(id))
  const state = forked ? 'forked' : active ? 'active' : 'removed'
  return { device: id, peerId, name, state, addedMs: admitted.entry.time.ms }
}

/** One that leaked is over for all who see that, though it voids nothing: no key is sealed to it any more. */
function inviteOf(fold: Fold, invite: InviteState, leaked: ReadonlySet<InviteId>): Invite {
  const { id, item, creator, role, usesMax, uses, expiresMs, note } = invite
  const isClosed = leaked.has(id) || creator.state !== 'active' || fold.isTakenBack(invite, theEnd)
  return {
    id,
    role,
    usesMax,
    uses,
    expiresMs,
    state: isClosed ? 'revoked' : uses >= usesMax ? 'used' : 'open',
    createdBy: creator.did,
    createdMs: item.entry.time.ms,
    note,
  }
}
