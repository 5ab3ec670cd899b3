// `peerhood community members`, `role`, `remove`, `invite`, `invites`, `keepers`: who is in a community, who may come, and
// who holds it for the others.

import { type Command, InvalidArgumentError } from 'commander'
import type { Invite, InviteRequest, Keeper, Member } from '../../sdk/types.ts'
import { defineCommand, parseCount, parseSize } from '../command.ts'
import {
  begin,
  type ConfirmedOptions,
  chooseCommunity,
  chooseMember,
  makeSure,
  readNames,
  shortPerson,
  show,
  type Work,
} from '../community.ts'
import type { CliContext, CommonOptions } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { printQr } from '../qr.ts'
import { selectById, selectNamed } from '../select.ts'
import { bytesToText, plain, shortId, table, textToSeconds, timeToText } from '../text.ts'

export function membersCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'members <community>',
    summary: 'list members with their roles and devices',
    example: 'peerhood community members Family',
  }).action(async (name: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const { id } = await chooseCommunity(work, name)
    const members = await work.daemon.communities.members(id, work.call)
    show(work, members, () => membersText(members))
  })
}

function membersText(members: readonly Member[]): string {
  const headings = ['PERSON', 'NAME', 'ROLE', 'STATE', 'JOINED', 'DEVICES']
  const rows = members.map((member) => [
    shortId(shortPerson(member.person)),
    member.self ? `${member.name} (you)` : member.name,
    member.role,
    member.state,
    timeToText(member.joinedMs),
    member.devices.map(({ name, state }) => (state === 'active' ? name : `${name} (${state})`)).join(', '),
  ])
  return table(headings, rows)
}

export function roleCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'role <community> <member> <role>',
    summary: 'give a member another role: owner, admin, member, guest, or one of the community’s own',
    example: 'peerhood community role Family Grace admin',
  }).action(async (name: string, who: string, role: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const { id } = await chooseCommunity(work, name)
    const { person } = await chooseMember(work, id, who)
    const member = await work.daemon.communities.setRole(id, person, role, work.call)
    show(work, member, () => plain(`${member.name} is ${member.role} now.`))
  })
}

interface RemoveOptions extends ConfirmedOptions {
  readonly device?: string
}

export function removeCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'remove <community> <member>',
    summary: 'remove a member, or with --device one of their devices',
    detail:
      'They keep what they had and get nothing new: a new key is made at once. A device that was lost is removed by\n' +
      'another one of the same person, or by an admin.',
    example: 'peerhood community remove Family Mallory\npeerhood community remove Family Ada --device old-phone',
  })
    .option('--device <device>', 'only this device of theirs: its name, its id or the beginning of its id')
    .option('--yes', 'do not ask')
    .action(async (name: string, who: string, _options: unknown, command: Command) => {
      const work = await begin<RemoveOptions>(context, command)
      const { id } = await chooseCommunity(work, name)
      const member = await chooseMember(work, id, who)
      if (work.options.device === undefined) await removeMember(work, id, member)
      else await removeDevice(work, id, member, work.options.device)
    })
}

async function removeMember(work: Work<RemoveOptions>, id: string, { person, name }: Member): Promise<void> {
  await makeSure(work, `This removes ${plain(name)} (${shortPerson(person)}) with all devices.`)
  await work.daemon.communities.removeMember(id, person, work.call)
  show(work, { person, removed: true }, () => plain(`${name} is no longer a member.`))
}

async function removeDevice(work: Work<RemoveOptions>, id: string, member: Member, which: string): Promise<void> {
  const active = member.devices.filter(({ state }) => state !== 'removed').map((its) => ({ ...its, id: its.device }))
  const { device, name } = selectNamed(active, which, 'device')
  await makeSure(work, `This removes the device ${plain(name)} of ${plain(member.name)}.`)
  await work.daemon.communities.removeDevice(id, device, work.call)
  show(work, { device, removed: true }, () => plain(`${name} gets nothing new.`))
}

interface InviteOptions extends CommonOptions {
  readonly role?: string
  readonly uses?: number
  /** Seconds from now; null: never. */
  readonly expires?: number | null
  readonly note?: string
  readonly qr?: true
}

export function inviteCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'invite <community>',
    summary: 'make an invite and print its link',
    detail: 'Whoever has the link can come in, so hand it on to whom you mean. It is told this once.',
    example:
      'peerhood community invite Family --qr\npeerhood community invite Club --uses 30 --expires 7d --role guest',
  })
    .option('--role <role>', 'what they will be (default: member)')
    .option('--uses <number>', 'how many persons may use it (default: 1)', parseCount(1, 1024))
    .option('--expires <duration>', 'like 12h or 7d, or never', parseExpiry)
    .option('--note <text>', 'to tell invites apart; members see it')
    .option('--qr', 'show the link as a QR code as well')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<InviteOptions>(context, command)
      const { id } = await chooseCommunity(work, name)
      const invitation = await work.daemon.communities.invite(id, requestOf(work.options), work.call)
      show(work, invitation, () => plain(invitation.link))
      if (work.options.qr === true && work.options.json === undefined) await printQr(context, invitation.link)
    })
}

