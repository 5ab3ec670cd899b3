// `peerhood chat`: write, read, follow and search what is said in a community.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Attachment, ChannelRequest, Message, MessageRequest } from '../../sdk/types.ts'
import { readInput } from '../ask.ts'
import { foundText, type MessageStyle, messageText } from '../chat-text.ts'
import { collect, defineCommand, parseChoice, parseCount } from '../command.ts'
import {
  begin,
  chooseCommunity,
  chooseMember,
  type NamedChannel,
  type Names,
  namedChannels,
  readNames,
  selectChannel,
  show,
  type Work,
} from '../community.ts'
import { type CliContext, type CommonOptions, note, print, printJson } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { bold } from '../terminal.ts'
import { shortId, table, timeToText } from '../text.ts'

export function chatCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'chat',
    summary: 'write, read, follow and search in communities',
    detail: 'Communities, channels and members are named by their names, their ids or the beginning of an id.',
    example: "peerhood chat send Family general 'Dinner at seven'\npeerhood chat follow Family",
  })
    .addCommand(sendCommand(context))
    .addCommand(readCommand(context))
    .addCommand(followCommand(context))
    .addCommand(channelsCommand(context))
    .addCommand(searchCommand(context))
    .addCommand(directCommand(context))
}

const channelDefault = 'general'
/** What the API takes. */
const textCharsMax = 10_000

/** A community with its channels and what its members are called. */
interface Place {
  readonly id: string
  readonly names: Names
  readonly channels: readonly NamedChannel[]
}

async function placeOf(work: Work<CommonOptions>, community: string): Promise<Place> {
  const { id } = await chooseCommunity(work, community)
  const names = await readNames(work, id)
  return { id, names, channels: await namedChannels(work, id, names) }
}

interface SendOptions extends CommonOptions {
  readonly replyTo?: string
  readonly thread?: string
  readonly attach?: readonly string[]
}

function sendCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'send <community> <channel> [text...]',
    summary: 'write a message; the text - is read from stdin',
    example: "peerhood chat send Family general 'Dinner at seven'\ndate | peerhood chat send Family log -",
  })
    .option('--reply-to <message>', 'answer this message: its id, or the beginning of it among the last 200')
    .option('--thread <message>', 'write in the thread that hangs from this message')
    .option('--attach <path>', 'share a file or folder privately and attach its link; repeatable', collect)
    .action(
      async (community: string, channel: string, words: readonly string[], _options: unknown, command: Command) => {
        const work = await begin<SendOptions>(context, command)
        const place = await placeOf(work, community)
        const { id: channelId } = selectChannel(place.channels, channel)
        const request = await requestOf(work, place.id, channelId, words)
        const message = await work.daemon.chat.send(place.id, channelId, request, work.call)
        show(work, message, () => `Sent (${shortId(message.id)}).`)
      },
    )
}

async function requestOf(
  work: Work<SendOptions>,
  community: string,
  channel: string,
  words: readonly string[],
): Promise<MessageRequest> {
  const { replyTo, thread, attach = [] } = work.options
  const find = (text: string) => findMessage(work, community, channel, text)
  const named = {
    ...(replyTo === undefined ? {} : { replyTo: await find(replyTo) }),
    ...(thread === undefined ? {} : { thread: await find(thread) }),
  }
  const text = await textOf(work.context, words)
  if (text === '' && attach.length === 0) throw cliErrors.usage('There is nothing to send.')
  const attachments: Attachment[] = []
  for (const path of attach) attachments.push(await shareFor(work, path))
  return { text, attachments, ...named }
}

async function textOf(context: CliContext, words: readonly string[]): Promise<string> {
  if (words.length !== 1 || words[0] !== '-') return words.join(' ')
  return (await readInput(context, textCharsMax)).trimEnd()
}

async function findMessage(
  { daemon, call }: Work<CommonOptions>,
  community: string,
  channel: string,
  text: string,
): Promise<string> {
  const { messages } = await daemon.chat.messages(community, channel, { limit: 200, ...call })
  const matches = messages.filter(({ id }) => id.startsWith(text))
  if (matches.length > 1) throw cliErrors.ambiguous_id(`${matches.length} messages begin with ${text}.`)
  // What is further back is found by its whole id alone, which the daemon checks.
  return matches[0]?.id ?? text
}

