import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyMerkleProof } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { encodeFunctionData, getContractAddress } from 'viem'
import { transaction } from '../../base/database.ts'
import type { Address, Hash } from '../types.ts'
import { bytesOfHex, hashOf } from './account-wire.ts'
import { keccak256 } from './keccak.ts'
import { blockName, personOf, signedBy, subjects, type TestChain, testChain } from './testing.ts'

const [ann, bob] = [personOf(1), personOf(2)]
const accounts = [{ address: ann.address, balance: 10n ** 20n }]
const subject = getContractAddress({ from: ann.address, nonce: 0n }).toLowerCase() as Address

const send = (chain: TestChain, nonce: number, value: bigint, to = bob.address) =>
  signedBy(ann, chain.common, { type: 2, chainId: 31337, nonce, to, value, gasLimit: 21_000n })

const deploy = (chain: TestChain, nonce: number) =>
  signedBy(ann, chain.common, { nonce, gasLimit: 4_000_000n, data: subjects().Subject.bytecode })

function call(chain: TestChain, nonce: number, functionName: string, args: readonly unknown[]) {
  const data = encodeFunctionData({ abi: subjects().Subject.abi, functionName, args } as never)
  return signedBy(ann, chain.common, { nonce, gasLimit: 2_000_000n, to: subject, data })
}

/** Of `slots[index]`. */
function slotOf(index: number): Hash {
  const key = new Uint8Array(64)
  key[31] = index
  return hashOf(keccak256(key))
}

const balanceAt = async (chain: TestChain, block: Hash) => (await chain.world.at(block)?.account(bob.address))?.balance

test('layers over the base are seen by block; what does not descend from the new base goes', async () => {
  const chain = testChain({ accounts })
  const { world, database } = chain
  const left = await world.execute(chain.environment(1), [send(chain, 0, 5n)])
  const right = await world.execute(chain.environment(1), [send(chain, 0, 7n)])
  world.keep(blockName(1), left.layer)
  world.keep(blockName(1, 9), right.layer)
  const onRight = await world.execute({ ...chain.environment(2), parent: blockName(1, 9) }, [send(chain, 1, 1n)])
  world.keep(blockName(2, 9), onRight.layer)
  assert.equal(await balanceAt(chain, blockName(1)), 5n)
  assert.equal(await balanceAt(chain, blockName(2, 9)), 8n)
  assert.equal(await balanceAt(chain, blockName(0)), undefined)
  assert.throws(() => world.settle(blockName(2, 9), 2, database), { code: 'block_unknown' })
  assert.throws(() => world.keep(blockName(7), { parent: blockName(6) }), { code: 'block_unknown' })
  const reader = world.at(blockName(2, 9))
  transaction(database, () => world.settle(blockName(1), 1, database))
  assert.equal(world.at(blockName(2, 9)), undefined)
  assert.equal(world.at(blockName(1, 9)), undefined)
  await assert.rejects(async () => reader?.account(bob.address), { code: 'state_pruned' })
  assert.equal(await balanceAt(chain, blockName(0)), undefined, 'block 0 can still be read')
  assert.ok(world.at(blockName(0)) !== undefined)
  assert.equal(await balanceAt(chain, blockName(1)), 5n)
})

test('a settle whose transaction is rolled back can be done again', async () => {
  const chain = testChain({ accounts })
  const { world, database } = chain
  const executed = await world.execute(chain.environment(1), [send(chain, 0, 5n)])
  world.keep(blockName(1), executed.layer)
  assert.throws(() =>
    transaction(database, () => {
      world.settle(blockName(1), 1, database)
      throw new Error('disk full')
    }),
  )
  world.rolledBack()
  assert.equal(world.base().height, 0)
  assert.equal(await balanceAt(chain, blockName(1)), 5n, 'as a layer, again')
  transaction(database, () => world.settle(blockName(1), 1, database))
  assert.equal(world.base().height, 1)
  assert.equal(await balanceAt(chain, blockName(1)), 5n)
})

