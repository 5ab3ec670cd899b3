// What one session knows: of the peer, of what goes out to it and of what comes from it. Changed in place by
// session-core.ts, sending-core.ts and receiving-core.ts.

import { TokenBucket } from '../../base/bounded.ts'
import type { CommunityLog, DeviceId, EntryId, Fork, Received } from '../types.ts'
import {
  refusedEntriesBurst,
  refusedEntriesPerSecond,
  roundEveryMs,
  uselessEntriesBurst,
  uselessEntriesPerSecond,
  vectorDevicesMax,
  vectorsBurst,
  vectorsPerSecond,
} from './limits.ts'
import type { Frame, Place, Refusal } from './wire.ts'

/** What a session reads of the log; it writes nothing. */
export type LogReader = Pick<CommunityLog, 'vector' | 'forks' | 'deferred' | 'has' | 'get' | 'missingFor'>

export type SessionInput =
  /** Both sides have proven themselves. */
  | { readonly type: 'begin' }
  | { readonly type: 'frame'; readonly frame: Frame }
  /** What became of entries that this session handed to the log. */
  | {
      readonly type: 'received'
      readonly wanted: boolean
      readonly entries: readonly Uint8Array[]
      readonly results: readonly Received[]
    }
  /** Entries were stored on this computer, from wherever; `first` is the lowest arrival. */
  | { readonly type: 'stored'; readonly first: number; readonly places: readonly Place[] }
  | { readonly type: 'fork'; readonly fork: Fork }
  /** Tell what has been stored since it was last told. */
  | { readonly type: 'news' }
  /** There is room to send one batch. Entries from `heldFrom` on stay for now. */
  | { readonly type: 'pump'; readonly heldFrom: number }
  /** Whether the peer may send us what we lack. */
  | { readonly type: 'flow'; readonly on: boolean }
  /** Ask the peer to go through everything that we lack once more. */
  | { readonly type: 'round' }
  | { readonly type: 'want'; readonly ids: readonly EntryId[] }
  | { readonly type: 'tick' }

export type SessionEffect =
  | { readonly type: 'send'; readonly frame: Frame }
  /** Hand these to the log, and tell what became of them. */
  | { readonly type: 'receive'; readonly entries: readonly Uint8Array[]; readonly wanted: boolean }
  /** The peer did what an honest one might do, too. */
  | { readonly type: 'blame'; readonly code: string }
  /** The session is over; with a code: it is the peer's fault. `reject`: no honest peer does that. */
  | {
      readonly type: 'close'
      readonly reason: Refusal
      readonly code: string
      readonly verdict: 'ignore' | 'reject'
      readonly message: string
    }
  /** The peer's vector is whole, it says that it is level, or its figures changed. */
  | { readonly type: 'changed' }
  /** Keepers: to keeper.ts. */
  | { readonly type: 'challenge'; readonly nonce: Uint8Array; readonly places: readonly Place[] }
  | { readonly type: 'holding'; readonly nonce: Uint8Array; readonly digest: Uint8Array | undefined }

export interface SessionState {
  readonly log: LogReader
  /** What the peer says that it has, by its vector and its news. */
  readonly told: Map<DeviceId, number>
  /** The same, and what was sent to it or came from it: what need not be sent. */
  readonly theirs: Map<DeviceId, number>
  /** Devices that it knows to have forked: it asks for what it lacks of those. */
  readonly theirForks: Set<DeviceId>
  /** Device → lowest forked number, as this computer knows. */
  readonly ourForks: Map<DeviceId, number>
  /** Forks that the peer told, and that we did. */
  forksIn: number
  forksOut: number
  /** How far the peer's vector has come; `lastDevice` orders its parts. */
  vector: 'none' | 'parts' | 'whole'
  lastDevice: string
  readonly vectors: TokenBucket

  // ---- out
  /** The peer lets us send. */
  theyAllow: boolean
  /** Up to this arrival everything was looked at. */
  cursor: number
  /** The first of what was stored since there was last nothing to send; undefined: nothing was. */
  pendingFrom: number | undefined
  /** We have said that the peer has all. */
  levelOut: boolean
  entriesOut: number
  /** Asked by the peer, not answered yet. */
  wants: EntryId[]
  /** Stored here and not told yet. */
  readonly news: Map<DeviceId, number>

