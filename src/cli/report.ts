// How a failure ends a command: one line what happened, one line what to do; as JSON one object; and the exit code that
// the error's kind stands for (README, "Exit codes").

import { exitCodeOfKind, type PeerhoodError } from '../base/errors.ts'
import type { Terminal } from './terminal.ts'
import { plain } from './text.ts'

export function reportError(terminal: Terminal, error: PeerhoodError, json: boolean): number {
  const exitCode = exitCodeOfKind[error.kind]
  if (json) terminal.stdout.write(`${JSON.stringify(errorToJson(error, exitCode))}\n`)
  else terminal.stderr.write(`peerhood: ${plain(error.message)}\n${plain(error.hint)}\n`)
  return exitCode
}

export function errorToJson(error: PeerhoodError, exitCode: number): Record<string, unknown> {
  const { code, kind, message, hint, details } = error
  return { event: 'error', code, kind, message, hint, details, exitCode }
}
