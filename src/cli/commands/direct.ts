// `peerhood direct`: conversations with one other person, who may be in no community of yours.

import type { Command } from 'commander'
import type { Contact, Conversation, DirectAsk, DirectRequest } from '../../sdk/types.ts'
import { defineCommand, parseChoice } from '../command.ts'
import { begin, ownName, shortPerson, show, type Work } from '../community.ts'
import type { CliContext, CommonOptions } from '../context.ts'
import { printQr } from '../qr.ts'
import { selectNamed } from '../select.ts'
import { fields, plain, shortId, table, timeToText } from '../text.ts'
import { blockCommand, blockedCommand, unblockCommand } from './direct-blocks.ts'
import { directKeepersCommand } from './direct-keepers.ts'
import { followCommand, readCommand, sendCommand } from './direct-messages.ts'

export function directCommand(context: CliContext): Command {
  const command = defineCommand({
    usage: 'direct',
    summary: 'talk with one other person, by a request that can be refused or blocked',
    detail:
      'Whoever has your contact link can ask you; you accept, refuse or block. Names are what people call themselves: the\n' +
      'six words tell one person from all others.',
    example: 'peerhood direct link --qr\npeerhood direct ask peerhood:abc… "Is the boat still for sale?" --as Ben',
  })
  const create = [
    linkCommand,
    askCommand,
    listCommand,
    requestsCommand,
    acceptCommand,
    refuseCommand,
    cancelCommand,
    sendCommand,
    readCommand,
    followCommand,
    blockCommand,
    unblockCommand,
    blockedCommand,
    directKeepersCommand,
  ]
  for (const make of create) command.addCommand(make(context))
  return command
}

interface LinkOptions extends CommonOptions {
  readonly qr?: true
  readonly as?: string
  readonly who?: Contact['who']
  readonly renew?: true
}

function linkCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'link',
    summary: 'print your contact link: whoever has it can ask you',
    detail:
      'With --who you say who may ask: link (everybody with the link, and members of your communities), community (only the\n' +
      'latter), nobody. With --renew you get a new link, and those you gave out before are good for nothing.',
    example: 'peerhood direct link --as Ada --qr\npeerhood direct link --who community',
  })
    .option('--qr', 'show the link as a QR code as well')
    .option('--as <name>', 'what the link calls you from now on')
    .option('--who <who>', 'who may ask you from now on', parseChoice('link', 'community', 'nobody'))
    .option('--renew', 'make a new link')
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<LinkOptions>(context, command)
      const contact = await changedContact(work)
      show(work, contact, () => contactText(contact))
      if (work.options.qr === true && work.options.json === undefined) await printQr(context, contact.link)
    })
}

async function changedContact({ daemon, call, options }: Work<LinkOptions>): Promise<Contact> {
  const patch = {
    ...(options.as === undefined ? {} : { name: options.as }),
    ...(options.who === undefined ? {} : { who: options.who }),
  }
  const changed = Object.keys(patch).length > 0 ? await daemon.direct.changeContact(patch, call) : undefined
  if (options.renew === true) return daemon.direct.renewContact(call)
  return changed ?? daemon.direct.contact(call)
}

const whoTexts: Readonly<Record<Contact['who'], string>> = {
  link: 'everybody with this link, and members of your communities',
  community: 'members of your communities only',
  nobody: 'nobody',
}

function contactText({ link, words, name, who }: Contact): string {
  const named: [string, string][] = name === null ? [] : [['as', name]]
  return `${plain(link)}\n${fields([...named, ['your words', words.join(' ')], ['may ask you', whoTexts[who]]])}`
}

interface NameOptions extends CommonOptions {
  readonly as?: string
}

function askCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'ask <to> <text...>',
    summary: 'ask somebody to talk',
    detail:
      'TO is their contact link, or the id of a peer of somebody in a community of yours. What you write is the first\n' +
      'message; they read it before they decide. Peerhood goes on asking until they have, also after a restart, for 30\n' +
      'days; `peerhood direct requests` says how it stands.',
    example: 'peerhood direct ask peerhood:abc… "Is the boat still for sale?" --as Ben',
  })
    .option('--as <name>', 'how you are called in it (default: your name on this computer)')
    .action(async (to: string, words: readonly string[], _options: unknown, command: Command) => {
      const work = await begin<NameOptions>(context, command)
      const request = { to, memberName: ownName(work.options), text: words.join(' ') }
      const ask = await work.daemon.direct.ask(request, work.call)
      show(work, ask, () => plain(`${askedName(ask)}: ${ask.sentence}`))
    })
}

