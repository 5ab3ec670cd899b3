import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import fc from 'fast-check'
import { toHex } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { entropyToPhrase } from './core.ts'
import { phraseCharactersMax, phraseWords, suggestionsMax, wordShownCharactersMax } from './limits.ts'
import { readPhrase, suggest } from './phrase.ts'
import { failure, vector } from './testing.ts'

const good =
  'meadow surge vanish primary odor grocery rubber mass shine dinner notable tag venue water purchase clarify book magic ribbon daughter menu eye ritual orchard'
const entropy = '89bb4bc5555992cdaf3444c5e7ca5a6e9f27efab894f1990bae41be8b2a26ea4'

function withWord(number: number, word: string): string {
  return good
    .split(' ')
    .with(number - 1, word)
    .join(' ')
}

test('any spacing and any capitals are the same phrase', () => {
  const words = good.split(' ')
  for (const text of [
    `  ${good.toUpperCase()}\n`,
    words.join('\r\n\t'),
    words.join('\u00a0\u3000'),
    words.map((word) => (word[0] ?? '').toUpperCase() + word.slice(1)).join('  '),
    good.replace('meadow', 'ｍｅａｄｏｗ'), // full-width letters, as some keyboards type
  ]) {
    assert.equal(toHex(readPhrase(text)), entropy)
  }
})

test('all entropies come back from their phrases', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      assert.deepEqual(readPhrase(entropyToPhrase(bytes)), bytes)
    }),
  )
})

test('a wrong word is named by number, with the word that was probably meant', async () => {
  const error = await failure(() => readPhrase(withWord(7, 'ruber')), 'phrase_word_unknown')
  assert.equal(error.message, 'Word 7, "ruber", is not on the list; did you mean "rubber"?')
  assert.deepEqual(error.details, { words: [{ number: 7, word: 'ruber', suggestions: ['rubber'] }] })
  assert.equal(error.kind, 'usage')
})

test('every wrong word is named', async () => {
  const error = await failure(
    () => readPhrase(withWord(24, 'qqqqqqqq').replace('grocery', 'grocey')),
    'phrase_word_unknown',
  )
  assert.match(
    error.message,
    /^Word 6, "grocey", is not on the list; did you mean "grocery"\? Word 24, "qqqqqqqq", is not on the list\.$/,
  )
})

test('suggestions: slips, swaps, beginnings; nothing for nonsense', () => {
  assert.deepEqual(suggest('abandn'), ['abandon'])
  assert.deepEqual(suggest('brigde'), ['bridge'])
  assert.deepEqual(suggest('accross'), ['across'])
  assert.deepEqual(suggest('aban'), ['abandon'])
  assert.deepEqual(suggest('xqzwv'), [])
  assert.deepEqual(suggest('x'), [])
  assert.ok(suggest('ban').length <= suggestionsMax)
  assert.deepEqual(suggest('a'.repeat(wordShownCharactersMax + 1)), [])
})

test('one letter dropped from any listed word still leads back to it, or to a word as near', () => {
  for (const word of wordlist.filter((_, index) => index % 61 === 0)) {
    const cut = word.slice(0, -1)
    if (wordlist.includes(cut)) continue
    assert.ok(suggest(cut).length > 0, cut)
  }
})

test('a wrong number of words is told by the numbers alone', async () => {
  for (const [text, count] of [
    ['', 0],
    [good.split(' ').slice(1).join(' '), 23],
    [`${good} abandon`, 25],
    [good.split(' ').slice(0, 12).join(' '), 12],
  ] as const) {
    const error = await failure(() => readPhrase(text), 'phrase_word_count')
    assert.equal(error.message, `A recovery phrase has ${phraseWords} words; this has ${count}.`)
  }
})

test('swapped words fail the checksum, and the error holds none of them', async () => {
  const [first = '', second = '', ...rest] = good.split(' ')
  const error = await failure(() => readPhrase([second, first, ...rest].join(' ')), 'phrase_checksum_wrong')
  const dump = inspect(error, { depth: Infinity, showHidden: true })
  // The stack names files and functions, of which none is called like these.
  for (const word of ['meadow', 'vanish', 'odor', 'grocery', 'orchard']) assert.ok(!dump.includes(word), word)
})

test('a good word never appears in an error about another', async () => {
  const error = await failure(() => readPhrase(withWord(3, 'zzzzzzzz')), 'phrase_word_unknown')
  const dump = inspect(error, { depth: Infinity, showHidden: true })
  for (const word of ['meadow', 'surge', 'odor', 'grocery', 'orchard']) assert.ok(!dump.includes(word), word)
})

test(`a text past phraseCharactersMax (${phraseCharactersMax}) is not looked at`, async () => {
  const padding = ' '.repeat(phraseCharactersMax - good.length)
  assert.equal(toHex(readPhrase(good + padding)), entropy)
  await failure(() => readPhrase(`${good}${padding} `), 'phrase_word_count')
})

test('what is shown of a wrong word is bounded and printable', async () => {
  const long = await failure(() => readPhrase(withWord(1, 'x'.repeat(500))), 'phrase_word_unknown')
  assert.ok(long.message.length < 100)
  const odd = await failure(() => readPhrase(withWord(1, '\u001b[31m\u202ered')), 'phrase_word_unknown')
  assert.match(odd.message, /^Word 1, "\?\[31m\?red"/)
})

test('no text makes it throw anything but its own error', () => {
  const word = fc.oneof(fc.constantFrom(...wordlist.slice(0, 50)), fc.string({ maxLength: 20, unit: 'binary' }))
  const texts = fc.oneof(
    fc.string({ maxLength: 1100, unit: 'binary' }),
    fc.array(word, { minLength: 22, maxLength: 26 }).map((words) => words.join(' ')),
    fc.string({ maxLength: 100 }).map((text) => `${vector.phrase}${text}`),
  )
  fc.assert(
    fc.property(texts, (text) => {
      try {
        assert.equal(readPhrase(text).length, 32)
      } catch (error) {
        assert.ok(isPeerhoodError(error) && error.code.startsWith('phrase_'), String(error))
      }
    }),
    { numRuns: 200 },
  )
})
