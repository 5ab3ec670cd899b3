// All commands under one name.

import { Command } from 'commander'
import { chatCommand } from './commands/chat.ts'
import { communityCommand } from './commands/community.ts'
import { deviceCommand } from './commands/device.ts'
import { doctorCommand } from './commands/doctor.ts'
import { getCommand } from './commands/get.ts'
import { identityCommand } from './commands/identity.ts'
import { keepCommand } from './commands/keep.ts'
import { linkCommand } from './commands/link.ts'
import { openCommand } from './commands/open.ts'
import { peersCommand } from './commands/peers.ts'
import { shareCommand } from './commands/share.ts'
import { sharesCommand } from './commands/shares.ts'
import { startCommand } from './commands/start.ts'
import { statusCommand } from './commands/status.ts'
import { stopCommand } from './commands/stop.ts'
import { transfersCommand } from './commands/transfers.ts'
import { unshareCommand } from './commands/unshare.ts'
import type { CliContext } from './context.ts'

const commands: readonly ((context: CliContext) => Command)[] = [
  startCommand,
  stopCommand,
  statusCommand,
  openCommand,
  shareCommand,
  unshareCommand,
  sharesCommand,
  getCommand,
  keepCommand,
  linkCommand,
  transfersCommand,
  communityCommand,
  chatCommand,
  peersCommand,
  doctorCommand,
  identityCommand,
  deviceCommand,
]

const exitCodes = `
Exit codes:
  0 done, 2 usage, 3 another daemon has this data folder, 4 not found or nobody has it, 5 refused, not trusted, or
  something else is in the way, 6 local disk or permission, 7 no daemon runs, 130 interrupted, 1 a defect of Peerhood

Example:
  peerhood start
  peerhood share ~/Pictures/summer
  peerhood get peerhood:abc… --to ~/Downloads
  peerhood community create Family`

export function createProgram(context: CliContext, version: string): Command {
  const { stdout, stderr } = context.terminal
  const program = new Command('peerhood')
    .description(
      'Share files, talk and work together straight from computer to computer, with no server in the middle.',
    )
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', exitCodes)
  for (const create of commands) program.addCommand(create(context))
  forEach(program, (command) => {
    command.exitOverride()
    command.configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // Errors are reported in one place (report.ts), in our own form.
      outputError: () => undefined,
    })
  })
  return program
}

function forEach(command: Command, run: (command: Command) => void): void {
  run(command)
  for (const child of command.commands) forEach(child, run)
}
