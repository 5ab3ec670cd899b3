// Who gets which key: pure planning over a resolved community. docs/protocol/community.md, "Keys for everybody".
//
//   a new key        sealed to every active device and open invitation, and hands on the keys before it
//   an older key     reaches a device by the chain of rotations, or by a `grant` of whoever has it (`owedKeys`)
//
// What must stay true: whoever is entitled to a key and lacks it is owed it by whoever has it; nobody else ever is.

import { compareEntries } from '../log/order-core.ts'
import type { DeviceId, Entry, EntryId, KeyId } from '../log/types.ts'
import { judgedIn, type Resolution } from './core.ts'
import { hadRead, type Item, knows } from './items-core.ts'
import { isActive } from './judge-core.ts'
import { previousKeysMax, unreadMax } from './limits.ts'
import type { DeviceState, Fold, InviteState } from './state-core.ts'
import type { CommunityState, InviteId, KeyFacts } from './types.ts'

export interface Recipients {
  readonly devices: readonly DeviceId[]
  readonly invites: readonly InviteId[]
}

/** To whom a new key is sealed. */
export function recipientsOf(state: CommunityState, nowMs: number): Recipients {
  const devices = [...state.members.values()]
    .filter((member) => member.state === 'active')
    .flatMap((member) => member.devices.filter((device) => device.state === 'active'))
  const invites = [...state.invites.values()].filter(
    (invite) => invite.state === 'open' && (invite.expiresMs === undefined || invite.expiresMs >= nowMs),
  )
  return { devices: devices.map(({ device }) => device), invites: invites.map(({ id }) => id) }
}

/**
 * The key to write with; undefined: make a new one first. `epochMax`: the highest epoch in the log, of any entry: an
 * entry may not have a lower one than its parents, and somebody who was removed can have raised it.
 */
export function keyToWrite(state: CommunityState, epochMax: number): KeyFacts | undefined {
  const key = state.writingKey
  return key !== undefined && key.epoch >= epochMax ? key : undefined
}

/** An earlier key that a rotation is to hand on. */
export interface Predecessor {
  readonly key: KeyId
  /** All of it, not only its control sub-key. */
  readonly whole: boolean
}

/**
 * What a new rotation hands on, newest first: whatever no key in the list reaches by the lists of earlier rotations.
 * `rest` did not fit; more entries with the new key carry it. With `present`, a key that there is: what it does not reach,
 * since those were made at the same time; a `rotate` with that key hands it on to all who have it.
 */
export function predecessorsOf(
  resolution: Resolution,
  holds: (key: KeyId) => 'whole' | 'control' | undefined,
  present?: KeyId,
): { readonly first: readonly Predecessor[]; readonly rest: readonly Predecessor[] } {
  const { fold } = judgedIn(resolution)
  const chains = chainsOf(resolution)
  const all = fold.settings.history === 'all'
  const [whole, control] = [new Set<KeyId>(), new Set<KeyId>()]
  const list: Predecessor[] = []
  const note = (key: KeyId, wantsWhole: boolean) => {
    reach(key, control, (from) => chains.get(from)?.map(({ key }) => key) ?? [])
    if (wantsWhole) reach(key, whole, (from) => wholesOf(chains, from))
  }
  if (present !== undefined) note(present, true)
  for (const { key } of resolution.state.keys.toReversed()) {
    const held = holds(key)
    const wantsWhole = all && held === 'whole'
    if (held === undefined || (control.has(key) && (!wantsWhole || whole.has(key)))) continue
    list.push({ key, whole: wantsWhole })
    note(key, wantsWhole)
  }
  return { first: list.slice(0, previousKeysMax), rest: list.slice(previousKeysMax) }
}

/**
 * Which of the acts that are here and can't be opened a rotation has to name. Those of devices that were removed count for
 * nothing. Members' devices come first, then those that an unread act may have let in; of every device its newest, before
 * any has two.
 */
export function unreadOf(state: CommunityState, sealed: readonly Pick<Entry, 'id' | 'device' | 'time'>[]): EntryId[] {
  const standing = new Map<DeviceId, boolean>()
  for (const member of state.members.values()) {
    for (const device of member.devices) {
      standing.set(device.device, member.state === 'active' && device.state === 'active')
    }
  }
  const turns = new Map<DeviceId, number>()
  const listed = sealed
    .filter(({ device }) => standing.get(device) !== false)
    .toSorted((a, b) => compareEntries(b, a))
    .map(({ id, device }) => {
      const turn = turns.get(device) ?? 0
      turns.set(device, turn + 1)
      return { id, turn, group: standing.has(device) ? 0 : 1 }
    })
  return listed
    .toSorted((a, b) => a.group - b.group || a.turn - b.turn)
    .slice(0, unreadMax)
    .map(({ id }) => id)
}

type Chains = ReadonlyMap<KeyId, readonly { readonly key: KeyId; readonly whole: boolean }[]>

/** What the rotations to each key hand on. */
function chainsOf(resolution: Resolution): Chains {
  const { items, fold } = judgedIn(resolution)
  const chains = new Map<KeyId, { key: KeyId; whole: boolean }[]>()
  for (const { act, entry } of items) {
    if (act.kind !== 'rotate' || !fold.keys.has(entry.key)) continue
    const list = chains.get(entry.key) ?? []
    chains.set(entry.key, list)
    list.push(...act.previous.map(({ key, whole }) => ({ key, whole: whole !== undefined })))
  }
  return chains
}

