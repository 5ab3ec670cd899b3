// Which chain a community says it uses: its own, or an outside one by chain id, with an RPC address that everybody may know. Pure.
//
// Must stay true: no address is published that holds a key, or that means another computer on every computer.

/** An outside chain, as the community's log names it. */
export interface ChosenChain {
  readonly chainId: number
  /** As people call it: `Gnosis`. */
  readonly name: string
  readonly coin: string
  readonly symbol: string
  /** Where anybody may ask it; left out: each person brings an address of their own. */
  readonly rpc?: string
}

/** As client/limits.ts, which is loaded only where there is a wallet. */
const limits = { chainId: 4_503_599_627_370_476, name: 64, symbol: 12, rpc: 512 } as const

/** Strict: undefined for what is none, whoever wrote it. Fields that are not known are left out. */
export function chainWordOf(fields: Readonly<Record<string, unknown>>): ChosenChain | undefined {
  const own = (name: string) => (Object.hasOwn(fields, name) ? fields[name] : undefined)
  const [chainId, rpc] = [own('chainId'), own('rpc')]
  if (typeof chainId !== 'number' || !Number.isSafeInteger(chainId)) return undefined
  if (chainId < 1 || chainId > limits.chainId) return undefined
  const name = lineOf(own('name'), limits.name)
  const coin = lineOf(own('coin'), limits.name)
  const symbol = lineOf(own('symbol'), limits.symbol)
  if (name === undefined || coin === undefined || symbol === undefined) return undefined
  if (rpc === undefined) return { chainId, name, coin, symbol }
  if (typeof rpc !== 'string' || publicAddressProblem(rpc) !== undefined) return undefined
  return { chainId, name, coin, symbol, rpc }
}

/** Why this address is not to be published, as the end of a sentence; undefined: it may be. Never quotes it. */
export function publicAddressProblem(text: string): string | undefined {
  if (text.length > limits.rpc || !/^https:\/\/[!-~]+$/i.test(text) || !URL.canParse(text)) {
    return 'it is no address that begins with https://'
  }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'it holds a name or password'
  if (url.search !== '' || url.hash !== '') return 'what follows ? or # is often a key'
  if (/^(localhost|.*\.local|\[.*\]|[\d.]+)$/.test(url.hostname)) return 'it is a computer’s number, not a public name'
  const parts = [...url.hostname.split('.'), ...url.pathname.split('/')]
  return parts.some(isKeyLike) ? 'a part of it looks like a key' : undefined
}

/** Keys of providers are 20 to 64 letters and digits without a word in them; names of chains are short, or have no digits. */
function isKeyLike(part: string): boolean {
  return part.length > 40 || (part.length >= 20 && /\d/.test(part) && /^[\w-]+$/.test(part))
}

/** What is chosen, in a sentence. */
export function choiceSentence(chain: ChosenChain | undefined, isFounded: boolean): string {
  if (chain === undefined) {
    return isFounded
      ? 'The community uses the chain that it runs itself: its validators decide, and nobody outside.'
      : 'The community uses no chain yet.'
  }
  const where =
    chain.rpc === undefined ? 'by an address that each member brings' : `asked at ${new URL(chain.rpc).host}`
  return `The community uses ${chain.name} (chain id ${chain.chainId}), a chain that others run, ${where}.`
}

/** And what that means for whoever follows it. */
export function choiceWarnings(chain: ChosenChain | undefined): readonly string[] {
  if (chain === undefined) return []
  const who =
    chain.rpc === undefined ? 'Whoever runs the address that you give' : `Whoever runs ${new URL(chain.rpc).host}`
  return [
    `${who} can lie about balances and history, hold transactions back, and sees which accounts are yours. They can’t spend your money.`,
    'Fees are paid in that chain’s coin, members have no free quota there, and what is done is public.',
  ]
}

/** One line that people see: nothing that turns text around or hides in it. */
function lineOf(value: unknown, charsMax: number): string | undefined {
  if (typeof value !== 'string' || value === '' || value !== value.trim() || value.length > charsMax) return undefined
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(value) ? undefined : value
}
