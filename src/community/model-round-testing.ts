// One round of the slow twin of the rule (model-testing.ts): every act judged in order, from the beginning.

import type { Act } from './acts-wire.ts'
import type { AppEntry, OpenedAct } from './core.ts'
import {
  builtIn,
  type Facts,
  type ModelDevice,
  type ModelInvite,
  type ModelPerson,
  type ModelRole,
  type Settlement,
} from './model-facts-testing.ts'
import type { VoidCode } from './types.ts'

export interface Candidate {
  readonly at: number
  readonly precedence: readonly number[]
  readonly person: string
  readonly device: string
  readonly roleName: string
  readonly limit: ModelRole | undefined
}

export interface ModelResult {
  readonly members: Readonly<Record<string, string>>
  readonly devices: Readonly<Record<string, boolean>>
  readonly roles: Readonly<Record<string, string>>
  readonly invites: Readonly<Record<string, string>>
  readonly keys: readonly string[]
  readonly writingKey: string | undefined
  readonly voided: Readonly<Record<string, VoidCode>>
  counts(entry: AppEntry): { readonly person: string; may(capability: string): boolean } | VoidCode
}

const nothing: ModelRole = { rank: 0, can: [], since: 0 }
const can = (role: ModelRole, what: string) => role.can.includes('*') || role.can.includes(what)
const covers = (role: ModelRole, other: ModelRole) =>
  role.rank >= other.rank && other.can.every((what) => can(role, what))
const both = (a: ModelRole, b: ModelRole): ModelRole => ({
  ...a,
  rank: Math.min(a.rank, b.rank),
  can: b.can.includes('*') ? a.can : b.can.filter((what) => can(a, what)),
})

/** Everything judged once, in order. */
export class Round {
  readonly model: Facts
  readonly persons: Record<string, ModelPerson> = {}
  readonly devices: Record<string, ModelDevice> = {}
  readonly invites: Record<string, ModelInvite> = {}
  readonly roles: Record<string, ModelRole> = { ...builtIn }
  readonly keys: Record<string, { epoch: number; at: number }> = {}
  readonly voided: Record<string, VoidCode> = {}
  readonly candidates: Candidate[] = []
  readonly takings: number[] = []
  isDirect = false
  /** The whole state after each act. */
  readonly states: {
    persons: Record<string, ModelPerson>
    devices: Record<string, ModelDevice>
    roles: Record<string, ModelRole>
  }[] = []

  constructor(model: Facts) {
    this.model = model
    for (let at = 0; at < model.acts.length; at++) {
      this.step(at)
      this.states.push(structuredClone({ persons: this.persons, devices: this.devices, roles: this.roles }))
    }
  }

  isSettled(at: number): boolean {
    return this.model.settled.some((settled) => settled.at === at)
  }

  step(at: number): void {
    const { entry, act } = this.model.act(at)
    const code = this.isSettled(at) ? undefined : this.judge(at, act)
    if (code !== undefined) {
      this.voided[entry.id] = code
      const isNewKey = act.kind === 'rotate' && this.keys[entry.key] === undefined && !this.isStale(at)
      if (isNewKey && this.devices[entry.device] !== undefined) this.keys[entry.key] = { epoch: entry.epoch, at }
    } else if (!this.isSettled(at) && this.decides(at, act)) this.candidates.push(this.candidate(at, act))
    else this.apply(at, act)
  }

  isStale(at: number): boolean {
    const { entry } = this.model.act(at)
    return this.model.acts.some(({ entry: other, act }) => {
      if (act.kind !== 'rotate' && act.kind !== 'found') return false
      if (other.key === entry.key || other.epoch < entry.epoch) return false
      return !this.model.isForked(other.device, other.seq) && this.model.knows(at, other.id)
    })
  }

  /** Settled decisions later than a place that did not know what stands there. */
  cuts(index: number, id: string, isIt: (act: Act) => boolean): Settlement[] {
    return this.model.settled.filter((cut) => {
      const { act } = this.model.act(cut.at)
      return isIt(act) && cut.at > index && !this.model.knows(cut.at, id)
    })
  }

  isCut(person: string, device: string | undefined, index: number, id: string): boolean {
    return (
      this.cuts(index, id, (act) => act.kind === 'remove' && act.person === person).length > 0 ||
      this.cuts(index, id, (act) => act.kind === 'device-remove' && act.device === device).length > 0
    )
  }

