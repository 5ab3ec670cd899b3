// Keeps the computers of one person alike: what communities and conversations they take part in, and whom they have blocked.
// When two of them are connected they tell each other (talk.ts); each adds the other, by a `device` act, to what only it
// takes part in, and hands over what is needed to open it.
//
//   community event, block, connection ──► mark ──► exchange ──► `device` acts, tickets ──► gate.enter there
//
// Must stay true: nothing is told to a computer that this person has removed (core.ts, companionsOf), nor before it has
// shown a certificate of this very person; what was deleted on a computer is not brought back to it.

import type { Database } from '../../base/database.ts'
import { toPeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import type { Identity } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { onConnected } from '../../network/connected.ts'
import type { Network, PeerId } from '../../network/types.ts'
import type { Direct } from '../direct/types.ts'
import { createErrands } from '../errands.ts'
import type { Gate } from '../gate.ts'
import type { Communities, CommunityFacts } from '../types.ts'
import { companionsOf, deviceIn, isOffered } from './core.ts'
import { ownErrors } from './errors.ts'
import { addAgainMs, gatherMs, retryMsMax, retryMsMin, streamsPerPeerMax } from './limits.ts'
import { createOwnStore, type OwnStore } from './store.ts'
import { exchange, serve, type TalkParts } from './talk.ts'
import { decodeHello, decodeState, encodeHello, encodeState, type Hello, type OwnTicket, ownProtocol } from './wire.ts'

export interface OwnParts {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  readonly identity: Identity
  readonly network: Network
  readonly communities: Communities
  readonly gate: Gate
  readonly direct: Pick<Direct, 'blockChanges' | 'mergeBlocks' | 'on'>
}

/** The other computers of this person. */
export interface OwnDevices {
  start(): Promise<void>
  stop(): Promise<void>
  /** A computer has become this person's; no community may know it yet. */
  remember(peer: PeerId): void
  /** This computer has become another person's. */
  personChanged(): void
}

export function createOwnDevices(parts: OwnParts): OwnDevices {
  const { clock, identity, network, communities, direct } = parts
  const log = parts.log.child('own')
  const store = createOwnStore(parts.database)
  const leave: Cancel[] = []
  let gathering: Cancel | undefined
  let stopping = new AbortController()
  const companions = () => companionsOf(communities.list(), store.devices(identity.did), network.self)
  const handing = createHanding({ ...parts, log, store })
  const talk: TalkParts = {
    ...{ clock, network },
    hello: () => encodeHello({ certificate: identity.deviceCertificate, deviceName: identity.deviceName }),
    readHello: (bytes, from) => decodeHello(bytes, from, identity.did),
    readState: decodeState,
    tell: async (hello, peer) =>
      encodeState({ tickets: await handing.ticketsFor(hello, peer), blocks: direct.blockChanges() }),
    async take({ tickets, blocks }, peer) {
      // A conversation with somebody who is blocked is not exchanged: so they come first.
      await direct.mergeBlocks(blocks)
      for (const ticket of tickets) await handing.enter(ticket, peer)
    },
  }

  const begin = () =>
    createErrands({
      ...{ clock, retryMsMin, retryMsMax },
      // It may have been removed since.
      isWanted: (peer) => companions().has(peer),
      run: (peer, signal) => tellPeer(peer, signal),
    })
  let errands = begin()

  async function tellPeer(peer: PeerId, signal: AbortSignal): Promise<void> {
    try {
      await exchange(talk, peer, signal)
    } catch (error) {
      log.debug('own_not_told', { peerId: peer, code: toPeerhoodError(error).code })
      throw error
    }
  }

  function markAll(): void {
    for (const peer of companions()) errands.mark(peer)
  }

  /** Entries come in bursts, and most of them change nothing here. */
  function gather(): void {
    gathering ??= clock.after(gatherMs, () => {
      gathering = undefined
      for (const peer of companions()) if (handing.owes(peer)) errands.mark(peer)
    })
  }

  async function end(): Promise<void> {
    const reason = ownErrors.own_stopped('Peerhood is stopping.')
    stopping.abort(reason)
    gathering?.()
    gathering = undefined
    await errands.stop(reason)
  }

  return {
    async start() {
      stopping = new AbortController()
      errands = begin()
      handing.look()
      leave.push(
        await network.handle(
          ownProtocol,
          async (stream) => {
            const peer = stream.remotePeer
            if (!companions().has(peer)) stream.abort(ownErrors.own_unanswered('It is no device of this person.'))
            else if (!(await serve(talk, stream, stopping.signal))) log.debug('own_broke_off', { peerId: peer })
          },
          { streamsPerPeerMax },
        ),
        communities.on((event) => {
          handing.onCommunity(event.id, event.type === 'removed')
          if (event.type !== 'entries') gather()
        }),
        direct.on((event) => void (event.type === 'blocked' && markAll())),
        onConnected(network, (peer) => void (companions().has(peer) && errands.mark(peer))),
      )
      markAll()
    },
    async stop() {
      for (const cancel of leave.splice(0)) cancel()
      await end()
    },
    remember(peer) {
      store.remember(identity.did, peer, clock.nowMs())
      errands.mark(peer)
    },
    personChanged() {
      void end().then(() => {
        if (leave.length === 0) return
        stopping = new AbortController()
        errands = begin()
        handing.look()
        markAll()
      })
    },
  }
}

type HandingParts = Omit<OwnParts, 'direct'> & { readonly store: OwnStore }

/** What this computer takes part in, for others; and what others take part in, for this one. */
function createHanding({ clock, log, store, identity, communities, gate }: HandingParts) {
  /** One after another: two exchanges at once would both add a device. */
  const inTurn = createTurns(1)
  /** Where a device could not be added, until when (`monotonicMs`) that is not tried again. */
  const refused = new Map<string, number>()
  /** What this person takes part in here: deleting that is a decision, deleting what never came about is not. */
  const taken = new Set<CommunityId>()

  const lacks = (facts: CommunityFacts, peer: PeerId) =>
    isOffered(facts) &&
    deviceIn(facts, peer) === undefined &&
    (refused.get(`${facts.id} ${peer}`) ?? 0) <= clock.monotonicMs()

  async function ticketFor(facts: CommunityFacts, { certificate, deviceName }: Hello, peer: PeerId) {
    const device = deviceIn(facts, peer)
    if (device === undefined && !lacks(facts, peer)) return undefined
    const ticket =
      device === undefined
        ? await gate.addDevice(facts.id, { certificate: certificate.bytes, deviceName })
        : gate.ticketOf(facts.id, device.device)
    if (ticket === undefined) return undefined
    const { direct, self } = facts
    const made: OwnTicket = {
      ...{ community: facts.id, access: ticket.access, memberName: self?.name ?? '' },
      ...{ name: direct === undefined ? ticket.name : direct.name, with: direct?.with },
    }
    return made
  }

  function note(facts: CommunityFacts | undefined): void {
    if (facts?.phase !== 'open' || facts.otherPerson === true) return
    if (!taken.has(facts.id)) store.takeUp(identity.did, facts.id)
    taken.add(facts.id)
  }

  return {
    /** Whether there is something that a device does not take part in yet. */
    owes: (peer: PeerId) => communities.list().some((facts) => lacks(facts, peer)),
    ticketsFor: (hello: Hello, peer: PeerId) =>
      inTurn(async () => {
        const tickets: OwnTicket[] = []
        for (const facts of communities.list().filter(isOffered)) {
          try {
            const ticket = await ticketFor(facts, hello, peer)
            if (ticket !== undefined) tickets.push(ticket)
          } catch (error) {
            refused.set(`${facts.id} ${peer}`, clock.monotonicMs() + addAgainMs)
            const { code } = toPeerhoodError(error)
            log.warn('own_device_not_added', { community: facts.id, peerId: peer, code })
          }
        }
        return tickets
      }),
    async enter({ community: id, with: person, memberName, ...ticket }: OwnTicket, peer: PeerId): Promise<void> {
      const known = communities.list().find((facts) => facts.id === id)
      if (known !== undefined ? known.phase !== 'keeping' : store.isPutAway(identity.did, id)) return
      const direct = person === undefined ? undefined : { with: person, name: ticket.name }
      try {
        const peers = [{ peerId: peer, addresses: [] }]
        await gate.enter({ community: id, ...ticket, peers }, memberName, direct)
        log.info('own_community_entered', { community: id, peerId: peer })
      } catch (error) {
        log.warn('own_community_not_entered', { community: id, peerId: peer, code: toPeerhoodError(error).code })
      }
    },
    onCommunity(id: CommunityId, isRemoved: boolean): void {
      if (!isRemoved) note(communities.list().find((facts) => facts.id === id))
      else if (taken.delete(id)) store.putAway(identity.did, id, clock.nowMs())
    },
    /** Takes in what is there at the beginning. */
    look(): void {
      taken.clear()
      refused.clear()
      for (const facts of communities.list()) note(facts)
    },
  }
}
