// All communities on this computer: founding, joining, keeping, and every act that a person can do in one.
//
//   rows (store.ts) ──► Room (readable) or bare log (keeping) ──► LogSync
//
// Must stay true: whatever was acknowledged is in the log on disk; a community that is kept for others is never read; who
// was removed is sent nothing more.

import type { Database } from '../base/database.ts'
import { toPeerhoodError } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Cancel, Clock, Log, Random } from '../base/ports.ts'
import { createUniform } from '../base/uniform.ts'
import type { Identity, PersonDid } from '../identity/types.ts'
import { deviceIdOf } from '../log/ids.ts'
import type { LogSync } from '../log/sync/types.ts'
import type { CommunityId, CommunityLog, DeviceId, Logs } from '../log/types.ts'
import type { PeerAddress, PeerId } from '../network/types.ts'
import { keptAllowances } from './allowance-core.ts'
import { createCommunityCalls } from './calls.ts'
import { createDirectGate, type DirectGate } from './direct-gate.ts'
import { communityErrors } from './errors.ts'
import { createGate, type Gate } from './gate.ts'
import { tryJoin } from './joining.ts'
import { Keyring } from './keyring.ts'
import { appTopicOf, discoveryKeyOf, topicOf } from './keys.ts'
import { communitiesMax, entriesToldMax, grantDelayMaxMs, grantDelayMinMs } from './limits.ts'
import { createOwnEntries } from './own-entries.ts'
import type { Reading } from './reading.ts'
import { Room, type RoomEvent } from './room.ts'
import { type CommunityRow, type CommunityStore, createCommunityStore, type Phase } from './store.ts'
import type { AppReducer, Communities, CommunityEvent, CommunityFacts, DirectFacts, EpochKey } from './types.ts'
import { closeSpentInvites, handOnOwed } from './writing.ts'

export interface CommunitiesParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly database: Database
  /** For what is made from the logs and can be made again; the same unless said otherwise. */
  readonly views?: Database
  /** Reads long logs away from this thread; without it they are read here, bit by bit. */
  readonly reading?: Reading
  readonly identity: Identity
  readonly logs: Logs
  readonly sync: LogSync
  /** This peer, for links. */
  readonly selfAddress: () => PeerAddress
  /** Conversations of two with these persons are not exchanged; nobody if not given. */
  readonly isBlocked?: (person: PersonDid) => boolean
}

/** A community that is open here. */
export interface Open {
  row: CommunityRow
  readonly log: CommunityLog
  /** Undefined while it is kept for others. */
  readonly room: Room | undefined
  /** Ends exchange and listeners. */
  close(): Promise<void>
  /** Who waits for an invitation to be taken. */
  readonly joiners: Set<PromiseWithResolvers<void>>
  joining: boolean
  /** Ends the wait before owed keys are handed on; undefined: none is due. */
  cancelGrants: Cancel | undefined
  /** Ends the exchange; undefined: there is none. */
  cancelExchange: Cancel | undefined
}

/** What calls.ts works with. */
export interface Hall extends CommunitiesParts {
  readonly store: CommunityStore
  readonly device: DeviceId
  readonly opened: ReadonlyMap<CommunityId, Open>
  /** Opens what a row says, and begins to exchange it. Throws `communities_too_many`. */
  open(row: CommunityRow): Promise<Open>
  setPhase(open: Open, phase: Phase): void
  /** Looks whether this computer, as it is now, is still a member's there. */
  notice(open: Open): void
  facts(open: Open): CommunityFacts
  /** Throws `community_unknown`. */
  find(id: CommunityId): Open
  /** Throws `community_unknown`, `kept_only`, `still_joining`, `not_a_member`. */
  writable(id: CommunityId): Room
  changed(id: CommunityId): void
  /** Ends all that is done with it here; what is stored stays. */
  close(open: Open): Promise<void>
  forget(open: Open): Promise<void>
  /** Who is blocked has changed: exchange ends, or goes on. */
  reconsider(): void
}

export interface CommunityService extends Communities {
  /** Lets devices in, and comes in where others have done so (admission.ts). */
  readonly gate: Gate
  /** Begins conversations of two and takes those that were asked for (direct/). */
  readonly direct: DirectGate
  /** A gossip topic for an app of its own: it changes with the community's key; undefined while that is not here. */
  topic(id: CommunityId, app: string): string | undefined
}

