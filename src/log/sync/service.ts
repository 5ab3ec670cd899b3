// The exchange of logs: takes streams that peers open, opens our own, finds the community a peer names, and turns what a peer
// did wrong into blame, a log line and a count. What is said on a stream is session.ts's, what one community needs
// community.ts's, where peers come from search.ts's.

import { toHex } from '../../base/bytes.ts'
import { assert, isPeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import { Emitter } from '../../base/events.ts'
import type { Cancel, Clock, Log, Metrics, Random } from '../../base/ports.ts'
import { createUniform } from '../../base/uniform.ts'
import { createProvider } from '../../network/provider.ts'
import type { Network, PeerId, PeerStream } from '../../network/types.ts'
import type { CommunityId, CommunityLog, LogEvent } from '../types.ts'
import { type Community, createCommunity } from './community.ts'
import { syncEnds, syncErrors } from './errors.ts'
import { ephemeralBytesMax, gapSearchEveryMs, sessionsAcceptedMax, statusEveryMs, streamsPerPeerMax } from './limits.ts'
import { createLive, type Live } from './live.ts'
import { createSearch, type Search } from './search.ts'
import { createSession } from './session.ts'
import type { Session, SessionEnd } from './session-types.ts'
import type { Ephemeral, JoinOptions, LogSync, SyncEvent } from './types.ts'
import { logProtocol } from './wire.ts'

export interface LogSyncOptions {
  /** Whether communities are announced and looked for in the DHT; true if not given. */
  readonly discover?: boolean
}

export interface LogSyncParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly network: Network
}

interface Joined {
  readonly community: Community
  readonly search: Search
  readonly live: Live
  /** With whom we have opened a session, or are about to. */
  readonly opened: Set<PeerId>
  statusTimer: Cancel | undefined
  /** When parents that gossip did not bring last led to a search. */
  searchedMs: number
}

