// What this computer sent and was told to be taken is found again after a restart, and told again; nothing else is kept.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '../../base/database.ts'
import type { Hash } from '../types.ts'
import { poolTransactionMsMax, poolTransactionsMax } from './limits.ts'
import { createOwnStore } from './own-store.ts'
import { createTestChain, createTestClock, signed, testAccount } from './testing.ts'

const [ada, bo] = [testAccount(0), testAccount(1)]

test('what was acknowledged waits again after a restart, and what others sent does not', async () => {
  const first = await createTestChain()
  const { database, genesis } = first
  const { chainId } = genesis
  const own = [await signed(ada, { chainId }), await signed(ada, { chainId, nonce: 1 })]
  const hashes = await Promise.all(own.map((bytes) => first.chain.pool.add(bytes, { local: true })))
  const other = await first.chain.pool.add(await signed(bo, { chainId }), { local: false })
  const refused = await signed(testAccount(5), { chainId, fee: 10n ** 9n })
  await assert.rejects(first.chain.pool.add(refused, { local: true }), { code: 'balance_too_low' })
  await first.chain.stop()

  const second = await createTestChain({ database })
  const told: Hash[] = []
  second.chain.on((event) => {
    if (event.kind === 'pending' && event.local) told.push(event.hash)
  })
  assert.equal(second.chain.pool.hasWork, false)
  assert.equal(await second.chain.pool.restore(), true)
  assert.deepEqual(told, hashes)
  assert.equal(second.chain.pool.get(other), undefined)
  assert.equal(await second.chain.pool.restore(), true)
  assert.equal(told.length, 2, 'what waits already is not told twice')
  await second.mineAll()
  await second.chain.stop()

  const third = await createTestChain({ database })
  await third.chain.pool.restore()
  assert.deepEqual([third.chain.pool.hasWork, third.chain.pool.get(hashes[0] as Hash)], [false, undefined])
  assert.equal(database.prepare('SELECT count(*) AS count FROM ledger_own').get()?.count, 0)
})

test('one that took another’s place takes it on disk as well; a block that passed one by ends it', async () => {
  const first = await createTestChain()
  const { database, genesis, clock } = first
  const { chainId } = genesis
  await first.chain.pool.add(await signed(ada, { chainId }), { local: true })
  const better = await first.chain.pool.add(await signed(ada, { chainId, fee: 2n }), { local: true })
  const own = createOwnStore({ database, clock })
  assert.deepEqual(
    own.all().map(({ hash }) => hash),
    [better],
  )
  // As if it had been kept although a block has passed it by: the crash came in between.
  await first.mineAll()
  const late = createOwnStore({ database, clock })
  const bytes = await signed(ada, { chainId, fee: 3n })
  await late.put(`0x${'11'.repeat(32)}` as Hash, bytes)
  const second = await createTestChain({ database })
  assert.equal(await second.chain.pool.restore(), true)
  assert.equal(second.chain.pool.hasWork, false)
})

test('many at once are one write; past the pool’s number, and where the disk refuses, it is not acknowledged', async () => {
  const { database } = await createTestChain()
  const clock = createTestClock()
  let commits = 0
  let isFull = false
  const counted: Database = {
    prepare: (sql) => database.prepare(sql) as unknown as ReturnType<Database['prepare']>,
    exec(sql) {
      if (sql === 'COMMIT') commits += 1
      if (sql === 'COMMIT' && isFull) throw new Error('disk full')
      database.exec(sql)
    },
  }
  const own = createOwnStore({ database: counted, clock })
  const hash = (at: number) => `0x${at.toString(16).padStart(64, '0')}` as Hash
  const before = commits
  await Promise.all(Array.from({ length: poolTransactionsMax }, (_, at) => own.put(hash(at), Uint8Array.of(1))))
  assert.equal(commits - before, 1)
  await assert.rejects(own.put(hash(poolTransactionsMax), Uint8Array.of(1)), { code: 'pool_full' })
  own.remove([hash(0)])
  isFull = true
  await assert.rejects(own.put(hash(0), Uint8Array.of(1)), { code: 'chain_disk_failed' })
  isFull = false
  await own.put(hash(0), Uint8Array.of(1))
  assert.equal(own.all().length, poolTransactionsMax)
  clock.advance(poolTransactionMsMax + 1)
  assert.equal(createOwnStore({ database, clock }).all().length, 0, 'nobody wants it any more')
})

test('whoever sends the same once more is told that it is taken when it is on disk', async () => {
  const { database, genesis, clock } = await createTestChain()
  const own = createOwnStore({ database, clock })
  const bytes = await signed(ada, { chainId: genesis.chainId })
  const hash = `0x${'22'.repeat(32)}` as Hash
  const first = own.put(hash, bytes)
  await own.put(hash, bytes)
  assert.deepEqual(
    own.all().map((one) => one.hash),
    [hash],
  )
  await first
})
