// One community on this computer as far as its log is exchanged: its sessions, who of them sends the bulk, what is passed on
// when, parents that are missing, and what people see of it.

import { BoundedMap } from '../../base/bounded.ts'
import type { Cancel, Clock } from '../../base/ports.ts'
import type { PeerId } from '../../network/types.ts'
import type { CommunityLog, DeviceId, LogEvent } from '../types.ts'
import { createHolds } from './holds.ts'
import { askedMax, gapDelayMs, rememberedPeersMax, sessionsPerCommunityMax, tickMs } from './limits.ts'
import { createPastView } from './past-view.ts'
import type { Session, SessionEnd, SessionPort } from './session-types.ts'
import { chooseFlows, isSource } from './source-core.ts'
import type { JoinOptions, SyncFailure, SyncPeer, SyncPeerState } from './types.ts'
import type { Place, Refusal } from './wire.ts'

export interface CommunityParts {
  readonly self: PeerId
  readonly clock: Clock
  /** Fractions by chance. */
  uniform(): number
  /** What `status` says changed. */
  changed(): void
  /** Entries were stored, from wherever. */
  stored(event: Extract<LogEvent, { type: 'entries' }>): void
  /** A second has passed. */
  ticked(): void
  /** A session became useful, or is over. */
  sessionActive(peerId: PeerId): void
  sessionEnded(peerId: PeerId, how: SessionEnd): void
}

export interface Community extends SessionPort {
  readonly log: CommunityLog
  readonly options: JoinOptions
  readonly sessions: ReadonlyMap<number, Session>
  hasSession(peerId: PeerId): boolean
  /** Asks for what is missing, now. */
  nudge(): void
  /** Asks for parents that are missing, as soon as they may not come by themselves. */
  lacking(): void
  /** Those in reach that say they have an entry. */
  holders(place: Place): readonly PeerId[]
  /** The highest number of a device that they tell; whether some of them, and all, have told what they have. */
  told(device: DeviceId): { readonly seq: number; readonly heard: boolean; readonly isAll: boolean }
  /** `dialled`: peers that we are about to reach. */
  peers(dialled: readonly PeerId[]): readonly SyncPeer[]
  endAll(refusal: Refusal): void
  stop(refusal: Refusal): void
}

interface Remembered {
  readonly provenMs: number | undefined
  readonly failed: SyncFailure | undefined
}

const unknown: Remembered = { provenMs: undefined, failed: undefined }

