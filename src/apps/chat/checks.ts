// What a person may ask of chat, checked before anything is written, so that they hear why not. The same rules decide for
// everyone else what counts (core.ts, wire.ts).

import { utf8 } from '../../base/bytes.ts'
import type { Communities, CommunityState } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { ChannelRow } from './channels.ts'
import { type Rights, rightsOf } from './core.ts'
import { chatErrors } from './errors.ts'
import { isEmoji, isLabel, isText } from './fields-core.ts'
import {
  attachmentsMax,
  channelNameBytesMax,
  channelPersonsMax,
  mentionsMax,
  reasonBytesMax,
  textBytesMax,
  topicBytesMax,
} from './limits.ts'
import { mentionsOf, parseMarkdown } from './markdown-core.ts'
import { isActive, rightsOfMember } from './members.ts'
import type { Attachment } from './types.ts'
import { isAttachment } from './wire.ts'

/** Line ends of other systems become ours. */
export function checkedText(text: string, bytesMax = textBytesMax): string {
  const unified = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  const length = utf8(unified).length
  if (isText(unified, bytesMax)) return unified
  if (length <= bytesMax) throw chatErrors.text_unusable('There are characters in it that can’t be sent.')
  throw chatErrors.text_too_long(`It has ${length} bytes, at most ${bytesMax} can be sent.`)
}

export function checkedReason(text: string): string {
  return checkedText(text.trim(), reasonBytesMax)
}

export function checkedTopic(text: string): string {
  return checkedText(text.trim(), topicBytesMax)
}

export function checkedName(text: string): string {
  const name = text.trim()
  if (isLabel(name, channelNameBytesMax)) return name
  throw chatErrors.channel_name_unusable(
    'This can’t be the name of a channel: it is empty, too long or not all visible.',
  )
}

export function checkEmoji(emoji: string): void {
  if (!isEmoji(emoji)) throw chatErrors.emoji_unusable('This is no emoji.')
}

export function checkMessage(text: string, attachments: readonly Attachment[]): void {
  if (text.trim() === '' && attachments.length === 0) throw chatErrors.text_empty('There is nothing in it.')
  if (attachments.length > attachmentsMax) {
    throw chatErrors.attachments_too_many(
      `These are ${attachments.length} files, at most ${attachmentsMax} can be sent.`,
    )
  }
  if (!attachments.every(isAttachment))
    throw chatErrors.attachment_unusable('One of the files can’t be offered like that.')
}

export function notAllowed(what: string) {
  return chatErrors.chat_not_allowed(`Your role in this community does not let you ${what}.`)
}

export function checkPersonCount(persons: readonly PersonDid[]): void {
  if (persons.length <= channelPersonsMax) return
  throw chatErrors.channel_persons_too_many(
    `These are ${persons.length} persons, at most ${channelPersonsMax} can be in a private channel.`,
  )
}

export function checkMembers(state: CommunityState, persons: readonly PersonDid[]): void {
  for (const person of persons) {
    if (!isActive(state, person)) throw chatErrors.person_unknown(`${person} is not a member of this community.`)
  }
}

export function checkNotArchived(archived: boolean, channel: ChannelRow): void {
  if (archived) throw chatErrors.channel_archived('This channel is archived.', { details: { channel: channel.id } })
}

/** What this person may do in the community now; nothing in one that can't be read. */
export function rightsOfSelf(communities: Communities, id: CommunityId, self: PersonDid): Rights {
  const { state } = communities.get(id)
  return state === undefined ? rightsOf(() => false) : rightsOfMember(state, self)
}

/** The members whom a text names: by did, or by a name that only one of them has. Sorted; at most `mentionsMax`. */
export function mentionedIn(text: string, state: CommunityState): readonly PersonDid[] {
  const named = mentionsOf(parseMarkdown(text))
  if (named.length === 0) return []
  const byName = new Map<string, PersonDid | undefined>()
  for (const member of state.members.values()) {
    if (member.state !== 'active') continue
    const name = member.name.toLowerCase()
    byName.set(name, byName.has(name) ? undefined : member.person)
  }
  const found = named.flatMap((mention) => {
    const person = mention.person ?? byName.get((mention.name ?? '').toLowerCase())
    return person !== undefined && isActive(state, person) ? [person] : []
  })
  return [...new Set(found)].slice(0, mentionsMax).sort()
}
