// Who comes in without an invitation: a member writes that a device is let in, and hands it a ticket (the community's id,
// its access, where to start); with the ticket the device opens the community and waits for the log that says so.
//
//   certificate ──admit──► `admit` or `device`, with a lockbox of the key ──► ticket ──enter──► joining ──(log)──► open
//
// Must stay true: a ticket is handed out only when the act that lets in is in the log on disk; nobody is given a role that
// whoever lets them in has not; where newcomers may not read the past, the key they get is a fresh one.

import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import type { PeerAddress } from '../network/types.ts'
import type { DeviceTicket, Ticket } from './admission-wire.ts'
import { communityErrors } from './errors.ts'
import { type Certified, certificate as certificateField } from './fields-wire.ts'
import { keeperAddressCharactersMax, keeperAddressesMax, ticketPeersMax } from './limits.ts'
import { hasCapability, noRole } from './roles-core.ts'
import type { Room } from './room.ts'
import type { Hall, Open } from './service.ts'
import type { CommunityRow } from './store.ts'
import type { CommunityFacts, CommunityState, Device } from './types.ts'
import { handOnOwed, mustHave, selfIn, startAnew, write } from './writing.ts'

export interface Newcomer {
  /** The bytes of a certificate that was verified, of the device that is to come in. */
  readonly certificate: Uint8Array
  readonly memberName: string
  readonly deviceName: string
}

/** What the services that let people in need of communities. Throws `communityErrors` and those of log/ only. */
export interface Gate {
  /** Throws unless this person may let somebody in with the role. */
  checkMayAdmit(id: CommunityId, role: string): void
  /** Lets a device in with its person; another device of one's own person is added. Throws `already_member`. */
  admit(id: CommunityId, newcomer: Newcomer & { readonly role: string }): Promise<Ticket>
  /** Adds a device of this person, with the keys to all that they may read. */
  addDevice(id: CommunityId, newcomer: Omit<Newcomer, 'memberName'>): Promise<DeviceTicket>
  /** The ticket again for a device that is in; undefined when it is not. */
  ticketOf(id: CommunityId, device: DeviceId): Ticket | undefined
  /** Opens what a ticket leads to; resolves at once, while it is `joining` perhaps. `direct`: with whom a conversation is. */
  enter(ticket: Ticket, memberName: string, direct?: CommunityRow['direct']): Promise<CommunityFacts>
  /** Resolves when a community that was entered is open. The signal ends the wait, not the joining. */
  untilOpen(id: CommunityId, signal: AbortSignal | undefined): Promise<CommunityFacts>
  /** This computer has become another person's: what it takes part in looks different. */
  personChanged(): void
}

export function createGate(hall: Hall): Gate {
  const { clock, identity } = hall
  const writing = { self: () => identity.did, nowMs: () => clock.nowMs() }

  async function addDevice(id: CommunityId, { certificate, deviceName }: Omit<Newcomer, 'memberName'>) {
    const room = hall.writable(id)
    const { device, person, ...certified } = certificateField.read(certificate)
    const self = selfIn(room.state, identity.did)
    if (person !== self.person) throw communityErrors.device_not_expected('It is the device of somebody else.')
    checkOwner(room.state, { person, device })
    if (activeDevice(room.state, device) === undefined) {
      const act = { kind: 'device', certificate: { device, person, ...certified }, deviceName } as const
      await write(room, act, writing, { devices: [device] })
    }
    await handOnOwed(room, writing)
    return { ...ticketTo(hall, id, room), memberName: self.name }
  }

  return {
    checkMayAdmit: (id, role) => checkMayAdmit(hall.writable(id).state, identity.did, role),
    async admit(id, { role, ...newcomer }) {
      const room = hall.writable(id)
      checkMayAdmit(room.state, identity.did, role)
      const certified = certificateField.read(newcomer.certificate)
      if (isIn(room.state, certified)) return ticketTo(hall, id, room)
      checkOwner(room.state, certified)
      if (certified.person === identity.did) return addDevice(id, newcomer)
      if (room.state.members.get(certified.person)?.state === 'active') {
        throw communityErrors.already_member('This person is a member already, with another device.')
      }
      await startAnew(room, writing)
      const { memberName, deviceName } = newcomer
      const act = { kind: 'admit', certificate: certified, role, memberName, deviceName } as const
      await write(room, act, writing, { devices: [certified.device] })
      return ticketTo(hall, id, room)
    },
    addDevice,
    ticketOf(id, device) {
      const open = hall.opened.get(id)
      if (open?.room === undefined || open.row.phase !== 'open') return undefined
      return activeDevice(open.room.state, device) === undefined ? undefined : ticketTo(hall, id, open.room)
    },
    enter: (ticket, memberName, direct) => enter(hall, ticket, memberName, direct),
    async untilOpen(id, signal) {
      const open = hall.find(id)
      if (open.row.phase === 'joining') await untilJoined(hall, open, signal)
      return hall.facts(open)
    },
    personChanged() {
      for (const [id, open] of hall.opened) {
        // With another keystore it may be this person's again, and another device.
        hall.notice(open)
        hall.changed(id)
      }
    },
  }
}

