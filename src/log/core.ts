// The rules of the log, as a function: what becomes of entries that come in, given what is stored and what waits.
// docs/protocol/log.md, "Rules". Pure: `View` looks things up, `judge` changes nothing but its own overlay, and whoever
// calls it stores what it accepted. Signatures are not its business; entries whose authorship turned out to be unproven are
// named in `unproven`, and everything is judged anew without them.
//
//   candidate ─ other community? ─ known? ─ frozen? ─ early? ─ too fast? ─ room? ─ parents here? ─ rules ─► accepted ─► its
//   waiting children
//
// Must stay true: an entry is accepted only after all its parents; the same entries accepted in another order leave the
// same devices, heads and forks.

import { actsReservedShare, deviceQuotaShare, devicesMax, futureMsMax, wantedFactor } from './limits.ts'
import { type Debt, debtAfter, noDebt, waitOf } from './pace-core.ts'
import { communityOfEntry, type Facts, judgeParents, parentsOf } from './rules-core.ts'
import type { Allowance, CommunityId, DeviceId, Entry, EntryId, Fork, RefusalCode } from './types.ts'

/** What is known of a device's entries. */
export interface DeviceFacts extends Debt {
  /** Highest number stored; all below are there too. */
  readonly seq: number
  readonly entries: number
  readonly bytes: number
  /** Those of `bytes` that are acts'. */
  readonly actBytes: number
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
  /** Undefined: everything, up to half of the quota. */
  allowance(device: DeviceId): Allowance | undefined
  /** What a group has taken up. */
  groupBytes(group: string): number
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
  /** It waits, and so does another device's entry that names it or what follows it. */
  readonly vouched?: boolean
}

export type Outcome =
  | { readonly how: 'accepted'; readonly fork: Fork | undefined }
  | { readonly how: 'known' }
  | { readonly how: 'waiting'; readonly missing: readonly EntryId[] }
  | { readonly how: 'early' }
  | { readonly how: 'deferred'; readonly device: DeviceId; readonly waitMs: number }
  /** `hopeless`: it can never be valid, anywhere. */
  | { readonly how: 'refused'; readonly code: RefusalCode; readonly hopeless: boolean }

export interface Judgement {
  /** Of every candidate, and of every waiting entry that is no longer waiting. */
  readonly outcomes: ReadonlyMap<EntryId, Outcome>
  /** Parents first. */
  readonly accepted: readonly Candidate[]
  /** Those of the outcomes that wait, and are vouched for. */
  readonly vouched: ReadonlySet<EntryId>
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
  /** Bytes of accepted entries, by group. */
  readonly groups: Map<string, number>
  /** Candidates that lack a parent, by that parent. */
  readonly pending: Map<EntryId, Candidate[]>
  readonly forks: Map<DeviceId, Fork>
  readonly vouched: Set<EntryId>
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
    groups: new Map(),
    pending: new Map(),
    forks: new Map(),
    vouched: new Set(),
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
    vouched: overlay.vouched,
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
  // Before its parents are looked for: else those after it in the chain would wait, and it would be asked for by id.
  const later = checkPace(overlay, candidate, device) ?? checkRoom(overlay, candidate, device)
  if (later !== undefined) return later
  const parents: Facts[] = []
  const missing: EntryId[] = []
  for (const id of parentsOf(entry)) {
    const facts = factsOf(overlay, id)
    if (facts !== undefined) parents.push(facts)
    else if (isHopeless(overlay, id)) return hopeless('entry_misplaced')
    else missing.push(id)
  }
  if (missing.length > 0) {
    if (isVouched(overlay, candidate)) overlay.vouched.add(entry.id)
    return { how: 'waiting', missing }
  }
  const broken = judgeParents(entry, parents)
  if (broken !== undefined) return hopeless(broken)
  return place(overlay, candidate, device)
}

