// The explorer: blocks, transactions in words, accounts and contracts of any chain that a LedgerClient reaches. Reads only.

import type { LedgerClient } from '../client/types.ts'
import type { Address, Hash } from '../types.ts'
import { type Functions, readCall } from './abi-core.ts'
import { readAddress, shownAddress } from './address-core.ts'
import { amountText } from './amount-core.ts'
import type { BlockAnswer, ReceiptAnswer, TransactionAnswer } from './answers-core.ts'
import type { Ask } from './ask.ts'
import { movesOf } from './changes-core.ts'
import { walletErrors } from './errors.ts'
import { explorerBlocksAtOnceMax, explorerTransactionsMax, linesMax } from './limits.ts'
import { unknownAsset } from './prepare.ts'
import { revertText } from './simulate.ts'
import type { Tokens } from './tokens.ts'
import type { AssetView, LineView } from './types.ts'
import { type Book, type CallFacts, callLines, callSentence, holdingText, whoText } from './words-core.ts'

export interface BlockLine {
  readonly height: number
  readonly hash: string
  readonly timeMs: number
  readonly transactions: number
  readonly gasUsed: string
  readonly gasLimit: string
  /** Who proposed it, and how that one is called here. */
  readonly proposer: string
  readonly proposerName: string | null
  readonly bytes: number | null
}

export interface TransactionLine {
  readonly hash: string
  readonly from: string
  readonly fromName: string | null
  readonly to: string | null
  readonly toName: string | null
  readonly sentence: string
  readonly value: string
}

export interface BlockView extends BlockLine {
  readonly parent: string
  readonly stateRoot: string
  readonly list: readonly TransactionLine[]
}

export interface TransactionView extends TransactionLine {
  readonly state: 'waiting' | 'done' | 'failed'
  readonly height: number | null
  readonly timeMs: number | null
  readonly nonce: number
  readonly type: number
  readonly lines: readonly LineView[]
  /** What moved, by the events of the contracts. */
  readonly moved: readonly string[]
  readonly fee: string | null
  readonly gasUsed: string | null
  readonly gasLimit: string
  readonly created: string | null
  readonly input: string
  readonly logs: number
  /** Why it failed, tried again on the state after it. */
  readonly reason: string | null
}

export interface AccountPage {
  readonly address: string
  readonly name: string | null
  readonly isOwn: boolean
  readonly balance: string
  readonly text: string
  readonly nonce: number
  readonly codeBytes: number
  readonly token: AssetView | null
}

export type Found =
  | { readonly kind: 'block'; readonly height: number }
  | { readonly kind: 'transaction'; readonly hash: string }
  | { readonly kind: 'account'; readonly address: string }

export interface Explorer {
  blocks(options: { before?: number | undefined; limit?: number | undefined }): Promise<{
    blocks: readonly BlockLine[]
    before: number | null
  }>
  /** By height or hash. Throws `explorer_not_found`. */
  block(at: string): Promise<BlockView>
  transaction(hash: string): Promise<TransactionView>
  account(address: string): Promise<AccountPage>
  /** A height, a hash, an address, or a name of the address book. */
  search(text: string): Promise<Found>
}

export interface ExplorerParts {
  readonly client: LedgerClient
  readonly ask: Ask
  readonly tokens: Tokens
  readonly coin: AssetView
  readonly book: () => Book
  readonly functions: (of: Address) => Functions | undefined
}

