// How the end of a call is told: data, or an error that tools understand.

import type { CallResult } from '../evm/types.ts'
import { RpcError, refused, rpcCodes } from './errors.ts'
import { bytes } from './hex.ts'
import { revertReason } from './revert-core.ts'

export function reverted(data: Uint8Array): RpcError {
  const reason = revertReason(data)
  return new RpcError(
    rpcCodes.reverted,
    reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`,
    bytes(data),
  )
}

/** What it returned, or throws what it ended with. */
export function returnedOf(result: CallResult): Uint8Array {
  if (result.kind === 'returned') return result.data
  throw failureOf(result)
}

export function failureOf(result: Exclude<CallResult, { kind: 'returned' }>): RpcError {
  return result.kind === 'reverted' ? reverted(result.data) : refused(result.reason)
}
