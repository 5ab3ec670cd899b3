// Where in-memory daemons meet: communities as all their members see them, once for all. What one daemon writes, the
// others have at once. Entries are signed and chained for real, so that checking them finds what was changed.

import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign as signWith,
  verify as verifyWith,
} from 'node:crypto'
import type { Channel, Message, Mute } from '../../src/api/chat-schemas.ts'
import type { Community, Invite, Keeper, Member, Presence, Role } from '../../src/api/community-schemas.ts'
import { defineErrors } from '../../src/base/errors.ts'
import { Emitter } from '../../src/base/events.ts'
import type { MemoryApplicant, MemoryCode } from './services-admission.ts'
import type { MemoryDesk } from './services-direct.ts'

export const communityMemoryErrors = defineErrors({
  community_unknown: { kind: 'not-found', hint: 'See the list of communities.' },
  community_sealed: { kind: 'refused', hint: 'It is held for others: ask a member for an invite.' },
  community_left: { kind: 'conflict', hint: 'Ask a member for an invite.' },
  already_member: { kind: 'conflict', hint: 'See the list of communities.' },
  member_unknown: { kind: 'not-found', hint: 'See the list of members.' },
  device_unknown: { kind: 'not-found', hint: 'See the list of members.' },
  role_unknown: { kind: 'not-found', hint: 'See the roles.' },
  not_allowed: { kind: 'refused', hint: 'Ask somebody with more rights.' },
  outranked: { kind: 'refused', hint: 'Ask somebody of a higher rank.' },
  invite_link_damaged: { kind: 'usage', hint: 'Copy the whole link.' },
  invite_unknown: { kind: 'not-found', hint: 'Ask for a new invite.' },
  invite_used: { kind: 'refused', hint: 'Ask for a new invite.' },
  invite_revoked: { kind: 'refused', hint: 'Ask for a new invite.' },
  invite_expired: { kind: 'refused', hint: 'Ask for a new invite.' },
  keeper_unknown: { kind: 'not-found', hint: 'See the list of keepers.' },
  page_unknown: { kind: 'usage', hint: 'Give `before` of the last page.' },
  channel_unknown: { kind: 'not-found', hint: 'See the list of channels.' },
  channel_archived: { kind: 'conflict', hint: 'Take it out of the archive first.' },
  message_unknown: { kind: 'not-found', hint: 'Read the channel anew.' },
  not_author: { kind: 'refused', hint: 'Only its author can.' },
  muted: { kind: 'refused', hint: 'Wait until it is over.' },
})

/** The person, the device and the key of one in-memory daemon. */
export interface MemoryAuthor {
  readonly person: string
  readonly device: string
  readonly peerId: string
  readonly key: KeyObject
}

export interface MemoryEntry {
  readonly id: string
  readonly cid: string
  readonly device: string
  readonly person: string
  readonly seq: number
  readonly atMs: number
  readonly lane: 0 | 1
  readonly app: string
  readonly kind: string
  readonly body: unknown
  readonly sentence: string
  /** What was signed. */
  header: string
  readonly signature: Buffer
}

export interface MemoryCommunity {
  readonly id: string
  readonly purpose: 'group' | 'direct'
  name: string
  description: string
  history: 'all' | 'since-joining'
  epoch: number
  /** Shown as of nobody in particular: `self` and `here` are false. */
  readonly members: Map<string, Member>
  readonly roles: Map<string, Role>
  readonly invites: Map<string, Invite & { readonly secret: string }>
  readonly keepers: Map<string, Keeper>
  readonly entries: MemoryEntry[]
  readonly keys: Map<string, KeyObject>
  /** Each device's last entry. */
  readonly heads: Map<string, MemoryEntry>
  readonly presence: Map<string, Presence>
  /** Counts of unread are per person, so they are not here. */
  readonly channels: Map<string, Omit<Channel, 'unread' | 'mentions'>>
  readonly messages: Message[]
  readonly muted: Map<string, Mute>
  readonly reports: { readonly message: string; readonly by: string; readonly reason: string; readonly atMs: number }[]
  /** `person channel` → id of the last message read. */
  readonly read: Map<string, string>
}

export type HubEvent =
  | { readonly type: 'community'; readonly id: string }
  | { readonly type: 'message'; readonly id: string; readonly message: Message; readonly isNew: boolean }
  | { readonly type: 'channel'; readonly id: string; readonly channel: string }
  | { readonly type: 'presence'; readonly id: string; readonly presence: Presence }
  | { readonly type: 'applicant'; readonly id: string; readonly applicant: MemoryApplicant }

