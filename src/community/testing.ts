// What the tests of community/ share: a log that lives in memory, written by devices that see what they are shown. Ids are
// hashes, times go on by themselves, and nothing is signed: the rule looks at acts that were opened and proven already.

import { createHash } from 'node:crypto'
import type { PersonDid } from '../identity/types.ts'
import { compareTimes } from '../log/time-core.ts'
import type { CommunityId, DeviceId, EntryId, Fork, KeyId, Lane, LogTime } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import type { Act, ActOf } from './acts-wire.ts'
import type { ActEntry, AppEntry, LogGraph, OpenedAct } from './core.ts'
import type { Certified } from './fields-wire.ts'
import type { CommunityAccess, InviteId, Purpose } from './types.ts'

export function hexOf(text: string, bytes = 32): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * bytes)
}

export const personOf = (name: string) => `did:key:z${name}` as PersonDid
export const deviceOf = (name: string) => hexOf(`device ${name}`) as DeviceId
export const inviteOf = (name: string) => hexOf(`invite ${name}`) as InviteId
export const keyOf = (name: string) => hexOf(`key ${name}`, 16) as KeyId

/** A certificate that nobody signed. */
export function certify(person: PersonDid, device: DeviceId): Certified {
  return { bytes: new Uint8Array(0), person, device, peerId: `peer ${device.slice(0, 8)}` as PeerId }
}

export interface TestEntry extends ActEntry, AppEntry {
  readonly lane: Lane
}

/** How an entry is to differ from what an honest device would write. */
export interface Odd {
  /** Its time, instead of now; never before its parents. */
  readonly ms?: number
  /** Instead of all that the device has seen and nobody named. */
  readonly heads?: readonly EntryId[]
  readonly key?: { readonly key: KeyId; readonly epoch: number }
  readonly proven?: boolean
}

/** One device that writes: it knows what it wrote and what it was shown. */
export interface Pen {
  readonly device: DeviceId
  readonly person: PersonDid
  readonly name: string
  readonly seen: Set<EntryId>
  last: TestEntry | undefined
}

/** Everything that was ever written, by whomever. */
export class History implements LogGraph {
  readonly entries = new Map<EntryId, TestEntry>()
  readonly acts = new Map<EntryId, OpenedAct>()
  readonly pens = new Map<string, Pen>()
  readonly founding: TestEntry
  readonly founder: Pen
  nowMs = 1_000_000
  #forks: Fork[] = []

  constructor(founder = 'ann', history: 'all' | 'since-joining' = 'all', purpose: Purpose = 'group') {
    this.founder = this.pen(founder)
    const { device, person } = this.founder
    const found: ActOf<'found'> = {
      kind: 'found',
      purpose,
      name: 'Village',
      description: '',
      history,
      access: new Uint8Array(32) as CommunityAccess,
      memberName: founder,
      certificate: certify(person, device),
      deviceName: 'first',
    }
    this.founding = this.act(this.founder, found, { key: { key: keyOf('0'), epoch: 0 } })
  }

  get community(): CommunityId {
    return this.founding.id as string as CommunityId
  }

  get(id: EntryId): TestEntry | undefined {
    return this.entries.get(id)
  }

  forks(): readonly Fork[] {
    return this.#forks
  }

  /** A device by its name: `ann` is the first device of the person `ann`, `ann.2` another of hers. */
  pen(name: string): Pen {
    let pen = this.pens.get(name)
    if (pen === undefined) {
      const person = personOf(name.split('.')[0] ?? name)
      pen = { device: deviceOf(name), person, name, seen: new Set(), last: undefined }
      this.pens.set(name, pen)
    }
    return pen
  }

  /** Shows a device all that others have seen. */
  show(pen: Pen, ...others: readonly Pen[]): void {
    for (const { seen } of others) for (const id of seen) pen.seen.add(id)
  }

  showAll(...pens: readonly Pen[]): void {
    for (const pen of pens.length === 0 ? this.pens.values() : pens) this.show(pen, ...this.pens.values())
  }

  /** What the device has seen and nothing it has seen names, without its own last one. */
  headsOf({ seen, last }: Pen): EntryId[] {
    const named = new Set([...seen].flatMap((id) => this.parentsOf(id)))
    return [...seen].filter((id) => !named.has(id) && id !== last?.id).sort()
  }

  parentsOf(id: EntryId): readonly EntryId[] {
    const entry = this.entries.get(id)
    if (entry === undefined) return []
    return entry.prev === undefined ? entry.heads : [entry.prev, ...entry.heads]
  }

