// The home folder of a daemon with one community of many entries: founded and read by the real code, written by hand in the
// name of its members, each entry sealed, linked and signed as an honest device would.

import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { ed25519 } from '@noble/curves/ed25519.js'
import { channelIdOf, generalChannel } from '../../src/apps/chat/core.ts'
import type { ChannelId } from '../../src/apps/chat/types.ts'
import { type Act, writeBody } from '../../src/apps/chat/wire.ts'
import { toHex } from '../../src/base/bytes.ts'
import type { Database } from '../../src/base/database.ts'
import type { Clock, Log } from '../../src/base/ports.ts'
import { encodeAct, type KnownAct } from '../../src/community/acts-wire.ts'
import { encodePayload, type Payload } from '../../src/community/payload-wire.ts'
import type { Reading } from '../../src/community/reading.ts'
import { laneKey, sealContent } from '../../src/community/seal.ts'
import { type CommunityService, createCommunities } from '../../src/community/service.ts'
import { createCommunityStore } from '../../src/community/store.ts'
import type { EpochKey } from '../../src/community/types.ts'
import { didOf } from '../../src/identity/core.ts'
import { openIdentity } from '../../src/identity/service.ts'
import type { Identity, PersonDid, PersonKey } from '../../src/identity/types.ts'
import { issueCertificate } from '../../src/identity/wire.ts'
import { createLogs } from '../../src/log/logs.ts'
import { createLogStore, type LogStore } from '../../src/log/store.ts'
import type { LogSync } from '../../src/log/sync/types.ts'
import { authorOfSeed, type Hand, handOf } from '../../src/log/testing.ts'
import type { CommunityId, CommunityLog, DeviceId, Entry, EntryId, KeyId, Lane } from '../../src/log/types.ts'
import { systemClock, systemRandom } from '../../src/node/adapters.ts'
import { openDatabase } from '../../src/node/database.ts'
import { homeAt } from '../../src/node/home.ts'

const persons = 8
const writeTogether = 5_000
/** One entry in so many is an act upon the community. */
const actEvery = 3_000
/** On average. */
const msPerEntry = 600

const silent = () => {}
const log: Log = { debug: silent, info: silent, warn: silent, error: silent, child: () => log }

export interface Writer {
  readonly name: string
  readonly did: PersonDid
  readonly hand: Hand
}

export interface Made {
  readonly community: CommunityId
  /** Of a home that is made the founder, on this computer, comes first; then who may remove others. */
  readonly writers: readonly Writer[]
  readonly key: EpochKey
  readonly keyId: KeyId
  readonly heads: readonly Entry[]
}

/** Communities of a home without a network: nobody is ever there. */
export function openAlone(
  identity: Identity,
  database: Database,
  views: Database,
  { reading, clock = systemClock }: { readonly reading?: Reading; readonly clock?: Clock } = {},
) {
  const author = authorOfSeed(identity.deviceSeed)
  const logs = createLogs({ bytesMax: 2 ** 40 })({ clock, log, database, author })
  const sync = {
    join: () => silent,
    on: () => silent,
    status: () => undefined,
    nudge: silent,
    told: () => ({ heard: false, pending: false, seq: 0 }),
  } as unknown as LogSync
  const communities = createCommunities({
    ...{ clock, random: systemRandom, log, database, views, identity, logs, sync },
    ...(reading === undefined ? {} : { reading }),
    selfAddress: () => ({ peerId: identity.peerId as never, addresses: [] }),
  })
  return { logs, communities }
}

export function identityAt(home: string): Promise<Identity> {
  const parts = { clock: systemClock, random: systemRandom, log }
  return openIdentity({ home, passphrase: undefined, deviceName: 'bench', scryptLog2N: 14 })(parts)
}

/** What {@link resume} needs to write on in a home that was made. */
export interface MadeFacts {
  readonly community: CommunityId
  readonly entries: number
  /** Hexadecimal seeds of the members' devices; this computer's is not among them. */
  readonly devices: readonly { readonly name: string; readonly did: PersonDid; readonly seed: string }[]
}

