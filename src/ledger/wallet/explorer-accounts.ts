// Any account that the chain knows: what it holds, what it is, and its transactions. A chain keeps no list of those, so blocks are
// looked through backwards, as far as one page goes; tokens that came from others are found by their events.

import { getContractAddress } from 'viem/utils'
import type { LedgerClient } from '../client/types.ts'
import type { Address, Hash } from '../types.ts'
import type { Abis } from './abis.ts'
import { readAddress, shownAddress } from './address-core.ts'
import { amountText } from './amount-core.ts'
import type { BlockAnswer, TransactionAnswer } from './answers-core.ts'
import type { Ask } from './ask.ts'
import { walletErrors } from './errors.ts'
import type { AccountPage, AccountTransaction, Explorer, Page, TransactionLine } from './explorer-types.ts'
import { filtersFor } from './history.ts'
import {
  accountBlocksAtOnceMax,
  accountBlocksInStep,
  accountBlocksOutsideMax,
  accountTransactionsOfBlockMax,
} from './limits.ts'
import { sourceView } from './sources.ts'
import type { Tokens } from './tokens.ts'
import type { AssetView } from './types.ts'
import type { Book } from './words-core.ts'

export interface AccountParts {
  readonly client: Pick<LedgerClient, 'kind'>
  readonly ask: Ask
  readonly tokens: Tokens
  readonly coin: AssetView
  readonly book: () => Book
  readonly abis: Abis
  readonly linesOf: (transactions: readonly TransactionAnswer[], height: number) => Promise<readonly TransactionLine[]>
}

export function accountCalls(parts: AccountParts): Pick<Explorer, 'account' | 'transactionsOf'> {
  const { client, ask, tokens, coin, book, abis, linesOf } = parts
  const blocksMax = client.kind === 'own' ? accountBlocksAtOnceMax : accountBlocksOutsideMax

  async function account(text: string): Promise<AccountPage> {
    const address = addressIn(text)
    const [balance, nonce, code, token] = await Promise.all([
      ask.balance(address),
      ask.nonce(address, 'latest'),
      ask.code(address),
      tokens.asset(address),
    ])
    const names = book()
    const source = await abis.sourceAt(address, code)
    return {
      address: shownAddress(address),
      name: names.nameOf(address) ?? null,
      isOwn: names.isOwn(address),
      balance: balance.toString(),
      text: amountText(balance, coin),
      nonce,
      codeBytes: (code.length - 2) / 2,
      token: token ?? null,
      source: source === undefined ? null : sourceView(source),
      hasAddedAbi: abis.hasAdded(address),
    }
  }

  /** Blocks [from, to] of which some transactions concern the account, newest first. */
  async function concerning(address: Address, from: number, to: number) {
    const heights = Array.from({ length: to - from + 1 }, (_, at) => to - at)
    const [told, blocks] = await Promise.all([
      toldOf(ask, address, from, to),
      Promise.all(heights.map((height) => ask.block(height, true))),
    ])
    return blocks.flatMap((block) => {
      const own = block?.transactions.filter((one) => isOf(address, one) || told.has(one.hash))
      return block === undefined || own === undefined || own.length === 0 ? [] : [{ block, own }]
    })
  }

  async function rowsOf({ height, timeMs }: BlockAnswer, own: readonly TransactionAnswer[]) {
    const lines = await linesOf(own, height)
    return lines.map((line): AccountTransaction => ({ ...line, height, timeMs })).reverse()
  }

  async function transactionsOf(text: string, { before, limit = 20 }: Page) {
    const address = addressIn(text)
    const first = before === undefined ? await ask.height() : before - 1
    const end = Math.max(0, first - blocksMax + 1)
    const rows: AccountTransaction[] = []
    let [next, hidden] = [first, 0]
    while (next >= end && rows.length < limit) {
      const from = Math.max(end, next - accountBlocksInStep + 1)
      for (const { block, own } of await concerning(address, from, next)) {
        const shown = own.slice(-accountTransactionsOfBlockMax)
        rows.push(...(await rowsOf(block, shown)))
        hidden += own.length - shown.length
        next = block.height - 1
        if (rows.length >= limit) break
      }
      if (rows.length < limit) next = from - 1
    }
    const last = next + 1
    const sentence = first < 0 ? 'There are no blocks before.' : `Blocks ${last} to ${first} were looked through.`
    return { transactions: rows, hidden, before: last <= 0 ? null : last, sentence }
  }

  return { account, transactionsOf }
}

/** It sent, received, or was created by it. */
function isOf(address: Address, { from, to, nonce }: TransactionAnswer): boolean {
  if (from === address || to === address) return true
  return to === undefined && getContractAddress({ from, nonce: BigInt(nonce) }).toLowerCase() === address
}

/** Transactions whose events say that it gave or got tokens, or that it wrote; empty where the node does not look so far. */
async function toldOf(ask: Ask, address: Address, from: number, to: number): Promise<ReadonlySet<Hash>> {
  const asked = [...filtersFor(address).map((topics) => ({ topics })), { topics: [], address }]
  const logs = await Promise.all(asked.map((one) => ask.logs({ from, to, ...one }).catch(() => [])))
  return new Set(logs.flat().map(({ transaction }) => transaction))
}

function addressIn(text: string): Address {
  const address = readAddress(text)
  if (address === undefined) throw walletErrors.explorer_not_found('This is no address.')
  return address
}
