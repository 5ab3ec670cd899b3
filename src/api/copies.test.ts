import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startApi, type TestApi } from '../../test/support/api.ts'
import { agreementSchema, copiesSchema, shareCopiesSchema } from './copies-schemas.ts'

let api: TestApi
let shareId: string
before(async () => {
  const files = new Map([['film.mp4', new Uint8Array(2_000)]])
  api = await startApi({ disk: new Map([['/home/ada/film.mp4', files]]) })
  shareId = (await api.client.shares.add({ path: '/home/ada/film.mp4' })).id
  await api.client.shares.ready(shareId)
})
after(() => api.close())

test('copies of a share are set and listed', async () => {
  const { copies } = api.client
  assert.deepEqual(await copies.get(), { shares: [], keepers: [], agreements: [] })
  const set = await copies.set(shareId, 2)
  shareCopiesSchema.parse(set)
  assert.deepEqual([set.shareId, set.copies, set.alive, set.where], [shareId, 2, 0, []])
  assert.deepEqual((await copies.get()).shares, [set])
  await copies.set(shareId, 0)
  assert.deepEqual((await copies.get()).shares, [])
  await assert.rejects(copies.set('nobody', 1), { code: 'copies_not_own', kind: 'usage' })
  for (const wrong of [-1, 1.5, 17]) await assert.rejects(copies.set(shareId, wrong), { code: 'request_malformed' })
})

test('agreements are made by link or did, changed and ended, and an event says so', async () => {
  const { copies, direct } = api.client
  const told: string[] = []
  const off = api.services.onEvent(({ type }) => told.push(type))
  const { link, person } = await direct.contact()
  const made = await copies.agree({ for: link, bytesMax: 50e9 })
  assert.deepEqual([made.person, made.bytesMax, made.copies, made.askedMs], [person, 50e9, 0, null])
  assert.equal((await copies.agree({ for: person, bytesMax: 1e9 })).bytesMax, 1e9)
  agreementSchema.parse(made)
  assert.equal(copiesSchema.parse(await copies.get()).agreements.length, 1)
  await copies.end(person)
  assert.deepEqual(told, ['copies', 'copies', 'copies'])
  off()
  assert.deepEqual((await copies.get()).agreements, [])
  await assert.rejects(copies.end(person), { code: 'copies_agreement_unknown', kind: 'not-found' })
  await assert.rejects(copies.agree({ for: 'peerhood:what', bytesMax: 1 }), { kind: 'usage' })
  await assert.rejects(copies.agree({ for: person, bytesMax: 0 }), { code: 'request_malformed' })
})
