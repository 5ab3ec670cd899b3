// The words of the log: a community has one log; every device appends to its own hash chain in it; entries name the
// heads they had seen, so the whole is a DAG. docs/protocol/log.md is the normative page.
//
//   bytes ──► wire.ts (strict) ──► core.ts (chain, parents, time, epoch, forks) ──► store (SQLite) ──► listeners
//
// The log knows no keys and no members: it holds and passes on what is sealed. Which entries count is community/'s
// business, all but one rule: from the point where a device forked its chain, nothing of it counts (`forks`).

import type { Brand } from '../base/brand.ts'
import type { Cancel } from '../base/ports.ts'
import type { DeviceKey } from '../identity/types.ts'

/** An entry's id: lower-case hex of the sha2-256 of its bytes. Its CID is CIDv1, dag-cbor, of the same digest. */
export type EntryId = Brand<string, 'EntryId'>
/** A community's id: the {@link EntryId} of its founding entry. */
export type CommunityId = Brand<string, 'CommunityId'>
/** A device in a log: lower-case hex of its {@link DeviceKey}. */
export type DeviceId = Brand<string, 'DeviceId'>
/** Lower-case hex of 16 bytes that commit to a community key (community/keys.ts makes them). */
export type KeyId = Brand<string, 'KeyId'>

/** 0: acts upon the community itself (members, roles, keys); 1: everything of apps. Seen by keepers. */
export type Lane = 0 | 1

/** Hybrid logical time: greater than that of every parent. Compared by `ms`, then `count`. */
export interface LogTime {
  /** Milliseconds since 1970 by the author's clock, or a parent's when that was ahead. */
  readonly ms: number
  readonly count: number
}

/** A decoded entry. Nothing in it was checked against other entries; the signature only where a function says so. */
export interface Entry {
  readonly id: EntryId
  /** Undefined in the founding entry alone, whose id it is. */
  readonly community: CommunityId | undefined
  readonly device: DeviceId
  /** From 1, without gaps. */
  readonly seq: number
  /** The device's entry before; undefined when `seq` is 1. */
  readonly prev: EntryId | undefined
  /** What else it had seen and nobody had named yet; sorted, at most `headsMax`, never of the same device. */
  readonly heads: readonly EntryId[]
  readonly time: LogTime
  /** Grows by one with each new key; never less than that of any parent. */
  readonly epoch: number
  readonly key: KeyId
  readonly lane: Lane
  /** Lockboxes: keys sealed to devices and invites (community/boxes.ts); mostly empty. */
  readonly boxes: Uint8Array
  /** Nonce, ciphertext and tag (community/seal.ts). */
  readonly sealed: Uint8Array
  /** The entry as it goes over the wire. */
  readonly bytes: Uint8Array
}

/** What an author chooses; the log adds chain, heads and time, and signs. */
export interface Draft {
  readonly epoch: number
  readonly key: KeyId
  readonly lane: Lane
  readonly boxes: Uint8Array
  /**
   * Up to which arrival its author has read lane 0, where the entry is to follow nothing there that they have not: with more
   * there, it is not written (`draft_outdated`).
   */
  readonly readUpTo?: number
  /** Seals the payload once `device`, `seq` and `lane` are known, which are its associated data. */
  seal(place: {
    readonly community: CommunityId | undefined
    readonly device: DeviceId
    readonly seq: number
    readonly lane: Lane
  }): Uint8Array
}

/** device → highest sequence number up to which its chain is here. */
export type Vector = ReadonlyMap<DeviceId, number>

/**
 * Proof that a device wrote two entries of one number: both are kept, nothing of it from `seq` on counts. `seq` is the lowest
 * such number, `entries` are the two lowest ids under it that are here.
 */
export interface Fork {
  readonly device: DeviceId
  readonly seq: number
  readonly entries: readonly [EntryId, EntryId]
}

/** How much of one device a log takes. A log that was told of none takes everything, up to half of its quota a device. */
export interface Allowance {
  /** Entries of up to 4 KiB a minute, in the long run … */
  readonly perMinute: number
  /** … and so many at once. */
  readonly burst: number
  /** The part of the log's quota that all devices with the same `group` may take up together. */
  readonly share: number
  /** Undefined: the device is alone in it. */
  readonly group: string | undefined
}

/** What community/ knows of devices: those of members, and all others. */
export interface Allowances {
  readonly devices: ReadonlyMap<DeviceId, Allowance>
  readonly others: Allowance
}

/** What became of one entry that was handed in. */
export type Received =
  | { readonly how: 'stored'; readonly entry: Entry }
  /** Stored too: it shows that its device forked. */
  | { readonly how: 'forked'; readonly entry: Entry; readonly fork: Fork }
  | { readonly how: 'known'; readonly id: EntryId }
  /** Kept in memory (bounded) until these parents are here. */
  | { readonly how: 'waiting'; readonly id: EntryId; readonly missing: readonly EntryId[] }
  /** Its time is ahead of ours by more than `futureMsMax`: to be offered again later. */
  | { readonly how: 'early'; readonly id: EntryId; readonly ms: number }
  /** Its device writes faster than it may: not stored, and to be offered again, not before so long. */
  | { readonly how: 'deferred'; readonly id: EntryId; readonly device: DeviceId; readonly waitMs: number }
  /** A code of `logErrors`; whoever sent it pays. */
  | { readonly how: 'refused'; readonly code: RefusalCode }