  // ---- in
  /** We let the peer send, and had at some time. */
  weAllow: boolean
  everAllowed: boolean
  /** The peer says that we have all of its entries. */
  levelIn: boolean
  entriesIn: number
  /** Ids asked of it → how often, and whether an answer is due. */
  readonly asked: Map<EntryId, { times: number; due: boolean }>
  askedDue: number
  /** To be asked when others are answered. */
  askQueue: EntryId[]
  /** When it last answered, or began to owe an answer. */
  answeredMs: number
  /** Something that it has was not stored: what is still lacking is no fault of the peer. */
  excused: boolean
  readonly useless: TokenBucket
  readonly refused: TokenBucket
  /** Devices of which we want no more, for want of room or since they write too fast. */
  readonly skipped: Set<DeviceId>
  /** Entries of those that came since they were last told. */
  overrun: number
  wrongSignatures: number
  readonly blamed: Set<string>
  /** When it last sent an entry, said that it was level, or was allowed to send. */
  progressMs: number
  /** Since when it has had entries, by its word, that we lack; looked at every `lackEveryMs`. */
  lackSinceMs: number | undefined
  lackLookedMs: number
  /** When our vector is told anew; undefined: no need. */
  roundAtMs: number | undefined
  roundEveryMs: number
  readonly rounds: TokenBucket
}

export function createSessionState(log: LogReader, nowMs: number): SessionState {
  return {
    log,
    told: new Map(),
    theirs: new Map(),
    theirForks: new Set(),
    ourForks: new Map(),
    forksIn: 0,
    forksOut: 0,
    vector: 'none',
    lastDevice: '',
    vectors: new TokenBucket({ perSecond: vectorsPerSecond, burst: vectorsBurst, nowMs }),
    theyAllow: false,
    cursor: 0,
    pendingFrom: undefined,
    levelOut: false,
    entriesOut: 0,
    wants: [],
    news: new Map(),
    weAllow: false,
    everAllowed: false,
    levelIn: false,
    entriesIn: 0,
    asked: new Map(),
    askedDue: 0,
    askQueue: [],
    answeredMs: nowMs,
    excused: false,
    useless: new TokenBucket({ perSecond: uselessEntriesPerSecond, burst: uselessEntriesBurst, nowMs }),
    refused: new TokenBucket({ perSecond: refusedEntriesPerSecond, burst: refusedEntriesBurst, nowMs }),
    skipped: new Set(),
    overrun: 0,
    wrongSignatures: 0,
    blamed: new Set(),
    progressMs: nowMs,
    lackSinceMs: undefined,
    lackLookedMs: nowMs,
    roundAtMs: undefined,
    roundEveryMs,
    // Half of what the peer lets us, so that its count and ours never differ to our harm.
    rounds: new TokenBucket({ perSecond: vectorsPerSecond / 2, burst: vectorsBurst / 2, nowMs }),
  }
}

/** Above every number: a device of which nothing need be sent. */
export const everySeq = Number.MAX_SAFE_INTEGER

export function raise(vector: Map<DeviceId, number>, { device, seq }: Place): void {
  if (seq > (vector.get(device) ?? 0)) vector.set(device, seq)
}

/** Devices of which we remember what a peer has: those of its vector, and as many that it came to have since. */
const theirDevicesMax = 2 * vectorDevicesMax

/** Notes that the peer has entries up to this one; of more devices than a log may have it is forgotten. */
export function raiseTheirs(state: SessionState, place: Place): void {
  if (state.theirs.has(place.device) || state.theirs.size < theirDevicesMax) raise(state.theirs, place)
}

/** How many entries the peer says to have that are not here; without those of devices that forked or took up their room. */
export function countWeLack(state: SessionState): number {
  const ours = state.log.vector()
  let count = 0
  for (const [device, seq] of state.told) {
    if (state.ourForks.has(device) || state.theirForks.has(device) || state.skipped.has(device)) continue
    count += Math.max(0, seq - (ours.get(device) ?? 0))
  }
  return count
}

/** How many entries are here that the peer has not said to have. */
export function countTheyLack(state: SessionState): number {
  if (state.vector !== 'whole') return 0
  let count = 0
  for (const [device, seq] of state.log.vector()) {
    if (!state.theirForks.has(device)) count += Math.max(0, seq - (state.told.get(device) ?? 0))
  }
  return count
}
