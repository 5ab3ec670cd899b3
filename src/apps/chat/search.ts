// Searching messages: all words, the last one as a beginning once it has two letters, newest first. FTS5 walks its hits from
// the newest rowid down (rowids grow with time, messages.ts) and stops at the limit, so a common word costs no more than a
// rare one.

import type { Database } from '../../base/database.ts'
import type { CommunityId } from '../../log/types.ts'
import type { ChannelRow } from './channels.ts'
import { comparePlaces } from './core.ts'
import { chatErrors } from './errors.ts'
import { queryCharsMax, queryWordsMax, searchFoundMax, snippetWords } from './limits.ts'
import { checkLimit, type Reader } from './read.ts'
import { numberOf, placeOfRow, type Row, textOf } from './rows.ts'
import type { ChannelId, Found } from './types.ts'
import type { ChatView } from './view.ts'

/** Controls, which no text of a message holds (fields-core.ts), so a snippet can be told from what it marks. */
const [matchBegins, matchEnds] = ['\u0002', '\u0003']

export function createSearch(parts: {
  readonly database: Database
  readonly view: Pick<ChatView, 'channels'>
  readonly reader: Reader
}) {
  const { database, view, reader } = parts
  const hits = database.prepare(
    `SELECT rowid AS n, snippet(chat_search, 0, '${matchBegins}', '${matchEnds}', '…', ${snippetWords}) AS snippet
     FROM chat_search WHERE chat_search MATCH ? ORDER BY rowid DESC`,
  )
  const row = database.prepare('SELECT * FROM chat_messages WHERE n = ?')

  function search(
    id: CommunityId,
    query: string,
    options: { readonly limit: number; readonly channel?: ChannelId },
  ): readonly Found[] {
    checkLimit(options.limit, searchFoundMax)
    const words = wordsOf(query)
    if (words.length === 0) throw chatErrors.query_empty('There is no word to search for.')
    const community = reader.number(id)
    if (community === undefined) return []
    const tags = [`k${community}`]
    if (options.channel !== undefined) tags.push(`c${reader.need(id, options.channel).n}`)
    const found: { readonly raw: Row; readonly channel: ChannelRow; readonly snippet: string }[] = []
    const channels = createVisible(view, reader)
    for (const hit of hits.iterate(matchOf(words, tags))) {
      const raw = row.get(numberOf(hit, 'n'))
      const channel = raw === undefined ? undefined : channels(numberOf(raw, 'channel'))
      if (raw === undefined || channel === undefined) continue
      found.push({ raw, channel, snippet: textOf(hit, 'snippet') })
      if (found.length === options.limit) break
    }
    // Rowids follow time to the millisecond; within one they follow the id.
    found.sort((a, b) => comparePlaces(placeOfRow(b.raw), placeOfRow(a.raw)))
    return found.map(({ raw, channel, snippet }) => {
      return { message: reader.messageOf(reader.context(id, channel), raw), snippet: splitSnippet(snippet) }
    })
  }

  return { search }
}

/** Remembers, for one search, which channels can be read. */
function createVisible(view: Pick<ChatView, 'channels'>, reader: Reader) {
  const known = new Map<number, ChannelRow | undefined>()
  return (n: number): ChannelRow | undefined => {
    if (known.has(n)) return known.get(n)
    const channel = view.channels.byNumber(n)
    const visible = channel !== undefined && reader.isVisible(channel) ? channel : undefined
    known.set(n, visible)
    return visible
  }
}

/** The words of a search: what stands between spaces and holds a letter or digit. */
export function wordsOf(query: string): readonly string[] {
  return query
    .slice(0, queryCharsMax)
    .toWellFormed()
    .replaceAll('\0', ' ')
    .split(/\s+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
    .slice(0, queryWordsMax)
}

/**
 * Whether a word is looked for as a beginning: what ends it has two letters, or is one of a script that writes whole words
 * in one. Nearly every message has a word that begins with some one letter, and all of them would be joined.
 */
function isBeginning(word: string): boolean {
  return /([\p{L}\p{N}\p{M}]{2}|\p{Lo})[^\p{L}\p{N}]*$/u.test(word)
}

/**
 * An FTS5 expression that can say nothing else: each word is a string ("…", with quotes doubled: FTS5 §3.1), so
 * no operator, column or function can be smuggled in.
 */
export function matchOf(words: readonly string[], tags: readonly string[]): string {
  const quoted = words.map((word, i) => {
    return `"${word.replaceAll('"', '""')}"${i === words.length - 1 && isBeginning(word) ? '*' : ''}`
  })
  return `text : (${quoted.join(' AND ')}) AND tags : (${tags.map((tag) => `"${tag}"`).join(' AND ')})`
}

export function splitSnippet(snippet: string): Found['snippet'] {
  const parts: { text: string; match: boolean }[] = []
  for (const [i, piece] of snippet.split(matchBegins).entries()) {
    const end = i === 0 ? -1 : piece.indexOf(matchEnds)
    if (end > 0) parts.push({ text: piece.slice(0, end), match: true })
    const rest = piece.slice(end + 1)
    if (rest !== '') parts.push({ text: rest, match: false })
  }
  return parts
}
