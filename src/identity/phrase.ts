// Reads a recovery phrase as people type it, and says exactly what is wrong with one. Pure. A phrase that is refused is
// quoted only by words that are not on the list, cut to a bounded length; a good word never appears in an error.

import { mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { identityErrors } from './errors.ts'
import {
  phraseCharactersMax,
  phraseWords,
  suggestionDistanceMax,
  suggestionsMax,
  wordShownCharactersMax,
} from './limits.ts'

const listed = new Set(wordlist)

/**
 * The 32 bytes of entropy that a phrase stands for, whatever its spacing and capitals.
 * Throws `phrase_word_count`, `phrase_word_unknown` (details: `words`, each with `number` from 1, `word`, `suggestions`),
 * `phrase_checksum_wrong`.
 */
export function readPhrase(text: string): Uint8Array {
  const words = splitWords(text)
  const wrong = words.flatMap((word, index) => (listed.has(word) ? [] : [describeWrong(word, index + 1)]))
  if (wrong.length > 0) throw identityErrors.phrase_word_unknown(sentenceOf(wrong), { details: { words: wrong } })
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    // The count and every word are right, so only the checksum is left; the library's error would quote the phrase.
    throw identityErrors.phrase_checksum_wrong(
      'Every word is on the list, but together they fail the checksum: they are not a recovery phrase.',
    )
  }
}

function splitWords(text: string): string[] {
  if (text.length > phraseCharactersMax) {
    throw identityErrors.phrase_word_count(`A recovery phrase is ${phraseWords} words; this is far longer.`)
  }
  const words = text.normalize('NFKD').toLowerCase().split(/\s+/u).filter(Boolean)
  if (words.length === phraseWords) return words
  throw identityErrors.phrase_word_count(`A recovery phrase has ${phraseWords} words; this has ${words.length}.`, {
    details: { words: words.length },
  })
}

interface WrongWord {
  /** From 1, as one counts on paper. */
  readonly number: number
  readonly word: string
  readonly suggestions: readonly string[]
}

function describeWrong(word: string, number: number): WrongWord {
  return { number, word: shown(word), suggestions: suggest(word) }
}

/** Safe to print: no control characters, no direction marks, bounded. */
function shown(word: string): string {
  const cut = word.length > wordShownCharactersMax ? `${word.slice(0, wordShownCharactersMax - 1)}…` : word
  return cut.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S}]/gu, '?')
}

function sentenceOf(wrong: readonly WrongWord[]): string {
  return wrong
    .map(({ number, word, suggestions }) => {
      const advice = suggestions.length === 0 ? '' : `; did you mean ${suggestions.map((s) => `"${s}"`).join(' or ')}?`
      return `Word ${number}, "${word}", is not on the list${advice || '.'}`
    })
    .join(' ')
}

/** The listed words nearest to this one, at most a slip or two away; those with the same beginning first. */
export function suggest(word: string): readonly string[] {
  if (word.length > wordShownCharactersMax) return []
  // Four letters name a word of the list (BIP-39), and some people write down no more.
  const begun = word.length >= 3 ? wordlist.filter((candidate) => candidate.startsWith(word)) : []
  if (begun.length > 0) return begun.slice(0, suggestionsMax)
  // Two slips in a word of three letters leave nothing of it.
  let least = Math.min(suggestionDistanceMax, Math.floor(word.length / 2))
  let nearest: string[] = []
  const letters = lettersOf(word)
  for (const [index, candidate] of wordlist.entries()) {
    // A slip changes at most one letter into another: of those that only one of the two has, there are two more.
    if (bitsIn(letters ^ (listedLetters[index] ?? 0)) > 2 * least) continue
    const distance = slips(word, candidate, least)
    if (distance > least) continue
    if (distance < least) nearest = []
    least = distance
    nearest.push(candidate)
  }
  const sameStart = (candidate: string) => (candidate.startsWith(word.slice(0, 2)) ? 0 : 1)
  return nearest.sort((a, b) => sameStart(a) - sameStart(b)).slice(0, suggestionsMax)
}

/** Which of the letters a to z a word has, a bit each. */
function lettersOf(word: string): number {
  let letters = 0
  for (let at = 0; at < word.length; at++) {
    const letter = word.charCodeAt(at) - 97
    if (letter >= 0 && letter < 26) letters |= 1 << letter
  }
  return letters
}

const listedLetters = Int32Array.from(wordlist, lettersOf)

function bitsIn(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}

/**
 * Letters to change, add, drop or swap with their neighbour (optimal string alignment distance); some number above `max`
 * where they are more. Without that bound a phrase of 24 wrong words took a quarter of a second.
 */
function slips(from: string, to: string, max: number): number {
  if (Math.abs(from.length - to.length) > max) return Number.POSITIVE_INFINITY
  let [before, above, current] = slipRows
  for (let column = 0; column <= to.length; column++) above[column] = column
  for (let row = 1; row <= from.length; row++) {
    current[0] = row
    let least = row
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let slip = Math.min(at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) slip = Math.min(slip, at(before, column - 2) + 1)
      current[column] = slip
      least = Math.min(least, slip)
    }
    // A row is at most one better than the one before, and that by a swap alone.
    if (least > max + 1) return Number.POSITIVE_INFINITY
    ;[before, above, current] = [above, current, before]
  }
  return at(above, to.length)
}

/** Used again and again: a word is at most `wordShownCharactersMax` long, a listed one eight. */
const slipRows: [Uint8Array, Uint8Array, Uint8Array] = [rowOf(), rowOf(), rowOf()]

function rowOf(): Uint8Array {
  return new Uint8Array(wordShownCharactersMax + 1)
}

const at = (row: Uint8Array, column: number) => row[column] ?? 0
