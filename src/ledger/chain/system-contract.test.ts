// The system contract on the real EVM, by transactions in blocks: who decides, who is a member, and who may change that.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeErrorResult, decodeFunctionResult, encodeFunctionData, type Hex, hashTypedData, hexToBytes } from 'viem'
import { compile, contracts } from '../../../scripts/contracts.ts'
import { quorumOf } from '../consensus/certificate-core.ts'
import { setHash, voteDigest } from '../consensus/vote-wire.ts'
import { signDigest } from '../evm/crypto.ts'
import type { Address, Hash } from '../types.ts'
import { environmentOf } from './execution.ts'
import { readIsMember, readSet, systemAbi, systemAddress } from './system-contract.ts'
import { createTestChain, signed, type TestAccount, type TestChain, testAccount } from './testing.ts'

const root = join(import.meta.dirname, '../../..')

test('what is committed is what the sources compile to, and storage lies where nodes read it', () => {
  for (const { source, artifact } of contracts) {
    const compiled = compile(source)
    assert.deepEqual(JSON.parse(readFileSync(join(root, artifact), 'utf8')), JSON.parse(JSON.stringify(compiled)))
    const { epoch, _validators, _members, _memberPlace, _validatorUntil } = compiled.slots
    assert.deepEqual(
      [epoch, _validators, _members, _memberPlace, _validatorUntil].map((one) => one?.slot),
      [0, 1, 2, 3, 4],
    )
    assert.equal(epoch?.offset, 0)
  }
})

const byAddress = (a: TestAccount, b: TestAccount) => (a.address < b.address ? -1 : 1)
const validators = [100, 101, 102, 103].map(testAccount).sort(byAddress)
const [v0, v1, v2, v3] = validators as [TestAccount, TestAccount, TestAccount, TestAccount]
const newcomer = testAccount(110)
const addressesOf = (accounts: readonly TestAccount[]) => accounts.map(({ address }) => address).sort()

const found = () => createTestChain({ genesis: { validators: addressesOf(validators) } })

function call(functionName: string, args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi: systemAbi, functionName, args } as never)
}

async function read(test: TestChain, functionName: string, args: readonly unknown[] = []): Promise<unknown> {
  const result = await run(test, functionName, args)
  assert.equal(result.kind, 'returned')
  return decodeFunctionResult({ abi: systemAbi, functionName, data: hexOf(result.data) } as never)
}

/** As if sent in the next block. */
async function run({ chain }: TestChain, functionName: string, args: readonly unknown[], from = testAccount(0)) {
  const head = chain.head()
  const next = { ...head.fields, number: head.fields.number + 1n }
  const environment = environmentOf({ known: { hashAt: () => undefined } } as never, next, undefined)
  const result = await chain.world.call(head.hash, environment, {
    from: from.address,
    to: systemAddress,
    data: hexToBytes(call(functionName, args)),
    value: 0n,
    gas: 10_000_000n,
    gasPrice: 0n,
  })
  assert.notEqual(result.kind, 'failed')
  return result as Exclude<typeof result, { kind: 'failed' }>
}

async function errorOf(test: TestChain, functionName: string, args: readonly unknown[], from?: TestAccount) {
  const result = await run(test, functionName, args, from)
  assert.equal(result.kind, 'reverted')
  const { errorName } = decodeErrorResult({ abi: systemAbi, data: hexOf(result.data) } as never) as {
    errorName: string
  }
  return errorName
}

