// The command line's one boundary: reads the environment, runs a command, turns whatever it throws into two lines (or a
// JSON object) and an exit code. `bin/peerhood.mjs` calls it. The first Ctrl-C asks the command to end; a second one,
// if it is not the same one passed on by npm or the shell, ends the process on the spot.

import { CommanderError } from 'commander'
import { type PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { packageVersion } from '../program/program.ts'
import type { CliContext } from './context.ts'
import { connectDaemon, noDaemon } from './daemon.ts'
import { readEnvironment } from './environment.ts'
import { cliErrors } from './errors.ts'
import { createProgram } from './program.ts'
import { reportError } from './report.ts'
import type { Terminal } from './terminal.ts'

/** Signals this close together are one: a terminal, npm and the wrapper may each pass on the same Ctrl-C. In ms. */
const signalRepeatMsMin = 400

/** `args` without node and script. Resolves with the exit code; never rejects. */
export async function runCli(args: readonly string[]): Promise<number> {
  const terminal = processTerminal()
  const json = args.includes('--json')
  let isFilter = true
  // `peerhood shares | head -1`: whoever read has gone, and that is fine.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isFilter && error.code === 'EPIPE') process.exit(0)
  })
  process.stderr.on('error', () => undefined)
  const interruption = watchSignals()
  try {
    const environment = readEnvironment(process.env, process.platform)
    const context: CliContext = {
      terminal,
      environment,
      workFolder: process.cwd(),
      signal: interruption.signal,
      outliveReader: () => {
        isFilter = false
      },
      daemon: () => connectDaemon(environment.home),
    }
    return await run(context, args)
  } catch (error) {
    return reportError(terminal, explain(error, interruption.signal), json)
  } finally {
    interruption.stop()
  }
}

/** Runs one command. Rejects with what it threw, a mistyped one with `usage`. */
export async function run(context: CliContext, args: readonly string[]): Promise<number> {
  const name = args.find((arg) => !arg.startsWith('-'))
  const program = await createProgram(context, packageVersion(), name)
  if (args.length === 0) {
    program.outputHelp()
    return 0
  }
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (!(error instanceof CommanderError)) throw betterKnown(error, context)
    if (error.exitCode === 0) return 0
    throw cliErrors.usage(usageMessage(error))
  }
}

/** commander prints the whole help where a subcommand is missing; its own messages begin with "error: ". */
function usageMessage(error: CommanderError): string {
  if (error.code === 'commander.help') return 'A subcommand is missing.'
  return `${error.message.replace(/^error: /, '').split('\n', 1)[0]}.`.replace(/\.\.$/, '.')
}

/** Where a daemon is gone, or another one sits on its port, the person should read just that. */
function betterKnown(error: unknown, context: CliContext): unknown {
  const { code } = toPeerhoodError(error)
  const elsewhere = code === 'daemon_unreachable' || code === 'unauthenticated' || code === 'answer_malformed'
  return elsewhere ? noDaemon(context.environment.home) : error
}

function explain(error: unknown, signal: AbortSignal): PeerhoodError {
  const known = toPeerhoodError(error)
  if (signal.aborted && known.kind !== 'interrupted') return cliErrors.interrupted('It was interrupted.')
  return known
}

function watchSignals(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController()
  let firstMs: number | undefined
  const onSignal = () => {
    const nowMs = performance.now()
    firstMs ??= nowMs
    if (controller.signal.aborted && nowMs - firstMs > signalRepeatMsMin) process.exit(130)
    controller.abort()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  return {
    signal: controller.signal,
    stop: () => {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

function processTerminal(): Terminal {
  const { stdout, stderr, stdin, env } = process
  const noColour = env.NO_COLOR !== undefined && env.NO_COLOR !== ''
  return {
    stdout,
    stderr,
    stdin,
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    colour: stdout.isTTY === true && !noColour && env.TERM !== 'dumb',
  }
}
