// The explorer: blocks, transactions in words, accounts and contracts of any chain that a LedgerClient reaches.

import type { LedgerClient } from '../client/types.ts'
import type { Hash } from '../types.ts'
import { readCall } from './abi-core.ts'
import type { AbiReader, Abis, ContractAbi } from './abis.ts'
import { parseAddress, readAddress, shownAddress } from './address-core.ts'
import { amountText } from './amount-core.ts'
import type { BlockAnswer, ReceiptAnswer, TransactionAnswer } from './answers-core.ts'
import type { Ask } from './ask.ts'
import { movesOf } from './changes-core.ts'
import { walletErrors } from './errors.ts'
import { eventView } from './events-core.ts'
import { accountCalls } from './explorer-accounts.ts'
import type { BlockLine, BlockView, Explorer, Found, Page, TransactionLine, TransactionView } from './explorer-types.ts'
import { explorerBlocksAtOnceMax, explorerEventsMax, explorerTransactionsMax, linesMax } from './limits.ts'
import { unknownAsset } from './prepare.ts'
import { revertText } from './simulate.ts'
import type { Sources } from './sources.ts'
import type { Tokens } from './tokens.ts'
import type { AssetView } from './types.ts'
import { type Book, type CallFacts, callLines, callSentence, holdingText, whoText } from './words-core.ts'

export interface ExplorerParts {
  readonly client: LedgerClient
  readonly ask: Ask
  readonly tokens: Tokens
  readonly coin: AssetView
  readonly book: () => Book
  readonly abis: Abis
  readonly sources: Sources
}

