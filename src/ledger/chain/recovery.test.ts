// A chain whose quorum is gone for good goes on after its last final block, with the set that people agreed on.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { encodeFunctionData, hashTypedData, hexToBytes } from 'viem'
import { signDigest } from '../evm/crypto.ts'
import type { Address, Block, Hash } from '../types.ts'
import { mayRecover } from './recovery.ts'
import { openChain } from './service.ts'
import { readIsMember, readSet, systemAbi, systemAddress } from './system-contract.ts'
import { createTestClock, mineOn, quietLog, signed, testAccount, testGenesis } from './testing.ts'
import type { Recovery } from './types.ts'

const before = [100, 101, 102, 103].map((number) => testAccount(number).address).sort()
const after = [testAccount(100), testAccount(110)].sort((a, b) => (a.address < b.address ? -1 : 1))
const afterAddresses = after.map(({ address }) => address)
const genesis = testGenesis({ validators: before })
const { chainId } = genesis

const open = (recoveries: readonly Recovery[], database = new DatabaseSync(':memory:')) =>
  openChain({ genesis, recoveries })({ database, clock: createTestClock(), log: quietLog })

/** Two blocks, then the quorum is gone. */
async function stuck() {
  const database = new DatabaseSync(':memory:')
  const chain = await open([], database)
  await chain.pool.add(await signed(testAccount(0), { chainId }), { local: true })
  await mineOn(chain)
  await mineOn(chain)
  const recovery: Recovery = {
    ...{ height: 2, block: chain.head().hash, epoch: 1, validators: afterAddresses, signers: before.slice(0, 2) },
  }
  return { database, chain, recovery }
}

test('the chain goes on with the new set, and the system contract knows it', async () => {
  const { database, recovery } = await stuck()
  const chain = await open([recovery], database)
  const set = { epoch: 1, validators: afterAddresses }
  assert.deepEqual(chain.validators(), set)
  assert.deepEqual(chain.epochEnd(0)?.next, set)
  const first = await mineOn(chain)
  assert.deepEqual([first.epoch, first.view, first.nextSetHash], [1, 1, undefined])
  const state = chain.state(first.hash)
  assert.ok(state !== undefined)
  assert.deepEqual(await readSet(state), set)
  assert.equal(await readIsMember(state, testAccount(110).address), true)
  assert.equal(await readIsMember(state, testAccount(1).address), true)

  // From here on the contract changes sets as ever.
  const next = [testAccount(100).address]
  const change = await signed(testAccount(0), {
    chainId,
    nonce: 1,
    to: systemAddress,
    gas: 2_000_000n,
    data: changeTo(next),
  })
  await chain.pool.add(change, { local: true })
  await mineOn(chain)
  assert.deepEqual(chain.validators(), { epoch: 2, validators: next })
  const last = await mineOn(chain)
  assert.deepEqual([last.epoch, last.view], [2, 1])

  // Opened again, with the recovery or, once it was taken up, without.
  assert.equal((await open([recovery], database)).head().hash, last.hash)
  assert.deepEqual((await open([], database)).validators(), chain.validators())

  // Who comes later and knows of it follows from the genesis; who does not know of it can't.
  const follower = await open([recovery])
  const ignorant = await open([])
  for (let height = 1; height <= 5; height++) {
    const block = follower.decode(chain.block(height)?.bytes ?? new Uint8Array()) as Block
    assert.deepEqual((await follower.check(block, { isFinal: true })).ok, true)
    await follower.finalize(block.hash, Uint8Array.of(1))
    const verdict = await ignorant.check(block)
    assert.equal(
      verdict.ok || verdict.code,
      height < 3 ? true : height === 3 ? 'block_place_wrong' : 'block_parent_unknown',
    )
    if (verdict.ok) await ignorant.finalize(block.hash, Uint8Array.of(1))
  }
  assert.equal(follower.head().hash, last.hash)
})

