// A sentence as the daemon says it. It writes commands between backticks, as a terminal shows them; here they are code.

import { saidParts } from './core.ts'

export function Said({ text }: { text: string }) {
  return saidParts(text).map(({ text: part, isCode }, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity; their place is their meaning
    isCode ? <code key={at}>{part}</code> : part,
  )
}
