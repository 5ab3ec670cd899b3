// A chain from genesis on: what is built is right for others, what is not right is refused by a code, what is final stays.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TypedTransaction } from '@ethereumjs/tx'
import { setHash } from '../consensus/vote-wire.ts'
import type { Block, Hash } from '../types.ts'
import { decodeBlock, encodeBlock } from './block-wire.ts'
import { blockOfHeader } from './check.ts'
import { transactionsRoot } from './execution.ts'
import { encodePlace, headerOf } from './header-wire.ts'
import * as limit from './limits.ts'
import { specOf } from './spec.ts'
import { createTestChain, signed, type TestChain, testAccount, testGenesis } from './testing.ts'
import { decodeTransaction } from './transaction-wire.ts'
import type { ChainEvent, HeaderFields } from './types.ts'

const chainId = testGenesis().chainId
const spec = specOf(testGenesis())

/** The block with other fields or transactions, whole again in its form. */
function changed(block: Block, change: Partial<HeaderFields>, transactions?: readonly TypedTransaction[]): Block {
  const reading = { ours: true, bytesMax: limit.blockBytesMax, commonAt: () => spec.common }
  const parts = decodeBlock(block.bytes, reading)
  const used = transactions ?? parts.transactions
  const root = transactionsRoot(used.map((one) => one.serialize()))
  const header = headerOf({ ...parts.header.fields, transactionsRoot: root, ...change }, true)
  return blockOfHeader(header, encodeBlock(header.fields, used, []))
}

async function pay(here: TestChain, from = 0, nonce = 0, fee = 0n): Promise<Hash> {
  const bytes = await signed(testAccount(from), { chainId, nonce, value: 5n, fee })
  return await here.chain.pool.add(bytes, { local: true })
}

async function codeOf({ chain }: TestChain, block: Block): Promise<string> {
  const verdict = await chain.check(block)
  return verdict.ok ? 'ok' : verdict.code
}

test('the genesis hash binds everything that the genesis says', async () => {
  const base = await createTestChain()
  const again = await createTestChain()
  assert.equal(base.chain.genesisHash, again.chain.genesisHash)
  const changes = [
    { name: 'other' },
    { timestamp: 1_700_000_001 },
    { coin: { name: 'Test coin', symbol: 'TEXT' } },
    { members: [] },
    { validators: [testAccount(101).address] },
    { balances: [] },
    { blockTimeMs: 999 },
    { quota: { gas: 1n, blocks: 100 } },
    { strangerFee: undefined },
  ]
  const hashes = await Promise.all(
    changes.map(async (genesis) => (await createTestChain({ genesis })).chain.genesisHash),
  )
  assert.equal(new Set([base.chain.genesisHash, ...hashes]).size, changes.length + 1)
})

test('a block that one builds is right for another, and both come to the same state', async () => {
  const [one, other] = [await createTestChain(), await createTestChain()]
  await pay(one)
  await pay(one, 1, 0, 2_000_000_000n)
  const built = await one.mine()
  const read = other.chain.decode(built.bytes)
  assert.deepEqual(read, built)
  assert.deepEqual(await other.chain.check(built), { ok: true, nextSet: undefined })
  assert.equal(other.chain.unfinal(built.hash)?.hash, built.hash)
  await other.chain.finalize(built.hash, Uint8Array.of(9))
  assert.equal(other.chain.head().hash, one.chain.head().hash)
  assert.deepEqual(other.chain.certificate(1), Uint8Array.of(9))
  assert.equal(other.chain.unfinal(built.hash), undefined)
  const state = other.chain.state(built.hash)
  assert.equal((await state?.account(testAccount(5).address))?.balance, 10n)
  // The proposer got what the one who paid offered.
  const proposer = await state?.account(one.validators[0]?.address ?? testAccount(0).address)
  assert.equal(proposer?.balance, 21_000n * 2_000_000_000n)
  assert.deepEqual(one.chain.block(1)?.senders, other.chain.block(1)?.senders)
  assert.deepEqual(one.chain.block(1)?.bytes, built.bytes)
  assert.deepEqual(one.chain.receipts(built.hash), other.chain.receipts(built.hash))
})

