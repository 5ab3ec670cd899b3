// The wallet over the API, on a real chain in memory: each answer is what its schema says, and who may confirm is decided by what
// was shown.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { z } from 'zod'
import { startApi, testToken } from '../../../test/support/api.ts'
import type { Route } from '../../api/route.ts'
import { routes } from '../../api/routes.ts'
import type { Ledgers } from '../../ledger/service-types.ts'
import { bo, deploy, deployData, walletWorld } from '../../ledger/wallet/testing.ts'
import { createPeerhood } from '../../sdk/client.ts'
import { createWalletServices } from './wallet.ts'

const id = 'village'

async function walletApi(context: TestContext) {
  const world = await walletWorld()
  const { test: chain, identity, database } = world
  const { genesis } = chain
  const ledgers = {
    facts: () => ({
      founded: { genesis },
      genesisHash: chain.chain.genesisHash,
      accounts: [{ address: bo, person: 'did:key:zBo' }],
      willing: [],
    }),
    rpc: (_: string, body: string) => world.rpc(body),
    ask: async () => ({ status: { validators: genesis.validators, sync: { kind: 'level' } } }),
  } as unknown as Ledgers
  const communities = { get: () => ({ state: { members: new Map([['did:key:zBo', { name: 'Bo' }]]) } }) } as never
  const { log } = world
  const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }
  const wallet = createWalletServices({
    foundation: { clock: chain.clock, random, log, database, identity: identity as never },
    ...{ ledgers, communities },
  })
  const api = await startApi({ wrap: (services) => ({ ...services, wallet: wallet.calls }) })
  context.after(async () => {
    wallet.stop()
    await api.close()
  })
  return { ...world, api, person: api.client, program: createPeerhood({ url: api.url, token: testToken }) }
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

test('an outside chain is asked before it is chosen', async (context) => {
  const { person: me } = await walletApi(context)
  const outside = { chainId: 5, rpc: 'http://127.0.0.1:1/key', name: 'Gone', coin: { name: 'Ether', symbol: 'ETH' } }
  await assert.rejects(me.wallet.chooseChain(id, outside), { code: 'ledger_unreachable' })
  await assert.rejects(me.wallet.chooseChain(id, { ...outside, rpc: 'http://example.com' }), {
    code: 'ledger_address_unusable',
  })
  assert.equal((await me.wallet.get(id)).chain.kind, 'own')
})
