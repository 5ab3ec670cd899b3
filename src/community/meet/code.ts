// Spoken codes: `7-ocean-lamp`. The number (nameplate) is public: by it the guest finds the host. The words are the
// secret of both. Pure. An error quotes only words that are not on the list: a good word is half of somebody's secret.

import { wordlist } from '@scure/bip39/wordlists/english.js'
import { utf8 } from '../../base/bytes.ts'
import type { Random } from '../../base/ports.ts'
import { wordShownCharactersMax } from '../../identity/limits.ts'
import { suggest } from '../../identity/phrase.ts'
import { meetErrors } from './errors.ts'
import { codeCharsMax, codeWordPrefixChars, codeWords, nameplateMax } from './limits.ts'

export interface Code {
  readonly nameplate: number
  readonly words: readonly string[]
}

export function codeText({ nameplate, words }: Code): string {
  return [nameplate, ...words].join('-')
}

/** The password-related string of CPace: the code as it is written, in full words. */
export function codeSecret(code: Code): Uint8Array {
  return utf8(codeText(code))
}

/** Words for a nameplate: 11 random bits each, so every pair is as likely. */
export function drawWords(random: Random): readonly string[] {
  return Array.from({ length: codeWords }, () => {
    const [high = 0, low = 0] = random.bytes(2)
    return wordlist[((high << 8) | low) % wordlist.length] ?? ''
  })
}

/** A nameplate that is not `taken`, uniformly; there are far more of them than codes may be open. */
export function drawNameplate(random: Random, taken: (nameplate: number) => boolean): number {
  for (;;) {
    const [high = 0, low = 0] = random.bytes(2)
    // 10 bits: 0 to 1023; what lies outside is drawn again, so that no number is likelier.
    const nameplate = ((high << 8) | low) & 1023
    if (isNameplate(nameplate) && !taken(nameplate)) return nameplate
  }
}

export function isNameplate(nameplate: number): boolean {
  return Number.isInteger(nameplate) && nameplate >= 1 && nameplate <= nameplateMax
}

/**
 * Reads a code as people type it: any capitals, accents, spaces, hyphens or commas; words may be cut to their first four
 * letters. Throws `code_malformed`, `code_word_unknown` (details: `words`, each with `number` from 1, `word`,
 * `suggestions`).
 */
export function parseCode(text: string): Code {
  if (text.length > codeCharsMax)
    throw meetErrors.code_malformed('A code is a number and two words; this is far longer.')
  // Accents and full-width letters become plain ones (NFKD, then without marks).
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const [first, ...rest] = plain.match(/\d+|\p{L}+/gu) ?? []
  if (first === undefined) throw meetErrors.code_malformed('This is no code.')
  if (!/^\d+$/.test(first)) throw meetErrors.code_malformed('A code begins with its number.')
  const nameplate = Number(first)
  if (!isNameplate(nameplate)) throw meetErrors.code_malformed(`The number of a code is from 1 to ${nameplateMax}.`)
  if (rest.length !== codeWords || rest.some((word) => /^\d/.test(word))) {
    throw meetErrors.code_malformed(`A code has ${codeWords} words after its number; this has ${wordsIn(rest)}.`)
  }
  return { nameplate, words: readWords(rest) }
}

const wordsIn = (parts: readonly string[]) => (parts.length === 0 ? 'none' : String(parts.length))

function readWords(typed: readonly string[]): string[] {
  const wrong: { readonly number: number; readonly word: string; readonly suggestions: readonly string[] }[] = []
  const words = typed.map((word, index) => {
    const listed = listedWord(word)
    if (listed === undefined) wrong.push({ number: index + 1, word: shown(word), suggestions: suggest(word) })
    return listed ?? ''
  })
  if (wrong.length === 0) return words
  const sentence = wrong.map(({ number, word, suggestions }) => {
    const advice = suggestions.length === 0 ? '.' : `; is it ${suggestions.map((one) => `"${one}"`).join(' or ')}?`
    return `Word ${number}, "${word}", is not on the list${advice}`
  })
  throw meetErrors.code_word_unknown(sentence.join(' '), { details: { words: wrong } })
}

const listed = new Set(wordlist)

/** The word itself, or the one that begins like this. */
function listedWord(word: string): string | undefined {
  if (listed.has(word)) return word
  if (word.length < codeWordPrefixChars) return undefined
  return wordlist.find((candidate) => candidate.startsWith(word))
}

function shown(word: string): string {
  return word.length > wordShownCharactersMax ? `${word.slice(0, wordShownCharactersMax - 1)}…` : word
}
