// Acts, and why some do not count, in words for a person. Pure; names come in as people know them.

import type { Act, KnownAct } from './acts-wire.ts'
import type { VoidCode } from './types.ts'

/** Why an entry is left out, by everybody alike. */
export function sentenceOfVoid(code: VoidCode): string {
  return voidSentences[code]
}

const voidSentences: Readonly<Record<VoidCode, string>> = {
  author_unknown: 'It was written by a device that was no member’s at the time.',
  author_removed:
    'Its author was removed, and it was written after that, or at the same time without the remover having seen it.',
  not_allowed: 'Its author’s role did not allow it.',
  outranked: 'It acts upon somebody of higher rank than its author, or gives a higher rank than its author’s.',
  overruled:
    'Two decisions were taken at the same time, and the one of the member with the higher rank, or the longer one, goes first: it removed the author of this one.',
  device_forked: 'Its device wrote two different entries under one number, so nothing of it counts from there on.',
  epoch_old: 'It makes a new key in place of one that its author knew already.',
  key_unknown: 'It is sealed with a key that was never made for the community.',
  invite_unknown: 'There was no such invitation.',
  invite_used: 'The invitation had been used up by others before.',
  invite_revoked:
    'The invitation was taken back, or somebody who had made it or come by it was removed; whoever had not been seen by then is not let in by it.',
  invite_expired: 'The invitation had expired.',
  certificate_wrong: 'It does not prove that the device belongs to that person.',
  already_member: 'Who is let in was a member already; further devices are for members to add themselves.',
  target_unknown: 'What it acts upon was not there.',
  target_removed: 'Who is let in had been removed by somebody else, and its author did not know that.',
  malformed: 'It does not say what an entry of its kind has to say.',
  too_many: 'The community had reached a limit of this kind.',
  direct_full: 'It is a conversation of two persons, and there were two already.',
}

/** Names for what acts mention; whoever shows them knows members, devices and invitations. */
export interface Names {
  person(did: string): string
  device(device: string): string
  invite(invite: string): string
}

/** What an act does, as the end of a sentence that begins with its author: “Ann … removed Bob.” */
export function sentenceOfAct(act: Act, names: Names): string {
  if (act.kind === 'unknown') return 'did something that this version of Peerhood does not know.'
  if (act.kind === 'malformed') return 'wrote something that can’t be read.'
  return known(act, names)
}

function known(act: KnownAct, names: Names): string {
  switch (act.kind) {
    case 'found':
      return act.purpose === 'direct' ? 'began this conversation of two.' : `founded “${act.name}”.`
    case 'rotate':
      return 'made a new key for everybody.'
    case 'grant':
      return `handed earlier keys to ${names.device(act.device)}.`
    case 'invite':
      return `invited ${act.usesMax === 1 ? 'one person' : `up to ${act.usesMax} persons`} as ${act.role}${noted(act.note)}.`
    case 'revoke':
      return `took ${names.invite(act.invite)} back.`
    case 'join':
      return `joined by ${names.invite(act.invite)} as “${act.memberName}”.`
    case 'admit':
      return `let “${act.memberName}” in as ${act.role}.`
    case 'device':
      return `added the device “${act.deviceName}”.`
    case 'device-remove':
      return `removed ${names.device(act.device)}.`
    case 'remove':
      return `removed ${names.person(act.person)}.`
    case 'role':
      return `made ${names.person(act.person)} ${act.role}.`
    case 'role-define':
      return `set what the role ${act.name} may do: ${act.capabilities.join(', ') || 'read only'}.`
    case 'settings':
      return `changed ${settingsOf(act)}.`
    case 'profile':
      return `is now called “${act.memberName}”.`
    case 'keeper':
      return `added the keeper “${act.name}”.`
    case 'keeper-remove':
      return 'took a keeper off the list.'
  }
}

function noted(note: string): string {
  return note === '' ? '' : ` (“${note}”)`
}

function settingsOf(act: KnownAct & { kind: 'settings' }): string {
  const parts = [
    act.name === undefined ? [] : [`the name to “${act.name}”`],
    act.description === undefined ? [] : ['the description'],
    act.history === undefined ? [] : [historyOf(act.history)],
  ].flat()
  return parts.join(' and ')
}

function historyOf(history: 'all' | 'since-joining'): string {
  return history === 'all'
    ? 'what newcomers read: everything'
    : 'what newcomers read: only what is written from their invitation on'
}
