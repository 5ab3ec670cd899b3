// What is taken to wait, and in which words it is refused; what the quota gives and when it gives it back.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { privateKeyToAccount } from 'viem/accounts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Cancel } from '../../base/ports.ts'
import type { Address } from '../types.ts'
import { poolTransactionMsMax, transactionBytesMax } from './limits.ts'
import { openChain } from './service.ts'
import {
  createTestChain,
  createTestClock,
  quietLog,
  signed,
  type TestChain,
  type TestTransaction,
  testAccount,
  testGenesis,
} from './testing.ts'

const { chainId } = testGenesis()
const gwei = 1_000_000_000n

async function offer(here: TestChain, from: number, transaction: Partial<TestTransaction> = {}) {
  return await here.chain.pool.add(await signed(testAccount(from), { chainId, ...transaction }), { local: true })
}

async function refusal(adding: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  const error = await adding.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(isPeerhoodError(error), String(error))
  return error
}

test('each refusal has a code, and words that say what to do', async () => {
  const here = await createTestChain()
  const raw = async (bytes: Uint8Array) => await here.chain.pool.add(bytes, { local: false })
  const cases: [string, Promise<unknown>][] = [
    ['transaction_malformed', raw(Uint8Array.of(0xc0))],
    ['transaction_malformed', raw(Uint8Array.of(2, 1, 2, 3))],
    ['transaction_too_long', raw(new Uint8Array(transactionBytesMax + 1))],
    ['transaction_type_refused', raw(Uint8Array.of(5, 0xc0))],
    ['transaction_other_chain', offer(here, 0, { chainId: 1 })],
    ['transaction_other_chain', offer(here, 0, { chainId: 1, type: 0 })],
    ['transaction_other_chain', raw(await withoutChain())],
    ['transaction_gas_too_low', offer(here, 0, { gas: 20_999n })],
    ['transaction_gas_too_low', offer(here, 0, { data: `0x${'ff'.repeat(100)}` })],
    ['nonce_too_high', offer(here, 0, { nonce: 1_025 })],
    ['balance_too_low', offer(here, 0, { value: 1_001n * 10n ** 18n })],
    ['balance_too_low', offer(here, 5, { fee: gwei })],
    ['fee_too_low', offer(here, 4)],
    ['fee_too_low', offer(here, 4, { fee: gwei - 1n })],
    ['fee_too_low', offer(here, 5)],
  ]
  for (const [code, adding] of cases) {
    const error = await refusal(adding)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, /\.$/)
    assert.match(error.hint, /\.$/)
  }
  const stranger = await refusal(offer(here, 4))
  assert.match(stranger.message, /is no member of this ledger; others pay 1000000000 wei per gas at least/)
  assert.match(stranger.hint, /ask a validator/)
  await offer(here, 0)
  assert.equal((await refusal(offer(here, 0))).code, 'transaction_known')
  await here.mine()
  assert.match((await refusal(offer(here, 0))).message, /next nonce is 1; 0 was used before/)
})

async function withoutChain(): Promise<Uint8Array> {
  const account = privateKeyToAccount(testAccount(0).privateKey)
  const raw = await account.signTransaction({
    type: 'legacy',
    nonce: 0,
    to: testAccount(5).address,
    gas: 21_000n,
    gasPrice: 0n,
  })
  return Buffer.from(raw.slice(2), 'hex')
}

test('where strangers are refused, a fee does not help', async () => {
  const here = await createTestChain({ genesis: { strangerFee: undefined } })
  const error = await refusal(offer(here, 4, { fee: 100n * gwei }))
  assert.equal(error.code, 'members_only')
  await offer(here, 0)
  assert.equal(here.chain.block((await here.mine()).hash)?.transactions.length, 1)
})

