// The shapes of communities: what the log's entries came to (members, roles, invites, keepers), and the log itself as
// people can check it (activity, sync, verify, export). Conventions as in schemas.ts. Names are bounded here so that a
// mistake is told at once; what a daemon writes into a log has limits of its own.

import { z } from 'zod'
import { count, nameOf, reasonSchema, timeMs, wordSchema } from './schema-parts.ts'

const communityName = nameOf(64)
const description = z.string().max(2000)
const history = z
  .enum(['all', 'since-joining'])
  .describe('Whether newcomers can read what was written before they came')
const memberName = nameOf(64).describe('How this person is called in the community')
const link = z.string().min(1).max(8192)
const bytesMax = z.int().min(1024 * 1024)

export const deviceSchema = z
  .object({
    device: z.string().describe('Hex of its Ed25519 key'),
    peerId: z.string(),
    name: z.string().describe('What its person calls it'),
    state: z.enum(['active', 'removed', 'forked']).describe('forked: it wrote two entries of one number'),
    addedMs: timeMs,
    here: z.boolean().describe('Whether it is this computer'),
  })
  .meta({ id: 'Device' })
export const memberSchema = z
  .object({
    person: z.string().describe('did:key:…'),
    name: z.string(),
    role: z.string(),
    state: z.enum(['active', 'left', 'removed']),
    seniority: count.describe(
      'Place in the order of admission, from 0: decides between acts that did not know of each other',
    ),
    joinedMs: timeMs,
    admittedBy: z.string().nullable().describe('The person who let them in; null for the founder'),
    self: z.boolean().describe('Whether it is the person of this computer'),
    devices: z.array(deviceSchema),
  })
  .meta({ id: 'Member' })
export const membersSchema = z.object({ members: z.array(memberSchema) }).meta({ id: 'Members' })

export const communitySchema = z
  .object({
    id: z.string().describe('Hex of the sha2-256 of the founding entry'),
    phase: z
      .enum(['joining', 'open', 'keeping', 'left', 'removed'])
      .describe('joining: nobody was reached yet; keeping: held for others, unreadable here'),
    sentence: z.string().describe('What it is doing or waiting for, for a person'),
    purpose: z
      .enum(['group', 'direct'])
      .nullable()
      .describe('direct: a conversation of two persons; null while that is not known here'),
    direct: z
      .object({
        person: z.string().nullable().describe('The other; null: nobody has come'),
        joined: z.boolean().describe('Whether the other is in it, or was'),
        blocked: z.boolean().describe('Nothing is exchanged while the other is blocked'),
      })
      .nullable()
      .describe('Of a conversation of two; else null'),
    name: z
      .string()
      .nullable()
      .describe('null while joining or keeping; a conversation of two is called after the other'),
    description: z.string(),
    history: history.nullable(),
    self: memberSchema.nullable().describe('The membership of this computer’s person; null while joining or keeping'),
    capabilities: z.array(z.string()).describe('What the role of this person allows; empty when they are no member'),
    presence: z.boolean().describe('Whether this computer tells the others that it is online and typing'),
    membersActive: count,
    keepers: count,
    entries: count,
    reading: z
      .object({ entries: count, of: count })
      .nullable()
      .describe(
        'How many entries were read of how many, while many are read at once (again); what comes now is shown at once',
      ),
    bytes: count.describe('Of the log on this computer'),
    bytesMax: count.nullable().describe('Room given to it when keeping; else null'),
    devices: count.describe('Devices that have written'),
    voided: count.describe('Entries that do not count; `activity` says why'),
    forks: z
      .array(z.object({ device: z.string(), person: z.string().nullable(), seq: count, entries: z.array(z.string()) }))
      .describe('Devices that wrote two entries of one number: both are the proof'),
    epoch: count.nullable().describe('Of the key in use; null while unreadable here'),
  })
  .meta({ id: 'Community' })
export const communitiesSchema = z.object({ communities: z.array(communitySchema) }).meta({ id: 'Communities' })

export const foundRequestSchema = z
  .strictObject({
    name: communityName,
    description: description.default(''),
    history: history.default('all'),
    memberName,
  })
  .meta({ id: 'FoundRequest' })
export const joinRequestSchema = z.strictObject({ link, memberName }).meta({ id: 'JoinRequest' })
export const keepRequestSchema = z
  .strictObject({ link, bytesMax: bytesMax.optional().describe('Room for it; default: what the daemon gives') })
  .meta({ id: 'KeepRequest' })
