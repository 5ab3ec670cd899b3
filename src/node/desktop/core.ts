// What a notification of the desktop says, and of what there is one. Pure.
//
// Must stay true: whatever others write becomes one short line of plain text: no controls, no text that turns others around,
// no markup, and no link of ours, which opens what it leads to for whoever sees it.

import { parseMarkdown, plainText } from '../../apps/chat/markdown-core.ts'
import type { Channel, Message } from '../../apps/chat/types.ts'
import type { CommunityFacts } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import { notificationBodyCharsMax, notificationTitleCharsMax } from '../limits.ts'

/** What is shown, as plain text; {@link escapeMarkup} is for whoever hands it to a server that reads markup. */
export interface DesktopNotification {
  readonly title: string
  readonly body: string
}

export interface MessageFacts {
  readonly message: Message
  readonly channel: Channel
  readonly facts: CommunityFacts
  readonly self: PersonDid
}

/** Whether somebody mentions this person, or writes to them alone, and they have not read it elsewhere. */
export function isMeant({ message, channel, facts, self }: MessageFacts): boolean {
  if (message.person === self || message.deleted || message.hidden !== undefined || channel.archived) return false
  const isOfTwo = facts.direct !== undefined || channel.kind === 'direct'
  if (!isOfTwo && !message.mentions.includes(self)) return false
  return facts.direct?.blocked !== true && (channel.unread > 0 || message.thread !== undefined)
}

export function ofMessage({ message, facts }: MessageFacts): DesktopNotification {
  const name = facts.state?.members.get(message.person)?.name ?? 'Somebody'
  const where = facts.direct === undefined ? ` in ${facts.state?.settings.name ?? 'a community'}` : ''
  const said = plainText(parseMarkdown(message.text))
  const files = message.attachments.map((file) => file.name).join(', ')
  return notification(`${name}${where}`, said.trim() === '' ? files : said)
}

/** Somebody asks to talk, whom this person may not know at all. */
export function ofRequest({ name, text }: { readonly name: string; readonly text: string }): DesktopNotification {
  return notification(`${name} asks to talk with you`, text)
}

/** In place of those that would come too fast. */
export function ofMore(count: number): DesktopNotification {
  return notification('Peerhood', count === 1 ? 'One more message' : `${count} more messages`)
}

export const testNotification: DesktopNotification = {
  title: 'Peerhood',
  body: 'So it looks when somebody writes to you while no page is open.',
}

function notification(title: string, body: string): DesktopNotification {
  return { title: lineOf(title, notificationTitleCharsMax) || 'Peerhood', body: lineOf(body, notificationBodyCharsMax) }
}

/** Controls, lone surrogates, line separators, and the marks that turn text around. */
const unshowable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu
const ownLinks = /peerhood:[a-z2-7]+/giu

/** One line of at most `charsMax` code points, of text that somebody else wrote. */
export function lineOf(text: string, charsMax: number): string {
  // Far more than is shown, so that what comes next takes no time; marks within a link are none of its characters.
  const head = text.slice(0, 16 * charsMax).replace(unshowable, ' ')
  const line = head.replace(ownLinks, '(a link)').replace(/\s+/gu, ' ').trim()
  const characters = [...line]
  return characters.length <= charsMax ? line : `${characters.slice(0, charsMax - 1).join('')}…`
}

/** Desktop Notifications Specification 1.2, "Markup": the body may be read as markup, the title not. */
export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
