// Checked sources and added ABIs on a chain in memory: what is believed, what is said before one signs, what the explorer shows. The
// compiler's answer is the vector's (source/testing.ts).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAbiParameters, encodeFunctionData, parseAbi } from 'viem/utils'
import { tillCompiler, tillContract, tillInput } from '../source/testing.ts'
import { bo, deploy, deployData, doIt, person, program, type WalletWorld, walletWorld } from './testing.ts'

const tillAbi = parseAbi([
  'function fill(uint256 amount, string note)',
  'function enter((address by, uint256[] amounts) entry)',
])
const most = 100n
const ether = 10n ** 18n
const stranger = `0x${'34'.repeat(20)}`

/** Creation code with the library's address in its places. */
function linked(name: 'Till' | 'Tills', library: string): string {
  const { code, libraries } = tillContract(name).creation
  return [...libraries.values()].flat().reduce((made, { start }) => {
    return made.slice(0, 2 * start) + library.slice(2).toLowerCase() + made.slice(2 * start + 40)
  }, code)
}

async function tillWorld(): Promise<
  WalletWorld & { till: string; library: string; compiler: ReturnType<typeof tillCompiler> }
> {
  const compiler = tillCompiler()
  const world = await walletWorld({ compiler })
  const library = await deploy(world, `0x${tillContract('Sums').creation.code}`)
  const argument = encodeAbiParameters([{ type: 'uint256' }], [most]).slice(2)
  const till = await deploy(world, `0x${linked('Till', library)}${argument}`)
  return { ...world, till, library, compiler }
}

const fill = (amount: bigint, note: string) =>
  encodeFunctionData({ abi: tillAbi, functionName: 'fill', args: [amount, note] })

test('a source that is the contract’s is kept, with how it was created', async () => {
  const { wallet, till, library, self } = await tillWorld()
  const { explorer } = wallet
  await assert.rejects(explorer.details(till), { code: 'source_unknown' })
  const source = await explorer.verify(till, { input: tillInput }, program)
  assert.deepEqual([source.contract, source.file, source.match, source.bundled], ['Till', 'Till.sol', 'exact', true])
  assert.deepEqual(source.libraries, [{ name: 'Till.sol:Sums', address: library }])
  assert.ok(source.immutables.includes(`0x${self.slice(2).padStart(64, '0')}`))
  assert.deepEqual(
    [source.creation.kind, source.creation.lines],
    ['same', [{ label: 'most_ (uint256)', value: '100', depth: 0 }]],
  )
  assert.deepEqual(await explorer.details(till), source)
  assert.equal((await explorer.account(till)).source?.contract, 'Till')
  assert.deepEqual(await explorer.search('till'), { kind: 'account', address: till })
  await explorer.verify(library, { input: tillInput, contract: 'Sums' }, program)
  await assert.rejects(explorer.forget(till, program), { code: 'wallet_not_confirmed' })
  await explorer.forget(till, person)
  assert.equal((await explorer.account(till)).source, null)
  assert.equal((await explorer.account(library)).source?.contract, 'Sums')
})

test('what is not the contract’s, or can’t be told, is not kept', async () => {
  const { wallet, till, compiler, ...world } = await tillWorld()
  const { explorer } = wallet
  const verify = (address: string, change: object = {}, caller = person) =>
    explorer.verify(address, { input: tillInput, ...change }, caller)
  const other = await deploy({ wallet, till, compiler, ...world } as never, deployData('Parts', [9n, 5n]))
  await assert.rejects(verify(other), {
    code: 'source_differs',
    message: /there are \d+ bytes, and the closest, \w+, compiles to/,
  })
  await assert.rejects(verify(till, { contract: 'Tills' }), { code: 'source_differs' })
  await assert.rejects(verify(till, { contract: 'Bank' }), {
    code: 'source_contract_unknown',
    message: /but Sums, Till, Tills/,
  })
  await assert.rejects(verify(bo), { code: 'source_no_code' })
  await assert.rejects(verify('0x12'), { code: 'wallet_address_unusable' })
  await assert.rejects(verify(till, { input: '{}' }), { code: 'source_unusable' })
  await assert.rejects(verify(till, { compiler: '/tmp/soljson.js' }, program), { code: 'wallet_not_confirmed' })
  assert.ok(compiler.asked.every((file) => file === undefined))
  assert.equal((await explorer.account(till)).source, null)
  const byHand = await verify(till, { compiler: '/tmp/soljson.js' })
  assert.deepEqual([byHand.bundled, compiler.asked.at(-1)], [false, '/tmp/soljson.js'])
})

