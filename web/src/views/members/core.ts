// Members, invites and keepers as people read them. Pure.

import type { Invite, Keeper, Member, Role } from '../../../../src/sdk/types.ts'
import { agoText, bytesText, countText, durationText } from '../../format/core.ts'
import type { Tone } from '../../ui/parts.tsx'

/** `3rd member`: seniority as people say it. The founder is the first. */
export function seniorityText({ seniority, admittedBy }: Member): string {
  if (seniority === 0 && admittedBy === null) return 'founder'
  const place = seniority + 1
  const tail = place % 100 > 10 && place % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th')
  return `${place}${tail} to join`
}

export function rankOf(roles: Iterable<Role>, name: string | undefined): number {
  for (const role of roles) if (role.name === name) return role.rank
  return 0
}

/** Roles that one may give or invite to: of no higher rank than one's own. Highest first. */
export function givableRoles(roles: readonly Role[], own: string | undefined): Role[] {
  const rank = rankOf(roles, own)
  return roles.filter((role) => role.rank <= rank).sort((a, b) => b.rank - a.rank || (a.name < b.name ? -1 : 1))
}

/** Whether one may act upon a member: of a rank not above one's own; owners only by owners. */
export function mayActUpon(roles: readonly Role[], own: string | undefined, member: Member): boolean {
  return member.state === 'active' && rankOf(roles, member.role) <= rankOf(roles, own)
}

const dayMs = 86_400_000

export const expiryChoices: readonly { readonly value: string; readonly label: string }[] = [
  { value: String(dayMs), label: 'In a day' },
  { value: String(7 * dayMs), label: 'In a week' },
  { value: String(30 * dayMs), label: 'In 30 days' },
  { value: '', label: 'Never' },
]

export const usesChoices: readonly { readonly value: string; readonly label: string }[] = [
  { value: '1', label: 'One person' },
  { value: '5', label: '5 people' },
  { value: '25', label: '25 people' },
  { value: '1000', label: 'Many people' },
]

export function inviteState(invite: Invite, nowMs: number): { readonly text: string; readonly tone: Tone } {
  if (invite.state === 'revoked') return { text: 'Revoked', tone: 'calm' }
  if (invite.state === 'used' || invite.uses >= invite.usesMax) return { text: 'Used up', tone: 'calm' }
  if (invite.expiresMs !== null && invite.expiresMs <= nowMs) return { text: 'Expired', tone: 'calm' }
  return { text: 'Open', tone: 'good' }
}

export function isOpen(invite: Invite, nowMs: number): boolean {
  return inviteState(invite, nowMs).text === 'Open'
}

export function inviteFacts(invite: Invite, nowMs: number): string[] {
  const uses =
    invite.usesMax === 1 ? (invite.uses === 0 ? 'for one person' : 'used') : `${invite.uses} of ${invite.usesMax} uses`
  const ends =
    invite.expiresMs === null
      ? 'never expires'
      : invite.expiresMs > nowMs
        ? `expires in ${durationText((invite.expiresMs - nowMs) / 1000)
            .split(' ')
            .slice(0, 2)
            .join(' ')}`
        : ''
  return [uses, isOpen(invite, nowMs) ? ends : '', `made ${agoText(invite.createdMs, nowMs)}`].filter(
    (fact) => fact !== '',
  )
}

/** Open ones first, newest first within. */
export function sortInvites(invites: Iterable<Invite>, nowMs: number): Invite[] {
  return [...invites].sort(
    (a, b) =>
      Number(isOpen(b, nowMs)) - Number(isOpen(a, nowMs)) || b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1),
  )
}

/** What a member’s removal changes, in sentences. */
export function removalTexts(name: string, devices: number): readonly string[] {
  return [
    `${name} goes, with ${countText(devices, 'device')}. A new key is made for those who stay, so ${name} can’t read anything that is written from now on.`,
    `What ${name} has read and keeps stays with them: nobody can take that back. What they wrote stays in the log.`,
    `What ${name} writes without knowing of this does not count, whatever time it carries.`,
  ]
}

/** When a keeper last proved that it holds what it should. */
export function proofText({ lastProofMs }: Keeper, nowMs: number): { readonly text: string; readonly tone: Tone } {
  if (lastProofMs === null) return { text: 'has proved nothing yet', tone: 'warn' }
  const isFresh = nowMs - lastProofMs < dayMs
  return { text: `proved ${agoText(lastProofMs, nowMs)} that it holds all`, tone: isFresh ? 'good' : 'warn' }
}

export function keeperRoomText({ bytesMax }: Keeper): string {
  return `${bytesText(bytesMax)} promised`
}

/** A keeper's address as people paste it: a multiaddr that ends in `/p2p/<peer id>`, or a peer id alone. */
export function parseKeeper(text: string): { readonly peerId: string; readonly addresses: string[] } | undefined {
  const trimmed = text.trim()
  const [, peerId] = /^(?:\/\S+)?\/p2p\/([1-9A-HJ-NP-Za-km-z]{32,128})$/.exec(trimmed) ?? []
  if (peerId !== undefined) return { peerId, addresses: trimmed.startsWith('/p2p/') ? [] : [trimmed] }
  return /^[1-9A-HJ-NP-Za-km-z]{32,128}$/.test(trimmed) ? { peerId: trimmed, addresses: [] } : undefined
}

/** The highest first. */
export function sortRoles(roles: Iterable<Role>): Role[] {
  return [...roles].sort(
    (a, b) => b.rank - a.rank || Number(b.builtIn) - Number(a.builtIn) || (a.name < b.name ? -1 : 1),
  )
}

/** Ranks that a community’s own roles may have. */
export const rankChoices: readonly { readonly value: string; readonly label: string }[] = [
  { value: '0', label: 'Like a guest' },
  { value: '1', label: 'Like a member' },
  { value: '2', label: 'Like an admin' },
]

export function rankText(rank: number): string {
  const label = rankChoices.find(({ value }) => value === String(rank))?.label
  return label === undefined ? `rank ${rank}` : `ranks ${label.toLowerCase()}`
}

/** Why a new role can’t be called so; undefined when it can. */
export function roleNameProblem(name: string, roles: readonly Role[]): string | undefined {
  if (!/^[a-z][a-z0-9.-]{0,31}$/.test(name)) return 'Begin with a letter; then letters, digits, dots and hyphens.'
  return roles.some((role) => role.name === name) ? 'There is a role of this name already.' : undefined
}

/** Whether somebody who has a role loses something by the change. */
export function takesAway(
  role: Role,
  next: { readonly rank: number; readonly capabilities: readonly string[] },
): boolean {
  return next.rank < role.rank || role.capabilities.some((one) => !next.capabilities.includes(one))
}
