// Which decisions count: paragraph 4 of the rule (docs/protocol/community.md). Everything is judged in order, again and
// again, with the decisions settled so far in force and the others not; each time one more is settled:
//
//   (a) the earliest that would count, when it is undisputed: nothing that comes can change its verdict any more;
//   (b) else the one of highest precedence, leaving out those whose author knew of an unsettled one against themself.
//
// What is settled stays. Only acts about membership and keys are judged here; all others follow once, at the end.
//
// Costs one fold for each decision that somebody disputes and that voids or changes something; the many that everybody
// saw one after the other are settled within a single fold, which comes to the same (see `settleInPassing`, `isQuiet`).

import { apply, introduceKey } from './apply-core.ts'
import { type ActIndex, type Item, type Items, knows } from './items-core.ts'
import { authorOf, decides, introducesKey, judge } from './judge-core.ts'
import type { Past } from './past-core.ts'
import { Fold, Settled } from './state-core.ts'
import type { Role, VoidCode } from './types.ts'

/** A decision that would count, and what its precedence follows from. */
interface Candidate {
  readonly item: Item
  /** What it leaves its target; undefined: nothing. */
  readonly limit: Role | undefined
  readonly rank: number
  readonly since: number
  readonly deviceSince: number
  readonly person: string
  readonly roleName: string
}

export interface Folded {
  readonly fold: Fold
  readonly voided: ReadonlyMap<Item, VoidCode>
  readonly pending: readonly Candidate[]
}

/** Settles all decisions; what is left of them is void. */
export function settle({ all, index }: Items, past: Past): Settled {
  const settled = new Settled(index, past)
  const relevant = all.filter(({ act, membership }) => membership || act.kind === 'rotate' || act.kind === 'found')
  const touched = touchedBy(all, index)
  for (;;) {
    const { voided, pending } = foldAll(relevant, past, settled)
    const isRoomy = !voided.values().some((code) => code === 'too_many')
    let left = [...pending]
    while (left.length > 0) {
      const next = nextOf(left, past)
      settled.add(next.item, next.limit)
      left = left.filter((candidate) => candidate !== next)
      if (!isRoomy || !isQuiet(next.item, touched, past)) break
    }
    if (pending.length === 0) return settled
  }
}

/** Judges items in order. Decisions that are not settled do nothing, but for those that `settleInPassing` may settle. */
export function foldAll(items: readonly Item[], past: Past, settled: Settled): Folded {
  const fold = new Fold(past, settled)
  const voided = new Map<Item, VoidCode>()
  const pending: Candidate[] = []
  for (const item of items) {
    const verdict = settled.has(item) ? undefined : judge(fold, item)
    if (verdict !== undefined) {
      voided.set(item, verdict)
      if (introducesKey(fold, item)) introduceKey(fold, item)
    } else if (settled.has(item) || !decides(fold, item) || settleInPassing(fold, item, pending.length)) {
      apply(fold, item)
    } else {
      pending.push(candidateOf(fold, item))
    }
  }
  return { fold, voided, pending }
}

/**
 * Way (a) without folding again: an undisputed decision knew all membership acts before it, so it changes nothing that
 * was judged already.
 */
function settleInPassing(fold: Fold, item: Item, pendingBefore: number): boolean {
  if (!item.undisputed || pendingBefore > 0) return false
  fold.settled.add(item, limitOf(fold, item))
  return true
}

/** The role that a decision leaves its target, as defined at its place. */
function limitOf(fold: Fold, { act }: Item): Role | undefined {
  if (act.kind === 'role') return fold.roles.get(act.role)?.role
  if (act.kind === 'role-define') return { name: act.name, rank: act.rank, capabilities: act.capabilities }
  return undefined
}

