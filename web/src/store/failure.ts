// What went wrong, as views show it: a sentence, and what to do about it.

import { toPeerhoodError } from '../../../src/base/errors.ts'

export interface Failure {
  readonly sentence: string
  readonly hint: string
  readonly code: string
}

export function toFailure(error: unknown): Failure {
  const { message, hint, code } = toPeerhoodError(error)
  return { sentence: message, hint, code }
}
