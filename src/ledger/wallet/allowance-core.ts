// What a program may spend without asking: an amount of one currency in any 24 hours. Pure.

import { allowanceWindowMs } from './limits.ts'

export interface Spent {
  readonly atMs: number
  readonly amount: bigint
}

/** Of the window that ends now. What lies in the future, since the clock was set back, counts. */
export function spentWithin(spent: readonly Spent[], nowMs: number): bigint {
  return spent.filter(({ atMs }) => atMs > nowMs - allowanceWindowMs).reduce((sum, { amount }) => sum + amount, 0n)
}

export interface Cost {
  /** A token's contract; undefined: the coin. */
  readonly contract: string | undefined
  readonly amount: bigint
}

/**
 * Whether all of it is within what is allowed. A payment of a token may cost coin as well, as its fee: that needs an allowance
 * of coin.
 */
export function isWithin(
  costs: readonly Cost[],
  allowed: (contract: string | undefined) => { readonly most: bigint; readonly spent: bigint } | undefined,
): boolean {
  return costs
    .filter(({ amount }) => amount > 0n)
    .every(({ contract, amount }) => {
      const allowance = allowed(contract)
      return allowance !== undefined && allowance.spent + amount <= allowance.most
    })
}