test('an execution goes on over its parent’s state when another block becomes the base meanwhile', async () => {
  const chain = testChain({ accounts })
  const { world, database } = chain
  const first = await world.execute(chain.environment(1), [send(chain, 0, 5n)])
  world.keep(blockName(1), first.layer)
  const many = Array.from({ length: 100 }, (_, index) => send(chain, index + 1, 1n))
  const alone = await world.execute(chain.environment(2), many)
  const fromBase = world.execute(chain.environment(1), [send(chain, 0, 3n), ...many])
  const fromLayer = world.execute(chain.environment(2), many)
  await new Promise((resolve) => setImmediate(resolve))
  transaction(database, () => world.settle(blockName(1), 1, database))
  assert.equal((await fromLayer).stateRoot, alone.stateRoot)
  // Its parent is no longer the base, but is read from the tries.
  const again = testChain({ accounts })
  const expected = await again.world.execute(again.environment(1), [send(chain, 0, 3n), ...many])
  assert.equal((await fromBase).stateRoot, expected.stateRoot)
})

test('an execution on a branch that loses meanwhile still ends with the right root', async () => {
  const first = testChain({ accounts })
  await first.run([deploy(first, 0)])
  await first.run([call(first, 1, 'write', [0n, 40n, 9n])])
  // Opened again, so that tries come from disk.
  const chain = testChain({ accounts, database: first.database, common: first.common })
  const { world, database } = chain
  const left = await world.execute(chain.environment(3), [call(chain, 2, 'write', [0n, 20n, 1n])])
  const right = await world.execute(chain.environment(3), [call(chain, 2, 'write', [3n, 7n, 2n])])
  world.keep(blockName(3), left.layer)
  world.keep(blockName(3, 9), right.layer)
  const onRight = { ...chain.environment(4), parent: blockName(3, 9) }
  const many = [
    call(chain, 3, 'write', [0n, 30n, 5n]),
    ...Array.from({ length: 70 }, (_, index) => send(chain, 4 + index, 1n)),
  ]
  const expected = await world.execute(onRight, many)
  const running = world.execute(onRight, many)
  await new Promise((resolve) => setImmediate(resolve))
  transaction(database, () => world.settle(blockName(3), 3, database))
  assert.equal((await running).stateRoot, expected.stateRoot)
})

test('older states are read from the tries as long as they are kept; pruning leaves nothing of them', async () => {
  const chain = testChain({ accounts, keepBlocks: 3 })
  const archive = testChain({ accounts, keepBlocks: 'archive' })
  for (const one of [chain, archive]) {
    await one.run([deploy(one, 0)])
    for (let nonce = 1; nonce < 12; nonce++) {
      await one.run([call(one, nonce, 'write', [0n, 3n, BigInt(nonce)]), send(one, ++nonce, 1n)])
    }
  }
  const height = chain.height
  assert.equal(chain.world.oldest(), height - 3)
  assert.equal(chain.world.at(blockName(height - 4)), undefined)
  for (const [one, from] of [
    [chain, height - 3],
    [archive, 1],
  ] as const) {
    for (let at = Math.max(from, 2); at <= height; at++) {
      const state = one.world.at(blockName(at))
      assert.equal(await state?.slot(subject, slotOf(2)), BigInt(2 * (at - 1) - 1), `slot at ${at}`)
      assert.equal(await balanceAt(one, blockName(at)), BigInt(at - 1), `balance at ${at}`)
      assert.ok(((await state?.code(subject)) ?? []).length > 100)
    }
  }
  assert.equal(await archive.world.at(blockName(0))?.account(subject), undefined)
  const nodes = (one: TestChain) => Number(one.database.prepare('SELECT count(*) AS n FROM state_nodes').get()?.n)
  assert.ok(nodes(chain) < nodes(archive))
  const result = await archive.world.call(blockName(3), archive.environment(4), {
    from: undefined,
    to: subject,
    data: bytesOfHex(encodeFunctionData({ abi: subjects().Subject.abi, functionName: 'slots', args: [1n] } as never)),
    value: 0n,
    gas: 100_000n,
    gasPrice: 0n,
  })
  assert.equal(result.kind === 'returned' && BigInt(hashOf(result.data)), 3n, 'a call on an old state')
})

