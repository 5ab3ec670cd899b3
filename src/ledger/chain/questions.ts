// Questions about blocks that are final (or known by hash): read from disk, decoded, and kept decoded for a while.

import { BoundedMap } from '../../base/bounded.ts'
import type { Receipt } from '../evm/types.ts'
import type { Hash } from '../types.ts'
import { decodeBlock } from './block-wire.ts'
import { blockOf } from './body-core.ts'
import { readingOf } from './check.ts'
import { chainErrors } from './errors.ts'
import { senderOf } from './execution.ts'
import { encodeHeader, keccak } from './header-wire.ts'
import { decodedBlocksMax } from './limits.ts'
import type { ChainInside, Known } from './parts.ts'
import { decodeReceipts } from './receipts-wire.ts'
import { transactionHash } from './transaction-wire.ts'
import type { FullBlock, Header, HeaderFields, Placed } from './types.ts'

interface Decoded {
  readonly block: FullBlock
  readonly receipts: readonly Receipt[]
}

export function createQuestions(inside: ChainInside) {
  const { store, known } = inside
  const decoded = new BoundedMap<Hash, Decoded>(decodedBlocksMax)

  const header = (at: number | Hash): Header | undefined => {
    const { head } = known
    if (at === head.header.hash || at === head.header.height) return head.header
    return typeof at === 'number' ? store.headerAt(at) : (known.get(at)?.header ?? store.headerOf(at))
  }

  const full = (at: number | Hash): Decoded | undefined => {
    const found = header(at)
    if (found === undefined) return undefined
    const unfinal = known.get(found.hash)
    if (unfinal !== undefined) return decodedOf(unfinal)
    const before = decoded.get(found.hash)
    if (before !== undefined) return before
    const read = found.height === 0 ? emptyBlock(found) : readBlock(inside, found)
    if (read !== undefined) decoded.set(found.hash, read)
    return read
  }

  return {
    header,
    /** It became final just now: who follows the head asks for it at once. */
    remember: (known: Known) => decoded.set(known.header.hash, decodedOf(known)),
    block: (at: number | Hash) => full(at)?.block,
    receipts: (block: Hash) => full(block)?.receipts,
    transaction(hash: Hash): Placed | undefined {
      for (const { height, place } of store.placesOf(hash)) {
        const block = full(height)?.block
        const transaction = block?.transactions[place]
        const sender = block?.senders[place]
        if (block === undefined || transaction === undefined || sender === undefined) continue
        if (transactionHash(transaction) !== hash) continue
        return { transaction, sender, block: block.header.hash, height, index: place }
      }
      return undefined
    },
  }
}

function decodedOf({ header, transactions, withdrawals, senders, block, receipts }: Known): Decoded {
  return { block: { header, transactions, uncles: [], withdrawals, senders, bytes: block.bytes }, receipts }
}

/** Block 0 carries nothing, and no body of it is kept. */
function emptyBlock(header: Header): Decoded {
  const hasWithdrawals = header.fields.withdrawalsRoot !== undefined
  const rest = hasWithdrawals ? Uint8Array.of(0xc0, 0xc0, 0xc0) : Uint8Array.of(0xc0, 0xc0)
  const bytes = blockOf(header.bytes, rest)
  const withdrawals = hasWithdrawals ? [] : undefined
  return { block: { header, transactions: [], uncles: [], withdrawals, senders: [], bytes }, receipts: [] }
}

function readBlock({ store, spec }: ChainInside, header: Header): Decoded | undefined {
  const body = store.body(header.height)
  if (body === undefined) return undefined
  try {
    const bytes = blockOf(header.bytes, body.rest)
    const { transactions, uncles, withdrawals } = decodeBlock(bytes, { ...readingOf(spec), bytesMax: bytes.length })
    const senders = transactions.map(senderOf)
    const source = { transactions, senders, baseFeePerGas: header.baseFeePerGas }
    const receipts = decodeReceipts(body.receipts, source)
    const block = { header, transactions, uncles: uncles.map(hashOfHeader), withdrawals, senders, bytes }
    if (receipts !== undefined) return { block, receipts }
  } catch (error) {
    throw damagedBody(header.height, error)
  }
  throw damagedBody(header.height, undefined)
}

function hashOfHeader(fields: HeaderFields): Hash {
  return keccak(encodeHeader(fields))
}

function damagedBody(height: number, cause: unknown) {
  return chainErrors.chain_damaged(`What block ${height} holds can’t be read from the ledger’s database.`, { cause })
}
