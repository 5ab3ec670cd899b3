// Whether a block may be voted for: form, place, header, what its transactions may cost, then execution, whose results must be
// those that the header says. Every "no" is a code and a sentence; what is this computer's own trouble is thrown.

import type { TypedTransaction } from '@ethereumjs/tx'
import { equalBytes } from '../../base/bytes.ts'
import { isPeerhoodError, type PeerhoodError } from '../../base/errors.ts'
import { setHash } from '../consensus/vote-wire.ts'
import type { StateReader } from '../evm/types.ts'
import type { Address, Block } from '../types.ts'
import { decodeBlock, type OuterParts } from './block-wire.ts'
import { blockErrors, chainErrors } from './errors.ts'
import { environmentOf, fieldsAfter, nextSetOf, placeOfTip, senderOf, transactionsRoot } from './execution.ts'
import { blockBytesMax } from './limits.ts'
import type { ChainInside, Known, Tip } from './parts.ts'
import { isPaid, type QuotaCount } from './quota-core.ts'
import { priceOf } from './receipts-wire.ts'
import { recoveryEnvironment, setsAfter } from './recovery.ts'
import { encodeRlp } from './rlp-wire.ts'
import { checkHeader, type Epoch, epochAfter } from './rules.ts'
import type { Spec } from './spec.ts'
import { readIsMember } from './system-contract.ts'
import { bytesOfTransaction, type KnownTransaction, transactionHash } from './transaction-wire.ts'
import type { Genesis, Header, HeaderFields } from './types.ts'

export interface Prepared {
  readonly header: Header
  readonly transactions: readonly TypedTransaction[]
  readonly senders: readonly Address[]
}

/** Throws a code of `blockErrors`; the block is kept in the world under its hash when it is right. */
export async function checkBlock(
  inside: ChainInside,
  block: Block,
  options: { readonly nowSeconds: number | undefined; readonly known: KnownTransaction },
): Promise<Known> {
  const tip = inside.known.tip(block.parent)
  if (tip === undefined) throw unknownParent(inside, block)
  const { nowSeconds, known } = options
  const parts = decodeBlock(block.bytes, { ...readingOf(inside.spec), known })
  const { header } = parts
  if (!isSaid(block, header)) throw blockErrors.block_malformed('The block is not what it was announced as.')
  const place = header.place ?? placeOfTip(tip)
  const epoch = epochAfter({ place: placeOfTip(tip), epoch: tip.epoch }, place)
  checkHeader(header, tip.header, { genesis: inside.spec.genesis, set: epoch.set, nowSeconds })
  if (epoch.isOver && parts.transactions.length > 0) {
    throw blockErrors.block_not_empty('Its epoch is over, and it carries transactions.')
  }
  const prepared = prepare(header, parts.transactions)
  const quota = inside.known.quotaOn(tip.header, header.timestamp)
  const isFinal = nowSeconds === undefined
  const before = inside.world.at(block.parent)
  // A snapshot is being taken in: that says nothing about the block.
  if (before === undefined) throw chainErrors.chain_state_absent('The state that the block stands on is not here now.')
  await checkFees(inside.spec.genesis, before, prepared, { quota, isFinal })
  return await run(inside, block, prepared, { tip, epoch, quota })
}

function unknownParent(inside: ChainInside, block: Block): PeerhoodError {
  if (block.height <= inside.known.head.header.height) {
    return blockErrors.block_parent_old('It stands on a block that can’t become final any more.')
  }
  return blockErrors.block_parent_unknown('The block that it stands on is not known here.')
}

export function readingOf(spec: Spec) {
  return { ours: spec.ours, bytesMax: blockBytesMax, commonAt: (header: HeaderFields) => spec.commonAt(header) }
}

function isSaid(block: Block, header: Header): boolean {
  const { hash, parent, height, place } = header
  const isPlace = place?.epoch === block.epoch && place.view === block.view && place.nextSetHash === block.nextSetHash
  return isPlace && hash === block.hash && parent === block.parent && height === block.height
}

/** Root of the transactions, and who sent them. */
export function prepare(header: Header, transactions: readonly TypedTransaction[]): Prepared {
  const encoded = transactions.map(bytesOfTransaction)
  if (transactionsRoot(encoded) !== header.transactionsRoot) {
    throw blockErrors.block_malformed('Its transactions are not those that its header names.')
  }
  const senders = transactions.map((transaction) => {
    try {
      return senderOf(transaction)
    } catch {
      throw blockErrors.block_transaction_wrong('One of its transactions has a signature that nobody made.')
    }
  })
  return { header, transactions, senders }
}