test('a contract of another compiler is told before anything is compiled', async () => {
  const compiler = { ...tillCompiler(), version: '0.8.30' }
  const world = await walletWorld({ compiler })
  const library = await deploy(world, `0x${tillContract('Sums').creation.code}`)
  await assert.rejects(world.wallet.explorer.verify(library, { input: tillInput }, person), {
    code: 'source_compiler_other',
    message: 'It was compiled by solc 0.8.37, and this computer has 0.8.30.',
  })
  assert.deepEqual(compiler.asked, [])
})

test('a checked source gives calls, events and errors their names', async () => {
  const world = await tillWorld()
  const { wallet, till, test: chain } = world
  const before = await wallet.propose({ kind: 'call', to: till, data: fill(5n, 'hello') }, person)
  assert.match(before.sentence, /^Call an unknown function \(0x[0-9a-f]{8}\) of 0x/)
  wallet.refuse(before.id)
  await wallet.explorer.verify(till, { input: tillInput }, person)
  const request = await wallet.propose({ kind: 'call', to: till, data: fill(5n, 'hello') }, person)
  assert.match(request.sentence, /^Call fill of Till \(0x[0-9a-fA-F]{4}…[0-9a-fA-F]{4}\)\.$/)
  assert.deepEqual(request.warnings, [])
  assert.ok(request.lines.some(({ label, value }) => label === 'note' && value === 'hello'))
  const sent = await wallet.confirm(request.id, person, {})
  assert.match(sent.sentence, /^Calling fill of Till /)
  await chain.mineAll()
  const seen = await wallet.explorer.transaction(sent.transaction ?? '')
  assert.match(seen.sentence, /^Called fill of Till /)
  assert.equal(seen.trust, 'checked')
  const [event] = seen.events
  assert.deepEqual(
    [event?.signature, event?.trust, event?.name],
    ['Filled(address,uint256,string)', 'checked', sent.sentence.slice('Calling fill of '.length, -1)],
  )
  assert.deepEqual(
    event?.lines.slice(1).map(({ label, value }) => `${label}: ${value}`),
    ['amount: 5', 'note: hello'],
  )
  const failing = await wallet.propose({ kind: 'call', to: till, data: fill(500n, '') }, person)
  assert.equal(failing.warnings[0]?.sentence, 'It would fail: the contract says TooMuch(asked: 500, left: 95).')
  const entry = encodeFunctionData({ abi: tillAbi, functionName: 'enter', args: [{ by: bo, amounts: [1n, 2n] }] })
  const shown = await wallet.propose({ kind: 'call', to: till, data: entry }, person)
  assert.ok(shown.lines.some(({ value }) => value.includes('amounts: [1, 2]')))
})

