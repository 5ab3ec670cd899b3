// Turns what a call met into a PeerhoodError: a problem document (RFC 9457), silence, an abort, or an answer that no
// Peerhood daemon gives. Whatever listens on the port may be something else, so nothing is believed before it is checked.

import { type ErrorKind, exitCodeOfKind, isPeerhoodError, PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { sdkErrors } from './errors.ts'
import { problemBytesMax } from './limits.ts'

/** The error of an answer that is not a success. */
export async function errorOfResponse(response: Response): Promise<PeerhoodError> {
  const problem = parseProblem(await bodyText(response))
  if (problem !== undefined) return problem
  return sdkErrors.answer_malformed(`The address answered ${response.status}, but not as a Peerhood daemon does.`, {
    details: { status: response.status },
  })
}

/** The error of a fetch, or of reading an answer, that threw; `signal` is the caller's. */
export function errorOfFailure(failure: unknown, url: string, signal: AbortSignal | undefined): PeerhoodError {
  if (isPeerhoodError(failure)) return failure
  if (signal?.aborted === true) {
    return isPeerhoodError(signal.reason) ? signal.reason : interrupted(failure)
  }
  return sdkErrors.daemon_unreachable(`No daemon answers at ${url}.`, { cause: failure })
}

function interrupted(cause: unknown): PeerhoodError {
  const abort = new Error('aborted', { cause })
  abort.name = 'AbortError'
  return toPeerhoodError(abort)
}

/** The PeerhoodError that a problem document was made from; undefined for anything else. */
export function parseProblem(text: string | undefined): PeerhoodError | undefined {
  const problem = parseObject(text)
  if (problem === undefined) return undefined
  const { code, kind, detail, hint, details } = problem
  if (typeof code !== 'string' || typeof detail !== 'string' || typeof hint !== 'string' || !isKind(kind)) {
    return undefined
  }
  return new PeerhoodError(code, { kind, hint }, detail, isObject(details) ? { details } : {})
}

function isKind(value: unknown): value is ErrorKind {
  return typeof value === 'string' && Object.hasOwn(exitCodeOfKind, value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The body, unless it is longer than any problem document of ours. */
async function bodyText(response: Response): Promise<string | undefined> {
  const reader = response.body?.getReader()
  if (reader === undefined) return undefined
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    text += decoder.decode(value, { stream: true })
    if (text.length > problemBytesMax) {
      await reader.cancel()
      return undefined
    }
  }
}
