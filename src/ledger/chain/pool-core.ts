// Transactions that wait, as pure data: by sender and nonce, bounded in number and bytes. Nothing here knows what a transaction
// says beyond the few facts below; pool.ts finds them out and asks the state.
//
//   add ──► refused with a code, or in: maybe in the place of one that paid less, maybe with others evicted
//   settle ──► after a final block: what its nonces passed goes, what a balance no longer bears is left for the builder to meet
//   inOrder ──► what can run on a state, best price first, then the earliest, each sender's in nonce order
//
// Must stay true: an account's entries have different nonces, none below the account's; totals are sums of what is in.

import type { Address, Hash } from '../types.ts'
import {
  accountBytesMax,
  accountTransactionsMax,
  nonceGapMax,
  poolBytesMax,
  poolTransactionsMax,
  replacementPercentMin,
} from './limits.ts'

export interface PoolEntry {
  readonly hash: Hash
  readonly sender: Address
  readonly nonce: bigint
  /** Wei per gas: at most, and to the proposer at most (both the gas price of older types). */
  readonly maxFee: bigint
  readonly tip: bigint
  readonly gas: bigint
  /** Wei that it can cost at most: value and gas. */
  readonly cost: bigint
  readonly bytes: number
  /** Its place in the order of arrival; never the same twice. */
  readonly arrival: number
  readonly arrivedMs: number
  /** Counted against the sender's quota (quota-core.ts). */
  readonly isFree: boolean
}

export interface AccountState {
  readonly nonce: bigint
  readonly balance: bigint
}

export interface PoolLimits {
  readonly transactions: number
  readonly bytes: number
  readonly accountTransactions: number
  readonly accountBytes: number
  /** Gas of free transactions of one sender that wait. */
  readonly accountFreeGas: bigint
}

export const poolLimits: Omit<PoolLimits, 'accountFreeGas'> = {
  transactions: poolTransactionsMax,
  bytes: poolBytesMax,
  accountTransactions: accountTransactionsMax,
  accountBytes: accountBytesMax,
}

export type PoolRefusal =
  | 'transaction_known'
  | 'nonce_too_low'
  | 'nonce_too_high'
  | 'replacement_too_cheap'
  | 'balance_too_low'
  | 'quota_exceeded'
  | 'account_full'
  | 'pool_full'

export type PoolAnswer =
  | { readonly ok: true; readonly removed: readonly PoolEntry[] }
  | { readonly ok: false; readonly code: PoolRefusal; readonly sentence: string }

interface Queue {
  state: AccountState
  /** In nonce order. */
  entries: PoolEntry[]
  bytes: number
}

/** What a block pays per gas at no base fee. */
export function priceOfEntry({ maxFee, tip }: PoolEntry): bigint {
  return tip < maxFee ? tip : maxFee
}

export class PoolCore {
  readonly #limits: PoolLimits
  readonly #queues = new Map<Address, Queue>()
  readonly #byHash = new Map<Hash, PoolEntry>()
  #bytes = 0

