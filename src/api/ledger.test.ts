// The routes of ledgers, against in-memory services: each answers what its schema says.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { z } from 'zod'
import { startApi, type TestApi } from '../../test/support/api.ts'
import { ledgerRoutes } from './ledger-routes.ts'
import type { Route } from './route.ts'

let api: TestApi
let community = ''
before(async () => {
  api = await startApi()
  community = (await api.client.communities.found({ name: 'Family', memberName: 'Ada' })).id
})
after(() => api.close())

test('each route answers what its schema says, with its status', async () => {
  const { account } = await api.client.ledger.announceAccount(community)
  await api.client.ledger.found(community, { coin: { symbol: 'BREAD' } })
  const hash = await api.client.ledger.submit(community, '0x01')
  const other = (await api.client.communities.found({ name: 'Village', memberName: 'Ada' })).id
  const bodies: Record<string, unknown> = {
    'POST /api/communities/:id/ledger': { supply: '10' },
    'PATCH /api/communities/:id/ledger': { mode: 'light', origins: ['https://a.example'] },
    'POST /api/communities/:id/ledger/offer': { validate: true },
    'POST /api/communities/:id/ledger/validators': { validators: [account] },
    'PUT /api/communities/:id/ledger/choice': {
      chain: {
        chainId: 100,
        name: 'Gnosis',
        coin: { name: 'xDAI', symbol: 'xDAI' },
        rpc: 'https://rpc.gnosischain.com',
      },
    },
    'POST /api/communities/:id/ledger/account': {},
    'POST /api/communities/:id/ledger/transactions': { raw: '0x02' },
    'POST /api/communities/:id/ledger/proofs': { balance: account },
    'POST /api/ledger/check': { file: '{"proof":1}' },
  }
  for (const [key, row] of Object.entries<Route>(ledgerRoutes)) {
    const [method = '', template = ''] = key.split(' ')
    const id = key === 'POST /api/communities/:id/ledger' ? other : community
    const filled = { id, block: '0', hash, address: account ?? '' }
    const path = template.replaceAll(/:(\w+)/g, (_, name: keyof typeof filled) => filled[name])
    const body = bodies[key]
    const json =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await api.get(path, { method, ...json })
    assert.equal(response.status, row.status, key)
    const text = await response.text()
    const answers = row.kind === 'lines' ? text.trim().split('\n') : [text]
    for (const answer of answers) (row.response as z.ZodType).parse(JSON.parse(answer))
  }
})

test('pages go back to the first block, and an export says that it is whole', async () => {
  const page = await api.client.ledger.blocks(community, { limit: 1 })
  assert.equal(page.blocks.length, 1)
  assert.ok(page.before !== null)
  const rest = await api.client.ledger.blocks(community, { before: page.before, limit: 100 })
  assert.equal(rest.before, null)
  const lines = []
  for await (const line of api.client.ledger.export(community)) lines.push(line.type)
  assert.deepEqual([lines[0], lines.at(-1)], ['ledger', 'end'])
})

test('what is malformed is refused before it reaches a ledger', async () => {
  const { ledger } = api.client
  const malformed = { code: 'request_malformed' }
  await assert.rejects(ledger.submit(community, '0x0'), malformed)
  await assert.rejects(ledger.prove(community, { balance: '0x12' }), malformed)
  await assert.rejects(ledger.found(community, { supply: '-1' }), malformed)
  await assert.rejects(ledger.found(community, { coin: { symbol: 'too long a symbol' } }), malformed)
  const chain = { chainId: 0, name: 'Gnosis', coin: { name: 'xDAI', symbol: 'xDAI' } }
  await assert.rejects(ledger.choose(community, chain), malformed)
  await assert.rejects(ledger.members(community, { limit: 101 }), malformed)
  await assert.rejects(ledger.check(''), malformed)
  await assert.rejects(ledger.transaction(community, '0xab'), { code: 'ledger_transaction_unknown' })
})
