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
  return fields([
    ...subjectOf(link),
    ['peers', link.peers.join(', ') || 'none named: found through the network'],
    ['next', nextSteps[link.kind]],
  ])
}

/** Which command takes it. */
const nextSteps: Readonly<Record<Link['kind'], string>> = {
  read: '`peerhood get LINK`, or `peerhood keep LINK` to hold a copy for others',
  keep: '`peerhood keep LINK`',
  invite: '`peerhood community join LINK --as NAME`',
  'community-keep': '`peerhood community keep LINK`',
  'community-request': '`peerhood community ask LINK --as NAME`; a member decides',
  contact: '`peerhood direct ask LINK --as NAME MESSAGE`; they decide',
}

function subjectOf(link: Link): [string, string][] {
  switch (link.kind) {
    case 'invite':
      return [
        ['for', 'joining a community'],
        ...named(link),
        ['community', link.communityId],
        ['invite', link.inviteId],
      ]
    case 'community-keep':
      return [
        ['for', 'keeping a community for others'],
        ['community', link.communityId],
      ]
    case 'community-request':
      return [['for', 'asking to be let into a community'], ...named(link), ['community', link.communityId]]
    case 'contact':
      return [
        ['for', 'asking a person to talk'],
        ...named(link),
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

/** By the word of whoever made the link. */
function named({ name }: { readonly name: string | null }): [string, string][] {
  return name === null ? [] : [['name', name]]
}
