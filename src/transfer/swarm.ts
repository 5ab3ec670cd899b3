// One share on this computer: its sessions, the holding they are served from, and the fetch that fills it, if any. Gives
// the active frames of session.ts their meaning. Stays as long as someone needs it: sessions, or a transfer (`seeker`).

import { isPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log } from '../base/ports.ts'
import { openRecord } from '../content/format/record.ts'
import type { AccessKey, DiscoveryKey, Holding, ShareId, ShareKey } from '../content/types.ts'
import type { Network, PeerId } from '../network/types.ts'
import { peerErrors } from './errors.ts'
import { createExchange } from './exchange.ts'
import type { Fetch } from './fetch.ts'
import { haveDelayMs, indexesPerFrameMax, retireMsMax, sessionsPerShareMax } from './limits.ts'
import { pieces } from './ranges.ts'
import type { Session, SessionEnd, SessionPort } from './session-types.ts'
import { createSpreading } from './spreading.ts'
import { createSwarmFrames } from './swarm-frames.ts'
import { type KnownVersion, knownVersion } from './version.ts'
import type { ExchangedPeer, Refusal } from './wire.ts'

export interface ShareNames {
  readonly shareId: ShareId
  readonly share: ShareKey
  readonly access: AccessKey
  readonly discovery: DiscoveryKey
}

/** A transfer that wants this share. */
export interface Seeker {
  /** A peer gave a record that is signed and newer than ours. */
  record(version: KnownVersion, from: PeerId): void
  /** Peers that may have the share. */
  peers(peers: readonly ExchangedPeer[]): void
  sessionActive(session: Session): void
  sessionEnded(session: Session, how: SessionEnd): void
}

export interface SwarmParts {
  readonly clock: Clock
  readonly log: Log
  readonly network: Network
  /** Somebody's interest changed: choose anew whom to serve. */
  rechoke(): void
  /** So many blocks have left. */
  gone(blocks: number): void
  /** What this share uploads changed. */
  uploaded(swarm: Swarm, bytes: number): void
  /** A session came or went. */
  changed(swarm: Swarm): void
}

export interface Swarm extends SessionPort {
  readonly names: ShareNames
  readonly sessions: ReadonlyMap<number, Session>
  readonly holding: Holding | undefined
  readonly seeker: Seeker | undefined
  sessionOf(peerId: PeerId): Session | undefined
  /** The holding to serve from. Ends the sessions of another version, or when the holding is another. */
  setHolding(holding: Holding | undefined): void
  /** Fills the holding with this fetch; undefined: it is not filled any more. */
  setFetch(fetch: Fetch | undefined): void
  setSeeker(seeker: Seeker | undefined): void
  /** Refuses everyone while true. */
  setPaused(paused: boolean): void
  endAll(refusal: Refusal): void
  stop(): void
}

