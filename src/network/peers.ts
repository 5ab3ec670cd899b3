// What is shown of each peer: how it was found, how it is connected, its figures. Follows libp2p's connections, keeps
// the figures across them, and tells listeners: openings and closings at once, changed figures at most once a second.
// Connected peers are bounded by the connection limit, others by `knownPeersMax`.

import type { Connection } from '@libp2p/interface'
import { BoundedMap } from '../base/bounded.ts'
import type { Cancel, Clock } from '../base/ports.ts'
import { transportOf, tryMultiaddr, withoutPeer } from './addresses.ts'
import { agentCharsMax, figuresIntervalMs, knownPeersMax } from './limits.ts'
import { noiseProtocol, tlsProtocol } from './protocol.ts'
import type { Meter } from './stream.ts'
import type { PeerId, PeerSource, PeerView } from './types.ts'

interface Entry {
  readonly peerId: PeerId
  source: PeerSource
  connections: readonly Connection[]
  connectedAtMs: number | undefined
  address: string | undefined
  latencyMs: number | undefined
  bytesIn: number
  bytesOut: number
  agent: string | undefined
}

export interface Peers {
  /** Notes how a peer was found, unless that is known already. */
  found(peerId: PeerId, source: PeerSource, address?: string): void
  /** Notes the connections that a peer has now; true when it went from none to some or back. */
  connections(peerId: PeerId, open: readonly Connection[]): boolean
  identified(peerId: PeerId, agent: string | undefined): void
  pinged(peerId: PeerId, latencyMs: number): void
  /** What is said of its way has changed. */
  changed(peerId: PeerId): void
  meter(peerId: PeerId): Meter
  /** Grows with every byte of payload that comes from the peer. */
  heard(peerId: PeerId): number
  connectionsOf(peerId: PeerId): readonly Connection[]
  connected(): readonly PeerId[]
  views(): readonly PeerView[]
  stop(): void
}

/** Direct before relayed, then the oldest: the one that streams are opened on. */
export function bestConnection(connections: readonly Connection[]): Connection | undefined {
  const open = connections.filter((connection) => connection.status === 'open')
  const rank = (connection: Connection) => (connection.direct ? 0 : 1)
  return [...open].sort((a, b) => rank(a) - rank(b) || a.timeline.open - b.timeline.open)[0]
}

function encryptionOf(connection: Connection): PeerView['encryption'] {
  if (connection.encryption === tlsProtocol) return 'tls'
  return connection.encryption === noiseProtocol ? 'noise' : 'none'
}

function knownView(entry: Entry): PeerView {
  return {
    peerId: entry.peerId,
    state: 'known',
    source: entry.source,
    path: 'none',
    pathSentence: undefined,
    direction: 'none',
    address: entry.address,
    transport: 'none',
    encryption: 'none',
    latencyMs: undefined,
    bytesIn: entry.bytesIn,
    bytesOut: entry.bytesOut,
    connectedAtMs: undefined,
    agent: entry.agent,
  }
}

/** How bytes go, or why not directly, in a sentence. */
export type Explain = (connection: Connection) => string

function viewOf(entry: Entry, explain: Explain): PeerView {
  const connection = bestConnection(entry.connections)
  const known = knownView(entry)
  if (connection === undefined) return known
  return {
    ...known,
    state: 'connected',
    path: connection.direct ? 'direct' : 'relayed',
    pathSentence: explain(connection),
    direction: connection.direction,
    address: withoutPeer(connection.remoteAddr.toString(), entry.peerId),
    transport: transportOf(connection.remoteAddr),
    encryption: encryptionOf(connection),
    latencyMs: entry.latencyMs,
    connectedAtMs: entry.connectedAtMs,
  }
}

/** Control characters and overlong text do not reach anyone's terminal or page. */
export function plainAgent(agent: string | undefined): string | undefined {
  const plain = agent?.replace(/[^\x20-\x7e]/g, '').slice(0, agentCharsMax)
  return plain === '' ? undefined : plain
}

class PeerTable implements Peers {
  readonly #clock: Clock
  readonly #tell: (peer: PeerView) => void
  readonly #explain: Explain
  readonly #connected = new Map<PeerId, Entry>()
  readonly #known = new BoundedMap<PeerId, Entry>(knownPeersMax)
  readonly #changed = new Set<PeerId>()
  #timer: Cancel | undefined
  #stopped = false