export interface HomeOptions {
  /** All is said in the first channel and with Markdown, instead of in four of them and plainly. */
  readonly isOneChannel?: boolean
}

/** Makes the home of a daemon that was stopped. */
export async function makeHome(home: string, entries: number, options: HomeOptions = {}): Promise<MadeFacts> {
  const identity = await identityAt(home)
  const { database, close } = openDatabase({ path: homeAt(home).database, clock: systemClock })
  // Long ago, so that all that follows has times of its own.
  const startMs = systemClock.nowMs() - entries * msPerEntry
  const clock = { ...systemClock, nowMs: () => startMs }
  const { logs, communities } = openAlone(identity, database, new DatabaseSync(':memory:'), { clock })
  const { id } = await communities.found({ name: 'A large community', memberName: 'Ada' })
  const seeds = await admitAll(communities, id)
  const communityLog = logs.get(id)
  const [key] = createCommunityStore(database, new DatabaseSync(':memory:')).keys(id)
  if (communityLog === undefined || key?.whole === undefined) throw new Error('the community is not there')
  const founding = communityLog.entriesAfter(0, 1)[0]?.entry
  if (founding === undefined) throw new Error('there is no founding entry')
  const last = (device: DeviceId) => communityLog.at(device, communityLog.vector().get(device) ?? 0)
  const writers = [identity.deviceSeed, ...seeds.map(({ device }) => device)].map((seed, at): Writer => {
    const author = authorOfSeed(seed)
    const did = at === 0 ? identity.did : (seeds[at - 1]?.did ?? identity.did)
    return { name: names[at] ?? `${at}`, did, hand: handOf(author, founding, last(author.device)) }
  })
  const made = { community: id, writers, key: key.whole, keyId: key.key }
  writeAll(createLogStore(database), communityLog, made, { entries, startMs, ...options })
  await communities.stop()
  await logs.stop()
  // What each act could know is found out once, as it would have been while they came.
  const again = openAlone(identity, database, new DatabaseSync(':memory:'), { reading: readsNothing })
  await again.communities.start()
  await again.communities.stop()
  await again.logs.stop()
  close()
  const devices = seeds.map(({ device, did }, at) => ({ name: names[at + 1] ?? `${at}`, did, seed: toHex(device) }))
  return { community: id, entries, devices }
}

/** The members of a community that was made, to write on in their names. */
export function resume(facts: MadeFacts, communityLog: CommunityLog, database: Database): Made {
  const [key] = createCommunityStore(database, new DatabaseSync(':memory:')).keys(facts.community)
  const founding = communityLog.entriesAfter(0, 1)[0]?.entry
  if (key?.whole === undefined || founding === undefined) throw new Error('the community is not there')
  const writers = facts.devices.map(({ name, did, seed }): Writer => {
    const author = authorOfSeed(Buffer.from(seed, 'hex'))
    const last = communityLog.at(author.device, communityLog.vector().get(author.device) ?? 0)
    return { name, did, hand: handOf(author, founding, last) }
  })
  const heads = communityLog.heads().flatMap((head) => communityLog.get(head) ?? [])
  return { community: facts.community, writers, key: key.whole, keyId: key.key, heads }
}

const readsNothing: Reading = {
  read: async () => ({ how: 'stopped' }),
  exclusively: async (work) => work(),
}

const names = ['Ada', 'Ben', 'Cid', 'Dan', 'Eve', 'Fay', 'Gil', 'Hal', 'Ida']

async function admitAll(communities: CommunityService, id: CommunityId) {
  const seeds = Array.from({ length: persons }, () => {
    const [person, device] = [randomBytes(32), randomBytes(32)]
    return { person, device, did: didOf(ed25519.getPublicKey(person) as PersonKey) }
  })
  for (const [at, { person, device }] of seeds.entries()) {
    const certificate = issueCertificate({ personSecret: person, deviceSeed: device, issuedMs: 0 }).bytes
    const role = at === 0 ? 'admin' : 'member'
    await communities.gate.admit(id, { certificate, role, memberName: names[at + 1] ?? `${at}`, deviceName: 'desk' })
  }
  return seeds
}

