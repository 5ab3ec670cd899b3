import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { z } from 'zod'
import { startApi, type TestApi, testConfirmKey } from '../../test/support/api.ts'
import { type Neighbours, startNeighbours } from '../../test/support/communities.ts'
import { admissionRoutes } from './admission-routes.ts'
import type { Route } from './route.ts'
import { type Event, eventSchema, problemSchema } from './schemas.ts'

let them: Neighbours
let eve: TestApi
const events: Event[] = []
before(async () => {
  them = await startNeighbours()
  eve = await startApi({ hub: them.hub })
  them.ada.services.onEvent((event) => events.push(event))
  eve.services.onEvent((event) => events.push(event))
})
after(async () => {
  await eve.close()
  await them[Symbol.asyncDispose]()
})

const covered = new Set<string>()

async function call(api: TestApi, key: string, params: Readonly<Record<string, string>> = {}, body?: unknown) {
  const [method = '', template = ''] = key.split(' ')
  const path = template.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? them.community))
  // Codes that add a computer are the person's to ask for.
  const headers = { 'content-type': 'application/json', 'peerhood-confirm': testConfirmKey }
  return api.get(path, body === undefined ? { method } : { method, headers, body: JSON.stringify(body) })
}

/** Calls a route and holds the answer to its row. */
async function answer<Value>(
  api: TestApi,
  key: keyof typeof admissionRoutes,
  params?: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<Value> {
  const row: Route = admissionRoutes[key]
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

test('every route answers as its row says, and every event is one of the schema', async () => {
  const { ada } = them
  const code = await answer<{ code: string; nameplate: number }>(ada, 'POST /api/communities/:id/codes', {}, {})
  const { codes } = await answer<{ codes: unknown[] }>(ada, 'GET /api/communities/:id/codes')
  assert.deepEqual(codes, [code])
  await answer(eve, 'POST /api/communities/enter', {}, { code: code.code, memberName: 'Eve' })
  const second = await answer<{ nameplate: number }>(ada, 'POST /api/communities/:id/codes', {}, { role: 'guest' })
  await answer(ada, 'DELETE /api/communities/:id/codes/:nameplate', { nameplate: String(second.nameplate) })

  await using cem = await startApi({ hub: them.hub })
  const { link } = await answer<{ link: string }>(ada, 'GET /api/communities/:id/request-link')
  await answer(cem, 'POST /api/communities/ask', {}, { link, memberName: 'Cem' })
  const { requests } = await answer<{ requests: { device: string }[] }>(ada, 'GET /api/communities/:id/requests')
  const decide = 'POST /api/communities/:id/requests/:device'
  await answer(ada, decide, { device: requests[0]?.device ?? '' }, { accept: false, block: true })
  const { asks } = await answer<{ asks: { state: string }[] }>(cem, 'GET /api/asks')
  assert.equal(asks[0]?.state, 'refused')
  await answer(cem, 'DELETE /api/asks/:id')
  await answer(ada, decide, { device: requests[0]?.device ?? '' }, { accept: true, role: 'guest' })
  assert.equal((await cem.client.communities.get(them.community)).self?.role, 'guest')

  const device = await answer<{ code: string }>(ada, 'POST /api/devices/codes', {}, {})
  await answer(ada, 'GET /api/devices/codes')
  await answer(cem, 'POST /api/devices/join', {}, { code: device.code })
  const { devices } = await answer<{ devices: unknown[] }>(ada, 'GET /api/devices')
  assert.equal(devices.length, 2)
  const other = await answer<{ nameplate: number }>(ada, 'POST /api/devices/codes', {}, {})
  await answer(ada, 'DELETE /api/devices/codes/:nameplate', { nameplate: String(other.nameplate) })

  assert.deepEqual([...covered].sort(), Object.keys(admissionRoutes).sort())
  for (const event of events) assert.deepEqual(eventSchema.parse(event), event)
  const types = new Set(events.map(({ type }) => type))
  for (const type of ['code-ended', 'join-request', 'device-added'] as const) assert.ok(types.has(type), type)
  // A code's words are for whoever made it, and nobody else.
  assert.equal(JSON.stringify(events).includes(code.code), false)
})

test('what is malformed, unknown or not allowed is refused with a code', async () => {
  const { ada, grace } = them
  const codes = 'POST /api/communities/:id/codes'
  assert.equal(await refusal(await call(grace, codes, {}, {})), '403 not_allowed')
  assert.equal(await refusal(await call(ada, codes, {}, { role: 'NOBODY' })), '400 request_malformed')
  assert.equal(await refusal(await call(ada, codes, {}, { role: 'nobody' })), '404 role_unknown')
  const cancel = 'DELETE /api/communities/:id/codes/:nameplate'
  for (const nameplate of ['1000', 'seven', '7-ocean-lamp']) {
    assert.equal(await refusal(await call(ada, cancel, { nameplate })), '404 code_unknown')
  }
  const enter = 'POST /api/communities/enter'
  assert.equal(await refusal(await call(eve, enter, {}, { code: '', memberName: 'Eve' })), '400 request_malformed')
  const decide = 'POST /api/communities/:id/requests/:device'
  for (const body of [{ accept: true, block: true }, { accept: false, role: 'guest' }, { role: 'guest' }]) {
    assert.equal(await refusal(await call(ada, decide, { device: 'ab' }, body)), '400 request_malformed')
  }
  assert.equal(await refusal(await call(ada, decide, { device: 'ab' }, { accept: false })), '404 request_unknown')
  assert.equal(await refusal(await call(grace, 'GET /api/communities/:id/requests')), '403 not_allowed')
  const ask = { link: 'peerhood:x', memberName: 'Eve', note: 'x'.repeat(281) }
  assert.equal(await refusal(await call(eve, 'POST /api/communities/ask', {}, ask)), '400 request_malformed')
  assert.equal(await refusal(await call(eve, 'DELETE /api/asks/:id')), '404 ask_unknown')
})
