import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTxFromRLP } from '@ethereumjs/tx'
import { encodeFunctionData, getContractAddress } from 'viem'
import type { Address, Hash } from '../types.ts'
import { bytesOfHex } from './account-wire.ts'
import { createLedgerCommon } from './common.ts'
import { blockName, personOf, signedBy, subjects, testChain } from './testing.ts'
import { noBlock } from './world.ts'

const [ann, bob] = [personOf(1), personOf(2)]
const rich = { address: ann.address, balance: 10n ** 20n }
const common = createLedgerCommon(31337)
const transfer = (nonce: number, extra: object = {}) =>
  signedBy(ann, common, { type: 2, chainId: 31337, nonce, to: bob.address, value: 1n, gasLimit: 21_000n, ...extra })

test('a proposer leaves out what cannot run, and says why', async () => {
  const chain = testChain({ accounts: [rich], common, baseFeePerGas: 10n, gasLimit: 1_000_000n })
  const fees = { maxFeePerGas: 100n }
  const good = [transfer(0, fees), transfer(1, fees)]
  const bad = [
    ['nonce_too_low', transfer(0, fees)],
    ['nonce_too_high', transfer(5, fees)],
    ['fee_too_low', transfer(2, { maxFeePerGas: 9n })],
    ['funds_too_low', transfer(1, { ...fees, value: 10n ** 21n })],
    ['gas_too_low', transfer(2, { ...fees, gasLimit: 20_999n })],
    ['block_gas_exceeded', transfer(2, { ...fees, gasLimit: 1_000_001n })],
    ['funds_too_low', signedBy(bob, common, { nonce: 0, to: ann.address, gasLimit: 21_000n, gasPrice: 10n })],
  ] as const
  const executed = await chain.run([good[0], ...bad.map(([, one]) => one), good[1]] as never, { skipInvalid: true })
  assert.deepEqual(
    executed.skipped.map(({ code }) => code),
    bad.map(([code]) => code),
  )
  assert.deepEqual(executed.transactions, good)
  assert.equal(executed.gasUsed, 42_000n)
  assert.equal(executed.receipts[1]?.cumulativeGasUsed, 42_000n)
  for (const [, one] of bad.slice(0, 4)) {
    await assert.rejects(chain.world.execute(chain.environment(), [one]), { code: 'transaction_invalid' })
  }
})

test('a proposer stops when the block is full, by gas and by bytes', async () => {
  const chain = testChain({ accounts: [rich], common })
  const many = [0, 1, 2, 3, 4].map((nonce) => transfer(nonce))
  const byGas = await chain.world.execute(chain.environment(), many, { isFull: (gas) => gas >= 63_000n })
  assert.equal(byGas.transactions.length, 3)
  const size = many[0]?.serialize().length ?? 0
  const byBytes = await chain.world.execute(chain.environment(), many, { isFull: (_, bytes) => bytes > size })
  assert.equal(byBytes.transactions.length, 2)
  const aborted = AbortSignal.abort(new Error('enough'))
  await assert.rejects(chain.world.execute(chain.environment(), many, { signal: aborted }), { message: 'enough' })
})

// A contract that stores, pays, and then asks the KZG precompile, which a ledger without blobs has not: the EVM throws from deep
// within, and nothing of it may stay.
test('what makes the EVM itself give up leaves nothing behind', async () => {
  // SSTORE(0, 1); CALL(10000, 0xabcdef, 1, …); STATICCALL(100000, 0x0a, 0, 192, 0, 64); STOP
  const code = bytesOfHex('0x60015f555f5f5f5f600162abcdef612710f15060405f60c05f600a620186a0fa00')
  const broken = { address: `0x${'00'.repeat(18)}beef` as Address, balance: 10n, code }
  const chain = testChain({ accounts: [rich, broken], common })
  const inner = signedBy(ann, common, { nonce: 0, to: broken.address, gasLimit: 500_000n })
  const executed = await chain.run([inner, transfer(0)], { skipInvalid: true })
  assert.deepEqual(
    executed.skipped.map((one) => one.code),
    ['unusable'],
  )
  const alone = testChain({ accounts: [rich, broken], common })
  assert.equal(executed.stateRoot, (await alone.run([transfer(0)])).stateRoot)
})