function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`
}

async function send(
  { chain, genesis, mine }: TestChain,
  functionName: string,
  args: readonly unknown[],
  from = testAccount(0),
) {
  const nonce = Number(await chain.pool.nextNonce(from.address))
  const data = call(functionName, args)
  const bytes = await signed(from, { chainId: genesis.chainId, nonce, to: systemAddress, data, gas: 5_000_000n })
  await chain.pool.add(bytes, { local: true })
  const block = await mine()
  const receipt = chain.receipts(block.hash)?.at(-1)
  return { block, succeeded: receipt?.succeeded, gasUsed: receipt?.gasUsed }
}

const domain = (chainId: number) =>
  ({ name: 'Peerhood', version: '1', chainId, verifyingContract: systemAddress }) as const

function signChange(chainId: number, epoch: number, next: readonly Address[], signers: readonly TestAccount[]) {
  const digest = hashTypedData({
    domain: domain(chainId),
    primaryType: 'ValidatorChange',
    types: {
      ValidatorChange: [
        { name: 'epoch', type: 'uint64' },
        { name: 'validators', type: 'address[]' },
      ],
    },
    message: { epoch: BigInt(epoch), validators: next as Address[] },
  })
  return [...signers].sort(byAddress).map(({ secret }) => hexOf(signDigest(secret, hexToBytes(digest))))
}

function signMembers(
  chainId: number,
  change: number,
  [admitted, removed]: readonly [readonly Address[], readonly Address[]],
  signers: readonly TestAccount[],
) {
  const types = {
    MemberChange: [
      { name: 'change', type: 'uint64' },
      { name: 'admitted', type: 'address[]' },
      { name: 'removed', type: 'address[]' },
    ],
  }
  const message = { change: BigInt(change), admitted, removed }
  const digest = hashTypedData({ domain: domain(chainId), primaryType: 'MemberChange', types, message } as never)
  return [...signers].sort(byAddress).map(({ secret }) => hexOf(signDigest(secret, hexToBytes(digest))))
}

test('genesis says who decides and who is a member; validators are members', async () => {
  const here = await found()
  assert.deepEqual(await read(here, 'epoch'), 0n)
  const inForce = (await read(here, 'validators')) as string[]
  assert.deepEqual(
    inForce.map((one) => one.toLowerCase()),
    addressesOf(validators),
  )
  for (const { address } of [...validators, testAccount(0)]) assert.equal(await read(here, 'isMember', [address]), true)
  assert.equal(await read(here, 'isMember', [newcomer.address]), false)
  assert.equal(await read(here, 'isValidator', [v0.address]), true)
  assert.equal(await read(here, 'isValidator', [testAccount(0).address]), false)
  assert.equal(await read(here, 'memberCount'), 8n)
  assert.equal(((await read(here, 'members', [6n, 100n])) as string[]).length, 2)
  assert.deepEqual(await read(here, 'members', [9n, 1n]), [])
})

test('the quorum is the one of consensus, whatever the number of validators', async () => {
  for (const count of [1, 2, 3, 4, 5, 6, 7, 10, 31, 100]) {
    const all = Array.from({ length: count }, (_, at) => testAccount(100 + at).address).sort()
    const here = await createTestChain({ genesis: { validators: all } })
    assert.equal(await read(here, 'quorum'), BigInt(quorumOf(count)))
  }
})

test('a quorum changes the validators; the block ends the epoch and names the next set', async () => {
  const here = await found()
  const next = addressesOf([v0, v1, v2, newcomer])
  const signatures = signChange(here.genesis.chainId, 0, next, [v0, v1, v3])
  const { block, succeeded } = await send(here, 'changeValidators', [next, signatures])
  assert.equal(succeeded, true)
  const set = { epoch: 1, validators: next }
  assert.equal(block.nextSetHash, setHash(set))
  assert.deepEqual(here.chain.validators(), set)
  assert.deepEqual(here.chain.epochEnd(0)?.next, set)
  const state = here.chain.state(block.hash)
  assert.deepEqual(state && (await readSet(state)), set)
  assert.equal(state && (await readIsMember(state, newcomer.address)), true)
  assert.equal(await read(here, 'isValidator', [v3.address]), false)

  // The next block is the first of the new epoch, by the new set.
  const after = await here.mine()
  assert.deepEqual([after.epoch, after.view, after.nextSetHash], [1, 1, undefined])
  assert.ok(next.includes(here.chain.header(after.hash)?.coinbase as Address))
})

test('what lies between the block that changed the set and its finality carries nothing', async () => {
  const here = await found()
  const { chain, genesis } = here
  const next = addressesOf([v0, v1, v2])
  const data = call('changeValidators', [next, signChange(genesis.chainId, 0, next, [v0, v1, v2])])
  const change = { chainId: genesis.chainId, to: systemAddress, data, gas: 5_000_000n }
  await chain.pool.add(await signed(testAccount(0), change), { local: true })
  const ending = await chain.build(chain.head().hash, { epoch: 0, view: 1 })
  assert.notEqual(ending.nextSetHash, undefined)
  await chain.pool.add(await signed(testAccount(1), { chainId: genesis.chainId }), { local: true })
  const trailing = await chain.build(ending.hash, { epoch: 0, view: 2 })
  assert.equal(chain.header(trailing.hash)?.gasUsed, 0n)
  assert.equal(trailing.nextSetHash, undefined)
  const first = await chain.build(ending.hash, { epoch: 1, view: 1 })
  assert.equal(chain.header(first.hash)?.gasUsed, 21_000n)
  await assert.rejects(chain.build(trailing.hash, { epoch: 1, view: 1 }), { code: 'block_place_wrong' })
  await chain.finalize(ending.hash, new Uint8Array(1))
  await chain.finalize(first.hash, new Uint8Array(1))
  assert.equal(chain.head().hash, first.hash)
})

test('changes of validators that are not signed as they must be are refused', async () => {
  const here = await found()
  const { chainId } = here.genesis
  const next = addressesOf([v0, v1, v2])
  const three = signChange(chainId, 0, next, [v0, v1, v2])
  const cases: [string, readonly Address[], readonly Hex[]][] = [
    ['QuorumMissing', next, signChange(chainId, 0, next, [v0, v1])],
    ['SignerOutOfOrder', next, [three[0], three[0], three[1]] as Hex[]],
    ['SignerOutOfOrder', next, [three[1], three[0], three[2]] as Hex[]],
    ['NotValidator', next, signChange(chainId, 0, next, [v0, v1, newcomer])],
    ['NotValidator', next, signChange(chainId, 1, next, [v0, v1, v2])],
    ['NotValidator', next, signChange(chainId + 1, 0, next, [v0, v1, v2])],
    ['NotValidator', next, ['0x', '0x', '0x']],
    ['SetSizeWrong', [], signChange(chainId, 0, [], [v0, v1, v2])],
    ['SetOutOfOrder', [...next].reverse(), signChange(chainId, 0, [...next].reverse(), [v0, v1, v2])],
    ['SetOutOfOrder', [v0.address, v0.address], signChange(chainId, 0, [v0.address, v0.address], [v0, v1, v2])],
  ]
  for (const [name, set, signatures] of cases) {
    assert.equal(await errorOf(here, 'changeValidators', [set, signatures]), name)
  }
  const many = Array.from({ length: 101 }, (_, at) => `0x${(at + 1).toString(16).padStart(40, '0')}` as Address)
  assert.equal(
    await errorOf(here, 'changeValidators', [many, signChange(chainId, 0, many, [v0, v1, v2])]),
    'SetSizeWrong',
  )
})

test('the same signatures do not work twice, and one block changes the set once', async () => {
  const here = await found()
  const { chain, genesis } = here
  const next = addressesOf(validators)
  const signatures = signChange(genesis.chainId, 0, next, [v0, v1, v2])
  const second = signChange(genesis.chainId, 1, next, [v0, v1, v2])
  const options = { chainId: genesis.chainId, to: systemAddress, gas: 5_000_000n }
  for (const [nonce, list] of [signatures, second].entries()) {
    const bytes = await signed(testAccount(0), { ...options, nonce, data: call('changeValidators', [next, list]) })
    await chain.pool.add(bytes, { local: true })
  }
  const block = await here.mine()
  assert.deepEqual(
    chain.receipts(block.hash)?.map(({ succeeded }) => succeeded),
    [true, false],
  )
  assert.equal(await errorOf(here, 'changeValidators', [next, signatures]), 'NotValidator')
  assert.equal((await send(here, 'changeValidators', [next, second])).succeeded, true)
  assert.equal(chain.validators().epoch, 2)
})

test('one validator lets members in, so many a day', async () => {
  const here = await found()
  assert.equal(await errorOf(here, 'admit', [[newcomer.address]]), 'NotValidator')
  assert.equal((await send(here, 'admit', [[newcomer.address, testAccount(1).address]], v0)).succeeded, true)
  assert.equal(await read(here, 'isMember', [newcomer.address]), true)
  // Who was in already does not count.
  assert.equal(await read(here, 'admissionsLeft', [v0.address]), 99n)
  const many = Array.from({ length: 100 }, (_, at) => `0xab${(at + 1).toString(16).padStart(38, '0')}` as Address)
  assert.equal(await errorOf(here, 'admit', [many], v0), 'AdmissionsExhausted')
  assert.equal((await run(here, 'admit', [many], v1)).kind, 'returned')
  here.clock.advance(24 * 60 * 60 * 1_000)
  await here.mine()
  assert.equal(await read(here, 'admissionsLeft', [v0.address]), 100n)
  assert.equal(await errorOf(here, 'admit', [['0x0000000000000000000000000000000000000000']], v0), 'AccountZero')
})

test('a quorum removes members; validators stay members', async () => {
  const here = await found()
  const { chainId } = here.genesis
  const lists = [[newcomer.address], [testAccount(1).address, v0.address, testAccount(3).address]] as const
  const signatures = signMembers(chainId, 0, lists, [v0, v1, v2])
  assert.equal(
    await errorOf(here, 'changeMembers', [...lists, signMembers(chainId, 1, lists, [v0, v1, v2])]),
    'NotValidator',
  )
  assert.equal((await send(here, 'changeMembers', [...lists, signatures])).succeeded, true)
  const isMember = async (account: TestAccount) => await read(here, 'isMember', [account.address])
  assert.deepEqual(await Promise.all([newcomer, testAccount(1), v0, testAccount(3), testAccount(2)].map(isMember)), [
    true,
    false,
    true,
    false,
    true,
  ])
  assert.equal(await read(here, 'memberCount'), 7n)
  assert.equal(((await read(here, 'members', [0n, 7n])) as string[]).length, 7)
  assert.equal(await errorOf(here, 'changeMembers', [...lists, signatures]), 'NotValidator')
  // Those who left pay as strangers do.
  const bytes = await signed(testAccount(1), { chainId })
  await assert.rejects(here.chain.pool.add(bytes, { local: true }), { code: 'fee_too_low' })
})

test('two contradicting votes remove their validator', async () => {
  const here = await found()
  const genesisHash = here.chain.genesisHash
  const block = (digit: string) => `0x${digit.repeat(64)}` as Hash
  const zero = block('0')
  type Kind = 'notarize' | 'nullify' | 'finalize'
  const kinds = { notarize: 1, nullify: 2, finalize: 3 } as const
  const vote = (kind: Kind, blockHash: Hash, signer = v1, view = 7) => ({
    kind: kinds[kind],
    blockHash,
    signature: hexOf(
      signDigest(
        signer.secret,
        voteDigest(genesisHash, { kind, epoch: 0, view, block: kind === 'nullify' ? undefined : blockHash }),
      ),
    ),
  })
  const about = [genesisHash, 0n, 7n] as const
  const wrong: [string, unknown, unknown][] = [
    ['NoContradiction', vote('notarize', block('a')), vote('notarize', block('a'))],
    ['NoContradiction', vote('notarize', block('a')), vote('finalize', block('b'))],
    ['NoContradiction', vote('notarize', block('a')), vote('nullify', zero)],
    ['NoContradiction', vote('notarize', block('a')), vote('notarize', block('b'), v2)],
    ['NoContradiction', vote('notarize', block('a')), vote('notarize', block('b'), v1, 8)],
    ['NotValidator', vote('notarize', block('a'), newcomer), vote('notarize', block('b'), newcomer)],
  ]
  for (const [name, first, second] of wrong) {
    assert.equal(await errorOf(here, 'removeEquivocator', [...about, first, second]), name)
  }
  for (const [first, second] of [
    [vote('finalize', block('a')), vote('nullify', zero)],
    [vote('finalize', block('a')), vote('finalize', block('b'))],
  ]) {
    assert.equal((await run(here, 'removeEquivocator', [...about, first, second])).kind, 'returned')
  }
  const evidence = [vote('notarize', block('a')), vote('notarize', block('b'))]
  const { block: ending } = await send(here, 'removeEquivocator', [...about, ...evidence])
  assert.notEqual(ending.nextSetHash, undefined)
  assert.deepEqual(here.chain.validators(), { epoch: 1, validators: addressesOf([v0, v2, v3]) })
  assert.equal(await errorOf(here, 'removeEquivocator', [...about, ...evidence]), 'NotValidator')
})

test('the last validator is not removed, whatever it did', async () => {
  const here = await createTestChain()
  const only = here.validators[0] as TestAccount
  const digest = (digit: string) =>
    voteDigest(here.chain.genesisHash, { kind: 'notarize', epoch: 0, view: 1, block: `0x${digit.repeat(64)}` as Hash })
  const vote = (digit: string) => ({
    kind: 1,
    blockHash: `0x${digit.repeat(64)}`,
    signature: hexOf(signDigest(only.secret, digest(digit))),
  })
  assert.equal(
    await errorOf(here, 'removeEquivocator', [here.chain.genesisHash, 0n, 1n, vote('a'), vote('b')]),
    'SetSizeWrong',
  )
})

test('a hundred validators change to a hundred others within a transaction’s gas', async () => {
  const all = Array.from({ length: 100 }, (_, at) => testAccount(100 + at)).sort(byAddress)
  const here = await createTestChain({ genesis: { validators: addressesOf(all) } })
  const next = Array.from({ length: 100 }, (_, at) => testAccount(300 + at).address).sort()
  const signatures = signChange(here.genesis.chainId, 0, next, all.slice(0, 67))
  const data = call('changeValidators', [next, signatures])
  const bytes = await signed(testAccount(0), {
    chainId: here.genesis.chainId,
    to: systemAddress,
    data,
    gas: 16_777_216n,
  })
  await here.chain.pool.add(bytes, { local: true })
  const block = await here.mine()
  assert.equal(here.chain.receipts(block.hash)?.[0]?.succeeded, true)
  assert.deepEqual(here.chain.validators(), { epoch: 1, validators: next })
})
