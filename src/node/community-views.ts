// From the words of community/, log/ and chat/ to the API's. Pure.

import type * as ChatApi from '../api/chat-schemas.ts'
import type * as Api from '../api/community-schemas.ts'
import type { Channel, ChatEvent, Found, Message, Mute, Report } from '../apps/chat/types.ts'
import { sentenceOfVoid } from '../community/sentences.ts'
import type { CommunityFacts, Device, Invite, Keeper, Member, Role, VoidCode } from '../community/types.ts'
import type { PersonDid } from '../identity/types.ts'
import type { SyncPeer } from '../log/sync/types.ts'
import type { DeviceId } from '../log/types.ts'

/** Who looks at it. */
export interface Viewer {
  readonly person: PersonDid
  readonly device: DeviceId
  /** Whether this computer tells others that it is online. */
  readonly presence: boolean
}

export function communityToApi(facts: CommunityFacts, viewer: Viewer): Api.Community {
  const { id, phase, state, self, counts, forks } = facts
  const isReadable = phase !== 'joining' && phase !== 'keeping' && state !== undefined
  const role = self === undefined ? undefined : state?.roles.get(self.role)
  return {
    id,
    phase,
    sentence: sentenceOf(facts, viewer),
    purpose: state?.purpose ?? (facts.direct === undefined ? null : 'direct'),
    direct:
      facts.direct === undefined
        ? null
        : { person: facts.direct.with ?? null, joined: facts.direct.joined, blocked: facts.direct.blocked },
    name: facts.direct !== undefined ? facts.direct.name || null : isReadable ? state.settings.name : null,
    description: isReadable ? state.settings.description : '',
    history: isReadable ? state.settings.history : null,
    self: self === undefined ? null : memberToApi(self, viewer),
    capabilities: self?.state === 'active' ? [...(role?.capabilities ?? [])] : [],
    presence: viewer.presence,
    membersActive: activeMembers(facts).length,
    keepers: state?.keepers.length ?? 0,
    entries: counts.entries,
    reading: facts.reading === undefined ? null : { ...facts.reading },
    bytes: counts.bytes,
    bytesMax: facts.bytesMax ?? null,
    devices: counts.devices,
    voided: state?.voided.size ?? 0,
    forks: forks.map(({ device, seq, entries }) => ({
      device,
      person: personOf(facts, device) ?? null,
      seq,
      entries: [...entries],
    })),
    epoch: state?.keys.at(-1)?.epoch ?? null,
  }
}

function sentenceOf({ phase, otherPerson, direct, state, self, forks }: CommunityFacts, viewer: Viewer): string {
  if (otherPerson === true) return otherPersonSentence
  if (phase === 'open' && forks.some(({ device }) => device === viewer.device)) return forkedHereSentence
  if (phase === 'removed' && self?.state === 'active') return otherDeviceSentence
  if (direct === undefined) return phaseSentences[phase]
  if (direct.blocked) return 'You have blocked the other person: nothing goes there or comes from there.'
  if (phase === 'joining') return 'Waiting until their computer is reached; it goes on by itself.'
  const other = direct.with === undefined ? undefined : state?.members.get(direct.with)
  if (phase !== 'open' || other === undefined || other.state === 'active') return directSentences[phase]
  return 'The other person has left it; what was written can still be read.'
}

const phaseSentences: Readonly<Record<CommunityFacts['phase'], string>> = {
  joining: 'Waiting until somebody of the community is reached; it goes on by itself.',
  open: 'Everything that is written here goes to the others as soon as they are reached.',
  keeping: 'Held for others; it can’t be read on this computer.',
  left: 'You have left it; what was written until then can still be read.',
  removed: 'You are no longer a member; what was written until then can still be read.',
}

const directSentences: Readonly<Record<CommunityFacts['phase'], string>> = {
  ...phaseSentences,
  open: 'What is written here goes to the other person as soon as their computer is reached.',
}

const otherDeviceSentence =
  'You are a member, but not with this computer: add it by another device of yours, or take a new invitation. What was written until then can still be read.'

const forkedHereSentence =
  'This computer wrote two things under one number, as one does that was restored from a copy: nothing more of it is taken. Make it a new device: stop Peerhood, move keystore.json out of the data folder, start it, then add this computer by another of yours, or give your phrase and take a new invitation.'

const otherPersonSentence =
  'It belongs to the person who was on this computer before: nothing can be written until that person is restored.'

const chatSentences: Readonly<Record<string, string>> = {
  message: 'wrote a message.',
  edit: 'edited a message.',
  delete: 'asked everybody to delete a message.',
  react: 'reacted to a message.',
  channel: 'made a channel.',
  'channel-edit': 'changed a channel.',
  sealed: 'wrote in a private channel.',
  'channel-keys': 'handed the key of a private channel on.',
  hide: 'hid a message.',
  unhide: 'showed a hidden message again.',
  mute: 'muted a member.',
  unmute: 'let a muted member write again.',
  report: 'reported a message to the moderators.',
  read: 'noted what was read, for the own devices.',
}

