// What the page knows of its daemon, and how news changes it. Pure: snapshots (GET) and events (SSE) go in, a new world
// comes out; whatever did not change keeps its identity, so that only what shows it draws again.

import type {
  Channel,
  Community,
  Event,
  Identity,
  Peer,
  Presence,
  Settings,
  Share,
  Status,
  Transfer,
} from '../../../src/sdk/types.ts'

/**
 * `opening`: nothing read yet. `open`: events flow. `gone`: the daemon does not answer. `barred`: it answers, but this
 * browser has no key to it.
 */
export type Connection = 'opening' | 'open' | 'gone' | 'barred'

/** A peer, and how fast bytes flow to and from it, from the last two times it was heard of. */
export interface PeerEntry {
  readonly peer: Peer
  readonly bytesPerSecond: number
  /** Monotonic time of the figures above. */
  readonly seenMs: number
}

/** Files on their way from this browser into the daemon, to be shared afterwards. */
export interface Intake {
  readonly id: string
  readonly name: string
  readonly files: number
  readonly filesDone: number
  readonly bytes: number
  readonly bytesDone: number
  readonly problem: string | undefined
}

/** What a community's chat is made of but for its messages, which only the view of a channel holds. */
export interface Chat {
  /** By id. */
  readonly channels: ReadonlyMap<string, Channel>
  /** By person. */
  readonly presence: ReadonlyMap<string, Presence>
}

export interface World {
  readonly connection: Connection
  readonly status: Status | undefined
  readonly identity: Identity | undefined
  readonly settings: Settings | undefined
  readonly peers: ReadonlyMap<string, PeerEntry>
  readonly shares: ReadonlyMap<string, Share>
  readonly transfers: ReadonlyMap<string, Transfer>
  readonly intakes: ReadonlyMap<string, Intake>
  readonly communities: ReadonlyMap<string, Community>
  /** By community; of those whose chat has been read. */
  readonly chats: ReadonlyMap<string, Chat>
}

export interface Snapshot {
  readonly status: Status
  readonly identity: Identity | undefined
  readonly settings: Settings
  readonly peers: readonly Peer[]
  readonly shares: readonly Share[]
  readonly transfers: readonly Transfer[]
  /** Undefined when they could not be read: what was known of them stays. */
  readonly communities: readonly Community[] | undefined
  readonly chats: ReadonlyMap<string, Chat> | undefined
}

export type Input =
  | { readonly type: 'connection'; readonly connection: Connection }
  /** Everything, read anew. */
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot; readonly nowMs: number }
  | { readonly type: 'event'; readonly event: Event; readonly nowMs: number }
  /** What a call of ours was answered. The event stream may have overtaken it: what an event told already stays. */
  | { readonly type: 'answer'; readonly event: Event; readonly nowMs: number }
  | { readonly type: 'identity'; readonly identity: Identity }
  | { readonly type: 'intake'; readonly intake: Intake }
  | { readonly type: 'intake-removed'; readonly id: string }
  /** A community's chat, read anew. */
  | { readonly type: 'chat'; readonly community: string; readonly chat: Chat }
  /** Time passes: rates of peers that fell silent end. */
  | { readonly type: 'tick'; readonly nowMs: number }

export const emptyWorld: World = {
  connection: 'opening',
  status: undefined,
  identity: undefined,
  settings: undefined,
  peers: new Map(),
  shares: new Map(),
  transfers: new Map(),
  intakes: new Map(),
  communities: new Map(),
  chats: new Map(),
}

/** A peer that was not heard of for this long is no longer called busy. */
export const silentMs = 4000

export function stepWorld(world: World, input: Input): World {
  switch (input.type) {
    case 'connection':
      return input.connection === world.connection ? world : { ...world, connection: input.connection }
    case 'snapshot':
      return fromSnapshot(world, input.snapshot, input.nowMs)
    case 'event':
      return onEvent(world, input.event, input.nowMs)
    case 'answer':
      return isKnown(world, input.event) ? world : onEvent(world, input.event, input.nowMs)
    case 'identity':
      return { ...world, identity: input.identity }
    case 'intake':
      return { ...world, intakes: withEntry(world.intakes, input.intake.id, input.intake) }
    case 'intake-removed':
      return { ...world, intakes: withoutEntry(world.intakes, input.id) }
    case 'chat':
      return { ...world, chats: withEntry(world.chats, input.community, input.chat) }
    case 'tick':
      return onTick(world, input.nowMs)
  }
}

