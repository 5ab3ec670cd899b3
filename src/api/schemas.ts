// Every shape that crosses the API, as zod schemas: the daemon checks with them, the OpenAPI document is made from
// them, SDK, CLI and page take their types from them. Times are milliseconds since 1970, sizes are bytes, rates are
// bytes per second. Absent values are null, so that JSON shows them. Requests are strict: a name that a schema doesn't
// know is refused, so that a mistyped option never passes in silence.

import { z } from 'zod'
import { applicantSchema, askSchema, codeEndedSchema, deviceAddedSchema } from './admission-schemas.ts'
import { channelSchema, messageSchema } from './chat-schemas.ts'
import { communitySchema, presenceSchema } from './community-schemas.ts'
import { directAskSchema, directRequestSchema } from './direct-schemas.ts'
import { ipfsJobSchema } from './ipfs-schemas.ts'
import { count, timeMs } from './schema-parts.ts'

export const problemSchema = z
  .object({
    type: z.string().describe('URI reference that names the problem: /problems/<code>'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What happened, for a person'),
    code: z.string().describe('Stable code for programs'),
    kind: z.enum(['usage', 'conflict', 'not-found', 'refused', 'local', 'no-daemon', 'interrupted', 'internal']),
    hint: z.string().describe('What to do next'),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document' })

export const reachabilitySchema = z.object({
  kind: z.enum(['unknown', 'public', 'relayed', 'local-only']),
  sentence: z.string(),
})

export const statusSchema = z
  .object({
    version: z.string(),
    peerId: z.string(),
    did: z.string().nullable().describe('The person; null while the keystore is locked'),
    deviceName: z.string(),
    home: z.string(),
    api: z.string().describe('Base URL of this API'),
    startedAtMs: timeMs,
    addresses: z.array(z.string()),
    reachability: reachabilitySchema,
    peersConnected: count,
    peersKnown: count,
    shares: count,
    transfersActive: count,
    bytesIn: count.describe('Payload since the data folder was made; it never goes down'),
    bytesOut: count.describe('The same for what was sent'),
    notices: z.array(z.object({ code: z.string(), sentence: z.string(), advice: z.string().nullable() })),
  })
  .meta({ id: 'Status' })

export const identitySchema = z
  .object({
    did: z.string(),
    ethereumAddress: z.string(),
    peerId: z.string(),
    deviceName: z.string(),
    certificate: z.object({ issuedAtMs: timeMs, person: z.string(), device: z.string() }),
    passphrase: z.boolean().describe('Whether a passphrase protects the keystore'),
  })
  .meta({ id: 'Identity' })

export const phraseRequestSchema = z
  .strictObject({ passphrase: z.string().max(1024).optional().describe('When the keystore has one') })
  .meta({ id: 'PhraseRequest' })
export const phraseSchema = z.object({ phrase: z.string() }).meta({ id: 'Phrase' })
export const restoreRequestSchema = z
  .strictObject({
    phrase: z.string().max(1024),
    passphrase: z.string().max(1024).optional().describe('The present passphrase, when the keystore has one'),
  })
  .meta({ id: 'RestoreRequest' })
export const lockRequestSchema = z
  .strictObject({
    passphrase: z.string().max(1024).nullable().describe('The new passphrase; null removes it'),
    current: z.string().max(1024).optional().describe('The present passphrase, when the keystore has one'),
  })
  .meta({ id: 'LockRequest' })

export const peerSchema = z
  .object({
    peerId: z.string(),
    state: z.enum(['connected', 'known']),
    source: z.enum(['link', 'bootstrap', 'mdns', 'dht', 'exchange', 'remembered', 'inbound', 'manual']),
    path: z.enum(['direct', 'relayed', 'none']),
    pathSentence: z.string().nullable().describe('Direct how, or why by a relay; null when not connected'),
    direction: z.enum(['inbound', 'outbound', 'none']),
    address: z.string().nullable(),
    transport: z.enum(['tcp', 'websocket', 'udp', 'other', 'none']),
    encryption: z.enum(['tls', 'noise', 'none']),
    latencyMs: z.number().nullable(),
    bytesIn: count,
    bytesOut: count,
    connectedAtMs: timeMs.nullable(),
    agent: z.string().nullable(),
  })
  .meta({ id: 'Peer' })
export const peersSchema = z.object({ peers: z.array(peerSchema) }).meta({ id: 'Peers' })
export const connectRequestSchema = z
  .strictObject({ address: z.string().min(1).max(1024).describe('A multiaddr with /p2p/<id>') })
  .meta({ id: 'ConnectRequest' })

export const shareSchema = z
  .object({
    id: z.string(),
    origin: z.enum(['own', 'fetched', 'kept']),
    visibility: z.enum(['public', 'private']),
    state: z.enum(['scanning', 'ready', 'partial', 'failed']),
    name: z.string().nullable().describe('null when kept without being able to read it'),
    kind: z.enum(['file', 'folder']).nullable(),
    path: z.string().nullable().describe('Where it lies on this computer'),
    link: z.string().nullable().describe('The link to hand on; null until the first version is ready'),
    keepLink: z.string().nullable().describe('Lets others hold a private share without reading it'),
    cid: z.string().nullable().describe('Root CID; of the sealed root block when private'),
    sequence: count.describe('Version number; 0 before the first'),
    files: count,
    bytes: count,
    blocks: count,
    blocksHere: count,
    scan: z
      .object({ files: count, bytes: count, filesTotal: count, bytesTotal: count })
      .nullable()
      .describe('Progress while scanning'),
    skipped: z.array(z.object({ path: z.string(), code: z.string(), sentence: z.string() })),
    skippedCount: count.describe('All that was left out; `skipped` names the first hundred'),
    problem: z.object({ code: z.string(), sentence: z.string(), hint: z.string() }).nullable(),
    fetching: z.array(z.object({ peerId: z.string(), blocks: count, bytes: count, bytesPerSecond: z.number() })),
    uploadedBytes: count,
    createdMs: timeMs,
    updatedMs: timeMs,
  })
  .meta({ id: 'Share' })
export const sharesSchema = z.object({ shares: z.array(shareSchema) }).meta({ id: 'Shares' })
export const shareRequestSchema = z
  .strictObject({
    path: z.string().min(1).max(4096).optional().describe('Absolute path of a file or folder on this computer'),
    upload: z.string().max(64).optional().describe('Id of a finished upload, instead of a path'),
    public: z.boolean().default(false),
  })
  .refine((request) => (request.path === undefined) !== (request.upload === undefined), {
    message: 'give either a path or an upload',
    path: ['path'],
  })
  .meta({ id: 'ShareRequest', description: 'Either `path` or `upload`' })

export const fileSchema = z
  .object({
    path: z.string().describe('Names joined with "/"; the name itself for a single file'),
    bytes: count,
    bytesDone: count,
    wanted: z.boolean(),
    mediaType: z.string(),
  })
  .meta({ id: 'File' })
export const filesQuerySchema = z.strictObject({
  offset: z.coerce.number().int().nonnegative().default(0).describe('How many files to pass over'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000).describe('How many files to give at most'),
})
export const filesSchema = z
  .object({ files: z.array(fileSchema), total: count.describe('Files in all') })
  .meta({ id: 'Files' })

export const contentQuerySchema = z.strictObject({
  download: z.literal('1').optional().describe('Given: as an attachment, whatever the type'),
})

export const uploadSchema = z.object({ id: z.string(), bytes: count }).meta({ id: 'Upload' })

export const linkRequestSchema = z.strictObject({ link: z.string().max(8192) }).meta({ id: 'LinkRequest' })
const linkPeers = z.array(z.string()).describe('Peer ids to start from')
export const linkSchema = z
  .discriminatedUnion('kind', [
    z
      .object({
        kind: z.enum(['read', 'keep']),
        visibility: z.enum(['public', 'private']),
        shareId: z.string(),
        peers: linkPeers,
      })
      .describe('Of a share'),
    z
      .object({
        kind: z.literal('invite'),
        communityId: z.string(),
        inviteId: z.string(),
        name: z.string().nullable().describe('Of the community, as the link has it; null when it says nothing'),
        peers: linkPeers,
      })
      .describe('Into a community'),
    z
      .object({ kind: z.literal('community-keep'), communityId: z.string(), peers: linkPeers })
      .describe('To hold a community for others'),
    z
      .object({
        kind: z.literal('community-request'),
        communityId: z.string(),
        name: z.string().nullable().describe('Of the community, as the link has it; null when it says nothing'),
        peers: linkPeers,
      })
      .describe('With which one asks to be let into a community'),
    z
      .object({
        kind: z.literal('contact'),
        person: z.string(),
        words: z.array(z.string()).describe('Six words that tell this person from all others'),
        name: z.string().nullable().describe('What the link calls the person; null when it says nothing'),
        peers: linkPeers,
      })
      .describe('With which one asks somebody to talk'),
  ])
  .meta({ id: 'Link' })

export const transferSchema = z
  .object({
    id: z.string(),
    shareId: z.string(),
    mode: z.enum(['get', 'keep']),
    state: z.enum(['searching', 'preparing', 'transferring', 'paused', 'done', 'failed', 'cancelled']),
    name: z.string().nullable(),
    kind: z.enum(['file', 'folder']).nullable(),
    path: z.string().nullable().describe('Where the file or folder lies, or will'),
    only: z.string().nullable(),
    bytes: count.describe('All that is wanted; 0 until known'),
    bytesDone: count,
    bytesReused: count.describe('Of those, found on this computer already'),
    files: count,
    filesDone: count,
    blocks: count,
    blocksDone: count,
    bytesPerSecond: z.number(),
    secondsLeft: z.number().nullable(),
    peers: z.array(
      z.object({
        peerId: z.string(),
        path: z.enum(['direct', 'relayed', 'none']),
        blocksHave: count,
        bytesIn: count,
        bytesOut: count,
        bytesPerSecond: z.number(),
      }),
    ),
    startedAtMs: timeMs,
    endedAtMs: timeMs.nullable(),
    seconds: z.number().describe('Time spent while not paused'),
    sentence: z.string().describe('What it is doing or waiting for, for a person'),
    problem: z
      .object({
        code: z.string(),
        kind: problemSchema.shape.kind,
        sentence: z.string(),
        hint: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'Transfer' })
export const transfersSchema = z.object({ transfers: z.array(transferSchema) }).meta({ id: 'Transfers' })
export const transferRequestSchema = z
  .strictObject({
    link: z.string().max(8192),
    mode: z.enum(['get', 'keep']).default('get'),
    to: z.string().max(4096).optional().describe('Absolute path of the folder to write into; default: downloads'),
    only: z.string().max(1024).optional().describe('Glob over paths inside the share (gitignore syntax)'),
  })
  .meta({ id: 'TransferRequest' })

export const doctorSchema = z
  .object({
    state: z.enum(['ok', 'warning', 'failed']),
    checks: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        state: z.enum(['ok', 'warning', 'failed', 'skipped']),
        finding: z.string(),
        advice: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'DoctorReport' })

export const settingsSchema = z
  .object({
    deviceName: z.string().min(1).max(64),
    downloads: z.string().max(4096).describe('Absolute path where fetched shares go'),
    mdns: z.boolean().describe('Find peers on the local network; from the next start on'),
    upnp: z.boolean().describe('Ask the router to open a port; from the next start on'),
    relay: z.boolean().describe('Relay for others when publicly reachable; from the next start on'),
    bootstrap: z.array(z.string().max(1024)).max(64).describe('Multiaddrs of peers to start from'),
    keepConversations: z
      .boolean()
      .describe('Have computers that agreed to keep for this person hold conversations of two, sealed, as well'),
    notifications: z.boolean().describe('Show messages to this person on the desktop while no page is open'),
  })
  .meta({ id: 'Settings' })
export const settingsPatchSchema = settingsSchema.partial().strict().meta({ id: 'SettingsPatch' })

export const notificationsSchema = z
  .object({
    on: z.boolean(),
    possible: z.boolean().describe('Whether this computer can show any'),
    sentence: z.string(),
  })
  .meta({ id: 'Notifications' })

export const eventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('status'), status: statusSchema }),
    z.object({ type: z.literal('peer'), peer: peerSchema }),
    z.object({ type: z.literal('share'), share: shareSchema }),
    z.object({ type: z.literal('share-removed'), id: z.string() }),
    z.object({ type: z.literal('transfer'), transfer: transferSchema }),
    z.object({ type: z.literal('transfer-removed'), id: z.string() }),
    z.object({ type: z.literal('settings'), settings: settingsSchema }),
    z
      .object({ type: z.literal('community'), community: communitySchema })
      .describe('It changed, or its members, roles, invites or keepers did'),
    z.object({ type: z.literal('community-removed'), id: z.string() }),
    z
      .object({ type: z.literal('chat-message'), message: messageSchema, isNew: z.boolean() })
      .describe('isNew: it was not here before; else it was changed'),
    z.object({ type: z.literal('chat-channel'), channel: channelSchema }),
    z
      .object({ type: z.literal('chat-rebuilt'), community: z.string() })
      .describe('What counts has changed: read channels and messages of the community anew'),
    z.object({ type: z.literal('presence'), presence: presenceSchema }),
    z.object({ type: z.literal('code-ended'), ended: codeEndedSchema }),
    z.object({ type: z.literal('join-request'), request: applicantSchema }).describe('Somebody asks to be let in'),
    z.object({ type: z.literal('ask'), ask: askSchema }).describe('How it stands with what this computer asks for'),
    z.object({ type: z.literal('device-added'), device: deviceAddedSchema }),
    z
      .object({ type: z.literal('direct-request'), request: directRequestSchema })
      .describe('Somebody asks this person to talk, or that was decided'),
    z
      .object({ type: z.literal('direct-ask'), ask: directAskSchema })
      .describe('How it stands with whom this person asks'),
    z
      .object({ type: z.literal('direct-blocked'), person: z.string(), blocked: z.boolean() })
      .describe('Somebody was blocked, or is no longer'),
    z.object({ type: z.literal('direct-contact') }).describe('The contact link, or who may ask, has changed'),
    z
      .object({
        type: z.literal('ledger'),
        community: z.string(),
        height: count.nullable(),
        timestamp: count.nullable().describe('Of the last final block, in seconds since 1970'),
      })
      .describe('A ledger has a new final block, or something of how it stands has changed'),
    z
      .object({ type: z.literal('copies') })
      .describe('Copies of own shares, keepers or agreements have changed: read them anew'),
    z
      .object({ type: z.literal('ipfs-job'), job: ipfsJobSchema })
      .describe('How it stands with a get by CID, an import or an export'),
    z.object({ type: z.literal('reset') }).describe('Events were missed: read everything anew'),
  ])
  .meta({ id: 'Event' })

export type Problem = z.infer<typeof problemSchema>
export type Status = z.infer<typeof statusSchema>
export type Identity = z.infer<typeof identitySchema>
export type Peer = z.infer<typeof peerSchema>
export type Share = z.infer<typeof shareSchema>
export type ShareRequest = z.input<typeof shareRequestSchema>
export type File = z.infer<typeof fileSchema>
/** A page of a share's or a transfer's files, and how many there are in all. */
export type Files = z.infer<typeof filesSchema>
export type Upload = z.infer<typeof uploadSchema>
export type Link = z.infer<typeof linkSchema>
export type Transfer = z.infer<typeof transferSchema>
export type TransferRequest = z.input<typeof transferRequestSchema>
export type DoctorReport = z.infer<typeof doctorSchema>
export type Settings = z.infer<typeof settingsSchema>
export type SettingsPatch = z.infer<typeof settingsPatchSchema>
export type Notifications = z.infer<typeof notificationsSchema>
export type Event = z.infer<typeof eventSchema>
