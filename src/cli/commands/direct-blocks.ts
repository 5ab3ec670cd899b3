// `peerhood direct block`, `unblock`, `blocked`: who is not heard.

import type { Command } from 'commander'
import type { Blocked } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { begin, shortPerson, show, type Work } from '../community.ts'
import type { CliContext, CommonOptions } from '../context.ts'
import { selectNamed } from '../select.ts'
import { plain, shortId, table, timeToText } from '../text.ts'

export function blockCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'block <person>',
    summary: 'block a person: requests are refused without a word, conversations with them rest',
    detail:
      'A person is named by did:key:…, or by the name or id of a request or a conversation. It counts on all your computers; in\n' +
      'communities that you share you see them as before.',
    example: 'peerhood direct block Mallory',
  }).action(async (who: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const blocked = await work.daemon.direct.block(await choosePerson(work, who), work.call)
    show(work, blocked, () => plain(`${blocked.name || shortId(shortPerson(blocked.person))} is blocked.`))
  })
}

async function choosePerson(work: Work<CommonOptions>, who: string): Promise<string> {
  if (who.startsWith('did:key:')) return who
  const { direct } = work.daemon
  const [requests, conversations] = await Promise.all([direct.requests(work.call), direct.list(work.call)])
  const named = [
    ...requests.map(({ id, name, person }) => ({ id, name, person })),
    ...conversations.flatMap(({ community, name, person }) =>
      person === null ? [] : [{ id: community, name, person }],
    ),
  ]
  return selectNamed(named, who, 'person').person
}

export function unblockCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'unblock <person>',
    summary: 'block a person no longer; conversations go on where they were',
    example: 'peerhood direct unblock Mallory',
  }).action(async (who: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const blocked = await work.daemon.direct.blocked(work.call)
    const named = blocked.map((one) => ({ ...one, id: shortPerson(one.person) }))
    const { person, name, id } = selectNamed(named, shortPerson(who), 'person')
    await work.daemon.direct.unblock(person, work.call)
    show(work, { person, blocked: false }, () => plain(`${name || shortId(id)} is no longer blocked.`))
  })
}

export function blockedCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'blocked',
    summary: 'list who is blocked',
    example: 'peerhood direct blocked',
  }).action(async (_options: unknown, command: Command) => {
    const work = await begin(context, command)
    const blocked = await work.daemon.direct.blocked(work.call)
    show(work, blocked, () => blockedText(blocked))
  })
}

function blockedText(blocked: readonly Blocked[]): string {
  if (blocked.length === 0) return 'Nobody is blocked.'
  const rows = blocked.map((one) => [
    shortId(shortPerson(one.person)),
    one.name,
    one.words.join(' '),
    timeToText(one.sinceMs),
  ])
  return table(['PERSON', 'NAME', 'WORDS', 'SINCE'], rows)
}