test('an ABI that nobody checked says so wherever it names something', async () => {
  const world = await tillWorld()
  const { wallet, till, test: chain } = world
  assert.throws(() => wallet.explorer.setAbi(till, '{}', person), { code: 'abi_unusable' })
  const abi = JSON.stringify(tillContract('Till').abi)
  assert.throws(() => wallet.explorer.setAbi(till, abi, program), { code: 'wallet_not_confirmed' })
  wallet.explorer.setAbi(till, abi, person)
  assert.equal((await wallet.explorer.account(till)).hasAddedAbi, true)
  const request = await wallet.propose({ kind: 'call', to: till, data: fill(5n, 'hello') }, person)
  assert.match(request.sentence, /^Call what an unchecked ABI names fill of 0x/)
  assert.deepEqual(
    request.warnings.map(({ code, weight }) => [code, weight]),
    [['unchecked_abi', 'warn']],
  )
  assert.ok(request.lines.some(({ label }) => label === 'Function, by an ABI that nobody checked'))
  const { transaction } = await wallet.confirm(request.id, person, {})
  await chain.mineAll()
  const seen = await wallet.explorer.transaction(transaction ?? '')
  assert.deepEqual([seen.trust, seen.events[0]?.trust, seen.events[0]?.name], ['unchecked', 'unchecked', null])
  // What a revert says is not named by it.
  const failing = await wallet.propose({ kind: 'call', to: till, data: fill(500n, '') }, person)
  assert.match(failing.warnings[0]?.sentence ?? '', /the contract says 0x[0-9a-f]{8}\.$/)
  await wallet.explorer.verify(till, { input: tillInput }, person)
  assert.equal(
    (await wallet.explorer.transaction(transaction ?? '')).trust,
    'checked',
    'a checked source goes before it',
  )
  wallet.explorer.setAbi(till, undefined, person)
  assert.equal((await wallet.explorer.account(till)).hasAddedAbi, false)
})

test('any account has its transactions: sent, received, created, told of by events', async () => {
  const world = await walletWorld()
  const { wallet, test: chain, self } = world
  const currency = await deploy(world, deployData('Currency', ['Bread', 'BREAD', 100n * ether]))
  await doIt(wallet, { kind: 'send', to: stranger, amount: '1' })
  await chain.mineAll()
  await doIt(wallet, { kind: 'send', to: stranger, amount: '3', token: currency })
  const abi = parseAbi(['function transfer(address to, uint256 amount)'])
  const data = encodeFunctionData({ abi, functionName: 'transfer', args: [bo, 5000n * ether] })
  await doIt(wallet, { kind: 'call', to: currency, data })
  const unlike = await deploy(world, `0x${tillContract('Sums').creation.code}`)
  const { explorer } = wallet
  const sentences = async (address: string) =>
    (await explorer.transactionsOf(address, {})).transactions.map(({ sentence }) => sentence)
  assert.equal((await explorer.account(stranger)).text, '1 TEST')
  assert.deepEqual(await sentences(stranger), ['Sent 3 BREAD to 0x3434…3434.', 'Sent 1 TEST to 0x3434…3434.'])
  assert.deepEqual(await sentences(currency), [
    ...['Tried to send 5000 BREAD to Bo.', 'Sent 3 BREAD to 0x3434…3434.', 'Created a contract.'],
  ])
  assert.deepEqual(await sentences(unlike), ['Created a contract.'])
  assert.deepEqual(await sentences(`0x${'77'.repeat(20)}`), [])
  const first = await explorer.transactionsOf(self, { limit: 1 })
  const rest = await explorer.transactionsOf(self, { before: first.before ?? 0, limit: 50 })
  assert.deepEqual(
    [...first.transactions, ...rest.transactions].map(({ sentence }) => sentence),
    await sentences(self),
  )
  assert.equal((await sentences(self)).length, 5)
  assert.equal(rest.before, null)
  assert.match(rest.sentence, /^Blocks 0 to \d were looked through\.$/)
  await assert.rejects(explorer.transactionsOf('Bo', {}), { code: 'explorer_not_found' })
})

test('one finds by height as it is written, by hash, address and any name', async () => {
  const { wallet, test: chain } = await walletWorld()
  await doIt(wallet, { kind: 'send', to: bo, amount: '1' })
  await chain.mineAll()
  const { explorer } = wallet
  assert.deepEqual(await explorer.search('#1'), { kind: 'block', height: 1 })
  assert.deepEqual(await explorer.search('0,001'), { kind: 'block', height: 1 })
  assert.equal((await explorer.search('main')).kind, 'account')
  assert.equal((await explorer.search('Ledger rules (system contract)')).kind, 'account')
})
