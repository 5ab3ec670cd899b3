// Markdown of messages: what is read as what, that links are safe, and that no text makes a tree that is deep, large or slow.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { didNamed } from '../../../test/support/chat.ts'
import { markdownCharsMax, markdownDepthMax, markdownLinkCharsMax, markdownNodesMax } from './limits.ts'
import { safeLink } from './links-core.ts'
import { type Block, type Inline, mentionsOf, parseMarkdown, plainText } from './markdown-core.ts'

const ada = didNamed('ada')

/** A short way to write a tree: what kind it is, and what is in it. */
function shortInline(inline: Inline): unknown {
  if (inline.type === 'text') return inline.text
  if (inline.type === 'break') return '\n'
  if (inline.type === 'code') return { code: inline.text }
  if (inline.type === 'mention') return { mention: inline.person ?? inline.name }
  if (inline.type === 'link') return { link: inline.url, of: inline.children.map(shortInline) }
  return { [inline.type]: inline.children.map(shortInline) }
}

function short(block: Block): unknown {
  if (block.type === 'paragraph') return block.children.map(shortInline)
  if (block.type === 'code') return { code: block.text, in: block.language }
  if (block.type === 'quote') return { quote: block.children.map(short) }
  return { [block.ordered ? `from ${block.start}` : 'list']: block.items.map((item) => item.map(short)) }
}

const read = (text: string) => parseMarkdown(text).map(short)
const line = (text: string) => read(text)[0]

test('emphasis, code, breaks, escapes', () => {
  assert.deepEqual(line('a **b** *c* _d_ ~~e~~ `f`'), [
    'a ',
    { strong: ['b'] },
    ' ',
    { emphasis: ['c'] },
    ' ',
    { emphasis: ['d'] },
    ' ',
    { strike: ['e'] },
    ' ',
    { code: 'f' },
  ])
  assert.deepEqual(line('**a *b* c**'), [{ strong: ['a ', { emphasis: ['b'] }, ' c'] }])
  assert.deepEqual(line('__a__'), [{ strong: ['a'] }])
  for (const plain of [
    '2 * 3 * 4',
    'snake_case_name',
    '**open',
    'a ** b **',
    '****',
    '~~',
    '`',
    '``a`',
    '*',
    'a*',
    '[x',
    '[x]',
    '@',
    '@ x',
  ]) {
    assert.deepEqual(line(plain), [plain], plain)
  }
  assert.deepEqual(line('\\*a\\* \\`b\\` c\\d'), ['*a* `b` c\\d'])
  assert.deepEqual(line('`` a`b ``'), [{ code: 'a`b' }])
  assert.deepEqual(line('`**a**`'), [{ code: '**a**' }])
  assert.deepEqual(line('a\nb'), ['a', '\n', 'b'])
  assert.deepEqual(line('*a **b*'), [{ emphasis: ['a **b'] }])
  assert.deepEqual(line('<b>x</b> & <script>'), ['<b>x</b> & <script>'])
})

test('blocks: paragraphs, code, quotes, lists', () => {
  assert.deepEqual(read('a\n\nb'), [['a'], ['b']])
  assert.deepEqual(read('```ts\nconst x = **1**\n\n```\nafter'), [{ code: 'const x = **1**\n', in: 'ts' }, ['after']])
  assert.deepEqual(read('~~~\n```\n~~~'), [{ code: '```', in: '' }])
  assert.deepEqual(read('```\nnever closed'), [{ code: 'never closed', in: '' }])
  assert.deepEqual(read('> a\n> b\n>\n> > c\nd'), [{ quote: [['a', '\n', 'b'], { quote: [['c']] }] }, ['d']])
  assert.deepEqual(read('- a\n- b\n  more\n  - c\n\n3. d\n4. e'), [
    { list: [[['a']], [['b', '\n', 'more'], { list: [[['c']]] }]] },
    { 'from 3': [[['d']], [['e']]] },
  ])
  assert.deepEqual(read('-no list\n1.no'), [['-no list', '\n', '1.no']])
  assert.deepEqual(read(''), [])
  assert.deepEqual(read('👋🏽 hello'), [['👋🏽 hello']])
})

