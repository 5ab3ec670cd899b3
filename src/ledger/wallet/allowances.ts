// Allowances of programs on one chain, on disk: what was set, what was spent of it in the last 24 hours.

import type { Clock } from '../../base/ports.ts'
import type { Address } from '../types.ts'
import { shownAddress } from './address-core.ts'
import { type Cost, isWithin, spentWithin } from './allowance-core.ts'
import { amountText } from './amount-core.ts'
import { walletErrors } from './errors.ts'
import { allowancesMax } from './limits.ts'
import type { WalletStore } from './store.ts'
import type { Tokens } from './tokens.ts'
import type { AllowanceView, AssetView } from './types.ts'

export interface AllowancesParts {
  readonly chain: string
  readonly coin: AssetView
  readonly store: WalletStore
  readonly clock: Clock
  readonly tokens: Tokens
  readonly isUnlocked: () => boolean
}

export function createAllowances({ chain, coin, store, clock, tokens, isUnlocked }: AllowancesParts) {
  const spentOf = (asset: string) => spentWithin(store.spent(chain, asset), clock.nowMs())

  function viewOf(asset: string, amount: bigint): AllowanceView {
    const contract = asset === '' ? undefined : (asset as Address)
    const known = contract === undefined ? coin : (tokens.known(contract) ?? unread(contract))
    const spent = spentOf(asset)
    return {
      asset: known,
      amount: amount.toString(),
      spent: spent.toString(),
      text: `${amountText(amount, known)} in any 24 hours, ${amountText(spent, known)} of it spent`,
      active: isUnlocked(),
    }
  }

  return {
    isNone: () => store.allowances(chain).size === 0,
    list: (): readonly AllowanceView[] => [...store.allowances(chain)].map(([asset, amount]) => viewOf(asset, amount)),
    set(contract: Address | undefined, amount: bigint): void {
      const asset = contract ?? ''
      const present = store.allowances(chain)
      if (amount > 0n && present.size >= allowancesMax && !present.has(asset)) {
        throw walletErrors.wallet_allowances_full(`There are ${present.size} allowances already.`)
      }
      store.setAllowance(chain, asset, amount)
    },
    /** Counts it and gives back what takes it back; undefined: it is not covered, and nothing was counted. */
    spend(costs: readonly Cost[]): (() => void) | undefined {
      const present = store.allowances(chain)
      const within = isWithin(costs, (contract = '') => {
        const most = present.get(contract)
        return most === undefined ? undefined : { most, spent: spentOf(contract) }
      })
      if (!within) return undefined
      const rows = costs
        .filter(({ amount }) => amount > 0n)
        .map(({ contract = '', amount }) => ({ asset: contract, amount }))
      return store.addSpent(chain, rows, clock.nowMs())
    },
  }
}

/** A token that was not looked at since the start: its smallest unit, so that no amount is read wrongly. */
function unread(contract: Address): AssetView {
  return {
    kind: 'erc20',
    contract: shownAddress(contract),
    name: shownAddress(contract),
    symbol: 'smallest units',
    decimals: 0,
  }
}