/** Throws `not_a_member`, `act_not_allowed`, `act_outranked`, `role_unknown`. */
function checkMayAdmit(state: CommunityState, self: PersonDid, name: string): void {
  mustHave(state, self, 'approve')
  const own = state.roles.get(selfIn(state, self).role) ?? noRole
  const role = state.roles.get(name)
  if (role === undefined) throw communityErrors.role_unknown(`There is no role ${name}.`)
  if (role.rank > own.rank) throw communityErrors.act_outranked(`The role ${name} is higher than your own.`)
  if (!role.capabilities.every((one) => hasCapability(own, one))) {
    throw communityErrors.act_not_allowed(`The role ${name} allows what your own does not.`)
  }
}

/** A device is one person's for ever: by its old entries, which others have. Throws `already_member`. */
function checkOwner(state: CommunityState, { person, device }: Pick<Certified, 'person' | 'device'>): void {
  for (const member of state.members.values()) {
    if (member.person === person || !member.devices.some((one) => one.device === device)) continue
    throw communityErrors.already_member('This computer takes part in the community as another member’s.', {
      hint: 'Use another computer, or another data folder, for this person.',
    })
  }
}

function activeDevice(state: CommunityState, id: DeviceId): Device | undefined {
  for (const member of state.members.values()) {
    const device = member.devices.find((one) => one.device === id)
    if (device !== undefined) return member.state === 'active' && device.state === 'active' ? device : undefined
  }
  return undefined
}

function isIn(state: CommunityState, { person, device }: Certified): boolean {
  const member = state.members.get(person)
  return member?.state === 'active' && member.devices.some((one) => one.device === device && one.state === 'active')
}

/** This computer first, then those that are always on. */
function ticketTo(hall: Hall, id: CommunityId, { state }: Room): Ticket {
  const peers = [hall.selfAddress(), ...state.keepers.map(({ peer }) => peer)].slice(0, ticketPeersMax)
  return { community: id, access: hall.find(id).row.access, name: state.settings.name, peers: peers.map(plainAddress) }
}

/** Addresses without the peer's id at their end, which goes with them anyway; what is past the limits is left out. */
export function plainAddress({ peerId, addresses }: PeerAddress): PeerAddress {
  const suffix = `/p2p/${peerId}`
  const plain = addresses
    .map((address) => (address.endsWith(suffix) ? address.slice(0, -suffix.length) : address))
    .filter((address) => address !== '' && address.length <= keeperAddressCharactersMax)
  return { peerId, addresses: plain.slice(0, keeperAddressesMax) }
}

async function enter(
  hall: Hall,
  ticket: Ticket,
  memberName: string,
  direct: CommunityRow['direct'],
): Promise<CommunityFacts> {
  const { community: id, access, peers } = ticket
  const known = hall.opened.get(id)
  if (known !== undefined) {
    const { phase, person } = known.row
    if (phase === 'open' && person === hall.identity.did) return hall.facts(known)
    // Made with the community, for ever: another one would cut us off from those who have the right one.
    if (phase !== 'joining' && Buffer.compare(access, known.row.access) !== 0) {
      throw communityErrors.admission_malformed('The other computer handed over another access than the community has.')
    }
    // What is kept for others has a quota and no keys; the entries of what we took part in stay.
    await (phase === 'keeping' ? hall.forget(known) : hall.close(known))
  }
  const row: CommunityRow = {
    ...{ id, person: hall.identity.did, phase: 'joining', access, inviteSeed: undefined, memberName, peers },
    ...{ bytesMax: undefined, addedMs: hall.clock.nowMs(), ...(direct === undefined ? {} : { direct }) },
  }
  hall.store.put(row)
  const open = await hall.open(row)
  hall.sync.nudge(id)
  hall.changed(id)
  return hall.facts(open)
}

/** Waits until a community that is being joined is open. The signal ends the wait, not the joining: that goes on. */
export async function untilJoined(hall: Hall, open: Open, signal: AbortSignal | undefined): Promise<void> {
  const joined = Promise.withResolvers<void>()
  open.joiners.add(joined)
  const onAbort = () => joined.reject(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    signal?.throwIfAborted()
    hall.sync.nudge(open.row.id)
    await joined.promise
  } finally {
    open.joiners.delete(joined)
    signal?.removeEventListener('abort', onAbort)
  }
}
