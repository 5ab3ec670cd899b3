// `peerhood notify on|off|test`: messages to this person on their desktop, while no page is open.

import { Argument, type Command } from 'commander'
import type { Notifications } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { plain } from '../text.ts'

const changes = ['on', 'off', 'test'] as const

export function notifyCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'notify',
    summary: 'say whether messages to you are shown on the desktop; switch that on or off, or try it',
    detail:
      'The daemon shows what mentions you or is written to you alone, while no page is open, by notify-send (libnotify). A\n' +
      'page that is open does so by itself, where its settings say so.',
    example: 'peerhood notify\npeerhood notify off\npeerhood notify test',
  })
    .addArgument(new Argument('[change]', 'what to do').choices(changes))
    .action(async (change: (typeof changes)[number] | undefined, options: CommonOptions) => {
      const daemon = await context.daemon()
      const call = { signal: context.signal }
      if (change === 'test') await daemon.notifications.test(call)
      else if (change !== undefined) await daemon.settings.change({ notifications: change === 'on' }, call)
      const state = await daemon.notifications.get(call)
      if (options.json) printJson(context, state)
      else print(context, change === 'test' ? 'One is shown on the desktop now.' : textOf(state))
    })
}

function textOf({ on, sentence }: Notifications): string {
  return `${on ? 'on' : 'off'}: ${plain(sentence)}`
}
