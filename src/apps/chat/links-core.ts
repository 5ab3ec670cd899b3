// Which links a message may hold. A link leads where it says, over a scheme that opens nothing on this computer by itself.

import { markdownLinkCharsMax } from './limits.ts'

/** The link as the page may use it, and what to show as where it leads; undefined: it stays text. */
export function safeLink(text: string): { readonly url: string; readonly host: string } | undefined {
  if (text.length > markdownLinkCharsMax || !isPlain(text)) return undefined
  const scheme = /^[a-z]{1,16}:/i.exec(text)?.[0].toLowerCase()
  if (scheme === 'peerhood:') return /^peerhood:[a-z0-9]+$/i.test(text) ? { url: text, host: 'peerhood' } : undefined
  if (scheme !== 'http:' && scheme !== 'https:' && scheme !== 'mailto:') return undefined
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (scheme === 'mailto:') {
    const [address = '', headers] = text.slice(scheme.length).split('?')
    // Headers could add receivers and files.
    return headers === undefined && /^[^@,;%&]+@[^@,;%&]+$/.test(address) ? { url: text, host: address } : undefined
  }
  // `https://bank.example@evil.example` leads to evil.example; `https:evil` depends on where one is.
  if (!/^https?:\/\/[^/\\]/i.test(text) || url.username !== '' || url.password !== '' || url.hostname === '')
    return undefined
  // Written out, letters of other scripts take up to twelve times the room.
  return url.href.length > markdownLinkCharsMax ? undefined : { url: url.href, host: url.host }
}

/** No space, control, quote, backslash, angle or mark that turns text: nothing that reads as another link than it is. */
function isPlain(text: string): boolean {
  if (!text.isWellFormed()) return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code <= 0x20 || (code >= 0x7f && code <= 0xa0) || code === 0x061c || code === 0xfeff) return false
    if ((code >= 0x2000 && code <= 0x200f) || (code >= 0x2028 && code <= 0x206f) || code === 0x3000) return false
  }
  return !/["'`\\<>]/.test(text)
}
