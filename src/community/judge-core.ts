// Whether one act counts, given what counted before it and which decisions are settled. The rule's paragraphs 2, 3, 5 and
// 6 (docs/protocol/community.md), check by check; the first that fails is the code that people see.

import type { PersonDid } from '../identity/types.ts'
import type { ActKind, ActOf, KnownAct } from './acts-wire.ts'
import type { Certified } from './fields-wire.ts'
import { decisiveKinds, type Item, knows } from './items-core.ts'
import {
  devicesPerPersonMax,
  invitesOpenMax,
  invitesOpenPerPersonMax,
  keepersMax,
  membersMax,
  rolesOwnMax,
} from './limits.ts'
import { builtInRoles, covers, foundersRole, hasCapability } from './roles-core.ts'
import { type DeviceState, type Fold, type InviteState, type PersonState, placeOf } from './state-core.ts'
import type { Role, VoidCode } from './types.ts'

/** Who acts: a member, with what they may at the place of the act. */
export interface Author {
  readonly person: PersonState
  readonly device: DeviceState
  readonly role: Role
}

/** What prevents something, or nothing. */
type Verdict = VoidCode | undefined

/** Why an act is void; undefined when it counts. */
export function judge(fold: Fold, item: Item): Verdict {
  const { act } = item
  if (item.forked) return 'device_forked'
  if (act.kind === 'malformed') return 'malformed'
  if (act.kind === 'found') return judgeFound(fold, item, act)
  if (act.kind === 'join') return keyVerdict(fold, item) ?? judgeJoin(fold, item, act)
  const author = authorOf(fold, item)
  if (typeof author === 'string') return author
  return keyVerdict(fold, item) ?? judgeKnown(fold, item, author)
}

/** The member who wrote an act and is one at its place, not cut by what they could not know; else the code. */
export function authorOf(fold: Fold, item: Item): Author | VoidCode {
  const device = fold.devices.get(item.entry.device)
  if (device === undefined) return 'author_unknown'
  const { person } = device
  const decides = decisiveKinds.has(item.act.kind)
  if (!isActive(device)) {
    const knew = device.endedBy !== undefined && knows(fold.past, item, device.endedBy)
    return decides && !knew ? 'overruled' : 'author_removed'
  }
  const place = placeOf(item)
  if (fold.isCut(person.did, device.id, place)) return decides ? 'overruled' : 'author_removed'
  return { person, device, role: fold.roleAt(person, place) }
}

export function isActive(device: DeviceState): boolean {
  return device.active && device.person.state === 'active'
}

/** Paragraph 6: a key has to be one that was introduced, in its epoch. */
function keyVerdict(fold: Fold, { entry, act, stale }: Item): Verdict {
  const known = fold.keys.get(entry.key)
  if (known !== undefined) return known.epoch === entry.epoch ? undefined : 'key_unknown'
  if (act.kind !== 'rotate') return 'key_unknown'
  return stale ? 'epoch_old' : undefined
}

/** Whether a rotation makes its key known though it may be void: what others wrote under it meanwhile must not be lost. */
export function introducesKey(fold: Fold, { entry, act, stale }: Item): boolean {
  const isNew = act.kind === 'rotate' && !stale && !fold.keys.has(entry.key)
  return isNew && fold.devices.has(entry.device)
}

function judgeFound(fold: Fold, { entry, proven }: Item, act: ActOf<'found'>): Verdict {
  if (entry.community !== undefined || fold.persons.size > 0) return 'malformed'
  return proven && act.certificate.device === entry.device ? undefined : 'certificate_wrong'
}

type Judge<Kind extends ActKind> = (fold: Fold, item: Item, act: ActOf<Kind>, author: Author) => Verdict

const judges: { readonly [Kind in Exclude<ActKind, 'found' | 'join'>]: Judge<Kind> } = {
  rotate: () => undefined,
  grant: () => undefined,
  profile: () => undefined,
  invite: judgeInvite,
  revoke: judgeRevoke,
  admit: judgeAdmit,
  device: judgeDevice,
  'device-remove': judgeDeviceRemove,
  remove: judgeRemove,
  role: judgeRole,
  'role-define': judgeRoleDefine,
  settings: (_fold, _item, _act, { role }) => needs(role, 'settings'),
  keeper(fold, _item, act, { role }) {
    const isFull = fold.keepers.size >= keepersMax && !fold.keepers.has(act.peerId)
    return needs(role, 'keepers') ?? (isFull ? 'too_many' : undefined)
  },
  'keeper-remove': (fold, _item, act, { role }) =>
    needs(role, 'keepers') ?? (fold.keepers.has(act.peerId) ? undefined : 'target_unknown'),
}

