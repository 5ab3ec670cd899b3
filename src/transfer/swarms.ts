// All shares that have sessions or transfers, and all sessions: takes streams that peers open, opens our own, chooses
// whom to serve, and turns what a peer did wrong into blame, a log line and a count.

import { toHex } from '../base/bytes.ts'
import { isPeerhoodError, type PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log, Metrics } from '../base/ports.ts'
import type { DiscoveryKey, Library } from '../content/types.ts'
import type { BlockBuffers } from '../content/worker/buffers.ts'
import type { Network, PeerId, PeerStream } from '../network/types.ts'
import { peerErrors } from './errors.ts'
import { sessionsAcceptedMax, sessionsOpenedMax, streamsPerPeerMax } from './limits.ts'
import { createLine } from './line.ts'
import { createServing } from './serving.ts'
import { createSession } from './session.ts'
import type { Session, SessionEnd, SessionPort } from './session-types.ts'
import { createSwarm, type ShareNames, type Swarm } from './swarm.ts'
import type { ServeBudget } from './upload.ts'
import { shareProtocol } from './wire.ts'

export interface SwarmsParts {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly network: Network
  readonly library: Library
  readonly blockBuffers: BlockBuffers
  uploaded(swarm: Swarm, bytes: number): void
  changed(swarm: Swarm): void
}

export interface Swarms {
  start(): Promise<void>
  stop(): Promise<void>
  all(): Iterable<Swarm>
  /** The swarm of a share, made when there is none. */
  of(names: ShareNames): Swarm
  /**
   * Opens a session with a connected peer; returns once its stream is open. Rejects when that fails, when we have opened
   * one for this share with this peer already, and when there are too many.
   */
  open(swarm: Swarm, peerId: PeerId, options: { signal: AbortSignal }): Promise<void>
  /** Drops the swarm when nobody needs it. */
  release(swarm: Swarm): void
}

/** Blame for these is only counted: they happen to honest peers on bad lines too. */
const mildCodes: ReadonlySet<string> = new Set(['handshake_timeout', 'peer_silent', 'peer_stalled', 'peer_not_reading'])

