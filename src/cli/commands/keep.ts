// `peerhood keep LINK`: holds a copy for others and serves it on; a private share stays unreadable here. `peerhood keep --for`:
// the same for whatever a person asks this computer to keep, up to so much.

import type { Command } from 'commander'
import type { Agreement } from '../../sdk/types.ts'
import { defineCommand, parseSize } from '../command.ts'
import { begin, shortPerson, show, type Work } from '../community.ts'
import { type CliContext, print, printJson } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { doneToJson, type FollowOptions, followTransfer } from '../follow.ts'
import { selectNamed } from '../select.ts'
import { bytesToText, count, fields, plain, secondsToText, shortId, table, timeToText } from '../text.ts'
import { parseSeconds } from './get.ts'

interface KeepOptions extends FollowOptions {
  /** true: no person was named. */
  readonly for?: string | true
  readonly upTo?: number
  readonly stop?: true
}

export function keepCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'keep [link]',
    summary: 'hold a copy for others and serve it on, without being able to read it if private',
    detail:
      'A link for keeping (`keepLink` in `peerhood shares --json`) gives the copy and not the key.\n' +
      'With --for and --up-to this computer agrees to keep what a person asks it to (`peerhood share --copies`), up to so\n' +
      'many bytes in all; with --for alone it lists for whom it does. A person is named by their contact link\n' +
      '(`peerhood direct link` on their computer), or where you share a community or talk by did:key:… or by name.',
    example:
      'peerhood keep peerhood:abc…\npeerhood keep --for peerhood:def… --up-to 50GB\npeerhood keep --for\npeerhood keep --for Ada --stop',
  })
    .option('--for [person]', 'keep what this person asks for; without a person: list for whom')
    .option('--up-to <size>', 'with --for: how much to keep for them in all', parseSize)
    .option('--stop', 'with --for: keep nothing for them any more, and delete what is here for them alone')
    .option('--timeout <seconds>', 'give up when no byte came for so long (default: never)', parseSeconds)
    .action(async (link: string | undefined, options: KeepOptions, command: Command) => {
      if (options.for === undefined) await keepLink(context, link, options)
      else await keepFor(await begin<KeepOptions>(context, command), link)
    })
}

async function keepLink(context: CliContext, link: string | undefined, options: KeepOptions): Promise<void> {
  if (link === undefined || options.upTo !== undefined || options.stop === true) {
    throw cliErrors.usage('Give a link, or a person with --for.')
  }
  const transfer = await followTransfer(context, { link, mode: 'keep' }, options)
  if (options.json) printJson(context, doneToJson(transfer))
  else print(context, `Kept ${bytesToText(transfer.bytes)} in ${secondsToText(transfer.seconds)}; it is served on.`)
}

async function keepFor(work: Work<KeepOptions>, link: string | undefined): Promise<void> {
  const { options, daemon, call } = work
  if (link !== undefined) throw cliErrors.usage('Give either a link, or a person with --for.')
  if (options.for === true || options.for === undefined) {
    if (options.upTo !== undefined || options.stop === true) throw cliErrors.usage('Name the person after --for.')
    const { agreements } = await daemon.copies.get(call)
    return show(work, agreements, () => agreementsText(agreements))
  }
  if (options.stop === true) return stopKeeping(work, options.for)
  if (options.upTo === undefined) throw cliErrors.usage('Say how much with --up-to, for example --up-to 50GB.')
  const to = await linkOrPerson(work, options.for)
  const agreement = await daemon.copies.agree({ for: to, bytesMax: options.upTo }, call)
  show(work, agreement, () => agreementText(agreement))
}

/** Whoever one talks with may be called by name. */
async function linkOrPerson({ daemon, call }: Work<KeepOptions>, who: string): Promise<string> {
  if (/^(peerhood|did):/i.test(who.trim())) return who
  const conversations = await daemon.direct.list(call)
  const named = conversations.flatMap(({ community, name, person }) =>
    person === null ? [] : [{ id: community, name, person }],
  )
  return selectNamed(named, who, 'person').person
}

async function stopKeeping(work: Work<KeepOptions>, who: string): Promise<void> {
  const { daemon, call } = work
  const { agreements } = await daemon.copies.get(call)
  const named = agreements.map((one) => ({ ...one, id: shortPerson(one.person) }))
  const { person, name, id } = selectNamed(named, await personOf(work, who), 'agreement')
  await daemon.copies.end(person, call)
  show(work, { person, ended: true }, () => plain(`Nothing is kept for ${name || shortId(id)} any more.`))
}

/** A contact link names a person, too. */
async function personOf({ daemon, call }: Work<KeepOptions>, who: string): Promise<string> {
  if (!who.startsWith('peerhood:')) return shortPerson(who)
  const link = await daemon.links.inspect({ link: who }, call)
  return link.kind === 'contact' ? shortPerson(link.person) : who
}

function agreementText(agreement: Agreement): string {
  return fields([
    ['for', agreement.name || agreement.person],
    ['their words', agreement.words.join(' ')],
    ['up to', bytesToText(agreement.bytesMax)],
    ['kept', `${bytesToText(agreement.bytes)} in ${count(agreement.copies, 'share')}`],
    ['next', 'Their computer is told, and asks by itself: `peerhood keep --for` shows what it asked for.'],
  ])
}

function agreementsText(agreements: readonly Agreement[]): string {
  if (agreements.length === 0)
    return 'You keep copies for nobody. Agree with `peerhood keep --for PERSON --up-to 50GB`.'
  const rows = agreements.map((one) => [
    shortId(shortPerson(one.person)),
    one.name,
    bytesToText(one.bytes),
    bytesToText(one.bytesMax),
    String(one.copies),
    one.askedMs === null ? 'not yet' : timeToText(one.askedMs),
    one.words.join(' '),
  ])
  return table(['PERSON', 'NAME', 'KEPT', 'UP TO', 'SHARES', 'ASKED', 'WORDS'], rows)
}
