// Whether verdicts about entries of lane 1 can differ between two resolutions, and of which devices. For each device: what
// happened to it and its person (let in, removed, role), and which settled decisions void or limit what did not know of it. An event that
// knew all entries that were judged can't change their verdicts: they come before it, and it cuts only what it did not know.

import type { DeviceId, KeyId } from '../log/types.ts'
import type { Judged } from './core.ts'
import type { Item } from './items-core.ts'
import type { Fold } from './state-core.ts'

type Change = 'nothing' | 'appended' | 'rewritten'

export interface Difference {
  readonly how: Change
  /** Whose entries may be judged otherwise, and keys that entries may use which could not. */
  readonly devices: ReadonlySet<DeviceId>
  readonly keys: ReadonlySet<KeyId>
  /** Of which devices entries that counted may count no longer, or otherwise, and from which number on; empty unless `rewritten`. */
  readonly rewritten: ReadonlyMap<DeviceId, number> | 'all'
}

export function differences(
  before: Judged,
  after: Judged,
  judged: ReadonlyMap<DeviceId, number> | undefined,
): Difference {
  let how = keyChange(before.fold, after.fold)
  const devices = new Set<DeviceId>()
  const rewritten = new Map<DeviceId, number>()
  const isAll = how === 'rewritten'
  const keys = new Set([...after.fold.keys.keys()].filter((key) => !before.fold.keys.has(key)))
  for (const device of new Set([...before.fold.devices.keys(), ...after.fold.devices.keys()])) {
    const upTo = judged === undefined ? Number.POSITIVE_INFINITY : (judged.get(device) ?? 0)
    const change = deviceChange(before.fold, after.fold, device, upTo)
    if (change.how !== 'nothing') devices.add(device)
    if (change.how === 'rewritten') rewritten.set(device, change.from)
    how = worse(how, change.how)
  }
  return { how, devices, keys, rewritten: isAll ? 'all' : rewritten }
}

function worse(a: Change, b: Change): Change {
  if (a === 'rewritten' || b === 'rewritten') return 'rewritten'
  return a === 'appended' || b === 'appended' ? 'appended' : 'nothing'
}

function keyChange(before: Fold, after: Fold): Change {
  for (const [key, { epoch }] of before.keys) if (after.keys.get(key)?.epoch !== epoch) return 'rewritten'
  return after.keys.size > before.keys.size ? 'appended' : 'nothing'
}

/** `from`: the first number that may be judged otherwise. */
interface DeviceChange {
  readonly how: Change
  readonly from: number
}

const unchanged: DeviceChange = { how: 'nothing', from: Number.POSITIVE_INFINITY }

function deviceChange(before: Fold, after: Fold, device: DeviceId, upTo: number): DeviceChange {
  const forkedFrom = Math.min(before.forkedFrom(device), after.forkedFrom(device))
  const forked: DeviceChange =
    before.forkedFrom(device) !== after.forkedFrom(device) && upTo >= forkedFrom
      ? { how: 'rewritten', from: forkedFrom }
      : unchanged
  const [old, present] = [eventsOf(before, device), eventsOf(after, device)]
  const changed = [
    ...present.entries().filter(([name]) => !old.has(name)),
    ...old.entries().filter(([name]) => !present.has(name)),
  ]
  if (changed.length === 0) return forked
  // Nothing of it counted yet.
  if (old.size === 0) return forked.how === 'nothing' ? { how: 'appended', from: 1 } : forked
  const number = after.past.numberOf(device)
  const knownTo = (item: Item) => Math.max(item.past[number] ?? 0, item.device === number ? item.entry.seq : 0)
  // Numbers up to the least that an event knew come before all of them.
  const known = Math.min(...changed.map(([, item]) => knownTo(item)))
  if (known >= upTo && forked.how === 'nothing') return { how: 'appended', from: known + 1 }
  return { how: 'rewritten', from: Math.min(known + 1, forked.from) }
}

/** All that verdicts about a device's entries follow from, by what it says. */
function eventsOf(fold: Fold, device: DeviceId): Map<string, Item> {
  const events = new Map<string, Item>()
  const add = (what: string, item: Item) => events.set(`${item.entry.id} ${what}`, item)
  for (const { item, active } of fold.trail.devices.get(device) ?? []) add(`active ${active}`, item)
  const person = fold.devices.get(device)?.person.did
  if (person === undefined) return events
  const roles = new Set<string>()
  for (const { item, state, role } of fold.trail.persons.get(person) ?? []) {
    roles.add(role)
    add(`${state} ${role}`, item)
  }
  const cuts = [
    ...(fold.settled.persons.get(person) ?? []),
    ...(fold.settled.devices.get(device) ?? []),
    ...[...roles].flatMap((role) => fold.settled.roles.get(role) ?? []),
  ]
  for (const { item, limit } of cuts) add(`cut ${limit?.rank} ${limit?.capabilities}`, item)
  for (const role of roles) {
    for (const { item, role: made } of fold.trail.roles.get(role) ?? []) add(`${made.rank} ${made.capabilities}`, item)
  }
  return events
}
