// Those who ask this person: notes who they are and what they say, until the person has accepted or refused.
//
//   asker ──ask──► judge (core.ts) ──keep──► pending ──accept──► the invitation is taken (direct-gate.ts)
//                                                   └─refuse──► told, remembered, not heard again for a while
//
// Must stay true: a stranger adds one row to bounded tables and nothing else; no answer tells that a person is blocked, nor
// how fast it comes.

import { equalBytes } from '../../base/bytes.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import type { DirectGate } from '../direct-gate.ts'
import type { Communities, CommunityAccess, CommunityFacts } from '../types.ts'
import { judgeRequest } from './core.ts'
import { directErrors } from './errors.ts'
import { askDelayMsMax, denyDelayMsMax, denyDelayMsMin, refusedPauseMs, requestLifeMs } from './limits.ts'
import { type DirectRequest, decodeRequest } from './request-wire.ts'
import type { DirectStore, RequestRow } from './store.ts'
import type { Request, WhoMayAsk } from './types.ts'
import { type Decided, type Frame, type RequestId, refuse } from './wire.ts'

export interface DeskParts {
  readonly store: DirectStore
  readonly communities: Pick<Communities, 'list' | 'forget'>
  readonly gate: Pick<DirectGate, 'take'>
  readonly self: () => PersonDid
  readonly nowMs: () => number
  /** From 0 to 1, by chance. */
  readonly uniform: () => number
  readonly contact: () => { readonly token: Uint8Array; readonly who: WhoMayAsk }
  /** How this person calls themself where they ask somebody and wait for their answer; undefined: they do not. */
  readonly asksAs: (person: PersonDid) => string | undefined
  /** Both ask, and the other's request was taken: ours goes where theirs leads. */
  readonly giveWay: (person: PersonDid, community: CommunityId) => Promise<void>
  /** Both ask, and ours goes first: they should have it soon. */
  readonly hurry: (person: PersonDid) => void
  readonly tell: (request: Request) => void
  /** Tells whoever asked, if they are in reach. */
  readonly notify: (request: Request, how: Decided) => void
}

export interface Desk {
  /** Answers a request; throws the faults of request-wire.ts. */
  onAsk(bytes: Uint8Array, from: PeerId): Promise<Frame>
  onCancel(id: RequestId, from: PeerId): Promise<void>
  list(): readonly Request[]
  accept(id: RequestId, memberName: string): Promise<CommunityFacts>
  refuse(id: RequestId): void
  /** Refuses all that waits of one person. */
  refuseAllOf(person: PersonDid): void
  /** Whoever was refused may ask again. */
  pardon(person: PersonDid): void
  /** A crash may have come between taking an invitation and what follows from that. */
  reconcile(): Promise<void>
}

