// The pool against a slow and obvious model: a list of entries, gone through anew for every question.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Address, Hash } from '../types.ts'
import { nonceGapMax, poolTransactionsMax } from './limits.ts'
import { type AccountState, PoolCore, type PoolEntry, type PoolLimits, priceOfEntry } from './pool-core.ts'

const limits: PoolLimits = {
  transactions: 5,
  bytes: 600,
  accountTransactions: 4,
  accountBytes: 500,
  accountFreeGas: 100n,
}
const senders = ['0xaa', '0xbb', '0xcc', '0xdd'] as string[] as Address[]

class Model {
  entries: PoolEntry[] = []
  readonly states = new Map<Address, AccountState>(senders.map((sender) => [sender, { nonce: 0n, balance: 1_000n }]))

  stateOf(sender: Address): AccountState {
    return this.states.get(sender) as AccountState
  }

  of(sender: Address): PoolEntry[] {
    return this.entries.filter((entry) => entry.sender === sender).sort((a, b) => Number(a.nonce - b.nonce))
  }

  able(sender: Address, from = this.stateOf(sender).nonce): PoolEntry[] {
    const list: PoolEntry[] = []
    for (let nonce = from; ; nonce++) {
      const next = this.of(sender).find((entry) => entry.nonce === nonce)
      if (next === undefined) return list
      list.push(next)
    }
  }

  add(entry: PoolEntry): string {
    const { nonce, balance } = this.stateOf(entry.sender)
    if (this.entries.some(({ hash }) => hash === entry.hash)) return 'transaction_known'
    if (entry.nonce < nonce) return 'nonce_too_low'
    if (entry.nonce > nonce + nonceGapMax) return 'nonce_too_high'
    const old = this.of(entry.sender).find((one) => one.nonce === entry.nonce)
    if (old !== undefined && !(pays(entry.maxFee, old.maxFee) && pays(entry.tip, old.tip)))
      return 'replacement_too_cheap'
    const own = [...this.of(entry.sender).filter((one) => one !== old), entry]
    if (sum(own, ({ cost }) => cost) > balance) return 'balance_too_low'
    if (own.length > limits.accountTransactions) return 'account_full'
    if (sum(own, ({ bytes }) => BigInt(bytes)) > BigInt(limits.accountBytes)) return 'account_full'
    if (
      entry.isFree &&
      sum(
        own.filter(({ isFree }) => isFree),
        ({ gas }) => gas,
      ) > limits.accountFreeGas
    )
      return 'quota_exceeded'
    const before = this.entries
    this.entries = [...before.filter((one) => one !== old), entry]
    while (this.isOver()) {
      const [worst] = this.ranked(entry)
      if (worst === undefined || worst === entry) {
        this.entries = before
        return 'pool_full'
      }
      this.entries = this.entries.filter((one) => one !== worst)
    }
    return 'ok'
  }

  isOver(): boolean {
    return (
      this.entries.length > limits.transactions ||
      sum(this.entries, ({ bytes }) => BigInt(bytes)) > BigInt(limits.bytes)
    )
  }

  /** The last of each other account and the new one, the least missed first. */
  ranked(entry: PoolEntry): PoolEntry[] {
    const last = senders.filter((sender) => sender !== entry.sender).flatMap((sender) => this.of(sender).at(-1) ?? [])
    const key = (one: PoolEntry) => [
      this.able(one.sender).includes(one) ? 1 : 0,
      Number(priceOfEntry(one)),
      -this.of(one.sender).length,
      -one.arrival,
    ]
    return [...last, entry].sort((a, b) => {
      const [left, right] = [key(a), key(b)]
      const at = left.findIndex((value, place) => value !== right[place])
      return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
    })
  }

  order(): Hash[] {
    const taken: PoolEntry[] = []
    for (;;) {
      const heads = senders.flatMap((sender) => this.able(sender).find((one) => !taken.includes(one)) ?? [])
      const best = heads.sort((a, b) => Number(priceOfEntry(b) - priceOfEntry(a)) || a.arrival - b.arrival)[0]
      if (best === undefined) return taken.map(({ hash }) => hash)
      taken.push(best)
    }
  }
}

const pays = (price: bigint, old: bigint) => Number(price) >= Number(old) * 1.1 && price > old
const sum = (entries: readonly PoolEntry[], of: (entry: PoolEntry) => bigint) =>
  entries.reduce((total, entry) => total + of(entry), 0n)

type Step =
  | { readonly kind: 'add'; readonly entry: Omit<PoolEntry, 'hash' | 'arrival'>; readonly again: boolean }
  | { readonly kind: 'settle'; readonly sender: Address; readonly nonce: number; readonly balance: bigint }
  | { readonly kind: 'drop'; readonly at: number }
  | { readonly kind: 'expire'; readonly beforeMs: number }

const sender = fc.constantFrom(...senders)
const fees = fc.bigInt({ min: 0n, max: 40n })
const entry = fc
  .record(
    {
      sender,
      nonce: fc.bigInt({ min: 0n, max: 6n }),
      maxFee: fees,
      tip: fees,
      gas: fc.bigInt({ min: 1n, max: 60n }),
      cost: fc.constantFrom(0n, 10n, 600n),
      bytes: fc.integer({ min: 50, max: 200 }),
      arrivedMs: fc.nat(1_000),
      isFree: fc.boolean(),
    },
    { noNullPrototype: true },
  )
  .map((made) => (made.tip > made.maxFee ? { ...made, tip: made.maxFee } : made))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('add' as const), entry, again: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      sender,
      nonce: fc.nat(2),
      balance: fc.constantFrom(0n, 700n, 5_000n),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), at: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), beforeMs: fc.nat(300) }) },
)