  roleAt(person: string, index: number, id: string): ModelRole {
    const { role } = this.persons[person] ?? { role: '' }
    return this.limited(this.roles[role] ?? nothing, role, person, index, id)
  }

  limited(full: ModelRole, role: string, person: string, index: number, id: string): ModelRole {
    const limits = this.cuts(index, id, (act) => {
      return (act.kind === 'role' && act.person === person) || (act.kind === 'role-define' && act.name === role)
    })
    return limits.reduce((left, { limit }) => (limit === undefined ? left : both(left, limit)), full)
  }

  decides(at: number, act: Act): boolean {
    if (!this.model.mightDecide(at)) return false
    const { entry } = this.model.act(at)
    if (act.kind === 'remove') return this.devices[entry.device]?.person !== act.person
    if (act.kind === 'role') {
      const target = this.persons[act.person]
      return !covers(this.roles[act.role] ?? nothing, this.roles[target?.role ?? ''] ?? nothing)
    }
    if (act.kind === 'role-define') {
      const present = this.roles[act.name]
      return present !== undefined && !covers({ rank: act.rank, can: act.capabilities, since: 0 }, present)
    }
    return true
  }

  candidate(at: number, act: Act): Candidate {
    const { entry } = this.model.act(at)
    const device = this.devices[entry.device]
    const person = this.persons[device?.person ?? '']
    if (device === undefined || person === undefined) throw new Error('assertion failed: a candidate has an author')
    const role = this.roleAt(device.person, at, entry.id)
    const since = Math.max(person.since, this.roles[person.role]?.since ?? 0)
    const limit =
      act.kind === 'role'
        ? this.roles[act.role]
        : act.kind === 'role-define'
          ? { rank: act.rank, can: act.capabilities as readonly string[], since: 0 }
          : undefined
    const precedence = [-role.rank, since, device.admitted, at]
    return { at, precedence, person: device.person, device: entry.device, roleName: person.role, limit }
  }

  judge(at: number, act: Act): VoidCode | undefined {
    const { entry, proven } = this.model.act(at)
    const { id } = entry
    if (this.model.isForked(entry.device, entry.seq)) return 'device_forked'
    if (act.kind === 'malformed') return 'malformed'
    if (act.kind === 'found') {
      if (entry.community !== undefined || Object.keys(this.persons).length > 0) return 'malformed'
      return proven && act.certificate.device === entry.device ? undefined : 'certificate_wrong'
    }
    if (act.kind === 'join') return this.judgeKey(at) ?? this.judgeJoin(at, act)
    const device = this.devices[entry.device]
    if (device === undefined) return 'author_unknown'
    const isDecision = ['remove', 'device-remove', 'role', 'role-define', 'revoke'].includes(act.kind)
    if (!this.isActive(entry.device)) {
      const knew = device.endedBy >= 0 && this.model.knows(at, this.countable(device.endedBy))
      return isDecision && !knew ? 'overruled' : 'author_removed'
    }
    if (this.isCut(device.person, entry.device, at, id)) return isDecision ? 'overruled' : 'author_removed'
    return this.judgeKey(at) ?? this.judgeAct(at, act, device.person)
  }

  /** Its id, unless it stands where its device forked: no question about such an entry is answered yes. */
  countable(at: number): string {
    const { entry } = this.model.act(at)
    return this.model.isForked(entry.device, entry.seq) ? 'nothing' : entry.id
  }

  isActive(device: string): boolean {
    const known = this.devices[device]
    return known?.active === true && this.persons[known.person]?.state === 'active'
  }

  judgeKey(at: number): VoidCode | undefined {
    const { entry, act } = this.model.act(at)
    const known = this.keys[entry.key]
    if (known !== undefined) return known.epoch === entry.epoch ? undefined : 'key_unknown'
    if (act.kind !== 'rotate') return 'key_unknown'
    return this.isStale(at) ? 'epoch_old' : undefined
  }

  gives(role: ModelRole, name: string, has: ModelRole = nothing): VoidCode | undefined {
    const given = this.roles[name]
    if (given === undefined) return 'target_unknown'
    return this.givesRole(role, given, has)
  }

  givesRole(role: ModelRole, given: ModelRole, has: ModelRole): VoidCode | undefined {
    if (given.rank > role.rank) return 'outranked'
    return given.can.every((what) => can(has, what) || can(role, what)) ? undefined : 'not_allowed'
  }