test('each wrong field of a header has its code', async () => {
  const [one, other] = [await createTestChain(), await createTestChain()]
  await pay(one)
  const block = await one.mine()
  const zero = `0x${'0'.repeat(64)}` as Hash
  const place = (change: object) => ({
    extraData: encodePlace({ epoch: 0, view: 1, nextSetHash: undefined, ...change }),
  })
  const now = Math.floor(other.clock.nowMs() / 1_000)
  const wrong: [string, Partial<HeaderFields>][] = [
    ['block_parent_unknown', { parentHash: block.hash, number: 2n }],
    ['block_height_wrong', { number: 2n }],
    ['block_time_wrong', { timestamp: 1_699_999_999n }],
    ['block_from_future', { timestamp: BigInt(now + limit.timestampDriftSecondsMax + 1) }],
    ['block_proposer_wrong', { coinbase: testAccount(0).address }],
    ['block_place_wrong', place({ view: 0 })],
    ['block_place_wrong', place({ epoch: 1 })],
    ['block_field_wrong', place({ view: 2 })],
    ['block_set_wrong', place({ nextSetHash: setHash({ epoch: 1, validators: [testAccount(0).address] }) })],
    ['block_field_wrong', { unclesHash: zero }],
    ['block_field_wrong', { difficulty: 1n }],
    ['block_field_wrong', { nonce: new Uint8Array(8).fill(1) }],
    ['block_field_wrong', { mixHash: zero }],
    ['block_field_wrong', { gasLimit: 30_000_001n }],
    ['block_field_wrong', { baseFeePerGas: 1n }],
    ['block_field_wrong', { withdrawalsRoot: zero }],
    ['block_field_wrong', { blobGasUsed: 1n }],
    ['block_field_wrong', { excessBlobGas: 1n }],
    ['block_field_wrong', { parentBeaconBlockRoot: block.hash }],
    ['block_malformed', { transactionsRoot: zero }],
    ['block_result_wrong', { stateRoot: zero }],
    ['block_result_wrong', { receiptsRoot: zero }],
    ['block_result_wrong', { requestsHash: zero }],
    ['block_result_wrong', { gasUsed: 21_001n }],
    ['block_result_wrong', { logsBloom: new Uint8Array(256).fill(1) }],
  ]
  for (const [code, change] of wrong) {
    assert.equal(await codeOf(other, changed(block, change)), code, JSON.stringify(Object.keys(change)))
  }
  const lied = { ...block, height: 2 }
  assert.equal(await codeOf(other, { ...lied, hash: zero }), 'block_malformed')
  assert.equal(await codeOf(other, block), 'ok')
  // Up to the drift, the proposer's clock is its own.
  const ahead = changed(block, { timestamp: BigInt(now + limit.timestampDriftSecondsMax) })
  assert.equal(await codeOf(other, ahead), 'ok')
})

test('what was ahead of the clock is right when the clock has come there', async () => {
  const [one, other] = [await createTestChain(), await createTestChain()]
  one.clock.advance(100_000)
  const block = await one.mine()
  assert.equal(await codeOf(other, block), 'block_from_future')
  const third = await createTestChain()
  assert.equal((await third.chain.check(block, { isFinal: true })).ok, true)
  other.clock.advance(40_000)
  assert.equal(await codeOf(other, block), 'ok')
})

