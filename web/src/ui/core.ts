// What parts compute before they draw. Pure.

/** The rows [from, to) of a page; a page past the end is the last one. */
export function pageRows(total: number, perPage: number, page: number): { from: number; to: number } {
  const last = Math.max(0, Math.ceil(total / perPage) - 1)
  const from = Math.min(page, last) * perPage
  return { from, to: Math.min(total, from + perPage) }
}

export interface SaidPart {
  readonly text: string
  readonly isCode: boolean
}

/** What stands between a pair of backticks is code; a backtick without a second one is only a character. */
export function saidParts(text: string): SaidPart[] {
  const parts: SaidPart[] = []
  let from = 0
  for (const match of text.matchAll(/`([^`]+)`/g)) {
    parts.push({ text: text.slice(from, match.index), isCode: false }, { text: match[1] ?? '', isCode: true })
    from = match.index + match[0].length
  }
  parts.push({ text: text.slice(from), isCode: false })
  return parts.filter((part) => part.text !== '')
}

/** The same sentence for those who hear it. */
export function saidAloud(text: string): string {
  return saidParts(text)
    .map((part) => part.text)
    .join('')
}
