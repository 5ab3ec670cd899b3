// Addresses: strict reading, showing, and telling those apart that are made to look alike. Pure.

import { getAddress } from 'viem/utils'
import type { Address } from '../types.ts'
import { walletErrors } from './errors.ts'

/** Within the wallet: lower case. Mixed case must be the checksum's (EIP-55). Throws `wallet_address_unusable`. */
export function parseAddress(text: string): Address {
  const address = readAddress(text)
  if (address !== undefined) return address
  const why = /^0x[0-9a-f]{40}$/i.test(text)
    ? 'its capitals do not fit: at least one digit is wrong'
    : 'it is not 0x and 40 digits'
  throw walletErrors.wallet_address_unusable(`This is no address: ${why}.`)
}

/** Undefined for what is none. */
export function readAddress(text: string): Address | undefined {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return undefined
  const lower = text.toLowerCase() as Address
  const digits = text.slice(2)
  const hasOneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase()
  return hasOneCase || getAddress(lower) === text ? lower : undefined
}

/** With EIP-55 capitals, as people see it. */
export function shownAddress(address: Address): string {
  return getAddress(address)
}

/** `0x1234…cdef`: never enough to pay to. */
export function shortAddress(address: Address): string {
  const shown = shownAddress(address)
  return `${shown.slice(0, 6)}…${shown.slice(-4)}`
}

/** Two addresses that people take for the same: "address poisoning" sends from one so that it is copied from the history. */
export function looksLike(a: Address, b: Address): boolean {
  return a !== b && a.slice(2, 6) === b.slice(2, 6) && a.slice(-4) === b.slice(-4)
}

export const zeroAddress = `0x${'0'.repeat(40)}` as Address
