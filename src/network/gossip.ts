// Published messages: gossipsub (v1.2, signed) with what its package leaves open. A message is taken, kept and passed on only
// if we follow its topic and its sender is one whom the topic is meant for; topics are told to those alone, so a stranger who
// connects learns none. Rates of senders and authors are bounded before any signature is checked.
//
//   stream ──► guard (known topic, allowed sender, rate, length) ──► gossipsub (signature, duplicates) ──► validator (rate of
//   the author, handler's verdict) ──► passed on
//
// libp2p's package has no hook for the first step: `guard` replaces two of its methods, as muxer.ts does with yamux's decoder.
// It is loaded only when the first topic is followed or published on (gossip-service.ts).

import type { GossipSub, TopicValidatorResult } from '@libp2p/gossipsub'
import type { PeerId as Libp2pPeerId } from '@libp2p/interface'
import { BoundedMap, TokenBucket } from '../base/bounded.ts'
import { assert, toPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log, Metrics } from '../base/ports.ts'
import { networkErrors } from './errors.ts'
import type { GossipService } from './gossip-service.ts'
import * as limits from './limits.ts'
import type { Blame, GossipHandler, GossipOptions, GossipVerdict, PeerId } from './types.ts'

export interface GossipParts {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly service: GossipService
  blame(peerId: PeerId, blame: Blame): void
}

export interface Gossip {
  /** Once the libp2p node runs. */
  start(): void
  stop(): void
  subscribe(topic: string, handler: GossipHandler, options?: GossipOptions): Cancel
  publish(topic: string, bytes: Uint8Array): Promise<void>
}

interface Topic {
  readonly handler: GossipHandler
  readonly allows: (peerId: PeerId) => boolean
  /** Peers that know that we follow it. */
  readonly told: Set<string>
}

/** What gossipsub sends at once. */
interface Rpc {
  readonly subscriptions: readonly { readonly topic?: string; readonly subscribe?: boolean }[]
  readonly messages: readonly { readonly topic: string; readonly data?: Uint8Array }[]
  readonly control?: {
    readonly ihave: readonly { readonly topicID?: string }[]
    readonly iwant: readonly unknown[]
    readonly graft: readonly { readonly topicID?: string }[]
    readonly prune: readonly { readonly topicID?: string }[]
    readonly idontwant: readonly unknown[]
  }
}

/** The parts of gossipsub that the guard and the scores need. */
interface Inner extends GossipSub {
  readonly peers: Map<string, Libp2pPeerId>
  readonly topics: Map<string, Set<string>>
  readonly mesh: Map<string, Set<string>>
  readonly score: { readonly params: { readonly topics: Record<string, unknown> } }
  handleReceivedRpc(from: Libp2pPeerId, rpc: Rpc): Promise<void>
  handleReceivedSubscription(from: Libp2pPeerId, topic: string, subscribe: boolean): boolean
  sendSubscriptions(to: string, topics: string[], subscribe: boolean): void
}

/** Nothing is expected of a peer, so silence costs nothing; what is refused costs more each time. */
const topicScore = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 1,
  firstMessageDeliveriesWeight: 0,
  firstMessageDeliveriesDecay: 0.5,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 0,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  // Times the square of how many: four are past the threshold (-80) from which on nothing of a peer is taken.
  invalidMessageDeliveriesWeight: -5.5,
  invalidMessageDeliveriesDecay: limits.gossipRefusedDecay,
}

/** Ours are gossipsub's. */
const toResult = (verdict: GossipVerdict): TopicValidatorResult => verdict as TopicValidatorResult