  /** Writes an act. */
  act(pen: Pen, act: Act, odd: Odd = {}): TestEntry {
    const key = odd.key ?? this.#newestKey(pen)
    const rotated = act.kind === 'rotate' && odd.key === undefined
    const used = rotated ? { key: keyOf(`${pen.name} ${pen.last?.seq} ${key.epoch}`), epoch: key.epoch + 1 } : key
    const entry = this.#write(
      pen,
      0,
      used,
      odd,
      JSON.stringify(act, (_, value) => value),
    )
    this.acts.set(entry.id, { entry, act, proven: odd.proven ?? true })
    return entry
  }

  /** Writes an entry of an app. */
  say(pen: Pen, odd: Odd = {}): TestEntry {
    return this.#write(pen, 1, odd.key ?? this.#newestKey(pen), odd, 'say')
  }

  /** Writes another entry in place of one that the device wrote: both stay, and it has forked. */
  fork(pen: Pen, instead: TestEntry, act: Act, odd: Odd = {}): TestEntry {
    const other: Pen = { ...pen, last: this.entries.get(instead.prev ?? instead.id), seen: new Set(pen.seen) }
    for (const { id, device, seq } of this.entries.values()) {
      if (device === pen.device && seq >= instead.seq) other.seen.delete(id)
    }
    const entry = this.act(other, act, { heads: this.headsOf(other), ...odd })
    this.#forks = [
      ...this.#forks.filter(({ device, seq }) => device !== pen.device || seq < instead.seq),
      { device: pen.device, seq: instead.seq, entries: [instead.id, entry.id] },
    ]
    return entry
  }

  /** All acts that devices have seen, or all there are. */
  actsOf(...pens: readonly Pen[]): OpenedAct[] {
    if (pens.length === 0) return [...this.acts.values()]
    return [...this.acts.values()].filter(({ entry }) => pens.some(({ seen }) => seen.has(entry.id)))
  }

  #write(pen: Pen, lane: Lane, { key, epoch }: { key: KeyId; epoch: number }, odd: Odd, content: string): TestEntry {
    this.nowMs += 1_000
    const heads = odd.heads ?? this.headsOf(pen)
    const seq = (pen.last?.seq ?? 0) + 1
    const prev = pen.last?.id
    const time = this.#timeAfter(prev === undefined ? heads : [prev, ...heads], odd.ms ?? this.nowMs)
    const parts = [pen.device, seq, prev, heads, time, lane, key, epoch, content]
    const id = hexOf(JSON.stringify(parts)) as EntryId
    const community = this.entries.size === 0 ? undefined : this.community
    const entry = { id, community, device: pen.device, seq, prev, heads, time, epoch, key, lane }
    this.entries.set(id, entry)
    pen.last = entry
    pen.seen.add(id)
    return entry
  }

  #timeAfter(parents: readonly EntryId[], ms: number): LogTime {
    const times = parents.flatMap((id) => this.entries.get(id)?.time ?? [])
    const latest = times.sort(compareTimes).at(-1)
    if (latest === undefined || ms > latest.ms) return { ms, count: 0 }
    return { ms: latest.ms, count: latest.count + 1 }
  }

  /** The key of the newest epoch that the device has seen: what an honest one that knows of no removal would use. */
  #newestKey({ seen }: Pen): { key: KeyId; epoch: number } {
    let newest: TestEntry | undefined
    for (const id of seen) {
      const entry = this.entries.get(id)
      if (entry !== undefined && entry.epoch > (newest?.epoch ?? -1)) newest = entry
    }
    return newest ?? { key: keyOf('0'), epoch: 0 }
  }
}

// Acts with what no test looks at filled in.

export const invite = (name: string, rest: Partial<ActOf<'invite'>> = {}): ActOf<'invite'> => ({
  kind: 'invite',
  invite: inviteOf(name),
  role: 'member',
  usesMax: 100,
  expiresMs: undefined,
  note: '',
  ...rest,
})

export const revoke = (name: string): ActOf<'revoke'> => ({ kind: 'revoke', invite: inviteOf(name) })

export const join = ({ person, device, name }: Pen, by: string): ActOf<'join'> => ({
  kind: 'join',
  invite: inviteOf(by),
  proof: new Uint8Array(64),
  certificate: certify(person, device),
  memberName: name,
  deviceName: name,
})

export const admit = ({ person, device, name }: Pen, role = 'member'): ActOf<'admit'> => ({
  kind: 'admit',
  certificate: certify(person, device),
  role,
  memberName: name,
  deviceName: name,
})

export const addDevice = ({ person, device, name }: Pen): ActOf<'device'> => ({
  kind: 'device',
  certificate: certify(person, device),
  deviceName: name,
})

export const removeDevice = ({ device }: Pen): ActOf<'device-remove'> => ({ kind: 'device-remove', device })
export const remove = ({ person }: Pen): ActOf<'remove'> => ({ kind: 'remove', person })
export const setRole = ({ person }: Pen, role: string): ActOf<'role'> => ({ kind: 'role', person, role })
export const rotate = (unread: readonly EntryId[] = []): ActOf<'rotate'> => ({ kind: 'rotate', previous: [], unread })
export const profile = (memberName: string): ActOf<'profile'> => ({ kind: 'profile', memberName })
export const defineRole = (name: string, rank: number, ...capabilities: string[]) =>
  ({ kind: 'role-define', name, rank, capabilities: capabilities.sort() }) as unknown as ActOf<'role-define'>
export const settings = (rest: Partial<ActOf<'settings'>>): ActOf<'settings'> => ({ kind: 'settings', ...rest })
