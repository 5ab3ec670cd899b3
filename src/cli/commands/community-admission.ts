// `peerhood community code`, `enter`, `request-link`, `ask`, `asks`, `requests`: how people come in without an invite.

import type { Command } from 'commander'
import type { Applicant, Ask, DecisionRequest } from '../../sdk/types.ts'
import { type CodeOptions, showCode } from '../codes.ts'
import { defineCommand } from '../command.ts'
import { begin, chooseCommunity, ownName, shortPerson, show, type Work } from '../community.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { printQr } from '../qr.ts'
import { selectNamed } from '../select.ts'
import { plain, shortId, table, timeToText } from '../text.ts'

interface CommunityCodeOptions extends CodeOptions {
  readonly role?: string
}

export function codeCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'code <community>',
    summary: 'make a code to say aloud, which lets one person in',
    detail:
      'For somebody in the same room, or on the phone: they type it with `peerhood community enter`. It is good for ten\n' +
      'minutes, one guest and three wrong guesses. The command waits for the guest; Ctrl-C ends the code.',
    example: 'peerhood community code Family\npeerhood community code Club --role guest',
  })
    .option('--role <role>', 'what they will be, not above your own role (default: member)')
    .option('--no-wait', 'leave the code open and do not wait for the guest')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<CommunityCodeOptions>(context, command)
      const { id } = await chooseCommunity(work, name)
      const { role } = work.options
      const ended = await showCode(work, {
        open: () => work.daemon.communities.openCode(id, role === undefined ? {} : { role }, work.call),
        cancel: (nameplate) => work.daemon.communities.cancelCode(id, nameplate),
      })
      if (ended !== undefined) show(work, ended, () => plain(`${ended.guest ?? 'Somebody'} has come in.`))
    })
}

interface NameOptions extends CommonOptions {
  readonly as?: string
  readonly note?: string
}

export function enterCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'enter <code>',
    summary: 'come into a community by a code that somebody nearby says',
    detail: 'Both computers have to be connected: on one network they find each other.',
    example: 'peerhood community enter 7-ocean-lamp --as Ben',
  })
    .option('--as <name>', 'how you are called in it (default: your name on this computer)')
    .action(async (code: string, _options: unknown, command: Command) => {
      const work = await begin<NameOptions>(context, command)
      const community = await work.daemon.communities.enter({ code, memberName: ownName(work.options) }, work.call)
      show(work, community, () => plain(`You are in ${community.name ?? shortId(community.id)}.`))
    })
}

interface LinkOptions extends CommonOptions {
  readonly qr?: true
}

export function requestLinkCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'request-link <community>',
    summary: 'print the link with which others ask to be let in; it holds no secret',
    example: 'peerhood community request-link Club --qr',
  })
    .option('--qr', 'show the link as a QR code as well')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<LinkOptions>(context, command)
      const { id } = await chooseCommunity(work, name)
      const link = await work.daemon.communities.requestLink(id, work.call)
      show(work, { link }, () => plain(link))
      if (work.options.qr === true && work.options.json === undefined) await printQr(context, link)
    })
}

export function askCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'ask <link>',
    summary: 'ask to be let into a community',
    detail:
      'The link comes from a member: `peerhood community request-link`. Peerhood goes on asking until somebody there has\n' +
      'said yes or no, also after a restart; `peerhood community asks` says how it stands.',
    example: 'peerhood community ask peerhood:abc… --as Ben --note "Ada’s brother"',
  })
    .option('--as <name>', 'how you want to be called in it (default: your name on this computer)')
    .option('--note <text>', 'who you are and why you ask')
    .action(async (link: string, _options: unknown, command: Command) => {
      const work = await begin<NameOptions>(context, command)
      const { note } = work.options
      const request = { link, memberName: ownName(work.options), ...(note === undefined ? {} : { note }) }
      const ask = await work.daemon.communities.ask(request, work.call)
      show(work, ask, () => plain(`${ask.name ?? shortId(ask.community)}: ${ask.sentence}`))
    })
}

interface AsksOptions extends CommonOptions {
  readonly cancel?: string
}

