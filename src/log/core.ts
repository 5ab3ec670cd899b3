// The rules of the log, as a function: what becomes of entries that come in, given what is stored and what waits.
// docs/protocol/log.md, "Rules". Pure: `View` looks things up, `judge` changes nothing but its own overlay, and whoever
// calls it stores what it accepted. Signatures are not its business; entries whose authorship turned out to be unproven are
// named in `unproven`, and everything is judged anew without them.
//
//   candidate ─ other community? ─ known? ─ frozen? ─ early? ─ parents here? ─ rules ─ quota? ─► accepted ─► its waiting children
//
// Must stay true: an entry is accepted only after all its parents; the same entries accepted in another order leave the
// same devices, heads and forks.

import { deviceQuotaShare, devicesMax, futureMsMax } from './limits.ts'
import { communityOfEntry, type Facts, judgeParents, parentsOf } from './rules-core.ts'
import type { CommunityId, DeviceId, Entry, EntryId, Fork, RefusalCode } from './types.ts'

/** What is known of a device's entries. */
export interface DeviceFacts {
  /** Highest number stored; all below are there too. */
  readonly seq: number
  readonly entries: number
  readonly bytes: number
  /** At the lowest number that it used twice. */
  readonly fork: Fork | undefined
}

/** What is stored and what waits; `undefined` and empty for what is not there. */
export interface View {
  readonly community: CommunityId
  readonly bytes: number
  readonly bytesMax: number
  readonly devices: number
  device(device: DeviceId): DeviceFacts | undefined
  facts(id: EntryId): Facts | undefined
  /** Stored entries of a device under one number. */
  idsAt(device: DeviceId, seq: number): readonly EntryId[]
  /** Waiting entries that name `id` as a parent. */
  waitingFor(id: EntryId): readonly Candidate[]
  /** Whether this entry can never be valid, as far as is remembered. */
  isHopeless(id: EntryId): boolean
}

/** An entry that came in. */
export interface Candidate {
  readonly entry: Entry
  /** It was asked for by id. */
  readonly wanted: boolean
}

export type Outcome =
  | { readonly how: 'accepted'; readonly fork: Fork | undefined }
  | { readonly how: 'known' }
  | { readonly how: 'waiting'; readonly missing: readonly EntryId[] }
  | { readonly how: 'early' }
  /** `hopeless`: it can never be valid, anywhere. */
  | { readonly how: 'refused'; readonly code: RefusalCode; readonly hopeless: boolean }

export interface Judgement {
  /** Of every candidate, and of every waiting entry that is no longer waiting. */
  readonly outcomes: ReadonlyMap<EntryId, Outcome>
  /** Parents first. */
  readonly accepted: readonly Candidate[]
  /** Those of the candidates that wait. */
  readonly waiting: readonly Candidate[]
  /** What the devices of accepted entries are like afterwards. */
  readonly devices: ReadonlyMap<DeviceId, DeviceFacts>
  /** Devices whose lowest fork is a new one. */
  readonly forks: readonly Fork[]
}

interface Overlay {
  readonly view: View
  readonly nowMs: number
  readonly unproven: ReadonlySet<EntryId>
  readonly outcomes: Map<EntryId, Outcome>
  readonly accepted: Candidate[]
  readonly facts: Map<EntryId, Facts>
  readonly devices: Map<DeviceId, DeviceFacts>
  /** Candidates that lack a parent, by that parent. */
  readonly pending: Map<EntryId, Candidate[]>
  readonly forks: Map<DeviceId, Fork>
  bytes: number
  newDevices: number
}

/** Judges `candidates` (no id twice) in their order; those that only lack each other are put in order. */
export function judge(
  view: View,
  candidates: readonly Candidate[],
  options: { readonly nowMs: number; readonly unproven: ReadonlySet<EntryId> },
): Judgement {
  const overlay: Overlay = {
    view,
    ...options,
    outcomes: new Map(),
    accepted: [],
    facts: new Map(),
    devices: new Map(),
    pending: new Map(),
    forks: new Map(),
    bytes: view.bytes,
    newDevices: 0,
  }
  for (const candidate of candidates) {
    // One that waited and comes again may have been released by another just now.
    if (overlay.outcomes.get(candidate.entry.id)?.how !== 'accepted') settle(overlay, candidate)
  }
  return {
    outcomes: overlay.outcomes,
    accepted: overlay.accepted,
    waiting: candidates.filter(({ entry }) => overlay.outcomes.get(entry.id)?.how === 'waiting'),
    devices: overlay.devices,
    forks: [...overlay.forks.values()],
  }
}

/** Judges one, and then all that waited for it: a list instead of recursion, for chains are long. */
function settle(overlay: Overlay, first: Candidate): void {
  const queue = [first]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { id } = next.entry
    const outcome = examine(overlay, next)
    overlay.outcomes.set(id, outcome)
    if (outcome.how === 'waiting') {
      for (const parent of outcome.missing) addTo(overlay.pending, parent, next)
    } else if (outcome.how === 'accepted' || (outcome.how === 'refused' && outcome.hopeless)) {
      queue.push(...childrenOf(overlay, id))
    }
  }
}