  mayRemove(role: ModelRole, person: string): VoidCode | undefined {
    if (!can(role, 'remove')) return 'not_allowed'
    const target = this.roles[this.persons[person]?.role ?? ''] ?? nothing
    return target.rank > role.rank ? 'outranked' : undefined
  }

  judgeAct(at: number, act: Act, person: string): VoidCode | undefined {
    const { entry, proven } = this.model.act(at)
    const role = this.roleAt(person, at, entry.id)
    switch (act.kind) {
      case 'invite': {
        if (!can(role, 'invite')) return 'not_allowed'
        const code = this.gives(role, act.role)
        if (code !== undefined) return code
        if (this.isDirect && act.role !== 'member') return 'not_allowed'
        return this.invites[act.invite] === undefined ? undefined : 'malformed'
      }
      case 'revoke': {
        const invite = this.invites[act.invite]
        if (invite === undefined) return 'invite_unknown'
        return invite.creator === person ? undefined : this.mayRemove(role, invite.creator)
      }
      case 'admit': {
        if (!can(role, 'approve')) return 'not_allowed'
        const code = this.gives(role, act.role)
        if (code !== undefined) return code
        if (!proven) return 'certificate_wrong'
        const bound = this.binds(act.certificate.person, act.certificate.device)
        if (bound !== undefined) return bound
        const known = this.persons[act.certificate.person]
        if (known?.state === 'active') return 'already_member'
        const removals = [...(known?.removals ?? []), ...(this.devices[act.certificate.device]?.removals ?? [])]
        return this.knewAll(at, removals) ? this.roomFor(act.certificate.person) : 'target_removed'
      }
      case 'device': {
        if (!proven || act.certificate.person !== person) return 'certificate_wrong'
        const bound = this.binds(person, act.certificate.device)
        if (bound !== undefined) return bound
        const removals = this.devices[act.certificate.device]?.removals ?? []
        return this.knewAll(at, removals) ? undefined : 'target_removed'
      }
      case 'device-remove': {
        const target = this.devices[act.device]
        if (target === undefined) return 'target_unknown'
        return target.person === person ? undefined : this.mayRemove(role, target.person)
      }
      case 'remove':
        if (this.persons[act.person] === undefined) return 'target_unknown'
        return act.person === person ? undefined : this.mayRemove(role, act.person)
      case 'role': {
        if (this.isDirect) return 'not_allowed'
        const target = this.persons[act.person]
        const given = this.roles[act.role]
        if (target?.state !== 'active' || given === undefined) return 'target_unknown'
        const present = this.roles[target.role] ?? nothing
        if (act.person === person && covers(present, given)) return undefined
        if (!can(role, 'roles')) return 'not_allowed'
        if (present.rank > role.rank) return 'outranked'
        return this.gives(role, act.role, present)
      }
      case 'role-define': {
        if (!can(role, 'roles')) return 'not_allowed'
        const present = this.roles[act.name]
        if (present !== undefined && present.rank > role.rank) return 'outranked'
        return this.givesRole(role, { rank: act.rank, can: act.capabilities, since: 0 }, present ?? nothing)
      }
      case 'settings':
        return can(role, 'settings') ? undefined : 'not_allowed'
      case 'keeper':
      case 'keeper-remove':
        return can(role, 'keepers') ? undefined : 'not_allowed'
      default:
        return undefined
    }
  }

  binds(person: string, device: string): VoidCode | undefined {
    const known = this.devices[device]
    if (known === undefined) return undefined
    if (known.person !== person) return 'certificate_wrong'
    return this.isActive(device) ? 'already_member' : undefined
  }

  knewAll(at: number, removals: readonly number[]): boolean {
    return removals.every((removal) => this.model.knows(at, this.countable(removal)))
  }

