// Calls on a real chain: what they answer, and what hostile ones may take.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import { type Answer, addressOf, createFakeRpc, rich } from '../../../test/support/fake-chain.ts'
import { systemClock } from '../../node/adapters.ts'
import { createTestChain, type TestChain } from '../chain/testing.ts'
import { word } from './hex.ts'
import {
  accessEntriesMax,
  answerCharsMax,
  blobsMax,
  callBytesMax,
  callGasMax,
  callTimeMsMax,
  feeBlocksMax,
  feePercentilesMax,
  overrideAccountsMax,
  overrideSlotsMax,
  proofKeysMax,
  simulateBlocksMax,
  simulateCallsMax,
} from './limits.ts'
import { createRpc } from './service.ts'

async function startRpc(): Promise<TestChain & { ask(method: string, ...params: unknown[]): Promise<Answer> }> {
  const chain = await createTestChain()
  const rpc = createRpc({ clientVersion: 'test' })({
    chain: chain.chain,
    clock: chain.clock,
    random: createRandom('calls'),
  })
  const ask = async (method: string, ...params: unknown[]) =>
    JSON.parse((await rpc.handle(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) ?? 'null') as Answer
  return { ...chain, ask }
}

const target = addressOf(0x7a)
const withCode = (code: string) => ({ [target]: { code } })

/** JUMPDEST PUSH0 JUMP */
const loop = '0x5b5f56'
/** Calls itself with all gas that may be handed on. */
const recursion = `0x${'5f'.repeat(5)}305af1`
/** PUSH0 PUSH0 REVERT */
const revert = '0x5f5ffd'
/** MSTORE at 2^64: memory that nobody can pay for. */
const memory = '0x5f68010000000000000000 52'.replace(' ', '')

test('gas bombs, endless loops and deep recursion end, and others are served meanwhile', async () => {
  const chain = await createTestChain()
  const rpc = createRpc({ clientVersion: 'test' })({
    chain: chain.chain,
    clock: systemClock,
    random: createRandom('bombs'),
  })
  const ask = async (method: string, ...params: unknown[]) =>
    JSON.parse((await rpc.handle(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) ?? 'null') as Answer
  const bombs = [loop, recursion, memory].map((code) =>
    ask('eth_call', { to: target, gas: '0xffffffffffffffff' }, 'latest', withCode(code)),
  )
  const served = [ask('eth_blockNumber'), ask('eth_call', { to: rich, gas: '0x5208' })]
  const [first] = await Promise.all(served)
  assert.equal(first?.result, '0x0')
  const ends = await Promise.all(bombs)
  assert.match(ends[0]?.error?.message ?? '', /out of gas|time limit/)
  // The one in the middle of the recursion that has no gas left fails; those around it return.
  assert.ok(ends[1]?.result === '0x' || ends[1]?.error !== undefined)
  assert.equal(ends[2]?.error?.code, -32000)
})

test('a call gets no more gas and time than it may take', async () => {
  const fake = createFakeRpc()
  let timeMsMax: number | undefined
  fake.call = async (_, options) => {
    timeMsMax = options?.timeMsMax
    return { kind: 'returned', data: new Uint8Array(), gasUsed: 1n, logs: [] }
  }
  await fake.ask('eth_call', [{ to: target, gas: '0xffffffffffffffff' }])
  await fake.ask('eth_call', [{ to: target }])
  await fake.ask('eth_call', [{ to: target, gas: '0x1' }])
  assert.deepEqual(
    fake.calls.map(({ gas }) => gas),
    [callGasMax, callGasMax, 1n],
  )
  assert.equal(timeMsMax, callTimeMsMax)
})

test('a revert is code 3 with its data; estimates say so too', async () => {
  const { ask } = await startRpc()
  for (const method of ['eth_call', 'eth_estimateGas']) {
    const { error } = await ask(method, { to: target }, 'latest', withCode(revert))
    assert.deepEqual(error, { code: 3, message: 'execution reverted', data: '0x' }, method)
  }
  const none = await ask('eth_estimateGas', { to: target, gas: '0x7530' }, 'latest', withCode(loop))
  assert.match(none.error?.message ?? '', /gas required exceeds allowance \(30000\)/)
})

test('what is named in a call has limits', async () => {
  const { ask } = await createFakeRpc()
  const codeOf = async (...params: unknown[]) => (await ask('eth_call', params)).error?.code
  const call = { to: target }
  const bytes = (length: number) => `0x${'00'.repeat(length)}`
  assert.equal(await codeOf({ ...call, data: bytes(callBytesMax) }), undefined)
  assert.equal(await codeOf({ ...call, data: bytes(callBytesMax + 1) }), -32602)
  const accounts = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [addressOf(at + 1), { balance: '0x1' }]))
  assert.equal(await codeOf(call, 'latest', accounts(overrideAccountsMax)), undefined)
  assert.equal(await codeOf(call, 'latest', accounts(overrideAccountsMax + 1)), -32602)
  const slots = (count: number) => ({
    [target]: { stateDiff: Object.fromEntries(Array.from({ length: count }, (_, at) => [word(BigInt(at)), word(1n)])) },
  })
  assert.equal(await codeOf(call, 'latest', slots(overrideSlotsMax)), undefined)
  assert.equal(await codeOf(call, 'latest', slots(overrideSlotsMax + 1)), -32602)
  const list = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ address: addressOf(at), storageKeys: [] }))
  assert.equal(await codeOf({ ...call, accessList: list(accessEntriesMax) }), undefined)
  assert.equal(await codeOf({ ...call, accessList: list(accessEntriesMax + 1) }), -32602)
  const blobs = (count: number) => Array.from({ length: count }, () => word(2n ** 248n))
  assert.equal(await codeOf({ ...call, blobVersionedHashes: blobs(blobsMax) }), undefined)
  assert.equal(await codeOf({ ...call, blobVersionedHashes: blobs(blobsMax + 1) }), -32602)
})