function judgeKnown(fold: Fold, item: Item, author: Author): Verdict {
  const { act } = item
  if (act.kind === 'unknown' || act.kind === 'malformed' || act.kind === 'found' || act.kind === 'join')
    return undefined
  return (judges[act.kind] as Judge<ActKind>)(fold, item, act as KnownAct & ActOf<ActKind>, author)
}

function needs(role: Role, capability: string): Verdict {
  return hasCapability(role, capability) ? undefined : 'not_allowed'
}

/** Paragraph 3: nobody gives what they have not. `besides`: what the receiver has already. */
function gives(role: Role, given: Pick<Role, 'rank' | 'capabilities'>, besides?: Role): Verdict {
  if (given.rank > role.rank) return 'outranked'
  const lacking = given.capabilities.filter((one) => besides === undefined || !hasCapability(besides, one))
  return covers(role, { rank: 0, capabilities: lacking }) ? undefined : 'not_allowed'
}

function givesNamed(fold: Fold, role: Role, name: string, besides?: Role): Verdict {
  const given = fold.roles.get(name)
  return given === undefined ? 'target_unknown' : gives(role, given.role, besides)
}

function judgeInvite(fold: Fold, item: Item, act: ActOf<'invite'>, { person, role }: Author): Verdict {
  const verdict = needs(role, 'invite') ?? givesNamed(fold, role, act.role)
  if (verdict !== undefined) return verdict
  // Both of two have the same rights.
  if (fold.purpose === 'direct' && act.role !== foundersRole.direct) return 'not_allowed'
  if (fold.invites.has(act.invite)) return 'malformed'
  const open = fold.invites.values().filter((invite) => isOpen(fold, invite, item))
  const creators = Array.from(open, ({ creator }) => creator)
  const own = creators.filter((creator) => creator === person).length
  return creators.length >= invitesOpenMax || own >= invitesOpenPerPersonMax ? 'too_many' : undefined
}

/** Whether an invitation takes up room at a place. */
function isOpen(fold: Fold, invite: InviteState, item: Item): boolean {
  const { creator, uses, usesMax, expiresMs } = invite
  const isOver = expiresMs !== undefined && item.entry.time.ms > expiresMs
  if (isOver || uses >= usesMax || creator.state !== 'active') return false
  return !fold.isTakenBack(invite, placeOf(item))
}

function judgeRevoke(fold: Fold, _item: Item, act: ActOf<'revoke'>, { person, role }: Author): Verdict {
  const invite = fold.invites.get(act.invite)
  if (invite === undefined) return 'invite_unknown'
  return invite.creator === person ? undefined : mayRemove(fold, role, invite.creator)
}

function mayRemove(fold: Fold, role: Role, person: PersonState): Verdict {
  return needs(role, 'remove') ?? (fold.roleOf(person).rank > role.rank ? 'outranked' : undefined)
}

function judgeJoin(fold: Fold, item: Item, act: ActOf<'join'>): Verdict {
  if (!item.proven || act.certificate.device !== item.entry.device) return 'certificate_wrong'
  const invite = fold.invites.get(act.invite)
  if (invite === undefined) return 'invite_unknown'
  const bound = bindsTo(fold, act.certificate)
  if (bound !== undefined) return bound
  const { person, device } = act.certificate
  const known = fold.persons.get(person)
  if (cantComeBack(fold.devices.get(device))) return 'author_removed'
  if (fold.isCut(person, device, placeOf(item))) return 'author_removed'
  if (isClosed(fold, item, invite)) return 'invite_revoked'
  if (invite.expiresMs !== undefined && item.entry.time.ms > invite.expiresMs) return 'invite_expired'
  if (known?.state === 'active') return hasRoomFor(known)
  if (!knowsRemovals(fold, invite.item, known?.removals)) return 'author_removed'
  if (invite.uses >= invite.usesMax) return 'invite_used'
  return hasRoomIn(fold, known)
}

/** Whether one more person may come in; of two, who was one of them before may come back, and nobody else ever comes. */
function hasRoomIn(fold: Fold, known: PersonState | undefined): Verdict {
  if (fold.purpose === 'direct' && known === undefined && fold.persons.size >= 2) return 'direct_full'
  return fold.membersActive >= membersMax ? 'too_many' : undefined
}

/**
 * A device that was removed comes back by an act of its person, not by a link: a thief of it has its old certificate, too.
 * So does one that went with its person, once they are back by another.
 */
function cantComeBack(device: DeviceState | undefined): boolean {
  return device !== undefined && (device.removals.length > 0 || device.person.state === 'active')
}

/** Whether an invitation no longer lets in whoever wrote at this place, or its creator could not make it any more. */
function isClosed(fold: Fold, item: Item, invite: InviteState): boolean {
  const place = placeOf(item)
  const { creator, role } = invite
  if (fold.isTakenBack(invite, place)) return true
  if (creator.state !== 'active' || fold.isCut(creator.did, undefined, place)) return true
  const may = fold.roleAt(creator, place)
  return (needs(may, 'invite') ?? givesNamed(fold, may, role)) !== undefined
}

