// `peerhood direct send`, `read`, `follow`: the same as of `peerhood chat`, named by the other person alone.

import type { Command } from 'commander'
import type { Conversation } from '../../sdk/types.ts'
import { readInput } from '../ask.ts'
import { type MessageStyle, messageText } from '../chat-text.ts'
import { defineCommand, parseCount } from '../command.ts'
import { begin, readNames, show, type Work } from '../community.ts'
import { type CliContext, type CommonOptions, note, print, printJson } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { selectNamed } from '../select.ts'
import { bold } from '../terminal.ts'
import { shortId } from '../text.ts'

/** What the API takes. */
const textCharsMax = 10_000

/** Throws `unknown_name`, `ambiguous_name`. */
async function choose(work: Work<CommonOptions>, who: string): Promise<Conversation> {
  const conversations = await work.daemon.direct.list(work.call)
  return selectNamed(
    conversations.map((one) => ({ ...one, id: one.community })),
    who.replace(/^@/, ''),
    'conversation',
  )
}

export function sendCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'send <who> [text...]',
    summary: 'write to somebody with whom you have a conversation; the text - is read from stdin',
    example: "peerhood direct send Ben 'It is sold, sorry'",
  }).action(async (who: string, words: readonly string[], _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const { community, channel } = await choose(work, who)
    const isInput = words.length === 1 && words[0] === '-'
    const text = isInput ? (await readInput(context, textCharsMax)).trimEnd() : words.join(' ')
    if (text === '') throw cliErrors.usage('There is nothing to send.')
    const message = await work.daemon.chat.send(community, channel, { text }, work.call)
    show(work, message, () => `Sent (${shortId(message.id)}).`)
  })
}

interface ReadOptions extends CommonOptions {
  readonly limit?: number
  readonly before?: string
  readonly mark?: true
}

export function readCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'read <who>',
    summary: 'print the messages of a conversation, oldest first',
    example: 'peerhood direct read Ben --limit 20 --mark',
  })
    .option('--limit <number>', 'how many messages, up to 200 (default: 50)', parseCount(1, 200))
    .option('--before <mark>', 'go on where the last page began')
    .option('--mark', 'mark it as read')
    .action(async (who: string, _options: unknown, command: Command) => {
      const work = await begin<ReadOptions>(context, command)
      const { daemon, call, options } = work
      const { community, channel } = await choose(work, who)
      const names = await readNames(work, community)
      const { limit, before } = options
      const wanted = { ...(limit === undefined ? {} : { limit }), ...(before === undefined ? {} : { before }) }
      const page = await daemon.chat.messages(community, channel, { ...wanted, ...call })
      if (options.json) for (const message of page.messages) printJson(context, message)
      else if (page.messages.length === 0) note(context, 'There are no messages.')
      else print(context, page.messages.map((message) => messageText(message, names, styleOf(context))).join('\n'))
      if (page.before !== null) note(context, `Further back: --before ${page.before}`)
      const last = page.messages.at(-1)
      if (options.mark && last !== undefined) await daemon.chat.markRead(community, channel, last.id, call)
    })
}

function styleOf(context: CliContext): MessageStyle {
  return { ids: false, bold: (text) => bold(context.terminal, text) }
}

interface FollowOptions extends CommonOptions {
  readonly history?: number
}

export function followCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'follow <who>',
    summary: 'print the messages of a conversation as they come, until interrupted',
    example: 'peerhood direct follow Ben --history 20',
  })
    .option('--history <number>', 'how many of the last messages to begin with (default: 10)', parseCount(0, 200))
    .action(async (who: string, _options: unknown, command: Command) => {
      const work = await begin<FollowOptions>(context, command)
      const { community, channel } = await choose(work, who)
      let names = await readNames(work, community)
      const { history = 10 } = work.options
      for await (const { message, how } of work.daemon.chat.follow(community, channel, { history, ...work.call })) {
        // They may have come in since the names were read.
        if (!names.knows(message.person)) names = await readNames(work, community)
        const text = () => `${how === 'changed' ? '* ' : ''}${messageText(message, names, styleOf(context))}`
        show(work, { how, message }, text)
      }
    })
}
