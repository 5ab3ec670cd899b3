// `peerhood keep LINK`: holds a copy for others and serves it on; a private share stays unreadable here.

import type { Command } from 'commander'
import { defineCommand } from '../command.ts'
import { type CliContext, print, printJson } from '../context.ts'
import { doneToJson, type FollowOptions, followTransfer } from '../follow.ts'
import { bytesToText, secondsToText } from '../text.ts'
import { parseSeconds } from './get.ts'

export function keepCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'keep <link>',
    summary: 'hold a copy for others and serve it on, without being able to read it if private',
    detail: 'A link for keeping (`keepLink` in `peerhood shares --json`) gives the copy and not the key.',
    example: 'peerhood keep peerhood:abc…',
  })
    .option('--timeout <seconds>', 'give up when no byte came for so long (default: never)', parseSeconds)
    .action(async (link: string, options: FollowOptions) => {
      const transfer = await followTransfer(context, { link, mode: 'keep' }, options)
      if (options.json) printJson(context, doneToJson(transfer))
      else print(context, `Kept ${bytesToText(transfer.bytes)} in ${secondsToText(transfer.seconds)}; it is served on.`)
    })
}
