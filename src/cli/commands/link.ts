// `peerhood link inspect LINK`: what a link says, without reaching anybody.

import type { Command } from 'commander'
import type { Link } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { fields } from '../text.ts'

export function linkCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'link',
    summary: 'look into a link',
    example: 'peerhood link inspect peerhood:abc…',
  }).addCommand(inspectCommand(context))
}

function inspectCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'inspect <link>',
    summary: 'say what a link is for, without reaching anybody',
    example: 'peerhood link inspect peerhood:abc…',
  }).action(async (text: string, _options: unknown, command: Command) => {
    const daemon = await context.daemon()
    const link = await daemon.links.inspect({ link: text }, { signal: context.signal })
    const { json } = command.optsWithGlobals<CommonOptions>()
    if (json) printJson(context, link)
    else print(context, linkText(link))
  })
}

function linkText(link: Link): string {
  return fields([...subjectOf(link), ['peers', link.peers.join(', ') || 'none named: found through the network']])
}

function subjectOf(link: Link): [string, string][] {
  switch (link.kind) {
    case 'invite': {
      const named: [string, string][] = link.name === null ? [] : [['name', link.name]]
      return [['for', 'joining a community'], ['community', link.communityId], ...named, ['invite', link.inviteId]]
    }
    case 'community-keep':
      return [
        ['for', 'keeping a community for others'],
        ['community', link.communityId],
      ]
    case 'contact':
      return [
        ['for', 'asking a person to talk'],
        ...(link.name === null ? [] : [['name', link.name] as [string, string]]),
        ['words', link.words.join(' ')],
        ['person', link.person],
      ]
    default:
      return [
        ['for', link.kind === 'read' ? 'fetching and reading' : 'keeping a copy for others'],
        ['share', `${link.shareId} (${link.visibility})`],
      ]
  }
}
