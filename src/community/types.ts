// The words of a community: persons with roles, their devices, keys by epoch, invitations, keepers. All of it follows
// from the entries of lane 0 of its log, by one pure function (core.ts): the same set of entries gives the same members,
// roles and keys everywhere. docs/protocol/community.md is the normative page.
//
//   log (sealed) ──► keyring opens ──► core.ts resolves lane 0 ──► which entries of lane 1 count ──► apps' reducers

import type { Brand } from '../base/brand.ts'
import type { Cancel } from '../base/ports.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId, Entry, EntryId, Fork, KeyId, LogCounts, StoredEntry } from '../log/types.ts'
import type { PeerAddress, PeerId } from '../network/types.ts'
import type { Act } from './acts-wire.ts'

/** Lower-case hex of an invitation's Ed25519 public key. */
export type InviteId = Brand<string, 'InviteId'>
/** 32 bytes from which all of an epoch's keys are derived (keys.ts). */
export type EpochKey = Brand<Uint8Array, 'EpochKey'>
/** 32 bytes: proves that one may ask for a community's sealed entries; says nothing of what is in them. */
export type CommunityAccess = Brand<Uint8Array, 'CommunityAccess'>

/**
 * What a role allows. `post`: write in open channels, documents, …; `read` is what everybody has. Apps ask for these
 * and for names of their own, `app.act` (`chat.moderate`).
 */
export type Capability = Brand<string, 'Capability'>

export interface Role {
  /** `owner`, `admin`, `member`, `guest`, or one that the community made. */
  readonly name: string
  readonly capabilities: readonly Capability[]
  /** Whom one may act upon: only those of a lower or the same rank; owner 3, admin 2, member 1, guest 0; own roles 0 to 2. */
  readonly rank: number
}

export type MemberState = 'active' | 'left' | 'removed'

export interface Device {
  readonly device: DeviceId
  readonly peerId: PeerId
  /** What its person calls it. */
  readonly name: string
  readonly state: 'active' | 'removed' | 'forked'
  readonly addedMs: number
}

export interface Member {
  readonly person: PersonDid
  readonly name: string
  readonly role: string
  readonly state: MemberState
  /**
   * Place in the order of precedence, from 0: by rank, then by how long one has had it. What decides between acts that
   * did not know of each other.
   */
  readonly seniority: number
  readonly joinedMs: number
  /** Who let them in; undefined for the founder. */
  readonly admittedBy: PersonDid | undefined
  readonly devices: readonly Device[]
}

export interface Invite {
  readonly id: InviteId
  readonly role: string
  readonly usesMax: number
  readonly uses: number
  /** ms since 1970; undefined: never. */
  readonly expiresMs: number | undefined
  readonly state: 'open' | 'used' | 'revoked'
  readonly createdBy: PersonDid
  readonly createdMs: number
  readonly note: string
}

export interface Keeper {
  readonly peer: PeerAddress
  readonly name: string
  readonly bytesMax: number
  readonly addedMs: number
}

/** `direct`: a conversation of two persons, who both have the same rights in it; docs/protocol/community.md, "Two persons". */
export type Purpose = 'group' | 'direct'

export interface Settings {
  readonly name: string
  readonly description: string
  /** Whether newcomers can read what was written before they came. */
  readonly history: 'all' | 'since-joining'
}

/** Everything that the entries of lane 0 say, resolved. */
export interface CommunityState {
  readonly id: CommunityId
  /** What it was founded for; never changes. */
  readonly purpose: Purpose
  readonly settings: Settings
  readonly members: ReadonlyMap<PersonDid, Member>
  readonly roles: ReadonlyMap<string, Role>
  readonly invites: ReadonlyMap<InviteId, Invite>
  readonly keepers: readonly Keeper[]
  /** Keys that were introduced, newest epoch last. */
  readonly keys: readonly KeyFacts[]
  /** The key to write with; undefined: a new one must be made first (a removal is younger than every key). */
  readonly writingKey: KeyFacts | undefined
  /** Acts of lane 0 that do not count, and why. */
  readonly voided: ReadonlyMap<EntryId, VoidCode>
}

export interface KeyFacts {
  readonly key: KeyId
  readonly epoch: number
  readonly introducedBy: EntryId
}