test('the pool does what the model does', () => {
  const codes = new Set<string>()
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model()
      const pool = new PoolCore(limits)
      for (const [arrival, one] of steps.entries()) {
        codes.add(apply(pool, model, one, arrival))
        compare(pool, model)
      }
    }),
    { seed: 11, numRuns: 1_500 },
  )
  // Every way was met.
  const refusals = [
    'nonce_too_low',
    'replacement_too_cheap',
    'balance_too_low',
    'account_full',
    'quota_exceeded',
    'pool_full',
  ]
  for (const code of [...refusals, 'ok', 'transaction_known']) assert.ok(codes.has(code), code)
})

function apply(pool: PoolCore, model: Model, one: Step, arrival: number): string {
  if (one.kind === 'add') {
    const known = one.again ? model.entries[0]?.hash : undefined
    const made: PoolEntry = { ...one.entry, hash: known ?? (`0x${arrival}` as Hash), arrival }
    const answer = pool.add(made, model.stateOf(made.sender))
    const code = model.add(made)
    assert.equal(answer.ok ? 'ok' : answer.code, code)
    return code
  }
  if (one.kind === 'settle') {
    const nonce = model.stateOf(one.sender).nonce + BigInt(one.nonce)
    const state = { nonce, balance: one.balance }
    model.states.set(one.sender, state)
    model.entries = model.entries.filter((entry) => entry.sender !== one.sender || entry.nonce >= nonce)
    pool.settle(one.sender, state)
  } else if (one.kind === 'drop') {
    const gone = model.entries[one.at]
    model.entries = model.entries.filter((entry) => entry !== gone)
    if (gone !== undefined) assert.equal(pool.drop(gone.hash), gone)
  } else {
    model.entries = model.entries.filter(({ arrivedMs }) => arrivedMs >= one.beforeMs)
    pool.expire(one.beforeMs)
  }
  return one.kind
}

function compare(pool: PoolCore, model: Model): void {
  assert.equal(pool.size, model.entries.length)
  assert.equal(
    BigInt(pool.bytes),
    sum(model.entries, ({ bytes }) => BigInt(bytes)),
  )
  const { pending, queued } = pool.content()
  for (const one of senders) {
    const able = model.able(one)
    assert.deepEqual(pending.get(one) ?? [], able)
    assert.deepEqual(queued.get(one) ?? [], model.of(one).slice(able.length))
    const { nonce } = model.stateOf(one)
    assert.equal(pool.nextNonce(one, nonce), nonce + BigInt(able.length))
  }
  assert.equal(
    pool.hasRunnable(() => true),
    pending.size > 0,
  )
  const order: Hash[] = []
  const take = ({ hash }: PoolEntry) => {
    order.push(hash)
    return true
  }
  pool.inOrder(
    () => undefined,
    take,
    () => false,
  )
  assert.deepEqual(order, model.order())
}

test('from price zero any price above it is enough; else a tenth', () => {
  const pool = new PoolCore(limits)
  const base = { sender: senders[0] as Address, nonce: 0n, gas: 1n, cost: 0n, bytes: 100, arrivedMs: 0, isFree: false }
  let arrival = 0
  const offer = (maxFee: bigint, tip = maxFee) => {
    const made = { ...base, hash: `0x${arrival}` as Hash, arrival: arrival++, maxFee, tip }
    const answer = pool.add(made, { nonce: 0n, balance: 0n })
    return answer.ok || answer.sentence
  }
  assert.equal(offer(0n), true)
  assert.match(String(offer(0n)), /to take its place pay 1 wei per gas/)
  assert.equal(offer(1n), true)
  assert.equal(offer(100n), true)
  assert.match(String(offer(109n)), /110 wei per gas/)
  assert.match(String(offer(110n, 109n)), /110/)
  assert.equal(offer(110n), true)
  assert.equal(offer(121n), true)
})

test('a nonce is not taken from far ahead', () => {
  const pool = new PoolCore(limits)
  const made = {
    sender: senders[0] as Address,
    gas: 1n,
    cost: 0n,
    bytes: 1,
    arrivedMs: 0,
    isFree: false,
    maxFee: 0n,
    tip: 0n,
    arrival: 0,
  }
  const at = (nonce: bigint) => pool.add({ ...made, nonce, hash: `0x${nonce}` as Hash }, { nonce: 0n, balance: 0n })
  assert.equal(at(nonceGapMax).ok, true)
  const answer = at(nonceGapMax + 1n)
  assert.equal(answer.ok || answer.code, 'nonce_too_high')
})

test('the pool with its real limits is full at them', () => {
  const pool = new PoolCore({ ...limits, transactions: poolTransactionsMax, bytes: Number.MAX_SAFE_INTEGER })
  const offer = (number: number, price: bigint) => {
    const made = {
      sender: `0x${number}` as Address,
      nonce: 0n,
      gas: 1n,
      cost: 0n,
      bytes: 1,
      arrivedMs: 0,
      isFree: false,
    }
    return pool.add(
      { ...made, maxFee: price, tip: price, arrival: number, hash: `0x${number}` as Hash },
      { nonce: 0n, balance: 0n },
    )
  }
  for (let number = 0; number < poolTransactionsMax; number++) assert.equal(offer(number, 5n).ok, true)
  const answer = offer(poolTransactionsMax, 5n)
  assert.equal(answer.ok, false)
  const better = offer(poolTransactionsMax + 1, 6n)
  assert.deepEqual(better.ok && better.removed.map(({ arrival }) => arrival), [poolTransactionsMax - 1])
  assert.equal(pool.size, poolTransactionsMax)
})
