// What the tests of this folder share: entries made by hand, and a small log in memory that keeps the rules of the real one
// (log/rules-core.ts) without its disk, threads and quotas. Signatures are a digest of the header: fast, and wrong when told.

import { hash } from 'node:crypto'
import { Emitter } from '../../base/events.ts'
import type { Clock } from '../../base/ports.ts'
import { communityOf, entryIdOf } from '../ids.ts'
import { entryBytesMax, futureMsMax } from '../limits.ts'
import { judgeParents, parentsOf } from '../rules-core.ts'
import type {
  CommunityId,
  CommunityLog,
  DeviceId,
  Entry,
  EntryId,
  Fork,
  KeyId,
  LogEvent,
  Received,
  RefusalCode,
  StoredEntry,
} from '../types.ts'
import { decodeEntry, type EntryFields, encodeEntry, encodeHeader, partsOf } from '../wire.ts'

const noKey = '00'.repeat(16) as KeyId

/** A device by number. */
export const deviceOf = (n: number): DeviceId => n.toString(16).padStart(64, '0') as DeviceId

export type Made = Pick<EntryFields, 'community' | 'device' | 'seq'> & Partial<EntryFields>

const signatureOf = (header: Uint8Array): Uint8Array => new Uint8Array(hash('sha512', header, 'buffer'))

/** An entry with whatever is not given left empty. */
export function makeEntry(made: Made, options: { readonly wrongSignature?: boolean } = {}): Entry {
  const fields: EntryFields = {
    prev: undefined,
    heads: [],
    time: { ms: made.seq, count: 0 },
    epoch: 0,
    key: noKey,
    lane: 1,
    boxes: new Uint8Array(0),
    sealed: new Uint8Array(100),
    ...made,
  }
  const header = encodeHeader(fields)
  const signature = signatureOf(header)
  if (options.wrongSignature === true) signature[0] = (signature[0] ?? 0) ^ 1
  const bytes = encodeEntry(header, signature)
  return decodeEntry(bytes, entryIdOf(bytes))
}

/** The founding entry of a community of its own. */
export function makeFounding(device: DeviceId, ms = 1): { readonly community: CommunityId; readonly entry: Entry } {
  const entry = makeEntry({ community: undefined, device, seq: 1, time: { ms, count: 0 }, lane: 0 })
  return { community: communityOf(entry.id), entry }
}

export interface MemoryLog extends CommunityLog {
  readonly entries: readonly StoredEntry[]
  /** Writes an entry of a device (whose key this log would have) on top of everything here. */
  write(device: DeviceId, sealed?: Uint8Array): Entry
  /** Takes entries at once. */
  take(entries: readonly Uint8Array[], wanted?: boolean): readonly Received[]
  /** How many entries fit; more are refused with `log_full`. */
  entriesMax: number
  /** Entries handed in so far, whatever became of them. */
  readonly offered: number
}

