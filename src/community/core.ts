// From a set of acts to a community: one pure function, so that whoever has the same entries sees the same members, roles
// and keys, in whatever order they came. docs/protocol/community.md, "The rule", is normative.
//
//   acts ──► items-core (order, pasts) ──► settle-core (which decisions count) ──► one last fold ──► view-core (state)
//
// What must stay true: nothing but the set of entries decides; no clock, no order of arrival.

import { assert } from '../base/errors.ts'
import type { PersonDid } from '../identity/types.ts'
import { compareEntries } from '../log/order-core.ts'
import type { CommunityId, DeviceId, Entry, KeyId } from '../log/types.ts'
import { type Difference, differences } from './difference-core.ts'
import { type Item, itemsOf, type OpenedAct } from './items-core.ts'
import type { Past } from './past-core.ts'
import { hasCapability, narrow, noRole } from './roles-core.ts'
import { foldAll, settle } from './settle-core.ts'
import { cutsAt, type Fold, type Place } from './state-core.ts'
import type { CommunityState, Role, VoidCode } from './types.ts'
import { stateOf } from './view-core.ts'

export type { ActEntry, OpenedAct } from './items-core.ts'
export { type LogGraph, Past } from './past-core.ts'

/** What the rule asks of an entry of lane 1. */
export type AppEntry = Pick<Entry, 'id' | 'device' | 'seq' | 'time' | 'epoch' | 'key'>

/** An entry of lane 1 that counts. */
export interface Counted {
  readonly person: PersonDid
  /** Whether its author's role had a capability at its place. */
  readonly may: (capability: string) => boolean
  /** That role, with what it was limited to. */
  role(): Role
}

export interface Resolution {
  readonly state: CommunityState
  /** Paragraph 7 of the rule. */
  counts(entry: AppEntry): Counted | VoidCode
  /** Whose device it is, or was. */
  personOf(device: DeviceId): PersonDid | undefined
  /**
   * What may have changed about entries of lane 1 since `before`, a resolution of fewer acts with the same `Past`:
   *
   * - `nothing`: every verdict is what it was;
   * - `appended`: those that counted count as they did; some that did not (`author_unknown`, `key_unknown`, or later
   *   than all that were judged) may now;
   * - `rewritten`: any may be another.
   *
   * `judged` says up to which number of each device verdicts were used; without it all of them may have been.
   */
  changedSince(before: Resolution, judged?: ReadonlyMap<DeviceId, number>): Difference
}

/** What {@link differences} looks at. */
export interface Judged {
  readonly fold: Fold
  readonly items: readonly Item[]
}

const judgedOf = new WeakMap<Resolution, Judged>()

/** Between resolutions that have nothing to do with each other. */
const unlike: Difference = { how: 'rewritten', devices: new Set(), keys: new Set(), rewritten: 'all' }

/** What stands behind a resolution, for the rest of this folder's cores. */
export function judgedIn(resolution: Resolution): Judged {
  const judged = judgedOf.get(resolution)
  assert(judged !== undefined, 'resolutions are made by resolve')
  return judged
}

/**
 * Judges all acts of a community. `past` answers what entries could know; keep it from one call to the next, since it
 * remembers. Acts may come in any order; of an entry that comes twice one is enough.
 */
export function resolve(community: CommunityId, acts: readonly OpenedAct[], past: Past): Resolution {
  const items = itemsOf(community, acts, past)
  const settled = settle(items, past)
  const { fold, voided } = foldAll(items.all, past, settled)
  const state = stateOf(community, fold, voided)
  const judged = { fold, items: items.all }
  const resolution: Resolution = {
    state,
    counts: createCounts(judged),
    personOf: (device) => fold.devices.get(device)?.person.did,
    changedSince(before, upTo) {
      const other = judgedOf.get(before)
      return other === undefined ? unlike : differences(other, judged, upTo)
    },
  }
  judgedOf.set(resolution, judged)
  return resolution
}

/** What was last said of a device's entries, and for which it holds. */
interface Said extends Pick<AppEntry, 'epoch' | 'key'> {
  /** Acts before them. */
  readonly before: number
  readonly counted: Counted
}

/**
 * Judges entries of lane 1. Nearly all entries of a device stand between the same acts as the one before and under the same key:
 * unless somebody cut something off, all of them get the same answer, and who asks for much of it can remember by it.
 */
function createCounts({ fold, items }: Judged): Resolution['counts'] {
  const { past, trail, settled } = fold
  const said = new Map<DeviceId, Said>()

  function counts(entry: AppEntry): Counted | VoidCode {
    const device = past.numberOf(entry.device)
    if (past.isForked(device, entry.seq)) return 'device_forked'
    const last = said.get(entry.device)
    const before = countBefore(items, entry, last?.before ?? 0)
    if (last?.before === before && last.key === entry.key && last.epoch === entry.epoch) return last.counted
    // Between the acts before it and those after it.
    const place: Place = { index: before - 0.5, device, seq: entry.seq }
    const change = lastBefore(trail.devices.get(entry.device), place)
    const person = fold.devices.get(entry.device)?.person
    if (change === undefined || person === undefined) return 'author_unknown'
    if (!change.active || fold.isCut(person.did, entry.device, place)) return 'author_removed'
    if (fold.keys.get(entry.key as KeyId)?.epoch !== entry.epoch) return 'key_unknown'
    const roleName = lastBefore(trail.persons.get(person.did), place)?.role ?? ''
    const counted = countedAs(person.did, roleName, place)
    const cuts = [settled.persons.get(person.did), settled.devices.get(entry.device), settled.roles.get(roleName)]
    if (cuts.every((some) => some === undefined)) {
      said.set(entry.device, { before, key: entry.key, epoch: entry.epoch, counted })
    }
    return counted
  }

  function countedAs(person: PersonDid, roleName: string, place: Place): Counted {
    let known: Role | undefined
    const role = () => {
      if (known === undefined) {
        const limits = [
          ...cutsAt(past, settled.persons.get(person), place),
          ...cutsAt(past, settled.roles.get(roleName), place),
        ]
        const full = roleBefore(fold, roleName, place)
        known = limits.reduce((left, { limit }) => (limit === undefined ? left : narrow(left, limit)), full)
      }
      return known
    }
    return { person, may: (capability) => hasCapability(role(), capability), role }
  }

  return counts
}

/** How many acts come before an entry; `guess`: so many, perhaps. */
function countBefore(items: readonly Item[], entry: AppEntry, guess: number): number {
  const isBefore = (at: number) => {
    const item = items[at]
    return item !== undefined && compareEntries(item.entry, entry) < 0
  }
  if (guess > 0 && isBefore(guess - 1) && !isBefore(guess)) return guess
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}

function lastBefore<Change extends { readonly item: Item }>(
  changes: readonly Change[] | undefined,
  place: Place,
): Change | undefined {
  return changes?.findLast(({ item }) => item.index < place.index)
}

/** A built-in role never changes, so it has no trail. */
function roleBefore(fold: Fold, name: string, place: Place): Role {
  const changes = fold.trail.roles.get(name)
  if (changes !== undefined) return lastBefore(changes, place)?.role ?? noRole
  return fold.roles.get(name)?.role ?? noRole
}
