// An in-memory network between simulated peers. Connections can be cut, peers can vanish, and the net can be split and
// healed; what streams do is in streams.ts. Everything follows the world's clock and random. Where it does not say
// otherwise it behaves as the real network: test/support/network-suite.ts holds both to the same tests.

import { toHex } from '../../src/base/bytes.ts'
import { toPeerhoodError } from '../../src/base/errors.ts'
import { Emitter } from '../../src/base/events.ts'
import type { Clock } from '../../src/base/ports.ts'
import { networkErrors } from '../../src/network/errors.ts'
import { streamLingerMs } from '../../src/network/limits.ts'
import type {
  Blame,
  Network,
  NetworkEvent,
  PeerAddress,
  PeerId,
  PeerSource,
  PeerStream,
  PeerView,
  StreamHandler,
} from '../../src/network/types.ts'
import { createGossipNet, type Followed } from './gossip.ts'
import type { SeededRandom } from './random.ts'
import { createStreams, type LinkQuality, type OpenedStream } from './streams.ts'

export type { LinkQuality } from './streams.ts'

/** The whole net: who exists, who is up, who can talk to whom. */
export interface Net {
  readonly clock: Clock
  readonly random: SeededRandom
  join(id: PeerId, quality: LinkQuality): SimNetwork
  /** The peer is gone without a word. */
  crash(id: PeerId): void
  /** Only peers of the same group can talk; peers in no group are alone. */
  split(groups: readonly (readonly PeerId[])[]): void
  heal(): void
  /** Whether the two reach each other only by a relay. What is open stays as it is. */
  relay(a: PeerId, b: PeerId, on: boolean): void
  /** Breaks the connection between two peers. */
  cut(a: PeerId, b: PeerId): void
  /** The peer takes no more bytes from its streams: their windows fill. */
  stopReading(id: PeerId): void
  /** The share of published messages that get lost on each way from peer to peer; none at first. */
  gossipLoss: number
  /** Nobody changes what was sent: it is handed on without a copy. Not so at first. */
  sharesMemory: boolean
  /** Called for every chunk that arrives. */
  onDelivery: (from: PeerId, to: PeerId, bytes: Uint8Array) => void
}

export interface SimNetwork extends Network {
  readonly blames: readonly { readonly peerId: PeerId; readonly blame: Blame }[]
}

/** A connection across a split is noticed as broken after this. */
const brokenAfterMs = 15_000
const connectFailsMs = 3_000
const blamePauseMs = 60_000
const recordExpiresAfterMs = 48 * 3_600_000

/** As the DHT keeps them: what others were told is not taken back, it expires. */
interface ProviderRecord {
  readonly expiresMs: number
  /** Others hold it, too. */
  readonly told: boolean
}

interface Node {
  readonly id: PeerId
  readonly quality: LinkQuality
  readonly network: SimNetwork
  readonly handlers: Map<string, { readonly handler: StreamHandler; readonly max: number }>
  /** How each connection came to be. */
  readonly connected: Map<PeerId, Pick<PeerView, 'source' | 'direction'>>
  /** Where peers that it met or was told of may be reached. */
  readonly known: Map<PeerId, readonly string[]>
  readonly paused: Map<PeerId, number>
  /** Streams that are open to it, by peer and protocol. */
  readonly serving: Map<string, number>
  readonly events: Emitter<NetworkEvent>
  readonly topics: Map<string, Followed>
  up: boolean
  started: boolean
}