  judgeJoin(at: number, act: Act & { kind: 'join' }): VoidCode | undefined {
    const { entry, proven } = this.model.act(at)
    const { person, device } = act.certificate
    if (!proven || device !== entry.device) return 'certificate_wrong'
    const invite = this.invites[act.invite]
    if (invite === undefined) return 'invite_unknown'
    const bound = this.binds(person, device)
    if (bound !== undefined) return bound
    const known = this.persons[person]
    const before = this.devices[device]
    if (before !== undefined && (before.removals.length > 0 || known?.state === 'active')) return 'author_removed'
    if (this.isCut(person, device, at, entry.id)) return 'author_removed'
    if (this.isTakenBack(act.invite, at, entry.id)) return 'invite_revoked'
    const creator = this.persons[invite.creator]
    if (creator?.state !== 'active' || this.isCut(invite.creator, undefined, at, entry.id)) return 'invite_revoked'
    const role = this.roleAt(invite.creator, at, entry.id)
    if (!can(role, 'invite') || this.gives(role, invite.role) !== undefined) return 'invite_revoked'
    if (invite.expiresMs !== undefined && entry.time.ms > invite.expiresMs) return 'invite_expired'
    if (known?.state === 'active') return undefined
    if (!this.knewAll(invite.at, known?.removals ?? [])) return 'author_removed'
    return invite.uses < invite.usesMax ? this.roomFor(person) : 'invite_used'
  }

  /** A conversation of two has the two who were in it first, and nobody else. */
  roomFor(person: string): VoidCode | undefined {
    const isKnown = this.persons[person] !== undefined
    return this.isDirect && !isKnown && Object.keys(this.persons).length >= 2 ? 'direct_full' : undefined
  }

  /** Revoked, or somebody removed who has its secret; before a place, or without knowledge of what stands there. */
  isTakenBack(id: string, at: number, entry: string): boolean {
    const invite = this.invites[id]
    if (invite === undefined) return false
    return this.model.settled.some((cut) => {
      const { act } = this.model.act(cut.at)
      const isRevoke = act.kind === 'revoke' && act.invite === id
      const hasSecret = this.model.acts.some(({ entry: other, act: used, proven }) => {
        const shows = (used.kind === 'invite' || (used.kind === 'join' && proven)) && used.invite === id
        if (!shows || this.model.isForked(other.device, other.seq) || !this.model.knows(cut.at, other.id)) return false
        if (act.kind === 'device-remove') return act.device === other.device
        return act.kind === 'remove' && this.model.personsEver(other.device).includes(act.person)
      })
      if (!isRevoke && !hasSecret) return false
      if (this.model.knows(invite.at, this.countable(cut.at))) return false
      return cut.at < at || !this.model.knows(cut.at, entry)
    })
  }

  /** Whether somebody who was removed has shown to have its secret. */
  hasLeaked(id: string): boolean {
    return this.model.acts.some(({ entry, act, proven }) => {
      if ((act.kind !== 'invite' && !(act.kind === 'join' && proven)) || act.invite !== id) return false
      const device = this.devices[entry.device]
      const isLost = device !== undefined && !device.active && device.removals.length > 0
      return isLost || this.model.personsEver(entry.device).some((person) => this.persons[person]?.state === 'removed')
    })
  }

  apply(at: number, act: Act): void {
    const { entry } = this.model.act(at)
    const author = this.devices[entry.device]?.person ?? ''
    const letIn = (person: string, device: string, role: string) => {
      const removals = this.persons[person]?.removals ?? []
      this.persons[person] = { role, since: at, state: 'active', removals }
      addDevice(person, device)
    }
    const addDevice = (person: string, device: string) => {
      const removals = this.devices[device]?.removals ?? []
      this.devices[device] = { person, active: true, endedBy: -1, removals, admitted: at }
    }
    switch (act.kind) {
      case 'found':
        this.isDirect = act.purpose === 'direct'
        if (this.isDirect) this.roles.member = { rank: 1, can: ['invite', 'keepers', 'post'], since: -1 }
        letIn(act.certificate.person, act.certificate.device, this.isDirect ? 'member' : 'owner')
        this.keys[entry.key] ??= { epoch: entry.epoch, at }
        break
      case 'rotate':
        this.keys[entry.key] ??= { epoch: entry.epoch, at }
        break
      case 'invite': {
        const { role, usesMax, expiresMs } = act
        this.invites[act.invite] = { at, creator: author, role, usesMax, expiresMs, uses: 0 }
        break
      }
      case 'revoke':
        this.takings.push(at)
        break
      case 'join': {
        const { person, device } = act.certificate
        const invite = this.invites[act.invite]
        if (invite === undefined) throw new Error('assertion failed: a join that counts has an invitation')
        if (this.persons[person]?.state === 'active') addDevice(person, device)
        else {
          invite.uses += 1
          letIn(person, device, invite.role)
        }
        break
      }
      case 'admit':
        letIn(act.certificate.person, act.certificate.device, act.role)
        break
      case 'device':
        addDevice(act.certificate.person, act.certificate.device)
        break
      case 'device-remove': {
        this.takings.push(at)
        const device = this.devices[act.device]
        if (device === undefined) break
        device.active = false
        device.endedBy = at
        device.removals.push(at)
        break
      }
      case 'remove': {
        this.takings.push(at)
        const person = this.persons[act.person]
        if (person === undefined) break
        person.state = author === act.person ? 'left' : 'removed'
        if (person.state === 'removed') person.removals.push(at)
        for (const device of Object.values(this.devices)) {
          if (device.person !== act.person) continue
          device.active = false
          device.endedBy = at
        }
        break
      }
      case 'role': {
        const person = this.persons[act.person]
        const given = this.roles[act.role]
        if (person === undefined || given === undefined) break
        if (!covers(this.roles[person.role] ?? nothing, given)) person.since = at
        person.role = act.role
        break
      }
      case 'role-define': {
        const made = { rank: act.rank, can: act.capabilities, since: at }
        const present = this.roles[act.name]
        const keeps = present !== undefined && covers(present, made)
        this.roles[act.name] = keeps ? { ...made, since: present.since } : made
        break
      }
      default:
    }
  }