/** An entry of a writer, after what `heads` names. */
export function writeBy(
  { community, key, keyId }: Pick<Made, 'community' | 'key' | 'keyId'>,
  { hand }: Writer,
  heads: readonly Entry[],
  what: { readonly lane: Lane; readonly payload: Payload; readonly nowMs: number },
): Entry {
  const { lane, payload, nowMs } = what
  const place = { community, device: hand.author.device, seq: (hand.last?.seq ?? 0) + 1, lane }
  const sealed = sealContent(laneKeyOf(key, lane), place, encodePayload(payload), systemRandom)
  return hand.write(heads, { nowMs, fields: { key: keyId, lane, sealed } })
}

const laneKeys = new Map<Lane, Uint8Array>()

function laneKeyOf(key: EpochKey, lane: Lane): Uint8Array {
  const known = laneKeys.get(lane) ?? laneKey(key, lane)
  laneKeys.set(lane, known)
  return known
}

export function actPayload(act: KnownAct): Payload {
  return { app: 'community', ...encodeAct(act) }
}

export function chatPayload(act: Act): Payload {
  return { app: 'chat', kind: act.kind, body: writeBody(act) }
}

// ---- what they say

/** The same at each run. */
function createDice(): { below(limit: number): number; uniform(): number } {
  let state = 0x2545f491
  const uniform = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  return { uniform, below: (limit) => Math.floor(uniform() * limit) }
}

const dice = createDice()

/** 8,000 words; the first ones stand in every tenth message, the last ones in one of some thousand. */
const vocabulary = Array.from({ length: 8_000 }, (_, i) => `w${i.toString(36)}${'aeiou'[i % 5]}`)

/** 3 to 30 words, mostly few. */
function sentence(): string {
  const count = 3 + Math.floor(dice.uniform() ** 2 * 28)
  return Array.from({ length: count }, () => vocabulary[Math.floor(dice.uniform() ** 3 * vocabulary.length)]).join(' ')
}

/** What people put around words, one in so many messages each. */
function withMarkdown(text: string): string {
  const [first = '', ...rest] = text.split(' ')
  switch (dice.below(16)) {
    case 0:
      return `**${first}** ${rest.join(' ')}`
    case 1:
      return `${text}\n- ${rest.join('\n- ')}`
    case 2:
      return `https://example.org/${first} ${rest.join(' ')}`
    case 3:
      return `\`\`\`\n${rest.join('\n')}\n\`\`\`\n${first}`
    case 4:
      return `> ${first}\n\n_${rest.join(' ')}_`
    default:
      return text
  }
}

const recentMax = 400

/** Messages that were written not long ago, with whose they are. */
type Recent = { readonly id: EntryId; readonly channel: ChannelId; readonly writer: number }

function somethingSaid(
  writer: number,
  channels: readonly ChannelId[],
  recent: readonly Recent[],
  writers: readonly Writer[],
  isOneChannel: boolean,
): Act {
  const [general = generalChannel] = channels
  const channel = isOneChannel ? general : (channels[Math.floor(dice.uniform() ** 2 * channels.length)] ?? general)
  const text = isOneChannel ? withMarkdown(sentence()) : sentence()
  const chance = dice.uniform()
  const target = recent[dice.below(recent.length)]
  const own = recent.findLast((one) => one.writer === writer)
  if (target !== undefined && chance < 0.12)
    return { kind: 'react', target: target.id, emoji: '👍🎉👀❤😀'.match(/./gu)?.[dice.below(5)] ?? '👍', on: true }
  if (own !== undefined && chance < 0.15) return { kind: 'edit', target: own.id, text, mentions: [] }
  if (own !== undefined && chance < 0.155) return { kind: 'delete', target: own.id }
  const thread = target !== undefined && chance > 0.96 ? target : undefined
  const reply = target !== undefined && chance > 0.9 ? target : undefined
  const mentioned = chance > 0.5 && chance < 0.53 ? [writers[dice.below(writers.length)]?.did ?? ('' as PersonDid)] : []
  return {
    kind: 'message',
    channel: thread?.channel ?? channel,
    text,
    reply: reply?.id,
    thread: thread?.id,
    mentions: mentioned,
    files: [],
  }
}

