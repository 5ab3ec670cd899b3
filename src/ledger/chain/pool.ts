// Transactions that wait: what a transaction has to be before it may (form, chain, signature, gas, fee or quota), by the last
// final state; pool-core.ts says whether there is room. Every refusal has a code and a sentence that says what to do.
//
// Must stay true: what is told to others (`pending`) was checked here; what a block took or can't take any more is not offered; what
// this computer sent is on disk before anybody is told that it was taken.

import type { FeeMarket1559Tx, LegacyTx, TypedTransaction } from '@ethereumjs/tx'
import { isPeerhoodError, type PeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { StateReader } from '../evm/types.ts'
import type { Address, Hash } from '../types.ts'
import type { Waiting } from './build.ts'
import { poolErrors } from './errors.ts'
import { senderOf } from './execution.ts'
import { hashOfBytes, keccak } from './header-wire.ts'
import { expireEveryMs, poolTransactionMsMax } from './limits.ts'
import type { OwnTransactions } from './own-store.ts'
import { type PoolAnswer, PoolCore, type PoolEntry, poolLimits } from './pool-core.ts'
import { isPaid, windowEnd, windowSeconds } from './quota-core.ts'
import { priceOf } from './receipts-wire.ts'
import type { Spec } from './spec.ts'
import { readIsMember } from './system-contract.ts'
import { decodeTransaction, transactionHash } from './transaction-wire.ts'
import type { ChainEvent, Pool, PoolList } from './types.ts'

export interface PoolParts {
  readonly spec: Spec
  readonly clock: Clock
  readonly log: Log
  /** The state after the last final block, and its hash. */
  head(): { readonly hash: Hash; readonly state: StateReader | undefined }
  /** Gas that a member could use at no price in a block of this time on the head. */
  quotaLeft(sender: Address, timestamp: number): bigint
  emit(event: ChainEvent): void
  readonly own: OwnTransactions
}

/** Codes of execution after which a transaction is of no use in the state it met. */
const hopeless = new Set([
  'signature_invalid',
  'type_unsupported',
  'gas_too_low',
  'funds_too_low',
  'sender_not_person',
  'unusable',
  'members_only',
])

/** Codes for which what was kept over a restart is of no use, whatever comes. */
const over = new Set([
  'nonce_too_low',
  'transaction_malformed',
  'transaction_type_refused',
  'transaction_unsigned',
  'transaction_other_chain',
  'sender_has_code',
])

interface Checked {
  readonly hash: Hash
  readonly bytes: Uint8Array
  readonly transaction: TypedTransaction
  readonly sender: Address
  readonly isFree: boolean
}

export class ChainPool implements Pool, Waiting {
  readonly core: PoolCore
  readonly #parts: PoolParts
  readonly #transactions = new Map<Hash, TypedTransaction>()
  #arrivals = 0
  /** What was told last; undefined after a look at what waits, so that the next change is told whatever it is. */
  #hadWork: boolean | undefined = false
  #expiredMs = Number.NEGATIVE_INFINITY
  #cancelTimer: Cancel | undefined

  constructor(parts: PoolParts) {
    this.#parts = parts
    this.core = new PoolCore({ ...poolLimits, accountFreeGas: parts.spec.genesis.quota.gas })
  }

  async add(bytes: Uint8Array, options: { readonly local: boolean }): Promise<Hash> {
    const hash = hashOfBytes(keccak256(bytes))
    if (this.#transactions.has(hash)) throw poolErrors.transaction_known('The transaction waits here already.')
    const checked = this.#checkForm(hash, Uint8Array.from(bytes))
    let isKept = false
    try {
      // The head may move while the state is read: then what was read is old.
      for (;;) {
        const { hash: head, state } = this.#parts.head()
        const account = await this.#checkSender(checked, state)
        if (this.#parts.head().hash !== head) continue
        if (options.local && !isKept) {
          requireRoom(this.core.look(this.#entryOf(checked), account))
          await this.#parts.own.put(hash, checked.bytes)
          isKept = true
          if (this.#parts.head().hash !== head) continue
        }
        this.#insert(checked, account, options)
        return hash
      }
    } catch (error) {
      // One that came twice at once waits.
      if (isKept && !this.#transactions.has(hash)) this.#parts.own.remove([hash])
      throw error
    }
  }

  /** What this computer had sent before it was stopped waits again, and is told again. */
  async restore(): Promise<boolean> {
    const { own, log } = this.#parts
    let isOver = true
    for (const { hash, bytes } of own.all()) {
      if (this.#transactions.has(hash)) continue
      try {
        await this.add(bytes, { local: true })
      } catch (error) {
        if (!isPeerhoodError(error)) throw error
        // The others may be taken at the next start: the chain here may be behind.
        if (over.has(error.code)) own.remove([hash])
        isOver &&= Object.hasOwn(poolErrors, error.code)
        log.info('ledger_own_not_restored', { hash, code: error.code })
      }
    }
    return isOver
  }

  /** What the bytes say alone. */
  #checkForm(hash: Hash, bytes: Uint8Array): Checked {
    const { common, genesis } = this.#parts.spec
    const transaction = decodeTransaction(bytes, common)
    if (transaction.type === 3) {
      throw poolErrors.transaction_type_refused('Transactions with blobs are not taken: nobody keeps blobs here.')
    }
    requireChain(transaction, genesis.chainId)
    const least = transaction.getMinimumGasLimit()
    if (transaction.gasLimit < least) {
      throw poolErrors.transaction_gas_too_low(`It needs ${least} gas at least; its limit is ${transaction.gasLimit}.`)
    }
    if (transaction.gasLimit > genesis.blockGasLimit) {
      throw poolErrors.transaction_gas_too_high(
        `Its gas limit of ${transaction.gasLimit} is over that of blocks, which is ${genesis.blockGasLimit}.`,
      )
    }
    const isFree = !isPaid(priceOf(transaction, 0n), genesis)
    return { hash, bytes, transaction, sender: requireSender(transaction), isFree }
  }

  async #checkSender({ transaction, sender, isFree }: Checked, state: StateReader | undefined) {
    const account = await state?.account(sender)
    if (state !== undefined && account !== undefined && account.codeHash !== emptyCodeHash) {
      const code = await state.code(sender)
      // EIP-3607, and what EIP-7702 lets a person's account have.
      const isPerson = code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00
      if (!isPerson) throw poolErrors.sender_has_code(`${sender} is a contract; no key signs for it.`)
    }
    if (isFree) await this.#checkFree(transaction, sender, state)
    return { nonce: account?.nonce ?? 0n, balance: account?.balance ?? 0n }
  }

  async #checkFree(transaction: TypedTransaction, sender: Address, state: StateReader | undefined): Promise<void> {
    const { quota, strangerFee } = this.#parts.spec.genesis
    const isMember = state !== undefined && (await readIsMember(state, sender))
    if (!isMember) throw notMember(sender, strangerFee)
    if (transaction.gasLimit <= quota.gas) return
    const words = `It asks for ${transaction.gasLimit} gas; a member has ${quota.gas} free in ${windowSeconds(this.#parts.spec.genesis)} seconds.`
    throw poolErrors.quota_exceeded(words, {
      hint:
        strangerFee === undefined
          ? 'Set a lower gas limit.'
          : `Pay ${strangerFee} wei per gas, or set a lower gas limit.`,
    })
  }

  #insert(checked: Checked, account: { nonce: bigint; balance: bigint }, { local }: { readonly local: boolean }): void {
    const { hash, bytes, transaction } = checked
    this.#expire(this.#parts.clock.monotonicMs())
    this.#forget(requireRoom(this.core.add(this.#entryOf(checked), account)))
    this.#transactions.set(hash, transaction)
    this.#parts.emit({ kind: 'pending', hash, bytes, local })
    this.#tellWork()
  }

  #entryOf(checked: Checked): PoolEntry {
    return entryOf(checked, this.#arrivals++, this.#parts.clock.monotonicMs())
  }

  #expire(nowMs: number): void {
    if (nowMs - this.#expiredMs < expireEveryMs) return
    this.#expiredMs = nowMs
    this.#forget(this.core.expire(nowMs - poolTransactionMsMax))
  }

  #forget(entries: readonly PoolEntry[]): void {
    for (const { hash } of entries) this.#transactions.delete(hash)
    this.#parts.own.remove(entries.map(({ hash }) => hash))
  }

  #tellWork(): void {
    const waiting = this.hasWork
    this.#wakeAtWindow(!waiting)
    if (waiting === this.#hadWork) return
    this.#hadWork = waiting
    this.#parts.emit({ kind: 'work', waiting })
  }

  /** What only waits for its sender's quota can go on when the window is over, whatever else happens. */
  #wakeAtWindow(isNeeded: boolean): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (!isNeeded || !this.core.hasRunnable(() => true)) return
    const nowMs = this.#parts.clock.nowMs()
    const endMs = windowEnd(nowMs / 1_000, this.#parts.spec.genesis) * 1_000
    // Timers bear 2^31 ms; who wakes too early looks again.
    this.#cancelTimer = this.#parts.clock.after(Math.min(endMs - nowMs, 2 ** 31 - 1), () => this.#tellWork())
  }

  get(hash: Hash): { readonly transaction: TypedTransaction; readonly sender: Address } | undefined {
    const transaction = this.#transactions.get(hash)
    const entry = this.core.get(hash)
    return transaction === undefined || entry === undefined ? undefined : { transaction, sender: entry.sender }
  }

  async nextNonce(address: Address): Promise<bigint> {
    const account = await this.#parts.head().state?.account(address)
    return this.core.nextNonce(address, account?.nonce ?? 0n)
  }

  content(): { readonly pending: PoolList; readonly queued: PoolList } {
    const { pending, queued } = this.core.content()
    return { pending: this.#listOf(pending), queued: this.#listOf(queued) }
  }

  #listOf(entries: ReadonlyMap<Address, readonly PoolEntry[]>): PoolList {
    return new Map(
      [...entries].map(([sender, list]) => [sender, list.flatMap(({ hash }) => this.#transactions.get(hash) ?? [])]),
    )
  }

  get hasWork(): boolean {
    const nowSeconds = Math.floor(this.#parts.clock.nowMs() / 1_000)
    return this.core.hasRunnable(
      ({ sender, gas, isFree }) => !isFree || gas <= this.#parts.quotaLeft(sender, nowSeconds),
    )
  }

  stop(): void {
    this.#cancelTimer?.()
  }

  transactionOf(hash: Hash): TypedTransaction | undefined {
    return this.#transactions.get(hash)
  }

  looked(): void {
    this.#hadWork = undefined
  }

  leftOut(transaction: TypedTransaction, code: string): void {
    if (!hopeless.has(code)) return
    const dropped = this.core.drop(transactionHash(transaction))
    if (dropped !== undefined) this.#forget([dropped])
    this.#tellWork()
  }

  /** The head is another one than the block after the last. */
  settleAll(): Promise<void> {
    return this.settle(this.core.senders())
  }

  /** After a final block: those who sent something in it have other nonces. */
  async settle(senders: Iterable<Address>): Promise<void> {
    this.#expire(this.#parts.clock.monotonicMs())
    for (const sender of new Set(senders)) {
      if (this.core.countOf(sender) === 0) continue
      const account = await this.#parts.head().state?.account(sender)
      this.#forget(this.core.settle(sender, { nonce: account?.nonce ?? 0n, balance: account?.balance ?? 0n }))
    }
    this.#tellWork()
  }
}

/** Gives those that go for it. */
function requireRoom(answer: PoolAnswer): readonly PoolEntry[] {
  if (answer.ok) return answer.removed
  throw poolErrors[answer.code](answer.sentence)
}

const emptyCodeHash = keccak(new Uint8Array(0))

function requireSender(transaction: TypedTransaction): Address {
  try {
    return senderOf(transaction)
  } catch {
    throw poolErrors.transaction_unsigned('The transaction has a signature that nobody made.')
  }
}

/** One without a chain id (before EIP-155) can be sent to any chain. A block may carry it, but it is not passed on; geth does the same. */
function requireChain(transaction: TypedTransaction, chainId: number): void {
  const v = transaction.v ?? 0n
  const isForAnyChain = transaction.type === 0 && (v === 27n || v === 28n)
  if (!isForAnyChain) return
  throw poolErrors.transaction_other_chain(
    `The transaction is signed for any chain; here it must name the chain ${chainId} (EIP-155).`,
  )
}

function notMember(sender: Address, strangerFee: bigint | undefined): PeerhoodError {
  if (strangerFee === undefined) {
    return poolErrors.members_only(`${sender} is no member of this ledger, and only members may transact.`)
  }
  const words = `${sender} is no member of this ledger; others pay ${strangerFee} wei per gas at least.`
  return poolErrors.fee_too_low(words, {
    hint: `Set both fees to ${strangerFee} wei per gas or more, or ask a validator to let you in as a member.`,
  })
}

function entryOf({ hash, bytes, transaction, sender, isFree }: Checked, arrival: number, arrivedMs: number): PoolEntry {
  const { nonce, gasLimit: gas, value } = transaction
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction as FeeMarket1559Tx
  const price = transaction.type < 2 ? (transaction as LegacyTx).gasPrice : maxFeePerGas
  const tip = transaction.type < 2 ? price : maxPriorityFeePerGas
  const cost = value + gas * price
  return { hash, sender, nonce, maxFee: price, tip, gas, cost, bytes: bytes.length, arrival, arrivedMs, isFree }
}