export interface MemoryHub {
  readonly communities: Map<string, MemoryCommunity>
  /** By nameplate. */
  readonly codes: Map<number, MemoryCode>
  /** By `community device`. */
  readonly applicants: Map<string, MemoryApplicant>
  /** By person. */
  readonly desks: Map<string, MemoryDesk>
  readonly events: Emitter<HubEvent>
}

export function createMemoryHub(): MemoryHub {
  return { communities: new Map(), codes: new Map(), applicants: new Map(), desks: new Map(), events: new Emitter() }
}

export function createMemoryAuthor(peerId: string): MemoryAuthor {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const device = Buffer.from(String(publicKey.export({ format: 'jwk' }).x), 'base64url').toString('hex')
  // Base58 has no 0.
  const person = `did:key:z6Mk${sha256(device).slice(0, 44).replaceAll('0', 'z')}`
  return { person, device, peerId, key: privateKey }
}

const rankedCapabilities = {
  owner: ['invite', 'approve', 'remove', 'roles', 'settings', 'keepers', 'post', 'moderate', 'chat.announce'],
  admin: ['invite', 'approve', 'remove', 'roles', 'settings', 'keepers', 'post', 'moderate', 'chat.announce'],
  member: ['post', 'invite'],
  guest: [],
} as const

export function createMemoryCommunity(
  settings: Pick<MemoryCommunity, 'purpose' | 'name' | 'description' | 'history'>,
): MemoryCommunity {
  const ranks = { owner: 3, admin: 2, member: 1, guest: 0 }
  const roles = Object.entries(rankedCapabilities).map(([name, capabilities]): [string, Role] => [
    name,
    { name, capabilities: [...capabilities], rank: ranks[name as keyof typeof ranks], builtIn: true },
  ])
  return {
    id: randomBytes(32).toString('hex'),
    ...settings,
    epoch: 0,
    members: new Map(),
    roles: new Map(roles),
    invites: new Map(),
    keepers: new Map(),
    entries: [],
    keys: new Map(),
    heads: new Map(),
    presence: new Map(),
    channels: new Map(),
    messages: [],
    muted: new Map(),
    reports: [],
    read: new Map(),
  }
}

export interface MemoryAct {
  readonly lane: 0 | 1
  readonly app: string
  readonly kind: string
  readonly body: unknown
  readonly sentence: string
  readonly atMs: number
}

/** Signs an act and puts it at the end of the log. */
export function appendEntry(community: MemoryCommunity, author: MemoryAuthor, act: MemoryAct): MemoryEntry {
  const { person, device } = author
  const head = community.heads.get(device)
  const seq = (head?.seq ?? 0) + 1
  const prev = head?.id ?? ''
  const header = JSON.stringify([community.id, device, seq, prev, act])
  const signature = signWith(null, Buffer.from(header), author.key)
  const id = idOf(header, signature)
  const entry = { ...act, id, cid: `bafyrei${id.slice(0, 52)}`, device, person, seq, header, signature }
  community.keys.set(device, author.key)
  community.heads.set(device, entry)
  community.entries.push(entry)
  return entry
}

/** Ids of entries that are not what was signed, or not linked to the one before. */
export function wrongEntries(community: MemoryCommunity): string[] {
  const last = new Map<string, string>()
  return community.entries.flatMap(({ id, device, header, signature }) => {
    const key = community.keys.get(device)
    const prev = last.get(device) ?? ''
    last.set(device, id)
    const linked = JSON.parse(header)[3] === prev
    const signed = key !== undefined && verifyWith(null, Buffer.from(header), key, signature)
    return linked && signed && idOf(header, signature) === id ? [] : [id]
  })
}

export function merkleRootOf(community: MemoryCommunity): string {
  let level = community.entries.map(({ id }) => id).sort()
  while (level.length > 1) {
    level = level.flatMap((id, index) => (index % 2 === 0 ? [sha256(id + (level[index + 1] ?? id))] : []))
  }
  return level[0] ?? sha256('')
}

function idOf(header: string, signature: Buffer): string {
  return createHash('sha256').update(header).update(signature).digest('hex')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** What the person of a daemon may do there. */
export function capabilitiesOf(community: MemoryCommunity, person: string): Community['capabilities'] {
  const member = community.members.get(person)
  return member?.state === 'active' ? (community.roles.get(member.role)?.capabilities ?? []) : []
}

/** Throws `not_allowed`. */
export function checkMay(community: MemoryCommunity, person: string, capability: string): void {
  if (capabilitiesOf(community, person).includes(capability)) return
  throw communityMemoryErrors.not_allowed(`The role of this person does not allow \`${capability}\`.`)
}
