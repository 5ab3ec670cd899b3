// What moves, read off the events of a transaction: coin, ERC-20, ERC-721, ERC-1155, and who may spend from now on. Used for
// what a simulation shows, for the history and for the explorer. Events are what contracts say of themselves: a contract that
// lies can say anything but about coin. Pure.

import { decodeAbiParameters } from 'viem/utils'
import type { Address } from '../types.ts'
import { parseAddress, zeroAddress } from './address-core.ts'
import { logsReadMax } from './limits.ts'

export interface RawLog {
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
}

export type Standard = 'coin' | 'erc20' | 'erc721' | 'erc1155'

/** Something that went from one account to another. */
export interface Move {
  readonly standard: Standard
  /** Undefined: the coin. */
  readonly contract: Address | undefined
  readonly from: Address
  readonly to: Address
  readonly amount: bigint
  readonly id: bigint | undefined
}

/** Somebody who may spend something of another from now on. */
export interface Approval {
  readonly standard: Standard
  readonly contract: Address
  readonly owner: Address
  readonly spender: Address
  /** Of ERC-20; 0: no longer. Of ERC-721 and 1155: 1. */
  readonly amount: bigint
  readonly id: bigint | undefined
  /** All that the owner has of this contract. */
  readonly all: boolean
}

/** keccak-256 of the events' signatures. */
export const topics = {
  transfer: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
  single: '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62',
  batch: '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb',
  approval: '0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925',
  all: '0x17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31',
} as const

/** Where `eth_simulateV1` with `traceTransfers` puts transfers of coin (execution-apis). */
const coinLogs = `0x${'e'.repeat(40)}`

export function movesOf(logs: readonly RawLog[]): {
  readonly moves: readonly Move[]
  readonly approvals: readonly Approval[]
} {
  const moves: Move[] = []
  const approvals: Approval[] = []
  for (const log of logs.slice(0, logsReadMax)) {
    moves.push(...transfersIn(log))
    const approval = approvalIn(log)
    if (approval !== undefined) approvals.push(approval)
  }
  return { moves, approvals }
}

function transfersIn(log: RawLog): Move[] {
  const [event, first, second, third] = log.topics
  if (event === topics.transfer) {
    const [from, to] = [addressIn(first), addressIn(second)]
    if (from === undefined || to === undefined) return []
    const contract = parseAddress(log.address)
    const isCoin = contract === coinLogs
    if (third !== undefined) {
      const id = wordIn(third)
      const isWhole = log.data === '0x' && id !== undefined
      return isWhole ? [{ standard: 'erc721', contract, from, to, amount: 1n, id }] : []
    }
    const amount = wordIn(log.data)
    if (amount === undefined) return []
    return [
      { standard: isCoin ? 'coin' : 'erc20', contract: isCoin ? undefined : contract, from, to, amount, id: undefined },
    ]
  }
  if (event !== topics.single && event !== topics.batch) return []
  const [from, to] = [addressIn(second), addressIn(third)]
  if (from === undefined || to === undefined) return []
  const contract = parseAddress(log.address)
  return pairsIn(log.data, event === topics.batch).map(([id, amount]) => {
    return { standard: 'erc1155', contract, from, to, amount, id } as const
  })
}

function pairsIn(data: string, isBatch: boolean): readonly (readonly [bigint, bigint])[] {
  try {
    if (!isBatch) return [decodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], data as `0x${string}`)]
    const [ids, amounts] = decodeAbiParameters([{ type: 'uint256[]' }, { type: 'uint256[]' }], data as `0x${string}`)
    if (ids.length !== amounts.length || ids.length > logsReadMax) return []
    return ids.map((id, at) => [id, amounts[at] ?? 0n] as const)
  } catch {
    return []
  }
}

function approvalIn(log: RawLog): Approval | undefined {
  const [event, first, second, third] = log.topics
  if (event !== topics.approval && event !== topics.all) return undefined
  const [owner, spender] = [addressIn(first), addressIn(second)]
  if (owner === undefined || spender === undefined) return undefined
  const contract = parseAddress(log.address)
  if (event === topics.all) {
    const given = wordIn(log.data)
    if (given === undefined || given > 1n) return undefined
    return { standard: 'erc721', contract, owner, spender, amount: given, id: undefined, all: true }
  }
  if (third !== undefined) {
    const amount = spender === zeroAddress ? 0n : 1n
    return { standard: 'erc721', contract, owner, spender, amount, id: wordIn(third), all: false }
  }
  const amount = wordIn(log.data)
  return amount === undefined
    ? undefined
    : { standard: 'erc20', contract, owner, spender, amount, id: undefined, all: false }
}

/** An indexed address: 12 zero bytes before it. */
function addressIn(topic: string | undefined): Address | undefined {
  return topic !== undefined && /^0x0{24}[0-9a-f]{40}$/.test(topic) ? (`0x${topic.slice(26)}` as Address) : undefined
}

function wordIn(word: string): bigint | undefined {
  return /^0x[0-9a-f]{64}$/.test(word) ? BigInt(word) : undefined
}

export interface Change {
  readonly direction: 'in' | 'out'
  readonly standard: Standard
  readonly contract: Address | undefined
  readonly amount: bigint
  readonly id: bigint | undefined
  /** The other side; undefined where there are several. */
  readonly other: Address | undefined
}

/** What an account has more or less of at the end, in the order in which it comes up. */
export function changesFor(account: Address, moves: readonly Move[]): readonly Change[] {
  const sums = new Map<string, { move: Move; sum: bigint; others: Set<Address> }>()
  for (const move of moves) {
    if ((move.from === account) === (move.to === account)) continue
    const key = `${move.contract ?? ''} ${move.id ?? ''}`
    const entry = sums.get(key) ?? { move, sum: 0n, others: new Set<Address>() }
    entry.sum += move.to === account ? move.amount : -move.amount
    entry.others.add(move.to === account ? move.from : move.to)
    sums.set(key, entry)
  }
  return [...sums.values()]
    .filter(({ sum }) => sum !== 0n)
    .map(({ move: { standard, contract, id }, sum, others }) => ({
      direction: sum > 0n ? 'in' : 'out',
      standard,
      contract,
      amount: sum > 0n ? sum : -sum,
      id,
      other: others.size === 1 ? [...others][0] : undefined,
    }))
}

/** Hex as nodes and tools write it, in lower case; undefined where a log has not the form of one. */
export function readLog(value: unknown): RawLog | undefined {
  const {
    address,
    topics: words,
    data,
  } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (typeof address !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(address)) return undefined
  if (typeof data !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(data)) return undefined
  if (!Array.isArray(words) || words.length > 4) return undefined
  if (!words.every((word) => typeof word === 'string' && /^0x[0-9a-fA-F]{64}$/.test(word))) return undefined
  return {
    address: address.toLowerCase(),
    topics: words.map((word: string) => word.toLowerCase()),
    data: data.toLowerCase(),
  }
}
