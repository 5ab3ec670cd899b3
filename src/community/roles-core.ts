// What roles are: a rank, which says whom one may act upon, and capabilities, which say what one may do. Four are built
// in and stay as they are; communities make others. docs/protocol/community.md, "Roles".

import type { Capability, Purpose, Role } from './types.ts'

/** Stands for every capability, those of apps included; only built-in roles have it. */
export const everything = '*' as Capability

const names = (...capabilities: string[]) => capabilities as Capability[]

export const builtInRoles: readonly Role[] = [
  { name: 'owner', rank: 3, capabilities: [everything] },
  { name: 'admin', rank: 2, capabilities: [everything] },
  { name: 'member', rank: 1, capabilities: names('invite', 'post') },
  { name: 'guest', rank: 0, capabilities: [] },
]

/**
 * What a role allows otherwise where a community is a conversation of two: both are members for ever, neither acts upon the
 * other, and either may name a keeper for the two.
 */
export const rolesOfTwo: readonly Role[] = [
  { name: 'member', rank: 1, capabilities: names('invite', 'keepers', 'post') },
]

/** What the founder is. */
export const foundersRole: Readonly<Record<Purpose, string>> = { group: 'owner', direct: 'member' }

/** What remains to somebody whose role is not there (its definition turned out void). */
export const noRole: Role = { name: '', rank: 0, capabilities: [] }

export function hasCapability(role: Role, capability: string): boolean {
  return role.capabilities.some((one) => one === everything || one === capability)
}

/** Whether whoever has `role` loses nothing by it, coming from `other`. */
export function covers(role: Role, other: Pick<Role, 'rank' | 'capabilities'>): boolean {
  return role.rank >= other.rank && other.capabilities.every((one) => hasCapability(role, one))
}

/** What both allow: judges an act that did not know that its author's role was lowered. */
export function narrow(role: Role, limit: Role): Role {
  const rank = Math.min(role.rank, limit.rank)
  if (limit.capabilities.includes(everything)) return { ...role, rank }
  const capabilities = limit.capabilities.filter((one) => hasCapability(role, one))
  return { ...role, rank, capabilities }
}
