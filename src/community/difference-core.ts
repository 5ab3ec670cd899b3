// Whether verdicts about entries of lane 1 can differ between two resolutions. For each device: what happened to it and
// its person (let in, removed, role), and which settled decisions void or limit what did not know of it. An event that
// knew all entries that were judged can't change their verdicts: they come before it, and it cuts only what it did not know.

import type { DeviceId } from '../log/types.ts'
import type { Judged } from './core.ts'
import type { Item } from './items-core.ts'
import type { Fold } from './state-core.ts'

type Change = 'nothing' | 'appended' | 'rewritten'

export function differences(before: Judged, after: Judged, judged: ReadonlyMap<DeviceId, number> | undefined): Change {
  let change = keyChange(before.fold, after.fold)
  const devices = new Set([...before.fold.devices.keys(), ...after.fold.devices.keys()])
  for (const device of devices) {
    if (change === 'rewritten') return change
    const upTo = judged === undefined ? Number.POSITIVE_INFINITY : (judged.get(device) ?? 0)
    change = worse(change, deviceChange(before.fold, after.fold, device, upTo))
  }
  return change
}

function worse(a: Change, b: Change): Change {
  if (a === 'rewritten' || b === 'rewritten') return 'rewritten'
  return a === 'appended' || b === 'appended' ? 'appended' : 'nothing'
}

function keyChange(before: Fold, after: Fold): Change {
  for (const [key, { epoch }] of before.keys) if (after.keys.get(key)?.epoch !== epoch) return 'rewritten'
  return after.keys.size > before.keys.size ? 'appended' : 'nothing'
}

function deviceChange(before: Fold, after: Fold, device: DeviceId, upTo: number): Change {
  if (before.forkedFrom(device) !== after.forkedFrom(device)) {
    if (upTo >= Math.min(before.forkedFrom(device), after.forkedFrom(device))) return 'rewritten'
  }
  const [old, present] = [eventsOf(before, device), eventsOf(after, device)]
  const changed = [
    ...present.entries().filter(([name]) => !old.has(name)),
    ...old.entries().filter(([name]) => !present.has(name)),
  ]
  if (changed.length === 0) return 'nothing'
  // Nothing of it counted yet.
  if (old.size === 0) return 'appended'
  const number = after.past.numberOf(device)
  const knewAll = (item: Item) => {
    const own = item.device === number ? item.entry.seq : 0
    return Math.max(item.past[number] ?? 0, own) >= upTo
  }
  return changed.every(([, item]) => knewAll(item)) ? 'appended' : 'rewritten'
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