test('transactions that may not be in a block make it wrong', async () => {
  const genesis = { quota: { gas: 50_000n, blocks: 100 } }
  const [one, other] = [await createTestChain({ genesis }), await createTestChain({ genesis })]
  const block = await one.mine()
  const make = async (...all: Parameters<typeof signed>[]) =>
    (await Promise.all(all.map((one) => signed(...one)))).map((bytes) => decodeTransaction(bytes, spec.common))
  const cases: [string, TypedTransaction[]][] = [
    ['block_fee_too_low', await make([testAccount(4), { chainId, fee: 999_999_999n }])],
    ['block_quota_exceeded', await make([testAccount(0), { chainId, gas: 50_001n }])],
    [
      'block_quota_exceeded',
      await make(...[0, 1, 2].map((nonce) => [testAccount(0), { chainId, nonce }] as Parameters<typeof signed>)),
    ],
    ['transaction_invalid', await make([testAccount(0), { chainId, nonce: 1 }])],
    ['transaction_invalid', await make([testAccount(0), { chainId, value: 10n ** 30n }])],
    ['transaction_invalid', await make([testAccount(5), { chainId, fee: 10n ** 9n }])],
    ['transaction_invalid', await make([testAccount(0), { chainId, gas: 20_999n }])],
  ]
  for (const [code, transactions] of cases) assert.equal(await codeOf(other, changed(block, {}, transactions)), code)
})

test('a block on one that is not final is built and checked, and final with it', async () => {
  const [one, other] = [await createTestChain(), await createTestChain()]
  await pay(one)
  const first = await one.chain.build(one.chain.head().hash, { epoch: 0, view: 1 })
  await pay(one, 0, 1)
  // What the first carries is not put into the second as well.
  const second = await one.chain.build(first.hash, { epoch: 0, view: 4 })
  assert.equal(one.chain.block(second.hash)?.transactions.length, 1)
  assert.equal(await codeOf(other, second), 'block_parent_unknown')
  assert.equal(await codeOf(other, first), 'ok')
  assert.equal(await codeOf(other, second), 'ok')
  const finals: number[] = []
  other.chain.on((event) => event.kind === 'final' && finals.push(event.header.height))
  await other.chain.finalize(second.hash, Uint8Array.of(7))
  assert.deepEqual(finals, [1, 2])
  assert.deepEqual([other.chain.certificate(1), other.chain.certificate(2)], [undefined, Uint8Array.of(7)])
  await other.chain.finalize(first.hash, Uint8Array.of(7))
  await assert.rejects(other.chain.finalize(`0x${'1'.repeat(64)}` as Hash, Uint8Array.of(7)), { code: 'block_unknown' })
  // A block beside what is final can't become final any more.
  const beside = await (await createTestChain()).chain.build(one.chain.genesisHash, { epoch: 0, view: 2 })
  assert.equal(await codeOf(other, beside), 'block_parent_old')
})

test('what is final is found by height, by hash and by transaction', async () => {
  const here = await createTestChain()
  const hash = await pay(here)
  assert.equal(here.chain.transaction(hash), undefined)
  const block = await here.mine()
  const placed = here.chain.transaction(hash)
  assert.deepEqual([placed?.height, placed?.index, placed?.sender], [1, 0, testAccount(0).address])
  assert.equal(here.chain.header(1)?.hash, block.hash)
  assert.equal(here.chain.header(block.hash)?.height, 1)
  assert.equal(here.chain.header(2), undefined)
  assert.deepEqual(here.chain.block(0)?.transactions, [])
  assert.equal(here.chain.block(0)?.header.hash, here.chain.genesisHash)
  assert.equal(here.chain.decode(here.chain.block(0)?.bytes ?? new Uint8Array())?.hash, here.chain.genesisHash)
  assert.deepEqual(here.chain.oldest, { block: 0, state: 0 })
  assert.equal(here.chain.decode(Uint8Array.of(1, 2, 3)), undefined)
})

test('events: what comes in, whether there is work, what is final', async () => {
  const here = await createTestChain()
  const events: ChainEvent[] = []
  const off = here.chain.on((event) => events.push(event))
  await pay(here)
  await here.mine()
  off()
  await pay(here, 1)
  assert.deepEqual(
    events.map((event) => (event.kind === 'work' ? `work ${event.waiting}` : event.kind)),
    ['pending', 'work true', 'work false', 'final'],
  )
})