export function createGossip(parts: GossipParts): Gossip {
  const { clock, log, metrics } = parts
  /** Once it runs. */
  let inner: Inner | undefined
  const topics = new Map<string, Topic>()
  const authors = new BoundedMap<string, TokenBucket>(limits.gossipAuthorsMax)
  /** One a connected peer, so bounded as they are. */
  const senders = new BoundedMap<string, TokenBucket>(2 * limits.connectionsMax)
  let running = false

  // ---- what comes in

  function guard(given: GossipSub): void {
    const service = given as Inner
    assert(typeof service.handleReceivedRpc === 'function', 'gossipsub takes messages where we guard it')
    assert(typeof service.sendSubscriptions === 'function', 'gossipsub tells topics where we guard it')
    const handle = service.handleReceivedRpc.bind(service)
    const send = service.sendSubscriptions.bind(service)
    service.handleReceivedRpc = async (from, rpc) => {
      const left = sift(from.toString() as PeerId, rpc)
      if (left !== undefined) await handle(from, left)
    }
    service.sendSubscriptions = (to, named, subscribe) => {
      const some = named.filter((topic) => mayTell(topic, to as PeerId, subscribe))
      if (some.length > 0) send(to, some, subscribe)
    }
  }

  const isFor = (topic: string | undefined, peerId: PeerId): boolean =>
    topic !== undefined && topics.get(topic)?.allows(peerId) === true

  function mayTell(topic: string, peerId: PeerId, subscribe: boolean): boolean {
    const known = topics.get(topic)
    if (!subscribe) return known === undefined || known.told.delete(peerId)
    if (known?.allows(peerId) !== true) return false
    known.told.add(peerId)
    return true
  }

  /** What of it is meant for us and allowed; undefined: nothing, the sender is too fast. */
  function sift(peerId: PeerId, rpc: Rpc): Rpc | undefined {
    if (!bucketOf(senders, peerId, limits.gossipItemsPerSecond, limits.gossipItemsBurst, itemsOf(rpc))) {
      metrics.count('network_gossip_dropped', 1, { why: 'sender_too_fast' })
      return undefined
    }
    if (rpc.messages.some(({ data }) => (data?.length ?? 0) > limits.gossipMessageBytesMax)) {
      parts.blame(peerId, { code: 'gossip_too_long', verdict: 'reject' })
      return undefined
    }
    const messages = rpc.messages.filter(({ topic }) => isFor(topic, peerId))
    const strange = rpc.messages.length - messages.length
    if (strange > 0) metrics.count('network_gossip_dropped', strange, { why: 'not_followed' })
    // Of topics that we do not follow we remember who does (bounded): we may follow them later.
    const subscriptions = rpc.subscriptions.filter(({ topic = '', subscribe }) => {
      if (topic.length > limits.gossipTopicCharsMax) return false
      return subscribe !== true || !topics.has(topic) || isFor(topic, peerId)
    })
    const ours = <Item extends { readonly topicID?: string }>(items: readonly Item[]) =>
      items.filter(({ topicID }) => isFor(topicID, peerId))
    const { control, ...rest } = rpc
    const some =
      control === undefined ? {} : { control: { ...control, ihave: ours(control.ihave), graft: ours(control.graft) } }
    return { ...rest, messages, subscriptions, ...some }
  }

  function itemsOf({ subscriptions, messages, control }: Rpc): number {
    const lists =
      control === undefined ? [] : [control.ihave, control.iwant, control.graft, control.prune, control.idontwant]
    return lists.reduce((sum, list) => sum + list.length, subscriptions.length + messages.length)
  }

  function bucketOf(
    buckets: BoundedMap<string, TokenBucket>,
    key: string,
    perSecond: number,
    burst: number,
    amount: number,
  ): boolean {
    const nowMs = clock.monotonicMs()
    const bucket = buckets.get(key) ?? new TokenBucket({ perSecond, burst, nowMs })
    buckets.set(key, bucket)
    return bucket.take(nowMs, amount)
  }

  function judge(topic: string, from: PeerId, bytes: Uint8Array): GossipVerdict {
    const known = topics.get(topic)
    if (known === undefined) return 'ignore'
    if (!bucketOf(authors, from, limits.gossipPerAuthorPerSecond, limits.gossipPerAuthorBurst, 1)) {
      metrics.count('network_gossip_dropped', 1, { why: 'author_too_fast' })
      return 'ignore'
    }
    try {
      return known.handler(from, bytes)
    } catch (error) {
      const { code, message } = toPeerhoodError(error)
      log.warn('gossip_handler_failed', { code, message })
      return 'ignore'
    }
  }

  // ---- who follows what

  /** gossipsub, running and following what is followed; rejects with `network_stopped`. */
  async function ready(): Promise<Inner> {
    if (inner !== undefined) return inner
    const service = (await parts.service.run(guard)) as Inner
    if (!running) throw networkErrors.network_stopped('The network has stopped.')
    // Of several who waited, the first sets it up.
    if (inner === undefined) {
      inner = service
      service.addEventListener('gossipsub:heartbeat', onHeartbeat)
      for (const topic of topics.keys()) follow(service, topic)
    }
    return service
  }

  function need(): void {
    ready().catch((error) => {
      const { code, message } = toPeerhoodError(error)
      if (running) log.error('gossip_not_started', { code, message })
    })
  }

  function follow(service: Inner, topic: string): void {
    service.score.params.topics[topic] = topicScore
    service.topicValidators.set(topic, (_, message) => {
      if (message.type !== 'signed') return toResult('reject')
      const verdict = judge(topic, message.from.toString() as PeerId, message.data)
      metrics.count('network_gossip_messages', 1, { verdict })
      return toResult(verdict)
    })
    forgetOthers(service, topic)
    service.subscribe(topic)
  }

  /** Those for whom the topic is not meant, or no longer. */
  function forgetOthers(service: Inner, topic: string): void {
    for (const id of [...(service.topics.get(topic) ?? []), ...(service.mesh.get(topic) ?? [])]) {
      if (isFor(topic, id as PeerId)) continue
      const peerId = service.peers.get(id)
      if (peerId !== undefined) service.handleReceivedSubscription(peerId, topic, false)
      service.mesh.get(topic)?.delete(id)
    }
  }

  /** Every second: who became one of those that a topic is meant for is told it, who is no more is forgotten. */
  function onHeartbeat(): void {
    const service = inner
    if (service === undefined) return
    for (const [topic, { told, allows }] of topics) {
      forgetOthers(service, topic)
      for (const id of told) if (!service.peers.has(id)) told.delete(id)
      for (const id of service.peers.keys()) {
        if (!told.has(id) && allows(id as PeerId)) service.sendSubscriptions(id, [topic], true)
      }
    }
  }

  return {
    start() {
      running = true
      if (topics.size > 0) need()
    },
    stop() {
      running = false
      inner?.removeEventListener('gossipsub:heartbeat', onHeartbeat)
    },
    subscribe(topic, handler, { allows = () => true } = {}) {
      checkTopic(topic)
      if (topics.has(topic)) throw networkErrors.topic_taken('This topic is followed already.')
      if (topics.size >= limits.gossipTopicsMax) throw networkErrors.topics_too_many('Too many topics are followed.')
      const entry: Topic = { handler, allows, told: new Set() }
      topics.set(topic, entry)
      if (running && inner !== undefined) follow(inner, topic)
      else if (running) need()
      return () => {
        if (topics.get(topic) !== entry) return
        if (running) inner?.unsubscribe(topic)
        topics.delete(topic)
        inner?.topicValidators.delete(topic)
      }
    },
    async publish(topic, bytes) {
      checkTopic(topic)
      if (bytes.length > limits.gossipMessageBytesMax) {
        throw networkErrors.gossip_too_long('A message is too long to be published.')
      }
      if (!running) throw networkErrors.network_not_running('The network does not run.')
      const service = await ready()
      await service.publish(topic, bytes)
      metrics.count('network_gossip_published')
    },
  }
}

function checkTopic(topic: string): void {
  if (topic.length > 0 && topic.length <= limits.gossipTopicCharsMax) return
  throw networkErrors.topic_malformed('A topic has 1 to 128 characters.')
}