/** What waited for `id`, in this batch and before; each once. */
function childrenOf({ view, pending, outcomes }: Overlay, id: EntryId): readonly Candidate[] {
  const here = pending.get(id) ?? []
  const before = view.waitingFor(id)
  if (here.length === 0 && before.length === 0) return []
  pending.delete(id)
  const children = new Map([...before, ...here].map((child) => [child.entry.id, child]))
  return [...children.values()]
    .filter((child) => (outcomes.get(child.entry.id)?.how ?? 'waiting') === 'waiting')
    .reverse()
}

function addTo(map: Map<EntryId, Candidate[]>, key: EntryId, candidate: Candidate): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [candidate])
  else list.push(candidate)
}

function examine(overlay: Overlay, candidate: Candidate): Outcome {
  const { view, nowMs, unproven } = overlay
  const { entry } = candidate
  if (unproven.has(entry.id)) return refused('signature_wrong')
  if (communityOfEntry(entry) !== view.community) return hopeless('entry_of_other_community')
  const device = deviceOf(overlay, entry.device)
  // What is stored of a device are all its numbers up to the highest, so a higher one is new without looking.
  if (device !== undefined && entry.seq <= device.seq && factsOf(overlay, entry.id) !== undefined)
    return { how: 'known' }
  if (entry.seq >= frozenFrom(device) && !candidate.wanted) return refused('device_frozen')
  if (entry.time.ms > nowMs + futureMsMax) return { how: 'early' }
  const parents: Facts[] = []
  const missing: EntryId[] = []
  for (const id of parentsOf(entry)) {
    const facts = factsOf(overlay, id)
    if (facts !== undefined) parents.push(facts)
    else if (isHopeless(overlay, id)) return hopeless('entry_misplaced')
    else missing.push(id)
  }
  if (missing.length > 0) return { how: 'waiting', missing }
  const broken = judgeParents(entry, parents)
  if (broken !== undefined) return hopeless(broken)
  return place(overlay, candidate, device)
}

/** The entry is valid; whether there is room for it, and what it shows of its device. */
function place(overlay: Overlay, candidate: Candidate, device: DeviceFacts | undefined): Outcome {
  const { entry } = candidate
  const frozen = frozenFrom(device)
  const full = checkRoom(overlay, entry, device)
  if (full !== undefined) return refused(full)
  const fork = entry.seq <= Math.min(device?.seq ?? 0, frozen) ? forkAt(overlay, entry) : undefined
  accept(overlay, candidate, device, fork)
  const isNew = fork !== undefined && fork.seq < frozen
  if (isNew) overlay.forks.set(entry.device, fork)
  return { how: 'accepted', fork: isNew ? fork : undefined }
}

/** The number from which nothing of a device counts. */
function frozenFrom(device: DeviceFacts | undefined): number {
  return device?.fork?.seq ?? Number.POSITIVE_INFINITY
}

function checkRoom(overlay: Overlay, entry: Entry, device: DeviceFacts | undefined): RefusalCode | undefined {
  const { view } = overlay
  const length = entry.bytes.length
  if (overlay.bytes + length > view.bytesMax) return 'log_full'
  if (device === undefined && view.devices + overlay.newDevices >= devicesMax) return 'log_full'
  if ((device?.bytes ?? 0) + length > view.bytesMax * deviceQuotaShare) return 'device_quota_used'
  return undefined
}

/** The two entries with the lowest ids under this number: the same pair for everybody who holds the same entries. */
function forkAt({ view, accepted }: Overlay, { id, device, seq }: Entry): Fork | undefined {
  const now = accepted.filter(({ entry }) => entry.device === device && entry.seq === seq).map(({ entry }) => entry.id)
  const [first, second] = [...view.idsAt(device, seq), ...now, id].sort()
  return first === undefined || second === undefined ? undefined : { device, seq, entries: [first, second] }
}

function accept(overlay: Overlay, candidate: Candidate, device: DeviceFacts | undefined, fork: Fork | undefined): void {
  const { entry } = candidate
  if (device === undefined) overlay.newDevices += 1
  overlay.bytes += entry.bytes.length
  overlay.accepted.push(candidate)
  overlay.facts.set(entry.id, entry)
  overlay.devices.set(entry.device, {
    seq: Math.max(device?.seq ?? 0, entry.seq),
    entries: (device?.entries ?? 0) + 1,
    bytes: (device?.bytes ?? 0) + entry.bytes.length,
    fork: fork ?? device?.fork,
  })
}

function deviceOf({ devices, view }: Overlay, device: DeviceId): DeviceFacts | undefined {
  return devices.get(device) ?? view.device(device)
}

function factsOf({ facts, view }: Overlay, id: EntryId): Facts | undefined {
  return facts.get(id) ?? view.facts(id)
}

function isHopeless({ outcomes, view }: Overlay, id: EntryId): boolean {
  const outcome = outcomes.get(id)
  return outcome === undefined ? view.isHopeless(id) : outcome.how === 'refused' && outcome.hopeless
}

function refused(code: RefusalCode): Outcome {
  return { how: 'refused', code, hopeless: false }
}

function hopeless(code: RefusalCode): Outcome {
  return { how: 'refused', code, hopeless: true }
}
