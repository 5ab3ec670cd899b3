// Who is there and who types, for each community: chat's state machine over the ephemeral messages of the log's exchange,
// in the API's words. Whether this person is shown is kept over restarts.

import type { Presence } from '../api/community-schemas.ts'
import { type ChatPresence, createPresence } from '../apps/chat/presence.ts'
import type { Channel, ChannelId, Chat } from '../apps/chat/types.ts'
import { type Database, migrate } from '../base/database.ts'
import { Emitter, type Listener } from '../base/events.ts'
import type { Cancel, Clock } from '../base/ports.ts'
import type { Communities } from '../community/types.ts'
import type { PersonDid } from '../identity/types.ts'
import type { LogSync } from '../log/sync/types.ts'
import type { CommunityId } from '../log/types.ts'
import type { Network, PeerId } from '../network/types.ts'

export interface PresenceService {
  isOn(community: CommunityId): boolean
  set(community: CommunityId, on: boolean): void
  list(community: CommunityId): readonly Presence[]
  /** This person presses keys in a channel. */
  typing(community: CommunityId, channel: ChannelId): void
  on(listener: Listener<Presence>): Cancel
  start(): void
  /** Says goodbye everywhere. */
  stop(): void
}

export interface PresenceServiceParts {
  readonly clock: Clock
  readonly database: Database
  readonly network: Pick<Network, 'blame'>
  readonly communities: Communities
  readonly chat: Chat
  readonly sync: LogSync
  readonly self: () => PersonDid
}

const schema = ['CREATE TABLE presence_off (community TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;']

export function createPresenceService(parts: PresenceServiceParts): PresenceService {
  const { clock, database, network, communities, chat, sync, self } = parts
  migrate(database, 'presence', schema)
  const off = new Set(
    database
      .prepare('SELECT community FROM presence_off')
      .all()
      .map((row) => String(row.community)),
  )
  const turnOff = database.prepare('INSERT OR IGNORE INTO presence_off (community) VALUES (?)')
  const turnOn = database.prepare('DELETE FROM presence_off WHERE community = ?')
  const rooms = new Map<CommunityId, { readonly presence: ChatPresence; readonly cancel: Cancel }>()
  const emitter = new Emitter<Presence>()
  let cancels: Cancel[] = []

  function toApi(community: CommunityId, presence: ChatPresence, person: PersonDid): Presence {
    const { state, typing } = presence.of(person)
    const shown = state === 'here' ? 'online' : state === 'away' ? 'away' : 'offline'
    return { community, person, state: shown, typing: typing[0] ?? null, changedMs: Math.round(clock.nowMs()) }
  }

  function enter(community: CommunityId): void {
    const presence = createPresence({
      clock,
      self,
      publish: (bytes) => sync.ephemeral(community, bytes),
      channels: () => chat.channels(community).map(({ id, kind }) => ({ id, key: keyOf(community, id, kind) })),
    })
    if (off.has(community)) presence.switch(false)
    const cancel = presence.on((person) => emitter.emit(toApi(community, presence, person)))
    rooms.set(community, { presence, cancel })
  }

  function keyOf(community: CommunityId, channel: ChannelId, kind: Channel['kind']): Uint8Array | undefined {
    return kind === 'private' || kind === 'direct' ? chat.channelKey(community, channel) : undefined
  }

  function leave(community: CommunityId): void {
    const room = rooms.get(community)
    rooms.delete(community)
    room?.cancel()
    room?.presence.stop()
  }

  /** Where this person is a member, and nowhere else. */
  function follow(community: CommunityId): void {
    const facts = communities.list().find(({ id }) => id === community)
    const takesPart = facts?.phase === 'open' && facts.self?.state === 'active'
    if (takesPart && !rooms.has(community)) enter(community)
    if (!takesPart) leave(community)
  }

  function receive(community: CommunityId, from: PeerId, bytes: Uint8Array): void {
    const room = rooms.get(community)
    const person = personOf(communities, community, from)
    if (room === undefined || person === undefined) return
    const how = room.presence.receive(person, bytes)
    if (how === 'malformed' || how === 'flooded') network.blame(from, { code: `presence_${how}`, verdict: 'ignore' })
  }

  return {
    isOn: (community) => !off.has(community),
    set(community, on) {
      if (on) off.delete(community)
      else off.add(community)
      ;(on ? turnOn : turnOff).run(community)
      rooms.get(community)?.presence.switch(on)
    },
    list(community) {
      const room = rooms.get(community)
      const members = communities.get(community).state?.members.values() ?? []
      if (room === undefined) return []
      return [...members]
        .filter(({ state }) => state === 'active')
        .map(({ person }) => toApi(community, room.presence, person))
    },
    typing: (community, channel) => rooms.get(community)?.presence.typing(channel, true),
    on: (listener) => emitter.on(listener),
    start() {
      for (const { id } of communities.list()) follow(id)
      cancels = [
        communities.on(({ id }) => follow(id)),
        sync.onEphemeral(({ community, from, bytes }) => receive(community, from, bytes)),
      ]
    },
    stop() {
      for (const cancel of cancels) cancel()
      for (const community of [...rooms.keys()]) leave(community)
    },
  }
}

function personOf(communities: Communities, community: CommunityId, peer: PeerId): PersonDid | undefined {
  for (const member of communities.get(community).state?.members.values() ?? []) {
    if (member.state === 'active' && member.devices.some((one) => one.peerId === peer)) return member.person
  }
  return undefined
}
