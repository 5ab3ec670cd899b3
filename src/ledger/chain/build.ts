// A proposer's block: what waits in the pool, best price first, as far as gas, bytes, quotas and time allow. What can't run is
// left out, and told to the pool where it never will.

import type { TypedTransaction } from '@ethereumjs/tx'
import { setHash } from '../consensus/vote-wire.ts'
import type { Executed, StateReader } from '../evm/types.ts'
import type { Address, Hash } from '../types.ts'
import { encodeBlock } from './block-wire.ts'
import { blockOfHeader } from './check.ts'
import { blockErrors, chainErrors } from './errors.ts'
import { environmentOf, fieldsAfter, nextSetOf, placeOfTip, senderOf, transactionsRoot } from './execution.ts'
import { encodePlace, headerOf, keccak, type Place } from './header-wire.ts'
import { blockBytesMax, blockTransactionsMax, buildTimeMsMax, headerBytesMax } from './limits.ts'
import type { ChainInside, Known, Tip } from './parts.ts'
import type { PoolCore } from './pool-core.ts'
import { isPaid, type QuotaCount } from './quota-core.ts'
import { priceOf } from './receipts-wire.ts'
import { recoveryEnvironment } from './recovery.ts'
import { epochAfter, fieldsBefore } from './rules.ts'
import { readIsMember } from './system-contract.ts'
import { bytesOfTransaction, transactionHash } from './transaction-wire.ts'
import type { HeaderFields } from './types.ts'

/** What build asks of the pool. */
export interface Waiting {
  readonly core: PoolCore
  transactionOf(hash: Hash): TypedTransaction | undefined
  /** A block is being made: who proposes wants to hear of what comes after. */
  looked(): void
  /** Left out of a block for this reason. */
  leftOut(transaction: TypedTransaction, code: string): void
}

export interface BuildOptions {
  readonly parent: Hash
  readonly place: Pick<Place, 'epoch' | 'view'>
  readonly signal: AbortSignal | undefined
}

/** Blocks carry at most this many bytes of transactions: the header and the lists around them need the rest. */
const transactionBytesSum = blockBytesMax - headerBytesMax
/** Of a transaction that does nothing but pay. */
const leastGas = 21_000n
/** Most use less gas than they may: so many times a block's gas limit is offered to one. */
const offeredTimes = 4n
/** What a list or a transaction's string has in front of it. */
const headBytes = 4