export function createSwarms(parts: SwarmsParts): Swarms {
  const { clock, log, metrics, network, library } = parts
  const swarms = new Map<string, Swarm>()
  const sessions = new Set<Session>()
  /** With whom we have opened a session, or are about to, by share. */
  const opened = new Map<Swarm, Set<PeerId>>()
  let openedCount = 0
  let acceptedCount = 0
  const running = new Set<Promise<void>>()
  const serveBudget: ServeBudget = { bytes: 0, line: createLine(clock) }
  const serving = createServing(clock, serveBudget.line, () => sessions)
  let keys = 0
  let unhandle: Cancel | undefined
  let offNetwork: Cancel = () => {}
  /** Sessions for which one by a direct way was opened. */
  const moved = new WeakSet<Session>()
  const stopping = new AbortController()
  let stopped = false

  function of(names: ShareNames): Swarm {
    const key = toHex(names.discovery)
    const known = swarms.get(key)
    if (known !== undefined) return known
    const swarm = createSwarm(names, {
      clock,
      log,
      network,
      rechoke: serving.changed,
      gone: serving.gone,
      uploaded: parts.uploaded,
      changed(changed) {
        parts.changed(changed)
        queueMicrotask(() => release(changed))
      },
    })
    swarm.setHolding(library.byDiscovery(names.discovery))
    swarms.set(key, swarm)
    return swarm
  }

  function release(swarm: Swarm): void {
    const key = toHex(swarm.names.discovery)
    const isCurrent = swarms.get(key) === swarm
    if (swarm.seeker !== undefined) return
    // Sessions that were opened for a transfer which is over, and have nothing to serve from: nobody would ever end them.
    if (swarm.holding === undefined || !isCurrent) swarm.endAll('not_shared')
    if (swarm.sessions.size > 0 || !isCurrent) return
    swarms.delete(key)
    swarm.stop()
  }

  function find(discovery: Uint8Array): SessionPort | undefined {
    const known = swarms.get(toHex(discovery))
    if (known !== undefined) return known
    const holding = library.byDiscovery(discovery as DiscoveryKey)
    return holding === undefined ? undefined : of(holding)
  }

  // ---- sessions

  /** `over` is called when the session has ended, before anybody is told of it. */
  function run(stream: PeerStream, target: Parameters<typeof createSession>[1], over: () => void): Promise<void> {
    const session = createSession(stream, target, {
      self: network.self,
      clock,
      serveBudget,
      blockBuffers: parts.blockBuffers,
      nextKey: () => ++keys,
      ended(session, how) {
        over()
        ended(session, how)
      },
    })
    sessions.add(session)
    const done = session.run().finally(() => running.delete(done))
    running.add(done)
    return done
  }

  async function onStream(stream: PeerStream): Promise<void> {
    if (stopped || acceptedCount >= sessionsAcceptedMax) {
      stream.abort(peerErrors.session_ended('There is no room for another session.'))
      return
    }
    acceptedCount++
    await run(stream, { find }, () => acceptedCount--)
  }

  /** A direct way has opened: sessions that go through a relay go on by it. */
  function move(peerId: PeerId): void {
    for (const session of sessions) {
      if (session.peerId !== peerId || !session.isRelayed || !session.opener || session.phase !== 'active') continue
      const swarm = [...swarms.values()].find(({ sessions: own }) => own.get(session.key) === session)
      if (swarm === undefined || moved.has(session)) continue
      moved.add(session)
      openStream(swarm, peerId, { signal: stopping.signal }, () => {}).catch((error: unknown) =>
        log.debug('session_not_moved', { peer: peerId, code: toPeerhoodError(error).code }),
      )
    }
  }

  async function open(swarm: Swarm, peerId: PeerId, options: { signal: AbortSignal }): Promise<void> {
    await openStream(swarm, peerId, options, takeRoom(swarm, peerId))
  }

  async function openStream(
    swarm: Swarm,
    peerId: PeerId,
    options: { signal: AbortSignal },
    giveBack: () => void,
  ): Promise<void> {
    try {
      const stream = await network.openStream(peerId, shareProtocol, options)
      if (!stopped) {
        void run(stream, { port: swarm }, giveBack)
        return
      }
      stream.abort(peerErrors.session_ended('Peerhood is stopping.'))
    } catch (error) {
      giveBack()
      throw error
    }
  }

  /** Whoever searches asks again and again, and peers that say nothing are no sessions of the swarm's yet: counted here. */
  function takeRoom(swarm: Swarm, peerId: PeerId): () => void {
    const ofShare = opened.get(swarm) ?? new Set<PeerId>()
    if (ofShare.has(peerId)) throw peerErrors.session_ended('A session with this peer is open already.')
    if (ofShare.size > 0 && openedCount >= sessionsOpenedMax) {
      throw peerErrors.session_ended('There are too many sessions for another one.')
    }
    opened.set(swarm, ofShare.add(peerId))
    openedCount++
    return () => {
      openedCount--
      ofShare.delete(peerId)
      if (ofShare.size === 0) opened.delete(swarm)
    }
  }

  function ended(session: Session, how: SessionEnd): void {
    sessions.delete(session)
    if (how.error === undefined) return
    const error = toPeerhoodError(how.error)
    if (error.code in peerErrors) punish(session, error)
    else if (isPeerhoodError(how.error)) log.debug('session_broken', { peer: session.peerId, code: error.code })
    else log.error('session_defect', { peer: session.peerId, message: error.message, cause: error.cause })
  }

  function punish(session: Session, error: PeerhoodError): void {
    log.warn(error.code, { peer: session.peerId, message: error.message, ...error.details })
    metrics.count('transfer_peer_faults', 1, { code: error.code })
    network.blame(session.peerId, { code: error.code, verdict: mildCodes.has(error.code) ? 'ignore' : 'reject' })
  }

  return {
    async start() {
      unhandle = await network.handle(shareProtocol, onStream, { streamsPerPeerMax })
      offNetwork = network.on((event) => {
        if (event.type === 'peer' && event.peer.path === 'direct') move(event.peer.peerId)
      })
    },
    async stop() {
      stopped = true
      unhandle?.()
      offNetwork()
      stopping.abort(peerErrors.session_ended('Peerhood is stopping.'))
      serving.stop()
      for (const swarm of swarms.values()) swarm.stop()
      for (const session of [...sessions]) session.end('stopping')
      await Promise.all(running)
    },
    all: () => swarms.values(),
    of,
    open,
    release,
  }
}
