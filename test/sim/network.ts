// An in-memory network between simulated peers: each has an uplink that its streams share fairly, a delay to everyone,
// and a window a stream, so that a peer that does not read stops its sender. Connections can be cut, peers can vanish,
// and the net can be split and healed. Everything follows the world's clock and random.

import { toHex } from '../../src/base/bytes.ts'
import { defineErrors, type PeerhoodError } from '../../src/base/errors.ts'
import { Emitter } from '../../src/base/events.ts'
import type { Clock } from '../../src/base/ports.ts'
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
import type { SeededRandom } from './random.ts'

export const netErrors = defineErrors({
  stream_broken: { kind: 'not-found', hint: 'Try again.' },
  peer_unreachable: { kind: 'not-found', hint: 'Try again later.' },
  protocol_unknown: { kind: 'refused', hint: 'Nothing to do.' },
})

export interface LinkQuality {
  /** Bytes per second that leave this peer. */
  readonly up: number
  /** One way, to and from the middle of the net. */
  readonly delayMs: number
}

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
  /** Breaks the connection between two peers. */
  cut(a: PeerId, b: PeerId): void
  /** The peer takes no more bytes from its streams: their windows fill. */
  stopReading(id: PeerId): void
  /** Called for every chunk that arrives. */
  onDelivery: (from: PeerId, to: PeerId, bytes: Uint8Array) => void
}

export interface SimNetwork extends Network {
  readonly blames: readonly { readonly peerId: PeerId; readonly blame: Blame }[]
  readonly bytesOut: number
}

const chunkBytes = 65_536
const sendBufferBytes = 262_144
const windowBytes = 1_048_576
/** A connection across a split is noticed as broken after this. */
const brokenAfterMs = 15_000
const connectFailsMs = 3_000
const blamePauseMs = 60_000

interface Node {
  readonly id: PeerId
  readonly quality: LinkQuality
  readonly network: SimNetwork
  readonly handlers: Map<string, { handler: StreamHandler; max: number }>
  readonly connected: Set<PeerId>
  readonly paused: Map<PeerId, number>
  readonly events: Emitter<NetworkEvent>
  /** Sides with bytes to send, in turn. */
  readonly outbox: Side[]
  sending: boolean
  up: boolean
  started: boolean
}

/** One direction of one stream, at its sender. */
class Side {
  readonly from: Node
  readonly to: Node
  peer!: Side
  queue: Uint8Array[] = []
  queuedBytes = 0
  unreadBytes = 0
  inFlight = 0
  closing = false
  received: Uint8Array[] = []
  ended = false
  failure: PeerhoodError | undefined
  /** Its reader aborted the stream. */
  unread = false
  wakeReader: (() => void) | undefined
  drainWaiters: { resolve: () => void; reject: (error: unknown) => void }[] = []
  onClosed: (() => void) | undefined

  constructor(from: Node, to: Node) {
    this.from = from
    this.to = to
  }
}