test('every type that there is here is taken, and put into a block', async () => {
  const here = await createTestChain()
  for (const [nonce, type] of ([0, 1, 2, 4] as const).entries()) {
    // A type 4 hands its sender's account over, which takes a nonce as well.
    await offer(here, 0, { nonce, type, gas: 100_000n })
  }
  const block = here.chain.block((await here.mine()).hash)
  assert.deepEqual(
    block?.transactions.map(({ type }) => type),
    [0, 1, 2, 4],
  )
  assert.deepEqual(
    here.chain.receipts(block?.header.hash as never)?.map(({ succeeded }) => succeeded),
    Array(4).fill(true),
  )
  // The account has code now that says where code is, and its person still signs.
  assert.equal(await here.chain.pool.nextNonce(testAccount(0).address), 5n)
  await offer(here, 0, { nonce: 5, gas: 100_000n })
})

test('members transact free within the quota; then they pay, or wait until time gives it back', async () => {
  const here = await createTestChain({ genesis: { quota: { gas: 50_000n, blocks: 60 } } })
  const blocked = await refusal(offer(here, 0, { gas: 50_001n }))
  assert.equal(blocked.code, 'quota_exceeded')
  assert.match(blocked.message, /a member has 50000 free in 60 seconds/)
  await offer(here, 0, { nonce: 0 })
  await offer(here, 0, { nonce: 1 })
  assert.match((await refusal(offer(here, 0, { nonce: 2 }))).message, /8000 gas is left .* it asks for 21000/)
  await here.mine()
  // What is used counts by the gas limit; more may wait, but not be built.
  await offer(here, 0, { nonce: 2 })
  assert.equal(here.chain.pool.hasWork, false)
  assert.equal(here.chain.block((await here.mine()).hash)?.transactions.length, 0)
  // What was used is on disk.
  const again = await openChain({ genesis: here.genesis })({
    database: here.database,
    clock: here.clock,
    log: quietLog,
  })
  await again.pool.add(await signed(testAccount(0), { chainId, nonce: 2 }), { local: true })
  assert.equal(again.pool.hasWork, false)
  await offer(here, 0, { nonce: 2, fee: gwei })
  assert.equal(here.chain.pool.hasWork, true)
  assert.equal(here.chain.block((await here.mine()).hash)?.transactions.length, 1)
  await offer(here, 0, { nonce: 3 })
  here.clock.advance(60_000)
  assert.equal(here.chain.pool.hasWork, true)
  assert.equal(here.chain.block((await here.mine()).hash)?.transactions.length, 1)
})

test('what waits for the quota alone goes on by itself when the window is over', async () => {
  const clock = createTestClock()
  const timers: { ms: number; run: () => void }[] = []
  clock.after = (ms, run): Cancel => {
    const timer = { ms, run }
    timers.push(timer)
    return () => void timers.splice(timers.indexOf(timer), 1)
  }
  const genesis = testGenesis({ quota: { gas: 21_000n, blocks: 60 } })
  const chain = await openChain({ genesis })({ database: new DatabaseSync(':memory:'), clock, log: quietLog })
  await chain.pool.add(await signed(testAccount(0), { chainId }), { local: true })
  const block = await chain.build(chain.head().hash, { epoch: 0, view: 1 })
  await chain.finalize(block.hash, Uint8Array.of(1))
  assert.equal(timers.length, 0)
  const work: boolean[] = []
  chain.on((event) => event.kind === 'work' && work.push(event.waiting))
  await chain.pool.add(await signed(testAccount(0), { chainId, nonce: 1 }), { local: true })
  assert.equal(timers.length, 1)
  assert.ok((timers[0]?.ms ?? 0) <= 60_000)
  clock.advance(timers[0]?.ms ?? 0)
  timers[0]?.run()
  assert.deepEqual(work, [true])
})

test('the best price first, then who came first; each sender’s in nonce order', async () => {
  const here = await createTestChain()
  await offer(here, 0, { nonce: 0 })
  await offer(here, 1, { nonce: 1, fee: 9n * gwei })
  await offer(here, 1, { nonce: 0, fee: gwei })
  await offer(here, 2, { nonce: 0, fee: 3n * gwei })
  await offer(here, 3, { nonce: 0, fee: 0n })
  const { senders = [] } = here.chain.block((await here.mine()).hash) ?? {}
  const order = [2, 1, 1, 0, 3].map((number) => testAccount(number).address)
  assert.deepEqual(senders, order)
})