function wholesOf(chains: Chains, from: KeyId): KeyId[] {
  return (chains.get(from) ?? []).filter(({ whole }) => whole).map(({ key }) => key)
}

function reach(from: KeyId, reached: Set<KeyId>, next: (key: KeyId) => readonly KeyId[]): void {
  const open = [from]
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (reached.has(key)) continue
    reached.add(key)
    open.push(...next(key))
  }
}

/**
 * Keys that active devices are entitled to and were not handed: a key that was made without knowledge of them, or before
 * them. Whoever holds one grants it. It is taken on trust that rotations seal to whom their author knew; a device that
 * was left out asks, or makes a new key.
 */
export function owedKeys(resolution: Resolution): ReadonlyMap<DeviceId, readonly KeyId[]> {
  const { fold, items } = judgedIn(resolution)
  const chains = chainsOf(resolution)
  const acts = { items, makers: items.filter((item) => isMaker(fold, item)), leaked: fold.leaked() }
  const owed = new Map<DeviceId, readonly KeyId[]>()
  for (const device of fold.devices.values()) {
    if (!isActive(device) || Number.isFinite(fold.forkedFrom(device.id))) continue
    const handed = new Set<KeyId>()
    for (const key of handedTo(fold, device, acts)) reach(key, handed, (from) => wholesOf(chains, from))
    const lacking = entitledTo(fold, device).filter((key) => !handed.has(key))
    if (lacking.length > 0) owed.set(device.id, lacking)
  }
  return owed
}

/**
 * Open invitations that the key to write with was not sealed to, since it was made at the same time: whoever comes by one
 * could not read what is written now. More lockboxes, in a `rotate` with the same key, mend that.
 */
export function owedInvites(resolution: Resolution): readonly InviteId[] {
  const { state } = resolution
  const { fold, items } = judgedIn(resolution)
  const key = state.writingKey?.key
  if (key === undefined) return []
  const makers = items.filter((item) => item.entry.key === key && isMaker(fold, item))
  const lacks = ({ item }: InviteState) =>
    item.entry.key !== key && !makers.some((maker) => hadRead(fold.past, maker, item))
  return fold.invites
    .values()
    .filter((invite) => state.invites.get(invite.id)?.state === 'open' && lacks(invite))
    .map(({ id }) => id)
    .toArray()
}

/** What is looked through for each device. */
interface HandingActs {
  readonly items: readonly Item[]
  readonly makers: readonly Item[]
  readonly leaked: ReadonlySet<InviteId>
}

/**
 * Whether an act hands a key to many. The first that has the key is sealed to all devices and open invitations that its
 * author knew; later ones with the same key to invitations that lacked it.
 */
function isMaker(fold: Fold, { act, entry }: Item): boolean {
  return (act.kind === 'rotate' || act.kind === 'found') && fold.keys.has(entry.key) && fold.devices.has(entry.device)
}

/** `all`: every key. `since-joining`: those that were not made before the invitation or admission, and what that had. */
function entitledTo(fold: Fold, { person }: DeviceState): KeyId[] {
  const keys = fold.keys.values().toArray()
  if (fold.settings.history === 'all') return keys.map(({ key }) => key)
  const { granted } = person
  return keys
    .filter(({ key, item }) => key === granted.entry.key || !knows(fold.past, granted, item))
    .map(({ key }) => key)
}

/** Keys that were sealed to a device, or to the invitation that it came by. */
function handedTo(fold: Fold, device: DeviceState, acts: HandingActs): KeyId[] {
  const { admitted, id } = device
  const direct = [admitted.entry.key, ...grantsTo(id, acts.items)]
  const bySeal = acts.makers.filter((maker) => {
    const isFirst = fold.keys.get(maker.entry.key)?.item === maker
    return maker.entry.device === id || (isFirst && hadRead(fold.past, maker, admitted))
  })
  return [...direct, ...bySeal.map(({ entry }) => entry.key), ...handedToInvite(fold, admitted, acts)]
}

/** A grant's entry carries a lockbox with its own key, too: else the device might not be able to open it. */
function grantsTo(device: DeviceId, items: readonly Item[]): KeyId[] {
  return items.flatMap(({ act, entry }) =>
    act.kind === 'grant' && act.device === device ? [...act.keys, entry.key] : [],
  )
}

function handedToInvite(fold: Fold, { act }: Item, { items, makers, leaked }: HandingActs): KeyId[] {
  const invite = act.kind === 'join' ? fold.invites.get(act.invite) : undefined
  if (invite === undefined) return []
  const { item, id, usesMax, expiresMs } = invite
  // Who knew that it had leaked sealed nothing to it; granting a key twice does no harm.
  if (leaked.has(id)) return [item.entry.key]
  const uses = items.filter(({ act }) => act.kind === 'join' && act.invite === id)
  const closings = items.filter(({ act }) => act.kind === 'revoke' && act.invite === id)
  const sealed = makers.filter((maker) => {
    if (!hadRead(fold.past, maker, item) || (expiresMs !== undefined && maker.entry.time.ms > expiresMs)) return false
    const usesKnown = uses.filter((join) => hadRead(fold.past, maker, join)).length
    return usesKnown < usesMax && !closings.some((closing) => hadRead(fold.past, maker, closing))
  })
  return [item.entry.key, ...sealed.map(({ entry }) => entry.key)]
}