/** Why an entry does not count although it is well formed; shown to people in words (sentences.ts). */
export type VoidCode =
  | 'author_unknown' // its device is no member's
  | 'author_removed' // written without knowledge of the removal, or after it
  | 'not_allowed' // the role did not have the capability
  | 'outranked' // acts upon somebody of higher rank
  | 'overruled' // a more senior act that it did not know of removed its author
  | 'device_forked'
  | 'epoch_old' // a newer key was known to its author
  | 'key_unknown' // its key was never introduced
  | 'invite_unknown'
  | 'invite_used'
  | 'invite_revoked'
  | 'invite_expired'
  | 'certificate_wrong'
  | 'already_member'
  | 'target_unknown'
  | 'target_removed' // lets somebody in without knowledge that they were removed
  | 'malformed' // opened, but not what its kind says
  | 'too_many' // past a limit of the community
  | 'direct_full' // a third person in a conversation of two

/** An entry of lane 1 that was opened and counts. */
export interface OpenedEntry {
  readonly community: CommunityId
  readonly arrival: number
  readonly entry: Entry
  readonly person: PersonDid
  readonly app: string
  readonly kind: string
  /** DAG-CBOR decoded; of whatever shape the author chose: each app reads it strictly. */
  readonly body: unknown
  /**
   * Whether the author's role had the capability when it was written (by the order of entries). Needs no `this`, and answers the
   * same each time; entries that are judged alike may come with one and the same function.
   */
  readonly may: (capability: string) => boolean
}

/**
 * What an app is to the community: it keeps a view in SQLite. Entries come in order of arrival, which differs from
 * computer to computer: the view must come out the same all the same (compare by `compareEntries`). Within one transaction.
 */
export interface AppReducer {
  /** The `app` of its entries. */
  readonly app: string
  /** Called before anything of the community is asked or given, and again after it was forgotten. */
  prepare?(community: CommunityId): void
  /** May bring entries that were given before: they change nothing. */
  apply(entries: Iterable<OpenedEntry>): void
  /**
   * Takes back what these did, as they were judged before; of those that did nothing, nothing. The arrivals of entries
   * which hang together with them and have to be given again, those among them that still count too; undefined: so many
   * that everything is to be forgotten and given again.
   */
  retract(entries: readonly OpenedEntry[]): readonly number[] | undefined
  /** Forgets a part of the community; whether nothing is left. Everything that counts follows anew. */
  reset(community: CommunityId): boolean
}

export interface CommunityFacts {
  readonly id: CommunityId
  /** Undefined while joining and keeping: nothing can be read. */
  readonly state: CommunityState | undefined
  /** This person's own membership; undefined while joining. */
  readonly self: Member | undefined
  readonly counts: LogCounts
  readonly forks: readonly Fork[]
  /** `joining`: the invitation was taken, others are not reached yet; `keeping`: held for others, unreadable. */
  readonly phase: 'joining' | 'open' | 'keeping' | 'left' | 'removed'
  /** How many entries of apps were read of how many, while much is read anew; undefined: all of them, and what comes is at once. */
  readonly reading?: { readonly entries: number; readonly of: number } | undefined
  /** Room given to it when keeping. */
  readonly bytesMax: number | undefined
  /** Whether a person takes part in it who was on this computer before: nothing is written until they are restored. */
  readonly otherPerson?: boolean
  /** Undefined for groups, and for what is kept for others. */
  readonly direct?: DirectFacts | undefined
}

/** A conversation of two, as the person of this computer sees it. */
export interface DirectFacts {
  /** The other; undefined: nobody has come, and nobody was asked. */
  readonly with: PersonDid | undefined
  /** What the other calls themself; may be empty. */
  readonly name: string
  /** Whether the other is in it, or was. */
  readonly joined: boolean
  /** Nothing is exchanged as long as the other is blocked. */
  readonly blocked: boolean
}

export type CommunityEvent =
  | { readonly type: 'community'; readonly id: CommunityId }
  | { readonly type: 'removed'; readonly id: CommunityId }
  /** Entries of lane 1 that now count, for apps that tell people. Not on a rebuild. */
  | { readonly type: 'entries'; readonly id: CommunityId; readonly entries: readonly OpenedEntry[] }
  /** An app's view was rebuilt. */
  | { readonly type: 'rebuilt'; readonly id: CommunityId }