function fromSnapshot(world: World, snapshot: Snapshot, nowMs: number): World {
  return {
    ...world,
    connection: 'open',
    status: snapshot.status,
    identity: snapshot.identity,
    settings: snapshot.settings,
    peers: new Map(snapshot.peers.map((peer) => [peer.peerId, nextPeer(world.peers.get(peer.peerId), peer, nowMs)])),
    shares: new Map(snapshot.shares.map((share) => [share.id, share])),
    transfers: new Map(snapshot.transfers.map((transfer) => [transfer.id, transfer])),
    communities:
      snapshot.communities === undefined
        ? world.communities
        : new Map(snapshot.communities.map((community) => [community.id, community])),
    chats: snapshot.chats ?? world.chats,
  }
}

function onEvent(world: World, event: Event, nowMs: number): World {
  switch (event.type) {
    case 'status':
      return { ...world, status: event.status }
    case 'settings':
      return { ...world, settings: event.settings }
    case 'peer': {
      const { peer } = event
      return {
        ...world,
        peers: withEntry(world.peers, peer.peerId, nextPeer(world.peers.get(peer.peerId), peer, nowMs)),
      }
    }
    case 'share':
      return { ...world, shares: withEntry(world.shares, event.share.id, event.share) }
    case 'share-removed':
      return { ...world, shares: withoutEntry(world.shares, event.id) }
    case 'transfer':
      return { ...world, transfers: withEntry(world.transfers, event.transfer.id, event.transfer) }
    case 'transfer-removed':
      return { ...world, transfers: withoutEntry(world.transfers, event.id) }
    case 'community':
      return { ...world, communities: withEntry(world.communities, event.community.id, event.community) }
    case 'community-removed':
      return {
        ...world,
        communities: withoutEntry(world.communities, event.id),
        chats: withoutEntry(world.chats, event.id),
      }
    case 'chat-channel': {
      const { channel } = event
      return withChat(world, channel.community, (chat) => ({
        ...chat,
        channels: withEntry(chat.channels, channel.id, channel),
      }))
    }
    case 'presence': {
      const { presence } = event
      return withChat(world, presence.community, (chat) => ({
        ...chat,
        presence: withEntry(chat.presence, presence.person, presence),
      }))
    }
    case 'chat-message':
    case 'code-ended':
    case 'join-request':
    case 'ask':
    case 'device-added':
    case 'direct-request':
    case 'direct-ask':
    case 'direct-blocked':
    case 'direct-contact':
    case 'copies':
    case 'ipfs-job':
    case 'ledger':
      return world // For the views that they concern, which listen for themselves.
    case 'chat-rebuilt':
    case 'reset':
      return world // The service reads everything anew.
  }
}

/** A chat that was not read yet will be, and knows of it then. */
function withChat(world: World, community: string, change: (chat: Chat) => Chat): World {
  const chat = world.chats.get(community)
  return chat === undefined ? world : { ...world, chats: withEntry(world.chats, community, change(chat)) }
}

/** Whether events keep us up to date about what this one is about. */
function isKnown(world: World, event: Event): boolean {
  if (event.type === 'share') return world.shares.has(event.share.id)
  if (event.type === 'transfer') return world.transfers.has(event.transfer.id)
  if (event.type === 'community') return world.communities.has(event.community.id)
  if (event.type === 'chat-channel') {
    return world.chats.get(event.channel.community)?.channels.has(event.channel.id) === true
  }
  return event.type === 'peer' && world.peers.has(event.peer.peerId)
}

function onTick(world: World, nowMs: number): World {
  const silent = [...world.peers].filter(([, entry]) => entry.bytesPerSecond > 0 && nowMs - entry.seenMs > silentMs)
  if (silent.length === 0) return world
  const peers = new Map(world.peers)
  for (const [id, entry] of silent) peers.set(id, { ...entry, bytesPerSecond: 0 })
  return { ...world, peers }
}

/** Counters start anew with a connection; a figure that fell tells nothing about speed. */
function nextPeer(before: PeerEntry | undefined, peer: Peer, nowMs: number): PeerEntry {
  if (before === undefined || nowMs <= before.seenMs) return { peer, bytesPerSecond: 0, seenMs: nowMs }
  const moved = peer.bytesIn + peer.bytesOut - before.peer.bytesIn - before.peer.bytesOut
  const bytesPerSecond = Math.max(0, (moved * 1000) / (nowMs - before.seenMs))
  return { peer, bytesPerSecond, seenMs: nowMs }
}

function withEntry<Value>(map: ReadonlyMap<string, Value>, id: string, value: Value): ReadonlyMap<string, Value> {
  return new Map(map).set(id, value)
}

function withoutEntry<Value>(map: ReadonlyMap<string, Value>, id: string): ReadonlyMap<string, Value> {
  if (!map.has(id)) return map
  const next = new Map(map)
  next.delete(id)
  return next
}
