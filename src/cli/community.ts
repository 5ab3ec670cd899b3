// What the commands of communities and chat have in common: which community, member or channel is meant, how each is
// called, and how a result leaves as JSON or as text.

import { userInfo } from 'node:os'
import type { Command } from 'commander'
import type { CallOptions, Channel, Community, Member, Peerhood } from '../sdk/types.ts'
import { confirm } from './ask.ts'
import { type CliContext, type CommonOptions, print, printJson } from './context.ts'
import { cliErrors } from './errors.ts'
import { selectNamed } from './select.ts'
import { shortId } from './text.ts'

/** A command at work: its options, the daemon, and what goes with every call. */
export interface Work<Options extends CommonOptions> {
  readonly context: CliContext
  readonly daemon: Peerhood
  readonly call: CallOptions
  readonly options: Options
}

export async function begin<Options extends CommonOptions>(
  context: CliContext,
  command: Command,
): Promise<Work<Options>> {
  const daemon = await context.daemon()
  return { context, daemon, call: { signal: context.signal }, options: command.optsWithGlobals<Options>() }
}

/** The result, as the person or the program wants it. */
export function show<Options extends CommonOptions>(
  { context, options }: Work<Options>,
  value: unknown,
  text: () => string,
): void {
  if (options.json) printJson(context, value)
  else print(context, text())
}

export interface ConfirmedOptions extends CommonOptions {
  readonly yes?: true
}

/** Asks unless `--yes` was given. Throws `not_confirmed`, `cannot_ask`. */
export async function makeSure({ context, options }: Work<ConfirmedOptions>, question: string): Promise<void> {
  if (options.yes === true || (await confirm(context, question))) return
  throw cliErrors.not_confirmed('It was not confirmed.')
}

/** How this person is called where nothing was said: their name on this computer. */
export function ownName({ as }: { readonly as?: string }): string {
  return as ?? userInfo().username
}

/** Throws `unknown_name`, `ambiguous_name`. */
export async function chooseCommunity(work: Work<CommonOptions>, text: string): Promise<Community> {
  const communities = await work.daemon.communities.list(work.call)
  const named = communities.map((community) => ({ id: community.id, name: community.name ?? '', community }))
  return selectNamed(named, text, 'community').community
}

/** By name or did. Throws `unknown_name`, `ambiguous_name`. */
export async function chooseMember(work: Work<CommonOptions>, community: string, text: string): Promise<Member> {
  const members = await work.daemon.communities.members(community, work.call)
  const active = members.filter(({ state }) => state === 'active')
  const whole = active.find(({ person }) => person === text)
  if (whole !== undefined) return whole
  const named = active.map((member) => ({ id: shortPerson(member.person), name: member.name, member }))
  return selectNamed(named, text.replace(/^@/, ''), 'member').member
}

/** A channel and what it is called here. */
export interface NamedChannel {
  readonly id: string
  readonly name: string
  readonly channel: Channel
}

/** All channels; a direct one is called after the other person. */
export async function namedChannels(
  work: Work<CommonOptions>,
  community: string,
  names: Names,
): Promise<readonly NamedChannel[]> {
  const channels = await work.daemon.chat.channels(community, work.call)
  return channels.map((channel) => ({ id: channel.id, name: nameOfChannel(channel, names), channel }))
}

export function selectChannel(channels: readonly NamedChannel[], text: string): NamedChannel {
  return selectNamed(channels, text.replace(/^#/, ''), 'channel')
}

function nameOfChannel(channel: Channel, names: Names): string {
  if (channel.kind !== 'direct') return channel.name
  const others = (channel.persons ?? []).filter((person) => person !== names.self)
  return others.map(names.of).join(', ')
}

/** What members are called; who is none is shown by their did. */
export interface Names {
  readonly self: string | undefined
  of(person: string | null): string
  knows(person: string): boolean
}

export async function readNames(work: Work<CommonOptions>, community: string): Promise<Names> {
  const members = await work.daemon.communities.members(community, work.call)
  const byPerson = new Map(members.map(({ person, name }) => [person, name]))
  return {
    self: members.find(({ self }) => self)?.person,
    of: (person) => (person === null ? '?' : (byPerson.get(person) ?? shortId(shortPerson(person)))),
    knows: (person) => byPerson.has(person),
  }
}

/** Without `did:key:`, which all have. */
export function shortPerson(person: string): string {
  return person.replace(/^did:key:/, '')
}
