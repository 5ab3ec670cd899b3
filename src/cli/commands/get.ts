// `peerhood get LINK`: fetches what a link offers, from everyone who has it at once.

import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { Transfer } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, print, printJson } from '../context.ts'
import { doneToJson, type FollowOptions, followTransfer } from '../follow.ts'
import { bytesToText, count, plain, secondsToText } from '../text.ts'

interface GetOptions extends FollowOptions {
  readonly to?: string
  readonly only?: string
}

export function getCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'get <link>',
    summary: 'fetch what a link offers, checked block by block',
    detail:
      'It waits for someone who has it. Ctrl-C leaves what has arrived where it is: the same command goes on from there.\n' +
      'With --json an object a line: event is progress, done or error; the last one has bytes, seconds and path.',
    example: "peerhood get peerhood:abc… --to ~/Downloads --only '*.pdf'",
  })
    .option('--to <folder>', 'folder to write into (default: the present one)')
    .option('--only <pattern>', 'only files whose path matches, written as in .gitignore')
    .option('--timeout <seconds>', 'give up when no byte came for so long (default: never)', parseSeconds)
    .action(async (link: string, options: GetOptions) => {
      const to = resolve(context.workFolder, options.to ?? '.')
      const only = options.only === undefined ? {} : { only: options.only }
      const transfer = await followTransfer(context, { link, mode: 'get', to, ...only }, options)
      if (options.json) printJson(context, doneToJson(transfer))
      else print(context, doneText(transfer))
    })
}

/** For commander: a number of seconds above zero. */
export function parseSeconds(text: string): number {
  const seconds = Number(text)
  // Timers hold 2^31 - 1 ms.
  if (!(seconds > 0 && seconds <= 2_147_483)) throw new InvalidArgumentError('It is a number of seconds above zero.')
  return seconds
}

function doneText(transfer: Transfer): string {
  const size = `${count(transfer.files, 'file')}, ${bytesToText(transfer.bytes)}`
  const rate = transfer.seconds > 0 ? `, ${bytesToText(transfer.bytes / transfer.seconds)}/s` : ''
  const reused = transfer.bytesReused > 0 ? `, ${bytesToText(transfer.bytesReused)} of it was here already` : ''
  return `${plain(transfer.path ?? '')}\n${size} in ${secondsToText(transfer.seconds)}${rate}${reused}`
}
