// The inline part of Markdown: emphasis, code, links, mentions. One pass from left to right with a stack of what is open;
// what `[` and backticks match is found beforehand, so nothing is looked for twice.

import type { PersonDid } from '../../identity/types.ts'
import { isDid } from './fields-core.ts'
import { markdownDepthMax } from './limits.ts'
import { safeLink } from './links-core.ts'

/** Parts that may still be made; shared by a whole text. */
export interface Budget {
  nodes: number
}

export interface Mention {
  readonly type: 'mention'
  /** As it was written. */
  readonly text: string
  /** `@did:key:…` */
  readonly person?: PersonDid
  /** `@name`, `@[name with spaces]` */
  readonly name?: string
}

export type Inline =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'strong' | 'emphasis' | 'strike'; readonly children: readonly Inline[] }
  | { readonly type: 'code'; readonly text: string }
  /** `host` is where it leads, for the page to show beside a label that says something else. */
  | { readonly type: 'link'; readonly url: string; readonly host: string; readonly children: readonly Inline[] }
  | Mention
  | { readonly type: 'break' }

type Style = 'strong' | 'emphasis' | 'strike'

/** Something open: its mark is text unless it is closed. */
interface Frame {
  readonly mark: string
  readonly style: Style | undefined
  readonly children: Inline[]
}

const marks: readonly (readonly [mark: string, style: Style])[] = [
  ['**', 'strong'],
  ['__', 'strong'],
  ['~~', 'strike'],
  ['*', 'emphasis'],
  ['_', 'emphasis'],
]

export function parseInline(text: string, budget: Budget, inLink = false): readonly Inline[] {
  const stack: Frame[] = [{ mark: '', style: undefined, children: [] }]
  const found = lookAhead(text)
  let plain = ''
  let at = 0

  function top(): Inline[] {
    return stack.at(-1)?.children ?? []
  }

  function flush(): void {
    if (plain !== '') addText(top(), plain, budget)
    plain = ''
  }

  function add(inline: Inline): void {
    flush()
    budget.nodes--
    top().push(inline)
  }

  /** The frame above becomes text again. */
  function unopen(): void {
    const frame = stack.pop()
    if (frame === undefined) return
    addText(top(), frame.mark, budget)
    for (const child of frame.children) {
      if (child.type === 'text') addText(top(), child.text, budget)
      else top().push(child)
    }
  }

  function takeMark(mark: string, style: Style): void {
    const before = text[at - 1] ?? ' '
    const after = text[at + mark.length] ?? ' '
    const open = stack.findLastIndex((frame) => frame.mark === mark)
    if (open > 0 && !isSpace(before) && (mark[0] !== '_' || !isWord(after))) {
      flush()
      while (stack.length > open + 1) unopen()
      const frame = stack.pop()
      if (frame?.children.length === 0) addText(top(), mark + mark, budget)
      else if (frame !== undefined) add({ type: style, children: frame.children })
    } else if (stack.length <= markdownDepthMax && !isSpace(after) && (mark[0] !== '_' || !isWord(before))) {
      flush()
      stack.push({ mark, style, children: [] })
    } else {
      plain += mark
    }
    at += mark.length
  }

  while (at < text.length) {
    if (budget.nodes <= 0) {
      plain += text.slice(at)
      break
    }
    const taken = takeAtom(text, at, found, budget, inLink)
    if (taken !== undefined) {
      if (taken.inline.type === 'text') plain += taken.inline.text
      else add(taken.inline)
      at = taken.end
      continue
    }
    const mark = markAt(text, at)
    if (mark !== undefined) {
      takeMark(...mark)
    } else if (text[at] === '\\' && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? '')) {
      plain += text[at + 1]
      at += 2
    } else {
      plain += text[at]
      at++
    }
  }
  flush()
  while (stack.length > 1) unopen()
  return stack[0]?.children ?? []
}

function markAt(text: string, at: number): readonly [string, Style] | undefined {
  const first = text[at]
  return first === '*' || first === '_' || first === '~' ? marks.find(([mark]) => text.startsWith(mark, at)) : undefined
}

/** Joins neighbouring text, so that one text has one tree. */
function addText(children: Inline[], text: string, budget: Budget): void {
  const last = children.at(-1)
  if (last?.type === 'text') {
    children[children.length - 1] = { type: 'text', text: last.text + text }
    return
  }
  budget.nodes--
  children.push({ type: 'text', text })
}

// ---- what stands for itself

interface Ahead {
  /** For a run of backticks at an index: where the next run of the same length begins. */
  readonly backticks: ReadonlyMap<number, { readonly length: number; readonly close: number }>
  /** For `[` at an index: its `]`. */
  readonly brackets: ReadonlyMap<number, number>
  /** For an index: the next space or `)` from there on. */
  readonly stops: (at: number) => number
}