export function createNet(clock: Clock, random: SeededRandom): Net {
  const nodes = new Map<PeerId, Node>()
  const providers = new Map<string, Map<PeerId, ProviderRecord>>()
  const deaf = new Set<PeerId>()
  const relayed = new Set<string>()
  let groups: ReadonlyMap<PeerId, number> | undefined

  const delay = (a: Node, b: Node) => a.quality.delayMs + b.quality.delayMs
  const isUp = (id: PeerId) => nodes.get(id)?.up === true
  const canTalk = (a: Pick<Node, 'id'>, b: Pick<Node, 'id'>) =>
    isUp(a.id) && isUp(b.id) && (groups === undefined || (groups.has(a.id) && groups.get(a.id) === groups.get(b.id)))

  const isRelayed = (a: PeerId, b: PeerId) => relayed.has([a, b].sort().join())
  const streams = createStreams({
    clock,
    canTalk,
    isRelayed: (a, b) => isRelayed(a.id, b.id),
    isDeaf: ({ id }) => deaf.has(id),
    onDelivery: (from, to, bytes) => net.onDelivery(from, to, bytes),
    sharesMemory: () => net.sharesMemory,
  })

  const gossip = createGossipNet<Node>({
    find: (id) => nodes.get(id),
    carry(from, to, arrive) {
      if (net.gossipLoss > 0 && random.uniform() < net.gossipLoss) return
      clock.after(delay(from, to), () => {
        if (from.connected.has(to.id) && canTalk(from, to)) arrive()
      })
    },
    blame: (node, peerId, blame) => node.network.blame(peerId, blame),
  })

  // ---- connections

  const view = (node: Node, peerId: PeerId) => viewOf(node, peerId, isRelayed(node.id, peerId))

  function connectPair(from: Node, to: Node, source: PeerSource): void {
    if (from.connected.has(to.id)) return
    from.connected.set(to.id, { source, direction: 'outbound' })
    to.connected.set(from.id, { source: 'inbound', direction: 'inbound' })
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.known.set(other.id, [`/sim/${other.id}`])
      one.events.emit({ type: 'peer', peer: view(one, other.id) })
    }
  }

  function disconnect(a: Node, b: Node): void {
    streams.breakBetween(a, b)
    if (!a.connected.delete(b.id)) return
    b.connected.delete(a.id)
    a.events.emit({ type: 'peer', peer: view(a, b.id) })
    b.events.emit({ type: 'peer', peer: view(b, a.id) })
  }

  const isPaused = (node: Node, id: PeerId) => (node.paused.get(id) ?? 0) > clock.monotonicMs()

  function later<Value>(ms: number, signal: AbortSignal | undefined, work: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        cancel()
        reject(signal?.reason)
      }
      const cancel = clock.after(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        try {
          resolve(work())
        } catch (error) {
          reject(error)
        }
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  function checkRuns(node: Node): void {
    if (!node.started) throw networkErrors.network_stopped('The network has stopped.')
  }

  async function connect(from: Node, peer: PeerAddress, source: PeerSource, signal?: AbortSignal): Promise<void> {
    const { peerId } = peer
    checkRuns(from)
    if (peerId === from.id) throw networkErrors.peer_is_self('A peer cannot connect to itself.')
    if (isPaused(from, peerId)) throw networkErrors.peer_paused('This peer is refused for now.')
    if (from.connected.has(peerId)) return
    const to = nodes.get(peerId)
    const addresses = [...peer.addresses, ...(from.known.get(peerId) ?? [])].map((text) =>
      text.replace(/\/p2p\/.*/, ''),
    )
    const knowsWhere = addresses.includes(`/sim/${peerId}`) || to?.connected.has(from.id)
    if (to === undefined || !knowsWhere || !canTalk(from, to) || !to.started || isPaused(to, from.id)) {
      return later(connectFailsMs, signal, () => {
        throw networkErrors.peer_unreachable('The peer could not be reached.')
      })
    }
    return later(2 * delay(from, to), signal, () => {
      if (!canTalk(from, to)) throw networkErrors.peer_unreachable('The peer could not be reached.')
      connectPair(from, to, source)
    })
  }

  // ---- streams

  async function openStream(from: Node, peerId: PeerId, protocol: string, signal?: AbortSignal): Promise<PeerStream> {
    checkRuns(from)
    if (!from.connected.has(peerId)) await connect(from, { peerId, addresses: [] }, 'manual', signal)
    const to = nodes.get(peerId)
    if (to === undefined) throw networkErrors.peer_unreachable('The peer is not connected.')
    return later(delay(from, to), signal, () => {
      if (!from.connected.has(peerId) || !canTalk(from, to)) {
        throw networkErrors.peer_unreachable('The connection was lost.')
      }
      const served = to.handlers.get(protocol)
      if (served === undefined) throw networkErrors.protocol_unsupported('The other peer does not speak this protocol.')
      const stream = streams.open(from, to)
      if (isRoom(from, to, protocol, served.max, stream)) void serve(served.handler, stream)
      return stream.opener
    })
  }

  /** Counts the stream, or cuts it when there are too many. */
  function isRoom(from: Node, to: Node, protocol: string, max: number, stream: OpenedStream): boolean {
    const key = `${from.id} ${protocol}`
    const open = to.serving.get(key) ?? 0
    if (open >= max) {
      stream.server.abort(networkErrors.streams_too_many('Too many streams of this protocol.'))
      to.network.blame(from.id, { code: 'streams_too_many', verdict: 'ignore' })
      return false
    }
    to.serving.set(key, open + 1)
    stream.onOver(() => to.serving.set(key, (to.serving.get(key) ?? 1) - 1))
    return true
  }

  /** A handler that throws costs the stream; one that is done closes its side, and the peer has a while to follow. */
  async function serve(handler: StreamHandler, { server, onOver }: OpenedStream): Promise<void> {
    try {
      await handler(server)
      await server.close()
      const slow = () => server.abort(networkErrors.stream_closed('The other peer kept a finished stream open.'))
      onOver(clock.after(streamLingerMs, slow))
    } catch (error) {
      server.abort(toPeerhoodError(error))
    }
  }

  function stop(node: Node): void {
    if (!node.started) return
    for (const id of [...node.connected.keys()]) {
      const other = nodes.get(id)
      if (other !== undefined) disconnect(node, other)
    }
    node.started = false
  }

  function createNetwork(id: PeerId, quality: LinkQuality): Node {
    const blames: { peerId: PeerId; blame: Blame }[] = []
    const node: Node = {
      id,
      quality,
      handlers: new Map(),
      connected: new Map(),
      known: new Map(),
      paused: new Map(),
      serving: new Map(),
      events: new Emitter(),
      topics: new Map(),
      up: true,
      started: true,
      network: {
        self: id,
        blames,
        start: async () => {},
        stop: async () => stop(node),
        addresses: () => [`/sim/${id}/p2p/${id}`],
        reachability: () => ({ kind: 'public', sentence: 'Simulated.' }),
        peers: () => [...node.known.keys()].map((peer) => view(node, peer)),
        on: (listener) => node.events.on(listener),
        connect: (peer, { source, signal }) => connect(node, peer, source, signal),
        async addressesOf(peerId) {
          const addresses = node.known.get(peerId)
          return addresses === undefined ? undefined : { peerId, addresses }
        },
        openStream: (peerId, protocol, options) => openStream(node, peerId, protocol, options?.signal),
        async handle(protocol, handler, { streamsPerPeerMax }) {
          if (node.handlers.has(protocol)) throw networkErrors.protocol_taken(`${protocol} is served already.`)
          node.handlers.set(protocol, { handler, max: streamsPerPeerMax })
          return () => node.handlers.delete(protocol)
        },
        async provide(key, options) {
          checkRuns(node)
          await later(50, options?.signal, () => {})
          const records = providers.get(toHex(key)) ?? new Map()
          providers.set(toHex(key), records)
          const told = node.connected.size > 0 || records.get(id)?.told === true
          records.set(id, { expiresMs: clock.monotonicMs() + recordExpiresAfterMs, told })
        },
        async unprovide(key) {
          const records = providers.get(toHex(key))
          // Who connected meanwhile was told as well.
          if (records?.get(id)?.told === false && node.connected.size === 0) records.delete(id)
        },
        async *findProviders(key, options) {
          options?.signal?.throwIfAborted()
          for (const [peerId, { expiresMs }] of [...(providers.get(toHex(key)) ?? [])]) {
            await later(50, options?.signal, () => {})
            if (peerId !== id && clock.monotonicMs() < expiresMs) yield { peerId, addresses: [`/sim/${peerId}`] }
          }
        },
        subscribe: (topic, handler, options) => gossip.subscribe(node, topic, handler, options),
        async publish(topic, bytes) {
          checkRuns(node)
          await gossip.publish(node, topic, bytes)
        },
        blame(peerId, blame) {
          blames.push({ peerId, blame })
          const other = nodes.get(peerId)
          if (blame.verdict !== 'reject' || other === undefined) return
          node.paused.set(peerId, clock.monotonicMs() + blamePauseMs)
          // What was sent last (the refusal) still leaves before the connection ends.
          clock.after(1, () => disconnect(node, other))
        },
        diagnose: async () => [],
      },
    }
    return node
  }

  const net: Net = {
    clock,
    random,
    gossipLoss: 0,
    sharesMemory: false,
    onDelivery: () => {},
    join(id, quality) {
      const node = createNetwork(id, quality)
      nodes.set(id, node)
      return node.network
    },
    crash(id) {
      const node = nodes.get(id)
      if (node === undefined) return
      for (const other of nodes.values()) if (node.connected.has(other.id)) disconnect(node, other)
      node.up = false
      nodes.delete(id)
    },
    split(parts) {
      groups = new Map(parts.flatMap((ids, group) => ids.map((id) => [id, group] as const)))
      const since = groups
      clock.after(brokenAfterMs, () => {
        if (groups !== since) return
        for (const a of nodes.values()) {
          for (const b of nodes.values()) if (a.connected.has(b.id) && !canTalk(a, b)) disconnect(a, b)
        }
      })
    },
    heal() {
      groups = undefined
      for (const node of nodes.values()) streams.pump(node)
    },
    stopReading(id) {
      deaf.add(id)
    },
    relay(a, b, on) {
      const pair = [a, b].sort().join()
      if (on) relayed.add(pair)
      else relayed.delete(pair)
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const node = nodes.get(one)
        if (node?.connected.has(other)) node.events.emit({ type: 'peer', peer: view(node, other) })
      }
    },
    cut(a, b) {
      const [one, other] = [nodes.get(a), nodes.get(b)]
      if (one !== undefined && other !== undefined) disconnect(one, other)
    },
  }
  return net
}

function viewOf(node: Node, peerId: PeerId, isRelayed: boolean): PeerView {
  const connection = node.connected.get(peerId)
  return {
    peerId,
    state: connection === undefined ? 'known' : 'connected',
    source: connection?.source ?? 'manual',
    path: connection === undefined ? 'none' : isRelayed ? 'relayed' : 'direct',
    pathSentence: connection === undefined ? undefined : 'As the simulator says.',
    direction: connection?.direction ?? 'none',
    address: `/sim/${peerId}`,
    transport: 'other',
    encryption: 'none',
    latencyMs: undefined,
    bytesIn: 0,
    bytesOut: 0,
    connectedAtMs: undefined,
    agent: undefined,
  }
}