async function shareFor({ context, daemon, call }: Work<CommonOptions>, path: string): Promise<Attachment> {
  const begun = await daemon.shares.add({ path: resolve(context.workFolder, path) }, call)
  const share = await daemon.shares.ready(begun.id, call)
  const { files } = await daemon.shares.files(share.id, { limit: 1, ...call })
  // The name that Linux desktops give to folders (shared-mime-info).
  const mediaType = share.kind === 'folder' ? 'inode/directory' : (files[0]?.mediaType ?? 'application/octet-stream')
  return { name: share.name ?? path, mediaType, bytes: share.bytes, link: share.link ?? '' }
}

interface ReadOptions extends CommonOptions {
  readonly limit?: number
  readonly before?: string
  readonly thread?: string
  readonly ids?: true
  readonly mark?: true
}

function readCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'read <community> [channel]',
    summary: `print messages, oldest first; the channel is ${channelDefault} when none is named`,
    example: 'peerhood chat read Family general --limit 20 --mark',
  })
    .option('--limit <number>', 'how many messages, up to 200 (default: 50)', parseCount(1, 200))
    .option('--before <mark>', 'go on where the last page began')
    .option('--thread <message>', 'the thread that hangs from this message')
    .option('--ids', 'the beginning of each message’s id as well')
    .option('--mark', 'mark the channel as read')
    .action(async (community: string, channel: string | undefined, _options: unknown, command: Command) => {
      const work = await begin<ReadOptions>(context, command)
      const { call, daemon, options } = work
      const { id, names, channels } = await placeOf(work, community)
      const { id: channelId } = selectChannel(channels, channel ?? channelDefault)
      const { limit, before } = options
      const thread = options.thread === undefined ? undefined : await findMessage(work, id, channelId, options.thread)
      const page = await daemon.chat.messages(id, channelId, { ...given({ limit, before, thread }), ...call })
      showMessages(work, page.messages, names)
      if (page.before !== null) note(context, `Further back: --before ${page.before}`)
      const last = page.messages.at(-1)
      if (options.mark && last !== undefined) await daemon.chat.markRead(id, channelId, last.id, call)
    })
}

/** Without what was not given. */
function given<Options extends object>(
  options: Options,
): { [Key in keyof Options]?: Exclude<Options[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}

function showMessages(work: Work<ReadOptions>, messages: readonly Message[], names: Names): void {
  const style = styleOf(work)
  if (work.options.json) for (const message of messages) printJson(work.context, message)
  else if (messages.length === 0) note(work.context, 'There are no messages.')
  else print(work.context, messages.map((message) => messageText(message, names, style)).join('\n'))
}

function styleOf({ context, options }: Work<{ readonly json?: true; readonly ids?: true }>): MessageStyle {
  return { ids: options.ids === true, bold: (text) => bold(context.terminal, text) }
}

interface FollowOptions extends CommonOptions {
  readonly history?: number
  readonly thread?: string
  readonly ids?: true
}

function followCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'follow <community> [channel]',
    summary: `print messages as they come, until interrupted; the channel is ${channelDefault} when none is named`,
    detail:
      'What is edited, deleted or reacted to is printed again, after a *. It goes on over a restart of the daemon.\n' +
      'With --json an object a line: message, and how it came (history, new, changed).',
    example: 'peerhood chat follow Family general --history 20',
  })
    .option('--history <number>', 'how many of the last messages to begin with (default: 10)', parseCount(0, 200))
    .option('--thread <message>', 'only the thread that hangs from this message')
    .option('--ids', 'the beginning of each message’s id as well')
    .action(async (community: string, channel: string | undefined, _options: unknown, command: Command) => {
      const work = await begin<FollowOptions>(context, command)
      const { id, channels, ...place } = await placeOf(work, community)
      let { names } = place
      const { id: channelId } = selectChannel(channels, channel ?? channelDefault)
      const { history = 10, thread: root } = work.options
      const thread = root === undefined ? undefined : await findMessage(work, id, channelId, root)
      const followed = work.daemon.chat.follow(id, channelId, { history, ...given({ thread }), ...work.call })
      for await (const { message, how } of followed) {
        // Somebody may have joined since the names were read.
        if (!names.knows(message.person)) names = await readNames(work, id)
        const text = () => `${how === 'changed' ? '* ' : ''}${messageText(message, names, styleOf(work))}`
        show(work, { how, message }, text)
      }
    })
}

