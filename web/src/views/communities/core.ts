// Communities in a list, and what a link into one says. Pure.

import type { Community, Link } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import type { Tone } from '../../ui/parts.tsx'
import { communityName } from '../community/core.ts'

export type InviteLink = Extract<Link, { kind: 'invite' }>
export type KeepLink = Extract<Link, { kind: 'community-keep' }>
export type RequestLink = Extract<Link, { kind: 'community-request' }>

const phases: Readonly<Record<Community['phase'], { readonly text: string; readonly tone: Tone } | undefined>> = {
  joining: { text: 'Joining', tone: 'calm' },
  open: undefined,
  keeping: { text: 'Kept for others', tone: 'calm' },
  left: { text: 'You left', tone: 'calm' },
  removed: { text: 'You were removed', tone: 'bad' },
}

export function phaseBadge({ phase }: Community): { readonly text: string; readonly tone: Tone } | undefined {
  return phases[phase]
}

/** Open ones first, by name. */
export function sortCommunities(communities: Iterable<Community>): Community[] {
  const rank = ({ phase }: Community) => ['open', 'joining', 'keeping', 'left', 'removed'].indexOf(phase)
  return [...communities].sort(
    (a, b) => rank(a) - rank(b) || communityName(a).localeCompare(communityName(b), 'en') || (a.id < b.id ? -1 : 1),
  )
}

export function membersText(community: Community, online: number): string {
  if (community.phase === 'keeping') return ''
  const members = countText(community.membersActive, 'member')
  return online === 0 ? members : `${members}, ${online} online`
}

/** What a link into a community says before anybody is reached, in a sentence. */
export function inviteSentence(link: InviteLink): string {
  const into =
    link.name === null ? 'An invite into a community that does not say its name' : `An invite into ${link.name}`
  return `${into}. ${startSentence(link.peers.length)}`
}

export function keepSentence(link: KeepLink): string {
  return `It lets this computer hold a community for its members, without being able to read it. ${startSentence(link.peers.length)}`
}

export function requestSentence(link: RequestLink): string {
  const into = link.name === null ? 'a community that does not say its name' : link.name
  return `With it you ask to be let into ${into}; a member decides. ${startSentence(link.peers.length)}`
}

export function startSentence(peers: number): string {
  return peers === 0 ? 'It names no peer to start from.' : `It names ${countText(peers, 'peer')} to start from.`
}

/** What one is called in a community before one has said so: as elsewhere, else as the computer is. */
export function memberNameGuess(communities: Iterable<Community>, deviceName: string): string {
  for (const { self } of communities) if (self !== null && self.name.trim() !== '') return self.name
  return deviceName
}

/** Room that a kept community may take. */
export const roomChoices: readonly { readonly value: string; readonly label: string }[] = [
  { value: '104857600', label: '100 MB' },
  { value: '1073741824', label: '1 GB' },
  { value: '10737418240', label: '10 GB' },
  { value: '107374182400', label: '100 GB' },
]
