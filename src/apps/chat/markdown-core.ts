// Markdown of messages to a tree that the page draws. Never HTML: what is not in the subset is text. Runs in a browser.
//
// Must stay true: time grows with the length of the text only (each character is looked at a bounded number of times);
// depth, parts and links are bounded by limits.ts; every link in the tree has passed `safeLink`.

import { markdownCharsMax, markdownDepthMax, markdownNodesMax } from './limits.ts'
import { type Budget, type Inline, type Mention, parseInline } from './markdown-inline-core.ts'

export type { Inline, Mention } from './markdown-inline-core.ts'

export type Block =
  | { readonly type: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly type: 'code'; readonly language: string; readonly text: string }
  | { readonly type: 'quote'; readonly children: readonly Block[] }
  | {
      readonly type: 'list'
      readonly ordered: boolean
      /** Number of the first item. */
      readonly start: number
      readonly items: readonly (readonly Block[])[]
    }

export function parseMarkdown(text: string): readonly Block[] {
  if (text.length > markdownCharsMax) return [{ type: 'paragraph', children: [{ type: 'text', text }] }]
  return parseBlocks(text.split('\n'), 0, { nodes: markdownNodesMax })
}

/** The text without marks: for notifications and one-line previews. */
export function plainText(blocks: readonly Block[]): string {
  return blocks.map(plainBlock).join('\n')
}

function plainBlock(block: Block): string {
  if (block.type === 'paragraph') return block.children.map(plainInline).join('')
  if (block.type === 'code') return block.text
  if (block.type === 'quote') return plainText(block.children)
  return block.items.map(plainText).join('\n')
}

function plainInline(inline: Inline): string {
  switch (inline.type) {
    case 'text':
    case 'code':
      return inline.text
    case 'break':
      return '\n'
    case 'mention':
      return inline.text
    default:
      return inline.children.map(plainInline).join('')
  }
}

/** Everybody a text names, in order. */
export function mentionsOf(blocks: readonly Block[]): readonly Mention[] {
  return blocks.flatMap((block): readonly Mention[] => {
    if (block.type === 'paragraph') return block.children.flatMap(mentionsIn)
    if (block.type === 'quote') return []
    return block.type === 'list' ? block.items.flatMap((item) => mentionsOf(item)) : []
  })
}

function mentionsIn(inline: Inline): readonly Mention[] {
  if (inline.type === 'mention') return [inline]
  return 'children' in inline ? inline.children.flatMap(mentionsIn) : []
}

// ---- blocks: each line belongs to one block; what stands inside a quote or an item is parsed again, one level deeper

const fencePattern = /^ {0,3}(`{3,}|~{3,})([^`]*)$/
const itemPattern = /^( {0,3})([-*+]|\d{1,9}[.)]) +(?=\S)/

function parseBlocks(lines: readonly string[], depth: number, budget: Budget): Block[] {
  const blocks: Block[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at] ?? ''
    if (isBlank(line)) {
      at++
      continue
    }
    const taken =
      takeFence(lines, at) ?? takeNested(lines, at, depth, budget) ?? takeParagraph(lines, at, depth, budget)
    budget.nodes--
    blocks.push(taken.block)
    at = taken.end
  }
  return blocks
}

interface Taken {
  readonly block: Block
  /** The line after it. */
  readonly end: number
}

function takeFence(lines: readonly string[], at: number): Taken | undefined {
  const open = fencePattern.exec(lines[at] ?? '')
  if (open === null) return undefined
  const fence = open[1] ?? ''
  const body: string[] = []
  let end = at + 1
  for (; end < lines.length; end++) {
    const line = (lines[end] ?? '').trim()
    if (line.startsWith(fence) && line.replaceAll(fence[0] ?? '', '') === '') {
      end++
      break
    }
    body.push(lines[end] ?? '')
  }
  const language = /^[\w+#.-]{1,32}/.exec((open[2] ?? '').trim())?.[0] ?? ''
  return { block: { type: 'code', language, text: body.join('\n') }, end }
}

function takeNested(lines: readonly string[], at: number, depth: number, budget: Budget): Taken | undefined {
  if (depth >= markdownDepthMax || budget.nodes <= 0) return undefined
  const line = lines[at] ?? ''
  if (isQuote(line)) return takeQuote(lines, at, depth, budget)
  return itemPattern.test(line) ? takeList(lines, at, depth, budget) : undefined
}

function takeQuote(lines: readonly string[], at: number, depth: number, budget: Budget): Taken {
  let end = at
  const inner: string[] = []
  for (; end < lines.length && isQuote(lines[end] ?? ''); end++) {
    inner.push((lines[end] ?? '').replace(/^ {0,3}> ?/, ''))
  }
  return { block: { type: 'quote', children: parseBlocks(inner, depth + 1, budget) }, end }
}

function takeList(lines: readonly string[], at: number, depth: number, budget: Budget): Taken {
  const first = itemPattern.exec(lines[at] ?? '')?.[2] ?? '-'
  const ordered = /\d/.test(first)
  const items: (readonly Block[])[] = []
  let end = at
  while (end < lines.length && budget.nodes > 0) {
    const marker = itemPattern.exec(lines[end] ?? '')
    if (marker === null || /\d/.test(marker[2] ?? '') !== ordered) break
    const item = takeItem(lines, end, marker[0].length)
    budget.nodes--
    items.push(parseBlocks(item.lines, depth + 1, budget))
    end = item.end
  }
  return { block: { type: 'list', ordered, start: ordered ? Number.parseInt(first, 10) : 1, items }, end }
}

/** The lines of one item: its own, and those after it that are indented by two or more. */
function takeItem(lines: readonly string[], at: number, markerLength: number) {
  const inner = [(lines[at] ?? '').slice(markerLength)]
  let end = at + 1
  for (; end < lines.length; end++) {
    const line = lines[end] ?? ''
    const indent = line.length - line.trimStart().length
    if (isBlank(line) || indent < 2) break
    inner.push(line.slice(Math.min(indent, markerLength)))
  }
  return { lines: inner, end }
}

function takeParagraph(lines: readonly string[], at: number, depth: number, budget: Budget): Taken {
  const nests = depth < markdownDepthMax && budget.nodes > 0
  let end = at + 1
  for (; end < lines.length; end++) {
    const line = lines[end] ?? ''
    if (isBlank(line) || fencePattern.test(line) || (nests && (isQuote(line) || itemPattern.test(line)))) break
  }
  const text = lines.slice(at, end).join('\n')
  return { block: { type: 'paragraph', children: parseInline(text, budget) }, end }
}

function isBlank(line: string): boolean {
  return line.trim() === ''
}

function isQuote(line: string): boolean {
  return /^ {0,3}>/.test(line)
}
