// `peerhood community`: found one, come in, go out, and what it is like. Members, invites and keepers are in
// community-members.ts, codes and requests in community-admission.ts, the log in community-log.ts.

import type { Command } from 'commander'
import type { Community, FoundRequest, Keeper, KeepRequest, Sync } from '../../sdk/types.ts'
import { defineCommand, parseChoice, parseSize } from '../command.ts'
import { begin, type ConfirmedOptions, chooseCommunity, makeSure, ownName, show } from '../community.ts'
import type { CliContext, CommonOptions } from '../context.ts'
import { bytesToText, count, fields, plain, shortId, table, timeToText } from '../text.ts'
import {
  askCommand,
  asksCommand,
  codeCommand,
  enterCommand,
  requestLinkCommand,
  requestsCommand,
} from './community-admission.ts'
import { activityCommand, exportCommand, verifyCommand } from './community-log.ts'
import {
  inviteCommand,
  invitesCommand,
  keepersCommand,
  membersCommand,
  removeCommand,
  roleCommand,
} from './community-members.ts'

export function communityCommand(context: CliContext): Command {
  const command = defineCommand({
    usage: 'community',
    summary: 'found, join and look after communities',
    detail: 'A community is named by its name, its id or the beginning of its id.',
    example: 'peerhood community create Family\npeerhood community invite Family --qr',
  })
  const create = [
    createCommand,
    listCommand,
    showCommand,
    joinCommand,
    inviteCommand,
    invitesCommand,
    codeCommand,
    enterCommand,
    requestLinkCommand,
    askCommand,
    asksCommand,
    requestsCommand,
    membersCommand,
    roleCommand,
    removeCommand,
    leaveCommand,
    forgetCommand,
    keepCommand,
    keepLinkCommand,
    keepersCommand,
    exportCommand,
    verifyCommand,
    activityCommand,
  ]
  for (const make of create) command.addCommand(make(context))
  return command
}

interface NameOptions extends CommonOptions {
  /** How this person is called in it. */
  readonly as?: string
}

interface CreateOptions extends NameOptions {
  readonly description?: string
  readonly history?: NonNullable<FoundRequest['history']>
}

function createCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'create <name>',
    summary: 'found a community; you are its owner',
    example: 'peerhood community create Family --as Ada --history since-joining',
  })
    .option('--as <name>', 'how you are called in it (default: your name on this computer)')
    .option('--description <text>', 'what it is for')
    .option(
      '--history <who>',
      'all: newcomers can read the past; since-joining: they can not (default: all)',
      parseChoice('all', 'since-joining'),
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<CreateOptions>(context, command)
      const { description, history } = work.options
      const wishes = {
        ...(description === undefined ? {} : { description }),
        ...(history === undefined ? {} : { history }),
      }
      const community = await work.daemon.communities.found(
        { name, memberName: ownName(work.options), ...wishes },
        work.call,
      )
      show(
        work,
        community,
        () => `${communityText(community)}\nInvite others: peerhood community invite ${shortId(community.id)}`,
      )
    })
}

function listCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'list',
    summary: 'list the communities on this computer',
    example: 'peerhood community list',
  }).action(async (_options: unknown, command: Command) => {
    const work = await begin(context, command)
    const all = await work.daemon.communities.list(work.call)
    // Conversations of two have a list of their own.
    const communities = all.filter(({ purpose }) => purpose !== 'direct')
    show(work, communities, () => listText(communities))
  })
}

function listText(communities: readonly Community[]): string {
  if (communities.length === 0) return 'There are no communities. Found one with `peerhood community create NAME`.'
  const headings = ['ID', 'NAME', 'YOU ARE', 'MEMBERS', 'ENTRIES', 'SIZE', 'STATE']
  const rows = communities.map((community) => [
    shortId(community.id),
    community.name ?? '(sealed)',
    community.self?.role ?? community.phase,
    String(community.membersActive),
    String(community.entries),
    bytesToText(community.bytes),
    community.sentence,
  ])
  return table(headings, rows)
}

function showCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'show <community>',
    summary: 'show one community: your role, who is in sync, keepers',
    example: 'peerhood community show Family',
  }).action(async (name: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const community = await chooseCommunity(work, name)
    const sync = await work.daemon.communities.sync(community.id, work.call)
    const readable = community.phase !== 'keeping'
    const keepers = readable ? await work.daemon.communities.keepers(community.id, work.call) : []
    show(work, { community, sync, keepers }, () => showText(community, sync, keepers))
  })
}

