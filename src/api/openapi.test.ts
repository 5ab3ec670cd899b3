import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from '../../test/support/api.ts'
import { routes } from './all-routes.ts'
import { createOpenApi } from './openapi.ts'
import type { Route } from './route.ts'

type Json = Record<string, unknown>
interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Json }[]
  readonly requestBody?: { content: Record<string, { schema: Json }> }
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: Json }> }>
}

const document = createOpenApi({ version: '1.2.3', url: 'http://127.0.0.1:4713' }) as {
  openapi: string
  info: Json
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json>; securitySchemes: Json }
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

/** Every `$ref` below a value. */
function refsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refsOf(inner)))
}

test('every row of the route table is one operation, and there are no others but HEAD', () => {
  const expected = Object.entries<Route>(routes).map(([key, row]) => `${key.split(' ')[0]?.toLowerCase()} ${row.id}`)
  const found = operations.filter(({ method }) => method !== 'head')
  assert.deepEqual(found.map(({ method, operation }) => `${method} ${operation.operationId}`).sort(), expected.sort())
  const ids = operations.map(({ operation }) => operation.operationId)
  assert.equal(new Set(ids).size, ids.length)
})

test('paths and their parameters agree', () => {
  for (const { path, operation } of operations) {
    const templated = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    const declared = operation.parameters.filter((parameter) => parameter.in === 'path')
    assert.deepEqual(
      declared.map(({ name }) => name),
      templated,
      path,
    )
    assert.ok(declared.every(({ required }) => required))
    assert.doesNotMatch(path, /[:*]/)
    assert.ok(operation.summary.length > 5)
  }
})

test('every operation describes a success and its problems', () => {
  for (const { path, operation } of operations) {
    const statuses = Object.keys(operation.responses)
    assert.ok(
      statuses.some((status) => status.startsWith('2')),
      path,
    )
    for (const status of ['401', '403', '421', 'default']) {
      const content = operation.responses[status]?.content?.['application/problem+json']
      assert.deepEqual(content?.schema, { $ref: '#/components/schemas/Problem' }, `${path} ${status}`)
    }
  }
})

test('every reference leads to a schema, and every schema is reached', () => {
  const names = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`))
  const used = new Set(refsOf(document))
  assert.deepEqual(
    [...used].filter((ref) => !names.has(ref)),
    [],
  )
  assert.deepEqual(
    [...names].filter((name) => !used.has(name)),
    [],
  )
})

test('requests are closed, answers are open, and the shapes are those of the schemas', () => {
  const { ShareRequest, Share, Files, SettingsPatch } = document.components.schemas
  assert.equal(ShareRequest?.additionalProperties, false)
  assert.equal(SettingsPatch?.additionalProperties, false)
  assert.equal(Share?.additionalProperties, undefined)
  assert.equal(ShareRequest?.required, undefined)
  assert.deepEqual(Files?.required, ['files', 'total'])
  assert.match(JSON.stringify(Share?.required), /"fetching"/)
  const query = document.paths['/api/shares/{id}/files']?.get?.parameters.filter(
    (parameter) => parameter.in === 'query',
  )
  assert.deepEqual(
    query?.map(({ name }) => name),
    ['offset', 'limit'],
  )
  const match = /.{0,60}(\$schema|\$id|9007199254740991)/.exec(JSON.stringify(document))
  assert.equal(match?.[0], undefined)
})

test('the server gives it out as 3.1', async () => {
  await using api = await startApi()
  const served = (await (await api.get('/api/openapi.json')).json()) as typeof document & { servers: Json[] }
  assert.equal(served.openapi, '3.1.0')
  assert.equal(served.info.version, '1.2.3')
  assert.deepEqual(served.servers, [{ url: api.url }])
  assert.deepEqual(Object.keys(served.paths), Object.keys(document.paths))
})