function changeTo(next: readonly Address[]) {
  const digest = hashTypedData({
    domain: { name: 'Peerhood', version: '1', chainId, verifyingContract: systemAddress },
    primaryType: 'ValidatorChange',
    types: {
      ValidatorChange: [
        { name: 'epoch', type: 'uint64' },
        { name: 'validators', type: 'address[]' },
      ],
    },
    message: { epoch: 1n, validators: next },
  })
  const signatures = after.map(
    ({ secret }) => `0x${Buffer.from(signDigest(secret, hexToBytes(digest))).toString('hex')}`,
  )
  return encodeFunctionData({ abi: systemAbi, functionName: 'changeValidators', args: [next, signatures] } as never)
}

test('a set that never came together is recovered from once more, on the same block', async () => {
  const { database, recovery } = await stuck()
  const lonely = [testAccount(111), testAccount(112)].map(({ address }) => address).sort()
  const first = { ...recovery, validators: lonely }
  const second = { ...recovery, epoch: 2, signers: lonely.slice(0, 1) }
  const set = { epoch: 2, validators: afterAddresses }
  await assert.rejects(open([second], database), { code: 'recovery_wrong' })
  assert.equal((await open([first], database)).validators().epoch, 1)
  const chain = await open([second, first], database)
  assert.deepEqual(chain.validators(), set)
  const block = await mineOn(chain)
  assert.deepEqual([block.epoch, block.view], [2, 1])
  const state = chain.state(block.hash)
  assert.deepEqual(state === undefined ? undefined : await readSet(state), set)
  assert.equal((await open([first, second], database)).head().hash, block.hash)

  // From the genesis, with both; with the first alone it stops where that is no more.
  const follower = await open([first, second])
  const behind = await open([first])
  for (const at of [follower, behind]) {
    for (let height = 1; height <= 3; height++) {
      const read = at.decode(chain.block(height)?.bytes ?? new Uint8Array()) as Block
      const verdict = await at.check(read, { isFinal: true })
      assert.equal(verdict.ok || verdict.code, height < 3 || at === follower ? true : 'block_place_wrong')
      if (verdict.ok) await at.finalize(read.hash, Uint8Array.of(1))
    }
  }
  assert.deepEqual([follower.epochEnd(0)?.next.validators, follower.epochEnd(1)?.next], [lonely, set])
})

test('more than may all lie, fewer than a quorum, each once, and nobody else', () => {
  for (let n = 1; n <= 100; n++) {
    const validators = Array.from({ length: n }, (_, at) => `0x${String(at).padStart(40, '0')}` as Address)
    const set = { epoch: 3, validators }
    const faults = Math.floor((n - 1) / 3)
    const quorum = Math.floor((n + faults) / 2) + 1
    for (const count of new Set([0, faults, faults + 1, quorum - 1, quorum, n])) {
      const signers = validators.slice(n - count)
      assert.equal(mayRecover(set, signers), count > faults && count < quorum, `${count} of ${n}`)
      const [one] = signers
      if (one === undefined) continue
      assert.equal(mayRecover(set, [...signers.slice(1), validators[n - 1] ?? one, one, one]), false, 'twice')
      assert.equal(mayRecover(set, [...signers.slice(1), `0x${'f'.repeat(40)}` as Address]), false, 'a stranger')
    }
  }
})

test('a recovery that is about another chain, or names no set, is refused', async () => {
  const { database, recovery } = await stuck()
  const other = `0x${'1'.repeat(64)}` as Hash
  const wrong: Recovery[] = [
    { ...recovery, block: other },
    { ...recovery, height: 1 },
    { ...recovery, epoch: 2 },
    // As few as may all lie, a quorum, one twice, a stranger.
    { ...recovery, signers: before.slice(0, 1) },
    { ...recovery, signers: before.slice(0, 3) },
    { ...recovery, signers: [before[0], before[0]] as Address[] },
    { ...recovery, signers: [before[0] as Address, testAccount(110).address] },
    { ...recovery, validators: [] },
    { ...recovery, validators: [...afterAddresses].reverse() },
  ]
  for (const one of wrong) await assert.rejects(open([one], database), { code: 'recovery_wrong' })
  const chain = await open([], database)
  await mineOn(chain)
  // Too late: the chain went on by itself.
  await assert.rejects(open([recovery], database), { code: 'recovery_wrong' })
})
