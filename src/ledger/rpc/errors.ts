// JSON-RPC errors: numbers that wallets and tools know, and a sentence. Numbers: JSON-RPC 2.0 §5.1, EIP-1474, execution-apis.

import { isPeerhoodError } from '../../base/errors.ts'

export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

export const rpcCodes = {
  parse: -32700,
  invalidRequest: -32600,
  methodUnknown: -32601,
  paramsWrong: -32602,
  internal: -32603,
  /** What the node can't do for a reason that it says. */
  refused: -32000,
  /** EIP-1474: "Limit exceeded". */
  limit: -32005,
  reverted: 3,
} as const

export const refused = (message: string, data?: unknown) => new RpcError(rpcCodes.refused, message, data)
export const limitReached = (message: string) => new RpcError(rpcCodes.limit, message)
export const paramsWrong = (message: string) => new RpcError(rpcCodes.paramsWrong, message)

export interface ErrorAnswer {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** What leaves of anything thrown. A defect of ours tells nothing of itself; `isDefect` is for the log. */
export function errorAnswer(thrown: unknown): { readonly answer: ErrorAnswer; readonly isDefect: boolean } {
  if (thrown instanceof RpcError) {
    const { code, message, data } = thrown
    return { answer: data === undefined ? { code, message } : { code, message, data }, isDefect: false }
  }
  if (isPeerhoodError(thrown) && thrown.kind !== 'internal') {
    const { code, message, hint, details } = thrown
    // Simulations know the specification's number for what they refuse.
    if (typeof details.rpcCode === 'number') return { answer: { code: details.rpcCode, message }, isDefect: false }
    return { answer: { code: rpcCodes.refused, message, data: { code, hint, ...details } }, isDefect: false }
  }
  return { answer: { code: rpcCodes.internal, message: 'internal error' }, isDefect: true }
}
