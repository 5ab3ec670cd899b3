// All commands under one name, or just the one that is called.

import { Command } from 'commander'
import type { CliContext } from './context.ts'

type Create = (context: CliContext) => Command

/** By name, in the order of the help. A command is loaded when it runs: a daemon that waits for days needs one of them. */
const commands: Readonly<Record<string, () => Promise<Create>>> = {
  start: async () => (await import('./commands/start.ts')).startCommand,
  stop: async () => (await import('./commands/stop.ts')).stopCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  open: async () => (await import('./commands/open.ts')).openCommand,
  share: async () => (await import('./commands/share.ts')).shareCommand,
  unshare: async () => (await import('./commands/unshare.ts')).unshareCommand,
  shares: async () => (await import('./commands/shares.ts')).sharesCommand,
  get: async () => (await import('./commands/get.ts')).getCommand,
  keep: async () => (await import('./commands/keep.ts')).keepCommand,
  link: async () => (await import('./commands/link.ts')).linkCommand,
  transfers: async () => (await import('./commands/transfers.ts')).transfersCommand,
  community: async () => (await import('./commands/community.ts')).communityCommand,
  chat: async () => (await import('./commands/chat.ts')).chatCommand,
  direct: async () => (await import('./commands/direct.ts')).directCommand,
  ledger: async () => (await import('./commands/ledger.ts')).ledgerCommand,
  ipfs: async () => (await import('./commands/ipfs.ts')).ipfsCommand,
  peers: async () => (await import('./commands/peers.ts')).peersCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  notify: async () => (await import('./commands/notify.ts')).notifyCommand,
  identity: async () => (await import('./commands/identity.ts')).identityCommand,
  device: async () => (await import('./commands/device.ts')).deviceCommand,
}

const exitCodes = `
Exit codes:
  0 done, 2 usage, 3 another daemon has this data folder, 4 not found or nobody has it, 5 refused, not trusted, or
  something else is in the way, 6 local disk or permission, 7 no daemon runs, 130 interrupted, 1 a defect of Peerhood

Example:
  peerhood start
  peerhood share ~/Pictures/summer
  peerhood get peerhood:abc… --to ~/Downloads
  peerhood community create Family`

/** `name` is of the command that will be called; all of them when there is no such command, for the help. */
export async function createProgram(context: CliContext, version: string, name: string | undefined): Promise<Command> {
  const { stdout, stderr } = context.terminal
  const program = new Command('peerhood')
    .description(
      'Share files, talk and work together straight from computer to computer, with no server in the middle.',
    )
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', exitCodes)
  const called = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined
  const loads = called === undefined ? Object.values(commands) : [called]
  for (const create of await Promise.all(loads.map((load) => load()))) program.addCommand(create(context))
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