export function createNet(clock: Clock, random: SeededRandom): Net {
  const nodes = new Map<PeerId, Node>()
  const sides = new Set<Side>()
  const providers = new Map<string, Set<PeerId>>()
  const deaf = new Set<PeerId>()
  let groups: ReadonlyMap<PeerId, number> | undefined

  const delay = (a: Node, b: Node) => a.quality.delayMs + b.quality.delayMs
  const canTalk = (a: Node, b: Node) =>
    a.up && b.up && (groups === undefined || (groups.has(a.id) && groups.get(a.id) === groups.get(b.id)))

  // ---- bytes

  function pump(node: Node): void {
    if (node.sending) return
    for (let tries = node.outbox.length; tries > 0; tries--) {
      const side = node.outbox.shift()
      if (side === undefined) return
      if (side.failure !== undefined || side.queue.length === 0) continue
      if (side.unreadBytes >= windowBytes || !canTalk(side.from, side.to)) {
        node.outbox.push(side)
        continue
      }
      transmit(node, side)
      return
    }
  }

  function transmit(node: Node, side: Side): void {
    const head = side.queue.shift()
    if (head === undefined) return
    const chunk = head.subarray(0, chunkBytes)
    if (head.length > chunkBytes) side.queue.unshift(head.subarray(chunkBytes))
    side.queuedBytes -= chunk.length
    side.unreadBytes += chunk.length
    side.inFlight++
    node.sending = true
    clock.after((chunk.length * 1000) / node.quality.up, () => {
      node.sending = false
      if (side.queue.length > 0) node.outbox.push(side)
      release(side)
      pump(node)
    })
    const travelMs = (chunk.length * 1000) / node.quality.up + delay(side.from, side.to)
    clock.after(travelMs, () => deliver(side, chunk))
  }

  function release(side: Side): void {
    if (side.queuedBytes > sendBufferBytes / 2) return
    const waiters = side.drainWaiters
    side.drainWaiters = []
    for (const waiter of waiters) waiter.resolve()
  }

  function deliver(side: Side, chunk: Uint8Array): void {
    side.inFlight--
    if (side.failure !== undefined) return
    net.onDelivery(side.from.id, side.to.id, chunk)
    side.received.push(chunk)
    side.wakeReader?.()
    finishIfClosed(side)
  }

  function finishIfClosed(side: Side): void {
    if (!side.closing || side.queue.length > 0 || side.inFlight > 0 || side.ended) return
    side.ended = true
    side.onClosed?.()
    clock.after(delay(side.from, side.to), () => side.wakeReader?.())
    if (side.peer.ended) forget(side)
  }

  function forget(side: Side): void {
    sides.delete(side)
    sides.delete(side.peer)
  }

  function breakSide(side: Side): void {
    for (const one of [side, side.peer]) {
      if (one.failure !== undefined) continue
      one.failure = netErrors.stream_broken('The connection to the other peer was lost.')
      one.queue = []
      one.received = []
      one.wakeReader?.()
      for (const waiter of one.drainWaiters) waiter.reject(one.failure)
      one.drainWaiters = []
      one.onClosed?.()
    }
    forget(side)
  }

  async function* incoming(side: Side): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = deaf.has(side.to.id) ? undefined : side.received.shift()
      if (chunk !== undefined) {
        side.unreadBytes -= chunk.length
        if (side.unreadBytes < windowBytes) pump(side.from)
        yield chunk
      } else if (side.failure !== undefined) throw side.failure
      else if (side.unread) throw netErrors.stream_broken('The stream was cut.')
      else if (side.ended) return
      else {
        await new Promise<void>((resolve) => {
          side.wakeReader = resolve
        })
      }
    }
  }

  /** The stream as the owner of `out` sees it. */
  function streamOf(out: Side): PeerStream {
    return {
      remotePeer: out.to.id,
      incoming: incoming(out.peer),
      send(bytes) {
        if (out.failure !== undefined) throw out.failure
        if (out.closing) throw netErrors.stream_broken('The stream was closed already.')
        if (bytes.length > 0) {
          out.queue.push(bytes)
          out.queuedBytes += bytes.length
          if (!out.from.outbox.includes(out)) out.from.outbox.push(out)
          pump(out.from)
        }
        return out.queuedBytes < sendBufferBytes
      },
      drained(options) {
        if (out.failure !== undefined) return Promise.reject(out.failure)
        if (out.queuedBytes < sendBufferBytes) return Promise.resolve()
        return new Promise((resolve, reject) => {
          out.drainWaiters.push({ resolve, reject })
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason), { once: true })
        })
      },
      close() {
        out.closing = true
        return new Promise((resolve) => {
          out.onClosed = resolve
          if (out.failure !== undefined || out.ended) resolve()
          finishIfClosed(out)
        })
      },
      abort() {
        clock.after(delay(out.from, out.to), () => breakSide(out))
        out.failure ??= netErrors.stream_broken('The stream was cut.')
        out.queue = []
        out.peer.received = []
        out.peer.unread = true
        out.peer.wakeReader?.()
      },
    }
  }

  // ---- connections

  function connectPair(a: Node, b: Node): void {
    if (a.connected.has(b.id)) return
    a.connected.add(b.id)
    b.connected.add(a.id)
    a.events.emit({ type: 'peer', peer: viewOf(b.id, 'connected') })
    b.events.emit({ type: 'peer', peer: viewOf(a.id, 'connected') })
  }

  function disconnect(a: Node, b: Node): void {
    for (const side of [...sides]) {
      if ((side.from === a && side.to === b) || (side.from === b && side.to === a)) breakSide(side)
    }
    if (!a.connected.delete(b.id)) return
    b.connected.delete(a.id)
    a.events.emit({ type: 'peer', peer: viewOf(b.id, 'known') })
    b.events.emit({ type: 'peer', peer: viewOf(a.id, 'known') })
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

  async function connect(from: Node, { peerId, addresses }: PeerAddress, signal?: AbortSignal): Promise<void> {
    if (from.connected.has(peerId)) return
    const to = nodes.get(peerId)
    const knowsWhere = addresses.includes(`/sim/${peerId}`) || to?.connected.has(from.id)
    if (
      to === undefined ||
      !knowsWhere ||
      !canTalk(from, to) ||
      !to.started ||
      isPaused(to, from.id) ||
      isPaused(from, peerId)
    ) {
      return later(connectFailsMs, signal, () => {
        throw netErrors.peer_unreachable('The peer could not be reached.')
      })
    }
    return later(2 * delay(from, to), signal, () => {
      if (!canTalk(from, to)) throw netErrors.peer_unreachable('The peer could not be reached.')
      connectPair(from, to)
    })
  }

  function openStream(from: Node, peerId: PeerId, protocol: string, signal?: AbortSignal): Promise<PeerStream> {
    const to = nodes.get(peerId)
    if (to === undefined || !from.connected.has(peerId)) {
      return Promise.reject(netErrors.peer_unreachable('The peer is not connected.'))
    }
    return later(delay(from, to), signal, () => {
      const served = to.handlers.get(protocol)
      if (!from.connected.has(peerId) || !canTalk(from, to)) throw netErrors.stream_broken('The connection was lost.')
      const open = [...sides].filter((side) => side.from === to && side.to === from).length
      if (served === undefined || open >= served.max) throw netErrors.protocol_unknown('The peer does not serve this.')
      const out = new Side(from, to)
      const back = new Side(to, from)
      out.peer = back
      back.peer = out
      sides.add(out)
      sides.add(back)
      void served.handler(streamOf(back)).catch(() => breakSide(back))
      return streamOf(out)
    })
  }

  function createNetwork(id: PeerId, quality: LinkQuality): Node {
    const blames: { peerId: PeerId; blame: Blame }[] = []
    const node: Node = {
      id,
      quality,
      handlers: new Map(),
      connected: new Set(),
      paused: new Map(),
      events: new Emitter(),
      outbox: [],
      sending: false,
      up: true,
      started: true,
      network: {
        self: id,
        blames,
        bytesOut: 0,
        start: async () => {},
        stop: async () => {},
        addresses: () => [`/sim/${id}/p2p/${id}`],
        reachability: () => ({ kind: 'public', sentence: 'Simulated.' }),
        peers: () => [...node.connected].map((peer) => viewOf(peer, 'connected')),
        on: (listener) => node.events.on(listener),
        connect: (peer: PeerAddress, options: { source: PeerSource; signal?: AbortSignal }) =>
          connect(node, peer, options.signal),
        addressesOf: async (peerId) => ({ peerId, addresses: [`/sim/${peerId}`] }),
        openStream: (peerId, protocol, options) => openStream(node, peerId, protocol, options?.signal),
        async handle(protocol, handler, { streamsPerPeerMax }) {
          node.handlers.set(protocol, { handler, max: streamsPerPeerMax })
          return () => node.handlers.delete(protocol)
        },
        async provide(key, options) {
          await later(50, options?.signal, () => {})
          const set = providers.get(toHex(key)) ?? new Set()
          providers.set(toHex(key), set)
          set.add(id)
        },
        async *findProviders(key, options) {
          for (const peerId of [...(providers.get(toHex(key)) ?? [])]) {
            await later(50, options?.signal, () => {})
            if (peerId !== id) yield { peerId, addresses: [`/sim/${peerId}`] }
          }
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
      for (const node of nodes.values()) pump(node)
    },
    stopReading(id) {
      deaf.add(id)
    },
    cut(a, b) {
      const [one, other] = [nodes.get(a), nodes.get(b)]
      if (one !== undefined && other !== undefined) disconnect(one, other)
    },
  }
  return net
}

function viewOf(peerId: PeerId, state: 'connected' | 'known'): PeerView {
  return {
    peerId,
    state,
    source: 'manual',
    path: state === 'connected' ? 'direct' : 'none',
    direction: state === 'connected' ? 'outbound' : 'none',
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