interface ChannelsOptions extends CommonOptions {
  readonly create?: string
  readonly kind?: NonNullable<ChannelRequest['kind']>
  readonly topic?: string
  readonly with?: readonly string[]
  readonly archive?: string
}

function channelsCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'channels <community>',
    summary: 'list channels with what is unread; make or archive one',
    example:
      'peerhood chat channels Family\npeerhood chat channels Family --create surprise --kind private --with Grace',
  })
    .option('--create <name>', 'make a channel')
    .option(
      '--kind <kind>',
      'open, announce or private (with --create; default: open)',
      parseChoice('open', 'announce', 'private'),
    )
    .option('--topic <text>', 'what it is about (with --create)')
    .option('--with <member>', 'who sees a private one besides you; repeatable', collect)
    .option('--archive <channel>', 'archive this channel')
    .action(async (community: string, _options: unknown, command: Command) => {
      const work = await begin<ChannelsOptions>(context, command)
      const { id } = await chooseCommunity(work, community)
      await changeChannels(work, id)
      const channels = await namedChannels(work, id, await readNames(work, id))
      show(
        work,
        channels.map(({ channel }) => channel),
        () => channelsText(channels),
      )
    })
}

async function changeChannels(work: Work<ChannelsOptions>, id: string): Promise<void> {
  const { daemon, call, options } = work
  if (options.create !== undefined) {
    const members = await Promise.all((options.with ?? []).map((who) => chooseMember(work, id, who)))
    const persons = members.map(({ person }) => person)
    const { kind, topic } = options
    const request = { name: options.create, ...given({ kind, topic }), ...(persons.length > 0 ? { persons } : {}) }
    await daemon.chat.createChannel(id, request, call)
  }
  if (options.archive !== undefined) {
    const channels = await namedChannels(work, id, await readNames(work, id))
    await daemon.chat.changeChannel(id, selectChannel(channels, options.archive).id, { archived: true }, call)
  }
}

function channelsText(channels: readonly NamedChannel[]): string {
  const headings = ['ID', 'CHANNEL', 'KIND', 'UNREAD', 'FOR YOU', 'LAST', 'TOPIC']
  const rows = channels.map(({ id, name, channel }) => [
    shortId(id),
    channel.kind === 'direct' ? `@${name}` : `#${name}`,
    channel.archived ? `${channel.kind}, archived` : channel.kind,
    String(channel.unread),
    String(channel.mentions),
    channel.lastMessageMs === null ? '' : timeToText(channel.lastMessageMs),
    channel.topic,
  ])
  return table(headings, rows)
}

interface SearchOptions extends CommonOptions {
  readonly channel?: string
  readonly limit?: number
}

function searchCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'search <community> <words...>',
    summary: 'find messages that have all the words',
    example: 'peerhood chat search Family dinner seven',
  })
    .option('--channel <channel>', 'only in this channel')
    .option('--limit <number>', 'how many to show at most, up to 100 (default: 50)', parseCount(1, 100))
    .action(async (community: string, words: readonly string[], _options: unknown, command: Command) => {
      const work = await begin<SearchOptions>(context, command)
      const { id, names, channels } = await placeOf(work, community)
      const { limit, channel: wanted } = work.options
      const channel = wanted === undefined ? undefined : selectChannel(channels, wanted).id
      const query = { ...given({ limit, channel }), ...work.call }
      const found = await work.daemon.chat.search(id, words.join(' '), query)
      const nameOf = (channelId: string) => channels.find((one) => one.id === channelId)?.name ?? shortId(channelId)
      const line = (one: (typeof found)[number]) =>
        foundText(one, nameOf(one.message.channel), names, (text) => bold(context.terminal, text))
      show(work, found, () => (found.length === 0 ? 'Nothing was found.' : found.map(line).join('\n')))
    })
}

function directCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'direct <community> <member> [text...]',
    summary: 'write to one member alone; without text, open the channel and print its id',
    example: "peerhood chat direct Family Grace 'Shh, it is a surprise'",
  }).action(async (community: string, who: string, words: readonly string[], _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const { id } = await chooseCommunity(work, community)
    const { person } = await chooseMember(work, id, who)
    const text = await textOf(context, words)
    const channel = await work.daemon.chat.direct(id, person, work.call)
    if (text === '') {
      show(work, channel, () => channel.id)
      return
    }
    const message = await work.daemon.chat.send(id, channel.id, { text }, work.call)
    show(work, message, () => `Sent (${shortId(message.id)}).`)
  })
}
