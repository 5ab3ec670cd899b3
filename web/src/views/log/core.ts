// Entries of a log as people read them. Pure.

import type { ActivityEntry, Member, Verification } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import type { Tone } from '../../ui/parts.tsx'
import { unknownName } from '../community/core.ts'

/** Whether it has an effect; nothing is said of what simply counts. */
export function countsBadge({ counts }: ActivityEntry): { readonly text: string; readonly tone: Tone } | undefined {
  if (counts === null) return { text: 'Sealed here', tone: 'calm' }
  return counts ? undefined : { text: 'Does not count', tone: 'warn' }
}

export function authorName(entry: ActivityEntry): string {
  if (entry.name !== null && entry.name.trim() !== '') return entry.name
  return entry.person === null ? 'Somebody' : unknownName(entry.person)
}

/** Who holds it besides this computer, by name where one is known. */
export function holdersText(holders: readonly string[], members: ReadonlyMap<string, Member>): string {
  if (holders.length === 0) return 'nobody else that is known of; it may be on its way'
  const nameOfPeer = new Map(
    [...members.values()].flatMap(({ name, devices }) =>
      devices.map((device) => [device.peerId, `${name} (${device.name})`]),
    ),
  )
  const known = holders.flatMap((peer) => nameOfPeer.get(peer) ?? [])
  const others = holders.length - known.length
  return [...known, ...(others > 0 ? [countText(others, known.length > 0 ? 'other' : 'peer')] : [])].join(', ')
}

/** The name of a device, when its member is known. */
export function deviceName(device: string, members: ReadonlyMap<string, Member>): string | undefined {
  for (const { devices } of members.values()) {
    const found = devices.find((one) => one.device === device)
    if (found !== undefined) return found.name
  }
  return undefined
}

export function verdictText({ ok, entries, signatures, problemsCount }: Verification): string {
  const looked = `${countText(entries, 'entry', 'entries')} and ${countText(signatures, 'signature')} were checked`
  const wrong = problemsCount === 1 ? '1 is' : `${problemsCount.toLocaleString('en')} are`
  return ok ? `${looked}; all of them hold.` : `${looked}; ${wrong} wrong.`
}
