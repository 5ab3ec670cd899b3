// The ledger's page as people read it. Pure.

import type { Ledger, LedgerValidator } from '../../../../src/sdk/types.ts'
import { type CommunityRoute, routeHref } from '../../router/core.ts'
import type { Tone } from '../../ui/parts.tsx'

export type LedgerPlace =
  | { readonly place: 'overview' | 'wallet' | 'explorer' }
  | { readonly place: 'block' | 'transaction' | 'account'; readonly of: string }

/** Anything that is no place of the ledger is its overview. */
export function placeOf(path: readonly string[]): LedgerPlace {
  const [first = '', second = '', of = ''] = path
  if (first === 'wallet') return { place: 'wallet' }
  if (first !== 'explorer') return { place: 'overview' }
  const isOne = (second === 'block' || second === 'transaction' || second === 'account') && of !== ''
  return isOne ? { place: second, of } : { place: 'explorer' }
}

export function ledgerHref(community: string, ...path: readonly string[]): string {
  return routeHref(ledgerRoute(community, ...path))
}

export function ledgerRoute(community: string, ...path: readonly string[]): CommunityRoute {
  return { place: 'community', id: community, tab: 'ledger', ...(path.length === 0 ? {} : { path }) }
}

/** `0x12ab…cdef`. */
export function shortHash(hash: string): string {
  return hash.length <= 14 ? hash : `${hash.slice(0, 6)}…${hash.slice(-4)}`
}

/** `1234567` → `1,234,567`: counts of gas and blocks. */
export function figureText(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** `1500000000000000000` with 18 → `1.5`; with commas between thousands, at most `places` digits after the point. */
export function amountText(amount: string, decimals: number, places = decimals): string {
  const digits = amount.padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const part = digits.slice(digits.length - decimals)
  const shown = part.slice(0, places)
  // A rest that is not shown must not look like nothing.
  const isWhole = /^0*$/.test(part.slice(places))
  const digitsShown = isWhole ? shown.replace(/0+$/, '') : `${shown}…`
  const point = digitsShown === '' ? '' : `.${digitsShown}`
  return figureText(whole) + point
}

export interface Standing {
  readonly text: string
  readonly tone: Tone
}

/** How the chain stands, in two words. */
export function standingOf({ state, chain }: Pick<Ledger, 'state' | 'chain'>): Standing {
  if (state === 'opening') return { text: 'Opening', tone: 'calm' }
  if (state === 'down' || state === 'none') return { text: 'Stopped', tone: 'bad' }
  if (chain?.stuck != null) return { text: 'It waits', tone: 'warn' }
  if (chain !== null && chain.sync.kind !== 'level') return { text: 'Catching up', tone: 'calm' }
  return { text: 'Running', tone: 'good' }
}

/** `3 of 4 validators are here`. */
export function validatorsText(validators: readonly LedgerValidator[]): string {
  const set = validators.filter(({ inSet }) => inSet)
  const online = set.filter((one) => one.online).length
  const noun = set.length === 1 ? 'validator is' : 'validators are'
  return online === set.length
    ? `all ${set.length} ${noun} here`.replace(/^all 1 /, 'the ')
    : `${online} of ${set.length} ${noun} here`
}

/** What each is doing now. */
export function validatorFacts(one: LedgerValidator, ledger: Pick<Ledger, 'chain'>): readonly string[] {
  const { chain } = ledger
  const behind = chain === null || one.height === null ? 0 : chain.height - one.height
  return [
    one.inSet ? '' : one.willing ? 'would validate' : 'no validator',
    one.online ? '' : 'not here',
    one.online && behind > 2 ? `${figureText(String(behind))} blocks behind` : '',
  ].filter((fact) => fact !== '')
}

export const isTurn = (one: LedgerValidator, ledger: Pick<Ledger, 'chain'>) => ledger.chain?.leader === one.address

/** From where newcomers may begin. */
export function checkpointText({ checkpoint }: Pick<Ledger, 'checkpoint'>): string {
  if (checkpoint === null) return ''
  const place = `checkpoint ${figureText(String(checkpoint.height))}`
  return checkpoint.believed ? place : `${place}, ${checkpoint.said} of ${checkpoint.needed} say so`
}

/** What a browser wallet takes to know the chain (EIP-3085). */
export function addChainParams(chain: {
  readonly chainId: number
  readonly name: string
  readonly coin: { readonly name: string; readonly symbol: string }
  readonly rpc: string
}): Readonly<Record<string, unknown>> {
  return {
    chainId: `0x${chain.chainId.toString(16)}`,
    chainName: chain.name,
    nativeCurrency: { name: chain.coin.name, symbol: chain.coin.symbol, decimals: 18 },
    rpcUrls: [chain.rpc],
  }
}

/** Of a form: what keeps it from being sent; undefined when nothing does. */
export function amountProblem(text: string, decimals: number): string | undefined {
  const given = text.trim()
  if (given === '') return undefined
  if (/,/.test(given)) return 'Write it with a point, such as 12.5.'
  const match = /^\d+(?:\.(\d+))?$/.exec(given)
  if (match === null) return 'This is no amount.'
  if ((match[1] ?? '').length > decimals)
    return decimals === 0 ? 'Whole numbers only.' : `At most ${decimals} digits after the point.`
  return undefined
}

/** Wei of an amount of coins with 18 decimals; undefined where it is none. */
export function weiOf(text: string): string | undefined {
  if (text.trim() === '' || amountProblem(text, 18) !== undefined) return undefined
  const [whole = '', part = ''] = text.trim().split('.')
  return (whole + part.padEnd(18, '0')).replace(/^0+(?=\d)/, '')
}

/** Build-info files hold what was compiled as well, which is much and not needed. */
export function withoutOutput(text: string): string {
  const { output, input, ...others } = recordOf(text)
  return output === undefined || input === undefined ? text : JSON.stringify({ ...others, input })
}

/** Build tools write the ABI beside the bytecode, which would be too long. */
export function abiOf(text: string): string {
  const { abi } = recordOf(text)
  return Array.isArray(abi) ? JSON.stringify(abi) : text
}

function recordOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}