/** A device is one person's for ever, and comes in once. */
function bindsTo(fold: Fold, certificate: Certified): Verdict {
  const known = fold.devices.get(certificate.device)
  if (known === undefined) return undefined
  if (known.person.did !== certificate.person) return 'certificate_wrong'
  return isActive(known) ? 'already_member' : undefined
}

function hasRoomFor(person: PersonState): Verdict {
  return person.devices.filter(isActive).length >= devicesPerPersonMax ? 'too_many' : undefined
}

/** Paragraph 2: whoever lets somebody in again has to know that they were removed. */
function knowsRemovals(fold: Fold, granting: Item, removals: readonly Item[] = []): boolean {
  return removals.every((removal) => knows(fold.past, granting, removal))
}

function judgeAdmit(fold: Fold, item: Item, act: ActOf<'admit'>, { role }: Author): Verdict {
  const verdict = needs(role, 'approve') ?? givesNamed(fold, role, act.role)
  if (verdict !== undefined) return verdict
  if (!item.proven) return 'certificate_wrong'
  const bound = bindsTo(fold, act.certificate)
  if (bound !== undefined) return bound
  // Devices of a member are the member's to add: else whoever approves could give an owner's rights to a stolen device.
  if (activePerson(fold, act.certificate.person) !== undefined) return 'already_member'
  if (!knowsAll(fold, item, act.certificate)) return 'target_removed'
  return hasRoomIn(fold, fold.persons.get(act.certificate.person))
}

/** {@link knowsRemovals} of a device, and of its person unless they are back already. */
function knowsAll(fold: Fold, item: Item, { person, device }: Certified): boolean {
  const known = fold.persons.get(person)
  const ofPerson = known === undefined || known.state === 'active' ? [] : known.removals
  return knowsRemovals(fold, item, [...ofPerson, ...(fold.devices.get(device)?.removals ?? [])])
}

function judgeDevice(fold: Fold, item: Item, act: ActOf<'device'>, { person }: Author): Verdict {
  if (!item.proven || act.certificate.person !== person.did) return 'certificate_wrong'
  const bound = bindsTo(fold, act.certificate)
  if (bound !== undefined) return bound
  return knowsAll(fold, item, act.certificate) ? hasRoomFor(person) : 'target_removed'
}

function judgeDeviceRemove(fold: Fold, _item: Item, act: ActOf<'device-remove'>, author: Author): Verdict {
  const device = fold.devices.get(act.device)
  if (device === undefined) return 'target_unknown'
  return device.person === author.person ? undefined : mayRemove(fold, author.role, device.person)
}

function judgeRemove(fold: Fold, _item: Item, act: ActOf<'remove'>, { person, role }: Author): Verdict {
  const target = fold.persons.get(act.person)
  if (target === undefined) return 'target_unknown'
  return target === person ? undefined : mayRemove(fold, role, target)
}

function judgeRole(fold: Fold, _item: Item, act: ActOf<'role'>, { person, role }: Author): Verdict {
  if (fold.purpose === 'direct') return 'not_allowed'
  const target = activePerson(fold, act.person)
  const given = fold.roles.get(act.role)
  if (target === undefined || given === undefined) return 'target_unknown'
  const present = fold.roleOf(target)
  // Anybody may step down.
  if (target === person && covers(present, given.role)) return undefined
  if (!hasCapability(role, 'roles')) return 'not_allowed'
  return present.rank > role.rank ? 'outranked' : gives(role, given.role, present)
}

function activePerson(fold: Fold, did: PersonDid): PersonState | undefined {
  const person = fold.persons.get(did)
  return person?.state === 'active' ? person : undefined
}

function judgeRoleDefine(fold: Fold, _item: Item, act: ActOf<'role-define'>, { role }: Author): Verdict {
  if (!hasCapability(role, 'roles')) return 'not_allowed'
  const present = fold.roles.get(act.name)?.role
  if (present !== undefined && present.rank > role.rank) return 'outranked'
  if (present === undefined && fold.roles.size - builtInRoles.length >= rolesOwnMax) return 'too_many'
  return gives(role, act, present)
}

/** Whether an act that would count takes something from somebody, so that it is settled in order of precedence. */
export function decides(fold: Fold, { act, entry, decisive }: Item): boolean {
  if (!decisive) return false
  if (act.kind === 'remove') return fold.devices.get(entry.device)?.person.did !== act.person
  if (act.kind === 'role-define') {
    const present = fold.roles.get(act.name)?.role
    return present !== undefined && !covers(act, present)
  }
  if (act.kind !== 'role') return true
  const target = fold.persons.get(act.person)
  const given = fold.roles.get(act.role)?.role
  return target !== undefined && given !== undefined && !covers(given, fold.roleOf(target))
}
