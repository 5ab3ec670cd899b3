// What a stranger, or a follower who means ill, can do with published messages: over real hosts on loopback, the other side a
// bare libp2p node that plays by no rules of ours.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { GossipSub } from '@libp2p/gossipsub'
import { createGossip, type Gossip } from './gossip.ts'
import type { Host } from './host.ts'
import {
  gossipAuthorsMax,
  gossipItemsBurst,
  gossipItemsPerRpcMax,
  gossipMeshMax,
  gossipMeshMin,
  gossipMeshWanted,
  gossipMessageBytesMax,
  gossipPerAuthorBurst,
  gossipPerAuthorPerSecond,
  gossipRpcBytesMax,
  gossipTopicBytesPerPeerMax,
  gossipTopicCharsMax,
} from './limits.ts'
import { memoryLog, memoryMetrics, startStranger, testClock, until } from './testing.ts'
import type { PeerId } from './types.ts'

const topic = 'ab'.repeat(32)

/** Until gossipsub has looked after its meshes so often: once a second, by a timer of its own. */
async function heartbeats({ inside }: Node, count: number): Promise<void> {
  let seen = 0
  const onHeartbeat = () => seen++
  inside.addEventListener('gossipsub:heartbeat', onHeartbeat)
  await until('the heart has beaten', () => seen >= count)
  inside.removeEventListener('gossipsub:heartbeat', onHeartbeat)
}

/** gossipsub as it is inside. */
interface Inside extends GossipSub {
  readonly peers: Map<string, unknown>
  readonly topics: Map<string, Set<string>>
  readonly mesh: Map<string, Set<string>>
  readonly streamsOutbound: Map<string, unknown>
  readonly mcache: { readonly msgs: Map<string, unknown> }
  sendRpc(to: string, rpc: unknown): boolean
  getScore(peerId: string): number
}
const idOf = (host: Host) => host.peerId.toString() as PeerId

/** A host whose gossip runs. */
interface Stranger {
  readonly host: Host
  readonly inside: Inside
}

/** A host with gossip as the network sets it up, and all that it counts and blames. */
interface Quiet {
  readonly host: Host
  readonly gossip: Gossip
  readonly counts: Map<string, number>
  readonly blames: string[]
}

type Node = Quiet & Stranger

async function startQuiet(t: TestContext): Promise<Quiet> {
  const host = await startStranger(t)
  const counts = new Map<string, number>()
  const blames: string[] = []
  const gossip = createGossip({
    clock: testClock,
    log: memoryLog(),
    metrics: memoryMetrics(counts),
    service: host.services.pubsub,
    blame: (_, { code, verdict }) => void blames.push(`${code} ${verdict}`),
  })
  gossip.start()
  return { host, gossip, counts, blames }
}

/** What runs because of what is followed. */
async function insideOf({ pubsub }: Host['services']): Promise<Inside> {
  return (await pubsub.run(() => assert.fail('it runs already'))) as Inside
}

/** Gossip runs, though nothing is followed any more. */
async function startNode(t: TestContext): Promise<Node> {
  const quiet = await startQuiet(t)
  quiet.gossip.subscribe('any', () => 'ignore')()
  return { ...quiet, inside: await insideOf(quiet.host.services) }
}

/** By no rules of ours. */
async function startGossiper(t: TestContext): Promise<Stranger> {
  const host = await startStranger(t)
  return { host, inside: (await host.services.pubsub.run(() => {})) as Inside }
}

const droppedFor = ({ counts }: Node, why: string) => counts.get(`network_gossip_dropped{${why}}`) ?? 0

async function meet(node: Stranger, stranger: Stranger): Promise<void> {
  await stranger.host.dial(node.host.getMultiaddrs())
  await untilStreams(node, stranger)
}

async function untilStreams(node: Stranger, stranger: Stranger): Promise<void> {
  const way = (from: Stranger, to: Stranger) => from.inside.streamsOutbound.has(idOf(to.host))
  await until('gossip has its streams', () => way(stranger, node) && way(node, stranger))
}

async function scene(t: TestContext, allows: (peerId: PeerId) => boolean = () => true) {
  const victim = await startNode(t)
  const heard: string[] = []
  const listen = (_: PeerId, bytes: Uint8Array) => {
    heard.push(Buffer.from(bytes).toString())
    return 'accept' as const
  }
  victim.gossip.subscribe(topic, listen, { allows })
  const stranger = await startGossiper(t)
  await meet(victim, stranger)
  return { victim, stranger, heard }
}

const rpcOf = (parts: object) => ({ subscriptions: [], messages: [], ...parts })
const message = (inTopic: string, data: Uint8Array) => ({ topic: inTopic, data, from: new Uint8Array(38) })

/** Someone honest is still heard. */
async function expectOthersHeard(t: TestContext, victim: Node, heard: readonly string[]): Promise<void> {
  const other = await startNode(t)
  other.gossip.subscribe(topic, () => 'accept')
  await meet(victim, other)
  let n = 0
  await until('an honest peer is heard', () => {
    void other.gossip.publish(topic, Buffer.from(`honest ${n++}`))
    return heard.some((text) => text.startsWith('honest'))
  })
}