/** Writes until the log has `entries`; returns its heads. */
function writeAll(
  store: LogStore,
  communityLog: CommunityLog,
  made: Omit<Made, 'heads'>,
  { entries, startMs, isOneChannel = false }: HomeOptions & { readonly entries: number; readonly startMs: number },
): Entry[] {
  const { writers } = made
  const row = store.list().find(({ community }) => community === made.community)
  if (row === undefined) throw new Error('the log is not there')
  const devices = store.devices(row.number)
  const counts = { ...communityLog.counts() }
  let heads = communityLog.heads().flatMap((head) => communityLog.get(head) ?? [])
  let page: Entry[] = []
  const recent: Recent[] = []
  const channels: ChannelId[] = [generalChannel]
  let nowMs = startMs
  const flush = () => {
    for (const entry of page) {
      const {
        number,
        seq,
        entries: count,
        bytes,
        actBytes,
        debt,
        debtMs,
        fork,
      } = devices.get(entry.device) ?? unknownDevice
      const isAct = entry.lane === 0
      const length = entry.bytes.length
      devices.set(entry.device, {
        ...{ number, debt, debtMs, fork, seq: Math.max(seq, entry.seq), entries: count + 1 },
        ...{ bytes: bytes + length, actBytes: actBytes + (isAct ? length : 0) },
      } as never)
      counts.entries += 1
      counts.bytes += length
    }
    const { devices: saved } = store.commit({
      ...{ community: row.number, entries: page, counts, headsAdded: [], headsRemoved: [] },
      devices: new Map(
        [...devices].map(([device, facts]) => [device, { ...facts, number: facts.number || undefined }]),
      ),
    })
    for (const [device, facts] of saved) devices.set(device, facts)
    page = []
  }
  const firstHeads = heads.map(({ id }) => id)
  for (let index = 0; counts.entries + page.length < entries; index++) {
    const at = (index * 7 + (index >> 3) + dice.below(3)) % writers.length
    const writer = writers[at]
    if (writer === undefined) break
    const isAct = index % actEvery === actEvery - 1
    const payload = isAct
      ? actPayload({ kind: 'profile', memberName: `${writer.name} ${index}` })
      : chatPayload(
          index < 3
            ? openChannel(index, channels, made, writer)
            : somethingSaid(at, channels, recent, writers, isOneChannel),
        )
    const device = writer.hand.author.device
    const named =
      writer.hand.last === undefined || index % 2 === 0 ? heads.filter((head) => head.device !== device) : []
    nowMs += 1 + dice.below(2 * msPerEntry - 2)
    const entry = writeBy(made, writer, named.slice(0, 16), { lane: isAct ? 0 : 1, payload, nowMs })
    heads = [...heads.filter((head) => !named.includes(head) && head.device !== device), entry]
    page.push(entry)
    if (payload.kind === 'message') {
      const channel = Buffer.from((payload.body as { channel: Uint8Array }).channel).toString('hex') as ChannelId
      recent.push({ id: entry.id, channel, writer: at })
      if (recent.length > recentMax) recent.shift()
    }
    if (page.length === writeTogether) flush()
  }
  flush()
  const headIds = heads.map(({ id }) => id)
  store.commit({
    ...{ community: row.number, entries: [], devices: new Map(), counts },
    headsRemoved: firstHeads.filter((id) => !headIds.includes(id)),
    headsAdded: headIds.filter((id) => !firstHeads.includes(id)),
  })
  return heads
}

const unknownDevice = { number: 0, seq: 0, entries: 0, bytes: 0, actBytes: 0, debt: 0, debtMs: 0, fork: undefined }

function openChannel(
  index: number,
  channels: ChannelId[],
  { community }: Pick<Made, 'community'>,
  writer: Writer,
): Act {
  const name = ['plans', 'off topic', 'help'][index] ?? 'more'
  const act = {
    kind: 'channel',
    channel: 'open',
    nonce: `${index}`.repeat(32),
    guests: false,
    name,
    topic: '',
  } as const
  channels.push(channelIdOf(community, writer.did, act))
  return act
}