/** The entry is valid, and there is room for it: what it shows of its device. */
function place(overlay: Overlay, candidate: Candidate, device: DeviceFacts | undefined): Outcome {
  const { entry } = candidate
  const frozen = frozenFrom(device)
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

/** Whether an entry of another device waits for it: what a device itself names earns it nothing. */
function isVouched({ view, pending, vouched }: Overlay, { entry, wanted }: Candidate): boolean {
  if (!wanted) return false
  const children = [...view.waitingFor(entry.id), ...(pending.get(entry.id) ?? [])]
  return children.some(
    (child) => child.entry.device !== entry.device || child.vouched === true || vouched.has(child.entry.id),
  )
}

function checkPace(overlay: Overlay, candidate: Candidate, device: DeviceFacts | undefined): Outcome | undefined {
  const { view, nowMs } = overlay
  const { entry } = candidate
  const allowance = view.allowance(entry.device)
  if (allowance === undefined || device === undefined || waitOf(device, allowance, nowMs) === 0) return undefined
  const waitMs = waitOf(device, allowance, nowMs, isVouched(overlay, candidate))
  return waitMs === 0 ? undefined : { how: 'deferred', device: entry.device, waitMs }
}

/** The part of a log's quota that is for acts alone. */
export function reservedBytes(bytesMax: number): number {
  return Math.floor(bytesMax * actsReservedShare)
}

/**
 * Acts may take all of the quota, and once their author's share or the common part is used up, of the rest as large a share
 * as the author has of the whole. Other entries stay out of the rest, but for what others' entries name: that may take half.
 */
function checkRoom(overlay: Overlay, candidate: Candidate, device: DeviceFacts | undefined): Outcome | undefined {
  const { view } = overlay
  const { entry } = candidate
  const { bytesMax } = view
  const length = entry.bytes.length
  const total = overlay.bytes + length
  const reserve = reservedBytes(bytesMax)
  const allowance = view.allowance(entry.device)
  const ofGroup = bytesOfGroup(overlay, entry.device, device) + length
  let share = allowance?.share ?? deviceQuotaShare
  const isTight = total > bytesMax - reserve || ofGroup > bytesMax * share
  const vouched = isTight && isVouched(overlay, candidate)
  if (vouched) share *= wantedFactor
  const isShareUsed = ofGroup > bytesMax * share
  if (device === undefined && view.devices + overlay.newDevices >= devicesMax) return refused('log_full')
  if (entry.lane === 0) {
    if (total > bytesMax) return refused('log_full')
    const isReserveDue = isShareUsed || total > bytesMax - reserve
    if (isReserveDue && (device?.actBytes ?? 0) + length > reserve * share) return refused('device_quota_used')
    return undefined
  }
  if (total > bytesMax - (vouched ? reserve / 2 : reserve)) return refused('log_full')
  if (!isShareUsed) return undefined
  // Who is nobody yet may turn out to be somebody.
  if (allowance?.group === strangers) return { how: 'deferred', device: entry.device, waitMs: futureMsMax }
  return refused('device_quota_used')
}

/** The group of devices of which nothing is known. */
export const strangers = 'strangers'

function bytesOfGroup({ view, groups }: Overlay, id: DeviceId, device: DeviceFacts | undefined): number {
  const group = view.allowance(id)?.group
  return group === undefined ? (device?.bytes ?? 0) : view.groupBytes(group) + (groups.get(group) ?? 0)
}

/** The two entries with the lowest ids under this number: the same pair for everybody who holds the same entries. */
function forkAt({ view, accepted }: Overlay, { id, device, seq }: Entry): Fork | undefined {
  const now = accepted.filter(({ entry }) => entry.device === device && entry.seq === seq).map(({ entry }) => entry.id)
  const [first, second] = [...view.idsAt(device, seq), ...now, id].sort()
  return first === undefined || second === undefined ? undefined : { device, seq, entries: [first, second] }
}

function accept(overlay: Overlay, candidate: Candidate, device: DeviceFacts | undefined, fork: Fork | undefined): void {
  const { entry } = candidate
  const length = entry.bytes.length
  const allowance = overlay.view.allowance(entry.device)
  if (device === undefined) overlay.newDevices += 1
  overlay.bytes += length
  overlay.accepted.push(candidate)
  overlay.facts.set(entry.id, entry)
  overlay.devices.set(entry.device, {
    seq: Math.max(device?.seq ?? 0, entry.seq),
    entries: (device?.entries ?? 0) + 1,
    bytes: (device?.bytes ?? 0) + length,
    actBytes: (device?.actBytes ?? 0) + (entry.lane === 0 ? length : 0),
    ...(allowance === undefined ? paid(device) : debtAfter(device ?? noDebt, allowance, entry)),
    fork: fork ?? device?.fork,
  })
  const group = allowance?.group
  if (group !== undefined) overlay.groups.set(group, (overlay.groups.get(group) ?? 0) + length)
}

/** What is owed stays while nothing is limited. */
function paid(device: DeviceFacts | undefined): Debt {
  return { debt: device?.debt ?? 0, debtMs: device?.debtMs ?? 0 }
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