test('proofs, slots, fees and simulations have limits', async () => {
  const { ask } = await startRpc()
  const codeOf = async (method: string, ...params: unknown[]) => (await ask(method, ...params)).error?.code
  const keys = (count: number) => Array.from({ length: count }, (_, at) => word(BigInt(at)))
  assert.equal(await codeOf('eth_getProof', target, keys(proofKeysMax)), undefined)
  assert.equal(await codeOf('eth_getProof', target, keys(proofKeysMax + 1)), -32602)
  assert.equal(await codeOf('eth_getStorageValues', { [target]: keys(proofKeysMax) }), undefined)
  assert.equal(await codeOf('eth_getStorageValues', { [target]: keys(proofKeysMax), [rich]: keys(1) }), -32602)
  const percentiles = (count: number) => Array.from({ length: count }, (_, at) => at / 10)
  assert.equal(await codeOf('eth_feeHistory', feeBlocksMax, 'latest', percentiles(feePercentilesMax)), undefined)
  assert.equal(await codeOf('eth_feeHistory', feeBlocksMax, 'latest', percentiles(feePercentilesMax + 1)), -32602)
  assert.equal(await codeOf('eth_feeHistory', 1, 'latest', [50, 10]), -32602)
  const blocks = (count: number) => ({ blockStateCalls: Array.from({ length: count }, () => ({})) })
  assert.equal(await codeOf('eth_simulateV1', blocks(3)), undefined)
  assert.equal(await codeOf('eth_simulateV1', blocks(simulateBlocksMax + 1)), -38026)
  const far = { blockStateCalls: [{ blockOverrides: { number: `0x${(simulateBlocksMax + 1).toString(16)}` } }] }
  assert.equal(await codeOf('eth_simulateV1', far), -38026)
  const calls = Array.from({ length: simulateCallsMax }, () => ({ to: target }))
  const many = { blockStateCalls: [{ calls }, { calls: [{ to: target }] }] }
  assert.equal(await codeOf('eth_simulateV1', many), -38026)
})

