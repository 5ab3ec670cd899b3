// JSON-RPC 2.0 around requests and answers: what a body may be, and how an answer is written.

import { fromUtf8 } from '../../base/bytes.ts'
import { type ErrorAnswer, limitReached, paramsWrong, RpcError, rpcCodes } from './errors.ts'
import { batchItemsMax, rpcBodyBytesMax } from './limits.ts'

type Id = string | number | null

export type Request =
  /** `id` undefined: a notification, which is done and not answered. */
  | { readonly ok: true; readonly id: Id | undefined; readonly method: string; readonly params: readonly unknown[] }
  | { readonly ok: false; readonly id: Id; readonly error: RpcError }

export interface Body {
  readonly isBatch: boolean
  readonly items: readonly unknown[]
}

/** Throws an `RpcError` that is the answer to all of it. */
export function readBody(body: string | Uint8Array): Body {
  // A character is at least a byte.
  if (body.length > rpcBodyBytesMax) throw limitReached(`the body is longer than ${rpcBodyBytesMax} bytes`)
  const value = parseJson(typeof body === 'string' ? body : fromUtf8(body))
  if (!Array.isArray(value)) return { isBatch: false, items: [value] }
  if (value.length === 0) throw new RpcError(rpcCodes.invalidRequest, 'empty batch')
  if (value.length > batchItemsMax) {
    throw new RpcError(rpcCodes.invalidRequest, `batch too large: more than ${batchItemsMax} requests`)
  }
  return { isBatch: true, items: value }
}

function parseJson(text: string | undefined): unknown {
  try {
    if (text !== undefined) return JSON.parse(text)
  } catch {
    // Said below.
  }
  throw new RpcError(rpcCodes.parse, text === undefined ? 'the body is not UTF-8' : 'the body is not JSON')
}

const isId = (value: unknown): value is Id => value === null || typeof value === 'string' || typeof value === 'number'

const invalid = (id: Id, message: string): Request => ({
  ok: false,
  id,
  error: new RpcError(rpcCodes.invalidRequest, message),
})

export function readRequest(item: unknown): Request {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return invalid(null, 'a request is an object')
  }
  const { jsonrpc, id, method, params = [] } = item as Record<string, unknown>
  if (id !== undefined && !isId(id)) return invalid(null, '`id` is a string, a number or null')
  const known = id ?? null
  if (jsonrpc !== '2.0') return invalid(known, '`jsonrpc` must be "2.0"')
  if (typeof method !== 'string') return invalid(known, '`method` must be a string')
  if (params !== null && !Array.isArray(params)) {
    return { ok: false, id: known, error: paramsWrong('non-array args: parameters go by position') }
  }
  return { ok: true, id, method, params: params ?? [] }
}

/** `result` undefined is null: JSON has no other word for it. */
export function resultText(id: Id, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result ?? null)}}`
}

export function errorText(id: Id, error: ErrorAnswer): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify(error)}}`
}
