// JSON Schema (2020-12, what OpenAPI 3.1 speaks) of the named zod schemas in schemas.ts and the files beside it.

import { z } from 'zod'
import * as admissionSchemas from './admission-schemas.ts'
import * as chatSchemas from './chat-schemas.ts'
import * as communitySchemas from './community-schemas.ts'
import * as copiesSchemas from './copies-schemas.ts'
import * as directSchemas from './direct-schemas.ts'
import * as ipfsSchemas from './ipfs-schemas.ts'
import * as ledgerRecoverySchemas from './ledger-recovery-schemas.ts'
import * as ledgerSchemas from './ledger-schemas.ts'
import * as schemas from './schemas.ts'
import * as walletSchemas from './wallet-schemas.ts'

type Json = Readonly<Record<string, unknown>>

export const refOf = (id: string) => `#/components/schemas/${id}`

/** The name that a schema was given with `.meta({ id })`; every schema of a route has one. */
export function idOf(schema: z.ZodType): string {
  const id = schema.meta()?.id
  if (id === undefined) throw new Error('a schema of a route has no id')
  return id
}

/** One schema by itself; `input` is what a caller sends, `output` what it gets. */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  return plain(z.toJSONSchema(schema, { io, override }))
}

/** All named schemas. Requests are described as they are sent, everything else as it arrives. */
export function componentSchemas(): Json {
  const named = [
    ...[schemas, communitySchemas, admissionSchemas, chatSchemas, directSchemas, copiesSchemas, ipfsSchemas],
    ...[ledgerSchemas, ledgerRecoverySchemas, walletSchemas],
  ]
    .flatMap((file) => Object.values<z.ZodType>(file))
    .filter((schema) => schema.meta()?.id !== undefined)
  const requests = named.filter((schema) => isRequest(idOf(schema)))
  const answers = named.filter((schema) => !isRequest(idOf(schema)))
  return { ...describe(requests, 'input'), ...describe(answers, 'output') }
}

function isRequest(id: string): boolean {
  return id.endsWith('Request') || id.endsWith('Patch')
}

function describe(list: readonly z.ZodType[], io: 'input' | 'output'): Json {
  const registry = z.registry<{ id: string }>()
  for (const schema of list) registry.add(schema, { id: idOf(schema) })
  const described = z.toJSONSchema(registry, { io, uri: refOf, override })
  return Object.fromEntries(Object.entries(described.schemas).map(([id, schema]) => [id, plain(schema)]))
}

/** `$schema` and `$id` say nothing inside an OpenAPI document, and a relative `$id` would bend its references. */
function plain(schema: object): Json {
  const { $schema: _schema, $id: _id, ...rest } = schema as Record<string, unknown>
  return rest
}

/** Answers may gain fields in later versions, so they are not closed; strict requests say so themselves. */
function override({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes
  jsonSchema: Record<string, unknown>
}): void {
  const { def } = zodSchema._zod
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties
  // The safe integers are no bound of ours.
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
}
