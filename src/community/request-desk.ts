// Those who ask a member's computer to be let in: notes who they are, until somebody who may approve has decided.
//
//   asker ──request──► noted: pending ──accept──► `admit` in the log; the next ask gets the ticket
//                                     └─refuse──► told once, then forgotten; or blocked: refused from then on
//
// Must stay true: a stranger adds one row a device to bounded tables and nothing else; who is in gets the ticket however
// often they ask; a computer whose person may not approve says nothing of the community.

import { didOf } from '../identity/core.ts'
import { deviceIdOf } from '../log/ids.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import type { PeerAddress } from '../network/types.ts'
import type { AdmissionStore } from './admission-store.ts'
import type { Applicant, Decision } from './admission-types.ts'
import { encodeTicket } from './admission-wire.ts'
import { communityErrors } from './errors.ts'
import type { Gate } from './gate.ts'
import { formatRequestLink } from './invite-link.ts'
import { requestForgottenMs, requestLinkPeersMax, requestsMax, requestsPerCommunityMax } from './limits.ts'
import type { RequestHandler } from './meet/types.ts'
import { hasCapability, noRole } from './roles-core.ts'
import type { Communities, CommunityFacts, Member } from './types.ts'

export interface RequestDeskParts {
  readonly communities: Communities
  readonly gate: Gate
  readonly store: AdmissionStore
  readonly nowMs: () => number
  readonly tell: (applicant: Applicant) => void
  readonly selfAddress: () => PeerAddress
  readonly addressesOf: (peer: PeerAddress['peerId']) => Promise<PeerAddress | undefined>
}

export interface RequestDesk {
  readonly onRequest: RequestHandler
  link(community: CommunityId): Promise<string>
  list(community: CommunityId): readonly Applicant[]
  decide(community: CommunityId, device: DeviceId, decision: Decision): Promise<void>
}

export function createRequestDesk(parts: RequestDeskParts): RequestDesk {
  const { communities, gate, store, nowMs } = parts

  /** Throws `act_not_allowed`, and what a community throws that can't be written in. */
  function mustApprove(community: CommunityId): CommunityFacts {
    // Whoever may give the lowest role may approve.
    gate.checkMayAdmit(community, 'guest')
    return communities.get(community)
  }

  function approvesHere(community: CommunityId): boolean {
    const facts = communities.list().find(({ id }) => id === community)
    return facts?.phase === 'open' && facts.otherPerson !== true && mayApprove(facts, facts.self)
  }

  function note(applicant: Applicant): void {
    store.forgetBefore(nowMs() - requestForgottenMs)
    const waiting = store.waiting(applicant.community)
    if (waiting.here >= requestsPerCommunityMax || waiting.all >= requestsMax) {
      throw communityErrors.requests_too_many('Too many ask to be let in already.')
    }
    store.putApplicant(applicant)
    parts.tell(applicant)
  }

  return {
    onRequest({ community, certificate, memberName, deviceName, note: text }, peer) {
      const device = deviceIdOf(certificate.device)
      // Not `refused`: another member's computer may well let them in.
      if (!approvesHere(community)) throw communityErrors.request_not_here('Nobody approves requests here.')
      const ticket = gate.ticketOf(community, device)
      if (ticket !== undefined) return { admitted: encodeTicket(ticket) }
      const person = didOf(certificate.person)
      if (store.isBlocked({ community, device, person })) return 'refused'
      const known = store.applicant(community, device)
      if (known?.state === 'refused') {
        store.removeApplicant(community, device)
        return 'refused'
      }
      const said = { certificate: certificate.bytes, person, memberName, deviceName, note: text, lastMs: nowMs() }
      if (known === undefined) note({ ...said, community, device, peer, state: 'pending', askedMs: said.lastMs })
      else store.putApplicant({ ...known, ...said })
      return 'pending'
    },
    async link(community) {
      const { state } = mustApprove(community)
      const peers = [parts.selfAddress(), ...(await othersWhoApprove(parts, communities.get(community)))]
      return formatRequestLink({ community, name: state?.settings.name, peers })
    },
    list(community) {
      mustApprove(community)
      store.forgetBefore(nowMs() - requestForgottenMs)
      return store.applicants(community).filter(({ state }) => state !== 'refused')
    },
    async decide(community, device, decision) {
      mustApprove(community)
      const applicant = store.applicant(community, device)
      if (applicant === undefined) throw communityErrors.request_unknown('No device of this id asks to be let in.')
      if (decision.accept) {
        await gate.admit(community, { ...applicant, role: decision.role })
        store.removeApplicant(community, device)
      } else if (decision.block) store.block({ ...applicant, lastMs: nowMs() })
      else if (applicant.state === 'blocked') store.removeApplicant(community, device)
      else store.putApplicant({ ...applicant, state: 'refused' })
    },
  }
}

function mayApprove({ state }: CommunityFacts, member: Member | undefined): boolean {
  if (member?.state !== 'active') return false
  return hasCapability(state?.roles.get(member.role) ?? noRole, 'approve')
}

/** Other computers that can be asked, as far as it is known where they are. */
async function othersWhoApprove(parts: RequestDeskParts, facts: CommunityFacts): Promise<PeerAddress[]> {
  const self = parts.selfAddress().peerId
  const devices = [...(facts.state?.members.values() ?? [])]
    .filter((member) => mayApprove(facts, member))
    .flatMap((member) => member.devices.filter(({ state, peerId }) => state === 'active' && peerId !== self))
  const found: PeerAddress[] = []
  for (const { peerId } of devices) {
    if (found.length >= requestLinkPeersMax) break
    const address = await parts.addressesOf(peerId)
    if (address !== undefined) found.push(address)
  }
  return found
}
