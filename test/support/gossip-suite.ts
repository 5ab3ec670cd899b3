// What every `Network` must do with published messages: part of network-suite.ts.

import assert from 'node:assert/strict'
import { type TestContext, test as unboundedTest } from 'node:test'
import { isPeerhoodError } from '../../src/base/errors.ts'
import { gossipMessageBytesMax, gossipTopicCharsMax, gossipTopicsMax } from '../../src/network/limits.ts'
import type { GossipOptions, GossipVerdict, Network, PeerId } from '../../src/network/types.ts'
import type { NetworkSetup } from './network-suite.ts'
import { until } from './until.ts'

/** gossipsub's mesh changes once a second. */
const test = (name: string, run: (context: TestContext) => Promise<void>) =>
  unboundedTest(name, { timeout: 60_000 }, run)
const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code

const topic = 'ab'.repeat(32)

/** Texts received, by author, with the verdict given for each. */
function follow(network: Network, options: GossipOptions & { verdict?: () => GossipVerdict; topic?: string } = {}) {
  const heard: { readonly from: PeerId; readonly text: string }[] = []
  const off = network.subscribe(
    options.topic ?? topic,
    (from, bytes) => {
      heard.push({ from, text: Buffer.from(bytes).toString() })
      return options.verdict?.() ?? 'accept'
    },
    options,
  )
  const texts = () => heard.map(({ text }) => text)
  return { heard, texts, off }
}

async function join(from: Network, to: Network): Promise<void> {
  await from.connect({ peerId: to.self, addresses: to.addresses() }, { source: 'manual' })
}

/** Publishes words, one after the other, until `condition` holds: the first may find no follower yet. */
async function publishUntil(network: Network, condition: () => boolean, inTopic = topic): Promise<void> {
  let n = 0
  await until(async () => {
    await network.publish(inTopic, Buffer.from(`word ${n++}`))
    return condition()
  }, 50)
}

export function testGossip(setup: NetworkSetup): void {
  test('what is published reaches followers, through followers too, under its author’s name', async (context) => {
    const [a, b, c] = [await setup.start(context), await setup.start(context), await setup.start(context)]
    const [own, near, far] = [follow(a), follow(b), follow(c)]
    await join(a, b)
    await join(b, c)
    await publishUntil(a, () => far.heard.length > 2)
    assert.ok(far.heard.every(({ from }) => from === a.self))
    assert.equal(new Set(far.texts()).size, far.heard.length, 'each once')
    assert.ok(near.heard.length >= far.heard.length)
    assert.deepEqual(own.heard, [], 'never to ourselves')
  })

  test('what a follower ignores goes no further', async (context) => {
    const [a, b, c] = [await setup.start(context), await setup.start(context), await setup.start(context)]
    const near = follow(b, { verdict: () => 'ignore' })
    const far = follow(c)
    follow(a)
    await join(a, b)
    await join(b, c)
    // Others are passed on by the same peers, so it is not for want of a way.
    const way = 'cd'.repeat(32)
    const others = [follow(b, { topic: way }), follow(c, { topic: way })]
    await publishUntil(a, () => (others[1]?.heard.length ?? 0) > 0, way)
    await publishUntil(a, () => near.heard.length > 4)
    assert.deepEqual(far.heard, [])
  })

  test('who stops following gets nothing more, and may follow again', async (context) => {
    const [a, b] = [await setup.start(context), await setup.start(context)]
    const first = follow(b)
    await join(a, b)
    await publishUntil(a, () => first.heard.length > 0)
    assert.throws(() => follow(b), withCode('topic_taken'))
    first.off()
    first.off()
    const count = first.heard.length
    const other = follow(b, { topic: 'cd'.repeat(32) })
    await publishUntil(a, () => other.heard.length > 1, 'cd'.repeat(32))
    await a.publish(topic, Buffer.from('late'))
    await publishUntil(a, () => other.heard.length > 4, 'cd'.repeat(32))
    assert.equal(first.heard.length, count)
    follow(b).off()
  })

  test('a topic is not for those whom it is not meant for', async (context) => {
    const [a, b, c] = [await setup.start(context), await setup.start(context), await setup.start(context)]
    let isIn = false
    const meant = follow(b, { allows: (peerId) => peerId !== c.self || isIn })
    const own = follow(a)
    const outside = follow(c)
    await join(a, b)
    await join(c, b)
    await publishUntil(a, () => meant.heard.length > 2)
    assert.deepEqual(outside.heard, [], 'B told C nothing, and passed nothing on')
    const before = own.heard.length
    for (let n = 0; n < 5; n++) await c.publish(topic, Buffer.from('from outside'))
    await publishUntil(a, () => meant.heard.length > 5)
    assert.equal(own.heard.length, before, 'and takes nothing from C')
    assert.ok(meant.heard.every(({ from }) => from === a.self))
    // C is let in.
    isIn = true
    await publishUntil(c, () => meant.heard.some(({ from }) => from === c.self))
    await publishUntil(a, () => outside.heard.length > 0)
  })

  test('a message that is refused costs no connection by itself', async (context) => {
    const [a, b] = [await setup.start(context), await setup.start(context)]
    let calls = 0
    b.subscribe(topic, () => {
      calls++
      return 'reject'
    })
    await join(a, b)
    await publishUntil(a, () => calls > 0)
    assert.equal(b.peers().find(({ peerId }) => peerId === a.self)?.state, 'connected')
  })

  test('too long a message, too many topics, and names that are none are refused', async (context) => {
    const a = await setup.start(context)
    await a.publish(topic, new Uint8Array(gossipMessageBytesMax))
    await assert.rejects(a.publish(topic, new Uint8Array(gossipMessageBytesMax + 1)), withCode('gossip_too_long'))
    await assert.rejects(a.publish('', new Uint8Array(1)), withCode('topic_malformed'))
    assert.throws(() => a.subscribe('x'.repeat(gossipTopicCharsMax + 1), () => 'accept'), withCode('topic_malformed'))
    const offs = Array.from({ length: gossipTopicsMax }, (_, n) => a.subscribe(`topic ${n}`, () => 'accept'))
    assert.throws(() => a.subscribe('one more', () => 'accept'), withCode('topics_too_many'))
    for (const off of offs) off()
    a.subscribe('one more', () => 'accept')()
  })
}
