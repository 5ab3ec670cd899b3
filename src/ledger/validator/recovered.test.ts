// After a recovery: those who confirmed it go on in a new epoch and newcomers who confirmed it follow, by blocks, by snapshot and
// light; whoever did not stays where it was and says why, whatever others claim.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import { recovered, signed, signedBy, stuck } from '../../../test/support/ledger-recovery.ts'
import { quietLog, testAccount } from '../chain/testing.ts'
import { recoverAddress } from '../evm/crypto.ts'
import { checkProof } from '../proof/check.ts'
import { prove } from '../proof/prove.ts'
import { createLightClient, type LightOptions } from './light.ts'
import { trustingPeriodMs } from './limits.ts'
import type { Recovery } from './recovery-wire.ts'
import type { PeerName } from './types.ts'

function lightOf(all: Cluster, number: number, options: LightOptions, peers: readonly number[] = [0, 4]) {
  const { genesis, genesisHash } = all.chain(0)
  const blamed: string[] = []
  const light = createLightClient(options)({
    ...{ genesis, genesisHash, clock: all.clock, log: quietLog, recover: recoverAddress },
    network: {
      self: `peer-${number}` as PeerName,
      send: (to, bytes) => all.sendAs(number, to, bytes),
      broadcast() {},
      blame: (_, code) => blamed.push(code),
    },
  })
  all.others.set(number, light)
  for (const peer of peers) {
    light.connected(`peer-${peer}` as PeerName)
    all.node(peer).connected(`peer-${number}` as PeerName)
  }
  return { light, blamed }
}

test('two of four are gone for good: two old and two new ones go on, and who confirmed it follows', async () => {
  const all = await stuck()
  const before = lightOf(all, 1_000, {})
  await all.until('the old head', () => before.light.head?.height === 2)
  const recovery = signed(all, [0, 1])
  const recoveries = [recovery]
  await recovered(all, [recovery])
  await all.submit(1, 1)
  await all.until('a block of the new epoch', () => Math.min(...all.heights()) === 3)
  assert.deepEqual([all.status(5).epoch, all.status(5).validators.length, all.status(5).quorum], [1, 4, 3])
  for (let height = 4; height < 7; height++) {
    await all.submit(1, 4)
    await all.until('the next', () => Math.min(...all.heights()) === height)
  }

  // By blocks and by snapshot; with the statement and without.
  const [byBlocks, bySnapshot, ignorant, ignorantBySnapshot] = [all.add(), all.add(), all.add(), all.add()]
  await all.start(byBlocks.number, { recoveries })
  await all.start(bySnapshot.number, { recoveries, snapshotAfter: 3 })
  await all.until('they are level', () => Math.min(...all.heights()) === 6)
  assert.ok(all.chain(bySnapshot.number).oldest.block > 2)
  assert.deepEqual(all.chain(bySnapshot.number).epochEnd(0)?.next, recovery.statement.set)
  await all.start(ignorant.number)
  await all.start(ignorantBySnapshot.number, { snapshotAfter: 3 })
  // One of those that were thought gone comes back, with nobody's word for it.
  await all.start(3)
  const lost = [ignorant, ignorantBySnapshot, all.machine(3)]
  await all.until('they say what they lack', () =>
    lost.every(({ node }) => node?.status().stuck?.code === 'recovery_unknown'),
  )
  assert.deepEqual(
    lost.map(({ chain }) => chain?.head().height),
    [2, 2, 2],
  )
  assert.deepEqual(
    lost.map(({ blamed }) => blamed),
    [[], [], []],
  )
  all.agree()
  all.crash(3)
  await all.start(3, { recoveries })
  await all.until('it follows', () => all.chain(3).head().height === 6)
  assert.deepEqual(all.status(3).voting, { kind: 'follower' })

  // Light: one that follows from the genesis, one by a checkpoint from before, one without the statement.
  const checkpoint = before.light.checkpoint()
  assert.ok(checkpoint !== undefined)
  const lights = [lightOf(all, 1_001, { recoveries }), lightOf(all, 1_002, { recoveries, checkpoint })]
  await all.until('their heads', () => lights.every(({ light }) => light.head?.height === 6))
  assert.deepEqual(
    lights.map(({ light }) => [light.set, light.epochEnd(0)?.next]),
    [
      [recovery.statement.set, recovery.statement.set],
      [recovery.statement.set, recovery.statement.set],
    ],
  )
  const { light, blamed } = lightOf(all, 1_003, {})
  await all.until('it says so', () => light.isRecoveryUnknown)
  assert.deepEqual([light.head?.height, blamed], [undefined, []])
})

