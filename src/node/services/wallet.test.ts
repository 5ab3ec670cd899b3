// The wallet over the API, on a real chain in memory: each answer is what its schema says, and who may confirm is decided by what
// was shown.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { z } from 'zod'
import { startApi, testToken } from '../../../test/support/api.ts'
import { runIn } from '../../../test/support/cli.ts'
import { routes } from '../../api/all-routes.ts'
import type { Route } from '../../api/route.ts'
import type { ChosenChain } from '../../ledger/choice-core.ts'
import type { Ledgers } from '../../ledger/service-types.ts'
import { tillCompiler, tillContract, tillInput } from '../../ledger/source/testing.ts'
import { bo, deploy, deployData, walletWorld } from '../../ledger/wallet/testing.ts'
import { createPeerhood } from '../../sdk/client.ts'
import { createWalletServices } from './wallet.ts'

const id = 'village'

async function walletApi(context: TestContext) {
  const world = await walletWorld()
  const { test: chain, identity, database } = world
  const { genesis } = chain
  const said: { chain: ChosenChain | undefined } = { chain: undefined }
  const ledgers = {
    facts: () => ({
      choice: { person: 'did:key:zBo', atMs: 0, chain: said.chain },
      founded: { genesis },
      genesisHash: chain.chain.genesisHash,
      accounts: [{ address: bo, person: 'did:key:zBo' }],
      willing: [],
      settings: { mode: 'full' },
    }),
    rpc: (_: string, body: string) => world.rpc(body),
    ask: async () => ({ status: { validators: genesis.validators, sync: { kind: 'level' } } }),
  } as unknown as Ledgers
  const communities = { get: () => ({ state: { members: new Map([['did:key:zBo', { name: 'Bo' }]]) } }) } as never
  const { log } = world
  const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }
  const wallet = createWalletServices({
    foundation: { clock: chain.clock, random, log, database, identity: identity as never },
    ...{ ledgers, communities, compiler: tillCompiler() },
  })
  const api = await startApi({ wrap: (services) => ({ ...services, wallet: wallet.calls }) })
  context.after(async () => {
    wallet.stop()
    await api.close()
  })
  return { ...world, said, api, person: api.client, program: createPeerhood({ url: api.url, token: testToken }) }
}

/** Holds an answer to the row of its route. */
function checked<Value>(key: keyof typeof routes, value: Value): Value {
  const row: Route = routes[key]
  assert.deepEqual(
    (row.response as z.ZodType).parse(JSON.parse(JSON.stringify(value))),
    JSON.parse(JSON.stringify(value)),
    key,
  )
  return value
}

const base = '/api/communities/:id'

test('each answer is what its schema says', async (context) => {
  const world = await walletApi(context)
  const { person: me, test: chain } = world
  const token = await deploy(world, deployData('Currency', ['Bread', 'BREAD', 10n ** 20n]))
  const request = checked(
    `POST ${base}/wallet/requests`,
    await me.wallet.propose(id, { kind: 'send', to: 'Bo', amount: '1' }),
  )
  assert.equal(request.sentence, 'Send 1 TEST to Bo.')
  checked(`POST ${base}/wallet/requests/:request/confirm`, await me.wallet.confirm(id, request.id))
  await chain.mineAll()
  const waiting = await me.wallet.propose(id, { kind: 'message', message: 'hello' })
  checked(`GET ${base}/wallet/requests/:request`, await me.wallet.request(id, waiting.id))
  checked(`GET ${base}/wallet/chain`, await me.wallet.chain(id))
  checked(`GET ${base}/wallet/requests`, { requests: await me.wallet.requests(id) })
  checked(`POST ${base}/wallet/requests/:request/refuse`, await me.wallet.refuse(id, waiting.id))
  checked(`GET ${base}/wallet`, await me.wallet.get(id))
  checked(`POST ${base}/wallet/accounts`, await me.wallet.addAccount(id, { name: 'Savings' }))
  checked(`PATCH ${base}/wallet/accounts/:account`, await me.wallet.nameAccount(id, 1, 'House'))
  checked(`GET ${base}/wallet/receive`, await me.wallet.receive(id, { account: 1, amount: '2', token }))
  checked(`PUT ${base}/wallet/allowances`, { allowances: await me.wallet.allow(id, { amount: '5', token }) })
  checked(`GET ${base}/wallet/allowances`, { allowances: await me.wallet.allowances(id) })
  checked(`GET ${base}/wallet/history`, await me.wallet.history(id, { limit: 5 }))
  checked(`PUT ${base}/wallet/contacts/:address`, { contacts: await me.wallet.setContact(id, token, 'Baker') })
  checked(`GET ${base}/wallet/contacts`, { contacts: await me.wallet.contacts(id) })
  checked(`PUT ${base}/wallet/tokens/:contract`, { balances: await me.wallet.setToken(id, token, true) })
  checked(`GET ${base}/explorer/blocks`, await me.explorer.blocks(id, { limit: 2 }))
  checked(`GET ${base}/explorer/blocks/:block`, await me.explorer.block(id, '2'))
  checked(`GET ${base}/explorer/accounts/:address`, await me.explorer.account(id, token))
  checked(`GET ${base}/explorer/search`, await me.explorer.search(id, 'Baker'))
  const [movement] = (await me.wallet.history(id)).movements
  checked(`GET ${base}/explorer/transactions/:hash`, await me.explorer.transaction(id, movement?.transaction ?? ''))
  checked(`PUT ${base}/wallet/chain`, await me.wallet.chooseChain(id, null))
})

