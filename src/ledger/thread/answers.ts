// What the API asks of a chain, answered in the thread that holds it, or asks others for it (light mode): pages of blocks and
// transactions, accounts, an export. Everything is read from final blocks; a transaction that waits is read from the pool.

import type { TypedTransaction } from '@ethereumjs/tx'
import { bytesToHex } from '@ethereumjs/util'
import type { Chain, FullBlock, Header } from '../chain/types.ts'
import type { Receipt } from '../evm/types.ts'
import { exportPageBlocks, pageBlocksMax } from '../limits.ts'
import type { Source } from '../rpc/source.ts'
import type { Address, Hash } from '../types.ts'
import type { AccountFacts, Answers, BlockFacts, ExportLine, Question, TransactionFacts } from './messages.ts'

/** What a chain answers in light mode as with all blocks. */
type Reading = Extract<Question, { what: 'blocks' | 'block' | 'transactions' | 'transaction' | 'account' }>

export function read(chain: Source, question: Reading): Promise<Answers[Reading['what']]> {
  switch (question.what) {
    case 'blocks':
      return blocksBefore(chain, question.before, question.limit)
    case 'block':
      return blockAt(chain, question.at)
    case 'transactions':
      return transactionsBefore(chain, question.before, question.limit)
    case 'transaction':
      return transactionOf(chain, question.hash)
    case 'account':
      return accountsOf(chain, question.addresses)
  }
}

async function blocksBefore(chain: Source, before: number | undefined, limit: number): Promise<Answers['blocks']> {
  const blocks: BlockFacts[] = []
  let height = Math.min(before === undefined ? chain.head().height : before - 1, chain.head().height)
  for (; height >= 0 && blocks.length < limit; height--) {
    const block = await chain.block(height)
    if (block === undefined) return { blocks, before: undefined }
    blocks.push(blockFacts(block))
  }
  return { blocks, before: height < 0 ? undefined : height + 1 }
}

async function blockAt(chain: Source, at: number | Hash): Promise<Answers['block']> {
  const block = await chain.block(at)
  return block === undefined ? undefined : { ...blockFacts(block), list: await transactionsOf(chain, block) }
}

/** Newest first; `before`: the height that the page before ended at. Whole blocks only, so a page may be longer than asked. */
async function transactionsBefore(
  chain: Source,
  before: number | undefined,
  limit: number,
): Promise<Answers['transactions']> {
  const transactions: TransactionFacts[] = []
  let height = Math.min(before === undefined ? chain.head().height : before - 1, chain.head().height)
  for (let looked = 0; height >= 0 && transactions.length < limit && looked < pageBlocksMax; height--, looked++) {
    const block = await chain.block(height)
    if (block === undefined) return { transactions, before: undefined }
    transactions.push(...(await transactionsOf(chain, block)).reverse())
  }
  return { transactions, before: height < 0 ? undefined : height + 1 }
}

async function transactionOf(chain: Source, hash: Hash): Promise<Answers['transaction']> {
  const placed = await chain.transaction(hash)
  if (placed === undefined) {
    const waiting = chain.pool.get(hash)
    return waiting === undefined ? undefined : transactionFacts(waiting.transaction, waiting.sender)
  }
  const header = await chain.header(placed.block)
  const receipts = await chain.receipts(placed.block)
  const place = header === undefined ? undefined : { header, index: placed.index, receipt: receipts?.[placed.index] }
  return transactionFacts(placed.transaction, placed.sender, place)
}

async function accountsOf(chain: Source, addresses: readonly Address[]): Promise<readonly AccountFacts[]> {
  const state = await chain.state(chain.head().hash)
  const facts: AccountFacts[] = []
  for (const address of addresses) {
    const account = await state?.account(address)
    const code = account === undefined ? undefined : await state?.code(address)
    facts.push({
      address,
      balance: account?.balance ?? 0n,
      nonce: account?.nonce ?? 0n,
      codeBytes: code?.length ?? 0,
    })
  }
  return facts
}

/** Blocks as they are, with what proves that they are final. */
export function linesFrom(chain: Chain, from: number, limit: number): readonly ExportLine[] {
  const lines: ExportLine[] = []
  const end = Math.min(chain.head().height + 1, from + Math.min(limit, exportPageBlocks))
  for (let height = Math.max(from, chain.oldest.block); height < end; height++) {
    const block = chain.block(height)
    if (block === undefined) continue
    const certificate = chain.certificate(height)
    lines.push({
      ...headOf(block.header),
      block: bytesToHex(block.bytes),
      receipts: chain.receipts(block.header.hash)?.length ?? 0,
      certificate: certificate === undefined ? undefined : bytesToHex(certificate),
    })
  }
  return lines
}

export function headOf({ height, hash, timestamp }: Header) {
  return { height, hash, timestamp }
}

function blockFacts({ header, transactions, bytes }: FullBlock): BlockFacts {
  const { parent, coinbase, place, gasUsed, gasLimit, stateRoot } = header
  return {
    ...headOf(header),
    parent,
    proposer: coinbase,
    epoch: place?.epoch ?? 0,
    view: place?.view ?? 0,
    transactions: transactions.length,
    ...{ gasUsed, gasLimit, stateRoot },
    bytes: bytes.length,
    endsEpoch: place?.nextSetHash !== undefined,
  }
}

async function transactionsOf(
  chain: Source,
  { header, transactions, senders }: FullBlock,
): Promise<TransactionFacts[]> {
  const receipts = await chain.receipts(header.hash)
  return transactions.map((transaction, index) =>
    transactionFacts(transaction, senders[index] ?? header.coinbase, { header, index, receipt: receipts?.[index] }),
  )
}

interface Place {
  readonly header: Header
  readonly index: number
  readonly receipt: Receipt | undefined
}

function transactionFacts(transaction: TypedTransaction, from: Address, place?: Place): TransactionFacts {
  const { receipt, header } = place ?? {}
  return {
    hash: bytesToHex(transaction.hash()) as Hash,
    height: header?.height,
    block: header?.hash,
    timestamp: header?.timestamp,
    index: place?.index,
    type: transaction.type,
    from,
    to: transaction.to === undefined ? undefined : (transaction.to.toString() as Address),
    value: transaction.value,
    nonce: transaction.nonce,
    gasLimit: transaction.gasLimit,
    gasUsed: receipt?.gasUsed,
    gasPrice: receipt?.effectiveGasPrice,
    succeeded: receipt?.succeeded,
    created: receipt?.contractAddress,
    data: transaction.data,
    logs: receipt?.logs.length,
  }
}
