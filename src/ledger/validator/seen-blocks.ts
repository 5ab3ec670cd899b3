// When blocks were first known here: the proposer waits for the block time from its parent on, by its own clock.

import { BoundedMap } from '../../base/bounded.ts'
import type { Hash } from '../types.ts'
import { seenBlocksMax } from './limits.ts'

export class SeenBlocks {
  readonly #seenMs = new BoundedMap<Hash, number>(seenBlocksMax)

  saw(block: Hash, nowMs: number): void {
    this.#seenMs.set(block, nowMs)
  }

  /** 0 or less: at once, as on a parent of which nothing is remembered. */
  waitMs(parent: Hash, blockTimeMs: number, nowMs: number): number {
    return blockTimeMs - (nowMs - (this.#seenMs.get(parent) ?? Number.NEGATIVE_INFINITY))
  }
}