/** Throws `block_unknown`, `block_place_wrong`. The block is kept in the world under its hash. */
export async function buildBlock(inside: ChainInside, waiting: Waiting, options: BuildOptions): Promise<Known> {
  const tip = inside.known.tip(options.parent)
  if (tip === undefined) throw chainErrors.block_unknown('The block to build on is not known here.')
  const { genesis } = inside.spec
  const epoch = epochAfter({ place: placeOfTip(tip), epoch: tip.epoch }, options.place)
  const before = fieldsBefore(genesis, tip.header, options.place, epoch.set)
  const nowSeconds = Math.floor(inside.clock.nowMs() / 1_000)
  const timestamp = BigInt(Math.max(tip.header.timestamp, nowSeconds))
  waiting.looked()
  const candidates = epoch.isOver ? [] : await choose(inside, waiting, tip, Number(timestamp))
  const recovery = await recoveryEnvironment(inside, tip, epoch.set)
  const environment = { ...environmentOf(inside, { ...before, timestamp }, []), ...recovery }
  const endMs = inside.clock.monotonicMs() + buildTimeMsMax
  const executed = await inside.world.execute(environment, candidates, {
    skipInvalid: true,
    isFull: (gasUsed) => gasUsed + leastGas > genesis.blockGasLimit || inside.clock.monotonicMs() >= endMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  for (const { transaction, code } of executed.skipped) waiting.leftOut(transaction, code)
  return await finish(inside, tip, epoch, { ...before, timestamp }, executed, options)
}

/** In order; when one does not fit, its sender's others wait with it. */
async function choose(inside: ChainInside, waiting: Waiting, tip: Tip, timestamp: number): Promise<TypedTransaction[]> {
  const { genesis } = inside.spec
  const state = inside.world.at(tip.header.hash)
  const nonces = inside.known.noncesUpTo(tip.header.hash)
  const members = await membersAmong(waiting.core, state)
  const quota = inside.known.quotaOn(tip.header, timestamp)
  const chosen: TypedTransaction[] = []
  let [gas, bytes] = [0n, 0]
  const take = ({
    hash,
    sender,
    gas: limit,
    bytes: length,
    isFree,
  }: Parameters<Parameters<PoolCore['inOrder']>[1]>[0]) => {
    const transaction = waiting.transactionOf(hash)
    const fits =
      gas + limit <= genesis.blockGasLimit * offeredTimes && bytes + length + headBytes <= transactionBytesSum
    if (transaction === undefined || !fits) return false
    if (isFree && !members.has(sender)) {
      waiting.leftOut(transaction, 'members_only')
      return false
    }
    if (isFree && !quota.take(sender, limit, genesis)) return false
    chosen.push(transaction)
    gas += limit
    bytes += length + headBytes
    return true
  }
  const isDone = () => chosen.length >= blockTransactionsMax
  waiting.core.inOrder((sender) => nonces.get(sender), take, isDone)
  return chosen
}

async function membersAmong(core: PoolCore, state: StateReader | undefined): Promise<ReadonlySet<Address>> {
  const members = new Set<Address>()
  if (state === undefined) return members
  for (const sender of core.freeSenders()) if (await readIsMember(state, sender)) members.add(sender)
  return members
}

type Before = ReturnType<typeof fieldsBefore> & Pick<HeaderFields, 'timestamp'>

async function finish(
  inside: ChainInside,
  tip: Tip,
  { set, isOver }: ReturnType<typeof epochAfter>,
  before: Before,
  executed: Executed,
  options: BuildOptions,
): Promise<Known> {
  // The header names the set that its own execution left, and its hash names the header: until then the state has another name.
  const draft = keccak(new TextEncoder().encode('draft'))
  inside.world.keep(draft, executed.layer)
  const next = isOver ? undefined : await nextSetOf(inside, executed, draft, set)
  const place = { ...options.place, nextSetHash: next === undefined ? undefined : setHash(next) }
  const transactions = executed.transactions
  const encoded = transactions.map(bytesOfTransaction)
  const header = headerOf(
    {
      ...before,
      ...fieldsAfter(executed),
      transactionsRoot: transactionsRoot(encoded),
      extraData: encodePlace(place),
    },
    true,
  )
  const bytes = encodeBlock(header.fields, transactions, [])
  if (bytes.length > blockBytesMax) throw blockErrors.block_too_long('The block that was built is too long.')
  inside.world.keep(header.hash, executed.layer)
  const senders = transactions.map(senderOf)
  return {
    block: blockOfHeader(header, bytes),
    header,
    nextSets: next === undefined ? [] : [next],
    epoch: { set, next, isOver },
    transactions,
    hashes: transactions.map(transactionHash),
    senders,
    withdrawals: [],
    receipts: executed.receipts,
    quota: usedBy(inside, inside.known.quotaOn(tip.header, header.timestamp), transactions, senders),
  }
}

/** Counted anew: not all that were chosen ran. */
function usedBy(
  { spec }: ChainInside,
  quota: QuotaCount,
  transactions: readonly TypedTransaction[],
  senders: readonly Address[],
): Known['quota'] {
  for (const [place, transaction] of transactions.entries()) {
    if (isPaid(priceOf(transaction, 0n), spec.genesis)) continue
    quota.take(senders[place] as Address, transaction.gasLimit, spec.genesis)
  }
  return quota.changes()
}
