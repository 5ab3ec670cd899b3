// An outside chain as a community's settings hold it: what a person typed, or a member's computer sent. Strict; pure.

import { clientErrors } from './errors.ts'
import { chainIdMax, chainNameCharsMax, coinSymbolCharsMax, rpcAddressCharsMax } from './limits.ts'
import type { OutsideChain } from './types.ts'

/** Throws `ledger_settings_unusable`, `ledger_address_unusable`. */
export function readOutsideChain(value: unknown): OutsideChain {
  if (!isRecord(value) || !hasKeys(value, ['chainId', 'rpc', 'name', 'coin'])) throw unusable('a field is missing')
  const { chainId, rpc, name, coin } = value
  if (!isRecord(coin) || !hasKeys(coin, ['name', 'symbol'])) throw unusable('its coin has no name and symbol')
  if (typeof chainId !== 'number' || !Number.isSafeInteger(chainId) || chainId < 1 || chainId > chainIdMax) {
    throw unusable(`its chain id is no whole number from 1 to ${chainIdMax}`)
  }
  return {
    chainId,
    rpc: readRpcAddress(rpc),
    name: lineOf(name, chainNameCharsMax, 'its name'),
    coin: {
      name: lineOf(coin.name, chainNameCharsMax, 'the name of its coin'),
      symbol: lineOf(coin.symbol, coinSymbolCharsMax, 'the symbol of its coin'),
    },
  }
}

/** Throws `ledger_address_unusable`. Never quotes the address: it may hold a key. */
export function readRpcAddress(value: unknown): string {
  if (typeof value !== 'string' || value.length > rpcAddressCharsMax) throw badAddress('it is no text, or too long')
  if (!/^https?:\/\/[!-~]+$/i.test(value)) throw badAddress('it does not begin with https://')
  const url = parseUrl(value)
  if (url === undefined) throw badAddress('it is no address')
  if (url.username !== '' || url.password !== '') throw badAddress('it holds a name or password')
  if (url.hash !== '') throw badAddress('it has a part after #')
  if (url.protocol === 'http:' && !isThisComputer(url.hostname)) {
    throw badAddress('over http:// to another computer anybody on the way could change the answers')
  }
  return url.href
}

/** Who is asked, without path and query, which are often a key. */
export function shownAddress(rpc: string): string {
  return parseUrl(rpc)?.origin ?? 'an address'
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

function isThisComputer(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** One line that people see: nothing that turns text around or hides in it. */
function lineOf(value: unknown, charsMax: number, what: string): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > charsMax) {
    throw unusable(`${what} is empty or has more than ${charsMax} characters`)
  }
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value)) throw unusable(`${what} has a character that can’t be seen`)
  return value.trim()
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasKeys(value: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean {
  return Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key))
}

const unusable = (why: string) => clientErrors.ledger_settings_unusable(`This is no chain that can be used: ${why}.`)
const badAddress = (why: string) => clientErrors.ledger_address_unusable(`This RPC address can’t be used: ${why}.`)