test('who has looked at what waits hears of the next that comes, though there was work before', async () => {
  const here = await createTestChain()
  const work: boolean[] = []
  here.chain.on((event) => event.kind === 'work' && work.push(event.waiting))
  await offer(here, 0)
  await offer(here, 1)
  const block = await here.chain.build(here.chain.head().hash, { epoch: 0, view: 1 })
  // All of it is in a block that is not final: on top of that, only what comes now counts.
  await offer(here, 2)
  assert.deepEqual(work, [true, true])
  await here.chain.build(block.hash, { epoch: 0, view: 2 })
  await here.chain.finalize(block.hash, Uint8Array.of(1))
  assert.deepEqual(work, [true, true, true])
})

test('what waits is told by sender: able, and held up by a gap', async () => {
  const here = await createTestChain()
  const address = testAccount(0).address
  for (const nonce of [0, 1, 3]) await offer(here, 0, { nonce })
  const nonces = (list: ReadonlyMap<Address, readonly { nonce: bigint }[]>) =>
    list.get(address)?.map(({ nonce }) => nonce)
  const { pending, queued } = here.chain.pool.content()
  assert.deepEqual([nonces(pending), nonces(queued)], [[0n, 1n], [3n]])
  assert.equal(await here.chain.pool.nextNonce(address), 2n)
  await here.mine()
  assert.equal(here.chain.pool.hasWork, false)
  await offer(here, 0, { nonce: 2 })
  assert.equal(await here.chain.pool.nextNonce(address), 4n)
})

test('what can’t run any more goes when a block is built; what waits too long, too', async () => {
  const here = await createTestChain()
  const all = 1_000n * 10n ** 18n
  const first = await offer(here, 0, { nonce: 0, value: all / 2n })
  assert.equal((await refusal(offer(here, 0, { nonce: 1, value: all }))).code, 'balance_too_low')
  assert.equal(here.chain.pool.get(first)?.sender, testAccount(0).address)
  const late = await offer(here, 1, { nonce: 5 })
  here.clock.advance(poolTransactionMsMax + 1)
  await offer(here, 2)
  assert.equal(here.chain.pool.get(late), undefined)
  assert.equal(here.chain.pool.get(first), undefined)
})

test('an authorization that another sent uses up its signer’s nonce', async () => {
  const here = await createTestChain()
  const [sender, authority] = [0, 1].map((number) => privateKeyToAccount(testAccount(number).privateKey))
  assert.ok(sender !== undefined && authority !== undefined)
  const authorization = await authority.signAuthorization({
    chainId,
    nonce: 0,
    contractAddress: testAccount(7).address,
  })
  const fees = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n }
  const to = testAccount(5).address
  const options = { type: 'eip7702', chainId, nonce: 0, to, gas: 100_000n, ...fees } as const
  const raw = await sender.signTransaction({ ...options, authorizationList: [authorization] })
  const waiting = await offer(here, 1)
  const other = await createTestChain()
  await other.chain.pool.add(Buffer.from(raw.slice(2), 'hex'), { local: true })
  const block = await other.mine()
  assert.equal((await here.chain.check(block)).ok, true)
  await here.chain.finalize(block.hash, Uint8Array.of(1))
  assert.equal(here.chain.pool.get(waiting), undefined)
  assert.equal(here.chain.pool.hasWork, false)
})

test('a transaction whose money went elsewhere meanwhile is dropped', async () => {
  const here = await createTestChain()
  const all = 1_000n * 10n ** 18n
  const other = await createTestChain()
  // One node sees the transfer of all, the other only what comes after it.
  await offer(other, 0, { nonce: 0, value: all })
  await offer(here, 0, { nonce: 1, value: 5n })
  const block = await other.mine()
  assert.equal((await here.chain.check(block)).ok, true)
  await here.chain.finalize(block.hash, Uint8Array.of(1))
  assert.equal(here.chain.pool.hasWork, true)
  assert.equal(here.chain.block((await here.mine()).hash)?.transactions.length, 0)
  assert.equal(here.chain.pool.hasWork, false)
})
