// What a community is at one place in the order of its acts, while they are judged one after the other. Changed in place:
// a fold over ten thousand acts is repeated for every decision that somebody disputes.

import type { PersonDid } from '../identity/types.ts'
import type { DeviceId, KeyId } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import { type ActIndex, type Item, knows } from './items-core.ts'
import type { Past } from './past-core.ts'
import { builtInRoles, narrow, noRole } from './roles-core.ts'
import type { InviteId, Keeper, MemberState, Purpose, Role, Settings } from './types.ts'

export interface PersonState {
  readonly did: PersonDid
  name: string
  role: string
  /** Place of the act since which they have the rank and all capabilities of `role`. */
  since: number
  state: MemberState
  /** The act that let them in, the last time. */
  admitted: Item
  /** What that act rested on: the invitation, or itself. */
  granted: Item
  admittedBy: PersonDid | undefined
  /** Removals by others: whoever lets them in again has to know each. */
  readonly removals: Item[]
  readonly devices: DeviceState[]
}

export interface DeviceState {
  readonly id: DeviceId
  readonly peerId: PeerId
  readonly person: PersonState
  name: string
  active: boolean
  /** The act that ended it, the last time. */
  endedBy: Item | undefined
  /** Removals of this device alone. */
  readonly removals: Item[]
  admitted: Item
}

export interface InviteState {
  readonly id: InviteId
  readonly item: Item
  readonly creator: PersonState
  readonly role: string
  readonly usesMax: number
  readonly expiresMs: number | undefined
  readonly note: string
  uses: number
}

export interface KeyState {
  readonly key: KeyId
  readonly epoch: number
  readonly item: Item
}

interface RoleState {
  readonly role: Role
  /** Place of the act since which it allows all this; -1: built in. */
  readonly since: number
}

/** A decision that is settled: it counts, and what its target did without its knowledge is judged by it. */
export interface Cut {
  readonly item: Item
  /** What the target may do from then on; undefined: nothing. */
  readonly limit: Role | undefined
}

/** All settled decisions, by whom they are directed at. */
export class Settled {
  readonly #items = new Set<number>()
  readonly persons = new Map<PersonDid, Cut[]>()
  readonly devices = new Map<DeviceId, Cut[]>()
  /** What took an invitation back: it was revoked, or somebody was removed of whom the remover knew to have its secret. */
  readonly invites = new Map<InviteId, Cut[]>()
  readonly roles = new Map<string, Cut[]>()
  readonly #index: ActIndex
  readonly #past: Past

  constructor(index: ActIndex, past: Past) {
    this.#index = index
    this.#past = past
  }

  has(item: Item): boolean {
    return this.#items.has(item.index)
  }

  /** `limit`: the role that it leaves, as defined by now. */
  add(item: Item, limit: Role | undefined): void {
    this.#items.add(item.index)
    const { act } = item
    const cut = { item, limit }
    if (act.kind === 'remove' || act.kind === 'role') push(this.persons, act.person, cut)
    if (act.kind === 'device-remove') push(this.devices, act.device, cut)
    if (act.kind === 'revoke') push(this.invites, act.invite, cut)
    if (act.kind === 'remove') this.#takeBack(act.person, cut)
    if (act.kind === 'device-remove') this.#takeBack(act.device, cut)
    if (act.kind === 'role-define') push(this.roles, act.name, cut)
  }

  /** Invitations whose secret a person or a device has shown to have. */
  shownBy(personOrDevice: string): readonly InviteId[] {
    return this.#index.tiesOf(personOrDevice).map(({ invite }) => invite)
  }

  /** Only what the remover knew: else whoever was removed could end an invitation afterwards by trying to use it. */
  #takeBack(personOrDevice: string, cut: Cut): void {
    const known = this.#index
      .tiesOf(personOrDevice)
      .filter(({ device, seq }) => this.#past.includes(cut.item.past, this.#past.numberOf(device), seq))
    for (const invite of new Set(known.map((tie) => tie.invite))) push(this.invites, invite, cut)
  }
}

/** Where something stands that is asked about: an act, or an entry of lane 1. */
export interface Place {
  /** Acts before it have a lower index; cuts from this index on come after it. */
  readonly index: number
  readonly device: number
  readonly seq: number
}

export function placeOf(item: Item): Place {
  return { index: item.index, device: item.device, seq: item.entry.seq }
}

/** After everything: what is taken back there is taken back for good. */
export const theEnd: Place = { index: Number.POSITIVE_INFINITY, device: -1, seq: 0 }

/** Cuts that come after a place and did not know of it. */
export function cutsAt(past: Past, cuts: readonly Cut[] | undefined, place: Place): readonly Cut[] {
  if (cuts === undefined) return []
  return cuts.filter(({ item }) => item.index > place.index && !past.includes(item.past, place.device, place.seq))
}