test('fee history asks for no more blocks than it may', async () => {
  const fake = createFakeRpc()
  for (let at = 0; at < feeBlocksMax + 10; at++) fake.grow()
  const { result } = await fake.ask('eth_feeHistory', ['0xffffff', 'latest'])
  const { gasUsedRatio, baseFeePerGas } = result as { gasUsedRatio: number[]; baseFeePerGas: string[] }
  assert.deepEqual([gasUsedRatio.length, baseFeePerGas.length], [feeBlocksMax, feeBlocksMax + 1])
})

test('answers have a length, alone and in a batch', async () => {
  const fake = createFakeRpc()
  const data = new Uint8Array(answerCharsMax / 4)
  fake.call = async () => ({ kind: 'returned', data, gasUsed: 1n, logs: [] })
  const call = (id: number) => ({ jsonrpc: '2.0', id, method: 'eth_call', params: [{ to: target }] })
  const text = await fake.rpc.handle(JSON.stringify([call(1), call(2), call(3), call(4)]))
  assert.ok((text?.length ?? 0) < answerCharsMax + 1000)
  const answers = JSON.parse(text ?? '[]') as Answer[]
  assert.deepEqual(
    answers.map(({ error }) => error?.code),
    [undefined, -32005, -32005, -32005],
  )
  fake.call = async () => ({ kind: 'returned', data: new Uint8Array(answerCharsMax / 2), gasUsed: 1n, logs: [] })
  assert.equal((JSON.parse((await fake.rpc.handle(JSON.stringify(call(1)))) ?? '') as Answer).error?.code, -32005)
})

test('a state that was pruned is named so, and blocks that are none are none', async () => {
  const fake = createFakeRpc()
  for (let at = 0; at < 5; at++) fake.grow()
  fake.oldest = { block: 0, state: 3 }
  const { error } = await fake.ask('eth_getBalance', [rich, '0x2'])
  assert.equal(error?.code, -32000)
  assert.match(error?.message ?? '', /state of block 2 is pruned; the oldest one here is that of block 3/)
  assert.equal((await fake.ask('eth_getBalance', [rich, '0x3'])).result, '0xf4240')
  assert.equal((await fake.ask('eth_getBalance', [rich, '0x63'])).error?.message, 'header not found')
  assert.equal((await fake.ask('eth_getBlockByNumber', ['0x63', false])).result, null)
})

test('pending: the pool’s nonce, and a block without a hash', async () => {
  const fake = createFakeRpc()
  assert.equal((await fake.ask('eth_getTransactionCount', [rich, 'latest'])).result, '0x7')
  assert.equal((await fake.ask('eth_getTransactionCount', [rich, 'pending'])).result, '0x9')
  assert.partialDeepStrictEqual((await fake.ask('eth_getBlockByNumber', ['pending', true])).result, {
    number: '0x1',
    hash: null,
    transactions: [],
  })
  for (const tag of ['latest', 'safe', 'finalized']) {
    assert.partialDeepStrictEqual((await fake.ask('eth_getBlockByNumber', [tag, false])).result, { number: '0x0' })
  }
})

test('wallets see a chain where gas costs nothing', async () => {
  const { ask } = await startRpc()
  assert.equal((await ask('eth_gasPrice')).result, '0x0')
  assert.equal((await ask('eth_maxPriorityFeePerGas')).result, '0x0')
  assert.equal((await ask('eth_blobBaseFee')).result, '0x1')
  assert.partialDeepStrictEqual((await ask('eth_feeHistory', '0x4', 'latest', [25, 75])).result, {
    baseFeePerGas: ['0x0', '0x0'],
    reward: [['0x0', '0x0']],
  })
  assert.deepEqual((await ask('eth_accounts')).result, [])
  for (const method of ['eth_sendTransaction', 'eth_sign', 'personal_unlockAccount', 'evm_mine', 'anvil_nodeInfo']) {
    assert.equal((await ask(method)).error?.code, -32601, method)
  }
})
