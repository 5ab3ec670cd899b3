// The quota as a rule of blocks: windows, what is paid, and a chain under random use, counted anew from its blocks alone.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Address } from '../types.ts'
import { isPaid, QuotaCount, type QuotaRule, windowEnd, windowOf, windowSeconds } from './quota-core.ts'
import { recountQuota } from './quota-recount.ts'
import { priceOf } from './receipts-wire.ts'
import { openChain } from './service.ts'
import { specOf } from './spec.ts'
import { createChainStore } from './store.ts'
import { createTestChain, quietLog, signed, type TestChain, testAccount } from './testing.ts'
import type { SnapshotChain } from './types.ts'

const rule: QuotaRule = { quota: { gas: 100n, blocks: 10 }, blockTimeMs: 1_000, strangerFee: 5n }

test('windows are of time, at least a second long', () => {
  assert.equal(windowSeconds(rule), 10)
  assert.equal(windowSeconds({ ...rule, blockTimeMs: 100, quota: { gas: 1n, blocks: 1 } }), 1)
  assert.equal(windowSeconds({ ...rule, blockTimeMs: 150 }), 2)
  assert.deepEqual(
    [19, 20, 29].map((at) => windowOf(at, rule)),
    [1, 2, 2],
  )
  assert.deepEqual(
    [19, 20].map((at) => windowEnd(at, rule)),
    [20, 30],
  )
})

test('what pays the strangers’ fee is paid, and nothing is where strangers are refused', () => {
  assert.deepEqual(
    [4n, 5n, 6n].map((price) => isPaid(price, rule)),
    [false, true, true],
  )
  assert.equal(isPaid(10n ** 30n, { ...rule, strangerFee: undefined }), false)
  assert.equal(isPaid(0n, { ...rule, strangerFee: 0n }), true)
})

test('a count takes what is left and no more', () => {
  const [a, b] = ['0xa', '0xb'] as string[] as [Address, Address]
  const count = new QuotaCount(1, (account) => (account === a ? 60n : 0n))
  assert.equal(count.take(a, 41n, rule), false)
  assert.equal(count.take(a, 40n, rule), true)
  assert.deepEqual([count.left(a, rule), count.left(b, rule)], [0n, 100n])
  assert.equal(count.take(b, 100n, rule), true)
  assert.deepEqual(count.changes(), [
    [a, 100n],
    [b, 100n],
  ])
})

test('under random use no block goes over the quota, another node agrees, and a restart forgets nothing', async () => {
  const random = createRandom('quota')
  const genesis = { quota: { gas: 150_000n, blocks: 10 }, strangerFee: 10n }
  const here = await createTestChain({ genesis })
  const database = new DatabaseSync(':memory:')
  const openOther = () => openChain({ genesis: here.genesis })({ database, clock: here.clock, log: quietLog })
  let other: SnapshotChain = await openOther()
  const refused = new Set<string>()
  for (let round = 0; round < 40; round++) {
    for (let count = random.below(6); count > 0; count--) {
      const from = testAccount(random.below(4))
      const nonce = Number(await here.chain.pool.nextNonce(from.address))
      const fee = random.below(4) === 0 ? 10n : BigInt(random.below(10))
      const gas = 21_000n + BigInt(random.below(60_000))
      const bytes = await signed(from, { chainId: here.genesis.chainId, nonce, gas, fee })
      await here.chain.pool.add(bytes, { local: true }).catch((error: unknown) => {
        if (!isPeerhoodError(error)) throw error
        refused.add(error.code)
      })
    }
    here.clock.advance(random.below(3_000))
    const block = await here.mine()
    // What was not final is not there after a restart.
    if (random.below(3) === 0 && other.head().hash === block.parent) other = await openOther()
    const verdict = await other.check(block)
    assert.equal(verdict.ok || verdict.sentence, true)
    // Sometimes two become final at once.
    if (random.below(3) > 0) await other.finalize(block.hash, Uint8Array.of(1))
    requireRecount(here)
  }
  assert.deepEqual([...refused], ['quota_exceeded'])
  const used = new Map<string, bigint>()
  for (let height = 1; height <= 40; height++) {
    const block = here.chain.block(height)
    assert.ok(block !== undefined)
    for (const [place, transaction] of block.transactions.entries()) {
      if (isPaid(priceOf(transaction, 0n), here.genesis)) continue
      const key = `${windowOf(block.header.timestamp, here.genesis)} ${block.senders[place]}`
      used.set(key, (used.get(key) ?? 0n) + transaction.gasLimit)
    }
  }
  assert.ok([...used.values()].every((gas) => gas <= 150_000n))
  assert.ok([...used.values()].some((gas) => gas > 100_000n))
})

/** Counted from the bodies it is what the table says. */
function requireRecount({ chain, database, genesis }: TestChain): void {
  const store = createChainStore(database, { ours: true })
  const before = store.quotaTable()
  recountQuota({ store, spec: specOf(genesis) }, chain.head())
  assert.deepEqual(store.quotaTable(), before)
  assert.equal(store.quotaUnknown(), undefined)
}
