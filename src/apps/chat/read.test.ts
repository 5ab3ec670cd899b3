// Pages that stay as they are while new messages arrive, and searching.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Computer, community, createWorld, entryIdNamed } from '../../../test/support/chat.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { generalChannel } from './core.ts'
import { formatMark, parseMark } from './read.ts'
import { matchOf, splitSnippet, wordsOf } from './search.ts'
import type { MessageId, MessagePage } from './types.ts'

const general = new Uint8Array(16)

function setup() {
  const world = createWorld('read')
  const [a, b] = [world.computer(world.add('ada', 'owner')), world.computer(world.add('bob'))]
  world.clock.advance(1_000)
  return { world, a, b }
}

async function write(one: Computer, texts: readonly string[]): Promise<void> {
  for (const text of texts) await one.forge('message', { channel: general, text })
}

test('pages follow each other without gap or repeat while new messages arrive', async () => {
  const { world, a, b } = setup()
  const texts = Array.from({ length: 95 }, (_, i) => `${i}`)
  await write(a, texts)
  b.receive(world.all)
  const seen: string[] = []
  let before: string | undefined
  let page: MessagePage
  do {
    page = b.chat.messages(community, generalChannel, { limit: 10, ...(before === undefined ? {} : { before }) })
    seen.unshift(...page.messages.map(({ text }) => text))
    before = page.before
    await write(a, ['new', 'newer'])
    b.receive(world.all)
  } while (before !== undefined)
  assert.deepEqual(seen, texts)
  assert.equal(page.messages.length, 5)
})

test('pages lead both ways from a message, without gap or repeat', async () => {
  const { world, a } = setup()
  const texts = Array.from({ length: 40 }, (_, i) => `${i}`)
  await write(a, texts)
  world.clock.advance(1)
  const ids = a.chat.messages(community, generalChannel, { limit: 200 }).messages.map(({ id }) => id)
  const read = (options: object) => a.chat.messages(community, generalChannel, { limit: 8, ...options })
  for (const at of [0, 1, 20, 39]) {
    const middle = read({ around: ids[at] })
    assert.ok(middle.messages.some(({ id }) => id === ids[at]))
    const seen = [...middle.messages]
    for (let { before } = middle; before !== undefined; ) {
      const page = read({ before })
      assert.ok(page.after !== undefined, 'what it began from comes after it')
      seen.unshift(...page.messages)
      before = page.before
    }
    for (let { after } = middle; after !== undefined; ) {
      const page = read({ after })
      seen.push(...page.messages)
      after = page.after
    }
    assert.deepEqual(
      seen.map(({ id }) => id),
      ids,
    )
  }
  const { before } = read({})
  assert.equal(read({}).after, undefined)
  assert.deepEqual(read({ after: before }).messages, read({}).messages, 'a mark leads back to its own page')
  const [root] = ids
  await a.forge('message', { channel: general, text: 'aside', thread: Buffer.from(String(root), 'hex') })
  const aside = a.chat.messages(community, generalChannel, { limit: 8, thread: root as MessageId }).messages[0]?.id
  assert.deepEqual(read({ around: aside, thread: root }).messages.length, 1)
  for (const wrong of [aside, 'ab'.repeat(32)]) {
    assert.throws(
      () => read({ around: wrong }),
      (error) => isPeerhoodError(error) && error.code === 'message_unknown',
    )
  }
})

test('marks of pages: strict, and of nothing but places', () => {
  const place = { ms: 1_700_000_000_000, count: 7, id: entryIdNamed('x') }
  assert.deepEqual(parseMark(formatMark(place)), place)
  for (const bad of [
    '',
    '1.1',
    `1.1.${'g'.repeat(64)}`,
    `01.1.${place.id}`,
    `zzzzzzzzzzz.1.${place.id}`,
    `-1.1.${place.id}`,
  ]) {
    assert.throws(
      () => parseMark(bad),
      (error) => isPeerhoodError(error) && error.code === 'page_mark_wrong',
    )
  }
})

test('searching: all words, the last one begun, newest first, marked in the snippet, without accents', async () => {
  const { world, a } = setup()
  await write(a, ['The old tree', 'a tree house', 'Bäume und Häuser', 'house rules'])
  const other = await a.chat.createChannel(community, { name: 'other', kind: 'open' })
  world.clock.advance(1)
  await a.chat.send(community, { channel: other.id, text: 'another tree' })
  const find = (query: string, more = {}) =>
    a.chat.search(community, query, { limit: 10, ...more }).map(({ message }) => message.text)
  assert.deepEqual(find('tree'), ['another tree', 'a tree house', 'The old tree'])
  assert.deepEqual(find('tree', { channel: generalChannel }), ['a tree house', 'The old tree'])
  assert.deepEqual(find('TREE hou'), ['a tree house'])
  assert.deepEqual(find('baume'), ['Bäume und Häuser'])
  assert.deepEqual(find('häu'), ['Bäume und Häuser'])
  assert.deepEqual(find('nothing'), [])
  assert.deepEqual(find('a tr'), ['a tree house'])
  assert.deepEqual(find('tree a'), ['a tree house'], 'one letter is a word, not the beginning of all that have it')
  const [found] = a.chat.search(community, 'old', { limit: 1 })
  assert.deepEqual(found?.snippet, [
    { text: 'The ', match: false },
    { text: 'old', match: true },
    { text: ' tree', match: false },
  ])
})

test('whatever is searched for, it is only words', async () => {
  const { a } = setup()
  await write(a, ['tags and text', 'k1 c1', 'NEAR "quoted" words'])
  for (const query of [
    'text : x',
    'tags:k1',
    'a* OR b',
    'NOT x',
    '"a',
    '""" a',
    'NEAR(a b)',
    '^a',
    'a"b',
    "'; DROP TABLE chat_messages; --",
    '{a}:b',
    '\0a',
    '\ud800a',
  ]) {
    assert.doesNotThrow(() => a.chat.search(community, query, { limit: 5 }), query)
  }
  const find = (query: string) => a.chat.search(community, query, { limit: 10 }).map(({ message }) => message.text)
  assert.deepEqual(find('"quoted" words'), ['NEAR "quoted" words'])
  assert.deepEqual(find('tags text'), ['tags and text'])
  assert.deepEqual(find('tags OR house'), [])
  assert.deepEqual(matchOf(['a"b', 'cd'], ['k1']), 'text : ("a""b" AND "cd"*) AND tags : ("k1")')
  for (const word of ['ab', 'x-ab', 'ab!', '日', '7a', 'e\u0301']) assert.match(matchOf([word], ['k1']), /"\*\)/, word)
  for (const word of ['a', 'ab-c', '7', 'é', '"a"']) assert.doesNotMatch(matchOf([word], ['k1']), /"\*\)/, word)
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (query) => {
      if (wordsOf(query).length > 0) a.chat.search(community, query, { limit: 5 })
      return true
    }),
    { numRuns: 500, seed: 1 },
  )
})

test('snippets come apart into what was searched for and the rest', () => {
  assert.deepEqual(splitSnippet('a \u0002b\u0003\u0002c\u0003 d'), [
    { text: 'a ', match: false },
    { text: 'b', match: true },
    { text: 'c', match: true },
    { text: ' d', match: false },
  ])
  assert.deepEqual(splitSnippet(''), [])
})