export function createMemoryLog(community: CommunityId, clock: Pick<Clock, 'nowMs'>): MemoryLog {
  const stored: StoredEntry[] = []
  const byId = new Map<EntryId, Entry>()
  const byPlace = new Map<string, Entry>()
  const vector = new Map<DeviceId, number>()
  const heads = new Set<EntryId>()
  const forks = new Map<DeviceId, Fork>()
  const waiting = new Map<EntryId, { readonly bytes: Uint8Array; readonly wanted: boolean }>()
  const events = new Emitter<LogEvent>()
  let arrivals = 0
  let offered = 0
  let fresh: StoredEntry[] = []
  let freshForks: Fork[] = []

  const placeOf = ({ device, seq }: { device: DeviceId; seq: number }) => `${device}/${seq}`
  const missingOf = (entry: Entry) => parentsOf(entry).filter((id) => !byId.has(id))
  const refused = (code: RefusalCode): Received => ({ how: 'refused', code })

  function decode(bytes: Uint8Array): Entry | RefusalCode {
    if (bytes.length > entryBytesMax) return 'entry_too_long'
    try {
      return decodeEntry(bytes, entryIdOf(bytes))
    } catch {
      return 'entry_malformed'
    }
  }

  function receiveOne(bytes: Uint8Array, wanted: boolean): Received {
    const entry = decode(bytes)
    if (typeof entry === 'string') return refused(entry)
    const { id } = entry
    if (byId.has(id)) return { how: 'known', id }
    if ((entry.community ?? communityOf(id)) !== community) return refused('entry_of_other_community')
    const { header, signature } = partsOf(bytes)
    if (Buffer.compare(signatureOf(header), signature) !== 0) return refused('signature_wrong')
    if (entry.time.ms > clock.nowMs() + futureMsMax) return { how: 'early', id, ms: entry.time.ms }
    const missing = missingOf(entry)
    if (missing.length > 0) {
      waiting.set(id, { bytes: bytes.slice(), wanted })
      return { how: 'waiting', id, missing }
    }
    const parents = parentsOf(entry).flatMap((parent) => byId.get(parent) ?? [])
    const broken = judgeParents(entry, parents)
    if (broken !== undefined) return refused(broken)
    const fork = forks.get(entry.device)
    if (fork !== undefined && entry.seq >= fork.seq && !wanted) return refused('device_frozen')
    if (stored.length >= log.entriesMax) return refused('log_full')
    return store(entry)
  }

  function store(entry: Entry): Received {
    const { device, seq, id } = entry
    const other = byPlace.get(placeOf(entry))
    byId.set(id, entry)
    for (const parent of parentsOf(entry)) heads.delete(parent)
    heads.add(id)
    const at = { arrival: ++arrivals, entry }
    stored.push(at)
    fresh.push(at)
    const known = forks.get(device)
    if (other === undefined) {
      byPlace.set(placeOf(entry), entry)
      if (known === undefined) vector.set(device, seq)
      return { how: 'stored', entry }
    }
    if (known !== undefined && known.seq <= seq) return { how: 'stored', entry }
    const fork: Fork = { device, seq, entries: [other.id, id] }
    forks.set(device, fork)
    if (seq > 1) vector.set(device, seq - 1)
    else vector.delete(device)
    freshForks.push(fork)
    return { how: 'forked', entry, fork }
  }

  /** Those whose parents have come. */
  function settle(): void {
    for (let again = true; again; ) {
      again = false
      for (const [id, { bytes, wanted }] of [...waiting]) {
        if (missingOf(decodeEntry(bytes, id)).length > 0) continue
        waiting.delete(id)
        receiveOne(bytes, wanted)
        again = true
      }
    }
  }

  function tell(own: boolean): void {
    const [entries, told] = [fresh, freshForks]
    fresh = []
    freshForks = []
    if (entries.length > 0) events.emit({ type: 'entries', entries, own })
    for (const fork of told) events.emit({ type: 'fork', fork })
  }

  const log: MemoryLog = {
    community,
    entries: stored,
    entriesMax: Number.POSITIVE_INFINITY,
    get offered() {
      return offered
    },
    counts: () => ({ entries: stored.length, bytes: 0, devices: vector.size }),
    vector: () => vector,
    heads: () => [...heads].sort(),
    forks: () => [...forks.values()],
    has: (id) => byId.has(id),
    get: (id) => byId.get(id),
    at: (device, seq) => byPlace.get(placeOf({ device, seq })),
    deferred: () => [],
    allow: () => {},
    missing: () => [...new Set([...waiting].flatMap(([id, { bytes }]) => missingOf(decodeEntry(bytes, id))))],
    take(entries, wanted = false) {
      offered += entries.length
      const results = entries.map((bytes) => receiveOne(bytes, wanted))
      settle()
      tell(false)
      return results
    },
    async receive(entries, options = {}) {
      await Promise.resolve()
      return log.take(entries, options.wanted ?? false)
    },
    append: () => Promise.reject(new Error('assertion failed: a memory log writes with `write`')),
    write(device, sealed = new Uint8Array(100)) {
      const seq = (vector.get(device) ?? 0) + 1
      const prev = byPlace.get(placeOf({ device, seq: seq - 1 }))?.id
      const seen = [...heads].filter((id) => byId.get(id)?.device !== device).sort()
      const latest = Math.max(clock.nowMs(), ...[...heads].map((id) => byId.get(id)?.time.ms ?? 0))
      const entry = makeEntry({
        community,
        device,
        seq,
        prev,
        heads: seen.slice(0, 16),
        time: { ms: latest + 1, count: 0 },
        sealed,
      })
      store(entry)
      tell(true)
      return entry
    },
    entriesAfter: (arrival, limit) => stored.filter((one) => one.arrival > arrival).slice(0, limit),
    entriesBefore: (arrival = arrivals + 1, limit) =>
      stored.slice(Math.max(0, arrival - 1 - limit), arrival - 1).reverse(),
    missingFor(theirs, after, bytesMax) {
      const page: StoredEntry[] = []
      let bytes = 0
      for (const one of stored.slice(after)) {
        if (one.entry.seq <= (theirs.get(one.entry.device) ?? 0)) continue
        bytes += one.entry.bytes.length
        if (page.length > 0 && bytes > bytesMax) break
        page.push(one)
      }
      return page
    },
    on: (listener) => events.on(listener),
  }
  return log
}