/** Who pays less than strangers do must be a member within its quota. */
async function checkFees(
  genesis: Genesis,
  before: StateReader,
  { transactions, senders }: Prepared,
  { quota, isFinal }: { readonly quota: QuotaCount; readonly isFinal: boolean },
): Promise<void> {
  const members = new Map<Address, boolean>()
  for (const [place, transaction] of transactions.entries()) {
    if (transaction.type === 3) throw blockErrors.block_transaction_wrong('It carries blobs, which are not kept here.')
    if (isPaid(priceOf(transaction, 0n), genesis)) continue
    const sender = senders[place] as Address
    const isMember = members.get(sender) ?? (await readIsMember(before, sender))
    members.set(sender, isMember)
    if (!isMember) throw blockErrors.block_fee_too_low(`${sender} is no member and pays less than strangers do.`)
    if (!quota.isKnown) {
      // A quorum that knows has said so.
      if (isFinal) continue
      throw blockErrors.block_quota_unknown(
        'What members used of their quotas is not known here until the next window.',
      )
    }
    if (!quota.take(sender, transaction.gasLimit, genesis)) {
      throw blockErrors.block_quota_exceeded(`${sender} uses more than its quota.`)
    }
  }
}

interface Standing {
  readonly tip: Tip
  readonly epoch: Epoch
  readonly quota: QuotaCount
}

async function run(inside: ChainInside, block: Block, prepared: Prepared, standing: Standing): Promise<Known> {
  const { header, transactions, senders } = prepared
  const recovery = await recoveryEnvironment(inside, standing.tip, standing.epoch.set)
  const environment = { ...environmentOf(inside, header.fields, []), ...recovery }
  const executed = await inside.world.execute(environment, transactions)
  compareResults(header, fieldsAfter(executed))
  inside.world.keep(block.hash, executed.layer)
  const { set, isOver } = standing.epoch
  const next = isOver ? undefined : await nextSetOf(inside, executed, block.hash, set)
  if (header.place?.nextSetHash !== (next === undefined ? undefined : setHash(next))) {
    throw blockErrors.block_set_wrong('It does not name the validators that follow from it.')
  }
  const nextSets = isOver ? [] : setsAfter(inside.spec, header, { set, next })
  return {
    block,
    header,
    nextSets,
    epoch: { set, next: nextSets.at(-1), isOver },
    transactions,
    hashes: transactions.map(transactionHash),
    senders,
    withdrawals: [],
    receipts: executed.receipts,
    quota: standing.quota.changes(),
  }
}

export function compareResults(header: Header, results: Partial<HeaderFields>): void {
  for (const [name, value] of Object.entries(results) as [keyof HeaderFields, unknown][]) {
    const said = header.fields[name]
    const isSame = value instanceof Uint8Array && said instanceof Uint8Array ? equalBytes(value, said) : value === said
    if (!isSame) throw blockErrors.block_result_wrong(`Its ${name} is not what its transactions lead to.`)
  }
}

/** What makes a block wrong for everyone, and not this computer unable to tell. */
export function isVerdict(error: unknown): error is PeerhoodError {
  return isPeerhoodError(error) && (error.kind === 'refused' || error.kind === 'usage')
}

const changing: ReadonlySet<string> = new Set([
  'block_parent_unknown',
  'block_from_future',
  'block_quota_unknown',
  // The hash is the header's: another body under it says nothing about the right one.
  'block_malformed',
])

/** Not for good: parents arrive, clocks move on. */
export function mayChange(code: string): boolean {
  return changing.has(code)
}

/** Whether the transactions are those of the header: only then do the bytes belong to its hash. */
export function hasOwnBody({ header, transactionItems }: OuterParts): boolean {
  const encoded = transactionItems.map((item) => (item instanceof Uint8Array ? item : encodeRlp(item)))
  return transactionsRoot(encoded) === header.transactionsRoot
}

/** What consensus sees of a block. */
export function blockOfHeader(header: Header, bytes: Uint8Array): Block {
  const { hash, parent, height, place } = header
  const { epoch, view, nextSetHash } = place ?? { epoch: 0, view: 0, nextSetHash: undefined }
  return { hash, parent, height, epoch, view, nextSetHash, bytes }
}