  constructor(clock: Clock, tell: (peer: PeerView) => void, explain: Explain) {
    this.#explain = explain
    this.#clock = clock
    this.#tell = tell
  }

  found(peerId: PeerId, source: PeerSource, address?: string): void {
    const entry = this.#entry(peerId)
    if (entry !== undefined) {
      entry.address ??= address
      return
    }
    this.#known.set(peerId, fresh(peerId, source, address))
  }

  connections(peerId: PeerId, open: readonly Connection[]): boolean {
    const entry = this.#entry(peerId)
    if (open.length === 0) return entry === undefined ? false : this.#disconnected(entry)
    const source = open[0]?.direction === 'inbound' ? 'inbound' : 'dht'
    const connected = entry ?? fresh(peerId, source, undefined)
    const isNew = connected.connections.length === 0
    if (isNew) {
      connected.connectedAtMs = this.#clock.nowMs()
      this.#known.delete(peerId)
      this.#connected.set(peerId, connected)
    }
    connected.connections = [...open]
    const best = bestConnection(open)
    if (best?.direction === 'outbound') connected.address = withoutPeer(best.remoteAddr.toString(), peerId)
    this.#tell(this.#view(connected))
    return isNew
  }

  identified(peerId: PeerId, agent: string | undefined): void {
    const entry = this.#entry(peerId)
    if (entry === undefined) return
    entry.agent = plainAgent(agent)
    this.#touch(peerId)
  }

  changed(peerId: PeerId): void {
    this.#touch(peerId)
  }

  pinged(peerId: PeerId, latencyMs: number): void {
    const entry = this.#connected.get(peerId)
    if (entry === undefined) return
    entry.latencyMs = latencyMs
    this.#touch(peerId)
  }

  meter(peerId: PeerId): Meter {
    return {
      received: (bytes) => {
        const entry = this.#entry(peerId)
        if (entry !== undefined) entry.bytesIn += bytes
        this.#touch(peerId)
      },
      sent: (bytes) => {
        const entry = this.#entry(peerId)
        if (entry !== undefined) entry.bytesOut += bytes
        this.#touch(peerId)
      },
    }
  }

  heard(peerId: PeerId): number {
    return this.#entry(peerId)?.bytesIn ?? 0
  }

  connectionsOf(peerId: PeerId): readonly Connection[] {
    return this.#connected.get(peerId)?.connections ?? []
  }

  connected(): readonly PeerId[] {
    return [...this.#connected.keys()]
  }

  views(): readonly PeerView[] {
    return [...this.#connected.values(), ...this.#known.values()].map((entry) => this.#view(entry))
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.()
    this.#timer = undefined
  }

  #view(entry: Entry): PeerView {
    return viewOf(entry, this.#explain)
  }

  #entry(peerId: PeerId): Entry | undefined {
    return this.#connected.get(peerId) ?? this.#known.get(peerId)
  }

  #disconnected(entry: Entry): boolean {
    if (!this.#connected.delete(entry.peerId)) return false
    entry.connections = []
    entry.connectedAtMs = undefined
    this.#known.set(entry.peerId, entry)
    this.#tell(this.#view(entry))
    return true
  }

  #touch(peerId: PeerId): void {
    if (this.#stopped) return
    this.#changed.add(peerId)
    this.#timer ??= this.#clock.after(figuresIntervalMs, () => {
      this.#timer = undefined
      const changed = [...this.#changed]
      this.#changed.clear()
      for (const id of changed) {
        const entry = this.#connected.get(id)
        if (entry !== undefined) this.#tell(this.#view(entry))
      }
    })
  }
}

function fresh(peerId: PeerId, source: PeerSource, address: string | undefined): Entry {
  return {
    peerId,
    source,
    connections: [],
    connectedAtMs: undefined,
    address: address === undefined || tryMultiaddr(address) === undefined ? undefined : address,
    latencyMs: undefined,
    bytesIn: 0,
    bytesOut: 0,
    agent: undefined,
  }
}

/** `tell` hears of every peer that connected, disconnected or whose figures changed. */
export function createPeers(clock: Clock, tell: (peer: PeerView) => void, explain: Explain): Peers {
  return new PeerTable(clock, tell, explain)
}
