import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { z } from 'zod'
import { startApi, type TestApi } from '../../test/support/api.ts'
import { createMemoryHub } from '../../test/support/services-hub.ts'
import { directRoutes } from './direct-routes.ts'
import type { Contact, Conversation, DirectAsk, DirectRequest } from './direct-schemas.ts'
import type { Route } from './route.ts'
import { type Event, eventSchema, type Link, problemSchema } from './schemas.ts'

let ada: TestApi
let ben: TestApi
const events: Event[] = []
before(async () => {
  const hub = createMemoryHub()
  ;[ada, ben] = await Promise.all([startApi({ hub }), startApi({ hub })])
  for (const { services } of [ada, ben]) services.onEvent((event) => events.push(event))
})
after(() => Promise.all([ada.close(), ben.close()]))

const covered = new Set<string>()

async function call(api: TestApi, key: string, params: Readonly<Record<string, string>> = {}, body?: unknown) {
  const [method = '', template = ''] = key.split(' ')
  const path = template.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? 'x'))
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  return api.get(path, { method, ...json })
}

/** Calls a route and holds the answer to its row. */
async function answer<Value>(
  api: TestApi,
  key: keyof typeof directRoutes,
  params?: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<Value> {
  const row: Route = directRoutes[key]
  const response = await call(api, key, params, body)
  const text = await response.text()
  assert.equal(response.status, row.status, `${key}: ${text}`)
  covered.add(key)
  if (row.response === undefined) {
    assert.equal(text, '', key)
    return undefined as Value
  }
  const value: unknown = JSON.parse(text)
  assert.deepEqual((row.response as z.ZodType).parse(value), value, key)
  return value as Value
}

async function refusal(response: Response): Promise<string> {
  const problem = problemSchema.parse(await response.json())
  return `${problem.status} ${problem.code}`
}

const requestsOf = async (api: TestApi) =>
  (await answer<{ requests: DirectRequest[] }>(api, 'GET /api/direct/requests')).requests

test('every route answers as its row says, and every event is one of the schema', async () => {
  const contact = await answer<Contact>(ben, 'PATCH /api/direct/contact', {}, { name: 'Ben', who: 'link' })
  assert.equal(contact.name, 'Ben')
  const { link: to } = await answer<Contact>(ben, 'POST /api/direct/contact/renew')
  assert.notEqual(to, contact.link)
  assert.equal((await answer<Contact>(ben, 'GET /api/direct/contact')).link, to)
  const inspected = await call(ada, 'POST /api/links', {}, { link: to })
  assert.deepEqual(((await inspected.json()) as Link).kind, 'contact')

  const ask = { to, memberName: 'Ada', text: 'Is the boat still for sale?' }
  const asked = await answer<DirectAsk>(ada, 'POST /api/direct/asks', {}, ask)
  assert.equal((await requestsOf(ben))[0]?.text, ask.text)
  await answer(ben, 'POST /api/direct/requests/:id/refuse', { id: asked.id })
  const { asks } = await answer<{ asks: DirectAsk[] }>(ada, 'GET /api/direct/asks')
  assert.deepEqual([asks[0]?.state, asks[0]?.reason], ['refused', 'declined'])
  await answer(ada, 'DELETE /api/direct/asks/:id', { id: asked.id })

  const again = await answer<DirectAsk>(ada, 'POST /api/direct/asks', {}, ask)
  const community = await answer<{ id: string; purpose: string }>(
    ben,
    'POST /api/direct/requests/:id/accept',
    { id: again.id },
    { memberName: 'Ben' },
  )
  assert.deepEqual([community.id, community.purpose], [again.community, 'direct'])
  const { conversations } = await answer<{ conversations: Conversation[] }>(ada, 'GET /api/direct')
  assert.deepEqual([conversations[0]?.name, conversations[0]?.state], ['Ben', 'open'])

  const person = conversations[0]?.person ?? ''
  await answer(ada, 'PUT /api/direct/blocked/:person', { person })
  const { blocked } = await answer<{ blocked: { person: string }[] }>(ada, 'GET /api/direct/blocked')
  assert.deepEqual(
    blocked.map((one) => one.person),
    [person],
  )
  await answer(ada, 'DELETE /api/direct/blocked/:person', { person })

  assert.deepEqual([...covered].sort(), Object.keys(directRoutes).sort())
  for (const event of events) assert.deepEqual(eventSchema.parse(event), event)
  const told = new Set(events.map(({ type }) => type))
  for (const type of ['direct-request', 'direct-ask', 'direct-blocked', 'direct-contact'] as const) {
    assert.ok(told.has(type), type)
  }
})

test('what makes no sense is refused before anybody is asked', async () => {
  const ask = { to: 'peerhood:x', memberName: 'Ada', text: 'Hello' }
  for (const change of [{ text: '' }, { text: 'x'.repeat(1001) }, { memberName: '' }, { to: '' }, { more: 1 }]) {
    const response = await call(ada, 'POST /api/direct/asks', {}, { ...ask, ...change })
    assert.equal(await refusal(response), '400 request_malformed', JSON.stringify(change))
  }
  for (const patch of [{}, { who: 'everybody' }, { name: 'a\nb' }]) {
    assert.equal(await refusal(await call(ada, 'PATCH /api/direct/contact', {}, patch)), '400 request_malformed')
  }
  assert.equal(await refusal(await call(ada, 'POST /api/direct/asks', {}, ask)), '400 link_malformed')
  assert.equal(await refusal(await call(ada, 'DELETE /api/direct/asks/x')), '404 direct_ask_unknown')
  assert.equal(await refusal(await call(ada, 'POST /api/direct/requests/x/refuse')), '404 direct_request_unknown')
  assert.equal(
    await refusal(await call(ada, 'DELETE /api/direct/blocked/:person', { person: 'did:key:zX' })),
    '404 direct_not_blocked',
  )
})