export function createExplorer(parts: ExplorerParts): Explorer {
  const { client, ask, tokens, coin, book } = parts

  async function blocks({ before, limit = 20 }: { before?: number | undefined; limit?: number | undefined }) {
    const newest = before === undefined ? await ask.height() : before - 1
    const count = Math.min(limit, explorerBlocksAtOnceMax, newest + 1)
    const heights = Array.from({ length: Math.max(0, count) }, (_, at) => newest - at)
    const found = await Promise.all(heights.map((height) => ask.block(height, false)))
    const lines = found.flatMap((one) => (one === undefined ? [] : lineOf(one, book())))
    const last = lines.at(-1)
    return {
      blocks: lines,
      before: last === undefined || last.height === 0 || lines.length < count ? null : last.height,
    }
  }

  async function block(at: string): Promise<BlockView> {
    const found = await ask.block(blockKey(at), true)
    if (found === undefined) throw notFound('There is no such block on this chain.')
    const names = book()
    const shown = found.transactions.slice(0, explorerTransactionsMax)
    const list = await Promise.all(shown.map(async (one) => transactionLine(one, await factsOf(one), names)))
    return { ...lineOf(found, names), parent: found.parent, stateRoot: found.stateRoot, list }
  }

  async function transaction(text: string): Promise<TransactionView> {
    const hash = readHash(text)
    const found = hash && (await ask.transaction(hash))
    if (found === undefined) throw notFound('There is no such transaction on this chain.')
    const receipt = found.height === undefined ? undefined : await ask.receipt(found.hash)
    const [facts, placed] = await Promise.all([
      factsOf(found),
      found.height === undefined ? undefined : ask.block(found.height, false),
    ])
    const names = book()
    return {
      ...transactionLine(found, facts, names),
      ...placeOf(found, receipt, placed),
      lines: callLines(facts).slice(0, linesMax),
      moved: receipt === undefined ? [] : await movedOf(receipt, names),
      fee: receipt === undefined ? null : feeText(receipt.gasUsed * receipt.price, coin),
      reason: receipt?.succeeded === false ? await reasonOf(found) : null,
    }
  }

  async function movedOf(receipt: ReceiptAnswer, names: Book): Promise<readonly string[]> {
    const { moves } = movesOf(receipt.logs)
    await Promise.all(
      [...new Set(moves.flatMap(({ contract }) => contract ?? []))].map((one) =>
        tokens.asset(one).catch(() => undefined),
      ),
    )
    return moves.slice(0, linesMax).map(({ contract, standard, amount, id, from, to }) => {
      const asset = contract === undefined ? coin : (tokens.known(contract) ?? unknownAsset(contract, standard))
      return `${holdingText(amount, id, asset)}: ${whoText(from, names)} → ${whoText(to, names)}`
    })
  }

  /** What it says when it is tried again; the state has moved on since, so it may not fail any more. */
  async function reasonOf({ from, to, input, value, gas }: TransactionAnswer): Promise<string | null> {
    try {
      await ask.call({ from, to, data: input, value, gas })
      return null
    } catch (error) {
      const { details } = error as { readonly details?: Readonly<Record<string, unknown>> }
      return revertText(details?.data) ?? null
    }
  }

  async function factsOf({ from, to, value, input }: TransactionAnswer): Promise<CallFacts> {
    const token = to === undefined || input === '0x' ? undefined : await tokens.asset(to).catch(() => undefined)
    const call = input === '0x' || to === undefined ? undefined : readCall(input, parts.functions(to))
    const known = { chain: client.describe(), coin, book: book(), toHasCode: input !== '0x', toIsUsed: true }
    return { ...known, account: from, to, value, data: input, call, token }
  }

  async function account(text: string): Promise<AccountPage> {
    const address = readAddress(text)
    if (address === undefined) throw notFound('This is no address.')
    const [balance, nonce, code, token] = await Promise.all([
      ask.balance(address),
      ask.nonce(address, 'latest'),
      ask.code(address),
      tokens.asset(address),
    ])
    const names = book()
    return {
      address: shownAddress(address),
      name: names.nameOf(address) ?? null,
      isOwn: names.isOwn(address),
      balance: balance.toString(),
      text: amountText(balance, coin),
      nonce,
      codeBytes: (code.length - 2) / 2,
      token: token ?? null,
    }
  }

  async function search(text: string): Promise<Found> {
    const given = text.trim()
    const address = readAddress(given)
    if (address !== undefined) return { kind: 'account', address: shownAddress(address) }
    if (/^\d{1,15}$/.test(given) && (await ask.block(Number(given), false)) !== undefined) {
      return { kind: 'block', height: Number(given) }
    }
    const hash = readHash(given)
    if (hash !== undefined) {
      if ((await ask.transaction(hash)) !== undefined) return { kind: 'transaction', hash }
      const found = await ask.block(hash, false)
      if (found !== undefined) return { kind: 'block', height: found.height }
    }
    const names = book()
    const named = names.addresses.filter((one) => names.nameOf(one)?.toLowerCase() === given.toLowerCase())
    if (named.length === 1 && named[0] !== undefined) return { kind: 'account', address: shownAddress(named[0]) }
    throw notFound('Nothing on this chain is called so.')
  }

  return { blocks, block, transaction, account, search }
}

function feeText(fee: bigint, coin: AssetView): string {
  return fee === 0n ? 'free' : amountText(fee, coin)
}

function placeOf(found: TransactionAnswer, receipt: ReceiptAnswer | undefined, placed: BlockAnswer | undefined) {
  return {
    state: receipt === undefined ? ('waiting' as const) : receipt.succeeded ? ('done' as const) : ('failed' as const),
    height: found.height ?? null,
    timeMs: placed?.timeMs ?? null,
    nonce: found.nonce,
    type: found.type,
    gasUsed: receipt?.gasUsed.toString() ?? null,
    gasLimit: found.gas.toString(),
    created: receipt?.created === undefined ? null : shownAddress(receipt.created),
    input: found.input.slice(0, 20_000),
    logs: receipt?.logs.length ?? 0,
  }
}

function lineOf(found: BlockAnswer, book: Book): BlockLine {
  return {
    height: found.height,
    hash: found.hash,
    timeMs: found.timeMs,
    transactions: found.transactionHashes.length,
    gasUsed: found.gasUsed.toString(),
    gasLimit: found.gasLimit.toString(),
    proposer: shownAddress(found.miner),
    proposerName: book.nameOf(found.miner) ?? null,
    bytes: found.size ?? null,
  }
}

function transactionLine({ hash, from, to, value }: TransactionAnswer, facts: CallFacts, book: Book): TransactionLine {
  return {
    hash,
    from: shownAddress(from),
    fromName: book.nameOf(from) ?? null,
    to: to === undefined ? null : shownAddress(to),
    toName: to === undefined ? null : (book.nameOf(to) ?? null),
    sentence: callSentence(facts),
    value: value.toString(),
  }
}

function blockKey(text: string): number | Hash {
  const hash = readHash(text)
  if (hash !== undefined) return hash
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw notFound('This is neither the number nor the hash of a block.')
}

function readHash(text: string): Hash | undefined {
  return /^0x[0-9a-fA-F]{64}$/.test(text) ? (text.toLowerCase() as Hash) : undefined
}

const notFound = (sentence: string) => walletErrors.explorer_not_found(sentence)
