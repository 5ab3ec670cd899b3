// `peerhood open`: prints the page's address, with the token that lets its reader in.

import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { findDaemon, pageAddress } from '../daemon.ts'

export function openCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'open',
    summary: "print the page's address; whoever has it controls this peer",
    example: 'xdg-open "$(peerhood open)"',
  }).action(async (options: CommonOptions) => {
    const daemon = await context.daemon()
    // Answers only where the daemon really is there and takes our token.
    await daemon.status({ signal: context.signal })
    const page = pageAddress(findDaemon(context.environment.home))
    if (options.json) printJson(context, { page })
    else print(context, page)
  })
}
