// How much the devices of a community may write, by their person's role. docs/protocol/community.md, "Pace". Local: it decides
// what is taken and passed on now, never what counts; log/pace-core.ts says how it is reckoned.

import { strangers } from '../log/core.ts'
import type { Allowance, Allowances, DeviceId } from '../log/types.ts'
import { adminAllowance, guestAllowance, memberAllowance, ownerAllowance, strangersAllowance } from './limits.ts'
import { hasCapability, noRole } from './roles-core.ts'
import type { CommunityState, Member, Role } from './types.ts'

type Pace = Omit<Allowance, 'group'>

/** What built-in members may; whoever may do more than that looks after the community. */
const ordinary: ReadonlySet<string> = new Set(['invite', 'post'])

const ownersRank = 3

export function paceOf(role: Role): Pace {
  if (role.rank >= ownersRank) return ownerAllowance
  if (role.capabilities.some((one) => !ordinary.has(one) && isOfCommunity(one))) return adminAllowance
  return hasCapability(role, 'post') ? memberAllowance : guestAllowance
}

/** Capabilities of apps (`chat.moderate`) make nobody an administrator. */
function isOfCommunity(capability: string): boolean {
  return !capability.includes('.')
}

/** Of everybody: who is a member no more writes nothing that counts, and is taken only as others' entries name it. */
export function allowancesOf({ members, roles }: Pick<CommunityState, 'members' | 'roles'>): Allowances {
  const devices = new Map<DeviceId, Allowance>()
  for (const member of members.values()) {
    const pace = paceOfMember(member, roles)
    for (const { device } of member.devices) devices.set(device, { ...pace, group: member.person })
  }
  return { devices, others: { ...strangersAllowance, group: strangers } }
}

function paceOfMember({ state, role }: Member, roles: CommunityState['roles']): Pace {
  return state === 'active' ? paceOf(roles.get(role) ?? noRole) : guestAllowance
}

/** Who keeps a community for others knows nobody's role: every device as an owner's. */
export const keptAllowances: Allowances = { devices: new Map(), others: { ...ownerAllowance, group: undefined } }
