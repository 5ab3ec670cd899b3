// What an act that counts changes. Settled decisions come here unjudged, so each asks whether what it acts upon is there.

import type { ActKind, ActOf, KnownAct } from './acts-wire.ts'
import type { Certified } from './fields-wire.ts'
import type { Item } from './items-core.ts'
import { covers, foundersRole, rolesOfTwo } from './roles-core.ts'
import type { DeviceState, Fold, PersonState } from './state-core.ts'
import type { Role } from './types.ts'

type Apply<Kind extends ActKind> = (fold: Fold, item: Item, act: ActOf<Kind>) => void

const applies: { readonly [Kind in ActKind]: Apply<Kind> } = {
  found(fold, item, act) {
    fold.purpose = act.purpose
    fold.settings = { name: act.name, description: act.description, history: act.history }
    if (act.purpose === 'direct') for (const role of rolesOfTwo) fold.roles.set(role.name, { role, since: -1 })
    admitPerson(fold, item, act, { role: foundersRole[act.purpose], granted: item, by: undefined })
    introduceKey(fold, item)
  },
  rotate: introduceKey,
  grant() {},
  invite(fold, item, act) {
    const creator = authorOf(fold, item)
    if (creator === undefined) return
    const { invite: id, role, usesMax, expiresMs, note } = act
    fold.invites.set(id, { id, item, creator, role, usesMax, expiresMs, note, uses: 0 })
  },
  revoke(fold, item) {
    fold.takings.push(item)
  },
  join(fold, item, act) {
    const invite = fold.invites.get(act.invite)
    if (invite === undefined) return
    if (fold.persons.get(act.certificate.person)?.state === 'active') return admitDevice(fold, item, act)
    invite.uses += 1
    admitPerson(fold, item, act, { role: invite.role, granted: invite.item, by: invite.creator })
  },
  admit(fold, item, act) {
    admitPerson(fold, item, act, { role: act.role, granted: item, by: authorOf(fold, item) })
  },
  device: admitDevice,
  'device-remove'(fold, item, act) {
    fold.takings.push(item)
    const device = fold.devices.get(act.device)
    if (device === undefined) return
    device.removals.push(item)
    fold.setDevice(device, false, item)
  },
  remove(fold, item, act) {
    fold.takings.push(item)
    const person = fold.persons.get(act.person)
    if (person === undefined) return
    const isLeave = authorOf(fold, item) === person
    if (!isLeave) person.removals.push(item)
    for (const device of person.devices) fold.setDevice(device, false, item)
    fold.setPerson(person, isLeave ? 'left' : 'removed', item)
  },
  role(fold, item, act) {
    const person = fold.persons.get(act.person)
    const given = fold.roles.get(act.role)?.role
    if (person === undefined || given === undefined) return
    if (!covers(fold.roleOf(person), given)) person.since = item.index
    person.role = act.role
    fold.noteRole(person, item)
  },
  'role-define'(fold, item, act) {
    const role: Role = { name: act.name, rank: act.rank, capabilities: act.capabilities }
    const present = fold.roles.get(act.name)
    const since = present !== undefined && covers(present.role, role) ? present.since : item.index
    fold.setRole(role, since, item)
  },
  settings(fold, _item, act) {
    const { name = fold.settings.name, description = fold.settings.description } = act
    fold.settings = { name, description, history: act.history ?? fold.settings.history }
  },
  profile(fold, item, act) {
    const person = authorOf(fold, item)
    if (person !== undefined) person.name = act.memberName
  },
  keeper(fold, item, act) {
    const peer = { peerId: act.peerId, addresses: act.addresses }
    const { name, bytesMax } = act
    fold.keepers.set(act.peerId, { peer, name, bytesMax, addedMs: item.entry.time.ms })
  },
  'keeper-remove'(fold, _item, act) {
    fold.keepers.delete(act.peerId)
  },
}

export function apply(fold: Fold, item: Item): void {
  const { act } = item
  if (act.kind === 'unknown' || act.kind === 'malformed') return
  const run = applies[act.kind] as Apply<ActKind>
  run(fold, item, act as KnownAct & ActOf<ActKind>)
}

/** Makes the key of a `found` or `rotate` known; a rotation to a known key only carries more lockboxes. */
export function introduceKey(fold: Fold, item: Item): void {
  const { key, epoch } = item.entry
  if (!fold.keys.has(key)) fold.keys.set(key, { key, epoch, item })
}

function authorOf(fold: Fold, { entry }: Item): PersonState | undefined {
  return fold.devices.get(entry.device)?.person
}

interface Admission {
  readonly role: string
  readonly granted: Item
  readonly by: PersonState | undefined
}

type Newcomer = { readonly certificate: Certified; readonly memberName: string; readonly deviceName: string }

function admitPerson(fold: Fold, item: Item, newcomer: Newcomer, { role, granted, by }: Admission): void {
  const did = newcomer.certificate.person
  const person = fold.persons.get(did) ?? emptyPerson(fold, item, newcomer)
  person.name = newcomer.memberName
  person.role = role
  person.since = item.index
  person.admitted = item
  person.granted = granted
  person.admittedBy = by?.did
  fold.setPerson(person, 'active', item)
  admitDevice(fold, item, newcomer)
}

function emptyPerson(fold: Fold, item: Item, { certificate, memberName }: Newcomer): PersonState {
  const person: PersonState = {
    did: certificate.person,
    name: memberName,
    role: 'guest',
    since: item.index,
    state: 'left',
    admitted: item,
    granted: item,
    admittedBy: undefined,
    removals: [],
    devices: [],
  }
  fold.persons.set(person.did, person)
  return person
}

function admitDevice(fold: Fold, item: Item, newcomer: Pick<Newcomer, 'certificate' | 'deviceName'>): void {
  const person = fold.persons.get(newcomer.certificate.person)
  if (person === undefined) return
  const { device: id, peerId } = newcomer.certificate
  const device = fold.devices.get(id) ?? emptyDevice(fold, item, person, { id, peerId })
  device.name = newcomer.deviceName
  device.admitted = item
  fold.setDevice(device, true, item)
}

function emptyDevice(
  fold: Fold,
  item: Item,
  person: PersonState,
  { id, peerId }: Pick<DeviceState, 'id' | 'peerId'>,
): DeviceState {
  const device: DeviceState = {
    id,
    peerId,
    person,
    name: '',
    active: false,
    endedBy: undefined,
    removals: [],
    admitted: item,
  }
  fold.devices.set(id, device)
  person.devices.push(device)
  return device
}