function showText(community: Community, sync: Sync, keepers: readonly Keeper[]): string {
  const peers = sync.peers.map((peer) => `${peer.name ?? peer.peerId}: ${peer.state}${lacks(peer)}`)
  const forks = community.forks.map(({ device, seq }) => `device ${shortId(device)} wrote two entries of number ${seq}`)
  const more = fields([
    ['sync', sync.sentence],
    ...(peers.length > 0 ? [['in reach', peers] as const] : []),
    ...(keepers.length > 0 ? [['keepers', keepers.map(keeperLine)] as const] : []),
    ...(forks.length > 0 ? [['forked', forks] as const] : []),
  ])
  return `${communityText(community)}\n${more}`
}

function lacks({ hereLacks, thereLacks }: Sync['peers'][number]): string {
  const here = hereLacks !== null && hereLacks > 0 ? [`${hereLacks} to get`] : []
  const there = thereLacks !== null && thereLacks > 0 ? [`${thereLacks} to give`] : []
  const both = [...here, ...there]
  return both.length === 0 ? '' : ` (${both.join(', ')})`
}

function keeperLine({ name, bytesMax, lastProofMs }: Keeper): string {
  const proof = lastProofMs === null ? 'no proof yet' : `last proof ${timeToText(lastProofMs)}`
  return `${name}, up to ${bytesToText(bytesMax)}, ${proof}`
}

function communityText(community: Community): string {
  const { self, epoch } = community
  return fields([
    ['name', community.name ?? '(sealed)'],
    ['id', community.id],
    ['state', community.sentence],
    ...(community.description === '' ? [] : [['about', community.description] as const]),
    ...(self === null ? [] : [['you are', `${self.name}, ${self.role}`] as const]),
    ...(community.phase === 'keeping' ? [] : [['members', String(community.membersActive)] as const]),
    ...(community.history === null ? [] : [['newcomers', historyText(community.history)] as const]),
    ['log', `${count(community.entries, 'entry').replace(/entrys$/, 'entries')}, ${bytesToText(community.bytes)}`],
    ...(epoch === null ? [] : [['key epoch', String(epoch)] as const]),
  ])
}

function historyText(history: NonNullable<Community['history']>): string {
  return history === 'all' ? 'can read what was written before them' : 'read only what comes after them'
}

function joinCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'join <link>',
    summary: 'join a community with an invite link',
    detail: 'It waits until somebody who has the community is reached, up to three minutes.',
    example: 'peerhood community join peerhood:abc… --as Ada',
  })
    .option('--as <name>', 'how you are called in it (default: your name on this computer)')
    .action(async (link: string, _options: unknown, command: Command) => {
      const work = await begin<NameOptions>(context, command)
      const community = await work.daemon.communities.join({ link, memberName: ownName(work.options) }, work.call)
      show(work, community, () => communityText(community))
    })
}

function leaveCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'leave <community>',
    summary: 'leave a community, with all your devices',
    detail: 'What has come can still be read here until `peerhood community forget`.',
    example: 'peerhood community leave Family',
  })
    .option('--yes', 'do not ask')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<ConfirmedOptions>(context, command)
      const { id, name: called } = await chooseCommunity(work, name)
      await makeSure(work, `You leave ${plain(called ?? id)}, with all your devices; only an invite brings you back.`)
      const community = await work.daemon.communities.leave(id, work.call)
      show(work, community, () => plain(community.sentence))
    })
}

function forgetCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'forget <community>',
    summary: 'delete a community from this computer; the others keep it',
    example: 'peerhood community forget Family',
  })
    .option('--yes', 'do not ask')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<ConfirmedOptions>(context, command)
      const { id, name: called } = await chooseCommunity(work, name)
      await makeSure(work, `This deletes ${plain(called ?? id)} from this computer, what nobody else has included.`)
      await work.daemon.communities.forget(id, work.call)
      show(work, { id, removed: true }, () => `${plain(called ?? shortId(id))} is no longer on this computer.`)
    })
}

interface KeepOptions extends CommonOptions {
  readonly bytesMax?: number
}

function keepCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'keep <link>',
    summary: 'hold a community for others, without being able to read it',
    detail: 'The link comes from a member: `peerhood community keep-link`.',
    example: 'peerhood community keep peerhood:abc… --bytes-max 10GB',
  })
    .option('--bytes-max <size>', 'room for it (default: what the daemon gives)', parseSize)
    .action(async (link: string, _options: unknown, command: Command) => {
      const work = await begin<KeepOptions>(context, command)
      const { bytesMax } = work.options
      const request: KeepRequest = { link, ...(bytesMax === undefined ? {} : { bytesMax }) }
      const community = await work.daemon.communities.keep(request, work.call)
      show(work, community, () => communityText(community))
    })
}

function keepLinkCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'keep-link <community>',
    summary: 'print the link that lets others hold a community without reading it',
    example: 'peerhood community keep-link Family',
  }).action(async (name: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const { id } = await chooseCommunity(work, name)
    const link = await work.daemon.communities.keepLink(id, work.call)
    show(work, { link }, () => plain(link))
  })
}
