import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf, createFakeRpc, emitter } from '../../../test/support/fake-chain.ts'
import { chainErrors } from '../chain/errors.ts'
import { word } from './hex.ts'
import {
  filterChangesMax,
  filterIdleMs,
  filtersMax,
  logAddressesMax,
  logBlocksMax,
  logResultsMax,
  logTopicsMax,
  subscriptionsMax,
} from './limits.ts'

interface Log {
  readonly blockNumber: string
}
const listOf = (result: unknown) => result as readonly unknown[]

test('a filter tells what came since it was asked last', async () => {
  const fake = createFakeRpc()
  fake.grow(1)
  const blocks = (await fake.ask('eth_newBlockFilter')).result
  const logs = (await fake.ask('eth_newFilter', [{ address: emitter }])).result
  const pending = (await fake.ask('eth_newPendingTransactionFilter')).result
  const header = fake.grow(2)
  fake.pending(word(7n))
  assert.deepEqual((await fake.ask('eth_getFilterChanges', [blocks])).result, [header.hash])
  assert.deepEqual((await fake.ask('eth_getFilterChanges', [blocks])).result, [])
  assert.equal(listOf((await fake.ask('eth_getFilterChanges', [logs])).result).length, 2)
  assert.deepEqual((await fake.ask('eth_getFilterChanges', [logs])).result, [])
  assert.deepEqual((await fake.ask('eth_getFilterChanges', [pending])).result, [word(7n)])
  assert.deepEqual((await fake.ask('eth_getFilterChanges', [pending])).result, [])
  assert.equal((await fake.ask('eth_uninstallFilter', [logs])).result, true)
  assert.equal((await fake.ask('eth_uninstallFilter', [logs])).result, false)
  assert.match((await fake.ask('eth_getFilterChanges', [logs])).error?.message ?? '', /filter not found/)
})

test('logs of a filter are those of its range', async () => {
  const fake = createFakeRpc()
  for (let at = 0; at < 5; at++) fake.grow(1)
  const filter = (await fake.ask('eth_newFilter', [{ fromBlock: '0x2', toBlock: '0x3' }])).result
  const found = listOf((await fake.ask('eth_getFilterLogs', [filter])).result) as readonly Log[]
  assert.deepEqual(
    found.map(({ blockNumber }) => blockNumber),
    ['0x2', '0x3'],
  )
})

test('filters have a limit, and go when nobody asks for them', async () => {
  const fake = createFakeRpc()
  const first = (await fake.ask('eth_newBlockFilter')).result
  for (let at = 1; at < filtersMax; at++) await fake.ask('eth_newBlockFilter')
  assert.equal((await fake.ask('eth_newBlockFilter')).error?.code, -32005)
  // Those of a session are counted apart.
  const session = fake.rpc.openSession(() => true)
  assert.equal((await fake.ask('eth_newBlockFilter', [], session)).error, undefined)
  fake.clock.advance(filterIdleMs - 1)
  await fake.ask('eth_getFilterChanges', [first])
  fake.clock.advance(2)
  assert.equal((await fake.ask('eth_newBlockFilter')).error, undefined)
  assert.deepEqual((await fake.ask('eth_getFilterChanges', [first])).result, [])
  fake.clock.advance(2 * filterIdleMs)
  assert.equal(fake.clock.waiting, 0)
  fake.rpc.close()
})

test('a long absence is told in parts', async () => {
  const fake = createFakeRpc()
  const filter = (await fake.ask('eth_newBlockFilter')).result
  const pending = (await fake.ask('eth_newPendingTransactionFilter')).result
  const logs = (await fake.ask('eth_newFilter', [{}])).result
  for (let at = 0; at < filterChangesMax + 3; at++) fake.grow()
  for (let at = 0; at < 2 * filterChangesMax + 3; at++) fake.pending(word(BigInt(at)))
  const counts = []
  for (let at = 0; at < 3; at++) {
    counts.push(listOf((await fake.ask('eth_getFilterChanges', [filter])).result).length)
  }
  assert.deepEqual(counts, [filterChangesMax, 3, 0])
  // Of what waits, the newest are kept.
  const hashes = listOf((await fake.ask('eth_getFilterChanges', [pending])).result)
  assert.ok(hashes.length <= filterChangesMax)
  assert.equal(hashes.at(-1), word(BigInt(2 * filterChangesMax + 2)))
  fake.jump(logBlocksMax + 5)
  await fake.ask('eth_getFilterChanges', [logs])
  await fake.ask('eth_getFilterChanges', [logs])
  assert.deepEqual(
    fake.logFilters.map(({ fromHeight, toHeight }) => [fromHeight, toHeight]),
    [
      [1, logBlocksMax],
      [logBlocksMax + 1, logBlocksMax + 5],
    ],
  )
})

