// What every command gets: where to read and write, what the environment says, when the person wants to stop, and the
// daemon once it is asked for.

import type { Peerhood } from '../sdk/types.ts'
import type { Environment } from './environment.ts'
import { noProgress, type ProgressView, showProgress, type Terminal } from './terminal.ts'
import { jsonText, plain } from './text.ts'

export interface CliContext {
  readonly terminal: Terminal
  readonly environment: Environment
  /** Folder that relative paths start from. */
  readonly workFolder: string
  /** Aborts at the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
  /** From now on the command goes on when whoever read its output has gone, instead of ending there. */
  outliveReader(): void
  /** The daemon of this data folder. Throws `no_daemon`. */
  daemon(): Promise<Peerhood>
}

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: true
}

/** A result for people on stdout; what came from others has been made `plain` already. */
export function print(context: CliContext, text: string): void {
  context.terminal.stdout.write(`${text}\n`)
}

/** Something beside the result. */
export function note(context: CliContext, text: string): void {
  context.terminal.stderr.write(`${plain(text)}\n`)
}

/** One JSON object on a line of its own. */
export function printJson(context: CliContext, value: unknown): void {
  context.terminal.stdout.write(`${jsonText(value)}\n`)
}

export function progressOf(context: CliContext, options: CommonOptions): ProgressView {
  return options.json ? noProgress : showProgress(context.terminal, () => performance.now())
}
