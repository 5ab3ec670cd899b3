// Conversations with one other person as people read them: who asks, whom one asks, who is blocked. Pure.

import type { Community, Contact, DirectAsk, DirectRequest, Event, Link } from '../../../../src/sdk/types.ts'
import { agoText } from '../../format/core.ts'
import type { Tone } from '../../ui/parts.tsx'

export type ContactLink = Extract<Link, { kind: 'contact' }>

/** As long as the message that goes with a request may be. */
export const textCharsMax = 1000

/** Whether a community is a conversation of two. */
export function isDirect({ purpose, direct }: Pick<Community, 'purpose' | 'direct'>): boolean {
  return purpose === 'direct' || direct !== null
}

/** Those there are: what waits for an answer is shown as a request, and what is blocked apart. */
export function conversationsOf(communities: Iterable<Community>): Community[] {
  return [...communities].filter(
    (community) => isDirect(community) && (community.phase !== 'open' || community.direct?.joined === true),
  )
}

/** Open ones first; of these the last used first. */
export function sortConversations(
  conversations: readonly Community[],
  lastMs: (community: Community) => number,
): Community[] {
  const rank = ({ phase }: Community) => ['joining', 'open', 'left', 'removed', 'keeping'].indexOf(phase)
  return [...conversations].sort((a, b) => rank(a) - rank(b) || lastMs(b) - lastMs(a) || (a.id < b.id ? -1 : 1))
}

/** Who waits for an answer, who asked first on top. */
export function pendingOf(requests: readonly DirectRequest[]): DirectRequest[] {
  return requests
    .filter(({ state }) => state === 'pending')
    .sort((a, b) => a.receivedMs - b.receivedMs || (a.id < b.id ? -1 : 1))
}

const askStates: Readonly<Record<DirectAsk['state'], { readonly text: string; readonly tone: Tone }>> = {
  waiting: { text: 'On its way', tone: 'calm' },
  delivered: { text: 'Delivered', tone: 'calm' },
  accepted: { text: 'Accepted', tone: 'good' },
  crossed: { text: 'They ask you, too', tone: 'good' },
  refused: { text: 'Refused', tone: 'bad' },
  expired: { text: 'No answer', tone: 'warn' },
  failed: { text: 'Came to nothing', tone: 'bad' },
  done: { text: 'Accepted', tone: 'good' },
  cancelled: { text: 'Taken back', tone: 'calm' },
}

export function askBadge({ state }: Pick<DirectAsk, 'state'>): { readonly text: string; readonly tone: Tone } {
  return askStates[state]
}

/** Whether an answer may still come. */
export function isAsking({ state }: Pick<DirectAsk, 'state'>): boolean {
  return state === 'waiting' || state === 'delivered' || state === 'accepted' || state === 'crossed'
}

export function askFacts({ askedMs, reachedMs }: DirectAsk, nowMs: number): string[] {
  const reached = reachedMs === null ? [] : [`their computer reached ${agoText(reachedMs, nowMs)}`]
  return [`asked ${agoText(askedMs, nowMs)}`, ...reached]
}

/** How somebody is called whose name one may not know: by the first of their words. */
export function personName({
  name,
  words,
}: {
  readonly name: string | null
  readonly words: readonly string[]
}): string {
  return name === null || name === '' ? words.slice(0, 2).join(' ') : name
}

export function wordsText(words: readonly string[]): string {
  return words.join(' ')
}

/** What a contact link says before anybody is reached, in a sentence. */
export function contactSentence(link: ContactLink): string {
  return `With it you ask ${personName(link)} to talk with you.`
}

export const whoOptions: readonly { readonly value: Contact['who']; readonly label: string }[] = [
  { value: 'link', label: 'Everybody with my link' },
  { value: 'community', label: 'Only people in a community with me' },
  { value: 'nobody', label: 'Nobody' },
]

/** What happened, in a line; undefined when it is no news of this sort. */
export function directNews(event: Event): string | undefined {
  if (event.type === 'direct-request' && event.request.state === 'pending') {
    return `${event.request.name} asks to talk with you`
  }
  if (event.type !== 'direct-ask') return undefined
  const name = personName(event.ask)
  if (event.ask.state === 'done') return `${name} has said yes: you can talk`
  return event.ask.state === 'refused' ? `${name} has refused your request` : undefined
}
