// Reads server-sent events out of text as it arrives (WHATWG HTML §9.2.6). Pure: text in, messages out. Comments
// (the daemon's heartbeats) yield nothing. Bounded: a line longer than `eventLineCharsMax` is an error.

import { sdkErrors } from './errors.ts'
import { eventLineCharsMax } from './limits.ts'

export interface SseMessage {
  /** Empty until the stream has named one. */
  readonly id: string
  /** Undefined for a message that only says where the stream stands. */
  readonly data: string | undefined
}

export interface SseParser {
  /** Messages that `text` completes. Throws `answer_malformed` when a line or a message grows out of bounds. */
  push(text: string): SseMessage[]
}

export function createSseParser(): SseParser {
  let rest = ''
  let id = ''
  let idIsNew = false
  let data: string[] = []
  let dataChars = 0

  function takeField(line: string, messages: SseMessage[]): void {
    if (line === '') {
      if (data.length > 0 || idIsNew) messages.push({ id, data: data.length > 0 ? data.join('\n') : undefined })
      data = []
      dataChars = 0
      idIsNew = false
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (name === 'id' && !value.includes('\0')) {
      id = value
      idIsNew = true
    }
    if (name !== 'data') return
    dataChars += value.length
    checkChars(dataChars)
    data.push(value)
  }

  return {
    push(text) {
      const messages: SseMessage[] = []
      // A lone CR also ends a line by the standard; the daemon sends LF only, so a CR before it is all we cut off.
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      checkChars(rest.length)
      for (const line of lines) takeField(line.endsWith('\r') ? line.slice(0, -1) : line, messages)
      return messages
    },
  }
}

function checkChars(chars: number): void {
  if (chars <= eventLineCharsMax) return
  throw sdkErrors.answer_malformed(`An event is longer than ${eventLineCharsMax} characters.`)
}
