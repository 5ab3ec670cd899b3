// Codes, requests and own devices as people read them. Pure.

import type { Applicant, Ask, Code, CodeEnded, DeviceAdded, Event, OwnDevice } from '../../../../src/sdk/types.ts'
import { agoText, countText } from '../../format/core.ts'
import type { Tone } from '../../ui/parts.tsx'

const minuteMs = 60_000

/** How long a code is still good: whole minutes, as nobody hurries for seconds. */
export function leftText({ expiresMs }: Pick<Code, 'expiresMs'>, nowMs: number): string {
  const leftMs = expiresMs - nowMs
  if (leftMs <= 0) return 'its time is over'
  if (leftMs < minuteMs) return 'less than a minute left'
  return `${countText(Math.ceil(leftMs / minuteMs), 'minute')} left`
}

export function triesText({ triesLeft }: Pick<Code, 'triesLeft'>): string {
  return triesLeft === 1 ? 'one try left' : `${triesLeft} tries left`
}

/** The one to show of those that are open: made last. Those in `over` have ended, whatever an older reading says. */
export function newestCode(codes: readonly Code[], over: ReadonlySet<number>): Code | undefined {
  return codes.filter(({ nameplate }) => !over.has(nameplate)).sort((a, b) => b.expiresMs - a.expiresMs)[0]
}

export interface Told {
  readonly tone: Tone
  readonly title: string
  readonly text: string
}

/** What came of a code, for whoever made it. */
export function endedText({ outcome, kind, guest, problem }: CodeEnded): Told {
  const name = guest ?? (kind === 'member' ? 'Somebody' : 'The computer')
  switch (outcome) {
    case 'used':
      return kind === 'member'
        ? { tone: 'good', title: `${name} is in`, text: 'That code is used up. The next one to come needs a new one.' }
        : { tone: 'good', title: `${name} is yours now`, text: 'Your communities open there as their entries arrive.' }
    case 'void':
      return {
        tone: 'bad',
        title: 'This code is void',
        text: 'It was guessed at too often, and let nobody in. Make a new one, and say it only to the one it is meant for: somebody near you may be guessing.',
      }
    case 'expired':
      return { tone: 'warn', title: 'The time of this code is over', text: 'Nobody came with it. Make a new one.' }
    case 'cancelled':
      return { tone: 'calm', title: 'This code is cancelled', text: 'It lets nobody in any more.' }
    case 'failed':
      return {
        tone: 'bad',
        title: 'Nobody was let in',
        text: `${problem?.sentence ?? 'The other computer was there, and it broke off.'} Make a new code and try again.`,
      }
  }
}

/** What a new device of one’s own has got. */
export function addedText({ communities, missed }: DeviceAdded): string {
  const where =
    communities === 0
      ? 'You are in no community yet, so there was nothing to hand over but who you are.'
      : `It is in ${countText(communities, 'community', 'communities')} with you; they open as their entries arrive.`
  return missed === 0
    ? where
    : `${where} ${countText(missed, 'community', 'communities')} could not be opened there; the logs of both computers say why.`
}

/** Those who wait, who asked first on top. */
export function pendingOf(requests: readonly Applicant[]): Applicant[] {
  return requests
    .filter(({ state }) => state === 'pending')
    .sort((a, b) => a.askedMs - b.askedMs || (a.device < b.device ? -1 : 1))
}

const askStates: Readonly<Record<Ask['state'], { readonly text: string; readonly tone: Tone }>> = {
  asking: { text: 'Asking', tone: 'calm' },
  refused: { text: 'Refused', tone: 'bad' },
  unanswered: { text: 'No answer', tone: 'warn' },
  admitted: { text: 'Let in', tone: 'good' },
}

export function askBadge({ state }: Ask): { readonly text: string; readonly tone: Tone } {
  return askStates[state]
}

/** How a community is called that one is not in yet: as the link has it. */
export function askedName({ name }: Pick<Ask, 'name'>): string {
  return name ?? 'A community'
}

export function askFacts({ memberName, askedMs, reachedMs }: Ask, nowMs: number): string[] {
  return [
    `as ${memberName}`,
    `asked ${agoText(askedMs, nowMs)}`,
    reachedMs === null ? 'no member reached yet' : `a member’s computer reached ${agoText(reachedMs, nowMs)}`,
  ]
}

/** This computer first, then by name. */
export function sortDevices(devices: readonly OwnDevice[]): OwnDevice[] {
  return [...devices].sort(
    (a, b) => Number(b.here) - Number(a.here) || a.name.localeCompare(b.name, 'en') || (a.device < b.device ? -1 : 1),
  )
}

/** What happened, in a line; undefined when it is no news of this sort, or its dialog says it. */
export function admissionNews(event: Event, nameOf: (community: string) => string): string | undefined {
  if (event.type === 'code-ended') {
    const { outcome, kind, guest, community } = event.ended
    if (outcome === 'void') return 'A code was guessed at too often: it is void, and nobody was let in'
    if (outcome !== 'used' || kind !== 'member' || guest === null || community === null) return undefined
    return `${guest} is in ${nameOf(community)}`
  }
  if (event.type === 'join-request') {
    const { memberName, community } = event.request
    return `${memberName} asks to be let into ${nameOf(community)}`
  }
  if (event.type === 'device-added') return `${event.device.name} is one of your devices now`
  if (event.type !== 'ask') return undefined
  const name = askedName(event.ask)
  if (event.ask.state === 'admitted') return `You were let into ${name}`
  return event.ask.state === 'refused' ? `${name} has refused you` : undefined
}