export function createCommunities(parts: CommunitiesParts): CommunityService {
  const log = parts.log.child('community')
  const store = createCommunityStore(parts.database, parts.views)
  const device = deviceIdOf(parts.identity.deviceKey)
  const apps = new Map<string, AppReducer>()
  const opened = new Map<CommunityId, Open>()
  const uniform = createUniform(parts.random)
  const events = new Emitter<CommunityEvent>()

  const hall: Hall = {
    ...parts,
    log,
    store,
    device,
    opened,
    open: (row) => openCommunity(row),
    setPhase,
    notice: noticeRemoval,
    facts: (open) => factsOf(open, parts.identity, isPaused(open)),
    find,
    writable,
    changed: (id) => events.emit({ type: 'community', id }),
    async close(open) {
      opened.delete(open.row.id)
      await open.close()
    },
    forget,
    reconsider() {
      for (const open of opened.values()) {
        exchangeAsDue(open)
        events.emit({ type: 'community', id: open.row.id })
      }
    },
  }
  /** Whether the person of this computer is the one who takes part in it; after another was restored, it is not. */
  const isOwn = ({ row }: Open) => row.person === parts.identity.did

  async function openCommunity(row: CommunityRow): Promise<Open> {
    if (opened.size >= communitiesMax) {
      throw communityErrors.communities_too_many(`There are ${communitiesMax} communities on this computer already.`)
    }
    const communityLog = parts.logs.open(row.id, row.bytesMax === undefined ? {} : { bytesMax: row.bytesMax })
    const room = row.phase === 'keeping' ? undefined : openRoom(row, communityLog)
    if (room === undefined) communityLog.allow(keptAllowances)
    const cancels: Cancel[] = []
    const open: Open = {
      row,
      log: communityLog,
      room,
      joiners: new Set(),
      joining: false,
      cancelGrants: undefined,
      cancelExchange: undefined,
      async close() {
        open.cancelGrants?.()
        open.cancelExchange?.()
        open.cancelExchange = undefined
        for (const cancel of cancels) cancel()
        for (const joiner of open.joiners) joiner.reject(communityErrors.community_unknown('It is no longer here.'))
        open.joiners.clear()
        await room?.stop()
      },
    }
    opened.set(row.id, open)
    if (room !== undefined) cancels.push(room.events.on((event) => onRoom(open, event)))
    cancels.push(communityLog.on(() => void followUp(open)))
    await room?.catchUp()
    // Its keystore may be another than the one it was joined with.
    noticeRemoval(open)
    exchangeAsDue(open)
    if (row.phase === 'joining')
      cancels.push(parts.sync.on(({ community }) => void (community === row.id && goOnJoining(open))))
    return open
  }

  function openRoom(row: CommunityRow, communityLog: CommunityLog): Room {
    const keyring = new Keyring({ deviceSeed: parts.identity.deviceSeed, random: parts.random })
    keyring.import(store.keys(row.id))
    if (row.inviteSeed !== undefined) keyring.addInvite(row.inviteSeed)
    const beforeWriting = createOwnEntries({ clock: parts.clock, sync: parts.sync, log: communityLog, device })
    return new Room(communityLog, keyring, { log, store, apps, beforeWriting, reading: parts.reading })
  }

  /** Entries came: the room reads them, and a community that is being joined may be ready for it. */
  async function followUp(open: Open): Promise<void> {
    try {
      await open.room?.catchUp()
      await goOnJoining(open)
    } catch (error) {
      log.error('community_stuck', { community: open.row.id, code: toPeerhoodError(error).code })
    }
    // One that could not be joined is no longer here.
    if (opened.get(open.row.id) === open) events.emit({ type: 'community', id: open.row.id })
  }

  function isPaused(open: Open): boolean {
    const other = otherOf(open, parts.identity)?.with
    return other !== undefined && parts.isBlocked?.(other) === true
  }

  /** Who has left goes on until the others know it, and refuse. */
  function exchangeAsDue(open: Open): void {
    if (isPaused(open)) {
      open.cancelExchange?.()
      open.cancelExchange = undefined
    } else if (open.row.phase !== 'removed' && opened.get(open.row.id) === open) open.cancelExchange ??= exchange(open)
  }

  function exchange({ row, log: communityLog, room }: Open): Cancel {
    return parts.sync.join(communityLog, {
      access: row.access,
      discovery: discoveryKeyOf(row.access),
      role: room === undefined ? 'keeper' : 'member',
      allows: (peer) => room === undefined || !isBanned(room, peer),
      pastOf: (peer) => room?.removalEpoch(peer),
      peers: () => peersOf(opened.get(row.id) ?? { row, room }, parts.identity.peerId as PeerId),
      topic: () => {
        const whole = writingKeyOf(room)
        return whole === undefined ? undefined : topicOf(whole, row.id)
      },
    })
  }

  async function goOnJoining(open: Open): Promise<void> {
    const { row, room } = open
    if (row.phase !== 'joining' || room === undefined || open.joining || !isOwn(open)) return
    open.joining = true
    try {
      const caughtUp =
        parts.sync.status(row.id)?.peers.some(({ state, weLack }) => state === 'live' && weLack === 0) ?? false
      const step = await tryJoin(room, row, { identity: parts.identity, device, nowMs: parts.clock.nowMs(), caughtUp })
      if (step !== 'joined') return
      setPhase(open, 'open')
      for (const joiner of open.joiners) joiner.resolve()
      open.joiners.clear()
    } catch (error) {
      const { code } = toPeerhoodError(error)
      log.info('join_refused', { community: row.id, code })
      // Whatever else came between (a newer key, a full disk) may be otherwise when the next entries come.
      if (!finalRefusals.has(code)) return
      for (const joiner of open.joiners) joiner.reject(error)
      open.joiners.clear()
      await forget(open)
    } finally {
      open.joining = false
    }
  }

  function onRoom(open: Open, event: RoomEvent): void {
    const { id } = open.row
    if (event.type === 'entries') {
      const entries = event.entries.slice(-entriesToldMax)
      events.emit({ type: 'entries', id, entries })
      return
    }
    if (event.type === 'rebuilt') events.emit({ type: 'rebuilt', id })
    else if (event.type === 'reading') events.emit({ type: 'community', id })
    else {
      noticeRemoval(open)
      careForKeys(open)
      // Only its acts say with whom a conversation is.
      if (open.cancelExchange !== undefined) exchangeAsDue(open)
    }
  }

  /** Whoever came without a key that is theirs gets it from one of those who have it: after a while, unless it was done. */
  function careForKeys(open: Open): void {
    const { room, row } = open
    if (room === undefined || row.phase !== 'open' || open.cancelGrants !== undefined || !isOwn(open)) return
    const waitMs = grantDelayMinMs + uniform() * (grantDelayMaxMs - grantDelayMinMs)
    open.cancelGrants = parts.clock.after(waitMs, () => {
      open.cancelGrants = undefined
      const writing = { self: () => parts.identity.did, nowMs: () => parts.clock.nowMs() }
      const care = async () => {
        await closeSpentInvites(room, writing)
        await handOnOwed(room, writing)
      }
      care().catch((error: unknown) => {
        log.warn('keys_not_granted', { community: row.id, code: toPeerhoodError(error).code })
      })
    })
  }

  /** Who was removed, or whose device was, stops taking part as soon as it is known here. */
  function noticeRemoval(open: Open): void {
    if (open.row.phase !== 'open' || open.room?.isReadable !== true || !isOwn(open)) return
    const self = open.room.state.members.get(parts.identity.did)
    const here = self?.devices.find((one) => one.device === device)
    // One that forked still belongs: it may listen, and others tell it so.
    if (self?.state === 'active' && (here?.state === 'active' || here?.state === 'forked')) return
    setPhase(open, self?.state === 'left' ? 'left' : 'removed')
  }

  function setPhase(open: Open, phase: Phase): void {
    store.setPhase(open.row.id, phase)
    open.row = { ...open.row, phase, inviteSeed: undefined }
    events.emit({ type: 'community', id: open.row.id })
  }

  function find(id: CommunityId): Open {
    const open = opened.get(id)
    if (open === undefined)
      throw communityErrors.community_unknown('There is no community of this id on this computer.')
    return open
  }

  function writable(id: CommunityId): Room {
    const open = find(id)
    const { row, room } = open
    if (room === undefined) throw communityErrors.kept_only('This computer only holds this community for others.')
    if (!isOwn(open)) throw communityErrors.other_person('The person who takes part in this community is another one.')
    if (row.phase === 'joining') throw communityErrors.still_joining('Nobody of this community was reached yet.')
    if (row.phase === 'open') return room
    throw communityErrors.not_a_member(
      row.phase === 'left' ? 'You have left this community.' : 'You were removed from it.',
    )
  }

  async function forget(open: Open): Promise<void> {
    const { id } = open.row
    opened.delete(id)
    await open.close()
    await forgetViews(id)
    store.remove(id)
    await parts.logs.remove(id)
    events.emit({ type: 'removed', id })
  }

  /** What is left when this ends in the middle is forgotten at the next start, before it is made again. */
  async function forgetViews(id: CommunityId): Promise<void> {
    const write = async <Result>(work: () => Result) => {
      const written = () => store.lazily(work)
      return parts.reading === undefined ? written() : parts.reading.exclusively(written)
    }
    await write(() => store.startAgain(id))
    for (let left = [...apps.values()]; left.length > 0; await new Promise((resolve) => setImmediate(resolve))) {
      left = await write(() => left.filter((app) => !app.reset(id)))
    }
    await write(() => store.removeProgress(id))
  }

  const calls = createCommunityCalls(hall)
  return {
    ...calls,
    gate: createGate(hall),
    direct: createDirectGate(hall, calls),
    topic(id, app) {
      const whole = writingKeyOf(opened.get(id)?.room)
      return whole === undefined ? undefined : appTopicOf(whole, id, app)
    },
    register: (app) => void apps.set(app.app, app),
    on: (listener) => events.on(listener),
    async start() {
      const rows = store.rows()
      const known = new Set(rows.map(({ id }) => id))
      for (const row of rows) await openCommunity(row)
      // Of what was forgotten when this ended, or with a database that was lost.
      for (const id of store.inViews()) if (!known.has(id)) await forgetViews(id)
    },
    async stop() {
      await Promise.all([...opened.values()].map((open) => open.close()))
      opened.clear()
    },
  }
}

