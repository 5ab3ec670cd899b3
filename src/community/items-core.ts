// Acts made ready to be judged: in order, with what each could know, and with what can be said of them before anything
// is judged: which can't ever count, which decide over somebody, and which of these nobody can dispute any more.
// docs/protocol/community.md, "The rule", uses the same words.

import type { PersonDid } from '../identity/types.ts'
import { compareEntries } from '../log/order-core.ts'
import type { CommunityId, DeviceId, Entry } from '../log/types.ts'
import type { Act } from './acts-wire.ts'
import type { Past, PastVector } from './past-core.ts'
import { builtInRoles, foundersRole, hasCapability } from './roles-core.ts'
import type { InviteId, Role } from './types.ts'

/** What the rule looks at in an entry. */
export type ActEntry = Pick<Entry, 'id' | 'community' | 'device' | 'seq' | 'prev' | 'heads' | 'time' | 'epoch' | 'key'>

/** An entry of lane 0 that was opened. */
export interface OpenedAct {
  readonly entry: ActEntry
  readonly act: Act
  /** Whether the signatures in it are right (proofs.ts, `isProven`). */
  readonly proven: boolean
}

export interface Item extends OpenedAct {
  /** Its place in the order of acts. */
  readonly index: number
  /** {@link Past.numberOf} its device. */
  readonly device: number
  readonly past: PastVector
  readonly forked: boolean
  /** A rotation to a new key although its author knew a key of that epoch or a later one. */
  readonly stale: boolean
  /** Says who belongs and what they may, so far as it can ever count. */
  readonly membership: boolean
  /** May take something from somebody. */
  readonly decisive: boolean
  /** It knew all membership acts before it, and all that decide after it knew it: nothing can change its verdict. */
  readonly undisputed: boolean
}

/** Kinds that may decide over somebody; whether one does is a question of its place (judge-core.ts, `decides`). */
export const decisiveKinds: ReadonlySet<string> = new Set(['remove', 'device-remove', 'role', 'role-define', 'revoke'])

const membershipKinds: ReadonlySet<string> = new Set([...decisiveKinds, 'found', 'invite', 'join', 'admit', 'device'])

/** Items in order, and who acts upon whom, by what acts say (whether or not they count). */
export interface Items {
  readonly all: readonly Item[]
  readonly index: ActIndex
}

export function itemsOf(community: CommunityId, acts: readonly OpenedAct[], past: Past): Items {
  past.refresh()
  const ordered = acts.toSorted((a, b) => compareEntries(a.entry, b.entry))
  const index = indexActs(ordered)
  const items = ordered.map((opened, place): Item => {
    const { entry, act } = opened
    const device = past.numberOf(entry.device)
    const forked = past.isForked(device, entry.seq)
    const hopeless = forked || index.isHopeless(community, opened)
    const decisive = !hopeless && decisiveKinds.has(act.kind) && !index.isLeave(opened)
    const membership = !hopeless && membershipKinds.has(act.kind)
    const known = past.of(entry)
    return {
      ...opened,
      index: place,
      device,
      past: known,
      forked,
      stale: false,
      membership,
      decisive,
      undisputed: false,
    }
  })
  return { all: markUndisputed(markStale(items, past), past), index }
}

/** Whether an act could know another. */
export function knows(past: Past, item: Pick<Item, 'past'>, other: Pick<Item, 'device' | 'entry'>): boolean {
  return past.includes(item.past, other.device, other.entry.seq)
}

/** Whether a rotation's author had read an act, not only seen that there is one. */
export function hadRead(past: Past, maker: Pick<Item, 'past' | 'act'>, other: Pick<Item, 'device' | 'entry'>): boolean {
  const unread = maker.act.kind === 'rotate' && maker.act.unread.includes(other.entry.id)
  return !unread && knows(past, maker, other)
}

function markStale(items: readonly Item[], past: Past): Item[] {
  const introducing = items.filter(({ act }) => act.kind === 'rotate' || act.kind === 'found')
  return items.map((item) => {
    if (item.act.kind !== 'rotate') return item
    const stale = introducing.some((other) => {
      const isOther = other.entry.key !== item.entry.key && other.entry.epoch >= item.entry.epoch
      return isOther && knows(past, item, other)
    })
    return stale ? { ...item, stale } : item
  })
}

function markUndisputed(items: readonly Item[], past: Past): Item[] {
  const counts = countMembership(items)
  const decisive = items.filter((item) => item.decisive)
  let before = 0
  return items.map((item) => {
    const membershipBefore = before
    if (item.membership) before += 1
    if (!item.decisive || counts(item.past) !== membershipBefore) return item
    const later = decisive.slice(decisive.findIndex((other) => other.index >= item.index) + 1)
    return later.every((other) => knows(past, other, item)) ? { ...item, undisputed: true } : item
  })
}

