import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { z } from 'zod'
import { startApi, type TestApi, testConfirmKey } from '../../test/support/api.ts'
import { defineErrors } from '../base/errors.ts'
import { admissionRoutes } from './admission-routes.ts'
import { routes } from './all-routes.ts'
import { copiesRoutes } from './copies-routes.ts'
import { directRoutes } from './direct-routes.ts'
import { lateRoutes } from './late-routes.ts'
import { bodyBytesMax } from './limits.ts'
import type { Route } from './route.ts'
import { filesSchema, type Problem, problemSchema } from './schemas.ts'

const hostile = defineErrors({
  disk_full: { kind: 'local', hint: 'Make room.' },
  disk_read_only: { kind: 'local', hint: 'Make it writable.' },
  nobody_has_it: { kind: 'not-found', hint: 'Wait.' },
  busy: { kind: 'conflict', hint: 'Wait.' },
})

const disk = new Map([
  ['/a.txt', new Map([['a.txt', new TextEncoder().encode('hello')]])],
  ['/many', new Map(Array.from({ length: 25 }, (_, i) => [`f${String(i).padStart(2, '0')}`, new Uint8Array(i)]))],
])

let api: TestApi
before(async () => {
  api = await startApi({ disk })
})
after(() => api.close())

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'peerhood-confirm': testConfirmKey }
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers }
  return api.get(path, { method, ...json })
}

async function problem(response: Response): Promise<Problem> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  const parsed = problemSchema.parse(await response.json())
  assert.equal(parsed.status, response.status)
  return parsed
}

async function readyShare(path: string): Promise<{ id: string; link: string }> {
  const { id } = await api.client.shares.add({ path })
  const share = await api.client.shares.ready(id)
  assert.ok(share.link)
  return { id, link: share.link }
}

describe('the JSON routes', () => {
  test('each answers what its schema says, with its status, and nothing may keep it', async () => {
    const { id, link } = await readyShare('/a.txt')
    const transfer = await api.client.transfers.add({ link })
    const upload = await api.client.uploads.begin()
    const job = await api.client.ipfs.add({ kind: 'get', cid: 'bafkqaaa', to: '/there' })
    const ids: Record<string, string> = { ipfs: job.id, shares: id, transfers: transfer.id, uploads: upload.id }
    const bodies: Record<string, unknown> = {
      'PATCH /api/settings': { deviceName: 'renamed' },
      'POST /api/identity/phrase': {},
      'POST /api/identity/restore': { phrase: await api.client.identity.phrase() },
      'POST /api/identity/lock': { passphrase: null },
      'POST /api/peers': { address: '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWPeer' },
      'POST /api/shares': { path: '/a.txt' },
      'POST /api/links': { link },
      'POST /api/ipfs/jobs': { kind: 'export', what: 'bafkqaaa', to: '/there/a.car' },
      'POST /api/transfers': { link, to: '/there' },
    }
    // Those of communities: communities.test.ts; of codes, requests and own devices: admission.test.ts; of conversations:
    // direct.test.ts; of copies: copies.test.ts; of ledgers: ledger.test.ts.
    const elsewhere = { ...admissionRoutes, ...directRoutes, ...copiesRoutes, ...lateRoutes }
    const rows = Object.entries<Route>(routes).filter(
      ([key, row]) => row.kind === 'json' && !key.includes('/communities') && !Object.hasOwn(elsewhere, key),
    )
    // Those that end what the others need come last.
    rows.sort(([a], [b]) => Number(a.startsWith('DELETE')) - Number(b.startsWith('DELETE')))
    for (const [key, row] of rows) {
      const [method = '', template = ''] = key.split(' ')
      const path = template.replace(':id', ids[template.split('/')[2] ?? ''] ?? '')
      const response = await call(method, path, bodies[key])
      assert.equal(response.status, row.status, key)
      assert.equal(response.headers.get('cache-control'), 'no-store', key)
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff', key)
      if (row.response === undefined) assert.equal(await response.text(), '', key)
      else (row.response as z.ZodType).parse(await response.json())
    }
    assert.equal(api.services.stops, 1)
  })

  test('files come page by page', async () => {
    const { id } = await readyShare('/many')
    const page = filesSchema.parse(await (await api.get(`/api/shares/${id}/files?offset=20&limit=10`)).json())
    assert.deepEqual([page.files.length, page.total, page.files[0]?.path], [5, 25, 'f20'])
    for (const query of ['limit=0', 'limit=10001', 'offset=-1', 'offset=x', 'limit=1.5', 'ofset=1', '__proto__=1']) {
      const { code, details } = await problem(await api.get(`/api/shares/${id}/files?${query}`))
      assert.equal(code, 'request_malformed', query)
      assert.match(JSON.stringify(details), new RegExp(query.split('=')[0] ?? ''))
    }
  })
})

