// eth_simulateV1 and time limits on a chain of ours; vectors.test.ts has what the specification says of simulations.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import { type Answer, addressOf } from '../../../test/support/fake-chain.ts'
import { createTestChain, type TestChain } from '../chain/testing.ts'
import { word } from './hex.ts'
import { createRpc } from './service.ts'

interface Started extends TestChain {
  ask(method: string, ...params: unknown[]): Promise<Answer>
}

async function start(): Promise<Started> {
  const chain = await createTestChain()
  const rpc = createRpc({ clientVersion: 'test' })({
    chain: chain.chain,
    clock: chain.clock,
    random: createRandom('simulate'),
  })
  const ask = async (method: string, ...params: unknown[]) =>
    JSON.parse((await rpc.handle(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) ?? 'null') as Answer
  return { ...chain, ask }
}

interface Block {
  readonly number: string
  readonly hash: string
  readonly parentHash: string
  readonly blobGasUsed: string
  readonly transactions: readonly unknown[]
  readonly calls: readonly { status: string; returnData: string; logs: readonly { topics: string[]; data: string }[] }[]
}

const from = addressOf(0xf0)
const to = addressOf(0x7a)
const simulate = async ({ ask }: Started, blockStateCalls: unknown[], more: object = {}) =>
  ask('eth_simulateV1', { blockStateCalls, ...more }, 'latest')
const blocksOf = ({ result, error }: Answer) => {
  assert.equal(error, undefined)
  return result as readonly Block[]
}

test('blocks follow one another, gaps are filled, and calls see them by their hashes', async () => {
  const chain = await start()
  // BLOCKHASH(1), returned: 6001 40 5f 52 6020 5f f3
  const state = { [to]: { code: '0x6001405f5260205ff3' } }
  const answer = await simulate(chain, [
    {},
    { blockOverrides: { number: '0x4' }, stateOverrides: state, calls: [{ from, to }] },
  ])
  const blocks = blocksOf(answer)
  assert.deepEqual(
    blocks.map(({ number }) => number),
    ['0x1', '0x2', '0x3', '0x4'],
  )
  for (const [at, block] of blocks.entries()) {
    assert.equal(block.parentHash, at === 0 ? chain.chain.head().hash : blocks[at - 1]?.hash)
  }
  assert.equal(blocks[3]?.calls[0]?.returnData, blocks[0]?.hash)
  assert.equal(chain.chain.head().height, 0)
})

test('a contract sends, blobs are only hashes, and coins that move are told in their order', async () => {
  const chain = await start()
  const heir = 'dd'.repeat(20)
  const blob = word(2n ** 248n + 5n)
  const [block] = blocksOf(
    await simulate(
      chain,
      [
        {
          stateOverrides: {
            [from]: { balance: '0x64', code: '0x00' },
            // SELFDESTRUCT to the heir.
            [to]: { code: `0x73${heir}ff`, balance: '0x5' },
          },
          calls: [
            { from, to, value: '0x2' },
            { from, input: '0x', value: '0x3' },
            { from, to: addressOf(1), value: '0x4', input: '0x', blobVersionedHashes: [blob] },
            { from, to: addressOf(0x99), value: '0x1', input: '0x' },
          ],
        },
      ],
      { traceTransfers: true, returnFullTransactions: true },
    ),
  )
  assert.deepEqual(
    block?.calls.map(({ status, logs }) => [status, logs.map(({ data }) => Number(data))]),
    [
      ['0x1', [2, 7]],
      ['0x1', [3]],
      ['0x1', [4]],
      ['0x1', [1]],
    ],
  )
  assert.equal(block?.blobGasUsed, '0x20000')
  assert.partialDeepStrictEqual(block?.transactions[2], { type: '0x3', blobVersionedHashes: [blob], from })
})

test('what fails takes its logs with it, and the blocks go on', async () => {
  const chain = await start()
  const state = { [from]: { balance: '0x64' }, [to]: { code: '0x5f5ffd' } }
  const [block] = blocksOf(
    await simulate(
      chain,
      [
        {
          stateOverrides: state,
          calls: [
            { from, to, value: '0x2' },
            { from, to: addressOf(0x99) },
          ],
        },
      ],
      {
        traceTransfers: true,
      },
    ),
  )
  assert.deepEqual(
    block?.calls.map(({ status, logs }) => [status, logs.length]),
    [
      ['0x0', 0],
      ['0x1', 0],
    ],
  )
})

test('what no block can hold is refused with the number for it', async () => {
  const chain = await start()
  const codeOf = async (call: object, more: object = {}) =>
    (await simulate(chain, [{ calls: [{ from, to, ...call }] }], more)).error?.code
  const validation = { validation: true }
  assert.equal(await codeOf({ nonce: '0x5' }), undefined)
  assert.equal(await codeOf({ nonce: '0x5' }, validation), -38011)
  assert.equal(await codeOf({ value: '0x1' }), -38014)
  assert.equal(await codeOf({ gas: '0x5207' }), -38013)
  assert.equal(await codeOf({ gas: '0xffffffff' }), -38015)
  assert.equal(await codeOf({ maxFeePerGas: '0x1', maxPriorityFeePerGas: '0x2' }), -32602)
  assert.equal(await codeOf({ blobVersionedHashes: [word(5n)] }), -32602)
  assert.equal(await codeOf({ blobVersionedHashes: [word(2n ** 248n)] }, validation), -38012)
})

test('time ends calls, traces and simulations, whichever loop runs them', async () => {
  const chain = await start()
  const loop = { [to]: { code: '0x5b5f56' } }
  const [account] = chain.accounts
  assert.ok(account !== undefined)
  // A second passes at each look at the clock.
  let ms = 0
  Object.assign(chain.clock, { monotonicMs: () => (ms += 1_000) })
  const called = await chain.ask('eth_call', { to }, 'latest', loop)
  assert.match(called.error?.message ?? '', /time limit reached/)
  for (const traceTransfers of [false, true]) {
    const { error } = await simulate(chain, [{ stateOverrides: loop, calls: [{ from, to }] }], { traceTransfers })
    assert.equal(error?.code, -32016, String(traceTransfers))
  }
  assert.equal((await chain.ask('eth_call', { to: addressOf(0x99) })).result, '0x')
})
