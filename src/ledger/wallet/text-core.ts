// Text that strangers wrote (names of tokens, values to sign), made safe to show: bounded, on one line, nothing that turns
// directions around, hides, or looks like an address or a control of the page. Pure.

import { shownLine } from '../client/envelope-core.ts'
import { tokenNameCharsMax, tokenSymbolCharsMax, valueCharsMax } from './limits.ts'

/** What a token calls itself; `fallback` where nothing of it can be seen. */
export function tokenName(said: unknown, fallback: string): string {
  return (typeof said === 'string' && shownLine(said, tokenNameCharsMax)) || fallback
}

export function tokenSymbol(said: unknown, fallback: string): string {
  if (typeof said !== 'string') return fallback
  const line = shownLine(said, tokenSymbolCharsMax)
  // A symbol is read as part of an amount: "5 0 BREAD" must not be possible.
  return /^[\p{L}\p{Sc}][\p{L}\p{N}\p{Sc}._-]*…?$/u.test(line) ? line : fallback
}

export function valueLine(text: string): string {
  return shownLine(text, valueCharsMax)
}

/** A name that a person gives: undefined where it can't be used. */
export function ownName(text: string, charsMax: number): string | undefined {
  const name = text.trim()
  return name !== '' && name.length <= charsMax && shownLine(name, charsMax) === name ? name : undefined
}
