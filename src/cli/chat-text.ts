// How messages look on a terminal. Pure. All of it comes from others, so every part goes through text.ts.

import type { FoundMessage, Message } from '../sdk/types.ts'
import type { Names } from './community.ts'
import { bytesToText, plain, plainLines, shortId, timeToText } from './text.ts'

export interface MessageStyle {
  /** With the beginning of each message's id, to reply to. */
  readonly ids: boolean
  readonly bold: (text: string) => string
}

/** One message; what goes on over several lines is set in, so that no text can pass for another message. */
export function messageText(message: Message, names: Names, style: MessageStyle): string {
  const [first = '', ...rest] = [...bodyLines(message, names), ...attachmentLines(message)]
  const id = style.ids ? `${shortId(message.id)}  ` : ''
  const head = `${id}${timeToText(message.sentMs)}  ${style.bold(plain(names.of(message.person)))}: `
  return [`${head}${first}${marksOf(message)}`, ...rest.map((line) => `    ${line}`)].join('\n')
}

function bodyLines(message: Message, names: Names): string[] {
  if (message.deleted) return ['(deleted by its author)']
  if (message.hidden !== null) {
    return [plain(`(hidden by ${names.of(message.hidden.by)}: ${message.hidden.reason})`)]
  }
  return message.text === '' ? ['(no text)'] : plainLines(message.text)
}

function attachmentLines({ attachments, hidden }: Message): string[] {
  if (hidden !== null) return []
  return attachments.map(({ name, bytes, link }) => plain(`+ ${name} (${bytesToText(bytes)}) ${link}`))
}

/** What happened to it since, at the end of its first line. */
function marksOf({ editedMs, reactions, replies }: Message): string {
  const marks = [
    ...(editedMs === null ? [] : ['edited']),
    ...reactions.map(({ emoji, persons }) => `${plain(emoji)} ${persons.length}`),
    ...(replies === 0 ? [] : [`${replies} in its thread`]),
  ]
  return marks.length === 0 ? '' : `  [${marks.join(', ')}]`
}

/** On one line, with what was searched for standing out. */
export function foundText(found: FoundMessage, channel: string, names: Names, bold: (text: string) => string): string {
  const { message, snippet } = found
  const parts = snippet.map(({ text, match }) => {
    const line = plainLines(text).join(' ')
    return match ? bold(line) : line
  })
  const place = plain(`#${channel}  ${names.of(message.person)}`)
  return `${timeToText(message.sentMs)}  ${place}: ${parts.join('')}`
}
