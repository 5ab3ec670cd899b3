// Requests over a restart: what waits still waits, as it was shown, until its hour is over; nothing is sent twice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestLifetimeMs, requestsKeptMax } from './limits.ts'
import { createRequestStore, type StoredRequest } from './request-store.ts'
import { bo, doIt, person, program, walletWorld } from './testing.ts'

test('requests of each kind wait over a restart, and are carried out as they were shown', async () => {
  const world = await walletWorld()
  const { wallet, test: chain } = world
  const asked = [
    await wallet.propose({ kind: 'send', to: bo, amount: '1.5' }, program),
    await wallet.propose({ kind: 'message', message: 'I was here.' }, program),
  ]
  const sent = await doIt(wallet, { kind: 'send', to: bo, amount: '2' })
  const before = wallet.requests()
  wallet.stop()
  const again = await world.reopen()
  assert.deepEqual(again.requests(), before)
  assert.equal((await again.view()).waiting, 2)
  assert.equal(again.request(sent.id).transaction, sent.transaction)
  const [payment, message] = await Promise.all(asked.map(({ id }) => again.confirm(id, person, {})))
  assert.deepEqual([payment?.state, message?.state], ['sent', 'signed'])
  await chain.mineAll()
  assert.equal((await again.explorer.account(bo)).text, '3.5 TEST')
  const third = await world.reopen()
  assert.equal(third.request(message?.id ?? '').signature, message?.signature)
  await assert.rejects(third.confirm(payment?.id ?? '', person, {}), { code: 'wallet_request_gone' })
})

test('its hour goes on while Peerhood is stopped', async () => {
  const world = await walletWorld()
  const { id, expiresMs } = await world.wallet.propose({ kind: 'send', to: bo, amount: '1' }, program)
  world.test.clock.advance(requestLifetimeMs - 1)
  const soon = await world.reopen()
  assert.deepEqual([soon.request(id).state, soon.request(id).expiresMs], ['waiting', expiresMs])
  world.test.clock.advance(1)
  const late = await world.reopen()
  assert.equal(late.request(id).state, 'expired')
  await assert.rejects(late.confirm(id, person, {}), { code: 'wallet_request_gone' })
})

test('what was being signed at the stop is told as such, and never sent again', async () => {
  const world = await walletWorld()
  const { wallet, database, test: chain } = world
  const { id } = await wallet.propose({ kind: 'send', to: bo, amount: '1' }, program)
  const store = createRequestStore(database, chain.chain.genesisHash)
  store.put({ ...(store.all()[0] as StoredRequest), state: 'sending' })
  const again = await world.reopen()
  assert.deepEqual([again.request(id).state, again.request(id).failure?.code], ['failed', 'wallet_request_interrupted'])
  await assert.rejects(again.confirm(id, person, { accept: true }), { code: 'wallet_request_gone' })
})

test('no more are kept than may be', async () => {
  const world = await walletWorld()
  const { database, test: chain } = world
  const message = { kind: 'message', message: 'again' } as const
  world.wallet.refuse((await world.wallet.propose(message, person)).id)
  const store = createRequestStore(database, chain.chain.genesisHash)
  const [first] = store.all()
  for (let at = 0; at < requestsKeptMax; at++) store.put({ ...(first as StoredRequest), id: `old-${at}` })
  const { id } = await (await world.reopen()).propose(message, person)
  const kept = store.all()
  assert.deepEqual([kept.length, kept.at(-1)?.id, kept[0]?.id], [requestsKeptMax, id, 'old-1'])
  assert.equal(createRequestStore(database, 'another').all().length, 0)
})
