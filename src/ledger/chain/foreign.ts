// Chains that others made, by Ethereum's rules: block 0 from geth's genesis file, then blocks by import. For tests against what
// outsiders wrote; nobody proposes or votes here, and nothing waits.

import type { Address, Hash } from '../types.ts'
import { type BlockParts, decodeBlock } from './block-wire.ts'
import { blockOfHeader, compareResults, prepare } from './check.ts'
import { blockErrors } from './errors.ts'
import { environmentOf, withdrawalsRoot } from './execution.ts'
import { headerItems, keccak } from './header-wire.ts'
import { encodeRlp } from './rlp-wire.ts'
import { checkForeignHeader } from './rules.ts'
import { type ChainOptions, type ChainParts, keepBlocksOf, LedgerChain, type Opened, openInside } from './service.ts'
import { foreignSpec, type GethGenesis, type Spec } from './spec.ts'
import { transactionHash } from './transaction-wire.ts'
import type { Header, HeaderFields, Withdrawal } from './types.ts'

export interface ForeignOptions extends Pick<ChainOptions, 'keep'> {
  readonly genesis: GethGenesis
  /** Needed where blocks carry transactions with blobs. */
  readonly kzg?: Parameters<typeof foreignSpec>[1]
}

/** EIP-7934, and far more than the blocks of vectors have. */
const foreignBlockBytesMax = 10 * 1_048_576

export function openForeignChain(options: ForeignOptions): (parts: ChainParts) => Promise<ForeignChain> {
  return async (parts) =>
    new ForeignChain(openInside(foreignSpec(options.genesis, options.kzg), keepBlocksOf(options), parts))
}

export class ForeignChain extends LedgerChain {
  readonly #opened: Opened

  constructor(opened: Opened) {
    super(opened)
    this.#opened = opened
  }

  /** One block on the head, executed, compared and final. Throws a code of `blockErrors`. */
  async importBlock(bytes: Uint8Array): Promise<Header> {
    const { inside } = this.#opened
    const { spec, known, world } = inside
    const reading = { ours: false, bytesMax: foreignBlockBytesMax, commonAt: (at: HeaderFields) => spec.commonAt(at) }
    const parts = decodeBlock(bytes, reading)
    const parent = known.head
    checkParts(spec, parts, parent.header)
    const { header, transactions, withdrawals } = parts
    const prepared = prepare(header, transactions)
    const credits = withdrawals ?? rewardsOf(spec, parts)
    const executed = await world.execute(environmentOf(inside, header.fields, credits), transactions)
    const { stateRoot, receiptsRoot, logsBloom, gasUsed, requestsHash } = executed
    const results: Partial<HeaderFields> = { stateRoot, receiptsRoot, logsBloom, gasUsed }
    const fork = header.fields.requestsHash === undefined ? {} : { requestsHash: requestsHash as Hash }
    const blobs = header.fields.blobGasUsed === undefined ? {} : { blobGasUsed: executed.blobGasUsed }
    compareResults(header, { ...results, ...fork, ...blobs })
    world.keep(header.hash, executed.layer)
    const hashes = transactions.map(transactionHash)
    const block = blockOfHeader(header, bytes)
    const { senders } = prepared
    const { receipts } = executed
    const { epoch } = parent
    await this.settle(
      { block, header, nextSets: [], epoch, transactions, hashes, senders, withdrawals, receipts, quota: [] },
      undefined,
    )
    return header
  }
}

function checkParts(spec: Spec, { header, uncles, withdrawals }: BlockParts, parent: Header): void {
  if (header.parent !== parent.hash) throw blockErrors.block_parent_unknown('It does not stand on the last block.')
  checkForeignHeader(header, parent, spec.commonAt(header.fields), spec.commonAt(parent.fields))
  if (keccak(encodeRlp(uncles.map(headerItems))) !== header.fields.unclesHash) {
    throw blockErrors.block_field_wrong('Its uncles are not those that its header names.')
  }
  if (withdrawals === undefined || withdrawalsRoot(withdrawals) === header.fields.withdrawalsRoot) return
  throw blockErrors.block_field_wrong('Its withdrawals are not those that its header names.')
}

/** Before the merge whoever made a block or an uncle was paid (Yellow Paper §11.3): here, as a withdrawal at the block's end. */
function rewardsOf(spec: Spec, { header, uncles }: BlockParts): readonly Withdrawal[] | undefined {
  const common = spec.commonAt(header.fields)
  if (common.gteHardfork('paris')) return undefined
  const coins = common.gteHardfork('constantinople') ? 2n : common.gteHardfork('byzantium') ? 3n : 5n
  const gwei = coins * 1_000_000_000n
  const credit = (address: Address, amount: bigint) => ({ index: 0n, validatorIndex: 0n, address, amount })
  return [
    credit(header.coinbase, gwei + (gwei / 32n) * BigInt(uncles.length)),
    ...uncles.map(({ coinbase, number }) => credit(coinbase, (gwei * (8n + number - header.fields.number)) / 8n)),
  ]
}

/** Blocks one after the other, as geth's `import` takes them. */
export function splitBlocks(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0
    if (first <= 0xc0) throw blockErrors.block_malformed('The file does not hold blocks one after the other.')
    const extra = first <= 0xf7 ? 0 : first - 0xf7
    let payload = first <= 0xf7 ? first - 0xc0 : 0
    for (let place = 1; place <= extra; place++) payload = payload * 256 + (bytes[at + place] ?? 0)
    blocks.push(bytes.subarray(at, at + 1 + extra + payload))
    at += 1 + extra + payload
  }
  return blocks
}
