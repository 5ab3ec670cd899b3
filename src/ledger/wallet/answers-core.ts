// What nodes answer, read strictly: an outside one may be anybody's. Pure.

import { clientErrors } from '../client/errors.ts'
import type { Address, Hash } from '../types.ts'
import { type RawLog, readLog } from './changes-core.ts'

/** `0x1f`; throws `ledger_answer_malformed`. */
export function quantity(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) throw malformed(what)
  return BigInt(value)
}

export function smallNumber(value: unknown, what: string): number {
  const number = quantity(value, what)
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(what)
  return Number(number)
}

export function hex(value: unknown, what: string): `0x${string}` {
  if (typeof value !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(value)) throw malformed(what)
  return value.toLowerCase() as `0x${string}`
}

export function hash(value: unknown, what: string): Hash {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(value)) throw malformed(what)
  return value.toLowerCase() as Hash
}

export function address(value: unknown, what: string): Address {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(value)) throw malformed(what)
  return value.toLowerCase() as Address
}

export function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(what)
  return value as Readonly<Record<string, unknown>>
}

export function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(what)
  return value
}

/** A log of a final or pending transaction, with where it stands. */
export interface PlacedLog extends RawLog {
  readonly transaction: Hash
  readonly height: number
  readonly index: number
}

export function placedLog(value: unknown): PlacedLog {
  const log = readLog(value)
  if (log === undefined) throw malformed('a log')
  const { transactionHash, blockNumber, logIndex } = value as Readonly<Record<string, unknown>>
  return {
    ...log,
    transaction: hash(transactionHash, 'the transaction of a log'),
    height: smallNumber(blockNumber, 'the block of a log'),
    index: smallNumber(logIndex, 'the place of a log'),
  }
}

export interface TransactionAnswer {
  readonly hash: Hash
  readonly from: Address
  readonly to: Address | undefined
  readonly value: bigint
  readonly input: `0x${string}`
  readonly nonce: number
  readonly type: number
  readonly gas: bigint
  readonly height: number | undefined
  readonly index: number | undefined
}

export function transaction(value: unknown): TransactionAnswer {
  const one = record(value, 'a transaction')
  const isPlaced = one.blockNumber !== null && one.blockNumber !== undefined
  return {
    hash: hash(one.hash, 'the hash of a transaction'),
    from: address(one.from, 'the sender of a transaction'),
    to: one.to === null || one.to === undefined ? undefined : address(one.to, 'the receiver of a transaction'),
    value: quantity(one.value, 'the value of a transaction'),
    input: hex(one.input ?? one.data, 'the data of a transaction'),
    nonce: smallNumber(one.nonce, 'the nonce of a transaction'),
    type: one.type === undefined ? 0 : smallNumber(one.type, 'the type of a transaction'),
    gas: quantity(one.gas, 'the gas of a transaction'),
    height: isPlaced ? smallNumber(one.blockNumber, 'the block of a transaction') : undefined,
    index: isPlaced ? smallNumber(one.transactionIndex, 'the place of a transaction') : undefined,
  }
}

export interface ReceiptAnswer {
  readonly transaction: Hash
  readonly succeeded: boolean
  readonly gasUsed: bigint
  readonly price: bigint
  readonly height: number
  readonly created: Address | undefined
  readonly logs: readonly RawLog[]
}

export function receipt(value: unknown): ReceiptAnswer {
  const one = record(value, 'a receipt')
  const { contractAddress: created } = one
  return {
    transaction: hash(one.transactionHash, 'the transaction of a receipt'),
    // Before Byzantium receipts had a root instead.
    succeeded: one.status === undefined || quantity(one.status, 'the status of a receipt') === 1n,
    gasUsed: quantity(one.gasUsed, 'the gas of a receipt'),
    price: one.effectiveGasPrice === undefined ? 0n : quantity(one.effectiveGasPrice, 'the price of a receipt'),
    height: smallNumber(one.blockNumber, 'the block of a receipt'),
    created: created === null || created === undefined ? undefined : address(created, 'the contract of a receipt'),
    logs: list(one.logs, 'the logs of a receipt').flatMap((log) => readLog(log) ?? []),
  }
}

export interface BlockAnswer {
  readonly hash: Hash
  readonly parent: Hash
  readonly height: number
  readonly timeMs: number
  readonly miner: Address
  readonly gasUsed: bigint
  readonly gasLimit: bigint
  readonly baseFee: bigint | undefined
  readonly size: number | undefined
  readonly stateRoot: Hash
  readonly transactions: readonly TransactionAnswer[]
  readonly transactionHashes: readonly Hash[]
}

/** With transactions whole or as hashes. */
export function block(value: unknown): BlockAnswer {
  const one = record(value, 'a block')
  const all = list(one.transactions, 'the transactions of a block')
  const whole = all.filter((item) => typeof item !== 'string').map(transaction)
  const hashes = all.map((item) => (typeof item === 'string' ? hash(item, 'a transaction') : transaction(item).hash))
  return {
    hash: hash(one.hash, 'the hash of a block'),
    parent: hash(one.parentHash, 'the parent of a block'),
    height: smallNumber(one.number, 'the number of a block'),
    timeMs: smallNumber(one.timestamp, 'the time of a block') * 1000,
    miner: address(one.miner, 'the proposer of a block'),
    gasUsed: quantity(one.gasUsed, 'the gas of a block'),
    gasLimit: quantity(one.gasLimit, 'the gas limit of a block'),
    baseFee: one.baseFeePerGas === undefined ? undefined : quantity(one.baseFeePerGas, 'the base fee of a block'),
    size: one.size === undefined ? undefined : smallNumber(one.size, 'the size of a block'),
    stateRoot: hash(one.stateRoot, 'the state root of a block'),
    transactions: whole,
    transactionHashes: hashes,
  }
}

const malformed = (what: string) =>
  clientErrors.ledger_answer_malformed(`The answer of the node can’t be used: ${what} is not what it should be.`)
