// What the tests of how one comes in share: communities and a gate that remember what was asked of them, without a log.

import type { CommunityId, DeviceId } from '../log/types.ts'
import type { DeviceTicket, Ticket } from './admission-wire.ts'
import { communityErrors } from './errors.ts'
import type { Gate, Newcomer } from './gate.ts'
import { builtInRoles } from './roles-core.ts'
import type { Communities, CommunityAccess, CommunityFacts, CommunityState } from './types.ts'

export interface FakeHouse {
  readonly communities: Communities
  readonly gate: Gate
  /** What was asked of the gate, as one line each. */
  readonly asked: string[]
  /** Devices that are in. */
  readonly inside: Set<DeviceId>
  /** What this computer takes part in; replace it to change a role or a phase. */
  facts: CommunityFacts[]
}

export const houseOf = (id: CommunityId, role = 'owner'): CommunityFacts => {
  const self = { role, name: 'Ada', state: 'active', devices: [] }
  const state = {
    ...{ id, settings: { name: 'Allotment', description: '', history: 'all' }, members: new Map(), keepers: [] },
    roles: new Map(builtInRoles.map((one) => [one.name, one])),
  } as unknown as CommunityState
  return { id, phase: 'open', self, state, forks: [], bytesMax: undefined } as unknown as CommunityFacts
}

export function createFakeHouse(...facts: CommunityFacts[]): FakeHouse {
  const house: FakeHouse = {
    asked: [],
    inside: new Set(),
    facts,
    communities: {
      list: () => house.facts,
      get: (id: CommunityId) => find(id),
      on: () => () => {},
    } as unknown as Communities,
    gate: {
      checkMayAdmit(id, role) {
        if (find(id).self?.role !== 'owner') throw communityErrors.act_not_allowed('Your role does not allow it.')
        if (role === 'nobody') throw communityErrors.role_unknown('There is no such role.')
      },
      async admit(id, { memberName, role }) {
        house.asked.push(`admit ${memberName} ${role}`)
        return ticketTo(id)
      },
      async addDevice(id, { deviceName }: Omit<Newcomer, 'memberName'>): Promise<DeviceTicket> {
        house.asked.push(`device ${deviceName}`)
        if (find(id).phase !== 'open') throw communityErrors.not_a_member('You have left this community.')
        return { ...ticketTo(id), memberName: 'Ada' }
      },
      ticketOf: (id, device) => (house.inside.has(device) ? ticketTo(id) : undefined),
      async enter(ticket, memberName) {
        house.asked.push(`enter ${ticket.name} as ${memberName}`)
        return houseOf(ticket.community)
      },
      untilOpen: async (id) => find(id),
      personChanged: () => void house.asked.push('person changed'),
    },
  }

  function find(id: CommunityId): CommunityFacts {
    const found = house.facts.find((one) => one.id === id)
    if (found === undefined) throw communityErrors.community_unknown('There is no such community.')
    return found
  }
  return house
}

export function ticketTo(community: CommunityId): Ticket {
  return { community, access: new Uint8Array(32).fill(3) as CommunityAccess, name: 'Allotment', peers: [] }
}
