// The OpenAPI 3.1 document, made from the route table and the zod schemas. Nothing in it is written twice.

import { routes } from './all-routes.ts'
import { linesMediaType } from './lines.ts'
import { problemResponses } from './openapi-problems.ts'
import { componentSchemas, idOf, refOf, schemaOf } from './openapi-schemas.ts'
import type { Route } from './route.ts'

export type OpenApiDocument = Readonly<Record<string, unknown>>
type Json = Readonly<Record<string, unknown>>

export function createOpenApi(info: { readonly version: string; readonly url: string }): OpenApiDocument {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Peerhood',
      version: info.version,
      description: 'The local API of a Peerhood daemon. It listens on 127.0.0.1 only and wants a token.',
    },
    servers: [{ url: info.url }],
    security: [{ bearer: [] }, { page: [] }],
    paths: pathsOf(),
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The token in the daemon’s `api-token` file.' },
        page: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieNameOf(info.url),
          description: 'Set by opening `/?token=…`.',
        },
      },
    },
  }
}

/** As access.ts names it. */
function cookieNameOf(url: string): string {
  return `peerhood-${new URL(url).port}`
}

function pathsOf(): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [key, row] of Object.entries<Route>(routes)) {
    const [method = '', path = ''] = key.split(' ')
    const template = path.replace(/:(\w+)/g, '{$1}').replace('*', '{path}')
    const operations = { ...paths[template] }
    operations[method.toLowerCase()] = operationOf(path, row)
    if (row.kind === 'content') operations.head = { ...operationOf(path, row), operationId: `${row.id}Head` }
    paths[template] = operations
  }
  return paths
}

function operationOf(path: string, row: Route): Json {
  return {
    operationId: row.id,
    summary: row.summary,
    parameters: [...pathParameters(path), ...queryParameters(row), ...headerParameters(row)],
    ...(row.request === undefined ? {} : { requestBody: jsonBody(idOf(row.request)) }),
    ...(row.kind === 'upload' ? { requestBody: bytesBody() } : {}),
    responses: { ...successOf(row), ...problemResponses(path, row) },
  }
}

function pathParameters(path: string): Json[] {
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '')
  const parameters = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  if (!path.endsWith('*')) return parameters
  const description = 'Relative path: names joined with "/", each percent-encoded (the "/" between them stays).'
  return [...parameters, { name: 'path', in: 'path', required: true, description, schema: { type: 'string' } }]
}

interface QuerySchema {
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
}

function queryParameters(row: Route): Json[] {
  if (row.query === undefined) return []
  const { properties = {}, required = [] } = schemaOf(row.query, 'input') as QuerySchema
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }))
}

function headerParameters(row: Route): Json[] {
  const header = (name: string, description: string): Json => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  })
  if (row.kind === 'content') return [header('Range', 'One range of bytes, as in RFC 9110 §14.')]
  if (row.kind === 'events') return [header('Last-Event-ID', 'Goes on after this event.')]
  return []
}

function successOf(row: Route): Json {
  switch (row.kind) {
    case 'content':
      return contentResponses()
    case 'lines':
      return { 200: textResponse('One object a line.', linesMediaType, lineOf(row)) }
    case 'events':
      return { 200: textResponse('Each `data` line is an Event.', 'text/event-stream', { $ref: refOf('Event') }) }
    case 'metrics':
      return { 200: textResponse('Prometheus text format.', 'text/plain', { type: 'string' }) }
    case 'openapi':
      return { 200: textResponse('This document.', 'application/json', { type: 'object' }) }
    default:
      return { [row.status]: row.response === undefined ? { description: 'Done.' } : jsonResponse(idOf(row.response)) }
  }
}

function lineOf({ response }: Route): Json {
  return response === undefined ? {} : { $ref: refOf(idOf(response)) }
}

function contentResponses(): Json {
  const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
  return {
    200: { description: 'The whole file.', content: bytes },
    206: { description: 'The part asked for; `Content-Range` says which.', content: bytes },
  }
}

function textResponse(description: string, mediaType: string, schema: Json): Json {
  return { description, content: { [mediaType]: { schema } } }
}

function jsonResponse(id: string): Json {
  return textResponse('Done.', 'application/json', { $ref: refOf(id) })
}

function jsonBody(id: string): Json {
  return { required: true, content: { 'application/json': { schema: { $ref: refOf(id) } } } }
}

function bytesBody(): Json {
  const schema = { type: 'string', format: 'binary' }
  return { required: true, content: { 'application/octet-stream': { schema } } }
}