export function asksCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'asks',
    summary: 'list what this computer asks to be let into',
    example: 'peerhood community asks\npeerhood community asks --cancel Club',
  })
    .option('--cancel <community>', 'ask no longer: its name, its id or the beginning of its id')
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<AsksOptions>(context, command)
      const asks = await work.daemon.communities.asks(work.call)
      const { cancel } = work.options
      if (cancel === undefined) {
        show(work, asks, () => asksText(asks))
        return
      }
      const named = asks.map((ask) => ({ id: ask.community, name: ask.name ?? '' }))
      const { id, name } = selectNamed(named, cancel, 'community')
      await work.daemon.communities.cancelAsk(id, work.call)
      show(work, { community: id, cancelled: true }, () => plain(`${name || shortId(id)} is asked for no longer.`))
    })
}

function asksText(asks: readonly Ask[]): string {
  if (asks.length === 0) return 'Nothing is asked for. Ask with `peerhood community ask LINK`.'
  const rows = asks.map((ask) => [
    shortId(ask.community),
    ask.name ?? '',
    ask.memberName,
    timeToText(ask.askedMs),
    ask.sentence,
  ])
  return table(['COMMUNITY', 'NAME', 'AS', 'SINCE', 'STATE'], rows)
}

interface RequestsOptions extends CommonOptions {
  readonly accept?: string
  readonly role?: string
  readonly refuse?: string
  readonly block?: string
}

export function requestsCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'requests <community>',
    summary: 'list who asks to be let in, and decide',
    detail:
      'One who asks is named by device: its id, the beginning of it, or the name that they give themselves. Anybody can\n' +
      'give themselves any name: ask them. Who is blocked is refused without a word until refused once more.',
    example:
      'peerhood community requests Club\npeerhood community requests Club --accept 3fa9 --role guest\npeerhood community requests Club --refuse Mallory',
  })
    .option('--accept <device>', 'let this one in')
    .option('--role <role>', 'with --accept: what they will be (default: member)')
    .option('--refuse <device>', 'say no to this one; they may ask again')
    .option('--block <device>', 'say no to this one, and to whatever they ask from then on')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<RequestsOptions>(context, command)
      const decision = decisionIn(work.options)
      const { id } = await chooseCommunity(work, name)
      const requests = await work.daemon.communities.requests(id, work.call)
      if (decision === undefined) show(work, requests, () => requestsText(requests))
      else await decide(work, id, requests, decision)
    })
}

interface Chosen {
  readonly who: string
  readonly request: DecisionRequest
  readonly sentence: string
}

/** Throws `usage`. */
function decisionIn({ accept, role, refuse, block }: RequestsOptions): Chosen | undefined {
  const given = [accept, refuse, block].filter((one) => one !== undefined)
  if (given.length > 1) throw cliErrors.usage('Give one of --accept, --refuse and --block.')
  if (role !== undefined && accept === undefined) throw cliErrors.usage('--role goes with --accept.')
  if (accept !== undefined) {
    const request = { accept: true, ...(role === undefined ? {} : { role }) }
    return { who: accept, request, sentence: 'is let in as soon as their computer asks again.' }
  }
  if (refuse !== undefined) return { who: refuse, request: { accept: false }, sentence: 'is refused.' }
  if (block === undefined) return undefined
  return { who: block, request: { accept: false, block: true }, sentence: 'is refused from now on.' }
}

async function decide(
  work: Work<RequestsOptions>,
  id: string,
  requests: readonly Applicant[],
  { who, request, sentence }: Chosen,
): Promise<void> {
  const named = requests.map(({ device, memberName }) => ({ id: device, name: memberName }))
  const { id: device, name } = selectNamed(named, who, 'request')
  await work.daemon.communities.decide(id, device, request, work.call)
  if (work.options.json) printJson(work.context, { device, ...request })
  else print(work.context, plain(`${name} ${sentence}`))
}

function requestsText(requests: readonly Applicant[]): string {
  if (requests.length === 0) return 'Nobody asks to be let in.'
  const rows = requests.map((one) => [
    shortId(one.device),
    one.memberName,
    shortId(shortPerson(one.person)),
    one.state,
    timeToText(one.askedMs),
    one.note.replaceAll('\n', ' '),
  ])
  return table(['DEVICE', 'NAME', 'PERSON', 'STATE', 'SINCE', 'NOTE'], rows)
}
