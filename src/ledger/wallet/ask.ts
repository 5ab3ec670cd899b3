// The questions that the wallet asks a chain, each with its answer read strictly.

import { isPeerhoodError } from '../../base/errors.ts'
import type { LedgerClient } from '../client/types.ts'
import type { Address, Hash } from '../types.ts'
import {
  type BlockAnswer,
  block,
  hash,
  hex,
  list,
  type PlacedLog,
  placedLog,
  quantity,
  type ReceiptAnswer,
  receipt,
  smallNumber,
  type TransactionAnswer,
  transaction,
} from './answers-core.ts'

export interface CallParams {
  readonly from?: Address
  readonly to?: Address | undefined
  readonly data?: string
  readonly value?: bigint
  readonly gas?: bigint
}

export interface LogParams {
  readonly from: number
  readonly to: number
  readonly topics: readonly (string | readonly string[] | null)[]
  /** Who wrote them; left out: anybody. */
  readonly address?: Address
}

export type Ask = ReturnType<typeof createAsk>

export function createAsk(client: Pick<LedgerClient, 'request'>) {
  const request = (method: string, ...params: readonly unknown[]) => client.request(method, params)
  return {
    height: async () => smallNumber(await request('eth_blockNumber'), 'the height'),
    balance: async (of: Address) => quantity(await request('eth_getBalance', of, 'latest'), 'a balance'),
    code: async (of: Address) => hex(await request('eth_getCode', of, 'latest'), 'the code'),
    /** Throws where the node has no state that old. */
    codeAt: async (of: Address, height: number) => hex(await request('eth_getCode', of, word(height)), 'the code'),
    nonce: async (of: Address, at: 'latest' | 'pending') =>
      smallNumber(await request('eth_getTransactionCount', of, at), 'a nonce'),
    gasPrice: async () => quantity(await request('eth_gasPrice'), 'the price of gas'),
    priorityFee: async () => quantity(await request('eth_maxPriorityFeePerGas'), 'the price of gas'),
    call: async (params: CallParams) => hex(await request('eth_call', callOf(params), 'latest'), 'what a call returns'),
    estimate: async (params: CallParams) =>
      quantity(await request('eth_estimateGas', callOf(params), 'pending'), 'the gas'),
    send: async (raw: string) => hash(await request('eth_sendRawTransaction', raw), 'the hash of a transaction'),
    block: async (at: number | Hash | 'latest', whole: boolean): Promise<BlockAnswer | undefined> => {
      const isHash = typeof at === 'string' && at !== 'latest'
      const method = isHash ? 'eth_getBlockByHash' : 'eth_getBlockByNumber'
      return optional(await request(method, typeof at === 'number' ? word(at) : at, whole), block)
    },
    transaction: async (of: Hash): Promise<TransactionAnswer | undefined> =>
      optional(await request('eth_getTransactionByHash', of), transaction),
    receipt: async (of: Hash): Promise<ReceiptAnswer | undefined> =>
      optional(await request('eth_getTransactionReceipt', of), receipt),
    /** By the hash of their transaction. */
    receipts: async (of: number): Promise<ReadonlyMap<Hash, ReceiptAnswer>> => {
      const all = list(await request('eth_getBlockReceipts', word(of)), 'the receipts of a block')
      return new Map(all.map(receipt).map((one) => [one.transaction, one]))
    },
    logs: async ({ from, to, topics, address }: LogParams): Promise<readonly PlacedLog[]> => {
      const by = address === undefined ? {} : { address }
      const filter = { fromBlock: word(from), toBlock: word(to), topics, ...by }
      return list(await request('eth_getLogs', filter), 'the logs').map(placedLog)
    },
    raw: request,
  }
}

function optional<Read>(value: unknown, read: (value: unknown) => Read): Read | undefined {
  return value === null || value === undefined ? undefined : read(value)
}

const word = (value: number | bigint) => `0x${value.toString(16)}`

export function callOf({ from, to, data, value, gas }: CallParams): Readonly<Record<string, string>> {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    // Older nodes know `data` alone, newer ones both.
    ...(data === undefined || data === '0x' ? {} : { data }),
    ...(value === undefined || value === 0n ? {} : { value: word(value) }),
    ...(gas === undefined ? {} : { gas: word(gas) }),
  }
}

/** What the node refuses with: its own number, and what a revert said; undefined for other failures. */
export function refusalOf(
  error: unknown,
): { readonly rpcCode: number; readonly message: string; readonly data: unknown } | undefined {
  if (!isPeerhoodError(error) || error.code !== 'ledger_refused') return undefined
  const { rpcCode, rpcMessage, data } = error.details
  return { rpcCode: Number(rpcCode), message: String(rpcMessage), data }
}
