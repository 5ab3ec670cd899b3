// Members of a community as people read them: who is called what, who is there, what a role allows. Pure.

import type { Channel, Community, Member, Presence } from '../../../../src/sdk/types.ts'
import { shortText } from '../../format/core.ts'

/** Of a person whose name is not known here (yet): enough to tell two of them apart. */
export function unknownName(person: string): string {
  return shortText(person.replace(/^did:key:/, ''), 5, 5)
}

export function nameOf(members: ReadonlyMap<string, Member>, person: string): string {
  const name = members.get(person)?.name.trim()
  return name === undefined || name === '' ? unknownName(person) : name
}

/** One or two letters for a picture: `Ada Lovelace` → `AL`. */
export function initialsOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return letters.map((word) => [...(word ?? '')][0]?.toLocaleUpperCase('en') ?? '').join('') || '?'
}

export const hueCount = 8

/** A colour that stays with a person or community, whatever it is called. */
export function hueOf(id: string): number {
  let hash = 0
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 65_521
  return hash % hueCount
}

/** Whether the role of this computer's person allows something: a word of the community, or of chat. */
export function may(community: Pick<Community, 'capabilities' | 'phase'>, capability: string): boolean {
  const { capabilities, phase } = community
  if (phase !== 'open') return false
  return [everything, capability, `chat.${capability}`].some((one) => capabilities.includes(one))
}

/** Whether one may write in a channel, as far as roles tell. */
export function mayWrite(community: Community, channel: Channel): boolean {
  if (channel.archived || community.phase !== 'open' || community.direct?.blocked === true) return false
  return channel.guests || may(community, channel.kind === 'announce' ? 'announce' : 'post')
}

export function isOnline(presence: ReadonlyMap<string, Presence> | undefined, person: string): boolean {
  return presence?.get(person)?.state === 'online'
}

/** Others who are there now. */
export function onlineCount(presence: ReadonlyMap<string, Presence> | undefined, self: string | undefined): number {
  return [...(presence?.values() ?? [])].filter(({ person, state }) => state === 'online' && person !== self).length
}

/** Members by seniority, those who are in before those who left. */
export function sortMembers(members: Iterable<Member>): Member[] {
  const rank = ({ state }: Member) => (state === 'active' ? 0 : 1)
  return [...members].sort((a, b) => rank(a) - rank(b) || a.seniority - b.seniority)
}

// Maps: a community may call a role of its own, or what it allows, `constructor`.
const roleWords = new Map([
  ['owner', 'Owner'],
  ['admin', 'Admin'],
  ['member', 'Member'],
  ['guest', 'Guest'],
])

export function roleText(role: string): string {
  return roleWords.get(role) ?? role
}

/** What an owner may. */
const everything = '*'

const capabilityWords = new Map([
  ['invite', 'invite others'],
  ['approve', 'let people in who ask'],
  ['remove', 'remove members'],
  ['roles', 'give roles'],
  ['settings', 'change the settings'],
  ['keepers', 'name keepers'],
  ['post', 'write'],
  ['moderate', 'hide messages and mute'],
  ['chat.moderate', 'hide messages and mute'],
  ['chat.announce', 'write announcements'],
])

/** What a role of the community’s own may allow. */
export const capabilityChoices: readonly { readonly value: string; readonly label: string }[] = [
  'post',
  'chat.announce',
  'invite',
  'approve',
  'moderate',
  'remove',
  'roles',
  'settings',
  'keepers',
].map((value) => {
  const words = capabilityWords.get(value) ?? value
  return { value, label: words.charAt(0).toUpperCase() + words.slice(1) }
})

/** What a role allows, in words; `reads only` when it allows nothing. */
export function capabilitiesText(capabilities: readonly string[]): string {
  if (capabilities.includes(everything)) return 'may do everything'
  const words = new Set(capabilities.map((capability) => capabilityWords.get(capability) ?? capability))
  return words.size === 0 ? 'reads only' : [...words].join(', ')
}

export interface Unread {
  readonly unread: number
  readonly mentions: number
}

/** Of all channels that are not put away. */
export function unreadOf(channels: Iterable<Channel>): Unread {
  let [unread, mentions] = [0, 0]
  for (const channel of channels) {
    if (channel.archived) continue
    unread += channel.unread
    mentions += channel.mentions
  }
  return { unread, mentions }
}

/** `12`, and from a thousand on `999+`, which is as far as the daemon counts. */
export function badgeText(count: number): string {
  return count > 999 ? '999+' : String(count)
}

export function communityName(community: Pick<Community, 'name' | 'phase' | 'id' | 'direct'>): string {
  if (community.name !== null) return community.name
  if (community.direct !== null) return unknownName(community.direct.person ?? community.id)
  return community.phase === 'keeping' ? 'A community that is kept for others' : 'A community'
}

/** How a channel is called: direct ones after the other person, or after oneself. */
export function channelName(channel: Channel, members: ReadonlyMap<string, Member>, self: string | undefined): string {
  if (channel.kind !== 'direct') return channel.name
  const others = (channel.persons ?? []).filter((person) => person !== self)
  return others.length === 0 ? 'Notes to myself' : others.map((person) => nameOf(members, person)).join(', ')
}

export interface ChannelGroups {
  readonly channels: readonly Channel[]
  readonly direct: readonly Channel[]
  readonly archived: readonly Channel[]
}

/** `general` first, then by name; direct ones by what was written last. */
export function groupChannels(channels: Iterable<Channel>): ChannelGroups {
  const all = [...channels]
  const isFirst = ({ id }: Channel) => /^0+$/.test(id)
  const byName = (a: Channel, b: Channel) =>
    Number(isFirst(b)) - Number(isFirst(a)) || a.name.localeCompare(b.name, 'en') || (a.id < b.id ? -1 : 1)
  const byTime = (a: Channel, b: Channel) => (b.lastMessageMs ?? 0) - (a.lastMessageMs ?? 0) || (a.id < b.id ? -1 : 1)
  return {
    channels: all.filter(({ kind, archived }) => kind !== 'direct' && !archived).sort(byName),
    direct: all.filter(({ kind, archived }) => kind === 'direct' && !archived).sort(byTime),
    archived: all.filter(({ archived }) => archived).sort(byName),
  }
}

/** Where one begins: the first channel. */
export function firstChannel(channels: Iterable<Channel>): Channel | undefined {
  const groups = groupChannels(channels)
  return groups.channels[0] ?? groups.direct[0]
}

/** What a channel's kind means for its readers. */
export const kindTexts: Readonly<Record<Channel['kind'], string>> = {
  open: 'All members read and write.',
  announce: 'All members read; those who may announce write.',
  private: 'Only those who were added see it.',
  direct: 'Only the two of you.',
}