test('links: by name and by themselves, with what belongs to the sentence left out', () => {
  assert.deepEqual(line('[the *site*](https://example.org/a?b=c#d)'), [
    { link: 'https://example.org/a?b=c#d', of: ['the ', { emphasis: ['site'] }] },
  ])
  assert.deepEqual(line('see https://example.org/a_b_c, or (https://example.org/x_(y)).'), [
    'see ',
    { link: 'https://example.org/a_b_c', of: ['https://example.org/a_b_c'] },
    ', or (',
    { link: 'https://example.org/x_(y)', of: ['https://example.org/x_(y)'] },
    ').',
  ])
  assert.deepEqual(line('peerhood:abc2 mailto:a@example.org'), [
    { link: 'peerhood:abc2', of: ['peerhood:abc2'] },
    ' ',
    { link: 'mailto:a@example.org', of: ['mailto:a@example.org'] },
  ])
  assert.deepEqual(line('[[a]](https://a.example) [a](https://a.example)'), [
    { link: 'https://a.example/', of: ['[a]'] },
    ' ',
    { link: 'https://a.example/', of: ['a'] },
  ])
  assert.deepEqual(line('[a https://b.example](https://a.example)'), [
    { link: 'https://a.example/', of: ['a https://b.example'] },
  ])
  const [block] = parseMarkdown('[https://bank.example](https://evil.example/x)')
  assert.ok(block?.type === 'paragraph' && block.children[0]?.type === 'link')
  assert.equal(block.children[0].host, 'evil.example', 'the page can say where it leads')
})

test('what is no safe link stays text', () => {
  const bad = [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'vbscript:x',
    'https:evil',
    'https://',
    'https://a@b.example',
    'https://a:b@c.example',
    'http://a\\b',
    '//a.example',
    '/a',
    'a',
    'ftp://a',
    'blob:https://a',
    'mailto:',
    'mailto:a@b?attach=/etc/passwd',
    'mailto:a@b,c@d',
    'peerhood:',
    'peerhood:a/../b',
    'https://a.example/\u202egpj.exe',
    'https://a.example/\u200b',
    `https://a.example/${'x'.repeat(markdownLinkCharsMax)}`,
  ]
  for (const url of bad) {
    assert.equal(safeLink(url), undefined, url)
    assert.ok(!JSON.stringify(line(`[x](${url})`)).includes('"link"') || /\w:\/\/\w/.test(url), url)
  }
  assert.deepEqual(safeLink('HTTPS://EXAMPLE.org'), { url: 'https://example.org/', host: 'example.org' })
  assert.equal(safeLink('https://аpple.example')?.host, 'xn--pple-43d.example')
})

test('mentions: by did, by name, not in code or quotes', () => {
  assert.deepEqual(line(`hi @${ada}!`), ['hi ', { mention: ada }, '!'])
  assert.deepEqual(line('@bob, @Ada.L. and @[Ada Lovelace] mail a@b.example'), [
    { mention: 'bob' },
    ', ',
    { mention: 'Ada.L' },
    '. and ',
    { mention: 'Ada Lovelace' },
    ' mail a@b.example',
  ])
  const named = mentionsOf(parseMarkdown('@a **@b** `@c`\n> @d\n\n- @e\n```\n@f\n```'))
  assert.deepEqual(
    named.map(({ name }) => name),
    ['a', 'b', 'e'],
  )
  assert.equal(plainText(parseMarkdown('**a** [b](https://c.example) `d`\n- e @f')), 'a b d\ne @f')
})

// ---- any text

