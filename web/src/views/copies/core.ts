// Copies as people read them: how many of a share are alive and where, and for whom this computer keeps some. Pure.

import type { Agreement, Copy, CopyKeeper, ShareCopies } from '../../../../src/sdk/types.ts'
import { bytesText, countText, shortText } from '../../format/core.ts'
import type { Tone } from '../../ui/parts.tsx'

/** As many as the daemon takes. */
export const copiesMax = 16

export const numberChoices: readonly { readonly value: string; readonly label: string }[] = Array.from(
  { length: copiesMax + 1 },
  (_, copies) => ({ value: String(copies), label: copies === 0 ? 'None' : countText(copies, 'copy', 'copies') }),
)

/** How much one may agree to keep for one person; these are also what is offered at first. */
export const sizeChoices: readonly { readonly value: string; readonly label: string }[] = [
  { value: '1000000000', label: '1 GB' },
  { value: '10000000000', label: '10 GB' },
  { value: '50000000000', label: '50 GB' },
  { value: '250000000000', label: '250 GB' },
  { value: '1000000000000', label: '1 TB' },
]

/** What a computer is called, else the ends of its id. */
export function computerName({ label, peerId }: { readonly label: string; readonly peerId: string }): string {
  return label === '' ? shortText(peerId, 6, 6) : label
}

/** `2 of 3 copies alive: nas, laptop`; undefined where none are wanted. */
export function aliveText(copies: ShareCopies | undefined): string | undefined {
  if (copies === undefined || copies.copies === 0) return undefined
  const places = copies.where.filter(({ standing }) => standing === 'alive').map(computerName)
  const figures = `${copies.alive} of ${countText(copies.copies, 'copy', 'copies')} alive`
  return places.length === 0 ? figures : `${figures}: ${places.join(', ')}`
}

export function aliveTone({ copies, alive, where }: ShareCopies): Tone {
  if (alive >= copies) return 'good'
  return where.some(({ standing }) => onTheWay.has(standing)) ? 'calm' : 'warn'
}

const onTheWay: ReadonlySet<Copy['standing']> = new Set(['behind', 'arriving', 'checking'])

const standings: Readonly<Record<Copy['standing'], { readonly text: string; readonly tone: Tone }>> = {
  alive: { text: 'Alive', tone: 'good' },
  behind: { text: 'Older version', tone: 'calm' },
  arriving: { text: 'On its way', tone: 'calm' },
  checking: { text: 'Being checked', tone: 'calm' },
  stalled: { text: 'Stands still', tone: 'warn' },
  refused: { text: 'Refused', tone: 'warn' },
  unproven: { text: 'Not shown', tone: 'bad' },
  lost: { text: 'Not reached', tone: 'bad' },
}

export function standingBadge({ standing }: Copy): { readonly text: string; readonly tone: Tone } {
  return standings[standing]
}

export function keeperText({ state, bytesFree }: CopyKeeper): string {
  if (state === 'lost') return 'not reached'
  if (state === 'away') return 'not reached just now'
  return bytesFree === null ? 'here' : `here, ${bytesText(bytesFree)} free for you`
}

/** Their name, else their first two words. */
export function agreedName({ name, words }: Agreement): string {
  return name === '' ? `Somebody (${words.slice(0, 2).join(' ')})` : name
}

export function agreedText({ bytes, bytesMax, copies }: Agreement): string {
  return `${bytesText(bytes)} of ${bytesText(bytesMax)} in ${countText(copies, 'share')}`
}
