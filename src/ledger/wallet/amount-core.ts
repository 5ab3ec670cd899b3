// Amounts: what a person writes, and what a chain counts in its smallest unit. Exact: no floats. Pure.

import { walletErrors } from './errors.ts'
import { amountCharsMax } from './limits.ts'

/** One more than the EVM's largest number. */
export const wordEnd = 1n << 256n

/** `1.5` with 18 decimals → 1500000000000000000n. Throws `wallet_amount_unusable`. */
export function parseAmount(text: string, decimals: number): bigint {
  const match = text.length <= amountCharsMax ? /^(\d+)(?:\.(\d+))?$/.exec(text.trim()) : null
  if (match === null) throw unusable('it is not written with digits and at most one point')
  const [, whole = '', part = ''] = match
  const digits = part.replace(/0+$/, '')
  if (digits.length > decimals) throw unusable(`it has more than ${decimals} digits after the point`)
  const amount = BigInt(whole + digits.padEnd(decimals, '0'))
  if (amount >= wordEnd) throw unusable('it is larger than any amount on a chain')
  return amount
}

/** The inverse of {@link parseAmount}: `1.5`, without zeros at the end. */
export function formatAmount(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return part === '' ? whole : `${whole}.${part}`
}

/** `12.5 BREAD`. */
export function amountText(amount: bigint, asset: { readonly decimals: number; readonly symbol: string }): string {
  return `${formatAmount(amount, asset.decimals)} ${asset.symbol}`
}

/** A number of the EVM as decimal digits. Throws `wallet_amount_unusable`. */
export function parseWord(text: string): bigint {
  if (!/^\d{1,78}$/.test(text)) throw unusable('it is not a whole number')
  const value = BigInt(text)
  if (value >= wordEnd) throw unusable('it is larger than any number of a chain')
  return value
}

const unusable = (why: string) => walletErrors.wallet_amount_unusable(`This amount can’t be used: ${why}.`)
