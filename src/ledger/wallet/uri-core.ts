// `ethereum:` addresses (EIP-681), as QR codes hold them: to receive by, and to pay what another's asks for. Strict: what is
// not understood is refused rather than left out, since a part that is passed over may change who gets how much. Pure.

import type { Address } from '../types.ts'
import { parseAddress, shownAddress } from './address-core.ts'
import { wordEnd } from './amount-core.ts'
import { walletErrors } from './errors.ts'
import { uriCharsMax } from './limits.ts'

export interface Payment {
  readonly to: Address
  readonly chainId: number | undefined
  /** In the smallest unit; undefined: whoever pays says. */
  readonly amount: bigint | undefined
  /** Undefined: the coin. */
  readonly token: Address | undefined
}

export function writePayment({ to, chainId, amount, token }: Payment): string {
  const chain = chainId === undefined ? '' : `@${chainId}`
  if (token === undefined) {
    return `ethereum:${shownAddress(to)}${chain}${amount === undefined ? '' : `?value=${amount}`}`
  }
  const sum = amount === undefined ? '' : `&uint256=${amount}`
  return `ethereum:${shownAddress(token)}${chain}/transfer?address=${shownAddress(to)}${sum}`
}

/** Throws `wallet_uri_unusable`, `wallet_address_unusable`. */
export function parsePayment(text: string): Payment {
  if (text.length > uriCharsMax) throw unusable('it is too long')
  const match = /^ethereum:(?:pay-)?([^@/?#]+)(?:@([^/?#]*))?(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(text)
  if (match === null) throw unusable('it does not have the form of EIP-681')
  const [, target = '', chain, call, query] = match
  if (!target.startsWith('0x')) throw unusable('it pays to a name, which this chain can’t look up')
  const chainId = chain === undefined ? undefined : chainIdOf(chain)
  const params = paramsOf(query)
  if (call === undefined) {
    refuseOthers(params, ['value', 'gas', 'gasLimit', 'gasPrice'])
    return { to: parseAddress(target), chainId, amount: amountOf(params.get('value')), token: undefined }
  }
  if (call !== 'transfer') throw unusable('it calls a function other than a payment')
  refuseOthers(params, ['address', 'uint256', 'gas', 'gasLimit', 'gasPrice'])
  const to = params.get('address')
  if (to === undefined) throw unusable('it does not say who is paid')
  return { to: parseAddress(to), chainId, amount: amountOf(params.get('uint256')), token: parseAddress(target) }
}

function chainIdOf(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(Number(text))) throw unusable('its chain id is no number')
  return Number(text)
}

function paramsOf(query: string | undefined): ReadonlyMap<string, string> {
  const params = new Map<string, string>()
  if (query === undefined) return params
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=')
    const key = pair.slice(0, at)
    if (at < 1) throw unusable('it has a part without a value')
    if (params.has(key)) throw unusable('it says the same thing twice')
    params.set(key, pair.slice(at + 1))
  }
  return params
}

function refuseOthers(params: ReadonlyMap<string, string>, known: readonly string[]): void {
  for (const key of params.keys()) if (!known.includes(key)) throw unusable('it has a part that is not known')
}

/** `number` of EIP-681: `2.014e18`. Only whole amounts are any. */
function amountOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  const match = /^\+?(\d{1,78})(?:\.(\d{1,77}))?(?:e(\d{1,2}))?$/i.exec(text)
  if (match === null) throw unusable('its amount is no number')
  const [, whole = '', part = '', power = '0'] = match
  const digits = part.replace(/0+$/, '')
  const zeros = Number(power) - digits.length
  if (zeros < 0) throw unusable('its amount is not a whole number of the smallest unit')
  const amount = BigInt(whole + digits) * 10n ** BigInt(zeros)
  if (amount >= wordEnd) throw unusable('its amount is larger than any on a chain')
  return amount
}

const unusable = (why: string) => walletErrors.wallet_uri_unusable(`This code or link can’t be paid: ${why}.`)