export const communityPatchSchema = z
  .strictObject({ name: communityName.optional(), description: description.optional(), history: history.optional() })
  .refine((patch) => Object.keys(patch).length > 0, 'it changes nothing')
  .meta({ id: 'CommunityPatch' })
export const selfPatchSchema = z
  .strictObject({
    memberName: memberName.optional(),
    presence: z.boolean().optional().describe('Whether this computer tells the others that it is online and typing'),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'it changes nothing')
  .meta({ id: 'SelfPatch' })
export const memberPatchSchema = z.strictObject({ role: wordSchema }).meta({ id: 'MemberPatch' })

export const inviteSchema = z
  .object({
    id: z.string(),
    role: z.string(),
    usesMax: count,
    uses: count,
    expiresMs: timeMs.nullable().describe('null: never'),
    state: z.enum(['open', 'used', 'revoked']),
    createdBy: z.string().describe('The person'),
    createdMs: timeMs,
    note: z.string(),
  })
  .meta({ id: 'Invite' })
export const invitesSchema = z.object({ invites: z.array(inviteSchema) }).meta({ id: 'Invites' })
export const inviteRequestSchema = z
  .strictObject({
    role: wordSchema.optional().describe('Default: member'),
    usesMax: z.int().min(1).max(1024).optional().describe('How many persons may use it; default 1'),
    expiresMs: timeMs.nullable().optional().describe('null: never; default: what the daemon gives'),
    note: z.string().max(200).optional().describe('To tell invites apart; members see it'),
  })
  .meta({ id: 'InviteRequest' })
export const invitationSchema = z
  .object({ invite: inviteSchema, link: z.string().describe('To hand on; it holds a secret and is not kept') })
  .meta({ id: 'Invitation' })
export const keepLinkSchema = z
  .object({ link: z.string().describe('Lets others hold the community without reading it') })
  .meta({ id: 'KeepLink' })

export const keeperSchema = z
  .object({
    peerId: z.string(),
    addresses: z.array(z.string()),
    name: z.string(),
    bytesMax: count,
    addedMs: timeMs,
    lastProofMs: timeMs.nullable().describe('When it last proved that it holds what it should; null: never'),
  })
  .meta({ id: 'Keeper' })
export const keepersSchema = z.object({ keepers: z.array(keeperSchema) }).meta({ id: 'Keepers' })
export const keeperRequestSchema = z
  .strictObject({
    peerId: z.string().min(1).max(128),
    addresses: z.array(z.string().min(1).max(320)).max(8).default([]).describe('Multiaddrs to start from'),
    name: nameOf(64),
    bytesMax: bytesMax.describe('How much it has promised to hold'),
  })
  .meta({ id: 'KeeperRequest' })

export const roleSchema = z
  .object({
    name: z.string(),
    capabilities: z.array(z.string()),
    rank: count.describe(
      'Whom one may act upon: those of a lower or the same rank. owner 3, admin 2, member 1, guest 0',
    ),
    builtIn: z.boolean(),
  })
  .meta({ id: 'Role' })
export const rolesSchema = z.object({ roles: z.array(roleSchema) }).meta({ id: 'Roles' })
export const roleRequestSchema = z
  .strictObject({
    name: wordSchema,
    capabilities: z.array(wordSchema).max(64),
    rank: z.int().min(0).max(2),
  })
  .meta({ id: 'RoleRequest' })

export const activityQuerySchema = z.strictObject({
  before: z.string().min(1).max(256).optional().describe('`before` of the last page; without it the newest come'),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many entries to give at most'),
})
export const activityEntrySchema = z
  .object({
    id: z.string().describe('Hex of the sha2-256 of its bytes'),
    cid: z.string(),
    person: z.string().nullable().describe('null when its device is no member’s, or it is sealed here'),
    device: z.string(),
    name: z.string().nullable().describe('How the person is called here'),
    seq: count,
    atMs: timeMs.describe('By the author’s clock, made consistent with what they had read'),
    epoch: count,
    lane: z.union([z.literal(0), z.literal(1)]).describe('0: about the community itself; 1: of apps'),
    app: z.string().nullable().describe('null when it is sealed here'),
    kind: z.string().nullable(),
    sentence: z.string().describe('What was done, for a person'),
    counts: z.boolean().nullable().describe('Whether it has an effect; null when it is sealed here'),
    void: reasonSchema.nullable().describe('Why it does not count'),
    bytes: count,
    signature: z.string().describe('Hex of the Ed25519 signature'),
    holders: z.array(z.string()).describe('Peer ids of those that are known to hold it, this one not among them'),
  })
  .meta({ id: 'ActivityEntry' })
export const activitySchema = z
  .object({
    entries: z.array(activityEntrySchema).describe('Newest first'),
    before: z.string().nullable().describe('Pass it for the page before; null at the beginning'),
  })
  .meta({ id: 'Activity' })

const sides = {
  hereLacks: count.nullable().describe('Entries that this computer lacks of it; null: not known yet'),
  thereLacks: count.nullable().describe('Entries that it lacks of this computer'),
}
export const syncSchema = z
  .object({
    state: z.enum(['alone', 'syncing', 'current']).describe('current: nobody in reach has more'),
    sentence: z.string(),
    peers: z.array(
      z.object({
        peerId: z.string(),
        person: z.string().nullable().describe('null for a keeper'),
        name: z.string().nullable(),
        state: z.enum(['connecting', 'syncing', 'current', 'failed', 'away']),
        ...sides,
        lastMs: timeMs.nullable().describe('When it was last in sync'),
        problem: reasonSchema.nullable(),
      }),
    ),
    keepers: z.array(
      z.object({
        peerId: z.string(),
        name: z.string(),
        state: z.enum(['connecting', 'syncing', 'current', 'failed', 'away']),
        ...sides,
        lastProofMs: timeMs.nullable(),
        problem: reasonSchema.nullable().describe('It withholds, lies or is full'),
      }),
    ),
  })
  .meta({ id: 'Sync' })

export const verificationSchema = z
  .object({
    ok: z.boolean(),
    entries: count,
    signatures: count.describe('That were checked'),
    merkleRoot: z.string().describe('Hex; the same for all who hold the same entries'),
    words: z.array(z.string()).length(6).describe('The root, to compare by voice'),
    problems: z.array(z.object({ entry: z.string().nullable(), ...reasonSchema.shape })),
    problemsCount: count.describe('All that were found; `problems` names the first hundred'),
    checkedMs: timeMs,
  })
  .meta({ id: 'Verification' })

export const presenceSchema = z
  .object({
    community: z.string(),
    person: z.string(),
    state: z.enum(['online', 'away', 'offline']),
    typing: z.string().nullable().describe('Id of the channel in which they are typing'),
    changedMs: timeMs,
  })
  .meta({ id: 'Presence' })
export const presencesSchema = z.object({ presence: z.array(presenceSchema) }).meta({ id: 'Presences' })

/** A line of an export; DAG-CBOR bodies as DAG-JSON. The last one is `end`: without it something is missing. */
export const exportLineSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('export'), version: z.literal(1), exportedMs: timeMs, community: communitySchema }),
    z.object({ type: z.literal('member'), member: memberSchema }),
    z.object({ type: z.literal('role'), role: roleSchema }),
    z.object({
      type: z.literal('entry'),
      ...activityEntrySchema.omit({ holders: true, sentence: true }).shape,
      body: z.unknown().describe('What the entry says, as DAG-JSON; null when it is sealed here'),
      entry: z.string().describe('The signed entry as it is, in base64'),
    }),
    z
      .object({ type: z.literal('view'), app: z.string(), kind: z.string(), value: z.unknown() })
      .describe('What an app shows of the entries, as in its own routes'),
    z.object({ type: z.literal('end'), lines: count.describe('Lines before this one') }),
  ])
  .meta({ id: 'ExportLine' })

