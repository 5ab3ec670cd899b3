// What the rest of Peerhood sees of how logs are exchanged. docs/protocol/log-sync.md is the normative page.
//
//   join ──► candidates ──► sessions (one a peer and community) ──► session-core.ts (pure) ──► CommunityLog
//
// Must stay true: no word of a log, nor whether it is here, leaves before the other peer has proven `access`; whatever a
// peer sends wrongly ends its session and nothing else.

import type { Cancel } from '../../base/ports.ts'
import type { PeerAddress, PeerId } from '../../network/types.ts'
import type { CommunityId, CommunityLog, DeviceId } from '../types.ts'

/** A keeper holds and passes on what it can't read; members ask it for proof that it does. */
export type SyncRole = 'member' | 'keeper'

export interface JoinOptions {
  /** 32 bytes: who has them may hold and pass on the community's sealed entries. */
  readonly access: Uint8Array
  /** 32 bytes, from `access`: what the DHT and the first frame name the community by. */
  readonly discovery: Uint8Array
  readonly role: SyncRole
  /** Whether this peer may take part; asked when it has proven `access`, at every session. */
  allows(peer: PeerId): boolean
  /**
   * For a peer that is not let in, since it no longer belongs: entries up to this epoch are given to it, and nothing of it is
   * taken, so that it learns why. Undefined: it gets nothing, as a stranger does.
   */
  pastOf?(peer: PeerId): number | undefined
  /** Who likely has the log: members' devices, keepers, peers of a link. Tried first; asked again and again. */
  peers(): readonly PeerAddress[]
  /**
   * Where live entries and ephemeral bytes are published; undefined: nowhere. Asked again after every stored entry and every
   * second, so it may change with the epoch.
   */
  topic?(): string | undefined
}

export type SyncPeerState = 'connecting' | 'catching-up' | 'live'

/** A peer with which a log is exchanged, or that was lately asked. */
export interface SyncPeer {
  readonly peerId: PeerId
  readonly state: SyncPeerState
  /** Undefined until it has said so. */
  readonly role: SyncRole | undefined
  /** Entries that came from it and were stored, and that were sent to it, in this session. */
  readonly entriesIn: number
  readonly entriesOut: number
  /** `Clock.nowMs` when it was last heard of; undefined: not yet in this session. */
  readonly lastMs: number | undefined
  /** How many entries it has, by its own word, that are not here … */
  readonly weLack: number
  /** … and how many are here that it does not have. */
  readonly theyLack: number
  /** `Clock.nowMs` when it last proved that it holds what it says (keepers only). */
  readonly provenMs: number | undefined
  /** What it was last found wanting in. */
  readonly failed: SyncFailure | undefined
}

/** `keeper_withholds`: it did not prove, or did not send, entries that it says it has. */
export type SyncFailure = 'keeper_withholds' | 'peer_withholds'

export interface SyncStatus {
  readonly peers: readonly SyncPeer[]
}

export interface SyncEvent {
  readonly type: 'status'
  readonly community: CommunityId
}

/** Bytes that a member sent to whoever is there now: kept nowhere, in no order, perhaps lost. */
export interface Ephemeral {
  readonly community: CommunityId
  readonly from: PeerId
  readonly bytes: Uint8Array
}

export interface LogSync {
  start(): Promise<void>
  /** Ends all sessions; nothing is sent or received afterwards. */
  stop(): Promise<void>
  /**
   * From now on this log is exchanged with whoever proves `access` and `allows` lets in; the returned function ends that.
   * One community is joined once at a time.
   */
  join(log: CommunityLog, options: JoinOptions): Cancel
  /** Looks for peers now, and asks those that are there for what is missing; used by "catch up". */
  nudge(community: CommunityId): void
  /** Undefined for a community that is not joined. */
  status(community: CommunityId): SyncStatus | undefined
  /** Those in reach that say they have a device's entry; ourselves not among them. */
  holders(community: CommunityId, device: DeviceId, seq: number): readonly PeerId[]
  /**
   * How far a device's chain goes by what others say: the highest number told; `heard`: somebody told what they have;
   * `pending`: somebody is being reached who has not.
   */
  told(
    community: CommunityId,
    device: DeviceId,
  ): { readonly seq: number; readonly heard: boolean; readonly pending: boolean }
  on(listener: (event: SyncEvent) => void): Cancel
  /** To all who follow the topic now, at most `ephemeralBytesMax`; throws `ephemeral_too_long`. Without a topic: to nobody. */
  ephemeral(community: CommunityId, bytes: Uint8Array): void
  onEphemeral(listener: (event: Ephemeral) => void): Cancel
}