/** The key to write with, as far as it is here. */
function writingKeyOf(room: Room | undefined): EpochKey | undefined {
  const key = room?.isReadable === true ? room.state.writingKey : undefined
  return key === undefined ? undefined : room?.keyring.get(key.key)
}

/** Why an invitation can't be taken any more. */
const finalRefusals: ReadonlySet<string> = new Set([
  'invite_unknown',
  'invite_used',
  'invite_revoked',
  'invite_expired',
  'not_a_member',
  'conversation_other',
])

/** The other of a conversation of two, by its log or, before that is here, by who asked for it. */
function otherOf({ row, room }: Open, identity: Identity): Omit<DirectFacts, 'blocked'> | undefined {
  const state = room?.isReadable === true ? room.state : undefined
  if (state === undefined ? row.direct === undefined : state.purpose !== 'direct') return undefined
  const other = [...(state?.members.values() ?? [])].find(({ person }) => person !== identity.did)
  if (other !== undefined) return { with: other.person, name: other.name, joined: true }
  return { with: row.direct?.with, name: row.direct?.name ?? '', joined: false }
}

function factsOf(open: Open, identity: Identity, blocked: boolean): CommunityFacts {
  const { row, log, room } = open
  const direct = otherOf(open, identity)
  const state = room?.isReadable === true ? room.state : undefined
  return {
    id: row.id,
    state,
    self: state?.members.get(identity.did),
    counts: log.counts(),
    forks: log.forks(),
    reading: room?.progress,
    phase: row.phase,
    bytesMax: row.bytesMax,
    otherPerson: row.person !== undefined && row.person !== identity.did,
    direct: direct === undefined ? undefined : { ...direct, blocked },
  }
}

/** A device that is known and no longer a member's. Others may be newcomers, or keepers. */
function isBanned({ state }: Room, peer: PeerId): boolean {
  for (const member of state.members.values()) {
    const device = member.devices.find(({ peerId }) => peerId === peer)
    if (device !== undefined) return member.state !== 'active' || device.state === 'removed'
  }
  return false
}

/** Whom to ask for entries: members' devices, keepers, and the peers of the link. */
function peersOf({ row, room }: Pick<Open, 'row' | 'room'>, self: PeerId): readonly PeerAddress[] {
  const peers = new Map<PeerId, PeerAddress>(row.peers.map((peer) => [peer.peerId, peer]))
  for (const { peer } of room?.state.keepers ?? []) peers.set(peer.peerId, peer)
  for (const member of room?.state.members.values() ?? []) {
    if (member.state !== 'active') continue
    for (const { peerId, state } of member.devices) {
      if (state === 'active' && !peers.has(peerId)) peers.set(peerId, { peerId, addresses: [] })
    }
  }
  peers.delete(self)
  return [...peers.values()]
}