test('eth_getLogs keeps to its limits', async () => {
  const fake = createFakeRpc()
  fake.jump(logBlocksMax)
  const range = (from: number, to: number) => [{ fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` }]
  assert.deepEqual((await fake.ask('eth_getLogs', range(1, logBlocksMax))).result, [])
  assert.equal((await fake.ask('eth_getLogs', range(0, logBlocksMax))).error?.code, -32005)
  assert.equal((await fake.ask('eth_getLogs', range(5, 4))).error?.code, -32602)
  assert.equal((await fake.ask('eth_getLogs', range(0, logBlocksMax + 1))).error?.code, -32602)
  const addresses = Array.from({ length: logAddressesMax + 1 }, (_, at) => addressOf(at))
  assert.equal((await fake.ask('eth_getLogs', [{ address: addresses.slice(1) }])).error, undefined)
  assert.equal((await fake.ask('eth_getLogs', [{ address: addresses }])).error?.code, -32602)
  const topics = Array.from({ length: logTopicsMax + 1 }, (_, at) => word(BigInt(at)))
  assert.equal((await fake.ask('eth_getLogs', [{ topics: [topics.slice(1)] }])).error, undefined)
  assert.equal((await fake.ask('eth_getLogs', [{ topics: [topics] }])).error?.code, -32602)
  assert.equal((await fake.ask('eth_getLogs', [{ topics: [[], [], [], [], []] }])).error?.code, -32602)
})

test('too many logs: an error that names a range that would do, and half of it for filters', async () => {
  const fake = createFakeRpc()
  const filter = (await fake.ask('eth_newFilter', [{}])).result
  const each = logResultsMax / 2
  for (let at = 0; at < 4; at++) fake.grow(each)
  const refused = await fake.ask('eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x4' }])
  assert.equal(refused.error?.code, -32005)
  assert.match(refused.error?.message ?? '', /from 0x1 to 0x2/)
  assert.equal(listOf((await fake.ask('eth_getFilterChanges', [filter])).result).length, logResultsMax)
  assert.equal(listOf((await fake.ask('eth_getFilterChanges', [filter])).result).length, logResultsMax)
  assert.equal(listOf((await fake.ask('eth_getFilterChanges', [filter])).result).length, 0)
  fake.chain.logs = async () => {
    throw chainErrors.logs_too_many('Too many: ask from 1 to 2.')
  }
  assert.equal((await fake.ask('eth_getLogs', [{ fromBlock: '0x1' }])).error?.code, -32005)
})

test('subscriptions: over a session only, with a limit, and told of what they want', async () => {
  const fake = createFakeRpc()
  assert.match((await fake.ask('eth_subscribe', ['newHeads'])).error?.message ?? '', /WebSocket/)
  const sent: string[] = []
  const session = fake.rpc.openSession((text) => sent.push(text) > 0)
  const heads = (await fake.ask('eth_subscribe', ['newHeads'], session)).result
  const pending = (await fake.ask('eth_subscribe', ['newPendingTransactions'], session)).result
  assert.equal((await fake.ask('eth_subscribe', ['other'], session)).error?.code, -32602)
  const header = fake.grow()
  fake.pending(word(3n))
  const notes = sent.map((text) => JSON.parse(text).params as { subscription: string; result: unknown })
  assert.deepEqual(
    notes.map(({ subscription }) => subscription),
    [heads, pending],
  )
  assert.partialDeepStrictEqual(notes[0]?.result, { hash: header.hash, number: '0x1' })
  assert.equal(notes[1]?.result, word(3n))
  assert.equal((await fake.ask('eth_unsubscribe', [heads], session)).result, true)
  fake.grow()
  assert.equal(sent.length, 2)
  for (let at = 1; at < subscriptionsMax; at++) await fake.ask('eth_subscribe', ['newHeads'], session)
  assert.equal((await fake.ask('eth_subscribe', ['newHeads'], session)).error?.code, -32005)
})

test('a client that takes nothing loses its session', async () => {
  const fake = createFakeRpc()
  let sends = 0
  const session = fake.rpc.openSession(() => {
    sends += 1
    return false
  })
  await fake.ask('eth_subscribe', ['newHeads'], session)
  await fake.ask('eth_subscribe', ['newHeads'], session)
  fake.grow()
  assert.equal(session.closed, true)
  assert.equal(sends, 1)
  fake.grow()
  assert.equal(sends, 1)
})
