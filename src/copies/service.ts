// Copies: serves `/peerhood/copies/1`, and joins the author's side (author.ts), the keeper's side (keeper.ts), and how a
// keeper tells an author that it has agreed (greeting.ts).

import { isPeerhoodError } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Cancel, Clock, Log, Random } from '../base/ports.ts'
import type { LibraryService } from '../content/library/library.ts'
import type { ShareService } from '../content/library/shares.ts'
import type { ShareId } from '../content/types.ts'
import { didOf, peerIdOf } from '../identity/core.ts'
import type { PersonDid } from '../identity/types.ts'
import { readCertificate } from '../identity/wire.ts'
import type { Network, PeerAddress, PeerId } from '../network/types.ts'
import type { TransferService } from '../transfer/types.ts'
import { createAuthor } from './author.ts'
import { copiesErrors, fault } from './errors.ts'
import { createGreeting } from './greeting.ts'
import { createKeeperDesk, type Named } from './keeper.ts'
import { streamsPerPeerMax } from './limits.ts'
import type { CopiesStore } from './store.ts'
import { createServer } from './talk.ts'
import type { Copies } from './types.ts'
import { type Answer, type Asked, copiesProtocol, refuse } from './wire.ts'

export interface CopiesParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly network: Network
  readonly library: Pick<LibraryService, 'byShare' | 'byDiscovery' | 'openKept' | 'removeKept' | 'on'>
  readonly shares: Pick<ShareService, 'list' | 'has' | 'link' | 'on'>
  readonly transfers: Pick<TransferService, 'list' | 'add' | 'cancel' | 'remove'>
  readonly store: CopiesStore
  /** This device's certificate, as it goes over the wire. */
  readonly certificate: () => Uint8Array
  readonly self: () => PersonDid
  /** What this computer is called. */
  readonly label: () => string
  readonly selfAddress: () => PeerAddress
  /** Reads a contact link or did:key:…; throws what says how to name a person. */
  readonly readPerson: (text: string) => Named
  /** Whether this is the token of this person's contact link. */
  readonly isOwnToken: (token: Uint8Array) => boolean
  /** Whether a peer is of somebody whom this person knows: a member of a community in common. */
  readonly isAcquainted: (peer: PeerId) => boolean
  /** Computers of a person, as far as they are known. */
  readonly devicesOf: (person: PersonDid) => readonly PeerId[]
  /** Those who announce themselves under the token of a contact link. */
  readonly locate: (token: Uint8Array, signal: AbortSignal) => AsyncIterable<PeerAddress>
}

export function createCopies(parts: CopiesParts): Copies {
  const { network, store } = parts
  const log = parts.log.child('copies')
  const events = new Emitter<{ readonly share?: ShareId }>()
  const changed = (share?: ShareId) => events.emit(share === undefined ? {} : { share })
  const author = createAuthor({ ...parts, log, changed })
  const desk = createKeeperDesk({ ...parts, log, changed: () => changed() })
  const greeting = createGreeting({ ...parts, log })
  const leave: Cancel[] = []
  let stopping = new AbortController()

  async function answer(frame: Asked, from: PeerId): Promise<Answer> {
    if (stopping.signal.aborted) return refuse('stopping')
    const person = personOf(frame.certificate, from)
    if (frame.kind !== 'hello') return desk.answer(frame, person, stopping.signal)
    const isWelcome =
      person === parts.self() ||
      author.knows(from) ||
      parts.isAcquainted(from) ||
      (frame.token !== undefined && parts.isOwnToken(frame.token))
    if (!isWelcome) return refuse('not_agreed')
    author.met(from)
    return { kind: 'done' }
  }

  function follow(peer: PeerId, how: 'connected' | 'disconnected'): void {
    author.connection(peer, how)
    if (how === 'disconnected') return
    if (!author.knows(peer) && parts.isAcquainted(peer)) author.met(peer)
    greeting.connected(peer)
  }

  return {
    async start() {
      stopping = new AbortController()
      const server = createServer({ ...parts, log, signal: () => stopping.signal, answer })
      leave.push(await network.handle(copiesProtocol, server, { streamsPerPeerMax }), desk.start())
      leave.push(followConnections(network, follow))
      author.start()
      for (const { peerId, state } of network.peers()) if (state === 'connected') follow(peerId, 'connected')
      greeting.start()
    },
    async stop() {
      for (const cancel of leave.splice(0)) cancel()
      stopping.abort(copiesErrors.copies_stopped('Peerhood is stopping.'))
      await Promise.all([author.stop(), greeting.stop()])
    },
    on: (listener) => events.on(listener),
    shares: author.views,
    share: author.view,
    set: author.set,
    keepers: author.keepers,
    holders: author.holders,
    agreements: desk.list,
    agree(to, bytesMax) {
      const agreement = desk.agree(parts.readPerson(to), bytesMax)
      greeting.agreed(agreement.person)
      return agreement
    },
    async end(person) {
      await desk.end(person)
      // Whoever it was for learns it when they next ask.
      greeting.ended(person)
    },
    decline(share) {
      if (store.held().some((row) => row.share === share)) desk.decline(share)
    },
  }
}

/** Whose computer this is. Throws `copies_certificate_wrong`. */
function personOf(bytes: Uint8Array, from: PeerId): PersonDid {
  try {
    const certificate = readCertificate(bytes)
    if (peerIdOf(certificate.device) === from) return didOf(certificate.person)
  } catch (error) {
    if (!isPeerhoodError(error)) throw error
  }
  throw fault('copies_certificate_wrong')
}

/** Calls `run` when a peer connects or goes; events of its figures are no news. */
function followConnections(network: Network, run: (peer: PeerId, how: 'connected' | 'disconnected') => void): Cancel {
  const connected = new Set(network.peers().flatMap(({ peerId, state }) => (state === 'connected' ? [peerId] : [])))
  return network.on((event) => {
    if (event.type !== 'peer') return
    const { peerId, state } = event.peer
    if (state === 'connected' && !connected.has(peerId)) {
      connected.add(peerId)
      run(peerId, 'connected')
    } else if (state !== 'connected' && connected.delete(peerId)) run(peerId, 'disconnected')
  })
}
