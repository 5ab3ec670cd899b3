// What chat needs to know of a community's members: who is active, with which devices, and what a role allows before
// anything is written. What counts once it is written, the entry's own rights say (core.ts).

import { hasCapability } from '../../community/roles-core.ts'
import type { Communities, CommunityState } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId, DeviceId } from '../../log/types.ts'
import { type Rights, rightsOf } from './core.ts'
import { chatErrors } from './errors.ts'
import { channelDevicesMax } from './limits.ts'

/** Throws `community_unreadable`, and what community/ throws for one that is unknown. */
export function stateOf(communities: Communities, id: CommunityId): CommunityState {
  const { state } = communities.get(id)
  if (state !== undefined) return state
  throw chatErrors.community_unreadable('The entries of this community can’t be read here yet.')
}

export function rightsOfMember(state: CommunityState, person: PersonDid): Rights {
  const member = state.members.get(person)
  const role = member?.state === 'active' ? state.roles.get(member.role) : undefined
  return rightsOf((capability) => role !== undefined && hasCapability(role, capability))
}

export function isActive(state: CommunityState, person: PersonDid): boolean {
  return state.members.get(person)?.state === 'active'
}

/** Active devices of those of `persons` who are members now. */
export function devicesOf(state: CommunityState, persons: readonly PersonDid[]): readonly DeviceId[] {
  return persons.flatMap((person) => {
    const member = state.members.get(person)
    if (member?.state !== 'active') return []
    return member.devices.filter((device) => device.state === 'active').map((device) => device.device)
  })
}

/** Who gets reports: all who moderate, by seniority, as long as their devices fit into one entry. */
export function moderatorsOf(state: CommunityState): readonly PersonDid[] {
  const all = [...state.members.values()].filter(({ person }) => rightsOfMember(state, person).moderate)
  let devices = 0
  return all
    .sort((a, b) => a.seniority - b.seniority)
    .filter(({ person }) => {
      devices += devicesOf(state, [person]).length
      return devices <= channelDevicesMax
    })
    .map(({ person }) => person)
}