test('sources and ABIs over the API and on the command line', async (context) => {
  const world = await walletApi(context)
  const { person: me, program } = world
  const sums = await deploy(world, `0x${tillContract('Sums').creation.code}`)
  const account = `${base}/explorer/accounts/:address` as const
  const source = checked(`POST ${account}/source`, await program.explorer.verify(id, sums, { input: tillInput }))
  checked(`GET ${account}/source`, await program.explorer.source(id, sums))
  assert.equal(checked(`GET ${account}`, await me.explorer.account(id, sums)).source?.match, 'exact')
  await assert.rejects(program.explorer.forgetSource(id, sums), { code: 'wallet_not_confirmed' })
  await me.explorer.forgetSource(id, sums)
  const abi = JSON.stringify(JSON.parse(source.abi))
  await assert.rejects(program.explorer.setAbi(id, sums, abi), { code: 'wallet_not_confirmed' })
  assert.equal(checked(`PUT ${account}/abi`, await me.explorer.setAbi(id, sums, abi)).hasAddedAbi, true)
  const page = await me.explorer.accountTransactions(id, sums, { limit: 5 })
  assert.equal(checked(`GET ${account}/transactions`, page).transactions.length, 1)

  const { id: village } = await me.communities.found({ name: 'Village', memberName: 'Ada' })
  await me.ledger.found(village, {})
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-source-'))
  context.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'build.json'), JSON.stringify({ input: JSON.parse(tillInput), output: { contracts: {} } }))
  writeFileSync(join(folder, 'Sums.json'), JSON.stringify({ abi: JSON.parse(source.abi), bytecode: '0x' }))
  const run = (...args: readonly string[]) => runIn(me, ['ledger', ...args], { workFolder: folder })
  assert.equal((await run('verify', sums)).code, 4)
  const verified = await run('verify', sums, '--input', 'build.json', '--contract', 'Till.sol:Sums')
  assert.match(verified.stdout, /^contract +Sums of Till\.sol\nsource +checked, exact, 1 file\n/, verified.stderr)
  assert.match(verified.stdout, /\ncompiler +solc 0\.8\.37\+commit\.f401782d\n +SHA-256 [0-9a-f]{64}\ncreated +It was/)
  assert.equal((await run('verify', sums)).stdout, verified.stdout)
  assert.match((await run('verify', sums, '--forget')).stdout, /^Forgotten/)
  assert.equal((await run('verify', sums, '--forget', '--input', 'build.json')).code, 2)
  assert.equal((await run('verify', sums, '--input', 'missing.json')).code, 2)
  assert.match((await run('abi', sums, '--remove')).stdout, /^Taken away/)
  assert.equal((await run('abi', sums, 'Sums.json')).code, 2, 'it asks first')
  assert.match((await run('abi', sums, 'Sums.json', '--yes')).stdout, /^Added, not checked/)
  assert.equal((await run('abi', sums)).code, 2)
})

test('the API token alone asks, the person confirms', async (context) => {
  const { person: me, program, test: chain } = await walletApi(context)
  assert.equal((await program.wallet.get(id)).isPerson, false)
  assert.equal((await me.wallet.get(id)).isPerson, true)
  const { id: asked, by } = await program.wallet.propose(id, { kind: 'send', to: bo, amount: '1' })
  assert.equal(by, 'program')
  await assert.rejects(program.wallet.confirm(id, asked), { code: 'wallet_not_confirmed', kind: 'refused' })
  await assert.rejects(program.wallet.allow(id, { amount: '1' }), { code: 'wallet_not_confirmed' })
  assert.equal((await me.wallet.confirm(id, asked)).state, 'sent')
  await chain.mineAll()
  await assert.rejects(program.wallet.chooseChain(id, null), { code: 'wallet_not_confirmed' })
})

test('what the community chooses is followed once the person agrees, and its own chain stays within reach', async (context) => {
  const { person: me, program, said } = await walletApi(context)
  assert.deepEqual((await me.wallet.get(id)).chain.warnings.slice(1), [])
  // Whoever chooses an address for everybody makes nobody ask it.
  said.chain = { chainId: 5, name: 'Elsewhere', coin: 'Ether', symbol: 'ETH', rpc: 'https://rpc.example' }
  assert.equal((await me.wallet.chain(id)).chain, null)
  const notAgreed = {
    code: 'ledger_choice_not_accepted',
    message: /uses Elsewhere .* asked at rpc\.example\. Nothing is/,
  }
  await assert.rejects(me.wallet.get(id), notAgreed)
  await assert.rejects(program.wallet.chooseChain(id, 'own'), { code: 'wallet_not_confirmed' })
  const { chain } = await me.wallet.chooseChain(id, 'own')
  assert.equal(chain?.kind, 'own')
  assert.match(chain?.warnings[0] ?? '', /chosen on this computer alone\. The community uses Elsewhere/)
  assert.equal((await me.wallet.get(id)).chain.kind, 'own')
  assert.equal((await me.wallet.chooseChain(id, null)).chain, null)
  said.chain = undefined
  assert.equal((await me.wallet.get(id)).chain.kind, 'own')
})

test('an outside chain is asked before it is chosen', async (context) => {
  const { person: me } = await walletApi(context)
  const outside = { chainId: 5, rpc: 'http://127.0.0.1:1/key', name: 'Gone', coin: { name: 'Ether', symbol: 'ETH' } }
  await assert.rejects(me.wallet.chooseChain(id, outside), { code: 'ledger_unreachable' })
  await assert.rejects(me.wallet.chooseChain(id, { ...outside, rpc: 'http://example.com' }), {
    code: 'ledger_address_unusable',
  })
  assert.equal((await me.wallet.get(id)).chain.kind, 'own')
})
