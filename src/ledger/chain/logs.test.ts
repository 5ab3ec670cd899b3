// Finding logs: by address, by topics at their positions, in ranges; the same as going through all receipts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address, Hash } from '../types.ts'
import { logBlocksMax, logChoicesMax, logsMax } from './limits.ts'
import { bloomOf, keysOfChoice, logKeys, matches } from './log-index-core.ts'
import { createTestChain, signed, type TestChain, testAccount } from './testing.ts'
import type { FoundLog, LogFilter } from './types.ts'

const word = (value: number | bigint) => value.toString(16).padStart(64, '0')

/**
 * for (n = word(1); n > 0; n--) log3(0, 0, word(0), caller, number):
 * PUSH1 20 CALLDATALOAD JUMPDEST DUP1 ISZERO PUSH1 17 JUMPI NUMBER CALLER PUSH0 CALLDATALOAD PUSH0 PUSH0 LOG3
 * PUSH1 1 SWAP1 SUB PUSH1 3 JUMP JUMPDEST STOP; in front what returns these 25 bytes.
 */
const init = '0x60198060095f395ff36020355b801560175743335f355f5fa3600190036003565b00'

async function withLogs(
  blocks: readonly (readonly [from: number, topic: number, count: number][])[],
): Promise<[TestChain, Address]> {
  const here = await createTestChain()
  const { chainId } = here.genesis
  const { pool } = here.chain
  await pool.add(await signed(testAccount(0), { chainId, to: null, data: init, gas: 300_000n }), { local: true })
  const first = await here.mine()
  const contract = here.chain.receipts(first.hash)?.[0]?.contractAddress as Address
  for (const calls of blocks) {
    for (const [from, topic, count] of calls) {
      const nonce = Number(await pool.nextNonce(testAccount(from).address))
      const data = `0x${word(topic)}${word(count)}` as const
      const bytes = await signed(testAccount(from), {
        chainId,
        nonce,
        to: contract,
        data,
        gas: 100_000n + 2_000n * BigInt(count),
      })
      await pool.add(bytes, { local: true })
    }
    await here.mine()
  }
  return [here, contract]
}

const topic = (value: number | bigint) => `0x${word(value)}` as Hash
const any: LogFilter = { fromHeight: 0, toHeight: 1_000, addresses: [], topics: [] }
const brief = (logs: readonly FoundLog[]) => logs.map(({ height, logIndex }) => `${height}.${logIndex}`)

test('logs are found by address and by topics at their positions', async () => {
  const [here, contract] = await withLogs([
    [
      [0, 7, 2],
      [1, 8, 1],
    ],
    [],
    [[1, 7, 1]],
  ])
  const find = async (filter: Partial<LogFilter>) => brief(await here.chain.logs({ ...any, ...filter }))
  const one = testAccount(1).address
  const all = ['2.0', '2.1', '2.2', '4.0']
  assert.deepEqual(await find({}), all)
  assert.deepEqual(await find({ addresses: [contract] }), all)
  assert.deepEqual(await find({ addresses: [one] }), [])
  assert.deepEqual(await find({ topics: [[topic(7)]] }), ['2.0', '2.1', '4.0'])
  assert.deepEqual(await find({ topics: [[topic(7), topic(8)]] }), all)
  assert.deepEqual(await find({ topics: [[], [topic(BigInt(one))]] }), ['2.2', '4.0'])
  assert.deepEqual(await find({ topics: [[topic(7)], [topic(BigInt(one))]] }), ['4.0'])
  assert.deepEqual(await find({ topics: [[], [], [topic(2)]] }), ['2.0', '2.1', '2.2'])
  assert.deepEqual(await find({ topics: [[], [], [], []] }), [])
  // The right value at another position is another topic.
  assert.deepEqual(await find({ topics: [[], [topic(7)]] }), [])
  assert.deepEqual(await find({ fromHeight: 3 }), ['4.0'])
  assert.deepEqual(await find({ toHeight: 3, topics: [[topic(7)]] }), ['2.0', '2.1'])
  const [found] = await here.chain.logs({ ...any, topics: [[topic(8)]] })
  const block = here.chain.block(2)
  assert.equal(found?.block, block?.header.hash)
  assert.deepEqual([found?.transactionIndex, found?.logIndex, found?.address], [1, 2, contract])
  assert.equal(here.chain.transaction(found?.transaction as Hash)?.index, 1)
})

test('more than there may be is refused with the range that would do', async () => {
  const each = 4_000
  const calls = [[0, 7, each]] as const
  const [here] = await withLogs([calls, calls, calls] as never)
  await assert.rejects(here.chain.logs(any), { code: 'logs_too_many', details: { fromHeight: 0, toHeight: 3 } })
  assert.ok(3 * each > logsMax)
  assert.equal((await here.chain.logs({ ...any, toHeight: 3 })).length, 2 * each)
  for (const wrong of [
    { fromHeight: -1 },
    { topics: [[], [], [], [], []] },
    { addresses: Array(logChoicesMax + 1).fill(testAccount(0).address) },
  ]) {
    await assert.rejects(here.chain.logs({ ...any, ...wrong }), { code: 'logs_filter_wrong' })
  }
  assert.ok(logBlocksMax >= logsMax)
})

test('blooms and keys say of every log that it is there', () => {
  const log = { address: testAccount(1).address, topics: [topic(1), topic(2)], data: new Uint8Array(3) }
  const bits = bloomOf([log]).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
  assert.ok(bits > 6 && bits <= 9)
  const keys = logKeys([log, log])
  assert.equal(keys.size, 3)
  const choice = { addresses: [log.address], topics: [[], [topic(2)]] }
  assert.ok(keysOfChoice(choice).every((one) => one.some((key) => keys.has(key))))
  assert.equal(matches(log, choice), true)
})