export function createDesk(parts: DeskParts): Desk {
  const { store, communities, self, nowMs } = parts

  const open = (id: RequestId): RequestRow => {
    const row = store.request(id)
    if (row === undefined || row.state === 'refused' || nowMs() - row.askedMs > requestLifeMs) {
      throw directErrors.direct_request_unknown('No request of this id waits for you.')
    }
    if (row.state === 'withdrawn') throw directErrors.direct_request_over('Whoever asked has taken it back.')
    return row
  }

  function decide(row: RequestRow, state: Request['state']): RequestRow {
    const decided: RequestRow = { ...row, state, invitation: undefined, decidedMs: nowMs() }
    store.putRequest(self(), decided)
    parts.tell(requestOf(decided))
    return decided
  }

  function judge(request: DirectRequest, from: PeerId) {
    const { token, who } = parts.contact()
    const others = store.requestsOf(self(), request.from)
    const known = store.request(request.id)
    const refusedMs = others.flatMap((row) => (row.state === 'refused' ? [row.decidedMs ?? 0] : []))
    return judgeRequest({
      ...{ self: self(), from: request.from, to: request.to, ms: request.ms, nowMs: nowMs(), who },
      hasToken: request.token !== undefined && equalBytes(request.token, token),
      shares: sharesCommunity(communities.list(), request.from, from),
      isBlocked: store.isBlocked(self(), request.from),
      known: known === undefined ? undefined : shownState(known, nowMs()),
      asksThem: parts.asksAs(request.from) !== undefined,
      refusedUntilMs: refusedMs.length === 0 ? undefined : Math.max(...refusedMs) + refusedPauseMs,
      waiting: store.requests(self()).filter((row) => row.state === 'pending' && row.person !== request.from).length,
    })
  }

  /** A person has one request here: a newer one takes the place of the one before. */
  function keep(request: DirectRequest, from: PeerId): RequestRow {
    for (const row of store.requestsOf(self(), request.from)) if (row.state === 'pending') decide(row, 'withdrawn')
    const row = rowOf(request, from)
    store.putRequest(self(), row)
    return row
  }

  /** Blocked: it is kept out of sight, and refused after as long as a person might take. */
  function deny(request: DirectRequest, from: PeerId): void {
    const delayMs = denyDelayMsMin + parts.uniform() * (denyDelayMsMax - denyDelayMsMin)
    const { invitation: _invitation, ...row } = rowOf(request, from)
    const decidedMs = Math.round(nowMs() + delayMs)
    store.putRequest(self(), { ...row, state: 'refused', invitation: undefined, decidedMs })
  }

  function rowOf(request: DirectRequest, from: PeerId): RequestRow {
    const { seed, access, peers, community } = request.invitation
    return {
      ...{ id: request.id, person: request.from, peer: from, name: request.name, text: request.text, community },
      ...{ state: 'pending', askedMs: request.ms, receivedMs: nowMs(), decidedMs: undefined },
      invitation: { seed, access, peers },
    }
  }

  async function take(row: RequestRow, memberName: string): Promise<CommunityFacts> {
    const { community, person, name, peer, invitation } = row
    if (invitation === undefined) throw directErrors.direct_request_over('You have accepted it already.')
    const others = invitation.peers.filter(({ peerId }) => peerId !== peer)
    const own = invitation.peers.find(({ peerId }) => peerId === peer) ?? { peerId: peer, addresses: [] }
    const access = invitation.access as CommunityAccess
    const facts = await parts.gate.take(
      { community, seed: invitation.seed, access, peers: [own, ...others] },
      { person, name },
      memberName,
    )
    decide(row, 'accepted')
    return facts
  }

  return {
    async onAsk(bytes, from) {
      const request = decodeRequest(bytes, from)
      store.forgetRequestsBefore(nowMs() - requestLifeMs)
      const verdict = judge(request, from)
      switch (verdict.kind) {
        case 'keep':
          parts.tell(requestOf(keep(request, from)))
          return { kind: 'pending', waitMs: askDelayMsMax }
        case 'deny':
          deny(request, from)
          return { kind: 'pending', waitMs: askDelayMsMax }
        case 'pending':
          return { kind: 'pending', waitMs: askDelayMsMax }
        case 'accept':
          await take(keep(request, from), parts.asksAs(request.from) ?? '')
          await parts.giveWay(request.from, request.invitation.community)
          return { kind: 'accepted' }
        case 'crossed':
          parts.hurry(request.from)
          return { kind: 'crossed' }
        case 'accepted':
          return { kind: 'accepted' }
        case 'refuse':
          return refuse(verdict.reason, verdict.waitMs)
      }
    },
    async onCancel(id, from) {
      const row = store.request(id)
      if (row === undefined || row.peer !== from) return
      if (row.state === 'pending') decide(row, 'withdrawn')
      if (row.state !== 'accepted') return
      // They are not in it any more, and nobody else ever was.
      const isJoining = communities.list().some((one) => one.id === row.community && one.phase === 'joining')
      if (!isJoining) return
      await communities.forget(row.community)
      decide(row, 'withdrawn')
    },
    list() {
      const since = nowMs() - requestLifeMs
      return store
        .requests(self())
        .filter((row) => row.state === 'pending' && row.askedMs >= since)
        .map(requestOf)
    },
    async accept(id, memberName) {
      const row = open(id)
      if (row.state === 'accepted') {
        const facts = communities.list().find((one) => one.id === row.community)
        if (facts === undefined) throw directErrors.direct_request_over('You have accepted it, and left it since.')
        return facts
      }
      const facts = await take(row, memberName)
      parts.notify(requestOf(row), 'accepted')
      return facts
    },
    refuse(id) {
      const row = open(id)
      if (row.state === 'accepted') throw directErrors.direct_request_over('You have accepted it already.')
      decide(row, 'refused')
      parts.notify(requestOf(row), 'refused')
    },
    refuseAllOf(person) {
      for (const row of store.requestsOf(self(), person)) {
        if (row.state !== 'pending') continue
        decide(row, 'refused')
        parts.notify(requestOf(row), 'refused')
      }
    },
    pardon(person) {
      for (const row of store.requestsOf(self(), person)) {
        // This very request stays refused; another one is heard at once.
        if (row.state === 'refused') store.putRequest(self(), { ...row, decidedMs: 0 })
      }
    },
    async reconcile() {
      const here = new Set(communities.list().map(({ id }) => id))
      for (const row of store.requests(self()).filter(({ community }) => here.has(community))) {
        if (row.state === 'pending') decide(row, 'accepted')
        if (parts.asksAs(row.person) !== undefined) await parts.giveWay(row.person, row.community)
      }
    },
  }
}

/** A refusal that whoever asked is not to hear of yet. */
function shownState({ state, decidedMs = 0 }: RequestRow, nowMs: number): Request['state'] {
  return state === 'refused' && decidedMs > nowMs ? 'pending' : state
}

export function requestOf(row: RequestRow): Request {
  const { invitation: _invitation, decidedMs: _decidedMs, ...request } = row
  return request
}

/** Whether a person takes part, with this device, in a group that this person takes part in. */
export function sharesCommunity(all: readonly CommunityFacts[], person: PersonDid, peer: PeerId): boolean {
  return all.some(({ phase, state, otherPerson }) => {
    if (phase !== 'open' || state?.purpose !== 'group' || otherPerson === true) return false
    const member = state.members.get(person)
    if (member?.state !== 'active') return false
    return member.devices.some((device) => device.peerId === peer && device.state === 'active')
  })
}