function askedName({ name, words }: DirectAsk): string {
  return name === '' ? words.slice(0, 2).join(' ') : name
}

function listCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'list',
    summary: 'list your conversations, the last used first',
    example: 'peerhood direct list',
  }).action(async (_options: unknown, command: Command) => {
    const work = await begin(context, command)
    const conversations = await work.daemon.direct.list(work.call)
    show(work, conversations, () => listText(conversations))
  })
}

const stateTexts: Readonly<Record<Conversation['state'], string>> = {
  joining: 'not reached yet',
  open: 'open',
  alone: 'they have left',
  left: 'you have left',
  blocked: 'blocked',
}

function listText(conversations: readonly Conversation[]): string {
  if (conversations.length === 0)
    return 'No conversations. Ask somebody with `peerhood direct ask`, or give out your link.'
  const rows = conversations.map((one) => [
    shortId(one.community),
    one.name,
    stateTexts[one.state],
    String(one.unread),
    one.lastMessageMs === null ? '' : timeToText(one.lastMessageMs),
    one.words.join(' '),
  ])
  return table(['ID', 'WITH', 'STATE', 'UNREAD', 'LAST', 'WORDS'], rows)
}

function requestsCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'requests',
    summary: 'list who asks you, and whom you ask',
    example: 'peerhood direct requests',
  }).action(async (_options: unknown, command: Command) => {
    const work = await begin(context, command)
    const { direct } = work.daemon
    const [requests, asks] = await Promise.all([direct.requests(work.call), direct.asks(work.call)])
    show(work, { requests, asks }, () => `${requestsText(requests)}\n\n${asksText(asks)}`)
  })
}

function requestsText(requests: readonly DirectRequest[]): string {
  if (requests.length === 0) return 'Nobody asks you.'
  const rows = requests.map((one) => [
    shortId(one.id),
    one.name,
    one.words.join(' '),
    timeToText(one.receivedMs),
    one.text.replaceAll('\n', ' '),
  ])
  return table(['REQUEST', 'FROM', 'WORDS', 'SINCE', 'MESSAGE'], rows)
}

function asksText(asks: readonly DirectAsk[]): string {
  if (asks.length === 0) return 'You ask nobody.'
  const rows = asks.map((one) => [shortId(one.id), one.name, timeToText(one.askedMs), one.sentence])
  return table(['REQUEST', 'TO', 'SINCE', 'STATE'], rows)
}

function acceptCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'accept <request>',
    summary: 'say yes to somebody who asks you',
    detail: 'A request is named by its id, the beginning of it, or the name that they give themselves.',
    example: 'peerhood direct accept Ben --as Ada',
  })
    .option('--as <name>', 'how you are called in it (default: your name on this computer)')
    .action(async (who: string, _options: unknown, command: Command) => {
      const work = await begin<NameOptions>(context, command)
      const { id, name } = await chooseRequest(work, who)
      const community = await work.daemon.direct.accept(id, { memberName: ownName(work.options) }, work.call)
      show(work, community, () => plain(`${name}: ${community.sentence}`))
    })
}

function refuseCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'refuse <request>',
    summary: 'say no to somebody who asks you; they are told, and not heard again for a week',
    example: 'peerhood direct refuse Ben',
  }).action(async (who: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const { id, name } = await chooseRequest(work, who)
    await work.daemon.direct.refuse(id, work.call)
    show(work, { id, refused: true }, () => plain(`${name} is refused.`))
  })
}

async function chooseRequest(work: Work<CommonOptions>, text: string): Promise<DirectRequest> {
  return selectNamed(await work.daemon.direct.requests(work.call), text, 'request')
}

function cancelCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'cancel <request>',
    summary: 'take back what you asked, or take an answer off the list',
    example: 'peerhood direct cancel Ben',
  }).action(async (who: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const asks = (await work.daemon.direct.asks(work.call)).map((ask) => ({ ...ask, of: shortPerson(ask.person) }))
    const ask = selectNamed(asks, who, 'request')
    await work.daemon.direct.cancel(ask.id, work.call)
    show(work, { id: ask.id, cancelled: true }, () => plain(`${askedName(ask)} is asked no longer.`))
  })
}
