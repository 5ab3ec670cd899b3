// How long one request's work may go on: until its caller is gone, the daemon stops, or its deadline passes.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { isPeerhoodError } from '../base/errors.ts'
import { onGone } from '../base/gone.ts'
import { apiErrors } from './errors.ts'

/** Aborts with `stopping`, or with `caller_gone` when the connection closes before the answer is out. */
export function requestSignal(incoming: IncomingMessage, outgoing: ServerResponse, stopping: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const onStopping = () => controller.abort(stopping.reason)
  if (stopping.aborted) onStopping()
  else stopping.addEventListener('abort', onStopping, { once: true })
  onGone(incoming, outgoing, () => {
    stopping.removeEventListener('abort', onStopping)
    controller.abort(apiErrors.caller_gone('The caller is gone.'))
  })
  return controller.signal
}

/** `work`, unless the signal aborts first: for work that doesn't look at the signal itself. */
export async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } catch (error) {
    // Work that noticed the abort may say so in words of its own; the reason says why.
    throw signal.aborted && isPeerhoodError(signal.reason) ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