function requestOf({ role, uses, expires, note }: InviteOptions): InviteRequest {
  return {
    ...(role === undefined ? {} : { role }),
    ...(uses === undefined ? {} : { usesMax: uses }),
    ...(expires === undefined ? {} : { expiresMs: expires === null ? null : Date.now() + expires * 1000 }),
    ...(note === undefined ? {} : { note }),
  }
}

function parseExpiry(text: string): number | null {
  if (text === 'never') return null
  const seconds = textToSeconds(text)
  if (seconds !== undefined) return seconds
  throw new InvalidArgumentError('It is a duration like 30min, 12h or 7d, or never.')
}

interface InvitesOptions extends CommonOptions {
  readonly revoke?: string
}

export function invitesCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'invites <community>',
    summary: 'list invites, or revoke one',
    example: 'peerhood community invites Family\npeerhood community invites Family --revoke 3fk2',
  })
    .option('--revoke <invite>', 'take this one back: its id or the beginning of it')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<InvitesOptions>(context, command)
      const { id } = await chooseCommunity(work, name)
      const { revoke } = work.options
      if (revoke !== undefined) {
        const invite = selectById(await work.daemon.communities.invites(id, work.call), revoke)
        await work.daemon.communities.revokeInvite(id, invite.id, work.call)
      }
      const invites = await work.daemon.communities.invites(id, work.call)
      const names = await readNames(work, id)
      show(work, invites, () => invitesText(invites, names.of))
    })
}

function invitesText(invites: readonly Invite[], nameOf: (person: string) => string): string {
  if (invites.length === 0) return 'There are no invites.'
  const headings = ['ID', 'ROLE', 'STATE', 'USED', 'EXPIRES', 'BY', 'NOTE']
  const rows = invites.map((invite) => [
    shortId(invite.id),
    invite.role,
    invite.state,
    `${invite.uses} of ${invite.usesMax}`,
    invite.expiresMs === null ? 'never' : timeToText(invite.expiresMs),
    nameOf(invite.createdBy),
    invite.note,
  ])
  return table(headings, rows)
}

interface KeepersOptions extends CommonOptions {
  readonly add?: string
  readonly name?: string
  readonly bytesMax?: number
  readonly remove?: string
}

export function keepersCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'keepers <community>',
    summary: 'list who holds a community for its members; name one or no longer name one',
    detail: 'The other computer first runs `peerhood community keep` with the link of `peerhood community keep-link`.',
    example:
      'peerhood community keepers Family --add /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW… --name cellar --bytes-max 10GB\n' +
      'peerhood community keepers Family --remove cellar',
  })
    .option('--add <address>', 'name the peer of this address a keeper')
    .option('--name <name>', 'how to call it (with --add)')
    .option('--bytes-max <size>', 'how much it has promised to hold (with --add; default: 1 GB)', parseSize)
    .option('--remove <keeper>', 'name it a keeper no longer: its name or peer id')
    .action(async (name: string, _options: unknown, command: Command) => {
      const work = await begin<KeepersOptions>(context, command)
      const { id } = await chooseCommunity(work, name)
      await changeKeepers(work, id)
      const keepers = await work.daemon.communities.keepers(id, work.call)
      show(work, keepers, () => keepersText(keepers))
    })
}

const keeperBytesMaxDefault = 1e9

async function changeKeepers({ daemon, call, options }: Work<KeepersOptions>, id: string): Promise<void> {
  if (options.add !== undefined) {
    const peerId = /\/p2p\/(\w+)$/.exec(options.add)?.[1]
    if (peerId === undefined) throw cliErrors.usage('The address of a keeper ends in /p2p/ and its peer id.')
    const { name = shortId(peerId.slice(-10)), bytesMax = keeperBytesMaxDefault } = options
    await daemon.communities.addKeeper(id, { peerId, addresses: [options.add], name, bytesMax }, call)
  }
  if (options.remove !== undefined) {
    const keepers = await daemon.communities.keepers(id, call)
    const named = keepers.map(({ peerId, name }) => ({ id: peerId, name }))
    await daemon.communities.removeKeeper(id, selectNamed(named, options.remove, 'keeper').id, call)
  }
}

function keepersText(keepers: readonly Keeper[]): string {
  if (keepers.length === 0) return 'There are no keepers.'
  const headings = ['NAME', 'PEER', 'ROOM', 'SINCE', 'LAST PROOF']
  const rows = keepers.map((keeper) => [
    keeper.name,
    keeper.peerId,
    bytesToText(keeper.bytesMax),
    timeToText(keeper.addedMs),
    keeper.lastProofMs === null ? 'none yet' : timeToText(keeper.lastProofMs),
  ])
  return table(headings, rows)
}