export function createLogSync(options: LogSyncOptions): (parts: LogSyncParts) => LogSync {
  return (given) => {
    const parts = { ...given, log: given.log.child('log-sync') }
    const { clock, log, metrics, network, random } = parts
    const joined = new Map<CommunityId, Joined>()
    const byDiscovery = new Map<string, Joined>()
    const events = new Emitter<SyncEvent>()
    const ephemerals = new Emitter<Ephemeral>()
    const running = new Set<Promise<void>>()
    /** Those that are greeting, too, which no community knows of yet. */
    const sessions = new Set<Session>()
    /** Those for which one that goes directly was opened. */
    const moved = new WeakSet<Session>()
    const stopping = new AbortController()
    const uniform = createUniform(random)
    const provider = createProvider({ network, clock, log })
    let accepted = 0
    let keys = 0
    let unhandle: Cancel | undefined
    let offNetwork: Cancel | undefined
    let state: 'new' | 'running' | 'stopped' = 'new'

    // ---- sessions

    /** `over` is called when the session has ended, before anybody is told of it. */
    function run(stream: PeerStream, target: Parameters<typeof createSession>[1], over: () => void): Promise<void> {
      const session = createSession(stream, target, {
        self: network.self,
        clock,
        random,
        nextKey: () => ++keys,
        blame: punishMildly,
        ended(session, how) {
          sessions.delete(session)
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
      if (state !== 'running' || accepted >= sessionsAcceptedMax) {
        stream.abort(syncEnds.sync_session_ended('There is no room for another session.'))
        return
      }
      accepted++
      const find = (discovery: Uint8Array) => byDiscovery.get(toHex(discovery))?.community
      await run(stream, { find }, () => accepted--)
    }

    async function open({ community, opened }: Joined, peerId: PeerId, signal: AbortSignal): Promise<void> {
      if (opened.has(peerId) || community.hasSession(peerId)) {
        throw syncEnds.sync_session_ended('A session with this peer is open already.')
      }
      opened.add(peerId)
      try {
        await openStream(community, peerId, signal, () => opened.delete(peerId))
      } catch (error) {
        opened.delete(peerId)
        throw error
      }
    }

    async function openStream(
      community: Community,
      peerId: PeerId,
      signal: AbortSignal,
      over: () => void,
    ): Promise<void> {
      const stream = await network.openStream(peerId, logProtocol, { signal })
      if (state === 'running' && joined.get(community.community)?.community === community) {
        void run(stream, { port: community }, over)
        return
      }
      over()
      stream.abort(syncEnds.sync_session_ended('The community was left.'))
    }

    /** A direct way has opened: of two sessions by one opener the later stays, so what goes by a relay goes on by it. */
    function move(peerId: PeerId): void {
      for (const session of sessions) {
        if (session.peerId !== peerId || !session.isRelayed || !session.opener || session.phase !== 'active') continue
        const one = [...joined.values()].find(({ community }) => community.sessions.get(session.key) === session)
        if (one === undefined || moved.has(session)) continue
        moved.add(session)
        openStream(one.community, peerId, stopping.signal, () => {}).catch((error: unknown) =>
          log.debug('sync_session_not_moved', { peer: peerId, code: toPeerhoodError(error).code }),
        )
      }
    }

    function ended(session: Session, how: SessionEnd): void {
      const { peerId } = session
      if (how.fault !== undefined) {
        const { code, verdict, message } = how.fault
        log.warn(code, { peer: peerId, message })
        metrics.count('log_sync_peer_faults', 1, { code })
        network.blame(peerId, { code, verdict })
      } else if (how.error !== undefined) {
        const error = toPeerhoodError(how.error)
        if (isPeerhoodError(how.error)) log.debug('sync_session_broken', { peer: peerId, code: error.code })
        else log.error('sync_session_defect', { peer: peerId, message: error.message, cause: error.cause })
      }
    }

    function punishMildly({ peerId }: Session, code: string): void {
      log.debug(code, { peer: peerId })
      metrics.count('log_sync_peer_faults', 1, { code })
      network.blame(peerId, { code, verdict: 'ignore' })
    }

    // ---- communities

    function tell(one: Joined): void {
      one.statusTimer ??= clock.after(statusEveryMs, () => {
        one.statusTimer = undefined
        events.emit({ type: 'status', community: one.community.community })
      })
    }

    function begin({ community, search, live }: Joined): void {
      search.start()
      live.refresh()
      if (options.discover !== false) provider.add(community.discovery)
    }

    function leave(one: Joined): void {
      const { community, search, live } = one
      if (joined.get(community.community) !== one) return
      joined.delete(community.community)
      byDiscovery.delete(toHex(community.discovery))
      search.stop()
      live.stop()
      one.statusTimer?.()
      community.stop('left')
      provider.remove(community.discovery)
    }

    function createJoined(communityLog: CommunityLog, joinOptions: JoinOptions): Joined {
      const allows = (peerId: PeerId) => joinOptions.allows(peerId)
      const community = createCommunity(communityLog, joinOptions, {
        self: network.self,
        clock,
        uniform,
        changed: () => tell(one),
        stored: (event) => onStored(one, event),
        // A topic may follow from an entry a moment after that was stored.
        ticked: () => state === 'running' && live.refresh(),
        sessionActive: (peerId) => search.sessionActive(peerId),
        sessionEnded: (peerId, how) => search.sessionEnded(peerId, how),
      })
      const search = createSearch({
        network,
        clock,
        random,
        log,
        discovery: options.discover === false ? undefined : joinOptions.discovery,
        named: () => joinOptions.peers(),
        allows,
        hasSession: community.hasSession,
        // Those that are being opened or greeted, too.
        sessions: () => new Set([...one.opened, ...[...community.sessions.values()].map(({ peerId }) => peerId)]).size,
        open: (peerId, { signal }) => open(one, peerId, signal),
      })
      const live = createLive({
        network,
        clock,
        log,
        communityLog,
        topic: () => joinOptions.topic?.(),
        allows,
        lacking: () => onLacking(one),
        ephemeral: (from, bytes) => ephemerals.emit({ community: communityLog.community, from, bytes }),
      })
      const one: Joined = {
        community,
        search,
        live,
        opened: new Set(),
        statusTimer: undefined,
        searchedMs: Number.NEGATIVE_INFINITY,
      }
      return one
    }

    function onStored({ live }: Joined, { own, entries }: Extract<LogEvent, { type: 'entries' }>): void {
      if (state !== 'running') return
      live.refresh()
      if (own) live.publish(entries.map(({ entry }) => entry))
    }

    function onLacking(one: Joined): void {
      const nowMs = clock.monotonicMs()
      if (one.community.sessions.size > 0) one.community.lacking()
      else if (nowMs - one.searchedMs >= gapSearchEveryMs) {
        one.searchedMs = nowMs
        one.search.nudge()
      }
    }

    const service: LogSync = {
      async start() {
        assert(state === 'new', 'an exchange of logs starts once')
        state = 'running'
        unhandle = await network.handle(logProtocol, onStream, { streamsPerPeerMax })
        offNetwork = network.on((event) => {
          if (event.type === 'peer' && event.peer.path === 'direct') move(event.peer.peerId)
        })
        for (const one of joined.values()) begin(one)
      },
      async stop() {
        if (state === 'stopped') return
        state = 'stopped'
        unhandle?.()
        offNetwork?.()
        stopping.abort()
        provider.stop()
        for (const { search, live, community, statusTimer } of joined.values()) {
          search.stop()
          live.stop()
          statusTimer?.()
          community.stop('stopping')
        }
        for (const session of [...sessions]) session.end('stopping')
        await Promise.all(running)
      },
      join(communityLog, joinOptions) {
        const key = toHex(joinOptions.discovery)
        assert(!joined.has(communityLog.community) && !byDiscovery.has(key), 'a community is joined once at a time')
        const one = createJoined(communityLog, joinOptions)
        joined.set(communityLog.community, one)
        byDiscovery.set(key, one)
        if (state === 'running') begin(one)
        return () => leave(one)
      },
      nudge(id) {
        const one = joined.get(id)
        one?.search.nudge()
        one?.community.nudge()
      },
      holders: (id, device, seq) => joined.get(id)?.community.holders({ device, seq }) ?? [],
      told(id, device) {
        const one = joined.get(id)
        if (one === undefined) return { seq: 0, heard: false, pending: false }
        const { heard, seq, isAll } = one.community.told(device)
        const reaching = [...one.opened, ...one.search.dialled()].some((peerId) => !one.community.hasSession(peerId))
        return { seq, heard, pending: reaching || !isAll }
      },
      status(id) {
        const one = joined.get(id)
        return one === undefined ? undefined : { peers: one.community.peers(one.search.dialled()) }
      },
      on: (listener) => events.on(listener),
      ephemeral(id, bytes) {
        if (bytes.length > ephemeralBytesMax) throw syncErrors.ephemeral_too_long('This is too long to be sent around.')
        joined.get(id)?.live.sendEphemeral(bytes)
      },
      onEphemeral: (listener) => ephemerals.on(listener),
    }
    return service
  }
}
