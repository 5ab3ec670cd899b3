// Newcomers: by blocks, by snapshot, by an old checkpoint; and peers that lie to them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cluster } from '../../../test/support/ledger-cluster.ts'
import { trustingPeriodMs } from './limits.ts'
import { decodeMessage, encodeMessage } from './wire.ts'

test('a newcomer by snapshot: the state is there, old blocks are not, and it goes on with blocks', async () => {
  const all = await cluster(4, { snapshotEvery: 5 }).untilHeight(12).synced().run()
  const newcomer = all.add()
  await all.start(newcomer.number, { snapshotAfter: 4, checkpoint: all.node(0).checkpoint() })
  await all.until('level', () => all.chain(newcomer.number).head().height === 12)
  const chain = all.chain(newcomer.number)
  assert.ok(chain.oldest.block >= 10)
  assert.equal(chain.head().stateRoot, all.chain(0).head().stateRoot)
  await all.submit(1, newcomer.number)
  await all.until('the next block', () => Math.min(...all.heights()) === 13)
  all.agree()
})

test('whoever offers a wrong part of a snapshot is blamed, and another is asked', async () => {
  const all = await cluster(4, { snapshotEvery: 5 }).untilHeight(6).synced().run()
  const newcomer = all.add()
  all.tap = (from, to, bytes) => {
    if (from !== 0 || to !== newcomer.number) return bytes
    const message = decodeMessage(bytes)
    if (message.kind !== 'answer' || message.answer.kind !== 'chunk') return bytes
    const chunk = message.answer.chunk.slice()
    chunk[chunk.length - 1] = (chunk[chunk.length - 1] ?? 0) ^ 1
    return encodeMessage({ ...message, answer: { kind: 'chunk', chunk } })
  }
  all.split([0, 1, 2, 3], [0, newcomer.number])
  await all.start(newcomer.number, { snapshotAfter: 2 })
  await all.until('it is blamed', () => newcomer.blamed.length > 0)
  all.split()
  await all.until('level', () => all.chain(newcomer.number).head().height === 6)
  assert.deepEqual(newcomer.blamed, [{ peer: 'peer-0', code: 'ledger_snapshot_invalid' }])
})

test('blocks that do not hold together cost their sender its blame, and another is asked', async () => {
  const all = await cluster(4).untilHeight(5).synced().run()
  const newcomer = all.add()
  all.tap = (from, to, bytes) => {
    if (from !== 0 || to !== newcomer.number) return bytes
    const message = decodeMessage(bytes)
    if (message.kind !== 'answer' || message.answer.kind !== 'blocks') return bytes
    const [first, ...rest] = message.answer.blocks
    const certificate = (first?.certificate ?? new Uint8Array(0)).slice()
    certificate[certificate.length - 10] = (certificate[certificate.length - 10] ?? 0) ^ 1
    const blocks = first === undefined ? rest : [{ ...first, certificate }, ...rest]
    return encodeMessage({ ...message, answer: { kind: 'blocks', blocks } })
  }
  all.split([0, 1, 2, 3], [0, newcomer.number])
  await all.start(newcomer.number)
  await all.until('it is blamed', () => newcomer.blamed.length > 0)
  all.split()
  await all.until('level', () => all.chain(newcomer.number).head().height === 5)
  assert.deepEqual(newcomer.blamed, [{ peer: 'peer-0', code: 'ledger_certificate_invalid' }])
})

test('with nothing younger than the trusting period, n−f validators have to agree', async () => {
  const all = await cluster(4).untilHeight(2).synced().run()
  const newcomer = all.add()
  await all.pass(trustingPeriodMs)
  all.split([0, 1], [2], [3], [0, 1, newcomer.number])
  await all.start(newcomer.number)
  await all.pass(30_000)
  assert.equal(all.chain(newcomer.number).head().height, 0)
  assert.deepEqual(all.status(newcomer.number).sync, { kind: 'confirming', agreed: 2, needed: 3 })
  all.split()
  await all.until('level', () => all.chain(newcomer.number).head().height === 2)
})

test('an invitation to another ledger is refused', async () => {
  const all = await cluster(1).untilHeight(1).run()
  const newcomer = all.add()
  const checkpoint = { ...all.node(0).checkpoint(), genesisHash: `0x${'11'.repeat(32)}` as never }
  await assert.rejects(all.start(newcomer.number, { checkpoint }), { code: 'ledger_checkpoint_contradicted' })
})

test('a validator that came back by a snapshot does not vote by a quota that it does not know; the next window it does', async () => {
  const genesis = { quota: { gas: 30_000_000n, blocks: 100 } }
  const all = await cluster(4, { snapshotEvery: 4, genesis }).untilHeight(9).synced().run()
  all.crash(3)
  const back = all.add(all.machine(3).account)
  await all.start(back.number, { snapshotAfter: 2, keyIsNew: false })
  await all.until('it has the state', () => all.chain(back.number).head().height === 9)
  assert.equal(all.chain(back.number).oldest.block, 9)
  // The others go on without it, and tell it what its key said.
  for (const height of [10, 11, 12]) {
    await all.submit(1, 0)
    await all.until('a block', () => Math.min(...all.heights()) === height)
  }
  await all.until('it votes', () => all.status(back.number).voting.kind === 'voting')
  const { timestamp } = all.chain(0).head()
  // Three of four are left, so that its vote is needed; what waits is free.
  all.crash(2)
  await all.submit(1, 0)
  await all.pass(15_000)
  assert.deepEqual(new Set(all.heights()), new Set([12]))
  await all.until('the next window', () => Math.min(...all.heights()) === 13)
  const seconds = 50
  const windowOf = (at: number) => Math.floor(at / seconds)
  assert.equal(windowOf(all.chain(0).head().timestamp), windowOf(timestamp) + 1)
  assert.deepEqual(
    all.machines.flatMap(({ blamed }) => blamed),
    [],
  )
  all.agree()
})
