// Direct conversations: serves `/peerhood/direct/1`, and joins those who ask this person (desk.ts), those whom this person
// asks (asking.ts), the contact and who is blocked.

import { BoundedMap, TokenBucket } from '../../base/bounded.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Database } from '../../base/database.ts'
import { isPeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import { Emitter } from '../../base/events.ts'
import type { Cancel, Clock, Log, Random } from '../../base/ports.ts'
import { createUniform } from '../../base/uniform.ts'
import type { Identity, PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { onConnected } from '../../network/connected.ts'
import type { Network, PeerAddress, PeerId, PeerStream } from '../../network/types.ts'
import type { DirectGate } from '../direct-gate.ts'
import { communityErrors } from '../errors.ts'
import { isName } from '../fields-wire.ts'
import { plainAddress } from '../gate.ts'
import type { Communities, CommunityFacts } from '../types.ts'
import { type Asking, askOf, createAsking } from './asking.ts'
import { createBlocking } from './blocking.ts'
import { contactKeyOf, formatContactLink, parseContactLink, wordsOf } from './contact-link.ts'
import { createDesk, type Desk } from './desk.ts'
import { directErrors, fault } from './errors.ts'
import {
  asksMax,
  doorPeersMax,
  framesBurst,
  framesPerHour,
  requestLifeMs,
  streamsPerPeerMax,
  talksMax,
  tokenBytes,
} from './limits.ts'
import { encodeRequest, isText } from './request-wire.ts'
import { type ContactRow, createDirectStore, type DirectStore } from './store.ts'
import { exchange, serve } from './talk.ts'
import type { Ask, AskRequest, Contact, Direct, DirectEvent, Request } from './types.ts'
import { type Decided, directProtocol, type Frame, refuse } from './wire.ts'

export interface DirectParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly identity: Identity
  readonly network: Network
  readonly communities: Communities
  readonly gate: DirectGate
  readonly store: DirectStore
  /** Ed25519 by this device. */
  readonly sign: (bytes: Uint8Array) => Uint8Array
  readonly selfAddress: () => PeerAddress
  /** Writes the first message of a conversation as this person's, unless it stands there already. */
  readonly writeFirst: (community: CommunityId, text: string) => Promise<void>
}

/** Who is blocked is asked before conversations are opened, so the store comes first. */
export function createDirectBlocks(database: Database, self: () => PersonDid) {
  const store = createDirectStore(database)
  return { store, isBlocked: (person: PersonDid) => store.isBlocked(self(), person) }
}

export function createDirect(parts: DirectParts): Direct {
  const { clock, identity, network, communities, gate, store } = parts
  const log = parts.log.child('direct')
  const self = () => identity.did
  const nowMs = () => clock.nowMs()
  const events = new Emitter<DirectEvent>()
  const leave: Cancel[] = []
  const contact = createContact(parts, () => events.emit({ type: 'contact' }))
  let stopping = new AbortController()

  const asking: Asking = createAsking({
    ...{ clock, random: parts.random, log, store, communities, self, writeFirst: parts.writeFirst },
    locate: (token, signal) => network.findProviders(contactKeyOf(token), { signal }),
    send: (peer, frame, signal) => exchange({ clock, network }, peer, frame, signal),
    tell: (ask, { conversation, cancelled = false }) => events.emit({ type: 'ask', ask, conversation, cancelled }),
  })
  const desk: Desk = createDesk({
    ...{ store, communities, gate, self, nowMs, contact: contact.row, uniform: createUniform(parts.random) },
    asksAs: (person) => asking.to(person)?.memberName,
    giveWay: (person, community) => asking.giveWay(person, community),
    hurry: (person) => asking.hurry(person),
    tell: (request) => events.emit({ type: 'request', request }),
    notify,
  })
  const server = createServer({ clock, network, log, desk, asking, signal: () => stopping.signal })

  /** They ask again by themselves, so it may fail. */
  function notify({ id, peer }: Request, how: Decided): void {
    const frame: Frame = { kind: 'decided', id, how }
    exchange({ clock, network }, { peerId: peer, addresses: [] }, frame, stopping.signal).catch((error: unknown) =>
      log.debug('direct_not_told', { peerId: peer, code: toPeerhoodError(error).code }),
    )
  }

  return {
    async start() {
      stopping = new AbortController()
      await discardOrphans(parts)
      leave.push(await network.handle(directProtocol, server, { streamsPerPeerMax }))
      leave.push(communities.on((event) => asking.onCommunity(event)))
      leave.push(onConnected(network, (peer) => asking.onConnected(peer)))
      asking.start()
      await desk.reconcile()
      contact.announce()
    },
    async stop() {
      for (const cancel of leave.splice(0)) cancel()
      stopping.abort(directErrors.direct_stopped('Peerhood is stopping.'))
      await asking.stop()
    },
    on: (listener) => events.on(listener),
    personChanged() {
      void asking.stop().then(() => {
        if (!stopping.signal.aborted) asking.start()
      })
      contact.announce()
      gate.blocksChanged()
      events.emit({ type: 'contact' })
    },

    contact: contact.show,
    changeContact: contact.change,
    renewContact: contact.renew,

    ask: (request) => ask(parts, asking, desk, request),
    asks: () => asking.list(),
    cancel: (id) => asking.cancel(id),

    requests: () => desk.list(),
    async accept(id, memberName) {
      checkName(memberName)
      return desk.accept(id, memberName)
    },
    async refuse(id) {
      desk.refuse(id)
    },

    ...createBlocking({
      ...{ ...parts, asking, desk },
      tell: (person, blocked) => events.emit({ type: 'blocked', person, blocked }),
    }),
  }
}

// ---- asking

async function ask(parts: DirectParts, asking: Asking, desk: Desk, { to, memberName, text }: AskRequest): Promise<Ask> {
  const { clock, identity, gate, communities } = parts
  checkName(memberName)
  if (!isText(text)) throw directErrors.direct_text_unusable('This can’t go with a request.')
  const other = await otherOf(parts, to)
  checkMayAsk(parts, asking, desk, other.person)
  const nowMs = Math.round(clock.nowMs())
  const { id: community } = await gate.found({ person: other.person, name: other.name }, memberName)
  try {
    await parts.writeFirst(community, text)
    const invitation = await gate.invite(community, nowMs + requestLifeMs)
    const peers = [plainAddress(parts.selfAddress())]
    const { person, token, name } = other
    const certificate = identity.deviceCertificate
    const { id, bytes } = encodeRequest(
      { certificate, to: person, name: memberName, text, invitation: { ...invitation, peers }, token, ms: nowMs },
      parts.sign,
    )
    asking.add({
      ...{ id, person, name, memberName, text, community, peers: other.peers, bytes, token },
      ...{ state: 'waiting', reason: undefined, moved: undefined },
      ...{ askedMs: nowMs, reachedMs: undefined, againMs: undefined },
    })
    const row = asking.to(person)
    if (row === undefined) throw new Error('assertion failed: what was added is there')
    return askOf(row)
  } catch (error) {
    await communities.forget(community)
    throw error
  }
}

interface OtherPerson {
  readonly person: PersonDid
  readonly name: string
  readonly token: Uint8Array | undefined
  readonly peers: readonly PeerAddress[]
}

/** By a contact link, or by the id of a peer that takes part in a community of this person. */
async function otherOf({ communities, network }: DirectParts, to: string): Promise<OtherPerson> {
  const typed = to.trim()
  if (!/^12D3Koo[1-9A-HJ-NP-Za-km-z]{30,60}$/.test(typed)) {
    const { person, token, name = '', peers } = parseContactLink(to)
    return { person, name, token, peers }
  }
  const peerId = typed as PeerId
  for (const { phase, state } of communities.list()) {
    if (phase !== 'open' || state?.purpose !== 'group') continue
    for (const member of state.members.values()) {
      const isTheirs = member.devices.some((device) => device.peerId === peerId && device.state === 'active')
      if (member.state !== 'active' || !isTheirs) continue
      const address = await network.addressesOf(peerId)
      return {
        person: member.person,
        name: member.name,
        token: undefined,
        peers: [address ?? { peerId, addresses: [] }],
      }
    }
  }
  throw directErrors.direct_peer_unknown('Nobody in a community of yours has this computer.')
}

function checkMayAsk(
  { identity, store, communities }: DirectParts,
  asking: Asking,
  desk: Desk,
  person: PersonDid,
): void {
  if (person === identity.did) throw directErrors.direct_self('This is your own link.')
  if (store.isBlocked(identity.did, person)) throw directErrors.direct_blocked_here('You have blocked this person.')
  const present = communities.list().find((facts) => isConversationWith(facts, person))
  if (present !== undefined) {
    throw directErrors.direct_known('You have a conversation with this person.', { details: { community: present.id } })
  }
  if (asking.to(person) !== undefined) throw directErrors.direct_asked('You have asked this person already.')
  if (desk.list().some((request) => request.person === person)) {
    throw directErrors.direct_asks_you('This person asks you, too.')
  }
  if (asking.list().filter(({ state }) => !overStates.has(state)).length >= asksMax) {
    throw directErrors.direct_asks_too_many(`You ask ${asksMax} persons already.`)
  }
}

const overStates: ReadonlySet<string> = new Set(['refused', 'expired', 'failed'])

/** One in which both are, or will be as soon as the computers reach each other. */
function isConversationWith({ phase, direct, state, otherPerson }: CommunityFacts, person: PersonDid): boolean {
  if (direct?.with !== person || otherPerson === true) return false
  if (phase === 'joining') return true
  return phase === 'open' && direct.joined && state?.members.get(person)?.state === 'active'
}

/** A crash may have come between founding a conversation and noting whom to ask. */
async function discardOrphans({ communities, store, identity }: DirectParts): Promise<void> {
  const asked = new Set(store.asks(identity.did).map(({ community }) => community))
  for (const { id, phase, direct, otherPerson } of communities.list()) {
    const isAlone = phase === 'open' && direct?.with !== undefined && !direct.joined
    if (isAlone && otherPerson !== true && !asked.has(id)) await communities.forget(id)
  }
}

function checkName(memberName: string): void {
  if (!isName(memberName)) throw communityErrors.name_unusable('This name can’t be used.')
}

// ---- the contact

function createContact({ identity, random, store, selfAddress, network, log }: DirectParts, changed: () => void) {
  let announced: Uint8Array | undefined

  function row(): ContactRow {
    const known = store.contact(identity.did)
    if (known !== undefined) return known
    const made: ContactRow = { token: random.bytes(tokenBytes), name: undefined, who: 'link' }
    store.putContact(identity.did, made)
    announce()
    return made
  }

  /** Whoever has the link finds this computer wherever it is; as long as somebody may come by a link, and has got one. */
  function announce(): void {
    const known = store.contact(identity.did)
    const key = known?.who === 'link' ? contactKeyOf(known.token) : undefined
    const before = announced
    if (before !== undefined && (key === undefined || !equalBytes(before, key))) void network.unprovide(before)
    announced = key
    if (key === undefined || (before !== undefined && equalBytes(before, key))) return
    network
      .provide(key)
      .catch((error: unknown) => log.debug('direct_not_announced', { code: toPeerhoodError(error).code }))
  }

  function show(): Contact {
    const { token, name, who } = row()
    const person = identity.did
    const link = formatContactLink({ person, token, name, peers: [selfAddress()] })
    return { person, words: wordsOf(person), name, who, link }
  }

  function put(change: Partial<ContactRow>): Contact {
    store.putContact(identity.did, { ...row(), ...change })
    announce()
    changed()
    return show()
  }

  return {
    row,
    announce,
    show,
    change(patch: Parameters<Direct['changeContact']>[0]): Contact {
      if (patch.name !== undefined) checkName(patch.name)
      return put(patch)
    },
    renew: () => put({ token: random.bytes(tokenBytes) }),
  }
}

// ---- who asks us

interface ServerParts {
  readonly clock: Clock
  readonly network: Network
  readonly log: Log
  readonly desk: Desk
  readonly asking: Asking
  readonly signal: () => AbortSignal
}

function createServer({
  clock,
  network,
  log,
  desk,
  asking,
  signal,
}: ServerParts): (stream: PeerStream) => Promise<void> {
  const rates = new BoundedMap<PeerId, TokenBucket>(doorPeersMax)
  let talks = 0

  function mayKnock(peer: PeerId): boolean {
    const nowMs = clock.monotonicMs()
    let bucket = rates.get(peer)
    if (bucket === undefined) {
      bucket = new TokenBucket({ perSecond: framesPerHour / 3600, burst: framesBurst, nowMs })
      rates.set(peer, bucket)
    }
    return bucket.take(nowMs)
  }

  async function answer(frame: Frame, from: PeerId): Promise<Frame> {
    if (!mayKnock(from)) return refuse('busy')
    if (frame.kind === 'ask') return desk.onAsk(frame.bytes, from)
    if (frame.kind === 'cancel') await desk.onCancel(frame.id, from)
    else if (frame.kind === 'decided') await asking.onDecided(frame.id, frame.how, from)
    else throw fault('direct_frame_out_of_order')
    return { kind: 'done' }
  }

  /** What fails here for reasons of our own is worth another try. */
  async function answerAnyway(frame: Frame, from: PeerId): Promise<Frame> {
    try {
      return await answer(frame, from)
    } catch (error) {
      if (isPeerhoodError(error) && error.code.startsWith('direct_')) throw error
      log.error('direct_request_failed', { peerId: from, code: toPeerhoodError(error).code })
      return refuse('busy')
    }
  }

  return async (stream) => {
    if (talks >= talksMax) {
      stream.abort(directErrors.direct_unanswered('Too many ask at once.'))
      return
    }
    talks += 1
    try {
      const code = await serve({ clock, network }, stream, signal(), answerAnyway)
      if (code !== undefined) log.warn('direct_peer_left', { peerId: stream.remotePeer, code })
    } finally {
      talks -= 1
    }
  }
}
