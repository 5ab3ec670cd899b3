import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import fc from 'fast-check'
import { createRandom } from '../../../test/sim/random.ts'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import { fromUtf8 } from '../../base/bytes.ts'
import { failure } from '../../identity/testing.ts'
import { codeSecret, codeText, drawNameplate, drawWords, parseCode } from './code.ts'
import { codeCharsMax, codeWordPrefixChars, nameplateMax } from './limits.ts'

const ocean = { nameplate: 7, words: ['ocean', 'lamp'] }

test('a code is read however it is typed', () => {
  const typings = [
    '7-ocean-lamp',
    '7 ocean lamp',
    '  7  OCEAN   Lamp  ',
    '7, ocean, lamp.',
    '#7 ocean—lamp',
    '007-ocean-lamp',
    '7ocean lamp',
    '7_ocean_lamp',
    '7-ocea-lamp',
    '7-océan-lamp',
    '７－ｏｃｅａｎ－ｌａｍｐ',
    '7\tocean\nlamp',
    '“7-ocean-lamp”',
  ]
  for (const typed of typings) assert.deepEqual(parseCode(typed), ocean, typed)
  assert.equal(codeText(ocean), '7-ocean-lamp')
  assert.equal(fromUtf8(codeSecret(parseCode('7 OCEA lamp'))), '7-ocean-lamp', 'the secret is in full words')
})

test('a word that begins others means itself', () => {
  assert.deepEqual(parseCode('1-act-actor').words, ['act', 'actor'])
})

test('four letters of every word name it', () => {
  for (const word of wordlist) {
    assert.deepEqual(parseCode(`1-${word.slice(0, codeWordPrefixChars)}-${word}`).words, [word, word])
  }
})

test('errors say what is wrong, and which word', async () => {
  const unknown = await failure(() => parseCode('7-ocaen-lmap'), 'code_word_unknown')
  assert.equal(
    unknown.message,
    'Word 1, "ocaen", is not on the list; is it "ocean"? Word 2, "lmap", is not on the list; is it "lamp"?',
  )
  assert.deepEqual(unknown.details.words, [
    { number: 1, word: 'ocaen', suggestions: ['ocean'] },
    { number: 2, word: 'lmap', suggestions: ['lamp'] },
  ])
  const cases: readonly [string, RegExp][] = [
    ['', /no code/],
    ['---', /no code/],
    ['ocean-lamp', /begins with its number/],
    ['7', /2 words .* has none/],
    ['7-ocean', /has 1\./],
    ['7-ocean-lamp-lamp', /has 3\./],
    ['7-8-lamp', /2 words/],
    ['0-ocean-lamp', /from 1 to 999/],
    ['1000-ocean-lamp', /from 1 to 999/],
    [`${'9'.repeat(50)}-ocean-lamp`, /from 1 to 999/],
    [`7-ocean-lamp${' '.repeat(codeCharsMax)}`, /far longer/],
  ]
  for (const [typed, message] of cases) {
    const error = await failure(() => parseCode(typed), 'code_malformed')
    assert.match(error.message, message, typed)
  }
})

test('an error quotes no word that is on the list', async () => {
  const error = await failure(() => parseCode('7-ocean-xyzzy'), 'code_word_unknown')
  assert.ok(!JSON.stringify([error.message, error.details, error.hint]).includes('ocean'))
  const long = await failure(() => parseCode(`7-${'x'.repeat(40)}-lamp`), 'code_word_unknown')
  assert.ok(long.message.length < 80)
})

test('whatever is typed, a code or an own error comes of it', () => {
  const piece = fc.oneof(
    fc.constantFrom('7', '999', 'ocean', 'lamp', '-', ' ', 'é', '\u202e', '０'),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const typed = pieces.join('')
      assertOnlyOwnErrors(() => {
        const code = parseCode(typed)
        assert.deepEqual(parseCode(codeText(code)), code)
      }, typed.length)
    }),
    { numRuns: 1_000, seed: 1 },
  )
})

test('drawn codes read back, spare what is taken, and are spread over all words and numbers', () => {
  const random = createRandom('codes')
  const words = new Set<string>()
  const nameplates = new Set<number>()
  for (let i = 0; i < 12_000; i++) {
    const nameplate = drawNameplate(random, (one) => one <= 3)
    assert.ok(nameplate > 3 && nameplate <= nameplateMax)
    const code = { nameplate, words: drawWords(random) }
    nameplates.add(nameplate)
    for (const word of code.words) words.add(word)
    if (i % 100 === 0) assert.deepEqual(parseCode(codeText(code)), code)
  }
  assert.equal(words.size, wordlist.length)
  assert.equal(nameplates.size, nameplateMax - 3)
})