export type RefusalCode =
  | 'entry_too_long'
  | 'entry_malformed'
  | 'entry_version_unknown'
  | 'entry_of_other_community'
  | 'signature_wrong'
  /** `prev` is not the device's entry before, or of another device. */
  | 'entry_misplaced'
  | 'entry_time_backwards'
  | 'entry_epoch_backwards'
  | 'entry_epoch_jumped'
  /** Its device forked before; only what others' entries name is still taken. */
  | 'device_frozen'
  /** The quota of this log, or of the device in it, is used up. */
  | 'log_full'
  | 'device_quota_used'

/** A stored entry with its place in the order of arrival here: parents always come before children. */
export interface StoredEntry {
  /** Grows with each entry stored on this computer; a local number, never sent. */
  readonly arrival: number
  readonly entry: Entry
}

export type LogEvent =
  /** Stored and on disk; in arrival order. `own`: written here. A spoilt row that was mended comes again, with its number. */
  | { readonly type: 'entries'; readonly entries: readonly StoredEntry[]; readonly own: boolean }
  | { readonly type: 'fork'; readonly fork: Fork }
  /** Of these devices entries were left for later, and now may come. */
  | { readonly type: 'allowed'; readonly devices: readonly DeviceId[] }

export interface LogCounts {
  readonly entries: number
  readonly bytes: number
  readonly devices: number
}

/** The log of one community on this computer. */
export interface CommunityLog {
  readonly community: CommunityId
  counts(): LogCounts
  vector(): Vector
  /** Entries that no entry here names as a parent, in the order of {@link compareEntries}. */
  heads(): readonly EntryId[]
  forks(): readonly Fork[]
  has(id: EntryId): boolean
  get(id: EntryId): Entry | undefined
  /** The entry of a device by number; the one with the lowest id where it forked. */
  at(device: DeviceId, seq: number): Entry | undefined
  /** Devices of which entries were left for later (`deferred`) and would be now. */
  deferred(): readonly DeviceId[]
  /** From now on devices are allowed this much; what is stored stays. */
  allow(allowances: Allowances): void
  /** Parents that waiting entries lack and that do not wait themselves, and entries whose row the disk spoilt. */
  missing(): readonly EntryId[]
  /**
   * Takes entries as they come, in any order; what it reports as stored is on disk. Signatures are checked in worker
   * threads when there are many. `wanted`: they were asked for by id (or as a page of what is missing), so those of
   * frozen devices are taken too. Throws `log_unwritable`, `log_busy`, `log_unknown` (removed), `log_stopped`.
   */
  receive(
    entries: readonly Uint8Array[],
    options?: { readonly wanted?: boolean; readonly signal?: AbortSignal },
  ): Promise<readonly Received[]>
  /**
   * Writes an entry of this device, on disk when the promise resolves. Throws `log_full`, `device_quota_used`,
   * `device_too_fast`, `device_behind`, `device_frozen` (this device's chain was forked), `log_empty` (nothing of the community is here yet), `log_unwritable`,
   * `log_busy`, `entry_too_long`, and `entry_epoch_backwards` when a newer key arrived after the draft was made, or
   * `draft_outdated` when anything did that it had to know: write it again by what is there now.
   */
  append(draft: Draft): Promise<Entry>
  /** At most `limit` entries after an arrival number, in arrival order; with `lane`, only its. */
  entriesAfter(arrival: number, limit: number, options?: { readonly lane?: Lane }): readonly StoredEntry[]
  /** At most `limit` entries before an arrival number (undefined: the newest), the latest first. */
  entriesBefore(arrival: number | undefined, limit: number): readonly StoredEntry[]
  /**
   * What the holder of `vector` lacks, in arrival order, after an arrival number, at most `bytesMax` (at least one). Of
   * devices that forked here it holds what does not count too, which others' entries may name; raise the device's number
   * in `vector` to leave that out.
   */
  missingFor(vector: Vector, after: number, bytesMax: number): readonly StoredEntry[]
  on(listener: (event: LogEvent) => void): Cancel
}

/** All logs on this computer. */
export interface Logs {
  list(): readonly CommunityId[]
  get(community: CommunityId): CommunityLog | undefined
  /** Begins a community: its first entry, whose id names it. */
  found(draft: Draft): Promise<{ readonly log: CommunityLog; readonly entry: Entry }>
  /** Makes room for a community whose entries come from others; returns the log that is here already, if any. */
  open(community: CommunityId, options?: { readonly bytesMax?: number }): CommunityLog
  /** Deletes a community's entries from this computer. */
  remove(community: CommunityId): Promise<void>
  stop(): Promise<void>
}

/** What signs entries; identity/ has the seed. */
export interface LogAuthor {
  readonly deviceKey: DeviceKey
  /** Ed25519 over the bytes given. */
  sign(bytes: Uint8Array): Uint8Array
}