/** Changes of who belongs and what they may, for questions about places later on. */
export interface Trail {
  readonly devices: Map<DeviceId, { readonly item: Item; readonly active: boolean }[]>
  readonly persons: Map<PersonDid, { readonly item: Item; readonly state: MemberState; readonly role: string }[]>
  readonly roles: Map<string, { readonly item: Item; readonly role: Role }[]>
}

export class Fold {
  readonly past: Past
  readonly settled: Settled
  readonly persons = new Map<PersonDid, PersonState>()
  readonly devices = new Map<DeviceId, DeviceState>()
  readonly invites = new Map<InviteId, InviteState>()
  readonly roles = new Map<string, RoleState>(builtInRoles.map((role) => [role.name, { role, since: -1 }]))
  readonly keepers = new Map<PeerId, Keeper>()
  readonly keys = new Map<KeyId, KeyState>()
  purpose: Purpose = 'group'
  settings: Settings = { name: '', description: '', history: 'since-joining' }
  /** What took somebody's or an invitation's access: a key has to be made after all of it. */
  readonly takings: Item[] = []
  readonly trail: Trail = { devices: new Map(), persons: new Map(), roles: new Map() }
  membersActive = 0
  readonly #forkedFrom: readonly (number | undefined)[]

  constructor(past: Past, settled: Settled) {
    this.past = past
    this.settled = settled
    this.#forkedFrom = past.forkedFrom
  }

  /** From which number on nothing of a device counts; infinite where it did not fork. */
  forkedFrom(device: DeviceId): number {
    return this.#forkedFrom[this.past.numberOf(device)] ?? Number.POSITIVE_INFINITY
  }

  roleOf(person: PersonState): Role {
    return this.roles.get(person.role)?.role ?? noRole
  }

  /** Since when somebody has all that their role allows. */
  sinceOf(person: PersonState): number {
    return Math.max(person.since, this.roles.get(person.role)?.since ?? 0)
  }

  /** The role by which what somebody did at a place is judged: theirs, and no more than later cuts leave. */
  roleAt(person: PersonState, place: Place): Role {
    const limits = [
      ...cutsAt(this.past, this.settled.persons.get(person.did), place),
      ...cutsAt(this.past, this.settled.roles.get(person.role), place),
    ]
    return limits.reduce((role, { limit }) => (limit === undefined ? role : narrow(role, limit)), this.roleOf(person))
  }

  /** Whether a removal that did not know of it voids what a device of a person did at a place. */
  isCut(person: PersonDid, device: DeviceId | undefined, place: Place): boolean {
    const ofPerson = cutsAt(this.past, this.settled.persons.get(person), place)
    if (ofPerson.some(({ limit }) => limit === undefined)) return true
    return device !== undefined && cutsAt(this.past, this.settled.devices.get(device), place).length > 0
  }

  /**
   * Whether an invitation was taken back for whoever wrote at a place: before it, or after it without knowledge of it.
   * One that was made with knowledge of a removal is not touched by that.
   */
  isTakenBack({ id, item }: InviteState, place: Place): boolean {
    const cuts = this.settled.invites.get(id) ?? []
    return cuts.some((cut) => {
      if (knows(this.past, item, cut.item)) return false
      return cut.item.index < place.index || !this.past.includes(cut.item.past, place.device, place.seq)
    })
  }

  /** Invitations whose secret somebody has shown to have who was removed, before that or since. */
  leaked(): ReadonlySet<InviteId> {
    const persons = this.persons.values().filter(({ state }) => state === 'removed')
    const devices = this.devices.values().filter((device) => !device.active && device.removals.length > 0)
    const removed = [...persons.map(({ did }) => did), ...devices.map(({ id }) => id)]
    return new Set(removed.flatMap((one) => this.settled.shownBy(one)))
  }

  setDevice(device: DeviceState, active: boolean, item: Item): void {
    device.active = active
    device.endedBy = active ? undefined : item
    push(this.trail.devices, device.id, { item, active })
  }

  setPerson(person: PersonState, state: MemberState, item: Item): void {
    if (person.state === 'active' && state !== 'active') this.membersActive -= 1
    if (person.state !== 'active' && state === 'active') this.membersActive += 1
    person.state = state
    this.noteRole(person, item)
  }

  noteRole(person: PersonState, item: Item): void {
    push(this.trail.persons, person.did, { item, state: person.state, role: person.role })
  }

  setRole(role: Role, since: number, item: Item): void {
    this.roles.set(role.name, { role, since })
    push(this.trail.roles, role.name, { item, role })
  }

  roleSince(name: string): number {
    return this.roles.get(name)?.since ?? -1
  }
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