test('parent hashes, beacon roots and withdrawals go where the fork wants them', async () => {
  // The deployed code of EIP-2935 and 4788 only matters as far as there is some.
  const history = { address: '0x0000f90827f1c53a10cb7a02335b175320002935' as Address, balance: 0n, nonce: 1n }
  const beacon = { address: '0x000f3df6d732807ef1319fb7b8bb8522d0beac02' as Address, balance: 0n, nonce: 1n }
  const code = Uint8Array.of(0)
  const chain = testChain({ accounts: [rich, { ...history, code }, { ...beacon, code }], common })
  const root = blockName(77, 7)
  const environment = {
    ...chain.environment(),
    parentBeaconBlockRoot: root,
    withdrawals: [{ index: 0n, validatorIndex: 0n, address: bob.address, amount: 3n }],
  }
  const executed = await chain.world.execute(environment, [])
  chain.world.keep(blockName(1), executed.layer)
  const state = chain.world.at(blockName(1))
  const word = (value: bigint) => `0x${value.toString(16).padStart(64, '0')}` as Hash
  assert.equal(await state?.slot(history.address, word(0n)), BigInt(blockName(0)))
  const at = environment.timestamp % 8191n
  assert.equal(await state?.slot(beacon.address, word(at)), environment.timestamp)
  assert.equal(await state?.slot(beacon.address, word(at + 8191n)), BigInt(root))
  assert.equal((await state?.account(bob.address))?.balance, 3n * 10n ** 9n)
  // EIP-7685 of no requests: SHA-256 of nothing.
  assert.equal(executed.requestsHash, '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

test('receipts say type, gas, price, logs and the contract that came to be', async () => {
  const chain = testChain({ accounts: [rich], common, baseFeePerGas: 7n })
  const { Token } = subjects()
  const token = getContractAddress({ from: ann.address, nonce: 0n }).toLowerCase() as Address
  const data = encodeFunctionData({ abi: Token.abi, functionName: 'transfer', args: [bob.address, 5n] } as never)
  const executed = await chain.run([
    signedBy(ann, common, { nonce: 0, gasLimit: 3_000_000n, gasPrice: 20n, data: Token.bytecode }),
    signedBy(ann, common, {
      type: 2,
      chainId: 31337,
      nonce: 1,
      to: token,
      gasLimit: 100_000n,
      maxFeePerGas: 30n,
      maxPriorityFeePerGas: 2n,
      data: data as `0x${string}`,
    }),
    transfer(2, { to: token, gasLimit: 50_000n, maxFeePerGas: 7n, value: 0n }),
  ])
  const [deployed, sent, failed] = executed.receipts
  assert.equal(deployed?.contractAddress, token)
  assert.equal(deployed?.effectiveGasPrice, 20n)
  assert.equal(sent?.effectiveGasPrice, 9n)
  assert.deepEqual(sent?.logs[0]?.topics.length, 3)
  assert.equal(sent?.logs[0]?.address, token)
  assert.equal(failed?.succeeded, false)
  assert.equal(failed?.gasUsed, (failed?.cumulativeGasUsed ?? 0n) - (sent?.cumulativeGasUsed ?? 0n))
  assert.equal(executed.gasUsed, failed?.cumulativeGasUsed)
})

test('senders are found natively also where a transaction was made without our cryptography', async () => {
  const chain = testChain({ accounts: [rich], common })
  const foreign = createLedgerCommon(31337)
  Object.assign(foreign.customCrypto, { ecrecover: undefined, keccak256: undefined })
  const transaction = createTxFromRLP(transfer(0).serialize(), { common: foreign })
  const { receipts } = await chain.run([transaction])
  assert.equal(receipts[0]?.succeeded, true)
  assert.equal(chain.environment(0).parent, noBlock)
})