test('blocks hold as much as bytes and gas allow, the rest waits for the next', async () => {
  const here = await createTestChain({ genesis: { blockGasLimit: limit.blockGasLimitMin } })
  const data = `0x${'00'.repeat(120_000)}` as const
  for (let from = 0; from < 4; from++) {
    for (let nonce = 0; nonce < 3; nonce++) {
      const bytes = await signed(testAccount(from), { chainId, nonce, data, gas: 1_300_000n })
      await here.chain.pool.add(bytes, { local: true })
    }
  }
  const blocks = await here.mineAll()
  assert.deepEqual(
    blocks.map(({ hash }) => here.chain.block(hash)?.transactions.length),
    [8, 4],
  )
  assert.ok(blocks.every(({ bytes }) => bytes.length <= limit.blockBytesMax))
})

test('a build that takes long ends with what it has; one that is aborted ends', async () => {
  const here = await createTestChain()
  await pay(here)
  await pay(here, 1)
  const aborted = here.chain.build(
    here.chain.head().hash,
    { epoch: 0, view: 1 },
    AbortSignal.abort(new Error('enough')),
  )
  await assert.rejects(aborted, /enough/)
  const { monotonicMs } = here.clock
  let looks = 0
  here.clock.monotonicMs = () => monotonicMs() + (looks++ > 1 ? limit.buildTimeMsMax : 0)
  assert.equal(here.chain.block((await here.mine()).hash)?.transactions.length, 1)
})

test('a chain that is being closed refuses, and what ran has ended', async () => {
  const here = await createTestChain()
  const building = here.mine()
  await building
  await here.chain.stop()
  await assert.rejects(here.mine(), { code: 'chain_stopped' })
})

test('a verdict is remembered, and blocks that are not final are bounded', async () => {
  const here = await createTestChain()
  const block = await here.chain.build(here.chain.head().hash, { epoch: 0, view: 1 })
  const wrong = changed(block, { stateRoot: here.chain.genesisHash })
  const first = await here.chain.check(wrong)
  assert.equal(await here.chain.check(wrong), first)
  for (let view = 2; view < limit.unfinalBlocksMax + 10; view++) {
    await here.chain.build(here.chain.head().hash, { epoch: 0, view })
  }
  assert.equal(here.chain.unfinal(block.hash), undefined)
})

test('the body of another under a block’s header is no block, and takes nothing from the right one', async () => {
  const [one, other] = [await createTestChain(), await createTestChain()]
  await pay(one)
  const block = await one.mine()
  const empty = blockOfHeader(
    one.chain.header(block.hash) ?? assert.fail('it is there'),
    encodeBlock(one.chain.header(block.hash)?.fields ?? assert.fail('it is there'), [], []),
  )
  assert.equal(empty.hash, block.hash)
  assert.equal(other.chain.decode(empty.bytes), undefined)
  assert.equal(await codeOf(other, empty), 'block_malformed')
  assert.equal(await codeOf(other, block), 'ok')
})

test('what does not stand on a final block is forgotten with it', async () => {
  const here = await createTestChain()
  const root = here.chain.head().hash
  const final = await here.chain.build(root, { epoch: 0, view: 1 })
  const beside = await here.chain.build(root, { epoch: 0, view: 2 })
  const onBeside = await here.chain.build(beside.hash, { epoch: 0, view: 3 })
  const onFinal = await here.chain.build(final.hash, { epoch: 0, view: 4 })
  await here.chain.finalize(final.hash, Uint8Array.of(1))
  assert.deepEqual(
    [beside, onBeside, onFinal].map(({ hash }) => here.chain.unfinal(hash) !== undefined),
    [false, false, true],
  )
  assert.equal(here.chain.state(beside.hash), undefined)
  assert.equal(await codeOf(here, onBeside), 'block_parent_unknown')
  await here.chain.finalize(onFinal.hash, Uint8Array.of(1))
  assert.equal(here.chain.head().height, 2)
})