test('a statement that may not count makes no epoch, confirmed or not', async () => {
  const all = await stuck()
  const recovery = signed(all, [0, 1])
  const other = signed(all, [0, 1], [0, 1, 4])
  const [first] = recovery.signatures
  assert.ok(first !== undefined)
  const forged: readonly Recovery[] = [
    // As few as may lie; one twice; for another statement; of nobody.
    { ...recovery, signatures: [first] },
    { ...recovery, signatures: other.signatures },
    signedBy(recovery, [110, 111]),
    { ...recovery, statement: { ...recovery.statement, block: `0x${'11'.repeat(32)}` as never } },
  ]
  for (const one of forged) {
    all.crash(1)
    await assert.rejects(all.start(1, { recoveries: [one] }), { code: 'recovery_wrong' })
  }
  await recovered(all, [recovery])
  await all.submit(1, 1)
  await all.until('a block of the new epoch', () => Math.min(...all.heights()) === 3)
  // Newcomers can't compare at once: they get to the block, and no further.
  const deceived = forged.map((one) => ({ machine: all.add(), one }))
  for (const { machine, one } of deceived) await all.start(machine.number, { recoveries: [one] })
  const lights = [...forged, other].map((one, place) => lightOf(all, 1_000 + place, { recoveries: [one] }))
  await all.until('all know', () => lights.every(({ light }) => light.isRecoveryUnknown))
  await all.until('all say so', () =>
    deceived.every(({ machine }) => machine.node?.status().stuck?.code === 'recovery_unknown'),
  )
  assert.deepEqual(lights.map(({ light, blamed }) => [light.head, blamed]).flat(2), Array(5).fill(undefined))
  for (const { machine } of deceived) assert.equal(machine.chain?.head().height, 2)
})

test('twice on block 0: the ledger never began, and those who were to help never came', async () => {
  const all = await cluster(4, { snapshotEvery: 2 }).crash(2, 3).run()
  const helpers = [all.add(testAccount(110)), all.add(testAccount(111))].map(({ number }) => number)
  const first = signed(all, [0, 1], [0, 1, ...helpers, 2])
  await recovered(all, [first], [0, 1])
  assert.deepEqual([all.status(0).epoch, all.status(0).quorum, all.status(0).height], [1, 4, 0])
  const recoveries = [first, signed(all, [0, 1], [0, 1])]
  await recovered(all, recoveries, [0, 1])
  for (let height = 1; height <= 4; height++) {
    await all.submit(1, 0)
    await all.until('a block', () => Math.min(...all.heights()) === height)
  }
  const [byBlocks, bySnapshot, behind] = [all.add().number, all.add().number, all.add().number]
  await all.start(byBlocks, { recoveries })
  await all.start(bySnapshot, { recoveries, snapshotAfter: 1 })
  const { light, blamed } = lightOf(all, 1_000, { recoveries }, [0])
  await all.until('all are level', () => Math.min(...all.heights()) === 4 && light.head?.height === 4)
  assert.ok(all.chain(bySnapshot).oldest.block > 1)
  assert.deepEqual([light.set.epoch, all.chain(bySnapshot).epochEnd(0)?.next.epoch, blamed], [2, 1, []])
  await all.start(behind, { recoveries: [first] })
  await all.until('it says what it lacks', () => all.status(behind).stuck?.code === 'recovery_unknown')
  const proof = { kind: 'balance', address: testAccount(5).address, height: undefined } as const
  const { recoveries: rests } = await checkProof(await prove(all.chain(bySnapshot), proof, recoveries))
  assert.deepEqual(
    rests.map(({ epoch, height, signatures, validators }) => [epoch, height, signatures, validators]),
    [
      [1, 0, 2, 4],
      [2, 0, 2, 5],
    ],
  )
})

test('long after, n−f of those who decide since the recovery are asked, not those who are gone', async () => {
  const all = await stuck()
  const recovery = signed(all, [0, 1])
  await recovered(all, [recovery])
  await all.submit(1, 1)
  await all.until('a block of the new epoch', () => Math.min(...all.heights()) === 3)
  await all.pass(trustingPeriodMs)
  const newcomer = all.add()
  await all.start(newcomer.number, { recoveries: [recovery] })
  await all.until('it is level', () => all.chain(newcomer.number).head().height === 3)
})

test('one that comes into the set while it catches up asks what its key said, and votes', async () => {
  const all = await stuck()
  const recovery = signed(all, [0, 1])
  all.crash(5)
  for (const number of [0, 1, 4]) all.crash(number)
  for (const number of [0, 1, 4]) await all.start(number, { recoveries: [recovery] })
  await all.submit(1, 1)
  await all.until('a block of the new epoch', () => Math.min(...all.heights()) === 3)
  const late = all.add(all.machine(5).account)
  await all.start(late.number, { recoveries: [recovery], keyIsNew: false })
  await all.until('it votes', () => all.status(late.number).voting.kind === 'voting')
  // It is silent in this view and the next; then it is needed.
  for (let height = 4; height < 7; height++) {
    await all.submit(1, 0)
    await all.until('the next block', () => Math.min(...all.heights()) === height)
  }
  all.crash(1)
  await all.submit(1, 0)
  await all.until('a block by the three', () => Math.min(...all.heights()) === 7)
})