export type Device = z.infer<typeof deviceSchema>
export type Member = z.infer<typeof memberSchema>
export type Community = z.infer<typeof communitySchema>
export type FoundRequest = z.input<typeof foundRequestSchema>
export type JoinRequest = z.input<typeof joinRequestSchema>
export type KeepRequest = z.input<typeof keepRequestSchema>
export type CommunityPatch = z.infer<typeof communityPatchSchema>
export type SelfPatch = z.infer<typeof selfPatchSchema>
export type Invite = z.infer<typeof inviteSchema>
export type InviteRequest = z.input<typeof inviteRequestSchema>
/** An invite and its link, which is told this once. */
export type Invitation = z.infer<typeof invitationSchema>
export type Keeper = z.infer<typeof keeperSchema>
export type KeeperRequest = z.input<typeof keeperRequestSchema>
export type Role = z.infer<typeof roleSchema>
export type RoleRequest = z.input<typeof roleRequestSchema>
export type Activity = z.infer<typeof activitySchema>
export type ActivityEntry = z.infer<typeof activityEntrySchema>
export type Sync = z.infer<typeof syncSchema>
export type Verification = z.infer<typeof verificationSchema>
export type Presence = z.infer<typeof presenceSchema>
export type ExportLine = z.infer<typeof exportLineSchema>
