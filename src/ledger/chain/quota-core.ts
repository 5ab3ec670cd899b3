// What members may use for nothing. Gas is counted by a transaction's gas limit, in windows of time, which is that of blocks:
// so an idle chain, where no block goes by, gives back what was used all the same. The rule is one of block validity, and depends
// on nothing but the blocks.
//
// A transaction is *paid* when it pays at least the strangers' fee per gas. Everything else is *free*: its sender must be a
// member in the state before the block, and its gas limit must fit what is left of the member's quota in the block's window.

import type { Address } from '../types.ts'
import type { Genesis } from './types.ts'

export type QuotaRule = Pick<Genesis, 'quota' | 'strangerFee' | 'blockTimeMs'>

/** So many blocks, at the time that genesis wants between them; whole seconds, as blocks tell the time. */
export function windowSeconds({ quota, blockTimeMs }: QuotaRule): number {
  return Math.max(1, Math.ceil((quota.blocks * blockTimeMs) / 1_000))
}

/** Which window a time lies in; times of blocks never go back. */
export function windowOf(timestamp: number, rule: QuotaRule): number {
  return Math.floor(timestamp / windowSeconds(rule))
}

/** When the window of this time is over. */
export function windowEnd(timestamp: number, rule: QuotaRule): number {
  return (windowOf(timestamp, rule) + 1) * windowSeconds(rule)
}

export function isPaid(pricePerGas: bigint, { strangerFee }: QuotaRule): boolean {
  return strangerFee !== undefined && pricePerGas >= strangerFee
}

/**
 * What each member used within one window, on top of what others counted before. Unknown where the window began before a snapshot
 * that this node began with: then nothing is left, and nobody can be told that it was too much.
 */
export class QuotaCount {
  readonly window: number
  readonly isKnown: boolean
  readonly #before: (account: Address) => bigint
  readonly #used = new Map<Address, bigint>()
  /** What `before` said: it reads from disk. */
  readonly #asked = new Map<Address, bigint>()

  /** `before` says what was used in the same window before. */
  constructor(window: number, before: (account: Address) => bigint, isKnown = true) {
    this.window = window
    this.isKnown = isKnown
    this.#before = before
  }

  used(account: Address): bigint {
    const known = this.#used.get(account) ?? this.#asked.get(account)
    if (known !== undefined) return known
    const before = this.#before(account)
    this.#asked.set(account, before)
    return before
  }

  left(account: Address, { quota }: QuotaRule): bigint {
    if (!this.isKnown) return 0n
    const used = this.used(account)
    return used >= quota.gas ? 0n : quota.gas - used
  }

  /** False, and nothing is counted, when it is more than is left. */
  take(account: Address, gas: bigint, rule: QuotaRule): boolean {
    if (gas > this.left(account, rule)) return false
    this.#used.set(account, this.used(account) + gas)
    return true
  }

  /** Those whose figure changed here. */
  changes(): readonly (readonly [Address, bigint])[] {
    return [...this.#used]
  }
}