function lookAhead(text: string): Ahead {
  const backticks = new Map<number, { length: number; close: number }>()
  const nextOf = new Map<number, number>()
  for (const run of [...text.matchAll(/`+/g)].reverse()) {
    const close = nextOf.get(run[0].length)
    if (close !== undefined) backticks.set(run.index, { length: run[0].length, close })
    nextOf.set(run[0].length, run.index)
  }
  const brackets = new Map<number, number>()
  const open: number[] = []
  for (const { index, 0: bracket } of text.matchAll(/\\[\s\S]|[[\]]/g)) {
    if (bracket === '[') open.push(index)
    const begin = bracket === ']' ? open.pop() : undefined
    if (begin !== undefined) brackets.set(begin, index)
  }
  const ends = [...text.matchAll(/[\s)]/g)].map((match) => match.index)
  return { backticks, brackets, stops: (at) => firstFrom(ends, at) ?? text.length }
}

/** The first of ascending numbers that is not below `from`. */
function firstFrom(numbers: readonly number[], from: number): number | undefined {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) < from) low = middle + 1
    else high = middle
  }
  return numbers[low]
}

interface Atom {
  readonly inline: Inline
  readonly end: number
}

function takeAtom(text: string, at: number, ahead: Ahead, budget: Budget, inLink: boolean): Atom | undefined {
  switch (text[at]) {
    case '\n':
      return { inline: { type: 'break' }, end: at + 1 }
    case '`':
      return takeCode(text, at, ahead)
    case '[':
      return inLink ? undefined : takeLink(text, at, ahead, budget)
    case '@':
      return isWord(text[at - 1] ?? ' ') ? undefined : takeMention(text, at, ahead)
    case 'h':
    case 'H':
    case 'm':
    case 'p':
      return inLink || isWord(text[at - 1] ?? ' ') ? undefined : takeAutolink(text, at)
    default:
      return undefined
  }
}

function takeCode(text: string, at: number, { backticks }: Ahead): Atom | undefined {
  const run = backticks.get(at)
  if (run === undefined) {
    // An unmatched run is text as a whole, so that no part of it is taken for a shorter one.
    const length = runLength(text, at)
    return { inline: { type: 'text', text: text.slice(at, at + length) }, end: at + length }
  }
  const inside = text.slice(at + run.length, run.close)
  const trimmed = /^ .* $/s.test(inside) && inside.trim() !== '' ? inside.slice(1, -1) : inside
  return { inline: { type: 'code', text: trimmed.replaceAll('\n', ' ') }, end: run.close + run.length }
}

function runLength(text: string, at: number): number {
  let end = at
  while (text[end] === '`') end++
  return end - at
}

function takeLink(text: string, at: number, { brackets, stops }: Ahead, budget: Budget): Atom | undefined {
  const close = brackets.get(at)
  if (close === undefined || text[close + 1] !== '(') return undefined
  const end = stops(close + 2)
  if (text[end] !== ')') return undefined
  const link = safeLink(text.slice(close + 2, end))
  if (link === undefined) return undefined
  const children = parseInline(text.slice(at + 1, close), budget, true)
  if (children.length === 0) return undefined
  return { inline: { type: 'link', ...link, children }, end: end + 1 }
}

const didMention = /@(did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44})/y
const nameMention = /@([\p{L}\p{N}](?:[\p{L}\p{M}\p{N}._-]{0,62}[\p{L}\p{M}\p{N}_])?)/uy

function takeMention(text: string, at: number, { brackets }: Ahead): Atom | undefined {
  const close = text[at + 1] === '[' ? brackets.get(at + 1) : undefined
  if (close !== undefined) {
    const name = text.slice(at + 2, close).trim()
    if (name === '' || name.length > 100 || name.includes('\n')) return undefined
    return { inline: { type: 'mention', text: `@${name}`, name }, end: close + 1 }
  }
  const person = matchAt(didMention, text, at)
  if (person !== undefined && isDid(person[1]) && !isWord(text[at + person[0].length] ?? ' ')) {
    return { inline: { type: 'mention', text: person[0], person: person[1] }, end: at + person[0].length }
  }
  const name = matchAt(nameMention, text, at)
  if (name === undefined) return undefined
  return { inline: { type: 'mention', text: name[0], name: name[1] ?? '' }, end: at + name[0].length }
}

const autolink = /(?:https?:\/\/|mailto:|peerhood:)[^\s<>"'`\\*]{1,2048}/iy

function takeAutolink(text: string, at: number): Atom | undefined {
  const whole = matchAt(autolink, text, at)?.[0]
  if (whole === undefined) return undefined
  const url = withoutTail(whole)
  const link = safeLink(url)
  if (link === undefined) return undefined
  return { inline: { type: 'link', ...link, children: [{ type: 'text', text: url }] }, end: at + url.length }
}

/** Stops and brackets after a link belong to the sentence, except a `)` that was opened within the link. */
function withoutTail(url: string): string {
  let end = url.length
  let unopened = count(url, ')') - count(url, '(')
  for (; end > 0; end--) {
    const last = url[end - 1] ?? ''
    if (last === ')' && unopened > 0) unopened--
    else if (!/[.,;:!?\]}~_]/.test(last)) break
  }
  return url.slice(0, end)
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

function isSpace(character: string): boolean {
  return /\s/.test(character)
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}_]/u.test(character)
}
