// How people and devices come into communities without an invitation. Wires the codes that are said aloud (meet/,
// code-desk.ts), those who ask (request-desk.ts, asking.ts) and new devices (device-adding.ts) to the gate of communities.
//
//   openCode ──► code ──(spoken)──► enter ──► gate.admit at the host ──► ticket ──► gate.enter at the guest
//
// Must stay true: codes, tickets and phrases are in no log line, no event and no error.

import type { Database } from '../base/database.ts'
import { Emitter } from '../base/events.ts'
import type { Cancel, Clock, Log, Random } from '../base/ports.ts'
import type { Identity } from '../identity/types.ts'
import type { CommunityId } from '../log/types.ts'
import type { Network, PeerAddress, PeerId } from '../network/types.ts'
import { createAdmissionStore } from './admission-store.ts'
import type { Admission, AdmissionEvent } from './admission-types.ts'
import { decodeTicket, encodeTicket } from './admission-wire.ts'
import { createAsking } from './asking.ts'
import { createCodeDesk } from './code-desk.ts'
import { createDeviceAdding } from './device-adding.ts'
import type { Meet, MeetPurpose } from './meet/types.ts'
import { createRequestDesk } from './request-desk.ts'
import type { CommunityService } from './service.ts'

export interface AdmissionParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly database: Database
  readonly identity: Identity
  readonly network: Network
  readonly communities: CommunityService
  readonly meet: Meet
  readonly selfAddress: () => PeerAddress
  /** A computer has become this person's, or this one that person's (own/). */
  readonly onOwnDevice?: (peer: PeerId) => void
}

/** Start it after communities and before anybody is reached; its tables are brought up to date. */
export function createAdmission(options: AdmissionParts): Admission {
  const parts = { ...options, log: options.log.child('admission'), gate: options.communities.gate }
  const { clock, identity, network, communities, meet, gate } = parts
  const events = new Emitter<AdmissionEvent>()
  const tell = (event: AdmissionEvent) => events.emit(event)
  const store = createAdmissionStore(parts.database)
  const desk = createCodeDesk({ meet, tell })
  const requests = createRequestDesk({
    ...{ communities, gate, store, selfAddress: parts.selfAddress },
    nowMs: () => clock.nowMs(),
    tell: (applicant) => tell({ type: 'request', applicant }),
    addressesOf: (peer) => network.addressesOf(peer),
  })
  const asking = createAsking({ ...parts, store, tell: (ask, admitted) => tell({ type: 'ask', ask, admitted }) })
  const devices = createDeviceAdding({ ...parts, desk, tell })
  const leave: Cancel[] = []

  const into = (community: CommunityId) => (purpose: MeetPurpose) =>
    purpose.kind === 'member' && purpose.offer.community === community

  return {
    async start() {
      leave.push(communities.on((event) => void (event.type === 'removed' && store.forgetCommunity(event.id))))
      await devices.start()
      asking.start()
    },
    async stop() {
      for (const cancel of leave.splice(0)) cancel()
      devices.stop()
      await asking.stop()
    },
    on: (listener) => events.on(listener),

    openCode(community, role) {
      gate.checkMayAdmit(community, role)
      const name = communities.get(community).state?.settings.name ?? ''
      return desk.open({ kind: 'member', offer: { community, name, role } }, async (guest) =>
        encodeTicket(await gate.admit(community, { ...guest, certificate: guest.certificate.bytes, role })),
      )
    },
    codes(community) {
      communities.get(community)
      return desk.list(into(community))
    },
    cancelCode: (community, nameplate) => desk.cancel(nameplate, into(community)),
    async enter(code, { memberName, signal }) {
      const { deviceCertificate: certificate, deviceName } = identity
      const request = { certificate, memberName, deviceName, kind: 'member' } as const
      const { bytes } = await meet.enter(code, signal === undefined ? request : { ...request, signal })
      const ticket = decodeTicket(bytes)
      await gate.enter(ticket, memberName)
      return gate.untilOpen(ticket.community, signal)
    },

    requestLink: (community) => requests.link(community),
    requests: (community) => requests.list(community),
    decide: (community, device, decision) => requests.decide(community, device, decision),
    onRequest: (request, from) => requests.onRequest(request, from),

    ask: (link, request) => asking.ask(link, request),
    asks: () => asking.list(),
    cancelAsk: (community) => asking.cancel(community),

    devices,
  }
}