export function createSwarm(names: ShareNames, parts: SwarmParts): Swarm {
  const { clock, log } = parts
  const sessions = new Map<number, Session>()
  /** With what ends their patience. */
  const retired = new Map<Session, Cancel>()
  let holding: Holding | undefined
  let version: KnownVersion | undefined
  let fetch: Fetch | undefined
  let seeker: Seeker | undefined
  let paused = false
  let offHolding: () => void = () => {}
  let fresh: number[] = []
  let freshTimer: (() => void) | undefined
  let toldMs = Number.NEGATIVE_INFINITY

  const exchange = createExchange({ clock, network: parts.network, sessions: () => sessions.values() })
  const spreading = createSpreading({ clock, holding: () => holding, sessions: () => sessions })
  const activeSessions = () =>
    [...sessions.values()].filter((session) => session.phase === 'active' && !retired.has(session))

  // ---- what we have

  function setHolding(next: Holding | undefined): void {
    if (next === holding) return
    offHolding()
    const known = holding !== undefined || version !== undefined
    holding = next
    version = next === undefined ? undefined : knownVersion(next.record, next.recordBytes)
    offHolding = next?.on(onHoldingEvent) ?? (() => {})
    fresh = []
    spreading.reset()
    if (known) endAll('version_changed')
    else for (const session of [...sessions.values()]) session.tellVersion()
  }

  const onHoldingEvent: Parameters<Holding['on']>[0] = (event) => {
    if (event.type === 'inventory') for (const session of activeSessions()) tellAll(session)
    if (event.type !== 'block') return
    fresh.push(event.index)
    freshTimer ??= clock.after(Math.max(0, toldMs + haveDelayMs - clock.monotonicMs()), tellFresh)
  }

  function tellFresh(): void {
    freshTimer = undefined
    toldMs = clock.monotonicMs()
    const indexes = fresh
    fresh = []
    // Those who have everything are told as well: it says to them whom to serve before others.
    const listeners = activeSessions()
    for (const piece of pieces(indexes, indexesPerFrameMax)) {
      for (const session of listeners) session.send({ kind: 'have', indexes: piece })
    }
    if (holding?.complete === true) for (const session of activeSessions()) tellAll(session)
  }

  function tellAll(session: Session): void {
    if (holding?.inventory === undefined) return
    const { ones, length } = holding.have
    if (ones === length) session.send({ kind: 'have-all' })
    else if (ones > 0) session.send({ kind: 'have-bits', bits: holding.have.toBytes() })
  }

  // ---- sessions

  function greeted(session: Session): Refusal | undefined {
    if (paused) return 'busy'
    const other = sessionOf(session.peerId)
    if (other !== undefined) {
      if (!isPreferred(session, other)) return 'duplicate'
      if (other.isRelayed && !session.isRelayed) retire(other)
      else other.end('duplicate')
    }
    if (sessions.size >= sessionsPerShareMax) return 'busy'
    sessions.set(session.key, session)
    exchange.announce()
    parts.changed(swarm)
    return undefined
  }

  /** The peer is reached directly now: this session only finishes what is on its way. */
  function retire(session: Session): void {
    retired.set(
      session,
      clock.after(retireMsMax, () => session.end('duplicate')),
    )
    fetch?.retire(session)
    settleRetired()
  }

  function settleRetired(): void {
    for (const session of [...retired.keys()]) {
      const isBusy = (fetch?.asked(session) ?? 0) > 0 || (session.traffic.upload?.pending ?? 0) > 0
      if (!isBusy) session.end('duplicate')
    }
  }

  /** Both ends must keep the same one of two streams: the one opened by the lower id; of one opener, the later. */
  function isPreferred(session: Session, other: Session): boolean {
    if (session.opener === other.opener) return true
    const openerOf = (one: Session) => (one.opener ? parts.network.self : one.peerId)
    return openerOf(session) < openerOf(other)
  }

  function sessionOf(peerId: PeerId): Session | undefined {
    for (const session of sessions.values()) if (session.peerId === peerId && !retired.has(session)) return session
    return undefined
  }

  function active(session: Session): void {
    if (holding === undefined) return
    session.traffic.serveFrom(holding, {
      sent(bytes) {
        parts.uploaded(swarm, bytes)
        settleRetired()
      },
      gone(blocks) {
        parts.gone(blocks)
        spreading.gone(blocks)
      },
      dropped: (indexes) => spreading.takeBack(session, indexes),
      unreadable: (index, code) => log.warn('block_unreadable', { share: names.shareId, index, code }),
    })
    tellAll(session)
    fetch?.join(session)
    seeker?.sessionActive(session)
    parts.changed(swarm)
  }

  function ended(session: Session, how: SessionEnd): void {
    retired.get(session)?.()
    retired.delete(session)
    if (!sessions.delete(session.key)) {
      seeker?.sessionEnded(session, how)
      return
    }
    fetch?.leave(session)
    spreading.left(session)
    seeker?.sessionEnded(session, how)
    parts.rechoke()
    parts.changed(swarm)
  }

  function endAll(refusal: Refusal): void {
    for (const session of [...sessions.values()]) session.end(refusal)
  }

  function record(session: Session, bytes: Uint8Array): void {
    const known = knownVersion(openTrusted(bytes, names.share), bytes)
    if (version !== undefined && known.sequence <= version.sequence) return
    log.debug('record_received', { share: names.shareId, sequence: known.sequence, peer: session.peerId })
    if (seeker === undefined) session.end('version_differs')
    else seeker.record(known, session.peerId)
  }

  const frames = createSwarmFrames({
    spreading,
    clock,
    network: parts.network,
    holding: () => holding,
    fetch: () => fetch,
    peers: (peers) => seeker?.peers(peers),
    interestChanged() {
      parts.rechoke()
      parts.changed(swarm)
    },
  })

  const swarm: Swarm = {
    names,
    discovery: names.discovery,
    access: names.access,
    sessions,
    get version() {
      return version
    },
    get holding() {
      return holding
    },
    get seeker() {
      return seeker
    },
    sessionOf,
    setHolding,
    setFetch(next) {
      fetch?.stop()
      fetch = next
      if (next === undefined) return
      for (const session of activeSessions()) {
        // What the peer told before was told to nobody: begin anew, so that it tells again.
        if (session.traffic.hasTold) session.end('version_changed')
        else next.join(session)
      }
    },
    setSeeker(next) {
      seeker = next
    },
    setPaused(next) {
      paused = next
      if (next) endAll('busy')
    },
    greeted,
    record,
    active,
    admit: frames.admit,
    accept: frames.accept,
    flushed(session) {
      fetch?.flushed(session)
      settleRetired()
    },
    ended,
    endAll,
    stop() {
      endAll('stopping')
      exchange.stop()
      spreading.reset()
      freshTimer?.()
      offHolding()
      fetch?.stop()
    },
  }
  return swarm
}

/** Checks a record that a peer sent; what is wrong with it is the sender's fault, save that it may be newer than us. */
function openTrusted(bytes: Uint8Array, share: ShareKey) {
  try {
    return openRecord(bytes, share)
  } catch (cause) {
    const code = isPeerhoodError(cause) ? cause.code : 'internal'
    if (code === 'record_newer') throw cause
    throw peerErrors.record_not_trusted('A peer sent a record that the author did not sign.', { cause })
  }
}
