// A value that a JSON Schema allows: the seeds of the API's requests. Small and honest: what it does not know (patterns) it
// takes from a list of things that callers send.

const known: readonly (readonly [name: RegExp, value: string])[] = [
  [/person/i, 'did:key:z6MkogAdoPHSJRK189PB8rVMBzW8i3U429hYN9xehYNX5YYS'],
  [/^(id|target|thread|reply|community|channel|entry|message|device|invite)$/i, 'ab'.repeat(32)],
  [/role|kind|capabilit/i, 'member'],
  [/link/i, 'peerhood:abc'],
  [/address/i, '/ip4/1.2.3.4/tcp/1'],
]

interface JsonSchema {
  readonly [keyword: string]: unknown
}

export function exampleOf(schema: JsonSchema, name = ''): unknown {
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  for (const choice of ['anyOf', 'oneOf', 'allOf']) {
    const choices = schema[choice]
    if (Array.isArray(choices)) return exampleOf(choices[0] as JsonSchema, name)
  }
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(([key, field]) => [
          key,
          exampleOf(field, key),
        ]),
      )
    case 'array':
      return [exampleOf((schema.items ?? {}) as JsonSchema, name)]
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' && schema.minimum > 1 ? schema.minimum : 1
    case 'boolean':
      return true
    case 'string':
      return textFor(schema, name)
    default:
      return null
  }
}

function textFor(schema: JsonSchema, name: string): string {
  const pattern = typeof schema.pattern === 'string' ? schema.pattern : '.*'
  const candidates = [
    known.find(([key]) => key.test(name))?.[1],
    'Ann',
    'member',
    'ab'.repeat(32),
    'ab'.repeat(16),
    '7-ocean-lamp',
    '1',
  ]
  return candidates.find((text) => text !== undefined && new RegExp(pattern, 'u').test(text)) ?? 'x'
}
