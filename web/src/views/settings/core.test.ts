import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressLines, addressProblem, passphraseProblem, phraseHint, phraseWords } from './core.ts'

test('a phrase may be numbered, wrapped or in capitals', () => {
  assert.deepEqual(phraseWords('1. Abandon\n2. ability,  able '), ['abandon', 'ability', 'able'])
  assert.equal(phraseHint('one two'), '2 of 24 words.')
  assert.equal(phraseHint('word '.repeat(24)), 'All 24 words are there.')
  assert.equal(phraseHint('word '.repeat(26)), '26 words: that is 2 too many.')
})

test('addresses stand one a line, and a wrong one is named', () => {
  const good = '/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWAbc'
  assert.deepEqual(addressLines(`\n ${good} \n\n`), [good])
  assert.equal(addressProblem(good), undefined)
  assert.equal(addressProblem(''), undefined)
  assert.match(addressProblem(`${good}\n192.0.2.1:4001`) ?? '', /192\.0\.2\.1:4001/)
})

test('a new passphrase is typed twice', () => {
  assert.equal(passphraseProblem('a', ''), undefined)
  assert.equal(passphraseProblem('a', 'a'), undefined)
  assert.equal(passphraseProblem('a', 'b'), 'The two are not the same.')
})