export interface InviteRequest {
  readonly role?: string
  readonly usesMax?: number
  /** ms since 1970; null: never; left out: in `inviteDaysDefault` days. */
  readonly expiresMs?: number | null
  readonly note?: string
}

export interface FoundRequest {
  readonly name: string
  readonly description?: string
  readonly history?: Settings['history']
  /** How the founder is called in it. */
  readonly memberName: string
}

/** An entry as a person can be shown it. */
export interface AuditedEntry {
  readonly stored: StoredEntry
  /** 64 bytes. */
  readonly signature: Uint8Array
  /** Undefined while it is sealed here, or not what it should be. */
  readonly said: { readonly app: string; readonly kind: string; readonly body: unknown } | undefined
  /** Lane 0 only. */
  readonly act: Act | undefined
  /** Who wrote it, as far as their device is known. */
  readonly person: PersonDid | undefined
  /** Undefined: it counts. `sealed`: nobody can say here. */
  readonly voided: VoidCode | 'sealed' | undefined
}

export interface ActivityPage {
  readonly entries: readonly AuditedEntry[]
  /** Mark of the page before; undefined at the beginning. */
  readonly before: string | undefined
}

export interface Verified {
  readonly entries: number
  readonly signatures: number
  /** 32 bytes: the same for all who hold the same entries (audit-core.ts). */
  readonly root: Uint8Array
  /** The root, to compare by voice. */
  readonly words: readonly string[]
  readonly problems: readonly {
    readonly entry: EntryId | undefined
    readonly code: 'signature_wrong' | 'log_row_damaged'
  }[]
  readonly problemsCount: number
}

/** All communities on this computer. Rejects with `communityErrors` and those of log/ only. */
export interface Communities {
  list(): readonly CommunityFacts[]
  get(id: CommunityId): CommunityFacts
  found(request: FoundRequest): Promise<CommunityFacts>
  /** Takes an invitation; resolves when the entry that joins is written, which needs somebody to be reached first. */
  join(link: string, request: { readonly memberName: string; readonly signal?: AbortSignal }): Promise<CommunityFacts>
  /** Holds a community for others without being able to read it. */
  keep(link: string, options: { readonly bytesMax?: number }): Promise<CommunityFacts>
  leave(id: CommunityId): Promise<void>
  /** Deletes it from this computer. */
  forget(id: CommunityId): Promise<void>

  invite(id: CommunityId, request: InviteRequest): Promise<{ readonly invite: Invite; readonly link: string }>
  revokeInvite(id: CommunityId, invite: InviteId): Promise<void>
  keepLink(id: CommunityId): string
  addKeeper(id: CommunityId, keeper: Pick<Keeper, 'peer' | 'name' | 'bytesMax'>): Promise<void>
  removeKeeper(id: CommunityId, peer: PeerId): Promise<void>
  removeMember(id: CommunityId, person: PersonDid): Promise<void>
  removeDevice(id: CommunityId, device: DeviceId): Promise<void>
  setRole(id: CommunityId, person: PersonDid, role: string): Promise<void>
  defineRole(id: CommunityId, role: Role): Promise<void>
  changeSettings(id: CommunityId, patch: Partial<Settings>): Promise<void>
  rename(id: CommunityId, memberName: string): Promise<void>

  /** What was written, newest first by arrival here; `before` is the mark that the page before gave. */
  activity(id: CommunityId, before: string | undefined, limit: number): ActivityPage
  /** Checks every hash and signature. May take minutes. */
  verify(id: CommunityId, options: { readonly signal: AbortSignal }): Promise<Verified>
  /** Everything in the order of arrival here. */
  entries(id: CommunityId, options: { readonly signal: AbortSignal }): AsyncIterable<AuditedEntry>

  /** Writes an entry of an app. Makes a new key first where one is due. */
  append(id: CommunityId, app: string, kind: string, body: unknown): Promise<OpenedEntry>
  /** Registered before `start`. */
  register(app: AppReducer): void
  on(listener: (event: CommunityEvent) => void): Cancel
  start(): Promise<void>
  stop(): Promise<void>
}
