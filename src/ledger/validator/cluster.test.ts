// Clusters of real nodes with real chains: what a community meets in its life. The sweeps of consensus itself are in test/sim/ledger.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cluster } from '../../../test/support/ledger-cluster.ts'

test('four validators and a follower: what is submitted anywhere becomes final everywhere', async () => {
  const all = await cluster(4, { followers: 1 }).submit(3).submit(2, 4).untilHeight(1).synced().run()
  assert.equal(new Set(all.heights()).size, 1)
  assert.deepEqual(all.status(4).voting, { kind: 'follower' })
  assert.equal(all.status(0).stuck, undefined)
  assert.equal(all.status(0).isTrustedMode, false)
})

test('a chain at rest sends nothing and writes nothing', async () => {
  const all = await cluster(4, { followers: 1 }).submit(1).synced().pass(60_000).run()
  const before = { ...all.sent, steps: all.machines.map(({ disk }) => disk.steps) }
  await all.pass(600_000)
  assert.deepEqual({ ...all.sent, steps: all.machines.map(({ disk }) => disk.steps) }, before)
})

test('one validator alone, and three: they work, and are called trusted', async () => {
  for (const validators of [1, 3]) {
    const all = await cluster(validators).untilHeight(3).synced().run()
    assert.equal(all.status(0).isTrustedMode, true)
  }
})

test('one is killed, the others go on; back, it catches up and votes', async () => {
  const all = await cluster(4).untilHeight(3).crash(2).untilHeight(6).restart(2).synced().untilHeight(8).synced().run()
  assert.deepEqual(all.status(2).voting, { kind: 'voting' })
})

test('far behind, it fetches blocks by certificates, and then takes part', async () => {
  const all = await cluster(4).untilHeight(2).crash(3).untilHeight(30).restart(3).synced().run()
  await all.submit(1)
  await all.until('the next block', () => Math.min(...all.heights()) > 30)
})

test('all are killed at once and come back in any order', async () => {
  await cluster(4)
    .untilHeight(4)
    .submit(2)
    .pass(120)
    .crash(0, 1, 2, 3)
    .restart(2, 0, 3, 1)
    .untilHeight(6)
    .synced()
    .run()
})

test('f+1 gone: it stops, says who is missing, and goes on within ten seconds of their return', async () => {
  const all = await cluster(4).untilHeight(3).crash(2, 3).submit(1).pass(20_000).run()
  const { stuck, height } = all.status(0)
  assert.equal(stuck?.code, 'validators_missing')
  assert.match(stuck?.sentence ?? '', /^2 of 4 validators are missing: 0x[0-9a-f]{40}, 0x[0-9a-f]{40}\./)
  await all.pass(3_600_000)
  assert.equal(all.status(0).height, height)
  await all.start(2)
  await all.until('it goes on', () => all.status(0).height > height, 10_000)
  assert.equal(all.status(0).stuck, undefined)
  all.agree()
})

test('split in halves, neither goes on; together again, both do', async () => {
  const all = await cluster(4).untilHeight(2).split([0, 1], [2, 3]).submit(1, 0).submit(1, 2).pass(60_000).run()
  assert.ok(Math.max(...all.heights()) <= 3)
  assert.equal(all.status(0).stuck?.code, 'validators_missing')
  const before = Math.max(...all.heights())
  all.split()
  await all.until('it goes on', () => Math.min(...all.heights()) > before, 10_000)
  all.agree()
})

test('clocks that are half a minute off, and lost messages', async () => {
  const all = await cluster(4, { skewMs: (node) => [30_000, -30_000, 0, 0][node] ?? 0, delayMs: [50, 150] })
    .do((world) => {
      world.tap = (_, __, bytes) => (world.random.below(10) === 0 ? undefined : bytes)
    })
    .untilHeight(6)
    .run()
  assert.ok(Math.min(...all.heights()) >= 6)
})

test('a full disk: it says so and gives no vote; with room again it goes on by itself', async () => {
  const all = await cluster(4).untilHeight(2).run()
  for (const number of [0, 1]) all.machine(number).disk.isFull = true
  await all.submit(1, 2)
  await all.pass(20_000)
  const { height, stuck, voting } = all.status(0)
  assert.equal(stuck?.code, 'disk_failing')
  assert.equal(voting.kind === 'stopped' && voting.code, 'disk_failing')
  const { address = '' } = all.machine(0).account ?? {}
  assert.match(all.status(2).stuck?.sentence ?? '', new RegExp(`no vote came from .*${address}`))
  for (const number of [0, 1]) all.machine(number).disk.isFull = false
  await all.until('it goes on', () => Math.min(...all.heights()) > height, 10_000)
  assert.equal(all.status(0).voting.kind, 'voting')
  assert.equal(all.status(0).stuck, undefined)
})
