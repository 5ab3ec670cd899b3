// What sessions, the community they belong to and the service see of each other.

import type { Clock, Random } from '../../base/ports.ts'
import type { PeerId } from '../../network/types.ts'
import type { CommunityId, CommunityLog, DeviceId, EntryId, Fork } from '../types.ts'
import type { SyncFailure, SyncRole } from './types.ts'
import type { Place, Refusal } from './wire.ts'

/** What a session needs of a log. */
export type SessionLog = Pick<
  CommunityLog,
  'vector' | 'forks' | 'deferred' | 'has' | 'get' | 'at' | 'missingFor' | 'receive'
>

export interface Session {
  readonly key: number
  readonly peerId: PeerId
  /** Whether we opened the stream. */
  readonly opener: boolean
  /** Whether it goes through a relay, which ends at the latest when the relay has carried enough. */
  readonly isRelayed: boolean
  readonly phase: 'greeting' | 'active' | 'ended'
  readonly role: SyncRole | undefined
  /** The peer's vector is whole. */
  readonly isTold: boolean
  /** We let it send; whether we have ever. */
  readonly flows: boolean
  readonly flowed: boolean
  /** It says that we have everything of it. */
  readonly isLevelIn: boolean
  readonly isLevelOut: boolean
  readonly progressMs: number
  readonly entriesIn: number
  readonly entriesOut: number
  /** `Clock.nowMs`. */
  readonly heardMs: number | undefined
  /** Whether the peer says that it has the entry. */
  holds(place: Place): boolean
  /** How much of a device it says that it has. */
  told(device: DeviceId): number
  weLack(): number
  theyLack(): number
  /** Runs until the session ends; never rejects. */
  run(): Promise<void>
  stored(first: number, places: readonly Place[]): void
  forked(fork: Fork): void
  /** Sends what there is to send, as far as there is room. */
  pump(): void
  allow(): void
  round(): void
  want(ids: readonly EntryId[]): void
  /** Ends it with a reason that the peer is told. */
  end(refusal: Refusal): void
}

/** What a peer did wrong: log line, count and blame follow. */
export interface Fault {
  readonly code: string
  readonly verdict: 'ignore' | 'reject'
  readonly message: string
}

/** How a session ended. `fault`: the peer broke the protocol; `error`: the stream broke, or we did. */
export interface SessionEnd {
  readonly by: 'us' | 'peer'
  readonly refusal: Refusal | undefined
  readonly fault: Fault | undefined
  readonly error: unknown
}

/** What a session asks of the community it belongs to. */
export interface SessionPort {
  readonly community: CommunityId
  /** The log as this peer may have it. */
  logFor(peer: PeerId): SessionLog
  readonly access: Uint8Array
  readonly discovery: Uint8Array
  readonly role: SyncRole
  /** Whether this peer may have anything of it. */
  admits(peer: PeerId): boolean
  /** Entries from this arrival on are not passed on yet. */
  heldFrom(): number
  /** The peer has proven that it may ask; a refusal ends the session. */
  greeted(session: Session): Refusal | undefined
  /** Its figures changed. */
  changed(session: Session): void
  /** It proved what it holds (undefined), or failed to. */
  proven(session: Session, failure: SyncFailure | undefined): void
  ended(session: Session, how: SessionEnd): void
}

export interface SessionParts {
  readonly self: PeerId
  readonly clock: Clock
  readonly random: Random
  nextKey(): number
  /** A small fault that does not end the session. */
  blame(session: Session, code: string): void
  /** Called once, before the port's `ended`. */
  ended(session: Session, how: SessionEnd): void
}
