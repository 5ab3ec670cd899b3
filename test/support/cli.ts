// The command line in this process, against a real API over in-memory services: what a command writes, and its exit code.

import { PassThrough } from 'node:stream'
import { toPeerhoodError } from '../../src/base/errors.ts'
import type { CliContext } from '../../src/cli/context.ts'
import { run } from '../../src/cli/main.ts'
import { reportError } from '../../src/cli/report.ts'
import type { Peerhood } from '../../src/sdk/client.ts'

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Lines of stdout, parsed. */
  json<Value>(): Value[]
}

export interface CliOptions {
  /** What comes on stdin, which is no terminal. */
  readonly stdin?: string
  /** Ends the command as Ctrl-C does. */
  readonly signal?: AbortSignal
  /** Called with all of stdout whenever more was written. */
  readonly onStdout?: (text: string) => void
  readonly workFolder?: string
}

export async function runIn(client: Peerhood, args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  let stdout = ''
  let stderr = ''
  const stdin = Object.assign(new PassThrough(), { isTTY: false })
  stdin.end(options.stdin ?? '')
  const context: CliContext = {
    terminal: {
      stdout: {
        write(text) {
          stdout += text
          options.onStdout?.(stdout)
        },
      },
      stderr: { write: (text) => (stderr += text) },
      stdin: stdin as unknown as NodeJS.ReadStream,
      canAsk: false,
      colour: false,
    },
    environment: { home: '/none', passphrase: undefined, logLevel: undefined },
    workFolder: options.workFolder ?? '/',
    signal: options.signal ?? new AbortController().signal,
    outliveReader: () => undefined,
    daemon: async () => client,
  }
  const code = await run(context, args).catch((error: unknown) =>
    reportError(context.terminal, toPeerhoodError(error), args.includes('--json')),
  )
  const json = <Value>() =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Value)
  return { code, stdout, stderr, json }
}