function measure(blocks: readonly Block[]): { nodes: number; depth: number; links: string[] } {
  const links: string[] = []
  let [nodes, deepest] = [0, 0]
  const inlines = (children: readonly Inline[], depth: number): void => {
    for (const child of children) {
      nodes++
      deepest = Math.max(deepest, depth)
      if (child.type === 'link') links.push(child.url)
      if ('children' in child) inlines(child.children, depth + 1)
    }
  }
  const walk = (all: readonly Block[], depth: number): void => {
    for (const block of all) {
      nodes++
      deepest = Math.max(deepest, depth)
      if (block.type === 'paragraph') inlines(block.children, depth + 1)
      if (block.type === 'quote') walk(block.children, depth + 1)
      if (block.type === 'list') for (const item of block.items) walk(item, depth + 1)
    }
  }
  walk(blocks, 1)
  return { nodes, depth: deepest, links }
}

const pieces = fc.constantFrom(
  '*',
  '**',
  '_',
  '__',
  '~~',
  '`',
  '``',
  '```',
  '[',
  ']',
  '(',
  ')',
  '](',
  '> ',
  '- ',
  '1. ',
  '\n',
  '\n\n',
  '  ',
  '\\',
  '@',
  '@[',
  'https://',
  'a.example',
  'javascript:',
  'peerhood:a',
  'mailto:a@b.example',
  'x',
  ' ',
  'wörd',
  '👍',
)
const texts = fc.array(pieces, { maxLength: 300 }).map((list) => list.join(''))

/** Letters and digits of a text: whatever is parsed, none is lost and none added but within links. */
const letters = (text: string) => text.replaceAll(/[^\p{L}\p{N}]/gu, '')

test('any text gives a bounded tree with safe links, and loses no word', () => {
  fc.assert(
    fc.property(fc.oneof(texts, fc.string({ unit: 'grapheme', maxLength: 400 })), (text) => {
      const blocks = parseMarkdown(text)
      const { nodes, depth, links } = measure(blocks)
      assert.ok(depth <= 2 * markdownDepthMax + 4, `depth ${depth}`)
      assert.ok(nodes <= markdownNodesMax + 100)
      for (const link of links)
        assert.ok(safeLink(link) !== undefined && /^(https?:\/\/|mailto:|peerhood:)/.test(link), link)
      assert.deepEqual(parseMarkdown(text), blocks)
      if (links.length === 0 && !/```|~~~|\d/.test(text)) assert.equal(letters(plainText(blocks)), letters(text))
      return true
    }),
    { numRuns: 3_000, seed: 1 },
  )
})

test('text without marks comes back as it is', () => {
  const words = fc.array(fc.stringMatching(/^[a-gi-ln-oq-z ]{0,30}$/), { maxLength: 5 })
  fc.assert(
    fc.property(words, (list) => {
      const lines = list.map((item) => item.trim()).filter((item) => item !== '')
      return plainText(parseMarkdown(lines.join('\n'))) === lines.join('\n')
    }),
    { seed: 2 },
  )
})

test('the worst texts of the greatest length are read in a bounded number of parts', () => {
  const worst = [
    '*',
    '**',
    '*a ',
    '*a **b ',
    '_a',
    '[',
    '[a](',
    '[](',
    '](',
    '[a](https://a.example',
    '`',
    '`a``',
    '``` ',
    '> ',
    '- ',
    '>- ',
    '1. ',
    '~~a ',
    '@',
    '@[',
    '\\',
    'https://',
    'https://https://a',
    '(https://a.example/(((',
    'mailto:a',
    '\n',
    '\n\n',
    '>\n',
    '- a\n',
    '*a*',
    '`a`',
    'h',
    '***a*** ',
    'a*b_c~~d',
  ]
  for (const piece of worst) {
    const text = piece.repeat(Math.floor(markdownCharsMax / piece.length))
    const { nodes, depth } = measure(parseMarkdown(text))
    assert.ok(nodes <= markdownNodesMax + 100, `${JSON.stringify(piece)}: ${nodes} nodes`)
    assert.ok(depth <= 2 * markdownDepthMax + 4, `${JSON.stringify(piece)}: depth ${depth}`)
  }
  assert.deepEqual(parseMarkdown(`*a*${'x'.repeat(markdownCharsMax)}`).length, 1)
})
