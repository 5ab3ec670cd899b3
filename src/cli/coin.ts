// Amounts of coin as people write and read them: 18 decimals of wei.

import { InvalidArgumentError } from 'commander'

const decimals = 18

/** `12.5` → wei; undefined for anything else. */
export function textToWei(text: string): bigint | undefined {
  const match = /^(\d{1,20})(?:\.(\d{1,18}))?$/.exec(text.trim())
  if (match === null) return undefined
  const [, whole = '0', part = ''] = match
  return BigInt(whole) * 10n ** BigInt(decimals) + BigInt(part.padEnd(decimals, '0'))
}

/** Wei → `12.5`, without zeros at the end. */
export function weiToText(wei: string): string {
  const digits = wei.padStart(decimals + 1, '0')
  const whole = BigInt(digits.slice(0, -decimals)).toLocaleString('en')
  const part = digits.slice(-decimals).replace(/0+$/, '')
  return part === '' ? whole : `${whole}.${part}`
}

/** Option that is an amount of coin. */
export function coinOption(text: string): string {
  const wei = textToWei(text)
  if (wei !== undefined) return wei.toString()
  throw new InvalidArgumentError('It is an amount like 12 or 12.5, with at most 18 decimals.')
}
