// Transfers as people read them. Pure.

import type { Link, Transfer } from '../../../../src/sdk/types.ts'
import { bytesText, countText, durationText, percent, rateText } from '../../format/core.ts'
import type { Tone } from '../../ui/parts.tsx'
import { inviteSentence, keepSentence, requestSentence } from '../communities/core.ts'
import { contactSentence } from '../direct/core.ts'

export function transferName(transfer: Transfer): string {
  return transfer.name ?? (transfer.mode === 'keep' ? 'A share to keep' : 'A share')
}

export function isActive({ state }: Transfer): boolean {
  return state === 'searching' || state === 'preparing' || state === 'transferring'
}

export function isEnded({ state }: Transfer): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled'
}

const states: Readonly<Record<Transfer['state'], { text: string; tone: Tone }>> = {
  searching: { text: 'Searching', tone: 'calm' },
  preparing: { text: 'Preparing', tone: 'calm' },
  transferring: { text: 'Arriving', tone: 'good' },
  paused: { text: 'Paused', tone: 'calm' },
  done: { text: 'Done', tone: 'good' },
  failed: { text: 'Failed', tone: 'bad' },
  cancelled: { text: 'Cancelled', tone: 'calm' },
}

export function stateBadge(transfer: Transfer): { text: string; tone: Tone } {
  return states[transfer.state]
}

/** The figures below the name, most telling first. From how many peers it comes, its sentence says. */
export function transferFacts(transfer: Transfer): string[] {
  const { bytes, bytesDone, bytesReused, files, filesDone, secondsLeft, seconds, state } = transfer
  if (bytes === 0) return []
  if (state === 'done') {
    const speed = seconds > 0 ? `, ${rateText((bytes - bytesReused) / seconds)} on average` : ''
    return [
      bytesText(bytes),
      files > 1 ? countText(files, 'file') : '',
      `${durationText(Math.max(1, seconds))}${speed}`,
    ]
  }
  return [
    `${percent(bytesDone, bytes)} %`,
    `${bytesText(bytesDone)} of ${bytesText(bytes)}`,
    files > 1 ? `${filesDone.toLocaleString('en')} of ${countText(files, 'file')}` : '',
    state === 'transferring' ? rateText(transfer.bytesPerSecond) : '',
    state === 'transferring' && secondsLeft !== null ? `${durationText(Math.max(1, secondsLeft))} left` : '',
  ]
}

/** What taking it off the list means for its files. */
export function removedText(transfer: Transfer): string {
  const kept = transfer.state === 'done' && transfer.mode === 'get'
  return `${transferName(transfer)} is off the list${kept ? '; its files stay where they are' : ''}`
}

/** Under way first, newest first within. */
export function sortTransfers(transfers: Iterable<Transfer>): Transfer[] {
  return [...transfers].sort(
    (a, b) => Number(isEnded(a)) - Number(isEnded(b)) || b.startedAtMs - a.startedAtMs || (a.id < b.id ? -1 : 1),
  )
}

/** What a link turned out to be, in a sentence. */
export function linkSentence(link: Link): string {
  if (link.kind === 'invite') return inviteSentence(link)
  if (link.kind === 'community-keep') return keepSentence(link)
  if (link.kind === 'community-request') return requestSentence(link)
  if (link.kind === 'contact') return contactSentence(link)
  const what = link.visibility === 'private' ? 'A private share' : 'A public share'
  const may = link.kind === 'keep' ? 'that you may keep for others without reading it' : 'that you may read'
  const start =
    link.peers.length === 0
      ? 'It names no peer to start from'
      : `It names ${countText(link.peers.length, 'peer')} to start from`
  return `${what} ${may}. ${start}.`
}
