// `peerhood unshare WHAT…`: stops offering; files stay where they are, copies that the page uploaded go.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Peerhood, Share } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { selectById } from '../select.ts'
import { plain } from '../text.ts'

export function unshareCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'unshare <what...>',
    summary: 'stop offering shares, named by id, path or link; files stay',
    detail:
      'What was dropped on the page lies as a copy in the data folder: that copy is deleted once nothing shares it,\n' +
      'unless it has been changed there.',
    example: 'peerhood unshare ~/Pictures/summer',
  }).action(async (whats: readonly string[], options: CommonOptions) => {
    const daemon = await context.daemon()
    for (const what of whats) {
      const share = await findShare(context, daemon, what)
      await daemon.shares.remove(share.id, { signal: context.signal })
      if (options.json) printJson(context, { id: share.id, removed: true })
      else print(context, `${plain(share.name ?? share.id)} is no longer shared.`)
    }
  })
}

async function findShare(context: CliContext, daemon: Peerhood, what: string): Promise<Share> {
  const { signal } = context
  const shares = await daemon.shares.list({ signal })
  if (what.startsWith('peerhood:')) {
    const link = await daemon.links.inspect({ link: what }, { signal })
    if (!('shareId' in link)) throw cliErrors.link_for_community('This link is for a community, not for a share.')
    return selectById(shares, link.shareId)
  }
  const path = resolve(context.workFolder, what)
  return shares.find((share) => share.path === path) ?? selectById(shares, what)
}