test('a stranger learns no topic that is not meant for it, and one who is let in does', async (t) => {
  let isIn = false
  const { victim, stranger } = await scene(t, () => isIn)
  stranger.inside.subscribe(topic)
  await heartbeats(victim, 2)
  assert.equal(stranger.inside.topics.size, 0)
  assert.deepEqual([...(stranger.inside.mesh.get(topic) ?? [])], [])
  isIn = true
  await until('it is told', () => stranger.inside.topics.get(topic)?.has(idOf(victim.host)) === true)
  isIn = false
})

test('messages on topics that we do not follow are dropped before anything is done with them', async (t) => {
  const { victim, stranger, heard } = await scene(t)
  for (let n = 0; n < 20; n++) {
    stranger.inside.sendRpc(idOf(victim.host), rpcOf({ messages: [message('other', new Uint8Array(100))] }))
  }
  await until('they are dropped', () => droppedFor(victim, 'not_followed') === 20)
  assert.equal(victim.inside.mcache.msgs.size, 0, 'none is kept')
  await expectOthersHeard(t, victim, heard)
})

test('a message without a right signature is neither taken nor passed on', async (t) => {
  const { victim, stranger, heard } = await scene(t)
  stranger.inside.sendRpc(idOf(victim.host), rpcOf({ messages: [message(topic, Buffer.from('forged'))] }))
  await expectOthersHeard(t, victim, heard)
  assert.ok(!heard.includes('forged'))
})

test('a message that is too long costs the connection', async (t) => {
  const { victim, stranger, heard } = await scene(t)
  stranger.inside.sendRpc(
    idOf(victim.host),
    rpcOf({ messages: [message(topic, new Uint8Array(gossipMessageBytesMax + 1))] }),
  )
  await until('it is blamed', () => victim.blames.length > 0)
  assert.deepEqual(victim.blames, ['gossip_too_long reject'])
  await expectOthersHeard(t, victim, heard)
})

test('more at once than is gathered ends that peer’s gossip, nobody else’s', async (t) => {
  const { victim, stranger, heard } = await scene(t)
  const messages = Array.from({ length: 20 }, () => message(topic, new Uint8Array(gossipMessageBytesMax)))
  assert.ok(20 * gossipMessageBytesMax > gossipRpcBytesMax)
  stranger.inside.sendRpc(idOf(victim.host), rpcOf({ messages }))
  await expectOthersHeard(t, victim, heard)
  assert.ok(heard.every((text) => text.startsWith('honest')))
})

test('more items at once than are decoded are dropped; a flood is cut to its rate', async (t) => {
  const { victim, stranger, heard } = await scene(t)
  const items = (count: number) =>
    rpcOf({ messages: Array.from({ length: count }, () => message('other', new Uint8Array(1))) })
  stranger.inside.sendRpc(idOf(victim.host), items(gossipItemsPerRpcMax + 1))
  stranger.inside.sendRpc(idOf(victim.host), items(gossipItemsPerRpcMax))
  await until('those that are decoded are seen', () => droppedFor(victim, 'not_followed') > 0)
  assert.equal(droppedFor(victim, 'not_followed'), gossipItemsPerRpcMax)
  for (let sent = 0; sent < 2 * gossipItemsBurst; sent += gossipItemsPerRpcMax) {
    stranger.inside.sendRpc(idOf(victim.host), items(gossipItemsPerRpcMax))
  }
  await until('the flood is noticed', () => droppedFor(victim, 'sender_too_fast') > 0)
  await expectOthersHeard(t, victim, heard)
})

test('an author is heard so often', async (t) => {
  const { victim, stranger, heard } = await scene(t)
  stranger.inside.subscribe(topic)
  await until('they know each other', () => stranger.inside.topics.get(topic)?.has(idOf(victim.host)) === true)
  const count = 2 * gossipPerAuthorBurst
  const startMs = testClock.monotonicMs()
  for (let n = 0; n < count; n++) await stranger.inside.publish(topic, Buffer.from(`flood ${n}`))
  await until('some are dropped', () => droppedFor(victim, 'author_too_fast') > 0)
  await heartbeats(victim, 1)
  const secondsMax = (testClock.monotonicMs() - startMs) / 1_000
  assert.ok(heard.length <= gossipPerAuthorBurst + secondsMax * gossipPerAuthorPerSecond + 1, `${heard.length} heard`)
  assert.ok(heard.length < count && gossipAuthorsMax > gossipMeshMax)
  await expectOthersHeard(t, victim, heard)
})