export function createCommunity(log: CommunityLog, options: JoinOptions, parts: CommunityParts): Community {
  const { clock } = parts
  const sessions = new Map<number, Session>()
  /** Sessions with those who no longer belong: they get the past, and no news. */
  const limited = new Set<number>()
  const full = () => [...sessions.values()].filter(({ key }) => !limited.has(key))
  const remembered = new BoundedMap<PeerId, Remembered>(rememberedPeersMax)
  const holds = createHolds(clock, options.role === 'keeper' ? () => 0 : parts.uniform, pumpAll)
  let storedMs = clock.monotonicMs()
  /** Sessions that were asked for missing parents take turns. */
  let turn = 0
  let isStopped = false
  let timer: Cancel = clock.after(tickMs, tick)
  const offLog = log.on(onLog)

  function pumpAll(): void {
    for (const session of [...sessions.values()]) session.pump()
  }

  // ---- the log

  function onLog(event: LogEvent): void {
    if (event.type === 'fork') {
      for (const session of full()) session.forked(event.fork)
      return
    }
    if (event.type === 'allowed') {
      // They told what they have when it was not wanted.
      for (const session of full()) if (session.flowed) session.round()
      return
    }
    const first = event.entries[0]?.arrival
    if (first === undefined) return
    storedMs = clock.monotonicMs()
    const places: Place[] = event.entries.map(({ entry }) => ({ device: entry.device, seq: entry.seq }))
    for (const session of full()) session.stored(first, places)
    parts.stored(event)
    if (event.own) holds.release()
    else holds.hold(first)
    parts.changed()
  }

  // ---- who sends, and what is missing

  function allowFlows(): void {
    const all = full()
    if (!all.some(({ isTold, flowed }) => isTold && !flowed)) return
    const chosen = chooseFlows(all, clock.monotonicMs())
    for (const session of all) if (chosen.has(session.key)) session.allow()
  }

  function tick(): void {
    timer = clock.after(tickMs, tick)
    // Who was removed meanwhile begins anew, with the past alone.
    for (const session of [...sessions.values()]) {
      if (!options.allows(session.peerId) && !limited.has(session.key)) session.end('not_here')
    }
    allowFlows()
    parts.ticked()
    if (clock.monotonicMs() - storedMs >= gapDelayMs) askForMissing()
  }

  /** One session after the other, while nobody sends the bulk, in which they may be. */
  function askForMissing(): void {
    const able = full().filter(({ isTold }) => isTold)
    const missing = able.length === 0 ? [] : log.missing()
    if (missing.length === 0 || able.some((session) => isSource(session, clock.monotonicMs()))) return
    turn = (turn + 1) % able.length
    able[turn]?.want(missing.slice(0, askedMax))
  }

  // ---- sessions

  function sessionOf(peerId: PeerId): Session | undefined {
    for (const session of sessions.values()) if (session.peerId === peerId) return session
    return undefined
  }

  function greeted(session: Session): Refusal | undefined {
    // It was on its way when the community was left.
    if (isStopped) return 'left'
    const other = sessionOf(session.peerId)
    if (other !== undefined) {
      if (!isPreferred(session, other)) return 'duplicate'
      other.end('duplicate')
    }
    if (sessions.size >= sessionsPerCommunityMax) return 'busy'
    sessions.set(session.key, session)
    if (!options.allows(session.peerId)) limited.add(session.key)
    parts.sessionActive(session.peerId)
    parts.changed()
    return undefined
  }

  /** Both ends must keep the same one of two streams: the one opened by the lower id; of one opener, the later. */
  function isPreferred(session: Session, other: Session): boolean {
    if (session.opener === other.opener) return true
    const openerOf = (one: Session) => (one.opener ? parts.self : one.peerId)
    return openerOf(session) < openerOf(other)
  }

  function ended(session: Session, how: SessionEnd): void {
    const failed = how.fault?.code
    if (failed === 'peer_withholds') note(session, session.role === 'keeper' ? 'keeper_withholds' : failed)
    sessions.delete(session.key)
    limited.delete(session.key)
    parts.sessionEnded(session.peerId, how)
    allowFlows()
    parts.changed()
  }

  function note({ peerId }: Session, failed: SyncFailure | undefined): void {
    const before = remembered.get(peerId)?.provenMs
    remembered.set(peerId, { provenMs: failed === undefined ? clock.nowMs() : before, failed })
    parts.changed()
  }

  // ---- what people see

  function viewOf(session: Session): SyncPeer {
    const isLive = session.isLevelIn && session.isLevelOut
    const state: SyncPeerState = session.phase === 'greeting' ? 'connecting' : isLive ? 'live' : 'catching-up'
    return {
      peerId: session.peerId,
      state,
      role: session.role,
      entriesIn: session.entriesIn,
      entriesOut: session.entriesOut,
      lastMs: session.heardMs,
      weLack: session.weLack(),
      theyLack: session.theyLack(),
      ...(remembered.get(session.peerId) ?? unknown),
    }
  }

  function viewWithout(peerId: PeerId): SyncPeer {
    const figures = { entriesIn: 0, entriesOut: 0, weLack: 0, theyLack: 0, role: undefined, lastMs: undefined }
    return { peerId, state: 'connecting', ...figures, ...(remembered.get(peerId) ?? unknown) }
  }

  return {
    community: log.community,
    log,
    options,
    access: options.access,
    discovery: options.discovery,
    role: options.role,
    logFor(peerId) {
      const epochMax = options.allows(peerId) ? undefined : options.pastOf?.(peerId)
      return epochMax === undefined ? log : createPastView(log, epochMax)
    },
    admits: (peerId) => options.allows(peerId) || options.pastOf?.(peerId) !== undefined,
    sessions,
    heldFrom: () => holds.from,
    hasSession: (peerId) => sessionOf(peerId) !== undefined,
    greeted,
    changed() {
      allowFlows()
      parts.changed()
    },
    proven: note,
    ended,
    nudge() {
      // One of those that have something for us; who has not been let yet sends everything when its turn comes.
      const behind = [...sessions.values()].filter((session) => session.isLevelIn && session.weLack() > 0)
      behind.sort((a, b) => b.weLack() - a.weLack())[0]?.round()
      askForMissing()
    },
    lacking: () => void clock.after(gapDelayMs, () => !isStopped && askForMissing()),
    holders: (place) => [...sessions.values()].filter((session) => session.holds(place)).map(({ peerId }) => peerId),
    told(device) {
      const all = full()
      const told = all.filter(({ isTold }) => isTold)
      const seq = Math.max(0, ...told.map((session) => session.told(device)))
      return { seq, heard: told.length > 0, isAll: told.length === all.length }
    },
    peers: (dialled) => [
      ...[...sessions.values()].map(viewOf),
      ...dialled.filter((peerId) => sessionOf(peerId) === undefined).map(viewWithout),
    ],
    endAll(refusal) {
      for (const session of [...sessions.values()]) session.end(refusal)
    },
    stop(refusal) {
      isStopped = true
      offLog()
      timer()
      holds.stop()
      for (const session of [...sessions.values()]) session.end(refusal)
    },
  }
}
