// `peerhood stop`: asks the daemon to stop and waits until it has.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { cliErrors } from '../errors.ts'

/** A stop takes under 2 s; a daemon that hangs longer than this is told about. In ms. */
const stopMsMax = 10_000
const lookEveryMs = 20

export function stopCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'stop',
    summary: 'stop the daemon; nothing is lost, transfers go on at the next start',
    example: 'peerhood stop',
  }).action(async (options: CommonOptions) => {
    const daemon = await context.daemon()
    const startedMs = performance.now()
    await daemon.stop({ signal: context.signal })
    await untilGone(context, startedMs)
    if (options.json) printJson(context, { stopped: true, seconds: (performance.now() - startedMs) / 1000 })
    else print(context, 'Peerhood has stopped.')
  })
}

/** The daemon deletes `daemon.json` as the very last thing. */
async function untilGone(context: CliContext, startedMs: number): Promise<void> {
  const file = join(context.environment.home, 'daemon.json')
  while (existsSync(file)) {
    if (performance.now() - startedMs > stopMsMax) {
      throw cliErrors.daemon_hangs(`The daemon has not stopped after ${stopMsMax / 1000} s.`)
    }
    await wait(lookEveryMs, undefined, { signal: context.signal })
  }
}
