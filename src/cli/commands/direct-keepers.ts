// `peerhood direct keepers`: whether conversations are held by the computers that keep for this person, and which these are.

import { Argument, type Command } from 'commander'
import { defineCommand } from '../command.ts'
import { begin, show } from '../community.ts'
import type { CliContext, CommonOptions } from '../context.ts'
import { plain } from '../text.ts'

export function directKeepersCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'keepers',
    summary:
      'say whether computers that keep for you hold your conversations, too, so that two who are never on at once talk',
    detail:
      'A computer keeps for you when it was told to: `peerhood keep --for YOUR-LINK --up-to 10GB` there. It holds the sealed\n' +
      'messages and reads none. Those of the other person hold them, too. One by hand: `peerhood community keepers`.',
    example: 'peerhood direct keepers\npeerhood direct keepers off',
  })
    .addArgument(new Argument('[change]', 'what to do').choices(['on', 'off']))
    .action(async (change: 'on' | 'off' | undefined, _options: CommonOptions, command: Command) => {
      const work = await begin(context, command)
      const { daemon, call } = work
      const settings =
        change === undefined
          ? await daemon.settings.get(call)
          : await daemon.settings.change({ keepConversations: change === 'on' }, call)
      const keepers = (await daemon.copies.get(call)).keepers.map(({ peerId, label, state }) => ({
        peerId,
        label,
        state,
      }))
      const on = settings.keepConversations
      show(work, { on, keepers }, () => {
        const named = keepers.map(({ label }) => plain(label)).join(', ')
        return on ? `on: ${named === '' ? 'no computer keeps for you yet' : `held by ${named}`}` : 'off'
      })
    })
}