test('a backlog of pruning shrinks in bounded steps', async () => {
  const chain = testChain({ accounts, keepBlocks: 1 })
  await chain.run([deploy(chain, 0)])
  for (let nonce = 1; nonce < 4; nonce++) await chain.run([call(chain, nonce, 'write', [0n, 60n, BigInt(nonce)])])
  const stale = () => Number(chain.database.prepare('SELECT count(*) AS n FROM state_stale').get()?.n)
  assert.ok(stale() > 0)
  for (let block = 0; block < 3; block++) await chain.run([])
  assert.equal(stale(), 0)
})

test('proofs of accounts and slots hold against the root, also of what is not there, in layers and in old states', async () => {
  const chain = testChain({ accounts })
  await chain.run([deploy(chain, 0)])
  await chain.run([call(chain, 1, 'write', [0n, 40n, 9n])])
  const kept = await chain.world.execute(chain.environment(), [call(chain, 2, 'write', [5n, 30n, 0n])])
  chain.world.keep(blockName(3), kept.layer)
  for (const [block, value] of [
    [blockName(2), 9n],
    [blockName(3), 0n],
  ] as const) {
    const state = chain.world.at(block)
    assert.ok(state !== undefined)
    const proof = await state.proof(subject, [slotOf(1), slotOf(7), slotOf(99)])
    assert.deepEqual(
      proof.storageProof.map((one) => one.value),
      [9n, value, 0n],
    )
    const account = await proven(subject, proof.accountProof, state.root)
    const fields = RLP.decode(account ?? new Uint8Array()) as Uint8Array[]
    assert.equal(hashOf(fields[2] ?? new Uint8Array()), proof.storageHash)
    for (const one of proof.storageProof) {
      const found = await proven(one.key, one.proof, proof.storageHash)
      assert.equal(found === null ? 0n : BigInt(hashOf(RLP.decode(found) as Uint8Array)), one.value)
    }
    const nobody = await state.proof(personOf(77).address, [])
    assert.equal(await proven(personOf(77).address, nobody.accountProof, state.root), null)
  }
})

/** The key as it is; the trie hashes it. */
function proven(key: string, proof: readonly Uint8Array[], root: Hash): Promise<Uint8Array | null> {
  return verifyMerkleProof(bytesOfHex(key), [...proof], { useKeyHashing: true, root: bytesOfHex(root) })
}

test('what is taken up from disk is what was settled, and damage is found and mended from the other half', async () => {
  const chain = testChain({ accounts })
  await chain.run([deploy(chain, 0)])
  await chain.run([call(chain, 1, 'write', [0n, 40n, 9n])])
  const { database, common } = chain
  const again = () => testChain({ accounts, database, common })
  assert.deepEqual(again().world.base(), chain.world.base())
  assert.deepEqual(again().world.mend({ thorough: true }), { kind: 'whole' })

  database.exec('DELETE FROM state_nodes WHERE length(path) < 5')
  assert.deepEqual(again().world.mend({ thorough: false }), { kind: 'tries_rebuilt' })
  assert.deepEqual(again().world.mend({ thorough: true }), { kind: 'whole' })

  database.exec("UPDATE state_slots SET value = x'07'")
  assert.deepEqual(again().world.mend({ thorough: false }), { kind: 'whole' }, 'a quick look does not see it')
  assert.equal(again().world.mend({ thorough: true }).kind, 'flat_rebuilt')
  const mended = again()
  assert.equal(await mended.world.at(blockName(2))?.slot(subject, slotOf(3)), 9n)
  await mended.run([call(mended, 2, 'write', [0n, 40n, 0n])])

  database.exec("UPDATE state_accounts SET value = x'c0'; DELETE FROM state_nodes")
  assert.throws(() => again().world.mend({ thorough: true }), { code: 'state_damaged' })
})

test('the same genesis has the same root', () => {
  const [one, two] = [testChain({ accounts }), testChain({ accounts })]
  assert.equal(one.world.base().root, two.world.base().root)
  assert.equal(one.world.base().block, blockName(0))
})
