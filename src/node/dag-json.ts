// DAG-CBOR values as DAG-JSON (the IPLD specification of that name), for exports: bytes become {"/":{"bytes":"…"}} in
// base64 without padding. Pure.

/** `value` as DAG-CBOR decodes it: no cycles, bounded by an entry's size. */
export function toDagJson(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return { '/': { bytes: Buffer.from(value).toString('base64').replace(/=+$/, '') } }
  }
  if (Array.isArray(value)) return value.map(toDagJson)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toDagJson(field)]))
}
