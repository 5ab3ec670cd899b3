// JSON bodies, read with a bound and a deadline and checked by their schema. A refusal names the fields.

import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { fromUtf8 } from '../base/bytes.ts'
import type { PeerhoodError } from '../base/errors.ts'
import { type Clock, deadline } from '../base/ports.ts'
import { apiErrors } from './errors.ts'
import { bodyBytesMax, bodyTimeoutMs, problemFieldsMax } from './limits.ts'

/** The JSON of a request; nothing at all counts as `{}`. Throws `body_*`. */
export async function readJsonBody(
  incoming: IncomingMessage,
  clock: Clock,
  signal: AbortSignal,
  bytesMax: number = bodyBytesMax,
): Promise<unknown> {
  const text = await readText(incoming, clock, signal, bytesMax)
  if (text.trim() === '') return {}
  // Forms of other pages can't send this type without asking first (CORS preflight), which nobody answers here.
  if (!/^application\/json\s*(;|$)/i.test(incoming.headers['content-type'] ?? '')) {
    throw apiErrors.body_not_json('The body is not declared as JSON.')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw apiErrors.body_not_json('The body is not JSON.')
  }
}

async function readText(
  incoming: IncomingMessage,
  clock: Clock,
  signal: AbortSignal,
  bytesMax: number,
): Promise<string> {
  const late = () => apiErrors.body_timeout(`The body did not arrive within ${bodyTimeoutMs / 1000} s.`)
  const limit = deadline(clock, bodyTimeoutMs, late, signal)
  try {
    const bytes = await readBytes(incoming, { bytesMax, signal: limit.signal })
    const text = fromUtf8(bytes)
    if (text === undefined) throw apiErrors.body_not_json('The body is not UTF-8.')
    return text
  } finally {
    limit.done()
  }
}

/** Listens instead of iterating: an iteration that ends early would destroy the request, and with it the answer. */
export function readBytes(
  incoming: IncomingMessage,
  { bytesMax, signal }: { readonly bytesMax: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const chunks: Uint8Array[] = []
  let bytes = 0
  const onData = (chunk: Uint8Array) => {
    bytes += chunk.length
    chunks.push(chunk)
    if (bytes > bytesMax) reject(apiErrors.body_too_large(`The body is longer than ${bytesMax} bytes.`))
  }
  const onEnd = () => resolve(Buffer.concat(chunks))
  const onBroken = () => reject(apiErrors.body_not_json('The body broke off.'))
  const onAbort = () => reject(signal.reason)
  incoming.on('data', onData).once('end', onEnd).once('close', onBroken).once('error', onBroken)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  return promise.finally(() => {
    incoming.off('data', onData).off('end', onEnd).off('close', onBroken).off('error', onBroken)
    signal.removeEventListener('abort', onAbort)
  })
}

/** What the schema makes of it. Throws `request_malformed` with `details.fields`. */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw malformed(result.error)
}

function malformed(error: z.ZodError): PeerhoodError {
  const fields = error.issues.slice(0, problemFieldsMax).map((issue) => ({
    field: fieldOf(issue),
    problem: issue.message.slice(0, 200),
  }))
  const first = fields[0] ?? { field: '', problem: 'The request is malformed.' }
  const place = first.field === '' ? 'The request' : `\`${first.field}\``
  return apiErrors.request_malformed(`${place}: ${first.problem}.`, { details: { fields, count: error.issues.length } })
}

/** Names joined with "."; for a name that the schema doesn't know, that name. */
function fieldOf(issue: z.core.$ZodIssue): string {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path
  return path.map(String).join('.').slice(0, 100)
}
