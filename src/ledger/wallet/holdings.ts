// What an account holds: coin, and of each token that ever came to it, or that the person marked as known, what is left.

import type { Address } from '../types.ts'
import { amountText } from './amount-core.ts'
import type { Ask } from './ask.ts'
import { tokenIdsMax } from './limits.ts'
import type { WalletStore } from './store.ts'
import type { Tokens } from './tokens.ts'
import type { AssetView, BalanceView } from './types.ts'

export interface HoldingsParts {
  readonly chain: string
  readonly coin: AssetView
  readonly ask: Ask
  readonly store: Pick<WalletStore, 'tokens' | 'contracts' | 'tokenIds'>
  readonly tokens: Tokens
}

export function createHoldings({ chain, coin, ask, store, tokens }: HoldingsParts) {
  async function ofToken(account: Address, contract: Address, known: boolean): Promise<BalanceView | undefined> {
    const asset = await tokens.asset(contract)
    if (asset === undefined) return undefined
    const ids = asset.kind === 'erc20' ? [] : await idsHeld(account, contract, asset)
    const amount =
      asset.kind === 'erc1155'
        ? ids.reduce((sum, one) => sum + BigInt(one.amount), 0n)
        : ((await tokens.balance(contract, account)) ?? 0n)
    if (amount === 0n && !known) return undefined
    return { asset, amount: amount.toString(), text: amountText(amount, asset), ids, known }
  }

  async function idsHeld(account: Address, contract: Address, asset: AssetView): Promise<BalanceView['ids']> {
    const held = await Promise.all(
      store.tokenIds(chain, account, contract, tokenIdsMax).map(async (id) => {
        if (asset.kind === 'erc1155') return { id, amount: (await tokens.balanceOfId(contract, account, id)) ?? 0n }
        return { id, amount: (await tokens.ownerOf(contract, id)) === account ? 1n : 0n }
      }),
    )
    return held
      .filter(({ amount }) => amount > 0n)
      .map(({ id, amount }) => ({ id: id.toString(), amount: amount.toString() }))
  }

  /** The coin first, also when there is none. */
  return async (account: Address): Promise<readonly BalanceView[]> => {
    const marks = store.tokens(chain)
    const amount = await ask.balance(account)
    const own: BalanceView = {
      asset: coin,
      amount: amount.toString(),
      text: amountText(amount, coin),
      ids: [],
      known: true,
    }
    const known = [...marks].flatMap(([contract, mark]) => (mark === 'known' ? contract : []))
    const met = new Set([...store.contracts(chain, account, tokenIdsMax), ...known])
    const shown = [...met].filter((contract) => marks.get(contract) !== 'hidden')
    const found = await Promise.all(
      shown.map((contract) => ofToken(account, contract, marks.get(contract) === 'known')),
    )
    return [own, ...found.flatMap((one) => one ?? [])]
  }
}
