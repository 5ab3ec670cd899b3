// What this node gives to those who ask for blocks and proofs, out of its chain.

import { listBranch, receiptBytes } from '../chain/list-trie.ts'
import type { Chain } from '../chain/types.ts'
import type { Hash } from '../types.ts'
import { answerBytes } from './limits.ts'
import { encodeAccountBranches, encodeReceiptBranches } from './proof-wire.ts'
import type { Answer, FinalBlock, Request } from './wire.ts'

/** From this height on, each with what makes it final; empty where that stands with a later one. Ends at one that has it, if any does. */
export function blocksOf(chain: Chain, from: number, count: number): readonly FinalBlock[] {
  const found: FinalBlock[] = []
  let bytes = 0
  for (let height = from; found.length < count; height++) {
    const block = chain.block(height)
    if (height === 0 || block === undefined) break
    const certificate = chain.certificate(height) ?? new Uint8Array(0)
    const length = block.bytes.length + certificate.length + 8
    if (found.length > 0 && bytes + length > answerBytes) break
    bytes += length
    found.push({ block: block.bytes, certificate })
  }
  return found
}

export async function proveAccount(
  chain: Chain,
  { height, address, keys }: Extract<Request, { kind: 'account' }>,
): Promise<Uint8Array | undefined> {
  const proof = await chain.state(height)?.proof(address, keys)
  if (proof === undefined) return undefined
  return encodeAccountBranches({ account: proof.accountProof, slots: proof.storageProof.map((one) => one.proof) })
}

export async function proveReceipt(chain: Chain, hash: Hash): Promise<Answer | undefined> {
  const placed = chain.transaction(hash)
  const block = placed === undefined ? undefined : chain.block(placed.block)
  const receipts = placed === undefined ? undefined : chain.receipts(placed.block)
  if (placed === undefined || block === undefined || receipts === undefined) return undefined
  const { index, height } = placed
  const transaction = await listBranch(
    block.transactions.map((one) => one.serialize()),
    index,
  )
  const receipt = await listBranch(receipts.map(receiptBytes), index)
  return { kind: 'receipt', height, proof: encodeReceiptBranches({ index, transaction, receipt }) }
}

export async function codeOf(
  chain: Chain,
  { height, address }: Extract<Request, { kind: 'code' }>,
): Promise<Answer | undefined> {
  const code = await chain.state(height)?.code(address)
  return code === undefined ? undefined : { kind: 'code', code }
}

/** Undefined also where they are longer than an answer may be. */
export function receiptsOf(chain: Chain, block: Hash): Answer | undefined {
  const isFinal = chain.header(chain.header(block)?.height ?? -1)?.hash === block
  const receipts = isFinal ? chain.receipts(block)?.map(receiptBytes) : undefined
  const length = receipts?.reduce((sum, one) => sum + one.length + 4, 0) ?? 0
  return receipts === undefined || length > answerBytes ? undefined : { kind: 'receipts', receipts }
}