test('who sends what is refused is soon not listened to', async (t) => {
  const victim = await startNode(t)
  const heard: string[] = []
  victim.gossip.subscribe(topic, (_, bytes) => {
    heard.push(Buffer.from(bytes).toString())
    return heard.at(-1)?.startsWith('honest') ? 'accept' : 'reject'
  })
  const stranger = await startGossiper(t)
  await meet(victim, stranger)
  stranger.inside.subscribe(topic)
  await until('they know each other', () => stranger.inside.topics.get(topic)?.has(idOf(victim.host)) === true)
  let n = 0
  await until('its score is below what is listened to', () => {
    void stranger.inside.publish(topic, Buffer.from(`bad ${n++}`))
    return victim.inside.getScore(idOf(stranger.host)) < -80
  })
  assert.ok(heard.length >= 4, `${heard.length} were looked at`)
  // Who had a good name a second ago is given that second.
  await heartbeats(victim, 2)
  for (let more = 0; more < 10; more++) await stranger.inside.publish(topic, Buffer.from(`worse ${more}`))
  await expectOthersHeard(t, victim, heard)
  assert.ok(!heard.some((text) => text.startsWith('worse')), 'it is silenced')
})

test('of a peer’s topics so many are remembered, and none with a long name', async (t) => {
  const { victim, stranger, heard } = await scene(t)
  const named = (n: number, length = 64) => n.toString().padStart(length, '0')
  const subscriptions = Array.from({ length: 1_000 }, (_, n) => ({ topic: named(n), subscribe: true }))
  const long = [{ topic: named(1, gossipTopicCharsMax + 1), subscribe: true }]
  stranger.inside.sendRpc(idOf(victim.host), rpcOf({ subscriptions: [...long, ...subscriptions] }))
  await expectOthersHeard(t, victim, heard)
  const known = victim.inside.topics
  assert.ok(known.size > 50 && known.size <= gossipTopicBytesPerPeerMax / 1_024, `${known.size} topics`)
  assert.ok([...known.keys()].every((name) => name.length <= gossipTopicCharsMax))
})

test('a message goes to so many peers at once, however many follow', async (t) => {
  const victim = await startNode(t)
  victim.gossip.subscribe(topic, () => 'accept')
  const others: Stranger[] = []
  for (let n = 0; n < gossipMeshMax + 1; n++) {
    const other = await startGossiper(t)
    other.inside.subscribe(topic)
    await meet(victim, other)
    others.push(other)
  }
  await until('all are known', () => victim.inside.topics.get(topic)?.size === others.length)
  await heartbeats(victim, 2)
  const { recipients } = await victim.inside.publish(topic, Buffer.from('one'))
  assert.ok(recipients.length >= gossipMeshMin && recipients.length <= gossipMeshMax, `${recipients.length} got it`)
  assert.ok(gossipMeshWanted <= gossipMeshMax)
})

// ---- gossip that starts late

const speaksGossip = (host: Host) => host.getProtocols().some((protocol) => protocol.startsWith('/meshsub/'))
const gossipStreams = (host: Host) =>
  host.getConnections().flatMap(({ streams }) => streams.filter(({ protocol }) => protocol.startsWith('/meshsub/')))

/** Follows `topic`; the texts that come. */
function listen({ gossip }: Quiet): string[] {
  const heard: string[] = []
  gossip.subscribe(topic, (_, bytes) => {
    heard.push(Buffer.from(bytes).toString())
    return 'accept'
  })
  return heard
}

async function untilHeard(from: Quiet, heard: readonly string[]): Promise<void> {
  let n = 0
  await until('a message comes', () => {
    void from.gossip.publish(topic, Buffer.from(`late ${n++}`))
    return heard.length > 0
  })
}

async function join(from: Host, to: Host): Promise<void> {
  await from.dial(to.getMultiaddrs())
  await until('both know each other', () => [from, to].every((host) => host.getConnections().length > 0))
}

test('who follows nothing speaks no gossip, also to those who do', async (t) => {
  const [quiet, other, follower] = [await startQuiet(t), await startQuiet(t), await startNode(t)]
  listen(follower)
  await join(quiet.host, other.host)
  await join(quiet.host, follower.host)
  await heartbeats(follower, 2)
  assert.deepEqual(
    [quiet, other, follower].map(({ host }) => speaksGossip(host)),
    [false, false, true],
  )
  assert.deepEqual(gossipStreams(quiet.host), [])
  assert.equal(follower.inside.peers.size, 0)
})

test('who begins to follow is heard by peers that were connected before, and hears them', async (t) => {
  const [early, late] = [await startNode(t), await startQuiet(t)]
  const heardEarly = listen(early)
  await join(late.host, early.host)
  await heartbeats(early, 1)
  assert.equal(early.inside.peers.size, 0)
  const heardLate = listen(late)
  await untilHeard(early, heardLate)
  await untilHeard(late, heardEarly)
})

test('two that were connected before either followed find each other', async (t) => {
  const [first, second] = [await startQuiet(t), await startQuiet(t)]
  await join(first.host, second.host)
  const heard = listen(second)
  await insideOf(second.host.services)
  // Publishing alone is reason enough to speak gossip.
  await untilHeard(first, heard)
})

test('gossip that is still being loaded when the node stops ends with it', async (t) => {
  const quiet = await startQuiet(t)
  listen(quiet)
  const published = quiet.gossip.publish(topic, Buffer.from('too late'))
  quiet.gossip.stop()
  await Promise.all([quiet.host.stop(), assert.rejects(published, { code: 'network_stopped' })])
  assert.equal(speaksGossip(quiet.host), false)
})
