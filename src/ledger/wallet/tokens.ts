// What a contract is: which token standard it keeps, and what it calls itself. Anybody writes contracts, so names are bounded,
// and a contract that answers nonsense is simply no token.

import { decodeAbiParameters } from 'viem/utils'
import { createTurns } from '../../base/turns.ts'
import type { Address } from '../types.ts'
import { shortAddress, shownAddress } from './address-core.ts'
import type { Ask } from './ask.ts'
import { metadataAtOnceMax, tokenDecimalsMax, tokensMax } from './limits.ts'
import { tokenName, tokenSymbol } from './text-core.ts'
import type { AssetView } from './types.ts'

/** Selectors, and ids of ERC-165. */
const calls = {
  name: '0x06fdde03',
  symbol: '0x95d89b41',
  decimals: '0x313ce567',
  totalSupply: '0x18160ddd',
  balanceOf: '0x70a08231',
  balanceOfId: '0x00fdd58e',
  ownerOf: '0x6352211e',
  supports721: `0x01ffc9a780ac58cd${'0'.repeat(56)}`,
  supports1155: `0x01ffc9a7d9b67a26${'0'.repeat(56)}`,
} as const

export interface Tokens {
  /** Undefined where there is no token at this address. */
  asset(contract: Address): Promise<AssetView | undefined>
  /** What is known without asking. */
  known(contract: Address): AssetView | undefined
  balance(contract: Address, of: Address): Promise<bigint | undefined>
  balanceOfId(contract: Address, of: Address, id: bigint): Promise<bigint | undefined>
  ownerOf(contract: Address, id: bigint): Promise<Address | undefined>
}

export function createTokens(ask: Ask): Tokens {
  const found = new Map<Address, Promise<AssetView | undefined>>()
  const settled = new Map<Address, AssetView>()
  const turns = createTurns(metadataAtOnceMax)

  /** Undefined where it reverts or returns no such thing. */
  const read = async (to: Address, data: string): Promise<`0x${string}` | undefined> => {
    try {
      const answer = await ask.call({ to, data })
      return answer === '0x' ? undefined : answer
    } catch {
      return undefined
    }
  }
  const number = async (to: Address, data: string): Promise<bigint | undefined> => {
    const answer = await read(to, data)
    return answer !== undefined && answer.length === 66 ? BigInt(answer) : undefined
  }

  async function look(contract: Address): Promise<AssetView | undefined> {
    if ((await ask.code(contract)) === '0x') return undefined
    const [decimals, supply, is721, is1155] = await Promise.all([
      number(contract, calls.decimals),
      number(contract, calls.totalSupply),
      number(contract, calls.supports721),
      number(contract, calls.supports1155),
    ])
    const kind = is721 === 1n ? 'erc721' : is1155 === 1n ? 'erc1155' : supply === undefined ? undefined : 'erc20'
    if (kind === undefined) return undefined
    const [name, symbol] = await Promise.all([read(contract, calls.name), read(contract, calls.symbol)])
    const places =
      kind === 'erc20' && decimals !== undefined && decimals <= BigInt(tokenDecimalsMax) ? Number(decimals) : 0
    const asset = assetOf(contract, kind, places, name, symbol)
    settled.set(contract, asset)
    return asset
  }

  return {
    asset(contract) {
      const before = found.get(contract)
      if (before !== undefined) return before
      const asked = turns(() => look(contract))
      if (found.size >= tokensMax) found.delete([...found.keys()][0] as Address)
      found.set(contract, asked)
      // What was not there, or failed, may be there next time.
      asked.then(
        (asset) => asset === undefined && found.delete(contract),
        () => found.delete(contract),
      )
      return asked
    },
    known: (contract) => settled.get(contract),
    balance: (contract, of) => number(contract, calls.balanceOf + argument(BigInt(of))),
    balanceOfId: (contract, of, id) => number(contract, calls.balanceOfId + argument(BigInt(of)) + argument(id)),
    async ownerOf(contract, id) {
      const owner = await number(contract, calls.ownerOf + argument(id))
      return owner === undefined || owner >= 1n << 160n
        ? undefined
        : (`0x${owner.toString(16).padStart(40, '0')}` as Address)
    },
  }
}

const argument = (value: bigint) => value.toString(16).padStart(64, '0')

function assetOf(
  contract: Address,
  kind: 'erc20' | 'erc721' | 'erc1155',
  decimals: number,
  name: `0x${string}` | undefined,
  symbol: `0x${string}` | undefined,
): AssetView {
  const short = shortAddress(contract)
  return {
    kind,
    contract: shownAddress(contract),
    name: tokenName(textOf(name), short),
    symbol: tokenSymbol(textOf(symbol), kind === 'erc20' ? 'units' : 'NFT'),
    decimals,
  }
}

/** A string, or 32 bytes with one in it, as early tokens return it. */
function textOf(answer: `0x${string}` | undefined): string | undefined {
  if (answer === undefined || answer.length > 4096) return undefined
  try {
    if (answer.length === 66) return new TextDecoder().decode(bytesOf(answer)).replace(/\0+$/, '')
    return decodeAbiParameters([{ type: 'string' }], answer)[0]
  } catch {
    return undefined
  }
}

function bytesOf(hexadecimal: string): Uint8Array {
  return Uint8Array.from(hexadecimal.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