  result(): ModelResult {
    const text = (object: Record<string, unknown>, say: (value: never, name: string) => unknown) =>
      Object.fromEntries(Object.entries(object).map(([name, value]) => [name, say(value as never, name)]))
    const keys = Object.entries(this.keys).sort(([, a], [, b]) => a.epoch - b.epoch || a.at - b.at)
    const isClean = ({ at }: { at: number }) => {
      const { entry, act } = this.model.act(at)
      if (this.voided[entry.id] !== undefined) return false
      return this.takings.every((taking) => {
        const { id } = this.model.act(taking).entry
        const isUnread = act.kind === 'rotate' && act.unread.includes(id)
        return !isUnread && this.model.knows(at, this.countable(taking))
      })
    }
    const clean = keys.filter(([, key]) => isClean(key))
    const newest = Math.max(...clean.map(([, { epoch }]) => epoch))
    return {
      members: text(this.persons, ({ state, role }: ModelPerson) => `${state} ${role}`) as Record<string, string>,
      devices: text(this.devices, ({ active }: ModelDevice) => active) as Record<string, boolean>,
      roles: text(this.roles, ({ rank, can }: ModelRole) => `${rank} ${can}`) as Record<string, string>,
      invites: text(this.invites, (invite: ModelInvite, id: string) => {
        const end = Number.POSITIVE_INFINITY
        const isClosed =
          this.hasLeaked(id) || this.isTakenBack(id, end, '') || this.persons[invite.creator]?.state !== 'active'
        return `${invite.uses} ${isClosed ? 'revoked' : invite.uses >= invite.usesMax ? 'used' : 'open'}`
      }) as Record<string, string>,
      keys: keys.map(([key]) => key),
      writingKey: clean.find(([, { epoch }]) => epoch === newest)?.[0],
      voided: this.voided,
      counts: (entry) => this.counts(entry),
    }
  }

  counts(entry: AppEntry): { person: string; may(capability: string): boolean } | VoidCode {
    if (this.model.isForked(entry.device, entry.seq)) return 'device_forked'
    const isAfter = ({ entry: a }: OpenedAct) =>
      a.time.ms > entry.time.ms ||
      (a.time.ms === entry.time.ms &&
        (a.time.count > entry.time.count || (a.time.count === entry.time.count && a.id > entry.id)))
    const after = this.model.acts.findIndex(isAfter)
    const index = (after === -1 ? this.model.acts.length : after) - 1
    const state = this.states[index]
    const device = state?.devices[entry.device]
    if (state === undefined || device === undefined) return 'author_unknown'
    const person = state.persons[device.person]
    if (!device.active || person?.state !== 'active') return 'author_removed'
    if (this.isCut(device.person, entry.device, index, entry.id)) return 'author_removed'
    if (this.keys[entry.key]?.epoch !== entry.epoch) return 'key_unknown'
    const role = this.limited(state.roles[person.role] ?? nothing, person.role, device.person, index, entry.id)
    return { person: device.person, may: (capability) => can(role, capability) }
  }
}