export function createExplorer(parts: ExplorerParts): Explorer {
  const { client, ask, tokens, coin, book } = parts

  async function blocks({ before, limit = 20 }: Page) {
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
    const list = await linesOf(found.transactions.slice(0, explorerTransactionsMax), found.height)
    return { ...lineOf(found, names), parent: found.parent, stateRoot: found.stateRoot, list }
  }

  /** Of transactions of one block. */
  async function linesOf(
    transactions: readonly TransactionAnswer[],
    height: number,
  ): Promise<readonly TransactionLine[]> {
    if (transactions.length === 0) return []
    const [receipts, names, reader] = [await receiptsOf(transactions, height), book(), parts.abis.reader()]
    return Promise.all(
      transactions.map(async (one) => {
        const { facts } = await factsOf(one, reader)
        return transactionLine(one, facts, stateOf(receipts.get(one.hash)), names)
      }),
    )
  }

  /** In one question where the node can, and there are several. */
  async function receiptsOf(
    transactions: readonly TransactionAnswer[],
    height: number,
  ): Promise<ReadonlyMap<Hash, ReceiptAnswer>> {
    const all = transactions.length < 3 ? undefined : await ask.receipts(height).catch(() => undefined)
    if (all !== undefined) return all
    const found = await Promise.all(transactions.map(({ hash }) => ask.receipt(hash)))
    return new Map(found.flatMap((one) => (one === undefined ? [] : [[one.transaction, one] as const])))
  }

  async function transaction(text: string): Promise<TransactionView> {
    const hash = readHash(text)
    const found = hash && (await ask.transaction(hash))
    if (found === undefined) throw notFound('There is no such transaction on this chain.')
    const receipt = found.height === undefined ? undefined : await ask.receipt(found.hash)
    const reader = parts.abis.reader()
    const [{ facts, abi }, placed] = await Promise.all([
      factsOf(found, reader),
      found.height === undefined ? undefined : ask.block(found.height, false),
    ])
    const names = book()
    return {
      ...transactionLine(found, facts, stateOf(receipt), names),
      ...placeOf(found, receipt, placed),
      trust: facts.call?.trust ?? null,
      lines: callLines(facts).slice(0, linesMax),
      moved: receipt === undefined ? [] : await movedOf(receipt, names),
      events: receipt === undefined ? [] : await eventsOf(receipt, reader, names),
      fee: receipt === undefined ? null : feeText(receipt.gasUsed * receipt.price, coin),
      reason: receipt?.succeeded === false ? await reasonOf(found, abi) : null,
    }
  }

  async function eventsOf({ logs }: ReceiptAnswer, reader: AbiReader, names: Book) {
    const shown = logs.slice(0, explorerEventsMax)
    return Promise.all(shown.map(async (log) => eventView(log, await reader(parseAddress(log.address)), names)))
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
  async function reasonOf(
    { from, to, input, value, gas }: TransactionAnswer,
    abi: ContractAbi | undefined,
  ): Promise<string | null> {
    try {
      await ask.call({ from, to, data: input, value, gas })
      return null
    } catch (error) {
      const { details } = error as { readonly details?: Readonly<Record<string, unknown>> }
      return revertText(details?.data, abi === undefined || abi.trust === 'unchecked' ? [] : abi.errors) ?? null
    }
  }

  async function factsOf(
    { from, to, value, input }: TransactionAnswer,
    reader: AbiReader,
  ): Promise<{ readonly facts: CallFacts; readonly abi: ContractAbi | undefined }> {
    const isCall = input !== '0x' && to !== undefined
    const [token, abi] = isCall
      ? await Promise.all([tokens.asset(to).catch(() => undefined), reader(to).catch(() => undefined)])
      : []
    const call = isCall ? readCall(input, abi) : undefined
    const known = { chain: client.describe(), coin, book: book(), toHasCode: input !== '0x', toIsUsed: true }
    const facts = { ...known, account: from, to, value, data: input, call, token, contract: abi?.contract }
    return { facts, abi }
  }

  async function search(text: string): Promise<Found> {
    const given = text.trim()
    const address = readAddress(given)
    if (address !== undefined) return { kind: 'account', address: shownAddress(address) }
    // As heights are shown, and as people say them.
    const digits = given.replace(/^#/, '').replaceAll(',', '')
    if (/^\d{1,15}$/.test(digits) && (await ask.block(Number(digits), false)) !== undefined) {
      return { kind: 'block', height: Number(digits) }
    }
    const hash = readHash(given)
    if (hash !== undefined) {
      if ((await ask.transaction(hash)) !== undefined) return { kind: 'transaction', hash }
      const found = await ask.block(hash, false)
      if (found !== undefined) return { kind: 'block', height: found.height }
    }
    const known = book().named(given)
    const [named, ...others] = known.length > 0 ? known : parts.abis.named(given)
    if (others.length > 0) throw notFound(`${others.length + 1} accounts are called so: give the address.`)
    if (named !== undefined) return { kind: 'account', address: shownAddress(named) }
    throw notFound('Nothing on this chain is called so.')
  }

  return { blocks, block, transaction, search, ...accountCalls({ ...parts, linesOf }), ...parts.sources }
}

/** Whoever has the transaction's block has its receipt. */
function stateOf(receipt: ReceiptAnswer | undefined): TransactionLine['state'] {
  return receipt === undefined ? 'waiting' : receipt.succeeded ? 'done' : 'failed'
}

function feeText(fee: bigint, coin: AssetView): string {
  return fee === 0n ? 'free' : amountText(fee, coin)
}

function placeOf(found: TransactionAnswer, receipt: ReceiptAnswer | undefined, placed: BlockAnswer | undefined) {
  return {
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

function transactionLine(
  { hash, from, to, value }: TransactionAnswer,
  facts: CallFacts,
  state: TransactionLine['state'],
  book: Book,
): TransactionLine {
  return {
    hash,
    state,
    from: shownAddress(from),
    fromName: book.nameOf(from) ?? null,
    to: to === undefined ? null : shownAddress(to),
    toName: to === undefined ? null : (book.nameOf(to) ?? null),
    sentence: callSentence(facts, state),
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