describe('problems', () => {
  test('a validation problem names the field', async () => {
    const cases: [string, string, unknown, string][] = [
      ['POST', '/api/shares', {}, 'path'],
      ['POST', '/api/shares', { path: 5 }, 'path'],
      ['POST', '/api/shares', { path: '/a', upload: 'b' }, 'path'],
      ['POST', '/api/shares', { path: '/a.txt', pubilc: true }, 'pubilc'],
      ['POST', '/api/links', { link: 'x'.repeat(8193) }, 'link'],
      ['PATCH', '/api/settings', { bootstrap: ['a', 5] }, 'bootstrap.1'],
      ['POST', '/api/transfers', { link: 'peerhood:x', mode: 'steal' }, 'mode'],
      ['POST', '/api/identity/lock', {}, 'passphrase'],
      ['POST', '/api/shares', [], ''],
      ['POST', '/api/shares', null, ''],
    ]
    for (const [method, path, body, field] of cases) {
      const { status, code, detail, details } = await problem(await call(method, path, body))
      assert.deepEqual([status, code], [400, 'request_malformed'])
      assert.equal((details as { fields: { field: string }[] }).fields[0]?.field, field, detail)
      if (field !== '') assert.ok(detail.includes(`\`${field}\``), detail)
    }
  })

  test('a secret that is malformed is not told back', async () => {
    const secret = 'correct horse battery staple '.repeat(50)
    const answer = await call('POST', '/api/identity/restore', { phrase: secret })
    assert.ok(!(await answer.text()).includes('correct horse'))
    assert.ok(!JSON.stringify(api.lines).includes('correct horse'))
  })

  test('bodies that are no JSON, not declared, too long or cut off are refused', async () => {
    const post = (body: string | Uint8Array<ArrayBuffer>, type: string) =>
      api.get('/api/links', { method: 'POST', body, headers: { 'content-type': type } })
    assert.equal((await problem(await post('{"link":', 'application/json'))).code, 'body_not_json')
    assert.equal((await problem(await post('{"link":"x"}', 'text/plain'))).status, 415)
    assert.equal((await problem(await post('link=x', 'application/x-www-form-urlencoded'))).status, 415)
    assert.equal((await problem(await post(new Uint8Array([0xff, 0xfe]), 'application/json'))).code, 'body_not_json')
    const exact = `{"link":"${'x'.repeat(bodyBytesMax - 11)}"}`
    assert.equal(exact.length, bodyBytesMax)
    assert.equal((await problem(await post(exact, 'application/json'))).code, 'request_malformed')
    const { code, status } = await problem(await post(`${exact} `, 'application/json'))
    assert.deepEqual([code, status], ['body_too_large', 413])
  })

  test('each kind of error has its status; a code may know better', async () => {
    const cases: [Error, number][] = [
      [hostile.disk_full('Full.'), 507],
      [hostile.disk_read_only('Read-only.'), 500],
      [hostile.nobody_has_it('Nobody.'), 404],
      [hostile.busy('Busy.'), 409],
    ]
    for (const [error, status] of cases) {
      await using failing = await startApi({
        wrap: (services) => ({ ...services, doctor: () => Promise.reject(error) }),
      })
      const answer = await problem(await failing.get('/api/doctor'))
      assert.equal(answer.status, status)
      assert.equal(answer.detail, error.message)
      assert.equal(answer.type, `/problems/${answer.code}`)
      assert.ok(failing.lines.some(({ code }) => code === answer.code))
    }
  })

  test('a defect tells the caller nothing and the log everything', async () => {
    const bug = new TypeError('cannot read secret-path of undefined')
    await using failing = await startApi({
      wrap: (services) => ({
        ...services,
        status: () => {
          throw bug
        },
      }),
    })
    const response = await failing.get('/api/status')
    const text = await response.text()
    assert.equal(response.status, 500)
    assert.doesNotMatch(text, /secret-path|TypeError|at /)
    const line = failing.lines.find(({ level }) => level === 'error')
    assert.equal(line?.code, 'internal')
    assert.match(String(line?.fields.cause), /secret-path/)
  })

  test('unknown routes, methods and ids say so', async () => {
    for (const path of ['/api/nothing', '/api/', '/api', '/api/shares/x/y', '/api/problems']) {
      assert.deepEqual(await codeAndStatus(await api.get(path)), ['route_unknown', 404], path)
    }
    const wrong = await call('PUT', '/api/shares', {})
    assert.equal(wrong.headers.get('allow'), 'GET, POST, HEAD')
    assert.deepEqual(await codeAndStatus(wrong), ['method_not_allowed', 405])
    const wrongLate = await call('PUT', '/api/ledger/check', {})
    assert.equal(wrongLate.headers.get('allow'), 'POST')
    assert.deepEqual(await codeAndStatus(wrongLate), ['method_not_allowed', 405])
    assert.deepEqual(await codeAndStatus(await api.get('/api/ledger/nothing')), ['route_unknown', 404])
    assert.deepEqual(await codeAndStatus(await api.get('/api/shares/unknown')), ['share_unknown', 404])
    for (const id of ['a%2Fb', '%00', '..%2f..', 'x'.repeat(129), 'ä']) {
      assert.deepEqual(await codeAndStatus(await api.get(`/api/shares/${id}`)), ['request_malformed', 400], id)
    }
  })
})

async function codeAndStatus(response: Response): Promise<[string, number]> {
  const { code, status } = await problem(response)
  return [code, status]
}