const ledgerSentences: Readonly<Record<string, string>> = {
  validator: 'said whether a computer would validate the ledger.',
  account: 'told their account on the ledger.',
  genesis: 'founded the ledger.',
  change: 'agreed on who is to validate the ledger.',
}

// Maps: a stranger's kind may be called `constructor`.
const appSentences = new Map([
  ['chat', new Map(Object.entries(chatSentences))],
  ['ledger', new Map(Object.entries(ledgerSentences))],
])

/** What an entry of an app does, as the end of a sentence that begins with its author. */
export function appSentence(app: string, kind: string): string {
  const known = appSentences.get(app)?.get(kind)
  return known ?? `wrote “${kind}” for “${app}”, which this version of Peerhood does not know.`
}

function activeMembers({ state }: CommunityFacts): Member[] {
  return [...(state?.members.values() ?? [])].filter((member) => member.state === 'active')
}

function personOf({ state }: CommunityFacts, device: DeviceId): PersonDid | undefined {
  for (const member of state?.members.values() ?? []) {
    if (member.devices.some((one) => one.device === device)) return member.person
  }
  return undefined
}

export function memberToApi(member: Member, viewer: Viewer): Api.Member {
  return {
    ...member,
    admittedBy: member.admittedBy ?? null,
    joinedMs: whole(member.joinedMs),
    self: member.person === viewer.person,
    devices: member.devices.map((device) => deviceToApi(device, viewer)),
  }
}

function deviceToApi(device: Device, viewer: Viewer): Api.Device {
  return { ...device, addedMs: whole(device.addedMs), here: device.device === viewer.device }
}

const builtInRoles: ReadonlySet<string> = new Set(['owner', 'admin', 'member', 'guest'])

export function roleToApi(role: Role): Api.Role {
  return { ...role, capabilities: [...role.capabilities], builtIn: builtInRoles.has(role.name) }
}

export function inviteToApi(invite: Invite): Api.Invite {
  // One that was used up is taken back as well (community/writing.ts); people think of it as used.
  const state = invite.uses >= invite.usesMax ? 'used' : invite.state
  return { ...invite, state, expiresMs: invite.expiresMs ?? null, createdMs: whole(invite.createdMs) }
}

export function keeperToApi({ peer, name, bytesMax, addedMs }: Keeper, sync: SyncPeer | undefined): Api.Keeper {
  return {
    peerId: peer.peerId,
    addresses: [...peer.addresses],
    name,
    bytesMax,
    addedMs: whole(addedMs),
    lastProofMs: sync?.provenMs === undefined ? null : whole(sync.provenMs),
  }
}

export function reasonOf(code: VoidCode): { code: string; sentence: string } {
  return { code, sentence: sentenceOfVoid(code) }
}

export function channelToApi(channel: Channel): ChatApi.Channel {
  return {
    ...channel,
    persons: channel.persons === undefined ? null : [...channel.persons],
    lastMessageMs: channel.lastMessageMs === undefined ? null : whole(channel.lastMessageMs),
  }
}

export function messageToApi(message: Message): ChatApi.Message {
  return {
    ...message,
    sentMs: whole(message.sentMs),
    replyTo: message.replyTo ?? null,
    thread: message.thread ?? null,
    mentions: [...message.mentions],
    attachments: message.attachments.map((attachment) => ({ ...attachment })),
    reactions: message.reactions.map(({ emoji, persons }) => ({ emoji, persons: [...persons] })),
    editedMs: message.editedMs === undefined ? null : whole(message.editedMs),
    hidden: message.hidden ?? null,
  }
}

export function foundToApi({ message, snippet }: Found): ChatApi.FoundMessage {
  return { message: messageToApi(message), snippet: snippet.map((part) => ({ ...part })) }
}

export function reportToApi({ message, by, reason, atMs }: Report): ChatApi.Report {
  return { message: messageToApi(message), by, reason, atMs: whole(atMs) }
}

export function muteToApi({ person, by, reason, sinceMs, untilMs }: Mute): ChatApi.Mute {
  return { person, by, reason, sinceMs: whole(sinceMs), untilMs: untilMs === undefined ? null : whole(untilMs) }
}

export function chatEventToApi(event: ChatEvent) {
  if (event.type === 'message') {
    return { type: 'chat-message', message: messageToApi(event.message), isNew: event.isNew } as const
  }
  if (event.type === 'channel') return { type: 'chat-channel', channel: channelToApi(event.channel) } as const
  return { type: 'chat-rebuilt', community: event.community } as const
}

function whole(value: number): number {
  return Math.max(0, Math.round(value))
}