  constructor(limits: PoolLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byHash.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(hash: Hash): PoolEntry | undefined {
    return this.#byHash.get(hash)
  }

  senders(): readonly Address[] {
    return [...this.#queues.keys()]
  }

  /** Those who would transact within their quota. */
  freeSenders(): readonly Address[] {
    const queues = [...this.#queues].filter(([, { entries }]) => entries.some(({ isFree }) => isFree))
    return queues.map(([sender]) => sender)
  }

  /** How many of a sender's wait, whether or not they can run. */
  countOf(sender: Address): number {
    return this.#queues.get(sender)?.entries.length ?? 0
  }

  /** Whether the first of some sender's can run on the last final state, and passes. */
  hasRunnable(passes: (entry: PoolEntry) => boolean): boolean {
    for (const { state, entries } of this.#queues.values()) {
      const first = entries[0]
      if (first?.nonce === state.nonce && passes(first)) return true
    }
    return false
  }

  add(entry: PoolEntry, state: AccountState): PoolAnswer {
    const answer = this.look(entry, state)
    if (!answer.ok) return answer
    for (const victim of answer.removed) this.#remove(victim)
    this.#insert(entry, state)
    return answer
  }

  /** What `add` would answer; changes nothing. */
  look(entry: PoolEntry, state: AccountState): PoolAnswer {
    if (this.#byHash.has(entry.hash)) return refuse('transaction_known', 'The transaction waits here already.')
    const wrongNonce = checkNonce(entry.nonce, state)
    if (wrongNonce !== undefined) return wrongNonce
    const queue = this.#queues.get(entry.sender)
    const replaced = queue?.entries.find(({ nonce }) => nonce === entry.nonce)
    if (replaced !== undefined && !isBetter(entry, replaced)) return tooCheap(replaced)
    const others = (queue?.entries ?? []).filter((other) => other !== replaced)
    const wrong = this.#checkAccount(entry, others, state)
    if (wrong !== undefined) return wrong
    const victims = this.#makeRoom(entry, others, state, replaced)
    if (victims === undefined) return refuse('pool_full', 'As many transactions wait here as may, and none pays less.')
    return { ok: true, removed: replaced === undefined ? victims : [replaced, ...victims] }
  }

  #checkAccount(entry: PoolEntry, others: readonly PoolEntry[], state: AccountState): PoolAnswer | undefined {
    const { accountTransactions, accountBytes, accountFreeGas } = this.#limits
    const cost = others.reduce((sum, other) => sum + other.cost, entry.cost)
    if (cost > state.balance) {
      const words = others.length === 0 ? 'it' : 'it and the account’s others that wait'
      return refuse('balance_too_low', `The account has ${state.balance} wei; ${words} can cost ${cost} wei.`)
    }
    const bytes = others.reduce((sum, other) => sum + other.bytes, entry.bytes)
    if (others.length >= accountTransactions || bytes > accountBytes) {
      return refuse('account_full', `Already ${others.length} transactions of this account wait here.`)
    }
    const free = [...others, entry].filter(({ isFree }) => isFree).reduce((sum, { gas }) => sum + gas, 0n)
    if (!entry.isFree || free <= accountFreeGas) return undefined
    const left = accountFreeGas - (free - entry.gas)
    return refuse(
      'quota_exceeded',
      `${left} gas is left of what this member may have waiting free; it asks for ${entry.gas}.`,
    )
  }

  /** Whom to evict for it; undefined when nobody is worse. */
  #makeRoom(
    entry: PoolEntry,
    others: readonly PoolEntry[],
    state: AccountState,
    replaced: PoolEntry | undefined,
  ): PoolEntry[] | undefined {
    let count = this.#byHash.size + 1 - (replaced === undefined ? 0 : 1)
    let bytes = this.#bytes + entry.bytes - (replaced?.bytes ?? 0)
    if (count <= this.#limits.transactions && bytes <= this.#limits.bytes) return []
    const own: Standing = {
      isGapped: !runs([...others, entry], state.nonce).includes(entry),
      price: priceOfEntry(entry),
      count: others.length + 1,
      arrival: entry.arrival,
    }
    const taken = new Map<Address, number>()
    const victims: PoolEntry[] = []
    while (count > this.#limits.transactions || bytes > this.#limits.bytes) {
      const victim = this.#worst(entry.sender, taken)
      if (victim === undefined || compareStanding(victim.standing, own) >= 0) return undefined
      taken.set(victim.entry.sender, (taken.get(victim.entry.sender) ?? 0) + 1)
      victims.push(victim.entry)
      count -= 1
      bytes -= victim.entry.bytes
    }
    return victims
  }

  /** The last of some account's, that would be missed least; `taken` have been chosen from the end before. */
  #worst(except: Address, taken: ReadonlyMap<Address, number>) {
    let worst: { entry: PoolEntry; standing: Standing } | undefined
    for (const [sender, { entries, state }] of this.#queues) {
      const count = entries.length - (taken.get(sender) ?? 0)
      const entry = entries[count - 1]
      if (sender === except || entry === undefined) continue
      // Nonces ascend without repetition: it runs exactly when all before it do.
      const isGapped = entry.nonce !== state.nonce + BigInt(count - 1)
      const standing = { isGapped, price: priceOfEntry(entry), count, arrival: entry.arrival }
      if (worst === undefined || compareStanding(standing, worst.standing) < 0) worst = { entry, standing }
    }
    return worst
  }

  #insert(entry: PoolEntry, state: AccountState): void {
    const queue = this.#queues.get(entry.sender) ?? { state, entries: [], bytes: 0 }
    queue.state = state
    let place = queue.entries.length
    while (place > 0 && (queue.entries[place - 1]?.nonce ?? 0n) > entry.nonce) place--
    queue.entries.splice(place, 0, entry)
    queue.bytes += entry.bytes
    this.#queues.set(entry.sender, queue)
    this.#byHash.set(entry.hash, entry)
    this.#bytes += entry.bytes
  }

  #remove(entry: PoolEntry): void {
    const queue = this.#queues.get(entry.sender)
    if (queue === undefined || !this.#byHash.delete(entry.hash)) return
    queue.entries = queue.entries.filter((other) => other !== entry)
    queue.bytes -= entry.bytes
    this.#bytes -= entry.bytes
    if (queue.entries.length === 0) this.#queues.delete(entry.sender)
  }

  /** It can't be put into a block, whoever tries. */
  drop(hash: Hash): PoolEntry | undefined {
    const entry = this.#byHash.get(hash)
    if (entry !== undefined) this.#remove(entry)
    return entry
  }

  /** The account is so in the new final state; what its nonce has passed goes. */
  settle(sender: Address, state: AccountState): readonly PoolEntry[] {
    const queue = this.#queues.get(sender)
    if (queue === undefined) return []
    queue.state = state
    const passed = queue.entries.filter(({ nonce }) => nonce < state.nonce)
    for (const entry of passed) this.#remove(entry)
    return passed
  }

  /** Those that arrived before this time go. */
  expire(beforeMs: number): readonly PoolEntry[] {
    const old = [...this.#byHash.values()].filter(({ arrivedMs }) => arrivedMs < beforeMs)
    for (const entry of old) this.#remove(entry)
    return old
  }

  /** The nonce after the last that can run. */
  nextNonce(sender: Address, stateNonce: bigint): bigint {
    const queue = this.#queues.get(sender)
    return queue === undefined ? stateNonce : stateNonce + BigInt(runs(queue.entries, stateNonce).length)
  }

  /** By sender, in nonce order: what can run on the last final state, and what a gap holds up. */
  content(): { pending: Map<Address, PoolEntry[]>; queued: Map<Address, PoolEntry[]> } {
    const pending = new Map<Address, PoolEntry[]>()
    const queued = new Map<Address, PoolEntry[]>()
    for (const [sender, { entries, state }] of this.#queues) {
      const able = runs(entries, state.nonce)
      if (able.length > 0) pending.set(sender, able)
      if (able.length < entries.length) queued.set(sender, entries.slice(able.length))
    }
    return { pending, queued }
  }

  /**
   * What can run, best price first, then the earliest arrival. `nonceOf` gives nonces that differ from the last final state's (a
   * block on one that is not final yet). `take` says false to leave out the rest of the sender's; `stop` ends it.
   */
  inOrder(
    nonceOf: (sender: Address) => bigint | undefined,
    take: (entry: PoolEntry) => boolean,
    isDone: () => boolean,
  ): void {
    const heads = new Heap<{ readonly entries: readonly PoolEntry[]; at: number; readonly entry: PoolEntry }>(
      (a, b) => compareOrder(a.entry, b.entry) < 0,
    )
    for (const [sender, { entries, state }] of this.#queues) {
      const able = runs(entries, nonceOf(sender) ?? state.nonce)
      if (able[0] !== undefined) heads.push({ entries: able, at: 0, entry: able[0] })
    }
    while (!isDone()) {
      const head = heads.pop()
      if (head === undefined) return
      const next = head.entries[head.at + 1]
      if (take(head.entry) && next !== undefined) heads.push({ entries: head.entries, at: head.at + 1, entry: next })
    }
  }
}

/** Those of one sender, in nonce order, that can run from this nonce on without a gap. */
function runs(entries: readonly PoolEntry[], from: bigint): PoolEntry[] {
  const able: PoolEntry[] = []
  const inOrder = entries.length > 1 ? [...entries].sort((a, b) => (a.nonce < b.nonce ? -1 : 1)) : entries
  for (const entry of inOrder) {
    if (entry.nonce === from + BigInt(able.length)) able.push(entry)
    else if (entry.nonce > from) break
  }
  return able
}

interface Standing {
  readonly isGapped: boolean
  readonly price: bigint
  readonly count: number
  readonly arrival: number
}

/** Below zero: `a` is missed less. Gapped before able, cheap before dear, of the fuller account, the later. */
function compareStanding(a: Standing, b: Standing): number {
  if (a.isGapped !== b.isGapped) return a.isGapped ? -1 : 1
  if (a.price !== b.price) return a.price < b.price ? -1 : 1
  return b.count - a.count || b.arrival - a.arrival
}

function compareOrder(a: PoolEntry, b: PoolEntry): number {
  const [priceA, priceB] = [priceOfEntry(a), priceOfEntry(b)]
  return priceA === priceB ? a.arrival - b.arrival : priceA > priceB ? -1 : 1
}

function checkNonce(nonce: bigint, state: AccountState): PoolAnswer | undefined {
  if (nonce < state.nonce) {
    return refuse('nonce_too_low', `The account’s next nonce is ${state.nonce}; ${nonce} was used before.`)
  }
  if (nonce - state.nonce <= nonceGapMax) return undefined
  return refuse('nonce_too_high', `The account’s next nonce is ${state.nonce}; ${nonce} is too far ahead.`)
}

/** At a price of zero, any price above it; else a tenth more on both. */
function isBetter(entry: PoolEntry, old: PoolEntry): boolean {
  return entry.maxFee >= raised(old.maxFee) && entry.tip >= raised(old.tip)
}

function raised(price: bigint): bigint {
  const more = (price * (100n + replacementPercentMin) + 99n) / 100n
  return more > price ? more : price + 1n
}

function tooCheap(old: PoolEntry): PoolAnswer {
  const least = `${raised(old.maxFee)} wei per gas, ${raised(old.tip)} of it for the proposer`
  return refuse('replacement_too_cheap', `Another transaction with this nonce waits; to take its place pay ${least}.`)
}

function refuse(code: PoolRefusal, sentence: string): PoolAnswer {
  return { ok: false, code, sentence }
}

/** A binary heap; `isBefore` says which of two comes out first. */
class Heap<Item> {
  readonly #items: Item[] = []
  readonly #isBefore: (a: Item, b: Item) => boolean

  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore
  }

  push(item: Item): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      const above = items[up] as Item
      if (!this.#isBefore(item, above)) break
      items[at] = above
      at = up
    }
    items[at] = item
  }

  pop(): Item | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (first === undefined || last === undefined || items.length === 0) return first
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      if (down >= items.length) break
      if (down + 1 < items.length && this.#isBefore(items[down + 1] as Item, items[down] as Item)) down += 1
      if (!this.#isBefore(items[down] as Item, last)) break
      items[at] = items[down] as Item
      at = down
    }
    items[at] = last
    return first
  }
}
