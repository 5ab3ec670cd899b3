// Checkpoints: which blocks are told, what is believed of what was told, and what newcomers and light members do with it; liars
// among those who tell.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { DeviceId } from '../../log/types.ts'
import type { SaidCheckpoint } from '../announced.ts'
import { quietLog, testAccount } from '../chain/testing.ts'
import { believedOf, standingsOf } from '../checkpoint-core.ts'
import { quorumOf } from '../consensus/certificate-core.ts'
import { recoverAddress } from '../evm/crypto.ts'
import { checkpointEverySeconds } from '../limits.ts'
import type { Address, Hash } from '../types.ts'
import { createLightClient } from '../validator/light.ts'
import { trustingPeriodMs } from '../validator/limits.ts'
import type { Checkpoint, PeerName } from '../validator/types.ts'
import { createCheckpoints } from './checkpoints.ts'

const weekMs = checkpointEverySeconds * 1000
const keys = Array.from({ length: 10 }, (_, n) => testAccount(n).address)
const keyOf = (n: number) => keys[n] as Address
const person = (n: number) => `did:key:z6Mk${n}` as PersonDid

/** What each machine tells its community. */
function follow(all: Cluster) {
  const told: { by: number; checkpoint: Checkpoint }[] = []
  const parts = all.running().map(({ number, account }) => {
    const one = createCheckpoints({
      ...{ chain: all.chain(number), node: all.node(number), clock: all.clock },
      tell: (message) => void (message.type === 'checkpoint' && told.push({ by: number, ...message })),
    })
    all.node(number).on((event) => void (event.kind === 'final' && one.final()))
    return { one, account }
  })
  const said = (): SaidCheckpoint[] =>
    told.map(({ by, checkpoint }) => ({
      ...{ person: person(by), device: String(by) as DeviceId, checkpoint },
      address: parts[by]?.account?.address as Address,
    }))
  return { told, said, judge: (by: number, one: Checkpoint) => parts[by]?.one.judge([one])[0] }
}

const everybody = (count: number) => new Set(Array.from({ length: count }, (_, n) => person(n)))

async function untilHeight(all: Cluster, height: number): Promise<void> {
  while (Math.min(...all.heights()) < height) {
    const before = Math.min(...all.heights())
    await all.submit(1)
    await all.until('a block', () => Math.min(...all.heights()) > before)
  }
}

test('all tell the same first block of a week, once, and it is believed when more than two thirds say it', async () => {
  const all = await cluster(4).run()
  const { told, said, judge } = follow(all)
  await untilHeight(all, 3)
  // The chain may begin in one week and go on in the next.
  told.splice(0)
  await all.pass(weekMs)
  await untilHeight(all, 6)
  assert.deepEqual([told.length, new Set(told.map(({ checkpoint }) => JSON.stringify(checkpoint))).size], [4, 1])
  const [first] = told
  assert.ok(first !== undefined && first.checkpoint.height === 4)
  assert.equal(judge(2, first.checkpoint), 'agrees')
  assert.equal(judge(2, { ...first.checkpoint, height: 99 }), 'unknown')
  for (const lie of [
    { block: `0x${'11'.repeat(32)}` as Hash },
    { timestamp: first.checkpoint.timestamp + 1 },
    { genesisHash: `0x${'22'.repeat(32)}` as Hash },
    { set: { epoch: 0, validators: [testAccount(7).address] } },
    { set: { ...first.checkpoint.set, epoch: 1 } },
  ]) {
    assert.equal(judge(2, { ...first.checkpoint, ...lie }), 'contradicts')
  }
  assert.equal(believedOf(standingsOf(said(), everybody(4)))?.block, first.checkpoint.block)
  const two = said().slice(0, 2)
  assert.deepEqual(
    standingsOf(two, everybody(4)).map((one) => [one.said, one.needed, one.isBelieved]),
    [[2, 3, false]],
  )
})