function candidateOf(fold: Fold, item: Item): Candidate {
  const author = authorOf(fold, item)
  // `judge` has let it pass, so its author is there.
  if (typeof author === 'string') throw new Error('assertion failed: a decision that counts has an author')
  const { person, device, role } = author
  return {
    item,
    limit: limitOf(fold, item),
    rank: role.rank,
    since: fold.sinceOf(person),
    deviceSince: device.admitted.index,
    person: person.did,
    roleName: person.role,
  }
}

function nextOf(candidates: readonly Candidate[], past: Past): Candidate {
  const [earliest] = candidates
  if (earliest === undefined) throw new Error('assertion failed: there is one left')
  if (earliest.item.undisputed) return earliest
  const free = candidates.toSorted(comparePrecedence).find((one) => !waits(one, candidates, past))
  return free ?? earliest
}

/** Rank, then how long one has had it, then the older device, then the earlier act. */
function comparePrecedence(a: Candidate, b: Candidate): number {
  return b.rank - a.rank || a.since - b.since || a.deviceSince - b.deviceSince || a.item.index - b.item.index
}

/** Whether its author knew of an unsettled decision against themself. */
function waits(candidate: Candidate, others: readonly Candidate[], past: Past): boolean {
  return others.some((other) => isAgainst(other.item, candidate) && knows(past, candidate.item, other.item))
}

function isAgainst({ act }: Item, { item, person, roleName }: Candidate): boolean {
  if (act.kind === 'remove' || act.kind === 'role') return act.person === person
  if (act.kind === 'device-remove') return act.device === item.entry.device
  return act.kind === 'role-define' && act.name === roleName
}

/** Acts by whom they are of, or act upon; joins by their invitation. */
interface Touched {
  readonly ofPerson: ReadonlyMap<string, readonly Item[]>
  readonly ofDevice: ReadonlyMap<string, readonly Item[]>
  readonly ofInvite: ReadonlyMap<string, readonly Item[]>
  readonly index: ActIndex
}

function touchedBy(items: readonly Item[], index: ActIndex): Touched {
  const { personsOf } = index
  const [ofPerson, ofDevice, ofInvite] = [new Map(), new Map(), new Map()] as const
  const creators = new Map<string, string[]>()
  for (const { act, entry } of items) {
    if (act.kind === 'invite') addTo(creators, act.invite, entry.device)
  }
  for (const item of items) {
    if (item.forked) continue
    const { act } = item
    const devices = new Set<string>([item.entry.device])
    if (act.kind === 'device-remove') devices.add(act.device)
    if ('certificate' in act) devices.add(act.certificate.device)
    const invites = act.kind === 'join' || act.kind === 'revoke' ? (creators.get(act.invite) ?? []) : []
    const persons = new Set([...devices, ...invites].flatMap((device) => [...personsOf(device)]))
    if (act.kind === 'remove' || act.kind === 'role') persons.add(act.person)
    if ('certificate' in act) persons.add(act.certificate.person)
    for (const person of persons) addTo(ofPerson, person, item)
    for (const device of devices) addTo(ofDevice, device, item)
    if (act.kind === 'join') addTo(ofInvite, act.invite, item)
  }
  return { ofPerson, ofDevice, ofInvite, index }
}

function addTo<Value>(map: Map<string, Value[]>, key: string, item: Value): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [item])
  else list.push(item)
}

/** Whether settling a decision changes no other verdict, since it knew all that it could touch. */
function isQuiet(item: Item, { ofPerson, ofDevice, ofInvite, index }: Touched, past: Past): boolean {
  const { act } = item
  const knewAll = (items: readonly Item[] = []) => items.every((other) => other === item || knows(past, item, other))
  const knewJoins = (target: string) => index.tiesOf(target).every(({ invite }) => knewAll(ofInvite.get(invite)))
  if (act.kind === 'remove' || act.kind === 'role') return knewAll(ofPerson.get(act.person)) && knewJoins(act.person)
  if (act.kind === 'device-remove') return knewAll(ofDevice.get(act.device)) && knewJoins(act.device)
  return act.kind === 'revoke' && knewAll(ofInvite.get(act.invite))
}
