// Conversations of two have keepers by themselves: computers that have agreed to keep for this person (the copies of their
// shares, copies/) are asked to hold the sealed logs of their conversations, too, and named keepers there. And for whom this
// computer has agreed, it does so.
//
//   conversation joined, keeper connected ──► ask: id, access ──► agreed with that person? room? ──► communities.keep
//                     `keeper` act  ◄── answer: those that are held
//
// Must stay true: nothing is held for anybody with whom nothing was agreed, nor more than was agreed; a keeper gets what lets
// it ask for sealed entries, and no key.

import type { Database } from '../../base/database.ts'
import { isPeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import type { Identity, PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { onConnected } from '../../network/connected.ts'
import type { Network, PeerId, PeerStream } from '../../network/types.ts'
import { createErrands } from '../errands.ts'
import { plainAddress } from '../gate.ts'
import { parseCommunityLink } from '../invite-link.ts'
import type { Communities, CommunityFacts } from '../types.ts'
import { keepingErrors, keepingPeerErrors } from './errors.ts'
import {
  askAgainMs,
  asksAtOnceMax,
  conversationsAskedMax,
  gatherMs,
  retryMsMax,
  retryMsMin,
  streamsPerPeerMax,
} from './limits.ts'
import { createShelf } from './shelf.ts'
import { ask, serve } from './talk.ts'
import { decodeAnswer, decodeAsk, encodeAnswer, encodeAsk, type KeepAnswer, keepProtocol } from './wire.ts'

export interface KeepingParts {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  readonly identity: Identity
  readonly network: Network
  readonly communities: Communities
  /** Whether this person wants their conversations to be kept. */
  readonly isOn: () => boolean
  /** Computers that have agreed to keep for this person. */
  readonly keepers: () => readonly PeerId[]
  /** How many bytes this computer has agreed to keep for a person; undefined: none. */
  readonly agreed: (person: PersonDid) => number | undefined
}

export interface Keeping {
  start(): Promise<void>
  stop(): Promise<void>
  /** Who has agreed with whom, or the setting, has changed. */
  changed(): void
}

export function createKeeping(parts: KeepingParts): Keeping {
  const { clock, network, communities } = parts
  const log = parts.log.child('keeping')
  const shelf = createShelf({ ...parts, log })
  const leave: Cancel[] = []
  let stopping = new AbortController()
  let gathering: Cancel | undefined
  let again: Cancel | undefined
  let asking = 0
  const begin = () => createErrands({ ...{ clock, retryMsMin, retryMsMax }, isWanted, run: askKeeper })
  let errands = begin()

  function isWanted(peer: PeerId): boolean {
    return parts.isOn() && parts.keepers().includes(peer) && offered().length > 0
  }

  function offered(): readonly CommunityFacts[] {
    return communities.list().filter(isOffered).slice(0, conversationsAskedMax)
  }

  async function askKeeper(peer: PeerId, signal: AbortSignal): Promise<void> {
    try {
      const conversations = offered().flatMap(({ id }) => {
        const link = parseCommunityLink(communities.keepLink(id))
        return link.kind === 'keep' ? [{ id, access: link.access }] : []
      })
      const question = encodeAsk({ certificate: parts.identity.deviceCertificate, conversations })
      const answer = decodeAnswer(await ask({ clock, network }, { peerId: peer, addresses: [] }, question, signal))
      await name(peer, answer)
    } catch (error) {
      blame(peer, error)
      log.debug('keeper_not_asked', { peerId: peer, code: toPeerhoodError(error).code })
      throw error
    }
  }

  /** Only what was asked for is believed to be held. */
  async function name(peer: PeerId, { name: called, held }: KeepAnswer): Promise<void> {
    const rooms = new Map(held.map(({ id, bytesMax }) => [id, bytesMax]))
    for (const { id, state } of offered()) {
      const bytesMax = rooms.get(id)
      if (bytesMax === undefined || state?.keepers.some((keeper) => keeper.peer.peerId === peer) !== false) continue
      const address = (await network.addressesOf(peer)) ?? { peerId: peer, addresses: [] }
      try {
        await communities.addKeeper(id, { peer: plainAddress(address), name: called, bytesMax })
        log.info('keeper_named', { community: id, peerId: peer })
      } catch (error) {
        log.warn('keeper_not_named', { community: id, peerId: peer, code: toPeerhoodError(error).code })
      }
    }
  }

  function blame(peer: PeerId, error: unknown): void {
    if (!isPeerhoodError(error) || !Object.hasOwn(keepingPeerErrors, error.code)) return
    network.blame(peer, { code: error.code, verdict: 'reject' })
  }

  async function onStream(stream: PeerStream): Promise<void> {
    const peer = stream.remotePeer
    if (asking >= asksAtOnceMax) {
      stream.abort(keepingErrors.keeping_unanswered('Too many ask at once.'))
      return
    }
    asking += 1
    try {
      await serve({ clock }, stream, stopping.signal, async (question) => {
        const held = await shelf.take(decodeAsk(question, peer), peer)
        return encodeAnswer({ name: parts.identity.deviceName, held })
      })
    } catch (error) {
      blame(peer, error)
      log.debug('keep_ask_failed', { peerId: peer, code: toPeerhoodError(error).code })
    } finally {
      asking -= 1
    }
  }

  function markAll(): void {
    for (const peer of parts.keepers()) errands.mark(peer)
  }

  /** What changes in a conversation is seldom that it is a new one. */
  let known: ReadonlySet<CommunityId> = new Set()
  function gather(): void {
    gathering ??= clock.after(gatherMs, () => {
      gathering = undefined
      const now = new Set(offered().map(({ id }) => id))
      const isNew = [...now].some((id) => !known.has(id))
      known = now
      if (isNew) markAll()
    })
  }

  function askDaily(): void {
    again = clock.after(askAgainMs, () => {
      markAll()
      askDaily()
    })
  }

  return {
    async start() {
      stopping = new AbortController()
      errands = begin()
      await shelf.clear()
      leave.push(
        await network.handle(keepProtocol, onStream, { streamsPerPeerMax }),
        communities.on((event) => {
          if (event.type === 'removed') shelf.forgotten(event.id)
          if (event.type !== 'entries') gather()
        }),
        onConnected(network, (peer) => void (parts.keepers().includes(peer) && errands.mark(peer))),
      )
      known = new Set(offered().map(({ id }) => id))
      markAll()
      askDaily()
    },
    async stop() {
      for (const cancel of leave.splice(0)) cancel()
      const reason = keepingErrors.keeping_stopped('Peerhood is stopping.')
      stopping.abort(reason)
      gathering?.()
      gathering = undefined
      again?.()
      await errands.stop(reason)
    },
    changed() {
      if (leave.length === 0) return
      shelf.clear().catch((error: unknown) => log.warn('kept_not_cleared', { code: toPeerhoodError(error).code }))
      markAll()
    },
  }
}

/** A conversation in which the other has come in: before that it may yet be withdrawn. */
function isOffered({ phase, otherPerson, direct, self }: CommunityFacts): boolean {
  const isIn = phase === 'open' && otherPerson !== true && self?.state === 'active'
  return isIn && direct?.joined === true && !direct.blocked
}