test('one person with many computers, or who names a set of their own, is not believed', () => {
  const checkpoint: Checkpoint = {
    ...{ chainId: 7, genesisHash: `0x${'a'.repeat(64)}` as Hash, height: 5, block: `0x${'b'.repeat(64)}` as Hash },
    ...{ timestamp: 9, set: { epoch: 0, validators: [1, 2, 3, 4].map((n) => keyOf(n)).sort() } },
  }
  const word = (by: number, key: number, of = checkpoint): SaidCheckpoint => ({
    ...{ person: person(by), device: `${by}/${key}` as DeviceId, address: keyOf(key), checkpoint: of },
  })
  const believed = (said: readonly SaidCheckpoint[], willing = everybody(4)) => believedOf(standingsOf(said, willing))
  assert.equal(believed([word(0, 1), word(0, 2), word(0, 3), word(0, 4)]), undefined)
  const sockpuppets = { ...checkpoint, set: { epoch: 3, validators: [8, 9].map((n) => keyOf(n)).sort() } }
  assert.equal(believed([word(0, 8, sockpuppets), word(0, 9, sockpuppets)]), undefined)
  // Three of four persons, but none of the validators that it names.
  assert.equal(believed([word(0, 5), word(1, 6), word(2, 7)]), undefined)
  // Whoever does not offer to validate has no voice.
  assert.equal(believed([word(5, 1), word(6, 2), word(7, 3), word(8, 4)]), undefined)
  const honest = [word(0, 1), word(1, 2), word(2, 3)]
  assert.equal(believed(honest), checkpoint)
  assert.equal(believed([...honest, word(3, 4, { ...checkpoint, height: 6 })]), checkpoint)
  assert.equal(believed([]), undefined)
  assert.equal(believed([], new Set()), undefined)

  // Whatever is said by whom: what is believed has more than two thirds of the persons and a quorum of its set behind it.
  const some = fc.array(fc.record({ by: fc.nat(5), key: fc.nat(6), height: fc.nat(2) }), { maxLength: 20 })
  fc.assert(
    fc.property(some, fc.integer({ min: 0, max: 6 }), (words, persons) => {
      const said = words.map(({ by, key, height }) => word(by, key, { ...checkpoint, height }))
      const found = believed(said, everybody(persons))
      if (found === undefined) return
      const by = words.filter(({ height, by: who }) => height === found.height && who < persons)
      assert.ok(new Set(by.map((one) => one.by)).size * 3 > 2 * persons)
      const signed = new Set(by.map(({ key }) => keyOf(key)))
      assert.ok(found.set.validators.filter((one) => signed.has(one)).length >= quorumOf(found.set.validators.length))
    }),
    { seed: 3, numRuns: 200 },
  )
})

test('a newcomer after the trusting period begins from what the community says, and refuses what contradicts it', async () => {
  const all = await cluster(4).untilHeight(2).synced().run()
  const { said } = follow(all)
  await all.pass(trustingPeriodMs + weekMs)
  await untilHeight(all, 4)
  const checkpoint = believedOf(standingsOf(said(), everybody(4)))
  assert.ok(checkpoint !== undefined && checkpoint.height === 3)
  // Only two are there: without the checkpoint it would wait for a third.
  const newcomer = all.add()
  all.split([0, 1], [2], [3], [0, 1, newcomer.number])
  await all.start(newcomer.number)
  await all.pass(20_000)
  assert.equal(all.chain(newcomer.number).head().height, 0)
  assert.equal(all.status(newcomer.number).sync.kind, 'confirming')
  all.node(newcomer.number).believe(checkpoint)
  await all.until('level', () => all.chain(newcomer.number).head().height === 4)
  // Of a chain that is here already, a majority that says another block is not followed.
  const lie = { ...checkpoint, block: `0x${'11'.repeat(32)}` as Hash }
  assert.throws(() => all.node(0).believe(lie), { code: 'ledger_checkpoint_contradicted' })
  assert.throws(() => all.node(0).believe({ ...checkpoint, chainId: 1 }), { code: 'ledger_checkpoint_contradicted' })
})

test('a light member begins from it, and follows on', async () => {
  const all = await cluster(4).untilHeight(2).synced().run()
  const { said } = follow(all)
  await all.pass(trustingPeriodMs + weekMs)
  await untilHeight(all, 4)
  const checkpoint = believedOf(standingsOf(said(), everybody(4)))
  assert.ok(checkpoint !== undefined)
  const { genesis, genesisHash } = all.chain(0)
  const light = createLightClient()({
    ...{ genesis, genesisHash, clock: all.clock, log: quietLog, recover: recoverAddress },
    network: {
      self: 'peer-1000' as PeerName,
      send: (to, bytes) => all.sendAs(1_000, to, bytes),
      broadcast() {},
      blame: (_, code) => assert.fail(code),
    },
  })
  all.others.set(1_000, light)
  light.connected('peer-0' as PeerName)
  all.node(0).connected('peer-1000' as PeerName)
  await all.pass(20_000)
  assert.equal(light.head, undefined)
  assert.throws(() => light.believe({ ...checkpoint, genesisHash: checkpoint.block }), {
    code: 'ledger_checkpoint_contradicted',
  })
  const set = { epoch: 0, validators: [testAccount(7).address] }
  assert.throws(() => light.believe({ ...checkpoint, set }), { code: 'ledger_checkpoint_contradicted' })
  light.believe(checkpoint)
  await all.until('the head', () => light.head?.hash === all.chain(0).head().hash)
  light.stop()
})
