// What the files of chain/ share while they work on one chain: blocks that are known and not final, the head, and what follows
// from both. service.ts owns it; nothing else changes it.

import type { TypedTransaction } from '@ethereumjs/tx'
import type { Clock, Log } from '../../base/ports.ts'
import type { LedgerWorld, Receipt } from '../evm/types.ts'
import type { Address, Block, Hash, ValidatorSet } from '../types.ts'
import { unfinalBlocksMax, unfinalBytesMax } from './limits.ts'
import { QuotaCount, windowOf } from './quota-core.ts'
import type { Epoch } from './rules.ts'
import type { Spec } from './spec.ts'
import type { ChainStore } from './store.ts'
import type { Header, Withdrawal } from './types.ts'

/** The end of a chain that another block can stand on. */
export interface Tip {
  readonly header: Header
  readonly epoch: Epoch
}

/** A block that was executed and is not final. */
export interface Known extends Tip {
  readonly block: Block
  /** Who comes to decide after it, the last for good; more than one only with recoveries. */
  readonly nextSets: readonly ValidatorSet[]
  readonly transactions: readonly TypedTransaction[]
  readonly hashes: readonly Hash[]
  readonly senders: readonly Address[]
  readonly withdrawals: readonly Withdrawal[] | undefined
  readonly receipts: readonly Receipt[]
  /** Gas used at no price in its window, by those whose figure it changed. */
  readonly quota: readonly (readonly [Address, bigint])[]
}

export interface ChainInside {
  readonly spec: Spec
  readonly world: LedgerWorld
  readonly store: ChainStore
  readonly clock: Clock
  readonly log: Log
  readonly known: KnownBlocks
}

export class KnownBlocks {
  readonly #store: ChainStore
  readonly #spec: Spec
  readonly #world: Pick<LedgerWorld, 'forget'>
  /** Parents before their children. */
  readonly #blocks = new Map<Hash, Known>()
  #bytes = 0
  #head: Tip
  /** On the head; asked for whenever something comes in. */
  #headQuota: QuotaCount | undefined

  constructor(parts: Pick<ChainInside, 'spec' | 'store'> & { world: Pick<LedgerWorld, 'forget'> }, head: Tip) {
    this.#spec = parts.spec
    this.#store = parts.store
    this.#world = parts.world
    this.#head = head
  }

  get head(): Tip {
    return this.#head
  }

  get size(): number {
    return this.#blocks.size
  }

  get(hash: Hash): Known | undefined {
    return this.#blocks.get(hash)
  }

  /** What a block on this parent would stand on. */
  tip(parent: Hash): Tip | undefined {
    return this.#head.header.hash === parent ? this.#head : this.#blocks.get(parent)
  }

  /** Beyond the limit the oldest go: whoever needs one again asks for it again. */
  add(known: Known): void {
    if (this.#blocks.has(known.block.hash)) return
    this.#blocks.set(known.block.hash, known)
    this.#bytes += known.block.bytes.length
    for (const [hash] of this.#blocks) {
      if (this.#blocks.size <= unfinalBlocksMax && this.#bytes <= unfinalBytesMax) return
      this.#remove(hash)
    }
  }

  #remove(hash: Hash): void {
    this.#world.forget(hash)
    this.#bytes -= this.#blocks.get(hash)?.block.bytes.length ?? 0
    this.#blocks.delete(hash)
  }

  /** From the block after the head up to this one; undefined where one of them is not known. */
  pathTo(hash: Hash): readonly Known[] | undefined {
    const path: Known[] = []
    for (let at = hash; at !== this.#head.header.hash; ) {
      const known = this.#blocks.get(at)
      if (known === undefined) return undefined
      path.unshift(known)
      at = known.header.parent
    }
    return path
  }

  /** The block is on disk; what can't become final any more goes. */
  advance(known: Known): void {
    const { header, epoch } = known
    this.#head = { header, epoch }
    this.#headQuota = undefined
    for (const [hash, { header: other }] of this.#blocks) {
      if (other.parent !== header.hash && !this.#blocks.has(other.parent)) this.#remove(hash)
    }
  }

  /** A snapshot was taken in, or given up. */
  reset(head: Tip): void {
    this.#head = head
    this.#headQuota = undefined
    this.#blocks.clear()
    this.#bytes = 0
  }

  /** On top of the last final state: the next nonces of those who sent something in blocks up to this one. */
  noncesUpTo(parent: Hash): ReadonlyMap<Address, bigint> {
    const nonces = new Map<Address, bigint>()
    for (const { transactions, senders } of this.pathTo(parent) ?? []) {
      transactions.forEach(({ nonce }, place) => {
        nonces.set(senders[place] as Address, nonce + 1n)
      })
    }
    return nonces
  }

  /** The hash at a height of the chain that ends with `parent`. */
  hashAt(parent: Hash, height: number): Hash | undefined {
    if (height > this.#head.header.height) {
      return this.pathTo(parent)?.[height - this.#head.header.height - 1]?.block.hash
    }
    return this.#store.hashAt(height)
  }

  /** Gas that a member could use at no price in a block of this time on the head. */
  quotaLeft(account: Address, timestamp: number): bigint {
    const { header } = this.#head
    const at = Math.max(header.timestamp, timestamp)
    const window = windowOf(at, this.#spec.genesis)
    if (this.#headQuota?.window !== window) this.#headQuota = this.quotaOn(header, at)
    return this.#headQuota.left(account, this.#spec.genesis)
  }

  /** What was used at no price before a block of this time on this parent, in its window. */
  quotaOn(parent: Header, timestamp: number): QuotaCount {
    const { genesis } = this.#spec
    const window = windowOf(timestamp, genesis)
    const isInWindow = ({ header }: Tip) => windowOf(header.timestamp, genesis) === window
    const path = (this.pathTo(parent.hash) ?? []).filter(isInWindow)
    const onDisk = isInWindow(this.#head)
    const changes = new Map(path.flatMap(({ quota }) => quota))
    const before = (account: Address) => changes.get(account) ?? (onDisk ? this.#store.quotaUsed(account) : 0n)
    return new QuotaCount(window, before, this.#store.quotaUnknown() !== window)
  }
}
