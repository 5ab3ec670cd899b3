// How a failure ends a command: one line what happened, one line what to do; as JSON one object; and the exit code that
// the error's kind stands for (README, "Exit codes"). One code has an exit code of its own.

import { exitCodeOfKind, type PeerhoodError } from '../base/errors.ts'
import type { Terminal } from './terminal.ts'
import { jsonText, plain } from './text.ts'

export function reportError(terminal: Terminal, error: PeerhoodError, json: boolean): number {
  if (json) terminal.stdout.write(`${jsonText(errorToJson(error))}\n`)
  else terminal.stderr.write(`peerhood: ${plain(error.message)}\n${plain(error.hint)}\n`)
  return exitCodeOf(error)
}

/** Scripts tell by 3 that a Peerhood runs on the data folder already, so nothing else may end with it. */
function exitCodeOf(error: PeerhoodError): number {
  return error.code === 'home_in_use' ? 3 : exitCodeOfKind[error.kind]
}

export function errorToJson(error: PeerhoodError): Record<string, unknown> {
  const { code, kind, message, hint, details } = error
  return { event: 'error', code, kind, message, hint, details, exitCode: exitCodeOf(error) }
}