/** How many membership acts are in a past. */
function countMembership(items: readonly Item[]): (past: PastVector) => number {
  const bySeq = new Map<number, number[]>()
  for (const { membership, device, entry } of items) if (membership) pushTo(bySeq, device, entry.seq)
  for (const seqs of bySeq.values()) seqs.sort((a, b) => a - b)
  const entries = [...bySeq]
  return (past) => entries.reduce((sum, [device, seqs]) => sum + countUpTo(seqs, past[device] ?? 0), 0)
}

function countUpTo(sorted: readonly number[], max: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) <= max) low = middle + 1
    else high = middle
  }
  return low
}

/** What acts say about persons, taken together and whether or not they count: the most that could ever be. */
export interface ActIndex {
  /** Whether no set of verdicts lets this act count. */
  isHopeless(community: CommunityId, opened: OpenedAct): boolean
  /** A `remove` of its own author. */
  isLeave(opened: OpenedAct): boolean
  personsOf(device: string): ReadonlySet<PersonDid>
  /**
   * Acts that show that a person or a device has an invitation's secret: it made it, or joined by it (counting or not,
   * since that took the secret).
   */
  tiesOf(personOrDevice: string): readonly Tie[]
}

export interface Tie {
  readonly invite: InviteId
  readonly device: DeviceId
  readonly seq: number
}

function indexActs(acts: readonly OpenedAct[]): ActIndex {
  const persons = new Map<string, Set<PersonDid>>()
  const creators = new Map<InviteId, Set<string>>()
  const inviteRoles = new Map<InviteId, Set<string>>()
  const roles = new Map<string, Pick<Role, 'capabilities'>[]>(builtInRoles.map((role) => [role.name, [role]]))
  for (const { entry, act, proven } of acts) {
    if (act.kind === 'invite') {
      addTo(creators, act.invite, entry.device)
      addTo(inviteRoles, act.invite, act.role)
    }
    if (act.kind === 'role-define') pushTo(roles, act.name, act)
    if ('certificate' in act && proven) addTo(persons, act.certificate.device, act.certificate.person)
  }
  const rolesOf = rolesByPerson(acts, inviteRoles)
  const ties = new Map<string, Tie[]>()
  for (const { entry, act, proven } of acts) {
    if (act.kind !== 'invite' && !(act.kind === 'join' && proven)) continue
    const tie = { invite: act.invite, device: entry.device, seq: entry.seq }
    for (const one of [entry.device, ...(persons.get(entry.device) ?? [])]) pushTo<string, Tie>(ties, one, tie)
  }
  const personsOf = (device: string) => persons.get(device) ?? new Set<PersonDid>()
  const mayEver = (device: string, capability: string) =>
    personsOf(device)
      .values()
      .some((did) =>
        rolesOf
          .get(did)
          ?.values()
          .some((name) => roles.get(name)?.some((role) => hasCapability(role as Role, capability))),
      )
  const shares = (device: string, others: Iterable<string>) =>
    Iterator.from(others).some((other) =>
      personsOf(other)
        .values()
        .some((did) => personsOf(device).has(did)),
    )

  return {
    personsOf,
    tiesOf: (personOrDevice) => ties.get(personOrDevice) ?? [],
    isLeave: ({ entry, act }) =>
      act.kind === 'remove' &&
      personsOf(entry.device)
        .values()
        .every((did) => did === act.person),
    isHopeless(community, { entry, act, proven }) {
      const { device } = entry
      if (act.kind === 'found') return (entry.id as string) !== community || !proven
      if (act.kind === 'join') return !proven || act.certificate.device !== device || !creators.has(act.invite)
      if (personsOf(device).size === 0 || (!proven && 'certificate' in act)) return true
      if (act.kind === 'invite') return !mayEver(device, 'invite')
      if (act.kind === 'admit') return !mayEver(device, 'approve')
      if (act.kind === 'role-define') return !mayEver(device, 'roles')
      if (act.kind === 'role') return !personsOf(device).has(act.person) && !mayEver(device, 'roles')
      if (act.kind === 'remove') return !personsOf(device).has(act.person) && !mayEver(device, 'remove')
      if (act.kind === 'device-remove') return !shares(device, [act.device]) && !mayEver(device, 'remove')
      if (act.kind === 'revoke') return !shares(device, creators.get(act.invite) ?? []) && !mayEver(device, 'remove')
      return false
    },
  }
}

/** Every role that an act gives a person. */
function rolesByPerson(acts: readonly OpenedAct[], inviteRoles: ReadonlyMap<InviteId, ReadonlySet<string>>) {
  const roles = new Map<PersonDid, Set<string>>()
  for (const { act, proven } of acts) {
    if (act.kind === 'role') addTo(roles, act.person, act.role)
    if (!proven || !('certificate' in act)) continue
    const { person } = act.certificate
    if (act.kind === 'found') addTo(roles, person, foundersRole[act.purpose])
    if (act.kind === 'admit') addTo(roles, person, act.role)
    if (act.kind === 'join') for (const role of inviteRoles.get(act.invite) ?? []) addTo(roles, person, role)
  }
  return roles
}

function addTo<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([value]))
  else set.add(value)
}

function pushTo<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
